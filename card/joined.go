package card

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
)

// joinedToken is a session with a card that the native driver and a library share.
type joinedToken struct {
	j       *joint
	slot    string
	foreign bool  // the native driver does not know the card
	mine    Info  // as the driver read it
	journal Token // the driver's token that was opened last: it keeps the tries left

	// These belong to whoever holds the queue.
	queue  chan struct{}
	native Token // nil while closed
	module Token // nil while closed
	inUse  bool  // somebody was logged in through module
	closed bool
	keys   []Key // the driver's; valid once listed is set
	listed bool
	f      *found
	info   Info
	routes map[PINRef]route
}

// route is how a PIN of the joined card is reached.
type route struct {
	module bool   // Login and ChangePIN go through the library
	ref    PINRef // its name there; 0 where the library does not have it
	native bool   // the driver has it too: it knows the tries left, and unblocks
}

func (t *joinedToken) begin(ctx context.Context) (func(), error) {
	select {
	case t.queue <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if t.closed {
		<-t.queue
		return nil, fmt.Errorf("session is closed: %w", ErrReset)
	}
	return func() { <-t.queue }, nil
}

// complete does before the first view what that needs: where the libraries have something, or are waited for, the
// driver's keys are listed to compare; and where they are waited for they are asked.
func (t *joinedToken) complete(ctx context.Context) error {
	known := t.j.reached(t.slot) != nil
	if !known && !t.j.o.Wait && !t.foreign {
		return nil
	}
	if err := t.list(ctx); err != nil {
		return err
	}
	if known || signs(t.keys) && !t.j.o.Chosen {
		return nil
	}
	t.j.want(t.slot, t.keys)
	if t.j.o.Wait {
		t.leaveNative()
		t.j.ask(ctx, t.slot)
	}
	return nil
}

// list reads the driver's keys once.
func (t *joinedToken) list(ctx context.Context) error {
	if t.listed || t.foreign {
		return nil
	}
	if err := t.toNative(ctx); err != nil {
		return err
	}
	keys, err := t.native.Keys(ctx)
	if err != nil {
		return err
	}
	t.keys, t.listed = keys, true
	return nil
}

// join works out who reaches which PIN.
func (t *joinedToken) join(f *found) {
	t.f, t.routes = f, map[PINRef]route{}
	t.info = t.mine
	t.info.PINs = slices.Clone(t.mine.PINs)
	for _, p := range t.mine.PINs {
		t.routes[p.Ref] = route{native: true}
	}
	if f == nil {
		return
	}
	if t.foreign {
		t.info = f.info
		t.info.PINs = nil
	} else {
		t.info.Via, t.info.Library = viaBoth, f.info.Library
	}
	for _, p := range f.info.PINs {
		ref, shared := t.partner(p.Ref)
		if !shared {
			t.routes[ref] = route{module: true, ref: p.Ref}
			p.Ref = ref
			t.info.PINs = append(t.info.PINs, p)
			continue
		}
		more := slices.ContainsFunc(f.keys, func(k Key) bool { return k.PIN == p.Ref && !slices.ContainsFunc(t.keys, k.same) })
		t.routes[ref] = route{module: more || t.j.o.Chosen, ref: p.Ref, native: true}
		if i := slices.IndexFunc(t.info.PINs, func(x PINInfo) bool { return x.Ref == ref }); i >= 0 && t.routes[ref].module {
			t.info.PINs[i].Min, t.info.PINs[i].Max, t.info.PINs[i].OnReader, t.info.PINs[i].TypeWithin = p.Min, p.Max, p.OnReader, p.TypeWithin
		}
	}
}

// partner finds the PIN of the driver that a PIN of the library is: both guard the same certificate. A PIN without one
// gets a name that is free.
func (t *joinedToken) partner(module PINRef) (ref PINRef, shared bool) {
	for _, k := range t.f.keys {
		if i := slices.IndexFunc(t.keys, k.same); k.PIN == module && i >= 0 {
			return t.keys[i].PIN, true
		}
	}
	for _, r := range []PINRef{module, SignPIN, 0x1C, 0x1E, 0x0A, 0x0C, 0x0E} {
		if _, taken := t.routes[r]; !taken {
			return r, false
		}
	}
	return module, false
}

// Info implements Token.
func (t *joinedToken) Info() Info { return t.info.clone() }

// Keys implements Token.
func (t *joinedToken) Keys(ctx context.Context) ([]Key, error) {
	release, err := t.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := t.list(ctx); err != nil {
		return nil, err
	}
	return t.all(), nil
}

// all are the keys of the joined card.
func (t *joinedToken) all() []Key {
	out := slices.Clone(t.keys)
	if t.f == nil {
		return out
	}
	for ref, way := range t.routes {
		for _, k := range t.f.keys {
			if k.PIN != way.ref || !way.module {
				continue
			}
			if i := slices.IndexFunc(out, k.same); i >= 0 {
				out[i].PIN, out[i].Via, out[i].AlwaysAsk = ref, k.Via, k.AlwaysAsk
				continue
			}
			for slices.ContainsFunc(out, func(x Key) bool { return x.ID == k.ID }) {
				k.ID += "/module"
			}
			k.PIN = ref
			out = append(out, k)
		}
	}
	slices.SortStableFunc(out, func(a, b Key) int { return t.place(a) - t.place(b) }) // routes have no order
	return out
}

// place is where a key stands in the list: the driver's first, then the library's in its order.
func (t *joinedToken) place(k Key) int {
	if i := slices.IndexFunc(t.keys, k.same); i >= 0 {
		return i
	}
	return len(t.keys) + slices.IndexFunc(t.f.keys, k.same)
}

// toNative gives the card to the driver.
func (t *joinedToken) toNative(ctx context.Context) error {
	if t.foreign {
		return ErrUnsupported
	}
	if err := t.leaveModule(); err != nil {
		return err
	}
	if t.native != nil {
		return nil
	}
	n, err := t.j.native.Open(ctx, t.slot)
	if err == nil {
		t.native, t.journal = n, n
	}
	return err
}

// toModule gives the card to the library. Where that was started anew it may have another name for the slot; the
// card must still be the same.
func (t *joinedToken) toModule(ctx context.Context) error {
	if t.module != nil {
		return nil
	}
	t.leaveNative()
	m, err := t.j.modules.Open(ctx, t.f.slot)
	if errors.Is(err, ErrRemoved) {
		var s Slot
		if s, err = t.j.modules.Find(ctx, t.reader(), t.f.keys); err == nil {
			again := *t.f
			again.slot = s.ID
			t.f = &again
			m, err = t.j.modules.Open(ctx, s.ID)
		}
	}
	if err != nil {
		return err
	}
	keys, err := m.Keys(ctx)
	if err == nil && !slices.EqualFunc(keys, t.f.keys, func(a, b Key) bool { return a.ID == b.ID && a.PIN == b.PIN && a.same(b) }) {
		err = fmt.Errorf("library sees another card: %w", ErrRemoved)
	}
	if err != nil {
		return errors.Join(err, m.Close())
	}
	t.module = m
	return nil
}

func (t *joinedToken) reader() string {
	t.j.mu.Lock()
	defer t.j.mu.Unlock()
	if r := t.j.cards[t.slot]; r != nil {
		return r.reader
	}
	return ""
}

// leaveNative closes the driver's connection, and with it its rights: a library must not find the card held.
func (t *joinedToken) leaveNative() {
	if t.native != nil {
		_ = t.native.Close() // what is wrong with the link shows again at the next command
		t.native = nil
	}
}

// leaveModule ends the session of the library and keeps what it has learned of the PINs.
func (t *joinedToken) leaveModule() error {
	if t.module == nil {
		return nil
	}
	f := *t.f
	f.status = map[PINRef]PINStatus{}
	for ref, st := range t.f.status {
		if now, err := t.module.PINStatus(context.Background(), ref); err == nil { // asks nobody
			st = now
		}
		f.status[ref] = st
	}
	if keys, err := t.module.Keys(context.Background()); err == nil {
		f.keys = keys // some show after a login that they want the PIN for each signature
	}
	t.f = &f
	t.j.learn(t.slot, &f)
	err := t.module.Close()
	t.module, t.inUse = nil, false
	return err
}

// learn replaces what is known of a card.
func (j *joint) learn(slot string, f *found) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.cards[slot]; r != nil && r.found != nil {
		r.found = f
	}
}

