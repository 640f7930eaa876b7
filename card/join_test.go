package card_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// maker is a library that reaches what the plain commands do not: the driver over the same chip, inside the maker's
// application.
type maker struct {
	card.Source
	onePIN bool                                   // it shows both certificates behind one PIN
	find   func(n int, ctx context.Context) error // nil for a library that works
	only   []card.PINRef                          // keys that it shows; nil for all
	asked  int
}

func (m *maker) Find(ctx context.Context, reader string, _ []card.Key) (card.Slot, error) {
	m.asked++
	if m.find != nil {
		if err := m.find(m.asked, ctx); err != nil {
			return card.Slot{}, err
		}
	}
	all, err := slots(m.Source)
	for _, s := range all {
		if s.Reader == reader && s.State == card.Present {
			return s, nil
		}
	}
	return card.Slot{}, errors.Join(err, card.ErrUnsupported)
}

func (m *maker) Open(ctx context.Context, slot string) (card.Token, error) {
	t, err := m.Source.Open(ctx, slot)
	if err != nil {
		return nil, err
	}
	return makerToken{t, m}, nil
}

type makerToken struct {
	card.Token
	m *maker
}

func (t makerToken) Keys(ctx context.Context) ([]card.Key, error) {
	keys, err := t.Token.Keys(ctx)
	for i := range keys {
		keys[i].ID, keys[i].Via = fmt.Sprint(i), "pkcs11"
		if t.m.onePIN {
			keys[i].PIN = card.AuthPIN
		}
	}
	if t.m.only != nil {
		keys = slices.DeleteFunc(keys, func(k card.Key) bool { return !slices.Contains(t.m.only, k.PIN) })
	}
	return keys, err
}

func (t makerToken) Info() card.Info {
	i := t.Token.Info()
	if t.m.onePIN {
		i.PINs = i.PINs[:1]
	}
	return i
}

// Signer finds the key by its certificate: Keys has renamed it.
func (t makerToken) Signer(ctx context.Context, k card.Key) (s crypto.Signer, err error) {
	keys, err := t.Token.Keys(ctx)
	for _, x := range keys {
		if slices.Equal(x.DER, k.DER) {
			return t.Token.Signer(ctx, x)
		}
	}
	return nil, errors.Join(err, errFewer)
}

func chamber(t testing.TB, onePIN bool) (*sim.Bus, *maker) {
	t.Helper()
	c := practiceCard(t)
	c.Applet, c.Sign.OnePIN, c.ATR, c.EmptyVerify = true, onePIN, sim.JSign, sim.CountsATry
	b := sim.New(c)
	return b, &maker{Source: card.CNS(b.Applet()), onePIN: onePIN}
}

// follow watches a Source until the test ends; the function returned is what it has told by now.
func follow(t *testing.T, s card.Source) func() []card.Snapshot {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var told []card.Snapshot
	done := make(chan error)
	go func() { done <- s.Watch(ctx, func(x card.Snapshot) { told = append(told, x) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return func() []card.Snapshot { synctest.Wait(); return told }
}

// lookAt opens a card, reads it and closes it again, as a program that shows it does.
func lookAt(t *testing.T, s card.Source, slot string) (card.Info, []card.Key) {
	t.Helper()
	tok, err := s.Open(t.Context(), slot)
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	keys, err := tok.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tok.Info(), keys
}

// The first view waits for no library; the second has both certificates, each used through what reaches it.
func TestJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m := chamber(t, false)
		hold := make(chan struct{})
		m.find = func(int, context.Context) error { <-hold; return nil }
		s := card.Join(card.CNS(b), m, card.JoinOptions{})
		told := follow(t, s)
		first := told()[0].Slots[0]
		info, keys := lookAt(t, s, first.ID)
		if len(keys) != 1 || keys[0].Via != "native" || info.Via != "native" || first.Revision != 0 {
			t.Fatalf("first view: %d keys, %+v, revision %d", len(keys), info, first.Revision)
		}
		if told(); m.asked != 1 {
			t.Fatalf("library asked %d times", m.asked)
		}
		close(hold)
		x := told()
		second := x[len(x)-1].Slots[0]
		if second.ID != first.ID || second.Revision != 1 || second.State != card.Present {
			t.Fatalf("slot %+v", second)
		}
		info, keys = lookAt(t, s, first.ID)
		if len(keys) != 2 || keys[0].Via != "native" || keys[1].Via != "pkcs11" || keys[1].PIN != card.SignPIN || len(info.PINs) != 2 || info.Via != "native+pkcs11" || info.Holder.Surname == "" {
			t.Fatalf("second view: %+v, %+v", info, keys)
		}
		if verifies(b) != 0 || m.asked != 1 {
			t.Errorf("%d VERIFY, asked %d times", verifies(b), m.asked)
		}
		useJoined(t, b, s, first.ID)
		b.Remove()
		b.Insert()
		x = told()
		if now := x[len(x)-1].Slots[0]; now.ID == first.ID || now.Revision != 0 {
			t.Errorf("put in again: %+v", now)
		}
	})
}

