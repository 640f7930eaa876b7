package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// testScreen opens a virtual display for the length of a test, and skips the test where there is no Xvfb.
func testScreen(t *testing.T) *screen {
	t.Helper()
	s, err := openScreen(t.Context())
	if errors.Is(err, errNoScreen) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// dropTarget is a window that takes files, or refuses them, as the protocol says.
type dropTarget struct {
	conn   *xgb.Conn
	window xproto.Window
	takes  bool
	got    string // the list of files
	left   bool   // the source went away again
}

func newDropTarget(display string, aware, takes bool) (*dropTarget, error) {
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, err
	}
	d := &dropTarget{conn: conn, takes: takes}
	if d.window, err = xproto.NewWindowId(conn); err != nil {
		return nil, err
	}
	screen := xproto.Setup(conn).DefaultScreen(conn)
	err = xproto.CreateWindowChecked(conn, screen.RootDepth, d.window, screen.Root, 20, 20, 200, 100, 0,
		xproto.WindowClassInputOutput, screen.RootVisual, 0, nil).Check()
	if err != nil || !aware {
		return d, err
	}
	property, err := atom(conn, "XdndAware")
	if err != nil {
		return nil, err
	}
	version := []byte{xdndVersion, 0, 0, 0}
	return d, xproto.ChangePropertyChecked(conn, xproto.PropModeReplace, d.window, property, xproto.AtomAtom, 32, 1, version).Check()
}

// serve answers until the files are here, the source left, or ctx ends.
func (d *dropTarget) serve(ctx context.Context) error {
	return until(ctx, 10*time.Second, "files are dropped", func() (bool, error) {
		event, failed := d.conn.PollForEvent()
		if failed != nil {
			return false, failed
		}
		if event == nil {
			return false, nil
		}
		return d.answer(event)
	})
}

func (d *dropTarget) answer(event xgb.Event) (bool, error) {
	switch e := event.(type) {
	case xproto.ClientMessageEvent:
		name, err := xproto.GetAtomName(d.conn, e.Type).Reply()
		if err != nil {
			return false, err
		}
		source := xproto.Window(e.Data.Data32[0])
		switch name.Name {
		case "XdndPosition":
			flag := uint32(0)
			if d.takes {
				flag = 1
			}
			return false, d.send(source, "XdndStatus", flag)
		case "XdndLeave":
			d.left = true
			return true, nil
		case "XdndDrop":
			return false, d.fetch()
		}
	case xproto.SelectionNotifyEvent:
		r, err := xproto.GetProperty(d.conn, true, d.window, e.Property, xproto.GetPropertyTypeAny, 0, 4096).Reply()
		if err != nil {
			return false, err
		}
		d.got = string(r.Value)
		selection, err := xproto.GetSelectionOwner(d.conn, e.Selection).Reply()
		if err != nil {
			return false, err
		}
		return true, d.send(selection.Owner, "XdndFinished", 1)
	}
	return false, nil
}

// fetch asks the source for the list.
func (d *dropTarget) fetch() error {
	selection, err := atom(d.conn, "XdndSelection")
	if err != nil {
		return err
	}
	list, err := atom(d.conn, "text/uri-list")
	if err != nil {
		return err
	}
	return xproto.ConvertSelectionChecked(d.conn, d.window, selection, list, selection, xproto.TimeCurrentTime).Check()
}

func (d *dropTarget) send(to xproto.Window, message string, flag uint32) error {
	kind, err := atom(d.conn, message)
	if err != nil {
		return err
	}
	e := xproto.ClientMessageEvent{
		Format: 32, Window: to, Type: kind,
		Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(d.window), flag, 0, 0, 0}),
	}
	return xproto.SendEventChecked(d.conn, false, to, 0, string(e.Bytes())).Check()
}

func TestDrop(t *testing.T) {
	s := testScreen(t)
	const files = "/a/Contratto d'affitto è #1 100%.pdf"
	for _, c := range []struct {
		name         string
		aware, takes bool
		want         string
		err          error
	}{
		{"taken", true, true, "file:///a/Contratto%20d%27affitto%20%C3%A8%20%231%20100%25.pdf\r\nfile:///b\r\n", nil},
		{"refused", true, false, "", errNotTaken},
		{"not a place for files", false, true, "", errNotTaken},
	} {
		t.Run(c.name, func(t *testing.T) {
			target, err := newDropTarget(s.display, c.aware, c.takes)
			if err != nil {
				t.Fatal(err)
			}
			defer target.conn.Close()
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- target.serve(ctx) }()
			err = drop(t.Context(), s.display, target.window, files, "/b")
			if !c.aware {
				cancel()
			}
			stopped := <-served
			cancel()
			if !errors.Is(err, c.err) {
				t.Fatalf("drop: %v, want %v", err, c.err)
			}
			if c.aware && stopped != nil {
				t.Fatalf("target: %v", stopped)
			}
			if target.got != c.want {
				t.Errorf("the window got %q, want %q", target.got, c.want)
			}
			if refused := c.aware && !c.takes; target.left != refused {
				t.Errorf("left = %v, want %v", target.left, refused)
			}
		})
	}
}

func TestUntil(t *testing.T) {
	n := 0
	if err := until(t.Context(), time.Minute, "third time", func() (bool, error) { n++; return n == 3, nil }); err != nil || n != 3 {
		t.Errorf("until: %v after %d looks", err, n)
	}
	err := until(t.Context(), 3*poll, "never", func() (bool, error) { return false, nil })
	if err == nil || err.Error() != fmt.Sprintf("waited %s in vain: never", 3*poll) {
		t.Errorf("until: %v", err)
	}
}