// way finds the route of a PIN.
func (t *joinedToken) way(r PINRef) (route, error) {
	w, ok := t.routes[r]
	if !ok && !t.foreign {
		return route{native: true}, nil // the driver knows what to say of a PIN that it does not list
	}
	if !ok {
		return w, fmt.Errorf("PIN %02X: %w", byte(r), ErrUnsupported)
	}
	return w, nil
}

// PINStatus implements Token. Of a PIN that both have the driver tells; while the library is at work with the
// card, that is what was known before.
func (t *joinedToken) PINStatus(ctx context.Context, r PINRef) (PINStatus, error) {
	release, err := t.begin(ctx)
	if err != nil {
		return PINStatus{}, err
	}
	defer release()
	w, err := t.way(r)
	if err != nil {
		return PINStatus{}, err
	}
	unknown := PINStatus{TriesLeft: UnknownTries, PUKTriesLeft: UnknownTries}
	switch {
	case w.native && t.inUse:
		if n, ok := t.journal.(*token); ok {
			return n.source.recall(pinID{n.serial, r}), nil
		}
		return unknown, nil
	case w.native:
		if err := t.toNative(ctx); err != nil {
			return unknown, err
		}
		return t.native.PINStatus(ctx, r)
	case t.module != nil:
		return t.module.PINStatus(ctx, w.ref)
	}
	return t.f.status[w.ref], nil
}

