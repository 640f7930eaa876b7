package card_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// What one of the two cannot do hides nothing that the other can, and the driver's word on the reader stands.
func TestJoinPrecedence(t *testing.T) {
	for name, tt := range precedence {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := chamber(t, false)
				m.find = func(int, context.Context) error { return tt.find }
				c := practiceCard(t)
				c.Applet = true
				b := sim.New(c)
				if tt.change != nil {
					tt.change(&c, b)
					if up, _ := slots(card.CNS(b)); up != nil {
						b = sim.New(c)
					}
				}
				s := card.Join(card.CNS(b), m, card.JoinOptions{})
				told := follow(t, s)
				told()
				id := c.Reader + "#1"
				if tok, err := s.Open(t.Context(), id); err == nil {
					_, _ = tok.Keys(t.Context())
					tok.Close()
				}
				x := told()
				last := x[len(x)-1]
				if !errors.Is(last.Err, tt.trouble) {
					t.Errorf("trouble: %v", last.Err)
				}
				if want := tt.state; last.Err == nil {
					if want == card.Empty {
						want = card.Present
					}
					if last.Slots[0].State != want || last.Slots[0].ID != id {
						t.Errorf("slot %+v", last.Slots[0])
					}
				}
				tok, err := s.Open(t.Context(), id)
				if !errors.Is(err, tt.open) {
					t.Fatalf("opening: %v", err)
				}
				if err != nil {
					return
				}
				defer tok.Close()
				if keys, err := tok.Keys(t.Context()); err != nil || len(keys) != tt.keys {
					t.Errorf("%d keys, %v", len(keys), err)
				}
			})
		})
	}
}

// A library that crashes is asked again after a while, some times; what it adds then shows.
func TestJoinTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m := chamber(t, false)
		var at []time.Duration
		start := time.Now()
		m.find = func(n int, _ context.Context) error {
			at = append(at, time.Since(start))
			if n < 3 {
				return errCrash
			}
			return nil
		}
		s := card.Join(card.CNS(b), m, card.JoinOptions{})
		told := follow(t, s)
		slot := told()[0].Slots[0].ID
		lookAt(t, s, slot)
		<-time.After(time.Minute)
		x := told()
		if last := x[len(x)-1].Slots[0]; last.Revision != 1 || !slices.Equal(at, []time.Duration{0, time.Second, 5 * time.Second}) {
			t.Errorf("asked after %v, slot %+v", at, last)
		}
		b, m = chamber(t, false)
		m.find = func(int, context.Context) error { return errCrash }
		s = card.Join(card.CNS(b), m, card.JoinOptions{})
		told = follow(t, s)
		slot = told()[0].Slots[0].ID
		lookAt(t, s, slot)
		<-time.After(24 * time.Hour)
		if told(); m.asked != 5 {
			t.Errorf("a library that always crashes was asked %d times", m.asked)
		}
		lookAt(t, s, slot) // a person reads the card again
		if told(); m.asked != 6 {
			t.Errorf("asked %d times", m.asked)
		}
	})
}

// A library is not asked about a card whose signing key the driver reaches, and adds nothing that the driver has.
func TestJoinLeavesLibrariesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sim.New(practiceCard(t))
		m := &maker{Source: card.CNS(b.Applet())}
		s := card.Join(card.CNS(b), m, card.JoinOptions{})
		told := follow(t, s)
		_, keys := lookAt(t, s, told()[0].Slots[0].ID)
		if told(); len(keys) != 2 || m.asked != 0 {
			t.Errorf("%d keys, asked %d times", len(keys), m.asked)
		}
		b, m = chamber(t, false)
		m.only = []card.PINRef{card.AuthPIN}
		s = card.Join(card.CNS(b), m, card.JoinOptions{})
		told = follow(t, s)
		slot := told()[0].Slots[0].ID
		for range 3 {
			lookAt(t, s, slot)
			if x := told(); x[len(x)-1].Slots[0].Revision != 0 || m.asked != 1 {
				t.Errorf("asked %d times, %+v", m.asked, x[len(x)-1].Slots[0])
			}
		}
		m.only = nil // a better one is installed, and somebody looks again later
		<-time.After(2 * time.Minute)
		lookAt(t, s, slot)
		if x := told(); x[len(x)-1].Slots[0].Revision != 1 || m.asked != 2 {
			t.Errorf("asked %d times, %+v", m.asked, x[len(x)-1].Slots[0])
		}
	})
}

// A program that looks once waits; a library chosen by hand is used for all that it reaches.
func TestJoinWaits(t *testing.T) {
	for name, o := range map[string]card.JoinOptions{"wait": {Wait: true}, "chosen": {Wait: true, Chosen: true}} {
		t.Run(name, func(t *testing.T) {
			b, m := chamber(t, false)
			s := card.Join(card.CNS(b), m, o)
			all, err := slots(s)
			if err != nil || len(all) != 1 {
				t.Fatalf("%+v, %v", all, err)
			}
			info, keys := lookAt(t, s, all[0].ID)
			want := map[bool]string{false: "native", true: "pkcs11"}[o.Chosen]
			if len(keys) != 2 || keys[0].Via != want || keys[1].Via != "pkcs11" || len(info.PINs) != 2 {
				t.Errorf("%+v, %+v", info.PINs, keys)
			}
			if err := sim.Conform(t.Context(), s, all[0].ID); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("chosen, with one PIN where the driver sees two", func(t *testing.T) {
		_, m := chamber(t, true)
		c := practiceCard(t)
		c.Sign.OnePIN, c.ATR = true, sim.JSign
		b := sim.New(c)
		m.Source = card.CNS(b)
		s := card.Join(card.CNS(b), m, card.JoinOptions{Wait: true, Chosen: true})
		all, err := slots(s)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := s.Open(t.Context(), all[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		defer tok.Close()
		keys, err := tok.Keys(t.Context())
		if err != nil || len(keys) != 2 {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		if err := tok.Login(t.Context(), keys[1].PIN, pin(sim.PracticePIN)); err != nil || verifies(b) != 1 {
			t.Fatalf("PIN %X: %v, %d VERIFY", keys[1].PIN, err, verifies(b))
		}
		for _, k := range keys {
			if err := signBoth(tok, k); err != nil || k.Via != "pkcs11" {
				t.Errorf("key %+v: %v", k.ID, err)
			}
		}
	})
	t.Run("chosen, without service", func(t *testing.T) {
		b, m := chamber(t, false)
		down := sim.New(practiceCard(t))
		down.Service(false)
		s := card.Join(card.CNS(down), m, card.JoinOptions{Wait: true, Chosen: true})
		all, err := slots(s)
		if err != nil || len(all) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		if _, keys := lookAt(t, s, all[0].ID); len(keys) != 2 {
			t.Errorf("%d keys", len(keys))
		}
		b.Service(false)
		if _, err := slots(s); !errors.Is(err, card.ErrNoService) {
			t.Errorf("nothing works: %v", err)
		}
		for _, bad := range []string{"", "x", "module:", "module:x", "gone#1"} {
			if _, err := s.Open(t.Context(), bad); err == nil {
				t.Errorf("slot %q was opened", bad)
			}
		}
	})
	t.Run("unknown chip", func(t *testing.T) {
		_, m := chamber(t, false)
		c := practiceCard(t)
		c.ATR = unknownATR
		s := card.Join(card.CNS(sim.New(c)), m, card.JoinOptions{Wait: true})
		all, err := slots(s)
		if err != nil || len(all) != 1 || all[0].State != card.Present {
			t.Fatalf("%+v, %v", all, err)
		}
		if err := sim.Conform(t.Context(), s, all[0].ID); err != nil {
			t.Error(err)
		}
	})
}
