package ui

import (
	"image/color"
	"path/filepath"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is the rows of the page Firma.

// point is what the receiver of a file would refuse or doubt.
type point struct {
	severity app.Severity
	filing   *app.FilingItem // nil without one
}

// points are the gravest one of each file.
func points(st *app.State) map[int]point {
	f := st.Filing
	if f == nil || f.Running || len(f.Items) == 0 {
		return nil
	}
	at := map[string]*app.FilingItem{}
	for i := range f.Items {
		it := &f.Items[i]
		if it.Severity > app.SeverityInfo {
			if old := at[it.File]; old == nil || it.Severity > old.Severity {
				at[it.File] = it
			}
		}
	}
	out := make(map[int]point, len(at))
	for i := range st.Docs.List {
		d := &st.Docs.List[i]
		if it := at[d.Path]; it != nil {
			out[d.ID] = point{it.Severity, it}
		}
	}
	return out
}

// words say what it is; they are empty without one.
func (p point) words(k *kit) string {
	if p.filing == nil {
		return ""
	}
	return p.filing.Text(k.Catalog).Title
}

// rowKey is what a row is built from.
type rowKey struct {
	doc   app.Doc
	mode  signMode
	point string
	again string
	room  float32 // of the buttons, which are as wide as those of the row that has the most
	twin  bool    // another file of the list has the same name
}

func (v *signView) rowKey(d app.Doc, width float32) rowKey {
	key := rowKey{doc: d, mode: v.mode, room: v.buttonsWidth(width), twin: v.twins[d.Name] > 1}
	if d.Status == app.DocReady {
		key.point = v.points[d.ID].words(v.u.k)
		key.again = v.again(d)
	}
	return key
}

var statusLook = [...]struct{ key, icon string }{
	app.DocReading: {"reading", "clock"},
	app.DocReady:   {"ready", "check"},
	app.DocProblem: {"problem", "warning"},
	app.DocWaiting: {"waiting", "clock"},
	app.DocSigning: {"signing", "sign"},
	app.DocSigned:  {"signed", "check"},
	app.DocFailed:  {"failed", "warning"},
	app.DocStopped: {"stopped", "warning"},
}

// rowLook is how a file stands: in a drawing and a word, and in the line below its name.
type rowLook struct {
	icon, words string
	ink         color.NRGBA
	below       string
	loud        color.Color // of the line below where it tells of trouble; nil for the size of the file
	brief       bool        // the line below says it all: the word may go
}

// lookOf tells how d stands, in a row so wide.
func (v *signView) lookOf(d app.Doc, key rowKey, width float32) rowLook {
	k, status := v.u.k, statusLook[d.Status]
	l := rowLook{icon: status.icon, words: k.T("ui.status." + status.key), ink: k.p.muted, below: v.facts(d)}
	switch d.Status {
	case app.DocReady, app.DocSigned:
		l.ink = k.p.good.ink
	case app.DocProblem, app.DocFailed, app.DocStopped:
		l.ink = k.p.warn.ink
	case app.DocSigning:
		l.ink = k.p.waxText
	}
	switch {
	case key.point != "":
		var r role
		r, l.icon = severityLook(k, v.points[d.ID].severity)
		l.ink, l.words, l.below, l.loud = r.ink, k.T("ui.status.problem"), key.point, r.ink
		if v.points[d.ID].severity == app.SeverityDanger {
			l.words = k.T("filing.severity.refused")
		}
	case d.Advice != nil && d.Status == app.DocSigned: // signed, though not as was asked
		l.icon, l.ink, l.brief = "warning", k.p.warn.ink, true
		l.below, l.loud = k.Text(d.Advice.Title), l.ink
	case d.Advice != nil:
		l.below, l.loud = k.Text(d.Advice.Title), k.p.warn.ink
		if v.answerable(d) && d.Advice.Code == "already-signed" {
			l.below = k.T("existing.state") // the row has the name already
		}
	case key.again != "":
		l.below, l.loud = key.again, k.p.warn.ink
	case v.mode == signDone && v.tight(width), v.mode == signRunning && v.tiny(width): // its buttons stand where the word would
		l.below, l.loud, l.brief = l.words+" · "+l.below, l.ink, true
	}
	return l
}

// tight reports whether the rows are too narrow for words beside the name.
func (v *signView) tight(width float32) bool { return width < v.u.k.px(540) }

// tiny reports whether the rows have room for little more than the name: what is left out has a key.
func (v *signView) tiny(width float32) bool { return width < v.u.k.px(340) }

// facts are the size of the file, and what signatures it bears or gets.
func (v *signView) facts(d app.Doc) string {
	k, bytes := v.u.k, d.Size
	if d.OutputSize > 0 {
		bytes = d.OutputSize
	}
	size := k.Size(bytes)
	if v.twins[d.Name] > 1 { // which of them it is
		size = app.Visible(folderName(d.Path)) + " · " + size
	}
	n := d.Signatures()
	switch {
	case d.Status != app.DocReady || n == 0:
		return size
	case existingKeys[d.Existing] != "":
		return size + " · " + k.T("existing."+existingKeys[d.Existing])
	}
	return size + " · " + k.Text(lang.MN("ui.signed-already", n))
}

// row is a file: its kind, name, size or trouble, and how far it has come.
func (v *signView) row(i int, width float32) (fyne.CanvasObject, any) {
	k, d := v.u.k, v.docs[v.filter.at(i)]
	key := v.rowKey(d, width)
	name := d.Name
	if d.Output != "" {
		name = filepath.Base(d.Output)
	}
	page, _ := k.page(name)
	l := v.lookOf(d, key, width)
	sub := k.fitting(noteFace, k.p.muted, l.below)
	switch {
	case l.loud != nil:
		sub = k.fitting(noteBold, l.loud, l.below)
	case v.twins[d.Name] > 1: // without room for all, the folder tells them apart
		sub.less = []string{app.Visible(folderName(d.Path))}
	}
	state := fyne.CanvasObject(k.state(strongFace, l.icon, l.words, l.ink))
	if l.brief || v.tiny(width) || l.loud != nil && l.loud == color.Color(l.ink) && v.tight(width) {
		state = k.icon(l.icon, 22, l.ink)
	}
	words := flex(vbox(0, k.named(k.fileName(strongFace, k.p.ink, name), app.Visible(v.lookAt(d))), sub.Container))
	parts := append([]fyne.CanvasObject{page, words, state}, v.rowButtons(d, width)...)
	if v.tiny(width) {
		return pad(0, k.px(8), 0, k.px(14), hbox(k.px(8), parts[1:]...)), key
	}
	if v.mode != signReady || !v.tight(width) { // the words stand below each other
		if v.mode != signReady {
			state = fixed(v.stateWidth(width), 0, state)
		}
		parts = []fyne.CanvasObject{page, words, state}
		buttons := hbox(k.px(16), v.rowButtons(d, width)...)
		if w := max(key.room, buttons.MinSize().Width); w > 0 {
			parts = append(parts, fixed(w, 0, hbox(0, flex(), buttons)))
		}
	}
	right := k.px(14)
	if len(parts) == 3 {
		right = k.px(20) // it ends in words
	}
	return pad(0, right, 0, k.px(20), hbox(k.px(16), parts...)), key
}

// stateWidth is the room for how a file stands while a job runs and once it has ended.
func (v *signView) stateWidth(width float32) float32 {
	v.makeRoom(width)
	return v.words
}

func (v *signView) widestState(width float32) float32 {
	k := v.u.k
	if v.mode == signDone && v.tight(width) {
		return k.px(22) // a drawing; the words stand below the name
	}
	seen := map[app.DocStatus]bool{}
	for i := range v.docs {
		seen[v.docs[i].Status] = true
	}
	if v.mode == signRunning { // so that no row moves before the end
		for s := app.DocWaiting; s <= app.DocFailed; s++ {
			seen[s] = true
		}
	}
	var w float32
	for s := range seen {
		w = max(w, natural(k.state(strongFace, "check", k.T("ui.status."+statusLook[s].key), k.p.ink)))
	}
	return w
}

// buttonsWidth is the room for the buttons of a row, those of the row that has the most; a question is beyond it.
func (v *signView) buttonsWidth(width float32) float32 {
	v.makeRoom(width)
	return v.room
}

// makeRoom looks through all files for what the rows of this width have to hold, once for each change of the list.
func (v *signView) makeRoom(width float32) {
	if v.roomAt == width {
		return
	}
	v.roomAt, v.room, v.words = width, 0, v.widestState(width)
	seen := map[[3]bool]bool{}
	for i := range v.docs {
		d := &v.docs[i]
		kind := [3]bool{d.Output != "", d.Advice != nil, d.Signatures() > 0}
		if seen[kind] || v.answerable(*d) {
			continue
		}
		seen[kind] = true
		if b := v.rowButtons(*d, width); len(b) > 0 {
			v.room = max(v.room, natural(hbox(v.u.k.px(16), b...)))
		}
	}
}

// again says of a file that is ready that the holder of the card has signed it before, and when; empty if not.
func (v *signView) again(d app.Doc) string {
	card := v.u.latest.Load().Cards.Card()
	if d.Status != app.DocReady || d.Existing != app.ExistingRefuse || card == nil || card.Signing() == nil {
		return "" // or the person was told, and has answered
	}
	when, mine := app.SignedBy(d.Examination, card.Signing())
	if !mine || when.IsZero() {
		return ""
	}
	return v.u.k.Text(lang.M("signed-before.row", "when", v.u.k.Date(when)))
}

// join asks what to do with the file that was brought here to be signed by one more, once it is listed, and again with
// the one whose original was named.
func (v *signView) join() {
	for _, d := range v.docs {
		if n := v.u.naming; n != nil && n.ID == d.ID && d.Status != app.DocReading && (d.Original != n.Original || d.OriginalAdvice != n.OriginalAdvice) {
			v.u.naming = nil
			v.u.openExisting(d)
		}
		if d.Path == v.u.joining {
			v.u.joining = ""
			if v.answerable(d) {
				v.u.openExisting(d)
			}
		}
	}
}

// rowButtons are what the mouse can do with a file; the keys are in [signView.act].
func (v *signView) rowButtons(d app.Doc, width float32) []fyne.CanvasObject {
	k := v.u.k
	var out []fyne.CanvasObject
	if d.Advice != nil && v.mode != signRunning && !v.answerable(d) {
		out = append(out, k.tap("info", k.T("ui.field.why"), "", func() { v.u.tellAdvice(d) }))
	}
	switch {
	case d.Output != "" && v.mode != signRunning && v.tiny(width):
		out = append(out, k.tap("verify", k.T("ui.verify"), "", func() { v.u.store.Verify(d.Output) }))
	case d.Output != "" && v.mode != signRunning:
		words := k.T("ui.verify")
		if width < k.px(640) { // what the name leaves
			words = ""
		}
		out = append(out, hbox(k.px(4), k.tap("eye", k.T("preview.open"), "", func() { v.u.look(v.lookAt(d)) }), k.tap("verify", k.T("ui.verify"), words, func() { v.u.store.Verify(d.Output) }),
			k.tap("folder", k.T("ui.open.folder"), "", func() { v.u.openFolder(d.Output) })))
	case v.mode == signReady:
		if d.Signatures() > 0 && !v.tight(width) { // who signed it, before one signs too; of a PDF by Enter as well
			out = append(out, k.tap("verify", k.T("ui.verify"), "", func() { v.u.store.Verify(d.Path) }))
		}
		if v.answerable(d) {
			words := k.T("existing.how")
			if v.tiny(width) {
				words = ""
			}
			out = append(out, k.tap("sign", k.T("existing.how"), words, func() { v.u.openExisting(d) }))
		}
		if !v.tiny(width) && (!v.answerable(d) || !v.tight(width)) { // else by Space
			out = append(out, k.tap("eye", k.T("preview.open"), "", func() { v.u.look(v.lookAt(d)) }))
		}
		out = append(out, k.tap("close", k.T("ui.remove"), "", func() { v.u.store.Remove(d.ID) }))
	}
	return out
}

// tellAdvice says in full what became of a file and what to do: the row has room for the title alone.
func (u *UI) tellAdvice(d app.Doc) {
	u.openSheet(func(a *asking) *panel {
		k := u.k
		shut := k.button(inked, "", k.T("ui.close"), a.shut)
		shut.key = u.within(a.shut, shut.press)
		answers := []fyne.CanvasObject{shut}
		if app.PlaceTrouble(d.Advice) {
			other := k.button(outlined, "folder", k.T("where.other"), func() { a.shut(); u.chooseWhere() })
			other.key = u.within(a.shut, other.press)
			answers = []fyne.CanvasObject{other, shut}
		}
		p := u.newSheet(k.p.ink, vbox(k.px(18), k.para(pinFace, k.p.ink, app.Visible(d.Name)), u.adviceBox(d.Advice)), k.answers(answers...))
		p.first = shut
		return p
	})
}

// folderName names the folder of a file by itself and the one above it, which tells two of one name apart.
func folderName(file string) string {
	dir := filepath.Dir(file)
	above := filepath.Dir(dir)
	if filepath.Dir(above) == above { // a root has no name
		return dir
	}
	return filepath.Base(above) + " / " + filepath.Base(dir)
}
