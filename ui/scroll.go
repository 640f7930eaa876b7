package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// scrolling shows an object of any height in the height there is.
type scrolling struct {
	scroll *container.Scroll
	body   *fyne.Container
}

// scrolled wraps o; its content is as high as it wants at the width of the window.
func scrolled(o fyne.CanvasObject) *fyne.Container {
	l := &scrolling{}
	l.body = container.New(&scrollBody{l: l}, o)
	l.scroll = container.NewVScroll(l.body)
	if speaking {
		return container.New(l, l.scroll, newSpeaker(o))
	}
	return container.New(l, l.scroll)
}

// Layout implements fyne.Layout.
func (l *scrolling) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, behind := range objects[1:] {
		place(behind, 0, 0, size.Width, size.Height)
	}
	l.body.Layout.(*scrollBody).size = size
	l.scroll.Move(fyne.NewPos(0, 0))
	if l.scroll.Size() != size {
		l.scroll.Resize(size)
	} else {
		l.scroll.Refresh()
	}
}

// MinSize implements fyne.Layout.
func (l *scrolling) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(32, 32) }

type scrollBody struct {
	l    *scrolling
	size fyne.Size
}

// Layout implements fyne.Layout.
func (b *scrollBody) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	flexible{}.Layout(objects, size)
}

// MinSize implements fyne.Layout.
func (b *scrollBody) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := b.size.Width
	if w == 0 {
		w = 32
	}
	// The scroller gives its content the larger of this and its own size.
	return fyne.NewSize(32, flexible{}.heightFor(objects, w))
}

// footed sets a foot under a body: where the window is too low for both, the body scrolls above the foot and a line
// tells that it goes on below. Where that would leave too little of the body, the foot scrolls with it.
type footed struct {
	k          *kit
	body, foot fyne.CanvasObject
	scroll     fyne.CanvasObject
	content    *fyne.Container // what scrolls
	line       fyne.CanvasObject
	object     *fyne.Container
}

// newFooted is body over foot, each with the margins of a panel.
func newFooted(k *kit, body, foot fyne.CanvasObject) *fyne.Container {
	return footedWithin(k, container.New(&edged{k, k.px(22), k.px(10)}, body), container.New(&edged{k, k.px(10), k.px(20)}, foot))
}

// edged keeps an object as far from the sides as a page is, though never less than 32.
type edged struct {
	k           *kit
	top, bottom float32
}

func (l *edged) within(width float32) *padding {
	e := max(edgeOf(l.k, width), l.k.px(32))
	return &padding{l.top, e, l.bottom, e}
}

func (l *edged) heightFor(o []fyne.CanvasObject, width float32) float32 {
	return l.within(width).heightFor(o, width)
}

func (l *edged) narrowest(o []fyne.CanvasObject) float32 { return l.within(0).narrowest(o) }

// Layout implements fyne.Layout.
func (l *edged) Layout(o []fyne.CanvasObject, size fyne.Size) { l.within(size.Width).Layout(o, size) }

// MinSize implements fyne.Layout.
func (l *edged) MinSize(o []fyne.CanvasObject) fyne.Size { return l.within(0).MinSize(o) }

// footedWithin is body over foot, which have their margins.
func footedWithin(k *kit, body, foot fyne.CanvasObject) *fyne.Container {
	l := &footed{k: k, body: body, foot: foot, content: vbox(0, body), line: canvas.NewRectangle(k.p.line)}
	l.scroll = scrolled(l.content)
	l.object = container.New(l, l.scroll, l.foot, l.line)
	return l.object
}

func (l *footed) heightFor(_ []fyne.CanvasObject, width float32) float32 {
	return heightOf(l.body, width) + heightOf(l.foot, width)
}

// Layout implements fyne.Layout.
func (l *footed) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	body, foot := heightOf(l.body, size.Width), heightOf(l.foot, size.Width)
	room := max(0, size.Height-foot)
	if fold := room < min(body, l.k.px(56)); fold != (len(l.object.Objects) == 1) {
		l.content.Objects, l.object.Objects = []fyne.CanvasObject{l.body}, []fyne.CanvasObject{l.scroll, l.foot, l.line}
		if fold {
			l.content.Objects, l.object.Objects = []fyne.CanvasObject{l.body, l.foot}, []fyne.CanvasObject{l.scroll}
		}
	}
	if len(l.object.Objects) == 1 {
		place(l.scroll, 0, 0, size.Width, size.Height)
		return
	}
	place(l.scroll, 0, 0, size.Width, room)
	place(l.foot, 0, room, size.Width, foot)
	place(l.line, 0, room, size.Width, l.k.px(l.k.p.stroke))
	if body > room+1 {
		l.line.Show()
	} else {
		l.line.Hide()
	}
}

// MinSize implements fyne.Layout.
func (l *footed) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }
