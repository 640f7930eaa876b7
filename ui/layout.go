package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// This file is the few layouts of the window. Fyne asks an object for its least size without telling how wide
// it will be, so a wrapped text cannot answer; here a parent asks for the height at a width.

// tall is told by objects and layouts whose height depends on their width.
type tall interface {
	heightFor(width float32) float32
}

type tallLayout interface {
	fyne.Layout
	heightFor(objects []fyne.CanvasObject, width float32) float32
}

// heightOf is the height that o wants at the width.
func heightOf(o fyne.CanvasObject, width float32) float32 {
	if t, ok := o.(tall); ok {
		return t.heightFor(width)
	}
	if c, ok := o.(*fyne.Container); ok {
		if l, ok := c.Layout.(tallLayout); ok {
			return l.heightFor(c.Objects, width)
		}
	}
	return o.MinSize().Height
}

func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
}

func widest(objects []fyne.CanvasObject) float32 {
	var w float32
	for _, o := range objects {
		if o.Visible() {
			w = max(w, natural(o))
		}
	}
	return w
}

// natural is the width at which o shows everything without wrapping. MinSize would tell it too, but works out the
// height with it: in a tree every level would measure all below it once more.
func natural(o fyne.CanvasObject) float32 {
	if n, ok := o.(interface{ natural() float32 }); ok {
		return n.natural()
	}
	if c, ok := o.(*fyne.Container); ok {
		if l, ok := c.Layout.(interface {
			natural([]fyne.CanvasObject) float32
		}); ok {
			return l.natural(c.Objects)
		}
	}
	return o.MinSize().Width
}

// narrowest is the least width at which o can still show everything, its texts wrapped.
func narrowest(o fyne.CanvasObject) float32 {
	if n, ok := o.(interface{ narrowest() float32 }); ok {
		return n.narrowest()
	}
	if c, ok := o.(*fyne.Container); ok {
		if l, ok := c.Layout.(interface {
			narrowest([]fyne.CanvasObject) float32
		}); ok {
			return l.narrowest(c.Objects)
		}
	}
	return o.MinSize().Width
}

func narrowestOf(objects []fyne.CanvasObject) float32 {
	var w float32
	for _, o := range objects {
		if o.Visible() {
			w = max(w, narrowest(o))
		}
	}
	return w
}

// column stacks its objects at full width.
type column struct{ gap float32 }

func vbox(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&column{gap}, objects...)
}

func (l *column) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	var y float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		if y > 0 {
			y += l.gap
		}
		y += heightOf(o, width)
	}
	return y
}

// Layout implements fyne.Layout.
func (l *column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var y float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		if y > 0 {
			y += l.gap
		}
		h := heightOf(o, size.Width)
		place(o, 0, y, size.Width, h)
		y += h
	}
}

func (l *column) narrowest(objects []fyne.CanvasObject) float32 { return narrowestOf(objects) }

func (l *column) natural(objects []fyne.CanvasObject) float32 { return widest(objects) }

// MinSize implements fyne.Layout.
func (l *column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := widest(objects)
	return fyne.NewSize(w, l.heightFor(objects, w))
}

// flexible marks an object that takes what width a line has left.
type flexible struct{}

func flex(o ...fyne.CanvasObject) *fyne.Container { return container.New(flexible{}, o...) }

func (flexible) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	var h float32
	for _, o := range objects {
		if o.Visible() {
			h = max(h, heightOf(o, width))
		}
	}
	return h
}

// Layout implements fyne.Layout.
func (flexible) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

func (flexible) natural(objects []fyne.CanvasObject) float32 { return widest(objects) }

// MinSize implements fyne.Layout.
func (l flexible) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := widest(objects)
	return fyne.NewSize(w, l.heightFor(objects, w))
}

// line sets its objects side by side: each at its own width, the flexible ones share the rest; what can wrap gives
// way where the width does not suffice.
type line struct {
	gap float32
	top bool // aligned at the top instead of the middle
}

func hbox(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&line{gap: gap}, objects...)
}

// topbox is hbox with its objects at the top.
func topbox(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&line{gap: gap, top: true}, objects...)
}

func isFlexible(o fyne.CanvasObject) bool {
	c, ok := o.(*fyne.Container)
	if !ok {
		return false
	}
	_, ok = c.Layout.(flexible)
	return ok
}

func (l *line) widths(objects []fyne.CanvasObject, width float32) []float32 {
	ws := make([]float32, len(objects))
	left, n, shown := width, 0, 0
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		if shown > 0 {
			left -= l.gap
		}
		shown++
		if isFlexible(o) {
			n++
			continue
		}
		ws[i] = natural(o)
		left -= ws[i]
	}
	for i, o := range objects {
		if o.Visible() && isFlexible(o) {
			ws[i] = max(0, left/float32(n))
		}
	}
	if left < 0 {
		giveWay(objects, ws, -left)
	}
	return ws
}