// Login implements Token.
func (t *joinedToken) Login(ctx context.Context, r PINRef, pin *PIN) error {
	return t.judge(ctx, r, true, func(to Token, r PINRef) error { return to.Login(ctx, r, pin) })
}

// ChangePIN implements Token.
func (t *joinedToken) ChangePIN(ctx context.Context, r PINRef, old, replacement *PIN) error {
	return t.judge(ctx, r, true, func(to Token, r PINRef) error { return to.ChangePIN(ctx, r, old, replacement) })
}

// Unblock implements Token. It goes by the driver wherever that has the PIN.
func (t *joinedToken) Unblock(ctx context.Context, r PINRef, puk, replacement *PIN) error {
	return t.judge(ctx, r, false, func(to Token, r PINRef) error { return to.Unblock(ctx, r, puk, replacement) })
}

// ChangePUK implements Token. It goes by the driver wherever that has the PIN.
func (t *joinedToken) ChangePUK(ctx context.Context, r PINRef, old, replacement *PIN) error {
	return t.judge(ctx, r, false, func(to Token, r PINRef) error { return to.ChangePUK(ctx, r, old, replacement) })
}

// judge sends a judgement by the route of its PIN. It is sent by one route and never again by the other.
func (t *joinedToken) judge(ctx context.Context, r PINRef, byModule bool, send func(Token, PINRef) error) error {
	release, err := t.begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	w, err := t.way(r)
	if err != nil {
		return err
	}
	if !w.module || w.native && !byModule {
		if err := t.toNative(ctx); err != nil {
			return err
		}
		return send(t.native, r)
	}
	if err := t.toModule(ctx); err != nil {
		return err
	}
	t.inUse = true
	err = relabel(send(t.module, w.ref), r)
	if n, ok := t.journal.(*token); ok && w.native {
		n.judgedElsewhere(r, err)
	}
	return err
}

// judgedElsewhere notes what a library made of a PIN: what the driver knew of its tries is over.
func (t *token) judgedElsewhere(r PINRef, err error) {
	refusal := new(PINError)
	switch {
	case errors.As(err, &refusal):
		t.note(r, false, refusal)
	case err == nil, errors.As(err, new(*OutcomeUnknownError)):
		t.note(r, false, nil)
	}
}

// relabel gives an error of the library the name that the PIN has in the joined card.
func relabel(err error, r PINRef) error {
	refusal, format, unknown := new(PINError), new(FormatError), new(OutcomeUnknownError)
	switch {
	case errors.As(err, &refusal):
		refusal.Ref = r
	case errors.As(err, &format):
		format.Ref = r
	case errors.As(err, &unknown):
		unknown.Ref = r
	}
	return err
}

// Signer implements Token.
func (t *joinedToken) Signer(ctx context.Context, k Key) (crypto.Signer, error) {
	release, err := t.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	w, err := t.way(k.PIN)
	if err != nil {
		return nil, err
	}
	if !w.module {
		if err := t.toNative(ctx); err != nil {
			return nil, err
		}
		return t.native.Signer(ctx, k)
	}
	i := slices.IndexFunc(t.f.keys, k.same)
	if i < 0 {
		return nil, fmt.Errorf("key %s: %w", k.ID, ErrUnsupported)
	}
	if err := t.toModule(ctx); err != nil {
		return nil, err
	}
	return t.module.Signer(ctx, t.f.keys[i])
}

// Close implements Token. A card without a signing key is shown to the libraries once it is free.
func (t *joinedToken) Close() error {
	t.queue <- struct{}{}
	defer func() { <-t.queue }()
	if t.closed {
		return nil
	}
	t.closed = true
	err := t.leaveModule()
	if t.native != nil {
		err = errors.Join(err, t.native.Close())
		t.native = nil
	}
	if t.f == nil && t.listed && !signs(t.keys) {
		t.j.want(t.slot, t.keys)
	}
	return err
}
