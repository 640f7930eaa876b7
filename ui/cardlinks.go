package ui

import (
	"net/url"
	"path/filepath"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is what the page La mia carta hands out: details of a certificate, files, official pages.

// detail is a line of a certificate's details.
type detail struct {
	key, value string
	face       face
}

// details are the fields that people and support ask for.
func (v *cardView) details(c *app.Certificate) []detail {
	k := v.u.k
	list := []detail{
		{"ui.field.code", k.masked(c.FiscalCode), boxFace},
		{"ui.field.organisation", c.SubjectO, boxFace},
		{"ui.field.unit", c.SubjectOU, boxFace},
		{"ui.field.issuer-org", c.IssuerO, boxFace},
		{"ui.field.key", c.KeyType, boxFace},
		{"ui.field.from", k.DateTime(c.NotBefore), boxFace},
		{"ui.field.to", k.DateTime(c.NotAfter), boxFace},
		{"ui.field.sha", spaced(c.SHA256), face{size: 14, mono: true}},
	}
	shown := list[:0]
	for _, d := range list {
		if d.value != "" {
			shown = append(shown, d)
		}
	}
	return shown
}

// facts are the details as text, for the clipboard.
func (v *cardView) facts(c *app.Certificate) string {
	k := v.u.k
	holder := c.SubjectCN
	if c.Use == app.ForLogin { // the name is the codice fiscale
		holder = k.masked(c.FiscalCode)
	}
	text := k.T("ui.field.holder") + ": " + holder + "\n" + k.T("ui.field.issuer") + ": " + c.IssuerCN + "\n" +
		k.T("ui.field.number") + ": " + c.Serial + "\n"
	for _, d := range v.details(c) {
		value := d.value
		if d.key == "ui.field.sha" {
			value = c.SHA256
		}
		text += k.T(d.key) + ": " + value + "\n"
	}
	return text
}

// export asks for a folder and writes the certificate there: in PEM or DER, by the extension.
func (v *cardView) export(c *app.Certificate, ext string) {
	u := v.u
	name := u.k.T("ui.mycard.file.other")
	switch c.Use {
	case app.ForSigning:
		name = u.k.T("ui.mycard.file.sign")
	case app.ForLogin:
		name = u.k.T("ui.mycard.file.login")
	}
	u.pick(pickSave, "", func(folder []string) { u.store.ExportCertificate(c.ID, filepath.Join(folder[0], name+ext)) })
}

// withCalendar is the title, with the button for the calendar where there is something to remember.
func (v *cardView) withCalendar(title *fyne.Container, card *app.Card) fyne.CanvasObject {
	u, k := v.u, v.u.k
	renews := false
	for _, c := range card.Certificates {
		renews = renews || c.Renewal != app.RenewalNone && c.Renewal != app.RenewalExpired && !c.Ended()
	}
	if !renews {
		return title
	}
	b := k.button(outlined, "calendar", k.T("ui.mycard.calendar"), func() {
		u.pick(pickSave, "", func(folder []string) {
			u.store.SaveCalendar(u.k.Catalog, filepath.Join(folder[0], u.k.T("ui.mycard.file.calendar")+".ics"))
		})
	})
	return cols(k.px(16), k.px(560), []float32{1, -b.MinSize().Width}, title, leftmost(b))
}

// tellSaved says where the last file went, once.
func (v *cardView) tellSaved(s *app.Saved) {
	if s != nil && s != v.saved && s.Advice == nil {
		v.u.say(v.u.k.Text(lang.M("ui.mycard.saved", "name", filepath.Base(s.Path))))
	}
}

func (v *cardView) loadGuides() {
	g, err := app.LoadGuides(v.u.files)
	if err != nil {
		fyne.LogError("reading the official links", err) // within the program; only a broken build can fail
		return
	}
	v.guides = g
}

// links are the official pages for the card's certificates, the one that signs first, each address once.
func (v *cardView) links(card *app.Card) []app.Link {
	var list []app.Link
	seen := map[string]bool{}
	for i := range card.Certificates {
		for _, l := range v.guides.For(card, &card.Certificates[i]) {
			if !seen[l.URL] {
				seen[l.URL] = true
				list = append(list, l)
			}
		}
	}
	return list
}

// guide is the page of a topic, or nil.
func (v *cardView) guide(card *app.Card, topic string) *app.Link {
	for _, l := range v.links(card) {
		if l.Label.Key == topic {
			return &l
		}
	}
	return nil
}

// official lists the pages of the issuer, each with the host that it leads to.
func (v *cardView) official(card *app.Card) []fyne.CanvasObject {
	k := v.u.k
	var rows []fyne.CanvasObject
	for _, l := range v.links(card) {
		if x := card.Main(); l.Label.Key == "guide.renew" && (dead(card) || x != nil && x.Ended()) {
			continue // a renewal needs the PIN, and a certificate that holds
		}
		rows = append(rows, vbox(k.px(3), k.button(small, "open", k.Text(l.Label), func() { v.visit(l) }),
			k.text(noteFace, k.p.muted, hostOf(l.URL))))
	}
	if len(rows) == 0 {
		return nil
	}
	return []fyne.CanvasObject{k.sheet(22, vbox(k.px(12), k.text(face{size: 18, bold: true}, k.p.ink, k.T("ui.mycard.official")),
		wrapbox(k.px(16), rows...),
		k.para(noteFace, k.p.muted, k.Text(lang.M("ui.mycard.official.checked", "date", k.Date(v.guides.Checked))))))}
}

// visit opens a page in the browser. It is called by a click and by nothing else.
func (v *cardView) visit(l app.Link) {
	address, err := url.Parse(l.URL)
	if err == nil && address.Scheme == "https" {
		err = v.browse(address)
	}
	if err != nil {
		v.u.copy(l.URL)
	}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
