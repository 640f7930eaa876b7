package ui

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
)

// TestAnswersStayInSight opens every sheet with a foot in the smallest window, in Italian, and at 200 % in every
// language: its answers lie in the window, beside each other or under each other, and something of the question is left above.
func TestAnswersStayInSight(t *testing.T) {
	sheets := 0
	for _, s := range scenes() {
		if s.then == nil {
			continue
		}
		for _, scale := range []int{100, 200} {
			for i, tag := range lang.Languages {
				if scale == 100 && i > 0 {
					break
				}
				t.Run(fmt.Sprintf("%s/%s %d %%", s.name, tag, scale), func(t *testing.T) {
					u := s.open(t, assets.FS, 800, 600, func(set *app.Settings) { set.Language, set.Scale = tag, scale })
					if u.asking != nil {
						sheets += answersIn(t, u)
					}
				})
			}
		}
	}
	if sheets < 60 {
		t.Errorf("only %d sheets were looked at", sheets)
	}
}

// answersIn looks at the feet of the panel that is open, and counts them.
func answersIn(t *testing.T, u *UI) int {
	feet := 0
	walk(u.asking.panel.object, func(o fyne.CanvasObject) bool {
		c, ok := o.(*fyne.Container)
		if !ok {
			return true
		}
		if _, ok = c.Layout.(*footed); !ok {
			return true
		}
		feet++
		if len(c.Objects) == 1 { // the strip of an exercise may leave so little that all of it scrolls
			if u.latest.Load().Exercise == nil {
				t.Error("the foot scrolls with the question")
			}
			return false
		}
		if h := c.Objects[0].Size().Height; h < u.k.px(56) {
			t.Errorf("%.0f of height are left for the question", h)
		}
		for name, b := range controls(c.Objects[1]) {
			at := u.app.Driver().AbsolutePositionForObject(b)
			if at.X < 0 || at.Y < 0 || at.X+b.Size().Width > 801 || at.Y+b.Size().Height > 601 {
				t.Errorf("%q lies at %v, %v large", name, at, b.Size())
			}
		}
		return false
	})
	return feet
}

// TestWaysOutOfAnExercise: the list of exercises and the way out are on every step, in a low window too.
func TestWaysOutOfAnExercise(t *testing.T) {
	for _, s := range scenes() {
		if s.state.Exercise == nil {
			continue
		}
		for _, scale := range []int{100, 200} {
			for _, tag := range lang.Languages {
				t.Run(fmt.Sprintf("%s/%s %d %%", s.name, tag, scale), func(t *testing.T) {
					u := s.open(t, assets.FS, 1280, 800, func(set *app.Settings) { set.Language, set.Scale = tag, scale })
					there := controls(u.shell.ribbon)
					for _, key := range []string{"exercise.title", "ui.practice.leave"} {
						o, ok := there[u.k.T(key)]
						if !ok {
							t.Errorf("no %q", u.k.T(key))
							continue
						}
						if at := u.app.Driver().AbsolutePositionForObject(o); at.X+o.Size().Width > 1281 {
							t.Errorf("%q ends at %.0f", u.k.T(key), at.X+o.Size().Width)
						}
					}
				})
			}
		}
	}
}
