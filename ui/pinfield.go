package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// pinField is where a PIN or PUK is typed. A digit goes from the key straight into the buffer that travels to
// the card; only dots are drawn.
//
// Why no Entry: in password mode too, Fyne's makes a new string of each key and keeps them for undo, and a
// string cannot be wiped. There is no clipboard here either: what is copied stays with the system. Where the person
// wants to see the digits, each is drawn alone, from words that the program has anyway.
type pinField struct {
	widget.BaseWidget
	k        *kit
	pin      *app.PIN
	least    int
	most     int
	focused  bool
	ground   *canvas.Rectangle
	slots    []*canvas.Rectangle
	dots     []*canvas.Circle
	digits   []*canvas.Text
	shown    bool // digits are drawn in the place of dots
	caret    *canvas.Rectangle
	changed  func()
	submit   func()
	close    func()
	tab      func(back bool)
	shifting bool
}

var (
	_ fyne.Focusable      = (*pinField)(nil)
	_ fyne.Tabbable       = (*pinField)(nil)
	_ fyne.Tappable       = (*pinField)(nil)
	_ desktop.Keyable     = (*pinField)(nil)
	_ fyne.WidgetRenderer = (*pinRenderer)(nil)
)

func newPINField(k *kit, least, most int) *pinField {
	if most < 1 || most > 16 {
		most = 8
	}
	f := &pinField{k: k, pin: app.NewPIN(), least: least, most: most}
	f.ground = rect(k.p.leaf, k.p.edge, k.px(1.5), k.px(10))
	f.caret = canvas.NewRectangle(color.Transparent)
	for range most {
		f.slots = append(f.slots, canvas.NewRectangle(k.p.edge))
		f.dots = append(f.dots, canvas.NewCircle(color.Transparent))
		digit := k.text(monoFace, k.p.ink, "")
		digit.TextSize, digit.Alignment = k.px(26), fyne.TextAlignCenter
		f.digits = append(f.digits, digit)
	}
	f.ExtendBaseWidget(f)
	return f
}

// complete reports whether there are enough digits.
func (f *pinField) complete() bool { return f.pin.Len() >= max(1, f.least) }

// take moves the digits out; the field goes on with an empty buffer. The taker wipes them.
func (f *pinField) take() *app.PIN {
	p := f.pin
	f.pin = app.NewPIN()
	f.update()
	return p
}

// show draws the digits, or dots again.
func (f *pinField) show(on bool) { f.shown = on; f.Refresh() }

// halved reports whether what is there looks like one of the two halves in which some codes are handed out.
func (f *pinField) halved() bool { return f.pin.Len() == halfCode && f.least > halfCode }

// halfCode is half of the eight digits of a code that comes half at the counter and half by mail or SMS.
const halfCode = 4

func (f *pinField) update() {
	f.Refresh()
	if f.changed != nil {
		f.changed()
	}
}

// TypedRune implements fyne.Focusable: digits are taken, all else is not.
func (f *pinField) TypedRune(r rune) {
	if f.pin.Len() < f.most && f.pin.Add(r) {
		f.update()
	}
}

// TypedKey implements fyne.Focusable.
func (f *pinField) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyBackspace, fyne.KeyDelete:
		f.pin.Drop()
		f.update()
	case fyne.KeyReturn, fyne.KeyEnter:
		if f.submit != nil && f.complete() {
			f.submit()
		}
	case fyne.KeyEscape:
		if f.close != nil {
			f.close()
		}
	case fyne.KeyTab:
		if f.tab != nil {
			f.tab(f.shifting)
		}
	default:
		if f.k.keys != nil {
			f.k.keys(e)
		}
	}
}

// KeyDown implements desktop.Keyable.
func (f *pinField) KeyDown(e *fyne.KeyEvent) { f.shift(e, true) }

// KeyUp implements desktop.Keyable.
func (f *pinField) KeyUp(e *fyne.KeyEvent) { f.shift(e, false) }

