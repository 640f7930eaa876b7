package ui

import (
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// verifyIntents are what the page Verifica e apri asks of the store.
type verifyIntents interface {
	Verify(path string)
	VerifyAs(q app.VerifyRequest)
	CloseVerification()
	SaveContent(v *app.Verification, dest string)
	SaveSigner(v *app.Verification, id, dest string)
	SaveRevision(v *app.Verification, id, dest string)
	SaveReport(v *app.Verification, dest string, t *lang.Catalog)
	PrintReport(v *app.Verification, t *lang.Catalog)
	StopFolder()
	CloseFolder()
	SaveTable(f *app.Folder, dest string, t *lang.Catalog)
}

// actions are what can be done with the verdict, below it.
func (v *verifyView) actions() fyne.CanvasObject {
	u, k := v.u, v.u.k
	row := wrapbox(k.px(10))
	if path := v.visible(); path != "" {
		v.eye = k.button(small, "eye", k.T("preview.open"), func() { u.look(path) })
		row.Add(v.eye)
	}
	for _, b := range []*button{
		k.button(small, "download", k.T("verify.report.save"), u.chooseReport),
		k.button(small, "file", k.T("verify.print"), func() { u.store.PrintReport(v.last, k.Catalog) }),
		k.button(small, "calendar", k.T("verify.at"), u.chooseMoment),
		v.retry(),
	} {
		if b == nil {
			continue
		}
		row.Add(b)
	}
	return row
}

// retry verifies once more where the verdict says to try again; nil elsewhere.
func (v *verifyView) retry() *button {
	if v.last.Verdict.Next.Key != "verdict.next.retry" {
		return nil
	}
	return v.u.k.button(small, "verify", v.u.k.T("verify.retry"), v.u.again)
}

// visible is the file that shows what was signed: the original of a signature apart from it, or the file itself; empty
// when neither holds it.
func (v *verifyView) visible() string {
	switch ver := v.last; {
	case ver.Original != "":
		return ver.Original
	case ver.Contents > 0 || ver.Report.Format == app.FormatPAdES:
		return ver.File
	}
	return ""
}

// boxes stand between the verdict and the tree: what was asked, what is missing, what came of the last wish.
func (v *verifyView) boxes(ver *app.Verification) []fyne.CanvasObject {
	u, k := v.u, v.u.k
	var out []fyne.CanvasObject
	if !ver.At.IsZero() {
		today := ver.VerifyRequest
		today.At = time.Time{}
		out = append(out, k.advice(k.p.note, "calendar", k.Text(lang.M("verify.at.title", "when", k.DateTime(ver.At))), k.T("verify.at.body"),
			k.button(small, "", k.T("verify.at.today"), func() { u.store.VerifyAs(today) })))
	}
	if ver.Original != "" {
		out = append(out, hbox(k.px(10), k.icon("file", 20, k.p.muted),
			flex(k.para(noteFace, k.p.muted, k.Text(lang.M("verify.original", "name", filepath.Base(ver.Original)))))))
	}
	if ver.Advice != nil {
		out = append(out, u.adviceBox(ver.Advice))
	}
	if ver.Saved != nil {
		out = append(out, u.savedBox(ver.Saved))
	}
	return out
}

// savedBox tells what was written where, and offers to open it.
func (u *UI) savedBox(s *app.SavedFile) fyne.CanvasObject {
	k := u.k
	var buttons []fyne.CanvasObject
	if s.CanOpen {
		buttons = append(buttons, k.button(small, "open", k.T("verify.open"), func() { u.openFile(s.Path) }))
	}
	if !s.Print {
		buttons = append(buttons, k.button(small, "folder", k.T("ui.open.folder"), func() { u.openFolder(s.Path) }))
	}
	where := s.Path
	switch {
	case s.Print:
		where = k.T("verify.print.body")
	case s.Count > 1:
		where = filepath.Dir(s.Path)
	}
	return k.advice(k.p.good, "check", k.Text(s.What), where, buttons...)
}

// openFile hands a file to the system's program for it; only what app.CanOpen allows, and our own reports, come here.
func (u *UI) openFile(path string) {
	u.launch(path)
}

// chooseReport asks for the kind of the report, and then for its folder.
func (u *UI) chooseReport() {
	ver := u.latest.Load().Verify
	if ver == nil || ver.Report == nil {
		return
	}
	u.openSheet(func(a *asking) *panel { return u.reportPanel(a, ver) })
}

// reportPanel offers the kinds of report, the one for people first.
func (u *UI) reportPanel(a *asking, ver *app.Verification) *panel {
	k := u.k
	rows := vbox(k.px(optionGap))
	var first *press
	for _, kind := range []struct{ name, icon string }{{"pdf", "file"}, {"html", "globe"}, {"json", "copy"}} {
		b := k.option(kind.icon, k.T("verify.report."+kind.name), k.T("verify.report."+kind.name+".what"), false, func() {
			a.shut()
			u.pickPlace(filepath.Dir(ver.File), app.ReportName(ver.Name, "."+kind.name), func(path string) {
				u.store.SaveReport(ver, path, u.k.Catalog)
			})
		})
		b.key = u.within(a.shut, b)
		if first == nil {
			first = b
		}
		rows.Add(b)
	}
	cancel := k.button(outlined, "", k.T("ui.cancel"), a.shut)
	cancel.key = u.within(a.shut, cancel.press)
	p := u.newSheet(k.p.ink, vbox(k.px(18), k.para(pinFace, k.p.ink, k.T("verify.report.title")), rows), k.answers(cancel))
	p.first = first
	return p
}

// chooseOriginal lets the person name the files that a detached signature is over.
func (u *UI) chooseOriginal() {
	ver := u.latest.Load().Verify
	if ver == nil {
		return
	}
	q := ver.VerifyRequest
	u.pick(pickFiles, filepath.Dir(q.File), func(paths []string) {
		q.Originals = paths
		u.store.VerifyAs(q)
	})
}

// saveRevision asks where the PDF goes as it was when the signature with that ID was made.
func (u *UI) saveRevision(ver *app.Verification, id string) {
	u.pick(pickSave, filepath.Dir(ver.File), func(folder []string) {
		u.store.SaveRevision(ver, id, filepath.Join(folder[0], ver.RevisionName(id)))
	})
}

// basis tells what the verdict stands on: how the file is made, the lists with number and date, anchors of the person.
func (v *verifyView) basis(ver *app.Verification) fyne.CanvasObject {
	k := v.u.k
	box := vbox(k.px(7), k.para(strongFace, k.p.ink, k.T("verify.basis")))
	for _, n := range ver.Report.Notes {
		if key := "note." + n; k.Has(key) {
			box.Add(k.para(noteFace, k.p.muted, k.T(key)))
		}
	}
	for _, l := range ver.Trust.Lists {
		box.Add(k.para(noteFace, k.p.muted, k.T("report.list")+" "+l.Territory+k.Colon()+app.ListText(l, k.Catalog)))
	}
	if len(ver.Trust.Lists) == 0 {
		box.Add(k.para(noteFace, k.p.muted, k.T("report.lists.none")))
	}
	if ver.Trust.ExtraAnchors > 0 {
		box.Add(k.para(noteFace, k.p.muted, k.T("report.extra-anchors")))
	}
	return k.sheet(22, box)
}

// openSigner shows the certificate of a signature in full, to be copied or saved.
func (u *UI) openSigner(ver *app.Verification, s *app.Signature) {
	c := app.SignerCertificate(s.Signer)
	if c == nil {
		return
	}
	u.openSheet(func(a *asking) *panel {
		k := u.k
		rows := u.certificateLines(c)
		for _, r := range rows {
			for _, x := range controlsIn(r) {
				x.key = u.within(a.shut, x.press)
			}
		}
		half := (len(rows) + 1) / 2
		all := k.button(outlined, "copy", k.T("ui.copy.all"), func() { u.copy(k.certificateText(c)) })
		save := k.button(outlined, "download", k.T("signer.save"), func() {
			a.shut()
			u.pick(pickSave, filepath.Dir(ver.File), func(folder []string) {
				u.store.SaveSigner(ver, s.ID, filepath.Join(folder[0], k.T("ui.mycard.file.sign")+".pem"))
			})
		})
		shut := k.button(inked, "", k.T("ui.close"), a.shut)
		for _, b := range []*button{all, save, shut} {
			b.key = u.within(a.shut, b.press)
		}
		p := u.newSheet(k.p.ink, vbox(k.px(16), k.para(pinFace, k.p.ink, k.T("signer.title")),
			cols(k.px(32), k.px(760), []float32{1, 1}, vbox(k.px(7), rows[:half]...), vbox(k.px(7), rows[half:]...))), k.answers(all, save, shut))
		p.first = shut
		return p
	})
}
