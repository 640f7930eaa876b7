package ui

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is the States that the tests and the gallery show. Names and numbers are invented.

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 10, 0, 0, 0, lang.Rome()) }

func exampleCard() app.Card {
	cert := app.Certificate{
		ID: "c2", Use: app.ForSigning, Qualified: true, CanSign: true, SubjectCN: "ANNA ESEMPIO", FiscalCode: "SMPNNA80A41F205X",
		IssuerCN: "CA di Prova Qualificata", Serial: "5a17c04e920b", NotBefore: day(2025, 3, 14), NotAfter: day(2028, 3, 14),
		DaysLeft: 478, Renewal: app.RenewalTooEarly, RenewFrom: day(2027, 12, 15), RenewUntil: day(2028, 3, 13),
		SHA256: "3f9a71c208de5b14a7e03f9a71c208de5b14a7e03f9a71c208de5b14a7e0aa01", KeyType: "RSA-2048", PIN: 0x1A,
	}
	login := cert
	login.ID, login.Use, login.CanSign, login.IssuerCN, login.Serial, login.PIN = "c1", app.ForLogin, false, "CA di Prova Servizi", "5a17c04e920c", 0x10
	login.SubjectCN = "SMPNNA80A41F205X/7420000000000001.abcdefghij="
	cert.DER, login.DER = testFile("certificate-sign.der"), testFile("certificate-login.der")
	return app.Card{
		Slot: "s1", Reader: "Lettore di prova 00 00", Phase: app.PhaseReady, ATR: "3BFF1800008131FE55006B02090517030111014350491A", Via: "native",
		Kind: "CNS", Serial: "1201000000000001", Issuer: "Camera di Prova", Surname: "ESEMPIO", Name: "ANNA", FiscalCode: "SMPNNA80A41F205X",
		Issued: day(2025, 3, 14), Expires: day(2028, 3, 14), Certificates: []app.Certificate{cert, login},
		PINs: []app.PINView{examplePIN(0x1A), examplePIN(0x10)},
	}
}

// testFile is a file of testdata: certificates of invented people by invented issuers.
func testFile(name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		panic(err)
	}
	return b
}

func examplePIN(r app.PINRef) app.PINView {
	return app.PINView{Ref: r, Min: 5, Max: 8, TriesLeft: 3, PUKTriesLeft: 3, CanUnblock: true, PUKMin: 8, PUKMax: 8}
}

func cardsWith(change func(*app.Cards, *app.Card)) *app.Cards {
	c := &app.Cards{Phase: app.PhaseReady, List: []app.Card{exampleCard()}}
	if change != nil {
		change(c, &c.List[0])
	}
	return c
}

func advice(code string, s app.Severity, n int, args ...string) *app.Advice {
	a := &app.Advice{Code: code, Severity: s, Title: lang.MN("advice."+code+".title", n, args...), Body: lang.MN("advice."+code+".body", n, args...)}
	if slices.Contains([]string{"renew", "renew-last-day", "certificate-not-yet", "certificate-suspended", "login-suspended"}, code) {
		a.Here = lang.MN("advice."+code+".here", n, args...)
	}
	return a
}

func absent(p app.CardPhase, code string) *app.Cards {
	return &app.Cards{Phase: p, Chosen: -1, Advice: advice(code, app.SeverityWarning, 0)}
}

func docs(status app.DocStatus, names ...string) *app.Docs {
	d := &app.Docs{}
	sizes := []int64{184000, 96000, 412000, 238000, 156000}
	for i, n := range names {
		doc := app.Doc{ID: i + 1, Path: "/casa/anna/Documenti/pratica_EX2611/" + n, Name: n, Size: sizes[i%len(sizes)], Status: status}
		if status == app.DocSigned {
			doc.Output = doc.Path + ".p7m"
		}
		d.List = append(d.List, doc)
	}
	return d
}

var fiveNames = []string{"distinta_EX2611.pdf", "bilancio_2025.xbrl", "nota_integrativa.pdf", "relazione_sindaco.pdf", "verbale_assemblea.pdf"}

