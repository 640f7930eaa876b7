package ui

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is the part of the page La mia carta that is about PINs: tries left, change, unblocking, and what
// came of them.

// cardIntents is what the page asks of the store.
type cardIntents interface {
	ChangePIN(r app.PINRef)
	Unblock(r app.PINRef)
	ChangePUK(r app.PINRef)
	ForgetPINJob()
	SaveCalendar(t *lang.Catalog, dest string)
	ExportCertificate(id, dest string)
	ForgetSaved()
	CheckCertificates()
}

// pins are boxes, one for each PIN: tries left of the PIN and of the PUK that frees it, and what can be done.
func (v *cardView) pins(card *app.Card) fyne.CanvasObject {
	k := v.u.k
	var boxes []fyne.CanvasObject
	var weights []float32
	for _, p := range pinsInOrder(card) {
		boxes = append(boxes, v.pinBox(p))
		weights = append(weights, 1)
	}
	if len(boxes) == 0 {
		return fixed(0, 1)
	}
	return cols(k.px(20), k.px(640), weights, boxes...)
}

// pinsInOrder are the PINs in the order of the certificates that they free; what frees none comes last.
func pinsInOrder(card *app.Card) []*app.PINView {
	rank := map[app.PINRef]int{}
	certs := signingFirst(card)
	for i, c := range certs {
		if _, ok := rank[c.PIN]; !ok {
			rank[c.PIN] = i - len(certs)
		}
	}
	var list []*app.PINView
	for i := range card.PINs {
		list = append(list, &card.PINs[i])
	}
	slices.SortStableFunc(list, func(a, b *app.PINView) int { return rank[a.Ref] - rank[b.Ref] })
	return list
}

func (v *cardView) pinBox(p *app.PINView) fyne.CanvasObject {
	k := v.u.k
	pin, puk := p.Tries(false), p.Tries(true)
	if p.Blocked {
		pin.Left = 0
	}
	if p.PUKBlocked {
		puk.Left = 0
	}
	row := func(key string, t app.Tries, words string) fyne.CanvasObject {
		return topbox(k.px(12), fixed(k.px(38), 0, k.para(noteFace, k.p.muted, key)), pad(k.px(4), 0, 0, 0, k.pips(t.Left, 3, 14)),
			flex(k.para(noteFace, triesInk(k, t), words)))
	}
	box := vbox(k.px(8), hbox(k.px(12), k.icon("lock", 22, k.p.ink), flex(k.fit(face{size: 18, bold: true}, k.p.ink, k.Text(app.PINLabel(p.Ref))))),
		row("PIN", pin, triesWords(k, pin)), row("PUK", puk, k.Text(app.PUKText(puk))))
	if p.OnReader {
		box.Add(hbox(k.px(12), k.icon("keyboard", 20, k.p.muted), flex(k.para(noteFace, k.p.muted, k.T("ui.mycard.on-reader")))))
	}
	if buttons := v.pinButtons(p); len(buttons) > 0 {
		box.Add(fixed(0, k.px(2)))
		box.Add(wrapbox(k.px(12), buttons...))
	}
	return k.sheet(22, box)
}

// pinButtons are what can be done with a PIN. While a change runs nothing can.
func (v *cardView) pinButtons(p *app.PINView) []fyne.CanvasObject {
	k, ref := v.u.k, p.Ref
	var list []fyne.CanvasObject
	add := func(key string, do func()) {
		b := k.button(small, "", k.T(key), nil)
		v.begins(b, fmt.Sprint(key, ref), do)
		list = append(list, b)
	}
	if !p.Blocked {
		add("ui.newpin.change", func() { v.u.store.ChangePIN(ref) })
	}
	if !p.PUKBlocked && p.CanUnblock {
		add("ui.newpin.unblock", func() { v.u.store.Unblock(ref) })
	}
	if !p.PUKBlocked && p.CanChangePUK {
		add("ui.newpin.change-puk", func() { v.u.store.ChangePUK(ref) })
	}
	return list
}

// begins makes b the control named id that begins a job of the PIN. It is off while one runs, so it loses the keyboard;
// it has it again when the job has ended and its outcome is put aside.
func (v *cardView) begins(b *button, id string, do func()) {
	b.do = func() { v.from = id; do() }
	b.enable(!v.busy())
	if v.from == id && v.job == nil {
		v.back = b
	}
}

func (v *cardView) busy() bool { return v.job != nil && v.job.Running }

// remedy is the button that answers an advice about the card.
func (v *cardView) remedy(a *app.Advice, card *app.Card) []fyne.CanvasObject {
	k := v.u.k
	switch a.Code {
	case "pin-blocked", "pin-blocked-sign", "pin-blocked-health", "pin-blocked-login":
		p := card.BlockedPIN()
		if p == nil {
			p = otherBlocked(card)
		}
		if p == nil || p.PUKBlocked || !p.CanUnblock {
			return nil
		}
		b := k.button(inked, "key", k.T("ui.newpin.unblock"), nil)
		v.begins(b, a.Code, func() { v.u.store.Unblock(p.Ref) })
		if !v.busy() {
			v.main = b.do
		}
		return []fyne.CanvasObject{b}
	case "renew", "renew-last-day":
		if l := v.guide(card, "guide.renew"); l != nil {
			b := k.button(inked, "open", k.T("ui.mycard.renew"), func() { v.visit(*l) })
			return []fyne.CanvasObject{vbox(k.px(4), b, k.text(noteFace, k.p.muted, hostOf(l.URL)))}
		}
	}
	return nil
}

// deadPUKs tell the truth about a blocked PUK, and the way to a new device.
func (v *cardView) deadPUKs(card *app.Card) []fyne.CanvasObject {
	k := v.u.k
	var list []fyne.CanvasObject
	for i := range card.PINs {
		p := &card.PINs[i]
		if !p.PUKBlocked {
			continue
		}
		name := k.inner(k.Text(app.PINLabel(p.Ref)))
		if !p.Blocked {
			list = append(list, k.advice(k.p.warn, "warning", k.Text(lang.M("ui.mycard.puk.spent", "pin", name)), k.Text(lang.M("ui.mycard.puk.spent.body", "pin", name))))
			continue
		}
		box := vbox(k.px(12), hbox(k.px(12), k.icon("stop", 24, k.p.bad.ink), flex(k.para(sectionFace, k.p.ink, k.Text(lang.M("ui.mycard.dead", "pin", name))))), k.para(bodyFace, k.p.ink, k.T("ui.mycard.dead.body")),
			k.numbered(boxFace, k.T("ui.mycard.dead.1"), k.T("ui.mycard.dead.2"), k.T("ui.mycard.dead.3")))
		list = append(append(list, k.sheet(22, box)), v.official(card)...)
	}
	return list
}

// outcome tells what came of the last change or unblocking, and of the last writing of a file that failed.
func (v *cardView) outcome(card *app.Card) []fyne.CanvasObject {
	u, k, j := v.u, v.u.k, v.job
	var list []fyne.CanvasObject
	v.told = nil
	if v.saved != nil && v.saved.Advice != nil {
		list = append(list, u.adviceBox(v.saved.Advice, k.button(small, "", k.T("ui.mycard.ok"), u.store.ForgetSaved)))
	}
	if j == nil {
		return list
	}
	name := k.inner(k.Text(app.PINLabel(j.Ref)))
	ok := k.button(small, "", k.T("ui.mycard.ok"), u.store.ForgetPINJob)
	v.told = ok
	switch {
	case j.Running:
		list = append(list, k.advice(k.p.note, "clock", k.T("ui.newpin.running"), k.T("ui.newpin.running.body")))
	case j.Done:
		key := map[app.NewPINKind]string{app.ChangePIN: "change", app.UnblockPIN: "unblock", app.ChangePUK: "change-puk"}[j.Kind]
		body := "ui.newpin.done.body"
		if j.Kind == app.ChangePUK {
			body = "ui.newpin.done.body.puk"
		}
		list = append(list, k.advice(k.p.good, "check", k.Text(lang.M("ui.newpin.done."+key, "pin", name)), k.T(body), ok))
	case j.Advice != nil:
		r, icon := severityLook(k, j.Advice.Severity)
		body := k.Text(j.Advice.Body)
		if own := "ui.newpin.failed." + j.Advice.Code; j.Kind != app.ChangePUK && k.Has(own) {
			body = k.T(own)
		}
		actions := []fyne.CanvasObject{ok}
		if again := v.again(card, j); again != nil {
			actions = []fyne.CanvasObject{ok, again}
		}
		list = append(list, k.advice(r, icon, k.Text(j.Advice.Title), body, hbox(k.px(12), actions...)))
	}
	return list
}

// again is the button that tries a second time, where that is possible and the box about the blocked PIN does not
// offer it already.
func (v *cardView) again(card *app.Card, j *app.PINJob) *button {
	u, k := v.u, v.u.k
	for i, p := range card.PINs {
		if p.Ref != j.Ref {
			continue
		}
		switch {
		case p.Blocked && v.last.Phase == app.PhaseBlocked && card.BlockedPIN() == &card.PINs[i]:
		case j.Kind == app.UnblockPIN && !p.PUKBlocked:
			return k.button(small, "", k.T("ui.newpin.again.try"), func() { u.store.Unblock(j.Ref) })
		case j.Kind == app.ChangePUK && !p.PUKBlocked:
			return k.button(small, "", k.T("ui.newpin.again.try"), func() { u.store.ChangePUK(j.Ref) })
		case j.Kind == app.ChangePIN && !p.Blocked:
			return k.button(small, "", k.T("ui.newpin.again.try"), func() { u.store.ChangePIN(j.Ref) })
		}
	}
	return nil
}

// keepFocus notes which control of the page has the focus; the function it returns gives it back to the one that took
// its place after the page was built anew: the one at the same place if a control changed its own words, else the same
// one among those of its name.
func (v *cardView) keepFocus() func() {
	h, reworded := heldIn(v.frame.body), v.reworded
	v.reworded = false
	return func() {
		to := h.again(v.frame.body)
		if reworded || to == nil {
			to = h.near(v.frame.body)
		}
		if to != nil && v.u.asking == nil {
			v.u.window.Canvas().Focus(to)
		}
	}
}
