package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// trustIntents are what the settings ask of the store about lists, anchors and the network.
type trustIntents interface {
	RefreshTrust()
	StopRefresh()
	AddAnchors(path string)
	RemoveAnchor(id string)
	SetNetworkAuthorities(path string)
}

func (v *settingsView) network(set *app.Settings) fyne.CanvasObject {
	k := v.u.k
	return v.row("net", []option{
		{words: k.T("ui.set.net.on"), chosen: !set.Offline, to: func(s *app.Settings) { s.Offline = false }},
		{words: k.T("ui.set.net.off"), chosen: set.Offline, to: func(s *app.Settings) { s.Offline = true }},
	})
}

// lists tells which lists are in use, how old they are and when the next ones are due, and fetches newer ones: the
// network is used when it is asked for.
func (v *settingsView) lists(t *app.Trust, offline bool) fyne.CanvasObject {
	k := v.u.k
	right := vbox(k.px(10))
	for _, l := range t.Lists {
		c := k.p.ink
		if l.OutOfDate {
			c = k.p.warn.ink
		}
		right.Add(k.para(boxFace, c, v.listLine(l)))
	}
	if len(t.Lists) == 0 {
		right.Add(k.para(boxFace, k.p.ink, k.T("ui.set.lists.reading")))
	}
	if t.OutOfDate {
		right.Add(k.para(boxBold, k.p.warn.ink, k.T("ui.set.lists.old")))
	}
	fetch := k.button(small, "download", k.T("ui.set.lists.fetch"), v.u.store.RefreshTrust)
	fetch.enable(!offline)
	switch {
	case t.Refreshing:
		fetch.say(k.T("ui.set.lists.coming"))
		fetch.enable(false)
		right.Add(wrapbox(k.px(10), fetch, k.button(small, "", k.T("ui.stop"), v.u.store.StopRefresh)))
	case offline:
		right.Add(leftmost(fetch))
		right.Add(k.para(noteFace, k.p.muted, k.T("ui.set.lists.off")))
	default:
		right.Add(leftmost(fetch))
	}
	if t.Advice != nil {
		right.Add(v.u.adviceHere(t.Advice))
	}
	return cols(k.px(20), k.px(640), []float32{2, 3}, v.words("lists"), right)
}

// listLine is one list with its age in words.
func (v *settingsView) listLine(l app.ListReport) string {
	k := v.u.k
	issued, _ := time.Parse(time.RFC3339, l.Issued) // ours, and never malformed
	territory := l.Territory
	switch l.Territory {
	case "EU":
		territory = k.T("ui.set.lists.eu")
	case "IT":
		territory = k.T("ui.set.lists.it")
	}
	words := k.Text(lang.M("ui.set.lists.line", "territory", territory, "number", lang.Digits(l.Sequence), "date", k.Date(issued), "age", k.Text(app.Age(issued, v.u.now()))))
	if next, err := time.Parse(time.RFC3339, l.NextUpdate); err == nil {
		key := "ui.set.lists.next"
		if l.OutOfDate {
			key = "ui.set.lists.late"
		}
		words += "; " + k.Text(lang.M(key, "date", k.Date(next)))
	}
	return words + "."
}

// anchors are the authorities that the person trusts beside the lists; each can be taken away again.
func (v *settingsView) anchors(t *app.Trust) fyne.CanvasObject {
	u, k := v.u, v.u.k
	right := vbox(k.px(10))
	for _, a := range t.Anchors {
		name := app.Visible(a.Name)
		right.Add(hbox(k.px(10), flex(k.para(boxFace, k.p.ink, k.Text(lang.M("ui.set.until", "name", name, "date", k.ShortDate(a.NotAfter))))),
			k.round("close", k.Text(lang.M("ui.set.anchors.remove", "name", name)), func() { u.store.RemoveAnchor(a.ID) })))
	}
	if len(t.Anchors) == 0 {
		right.Add(k.para(boxFace, k.p.ink, k.T("ui.set.anchors.none")))
	}
	right.Add(leftmost(k.button(small, "plus", k.T("ui.set.anchors.add"), func() {
		u.pick(pickFiles, "", func(paths []string) {
			for _, p := range paths {
				u.store.AddAnchors(p)
			}
		})
	})))
	return cols(k.px(20), k.px(640), []float32{2, 3}, v.words("anchors"), right)
}

// authorities are those that vouch for servers, where an office looks into its connections.
func (v *settingsView) authorities(t *app.Trust) fyne.CanvasObject {
	u, k := v.u, v.u.k
	right := vbox(k.px(10))
	for _, a := range t.Authorities {
		right.Add(k.para(boxFace, k.p.ink, k.Text(lang.M("ui.set.until", "name", app.Visible(a.Name), "date", k.ShortDate(a.NotAfter)))))
	}
	buttons := wrapbox(k.px(10), k.button(small, "file", k.T("ui.set.ca.choose"), func() {
		u.pick(pickFile, "", func(paths []string) { u.store.SetNetworkAuthorities(paths[0]) })
	}))
	if len(t.Authorities) == 0 {
		right.Add(k.para(boxFace, k.p.ink, k.T("ui.set.ca.none")))
	} else {
		buttons.Add(k.button(small, "", k.T("ui.set.ca.forget"), func() { u.store.SetNetworkAuthorities("") }))
	}
	right.Add(buttons)
	return cols(k.px(20), k.px(640), []float32{2, 3}, v.words("ca"), right)
}