func state(change func(*app.State)) *app.State {
	s := &app.State{Cards: cardsWith(nil), Docs: &app.Docs{}, Trust: &app.Trust{ItalianList: day(2026, 11, 20), Lists: exampleLists}, Settings: &app.Settings{Language: "it", Theme: "light"}, Library: &app.LibraryChoice{Able: true}}
	if change != nil {
		change(s)
	}
	return s
}

// report is a report as the engine makes it. It is read from JSON because the window does not know the package
// of its parts.
func report(integrity, indication int, sub string, n int) *app.Report {
	r := &app.Report{}
	type sig map[string]any
	var sigs []sig
	who := []string{"ANNA ESEMPIO", "MARIO PROVA", "LUCIA CAMPIONE"}
	for i := range n {
		s := sig{
			"ID": string(rune('1' + i)), "Format": 1, "Level": "B-B", "Integrity": integrity, "Indication": indication, "SubIndication": sub,
			"Claimed": day(2026, 11, 12+i), "CoversWholeFile": true,
			"Signer": map[string]any{
				"SubjectCN": who[i%3], "IssuerCN": "CA di Prova Qualificata", "FiscalCode": "SMPNNA80A41F205X", "Serial": "5a17c04e920b",
				"NotBefore": day(2025, 3, 14), "NotAfter": day(2028, 3, 14),
			},
		}
		sigs = append(sigs, s)
	}
	b, err := json.Marshal(map[string]any{"Format": 1, "Time": today, "Signatures": sigs})
	if err == nil {
		err = json.Unmarshal(b, r)
	}
	if err != nil {
		return r // a report without signatures: every test of it fails
	}
	if n > 0 { // the others are not found whole
		c := r.Signatures[0].Signer
		c.DER = testFile("certificate-sign.der")
		c.X509, _ = x509.ParseCertificate(c.DER)
	}
	for i := range r.SHA256 {
		r.SHA256[i] = byte(i * 37)
	}
	return r
}

func verification(name string, r *app.Report) *app.Verification {
	v := &app.Verification{Name: name, Report: r, ContentName: "contratto_fornitura.pdf", ContentNames: []string{"contratto_fornitura.pdf"}, Contents: 1}
	v.File = "/casa/anna/Documenti/" + name
	v.Trust.Lists = exampleLists
	v.Verdict = app.JudgeReport(r)
	return v
}

// exerciseAt is an exercise of which some steps are done.
func exerciseAt(id string, done int) func(*app.State) {
	return func(s *app.State) {
		s.Cards = cardsWith(func(c *app.Cards, _ *app.Card) { c.Practice = true })
		s.Exercise = &app.Exercise{ID: id}
		for i := range map[string]int{"first": 3, "pulled": 3, "change": 2}[id] {
			s.Exercise.Steps = append(s.Exercise.Steps, app.ExerciseStep{
				Words: lang.M(fmt.Sprintf("exercise.%s.%d", id, i+1), "pin", app.PracticePIN, "puk", app.PracticePUK), Done: i < done,
			})
		}
	}
}

// exampleLists are the European and the Italian list.
var exampleLists = []app.ListReport{
	{Territory: "EU", Sequence: 388, Issued: "2026-11-02T13:16:35Z", NextUpdate: "2027-05-02T13:16:35Z", Origin: "cache"},
	{Territory: "IT", Sequence: 194, Issued: "2026-11-20T01:00:00Z", NextUpdate: "2027-05-20T01:00:00Z", Origin: "cache"},
}

