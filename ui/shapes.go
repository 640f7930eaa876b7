package ui

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// This file is the small parts that carry no action: boxes, pills, pips, seals.

// bottomed lays an object of a height along the bottom.
type bottomed struct{ h, up float32 }

func vboxBottom(h, up float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&bottomed{h, up}, o)
}

// Layout implements fyne.Layout.
func (l *bottomed) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		place(o, 0, size.Height-l.h-l.up, size.Width, l.h)
	}
}

// MinSize implements fyne.Layout.
func (l *bottomed) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, l.h) }

// sheet is a box of the surface with a hairline.
func (k *kit) sheet(inner float32, o fyne.CanvasObject) *fyne.Container {
	r := rect(k.p.leaf, k.p.line, k.px(k.p.stroke), k.px(12))
	return over(r, padAll(k.px(inner), o))
}

// cornice is the frame: a double hairline, 7 px apart, where paper waits or has been sealed.
func (k *kit) cornice(o fyne.CanvasObject) *fyne.Container {
	outer := rect(k.p.leaf, k.p.edge, k.px(k.p.stroke), k.px(16))
	inner := rect(color.Transparent, k.p.line, k.px(k.p.stroke), k.px(10))
	d := k.px(8)
	return over(outer, padAll(d, inner), padAll(d, o))
}

// rule is a hairline across.
func (k *kit) rule() fyne.CanvasObject {
	return fixed(0, k.px(k.p.stroke), canvas.NewRectangle(k.p.line))
}

// upright is a hairline down, h high.
func (k *kit) upright(h float32) fyne.CanvasObject {
	return fixed(k.px(k.p.stroke), k.px(h), canvas.NewRectangle(k.p.line))
}

// pill is a state in words with its drawing.
type pill struct {
	*fyne.Container
	k      *kit
	ground *canvas.Rectangle
	image  *canvas.Image
	label  *canvas.Text
}

func (k *kit) pill() *pill {
	p := &pill{k: k}
	p.ground = rect(k.p.sunk, color.Transparent, k.px(k.p.stroke), k.px(18))
	p.image = k.icon("check", 20, k.p.ink)
	p.label = k.text(boxBold, k.p.ink, "")
	p.Container = over(p.ground, pad(0, k.px(15), 0, k.px(11), hbox(k.px(7), p.image, p.label)), fixed(0, k.px(36)))
	return p
}

// say gives the pill words, a drawing and a meaning.
func (p *pill) say(icon, words string, r role) {
	p.ground.FillColor, p.ground.StrokeColor = r.tint, r.border
	p.ground.Refresh()
	p.k.redraw(p.image, icon, r.ink)
	set(p.label, words, r.ink)
}

// plain is the role without a meaning.
func (k *kit) plain() role {
	r := role{k.p.muted, k.p.sunk, k.p.sunk}
	if k.p == contrast {
		r.border = k.p.edge
	}
	return r
}

// state is a drawing and a word in the same colour, without a ground.
func (k *kit) state(f face, icon, words string, c color.NRGBA) *fyne.Container {
	return hbox(k.px(8), k.icon(icon, 20, c), k.text(f, c, words))
}

// pips are the tries: filled ones are left, hollow ones are used up; fewer than zero left means unknown.
func (k *kit) pips(left, total int, size float32) *fyne.Container {
	var dots []fyne.CanvasObject
	c := k.p.ink
	if left == 1 {
		c = k.p.bad.ink
	}
	for i := range max(left, total) {
		d := canvas.NewCircle(c)
		if i >= left {
			d = canvas.NewCircle(hollow(k.p.edge))
			d.StrokeColor, d.StrokeWidth = k.p.edge, k.px(1.75)
		}
		dots = append(dots, fixed(k.px(size), k.px(size), d))
	}
	return hbox(k.px(size*0.45), dots...)
}

// page is the drawing of a file with its kind on it.
func (k *kit) page(name string) (*fyne.Container, *canvas.Text) {
	mark := k.text(markFace, k.p.ink, kindMark(name))
	mark.Alignment = fyne.TextAlignCenter
	return fixed(k.px(34), k.px(42), k.picture("draw-page", 34, 42, k.p.ink), pad(k.px(20), 0, k.px(6), 0, mark)), mark
}

// kindMark is the extension as it stands on the drawing of a file.
func kindMark(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || len(name)-i > 5 {
		return ""
	}
	return strings.ToUpper(name[i+1:])
}

