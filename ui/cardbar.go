package ui

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// cardBar is always in sight: whose card it is, how long it lasts, how many tries are left. F6 goes to it,
// Enter opens the card's page, Down and Up choose among several cards.
type cardBar struct {
	*press
	u     *UI
	last  *app.Cards
	image *canvas.Image
	who   *fitting
	what  *fitting
	count *fitting // the tries left, in place of what the card is where they have no room of their own
	days  *fyne.Container
	left  *fyne.Container
	pill  *pill
	rules [2]fyne.CanvasObject
	body  *fyne.Container
	alert bool // not all is well with the card, and the pill says what
}

func newCardBar(u *UI) *cardBar {
	k := u.k
	b := &cardBar{u: u}
	b.image = k.picture("draw-nochip", 62, 39, k.p.ink)
	b.who = k.fitting(nameFace, k.p.ink, "")
	b.what = k.fitting(noteFace, k.p.muted, "")
	b.count = k.fitting(noteFace, k.p.muted, "")
	b.days, b.left = container.New(flexible{}), container.New(flexible{})
	b.pill = k.pill()
	b.rules = [2]fyne.CanvasObject{k.upright(44), k.upright(44)}
	b.body = container.New(b, b.image, b.who.Container, b.what.Container, b.count.Container, b.rules[0], b.days, b.rules[1], b.left, b.pill.Container)
	b.press = k.press(k.T("ui.cardbar"), b.body, func() { u.turn(pageCard) })
	b.press.inset = true
	b.press.ground.CornerRadius = 0
	b.press.fill = func(hover bool) color.Color {
		if hover {
			return k.p.hovered(k.p.leaf, k.p.ink)
		}
		return color.Transparent
	}
	b.press.key = b.choose
	return b
}

// choose goes to the next card or the one before.
func (b *cardBar) choose(e *fyne.KeyEvent) bool {
	if b.last == nil || len(b.last.List) < 2 {
		return false
	}
	n := len(b.last.List)
	switch e.Name {
	case fyne.KeyDown:
		b.u.store.ChooseCard(b.last.List[(b.last.Chosen+1)%n].Slot)
	case fyne.KeyUp:
		b.u.store.ChooseCard(b.last.List[(b.last.Chosen+n-1)%n].Slot)
	default:
		return false
	}
	return true
}

// phaseWords are the sentence of a phase and of its pill; ready and blocked show the card instead.
var phaseWords = [...]struct{ key, icon string }{
	app.PhaseNoService:   {"no-service", "warning"},
	app.PhaseNoReader:    {"no-reader", "plug"},
	app.PhaseEmpty:       {"empty", "card"},
	app.PhaseMute:        {"mute", "warning"},
	app.PhaseUnsupported: {"unsupported", "warning"},
	app.PhaseBusy:        {"busy", "clock"},
	app.PhaseReading:     {"reading", "clock"},
	app.PhaseReady:       {"ready", "check"},
	app.PhaseBlocked:     {"blocked", "lock"},
}

// Show implements view's Show.
func (b *cardBar) Show(st *app.State) {
	c := st.Cards
	if c == b.last {
		return
	}
	b.last = c
	card := c.Card()
	if card == nil || (c.Phase != app.PhaseReady && c.Phase != app.PhaseBlocked) {
		b.absent(c)
	} else {
		b.present(c, card)
	}
	b.Refresh()
}

func (b *cardBar) absent(c *app.Cards) {
	k := b.u.k
	w := phaseWords[c.Phase]
	drawing := "draw-nochip"
	if c.Card() != nil {
		drawing = "draw-chip"
	}
	k.redraw(b.image, drawing, k.p.ink)
	b.who.say(k.T("ui.phase."+w.key), k.p.ink)
	b.what.say(k.T("ui.phase."+w.key+".what"), k.p.muted)
	b.days.Objects, b.left.Objects, b.alert = nil, nil, false
	r := k.plain()
	if w.icon == "warning" {
		r = k.p.warn
	}
	b.pill.say(w.icon, k.T("ui.phase."+w.key+".pill"), r)
}

