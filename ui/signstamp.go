package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"ceralacca/app"
)

// addressField is a line of text that leaves its panel with Esc.
type addressField struct {
	widget.Entry
	leave func()
}

func newAddressField(leave, submit func()) *addressField {
	f := &addressField{leave: leave}
	f.ExtendBaseWidget(f)
	f.OnSubmitted = func(string) { submit() }
	return f
}

// TypedKey implements fyne.Focusable.
func (f *addressField) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		f.leave()
		return
	}
	f.Entry.TypedKey(e)
}

// nameAuthority asks for the address of a time-stamp authority, keeps it and comes back to the sheet of the ways. An
// authority that wants a user and a password is set up on the command line.
func (u *UI) nameAuthority() {
	u.openSheet(func(a *asking) *panel {
		k := u.k
		back := func() { a.shut(); u.openWays() }
		var field *addressField
		keep := func() {
			if field.Text == "" {
				return
			}
			var list []app.Authority
			if st := u.latest.Load(); st.Authorities != nil {
				list = append(list, st.Authorities.List...)
			}
			u.store.SetAuthorities(append(list, app.Authority{URL: field.Text}))
			back()
		}
		field = newAddressField(back, keep)
		field.SetPlaceHolder("https://")
		cancel, done := k.button(outlined, "", k.T("ui.cancel"), back), k.button(inked, "", k.T("ways.authority.keep"), keep)
		cancel.key, done.key = u.within(back, cancel.press), u.within(back, done.press)
		head := vbox(k.px(4), k.para(pinFace, k.p.ink, k.T("ways.authority.name")), k.para(bodyFace, k.p.muted, k.T("ways.authority.name.what")))
		p := u.newPanel(k.p.ink, scrolledTall(pad(k.px(22), k.px(32), k.px(22), k.px(32), vbox(k.px(18), head, field, hbox(k.px(12), flex(), cancel, done)))))
		p.first = field
		return p
	})
}
