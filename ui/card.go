package ui

import (
	"image/color"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// cardView is the page La mia carta: at a glance whether the card is well, before any PIN.
type cardView struct {
	u       *UI
	frame   *frame
	last    *app.Cards
	passing bool
	open    map[string]bool // certificates whose details are unfolded
	main    func()
	job     *app.PINJob
	saved   *app.Saved
	guides  *app.Guides
	goos    string               // runtime.GOOS
	browse  func(*url.URL) error // opens a page in the browser
	// reworded is set while the control that has the focus changes its words.
	reworded bool
	told     *button // puts the outcome of the last change aside
	from     string  // the control that began the last change
	back     *button // the same, on the page as it is now
}

func newCardView(u *UI) *cardView {
	v := &cardView{u: u, frame: u.k.frame(), open: map[string]bool{}, browse: u.app.OpenURL, goos: runtime.GOOS}
	v.frame.column.elastic = -1
	v.saved = u.latest.Load().Saved // told already
	v.loadGuides()
	return v
}

// Object implements view.
func (v *cardView) Object() fyne.CanvasObject { return v.frame.object }

// Main implements view.
func (v *cardView) Main() func() { return v.main }

// Show implements view.
func (v *cardView) Show(st *app.State) {
	passing := v.u.passing(st.Cards.Advice)
	if st.Cards == v.last && passing == v.passing && st.PINJob == v.job && st.Saved == v.saved {
		return
	}
	v.tellSaved(st.Saved)
	news := st.PINJob != v.job && st.PINJob != nil && !st.PINJob.Running
	ended := v.job != nil && st.PINJob == nil
	v.last, v.passing, v.job, v.saved = st.Cards, passing, st.PINJob, st.Saved
	v.fill()
	c := v.u.window.Canvas()
	if v.u.page != pageCard || v.u.asking != nil {
		return
	}
	switch {
	case news && v.told != nil && c.Focused() == nil:
		c.Focus(v.told) // the panel that had the focus is gone
	case ended && v.back != nil:
		c.Focus(v.back)
	}
}

// fill builds the page. What had the focus has it again.
func (v *cardView) fill() {
	defer v.keepFocus()()
	v.main, v.back = nil, nil
	k, c := v.u.k, v.last
	card := c.Card()
	switch {
	case card != nil && (c.Phase == app.PhaseReady || c.Phase == app.PhaseBlocked):
		v.present(c, card)
	case c.Phase == app.PhaseReading || v.passing:
		v.frame.setBody(-1, k.heading(k.T("ui.page.card"), ""), k.advice(k.p.note, "clock", k.T("ui.phase.reading"), k.T("ui.phase.reading.body")))
	default:
		v.absent(c)
	}
	v.frame.object.Refresh()
}

// absent is the empty state: a drawing, the next step as a title, three steps, and what works anyway.
func (v *cardView) absent(c *app.Cards) {
	u, k := v.u, v.u.k
	key := "ui.absent." + phaseWords[c.Phase].key
	step := key
	if c.Phase == app.PhaseNoService && v.goos == "linux" { // where the service is a package
		step += ".linux"
	}
	steps := []string{k.T(step + ".1"), k.T(step + ".2"), k.T(step + ".3")}
	words := vbox(k.px(8), vbox(k.px(2), k.para(titleFace, k.p.ink, k.T(key)), k.para(bodyFace, k.p.muted, k.T(key+".body"))), fixed(0, k.px(6)),
		k.numbered(bodyFace, steps...), fixed(0, k.px(4)))
	words.Add(hbox(k.px(10), k.icon("check", 20, k.p.muted), flex(k.para(noteFace, k.p.muted, k.T("ui.absent.by-itself")))))
	if !c.Practice {
		rank := inked
		if c.Phase == app.PhaseEmpty {
			rank = outlined // the next step is the card, not a button
		}
		find := k.button(rank, "", k.T("ui.absent.find"), v.find)
		v.main = find.do
		words.Add(fixed(0, k.px(4)))
		buttons := wrapbox(k.px(12), find)
		if c.Phase == app.PhaseUnsupported {
			buttons.Add(k.button(outlined, "settings", k.T("ui.absent.library"), u.toLibrary))
		}
		buttons.Add(k.button(outlined, "", k.T("ui.practice.try"), func() { u.store.UsePractice(true) }))
		words.Add(buttons)
	}
	if card := c.Card(); card != nil && card.ATR != "" && c.Phase != app.PhaseBusy { // a busy one is no riddle
		words.Add(fixed(0, k.px(4)))
		words.Add(k.para(monoFace, k.p.muted, spaced(card.ATR)))
		words.Add(leftmost(k.button(small, "copy", k.T("ui.copy.support"), func() { u.copy(card.Reader + "\n" + card.ATR) })))
	}
	box := container.New(&illustrated{k}, centre(k.picture("draw-reader", 192, 301, k.p.ink)), words)
	v.frame.setBody(-1, k.heading(k.T("ui.page.card"), ""), k.sheet(32, box),
		k.advice(k.p.note, "verify", k.T("ui.absent.verify"), k.T("ui.absent.verify.body"),
			k.button(small, "", k.T("ui.verify.file"), func() { u.turn(pageVerify) })))
}

// find starts the check-up of reader and card, on its page.
func (v *cardView) find() {
	v.u.turn(pageHelp)
	v.u.store.Diagnose(false)
}

// illustrated sets a drawing beside words. Where it would push them down it is left out.
type illustrated struct{ k *kit }

func (l *illustrated) side(width float32) float32 {
	if width < l.k.px(640) { // about that of a window 1000 px wide; a smaller one is low as well
		return 0
	}
	return max(l.k.px(200), min(width*0.4, width-l.k.px(500))) + l.k.px(24)
}

func (l *illustrated) heightFor(o []fyne.CanvasObject, width float32) float32 {
	h, s := float32(0), l.side(width)
	if s > 0 {
		h = o[0].MinSize().Height
	}
	return max(h, heightOf(o[1], width-s))
}

// Layout implements fyne.Layout.
func (l *illustrated) Layout(o []fyne.CanvasObject, size fyne.Size) {
	s := l.side(size.Width)
	o[0].Show()
	if s == 0 {
		o[0].Hide()
	}
	place(o[0], 0, 0, max(0, s-l.k.px(24)), size.Height)
	place(o[1], s, 0, size.Width-s, size.Height)
}

func (l *illustrated) narrowest(o []fyne.CanvasObject) float32 { return narrowest(o[1]) }

// MinSize implements fyne.Layout.
func (l *illustrated) MinSize(o []fyne.CanvasObject) fyne.Size { return o[1].MinSize() }

func (v *cardView) present(c *app.Cards, card *app.Card) {
	k := v.u.k
	_, _, r := cardState(k, c, card)
	icon, words := summary(k, c, card)
	title := vbox(k.px(2), k.para(titleFace, k.p.ink, k.T("ui.page.card")),
		topbox(k.px(9), pad(k.px(2), 0, 0, 0, k.icon(icon, 20, r.ink)), flex(k.para(strongFace, r.ink, words))))
	head, calendar := v.withCalendar(title, card)
	objects := []fyne.CanvasObject{head}
	objects = append(objects, v.outcome(card)...)
	if c.Advice != nil && c.Advice.Code != "" && !(card.Dead() && strings.HasPrefix(c.Advice.Code, "puk-blocked")) { // told below at length
		objects = append(objects, v.u.adviceHere(c.Advice, v.remedy(c.Advice, card)...))
	}
	objects = append(objects, v.deadPUKs(card)...)
	var boxes []fyne.CanvasObject
	var weights []float32
	breakAt := k.px(720)
	for _, cert := range signingFirst(card) {
		boxes = append(boxes, v.certificate(cert))
		weights = append(weights, 1)
		if v.open[cert.ID] {
			breakAt = k.px(1e6) // details take the whole width
		}
	}
	if len(boxes) > 0 {
		objects = append(objects, cols(k.px(20), breakAt, weights, boxes...))
	}
	if s := card.Signing(); s != nil && s.Renewal == app.RenewalTooEarly && !s.Ended() {
		swatch := fixed(k.px(22), k.px(10), rect(k.p.renewal, color.Transparent, 0, k.px(5)))
		objects = append(objects, hbox(k.px(12), swatch, flex(k.para(noteFace, k.p.muted,
			k.Text(lang.M("ui.renew.when", "from", k.Date(s.RenewFrom), "until", k.Date(s.RenewUntil)))))))
	}
	if calendar != nil {
		objects = append(objects, calendar)
	}
	objects = append(objects, v.pins(card))
	if !card.Dead() {
		objects = append(objects, v.official(card)...)
	}
	objects = append(objects, v.about(card))
	v.frame.setBody(-1, objects...)
}

// signingFirst are the certificates in the order in which a person needs them, whatever the card's own.
func signingFirst(card *app.Card) []*app.Certificate {
	var list []*app.Certificate
	for i := range card.Certificates {
		list = append(list, &card.Certificates[i])
	}
	rank := map[app.CertUse]int{app.ForSigning: 0, app.ForLogin: 1, app.ForOther: 2}
	slices.SortStableFunc(list, func(a, b *app.Certificate) int { return rank[a.Use] - rank[b.Use] })
	return list
}

// summary is the one coloured sentence.
func summary(k *kit, c *app.Cards, card *app.Card) (icon, words string) {
	cert := card.Main()
	switch {
	case cert != nil && cert.Use == app.ForSigning && cert.Ended():
		return "stop", k.Text(lang.M("ui.mycard.sum."+cert.Status.State, "date", k.Date(cert.Status.Since)))
	case c.Phase == app.PhaseBlocked && card.Dead():
		return "lock", k.T("ui.mycard.sum.dead")
	case c.Phase == app.PhaseBlocked:
		return "lock", k.Text(lang.M("ui.mycard.sum.blocked", "pin", k.Text(app.PINLabel(card.BlockedPIN().Ref))))
	case cert == nil:
		return "info", k.T("ui.mycard.sum.empty")
	case cert.Renewal == app.RenewalNotYet:
		return "clock", k.Text(lang.M("ui.mycard.sum.not-yet", "date", k.Date(cert.NotBefore)))
	case cert.Use != app.ForSigning && cert.DaysLeft < 0:
		return "stop", k.Text(lang.M("ui.mycard.sum.login-over", "date", k.Date(cert.NotAfter)))
	case cert.Use != app.ForSigning:
		return "info", k.Text(lang.M("ui.sum.login-only", "date", k.Date(cert.NotAfter)))
	case cert.Renewal == app.RenewalOpen, cert.Renewal == app.RenewalLastDay:
		return "clock", k.Text(lang.M("ui.sum.renew", "until", k.Date(cert.RenewUntil)))
	case cert.Renewal == app.RenewalUnsaid && cert.EndsSoon():
		return "clock", k.Text(lang.M("ui.mycard.sum.ends", "date", k.Date(cert.NotAfter)))
	case cert.Renewal == app.RenewalExpired:
		return "stop", k.Text(lang.M("ui.mycard.sum.over", "date", k.Date(cert.NotAfter)))
	case cert.Renewal == app.RenewalClosed:
		return "stop", k.Text(lang.M("ui.sum.expired", "date", k.Date(cert.NotAfter)))
	}
	if pin := card.PIN(cert); pin != nil && pin.TriesLeft == 1 {
		return "warning", k.Text(lang.M("ui.mycard.sum.last-try", "pin", k.inner(k.Text(app.PINLabel(pin.Ref)))))
	}
	if pin := otherBlocked(card); pin != nil {
		return "lock", k.Text(lang.M("ui.mycard.sum.other-blocked", "pin", k.inner(k.Text(app.PINLabel(pin.Ref)))))
	}
	if pin := spentPUK(card); pin != nil {
		return "warning", k.Text(lang.M("ui.mycard.puk.spent", "pin", k.inner(k.Text(app.PINLabel(pin.Ref)))))
	}
	return "check", k.Text(lang.M("ui.sum.ready", "date", k.Date(cert.NotAfter)))
}

// spentPUK is a PIN that nothing could free any more if it were blocked, or nil.
func spentPUK(card *app.Card) *app.PINView {
	for i := range card.PINs {
		if card.PINs[i].PUKBlocked {
			return &card.PINs[i]
		}
	}
	return nil
}

// otherBlocked is a blocked PIN of a card that signs all the same, or nil.
func otherBlocked(card *app.Card) *app.PINView {
	for i := range card.PINs {
		if card.PINs[i].Blocked {
			return &card.PINs[i]
		}
	}
	return nil
}

// certificate is a box: purpose first, then the validity bar, holder, issuer, number.
func (v *cardView) certificate(c *app.Certificate) fyne.CanvasObject {
	k := v.u.k
	icon, key := "file", "ui.cert.other"
	switch c.Use {
	case app.ForSigning:
		icon, key = "sign", "ui.cert.sign"
	case app.ForLogin:
		icon, key = "globe", "ui.cert.login"
	}
	who := c.SubjectCN
	if c.Use == app.ForLogin && c.FiscalCode != "" {
		who = k.masked(c.FiscalCode)
	}
	row := func(key string, o fyne.CanvasObject) fyne.CanvasObject { return k.field(92, k.T(key), o) }
	box := vbox(k.px(7),
		hbox(k.px(14), k.icon(icon, 24, k.p.waxText), flex(vbox(0, k.fit(sectionFace, k.p.ink, k.T(key)), k.para(noteFace, k.p.muted, k.T(key+".what"))))),
		fixed(0, k.px(4)), v.validity(c),
		row("ui.field.holder", k.fit(boxBold, k.p.ink, who)),
		row("ui.field.issuer", k.fit(boxFace, k.p.ink, c.IssuerCN)),
		row("ui.field.number", k.para(monoFace, k.p.ink, spaced(c.Serial))))
	if s := c.Status; s.State != "" {
		ink := map[string]color.NRGBA{"good": k.p.good.ink, "revoked": k.p.bad.ink, "suspended": k.p.bad.ink, "unknown": k.p.muted}[s.State]
		box.Add(row("ui.field.status", k.para(boxBold, ink, k.Text(lang.M("ui.status."+s.State, "since", k.Date(s.Since), "checked", k.DateTime(s.Checked))))))
	}
	word := "ui.details"
	if v.open[c.ID] {
		word = "ui.details.less"
	}
	box.Add(fixed(0, k.px(4)))
	buttons := []fyne.CanvasObject{k.button(small, "", k.T(word), func() {
		v.open[c.ID] = !v.open[c.ID]
		v.reworded = true
		v.fill()
	})}
	if c.Use != app.ForOther {
		ask := k.button(small, "", k.T("ui.mycard.check"), v.u.store.CheckCertificates)
		ask.enable(!v.last.Checking)
		buttons = append(buttons, ask)
	}
	if v.open[c.ID] {
		buttons = append(buttons, k.button(small, "copy", k.T("ui.copy.all"), func() { v.u.copy(k.certificateText(c)) }),
			k.button(small, "download", k.T("ui.mycard.export.pem"), func() { v.export(c, ".pem") }),
			k.button(small, "download", k.T("ui.mycard.export.der"), func() { v.export(c, ".der") }))
	}
	box.Add(wrapbox(k.px(12), buttons...))
	if v.open[c.ID] {
		rows := v.u.certificateLines(c)
		half := (len(rows) + 1) / 2
		box.Add(pad(k.px(9), 0, k.px(5), 0, k.rule()))
		box.Add(cols(k.px(32), k.px(760), []float32{1, 1}, vbox(k.px(7), rows[:half]...), vbox(k.px(7), rows[half:]...)))
	}
	return k.sheet(22, box)
}

// validity is the bar of a certificate's life: past up to today, and the renewal segment.
func (v *cardView) validity(c *app.Certificate) fyne.CanvasObject {
	k := v.u.k
	now := v.u.now()
	l := &validityLayout{k: k}
	life := float32(c.NotAfter.Sub(c.NotBefore))
	part := func(t time.Time) float32 {
		if life <= 0 {
			return 0
		}
		return max(0, min(1, float32(t.Sub(c.NotBefore))/life))
	}
	l.today, l.renew = part(now), 1
	if !c.RenewFrom.IsZero() {
		l.renew = part(c.RenewFrom)
	}
	fill, mark := k.p.good.ink, k.T("ui.today")
	end := k.ShortDate(c.NotAfter)
	switch {
	case c.DaysLeft < 0:
		fill, mark = k.p.bad.ink, k.T("ui.over")
	case c.Ended():
		fill, l.renew = k.p.bad.ink, 1
	default:
		end = k.Text(lang.MN("ui.days", c.DaysLeft)) + " · " + end
	}
	objects := []fyne.CanvasObject{
		rect(k.p.sunk, k.p.edge, k.px(k.p.stroke), k.px(5)),
		rect(fill, color.Transparent, 0, k.px(5)),
		rect(k.p.renewal, color.Transparent, 0, k.px(3)),
		canvas.NewRectangle(k.p.leaf), canvas.NewRectangle(k.p.ink),
		k.text(noteBold, k.p.ink, mark),
		k.text(noteBold, k.p.warn.ink, k.T("ui.renewal")),
		k.text(noteFace, k.p.muted, k.ShortDate(c.NotBefore)),
		k.text(noteFace, k.p.muted, end),
	}
	return container.New(l, objects...)
}

type validityLayout struct {
	k            *kit
	today, renew float32
}

// Layout implements fyne.Layout.
func (l *validityLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	k, w := l.k, size.Width
	y, h := k.px(26), k.px(10)
	o[6].Show()
	x := w * l.today
	place(o[0], 0, y, w, h)
	place(o[1], 0, y, max(k.px(2), x), h)
	if l.renew < 1 {
		place(o[2], w*l.renew, y, w-w*l.renew, h)
	} else {
		o[2].Hide()
		o[6].Hide()
	}
	x = max(k.px(3), min(w-k.px(3), x))
	place(o[3], x-k.px(3.5), y-k.px(6), k.px(7), h+k.px(12))
	place(o[4], x-k.px(1.5), y-k.px(6), k.px(3), h+k.px(12))
	m := o[5].MinSize()
	mx := max(0, min(w-m.Width, x-m.Width/2))
	place(o[5], mx, k.px(-3), m.Width, m.Height)
	r := o[6].MinSize()
	if l.renew < 1 && mx+m.Width+k.px(8) > w-r.Width {
		o[6].Hide()
	}
	place(o[6], w-r.Width, k.px(-3), r.Width, r.Height)
	for i, side := range []float32{0, 1} {
		d := o[7+i].MinSize()
		place(o[7+i], side*(w-d.Width), y+h+k.px(3), d.Width, d.Height)
	}
}

// MinSize implements fyne.Layout.
func (l *validityLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.k.px(220), l.k.px(66))
}

// about is the card itself: kind, serial, issuer, reader.
func (v *cardView) about(card *app.Card) fyne.CanvasObject {
	k := v.u.k
	left, right := vbox(k.px(7)), vbox(k.px(7))
	add := func(box *fyne.Container, key, value string, f face) {
		if value != "" {
			box.Add(k.field(112, k.T(key), k.fit(f, k.p.ink, value)))
		}
	}
	add(left, "ui.field.kind", card.Kind, boxFace)
	add(left, "ui.field.card-serial", card.Serial, monoFace)
	add(left, "ui.field.code", k.masked(card.FiscalCode), boxFace)
	add(right, "ui.field.issued-by", card.Issuer, boxFace)
	if !card.Issued.IsZero() {
		add(right, "ui.field.issued", k.Date(card.Issued), boxFace)
	}
	add(right, "ui.field.reader", card.Reader, boxFace)
	add(right, "ui.field.library", card.Library, boxFace)
	return k.sheet(22, vbox(k.px(12), k.text(face{size: 18, bold: true}, k.p.ink, k.T("ui.about.card")),
		cols(k.px(32), k.px(640), []float32{1, 1}, left, right)))
}
