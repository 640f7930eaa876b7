package ui

import (
	"image/color"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// errandStrip tells between card bar and page of a file that takes long to read or write, and ends it.
type errandStrip struct {
	u      *UI
	object *fyne.Container
	words  *fitting
	last   *app.Errand
}

func newErrandStrip(u *UI) *errandStrip {
	k := u.k
	s := &errandStrip{u: u, words: k.fitting(boxFace, k.p.note.ink, "")}
	s.words.middle = true
	stop := k.button(small, "", k.T("ui.stop"), func() {
		if s.last != nil {
			u.store.StopErrand(s.last.ID)
		}
	})
	s.object = over(rect(k.p.note.tint, color.Transparent, 0, 0), pad(k.px(8), k.px(24), k.px(8), k.px(24),
		hbox(k.px(12), k.icon("clock", 22, k.p.note.ink), flex(s.words.Container), stop)))
	s.object.Hide()
	return s
}

// Show shows or hides the strip.
func (s *errandStrip) Show(st *app.State) {
	if st.Errand == s.last {
		return
	}
	s.last = st.Errand
	if st.Errand == nil {
		s.object.Hide()
	} else {
		s.words.say(s.u.k.Text(st.Errand.What), s.u.k.p.note.ink)
		s.object.Show()
	}
	s.u.shell.object.Refresh()
}

func (s *errandStrip) height(width float32) float32 {
	if !s.object.Visible() {
		return 0
	}
	return heightOf(s.object, width)
}
