package main

import (
	"fmt"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// clipboard holds one text for whoever pastes, as another program does that a person has copied from (ICCCM 2).
type clipboard struct {
	conn *xgb.Conn
	done chan error
}

// copyText puts text on the clipboard of the display, until close.
func copyText(display, text string) (*clipboard, error) {
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, fmt.Errorf("connecting to display %s: %w", display, err)
	}
	c := &clipboard{conn: conn, done: make(chan error, 1)}
	if err := c.own(text); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// own takes the selection and answers to all who ask for it.
func (c *clipboard) own(text string) error {
	self, err := xproto.NewWindowId(c.conn)
	if err != nil {
		return err
	}
	root := xproto.Setup(c.conn).DefaultScreen(c.conn).Root
	err = xproto.CreateWindowChecked(c.conn, 0, self, root, -10, -10, 1, 1, 0, xproto.WindowClassInputOnly, 0,
		xproto.CwOverrideRedirect, []uint32{1}).Check()
	if err != nil {
		return err
	}
	selection, err := atom(c.conn, "CLIPBOARD")
	if err != nil {
		return err
	}
	words, err := atom(c.conn, "UTF8_STRING")
	if err != nil {
		return err
	}
	if err := xproto.SetSelectionOwnerChecked(c.conn, self, selection, xproto.TimeCurrentTime).Check(); err != nil {
		return err
	}
	go func() { c.done <- c.serve(words, []byte(text)) }()
	return nil
}

// serve answers until the connection is closed.
func (c *clipboard) serve(words xproto.Atom, text []byte) error {
	for {
		event, failed := c.conn.WaitForEvent()
		if failed != nil {
			return failed
		}
		if event == nil {
			return nil // closed
		}
		asked, ok := event.(xproto.SelectionRequestEvent)
		if !ok {
			continue
		}
		property := asked.Property
		if asked.Target == words {
			err := xproto.ChangePropertyChecked(c.conn, xproto.PropModeReplace, asked.Requestor, property, words, 8,
				uint32(len(text)), text).Check()
			if err != nil {
				return err
			}
		} else {
			property = xproto.AtomNone
		}
		notify := xproto.SelectionNotifyEvent{
			Time: asked.Time, Requestor: asked.Requestor, Selection: asked.Selection, Target: asked.Target, Property: property,
		}
		if err := xproto.SendEventChecked(c.conn, false, asked.Requestor, 0, string(notify.Bytes())).Check(); err != nil {
			return err
		}
	}
}

// close gives the clipboard up and tells what went wrong while it was held.
func (c *clipboard) close() error {
	c.conn.Close()
	return <-c.done
}