// giveWay takes excess from the widths ws of those objects whose texts can wrap, the widest first: one button in two lines
// looks better than all of them.
func giveWay(objects []fyne.CanvasObject, ws []float32, excess float32) {
	for excess > 0.5 {
		widest, step := -1, excess
		for i, o := range objects {
			if o.Visible() && !isFlexible(o) && ws[i] > narrowest(o)+0.5 && (widest < 0 || ws[i] > ws[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		for i, w := range ws { // down to the next one, then both by turns
			if i != widest && w <= ws[widest] && !isFlexible(objects[i]) {
				step = min(step, max(1, ws[widest]-w))
			}
		}
		step = min(step, ws[widest]-narrowest(objects[widest]))
		ws[widest] -= step
		excess -= step
	}
}

func (l *line) narrowest(objects []fyne.CanvasObject) float32 {
	var w float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		if w > 0 {
			w += l.gap
		}
		if !isFlexible(o) {
			w += narrowest(o)
		}
	}
	return w
}

// stacks reports whether the objects cannot stand side by side, however they wrap: then they stand under each other.
func (l *line) stacks(objects []fyne.CanvasObject, width float32) bool {
	return width > 0 && l.narrowest(objects) > width+1
}

func (l *line) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	if l.stacks(objects, width) {
		return (&column{l.gap}).heightFor(objects, width)
	}
	var h float32
	for i, w := range l.widths(objects, width) {
		if objects[i].Visible() {
			h = max(h, heightOf(objects[i], w))
		}
	}
	return h
}

// Layout implements fyne.Layout.
func (l *line) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if l.stacks(objects, size.Width) {
		(&column{l.gap}).Layout(objects, size)
		return
	}
	var x float32
	for i, w := range l.widths(objects, size.Width) {
		o := objects[i]
		if !o.Visible() {
			continue
		}
		h := heightOf(o, w)
		y := (size.Height - h) / 2
		if l.top {
			y = 0
		}
		if t, ok := o.(*canvas.Text); ok && !l.top {
			y -= t.TextSize * 0.06 // letters without ascenders look too low in their box
		}
		place(o, x, y, w, h)
		x += w + l.gap
	}
}

func (l *line) natural(objects []fyne.CanvasObject) float32 {
	var w float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		if w > 0 {
			w += l.gap
		}
		if !isFlexible(o) {
			w += natural(o)
		}
	}
	return w
}

// MinSize implements fyne.Layout.
func (l *line) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := l.natural(objects)
	return fyne.NewSize(w, l.heightFor(objects, w))
}

// padding keeps its objects away from the edges; several lie over each other.
type padding struct{ top, right, bottom, left float32 }

func pad(top, right, bottom, left float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&padding{top, right, bottom, left}, objects...)
}

func padAll(v float32, objects ...fyne.CanvasObject) *fyne.Container {
	return pad(v, v, v, v, objects...)
}

func (l *padding) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return l.top + l.bottom + flexible{}.heightFor(objects, width-l.left-l.right)
}

// Layout implements fyne.Layout.
func (l *padding) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		place(o, l.left, l.top, max(0, size.Width-l.left-l.right), max(0, size.Height-l.top-l.bottom))
	}
}

func (l *padding) narrowest(objects []fyne.CanvasObject) float32 {
	return l.left + l.right + narrowestOf(objects)
}

func (l *padding) natural(objects []fyne.CanvasObject) float32 {
	return l.left + l.right + widest(objects)
}

// MinSize implements fyne.Layout.
func (l *padding) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := l.natural(objects)
	return fyne.NewSize(w, l.heightFor(objects, w))
}

// centred puts each object in the middle, at its own size or the full width if it is wider.
type centred struct{}

func centre(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(centred{}, objects...)
}

func (centred) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return flexible{}.heightFor(objects, width)
}

// Layout implements fyne.Layout.
func (centred) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		w := min(natural(o), size.Width)
		h := heightOf(o, w)
		place(o, (size.Width-w)/2, (size.Height-h)/2, w, h)
	}
}

func (centred) narrowest(objects []fyne.CanvasObject) float32 { return narrowestOf(objects) }

func (centred) natural(objects []fyne.CanvasObject) float32 { return widest(objects) }

// MinSize implements fyne.Layout.
func (centred) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return flexible{}.MinSize(objects)
}

// sized gives an object a size of its own; zero keeps the object's.
type sized struct{ w, h float32 }

func fixed(w, h float32, o ...fyne.CanvasObject) *fyne.Container {
	return container.New(&sized{w, h}, o...)
}

// Layout implements fyne.Layout.
func (l *sized) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	flexible{}.Layout(objects, size)
}

func (l *sized) natural(objects []fyne.CanvasObject) float32 {
	if l.w > 0 {
		return l.w
	}
	return widest(objects)
}

// MinSize implements fyne.Layout.
func (l *sized) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if l.h > 0 {
		return fyne.NewSize(l.natural(objects), l.h)
	}
	m := flexible{}.MinSize(objects)
	m.Width = l.natural(objects)
	return m
}

// over lays objects on each other; the first that is no plain shape decides the height.
func over(objects ...fyne.CanvasObject) *fyne.Container { return container.New(stacked{}, objects...) }

type stacked struct{ flexible }

// rect is a filled rectangle with rounded corners.
func rect(fill, stroke color.Color, width, radius float32) *canvas.Rectangle {
	if s, ok := stroke.(color.NRGBA); ok && fill == color.Transparent {
		fill = hollow(s)
	}
	r := canvas.NewRectangle(fill)
	r.StrokeColor, r.StrokeWidth, r.CornerRadius = stroke, width, radius
	return r
}

// hollow is the fill of a shape of which only the line is seen. The painter of the screen mixes fill and line where they
// meet, and black, which color.Transparent is, would turn a thin line grey.
func hollow(line color.NRGBA) color.NRGBA { return faded(line, 1) }
