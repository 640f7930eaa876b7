package ui

import (
	"fyne.io/fyne/v2"
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
