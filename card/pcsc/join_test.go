//go:build linux && cgo

package pcsc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
	"ceralacca/card/sim"
)

// The joined card conforms where each half is real: the driver over the service, and OpenSC's module in its helper, at
// one card.
func TestJoinConforms(t *testing.T) {
	path := module(t)
	b, native, snaps := served(t, func(*sim.Card) {})
	until(t, "card", snaps, hasCard)
	modules := p11.Open([]string{path}, p11.Options{})
	defer modules.Close()
	s := card.Join(native, modules, card.JoinOptions{Chosen: true, Wait: true})
	ctx, cancel := context.WithTimeout(t.Context(), eventTime)
	defer cancel()
	var slot card.Slot
	err := s.Watch(ctx, func(x card.Snapshot) {
		if found, ok := present(x); ok {
			slot = found
			cancel()
		}
	})
	if err != nil || slot.ID == "" {
		t.Fatalf("no card: %v", err)
	}
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tok.Keys(t.Context())
	if err != nil || len(keys) != 2 || keys[0].Via != "pkcs11" || keys[1].Via != "pkcs11" || tok.Info().Holder.Surname == "" {
		t.Errorf("keys %+v, %v", keys, err)
	}
	tok.Close()
	start := time.Now()
	if err := sim.Conform(t.Context(), s, slot.ID); err != nil {
		t.Error(err)
	}
	t.Logf("%d commands in %v", len(b.Log()), time.Since(start).Round(time.Millisecond))
}

// On a card that signs nothing OpenSC's module is asked once, adds nothing, spends no try, and its word that every
// healthy CNS is locked reaches nobody. On one whose keys the driver reaches it is not even loaded.
func TestJoinWithOpenSC(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*sim.Card)
		asked  int
	}{
		"health card": {func(c *sim.Card) { c.Sign, c.ATR, c.EmptyVerify = nil, sim.ST2021, sim.CountsATry }, 1},
		"two keys":    {func(*sim.Card) {}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := module(t)
			b, native, snaps := served(t, tt.change)
			until(t, "card", snaps, hasCard)
			modules := p11.Auto(p11.Options{List: func() []string { return []string{path} }})
			defer modules.Close()
			s := card.Join(native, modules, card.JoinOptions{Wait: true})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var slot card.Slot
			if err := s.Watch(ctx, func(x card.Snapshot) { slot, _ = present(x); cancel() }); err != nil {
				t.Fatal(err)
			}
			tok, err := s.Open(t.Context(), slot.ID)
			if err != nil {
				t.Fatal(err)
			}
			defer tok.Close()
			keys, err := tok.Keys(t.Context())
			if err != nil || len(keys) != 2-tt.asked {
				t.Errorf("%d keys, %v", len(keys), err)
			}
			st, err := tok.PINStatus(t.Context(), card.AuthPIN)
			if err != nil || st.Blocked || st.Low || tt.asked == 1 && b.Count(0x20) != 0 {
				t.Errorf("PIN status %+v, %v, %d VERIFY", st, err, b.Count(0x20))
			}
			reports := modules.Reports(t.Context())
			if len(reports) != tt.asked || tt.asked == 1 && (!reports[0].Loads || len(reports[0].Cards) != 1 || reports[0].Cards[0].Certificates != 1) {
				t.Errorf("reports %+v", reports)
			}
			if err := tok.Login(t.Context(), card.AuthPIN, practicePIN()); err != nil {
				t.Error(err)
			}
			if err := tok.Unblock(t.Context(), card.AuthPIN, practicePIN(), practicePIN()); !errors.As(err, new(*card.FormatError)) {
				t.Errorf("a PIN for a PUK: %v", err)
			}
		})
	}
}

// While OpenSC's module looks at a card in the background, the person goes on: everything by the driver works, each PIN
// is judged once, and nothing is reset under it.
func TestJoinWorksMeanwhile(t *testing.T) {
	path := module(t)
	b, native, snaps := served(t, func(c *sim.Card) { c.Sign, c.ATR, c.EmptyVerify = nil, sim.ST2021, sim.CountsATry })
	until(t, "card", snaps, hasCard)
	for round := range 5 {
		modules := p11.Auto(p11.Options{List: func() []string { return []string{path} }})
		s := card.Join(native, modules, card.JoinOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		slots, done := make(chan card.Slot, 100), make(chan error, 1)
		go func() {
			done <- s.Watch(ctx, func(x card.Snapshot) {
				if slot, ok := present(x); ok {
					slots <- slot
				}
			})
		}()
		slot := <-slots
		work := func(f func(card.Token) error) {
			t.Helper()
			tok, err := s.Open(t.Context(), slot.ID)
			if err == nil {
				err = errors.Join(f(tok), tok.Close())
			}
			if err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		}
		work(func(tok card.Token) error { _, err := tok.Keys(t.Context()); return err }) // from here on the module looks
		before := b.Count(0x20) + b.Count(0x24)
		for len(modules.Reports(t.Context())) == 0 {
			work(func(tok card.Token) error { _, err := tok.PINStatus(t.Context(), card.AuthPIN); return err })
		}
		work(func(tok card.Token) error { return tok.Login(t.Context(), card.AuthPIN, practicePIN()) })
		work(func(tok card.Token) error {
			return tok.ChangePIN(t.Context(), card.AuthPIN, practicePIN(), practicePIN())
		})
		if n := b.Count(0x20) + b.Count(0x24) - before; n != 2 {
			t.Errorf("round %d: %d judgements", round, n)
		}
		reports := modules.Reports(t.Context()) // waits for the module
		if len(reports) != 1 || reports[0].Err != nil || len(reports[0].Cards) != 1 {
			t.Errorf("round %d: the module was disturbed: %+v", round, reports)
		}
		cancel()
		if err := errors.Join(<-done, modules.Close()); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d commands", len(b.Log()))
}
