package ui

import "ceralacca/app"

// chooseMoment asks for the day at which to judge.
func (u *UI) chooseMoment() {
	ver := u.latest.Load().Verify
	if ver != nil {
		u.openSheet(func(a *asking) *panel { return u.momentPanel(a, ver.VerifyRequest) })
	}
}

// momentPanel has a field for the date; what it cannot read as one it says, and goes no further.
func (u *UI) momentPanel(a *asking, q app.VerifyRequest) *panel {
	k := u.k
	field := newLineField(k, a.shut, nil)
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
	p = u.newSheet(k.p.ink, vbox(k.px(16), k.para(pinFace, k.p.ink, k.T("verify.at.ask")), k.para(bodyFace, k.p.muted, k.T("verify.at.ask.body")),
		leftmost(k.box(310, field, field.ring)), wrong.Container), k.answers(no, yes))
	p.first = field
	return p
}
