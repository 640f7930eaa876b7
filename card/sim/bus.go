package sim

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"ceralacca/card"
)

// PracticeReader is the name of the reader that holds the practice card.
const PracticeReader = "Ceralacca – lettore di pratica"

// Bus is a set of simulated readers. It implements card.Bus and is safe for concurrent use.
type Bus struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, on every change of a reader
	readers []*reader
	down    bool
	fault   []Fault
	sent    int // commands since the last Script
	log     []Exchange
	typed   func(context.Context) (string, error)
}

type reader struct {
	name      string
	chip      *chip
	inserted  bool
	mute      bool
	insertion uint64
	resets    int   // resets by "other programs"
	owner     *conn // who holds the transaction
	held      bool  // another program has the card for itself
	pad       bool
}

// New returns a bus with one reader for each card, the card inserted. The state of a card, its PINs and retry
// counters, lives as long as the Bus.
func New(cards ...Card) *Bus {
	b := &Bus{changed: make(chan struct{})}
	for i, c := range cards {
		name := c.Reader
		if name == "" {
			name = fmt.Sprintf("Simulated reader %02d", i)
		}
		b.readers = append(b.readers, &reader{
			name: name, chip: newChip(c), inserted: true, insertion: 1, mute: c.Mute, pad: c.PINPad,
		})
	}
	return b
}

// Insert puts the cards back into the readers with these names, or into all readers.
func (b *Bus) Insert(names ...string) { b.set(true, names) }

// Remove pulls the cards out of the readers with these names, or out of all readers.
func (b *Bus) Remove(names ...string) { b.set(false, names) }

func (b *Bus) set(in bool, names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.readers {
		if len(names) == 0 || slices.Contains(names, r.name) {
			r.put(in)
		}
	}
	b.signal()
}

func (r *reader) put(in bool) {
	if in && !r.inserted {
		r.insertion++
		r.mute = r.chip.spec.Mute
	}
	if in != r.inserted {
		r.owner = nil
		r.chip.reset()
	}
	r.inserted = in
}

// Hold lets another program take the cards in the readers with these names, or in all readers, for itself, as
// SCARD_SHARE_EXCLUSIVE does: they are card.Busy, and connecting is card.ErrBusy, until Free.
func (b *Bus) Hold(names ...string) { b.hold(true, names) }

// Free ends Hold.
func (b *Bus) Free(names ...string) { b.hold(false, names) }

func (b *Bus) hold(held bool, names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.readers {
		if len(names) == 0 || slices.Contains(names, r.name) {
			r.held = held
		}
	}
	b.signal()
}

// Service stops or starts the smart card service: while it is stopped everything fails with card.ErrNoService.
func (b *Bus) Service(up bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = !up
	b.signal()
}

// Type gives the readers that have keys somebody who types: f is asked for the digits, twice for a command with
// an old and a new PIN, in that order. An error of f is a cancelled entry.
func (b *Bus) Type(f func(context.Context) (string, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.typed = f
}

// signal wakes all who wait; b.mu is held.
func (b *Bus) signal() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// list is what the readers hold; b.mu is held.
func (b *Bus) list() []card.Reader {
	out := make([]card.Reader, 0, len(b.readers))
	for _, r := range b.readers {
		x := card.Reader{Name: r.name, Insertion: r.insertion, PINPad: r.pad}
		switch {
		case !r.inserted:
		case r.mute:
			x.State = card.Mute
		case r.held:
			x.State, x.ATR = card.Busy, string(r.chip.spec.ATR)
		default:
			x.State, x.ATR = card.Present, string(r.chip.spec.ATR)
		}
		out = append(out, x)
	}
	return out
}

// Wait implements card.Bus.
func (b *Bus) Wait(ctx context.Context, seen []card.Reader) ([]card.Reader, error) {
	for {
		b.mu.Lock()
		now, changed, down := b.list(), b.changed, b.down
		b.mu.Unlock()
		switch {
		case down:
			return nil, fmt.Errorf("simulated service is stopped: %w", card.ErrNoService)
		case seen == nil || !slices.Equal(now, seen):
			return now, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return now, ctx.Err()
		}
	}
}

// Connect implements card.Bus.
func (b *Bus) Connect(ctx context.Context, want card.Reader) (card.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return nil, fmt.Errorf("simulated service is stopped: %w", card.ErrNoService)
	}
	for _, r := range b.readers {
		switch {
		case r.name != want.Name:
			continue
		case !r.inserted || r.insertion != want.Insertion:
			return nil, fmt.Errorf("connecting: %w", card.ErrRemoved)
		case r.mute:
			return nil, fmt.Errorf("connecting: %w", card.ErrMute)
		case r.held:
			return nil, fmt.Errorf("connecting: %w", card.ErrBusy)
		}
		c := &conn{b: b, r: r, insertion: r.insertion, resets: r.resets}
		if r.pad {
			return &padConn{c}, nil
		}
		return c, nil
	}
	return nil, fmt.Errorf("connecting to a reader that is not there: %w", card.ErrRemoved)
}
