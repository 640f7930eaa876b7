package ui

import (
	"path/filepath"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// doctorIntents is what the check-up asks of the store.
type doctorIntents interface {
	Diagnose(network bool)
	SaveBundle(folder string, words *lang.Catalog)
}

// helpView is the page Aiuto: the check-up of reader, card and program, how to in few words, the keys, and what a screen
// reader gets.
type helpView struct {
	u      *UI
	frame  *frame
	fixed  []fyne.CanvasObject // what no State changes
	shown  bool
	doctor *app.Doctor
	busy   bool
	main   func()
}

func newHelpView(u *UI) *helpView {
	k := u.k
	v := &helpView{u: u, frame: k.frame()}
	how := func(icon, key string) fyne.CanvasObject {
		return k.sheet(22, vbox(k.px(12), k.section(icon, key), k.numbered(boxFace, k.T(key+".1"), k.T(key+".2"), k.T(key+".3"))))
	}
	keys := vbox(k.px(8), k.section("keyboard", "ui.keys"))
	for _, s := range shortcutSheet {
		keys.Add(cols(k.px(12), k.px(300), []float32{-k.px(130), 1}, k.para(boxBold, k.p.ink, k.T(s.keys)), k.para(boxFace, k.p.ink, k.T(s.text))))
	}
	good := vbox(k.px(10), k.section("info", "ui.help.good"))
	for _, key := range []string{"ui.help.good.1", "ui.help.good.2", "ui.help.good.3", "ui.help.good.4"} {
		good.Add(topbox(k.px(12), k.icon("check", 20, k.p.good.ink), flex(k.para(boxFace, k.p.ink, k.T(key)))))
	}
	reader := vbox(k.px(10), k.section("eye", "ui.help.reader"), k.para(boxFace, k.p.ink, k.T("ui.help.reader.body")))
	v.fixed = []fyne.CanvasObject{
		cols(k.px(20), k.px(720), []float32{1, 1}, how("sign", "ui.help.sign"), how("verify", "ui.help.verify")),
		cols(k.px(20), k.px(720), []float32{1, 1}, k.sheet(22, keys), vbox(k.px(16), k.sheet(22, good), k.sheet(22, reader))),
		k.para(noteFace, k.p.muted, k.Text(lang.M("ui.help.about", "version", app.Version))),
	}
	v.frame.setBar()
	return v
}

// section is the heading of a sheet with a drawing before it.
func (k *kit) section(icon, key string) *fyne.Container {
	return hbox(k.px(12), k.icon(icon, 24, k.p.waxText), flex(k.fit(sectionFace, k.p.ink, k.T(key))))
}

// Object implements view.
func (v *helpView) Object() fyne.CanvasObject { return v.frame.object }

// Main implements view.
func (v *helpView) Main() func() { return v.main }

// Show implements view.
func (v *helpView) Show(st *app.State) {
	busy := st.Job != nil && st.Job.Running || st.PINJob != nil && st.PINJob.Running
	if v.shown && st.Doctor == v.doctor && busy == v.busy {
		return
	}
	if d := st.Doctor; v.shown && d != nil && d.SavedTo != "" && (v.doctor == nil || v.doctor.SavedTo != d.SavedTo) { // at 200 % its line is out of sight
		v.u.say(v.u.k.Text(lang.M("ui.mycard.saved", "name", filepath.Base(d.SavedTo))))
	}
	v.shown, v.doctor, v.busy = true, st.Doctor, busy
	k := v.u.k
	v.frame.setBody(-1, append([]fyne.CanvasObject{k.heading(k.T("ui.page.help"), k.T("ui.help.note")), v.checkUp(st.Doctor, busy)}, v.fixed...)...)
}

// checkUp is the sheet of the Doctor.
func (v *helpView) checkUp(d *app.Doctor, busy bool) fyne.CanvasObject {
	k, u := v.u.k, v.u
	running := d != nil && d.Running
	box := vbox(k.px(12), k.section("plug", "doctor.title"))
	if d != nil && len(d.Checks) > 0 { // what came of it, in the place of what it does
		r, icon, sum := k.p.good, "check", k.T("doctor.fine")
		if n := d.Trouble(); n > 0 {
			r, icon, sum = k.p.warn, "warning", k.Text(lang.MN("doctor.trouble", n))
		}
		box.Add(hbox(k.px(9), k.icon(icon, 22, r.ink), flex(k.para(strongFace, r.ink, sum))))
	} else {
		box.Add(k.para(boxFace, k.p.muted, k.T("doctor.what")))
	}
	words := k.T("doctor.run")
	if d != nil {
		words = k.T("doctor.again")
	}
	run := k.button(inked, "", words, func() { u.store.Diagnose(false) })
	network := k.button(outlined, "globe", k.T("doctor.network"), func() { u.store.Diagnose(true) })
	buttons := []fyne.CanvasObject{run, network}
	v.main = run.do
	if running || busy {
		run.enable(false)
		network.enable(false)
		v.main = nil
	}
	if d != nil && len(d.Checks) > 0 {
		buttons = append(buttons, k.button(outlined, "folder", k.T("doctor.save"), v.save))
	}
	box.Add(wrapbox(k.px(12), buttons...))
	switch {
	case busy:
		box.Add(k.para(noteFace, k.p.muted, k.T("doctor.job")))
	case running:
		box.Add(hbox(k.px(10), k.icon("info", 20, k.p.muted), flex(k.para(boxFace, k.p.muted, k.T("doctor.running")))))
	case d != nil && d.Advice != nil:
		box.Add(u.adviceBox(d.Advice))
	}
	if d != nil && d.SavedTo != "" {
		box.Add(k.para(noteFace, k.p.ink, k.Text(lang.M("doctor.saved", "name", filepath.Base(d.SavedTo)))))
	}
	if d != nil && len(d.Checks) > 0 {
		for _, state := range []string{"bad", "note", "good"} { // what is to be done first
			for _, c := range d.Checks {
				if c.State() == state {
					box.Add(u.doctorLine(c))
				}
			}
		}
	}
	return k.sheet(22, box)
}

// doctorLine is one check: drawing, word and colour say how it stands, the fix stands below, and a line for the terminal
// can be copied.
func (u *UI) doctorLine(c app.DoctorCheck) fyne.CanvasObject {
	k, t := u.k, c.Text(u.k.Catalog)
	r, icon := k.p.good, "check"
	switch c.State() {
	case "bad":
		r, icon = severityLook(k, c.Severity)
	case "note":
		r, icon = k.p.note, "info"
	default:
		return hbox(k.px(12), k.icon(icon, 22, r.ink), flex(k.para(boxFace, k.p.ink, t.Title)), k.text(noteBold, r.ink, k.T("doctor.good")))
	}
	words := vbox(k.px(2), k.para(boxBold, k.p.ink, t.Title))
	if t.Fix != "" {
		words.Add(k.para(boxFace, k.p.ink, t.Fix))
	}
	if line := c.Command(); line != "" {
		words.Add(pad(k.px(6), 0, k.px(6), 0, leftmost(k.button(small, "", k.T("doctor.copy"), func() { u.copy(line) }))))
	}
	return topbox(k.px(12), k.icon(icon, 22, r.ink), flex(vbox(0, k.text(noteBold, r.ink, k.T("doctor."+c.State())), words)))
}

// save asks where the bundle for support goes.
func (v *helpView) save() {
	v.u.pickPlace("", "", func(folder string) { v.u.store.SaveBundle(folder, v.u.k.Catalog) })
}
