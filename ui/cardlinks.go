package ui

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is what the page La mia carta hands out: details of a certificate, files, official pages.

// certificateLines are the details of a certificate, each with a button that copies it.
func (u *UI) certificateLines(c *app.Certificate) []fyne.CanvasObject {
	k := u.k
	var rows []fyne.CanvasObject
	for _, f := range c.Fields(k.Catalog) {
		shown := k.shown(c, f.Value)
		style := boxFace
		if f.Exact {
			style = face{size: 14, mono: true}
		}
		b := k.round("copy", k.Text(lang.M("ui.copy.field", "name", f.Label)), func() { u.copy(shown) })
		rows = append(rows, topbox(k.px(6), flex(vbox(0, k.para(noteFace, k.p.muted, f.Label), k.para(style, k.p.ink, shown))), b))
	}
	return rows
}

// shown is a value with the codice fiscale as the person has chosen to see it.
func (k *kit) shown(c *app.Certificate, s string) string {
	if k.show {
		return s
	}
	return c.Mask(s)
}

// certificateText is all details as text, for the clipboard.
func (k *kit) certificateText(c *app.Certificate) string {
	var b strings.Builder
	for _, f := range c.Fields(k.Catalog) {
		fmt.Fprintf(&b, "%s%s%s\n", f.Label, k.Colon(), k.shown(c, f.Value))
	}
	return b.String()
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
	u.pickPlace("", name+ext, func(path string) { u.store.ExportCertificate(c.ID, path) })
}

// withCalendar is the title, with the button for the calendar where there is something to remember.
func (v *cardView) withCalendar(title *fyne.Container, card *app.Card) (head, below fyne.CanvasObject) {
	u, k := v.u, v.u.k
	ends := false
	for _, c := range card.Certificates {
		ends = ends || c.Use != app.ForOther && c.Renewal != app.RenewalExpired && !c.Ended()
	}
	if !ends {
		return title, nil
	}
	b := k.button(outlined, "calendar", k.T("ui.mycard.calendar"), func() {
		u.pickPlace("", k.T("ui.mycard.file.calendar")+".ics", func(path string) { u.store.SaveCalendar(u.k.Catalog, path) })
	})
	if u.window.Canvas().Size().Width < k.px(700) { // what is urgent comes first
		return title, leftmost(b)
	}
	return cols(k.px(16), k.px(560), []float32{1, -b.MinSize().Width}, title, leftmost(b)), nil
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

// guide is the page of a topic, or nil.
func (v *cardView) guide(card *app.Card, topic string) *app.Link {
	for _, l := range v.guides.ForCard(card) {
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
	for _, l := range v.guides.ForCard(card) {
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
