package pcsc

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"ceralacca/card"

	"github.com/ebfe/scard"
)

// New returns the PC/SC service of the system. It does nothing until it is used and holds nothing while it is
// not.
func New() card.Bus { return &bus{known: map[string]*history{}} }

const (
	// slice is how long one wait lasts at most: macOS tells nothing of new readers, and a cancellation that
	// comes just before a wait is lost.
	slice = time.Second
	// pause is for services that return at once from a wait that they do not understand.
	pause = 100 * time.Millisecond
	// newReaders is the name under which the service tells of new readers.
	newReaders = `\\?PnP?\Notification`
	// notBits are left out of a state that is handed back: who else uses the reader is not our business.
	notBits = scard.StateChanged | scard.StateInuse | scard.StateExclusive
)

// waiting is held by the one wait that runs in the process; see the package comment.
var waiting = make(chan struct{}, 1)

type bus struct {
	mu       sync.Mutex
	latest   []card.Reader // what was seen last; nil where the service did not answer
	watchers int           // calls of Wait that keep latest fresh
	known    map[string]*history
}

// history is what is known of a reader by name.
type history struct {
	present   bool
	counter   scard.StateFlag // the service's own count of insertions and removals, the upper 16 bits of the state
	atr       string
	insertion uint64
	asked     bool // for its features
	asking    bool // a question is under way
	pad       bool
}

// Wait implements card.Bus. A call without seen is answered from what another call of Wait sees at this moment,
// if there is one.
func (b *bus) Wait(ctx context.Context, seen []card.Reader) ([]card.Reader, error) {
	b.mu.Lock()
	if seen == nil && b.watchers > 0 && b.latest != nil {
		defer b.mu.Unlock()
		return slices.Clone(b.latest), nil
	}
	b.watchers++
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.watchers--
		b.mu.Unlock()
	}()
	for {
		select {
		case waiting <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		now, err := b.turn(ctx, seen)
		<-waiting
		switch {
		case err != nil:
			return nil, err
		case now != nil:
			return now, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
	}
}

// turn lists the readers. Where they are as seen, it waits for one slice and returns nil.
func (b *bus) turn(ctx context.Context, seen []card.Reader) ([]card.Reader, error) {
	sc, err := scard.EstablishContext()
	if err != nil && idle(err) {
		return b.none(ctx, seen), nil
	}
	if err != nil {
		b.lost()
		return nil, fmt.Errorf("reaching the PC/SC service: %w", service(err))
	}
	defer sc.Release() // of a service that may be gone: nothing to do about a failure
	states, err := list(sc)
	if err != nil && idle(err) {
		return b.none(ctx, seen), nil
	}
	if err != nil {
		b.lost()
		return nil, fmt.Errorf("listing the readers: %w", service(err))
	}
	now := b.update(states)
	if seen == nil || !slices.Equal(now, seen) {
		return now, nil
	}
	err = sleep(ctx, sc, states)
	switch {
	case err == nil, errors.Is(err, scard.ErrTimeout), errors.Is(err, scard.ErrCancelled), errors.Is(err, scard.ErrUnknownReader):
		return nil, nil
	}
	if idle(err) {
		return nil, nil // the next turn tells
	}
	b.lost()
	return nil, fmt.Errorf("waiting for readers: %w", service(err))
}

// none is a turn while there is no reader and the service waits for one.
func (b *bus) none(ctx context.Context, seen []card.Reader) []card.Reader {
	now := b.update(nil)
	if seen == nil || len(seen) > 0 {
		return now
	}
	select {
	case <-ctx.Done():
	case <-time.After(slice):
	}
	return nil
}

// list asks for the state of every reader.
func list(sc *scard.Context) ([]scard.ReaderState, error) {
	names, err := sc.ListReaders()
	if errors.Is(err, scard.ErrNoReadersAvailable) || err == nil && len(names) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	states := make([]scard.ReaderState, len(names))
	for i, n := range names {
		states[i].Reader = n
	}
	err = sc.GetStatusChange(states, 0)
	if errors.Is(err, scard.ErrTimeout) {
		err = nil
	}
	return states, err
}

// sleep waits until something happens, a slice is over or ctx ends.
func sleep(ctx context.Context, sc *scard.Context, states []scard.ReaderState) error {
	for i := range states {
		states[i].CurrentState = states[i].EventState &^ notBits
	}
	if runtime.GOOS != "darwin" {
		states = append(states, scard.ReaderState{Reader: newReaders})
	}
	if len(states) == 0 {
		select {
		case <-ctx.Done():
		case <-time.After(slice):
		}
		return nil
	}
	cancelled := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cancelled)
		_ = sc.Cancel() // fails where the wait is over already
	})
	start := time.Now()
	err := sc.GetStatusChange(states, slice)
	if !stop() {
		<-cancelled // so that nothing uses the context after its release
	}
	if time.Since(start) < pause { // a wait that understands nothing must not become a busy loop
		select {
		case <-ctx.Done():
		case <-time.After(pause / 2):
		}
	}
	return err
}

