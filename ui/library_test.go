package ui

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/card"
	"ceralacca/card/sim"
)

// desk are cards that are known once a library is in use, and the libraries that can be.
type desk struct {
	unknown, known card.Source

	mu   sync.Mutex
	used string
}

func (d *desk) source() card.Source {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.used != "" {
		return d.known
	}
	return d.unknown
}

func (d *desk) Watch(ctx context.Context, emit func(card.Snapshot)) error {
	return d.source().Watch(ctx, emit)
}

func (d *desk) Open(ctx context.Context, slot string) (card.Token, error) {
	return d.source().Open(ctx, slot)
}
func (d *desk) Probe(context.Context) []app.Module { return nil }
func (d *desk) Use(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used = path
}

func (d *desk) Try(_ context.Context, path string) app.Module {
	if path == "/maker/good.so" {
		return app.Module{Name: "good.so", State: card.LibraryWorks}
	}
	return app.Module{Name: "text.so", State: card.LibraryFails, Err: errors.New("invalid ELF header")}
}

// TestALibraryIsChosenByHand: from the page of an unknown card, by keys alone, to a card that is known; a file that is no
// library is told at once and changes nothing.
func TestALibraryIsChosenByHand(t *testing.T) {
	d := &desk{unknown: card.CNS(sim.New(practiceCard(t, "unknown"))), known: card.CNS(sim.New(practiceCard(t, sim.Standard)))}
	u, store, q := windowOver(t, app.Config{Dir: t.TempDir(), Language: "it", Offline: true, Source: d, Modules: d}, 1280, 800)
	u.turn(pageCard)
	q.until(t, "the card is unknown", func() bool { return buttonOn(u, pageCard, "ui.absent.library") != nil })
	buttonOn(u, pageCard, "ui.absent.library").do()
	page := u.views[pageSettings].(*settingsView)
	if f := u.window.Canvas().Focused(); u.page != pageSettings || f != fyne.Focusable(page.choose) {
		t.Fatalf("on page %d, the focus is on %T", u.page, f)
	}
	choose := func(path string) {
		t.Helper()
		u.chooser = func(context.Context, choose) ([]string, error) { return []string{path}, nil }
		u.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	}
	said := func() string { return words(u.views[pageSettings].Object()) }

	choose("/maker/text.so")
	q.until(t, "the trouble is told", func() bool {
		return store.State().Library.Advice != nil && u.views[pageSettings].(*settingsView).library == store.State().Library
	})
	for _, want := range []string{u.k.Text(store.State().Library.Advice.Title), "invalid ELF header", u.k.T("ui.set.library.none")} {
		if !strings.Contains(together(said()), together(want)) {
			t.Errorf("the page does not say %q:\n%s", want, said())
		}
	}
	if store.State().Cards.Phase == app.PhaseReady {
		t.Error("the card is known")
	}
	choose("/maker/good.so")
	q.until(t, "the card is known", func() bool {
		return store.State().Cards.Phase == app.PhaseReady && u.shell.bar.last == store.State().Cards
	})
	if !strings.Contains(said(), "good.so") || u.settings.Library != "/maker/good.so" {
		t.Errorf("the page does not name the library, or it is not kept:\n%s", said())
	}
	buttonOn(u, pageSettings, "ui.set.library.back").do()
	q.until(t, "the card is unknown again", func() bool { return store.State().Cards.Phase == app.PhaseUnsupported })
	if store.State().Settings.Library != "" {
		t.Error("the choice is kept")
	}
}

// buttonOn is the button of a page with these words, or nil.
func buttonOn(u *UI, p pageID, key string) *press {
	for _, o := range controlsIn(u.views[p].Object()) {
		if o.name == u.k.T(key) {
			return o.press
		}
	}
	return nil
}
