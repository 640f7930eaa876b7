package ui

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"ceralacca/app"
)

// pageSheet is a page or a picture, fitted into the room there is or larger. It is one stop of the Tab key.
type pageSheet struct {
	widget.BaseWidget
	k      *kit
	ground *canvas.Rectangle
	paper  *canvas.Rectangle
	image  *canvas.Image
	wait   *canvas.Text
	ring   *canvas.Rectangle
	body   *fyne.Container
	scroll *pageScroll
	mark   *markBox // the place of the signature; nil while none is chosen

	chosen bool      // the person has chosen the zoom
	zoom   int       // index in zooms
	size   fyne.Size // of what is shown, in any unit: only its proportion counts, and points for the mark
	asked  [2]int
	key    func(*fyne.KeyEvent) bool
	want   func(width, height int)
	on     bool
	page   int // which is shown
}

var (
	_ fyne.Focusable = (*pageSheet)(nil)
	_ fyne.Tappable  = (*pageSheet)(nil)
)

// zooms are the steps of enlargement.
var zooms = []float32{1, 1.5, 2, 3, 4}

// maxSheet bounds the pixels that are asked for.
const maxSheet = 12 << 20

func newPageSheet(k *kit) *pageSheet {
	s := &pageSheet{k: k, ground: rect(k.p.sunk, k.p.line, k.px(k.p.stroke), k.px(12))}
	s.paper = rect(color.White, k.p.edge, k.px(max(1, k.p.stroke)), 0)
	s.image = &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleSmooth}
	s.wait = k.text(bodyFace, k.p.muted, k.T("preview.drawing"))
	s.ring = rect(color.Transparent, color.Transparent, k.px(3), k.px(14))
	s.body = container.New(&sheetBody{s}, s.paper, s.image, s.wait)
	s.scroll = newPageScroll(s)
	s.ExtendBaseWidget(s)
	return s
}

// heightFor implements tall: the rest of the page is its own.
func (s *pageSheet) heightFor(float32) float32 { return s.k.px(240) }

// marked lays the mark over the page; nil takes it away.
func (s *pageSheet) marked(m *markBox) {
	if s.mark == m {
		return
	}
	s.mark = m
	s.body.Objects = []fyne.CanvasObject{s.paper, s.image, s.wait}
	if m != nil {
		s.body.Objects = append(s.body.Objects, m)
		s.zoom = 0
	}
	s.Refresh()
}

// forget takes the page away.
func (s *pageSheet) forget() {
	s.size, s.zoom, s.chosen, s.asked = fyne.Size{}, 0, false, [2]int{}
	s.image.Image = nil
}

// show shows a page drawn; until page n has come, the sheet says that it is being drawn.
func (s *pageSheet) show(p *app.PreviewPage, n int) {
	if n != s.page {
		s.page = n
		s.scroll.ScrollToTop()
	}
	if p == nil || p.N != n || p.Image == nil {
		s.image.Image = nil
		s.Refresh()
		return
	}
	s.size = fyne.NewSize(float32(p.Points.Width), float32(p.Points.Height))
	s.readable(s.Size())
	s.set(p.Image)
}

// picture shows a picture.
func (s *pageSheet) picture(img image.Image) {
	s.size = fyne.NewSize(float32(img.Bounds().Dx()), float32(img.Bounds().Dy()))
	s.set(img)
}

func (s *pageSheet) set(img image.Image) {
	if s.image.Image != img {
		s.image.Image = img
		s.image.Refresh()
	}
	s.Refresh()
}

// zoomBy goes so many steps larger or smaller; 0 fits the page into the window.
func (s *pageSheet) zoomBy(step int) {
	to := max(0, min(s.zoom+step, len(zooms)-1))
	if step == 0 {
		to = 0
	}
	s.chosen = true
	if to == s.zoom {
		return
	}
	s.zoom = to
	s.Refresh()
	s.askFor(s.Size())
}

