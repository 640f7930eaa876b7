package ui

import (
	"encoding/json"
	"fmt"
	"io/fs"

	"ceralacca/app"
	"ceralacca/app/lang"
)

func withChoices(change func(*app.State, *app.SignChoices)) *app.State {
	return state(func(s *app.State) {
		s.Docs = docs(app.DocReady, fiveNames...)
		for i := range s.Docs.List {
			if kindMark(s.Docs.List[i].Name) == "PDF" {
				s.Docs.List[i].Kind = app.KindPDF
			}
		}
		c := &app.SignChoices{}
		change(s, c)
		s.Choices = c
	})
}

// unwritten is a job of which one file could not be written.
func unwritten() *app.State {
	return withChoices(func(s *app.State, _ *app.SignChoices) {
		s.Docs = docs(app.DocSigned, fiveNames[:2]...)
		s.Docs.List[1].Status, s.Docs.List[1].Output, s.Docs.List[1].Advice = app.DocFailed, "", advice("read-only", app.SeverityWarning, 0)
		s.Job = &app.Job{Total: 2, Done: 2, Signed: 1, Signer: "ANNA ESEMPIO", Ended: today}
	})
}

// signedDoc is a p7m of the list with the signatures of others. It is read from JSON because the window does not know
// the package of its parts.
func signedDoc(who ...string) app.Doc {
	d := docs(app.DocProblem, "contratto.pdf.p7m").List[0]
	d.Kind, d.Advice, d.Examination = app.KindEnvelope, advice("already-signed", app.SeverityWarning, 0, "name", d.Name), &app.Examination{}
	var layer []map[string]any
	for i, n := range who {
		layer = append(layer, map[string]any{"By": map[string]any{"SubjectCN": n}, "Claimed": day(2026, 5, 3+i)})
	}
	b, err := json.Marshal(map[string]any{"Layers": []any{layer}})
	if err == nil {
		err = json.Unmarshal(b, d.Examination)
	}
	if err != nil {
		panic(err)
	}
	return d
}

func signedState() *app.State {
	return withChoices(func(s *app.State, _ *app.SignChoices) {
		d := signedDoc("MARIO PROVA", "LUCIA CAMPIONE")
		d.ID = 9
		s.Docs.List = append(s.Docs.List[:2], d)
	})
}

// archivedState is a p7m whose signatures have archive time-stamps and evidence records.
func archivedState(stamps, records int) *app.State {
	st := signedState()
	x := *st.Docs.List[2].Examination
	if err := json.Unmarshal(fmt.Appendf(nil, `{"Archived":{"Stamps":%d,"Records":%d}}`, stamps, records), &x); err != nil {
		panic(err)
	}
	st.Docs.List[2].Examination = &x
	return st
}

// detachedState is a signature whose original does not lie beside it.
func detachedState() *app.State {
	st := signedState()
	st.Docs.List[2].Kind, st.Docs.List[2].Name, st.Docs.List[2].Path = app.KindDetached, "contratto.pdf.p7s", "/casa/anna/contratto.pdf.p7s"
	return st
}

// againState is files with signatures that get one more: a p7m for which the person has answered, and a PDF.
func againState() *app.State {
	st := signedState()
	d := &st.Docs.List[2]
	d.Status, d.Advice, d.Existing = app.DocReady, nil, app.ExistingAdd
	pdf := signedDoc("MARIO PROVA")
	pdf.ID, pdf.Path, pdf.Name, pdf.Kind, pdf.Status, pdf.Advice = 10, "/casa/anna/Documenti/accordo.pdf", "accordo.pdf", app.KindPDF, app.DocReady, nil
	st.Docs.List = append(st.Docs.List[1:], pdf)
	return st
}

// verifyPreviewed is a verdict whose document is looked at.
func verifyPreviewed() *app.State {
	st := previewed("contratto_fornitura.pdf.p7m", func(p *app.Preview) { p.Inside, p.View.Facts.Pages = "contratto_fornitura.pdf", 3 })
	st.Verify = verification("contratto_fornitura.pdf.p7m", report(1, 1, "", 1))
	return st
}

// pictured is a preview with a picture chosen for visible signatures.
func pictured() *app.State {
	st := previewed("distinta_EX2611.pdf", func(p *app.Preview) { p.View.Facts.Pages = 1 })
	st.MarkPicture = &app.MarkPicture{Bytes: []byte{1}, Image: drawnPage(200, 150)}
	return st
}

func stampedState() *app.State {
	return state(func(s *app.State) {
		s.Authorities = &app.Authorities{
			List:     []app.Authority{{Name: "Ufficio", URL: "https://tsa.example", User: "anna"}, {URL: "https://altro.example/tsa", User: "prova"}},
			Password: []bool{true, false},
		}
	})
}