// useJoined uses both PINs of a joined card in one session.
func useJoined(t *testing.T, b *sim.Bus, s card.Source, slot string) {
	t.Helper()
	tok, err := s.Open(t.Context(), slot)
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	keys, err := tok.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	refusal := new(card.PINError)
	if err := tok.Login(t.Context(), card.SignPIN, pin("99999")); !errors.As(err, &refusal) || refusal.Ref != card.SignPIN || verifies(b) != 1 {
		t.Errorf("wrong PIN: %v, %d VERIFY", err, verifies(b))
	}
	if st, err := tok.PINStatus(t.Context(), card.SignPIN); err != nil || st.TriesLeft != 2 {
		t.Errorf("after it: %+v, %v", st, err)
	}
	for n, k := range []card.Key{keys[1], keys[0], keys[1]} {
		if err := tok.Login(t.Context(), k.PIN, pin(sim.PracticePIN)); err != nil || verifies(b) != 2+n {
			t.Fatalf("PIN %X: %v, %d VERIFY", k.PIN, err, verifies(b))
		}
		if err := signBoth(tok, k); err != nil {
			t.Errorf("key %s: %v", k.ID, err)
		}
		for _, other := range keys { // each login ends the one before
			if other.ID != k.ID && signBoth(tok, other) == nil {
				t.Errorf("key %s signs without its PIN", other.ID)
			}
		}
	}
	if err := tok.Unblock(t.Context(), card.AuthPIN, pin(sim.PracticePUK), pin(sim.PracticePIN)); err != nil || b.Count(0x2C) != 1 {
		t.Errorf("unblocking by the driver: %v", err)
	}
	if err := tok.ChangePIN(t.Context(), card.SignPIN, pin(sim.PracticePIN), pin(sim.PracticePIN)); err != nil || b.Count(0x24) != 1 {
		t.Errorf("change by the library: %v", err)
	}
	if err := tok.ChangePUK(t.Context(), card.SignPIN, pin(sim.PracticePUK), pin(sim.PracticePUK)); err != nil {
		t.Errorf("PUK by the library: %v", err)
	}
	format := new(card.FormatError)
	if err := tok.Login(t.Context(), card.SignPIN, pin("1")); !errors.As(err, &format) || format.Ref != card.SignPIN {
		t.Errorf("malformed: %v", err)
	}
}

// verifies counts the VERIFY that carried a PIN.
func verifies(b *sim.Bus) int {
	n := 0
	for _, e := range b.Log() {
		if len(e.Command) > 5 && e.Command[1] == 0x20 {
			n++
		}
	}
	return n
}

// One PIN for both certificates: one login through the library signs with both keys, the driver unblocks, and what a
// refusal there told is what the driver tells.
func TestJoinOnePIN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m := chamber(t, true)
		s := card.Join(card.CNS(b), m, card.JoinOptions{})
		told := follow(t, s)
		slot := told()[0].Slots[0].ID
		lookAt(t, s, slot)
		told()
		info, keys := lookAt(t, s, slot)
		if len(info.PINs) != 1 || len(keys) != 2 || keys[0].PIN != card.AuthPIN || keys[1].PIN != card.AuthPIN {
			t.Fatalf("%+v, %+v", info.PINs, keys)
		}
		tok, err := s.Open(t.Context(), slot)
		if err != nil {
			t.Fatal(err)
		}
		defer tok.Close()
		for left := 2; left > 0; left-- {
			_ = tok.Login(t.Context(), card.AuthPIN, pin("99999"))
			if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || st.TriesLeft != left {
				t.Errorf("status with %d left: %+v, %v", left, st, err)
			}
		}
		_ = tok.Login(t.Context(), card.AuthPIN, pin("99999"))
		if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || !st.Blocked {
			t.Errorf("status: %+v, %v", st, err)
		}
		if err := tok.Unblock(t.Context(), card.AuthPIN, pin(sim.PracticePUK), pin("67890")); err != nil || b.Count(0x2C) != 1 {
			t.Errorf("unblocking: %v, %d commands", err, b.Count(0x2C))
		}
		if err := tok.ChangePIN(t.Context(), card.AuthPIN, pin("67890"), pin("55555")); err != nil || b.Count(0x24) != 1 {
			t.Errorf("change: %v, %d commands", err, b.Count(0x24))
		}
		if err := tok.Login(t.Context(), card.AuthPIN, pin("55555")); err != nil || verifies(b) != 4 {
			t.Fatalf("%v, %d VERIFY", err, verifies(b))
		}
		for _, k := range keys {
			if err := signBoth(tok, k); err != nil {
				t.Errorf("key %s: %v", k.ID, err)
			}
		}
		if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || st.TriesLeft != card.UnknownTries || st.Blocked {
			t.Errorf("after a right PIN: %+v, %v", st, err)
		}
	})
}

var errCrash = fmt.Errorf("library crashed: %w", card.ErrReset)

// unknownATR is no CNS's.
var unknownATR = []byte{0x3B, 0x80, 0x80, 0x01, 0x01}

// precedence is what the driver and the library come to, each well or not.
var precedence = map[string]struct {
	change  func(*sim.Card, *sim.Bus) // of the native view
	find    error                     // of the library
	state   card.SlotState            // in the end
	open    error
	keys    int
	trouble error // Snapshot.Err
}{
	"both work":                       {keys: 2},
	"library knows nothing":           {find: card.ErrUnsupported, keys: 1},
	"library crashes":                 {find: errCrash, keys: 1},
	"driver does not know the chip":   {change: func(c *sim.Card, _ *sim.Bus) { c.ATR = unknownATR }, keys: 2},
	"neither knows it":                {change: func(c *sim.Card, _ *sim.Bus) { c.ATR = unknownATR }, find: card.ErrUnsupported, state: card.Unsupported, open: card.ErrUnsupported},
	"unknown chip, library crashes":   {change: func(c *sim.Card, _ *sim.Bus) { c.ATR = unknownATR }, find: errCrash, state: card.Unsupported, open: card.ErrUnsupported},
	"driver finds no files":           {change: func(c *sim.Card, _ *sim.Bus) { c.ID, c.Personal, c.Auth, c.Sign = "", nil, nil, nil }, keys: 2},
	"no files, library knows nothing": {change: func(c *sim.Card, _ *sim.Bus) { c.ID, c.Personal, c.Auth, c.Sign = "", nil, nil, nil }, find: card.ErrUnsupported, open: card.ErrUnsupported},
	"mute":                            {change: func(c *sim.Card, _ *sim.Bus) { c.Mute = true }, state: card.Mute, open: card.ErrMute},
	"no service":                      {change: func(_ *sim.Card, b *sim.Bus) { b.Service(false) }, trouble: card.ErrNoService, open: card.ErrNoService},
}
