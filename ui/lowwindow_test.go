package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
)

// lowWindow is a scene in the window that has the least room: 800×600 at 200 %.
func (s scene) lowWindow(t *testing.T, tag string) *UI {
	t.Helper()
	return s.open(t, assets.FS, 800, 600, func(set *app.Settings) { set.Language, set.Scale = tag, 200 })
}

// TestLowExercise: while an exercise takes the head of a low window, its page still shows something, the entries of the
// rail are readable, and the field that is typed into is whole in sight.
func TestLowExercise(t *testing.T) {
	seen := 0
	for _, s := range scenes() {
		if s.state.Exercise == nil {
			continue
		}
		for _, tag := range lang.Languages {
			seen++
			t.Run(s.name+"/"+tag, func(t *testing.T) { lowExercise(t, s.lowWindow(t, tag)) })
		}
	}
	if seen == 0 {
		t.Error("no scene has an exercise")
	}
}

func lowExercise(t *testing.T, u *UI) {
	t.Helper()
	k := u.k
	if h := scrollerOf(u.views[u.page].Object()).Size().Height; u.asking == nil && h < k.px(80) {
		t.Errorf("%.0f of the page are in sight", h)
	}
	for _, e := range u.shell.rail.entries {
		icon, words := e.icon.Position().Y+e.icon.Size().Height, e.words.Position().Y
		if e.icon.Visible() && words < icon-k.px(3) || words+e.words.Size().Height > e.press.Size().Height+1 {
			t.Errorf("%q does not fit into its entry", e.words.Text)
		}
	}
	if u.asking == nil || u.asking.panel.field == nil {
		return
	}
	f, scroll := u.asking.panel.field, scrollerOf(u.asking.panel.object)
	top := heightWithin(scroll.Content, f) - scroll.Offset.Y
	if top < 0 || top+f.Size().Height > scroll.Size().Height {
		t.Errorf("the field lies at %.0f of %.0f", top, scroll.Size().Height)
	}
}

// TestRowsOfLowWindow: the parts of a file's row stand beside each other however narrow it is.
func TestRowsOfLowWindow(t *testing.T) {
	seen := 0
	for _, s := range scenes() {
		if s.page != pageSign || s.then != nil {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			v := s.lowWindow(t, "de").views[pageSign].(*signView)
			for i, r := range v.list.rows {
				seen++
				if h := heightOf(r.object, r.width); h > v.list.rowH {
					t.Errorf("row %d wants %.0f of height and has %.0f", i, h, v.list.rowH)
				}
			}
		})
	}
	if seen == 0 {
		t.Error("no row was seen")
	}
}

// TestPageScrollsByKeys: what holds nothing to walk to can be read by keyboard all the same.
func TestPageScrollsByKeys(t *testing.T) {
	for _, s := range scenes() {
		if s.name != "help" && s.name != "settings" {
			continue
		}
		u := s.lowWindow(t, "it")
		u.window.Canvas().Unfocus()
		scroll := scrollerOf(u.views[u.page].Object())
		end := scroll.Content.MinSize().Height - scroll.Size().Height
		for _, step := range []struct {
			key  fyne.KeyName
			want func(y float32) bool
		}{
			{fyne.KeyPageDown, func(y float32) bool { return y > 0 }},
			{fyne.KeyEnd, func(y float32) bool { return y == end }},
			{fyne.KeyUp, func(y float32) bool { return y < end }},
			{fyne.KeyHome, func(y float32) bool { return y == 0 }},
		} {
			u.typedKey(&fyne.KeyEvent{Name: step.key})
			if !step.want(scroll.Offset.Y) {
				t.Errorf("%s: after %s the page stands at %.0f of %.0f", s.name, step.key, scroll.Offset.Y, end)
			}
		}
	}
}

// TestOneRing: what had the keyboard before a panel shows no ring behind it, and has it again afterwards.
func TestOneRing(t *testing.T) {
	u, _, _ := practiceWindow(t, "it", 800, 600)
	link := controls(u.shell.ribbon)[u.k.T("exercise.title")].(*press)
	u.window.Canvas().Focus(link)
	test.Tap(link)
	if u.asking == nil || link.focused {
		t.Fatalf("a panel: %v; the ring behind it: %v", u.asking != nil, link.focused)
	}
	u.asking.refuse()
	if !link.focused {
		t.Error("the keyboard is lost")
	}
}

// TestRestSigned: once the rest is signed after a card was pulled out, nothing says that a file is not.
func TestRestSigned(t *testing.T) {
	for _, s := range scenes() {
		if s.name != "sign-done" {
			continue
		}
		job := *s.state.Job
		job.Signed-- // one was signed before
		s.state.Job = &job
		u := s.open(t, assets.FS, 1180, 780, func(set *app.Settings) { set.Language = "it" })
		said := words(u.views[pageSign].Object())
		if strings.Contains(said, "uno no") || !strings.Contains(said, "firmati") {
			t.Errorf("all is signed, and the page says:\n%s", said)
		}
		return
	}
	t.Error("the scene is gone")
}
