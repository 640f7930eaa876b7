package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is the time-stamp authorities of the person: their list in the settings, and the sheet on which one is
// named.

// authorityForm is what is typed on the sheet of an authority.
type authorityForm struct{ url, name, user, password *lineField }

// authority is what was typed, without the password.
func (f *authorityForm) authority() app.Authority {
	return app.Authority{
		URL: strings.TrimSpace(f.url.Text), Name: strings.TrimSpace(f.name.Text), User: strings.TrimSpace(f.user.Text),
	}
}

// nameAuthority opens the sheet for old, one of the authorities, or for a new one, and goes on with then.
//
// The password is typed into the toolkit's own field, unlike a PIN: the keyring takes it as a string, which cannot be
// wiped in any case, and it is long enough to be pasted. The field is emptied and dropped with the sheet.
func (u *UI) nameAuthority(old app.Authority, then func()) {
	var form authorityForm // of the panel before, when language or light have changed: what was typed is kept
	u.openSheet(func(a *asking) *panel {
		k, typed, password, kept := u.k, old, "", false
		if form.url != nil {
			typed, password = form.authority(), form.password.Text
			form.password.SetText("")
		}
		if now := u.latest.Load().Authorities; now != nil {
			i := slices.Index(now.List, old)
			kept = i >= 0 && i < len(now.Password) && now.Password[i]
		}
		back := func() {
			form.password.SetText("")
			a.shut()
			then()
		}
		a.refuse = back
		keep := func() {
			if x := form.authority(); x.URL != "" {
				u.store.KeepAuthority(old, x, form.password.Text)
				back()
			}
		}
		field := func(text string) *lineField {
			f := newLineField(k, back, keep)
			f.SetText(text)
			return f
		}
		form = authorityForm{field(typed.URL), field(typed.Name), field(typed.User), field(password)}
		form.url.SetPlaceHolder("https://")
		form.url.TextStyle.Monospace = true // the other face draws two slashes as one sign
		form.password.Password = true
		if kept {
			form.password.SetPlaceHolder(k.T("stamps.f.password.kept"))
		}
		labelled := func(key string, f *lineField) fyne.CanvasObject {
			return vbox(k.px(4), k.para(boxBold, k.p.ink, k.T(key)), k.box(0, f, f.ring))
		}
		pairs := func(l, r fyne.CanvasObject) fyne.CanvasObject {
			return cols(k.px(20), k.px(520), []float32{1, 1}, l, r)
		}
		title := "stamps.new"
		if old != (app.Authority{}) {
			title = "stamps.change"
		}
		head := vbox(k.px(4), k.para(pinFace, k.p.ink, k.T(title)), k.para(bodyFace, k.p.muted, k.T("ways.authority.name.what")))
		cancel, done := k.button(outlined, "", k.T("ui.cancel"), back), k.button(inked, "", k.T("ways.authority.keep"), keep)
		cancel.key, done.key = u.within(back, cancel.press), u.within(back, done.press)
		p := u.newSheet(k.p.ink, vbox(k.px(16), head,
			pairs(labelled("stamps.f.url", form.url), labelled("stamps.f.name", form.name)),
			pairs(labelled("stamps.f.user", form.user), labelled("stamps.f.password", form.password)),
			k.para(noteFace, k.p.muted, k.T("stamps.password.what"))), k.answers(cancel, done))
		p.first = form.url
		return p
	})
}

// stamps are the authorities in the settings, in the order in which they are asked.
func (v *settingsView) stamps(t *app.Authorities) fyne.CanvasObject {
	u, k := v.u, v.u.k
	right := vbox(k.px(12))
	again := func() {} // the page shows what came of it
	for i, a := range t.List {
		name := app.Visible(a.Title())
		words := vbox(0, k.para(boxBold, k.p.ink, name), k.para(face{size: 14, mono: true}, k.p.muted, app.Visible(a.URL)))
		if a.User != "" {
			key, ink := "stamps.user.none", k.p.warn.ink
			if i < len(t.Password) && t.Password[i] {
				key, ink = "stamps.user", k.p.muted
			}
			words.Add(k.para(noteFace, ink, k.Text(lang.M(key, "user", app.Visible(a.User)))))
		}
		remove := k.round("close", k.Text(lang.M("stamps.remove", "name", name)), func() { u.store.RemoveAuthority(a) })
		buttons := wrapbox(k.px(8), k.button(small, "", k.T("stamps.edit"), func() { u.nameAuthority(a, again) }))
		if i > 0 {
			buttons.Add(k.button(small, "", k.T("stamps.first"), func() { u.store.PreferAuthority(a) }))
		}
		right.Add(vbox(k.px(6), hbox(k.px(10), flex(words), remove), buttons))
	}
	if len(t.List) == 0 {
		right.Add(k.para(boxFace, k.p.ink, k.T("stamps.none")))
	}
	if t.Advice != nil {
		right.Add(u.adviceBox(t.Advice))
	}
	right.Add(leftmost(k.button(small, "plus", k.T("stamps.add"), func() { u.nameAuthority(app.Authority{}, again) })))
	words := vbox(0, k.para(strongFace, k.p.ink, k.T("stamps.title")), k.para(noteFace, k.p.muted, k.T("stamps.what")))
	return cols(k.px(20), k.px(640), []float32{2, 3}, words, right)
}
