package ui

import (
	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// helpView is the page Aiuto: how to, in few words, and the keys.
type helpView struct {
	frame *frame
}

func newHelpView(u *UI) *helpView {
	k := u.k
	v := &helpView{k.frame()}
	how := func(icon, key string) fyne.CanvasObject {
		return k.sheet(22, vbox(k.px(12), hbox(k.px(12), k.icon(icon, 24, k.p.waxText), flex(k.fit(sectionFace, k.p.ink, k.T(key)))),
			k.numbered(boxFace, k.T(key+".1"), k.T(key+".2"), k.T(key+".3"))))
	}
	keys := vbox(k.px(8), hbox(k.px(12), k.icon("keyboard", 24, k.p.waxText), flex(k.fit(sectionFace, k.p.ink, k.T("ui.keys")))))
	for _, s := range shortcutSheet {
		keys.Add(cols(k.px(12), k.px(300), []float32{-k.px(130), 1}, k.para(boxBold, k.p.ink, k.T(s.keys)), k.para(boxFace, k.p.ink, k.T(s.text))))
	}
	good := vbox(k.px(10), hbox(k.px(12), k.icon("info", 24, k.p.waxText), flex(k.fit(sectionFace, k.p.ink, k.T("ui.help.good")))))
	for _, key := range []string{"ui.help.good.1", "ui.help.good.2", "ui.help.good.3", "ui.help.good.4"} {
		good.Add(topbox(k.px(12), k.icon("check", 20, k.p.good.ink), flex(k.para(boxFace, k.p.ink, k.T(key)))))
	}
	v.frame.setBody(-1, k.heading(k.T("ui.page.help"), k.T("ui.help.note")),
		cols(k.px(20), k.px(720), []float32{1, 1}, how("sign", "ui.help.sign"), how("verify", "ui.help.verify")),
		cols(k.px(20), k.px(720), []float32{1, 1}, keys, good))
	body := v.frame.body.Objects[2].(*fyne.Container)
	for i, o := range body.Objects {
		body.Objects[i] = k.sheet(22, o)
	}
	v.frame.setBar()
	return v
}

// Object implements view.
func (v *helpView) Object() fyne.CanvasObject { return v.frame.object }

// Main implements view.
func (v *helpView) Main() func() { return nil }

// Show implements view.
func (v *helpView) Show(*app.State) {}
