package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"ceralacca/app"
)

// momentField is a field for a date, with the keys of a panel.
type momentField struct {
	widget.Entry
	k    *kit
	ring *canvas.Rectangle
	shut func()
}

func newMomentField(k *kit, shut func()) *momentField {
	f := &momentField{k: k, shut: shut, ring: rect(color.Transparent, color.Transparent, k.px(3), k.px(13))}
	f.ExtendBaseWidget(f)
	return f
}

// FocusGained implements fyne.Focusable.
func (f *momentField) FocusGained() {
	f.Entry.FocusGained()
	f.ring.StrokeColor = f.k.p.focus
	f.ring.Refresh()
}

// FocusLost implements fyne.Focusable.
func (f *momentField) FocusLost() {
	f.Entry.FocusLost()
	f.ring.StrokeColor = color.Transparent
	f.ring.Refresh()
}

// TypedKey implements fyne.Focusable: Esc closes the panel.
func (f *momentField) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		f.shut()
		return
	}
	f.Entry.TypedKey(e)
}

// chooseMoment asks for the day at which to judge.
func (u *UI) chooseMoment() {
	ver := u.latest.Load().Verify
	if ver == nil || u.asking != nil || u.closing {
		return
	}
	a := &asking{ui: u}
	a.refuse = a.shut
	a.build = func() *panel { return u.momentPanel(a, ver.VerifyRequest) }
	u.asking = a
	a.open()
}

// momentPanel has a field for the date; what it cannot read as one it says, and goes no further.
func (u *UI) momentPanel(a *asking, q app.VerifyRequest) *panel {
	k := u.k
	field := newMomentField(k, a.shut)
	field.SetPlaceHolder(k.T("verify.at.example"))
	wrong := k.paragraph(boxBold, k.p.bad.ink, "")
	wrong.Container.Hide()
	var p *panel
	give := func() {
		at, err := app.ParseMoment(field.Text, u.now())
		if err != nil {
			wrong.say(k.Text(app.Explain(err).Body))
			wrong.Container.Show()
			p.object.Refresh()
			u.window.Canvas().Focus(field)
			return
		}
		a.shut()
		q.At = at
		u.store.VerifyAs(q)
	}
	field.OnSubmitted = func(string) { give() }
	yes := k.button(inked, "", k.T("ui.verify"), give)
	no := k.button(outlined, "", k.T("ui.cancel"), a.shut)
	yes.key, no.key = u.within(a.shut, yes.press), u.within(a.shut, no.press)
	content := pad(k.px(26), k.px(32), k.px(26), k.px(32), vbox(k.px(16),
		k.para(pinFace, k.p.ink, k.T("verify.at.ask")), k.para(bodyFace, k.p.muted, k.T("verify.at.ask.body")),
		leftmost(fixed(k.px(310), k.px(58), field.ring, padAll(k.px(5), field))), wrong.Container, hbox(k.px(12), flex(), no, yes)))
	p = u.newPanel(k.p.ink, scrolledTall(content))
	p.first = field
	return p
}
