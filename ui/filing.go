package ui

import (
	"net/url"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is the checklist of the page Firma: whom the files are for, and what that office would refuse. The page
// shows what [UI.filingLine] and [UI.filingChooser] give it, and builds itself anew when State.Filing has changed.

// filingIntents is what the checklist asks of the store.
type filingIntents interface {
	SetProfile(id string)
	SetChoices(c app.SignChoices)
	Remove(id int)
	ExpectSigner(code string)
	CompareWith(paths ...string)
}

// maxFilingShown bounds the page of details; the command line prints all.
const maxFilingShown = 40

// maxNamesShown bounds the names of the files of a point.
const maxNamesShown = 24

// filingLine tells in a line how the files stand; nil when there is nothing to tell to somebody who chose no office, who is
// told of a check only if it takes long.
func (u *UI) filingLine(st *app.State) fyne.CanvasObject {
	f, k := st.Filing, u.k
	if f == nil || f.Profile == app.FilingProfiles()[0] && !f.Long && (f.Running || f.Advice == nil && f.Verdict() == app.FilingReady) {
		return nil
	}
	switch {
	case f.Running:
		return hbox(k.px(10), k.icon("info", 20, k.p.muted), flex(k.fit(noteFace, k.p.muted, k.T("filing.checking"))))
	case f.Advice != nil:
		return u.adviceBox(f.Advice, k.button(small, "", k.T("filing.details"), u.openFiling))
	}
	title := k.T("filing." + string(f.Verdict()) + "." + f.Profile)
	if u.refused(st) { // the main button of the page leads to the details
		return k.advice(k.p.bad, "stop", title, u.filingSummary(f, app.SeverityDanger, "filing.points"))
	}
	details := k.button(small, "", k.T("filing.details"), u.openFiling)
	if f.Validating {
		title += " " + k.T("filing.validating")
	}
	switch f.Verdict() {
	case app.FilingDoubt:
		return k.advice(k.p.warn, "warning", title, u.filingSummary(f, app.SeverityWarning, "filing.points.doubt"), details)
	}
	return hbox(k.px(10), k.icon("check", 22, k.p.good.ink), flex(k.fit(strongFace, k.p.ink, title)), details)
}

// refused reports whether who receives the files would turn them down: then the page does not ask for the signature,
// though it lets the person make it.
func (u *UI) refused(st *app.State) bool {
	f := st.Filing
	return f != nil && !f.Running && f.Advice == nil && f.Verdict() == app.FilingRefused
}

// filingSummary is the first of the gravest points, and how many there are.
func (u *UI) filingSummary(f *app.Filing, s app.Severity, key string) string {
	n := f.Count(s)
	first := f.Items[0]
	words := first.Text(u.k.Catalog).Title
	if first.File != "" {
		words = "**" + plain(filepath.Base(first.File)) + "**" + u.k.Colon() + words
	}
	if n > 1 {
		words += " " + initial(u.k.Text(lang.MN(key, n))) + "."
	}
	return words
}

// plain takes the marks of bold out of a name.
func plain(s string) string {
	b := []rune{}
	for _, r := range s {
		if r != '*' {
			b = append(b, r)
		}
	}
	return string(b)
}

// filingChooser tells whom the files are for, and lets that be chosen.
func (u *UI) filingChooser(st *app.State) fyne.CanvasObject {
	k := u.k
	id := app.FilingProfiles()[0]
	if st.Settings.Profile != "" {
		id = st.Settings.Profile
	}
	return k.chooser(k.Text(lang.M("filing.choose", "name", k.T("filing.profile."+id))), u.chooseProfile)
}

// chooseProfile opens the panel with the offices.
func (u *UI) chooseProfile() {
	u.openSheet(func(a *asking) *panel {
		k := u.k
		now := u.latest.Load().Settings.Profile
		if now == "" {
			now = app.FilingProfiles()[0]
		}
		cancel := k.button(outlined, "", k.T("ui.cancel"), a.shut)
		cancel.key = u.within(a.shut, cancel.press)
		first := fyne.Focusable(cancel)
		list := vbox(k.px(optionGap))
		for _, id := range app.FilingProfiles() {
			icon := "ring"
			if id == now {
				icon = "check"
			}
			c := k.option(icon, k.T("filing.profile."+id), k.T("filing.profile."+id+".what"), id == now, func() { a.shut(); u.store.SetProfile(id) })
			c.key = u.within(a.shut, c)
			if id == now {
				first = c
			}
			list.Add(c)
		}
		head := vbox(k.px(4), k.para(pinFace, k.p.ink, k.T("filing.choose.title")), k.para(bodyFace, k.p.muted, k.T("filing.choose.what")))
		p := u.newSheet(k.p.ink, vbox(k.px(18), head, list), k.answers(cancel))
		p.first = first
		return p
	})
}

// openFiling opens the details of the checklist.
func (u *UI) openFiling() {
	u.openSheet(func(a *asking) *panel {
		k, st := u.k, u.latest.Load()
		a.watch = checking
		f := st.Filing
		if f == nil {
			f = &app.Filing{Profile: app.FilingProfiles()[0]}
		}
		words := "filing." + string(f.Verdict()) + "." + f.Profile
		switch {
		case f.Running:
			words = "filing.checking"
		case f.Advice != nil:
			words = "filing.list.title"
		}
		title := k.para(pinFace, k.p.ink, k.T(words))
		note := k.para(noteFace, k.p.muted, k.T("filing.no-promise"))
		shut := k.button(inked, "", k.T("ui.close"), a.shut)
		shut.key = u.within(a.shut, shut.press)
		list := []fyne.CanvasObject{u.filingAsides(a, st)}
		if f.Advice != nil {
			list = append(list, u.adviceBox(f.Advice))
		}
		if !f.SignerChecked && !f.Running && f.Advice == nil {
			list = append(list, k.para(noteFace, k.p.muted, k.T("filing.no-card")))
		}
		if f.Validating {
			list = append(list, k.para(noteFace, k.p.muted, k.T("filing.validating")))
		}
		cards, more := filingCards(f.Items, maxFilingShown)
		for _, c := range cards {
			list = append(list, u.filingItem(a, c))
		}
		if more > 0 {
			list = append(list, k.para(strongFace, k.p.ink, k.Text(lang.MN("filing.more", more))))
		}
		content := container.New(&pickLayout{k}, vbox(k.px(2), title, note), scrolled(pad(k.px(3), k.px(16), k.px(6), k.px(3), vbox(k.px(14), list...))), hbox(k.px(12), flex(), shut), canvas.NewRectangle(k.p.line))
		p := u.newPanel(k.p.ink, over(canvas.NewRectangle(k.p.leaf), content))
		p.first = shut
		return p
	})
}

// filingCard is a point, and the files that it is said of.
type filingCard struct {
	app.FilingItem
	files []string
}

// filingCards are the first points in their order, at most so many, and how many there are beyond; what is said of several
// files in the same words, with nothing to be pressed for one of them, is said once.
func filingCards(items []app.FilingItem, most int) (cards []filingCard, more int) {
	seen := map[string]int{}
	for i := range items {
		it := &items[i]
		n := len(cards) + more
		if it.File != "" && it.Severity != app.SeverityDanger && it.Action == app.FilingNothing {
			at, ok := seen[it.Same()]
			switch {
			case ok && at < most:
				cards[at].files = append(cards[at].files, it.File)
				continue
			case ok:
				continue
			}
			seen[it.Same()] = n
		}
		if n >= most {
			more++
			continue
		}
		cards = append(cards, filingCard{*it, []string{it.File}})
	}
	return cards, more
}

// filingNames names the files of a point.
func (u *UI) filingNames(c filingCard) fyne.CanvasObject {
	k := u.k
	switch {
	case c.File == "":
		return k.fileName(noteBold, k.p.muted, k.T("filing.set"))
	case len(c.files) == 1:
		return k.fileName(noteBold, k.p.muted, filepath.Base(c.File))
	}
	return k.para(noteBold, k.p.muted, k.namesOf(c.files))
}

// namesOf names the files, and counts those beyond [maxNamesShown].
func (k *kit) namesOf(files []string) string {
	var names []string
	for i, f := range files {
		if i == maxNamesShown {
			names = append(names, k.Text(lang.MN("filing.names.more", len(files)-i)))
			break
		}
		names = append(names, plain(app.Visible(filepath.Base(f))))
	}
	return strings.Join(names, " · ")
}

// filingItem is one point: what, of which files, why, who says so, how to mend it, and a button where one can.
func (u *UI) filingItem(a *asking, it filingCard) fyne.CanvasObject {
	k, t := u.k, it.Text(u.k.Catalog)
	r, icon := severityLook(k, it.Severity)
	word := k.T("filing.severity." + map[app.Severity]string{app.SeverityDanger: "refused", app.SeverityWarning: "doubt", app.SeverityInfo: "known"}[it.Severity])
	words := vbox(k.px(4), u.filingNames(it), k.para(strongFace, k.p.ink, t.Title))
	if t.Why != "" {
		words.Add(k.para(boxFace, k.p.ink, t.Why))
	}
	words.Add(k.para(boxBold, k.p.ink, k.Text(lang.M("filing.to-mend", "mend", t.Mend))))
	if t.By != "" {
		words.Add(k.para(noteFace, k.p.muted, t.By))
	}
	if t.Host != "" {
		words.Add(k.fileName(noteFace, k.p.muted, t.Host)) // shown before it is opened
	}
	var buttons []fyne.CanvasObject
	button := func(icon, words string, do func()) {
		b := k.button(small, icon, words, do)
		b.key = u.within(a.shut, b.press)
		buttons = append(buttons, b)
	}
	if key, do := u.filingAction(a, it.FilingItem); do != nil {
		button("", k.T(key), do)
	}
	if d := u.listed(it.File); d != nil && it.Code == "already-signed" && len(d.Offers()) > 0 {
		button("sign", k.T("existing.how"), func() { a.shut(); u.openExisting(*d) })
	}
	if it.URL != "" {
		button("globe", k.T("filing.see-source"), func() { u.openPage(it.URL) })
	}
	if len(buttons) > 0 {
		words.Add(pad(k.px(6), 0, 0, 0, wrapbox(k.px(10), buttons...)))
	}
	return k.sheet(18, topbox(k.px(16), vbox(k.px(2), k.icon(icon, 24, r.ink)), flex(vbox(k.px(4), k.text(noteBold, r.ink, word), words))))
}

// filingAction is what the button beside the item does; nil without one.
func (u *UI) filingAction(a *asking, it app.FilingItem) (key string, do func()) {
	format := func(f app.Format) func() {
		return func() {
			a.shut()
			c := *u.latest.Load().Choices
			c.Format = f
			u.store.SetChoices(c)
		}
	}
	switch it.Action {
	case app.FilingUseP7M:
		return "filing.use-p7m", format(app.FormatCAdES)
	case app.FilingUsePAdES:
		return "filing.use-pades", format(app.FormatPAdES)
	case app.FilingOpenCard:
		return "filing.open-card", func() { a.shut(); u.turn(pageCard) }
	case app.FilingAskIssuer:
		return "filing.ask-issuer", func() { a.shut(); u.store.CheckCertificates() }
	case app.FilingNameSigner:
		return "filing.name-signer", func() { a.shut(); u.nameSigner() }
	case app.FilingShowCompared:
		return "filing.show-compared", func() { a.shut(); u.compareFiles() }
	}
	d := u.listed(it.File)
	if d == nil || it.Action != app.FilingRemove && it.Severity != app.SeverityDanger {
		return "", nil
	}
	return "filing.remove", func() {
		if len(u.latest.Load().Docs.List) == 1 {
			a.shut() // there is nothing left to mend
		}
		u.store.Remove(d.ID)
	}
}

// listed is the file of the list at that path; nil if there is none.
func (u *UI) listed(path string) *app.Doc {
	list := u.latest.Load().Docs.List
	for i := range list {
		if list[i].Path == path {
			return &list[i]
		}
	}
	return nil
}

// openPage shows an official page in the person's browser.
func (u *UI) openPage(address string) {
	x, err := url.Parse(address)
	if err == nil && x.Scheme == "https" {
		err = u.app.OpenURL(x)
	}
	if err != nil {
		u.say(address)
	}
}