// ask asks for the page again: another is wanted, or another size.
func (s *pageSheet) ask() {
	s.asked = [2]int{}
	s.askFor(s.Size())
}

// askFor asks for the pixels that the page takes in a room of the size.
func (s *pageSheet) askFor(room fyne.Size) {
	if s.want == nil || room.Width < 8 || room.Height < 8 {
		return
	}
	w, h := float64((room.Width-2*s.margin())*zooms[s.zoom]*s.k.device), float64((room.Height-2*s.margin())*zooms[s.zoom]*s.k.device)
	if w*h > maxSheet {
		f := math.Sqrt(maxSheet / (w * h))
		w, h = w*f, h*f
	}
	px := [2]int{max(16, int(w)), max(16, int(h))}
	if px != s.asked {
		s.asked = px
		s.want(px[0], px[1])
	}
}

// readable enlarges a page that would be too small to be read, until the person chooses: as wide as there is room.
func (s *pageSheet) readable(room fyne.Size) {
	if s.chosen || s.mark != nil || s.size.Width <= 0 || room.Width < 8 {
		return
	}
	for s.zoom = 0; s.zoom < len(zooms)-1; s.zoom++ {
		next := s.size.Width * s.fit(room) * zooms[s.zoom+1]
		if s.fit(room)*zooms[s.zoom] >= s.k.scale || next > room.Width-2*s.margin() {
			break
		}
	}
	s.askFor(room)
}

// fit is the scale at which the whole page is seen in a room.
func (s *pageSheet) fit(room fyne.Size) float32 {
	m := 2 * s.margin()
	return min((room.Width-m)/s.size.Width, (room.Height-m)/s.size.Height)
}

func (s *pageSheet) margin() float32 { return s.k.px(14) }

// shown is how large the page is painted in a room of the size.
func (s *pageSheet) shown(room fyne.Size) fyne.Size {
	if s.size.Width <= 0 || s.size.Height <= 0 {
		return fyne.Size{}
	}
	f := s.fit(room) * zooms[s.zoom]
	return fyne.NewSize(max(1, s.size.Width*f), max(1, s.size.Height*f))
}

// sheetBody places the page in the scroller.
type sheetBody struct{ s *pageSheet }

// Layout implements fyne.Layout.
func (l *sheetBody) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	s := l.s
	page := s.shown(s.Size())
	x, y := max(s.margin(), (size.Width-page.Width)/2), max(s.margin(), (size.Height-page.Height)/2)
	if page.IsZero() || s.image.Image == nil {
		s.image.Hide()
		s.wait.Show()
		s.wait.Color = s.k.p.muted
		if !page.IsZero() { // it stands on the paper, which is white in every light
			s.wait.Color = light.muted
		}
		w, sight := s.wait.MinSize(), min(size.Height, s.Size().Height)
		place(s.wait, (size.Width-w.Width)/2, (sight-w.Height)/2, w.Width, w.Height)
	} else {
		s.wait.Hide()
		s.image.Show()
		place(s.image, x, y, page.Width, page.Height)
	}
	if page.IsZero() {
		s.paper.Hide()
	} else {
		s.paper.Show()
		place(s.paper, x-1, y-1, page.Width+2, page.Height+2)
	}
	if s.mark != nil {
		s.mark.placeOn(fyne.NewPos(x, y), page, s.size)
	}
}

// MinSize implements fyne.Layout.
func (l *sheetBody) MinSize([]fyne.CanvasObject) fyne.Size {
	page := l.s.shown(l.s.Size())
	m := 2 * l.s.margin()
	if l.s.zoom == 0 {
		return fyne.NewSize(1, 1) // it fits, whatever the rounding says
	}
	return fyne.NewSize(page.Width+m, page.Height+m)
}

// Tapped implements fyne.Tappable.
func (s *pageSheet) Tapped(*fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(s); c != nil {
		c.Focus(s)
	}
}