func (b *cardBar) present(c *app.Cards, card *app.Card) {
	k := b.u.k
	k.redraw(b.image, "draw-chip", k.p.ink)
	b.who.say(holder(card), k.p.ink)
	kind, code, many := k.Text(app.KindText(card)), "", ""
	if n := len(c.List); n > 1 {
		many = k.Text(lang.MN("ui.cardbar.many", n))
	}
	named := ""
	if card.FiscalCode != "" {
		code = k.masked(card.FiscalCode)
		named = k.Text(lang.M("ui.cardbar.code", "code", code))
	}
	b.what.say(dotted(kind, named, many), k.p.muted, dotted(card.Kind, named, many), dotted(kind, code, many), dotted(card.Kind, code, many), dotted(card.Kind, many))
	b.days.Objects, b.left.Objects = nil, nil
	cert := card.Main()
	if cert != nil {
		words, sub := k.Text(lang.MN("ui.days", cert.DaysLeft)), "ui.until"
		if cert.DaysLeft < 0 {
			words, sub = k.T("ui.days.over"), "ui.since"
		}
		b.days.Objects = []fyne.CanvasObject{vbox(0, k.text(strongFace, dayColour(k, cert), words),
			k.text(noteFace, k.p.muted, k.Text(lang.M(sub, "date", k.Date(cert.NotAfter)))))}
	}
	if pin := card.PIN(cert); pin != nil {
		t, which := pin.Tries(false), k.Text(lang.M("ui.tries.for", "pin", k.inner(k.Text(app.PINLabel(pin.Ref)))))
		b.left.Objects = []fyne.CanvasObject{vbox(0, hbox(k.px(12), k.text(strongFace, triesInk(k, t), triesWords(k, t)), k.pips(t.Left, 3, 14)),
			k.text(noteFace, k.p.muted, which))}
		b.count.say(initial(triesWords(k, t))+" "+which, triesInk(k, t), initial(triesWords(k, t)))
	}
	icon, key, r := cardState(k, c, card)
	b.alert = icon != "check"
	b.pill.say(icon, k.T(key), r)
}

