package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
)

// shell is the frame of every page: the practice ribbon, the rail, the margin, the card bar, the toast.
type shell struct {
	u        *UI
	object   *fyne.Container
	ribbon   *fyne.Container
	exercise *app.Exercise     // that the ribbon shows
	spare    fyne.CanvasObject // what of the ribbon a low window does without, or nil
	instead  fyne.CanvasObject // what is shown then
	rail     *rail
	bar      *cardBar
	page     *fyne.Container
	errand   *errandStrip
	toast    *toast
	hint     *hint
	ground   [3]*canvas.Rectangle // page, rail, card bar
	rules    [3]*canvas.Rectangle // the margin's two, and the line under the card bar
}

func newShell(u *UI) *shell {
	k := u.k
	s := &shell{u: u, rail: newRail(u), bar: newCardBar(u), page: container.New(flexible{})}
	for i, c := range []color.Color{k.p.paper, k.p.margin, k.p.leaf} {
		s.ground[i] = canvas.NewRectangle(c)
	}
	for i, c := range []color.Color{k.p.ruled[0], k.p.ruled[1], k.p.line} {
		s.rules[i] = canvas.NewRectangle(c)
	}
	s.ribbon = container.New(flexible{})
	s.ribbon.Hide()
	s.errand = newErrandStrip(u)
	s.toast, s.hint = k.toast(), k.hint()
	s.object = container.New(s, s.ground[0], s.ground[1], s.ground[2], s.rules[0], s.rules[1], s.rules[2],
		s.ribbon, s.rail.object, s.bar.press, s.errand.object, s.page, s.toast.object, s.hint.object)
	s.hint.within = s.object
	return s
}

// turn puts the page into the frame.
func (s *shell) turn(p pageID) {
	s.page.Objects = []fyne.CanvasObject{s.u.views[p].Object()}
	s.rail.mark(p)
	s.page.Refresh()
}

// Show shows what every page has.
func (s *shell) Show(st *app.State) {
	s.practise(st)
	s.bar.Show(st)
	s.rail.Show(st)
	s.errand.Show(st)
}

// practise shows or hides the ribbon of practice, with the exercise under way.
func (s *shell) practise(st *app.State) {
	if !st.Cards.Practice {
		s.ribbon.Hide()
		return
	}
	if s.ribbon.Visible() && s.exercise == st.Exercise {
		return
	}
	focused := s.u.window.Canvas().Focused()
	s.exercise = st.Exercise
	ribbon, spare, instead := s.u.ribbonOf(st.Exercise)
	s.ribbon.Objects, s.spare, s.instead = []fyne.CanvasObject{ribbon}, spare, instead
	s.ribbon.Show()
	s.ribbon.Refresh()
	s.object.Refresh()
	if a := s.u.asking; a != nil && a.panel != nil { // it begins below the ribbon
		a.panel.layout.Layout(nil, a.panel.object.Size())
		if o, ok := focused.(fyne.CanvasObject); ok {
			s.u.reveal(o, 0, o.Size().Height)
		}
	}
	if focused != nil && s.u.window.Canvas().Focused() != focused {
		s.u.window.Canvas().Focus(focused)
	}
}

// measures are where things lie in a window of the size.
func (s *shell) measures(size fyne.Size) (top, rail, bar float32) {
	k := s.u.k
	if s.ribbon.Visible() {
		if s.spare != nil && size.Height < k.px(420) {
			s.spare.Hide()
			s.instead.Show()
		} else if s.spare != nil {
			s.spare.Show()
			s.instead.Hide()
		}
		top = max(k.px(32), heightOf(s.ribbon, size.Width))
	}
	rail, bar = k.px(228), k.px(84)
	if size.Width < k.px(900) {
		rail = k.px(96)
	}
	switch left := size.Height - top; {
	case left < k.px(250):
		bar = k.px(52)
	case size.Height < k.px(520):
		bar = k.px(68)
	}
	return top, rail, bar
}

// pageArea is where the page lies.
func (s *shell) pageArea(size fyne.Size) struct {
	Position fyne.Position
	Size     fyne.Size
} {
	top, rail, bar := s.measures(size)
	return struct {
		Position fyne.Position
		Size     fyne.Size
	}{fyne.NewPos(rail, top+bar), fyne.NewSize(size.Width-rail, size.Height-top-bar)}
}

// Layout implements fyne.Layout.
func (s *shell) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	k := s.u.k
	top, rail, bar := s.measures(size)
	place(s.ribbon, 0, 0, size.Width, top)
	place(s.ground[0], 0, top, size.Width, size.Height-top)
	place(s.ground[1], 0, top, rail, size.Height-top)
	place(s.ground[2], rail, top, size.Width-rail, bar)
	w := k.px(k.p.stroke)
	place(s.rules[0], rail-k.px(5*k.p.stroke+2), top, w, size.Height-top)
	place(s.rules[1], rail-w, top, w, size.Height-top)
	place(s.rules[2], rail, top+bar-w, size.Width-rail, w)
	s.rail.narrow(size.Width < k.px(900))
	place(s.rail.object, 0, top, rail-k.px(7), size.Height-top)
	place(s.bar.press, rail, top, size.Width-rail, bar-w)
	strip := s.errand.height(size.Width - rail)
	place(s.errand.object, rail, top+bar, size.Width-rail, strip)
	place(s.page, rail, top+bar+strip, size.Width-rail, max(0, size.Height-top-bar-strip))
	s.toast.above(rail, size.Width-rail, size.Height-k.px(112))
}

// MinSize implements fyne.Layout: small enough for 800×600 at twice the scale.
func (s *shell) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(640, 420) }
