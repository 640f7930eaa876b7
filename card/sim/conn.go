package sim

import (
	"context"
	"fmt"
	"time"

	"ceralacca/card"
)

// conn is a shared connection with the card in a reader.
type conn struct {
	b         *Bus
	r         *reader
	insertion uint64
	resets    int
	judged    bool // a PIN was presented
	closed    bool
}

// presents tells whether a command presents a PIN: VERIFY, CHANGE REFERENCE DATA or RESET RETRY COUNTER.
func presents(apdu []byte) bool {
	return len(apdu) > 5 && (apdu[1] == 0x20 || apdu[1] == 0x24 || apdu[1] == 0x2C)
}

// alive tells why the connection is of no use any more; b.mu is held.
func (c *conn) alive() error {
	var err error
	switch {
	case c.b.down:
		err = card.ErrNoService
	case c.closed, c.resets != c.r.resets:
		err = card.ErrReset
	case !c.r.inserted || c.insertion != c.r.insertion:
		err = card.ErrRemoved
	case c.r.mute:
		err = card.ErrMute
	default:
		return nil
	}
	return fmt.Errorf("simulated card: %w", err)
}

// acquire waits until no other connection holds a transaction, as the PC/SC service does, and returns with
// b.mu held if it returns nil.
func (c *conn) acquire() error {
	for {
		c.b.mu.Lock()
		if err := c.alive(); err != nil {
			c.b.mu.Unlock()
			return err
		}
		if c.r.owner == nil || c.r.owner == c {
			return nil
		}
		changed := c.b.changed
		c.b.mu.Unlock()
		<-changed
	}
}

// Transmit implements card.Conn. The card's slowness is waited for after the work, so that the card can be
// pulled out meanwhile.
func (c *conn) Transmit(apdu []byte) ([]byte, error) {
	rsp, wait, err := c.exchange(apdu)
	if wait > 0 {
		<-time.After(wait)
	}
	return rsp, err
}

func (c *conn) exchange(apdu []byte) ([]byte, time.Duration, error) {
	if err := c.acquire(); err != nil {
		return nil, 0, err
	}
	defer c.b.mu.Unlock()
	c.judged = c.judged || presents(apdu)
	return c.b.exchange(c.r, apdu)
}

// exchange lets the card in a reader answer, or the next fault happen; it returns how long the card takes.
// b.mu is held.
func (b *Bus) exchange(r *reader, apdu []byte) ([]byte, time.Duration, error) {
	f, bad := b.fails()
	if bad && !f.After && f.Kind != Truncate && f.Kind != Delay && f.Kind != Call {
		b.note(r, apdu, nil)
		rsp, err := b.strike(r, f)
		return rsp, 0, err
	}
	rsp := r.chip.transmit(apdu)
	b.note(r, apdu, rsp)
	wait := r.chip.spec.Latency
	switch {
	case !bad:
	case f.Kind == Truncate:
		rsp = rsp[:min(f.Len, len(rsp))]
	case f.Kind == Delay:
		wait += f.For
	case f.Kind == Call:
		f.Do()
	default:
		rsp, err := b.strike(r, f)
		return rsp, 0, err
	}
	return rsp, wait, nil
}

// note writes the log, without PINs; b.mu is held. An empty rsp means that nothing reached the card.
func (b *Bus) note(r *reader, apdu, rsp []byte) {
	e := Exchange{Reader: r.name, Command: append([]byte(nil), apdu...)}
	if presents(apdu) {
		clear(e.Command[5:])
	}
	if n := len(rsp) - 2; n >= 0 {
		e.Len, e.SW = n, uint16(rsp[n])<<8|uint16(rsp[n+1])
	}
	b.log = append(b.log, e)
}

// Begin implements card.Conn.
func (c *conn) Begin() error {
	if err := c.acquire(); err != nil {
		return err
	}
	defer c.b.mu.Unlock()
	c.r.owner = c
	return nil
}

// End implements card.Conn.
func (c *conn) End() error {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.release()
	return nil
}

// release ends the transaction; b.mu is held.
func (c *conn) release() {
	if c.r.owner == c {
		c.r.owner = nil
		c.b.signal()
	}
}

// Close implements card.Conn.
func (c *conn) Close() error {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	if c.closed {
		return nil
	}
	c.release()
	if c.judged && c.alive() == nil {
		c.r.chip.reset()
	}
	c.closed = true
	return nil
}

// padConn is a connection through a reader with keys.
type padConn struct{ *conn }

// TransmitPIN implements card.PadConn.
func (c *padConn) TransmitPIN(ctx context.Context, apdu []byte, least, most int) ([]byte, error) {
	return c.ask(ctx, apdu, least, most, 1)
}

// TransmitPINs implements card.PadConn. The person types the new one a second time without a mistake.
func (c *padConn) TransmitPINs(ctx context.Context, apdu []byte, least, most int) ([]byte, error) {
	if c.r.chip.spec.PadVerifies {
		return nil, fmt.Errorf("reader cannot ask for a new PIN: %w", card.ErrUnsupported)
	}
	return c.ask(ctx, apdu, least, most, 2)
}

func (c *padConn) ask(ctx context.Context, apdu []byte, least, most, n int) ([]byte, error) {
	c.b.mu.Lock()
	typed := c.b.typed
	c.b.mu.Unlock()
	if typed == nil {
		return nil, fmt.Errorf("nobody types: %w", card.ErrCancelled)
	}
	full := append([]byte(nil), apdu[:min(5, len(apdu))]...)
	defer func() { clear(full) }()
	for range n {
		digits, err := typed(ctx)
		if err != nil || len(digits) < least || len(digits) > most {
			return nil, fmt.Errorf("typing on the reader: %w", card.ErrCancelled)
		}
		full = append(full, padded(digits)...)
	}
	return c.Transmit(full)
}
