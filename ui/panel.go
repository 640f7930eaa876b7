package ui

import (
	"context"
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// panel is what rises over the faded page while a question is open. It lies in the canvas's overlays, so keys
// and clicks stay within it.
type panel struct {
	object *fyne.Container
	first  fyne.Focusable
	field  *pinField   // nil when nothing is typed
	fields []*pinField // all of them, where there are several
	layout *panelLayout
	toast  *toast
	hint   *hint
}

// wipe forgets the digits that were not taken.
func (p *panel) wipe() {
	if p.field != nil {
		p.field.pin.Wipe()
	}
	for _, f := range p.fields {
		f.pin.Wipe()
	}
}

// panelLayout fades the page and puts the sheet at its foot; in a window too low for both it takes the whole
// height, and scrolls.
type panelLayout struct {
	u     *UI
	rise  float32 // 0 below the window, 1 in place
	veil  *canvas.Rectangle
	sheet *fyne.Container
	toast *toast
}

// Layout implements fyne.Layout.
func (l *panelLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	page := l.u.shell.pageArea(size)
	x, w := page.Position.X, page.Size.Width
	h := heightOf(l.sheet.Objects[0].(*fyne.Container), w) + l.u.k.px(4)
	if h > size.Height-page.Position.Y {
		top, _, _ := l.u.shell.measures(size) // the card bar goes, the practice ribbon never does
		page.Position.Y = top
		page.Size.Height = size.Height - top
		h = min(h, page.Size.Height)
		if page.Size.Height-h < l.u.k.px(48) { // a strip of the card bar would tell nothing
			h = page.Size.Height
		}
	}
	place(l.veil, x, page.Position.Y, w, page.Size.Height)
	place(l.sheet, x, size.Height-h*l.rise, w, h)
	gap := l.u.k.px(16)
	l.toast.above(x, w, max(size.Height-h-gap, page.Position.Y+gap+l.toast.object.MinSize().Height))
}

// MinSize implements fyne.Layout.
func (l *panelLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// sheetLayout is the wax edge and below it the content.
type sheetLayout struct {
	k    *kit
	edge *canvas.Rectangle
}

// Layout implements fyne.Layout.
func (l *sheetLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	e := l.k.px(3)
	place(objects[0], 0, e, size.Width, size.Height-e)
	place(l.edge, 0, 0, size.Width, e)
}

// MinSize implements fyne.Layout.
func (l *sheetLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// newPanel puts content on a sheet with an edge of the colour.
func (u *UI) newPanel(edge color.NRGBA, content fyne.CanvasObject) *panel {
	k := u.k
	line := canvas.NewRectangle(edge)
	sheet := container.New(&sheetLayout{k, line}, over(canvas.NewRectangle(k.p.leaf), content), line)
	veil := canvas.NewRectangle(faded(k.p.paper, 0xC8))
	l := &panelLayout{u: u, rise: 1, veil: veil, sheet: sheet, toast: k.toast()}
	h := k.hint()
	p := &panel{object: container.New(l, veil, sheet, l.toast.object, h.object), layout: l, toast: l.toast, hint: h}
	h.within = p.object
	return p
}

// newSheet is newPanel with a foot that stays in sight while the body scrolls: what is asked can always be answered.
func (u *UI) newSheet(edge color.NRGBA, body, foot fyne.CanvasObject) *panel {
	return u.newPanel(edge, newFooted(u.k, body, foot))
}

// rise moves the sheet up from the foot of the window, unless animations are off.
func (p *panel) rise(animate bool) {
	if !animate {
		return
	}
	a := fyne.NewAnimation(160*time.Millisecond, func(f float32) {
		p.layout.rise = f
		p.layout.Layout(nil, p.object.Size())
		canvas.Refresh(p.object)
	})
	a.Curve = fyne.AnimationEaseOut
	a.Start()
}

// tries is what stands at the side of the PIN: what the card tells, or what was refused today, never a guess.
func (u *UI) tries(t app.Tries) (title, body string) {
	k := u.k
	switch {
	case t.Left == 1:
		return k.T("ui.pin.tries.last"), k.T("ui.pin.tries.last.body")
	case t.Left >= 0:
		return initial(k.Text(lang.MN("ui.pin.tries", t.Left))), k.T("ui.pin.tries.body")
	case t.WrongToday > 0:
		return k.Text(lang.MN("ui.pin.tries.today", t.WrongToday)), k.T("ui.pin.tries.unknown.body")
	case t.Low:
		return k.T("ui.pin.tries.low"), k.T("ui.pin.tries.unknown.body")
	}
	return k.T("ui.pin.tries.unknown"), k.T("ui.pin.tries.unknown.body")
}

// triesInk is the colour of words about tries: danger at what may be the last one.
func triesInk(k *kit, t app.Tries) color.NRGBA {
	if t.Left == 0 || t.Last() {
		return k.p.bad.ink
	}
	return k.p.ink
}

// triesLeft tells the tries at the side of what is typed, and in one line where there is no room for that.
func (u *UI) triesLeft(left int, title, body string, ink color.NRGBA) (side, short *fyne.Container) {
	k, edge := u.k, u.panelEdge()
	near := min(edge, k.px(32))
	words := vbox(k.px(10), pad(0, 0, k.px(8), 0, hbox(0, k.pips(left, 3, 22))), k.para(sectionFace, ink, title), k.para(boxFace, k.p.muted, body))
	side = over(canvas.NewRectangle(k.p.sunk), pad(near+k.px(2), near-k.px(8), k.px(20), edge, words),
		container.New(rightEdge{k.px(k.p.stroke)}, canvas.NewRectangle(k.p.line)))
	return side, hbox(k.px(12), k.pips(left, 3, 14), flex(k.para(boxBold, ink, title)))
}

// rightEdge is a line down the right side.
type rightEdge struct{ w float32 }

// Layout implements fyne.Layout.
func (l rightEdge) Layout(o []fyne.CanvasObject, size fyne.Size) {
	place(o[0], size.Width-l.w, 0, l.w, size.Height)
}

// MinSize implements fyne.Layout.
func (l rightEdge) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(l.w, 0) }

// pinPanel asks for a PIN. Enter gives it, Esc refuses.
func (u *UI) pinPanel(q app.PINQuestion, give func(*app.PIN), refuse func()) *panel {
	k := u.k
	title, body := u.tries(q.Tries)
	titleColour := triesInk(k, q.Tries)
	side, short := u.triesLeft(max(q.Left, 0), title, body, titleColour)
	head := vbox(k.px(4), k.para(pinFace, k.p.ink, k.Text(q.Label)), k.para(bodyFace, k.p.muted, k.Text(q.Purpose)))
	if !q.Refused.IsZero() {
		head.Add(hbox(k.px(8), k.icon("warning", 20, k.p.bad.ink), flex(k.para(strongFace, k.p.bad.ink, k.Text(q.Refused)))))
	}
	cancel := k.button(outlined, "", k.T("ui.cancel"), refuse)
	cancel.least.Height = k.px(56)
	if q.OnReader {
		return u.readerPIN(q, side, short, head, cancel, give, refuse)
	}
	return u.typedPIN(q, side, short, head, cancel, give, refuse)
}

// readerPIN is the panel before the reader asks for the PIN: it gets ready only when the person is.
func (u *UI) readerPIN(q app.PINQuestion, side, short, head *fyne.Container, cancel *button, give func(*app.PIN), refuse func()) *panel {
	k := u.k
	sign := k.button(sealing, "keyboard", k.Text(q.Action), func() { give(nil) })
	body := vbox(k.px(16), head, k.advice(k.p.note, "keyboard", k.T("ui.pin.on-reader"), k.T("ui.pin.on-reader.body")))
	p := u.newPanel(k.p.waxText, u.pinColumns(side, short, body, hbox(k.px(12), flex(), cancel, sign), k.px(16)))
	p.first = sign
	cancel.key, sign.key = u.within(refuse, cancel.press), u.within(refuse, sign.press)
	return p
}

// OnReader implements app.ReaderAsker: it says that the reader waits, until it does no more.
func (u *UI) OnReader(ctx context.Context, w app.ReaderWait) {
	a := &asking{ui: u, refuse: func() {}} // what the reader has begun is ended on the reader
	start := u.now()
	a.build = func() *panel { return u.waitPanel(a, w, start) }
	u.onUI(func() { u.ask(ctx, a) })
	<-ctx.Done()
	u.onUI(a.shut)
}

// waitPanel is shown while the reader waits for its keys, since start.
func (u *UI) waitPanel(a *asking, w app.ReaderWait, start time.Time) *panel {
	k := u.k
	words := vbox(k.px(6), k.para(pinFace, k.p.ink, k.T("ui.pin.reader.now")),
		k.para(bodyFace, k.p.ink, k.Text(lang.M("ui.pin.reader.now.body", "pin", k.inner(k.Text(w.Label))))))
	if w.Within > 0 {
		words.Add(u.countdown(a, w, start))
	}
	content := container.New(&edged{k, k.px(26), k.px(26)}, topbox(k.px(18), k.icon("keyboard", 32, k.p.waxText), flex(words)))
	return u.newPanel(k.p.waxText, scrolledTall(content))
}

// countdown tells how long the reader still waits for the first key, second by second while a is open. What happens at
// its keys after that nobody sees, so then it says what the reader does.
func (u *UI) countdown(a *asking, w app.ReaderWait, start time.Time) *fyne.Container {
	k := u.k
	line := k.paragraph(strongFace, k.p.ink, "")
	var count func()
	count = func() {
		left := int((w.Within - u.now().Sub(start) + time.Second - 1) / time.Second)
		switch {
		case w.Codes > 1:
			line.paint(k.Text(lang.MN("ui.pin.reader.each", int(w.Within/time.Second))), k.p.ink)
			return
		case left <= 0:
			line.paint(k.T("ui.pin.reader.late"), k.p.muted)
			return
		}
		line.paint(k.Text(lang.MN("ui.pin.reader.left", left)), k.p.ink)
		u.later(time.Second, func() {
			if u.asking == a && u.k == k { // else another panel counts
				count()
			}
		})
	}
	count()
	return line.Container
}

// typedPIN is the panel with a field in it.
func (u *UI) typedPIN(q app.PINQuestion, side, short, head *fyne.Container, cancel *button, give func(*app.PIN), refuse func()) *panel {
	k := u.k
	field := newPINField(k, q.Min, q.Max)
	sign := k.button(sealing, "sign", k.Text(q.Action), func() { give(field.take()) })
	sign.enable(false)
	count := k.paragraph(noteFace, k.p.muted, "")
	say := func() {
		s, ink := initial(k.Text(lang.MN("ui.pin.count", field.pin.Len())))+"\n"+u.pinLength(q), k.p.muted
		if field.halved() {
			s, ink = k.T("ui.pin.halves"), k.p.ink
		}
		count.paint(s, ink)
		sign.enable(field.complete())
	}
	say()
	field.changed = say
	field.submit = func() { give(field.take()) }
	field.close = refuse
	var seen *tickBox
	seen = k.tick(k.T("ui.pin.show"), func() { field.show(seen.on) })
	seen.key = u.within(refuse, seen.press)
	notes := vbox(k.px(6), count.Container, seen)
	lock := hbox(k.px(12), k.icon("lock", 22, k.p.muted), flex(k.para(noteFace, k.p.muted, k.T("ui.pin.kept"))))
	if words := u.practiceWords(q.Practice, "pin", app.PracticePIN); words != "" {
		lock = hbox(k.px(12), k.icon("info", 22, k.p.note.ink), flex(k.para(noteBold, k.p.note.ink, words)))
	}
	fw := field.MinSize().Width
	gap := k.px(14)
	if u.window.Canvas().Size().Height < k.px(700) {
		gap = k.px(13)
	}
	body := vbox(gap, head, cols(k.px(14), fw+k.px(150), []float32{-fw, 1}, leftmost(field), pad(k.px(4), 0, 0, 0, notes)))
	foot := cols(k.px(12), k.px(520), []float32{1, -widest([]fyne.CanvasObject{cancel}) - widest([]fyne.CanvasObject{sign}) - k.px(24)},
		lock, hbox(k.px(12), flex(), cancel, sign))
	if u.window.Canvas().Size().Height < k.px(360) { // room for the field
		body.Add(lock)
		foot = k.answers(cancel, sign)
	}
	p := u.newPanel(k.p.waxText, u.pinColumns(side, short, body, foot, gap))
	p.first, p.field = field, field
	ringOf := []fyne.Focusable{field, seen, cancel, sign}
	field.tab = func(back bool) { u.round(ringOf, field, back) }
	cancel.key, sign.key = u.within(refuse, cancel.press), u.within(refuse, sign.press)
	return p
}

// practiceWords tell the PIN or PUK of the practice card while it is the one that everybody knows; of a real card
// they are empty.
func (u *UI) practiceWords(p app.PracticeCode, what, digits string) string {
	switch p {
	case app.PracticeKnown:
		return u.k.Text(lang.M("ui.practice."+what, "code", digits))
	case app.PracticeChosen:
		return u.k.Text(lang.M("ui.practice."+what+".chosen", "code", digits))
	}
	return ""
}

func (u *UI) pinLength(q app.PINQuestion) string {
	if q.Min == q.Max {
		return u.k.Text(lang.MN("ui.pin.length.exact", q.Max))
	}
	return u.k.Text(lang.M("ui.pin.length", "min", lang.Digits(q.Min), "max", lang.Digits(q.Max)))
}

// pinRoom is how far what stands beside the tries keeps from the edges and from its foot.
type pinRoom struct{ top, gap, bottom, above float32 } // above the tries, where they are a line

// panelEdge is the empty edge of a panel: that of the page below it.
func (u *UI) panelEdge() float32 {
	return edgeOf(u.k, u.shell.pageArea(u.window.Canvas().Size()).Size.Width)
}

// pinColumns is the sheet of a PIN that signs.
func (u *UI) pinColumns(side, short, body, foot fyne.CanvasObject, gap float32) *fyne.Container {
	k := u.k
	room := pinRoom{top: k.px(30), gap: gap, bottom: k.px(22), above: k.px(16)}
	if u.window.Canvas().Size().Height < k.px(700) {
		room.top = k.px(22)
	}
	return u.pinSheet(&pinLayout{k: k}, side, short, body, foot, room)
}

// pinSheet sets the tries, at the side or short, beside a body that scrolls over a foot that does not.
func (u *UI) pinSheet(l *pinLayout, side, short, body, foot fyne.CanvasObject, room pinRoom) *fyne.Container {
	edge := u.panelEdge()
	near := min(edge, u.k.px(32)) // what is between the tries and the body
	if l.side(u.shell.pageArea(u.window.Canvas().Size()).Size.Width) == 0 {
		room.top -= u.k.px(10) // the line above has its own
	}
	beside := footedWithin(u.k, pad(room.top, edge, room.gap/2, near, body), pad(max(room.gap/2, u.k.px(8)), edge, room.bottom, near, foot)) // the ring of a button keeps off the line
	return container.New(l, side, beside, pad(room.above, edge, 0, edge, short))
}

// pinLayout sets the tries at the side; where there is no room for that they stand in a line above. What stands beside
// them scrolls, the tries never do.
type pinLayout struct {
	k     *kit
	roomy bool // what stands beside the tries needs much room
}

func (l *pinLayout) side(width float32) float32 {
	switch {
	case width >= l.k.px(850):
		return l.k.px(300-32) + edgeOf(l.k, width)
	case width >= l.k.px(560) && !l.roomy:
		return l.k.px(236)
	}
	return 0
}

func (l *pinLayout) heightFor(o []fyne.CanvasObject, width float32) float32 {
	s := l.side(width)
	if s == 0 {
		return heightOf(o[1], width) + heightOf(o[2], width)
	}
	return max(heightOf(o[1], width-s), heightOf(o[0], s))
}

// Layout implements fyne.Layout.
func (l *pinLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	s, top := l.side(size.Width), float32(0)
	if s == 0 {
		o[0].Hide()
		o[2].Show()
		top = heightOf(o[2], size.Width)
		place(o[2], 0, 0, size.Width, top)
	} else {
		o[0].Show()
		o[2].Hide()
	}
	place(o[0], 0, 0, s, size.Height)
	place(o[1], s, top, size.Width-s, size.Height-top)
}

// MinSize implements fyne.Layout.
func (l *pinLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// confirmPanel asks a yes-or-no question. The safe answer has the focus.
func (u *UI) confirmPanel(q app.Question, yes, no func()) *panel {
	k := u.k
	r, icon := severityLook(k, q.Severity)
	rank := inked
	y := k.button(rank, "", k.Text(q.Yes), yes)
	n := k.button(outlined, "", k.Text(q.No), no)
	if q.No.IsZero() {
		n.say(k.T("ui.cancel"))
	}
	if q.Yes.IsZero() {
		y.say(k.T("ui.continue"))
	}
	words := vbox(k.px(6), k.para(pinFace, k.p.ink, k.Text(q.Title)), k.para(bodyFace, k.p.muted, k.Text(q.Body)))
	p := u.newSheet(r.ink, topbox(k.px(18), k.icon(icon, 32, r.ink), flex(words)), k.answers(n, y))
	p.first = n
	n.key, y.key = u.within(no, n.press), u.within(no, y.press)
	return p
}

// within handles the keys of a button in a panel: Esc closes it, the rest goes nowhere else.
func (u *UI) within(refuse func(), p *press) func(*fyne.KeyEvent) bool {
	return func(e *fyne.KeyEvent) bool {
		switch e.Name {
		case fyne.KeyEscape:
			refuse()
			return true
		case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
			return false
		}
		u.scrolls(e.Name)
		return true
	}
}

// round moves the focus from one control of a panel to the next that is on.
func (u *UI) round(ring []fyne.Focusable, from fyne.Focusable, back bool) {
	at, step := 0, 1
	if back {
		step = len(ring) - 1
	}
	for i, f := range ring {
		if f == from {
			at = i
		}
	}
	for i := (at + step) % len(ring); i != at; i = (i + step) % len(ring) {
		if d, ok := ring[i].(fyne.Disableable); ok && d.Disabled() {
			continue
		}
		u.window.Canvas().Focus(ring[i])
		return
	}
}

// scrolledTall is scrolled, with the height of what is inside as its own.
func scrolledTall(o *fyne.Container) *fyne.Container {
	return container.New(&tallScroll{o}, scrolled(o))
}

type tallScroll struct{ inner *fyne.Container }

func (l *tallScroll) heightFor(_ []fyne.CanvasObject, width float32) float32 {
	return heightOf(l.inner, width)
}

// Layout implements fyne.Layout.
func (l *tallScroll) Layout(o []fyne.CanvasObject, size fyne.Size) { flexible{}.Layout(o, size) }

// MinSize implements fyne.Layout.
func (l *tallScroll) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// leftmost keeps an object at its own width at the left.
func leftmost(o fyne.CanvasObject) *fyne.Container { return hbox(0, o, flex()) }

// answers are the buttons of a panel, at its right, the main one last.
func (k *kit) answers(buttons ...fyne.CanvasObject) *fyne.Container {
	return hbox(k.px(12), append([]fyne.CanvasObject{flex()}, buttons...)...)
}
