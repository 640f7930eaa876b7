package app

import (
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ceralacca/card"
)

// This file is what the end of the program waits for: a command that a card has begun, and an output that is being
// written. A share that has gone silent is not waited for: no system ends a read that it has begun, and the window
// would stay.

const (
	// silent is how long goroutines may take to see that the program ends.
	silent = time.Second
	// silentOutput is how long an output that is being written may stand still, as while a slow disk is flushed.
	silentOutput = 10 * time.Second
)

// unfinished is what must not be cut. It is one for the process, as its end is.
var unfinished struct {
	commands atomic.Int64 // of a card, under way
	outputs  atomic.Int64 // writes, flushes, checks and renames under way
	moved    atomic.Int64 // pieces of outputs written or read back since the start
}

// begun counts n up and returns what counts it down again.
func begun(n *atomic.Int64) (end func()) {
	n.Add(1)
	return func() { n.Add(-1) }
}

// moving is an output whose pieces are seen as they move.
type moving struct{ f *os.File }

// Write implements io.Writer.
func (m moving) Write(b []byte) (int, error) {
	defer begun(&unfinished.outputs)()
	defer unfinished.moved.Add(1)
	return m.f.Write(b)
}

// ReadAt implements io.ReaderAt.
func (m moving) ReadAt(b []byte, at int64) (int, error) {
	defer unfinished.moved.Add(1)
	return m.f.ReadAt(b, at)
}

var (
	_ io.Writer   = moving{}
	_ io.ReaderAt = moving{}
)

// crew are goroutines that somebody waits for, but not for ever.
type crew struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when n falls to 0; nil while nobody waits
}

// Go runs f.
func (c *crew) Go(f func()) {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	go func() {
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.n--; c.n == 0 && c.idle != nil {
				close(c.idle)
				c.idle = nil
			}
		}()
		f()
	}()
}

// gone is closed once none of them runs.
func (c *crew) gone() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle == nil {
		c.idle = make(chan struct{})
		if c.n == 0 {
			defer func() { close(c.idle); c.idle = nil }()
		}
	}
	return c.idle
}

// Wait waits until none of them runs.
func (c *crew) Wait() { <-c.gone() }

// awaitEnd waits until all goroutines have ended, or until those that have not stand still without a card or an output
// in their hands. It reports whether all have ended.
func (c *crew) awaitEnd() bool {
	gone := c.gone()
	for quiet := time.Duration(0); ; {
		before := unfinished.moved.Load()
		select {
		case <-gone:
			return true
		case <-time.After(silent):
		}
		quiet += silent
		switch {
		case unfinished.commands.Load() > 0, unfinished.moved.Load() != before:
			quiet = 0
		case unfinished.outputs.Load() == 0, quiet >= silentOutput:
			return false
		}
	}
}

// commanded is a token whose commands are finished before the program ends.
type commanded struct{ card.Token }

// Keys implements card.Token.
func (t commanded) Keys(ctx context.Context) ([]card.Key, error) {
	defer begun(&unfinished.commands)()
	return t.Token.Keys(ctx)
}

// PINStatus implements card.Token.
func (t commanded) PINStatus(ctx context.Context, r card.PINRef) (card.PINStatus, error) {
	defer begun(&unfinished.commands)()
	return t.Token.PINStatus(ctx, r)
}

// Login implements card.Token.
func (t commanded) Login(ctx context.Context, r card.PINRef, pin *card.PIN) error {
	defer begun(&unfinished.commands)()
	return t.Token.Login(ctx, r, pin)
}

// ChangePIN implements card.Token.
func (t commanded) ChangePIN(ctx context.Context, r card.PINRef, old, replacement *card.PIN) error {
	defer begun(&unfinished.commands)()
	return t.Token.ChangePIN(ctx, r, old, replacement)
}

// Unblock implements card.Token.
func (t commanded) Unblock(ctx context.Context, r card.PINRef, puk, replacement *card.PIN) error {
	defer begun(&unfinished.commands)()
	return t.Token.Unblock(ctx, r, puk, replacement)
}

// ChangePUK implements card.Token.
func (t commanded) ChangePUK(ctx context.Context, r card.PINRef, old, replacement *card.PIN) error {
	defer begun(&unfinished.commands)()
	return t.Token.ChangePUK(ctx, r, old, replacement)
}

// Close implements card.Token.
func (t commanded) Close() error {
	defer begun(&unfinished.commands)()
	return t.Token.Close()
}
