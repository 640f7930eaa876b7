package p11

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ceralacca/card"
)

// journal is what refusals have told about PINs since the program started: modules tell nothing reliable before.
type journal struct {
	mu    sync.Mutex
	notes map[pinID]card.PINStatus
}

// pinID names a PIN of one card.
type pinID struct {
	serial string
	ref    card.PINRef
}

func (j *journal) recall(id pinID) (st card.PINStatus, noted bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if st, ok := j.notes[id]; ok {
		return st, true
	}
	return card.PINStatus{TriesLeft: card.UnknownTries, PUKTriesLeft: card.UnknownTries}, false
}

// remember notes the outcome of a judgement.
func (j *journal) remember(id pinID, puk bool, outcome error) {
	st, _ := j.recall(id)
	tries, blocked := card.UnknownTries, false
	refusal := new(card.PINError)
	switch {
	case errors.As(outcome, &refusal):
		puk, tries, blocked = refusal.PUK, refusal.TriesLeft, refusal.Blocked
	case outcome != nil && !errors.As(outcome, new(*card.OutcomeUnknownError)):
		return // no PIN was judged
	}
	if puk {
		st.PUKTriesLeft, st.PUKBlocked = tries, blocked
	}
	if !puk || outcome == nil { // a good PUK frees the PIN
		st.TriesLeft, st.Blocked, st.Low = tries, blocked, outcome != nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes[id] = st
}

// token is a session with a card through a module.
type token struct {
	m    *module
	h    *helper // of the time of opening
	c    insertion
	info card.Info

	// These belong to whoever holds the queue of the module.
	always map[string]bool // by Key.ID
	rights bool            // a PIN was judged
	closed bool
}

func newToken(m *module, c *insertion) *token {
	t := &token{m: m, h: m.h, c: *c, info: c.info(m), always: map[string]bool{}}
	for _, k := range c.keys {
		t.always[k.ID] = k.AlwaysAsk
	}
	return t
}

// begin takes the module for one call.
func (t *token) begin(ctx context.Context) (func(), error) {
	release, err := t.m.take(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case t.closed:
		release()
		return nil, fmt.Errorf("session is closed: %w", card.ErrReset)
	case t.m.h != t.h:
		release()
		return nil, errStale
	}
	return release, nil
}

// Info implements card.Token.
func (t *token) Info() card.Info {
	info := t.info
	info.PINs = slices.Clone(info.PINs)
	return info
}

// Keys implements card.Token. AlwaysAsk is known where the module shows private keys; some do after a login only.
func (t *token) Keys(ctx context.Context) ([]card.Key, error) {
	release, err := t.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var keys []card.Key
	for _, k := range t.c.keys {
		k.AlwaysAsk = t.always[k.ID]
		keys = append(keys, k.Key)
	}
	return keys, nil
}

// PINStatus implements card.Token. It knows what refusals have told since the program started; before any, what the
// flags of the token told when it was seen last, where they can be believed. It asks nobody. Of a PUK the flags say
// nothing: the security officer's PIN is the PUK with some modules only.
func (t *token) PINStatus(ctx context.Context, r card.PINRef) (card.PINStatus, error) {
	release, err := t.begin(ctx)
	if err != nil {
		return card.PINStatus{}, err
	}
	defer release()
	st, noted := t.m.journal.recall(t.pin(r))
	if slot, _, err := t.slot(r); err == nil && !noted && t.h != nil && !flagsLie(t.h.info) {
		st = flagged(st, slot.token().Flags)
	}
	return st, nil
}

// flagged reads the flags of a token, PKCS #11 v2.40 §3.4. One that says that the PIN is locked and that a try is left
// says nothing.
func flagged(st card.PINStatus, flags uint) card.PINStatus {
	locked, final := flags&flagLocked != 0, flags&flagFinalTry != 0
	switch {
	case locked && final:
	case locked:
		st.TriesLeft, st.Blocked, st.Low = 0, true, true
	case final:
		st.TriesLeft, st.Low = 1, true
	default:
		st.Low = flags&flagCountLow != 0
	}
	return st
}

// pin names a PIN in the journal. A card without a serial number is one for each insertion.
func (t *token) pin(r card.PINRef) pinID {
	if s := serial(t.info.Serial); s != "" {
		return pinID{s, r}
	}
	return pinID{t.c.id, r}
}

// slot finds the slot of a PIN and its limits.
func (t *token) slot(r card.PINRef) (slotInfo, card.PINInfo, error) {
	k := slices.Index(t.c.refs, r)
	i := slices.IndexFunc(t.info.PINs, func(p card.PINInfo) bool { return p.Ref == r })
	if r == 0 || k < 0 || i < 0 {
		return slotInfo{}, card.PINInfo{}, fmt.Errorf("PIN %02X: %w", byte(r), card.ErrUnsupported)
	}
	return t.c.slots[k], t.info.PINs[i], nil
}

// judgement is a request that makes the card judge a PIN or PUK.
type judgement struct {
	op   op
	ref  card.PINRef
	puk  bool
	pins []*card.PIN // none is typed on the reader
}

// judge sends a judgement once.
func (t *token) judge(ctx context.Context, j judgement) error {
	slot, limits, err := t.slot(j.ref)
	if err != nil {
		return err
	}
	limit := t.m.o.limit()
	if len(j.pins) == 0 {
		if !limits.OnReader {
			return ErrNoKeys
		}
		limit += t.m.o.typing()
	}
	if err := check(j, limits); err != nil {
		return err
	}
	release, err := t.begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	t.rights = true
	r, err := t.m.call(ctx, limit, request{Op: j.op, Slot: slot.ID, Session: slot.Session}, j.pins...)
	switch {
	case errors.As(err, new(notSentError)):
		return err
	case err != nil:
		err = &card.OutcomeUnknownError{Ref: j.ref, Err: err}
	case r.Fault != "":
		err = failure(t.m.path, r)
	default:
		err = verdict(t.m.path, r, j.ref, limits, j.puk)
	}
	for _, k := range t.c.keys { // private keys show after a login
		if k.PIN == j.ref && slices.ContainsFunc(r.Keys, func(x keyInfo) bool { return x.Always && bytes.Equal(x.ID, k.id) }) {
			t.always[k.ID] = true
		}
	}
	t.m.journal.remember(t.pin(j.ref), j.puk, err)
	return err
}

// check keeps a PIN that the card could not have from reaching it. A PUK has no limits that a module could tell.
func check(j judgement, l card.PINInfo) error {
	for i, p := range j.pins {
		lo, hi, puk := l.Min, l.Max, j.puk && i == 0
		if puk {
			lo, hi = minPUK, capacity
		}
		if n := p.Len(); n < lo || n > hi {
			return &card.FormatError{Ref: j.ref, PUK: puk, Min: lo, Max: hi}
		}
	}
	return nil
}

// Login implements card.Token. For a key that asks for the PIN at every signature, call it before each of them.
func (t *token) Login(ctx context.Context, ref card.PINRef, pin *card.PIN) error {
	j := judgement{op: opLogin, ref: ref}
	if pin != nil {
		j.pins = []*card.PIN{pin}
	}
	return t.judge(ctx, j)
}

// ChangePIN implements card.Token. Two nil PINs are typed on the reader.
func (t *token) ChangePIN(ctx context.Context, r card.PINRef, old, replacement *card.PIN) error {
	j := judgement{op: opSetPIN, ref: r}
	if old != nil || replacement != nil {
		j.pins = []*card.PIN{old, replacement}
	}
	return t.judge(ctx, j)
}

// resets tells whether the maker documents how the module unblocks a PIN.
func (m *module) resets() bool {
	return slices.ContainsFunc(m.o.InitPIN, func(name string) bool { return strings.EqualFold(name, filepath.Base(m.path)) })
}

// Unblock implements card.Token for the modules of Options.InitPIN; with others it is ErrNoUnblock.
func (t *token) Unblock(ctx context.Context, r card.PINRef, puk, replacement *card.PIN) error {
	if !t.m.resets() {
		return ErrNoUnblock
	}
	return t.judge(ctx, judgement{op: opInitPIN, ref: r, puk: true, pins: []*card.PIN{puk, replacement}})
}

// ChangePUK implements card.Token. PKCS #11 has no function for it: C_SetPIN of the security officer changes a PUK
// with some modules and something else with others, and no maker's document is known to us.
func (t *token) ChangePUK(context.Context, card.PINRef, *card.PIN, *card.PIN) error {
	return card.ErrNoPUKChange
}

// Close implements card.Token. After a login it logs out and resets the card, so that the rights are gone for every
// program: a module that is let go in peace may leave them with the card, as OpenSC does. The helper ends with
// its last session.
func (t *token) Close() error {
	t.m.queue <- struct{}{}
	defer func() { <-t.m.queue }()
	if t.closed {
		return nil
	}
	t.closed = true
	if t.m.h != t.h {
		return nil
	}
	t.m.tokens--
	if !t.rights {
		if t.m.brief {
			t.m.leave()
		}
		return nil
	}
	clean := t.dropRights()
	if t.m.h == t.h && (t.m.tokens == 0 || !clean) {
		t.m.h.kill()
		t.m.stop()
	}
	return nil
}

// dropRights ends every login of the card and reports whether the module says that it has done so. Where the
// reader cannot be found by the name of the slot the card keeps what the module leaves it, until the service
// turns an idle card off or, on Windows, until the helper is killed.
func (t *token) dropRights() bool {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	for i, s := range t.c.slots {
		if t.c.refs[i] == 0 {
			continue
		}
		r, err := t.m.call(ctx, closing, request{Op: opLogout, Slot: s.ID, Session: s.Session})
		if err != nil {
			return false
		}
		if err := failure(t.m.path, r); err != nil && !gone(err) && r.Code != ckrUserNotLoggedIn {
			return false
		}
	}
	_, err := t.m.call(ctx, closing, request{Op: opReset, Reader: t.c.reader})
	return err == nil
}

// closing is how long a logout may take.
const closing = 5 * time.Second
