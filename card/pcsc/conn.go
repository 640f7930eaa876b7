package pcsc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ceralacca/card"

	"github.com/ebfe/scard"
)

// Connect implements card.Bus.
func (b *bus) Connect(ctx context.Context, r card.Reader) (card.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	h := b.known[r.Name]
	current := h != nil && h.present && h.insertion == r.Insertion
	var counter scard.StateFlag
	if h != nil {
		counter = h.counter
	}
	b.mu.Unlock()
	if !current {
		return nil, fmt.Errorf("connecting: %w", card.ErrRemoved)
	}
	sc, err := scard.EstablishContext()
	if err != nil {
		return nil, fmt.Errorf("reaching the PC/SC service: %w", service(err))
	}
	co, err := bounded(
		func() (card.Conn, error) { return dial(sc, r, counter) },
		func(co card.Conn, err error) {
			if err == nil {
				_ = co.Close()
				return
			}
			_ = sc.Release()
		},
	)
	if err != nil {
		if !errors.Is(err, errHeld) { // else the context is still in use
			_ = sc.Release()
		}
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return co, nil
}

// dial connects with the card that was listed. It may wait for other programs.
func dial(sc *scard.Context, r card.Reader, counter scard.StateFlag) (card.Conn, error) {
	c, err := sc.Connect(r.Name, scard.ShareShared, scard.ProtocolAny)
	if err != nil {
		return nil, mapped(err)
	}
	co := &conn{sc: sc, card: c}
	if err := co.check(r.ATR, counter); err != nil {
		_ = c.Disconnect(scard.LeaveCard)
		return nil, err
	}
	if r.PINPad {
		features := direct(c)
		if verify, ok := features[featureVerify]; ok {
			return &padConn{co, verify, features[featureModify]}, nil
		}
	}
	return co, nil
}

// conn is a shared connection with a context of its own.
type conn struct {
	sc     *scard.Context
	card   *scard.Card
	begun  bool
	judged bool // a PIN was presented
	closed bool
	held   bool // a call still waits for another program, and closes the connection when it is through
}

// presents tells whether a command presents a PIN: VERIFY, CHANGE REFERENCE DATA or RESET RETRY COUNTER.
func presents(apdu []byte) bool {
	return len(apdu) > 5 && (apdu[1] == 0x20 || apdu[1] == 0x24 || apdu[1] == 0x2C)
}

// check makes sure that the card is the one that was listed: between the list and the connection it may have
// been changed for another. pcsc-lite tells its count of insertions in the status too; elsewhere the answer to
// reset must do.
func (c *conn) check(atr string, counter scard.StateFlag) error {
	if p := c.card.ActiveProtocol(); p != scard.ProtocolT0 && p != scard.ProtocolT1 {
		return card.ErrMute // the binding knows no other protocol
	}
	st, err := c.card.Status()
	if err != nil {
		return mapped(err)
	}
	now := scard.StateFlag(st.State) & counterBits
	if string(st.Atr) != atr || now != 0 && now != counter {
		return card.ErrRemoved
	}
	return nil
}

// Transmit implements card.Conn.
func (c *conn) Transmit(apdu []byte) ([]byte, error) {
	if len(apdu) < 4 {
		return nil, errors.New("transmitting: command shorter than its header")
	}
	c.judged = c.judged || presents(apdu)
	rsp, err := c.card.Transmit(apdu)
	if err != nil || len(rsp) < 2 {
		return nil, fmt.Errorf("transmitting: %w", c.silence(err, len(rsp)))
	}
	out := append([]byte(nil), rsp...)
	clear(rsp)
	return out, nil
}

const (
	// pullSeen is longer than pcscd takes to notice that a card was pulled out; it looks every 400 ms.
	pullSeen = 600 * time.Millisecond
	pullTick = 20 * time.Millisecond
)

// silence finds out what a failed exchange means. When a card is pulled out in the middle of it, the service
// says first that the exchange failed, or even that it worked with an answer of no bytes, and only then that
// there is no card.
func (c *conn) silence(err error, n int) error {
	if err != nil && !errors.Is(err, scard.ErrNotTransacted) {
		return mapped(err)
	}
	for end := time.Now().Add(pullSeen); time.Now().Before(end); <-time.After(pullTick) {
		if _, err := c.card.Status(); err != nil {
			return mapped(err)
		}
	}
	return fmt.Errorf("answer of %d bytes (%w): %w", n, orNone(err), card.ErrMute)
}

func orNone(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return err
}

// Begin implements card.Conn. Where another program holds the card for too long the connection is of no use any more:
// close it and connect again.
func (c *conn) Begin() error {
	if c.held {
		return errHeld
	}
	_, err := bounded(
		func() (struct{}, error) { return struct{}{}, c.card.BeginTransaction() },
		func(struct{}, error) {
			_ = c.card.Disconnect(c.end())
			_ = c.sc.Release()
		},
	)
	if err != nil {
		c.held = errors.Is(err, errHeld)
		return fmt.Errorf("beginning a transaction: %w", mapped(err))
	}
	c.begun = true
	return nil
}

// end is what becomes of the card when the connection ends.
func (c *conn) end() scard.Disposition {
	if c.judged {
		return scard.ResetCard
	}
	return scard.LeaveCard
}

// End implements card.Conn.
func (c *conn) End() error {
	c.begun = false
	if err := c.card.EndTransaction(scard.LeaveCard); err != nil {
		return fmt.Errorf("ending a transaction: %w", mapped(err))
	}
	return nil
}

// Close implements card.Conn. The reset comes while the transaction still keeps other programs out.
func (c *conn) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	if c.held {
		return nil
	}
	if c.begun {
		_ = c.card.EndTransaction(c.end()) // Disconnect does the same again
	}
	err := mapped(c.card.Disconnect(c.end()))
	_ = c.sc.Release()
	for _, gone := range []error{nil, card.ErrRemoved, card.ErrReset, card.ErrNoService, card.ErrMute} {
		if errors.Is(err, gone) {
			return nil // whose card is gone has no rights on it
		}
	}
	return fmt.Errorf("disconnecting: %w", err)
}
