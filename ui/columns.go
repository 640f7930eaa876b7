package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// beside is a drawing with words at its right, within the margins of a box; where the words would have little room the
// drawing is smaller and the margins too.
func (k *kit) beside(drawing string, side float32, ink color.NRGBA, words fyne.CanvasObject) *fyne.Container {
	l := &drawnLayout{k: k, side: side}
	return container.New(l, k.picture(drawing, side, side, ink), words)
}

type drawnLayout struct {
	k    *kit
	side float32
}

func (l *drawnLayout) measures(width float32) (edge, side, gap float32) {
	if k := l.k; width < k.px(340) {
		return k.px(16), k.px(32), k.px(12)
	}
	return l.k.px(28), l.k.px(l.side), l.k.px(24)
}

func (l *drawnLayout) heightFor(o []fyne.CanvasObject, width float32) float32 {
	edge, side, gap := l.measures(width)
	return max(side, heightOf(o[1], width-2*edge-side-gap)) + l.k.px(40)
}

// Layout implements fyne.Layout.
func (l *drawnLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	edge, side, gap := l.measures(size.Width)
	w := size.Width - 2*edge - side - gap
	h := heightOf(o[1], w)
	place(o[0], edge, min((size.Height-side)/2, l.k.px(24)), side, side)
	place(o[1], edge+side+gap, (size.Height-h)/2, w, h)
}

// MinSize implements fyne.Layout.
func (l *drawnLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// columns share the width by weight, all as high as the highest; under the breaking width they stack.
type columns struct {
	gap, breakAt float32
	weights      []float32 // a negative weight is a width of its own
}

func cols(gap, breakAt float32, weights []float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&columns{gap, breakAt, weights}, objects...)
}

func (l *columns) widths(objects []fyne.CanvasObject, width float32) []float32 {
	ws := make([]float32, len(objects))
	left, sum := width, float32(0)
	shown := 0
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		if shown++; shown > 1 {
			left -= l.gap
		}
		if w := l.weights[i]; w < 0 {
			ws[i] = -w
			left += w
		} else {
			sum += w
		}
	}
	for i, o := range objects {
		if w := l.weights[i]; o.Visible() && w > 0 {
			ws[i] = max(0, left*w/sum)
		}
	}
	return ws
}

func (l *columns) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	if width < l.breakAt {
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
func (l *columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if size.Width < l.breakAt {
		(&column{l.gap}).Layout(objects, size)
		return
	}
	var x float32
	for i, w := range l.widths(objects, size.Width) {
		if objects[i].Visible() {
			place(objects[i], x, 0, w, size.Height)
			x += w + l.gap
		}
	}
}

// narrowest is that of the stack, which is what columns become where they do not fit.
func (l *columns) narrowest(objects []fyne.CanvasObject) float32 { return narrowestOf(objects) }

func (l *columns) natural(objects []fyne.CanvasObject) float32 { return widest(objects) }

// MinSize implements fyne.Layout.
func (l *columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := widest(objects)
	return fyne.NewSize(w, l.heightFor(objects, w))
}
