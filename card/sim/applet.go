package sim

import (
	"context"
	"fmt"

	"ceralacca/card"
)

// AppletName is the name of the maker's application on a card with Card.Applet: that of an application for
// signatures that is on record with real cards.
var AppletName = []byte{0xA0, 0x00, 0x00, 0x05, 0x30, 0x45, 0x53, 0x49, 0x47, 0x4E}

// Applet returns b as a maker's library sees it: each connection selects the maker's application first.
func (b *Bus) Applet() card.Bus { return appletBus{b} }

type appletBus struct{ *Bus }

// Connect implements card.Bus.
func (b appletBus) Connect(ctx context.Context, r card.Reader) (card.Conn, error) {
	c, err := b.Bus.Connect(ctx, r)
	if err != nil {
		return nil, err
	}
	rsp, err := c.Transmit(append([]byte{0, 0xA4, 0x04, 0x0C, byte(len(AppletName))}, AppletName...))
	if err == nil && (len(rsp) < 2 || rsp[len(rsp)-2] != 0x90) {
		err = fmt.Errorf("card without the maker's application: %w", card.ErrUnsupported)
	}
	if err != nil {
		_ = c.Close() // the first error tells what happened
		return nil, err
	}
	return &appletConn{c, b.Bus, r.Name}, nil
}

// appletConn leaves the application at its end, as a library does.
type appletConn struct {
	card.Conn
	b      *Bus
	reader string
}

// Close implements card.Conn.
func (c *appletConn) Close() error {
	c.b.mu.Lock()
	for _, r := range c.b.readers {
		if r.name == c.reader {
			r.chip.applet = false
		}
	}
	c.b.mu.Unlock()
	return c.Conn.Close()
}