// FocusGained implements fyne.Focusable.
func (s *pageSheet) FocusGained() { s.on = true; s.paint() }

// FocusLost implements fyne.Focusable.
func (s *pageSheet) FocusLost() { s.on = false; s.paint() }

func (s *pageSheet) paint() {
	s.ring.FillColor, s.ring.StrokeColor = color.Transparent, color.Transparent
	if s.on {
		s.ring.FillColor, s.ring.StrokeColor = hollow(s.k.p.focus), s.k.p.focus
	}
	s.ring.Refresh()
}

// TypedRune implements fyne.Focusable.
func (s *pageSheet) TypedRune(r rune) {
	switch {
	case s.mark != nil && (r == '+' || r == '-'):
		s.mark.resize(map[rune]float64{'+': 1, '-': -1}[r])
		return
	}
	switch r {
	case '+':
		s.zoomBy(1)
	case '-':
		s.zoomBy(-1)
	default:
		if s.k.runes != nil {
			s.k.runes(r)
		}
	}
}

// TypedKey implements fyne.Focusable. Enlarged, the arrows move the page.
func (s *pageSheet) TypedKey(e *fyne.KeyEvent) {
	if s.mark != nil && s.mark.key(e) {
		return
	}
	step := s.k.px(60)
	if s.zoom > 0 || s.mark != nil {
		by := map[fyne.KeyName]fyne.Position{
			fyne.KeyUp: {Y: -step}, fyne.KeyDown: {Y: step}, fyne.KeyLeft: {X: -step}, fyne.KeyRight: {X: step},
		}
		over := e.Name == fyne.KeyDown && !s.scroll.more(1) || e.Name == fyne.KeyUp && !s.scroll.more(-1)
		if d, ok := by[e.Name]; ok && (s.mark != nil || !over) {
			s.scroll.ScrollToOffset(s.scroll.Offset.Add(d))
			return
		}
	}
	switch e.Name {
	case fyne.KeyPlus, fyne.KeyEqual, fyne.KeyMinus:
		return // TypedRune has it
	case fyne.KeyDown, fyne.KeyPageDown, fyne.KeySpace:
		s.readOn(1)
		return
	case fyne.KeyUp, fyne.KeyPageUp:
		s.readOn(-1)
		return
	}
	if (s.key == nil || !s.key(e)) && s.k.keys != nil {
		s.k.keys(e)
	}
}

// CreateRenderer implements fyne.Widget.
func (s *pageSheet) CreateRenderer() fyne.WidgetRenderer { return &pageSheetRenderer{s} }

type pageSheetRenderer struct{ s *pageSheet }

// Layout implements fyne.WidgetRenderer.
func (r *pageSheetRenderer) Layout(size fyne.Size) {
	s := r.s
	place(s.ground, 0, 0, size.Width, size.Height)
	place(s.ring, -s.k.px(2), -s.k.px(2), size.Width+s.k.px(4), size.Height+s.k.px(4))
	place(s.scroll, 0, 0, size.Width, size.Height)
	s.readable(size)
	s.body.Layout.Layout(nil, s.body.Size())
	s.askFor(size)
}

// MinSize implements fyne.WidgetRenderer.
func (r *pageSheetRenderer) MinSize() fyne.Size { return fyne.NewSize(1, r.s.k.px(170)) }

// Refresh implements fyne.WidgetRenderer.
func (r *pageSheetRenderer) Refresh() {
	r.s.scroll.Refresh()
	r.s.body.Layout.Layout(nil, r.s.body.Size())
	r.s.body.Refresh()
	r.s.paint()
}

// Objects implements fyne.WidgetRenderer.
func (r *pageSheetRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.s.ground, r.s.scroll, r.s.ring}
}

// Destroy implements fyne.WidgetRenderer.
func (r *pageSheetRenderer) Destroy() {}
