//go:build cgo

package p11_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
	"ceralacca/card/sim"
)

// auto is a Source that finds these modules by itself, on a clock that the test turns.
func auto(t testing.TB, modules ...string) (s *p11.Source, turn func(time.Duration)) {
	t.Helper()
	o, turn := p11.Clocked(quick)
	o.List = func() []string { return modules }
	s = p11.Auto(o)
	t.Cleanup(func() { s.Close() })
	return s, turn
}

// chamber is a simulated card whose signing certificate only the fake module shows, in the same reader.
func chamber(t testing.TB, do string, certs ...[]byte) (b *sim.Bus, path, log string) {
	t.Helper()
	p, err := practice()
	if err != nil {
		t.Fatal(err)
	}
	c := p.Card()
	c.Applet = true
	if certs == nil {
		certs = [][]byte{c.Auth.Certificate, c.Sign.Certificate}
	}
	path, log = fake(t, do, certs...)
	t.Setenv("FAKE_READER", c.Reader)
	return sim.New(c), path, log
}

// One card of what the driver sees and what a module adds; the module is loaded only once the first view is out, and
// gone when nothing is open.
func TestAuto(t *testing.T) {
	b, path, log := chamber(t, "")
	modules, _ := auto(t, "/nowhere/module.so", path)
	if r := modules.Reports(t.Context()); len(r) != 0 || count(t, log, "C_Initialize") != 0 {
		t.Errorf("before any card: %+v", r)
	}
	s := card.Join(card.CNS(b), modules, card.JoinOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	more := false
	err := s.Watch(ctx, func(x card.Snapshot) {
		tok, err := s.Open(ctx, x.Slots[0].ID)
		if err != nil {
			t.Error(err)
			return
		}
		defer tok.Close()
		keys, err := tok.Keys(ctx)
		if err != nil || len(keys) != 1+x.Slots[0].Revision {
			t.Errorf("revision %d: %d keys, %v", x.Slots[0].Revision, len(keys), err)
		}
		if more = x.Slots[0].Revision == 1; !more {
			return
		}
		cancel()
		if keys[1].Via != "pkcs11" || keys[1].PIN != card.SignPIN || len(tok.Info().PINs) != 2 {
			t.Errorf("%+v, %+v", keys[1], tok.Info())
		}
		refusal := new(card.PINError)
		if err := tok.Login(t.Context(), card.SignPIN, pin("55555")); !errors.As(err, &refusal) || count(t, log, "C_Login") != 1 || b.Count(0x20) != 0 {
			t.Errorf("wrong PIN: %v", err)
		}
		if err := tok.Login(t.Context(), card.SignPIN, pin(fakePIN)); err != nil {
			t.Error(err)
		}
		if err := tok.Unblock(t.Context(), card.SignPIN, pin(sim.PracticePUK), pin(fakePIN)); !errors.Is(err, p11.ErrNoUnblock) {
			t.Errorf("unblocking: %v", err)
		}
		if err := tok.Unblock(t.Context(), card.AuthPIN, pin(sim.PracticePUK), pin(sim.PracticePIN)); err != nil || count(t, log, "C_SetPIN") != 0 {
			t.Errorf("unblocking by the driver: %v", err)
		}
	})
	if err != nil || !more {
		t.Fatalf("never more than the driver sees: %v", err)
	}
	if n := len(children(t)); n != 0 {
		t.Errorf("%d helpers stay", n)
	}
	r := modules.Reports(t.Context())
	if len(r) != 2 || r[0].Exists || r[0].Err == nil || !r[1].Loads || !r[1].RightCPU || r[1].Err != nil || len(r[1].Cards) != 1 || !r[1].Cards[0].Signs {
		t.Errorf("reports %+v", r)
	}
}

// A module that fails is left alone for a while, longer each time; one that was installed meanwhile is found.
func TestAutoRests(t *testing.T) {
	b, path, log := chamber(t, "C_GetSlotList=crash")
	list := []string{path}
	o, turn := p11.Clocked(quick)
	o.List = func() []string { return list }
	s := p11.Auto(o)
	defer s.Close()
	for _, step := range []struct {
		wait time.Duration
		n    int // loaded by then
	}{{0, 1}, {time.Second, 1}, {5 * time.Second, 2}, {5 * time.Second, 2}, {5 * time.Second, 3}} {
		turn(step.wait)
		_, err := s.Find(t.Context(), "reader", nil)
		if n := count(t, log, "C_Initialize"); !errors.As(err, new(*p11.CrashError)) || !errors.Is(err, card.ErrReset) || n != step.n {
			t.Errorf("%v later: %v, loaded %d times", step.wait, err, n)
		}
	}
	if r := s.Reports(t.Context()); len(r) != 1 || !errors.As(r[0].Err, new(*p11.CrashError)) {
		t.Errorf("reports %+v", r)
	}
	t.Setenv("FAKE_DO", "")
	turn(time.Hour)
	all, err := b.Wait(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if slot, err := s.Find(t.Context(), all[0].Name, nil); err != nil || slot.State != card.Present {
		t.Errorf("it is well again: %+v, %v", slot, err)
	}
	if slot, err := s.Find(t.Context(), "another reader", nil); !errors.Is(err, card.ErrUnsupported) {
		t.Errorf("another reader: %+v, %v", slot, err)
	}
	if n := len(children(t)); n != 0 {
		t.Errorf("%d helpers of a module that knows nothing", n)
	}
	list = append([]string{"/nowhere/first.so"}, list...)
	if _, err := s.Find(t.Context(), all[0].Name, nil); err != nil || len(s.Reports(t.Context())) != 2 {
		t.Errorf("a module that came later: %v", err)
	}
}

// A card is found by its certificate where the module calls the reader something else, and by the reader's name as
// modules write it.
func TestFind(t *testing.T) {
	p, err := practice()
	if err != nil {
		t.Fatal(err)
	}
	auth, sign := p.Card().Auth.Certificate, p.Card().Sign.Certificate
	const long = "A reader whose name is longer than the sixty-four bytes of a slot 00 00"
	for _, tt := range []struct {
		name, module, system string
		known                []byte
		found                bool
	}{
		{"same name", "ACS ACR38U 00 00", "ACS ACR38U 00 00", nil, true},
		{"a mark behind", "ACS ACR38U 00 00 (2)", "ACS ACR38U 00 00", nil, true},
		{"cut", long[:63], long, nil, true},
		{"another", "ACS ACR38U 01 00", "ACS ACR38U 00 00", nil, false},
		{"another, longer", "ACS CCID USB Reader 10", "ACS CCID USB Reader 1", nil, false},
		{"own name, known certificate", "Slot of the maker", "ACS ACR38U 00 00", auth, true},
		{"own name, other certificate", "Slot of the maker", "ACS ACR38U 00 00", []byte{0x30, 0}, false},
		{"own name, nothing known", "Slot of the maker", "ACS ACR38U 00 00", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, log := fake(t, "", auth, sign)
			t.Setenv("FAKE_READER", tt.module)
			s, _ := auto(t, path)
			var known []card.Key
			if tt.known != nil {
				known = []card.Key{{DER: tt.known}}
			}
			slot, err := s.Find(t.Context(), tt.system, known)
			if (err == nil) != tt.found || err != nil && !errors.Is(err, card.ErrUnsupported) {
				t.Fatalf("%+v, %v", slot, err)
			}
			if err != nil {
				return
			}
			tok, err := s.Open(t.Context(), slot.ID)
			if err != nil {
				t.Fatal(err)
			}
			if keys, err := tok.Keys(t.Context()); err != nil || len(keys) != 2 || count(t, log, "C_Initialize") != 1 {
				t.Errorf("%d keys, %v, loaded %d times", len(keys), err, count(t, log, "C_Initialize"))
			}
			tok.Close()
			if n := len(children(t)); n != 0 {
				t.Errorf("%d helpers stay", n)
			}
		})
	}
}

// Another card with the same empty numbers in the same reader is another card, also for a helper that was started
// between.
func TestSwappedBetween(t *testing.T) {
	p, err := practice()
	if err != nil {
		t.Fatal(err)
	}
	path, _ := fake(t, "", p.Card().Auth.Certificate, p.Card().Sign.Certificate)
	t.Setenv("FAKE_READER", "reader")
	s, _ := auto(t, path)
	visit := func() card.Slot {
		slot, err := s.Find(t.Context(), "reader", nil)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := s.Open(t.Context(), slot.ID)
		if err != nil {
			t.Fatal(err)
		}
		tok.Close()
		return slot
	}
	first := visit()
	if again := visit(); again.ID != first.ID {
		t.Errorf("the same card: %s, %s", first.ID, again.ID)
	}
	path2, _ := fake(t, "") // the same module, other certificates
	t.Setenv("FAKE_READER", "reader")
	if path2 != path {
		t.Fatal("the module is another file")
	}
	if _, err := s.Open(t.Context(), first.ID); !errors.Is(err, card.ErrRemoved) {
		t.Errorf("the card before: %v", err)
	}
	if other := visit(); other.ID == first.ID {
		t.Error("another card has the name of the one before")
	}
}

// A search that is given up leaves no helper behind, not even one that an earlier search left for the card to be opened.
func TestFindGivenUp(t *testing.T) {
	path, _ := fake(t, "")
	t.Setenv("FAKE_READER", "reader")
	s, _ := auto(t, path)
	if _, err := s.Find(t.Context(), "reader", nil); err != nil || len(children(t)) != 1 {
		t.Errorf("%v, %d helpers", err, len(children(t)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Find(ctx, "reader", nil); !errors.Is(err, context.Canceled) || len(children(t)) != 0 {
		t.Errorf("%v, %d helpers", err, len(children(t)))
	}
}

// A module that dies over a PIN takes neither the program nor the driver with it: what became of the PIN is unknown, the
// driver's own key works in the same session, and so does the module's when it is started again.
func TestModuleDiesAtWork(t *testing.T) {
	for do, want := range map[string]error{
		"C_Login=crash": &p11.CrashError{}, "C_Login=exit": &p11.CrashError{}, "C_Login=hang": &p11.TimeoutError{},
	} {
		t.Run(do, func(t *testing.T) {
			b, path, log := chamber(t, do)
			o := quick
			if _, hangs := want.(*p11.TimeoutError); hangs {
				o.Limit = 3 * time.Second
			}
			o.List = func() []string { return []string{path} }
			modules := p11.Auto(o)
			defer modules.Close()
			s := card.Join(card.CNS(b), modules, card.JoinOptions{Wait: true})
			tok, err := s.Open(t.Context(), present(until(t, s, "card", hasCard))[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			defer tok.Close()
			err = tok.Login(t.Context(), card.SignPIN, pin(fakePIN))
			unknown, crash, late := new(card.OutcomeUnknownError), new(p11.CrashError), new(p11.TimeoutError)
			if !errors.As(err, &unknown) || unknown.Ref != card.SignPIN || errors.As(err, new(*card.PINError)) {
				t.Errorf("%v", err)
			}
			if _, hung := want.(*p11.TimeoutError); errors.As(err, &late) != hung || errors.As(err, &crash) == hung {
				t.Errorf("%v", err)
			}
			if n := count(t, log, "C_Login"); n != 1 || b.Count(0x20) != 0 {
				t.Errorf("%d logins by the module, %d by the driver", n, b.Count(0x20))
			}
			if err := tok.Login(t.Context(), card.AuthPIN, pin(sim.PracticePIN)); err != nil {
				t.Errorf("the driver's own PIN: %v", err)
			}
			t.Setenv("FAKE_DO", "")
			if err := tok.Login(t.Context(), card.SignPIN, pin(fakePIN)); err != nil || count(t, log, "C_Login") != 2 {
				t.Errorf("started again: %v", err)
			}
		})
	}
}
