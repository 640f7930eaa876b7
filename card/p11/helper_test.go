//go:build cgo

package p11_test

import (
	"context"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
)

// To stop watching does not end what others do with a card, not even in the middle of a look at the readers.
func TestWatchEnds(t *testing.T) {
	path, log := fake(t, "")
	s := open(t, quick, path)
	tok := first(t, s)
	if err := tok.Login(t.Context(), card.AuthPIN, pin(fakePIN)); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*100*time.Microsecond)
		if err := s.Watch(ctx, func(card.Snapshot) {}); err != nil {
			t.Error(err)
		}
		cancel()
	}
	if _, err := tok.Keys(t.Context()); err != nil {
		t.Errorf("the session is over: %v", err)
	}
	if n := count(t, log, "C_Initialize"); n != 1 {
		t.Errorf("%d helpers", n)
	}
}

// A helper whose program dies ends by itself, even while its module hangs.
func TestOrphan(t *testing.T) {
	for do, most := range map[string]time.Duration{"": 5 * time.Second, "C_GetSlotList=hang": 10 * time.Second} {
		t.Run(do, func(t *testing.T) {
			path, _ := fake(t, do)
			start := time.Now()
			state, err := p11.Abandon(t.Context(), quick, path)
			if err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d > most {
				t.Errorf("took %v", d)
			}
			t.Log(state, time.Since(start))
		})
	}
}

// Two cards of one module: the rights on one end with its session, the other's session lives on.
func TestTwoSessions(t *testing.T) {
	path, log := fake(t, "serial,names")
	s := open(t, quick, path)
	slots := present(until(t, s, "cards", func(x card.Snapshot) bool { return len(present(x)) == 2 }))
	var tokens []card.Token
	for _, slot := range slots {
		tok, err := s.Open(t.Context(), slot.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := tok.Login(t.Context(), tok.Info().PINs[0].Ref, pin(fakePIN)); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, tok)
	}
	if err := tokens[0].Close(); err != nil {
		t.Error(err)
	}
	if n := count(t, log, "C_Logout"); n != 1 {
		t.Errorf("%d logouts", n)
	}
	if err := tokens[1].Login(t.Context(), tokens[1].Info().PINs[0].Ref, pin(fakePIN)); err != nil {
		t.Errorf("the other session: %v", err)
	}
	if err := tokens[1].Close(); err != nil {
		t.Error(err)
	}
	if n := count(t, log, "C_Logout"); n != 3 { // one belongs to the second login
		t.Errorf("%d logouts", n)
	}
}

func BenchmarkHelperStart(b *testing.B) {
	path, _ := fake(b, "")
	for b.Loop() {
		if r := p11.Probe(b.Context(), []string{path}, quick)[0]; r.Err != nil {
			b.Fatal(r.Err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	path, _ := fake(b, "")
	s := open(b, quick, path)
	slot := present(until(b, s, "card", hasCard))[0]
	for b.Loop() {
		tok, err := s.Open(b.Context(), slot.ID)
		if err != nil {
			b.Fatal(err)
		}
		tok.Close()
	}
}
