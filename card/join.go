package card

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// Modules is what [Join] wants of the libraries of cards' makers; package p11 has it.
type Modules interface {
	Source
	// Find asks the libraries about the card in a reader of the system and returns the slot under which Open
	// reaches it. Libraries have names of their own for readers: a card with one of the keys that are known of the
	// card is it, whatever its slot is called. Of several libraries that know the card, one that sees a
	// certificate for signatures that bind wins. An error of ErrUnsupported means that none knows the card. Find
	// takes as long as the libraries take, and sends no PIN.
	Find(ctx context.Context, reader string, known []Key) (Slot, error)
}

// JoinOptions may all be zero.
type JoinOptions struct {
	// Chosen is for a library that a person has chosen by hand. It is then asked about every card, is used for
	// every key that it reaches, and cards in no reader of the native Source are shown too.
	Chosen bool
	// Wait lets Watch and Open wait for the libraries. It is for programs that look once; a window leaves it
	// off and reads a card again when Slot.Revision grows.
	Wait bool
}

// Join makes one card of what the native driver and the libraries of makers see in a reader.
//
// The native driver comes first, and nothing waits for a library: only when a card was read that has no signing
// key for the driver, or that the driver does not know, are the libraries asked, in the background and while Watch
// runs; what they tell holds for the insertion. What they add is told by Slot.Revision. A library that fails takes nothing from the native view, and is
// asked again after a while; trouble of the native driver (no service, mute, busy) is told as it is, for a library
// uses the same reader.
//
// In the joined card, identity, the tries left and unblocking are the native driver's. A certificate that both see is
// one. A PIN that guards, in the eyes of the library, a certificate of the driver too is one PIN; where it guards
// a key that only the library reaches, Login and ChangePIN go through the library, for all its keys. Any other PIN of
// the library stands beside those of the driver, under the first PINRef that is free. One of the two is at the card at
// a time: a login through one ends a login through the other.
func Join(native Source, modules Modules, o JoinOptions) Source {
	return &joint{native: native, modules: modules, o: o, cards: map[string]*reach{}, changed: make(chan struct{})}
}

type joint struct {
	native  Source
	modules Modules
	o       JoinOptions

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, when a card is wanted or was found
	cards   map[string]*reach
}

// reach is what the libraries make of one insertion.
type reach struct {
	reader   string
	native   []Key // as the driver reads them
	state    reachState
	failures int
	due      time.Time // of the next attempt
	found    *found    // nil where the libraries add nothing; replaced, never changed
	revision int
}

type reachState int

const (
	notWanted reachState = iota
	wanted
	finding
	settled
)

// found is a card in the eyes of a library.
type found struct {
	slot   string
	info   Info
	keys   []Key
	status map[PINRef]PINStatus
}

// maxFailures of libraries are mended for one insertion; then somebody has to read the card again.
const maxFailures = 5

// askAgain is how soon libraries that know nothing of a card are asked again, if somebody reads the card again.
const askAgain = time.Minute

// signal wakes whoever waits; j.mu is held.
func (j *joint) signal() {
	close(j.changed)
	j.changed = make(chan struct{})
}

// moduleSlot marks a slot that only a library sees.
const moduleSlot = "module:"

// Watch implements Source.
func (j *joint) Watch(ctx context.Context, emit func(Snapshot)) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	var errs [2]error
	follow := func(s Source, err *error) <-chan Snapshot {
		out := make(chan Snapshot)
		wg.Go(func() {
			*err = s.Watch(ctx, func(x Snapshot) {
				select {
				case out <- x:
				case <-ctx.Done():
				}
			})
			close(out)
		})
		return out
	}
	natives := follow(j.native, &errs[0])
	var others <-chan Snapshot // never ready where the libraries are not watched
	if j.o.Chosen {
		others = follow(j.modules, &errs[1])
	}
	wg.Go(func() { j.find(ctx) })
	var native, other, last *Snapshot
	for natives != nil || others != nil {
		j.mu.Lock()
		changed := j.changed
		j.mu.Unlock()
		if now, ok := j.merge(native, other); ok && ctx.Err() == nil && (last == nil || !sameSnapshot(*last, now)) {
			emit(now)
			last = &now
		}
		select {
		case s, ok := <-natives:
			if !ok {
				natives = nil
				continue
			}
			j.note(s)
			native = &s
		case s, ok := <-others:
			if !ok {
				others = nil
				continue
			}
			other = &s
		case <-changed:
		}
	}
	cancel()
	wg.Wait()
	return errors.Join(errs[:]...)
}

func sameSnapshot(a, b Snapshot) bool {
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	return text(a.Err) == text(b.Err) && slices.EqualFunc(a.Slots, b.Slots, func(x, y Slot) bool { return reflect.DeepEqual(x, y) })
}

// note forgets the insertions that are over and wants what cannot be opened natively.
func (j *joint) note(s Snapshot) {
	j.mu.Lock()
	defer j.mu.Unlock()
	here := map[string]Slot{}
	for _, slot := range s.Slots {
		here[slot.ID] = slot
	}
	maps.DeleteFunc(j.cards, func(id string, _ *reach) bool { _, ok := here[id]; return !ok })
	for id, slot := range here {
		r := j.cards[id]
		if r == nil {
			r = &reach{reader: slot.Reader}
			j.cards[id] = r
		}
		if r.state == notWanted && (slot.State == Unsupported || slot.State == Present && j.o.Chosen) {
			r.state = wanted
			j.signal()
		}
	}
}

