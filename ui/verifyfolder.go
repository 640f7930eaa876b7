package ui

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// showFolder shows the table of a folder: a row for each signed file, with its verdict.
func (v *verifyView) showFolder(f *app.Folder) {
	u, k := v.u, v.u.k
	words := vbox(0, k.fileName(sectionFace, k.p.ink, f.Name), k.para(bodyFace, k.p.ink, v.folderWords(f)))
	objects := []fyne.CanvasObject{hbox(k.px(12), k.square("left", k.T("ui.close"), u.store.CloseFolder), flex(words))}
	if f.Running {
		v.progress.set(f.Done, f.Total)
		objects = append(objects, v.progress.object)
	}
	if f.Advice != nil {
		objects = append(objects, u.adviceBox(f.Advice))
	}
	if f.Saved != nil {
		objects = append(objects, u.savedBox(f.Saved))
	}
	if len(f.Rows) > filterFrom {
		objects = append(objects, v.filter.object)
	}
	elastic := len(objects)
	if len(f.Rows) > 0 {
		objects = append(objects, v.list)
	} else {
		elastic = -1
	}
	objects = append(objects, k.para(noteFace, k.p.muted, k.T("ui.verify.note")))
	v.folder = f
	v.refilter()
	v.frame.setBody(elastic, objects...)
	if f.Running {
		v.frame.setBar(k.para(noteFace, k.p.muted, k.T("verify.folder.stop.after")), v.stopFolder)
		return
	}
	other := k.button(outlined, "plus", k.T("ui.verify.other"), u.chooseFile)
	if len(f.Rows) == 0 {
		v.frame.setBar(leftmost(other))
		return
	}
	v.main = func() {
		u.pick(pickSave, filepath.Dir(f.Path), func(folder []string) {
			u.store.SaveTable(f, filepath.Join(folder[0], app.ReportName(f.Name, ".csv")), u.k.Catalog)
		})
	}
	v.frame.setBar(leftmost(other), k.button(inked, "download", k.T("verify.folder.save"), v.main))
}

// refilter lists the files that the filter lets through.
func (v *verifyView) refilter() {
	v.list.showCount(v.filter.use(len(v.folder.Rows), "", func(i int) (string, filterKind) {
		r := &v.folder.Rows[i]
		if r.Advice == nil && r.Verdict.Seal == app.SealWhole {
			return r.Name, filterGood
		}
		return r.Name, filterProblems
	}))
}

// find implements filtered.
func (v *verifyView) find() {
	if v.last == nil && v.folder != nil && len(v.folder.Rows) > filterFrom {
		v.u.window.Canvas().Focus(v.filter.field)
	}
}

// folderWords sums the table up.
func (v *verifyView) folderWords(f *app.Folder) string {
	k := v.u.k
	if f.Running && f.Total == 0 {
		return k.T("adding.finding.title")
	}
	if f.Running {
		return k.Text(lang.MN("verify.folder.running", f.Total, "done", lang.Count(f.Done)))
	}
	if len(f.Rows) == 0 {
		return k.T("verify.folder.none")
	}
	counts := map[app.Seal]int{}
	unread := 0
	for _, r := range f.Rows {
		if r.Advice != nil {
			unread++
		} else {
			counts[r.Verdict.Seal]++
		}
	}
	var words []string
	for _, c := range []struct {
		key string
		n   int
	}{
		{"verify.folder.valid", counts[app.SealWhole]},
		{"verify.folder.unsure", counts[app.SealBlank]},
		{"verify.folder.broken", counts[app.SealBroken]},
		{"verify.folder.unread", unread},
	} {
		if c.n > 0 {
			words = append(words, k.Text(lang.MN(c.key, c.n)))
		}
	}
	all := k.Text(lang.MN("verify.folder.files", len(f.Rows))) + k.Colon() + strings.Join(words, ", ") + "."
	if f.Done < f.Total {
		all += " " + k.Text(lang.MN("verify.folder.cut", f.Total, "done", lang.Count(f.Done)))
	}
	return all
}

// folderRow is one file: name and who signed, and the verdict in words.
func (v *verifyView) folderRow(i int, width float32) (fyne.CanvasObject, any) {
	k, r := v.u.k, v.folder.Rows[v.filter.at(i)]
	_, look, icon := sealLook(k, r.Verdict.Seal)
	words, sub := k.Text(r.Verdict.Title), k.fit(noteFace, k.p.muted, app.Visible(strings.Join(r.Signers, ", ")))
	if r.Advice != nil {
		look, icon, words = k.p.warn, "warning", k.T("verify.folder.unread.one")
		sub = k.fit(noteBold, k.p.warn.ink, k.Text(r.Advice.Title))
	}
	state := fyne.CanvasObject(k.state(strongFace, icon, words, look.ink))
	if width < k.px(620) { // the verdict takes the place of the names
		state = k.icon(icon, 22, look.ink)
		if r.Advice == nil {
			sub = k.fit(noteBold, look.ink, words)
		}
	}
	page, _ := k.page(r.Name)
	t := k.tap("", r.Name, " ", func() { v.list.cursor = i; v.u.store.Verify(r.Path) })
	t.body = pad(0, k.px(20), 0, k.px(20), hbox(k.px(16), page, flex(vbox(0, k.fileName(strongFace, k.p.ink, r.Name), sub)), state))
	return t, v.folderKey(i)
}

// folderKey is what a row is made of: it is made anew when that changes.
func (v *verifyView) folderKey(i int) any {
	r := v.folder.Rows[v.filter.at(i)]
	return [2]string{r.Path, v.u.k.Text(r.Verdict.Title)}
}
