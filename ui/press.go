package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// press is everything that can be pressed: buttons, links, rows, entries of the rail. It shows the focus ring,
// takes Space and Enter, and hands on the keys that it has no use for.
type press struct {
	widget.BaseWidget
	k      *kit
	body   fyne.CanvasObject
	ground *canvas.Rectangle
	ring   *canvas.Rectangle
	least  fyne.Size
	inset  bool // the ring lies within: for rows
	fill   func(hover bool) color.Color
	do     func()
	key    func(*fyne.KeyEvent) bool
	name   string // what it is called, for tests and assistive technology
	hint   string // what is told where it rests: of a control without words its name

	focused, hovered, off bool
}

var (
	_ fyne.Focusable     = (*press)(nil)
	_ fyne.Tappable      = (*press)(nil)
	_ fyne.Disableable   = (*press)(nil)
	_ desktop.Hoverable  = (*press)(nil)
	_ desktop.Cursorable = (*press)(nil)
	_ desktop.Keyable    = (*press)(nil)
)

func (k *kit) press(name string, body fyne.CanvasObject, do func()) *press {
	p := &press{k: k, name: name, body: body, do: do}
	p.ground = rect(color.Transparent, color.Transparent, 0, k.px(10))
	p.ring = rect(color.Transparent, color.Transparent, k.px(3), k.px(13))
	p.ExtendBaseWidget(p)
	return p
}

// heightFor implements tall.
func (p *press) heightFor(width float32) float32 { return max(p.least.Height, heightOf(p.body, width)) }

func (p *press) narrowest() float32 { return max(p.least.Width, narrowest(p.body)) }

func (p *press) natural() float32 { return max(p.least.Width, natural(p.body)) }

// CreateRenderer implements fyne.Widget.
func (p *press) CreateRenderer() fyne.WidgetRenderer { return &pressRenderer{p} }

func (p *press) paint() {
	if p.fill != nil {
		p.ground.FillColor = p.fill(p.hovered && !p.off)
	}
	p.ring.FillColor, p.ring.StrokeColor = color.Transparent, color.Transparent
	if p.focused {
		p.ring.FillColor, p.ring.StrokeColor = hollow(p.k.p.focus), p.k.p.focus
	}
	p.ground.Refresh()
	p.ring.Refresh()
}

// Tapped implements fyne.Tappable.
func (p *press) Tapped(*fyne.PointEvent) {
	p.k.leave(p)
	if !p.off && p.do != nil {
		p.do()
	}
}

// FocusGained implements fyne.Focusable.
func (p *press) FocusGained() {
	p.focused = true
	p.paint()
	p.reveal()
	if p.k.byTab && p.k.hints != nil && p.hint != "" {
		p.k.hints.pointed(p, p.hint, 0)
	}
}

// FocusLost implements fyne.Focusable.
func (p *press) FocusLost() {
	p.focused = false
	p.paint()
	if p.hint != "" {
		p.k.leave(p)
	}
}

// KeyDown implements desktop.Keyable: it tells walking by Tab from what a click or the program moves.
func (p *press) KeyDown(e *fyne.KeyEvent) { p.k.byTab = e.Name == fyne.KeyTab }

// KeyUp implements desktop.Keyable.
func (p *press) KeyUp(*fyne.KeyEvent) {}

// reveal scrolls the page so that the focused control is seen.
func (p *press) reveal() {
	if p.k.reveal != nil {
		p.k.reveal(p, 0, p.Size().Height)
	}
}

// TypedRune implements fyne.Focusable.
func (p *press) TypedRune(r rune) {
	if r != ' ' && p.k.runes != nil {
		p.k.runes(r)
	}
}

// TypedKey implements fyne.Focusable.
func (p *press) TypedKey(e *fyne.KeyEvent) {
	if p.key != nil && p.key(e) {
		return
	}
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.Tapped(nil)
		return
	}
	if p.k.keys != nil {
		p.k.keys(e)
	}
}

// MouseIn implements desktop.Hoverable.
func (p *press) MouseIn(*desktop.MouseEvent) {
	p.hovered, p.k.byTab = true, false
	p.paint()
	p.k.point(p, p.hint)
}

// MouseMoved implements desktop.Hoverable.
func (p *press) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *press) MouseOut() {
	p.hovered = false
	p.paint()
	if p.hint != "" {
		p.k.leave(p)
	}
}

// Cursor implements desktop.Cursorable.
func (p *press) Cursor() desktop.Cursor {
	if p.off {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// Enable implements fyne.Disableable.
func (p *press) Enable() { p.off = false; p.paint() }

// Disable implements fyne.Disableable.
func (p *press) Disable() { p.off = true; p.paint() }

// Disabled implements fyne.Disableable.
func (p *press) Disabled() bool { return p.off }

type pressRenderer struct{ p *press }

// Layout implements fyne.WidgetRenderer.
func (r *pressRenderer) Layout(size fyne.Size) {
	p := r.p
	place(p.ground, 0, 0, size.Width, size.Height)
	out := p.k.px(5)
	p.ring.CornerRadius = p.ground.CornerRadius + p.k.px(4)
	if p.inset {
		out = -p.k.px(2)
		p.ring.CornerRadius = p.k.px(8)
	}
	place(p.ring, -out, -out, size.Width+2*out, size.Height+2*out)
	h := heightOf(p.body, size.Width)
	if h > size.Height || p.least.Height == 0 {
		h = size.Height
	}
	place(p.body, 0, (size.Height-h)/2, size.Width, h)
}

// MinSize implements fyne.WidgetRenderer.
func (r *pressRenderer) MinSize() fyne.Size { return r.p.least.Max(r.p.body.MinSize()) }

// Refresh implements fyne.WidgetRenderer.
func (r *pressRenderer) Refresh() {
	r.p.paint()
	r.Layout(r.p.Size())
	r.p.body.Refresh()
}

// Objects implements fyne.WidgetRenderer.
func (r *pressRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.p.ground, r.p.body, r.p.ring}
}

// Destroy implements fyne.WidgetRenderer.
func (r *pressRenderer) Destroy() {}

// blend lays b over a.
func blend(a, b color.NRGBA, alpha uint32) color.NRGBA {
	mix := func(x, y uint8) uint8 { return uint8((uint32(x)*(255-alpha) + uint32(y)*alpha) / 255) }
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 0xFF}
}
