package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// xdndVersion is the newest version of the drag-and-drop protocol, and the only one in use.
const xdndVersion = 5

// errNotTaken says that the window refused what was held over it.
var errNotTaken = errors.New("the window does not take the files")

// dragger is the source side of the X drag-and-drop protocol (XDND, freedesktop.org), on a connection of its
// own: to the window it is another program, as a file manager is.
type dragger struct {
	conn   *xgb.Conn
	self   xproto.Window // our own window, which offers the files
	target xproto.Window
	atoms  map[string]xproto.Atom
	list   string // the files as text/uri-list
	let    bool   // the button was let go: XdndDrop is sent
}

// drop drags files by their absolute paths over the middle of window w on the display, and lets them go.
// It returns when the window says that it has them.
func drop(ctx context.Context, display string, w xproto.Window, files ...string) error {
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		return fmt.Errorf("connecting to display %s: %w", display, err)
	}
	defer conn.Close()
	d := &dragger{conn: conn, target: w, list: uriList(files), atoms: map[string]xproto.Atom{}}
	for _, name := range []string{
		"XdndAware", "XdndSelection", "XdndEnter", "XdndPosition", "XdndStatus",
		"XdndLeave", "XdndDrop", "XdndFinished", "XdndActionCopy", "text/uri-list",
	} {
		if d.atoms[name], err = atom(conn, name); err != nil {
			return err
		}
	}
	if err := d.approach(); err != nil {
		return err
	}
	return until(ctx, 10*time.Second, "the window answers to the drop", d.step)
}

// step answers all that has come; true when the window has the files.
func (d *dragger) step() (bool, error) {
	for {
		event, failed := d.conn.PollForEvent()
		if failed != nil {
			return false, failed
		}
		if event == nil {
			return false, nil
		}
		if finished, err := d.answer(event); finished || err != nil {
			return finished, err
		}
	}
}

// uriList writes files as RFC 2483 wants a list of addresses.
func uriList(files []string) string {
	var b strings.Builder
	for _, f := range files {
		b.WriteString((&url.URL{Scheme: "file", Path: f}).String())
		b.WriteString("\r\n")
	}
	return b.String()
}

// approach offers the files and moves them over the window.
func (d *dragger) approach() error {
	aware, err := xproto.GetProperty(d.conn, false, d.target, d.atoms["XdndAware"], xproto.AtomAtom, 0, 1).Reply()
	if err != nil {
		return err
	}
	if len(aware.Value) < 4 || binary.LittleEndian.Uint32(aware.Value) < xdndVersion {
		return fmt.Errorf("%w: it is not marked XdndAware", errNotTaken)
	}
	size, err := xproto.GetGeometry(d.conn, xproto.Drawable(d.target)).Reply()
	if err != nil {
		return err
	}
	root := xproto.Setup(d.conn).DefaultScreen(d.conn).Root
	middle, err := xproto.TranslateCoordinates(d.conn, d.target, root, int16(size.Width/2), int16(size.Height/2)).Reply()
	if err != nil {
		return err
	}
	if d.self, err = xproto.NewWindowId(d.conn); err != nil {
		return err
	}
	err = xproto.CreateWindowChecked(d.conn, 0, d.self, root, -10, -10, 1, 1, 0, xproto.WindowClassInputOnly, 0,
		xproto.CwOverrideRedirect, []uint32{1}).Check()
	if err != nil {
		return err
	}
	selection := xproto.SetSelectionOwnerChecked(d.conn, d.self, d.atoms["XdndSelection"], xproto.TimeCurrentTime)
	if err := selection.Check(); err != nil {
		return err
	}
	if err := d.send("XdndEnter", xdndVersion<<24, uint32(d.atoms["text/uri-list"]), 0, 0); err != nil {
		return err
	}
	at := uint32(uint16(middle.DstX))<<16 | uint32(uint16(middle.DstY))
	return d.send("XdndPosition", 0, at, xproto.TimeCurrentTime, uint32(d.atoms["XdndActionCopy"]))
}

// answer reacts to one event; true when the window has the files.
func (d *dragger) answer(event xgb.Event) (bool, error) {
	switch e := event.(type) {
	case xproto.SelectionRequestEvent:
		return false, d.hand(e)
	case xproto.ClientMessageEvent:
		switch {
		case e.Type == d.atoms["XdndStatus"] && !d.let:
			if e.Data.Data32[1]&1 == 0 {
				return false, errors.Join(errNotTaken, d.send("XdndLeave", 0, 0, 0, 0))
			}
			d.let = true
			return false, d.send("XdndDrop", 0, xproto.TimeCurrentTime, 0, 0)
		case e.Type == d.atoms["XdndFinished"]:
			// Whether it liked them is not read: GLFW fills that bit with something else.
			return d.let, nil
		}
	}
	return false, nil
}

// hand gives the list of files to the window that asks for it (ICCCM 2.2).
func (d *dragger) hand(e xproto.SelectionRequestEvent) error {
	property := e.Property
	if e.Target == d.atoms["text/uri-list"] {
		err := xproto.ChangePropertyChecked(d.conn, xproto.PropModeReplace, e.Requestor, property, e.Target, 8,
			uint32(len(d.list)), []byte(d.list)).Check()
		if err != nil {
			return err
		}
	} else {
		property = xproto.AtomNone
	}
	notify := xproto.SelectionNotifyEvent{
		Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: property,
	}
	return xproto.SendEventChecked(d.conn, false, e.Requestor, 0, string(notify.Bytes())).Check()
}

// send sends one message of the protocol; its first word is always the source's window.
func (d *dragger) send(message string, words ...uint32) error {
	data := append([]uint32{uint32(d.self)}, words...)
	e := xproto.ClientMessageEvent{
		Format: 32, Window: d.target, Type: d.atoms[message], Data: xproto.ClientMessageDataUnionData32New(data),
	}
	return xproto.SendEventChecked(d.conn, false, d.target, 0, string(e.Bytes())).Check()
}