// lost forgets what was in the readers: after a restart of the service every card counts as inserted anew.
func (b *bus) lost() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.latest = nil
	for _, h := range b.known {
		h.present, h.asked = false, false
	}
}

// quick is how long the list waits for a reader to tell its features. It tells them at once, unless another program
// holds the card in it; then it is shown without, until it has.
const quick = 200 * time.Millisecond

// features asks readers that were not asked yet.
func (b *bus) features(states []scard.ReaderState) {
	var open []chan struct{}
	b.mu.Lock()
	for _, s := range states {
		h := b.known[s.Reader]
		if h == nil {
			h = new(history)
			b.known[s.Reader] = h
		}
		if h.asked || h.asking {
			continue
		}
		h.asking = true
		told := make(chan struct{})
		open = append(open, told)
		go func() { // ends when no other program holds the card
			defer close(told)
			pad, known := features(s.Reader)
			b.mu.Lock()
			defer b.mu.Unlock()
			h.pad, h.asked, h.asking = pad, known, false
		}()
	}
	b.mu.Unlock()
	timer := time.NewTimer(quick)
	defer timer.Stop()
	for _, told := range open {
		select {
		case <-told:
		case <-timer.C:
			return
		}
	}
}

// update brings the histories up to date and makes the list.
func (b *bus) update(states []scard.ReaderState) []card.Reader {
	b.features(states)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := make([]card.Reader, 0, len(states))
	there := map[string]bool{}
	for _, s := range states {
		there[s.Reader] = true
		h := b.known[s.Reader]
		h.see(s)
		now = append(now, h.reader(s))
	}
	for name, h := range b.known {
		if !there[name] {
			h.present, h.asked = false, false
		}
	}
	b.latest = now
	return slices.Clone(now)
}

const counterBits = 0xFFFF0000

// see counts an insertion on each edge, and where the service's counter or the answer to reset tell of a pair of
// edges that nobody saw.
func (h *history) see(s scard.ReaderState) {
	present := s.EventState&scard.StatePresent != 0
	atr := ""
	if present {
		atr = string(s.Atr)
	}
	counter := s.EventState & counterBits
	if present && (!h.present || counter != h.counter || atr != h.atr && h.atr != "" && atr != "") {
		h.insertion++
	}
	h.present, h.counter, h.atr = present, counter, atr
}

// reader is the state as the interface tells it.
func (h *history) reader(s scard.ReaderState) card.Reader {
	r := card.Reader{Name: s.Reader, Insertion: h.insertion, PINPad: h.pad}
	switch {
	case !h.present:
	case s.EventState&scard.StateMute != 0 || h.atr == "":
		r.State = card.Mute
	case s.EventState&scard.StateExclusive != 0:
		r.State, r.ATR = card.Busy, h.atr
	default:
		r.State, r.ATR = card.Present, h.atr
	}
	return r
}
