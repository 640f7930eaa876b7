package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
)

// frame is what the pages with an action bar have in common: a scrolled body and, at the foot, the bar.
type frame struct {
	k       *kit
	object  *fyne.Container
	body    *fyne.Container // its layout is fillColumn
	column  *fillColumn
	scroll  *fyne.Container
	content *fyne.Container // what scrolls: the body within its margins, in a window that is too low for both also the bar
	bar     *fyne.Container
	least   float32 // height of the design under which the body would tell too little beside the bar
}

func (k *kit) frame() *frame { return k.frameWithin(edgeOf) }

// frameWithin is frame with another edge.
func (k *kit) frameWithin(edge func(*kit, float32) float32) *frame {
	f := &frame{k: k, least: 88, column: &fillColumn{k: k}}
	f.body = container.New(f.column)
	margins := container.New(&pageMargins{k, edge}, f.body)
	f.content = vbox(0, margins)
	f.scroll = scrolled(f.content)
	f.bar = container.New(&barLayout{k, edge})
	f.object = container.New(f, f.scroll, f.bar)
	return f
}

// fold lets the bar scroll with the body, or stand at the foot again.
func (f *frame) fold(fold bool) {
	if fold == (len(f.object.Objects) == 1) {
		return
	}
	margins := f.content.Objects[0]
	f.content.Objects, f.object.Objects = []fyne.CanvasObject{margins}, []fyne.CanvasObject{f.scroll, f.bar}
	if fold {
		f.content.Objects, f.object.Objects = []fyne.CanvasObject{margins, f.bar}, []fyne.CanvasObject{f.scroll}
	}
}

// setBody puts objects under each other; elastic is the index of the one that gives way when the window is
// low, or -1.
func (f *frame) setBody(elastic int, objects ...fyne.CanvasObject) {
	f.column.elastic = elastic
	f.body.Objects = objects
}

// setBar fills the action bar: left things, then right ones. Without any there is no bar.
func (f *frame) setBar(objects ...fyne.CanvasObject) {
	f.bar.Objects = nil
	if len(objects) > 0 {
		f.bar.Objects = append([]fyne.CanvasObject{canvas.NewRectangle(f.k.p.leaf), canvas.NewRectangle(f.k.p.line)}, objects...)
	}
}

// Layout implements fyne.Layout.
func (f *frame) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	var bar float32
	if len(f.bar.Objects) > 0 {
		bar = f.bar.Layout.(*barLayout).heightFor(f.bar.Objects, size.Width)
	}
	f.fold(bar > 0 && size.Height-bar < f.k.px(f.least))
	if len(f.object.Objects) == 1 {
		bar = 0
	}
	margin := 2 * closeEdge(f.k, size.Width)
	f.column.view = size.Height - bar - min(margin, 2*f.k.px(26))
	place(f.scroll, 0, 0, size.Width, max(0, size.Height-bar))
	if bar > 0 {
		place(f.bar, 0, size.Height-bar, size.Width, bar)
	}
}

// MinSize implements fyne.Layout.
func (f *frame) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// edgeOf is the empty edge of a page, of its bars and its panels. What a page shows is never wider than 1240: on a large
// screen a state stays near its name, and a sentence on a line that the eye can follow.
func edgeOf(k *kit, width float32) float32 {
	return max(closeEdge(k, width), (width-k.px(1240))/2)
}

// closeEdge is the edge of what uses the whole width, as the preview does.
func closeEdge(k *kit, width float32) float32 {
	if width < k.px(760) {
		return k.px(20)
	}
	return k.px(32)
}

// pageMargins keeps a page from the edges, less in a narrow window.
type pageMargins struct {
	k    *kit
	edge func(*kit, float32) float32
}

func (l *pageMargins) heightFor(o []fyne.CanvasObject, width float32) float32 {
	e := l.edge(l.k, width)
	return heightOf(o[0], width-2*e) + 2*min(e, l.k.px(26))
}

// Layout implements fyne.Layout.
func (l *pageMargins) Layout(o []fyne.CanvasObject, size fyne.Size) {
	e := l.edge(l.k, size.Width)
	top := min(e, l.k.px(26))
	place(o[0], e, top, size.Width-2*e, size.Height-2*top)
}

// MinSize implements fyne.Layout.
func (l *pageMargins) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// fillColumn is a column of which one object gives way, down to a little more than two rows, so that the rest
// of the page stays in sight.
type fillColumn struct {
	k       *kit
	elastic int
	view    float32 // height there is without scrolling
	grow    bool    // the elastic object takes all there is
}

func (l *fillColumn) heights(objects []fyne.CanvasObject, width float32) []float32 {
	hs := make([]float32, len(objects))
	rest, shown := l.view, 0
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		if shown++; shown > 1 {
			rest -= l.k.px(16)
		}
		hs[i] = heightOf(o, width)
		if i != l.elastic {
			rest -= hs[i]
		}
	}
	if e := l.elastic; e >= 0 && e < len(hs) {
		if l.grow {
			hs[e] = max(hs[e], rest)
		} else {
			least := l.k.px(170)
			if c, ok := objects[e].(*fyne.Container); ok {
				if x, ok := c.Layout.(interface {
					leastFor([]fyne.CanvasObject, float32) float32
				}); ok {
					least = x.leastFor(c.Objects, width)
				}
			}
			hs[e] = min(hs[e], max(rest, least))
		}
	}
	return hs
}