// numbered are steps with their numbers in circles.
func (k *kit) numbered(f face, steps ...string) *fyne.Container {
	box := vbox(k.px(12))
	for i, s := range steps {
		ring := canvas.NewCircle(hollow(k.p.edge))
		ring.StrokeColor, ring.StrokeWidth = k.p.edge, k.px(max(1.25, k.p.stroke))
		n := k.text(noteBold, k.p.ink, string(rune('1'+i)))
		n.Alignment = fyne.TextAlignCenter
		box.Add(topbox(k.px(12), fixed(k.px(28), k.px(28), ring, n), flex(pad(k.px(3), 0, 0, 0, k.para(f, k.p.ink, s)))))
	}
	return box
}

// field is a label and a value side by side.
func (k *kit) field(width float32, label string, value fyne.CanvasObject) *fyne.Container {
	return cols(k.px(12), k.px(340), []float32{-k.px(width), 1}, k.para(boxFace, k.p.muted, label), value)
}

// advice is a coloured box: what happened, what to do, perhaps a button.
func (k *kit) advice(r role, icon, title, body string, action ...fyne.CanvasObject) *fyne.Container {
	words := vbox(k.px(2))
	if title != "" {
		words.Add(k.para(face{size: 18, bold: true}, k.p.ink, title))
	}
	if body != "" {
		words.Add(k.para(boxFace, k.p.ink, body))
	}
	row := []fyne.CanvasObject{pad(k.px(2), 0, 0, 0, k.icon(icon, 22, r.ink)), flex(words)}
	content := fyne.CanvasObject(topbox(k.px(16), row...))
	if len(action) > 0 {
		content = container.New(&adviceLayout{k}, append([]fyne.CanvasObject{content}, action...)...)
	}
	bar := rect(r.ink, color.Transparent, 0, 0) // it ends before the round corners at the right, and does not show there
	bar.TopLeftCornerRadius, bar.BottomLeftCornerRadius = k.px(12), k.px(12)
	tint := rect(r.tint, color.Transparent, 0, 0)
	tint.TopRightCornerRadius, tint.BottomRightCornerRadius = k.px(12), k.px(12)
	box := over(pad(0, k.px(12), 0, 0, bar), pad(0, 0, 0, k.px(6), tint), pad(k.px(18), k.px(20), k.px(18), k.px(26), content))
	if k.p == contrast {
		box.Add(rect(color.Transparent, r.border, k.px(2), k.px(12)))
	}
	return box
}

// adviceLayout sets the buttons of a box at the right of its words, or below them, as far in as they are, where both do
// not fit beside each other.
type adviceLayout struct{ k *kit }

func (l *adviceLayout) gap() float32 { return l.k.px(12) }

// beside is the width of the buttons in a row, and whether they stand at the side of the words.
func (l *adviceLayout) beside(o []fyne.CanvasObject, width float32) (float32, bool) {
	w := -l.gap()
	for _, b := range o[1:] {
		w += b.MinSize().Width + l.gap()
	}
	return w, width-w-l.k.px(16) >= l.k.px(300)
}

func (l *adviceLayout) below(o []fyne.CanvasObject, width float32) (*wrapping, float32, float32) {
	in := l.k.px(22 + 16) // under the words, not under the drawing
	row := &wrapping{gap: l.gap()}
	return row, in, row.heightFor(o[1:], width-in)
}

func (l *adviceLayout) heightFor(o []fyne.CanvasObject, width float32) float32 {
	if w, ok := l.beside(o, width); ok {
		h := heightOf(o[0], width-w-l.k.px(16))
		for _, b := range o[1:] {
			h = max(h, b.MinSize().Height)
		}
		return h
	}
	_, _, h := l.below(o, width)
	return heightOf(o[0], width) + l.gap() + h
}

// Layout implements fyne.Layout.
func (l *adviceLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	w, ok := l.beside(o, size.Width)
	if !ok {
		top := heightOf(o[0], size.Width)
		place(o[0], 0, 0, size.Width, top)
		row, in, _ := l.below(o, size.Width)
		row.walk(o[1:], size.Width-in, func(b fyne.CanvasObject, x, y float32) {
			bw := min(b.MinSize().Width, size.Width-in)
			place(b, in+x, top+l.gap()+y, bw, heightOf(b, bw))
		})
		return
	}
	words := size.Width - w - l.k.px(16)
	h := heightOf(o[0], words)
	place(o[0], 0, (size.Height-h)/2, words, h)
	x := size.Width - w
	for _, b := range o[1:] {
		m := b.MinSize()
		place(b, x, (size.Height-m.Height)/2, m.Width, m.Height)
		x += m.Width + l.gap()
	}
}

func (l *adviceLayout) narrowest(o []fyne.CanvasObject) float32 {
	return max(narrowest(o[0]), narrowestOf(o[1:])+l.k.px(38))
}

// MinSize implements fyne.Layout.
func (l *adviceLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }
