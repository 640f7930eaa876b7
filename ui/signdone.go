package ui

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is the page of a job that has ended: what was signed, what was not, and what comes next.

func (v *signView) showDone(st *app.State) {
	u, k := v.u, v.u.k
	v.frame.column.grow = false
	job := st.Job
	var objects []fyne.CanvasObject
	left := unsigned(v.docs)
	all := left == 0 && job.Signed > 0
	if all {
		when := k.Text(lang.M("ui.done.as", "name", job.Signer, "date", k.Date(job.Ended), "time", k.Clock(job.Ended)))
		words := vbox(k.px(2), k.para(titleFace, k.p.ink, initial(k.Text(lang.MN("ui.done", job.Signed)))), k.para(bodyFace, k.p.ink, when))
		if job.Practice {
			words.Add(k.para(strongFace, k.p.note.ink, k.T("ui.done.practice")))
		}
		objects = append(objects, k.cornice(k.beside("draw-seal-whole", 86, k.p.wax, words)))
	} else {
		r := k.p.warn
		title, body := initial(k.Text(lang.MN("ui.done.some", job.Signed)))+", "+k.Text(lang.MN("ui.done.not", left)), k.T("ui.done.some.body")
		if job.Signed == 0 {
			title, body = initial(k.Text(lang.MN("ui.done.none", left))), k.T("ui.done.none.body")
		}
		if job.Advice != nil {
			body = k.Text(job.Advice.Title) + " " + k.Text(job.Advice.Body)
		}
		objects = append(objects, k.heading(k.T("ui.page.sign"), ""), k.advice(r, "warning", sentence(title), body, append(u.elsewhere(job.Advice), v.backToRest()...)...))
	}
	if st.Saved != nil && st.Saved.Advice != nil {
		objects = append(objects, u.adviceBox(st.Saved.Advice))
	}
	next := k.sheet(22, vbox(k.px(14), k.text(sectionFace, k.p.ink, k.T("ui.next")),
		k.numbered(boxFace, k.Text(lang.MN(v.sendKey(), job.Signed)), k.T("ui.next.name"), k.T("ui.next.keep")),
		k.rule(), k.para(noteFace, k.p.muted, k.Text(lang.M("ui.next.folder", "folder", folderName(v.firstOutput())))),
		leftmost(k.link(noteFace, k.T("summary.save"), v.saveSummary))))
	objects = v.withFilter(objects)
	elastic := len(objects)
	if job.Signed > 0 {
		objects = append(objects, container.New(&besideLayout{k}, v.list, next))
	} else {
		objects = append(objects, v.list)
	}
	v.frame.setBody(elastic, objects...)
	more := k.button(outlined, "plus", k.T("ui.done.more"), u.store.Clear)
	stopped := 0
	for _, d := range v.docs {
		if d.Status == app.DocStopped {
			stopped++
		}
	}
	if stopped > 0 && st.Cards.Phase == app.PhaseReady {
		rest := k.button(sealing, "sign", k.Text(lang.MN("ui.sign.rest", stopped)), u.store.Sign)
		v.main = rest.do
		v.frame.setBar(more, rest)
		return
	}
	if job.Signed > 0 {
		open := k.button(inked, "folder", k.T("ui.open.folder"), func() { u.openFolder(v.firstOutput()) })
		names := k.button(outlined, "copy", k.T("ui.copy.names"), v.copyNames)
		v.main = open.do
		v.frame.setBar(more, hbox(k.px(16), names, open))
		return
	}
	v.frame.setBar(more, hbox(0))
}

// backToRest is the button that lists anew what the job left out or could not sign, for the questions that wait there;
// none without such a file, and none while files of the job can still be signed under the same list.
func (v *signView) backToRest() []fyne.CanvasObject {
	var rest []string
	for _, d := range v.docs {
		switch d.Status {
		case app.DocProblem, app.DocFailed:
			rest = append(rest, d.Path)
		case app.DocStopped:
			return nil
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return []fyne.CanvasObject{v.u.k.button(small, "", v.u.k.Text(lang.MN("ui.done.rest", len(rest))), func() {
		v.u.store.Clear()
		v.u.store.AddToSign(rest...)
	})}
}

// unsigned is how many files are not signed; what an earlier job signed is no failure of the last one.
func unsigned(docs []app.Doc) (n int) {
	for _, d := range docs {
		if d.Status != app.DocSigned {
			n++
		}
	}
	return n
}

// besideLayout sets the list and what comes next side by side, or under each other in a narrow window.
type besideLayout struct{ k *kit }

func (l *besideLayout) heightFor(o []fyne.CanvasObject, width float32) float32 {
	side := l.k.px(312)
	if width < l.k.px(760) {
		return heightOf(o[0], width) + heightOf(o[1], width) + l.k.px(16)
	}
	return max(heightOf(o[0], width-side-l.k.px(20)), heightOf(o[1], side))
}

// leastFor is the height below which the page scrolls: what comes next is never cut.
func (l *besideLayout) leastFor(o []fyne.CanvasObject, width float32) float32 {
	side := l.k.px(312)
	if width < l.k.px(760) {
		return l.k.px(170+16) + heightOf(o[1], width)
	}
	return heightOf(o[1], side)
}

// Layout implements fyne.Layout.
func (l *besideLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	side := l.k.px(312)
	if size.Width < l.k.px(760) {
		h := min(heightOf(o[0], size.Width), max(l.k.px(170), size.Height-heightOf(o[1], size.Width)-l.k.px(16)))
		place(o[0], 0, 0, size.Width, h)
		place(o[1], 0, h+l.k.px(16), size.Width, heightOf(o[1], size.Width))
		return
	}
	w := size.Width - side - l.k.px(20)
	h := min(size.Height, heightOf(o[0], w))
	place(o[0], 0, 0, w, h)
	place(o[1], w+l.k.px(20), 0, side, min(size.Height, max(h, heightOf(o[1], side)))) // both end on one line
}

// MinSize implements fyne.Layout.
func (l *besideLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

func (v *signView) firstOutput() string {
	for _, d := range v.docs {
		if d.Output != "" {
			return d.Output
		}
	}
	return ""
}

// sendKey is the words for what is to be sent: by the kind of the files that were made.
func (v *signView) sendKey() string {
	all := map[string]bool{}
	for _, d := range v.docs {
		if d.Output != "" && d.Signatures() == 0 { // else the original is of that kind too
			all[filepath.Ext(d.Output)] = true
		}
	}
	switch {
	case len(all) == 1 && all[".p7m"]:
		return "ui.next.send"
	case len(all) == 1 && all[".p7s"]:
		return "ui.next.send.apart"
	}
	return "ui.next.send.signed"
}

// saveSummary asks where the summary of the job goes.
func (v *signView) saveSummary() {
	v.u.pickPlace(filepath.Dir(v.firstOutput()), v.u.k.T("summary.file-name"), func(path string) {
		v.u.store.SaveSummary(v.u.k.Catalog, path)
	})
}

func (v *signView) copyNames() {
	var names strings.Builder
	for i := range v.docs {
		if out := v.docs[i].Output; out != "" {
			names.WriteString(filepath.Base(out) + "\n")
		}
	}
	v.u.app.Clipboard().SetContent(names.String())
	v.u.say(v.u.k.T("ui.copied"))
}
