package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// lineField is a line of text with our focus ring. What leads out of it is told to leave.
type lineField struct {
	widget.Entry
	ring  *canvas.Rectangle
	leave func()
}

// newLineField makes a field of a panel: Esc is leave, Enter is submit.
func newLineField(k *kit, leave, submit func()) *lineField {
	f := &lineField{leave: leave}
	f.ringed(k)
	f.ExtendBaseWidget(f)
	f.OnSubmitted = func(string) { submit() }
	return f
}

func (f *lineField) ringed(k *kit) {
	f.ring = rect(color.Transparent, k.p.focus, k.px(3), k.px(10))
	f.ring.Hide()
	f.Scroll = fyne.ScrollHorizontalOnly
}

// box is the field f with its ring, as high as a small button; a width of 0 takes all there is.
func (k *kit) box(width float32, f fyne.Widget, ring *canvas.Rectangle) *fyne.Container {
	return fixed(k.px(width), k.px(44), f, ring)
}

// FocusGained implements fyne.Focusable.
func (f *lineField) FocusGained() { f.ring.Show(); f.Entry.FocusGained() }

// FocusLost implements fyne.Focusable.
func (f *lineField) FocusLost() { f.ring.Hide(); f.Entry.FocusLost() }

// TypedKey implements fyne.Focusable.
func (f *lineField) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		f.leave()
		return
	}
	f.Entry.TypedKey(e)
}
