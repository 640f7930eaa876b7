package ui

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// toast is a sentence that comes, stays for a while and goes by itself. The page has one, and each panel has one, since it
// lies over the page.
type toast struct {
	object *fyne.Container
	ground *canvas.Rectangle
	words  *canvas.Text
	inks   [2]color.NRGBA // of the ground and of the words
	fades  bool
}

func (k *kit) toast() *toast {
	t := &toast{words: k.text(boxFace, k.p.leaf, ""), ground: rect(k.p.ink, color.Transparent, 0, k.px(10)), inks: [2]color.NRGBA{k.p.ink, k.p.leaf}}
	if k.p == contrast {
		t.inks[1] = k.p.paper
	}
	t.object = over(t.ground, pad(k.px(10), k.px(20), k.px(10), k.px(20), t.words))
	t.object.Hide()
	return t
}

// above puts the toast into the middle of what lies between left and left+width, with its foot at bottom.
func (t *toast) above(left, width, bottom float32) {
	w := min(t.object.MinSize().Width, width-32)
	h := heightOf(t.object, w)
	place(t.object, left+(width-w)/2, bottom-h, w, h)
}

// say shows the sentence; fade lets it come and go in 120 ms instead of at once.
func (t *toast) say(s string, fade bool) {
	t.words.Text, t.fades = s, fade
	t.shade(1)
	t.object.Show()
	if !fade {
		return
	}
	t.run(func(f float32) {
		if t.words.Text == s {
			t.shade(f)
		}
	})
}

// hush takes the sentence away, unless another has come since.
func (t *toast) hush(s string) {
	switch {
	case t.words.Text != s:
	case !t.fades:
		t.object.Hide()
	default:
		t.run(func(f float32) {
			if t.words.Text != s {
				return
			}
			if t.shade(1 - f); f == 1 {
				t.object.Hide()
			}
		})
	}
}

func (t *toast) run(step func(float32)) {
	fyne.NewAnimation(120*time.Millisecond, step).Start()
}

// shade gives the toast an opacity.
func (t *toast) shade(f float32) {
	t.ground.FillColor, t.words.Color = faded(t.inks[0], uint8(255*f)), faded(t.inks[1], uint8(255*f))
	t.ground.Refresh()
	t.words.Refresh()
}