// judged is a report with all that can stand in one: nested and counter signatures, service, revocation, notes.
func judged() *app.Report {
	r := report(1, 0, "TRY_LATER", 3)
	r.Notes = []string{"base64", "ber"}
	extra := `[{"ID":"1","Qualification":"QESig","Service":{"Territory":"IT","Provider":"Camera di Prova S.p.A.","Name":"CA di Prova Qualificata","Sequence":194,"Issued":"2026-11-20T01:00:00Z"},
		"Revocation":[{"State":"good","Source":"ocsp","Origin":"online","ThisUpdate":"2026-11-22T08:00:00Z"}],
		"Chain":[{"SubjectCN":"ANNA ESEMPIO"}],"Indication":1,"SubIndication":""},
		{"ID":"1.1","Parent":"1"},{"ID":"1.1.1","Parent":"1.1","Format":8}]`
	if json.Unmarshal([]byte(extra), &r.Signatures) != nil {
		return &app.Report{}
	}
	return r
}

func folderOf(running bool) *app.Folder {
	f := &app.Folder{Path: "/casa/anna/Documenti/ricevuti", Name: "ricevuti", Running: running, Done: 5, Total: 6}
	for i, r := range []*app.Report{report(1, 1, "", 2), report(1, 0, "OUT_OF_BOUNDS_NO_POE", 1), report(2, 2, "HASH_FAILURE", 1)} {
		name := []string{"contratto_fornitura.pdf.p7m", "perizia_2023.pdf.p7m", "verbale di assemblea straordinaria con un nome lungo.pdf.p7m"}[i]
		f.Rows = append(f.Rows, app.FolderRow{Path: f.Path + "/" + name, Name: name, Verdict: app.JudgeReport(r), Signers: []string{"ANNA ESEMPIO", "MARIO PROVA"}[:1+i%2]})
	}
	f.Rows = append(f.Rows, app.FolderRow{Path: f.Path + "/x", Name: "senza_permesso.p7m", Advice: advice("no-permission", app.SeverityWarning, 0)})
	if !running {
		f.Done = 6
	}
	return f
}

// scene is a page in a state.
type scene struct {
	name  string
	page  pageID
	state *app.State
	then  func(*UI)
}