func (f *pinField) shift(e *fyne.KeyEvent, down bool) {
	if e.Name == desktop.KeyShiftLeft || e.Name == desktop.KeyShiftRight {
		f.shifting = down
	}
}

// AcceptsTab implements fyne.Tabbable: Tab goes round within the panel.
func (f *pinField) AcceptsTab() bool { return f.tab != nil }

// FocusGained implements fyne.Focusable.
func (f *pinField) FocusGained() {
	f.focused = true
	f.Refresh()
	if f.k.reveal != nil {
		f.k.reveal(f, 0, f.Size().Height)
	}
}

// FocusLost implements fyne.Focusable.
func (f *pinField) FocusLost() { f.focused = false; f.shifting = false; f.Refresh() }

// Tapped implements fyne.Tappable.
func (f *pinField) Tapped(*fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(f); c != nil {
		c.Focus(f)
	}
}

// CreateRenderer implements fyne.Widget.
func (f *pinField) CreateRenderer() fyne.WidgetRenderer { return &pinRenderer{f} }

type pinRenderer struct{ f *pinField }

// MinSize implements fyne.WidgetRenderer.
func (r *pinRenderer) MinSize() fyne.Size {
	k := r.f.k
	return fyne.NewSize(k.px(44+36*float32(r.f.most)-10), k.px(66))
}

// Layout implements fyne.WidgetRenderer.
func (r *pinRenderer) Layout(size fyne.Size) {
	f, k := r.f, r.f.k
	place(f.ground, 0, 0, size.Width, size.Height)
	step := (size.Width - k.px(44-10)) / float32(f.most)
	for i := range f.slots {
		x := k.px(22) + float32(i)*step
		w := step - k.px(10)
		place(f.slots[i], x, size.Height-k.px(19), w, k.px(2))
		place(f.dots[i], x+w/2-k.px(7), size.Height/2-k.px(9), k.px(14), k.px(14))
		place(f.digits[i], x-k.px(4), size.Height/2-k.px(21), w+k.px(8), k.px(38))
	}
	n := min(f.pin.Len(), f.most-1)
	place(f.caret, k.px(22)+float32(n)*step+k.px(11), size.Height/2-k.px(17), k.px(2), k.px(30))
}

// Refresh implements fyne.WidgetRenderer.
func (r *pinRenderer) Refresh() {
	f, p := r.f, r.f.k.p
	f.ground.StrokeColor, f.ground.StrokeWidth = p.edge, f.k.px(max(1.5, p.stroke))
	if f.focused {
		f.ground.StrokeColor, f.ground.StrokeWidth = p.focus, f.k.px(4)
	}
	n := f.pin.Len()
	for i := range f.slots {
		f.slots[i].FillColor = p.line
		if i < n || i < f.least {
			f.slots[i].FillColor = p.edge
		}
		f.dots[i].FillColor = color.Transparent
		if i < n && !f.shown {
			f.dots[i].FillColor = p.ink
		}
		f.digits[i].Text = ""
		f.slots[i].Refresh()
		f.dots[i].Refresh()
	}
	f.pin.Use(func(digits []byte) {
		for i, d := range digits {
			if f.shown && i < len(f.digits) {
				f.digits[i].Text = lang.Digits(int(d - '0'))
			}
		}
	})
	for _, d := range f.digits {
		d.Refresh()
	}
	f.caret.FillColor = color.Transparent
	if f.focused && n < f.most {
		f.caret.FillColor = p.focus
	}
	r.Layout(f.Size())
	f.ground.Refresh()
	f.caret.Refresh()
}

// Objects implements fyne.WidgetRenderer.
func (r *pinRenderer) Objects() []fyne.CanvasObject {
	o := []fyne.CanvasObject{r.f.ground}
	for i := range r.f.slots {
		o = append(o, r.f.slots[i], r.f.dots[i], r.f.digits[i])
	}
	return append(o, r.f.caret)
}

// Destroy implements fyne.WidgetRenderer.
func (r *pinRenderer) Destroy() {}