func waysScenes() []scene {
	ways := func(u *UI) { u.openWays() }
	authorities := &app.Authorities{List: []app.Authority{{Name: "Marche di Prova", URL: "https://tsa.example"}, {URL: "https://marche.example/tsa"}}}
	refused := func(s *app.State, c *app.SignChoices) {
		c.Format = app.FormatPAdES
		for i := range s.Docs.List {
			if d := &s.Docs.List[i]; d.Kind != app.KindPDF {
				d.Status, d.NotInside, d.Advice = app.DocProblem, true, app.InsideAdvice(d)
			}
		}
	}
	return []scene{
		{"sign-ways", pageSign, withChoices(func(*app.State, *app.SignChoices) {}), ways},
		{"sign-twins", pageSign, withChoices(func(s *app.State, _ *app.SignChoices) {
			s.Docs = docs(app.DocReady, "distinta.pdf", "bilancio.xbrl", "distinta.pdf")
			s.Docs.List[2].Path = "/casa/anna/Documenti/pratica_EX2699/distinta.pdf"
		}), nil},
		{"verify-documents", pageVerify, containerState(13), nil},
		{"verify-signer", pageVerify, verifiedState("contratto_fornitura.pdf.p7m"), func(u *UI) {
			ver := u.latest.Load().Verify
			u.openSigner(ver, &ver.Report.Signatures[0])
		}},
		{"settings-reset", pageSettings, state(func(s *app.State) { s.Settings.Scale = 125 }), (*UI).askReset},
		{"sign-where", pageSign, withChoices(func(_ *app.State, c *app.SignChoices) { c.OutDir = "/casa/anna/Documenti/Firmati" }), (*UI).openWhere},
		{"sign-where-other", pageSign, withChoices(func(_ *app.State, c *app.SignChoices) { c.OutDir = "/casa/anna/Documenti/Firmati" }), nil},
		{"sign-hint", pageSign, withChoices(func(_ *app.State, c *app.SignChoices) { c.OutDir = "/casa/anna/Documenti/Firmati" }), func(u *UI) {
			where := u.views[pageSign].(*signView).frame.bar.Objects[2].(*press)
			u.pointed(where, where.hint, 0)
		}},
		{"sign-read-only", pageSign, unwritten(), func(u *UI) { u.tellAdvice(u.latest.Load().Docs.List[1]) }},
		{"sign-ways-stamp", pageSign, withChoices(func(s *app.State, c *app.SignChoices) {
			c.Format, c.Level, s.Authorities = app.FormatPAdES, app.LevelT, authorities
		}), ways},
		{"sign-ways-no-authority", pageSign, withChoices(func(_ *app.State, c *app.SignChoices) { c.Level = app.LevelLTA }), ways},
		{"sign-name-authority", pageSign, withChoices(func(*app.State, *app.SignChoices) {}), func(u *UI) { u.nameAuthority(app.Authority{}, u.openWays) }},
		{"settings-stamps", pageSettings, stampedState(), func(u *UI) {
			scrollerOf(u.views[pageSettings].(*settingsView).frame.scroll).ScrollToBottom()
		}},
		{"settings-stamp", pageSettings, stampedState(), func(u *UI) { u.nameAuthority(u.latest.Load().Authorities.List[0], func() {}) }},
		{"verify-preview", pageVerify, verifyPreviewed(), func(u *UI) {
			u.lookedFrom = pageVerify
			u.show(u.latest.Load())
		}},
		digestScene(),
		{"stamps-ask", pageSign, withChoices(func(s *app.State, _ *app.SignChoices) { s.Authorities = authorities }), func(u *UI) { u.openStamps() }},
		{"stamps-done", pageSign, withChoices(func(s *app.State, _ *app.SignChoices) {
			s.Authorities = authorities
			s.Stamping = &app.Stamping{Total: 3, Advice: advice("stamp-refused", app.SeverityWarning, 0), Results: []app.FileResult{
				{File: "/a/bilancio.pdf", Output: "/a/bilancio.pdf.tsd"}, {File: "/a/nota.pdf", Err: &fs.PathError{Op: "open", Path: "/a/nota.pdf", Err: fs.ErrNotExist}},
			}}
		}), func(u *UI) {
			u.openStamps()
			u.stamps.ran = true
			u.asking.open()
		}},
		{"sign-ready-pdf-refused", pageSign, withChoices(refused), nil},
		{"sign-ready-signed", pageSign, signedState(), nil},
		{"sign-ready-again", pageSign, againState(), nil},
		{"sign-existing", pageSign, signedState(), func(u *UI) { u.openExisting(u.latest.Load().Docs.List[2]) }},
		{"sign-existing-archived", pageSign, archivedState(1, 0), func(u *UI) { u.openExisting(u.latest.Load().Docs.List[2]) }},
		{"sign-existing-lose", pageSign, archivedState(1, 0), func(u *UI) { u.confirmLoss(u.latest.Load().Docs.List[2], app.ExistingAdd) }},
		{"sign-existing-lose-record", pageSign, archivedState(0, 2), func(u *UI) { u.confirmLoss(u.latest.Load().Docs.List[2], app.ExistingCounterSign) }},
		{"sign-existing-original", pageSign, detachedState(), func(u *UI) { u.openExisting(u.latest.Load().Docs.List[2]) }},
		{"sign-existing-other-original", pageSign, detachedState(), func(u *UI) {
			d := u.latest.Load().Docs.List[2]
			d.OriginalAdvice = advice("other-original", app.SeverityWarning, 0)
			u.openExisting(d)
		}},
		{"sign-interrupted", pageSign, state(func(s *app.State) {
			s.Interrupted = &app.Interrupted{Started: day(2026, 11, 21), Signer: "ANNA ESEMPIO", Total: 20, Done: 12}
		}), nil},
		{"sign-choice", pageSign, withChoices(func(*app.State, *app.SignChoices) {}), func(u *UI) {
			q := app.Choice{Severity: app.SeverityWarning}
			a := advice("stamp-unreachable", app.SeverityWarning, 0)
			q.Title, q.Body = a.Title, a.Body
			q.Note = msg("stamp.made")
			q.Tried = lang.M("stamp.tried.silent", "time", "10:42:05")
			q.Answers = append(q.Answers, msg("stamp.again"), msg("stamp.without"), msg("stamp.stop"))
			k := &asking{ui: u, refuse: func() {}}
			k.build = func() *panel { return u.choicePanel(q, func(int) {}) }
			u.asking = k
			k.open()
		}},
		{"sign-stamping", pageSign, state(func(s *app.State) {
			s.Docs = docs(app.DocWaiting, fiveNames...)
			s.Docs.List[0].Status = app.DocSigning
			s.Job = &app.Job{Running: true, Signer: "ANNA ESEMPIO", Total: 5, Current: s.Docs.List[0].Name, Stamping: true}
		}), nil},
		{"mark-picture", pageSign, pictured(), func(u *UI) {
			v := u.views[pageSign].(*signView).preview
			v.placing = &placing{doc: u.latest.Load().Docs.List[0], mark: app.VisibleMark{Lines: []string{u.k.T("mark.signed") + " {name}", "{when}"}, Border: true}}
			v.build()
		}},
		{"mark-place", pageSign, previewed("distinta_EX2611.pdf", func(p *app.Preview) { p.View.Facts.Pages = 1 }), func(u *UI) {
			v := u.views[pageSign].(*signView).preview
			v.placing = &placing{doc: u.latest.Load().Docs.List[0], mark: app.VisibleMark{Lines: []string{u.k.T("mark.signed") + " {name}", "{when}"}, Border: true}}
			v.build()
		}},
		{"mark-field", pageSign, fielded(), func(u *UI) {
			v := u.views[pageSign].(*signView).preview
			v.placing = &placing{doc: u.latest.Load().Docs.List[0], mark: app.VisibleMark{Lines: []string{u.k.T("mark.signed") + " {name}", "{when}"}, Border: true}}
			v.build()
		}},
	}
}

// fielded is the preview of a PDF with two signature fields, the first of which closes the form.
func fielded() *app.State {
	st := previewed("distinta_EX2611.pdf", func(p *app.Preview) { p.View.Facts.Pages = 3 })
	st.Docs.List = st.Docs.List[:1]
	first := emptyField(1, 50, 60, 150, 90)
	first.Name, first.Locks = "Il legale rappresentante", true
	st.Docs.List[0].Examination = &app.Examination{Fields: []app.EmptyField{first, emptyField(3, 20, 20, 120, 60)}}
	return st
}

func emptyField(page int, l, b, r, t float64) app.EmptyField {
	return app.EmptyField{Name: "Firma", Page: page, Rect: [4]float64{l, b, r, t}}
}

// containerState is a verdict on a container with so many documents.
func containerState(n int) *app.State {
	return state(func(s *app.State) {
		s.Verify = verification("gara.asice", report(1, 1, "", 1))
		s.Verify.Contents, s.Verify.ContentName, s.Verify.ContentNames = n, "", nil
		for i := range n {
			s.Verify.ContentNames = append(s.Verify.ContentNames, fmt.Sprintf("allegato_%02d.pdf", i+1))
		}
	})
}