// scenes is one table, longer than a function should be.
func scenes() []scene {
	st := state
	list := []scene{
		{"sign-empty", pageSign, st(nil), nil},
		{"sign-empty-no-reader", pageSign, st(func(s *app.State) { s.Cards = absent(app.PhaseNoReader, "no-reader") }), nil},
		{"sign-ready", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocReady, fiveNames...)
			s.Docs.List[4].Status, s.Docs.List[4].Advice = app.DocProblem, advice("file-missing", app.SeverityWarning, 0)
		}), nil},
		{"sign-adding-finding", pageSign, st(func(s *app.State) {
			s.Adding = &app.Adding{Finding: true, Found: 12480, Folder: "/casa/anna/Documenti/Studio Bianchi & Associati/Bilanci 2025"}
		}), nil},
		{"sign-adding", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocReady, fiveNames...)
			s.Adding = &app.Adding{Found: 1240, Read: 5}
		}), nil},
		{"sign-ready-many", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocReady, append(append(fiveNames, fiveNames...), "un nome lunghissimo che non può stare in una riga sola della finestra, verbale di assemblea straordinaria.pdf")...)
		}), nil},
		{"sign-no-card", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocReady, fiveNames[:2]...)
			s.Cards = absent(app.PhaseEmpty, "no-card")
		}), nil},
		{"sign-wrong-pin", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocReady, fiveNames[:3]...)
			s.Cards = cardsWith(func(_ *app.Cards, c *app.Card) { c.PINs[0].TriesLeft = 2 })
			s.Job = &app.Job{Signer: "ANNA ESEMPIO", Total: 3, Advice: advice("pin-wrong", app.SeverityWarning, 2)}
		}), nil},
		{"sign-running", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocWaiting, fiveNames...)
			s.Docs.List[0].Status, s.Docs.List[0].Output = app.DocSigned, "/x/distinta_EX2611.pdf.p7m"
			s.Docs.List[1].Status = app.DocSigning
			s.Job = &app.Job{Running: true, Signer: "ANNA ESEMPIO", Total: 5, Done: 1, Signed: 1, Current: "bilancio_2025.xbrl"}
		}), nil},
		{"sign-done", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocSigned, fiveNames...)
			s.Job = &app.Job{Signer: "ANNA ESEMPIO", Total: 5, Done: 5, Signed: 5, Ended: today}
		}), nil},
		{"sign-done-some", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocSigned, fiveNames...)
			for i := range s.Docs.List[2:] {
				s.Docs.List[2+i].Status, s.Docs.List[2+i].Output = app.DocStopped, ""
			}
			s.Job = &app.Job{Signer: "ANNA ESEMPIO", Total: 5, Done: 2, Signed: 2, Ended: today, Advice: advice("card-removed", app.SeverityWarning, 0)}
		}), nil},
		{"sign-done-none", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocFailed, fiveNames[:3]...)
			for i := range s.Docs.List {
				s.Docs.List[i].Output, s.Docs.List[i].Advice = "", advice("read-only", app.SeverityWarning, 0)
			}
			s.Job = &app.Job{Signer: "ANNA ESEMPIO", Total: 3, Done: 3, Ended: today}
		}), nil},
		{"sign-pin", pageSign, st(func(s *app.State) { s.Docs = docs(app.DocReady, fiveNames...) }), askPIN(3, app.NotPractice)},
		{"sign-pin-last", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocReady, fiveNames...)
			s.Cards = cardsWith(func(_ *app.Cards, c *app.Card) { c.PINs[0].TriesLeft = 1 })
		}), askPIN(1, app.NotPractice)},
		{"sign-pin-practice", pageSign, st(func(s *app.State) {
			s.Docs = docs(app.DocReady, fiveNames...)
			s.Cards = cardsWith(func(c *app.Cards, _ *app.Card) { c.Practice = true })
		}), askPIN(3, app.PracticeKnown)},
		{"confirm", pageSign, st(func(s *app.State) { s.Docs = docs(app.DocReady, fiveNames...) }), func(u *UI) {
			a := &asking{ui: u, refuse: func() {}}
			a.build = func() *panel {
				return u.confirmPanel(app.Question{
					Title: lang.MN("confirm.exists.title", 1, "name", "bilancio.xbrl.p7m"), Body: lang.MN("confirm.exists.body", 1, "free", "bilancio (2).xbrl.p7m"),
					Yes: lang.MN("confirm.exists.yes", 1), No: lang.MN("confirm.exists.no", 1), Severity: app.SeverityWarning,
				}, func() {}, func() {})
			}
			u.asking = a
			a.open()
		}},
		{"exercise-first", pageSign, st(func(s *app.State) {
			exerciseAt("first", 0)(s)
			s.Docs = docs(app.DocReady, "TEST 1 - Lettera alla società.pdf", "TEST 2 - Verbale di assemblea.pdf")
		}), nil},
		{"exercise-pulled", pageSign, st(func(s *app.State) {
			exerciseAt("pulled", 1)(s)
			s.Exercise.Out = true
			s.Docs = docs(app.DocStopped, "TEST 1 - Lettera alla società.pdf", "TEST 2 - Verbale di assemblea.pdf", "TEST 3 - Bilancio d’esercizio.pdf")
			s.Docs.List[0].Status, s.Docs.List[0].Output = app.DocSigned, "/x/TEST 1 - Lettera alla società.pdf.p7m"
			s.Job = &app.Job{Signer: "ANNA ESEMPIO", Total: 3, Done: 1, Signed: 1, Ended: today, Advice: advice("card-removed", app.SeverityWarning, 0)}
			s.Cards = absent(app.PhaseEmpty, "no-card")
			s.Cards.Practice = true
		}), nil},
		{"exercise-done", pageCard, st(exerciseAt("change", 2)), nil},
		{"exercises", pageSign, st(exerciseAt("first", 0)), func(u *UI) { u.chooseExercise() }},
		{"verify-empty", pageVerify, st(nil), nil},
		{"verify-running", pageVerify, st(func(s *app.State) {
			s.Verify = &app.Verification{VerifyRequest: app.VerifyRequest{File: "/x/bilancio_2025.pdf.p7m"}, Name: "bilancio_2025.pdf.p7m", Running: true, Read: 812 << 20}
			s.Errand = &app.Errand{ID: 1, What: lang.M("errand.save", "name", "rendiconto_2025_rapporto.pdf")}
		}), nil},
		{"verify-valid", pageVerify, st(func(s *app.State) {
			s.Verify = verification("contratto_fornitura.pdf.p7m", report(1, 1, "", 2))
		}), nil},
		{"verify-unsure", pageVerify, st(func(s *app.State) {
			r := report(1, 0, "OUT_OF_BOUNDS_NO_POE", 1)
			r.Signatures[0].Signer.NotBefore, r.Signatures[0].Signer.NotAfter = day(2023, 11, 15), day(2026, 11, 15)
			s.Verify = verification("perizia_2023.pdf.p7m", r)
			s.Verify.ContentName, s.Verify.ContentNames = "perizia_2023.pdf", []string{"perizia_2023.pdf"}
		}), nil},
		{"verify-broken", pageVerify, st(func(s *app.State) {
			s.Verify = verification("contratto_fornitura.pdf.p7m", report(2, 2, "HASH_FAILURE", 1))
		}), nil},
		{"verify-practice-saved", pageVerify, st(func(s *app.State) {
			s.Cards = cardsWith(func(c *app.Cards, _ *app.Card) { c.Practice = true })
			s.Verify = verification("contratto_fornitura.pdf.p7m", report(1, 1, "", 1))
			s.Verify.Practice = true
			s.Verify.Saved = &app.SavedFile{What: lang.MN("saved.content", 1), Path: "/casa/anna/Documenti/contratto_fornitura.pdf", Count: 1, CanOpen: true}
		}), nil},
		{"verify-full", pageVerify, st(func(s *app.State) {
			s.Verify = verification("contratto_fornitura.pdf.p7m", judged())
			s.Verify.At, s.Verify.Original = day(2026, 11, 15), "/x/contratto_fornitura.pdf"
		}), nil},
		{"verify-pdf", pageVerify, st(func(s *app.State) {
			r := report(1, 1, "", 2)
			r.Format, r.Signatures[0].Format, r.Signatures[0].CoversWholeFile, r.Signatures[1].Format = 2, 2, false, 2
			s.Verify = verification("contratto_fornitura_firmato.pdf", r)
			s.Verify.Contents, s.Verify.ContentName, s.Verify.ContentNames = 0, "", nil
			s.Verify.Saved = &app.SavedFile{What: lang.M("saved.print"), Path: "/tmp/x/r.pdf", Count: 1, CanOpen: true, Print: true}
		}), nil},
		{"verify-wants", pageVerify, st(func(s *app.State) {
			s.Verify = verification("contratto_fornitura.pdf.p7s", report(0, 0, "SIGNED_DATA_NOT_FOUND", 1))
			s.Verify.Wants, s.Verify.Contents, s.Verify.ContentNames = true, 0, nil
		}), nil},
		{"verify-report", pageVerify, st(func(s *app.State) {
			s.Verify = verification("contratto_fornitura.pdf.p7m", report(1, 1, "", 1))
		}), func(u *UI) { u.chooseReport() }},
		{"verify-moment", pageVerify, st(func(s *app.State) {
			s.Verify = verification("contratto_fornitura.pdf.p7m", report(1, 1, "", 1))
		}), func(u *UI) {
			u.chooseMoment()
			if f, ok := u.asking.panel.first.(*lineField); ok {
				f.SetText("31/2/2026")
				f.CursorColumn = len(f.Text)
				f.OnSubmitted("")
			}
		}},
		{"verify-folder", pageVerify, st(func(s *app.State) { s.Folder = folderOf(false) }), nil},
		{"verify-folder-running", pageVerify, st(func(s *app.State) { s.Folder = folderOf(true) }), nil},
		{"card-ready", pageCard, st(nil), nil},
		{"card-details", pageCard, st(nil), func(u *UI) {
			v := u.views[pageCard].(*cardView)
			v.open["c2"] = true
			v.fill()
		}},
		{"card-details-login", pageCard, st(nil), func(u *UI) {
			v := u.views[pageCard].(*cardView)
			v.open["c1"] = true
			v.fill()
			u.shell.object.Refresh()
			scrollerOf(v.frame.scroll).ScrollToOffset(fyne.NewPos(0, 900))
		}},
		{"card-ends-soon", pageCard, st(func(s *app.State) {
			s.Cards = cardsWith(func(c *app.Cards, x *app.Card) {
				for i := range x.Certificates {
					y := &x.Certificates[i]
					y.Renewal, y.DaysLeft, y.RenewFrom, y.RenewUntil = app.RenewalUnsaid, 41, time.Time{}, time.Time{}
					y.NotBefore, y.NotAfter = day(2024, 1, 2), day(2027, 1, 2)
				}
				c.Advice = advice("ends-soon", app.SeverityWarning, 41, "issuer", "Ente di Prova S.p.A.")
			})
		}), nil},
		{"card-suspended", pageCard, st(func(s *app.State) {
			s.Cards = cardsWith(func(c *app.Cards, x *app.Card) {
				x.Certificates[0].Status = app.CertStatus{State: "suspended", Since: day(2026, 11, 2), Checked: today}
				x.Certificates[0].CanSign = false
				c.Advice = advice("certificate-suspended", app.SeverityDanger, 0)
			})
		}), nil},
		{"card-blocked", pageCard, st(func(s *app.State) {
			s.Cards = cardsWith(func(c *app.Cards, x *app.Card) {
				c.Phase, x.Phase = app.PhaseBlocked, app.PhaseBlocked
				x.PINs[0].TriesLeft, x.PINs[0].Blocked = 0, true
				c.Advice = advice("pin-blocked", app.SeverityDanger, 0)
			})
		}), nil},
		{"card-renew", pageCard, st(func(s *app.State) {
			s.Cards = cardsWith(func(c *app.Cards, x *app.Card) {
				for i := range x.Certificates {
					x.Certificates[i].NotBefore, x.Certificates[i].NotAfter = day(2024, 1, 20), day(2027, 1, 20)
					x.Certificates[i].RenewFrom, x.Certificates[i].RenewUntil = day(2026, 10, 22), day(2027, 1, 19)
					x.Certificates[i].DaysLeft, x.Certificates[i].Renewal = 59, app.RenewalOpen
				}
				c.Advice = advice("renew", app.SeverityWarning, 59)
			})
		}), nil},
		{"card-withdrawn", pageCard, st(func(s *app.State) {
			s.Cards = cardsWith(func(c *app.Cards, x *app.Card) {
				x.Certificates[0].Status = app.CertStatus{State: "revoked", Since: day(2026, 1, 10), Checked: today}
				x.Certificates[1].Status = app.CertStatus{State: "good", Checked: today}
				c.Advice = advice("chip-withdrawn", app.SeverityDanger, 0, "name", "ID-One CNS V2 (Cosmo V9)")
			})
		}), nil},
		{"card-expired", pageCard, st(func(s *app.State) {
			s.Cards = cardsWith(func(c *app.Cards, x *app.Card) {
				for i := range x.Certificates {
					y := &x.Certificates[i]
					y.CanSign, y.Renewal, y.DaysLeft = false, app.RenewalExpired, -12
					y.NotBefore, y.NotAfter = day(2023, 11, 10), day(2026, 11, 10)
				}
				c.Advice = advice("certificate-expired", app.SeverityDanger, 0)
			})
		}), nil},
		{"card-login-blocked", pageCard, st(func(s *app.State) {
			s.Cards = cardsWith(func(c *app.Cards, x *app.Card) {
				x.PINs[1].TriesLeft, x.PINs[1].Blocked = 0, true
				x.PINs[0].TriesLeft, x.PINs[0].WrongToday = -1, 2
				c.Advice = advice("pin-blocked-login", app.SeverityWarning, 0)
			})
		}), nil},
		{"help", pageHelp, st(nil), nil},
		{"settings", pageSettings, st(func(s *app.State) { s.Startup = &app.StartupState{Able: true, On: true} }), nil},
		{"settings-library", pageSettings, st(func(s *app.State) {
			s.Library = &app.LibraryChoice{Able: true, Path: "/usr/lib/bit4id/libbit4xpki.so", Advice: &app.Advice{
				Code: "library-fails", Severity: app.SeverityWarning, Detail: "loading module nota.so: it is no program library of a kind that is known here",
				Title: lang.M("advice.library-fails.title", "name", "nota.so"), Body: lang.M("advice.library-fails.body"),
			}}
		}), func(u *UI) { u.toLibrary() }},
		{"settings-trust", pageSettings, st(func(s *app.State) {
			old := append([]app.ListReport(nil), exampleLists...)
			old[1].Issued, old[1].NextUpdate, old[1].OutOfDate = "2026-03-20T01:00:00Z", "2026-09-20T01:00:00Z", true
			s.Trust = &app.Trust{
				ItalianList: day(2026, 3, 20), OutOfDate: true, Lists: old, Refreshing: true, Advice: advice("lists-not-fetched", app.SeverityWarning, 0),
				Anchors:     []app.Anchor{{ID: "a1", Name: "CA dello Studio di Prova", NotAfter: day(2030, 1, 1)}},
				Authorities: []app.Anchor{{ID: "b1", Name: "Filtro di rete dell’ufficio", NotAfter: day(2029, 1, 1)}},
			}
		}), func(u *UI) { scrollerOf(u.views[pageSettings].(*settingsView).frame.scroll).ScrollToBottom() }},
		{"picker", pageSign, st(nil), func(u *UI) {
			a := &asking{ui: u, refuse: func() {}}
			p := &picker{u: u, dir: "/casa/anna/Documenti", chosen: map[string]bool{"bilancio_2025.xbrl": true}}
			p.items = []pickItem{{"pratica_EX2611", true, 0}, {"ricevute", true, 0}, {"bilancio_2025.xbrl", false, 96000}, {"nota_integrativa.pdf", false, 412000}}
			a.build = func() *panel { return p.panel(a) }
			u.asking = a
			a.open()
		}},
	}
	for p, code := range []string{"no-service", "no-reader", "no-card", "card-mute", "card-unsupported", "card-busy", ""} {
		c := absent(app.CardPhase(p), code)
		if code == "" {
			c.Advice = nil
		}
		if app.CardPhase(p) == app.PhaseUnsupported {
			c.List, c.Chosen = []app.Card{{Slot: "x#1", Reader: "Lettore 00 00", Phase: c.Phase, ATR: "3B8F8001804F0CA000000306030001000000006A"}}, 0
		}
		list = append(list, scene{"card-" + phaseWords[p].key, pageCard, st(func(s *app.State) { s.Cards = c }), nil})
	}
	return slices.Concat(list, pinScenes(), filingScenes(), previewScenes(), doctorScenes(), waysScenes(), filterScenes(), hoverScenes(list))
}

func signQuestion(tries int, practice app.PracticeCode) app.PINQuestion {
	return app.PINQuestion{
		Label: app.PINLabel(0x1A), Purpose: lang.MN("pin.purpose.sign", 5, "name", "ANNA ESEMPIO"), Action: lang.MN("pin.action.sign", 5),
		Min: 5, Max: 8, Tries: app.Tries{Left: tries}, Practice: practice,
	}
}

func askPIN(tries int, practice app.PracticeCode) func(*UI) {
	return func(u *UI) {
		q := signQuestion(tries, practice)
		a := &asking{ui: u, refuse: func() {}}
		a.build = func() *panel { return u.pinPanel(q, func(p *app.PIN) { p.Wipe() }, func() {}) }
		u.asking = a
		a.open()
		for range 5 {
			a.panel.field.TypedRune('7')
		}
	}
}

func msg(key string) lang.Msg { return lang.M(key) }
