package card

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// token is a session with an open CNS.
type token struct {
	source  *cns
	profile profile
	info    Info
	serial  string // the card in the journal

	queue   chan struct{} // holds one value while a call is at work
	session session
	keys    []Key
	listed  bool            // keys are read
	rights  map[PINRef]bool // logged in
	refs    map[PINRef]byte // the qualifier under which the card knows a PIN
	closed  bool
}

// begin takes the card for one call: the token's queue, then a transaction unless Login holds one already. The
// function returned ends both; the transaction stays where Login has succeeded meanwhile.
func (t *token) begin(ctx context.Context) (func(), error) {
	select {
	case t.queue <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		<-t.queue
		return nil, err
	}
	if t.closed {
		<-t.queue
		return nil, fmt.Errorf("session is closed: %w", ErrReset)
	}
	if len(t.rights) == 0 {
		if err := t.session.conn.Begin(); err != nil {
			<-t.queue
			return nil, err
		}
		t.session.known = false // another program may have selected something
	}
	return func() {
		if len(t.rights) == 0 && !t.closed {
			_ = t.session.conn.End() // the call's own result matters; a dead link shows again at the next one
		}
		<-t.queue
	}, nil
}

// Info implements Token.
func (t *token) Info() Info { return t.info.clone() }

// Keys implements Token.
func (t *token) Keys(ctx context.Context) ([]Key, error) {
	release, err := t.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := t.list(ctx); err != nil {
		return nil, err
	}
	return slices.Clone(t.keys), nil
}

// list reads the keys once. They are read before a login, for leaving a folder can end the rights of its PIN.
func (t *token) list(ctx context.Context) error {
	if t.listed {
		return nil
	}
	keys, err := t.session.readKeys(ctx)
	if err != nil {
		return err
	}
	t.keys, t.listed = keys, true
	return nil
}

// Close implements Token.
func (t *token) Close() error {
	t.queue <- struct{}{}
	defer func() { <-t.queue }()
	if t.closed {
		return nil
	}
	t.closed = true
	clear(t.rights)
	if err := t.session.conn.Close(); err != nil && !errors.Is(err, ErrRemoved) {
		return fmt.Errorf("closing the card: %w", err)
	}
	return nil
}
