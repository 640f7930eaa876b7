package card

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// CNS returns the native driver for the Carta Nazionale dei Servizi over a Bus.
func CNS(b Bus) Source { return &cns{bus: b, journal: map[pinID]PINStatus{}} }

type cns struct {
	bus Bus

	mu sync.Mutex
	// journal is what refusals have told about PINs since the program started, for cards that tell otherwise
	// nothing.
	journal map[pinID]PINStatus
}

// pinID names a PIN of one card.
type pinID struct {
	serial string
	ref    PINRef
}

// Waits between attempts to reach a service that is gone.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 8 * time.Second
)

// Watch implements Source. It never talks to a card.
func (c *cns) Watch(ctx context.Context, emit func(Snapshot)) error {
	var seen []Reader
	retry := firstRetry
	for ctx.Err() == nil {
		readers, err := c.bus.Wait(ctx, seen)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			emit(Snapshot{Err: err})
			seen = nil
			select {
			case <-time.After(retry):
			case <-ctx.Done():
			}
			retry = min(2*retry, lastRetry)
			continue
		}
		retry = firstRetry
		seen = append([]Reader{}, readers...)
		emit(snapshot(readers))
	}
	return nil
}

func snapshot(readers []Reader) Snapshot {
	var s Snapshot
	for _, r := range readers {
		s.Slots = append(s.Slots, Slot{
			ID: slotID(r), Reader: r.Name, State: state(r), ATR: []byte(r.ATR), PINPad: r.PINPad,
		})
		if r.ATR == "" {
			s.Slots[len(s.Slots)-1].ATR = nil
		}
	}
	return s
}

// slotID names one insertion.
func slotID(r Reader) string { return r.Name + "#" + strconv.FormatUint(r.Insertion, 10) }

// state is the state of a reader in the eyes of this driver.
func state(r Reader) SlotState {
	if r.State == Present {
		if _, ok := recognize([]byte(r.ATR)); !ok {
			return Unsupported
		}
	}
	return r.State
}

// Open implements Source.
func (c *cns) Open(ctx context.Context, slot string) (Token, error) {
	readers, err := c.bus.Wait(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("looking for the card: %w", err)
	}
	for _, r := range readers {
		if slotID(r) != slot {
			continue
		}
		switch state(r) {
		case Empty:
			return nil, ErrRemoved
		case Busy:
			return nil, ErrBusy
		case Mute:
			return nil, ErrMute
		case Unsupported:
			return nil, ErrUnsupported
		}
		conn, err := c.bus.Connect(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("opening the card: %w", err)
		}
		t, err := c.start(ctx, conn, r)
		if err != nil {
			_ = conn.Close() // the first error tells what happened
			return nil, fmt.Errorf("opening the card: %w", err)
		}
		return t, nil
	}
	return nil, ErrRemoved
}

// start reads a card that was just connected.
func (c *cns) start(ctx context.Context, conn Conn, r Reader) (*token, error) {
	p, _ := recognize([]byte(r.ATR))
	t := &token{
		source: c, profile: p, queue: make(chan struct{}, 1), rights: map[PINRef]bool{}, refs: map[PINRef]byte{},
		session: session{conn: conn, chained: p.version == 0x10},
	}
	release, err := t.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if t.info, err = t.session.readInfo(ctx); err != nil {
		return nil, err
	}
	t.info.ATR, t.info.Chip = []byte(r.ATR), p.chip()
	if err := t.findPINs(ctx); err != nil {
		return nil, err
	}
	if t.info.Serial == "" && t.info.Label == "" && len(t.info.PINs) == 0 {
		return nil, ErrUnsupported // the answer to reset of a CNS on a card that is none
	}
	t.serial = t.info.Serial
	if t.serial == "" {
		t.serial = slotID(r)
	}
	return t, nil
}

// remember notes what a judgement told; forget is for one that made the old note worthless.
func (c *cns) remember(id pinID, note func(*PINStatus)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st, ok := c.journal[id]
	if !ok {
		st = PINStatus{TriesLeft: UnknownTries, PUKTriesLeft: UnknownTries}
	}
	note(&st)
	c.journal[id] = st
}

func (c *cns) recall(id pinID) PINStatus {
	st := PINStatus{}
	c.remember(id, func(s *PINStatus) { st = *s })
	return st
}
