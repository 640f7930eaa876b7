package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// toast is a sentence that goes by itself. The page has one, and each panel has one, since it lies over the page.
type toast struct {
	object *fyne.Container
	words  *canvas.Text
}

func (k *kit) toast() *toast {
	t := &toast{words: k.text(boxFace, k.p.leaf, "")}
	if k.p == contrast {
		t.words.Color = k.p.paper
	}
	t.object = over(rect(k.p.ink, color.Transparent, 0, k.px(10)), pad(k.px(10), k.px(20), k.px(10), k.px(20), t.words))
	t.object.Hide()
	return t
}

// above puts the toast into the middle of what lies between left and left+width, with its foot at bottom.
func (t *toast) above(left, width, bottom float32) {
	w := min(t.object.MinSize().Width, width-32)
	h := heightOf(t.object, w)
	place(t.object, left+(width-w)/2, bottom-h, w, h)
}

func (t *toast) say(s string) {
	t.words.Text = s
	t.words.Refresh()
	t.object.Show()
}

// hush takes the sentence away, unless another has come since.
func (t *toast) hush(s string) {
	if t.words.Text == s {
		t.object.Hide()
	}
}
