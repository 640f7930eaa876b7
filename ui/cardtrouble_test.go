package ui

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"ceralacca/app"
	"ceralacca/card"
	"ceralacca/card/sim"
)

// These tests put cards that cannot be read behind the real store and look at the page La mia carta.

// cardPage is that page over a real store with a simulated card.
func cardPage(t *testing.T, c sim.Card) (*UI, *sim.Bus, func(what string, is app.CardPhase) (said string)) {
	t.Helper()
	bus := sim.New(c)
	u, store, q := windowOver(t, app.Config{Dir: t.TempDir(), Language: "it", Offline: true, Source: card.CNS(bus)}, 1280, 800)
	u.turn(pageCard)
	return u, bus, func(what string, is app.CardPhase) string {
		t.Helper()
		v := u.views[pageCard].(*cardView)
		q.until(t, what, func() bool { return store.State().Cards.Phase == is && v.last == store.State().Cards && !v.passing })
		return words(v.Object())
	}
}

// TestAnUnknownCardIsCopiedForSupport: the page shows what the card answered to the reader, and the button copies it
// with the name of the reader.
func TestAnUnknownCardIsCopiedForSupport(t *testing.T) {
	for _, profile := range []string{"unknown", "foreign"} { // no CNS by its answer to reset; one that only looks like it
		t.Run(profile, func(t *testing.T) {
			c := practiceCard(t, profile)
			u, bus, shown := cardPage(t, c)
			atr := strings.ToUpper(hex.EncodeToString(c.ATR))
			if said := shown("the card is told to be unknown", app.PhaseUnsupported); !strings.Contains(together(said), atr) {
				t.Fatalf("the page does not show %s:\n%s", atr, said)
			}
			pressed := false
			for _, o := range controlsIn(u.views[pageCard].Object()) {
				if o.name == u.k.T("ui.copy.support") {
					o.do()
					pressed = true
				}
			}
			if got, want := u.app.Clipboard().Content(), c.Reader+"\n"+atr; !pressed || got != want {
				t.Errorf("copied %q, want %q", got, want)
			}
			bus.Remove()
			if said := shown("the reader is empty", app.PhaseEmpty); strings.Contains(together(said), atr) {
				t.Errorf("the card is gone, its answer is still there:\n%s", said)
			}
		})
	}
}

// TestABusyCardComesBackByItself: while another program has the card for itself the page says so in words; when that
// lets go, whether at once or after the card was read, the page is whole again and nobody has pressed anything.
func TestABusyCardComesBackByItself(t *testing.T) {
	u, bus, shown := cardPage(t, practiceCard(t, sim.Standard))
	for range 2 {
		shown("the card is read", app.PhaseReady)
		bus.Hold()
		said := shown("the card is told to be in use", app.PhaseBusy)
		for _, key := range []string{"ui.absent.busy", "ui.absent.busy.body", "ui.absent.busy.1", "ui.absent.by-itself"} {
			if !strings.Contains(said, u.k.T(key)) {
				t.Errorf("the page does not say %q:\n%s", u.k.T(key), said)
			}
		}
		bus.Free()
	}
	if said := shown("the card is read again", app.PhaseReady); !strings.Contains(said, "ESEMPIO") {
		t.Errorf("the page does not show the card:\n%s", said)
	}
}

// together is a text without the gaps and breaks that make it readable.
func together(s string) string { return strings.Join(strings.Fields(s), "") }

func practiceCard(t *testing.T, profile string) sim.Card {
	t.Helper()
	p, err := sim.IssueProfile(profile, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return p.Card()
}
