package ui

import (
	"path/filepath"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is time-stamps on their own, without a signature: the question which kind, and what came of it.

// stampSheet is the sheet of time-stamps while it is open.
type stampSheet struct {
	u     *UI
	a     *asking
	files []string
	count *para // tells how far it has come; nil before and after
	ran   bool  // a job was begun on this sheet
}

// openStamps asks which kind of time-stamp the files of the list are to get.
func (u *UI) openStamps() {
	s := &stampSheet{u: u}
	for _, d := range u.latest.Load().Docs.List {
		switch d.Status {
		case app.DocReady, app.DocProblem, app.DocStopped:
			s.files = append(s.files, d.Path)
		case app.DocSigned:
			s.files = append(s.files, d.Output)
		}
	}
	u.openSheet(func(a *asking) *panel {
		s.a, a.watch = a, authoritiesOf
		return s.panel()
	})
	u.stamps = s
}

// stamping shows on the sheet that is open how the job goes on.
func (u *UI) stamping(st *app.State) {
	s := u.stamps
	if st.Stamping == u.stamped || s == nil || s.a == nil || u.asking != s.a {
		u.stamped = st.Stamping
		return
	}
	u.stamped = st.Stamping
	if st.Stamping.Running && s.count != nil {
		s.count.paint(s.progress(st.Stamping), u.k.p.muted)
		return
	}
	s.a.open()
}

func (s *stampSheet) progress(j *app.Stamping) string {
	return s.u.k.Text(lang.MN("stamps.alone.running", j.Total, "done", lang.Count(len(j.Results))))
}

func (s *stampSheet) panel() *panel {
	k, st := s.u.k, s.u.latest.Load()
	s.count = nil
	switch {
	case !s.ran || st.Stamping == nil:
		return s.question(st)
	case st.Stamping.Running:
		s.count = k.paragraph(bodyFace, k.p.muted, "")
		s.count.paint(s.progress(st.Stamping), k.p.muted)
		return s.lay("stamps.alone", s.count.Container, s.button(outlined, k.T("ui.stop"), s.u.store.StopStamps))
	}
	return s.outcome(st.Stamping)
}

// question says what it costs before anything is asked for.
func (s *stampSheet) question(st *app.State) *panel {
	k := s.u.k
	leave := s.button(outlined, k.T("ui.cancel"), s.a.shut)
	if st.Authorities == nil || len(st.Authorities.List) == 0 {
		name := s.button(inked, k.T("ways.authority.name"), func() { s.a.shut(); s.u.nameAuthority(app.Authority{}, s.u.openStamps) })
		return s.lay("stamps.alone", k.para(bodyFace, k.p.muted, k.T("ways.authority.none")), leave, name)
	}
	begin := func(f app.Format) func() {
		return func() { s.ran = true; s.u.store.Timestamp(s.files, f) }
	}
	words := k.para(bodyFace, k.p.muted, k.Text(lang.MN("stamps.alone.body", len(s.files))))
	with, apart := s.button(inked, k.T("stamps.alone.tsd"), begin(app.FormatTSD)), s.button(outlined, k.T("stamps.alone.tsr"), begin(app.FormatTSR))
	with.enable(len(s.files) > 0)
	apart.enable(len(s.files) > 0)
	p := s.lay("stamps.alone", words, leave, apart, with)
	p.first = leave // a key too much must not cost a time-stamp
	return p
}

// outcome tells of each file, and why the job ended early.
func (s *stampSheet) outcome(j *app.Stamping) *panel {
	k := s.u.k
	list := vbox(k.px(8))
	made, folder := 0, ""
	for _, r := range j.Results {
		icon, ink, words := "warning", k.p.warn.ink, filepath.Base(r.File)
		if r.Err == nil {
			made++
			icon, ink, words, folder = "check", k.p.good.ink, filepath.Base(r.Output), r.Output
		} else if a := app.Explain(r.Err); j.Advice == nil || a.Code != j.Advice.Code {
			words += ": " + k.Text(a.Title) + " " + k.Text(a.Body)
		}
		list.Add(hbox(k.px(8), k.icon(icon, 20, ink), flex(k.para(boxFace, k.p.ink, words))))
	}
	var buttons []*button
	if folder != "" {
		buttons = append(buttons, s.button(outlined, k.T("ui.open.folder"), func() { s.u.openFolder(folder) }))
	}
	buttons = append(buttons, s.button(inked, k.T("ui.close"), s.a.shut))
	body := vbox(k.px(12), k.para(bodyFace, k.p.muted, k.Text(lang.MN("stamps.alone.done", j.Total, "made", lang.Count(made)))), list)
	if j.Advice != nil {
		body.Add(s.u.adviceBox(j.Advice))
	}
	return s.lay("stamps.alone", body, buttons...)
}

func (s *stampSheet) button(r rank, words string, do func()) *button {
	b := s.u.k.button(r, "", words, do)
	b.key = s.u.within(s.a.shut, b.press)
	return b
}

// lay sets the sheet; the last button has the focus.
func (s *stampSheet) lay(title string, body fyne.CanvasObject, buttons ...*button) *panel {
	k := s.u.k
	row := k.answers()
	for _, b := range buttons {
		row.Add(b)
	}
	p := s.u.newSheet(k.p.ink, vbox(k.px(18), k.para(pinFace, k.p.ink, k.T(title)), body), row)
	p.first = buttons[len(buttons)-1]
	return p
}