// merge makes the snapshot to show, if it is time to show one.
func (j *joint) merge(native, other *Snapshot) (Snapshot, bool) {
	if native == nil || other == nil && j.o.Chosen && j.o.Wait {
		return Snapshot{}, false
	}
	out := Snapshot{Slots: slices.Clone(native.Slots), Err: native.Err}
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range out.Slots {
		s := &out.Slots[i]
		r := j.cards[s.ID]
		if r == nil {
			continue
		}
		if j.o.Wait && s.State == Unsupported && (r.state == wanted || r.state == finding) {
			return Snapshot{}, false
		}
		if s.Revision = r.revision; s.State == Unsupported && r.found != nil {
			s.State = Present
		}
	}
	if other == nil || other.Err != nil {
		return out, true
	}
	if native.Err != nil && len(other.Slots) > 0 {
		out.Err = nil // the library needs no service, and has something to show
	}
	for _, s := range other.Slots {
		if !slices.ContainsFunc(out.Slots, func(x Slot) bool { return x.Reader == s.Reader }) {
			s.ID = moduleSlot + s.ID
			out.Slots = append(out.Slots, s)
		}
	}
	return out, true
}

// want lets the libraries be asked about a card whose keys the driver has read.
func (j *joint) want(slot string, native []Key) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.cards[slot]
	if r == nil || r.state == wanted || r.state == finding || r.found != nil {
		return
	}
	if r.state == settled && r.failures == 0 && time.Now().Before(r.due) {
		return // asked, and they know nothing of it
	}
	r.native, r.state, r.failures, r.due = native, wanted, 0, time.Time{}
	j.signal()
}

// find asks the libraries about one wanted card after the other, until ctx ends.
func (j *joint) find(ctx context.Context) {
	for ctx.Err() == nil {
		slot, wait, changed := j.next()
		if slot != "" {
			j.ask(ctx, slot)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// next tells which card to ask about now, or how long there is nothing to do.
func (j *joint) next() (slot string, wait time.Duration, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	wait = time.Hour
	for id, r := range j.cards {
		if r.state != wanted {
			continue
		}
		if left := time.Until(r.due); left > 0 {
			wait = min(wait, left)
			continue
		}
		return id, 0, j.changed
	}
	return "", wait, j.changed
}

// ask asks the libraries about a card, and notes what they add. Somebody else may be asking already.
func (j *joint) ask(ctx context.Context, slot string) {
	j.mu.Lock()
	r := j.cards[slot]
	if r == nil || r.state != wanted {
		j.mu.Unlock()
		return
	}
	r.state = finding
	reader, native := r.reader, r.native
	j.mu.Unlock()
	f, err := j.read(ctx, reader, native)
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.signal()
	r.state = settled
	switch {
	case ctx.Err() != nil:
		r.state = wanted
	case err == nil && (j.o.Chosen || adds(f.keys, native)):
		r.found, r.failures = f, 0
		r.revision++
	case err == nil, errors.Is(err, ErrUnsupported):
		r.failures, r.due = 0, time.Now().Add(askAgain) // one may be installed meanwhile
	default:
		passing := errors.Is(err, ErrReset) || errors.Is(err, ErrMute) || errors.Is(err, ErrBusy) || errors.Is(err, ErrNoService)
		if r.failures++; r.failures < maxFailures && passing {
			r.state, r.due = wanted, time.Now().Add(firstRetry<<(2*r.failures)) // 1 s, 4 s, 16 s, 64 s
		}
	}
}

// read reads a card through the libraries.
func (j *joint) read(ctx context.Context, reader string, known []Key) (*found, error) {
	s, err := j.modules.Find(ctx, reader, known)
	if err != nil {
		return nil, err
	}
	t, err := j.modules.Open(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	f := &found{slot: s.ID, info: t.Info(), status: map[PINRef]PINStatus{}}
	f.keys, err = t.Keys(ctx)
	for _, p := range f.info.PINs {
		st, bad := t.PINStatus(ctx, p.Ref)
		f.status[p.Ref], err = st, errors.Join(err, bad)
	}
	return f, errors.Join(err, t.Close())
}

// adds tells whether a library reaches a key that the driver does not.
func adds(module, native []Key) bool {
	return slices.ContainsFunc(module, func(k Key) bool { return !slices.ContainsFunc(native, k.same) })
}

// same tells whether two keys are one: the certificate is the same, or the public key in it.
func (k Key) same(other Key) bool {
	if bytes.Equal(k.DER, other.DER) {
		return true
	}
	return k.Certificate != nil && other.Certificate != nil &&
		bytes.Equal(k.Certificate.RawSubjectPublicKeyInfo, other.Certificate.RawSubjectPublicKeyInfo)
}

// signs tells whether one of the certificates is for signatures that bind (contentCommitment, RFC 5280 §4.2.1.3).
func signs(keys []Key) bool {
	return slices.ContainsFunc(keys, func(k Key) bool {
		return k.Certificate != nil && k.Certificate.KeyUsage&x509.KeyUsageContentCommitment != 0
	})
}

// reached is what the libraries have made of a slot so far.
func (j *joint) reached(slot string) *found {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.cards[slot]; r != nil {
		return r.found
	}
	return nil
}

// Open implements Source.
func (j *joint) Open(ctx context.Context, slot string) (Token, error) {
	if id, ok := strings.CutPrefix(slot, moduleSlot); ok {
		return j.modules.Open(ctx, id)
	}
	native, err := j.native.Open(ctx, slot)
	if err != nil && !errors.Is(err, ErrUnsupported) {
		return nil, err
	}
	t := &joinedToken{j: j, slot: slot, queue: make(chan struct{}, 1), native: native, foreign: native == nil}
	if native != nil {
		t.mine, t.journal = native.Info(), native
	}
	if bad := t.complete(ctx); bad != nil {
		return nil, errors.Join(bad, t.Close())
	}
	f := j.reached(slot)
	if t.foreign && f == nil {
		return nil, err // what the libraries say comes after: they know no more of the card
	}
	t.join(f)
	return t, nil
}