func (l *fillColumn) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	var y float32
	for i, h := range l.heights(objects, width) {
		if !objects[i].Visible() {
			continue
		}
		if y > 0 {
			y += l.k.px(16)
		}
		y += h
	}
	return y
}

// Layout implements fyne.Layout.
func (l *fillColumn) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var y float32
	for i, h := range l.heights(objects, size.Width) {
		if !objects[i].Visible() {
			continue
		}
		place(objects[i], 0, y, size.Width, h)
		y += h + l.k.px(16)
	}
}

// MinSize implements fyne.Layout.
func (l *fillColumn) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// barLayout is the action bar: ground, hairline, then what stands left and, as the last object, what stands
// right. Where both do not fit beside each other the left gives way, but for a lone button: it stands in a row above.
type barLayout struct {
	k    *kit
	edge func(*kit, float32) float32
}

// above is the height of the row above with the gap below it, or 0 without one.
func (l *barLayout) above(o []fyne.CanvasObject, width float32) float32 {
	if len(o) < 4 {
		return 0
	}
	b, ok := o[2].(*button)
	if !ok || b.MinSize().Width <= l.leftWidth(o, width) {
		return 0
	}
	return b.MinSize().Height + l.k.px(8)
}

// leftWidth is what the right leaves to the left.
func (l *barLayout) leftWidth(o []fyne.CanvasObject, width float32) float32 {
	free := width - 2*l.edge(l.k, width)
	return max(0, free-o[len(o)-1].MinSize().Width) - l.k.px(16)
}

func (l *barLayout) heightFor(o []fyne.CanvasObject, width float32) float32 {
	if len(o) == 0 {
		return 0
	}
	right := o[len(o)-1]
	rw := min(right.MinSize().Width, width-2*l.edge(l.k, width))
	return max(l.k.px(96)-l.trim(width), heightOf(right, rw)+l.k.px(24)) + l.above(o, width)
}

func (l *barLayout) trim(width float32) float32 {
	if width < l.k.px(760) {
		return l.k.px(16)
	}
	return 0
}

// Layout implements fyne.Layout.
func (l *barLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	if len(o) < 3 {
		return
	}
	e := l.edge(l.k, size.Width)
	place(o[0], 0, 0, size.Width, size.Height)
	place(o[1], 0, 0, size.Width, l.k.px(l.k.p.stroke))
	right := o[len(o)-1]
	rw := min(right.MinSize().Width, size.Width-2*e)
	rh := heightOf(right, rw)
	above := l.above(o, size.Width)
	place(right, size.Width-e-rw, (size.Height+above-rh)/2, rw, rh)
	if len(o) < 4 {
		return
	}
	left, lw := o[2], l.leftWidth(o, size.Width)
	if b, ok := left.(*button); ok {
		m := b.MinSize()
		y := (size.Height - m.Height) / 2
		if above > 0 {
			y = (size.Height - above - rh) / 2
		}
		place(b, e, y, m.Width, m.Height)
		return
	}
	least := left.MinSize().Width
	if p, ok := left.(*press); ok {
		least = p.narrowest() // it does with less
	}
	if lw < least {
		left.Hide()
		return
	}
	left.Show()
	h := heightOf(left, lw)
	place(left, e, (size.Height-h)/2, lw, h)
}

// MinSize implements fyne.Layout.
func (l *barLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// severityLook is the role and the drawing of a severity.
func severityLook(k *kit, s app.Severity) (role, string) {
	switch s {
	case app.SeverityDanger:
		return k.p.bad, "stop"
	case app.SeverityWarning:
		return k.p.warn, "warning"
	}
	return k.p.note, "info"
}

// adviceBox tells an advice of the program.
func (u *UI) adviceBox(a *app.Advice, action ...fyne.CanvasObject) *fyne.Container {
	r, icon := severityLook(u.k, a.Severity)
	return u.k.advice(r, icon, u.k.Text(a.Title), u.k.Text(a.Body), action...)
}

// adviceHere is adviceBox on a page to which advice may send.
func (u *UI) adviceHere(a *app.Advice, action ...fyne.CanvasObject) *fyne.Container {
	here := *a
	here.Body = a.InPlace()
	return u.adviceBox(&here, action...)
}

// heading is the title of a page with a note beside it and perhaps something at the right.
func (k *kit) heading(title, note string, right ...fyne.CanvasObject) *fyne.Container {
	t := k.text(titleFace, k.p.ink, title)
	n := k.fit(bodyFace, k.p.muted, note)
	row := []fyne.CanvasObject{t, flex(pad(k.px(6), 0, 0, 0, n))}
	return hbox(k.px(12), append(row, right...)...)
}
