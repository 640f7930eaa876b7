package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// errandStrip tells between card bar and page of what takes long and has no place on the page, and ends it: an errand, or
// files that arrive while the page shows something else.
type errandStrip struct {
	u      *UI
	object *fyne.Container
	words  *fitting
	said   string
	stop   func()
}

func newErrandStrip(u *UI) *errandStrip {
	k := u.k
	s := &errandStrip{u: u, words: k.fitting(boxFace, k.p.note.ink, "")}
	s.words.middle = true
	stop := k.button(small, "", k.T("ui.stop"), func() {
		if s.stop != nil {
			s.stop()
		}
	})
	s.object = over(rect(k.p.note.tint, color.Transparent, 0, 0), container.New(&stripMargins{k},
		hbox(k.px(12), k.icon("clock", 22, k.p.note.ink), flex(s.words.Container), stop), rect(k.p.line, color.Transparent, 0, 0)))
	s.object.Hide()
	return s
}

// Show shows or hides the strip.
func (s *errandStrip) Show(st *app.State) {
	words := ""
	switch k := s.u.k; {
	case st.Errand != nil:
		id := st.Errand.ID
		words, s.stop = k.Text(st.Errand.What), func() { s.u.store.StopErrand(id) }
	case st.Adding != nil && (s.u.page != pageSign || modeOf(st) != signAdding):
		words, s.stop = k.T("adding.finding.title")+k.Colon()+k.Text(lang.MN("adding.finding", st.Adding.Found)), s.u.store.StopAdding
		if !st.Adding.Finding {
			words = k.T("adding.reading.title") + k.Colon() + k.Text(lang.MN("adding.reading", st.Adding.Found, "done", lang.Count(st.Adding.Read)))
		}
	}
	if words == s.said {
		return
	}
	s.said = words
	if words == "" {
		s.object.Hide()
	} else {
		s.words.say(words, s.u.k.p.note.ink)
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

// stripMargins lays the row of a strip between the edges of the page, above the line that ends it.
type stripMargins struct{ k *kit }

func (l *stripMargins) heightFor(o []fyne.CanvasObject, width float32) float32 {
	return heightOf(o[0], width-2*edgeOf(l.k, width)) + l.k.px(16)
}

// Layout implements fyne.Layout.
func (l *stripMargins) Layout(o []fyne.CanvasObject, size fyne.Size) {
	e, w := edgeOf(l.k, size.Width), l.k.px(l.k.p.stroke)
	place(o[0], e, l.k.px(8), size.Width-2*e, size.Height-l.k.px(16))
	place(o[1], 0, size.Height-w, size.Width, w)
}

// MinSize implements fyne.Layout.
func (l *stripMargins) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }
