package ui

import (
	"context"
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is the panel where a PIN is changed, unblocked with the PUK in three steps, or the PUK changed in two.

var (
	_ app.NewPINAsker = (*UI)(nil)
	_ app.ReaderAsker = (*UI)(nil)
)

// The steps of the unblocking. The change of a PUK has the last two, that of a PIN the last one alone.
const (
	stepNeeds = iota
	stepPUK
	stepNew
)

// NewPIN implements app.NewPINAsker. The digits pass from the fields to the caller without a copy.
func (u *UI) NewPIN(ctx context.Context, q app.NewPINQuestion) (*app.NewPINs, error) {
	return question(ctx, u, (*app.NewPINs).Wipe, func(a *asking, give func(*app.NewPINs)) *panel {
		return u.newPINPanel(q, func(n *app.NewPINs) {
			a.from = nil // what comes of it is told where it is told
			give(n)
		}, a.refuse).panel
	})
}

// newPINForm is the panel while it is filled in. The fields live as long as the panel, so that going back a step
// loses nothing.
type newPINForm struct {
	u      *UI
	q      app.NewPINQuestion
	give   func(*app.NewPINs)
	refuse func()

	panel         *panel
	old, again    *pinField // the old PIN; or the PUK, and the PUK again
	fresh, repeat *pinField
	sure          *tickBox // nil unless one try is left
	seen          *tickBox // the digits are drawn
	rules         *ruleList
	wrong         *ruleList // the rule that is broken, beside the tries: where the rules lie below the fields they are out of sight
	main, foot    *fyne.Container
	sheet         *fyne.Container // all of it: the tries, and both beside or below them
	on            *button         // goes on to the next step, or sends
	step          int
	ring          []fyne.Focusable
}

// newPINPanel asks for the old PIN or the PUK, and twice for the new one. Enter goes on, Esc refuses.
func (u *UI) newPINPanel(q app.NewPINQuestion, give func(*app.NewPINs), refuse func()) *newPINForm {
	k := u.k
	gap, top := k.px(14), k.px(18)
	if u.window.Canvas().Size().Height < k.px(700) {
		gap, top = k.px(8), k.px(12)
	}
	f := &newPINForm{u: u, q: q, give: give, refuse: refuse, main: vbox(gap), foot: vbox(0)}
	f.step = map[app.NewPINKind]int{app.ChangePIN: stepNew, app.UnblockPIN: stepNeeds, app.ChangePUK: stepPUK}[q.Kind]
	f.old, f.fresh, f.repeat = newPINField(k, q.Min, q.Max), newPINField(k, q.Min, q.Max), newPINField(k, q.Min, q.Max)
	fields := []*pinField{f.old, f.fresh, f.repeat}
	if q.Kind != app.ChangePIN {
		f.old, f.again = newPINField(k, q.PUKMin, q.PUKMax), newPINField(k, q.PUKMin, q.PUKMax)
		fields = []*pinField{f.old, f.again, f.fresh, f.repeat}
	}
	if q.Kind == app.ChangePUK {
		f.fresh, f.repeat = newPINField(k, q.PUKMin, q.PUKMax), newPINField(k, q.PUKMin, q.PUKMax)
		fields[2], fields[3] = f.fresh, f.repeat
	}
	if q.Last() {
		key := "ui.newpin.sure.pin"
		if f.puk() {
			key = "ui.newpin.sure.puk"
		}
		f.sure = k.tick(k.T(key), f.say)
		f.sure.key = u.within(refuse, f.sure.press)
	}
	f.seen = k.tick(k.T("ui.pin.show"), func() {
		for _, p := range fields {
			p.show(f.seen.on)
		}
	})
	f.seen.key = u.within(refuse, f.seen.press)
	for _, p := range fields {
		p.changed, p.close = f.say, refuse
		p.submit = func() { f.enter(p) }
		p.tab = func(back bool) { u.round(f.ring, p, back) }
	}
	side, short := f.tries()
	f.wrong = k.rules()
	short = vbox(k.px(6), short, f.wrong.box)
	f.sheet = u.pinSheet(&pinLayout{k: k, roomy: true}, side, short, f.main, f.foot, pinRoom{top, gap, top, top})
	f.panel = u.newPanel(k.p.waxText, f.sheet)
	f.panel.fields = fields
	f.turn(f.step)
	return f
}

// puk reports whether the PUK is asked for.
func (f *newPINForm) puk() bool { return f.q.Kind != app.ChangePIN }

// last is the step that sends: with the reader's keys there is nothing to type before.
func (f *newPINForm) last() int {
	if f.q.OnReader && f.puk() {
		return stepPUK
	}
	return stepNew
}

// tries tells the tries left: at the side, and in one line where there is no room for that.
func (f *newPINForm) tries() (side, short *fyne.Container) {
	k, t := f.u.k, f.q.Tries
	ink := triesInk(k, t)
	title, body := f.u.tries(t)
	if f.puk() {
		switch {
		case t.Left >= 0:
			title, body = k.Text(lang.MN("ui.newpin.puk.left", t.Left)), k.T("ui.newpin.puk.left.body")
		case t.WrongToday > 0:
			title, body = k.Text(lang.MN("ui.newpin.puk.today", t.WrongToday)), k.T("ui.newpin.puk.unknown.body")
		default:
			title, body = k.T("ui.newpin.puk.unknown"), k.T("ui.newpin.puk.unknown.body")
		}
	}
	title = initial(title)
	return f.u.triesLeft(t.Left, title, body, ink)
}

// turn shows a step.
func (f *newPINForm) turn(step int) {
	u, k := f.u, f.u.k
	f.step, f.rules, f.ring = step, k.rules(), nil
	objects := append([]fyne.CanvasObject{f.head()}, f.body()...)
	var first fyne.Focusable
	if len(f.ring) > 0 {
		first = f.ring[0]
	}
	row := []fyne.CanvasObject{flex()}
	var wide float32
	low, buttons := u.window.Canvas().Size().Height < k.px(480), f.buttons()
	var back *button
	if low && len(buttons) > 2 { // three under each other would take the room of the fields
		back = buttons[1]
		buttons = slices.Delete(buttons, 1, 2)
		f.ring = append(f.ring, back)
	}
	for _, b := range buttons {
		f.ring = append(f.ring, b)
		row = append(row, b)
		wide += b.MinSize().Width + k.px(12)
	}
	if first == nil {
		first = f.on
	}
	f.panel.first, f.panel.field = first, nil
	if p, ok := first.(*pinField); ok {
		f.panel.field = p
	}
	foot := hbox(k.px(12), row...)
	told := u.latest.Load().Exercise != nil // its strip names the PIN or PUK
	switch {
	case !low || f.q.Practice != app.NotPractice && !told:
		foot = cols(k.px(12), wide+k.px(270), []float32{1, -wide - k.px(12)}, f.note(), foot)
	case !f.q.OnReader: // else the box about the reader says what the note would
		objects = append(objects, f.note())
	}
	if back != nil {
		objects = append(objects, leftmost(back))
	}
	f.main.Objects, f.foot.Objects = objects, []fyne.CanvasObject{foot}
	f.say()
	if f.settle() {
		u.window.Canvas().Focus(first)
	}
}

// body is what stands between head and buttons. Its controls go to the ring of Tab.
func (f *newPINForm) body() []fyne.CanvasObject {
	k := f.u.k
	var list []fyne.CanvasObject
	switch f.step {
	case stepNeeds:
		return []fyne.CanvasObject{f.needs()}
	case stepPUK:
		list = []fyne.CanvasObject{k.advice(k.p.bad, "stop", k.T("ui.newpin.puk.end"), k.T("ui.newpin.puk.end.body"))}
		if !f.q.OnReader {
			list = append(list, k.para(noteFace, k.p.muted, k.T("ui.newpin.puk.once")), f.columns(f.labelled("ui.newpin.puk", f.old), f.labelled("ui.newpin.again.puk", f.again)))
		}
	case stepNew:
		if f.q.OnReader {
			break
		}
		var rows []fyne.CanvasObject
		if !f.puk() {
			rows = append(rows, f.labelled("ui.newpin.old", f.old))
		}
		fresh, again := "ui.newpin.new", "ui.newpin.again"
		if f.q.Kind == app.ChangePUK {
			fresh, again = "ui.newpin.new.puk", "ui.newpin.again.new-puk"
		}
		list = []fyne.CanvasObject{f.columns(append(rows, f.labelled(fresh, f.fresh), f.labelled(again, f.repeat))...)}
	}
	if f.q.OnReader && f.step == f.last() {
		key := map[app.NewPINKind]string{app.ChangePIN: "change", app.UnblockPIN: "unblock", app.ChangePUK: "change-puk"}[f.q.Kind]
		list = append(list, k.advice(k.p.note, "keyboard", k.T("ui.newpin.reader"), k.T("ui.newpin.reader."+key)))
	}
	if f.sure != nil && (f.step == stepPUK || !f.puk()) {
		f.ring = append(f.ring, f.sure)
		list = append(list, f.sure)
	}
	return list
}

// settle lays the open panel out again, because what is in it has another height.
func (f *newPINForm) settle() bool {
	a := f.u.asking
	if a == nil || a.panel != f.panel {
		return false
	}
	f.panel.layout.Layout(nil, f.panel.object.Size())
	f.main.Refresh()
	f.foot.Refresh()
	f.sheet.Refresh() // its size may be as before, and what the tries need another
	f.rules.box.Refresh()
	canvas.Refresh(f.panel.object)
	if o, ok := f.u.window.Canvas().Focused().(fyne.CanvasObject); ok {
		f.u.reveal(o, 0, o.Size().Height)
	}
	return true
}

// head is the title, and the steps where there are several.
func (f *newPINForm) head() fyne.CanvasObject {
	k := f.u.k
	key := map[app.NewPINKind]string{app.ChangePIN: "change", app.UnblockPIN: "unblock", app.ChangePUK: "change-puk"}[f.q.Kind]
	title := k.para(pinFace, k.p.ink, k.Text(lang.M("ui.newpin."+key+".title", "pin", k.inner(k.Text(f.q.Label)))))
	var names []string
	first := stepNeeds
	switch f.q.Kind {
	case app.UnblockPIN:
		names = []string{k.T("ui.newpin.step.1"), k.T("ui.newpin.step.2"), k.T("ui.newpin.step.3")}
	case app.ChangePUK:
		first, names = stepPUK, []string{k.T("ui.newpin.step.old-puk"), k.T("ui.newpin.step.new-puk")}
	}
	if names = names[:min(len(names), f.last()-first+1)]; len(names) < 2 {
		return title
	}
	return vbox(k.px(8), title, k.steps(f.step-first, names...))
}

// needs is the first step: what to have at hand, and where the PUK of such a card is written.
func (f *newPINForm) needs() fyne.CanvasObject {
	k := f.u.k
	box := vbox(k.px(12), k.para(bodyFace, k.p.ink, k.Text(lang.M("ui.newpin.needs", "length", f.pukLength()))))
	icons := map[string]string{"puk.where.scratch": "card", "puk.where.pdf": "file", "puk.where.halves": "mail", "puk.where.lost": "question"}
	for _, m := range append(f.q.Where[:len(f.q.Where):len(f.q.Where)], lang.M("puk.where.lost")) {
		box.Add(topbox(k.px(14), k.icon(icons[m.Key], 22, k.p.waxText), flex(k.para(boxFace, k.p.ink, k.Text(m)))))
	}
	box.Add(fixed(0, k.px(6)))
	return box
}

// pukLength tells how many digits the PUK has.
func (f *newPINForm) pukLength() string {
	if f.q.PUKMin == f.q.PUKMax {
		return f.u.k.Text(lang.MN("ui.newpin.puk.length", f.q.PUKMax))
	}
	return f.u.k.Text(lang.M("pin.rule.length", "min", lang.Digits(f.q.PUKMin), "max", lang.Digits(f.q.PUKMax)))
}

// labelled is a field under its name, the next in the ring.
func (f *newPINForm) labelled(key string, field *pinField) fyne.CanvasObject {
	k := f.u.k
	f.ring = append(f.ring, field)
	return vbox(k.px(3), k.para(boxBold, k.p.ink, k.T(key)), leftmost(fixed(field.MinSize().Width, k.px(52), field)))
}

// columns sets the fields beside the rules.
func (f *newPINForm) columns(rows ...fyne.CanvasObject) fyne.CanvasObject {
	k := f.u.k
	w, rules := f.fresh.MinSize().Width, "ui.newpin.rules"
	if f.q.Kind == app.ChangePUK {
		rules = "ui.newpin.rules.puk"
	}
	right := vbox(k.px(9), k.para(boxBold, k.p.ink, k.T(rules)), f.rules.box)
	if f.step == stepPUK {
		right = vbox(0, pad(k.px(26), 0, 0, 0, f.rules.box))
	}
	f.ring = append(f.ring, f.seen)
	return cols(k.px(28), f.roomForRules(), []float32{-w, 1}, vbox(k.px(9), append(rows, f.seen)...), right)
}

// roomForRules is the width from which the rules stand beside the fields.
func (f *newPINForm) roomForRules() float32 { return f.fresh.MinSize().Width + f.u.k.px(220) }

// stacked reports whether the rules lie below the fields.
func (f *newPINForm) stacked() bool {
	width := f.u.shell.pageArea(f.u.window.Canvas().Size()).Size.Width
	return width-2*f.u.k.px(32) < f.roomForRules()
}

// note is what stands at the left of the buttons.
func (f *newPINForm) note() fyne.CanvasObject {
	k := f.u.k
	icon, c, face, words := "lock", k.p.muted, noteFace, k.T("ui.newpin.kept")
	what, digits := "pin", app.PracticePIN
	if f.puk() {
		what, digits = "puk", app.PracticePUK
	}
	if w := f.u.practiceWords(f.q.Practice, what, digits); w != "" {
		icon, c, face, words = "info", k.p.note.ink, noteBold, w
	} else if f.q.OnReader {
		icon, words = "keyboard", k.T("ui.newpin.on-reader.body")
	}
	return hbox(k.px(12), k.icon(icon, 22, c), flex(k.para(face, c, words)))
}

// buttons are those of the step, the one that goes on last.
func (f *newPINForm) buttons() []*button {
	u, k := f.u, f.u.k
	words, icon := k.T("ui.continue"), ""
	if f.step == f.last() {
		words = k.T(map[app.NewPINKind]string{
			app.ChangePIN: "ui.newpin.change", app.UnblockPIN: "ui.newpin.unblock", app.ChangePUK: "ui.newpin.change-puk",
		}[f.q.Kind])
		if f.q.OnReader {
			icon = "keyboard"
		}
	}
	list := []*button{k.button(outlined, "", k.T("ui.cancel"), f.refuse)}
	if f.q.Kind == app.UnblockPIN && f.step > stepNeeds || f.q.Kind == app.ChangePUK && f.step > stepPUK {
		list = append(list, k.button(outlined, "left", k.T("ui.newpin.back"), func() { f.turn(f.step - 1) }))
	}
	f.on = k.button(inked, icon, words, f.next)
	list = append(list, f.on)
	for _, b := range list {
		b.key = u.within(f.refuse, b.press)
	}
	return list
}

// enter is the key in a field: on to the next empty one, and from the last one to the next step.
func (f *newPINForm) enter(from *pinField) {
	if f.ready() {
		f.next()
		return
	}
	f.u.round(f.ring, from, false)
}

// next goes a step on, or hands over what was typed.
func (f *newPINForm) next() {
	if !f.ready() {
		return
	}
	if f.step < f.last() {
		f.turn(f.step + 1)
		return
	}
	if f.q.OnReader {
		f.give(&app.NewPINs{})
		return
	}
	f.give(&app.NewPINs{Old: f.old.take(), New: f.fresh.take(), Repeat: f.repeat.take()})
}

// ready reports whether the step is complete: what the card would refuse is not sent to it.
func (f *newPINForm) ready() bool {
	sure := f.sure == nil || f.sure.on
	switch {
	case f.step == stepNeeds:
		return true
	case f.q.OnReader:
		return sure
	case f.step == stepPUK:
		return sure && !broken(f.judgePUK())
	case f.puk():
		return !broken(f.judgeNew())
	}
	return sure && f.old.complete() && !broken(f.judgeNew())
}

// say follows the typing.
func (f *newPINForm) say() {
	if f.rules == nil || f.on == nil {
		return
	}
	var judged []rule
	switch {
	case f.q.OnReader:
	case f.step == stepPUK:
		judged = f.judgePUK()
	case f.step == stepNew:
		judged = f.judgeNew()
	}
	f.rules.say(judged)
	f.wrong.box.Hide()
	if i := slices.IndexFunc(judged, func(r rule) bool { return r.state == ruleBroken }); i >= 0 && f.stacked() {
		f.wrong.say(judged[i : i+1])
		f.wrong.box.Show()
	}
	f.on.enable(f.ready())
	f.settle()
}

// steps are the stages of a guide: done, current, to come.
func (k *kit) steps(current int, names ...string) *fyne.Container {
	var row []fyne.CanvasObject
	for i, name := range names {
		ring := canvas.NewCircle(hollow(k.p.edge))
		ring.StrokeColor, ring.StrokeWidth = k.p.edge, k.px(max(1.25, k.p.stroke))
		face, ink := noteFace, k.p.muted
		inside := fyne.CanvasObject(nil)
		switch {
		case i < current:
			ring.FillColor, ring.StrokeColor = k.p.good.ink, k.p.good.ink
			inside, ink = padAll(k.px(4), k.icon("tick", 18, k.p.leaf)), k.p.good.ink
		case i == current:
			ring.FillColor, ring.StrokeColor = k.p.ink, k.p.ink
			face, ink = noteBold, k.p.ink
			inside = stepNumber(k, i, k.p.leaf)
		default:
			inside = stepNumber(k, i, k.p.muted)
		}
		row = append(row, hbox(k.px(8), fixed(k.px(26), k.px(26), ring, inside), k.text(face, ink, name)))
	}
	return wrapbox(k.px(18), row...)
}

func stepNumber(k *kit, i int, c color.Color) *canvas.Text {
	n := k.text(noteBold, c, lang.Digits(i+1))
	n.Alignment = fyne.TextAlignCenter
	return n
}

// inner is the name of a PIN as it stands within a sentence: "PIN di firma", "signing PIN"; German nouns keep their
// capital, "Signatur-PIN".
func (k *kit) inner(s string) string {
	r := []rune(s)
	if k.Tag() != "de" && len(r) > 1 && r[1] >= 'a' && r[1] <= 'z' && r[0] >= 'A' && r[0] <= 'Z' {
		r[0] += 'a' - 'A'
	}
	return string(r)
}
