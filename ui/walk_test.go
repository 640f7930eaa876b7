package ui

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// TestTabsOfTheWalk holds the number of Tabs that ui/e2e presses blindly in the real window: from the card bar to
// the button that changes the signature PIN.
func TestTabsOfTheWalk(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("e2e", "keyboard.go"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`tabsToChange = (\d+)`).FindSubmatch(source)
	if m == nil {
		t.Fatal("e2e/keyboard.go does not tell tabsToChange")
	}
	want, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	k, store := wholeWindow(t, "it")
	store.StartExercise("change", k.u.k.Catalog)
	k.q.until(t, "the card of the exercise is shown", func() bool {
		st := store.State()
		return st.Exercise != nil && st.Cards.Phase == app.PhaseReady && k.u.views[pageCard].(*cardView).last == st.Cards
	})
	k.u.window.Canvas().Unfocus()
	k.u.typedKey(&fyne.KeyEvent{Name: fyne.KeyF6})
	change := k.u.k.T("ui.newpin.change")
	for n := 1; n < 60; n++ {
		k.u.window.Canvas().FocusNext()
		for _, p := range controlsIn(k.u.views[pageCard].Object()) {
			if p.focused && p.name == change {
				if n != want {
					t.Errorf("%d Tabs from the card bar to %q; e2e/keyboard.go has %d", n, change, want)
				}
				return
			}
		}
	}
	t.Errorf("Tab does not come to %q", change)
}