// dotted are the parts that there are, in one line.
func dotted(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// holder is the name of the person, or of the card when it has none.
func holder(c *app.Card) string {
	name := strings.TrimSpace(c.Name + " " + c.Surname)
	if cert := c.Signing(); name == "" && cert != nil {
		name = cert.SubjectCN
	}
	if name == "" && len(c.Certificates) > 0 {
		name = c.Certificates[0].SubjectCN
	}
	if name == "" {
		name = c.Kind + " " + c.Serial
	}
	return name
}

func dayColour(k *kit, cert *app.Certificate) color.NRGBA {
	switch {
	case cert.DaysLeft < 0 || cert.Renewal == app.RenewalClosed || cert.Renewal == app.RenewalExpired:
		return k.p.bad.ink
	case cert.EndsSoon():
		return k.p.warn.ink
	}
	return k.p.ink
}

// triesWords tells the tries left, always in words; where the card does not tell, what was refused today.
func triesWords(k *kit, t app.Tries) string {
	switch {
	case t.Left == 0:
		return k.T("ui.tries.none")
	case t.Left > 0:
		return k.Text(lang.MN("ui.tries", t.Left))
	case t.WrongToday > 0:
		return k.Text(lang.MN("ui.tries.today", t.WrongToday))
	case t.Low:
		return k.T("ui.tries.low")
	}
	return k.T("ui.tries.unknown")
}

// cardState sums a card up in a pill.
func cardState(k *kit, c *app.Cards, card *app.Card) (icon, key string, r role) {
	cert := card.Main()
	switch {
	case cert != nil && cert.Status.State == "revoked":
		return "stop", "ui.card.revoked", k.p.bad
	case cert != nil && cert.Status.State == "suspended":
		return "stop", "ui.card.suspended", k.p.bad
	case c.Phase == app.PhaseBlocked:
		return "lock", "ui.phase.blocked.pill", k.p.bad
	case cert == nil:
		return "info", "ui.card.no-certificate", k.p.warn
	case cert.Renewal == app.RenewalNotYet:
		return "clock", "ui.card.not-yet", k.p.warn
	case cert.Use != app.ForSigning && cert.DaysLeft >= 0:
		return "info", "ui.card.login-only", k.p.warn
	case cert.Renewal == app.RenewalOpen || cert.Renewal == app.RenewalLastDay:
		return "clock", "ui.card.renew", k.p.warn
	case cert.Renewal == app.RenewalClosed || cert.Renewal == app.RenewalExpired:
		return "stop", "ui.card.expired", k.p.bad
	case cert.EndsSoon():
		return "clock", "ui.card.ends", k.p.warn
	}
	if pin := card.PIN(cert); pin != nil && pin.TriesLeft == 1 {
		return "warning", "ui.card.last-try", k.p.warn
	}
	if otherBlocked(card) != nil {
		return "lock", "ui.card.other-blocked", k.p.warn
	}
	if spentPUK(card) != nil {
		return "warning", "ui.card.puk-blocked", k.p.warn
	}
	return "check", "ui.phase.ready.pill", k.p.good
}

// chooseParts leaves out what does not fit: the picture first, then the pill, then the date. A pill that tells of
// something amiss stays, as a suspended certificate has days and tries left that look well; the tries then go below the
// name.
func (b *cardBar) chooseParts(width, edge float32) (picture, state bool, gap float32) {
	k := b.u.k
	w := func(o fyne.CanvasObject) float32 { return o.MinSize().Width }
	days, left := len(b.days.Objects) > 0, len(b.left.Objects) > 0
	picture, state, gap = true, true, k.px(20)
	need := func() float32 {
		but := 0
		if picture || state && !b.alert {
			but = 1 // these go before the tax code
		}
		n := 2*edge + min(max(w(b.who.Container), b.what.least(but)), k.px(300))
		for _, p := range []struct {
			on bool
			w  float32
		}{{picture, k.px(82)}, {days, w(b.days) + 2*gap}, {left, w(b.left) + 2*gap}, {state, w(b.pill.Container) + gap}} {
			if p.on {
				n += p.w
			}
		}
		return n
	}
	for _, drop := range []*bool{&picture, &state, &days, &left} {
		if drop == &state && (b.alert || !days && !left && b.last.Card() != nil) {
			continue // nothing else tells the state; without a card the sentence does
		}
		if drop == &days && need() > width {
			gap = k.px(14)
		}
		if need() > width {
			*drop = false
		}
	}
	below := !left && len(b.left.Objects) > 0
	for o, on := range map[fyne.CanvasObject]bool{
		b.image: picture, b.days: days, b.rules[0]: days, b.left: left, b.rules[1]: left, b.pill.Container: state,
		b.count.Container: below, b.what.Container: !below,
	} {
		if on {
			o.Show()
		} else {
			o.Hide()
		}
	}
	return picture, state, gap
}

// Layout implements fyne.Layout.
func (b *cardBar) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	k := b.u.k
	edge := edgeOf(k, size.Width)
	w := func(o fyne.CanvasObject) float32 { return o.MinSize().Width }
	picture, state, gap := b.chooseParts(size.Width, edge)
	middle := size.Height / 2
	x := edge
	if picture {
		place(b.image, x, middle-k.px(19.5), k.px(62), k.px(39))
		x += k.px(82)
	}
	right := size.Width - edge
	if state {
		right -= w(b.pill.Container)
		place(b.pill.Container, right, middle-k.px(18), w(b.pill.Container), k.px(36))
		right -= gap
	}
	for i, o := range []*fyne.Container{b.left, b.days} {
		if !o.Visible() {
			continue
		}
		h := o.MinSize().Height
		right -= w(o)
		place(o, right, middle-h/2, w(o), h)
		right -= gap
		place(b.rules[1-i], right, middle-k.px(22), k.px(k.p.stroke), k.px(44))
		right -= gap
	}
	h1, h2 := b.who.MinSize().Height, b.what.MinSize().Height
	top := middle - (h1+h2)/2
	place(b.who.Container, x, top, right-x, h1)
	place(b.what.Container, x, top+h1, right-x, h2)
	place(b.count.Container, x, top+h1, right-x, h2)
}

// MinSize implements fyne.Layout.
func (b *cardBar) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, b.u.k.px(50)) }
