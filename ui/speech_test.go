package ui

import (
	"testing"

	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
)

// TestSpoken: a screen reader is told the words and the controls of a page in their order, what is chosen, how many
// digits were typed, and nothing that is hidden.
func TestSpoken(t *testing.T) {
	u, _, _ := window(t, state(func(*app.State) {}), 800, 600)
	k := u.k
	hidden := k.text(bodyFace, k.p.ink, "unseen")
	hidden.Hide()
	pin := newPINField(k, 5, 8)
	pin.TypedRune('4')
	pin.TypedRune('7')
	chosen, other := k.choice("first", true, nil), k.choice("second", false, nil)
	agreed := k.tick("agreed", func() {})
	agreed.Tapped(nil)
	page := scrolled(vbox(0, k.text(titleFace, k.p.ink, "title"), hidden, k.button(inked, "plus", "press", nil), chosen, other, agreed, pin,
		container.NewWithoutLayout(canvas.NewText("last", k.p.ink))))
	got := spoken(page)
	want := "title\npress\n✓ first\nsecond\n✓ agreed\n" + "Due cifre inserite.\nlast"
	if got != want {
		t.Errorf("spoken:\n%s\nwant:\n%s", got, want)
	}
	if got := newSpeaker(page).AccessibilityLabel(); got != want {
		t.Errorf("the speaker says %q", got)
	}
}
