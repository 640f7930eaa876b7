package ui

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// This file is the hint: what a control without words is called, and a name in full where it was shortened. It comes
// when the mouse rests there, or when Tab comes there, and takes no clicks.
//
// Why not the toolkit's: it has none.

// hintDelay is how long the mouse rests before the hint comes.
const hintDelay = 500 * time.Millisecond

// hint is the words beside what they are of. The page has one, and each panel has one, since it lies over the page.
type hint struct {
	k      *kit
	object *fyne.Container
	within fyne.CanvasObject // what it lies in
	words  *para
	of     fyne.CanvasObject // what it is of; nil for nothing
	at     fyne.Position     // where that stands
}

func (k *kit) hint() *hint {
	ground, ink := rect(k.p.ink, color.Transparent, 0, k.px(6)), k.p.leaf
	if k.p == contrast {
		ground, ink = rect(k.p.paper, k.p.ink, k.px(2), k.px(6)), k.p.ink
	}
	h := &hint{k: k, words: k.paragraph(noteFace, ink, "")}
	h.object = over(ground, pad(k.px(5), k.px(10), k.px(6), k.px(10), h.words.Container))
	h.object.Hide()
	return h
}

// show puts the words below o, or above where there is no room, within a window of the size.
func (h *hint) show(o fyne.CanvasObject, at fyne.Position, words string, window fyne.Size) {
	k := h.k
	h.of, h.at = o, at
	h.words.say(words)
	gap := k.px(6)
	w := min(natural(h.object), k.px(460), window.Width-2*gap)
	high := heightOf(h.object, w)
	x := at.X
	if wide := o.Size().Width; wide < 2*w { // else what it is of begins there
		x += (wide - w) / 2
	}
	x = max(gap, min(x, window.Width-gap-w))
	y := at.Y + o.Size().Height + gap
	if y+high > window.Height-gap {
		y = max(gap, at.Y-gap-high)
	}
	place(h.object, x, y, w, high)
	h.object.Show()
	canvas.Refresh(h.within) // the toolkit does not know of what it has never painted
}

func (h *hint) hide() {
	if h.of = nil; h.object.Visible() {
		h.object.Hide()
		canvas.Refresh(h.within)
	}
}

// hints is what a kit asks of its window.
type hints interface {
	pointed(o fyne.CanvasObject, words string, wait time.Duration)
	left(o fyne.CanvasObject)
}

// hintHere is the hint over what is in front.
func (u *UI) hintHere() *hint {
	if u.asking != nil && u.asking.panel != nil {
		return u.asking.panel.hint
	}
	return u.shell.hint
}

// pointed shows what o is called once the wait is over, unless the mouse or the keyboard has left it by then.
func (u *UI) pointed(o fyne.CanvasObject, words string, wait time.Duration) {
	u.left(nil)
	if words == "" || u.closing {
		return
	}
	show := func() {
		if at := u.whereIs(o); !at.IsZero() {
			u.hintHere().show(o, at, words, u.window.Canvas().Size())
		}
	}
	if wait == 0 {
		show()
		return
	}
	turn := u.hinting
	u.hintTimer = time.AfterFunc(wait, func() {
		u.onUI(func() {
			if turn == u.hinting && u.shell != nil {
				show()
			}
		})
	})
}

// whereIs is where o stands in the window; zero when it is no longer there, since nothing that has a hint stands in the
// very corner.
func (u *UI) whereIs(o fyne.CanvasObject) fyne.Position {
	return u.app.Driver().AbsolutePositionForObject(o)
}

// hintFollows takes the hint away when what it is of is gone or stands elsewhere.
func (u *UI) hintFollows() {
	if h := u.hintHere(); h.of != nil && u.whereIs(h.of) != h.at {
		h.hide()
	}
}

// left takes the hint of o away; nil is of whatever there is.
func (u *UI) left(o fyne.CanvasObject) {
	h := u.hintHere()
	if o != nil && h.of != nil && h.of != o {
		return
	}
	u.hinting++
	if u.hintTimer != nil {
		u.hintTimer.Stop()
	}
	h.hide()
}

// named is something that tells more of itself when the mouse rests on it.
type named struct {
	widget.BaseWidget
	k     *kit
	body  fyne.CanvasObject
	words string
}

var _ desktop.Hoverable = (*named)(nil)

func (k *kit) named(body fyne.CanvasObject, words string) *named {
	n := &named{k: k, body: body, words: words}
	n.ExtendBaseWidget(n)
	return n
}

func (n *named) heightFor(width float32) float32 { return heightOf(n.body, width) }
func (n *named) narrowest() float32              { return narrowest(n.body) }
func (n *named) natural() float32                { return natural(n.body) }

// CreateRenderer implements fyne.Widget.
func (n *named) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(n.body) }

// MouseIn implements desktop.Hoverable.
func (n *named) MouseIn(*desktop.MouseEvent) { n.k.point(n, n.words) }

// MouseMoved implements desktop.Hoverable.
func (n *named) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (n *named) MouseOut() { n.k.leave(n) }

// point and leave tell the window, if there is one, where the mouse is.
func (k *kit) point(o fyne.CanvasObject, words string) {
	if k.hints != nil && words != "" {
		k.hints.pointed(o, words, hintDelay)
	}
}

func (k *kit) leave(o fyne.CanvasObject) {
	if k.hints != nil {
		k.hints.left(o)
	}
}
