//go:build linux

package pcsc_test

import (
	"errors"
	"flag"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

var allFaults = flag.Bool("pcsc.all", false, "kill pcscd at every command of every operation, not at some")

// TestServiceKilled kills pcscd, with SIGKILL, while a command is under way: the command is carried out, and its
// answer is lost. It does so in every operation, at the command that judges a PIN and at every eleventh, or at all with
// -pcsc.all. The error is typed, no try is lost beyond the one that was sent, and when the service is back the same
// Source works without being told.
func TestServiceKilled(t *testing.T) {
	d, b, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	cases, failed, start := 0, 0, time.Now()
	var slowest time.Duration
	for _, op := range sim.Operations() {
		if op.Typed != nil {
			continue // the virtual reader has no keys
		}
		b.Script()
		before := len(b.Log())
		if err := op.Run(t.Context(), s, slot.ID); err != nil {
			t.Fatalf("%s without a fault: %v", op.Name, err)
		}
		for at, e := range b.Log()[before:] {
			judges := len(e.Command) > 5 && e.Command[1] == op.INS
			if !*allFaults && !judges && at%11 != 0 {
				continue
			}
			cases++
			b.Script(sim.Fault{At: at, Kind: sim.Call, Do: d.Kill})
			begun := time.Now()
			err := op.Run(t.Context(), s, slot.ID)
			slowest = max(slowest, time.Since(begun))
			unknown := new(card.OutcomeUnknownError)
			switch {
			case err == nil && at+1 < b.Sent():
				t.Errorf("%s, killed at %d: no error", op.Name, at)
			case err != nil && !errors.Is(err, card.ErrNoService) && !errors.Is(err, card.ErrRemoved):
				t.Errorf("%s, killed at %d: %v", op.Name, at, err)
			case errors.As(err, &unknown) != judges:
				t.Errorf("%s, killed at %d, judges %v: %v", op.Name, at, judges, err)
			}
			if err != nil {
				failed++
			}
			b.Script()
			until(t, "end of the service", snaps, noServer)
			d.Start(t)
			slot, _ = present(until(t, "restart", snaps, hasCard))
			untouched(t, b, s, slot.ID, op.Name)
		}
	}
	t.Logf("%d cases, %d of them failed as they should, the slowest after %v; %v in all", cases, failed, slowest.Round(time.Millisecond), time.Since(start).Round(time.Second))
}

// untouched makes sure that all tries are there; asking the practice card is harmless.
func untouched(t *testing.T, b *sim.Bus, s card.Source, slot, after string) {
	t.Helper()
	tok, err := s.Open(t.Context(), slot)
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	for _, p := range tok.Info().PINs {
		if st, err := tok.PINStatus(t.Context(), p.Ref); err != nil || st.TriesLeft != 3 || st.PUKTriesLeft != 3 {
			t.Errorf("after %s: %+v, %v", after, st, err)
		}
	}
}
