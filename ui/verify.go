package ui

import (
	"encoding/hex"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// verifyView is the page Verifica e apri: the verdict on one file, its signatures, and the way to what is inside.
type verifyView struct {
	u *UI
	*looked
	frame  *frame
	last   *app.Verification
	shown  bool
	picked string // ID of the signature whose details are shown
	main   func()
	rows   []*press
	stop   *button // one for the whole time, as stopFolder: a click must not fall between two
	eye    *button // opens the preview; nil where there is nothing to look at

	folder     *app.Folder // that the list shows
	stopFolder *button
	list       *rowList
	filter     *listFilter
	progress   *progress
}

func newVerifyView(u *UI) *verifyView {
	k := u.k
	v := &verifyView{u: u, frame: k.frame(), list: newRowList(k, k.px(72)), progress: newProgress(k, k.p.ink)}
	v.frame.column.elastic, v.frame.least = -1, 130 // the verdict counts more than what may be done with the file
	v.stop = k.button(outlined, "", k.T("ui.stop"), u.store.CloseVerification)
	v.stopFolder = k.button(outlined, "", k.T("ui.stop"), u.store.StopFolder)
	v.looked = newLooked(u, pageVerify, v.frame, func() {
		if v.eye != nil {
			u.window.Canvas().Focus(v.eye)
		}
	})
	v.list.row, v.list.same = v.folderRow, v.folderKey
	v.filter = newListFilter(u, "filter.good.valid", func() { v.refilter(); v.frame.object.Refresh() }, func() { u.window.Canvas().Focus(v.list) })
	v.list.act = func(i int, key fyne.KeyName) bool {
		switch key {
		case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
			if i < v.list.n {
				u.store.Verify(v.folder.Rows[v.filter.at(i)].Path)
			}
			return true
		}
		return false
	}
	return v
}

// Object implements view.
func (v *verifyView) Object() fyne.CanvasObject { return v.object }

// Main implements view.
func (v *verifyView) Main() func() {
	if v.open() {
		return nil
	}
	return v.main
}

// Show implements view.
func (v *verifyView) Show(st *app.State) {
	if v.open() && (st.Verify == nil || st.Verify.File != v.last.File) {
		v.u.store.ClosePreview() // another file is judged now
	}
	v.looked.show(st.Preview)
	if v.shown && st.Verify == v.last && (st.Verify != nil || st.Folder == v.folder) {
		return
	}
	if st.Verify == nil || v.last == nil || st.Verify.File != v.last.File {
		v.picked = ""
	}
	v.shown, v.last, v.folder, v.main = true, st.Verify, st.Folder, nil
	v.fill()
}

func (v *verifyView) fill() {
	u, k := v.u, v.u.k
	ver := v.last
	v.eye = nil
	v.frame.column.grow = ver == nil && v.folder == nil
	switch {
	case ver == nil && v.folder != nil:
		v.showFolder(v.folder)
	case ver == nil:
		v.frame.setBody(0, u.dropArea("ui.drop.verify.title", "ui.drop.verify.body", true))
		v.frame.setBar()
		v.frame.object.Refresh()
		return
	case ver.Running:
		body := k.T("ui.verifying.body")
		if ver.Read > 0 {
			body += " " + k.Text(lang.M("verify.read", "size", k.Size(ver.Read)))
		}
		v.frame.setBody(-1, v.head(ver, ""), k.advice(k.p.note, "clock", k.T("ui.verifying"), body))
		v.frame.setBar(v.stop)
	case ver.Report == nil:
		objects := []fyne.CanvasObject{v.head(ver, "")}
		if ver.Advice != nil {
			objects = append(objects, u.adviceBox(ver.Advice))
		}
		v.frame.setBody(-1, objects...)
		v.frame.setBar()
	default:
		v.report(ver)
	}
	v.frame.object.Refresh()
}

func (v *verifyView) head(ver *app.Verification, when string) fyne.CanvasObject {
	k := v.u.k
	name, date := k.named(k.fileName(sectionFace, k.p.ink, ver.Name), app.Visible(ver.File)), pad(k.px(3), 0, 0, 0, k.fit(noteFace, k.p.muted, when))
	words := fyne.CanvasObject(cols(k.px(2), k.px(520), []float32{1, -date.MinSize().Width}, pad(0, k.px(10), 0, 0, name), date))
	if when == "" {
		words = name
	}
	return hbox(k.px(12), k.square("left", k.T("ui.close"), v.u.store.CloseVerification), flex(words))
}

// sealLook is the drawing, role and small mark of a seal.
func sealLook(k *kit, s app.Seal) (drawing string, r role, icon string) {
	switch s {
	case app.SealWhole:
		return "draw-seal-whole", k.p.good, "check"
	case app.SealBroken:
		return "draw-seal-broken", k.p.bad, "stop"
	}
	return "draw-seal-blank", k.p.warn, "question"
}

// sealWords are the words of the seals.
var sealWords = map[app.Seal]string{app.SealWhole: "ui.seal.whole", app.SealBroken: "ui.seal.broken", app.SealBlank: "ui.seal.blank"}

func (v *verifyView) report(ver *app.Verification) {
	u, k := v.u, v.u.k
	r := ver.Report
	objects := []fyne.CanvasObject{v.head(ver, k.Text(lang.M("ui.verified.at", "when", k.DateTime(r.Time)))), v.banner(ver)}
	objects = append(objects, v.boxes(ver)...)
	objects = append(objects, v.actions())
	if len(r.Signatures) > 0 {
		at := 0
		for i := range r.Signatures {
			if r.Signatures[i].ID == v.picked {
				at = i
			}
		}
		v.picked = r.Signatures[at].ID
		objects = append(objects, cols(k.px(20), k.px(700), []float32{4, 6}, v.tree(ver), v.details(&r.Signatures[at])))
	}
	objects = append(objects, v.basis(ver), k.para(noteFace, k.p.muted, k.T("ui.verify.note")))
	v.frame.setBody(-1, objects...)

	v.main = nil
	main := fyne.CanvasObject(hbox(0))
	switch words := k.T("ui.save.content"); {
	case ver.Wants:
		v.main = u.chooseOriginal
		main = k.button(inked, "folder", k.T("verify.wants.choose"), v.main)
	case ver.Contents > 0:
		if ver.Contents > 1 {
			words = k.T("verify.contents.save")
		}
		rank := inked
		if ver.Verdict.Seal == app.SealBroken {
			rank = outlined // what was changed may be looked at; it is not the next step
		}
		v.main = u.saveContent
		main = k.button(rank, "download", words, v.main)
	}
	v.frame.setBar(leftmost(k.button(outlined, "plus", k.T("ui.verify.other"), u.chooseFile)), main)
}

// banner is the verdict: seal, title, one sentence why; the worst signature decides.
func (v *verifyView) banner(ver *app.Verification) fyne.CanvasObject {
	k := v.u.k
	drawing, r, _ := sealLook(k, ver.Verdict.Seal)
	why := k.Text(ver.Verdict.Reason)
	if !ver.Verdict.Next.IsZero() {
		why = sentence(why) + " " + k.Text(ver.Verdict.Next)
	}
	words := vbox(k.px(2), k.title(k.p.ink, k.Text(ver.Verdict.Title)), k.para(bodyFace, k.p.ink, sentence(why)))
	if ver.Practice {
		words.Add(k.para(strongFace, k.p.note.ink, k.T("ui.verify.practice")))
	}
	ground := rect(r.tint, r.border, k.px(k.p.stroke), k.px(12))
	if k.p != contrast {
		ground.StrokeWidth = 0
	}
	return over(ground, k.beside(drawing, 76, r.ink, words))
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	s = initial(s)
	if s != "" && !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// sealOf judges one signature alone.
func sealOf(s *app.Signature) app.Verdict {
	return app.JudgeReport(&app.Report{Signatures: []app.Signature{*s}})
}

// tree shows envelope, signatures and document, nested ones further in.
func (v *verifyView) tree(ver *app.Verification) fyne.CanvasObject {
	k := v.u.k
	page, _ := k.page(ver.Name)
	n := len(ver.Report.Signatures)
	box := vbox(0, pad(k.px(14), k.px(16), k.px(8), k.px(18), hbox(k.px(12), page, flex(vbox(0,
		k.fileName(strongFace, k.p.ink, ver.Name), k.fit(noteFace, k.p.muted, k.Text(lang.MN("ui.signatures", n))))))))
	v.rows = nil
	depth := map[string]int{}
	for i := range ver.Report.Signatures {
		s := &ver.Report.Signatures[i]
		if s.Parent != "" {
			depth[s.ID] = depth[s.Parent] + 1
		}
		box.Add(v.node(s, depth[s.ID], i == n-1 && len(ver.ContentNames) == 0))
	}
	v.documents(box, ver)
	if f := ver.Report.Format; f == app.FormatPAdES || f == app.FormatCAdES && ver.Contents > 0 {
		box.Add(pad(k.px(10), k.px(18), k.px(8), k.px(18), leftmost(k.button(small, "sign", k.T("verify.sign"), v.signToo))))
	}
	return over(rect(k.p.leaf, k.p.line, k.px(k.p.stroke), k.px(12)), pad(0, 0, k.px(8), 0, box))
}

// maxDocuments is how many of the documents inside are named.
const maxDocuments = 10

// documents adds to the tree what was signed.
func (v *verifyView) documents(box *fyne.Container, ver *app.Verification) {
	k, n := v.u.k, len(ver.ContentNames)
	leaf := func(i int, drawing fyne.CanvasObject, words ...fyne.CanvasObject) {
		box.Add(over(k.branch(0, i == min(n-1, maxDocuments)), pad(k.px(10), k.px(16), k.px(10), k.px(52), hbox(k.px(12), drawing, flex(vbox(0, words...))))))
	}
	for i, name := range ver.ContentNames {
		if i == maxDocuments {
			leaf(i, k.icon("plus", 22, k.p.muted), k.fit(noteFace, k.p.muted, k.Text(lang.MN("verify.documents.more", n-i))))
			return
		}
		page, _ := k.page(name)
		words := []fyne.CanvasObject{k.named(k.fileName(strongFace, k.p.ink, name), app.Visible(name))}
		if n == 1 {
			words = append(words, k.fit(noteFace, k.p.muted, k.T("ui.document")))
		}
		leaf(i, page, words...)
	}
}

// signToo takes the file to the page Firma, where the person signs it as well.
func (v *verifyView) signToo() {
	v.u.joining = v.last.File
	v.u.store.AddToSign(v.last.File)
	v.u.turn(pageSign)
}

func (v *verifyView) node(s *app.Signature, depth int, last bool) fyne.CanvasObject {
	k := v.u.k
	drawing, r, _ := sealLook(k, sealOf(s).Seal)
	if drawing == "draw-seal-blank" {
		drawing += "-small" // its inner ring would be dust
	}
	who, when := v.signer(s), k.T(sealWords[sealOf(s).Seal])
	if !s.Claimed.IsZero() {
		when += " · " + k.ShortDate(s.Claimed)
	}
	in := k.px(52 + 22*float32(depth))
	row := pad(k.px(8), k.px(16), k.px(8), in, hbox(k.px(14), k.picture(drawing, 32, 32, r.ink), flex(vbox(0,
		k.fit(strongFace, k.p.ink, who), k.fit(noteFace, k.p.muted, initial(when))))))
	mark := rect(color.Transparent, color.Transparent, 0, k.px(2))
	ground := color.Color(color.Transparent)
	if s.ID == v.picked {
		mark.FillColor, ground = k.p.ink, k.p.sunk
	}
	under := over(pad(0, k.px(2), 0, k.px(2), canvas.NewRectangle(ground)))
	if s.ID == v.picked && k.p == contrast { // where all grounds are black it has an outline, as the rail's open page
		under = over(pad(0, k.px(8), 0, k.px(8), rect(color.Transparent, k.p.ink, k.px(2), k.px(10))))
	}
	p := k.press(who, over(under, k.branch(depth, last), container.New(&sideMark{k}, mark), row), func() { v.pick(s.ID) })
	p.inset = true
	p.fill = func(hover bool) color.Color {
		if hover {
			return k.p.hovered(k.p.leaf, k.p.ink)
		}
		return color.Transparent
	}
	i := len(v.rows)
	p.key = func(e *fyne.KeyEvent) bool {
		to := i
		switch e.Name {
		case fyne.KeyDown:
			to++
		case fyne.KeyUp:
			to--
		default:
			return false
		}
		if to >= 0 && to < len(v.rows) {
			v.pick(v.last.Report.Signatures[to].ID)
			v.u.window.Canvas().Focus(v.rows[to])
		}
		return true
	}
	v.rows = append(v.rows, p)
	return p
}

func (v *verifyView) pick(id string) {
	if v.picked != id {
		v.picked = id
		v.fill()
	}
}

func (v *verifyView) signer(s *app.Signature) string {
	if s.Signer == nil || s.Signer.SubjectCN == "" {
		return v.u.k.T("ui.signer.unknown")
	}
	return app.Visible(s.Signer.SubjectCN)
}

// sideMark is the short bar that marks the chosen row.
type sideMark struct{ k *kit }

// Layout implements fyne.Layout.
func (l *sideMark) Layout(o []fyne.CanvasObject, size fyne.Size) {
	place(o[0], l.k.px(1), size.Height/2-l.k.px(16), l.k.px(4), l.k.px(32))
}

// MinSize implements fyne.Layout.
func (l *sideMark) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// branch is the line that leads from the envelope to a row.
func (k *kit) branch(depth int, last bool) fyne.CanvasObject {
	return container.New(&branchLayout{k, depth, last}, canvas.NewRectangle(k.p.edge), canvas.NewRectangle(k.p.edge))
}

type branchLayout struct {
	k     *kit
	depth int
	last  bool
}

// Layout implements fyne.Layout.
func (l *branchLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	x := l.k.px(35 + 22*float32(l.depth))
	w := l.k.px(1.25)
	h := size.Height
	if l.last {
		h /= 2
	}
	place(o[0], x, 0, w, h)
	place(o[1], x, size.Height/2, l.k.px(12), w)
}

// MinSize implements fyne.Layout.
func (l *branchLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// details are the facts of one signature.
func (v *verifyView) details(s *app.Signature) fyne.CanvasObject {
	k := v.u.k
	verdict := sealOf(s)
	_, r, icon := sealLook(k, verdict.Seal)
	state := k.pill()
	state.say(icon, k.T(sealWords[verdict.Seal]), r)
	box := vbox(k.px(7), hbox(k.px(12), flex(k.fit(sectionFace, k.p.ink, v.signer(s))), state.Container), fixed(0, k.px(2)))
	add := func(key, value string) {
		if value != "" {
			box.Add(k.field(132, k.T(key), k.para(boxFace, k.p.ink, value)))
		}
	}
	if verdict.Seal != app.SealWhole { // else the pill says it
		add("ui.field.why", sentence(k.Text(app.SignatureReason(s))))
	}
	if c := s.Signer; c != nil {
		add("ui.field.code", k.masked(c.FiscalCode))
		if !s.Claimed.IsZero() {
			add("ui.field.when", k.Text(lang.M("ui.claimed", "when", k.DateTime(s.Claimed))))
		}
		if !s.Proven.IsZero() {
			add("ui.field.proven", k.DateTime(s.Proven))
		}
		add("ui.field.issuer", app.Visible(c.IssuerCN))
		if !c.NotAfter.IsZero() {
			add("ui.field.validity", k.Text(lang.M("ui.from-to", "from", k.ShortDate(c.NotBefore), "to", k.ShortDate(c.NotAfter))))
		}
		box.Add(k.field(132, k.T("ui.field.serial"), k.para(monoFace, k.p.ink, spaced(c.Serial))))
	}
	form := formatName(s)
	if s.Level != "" {
		form += ", " + s.Level
	}
	add("ui.field.format", form)
	add("report.qualification", app.QualificationText(s.Qualification, k.Catalog))
	if s.Service != nil {
		add("report.service", app.Visible(app.ServiceText(s.Service, k.Catalog)))
	}
	for i := range s.Revocation {
		add("report.revocation", app.Visible(app.RevocationText(s, i, k.Catalog)))
	}
	seen := map[string]bool{}
	for _, f := range s.Findings {
		key := app.FindingText(f)
		words := app.Visible(k.Text(key))
		if seen[words] || !k.Has(key.Key) {
			continue
		}
		seen[words] = true
		box.Add(hbox(k.px(10), k.icon("info", 20, k.p.muted), flex(k.para(noteFace, k.p.muted, words))))
	}
	digest := spaced(hex.EncodeToString(v.last.Report.SHA256[:]))
	copies := k.round("copy", k.Text(lang.M("ui.copy.field", "name", k.T("ui.field.digest"))), func() { v.u.copy(digest) })
	short := k.fitting(monoFace, k.p.ink, digest)
	short.middle, short.octets = true, true
	box.Add(hbox(k.px(6), flex(k.field(132, k.T("ui.field.digest"), short.Container)), copies))
	buttons := wrapbox(k.px(10))
	if app.SignerCertificate(s.Signer) != nil {
		ver := v.last
		buttons.Add(k.button(small, "info", k.T("signer.open"), func() { v.u.openSigner(ver, s) }))
	}
	if v.last.Revision(s) {
		buttons.Add(k.button(small, "download", k.T("verify.revision.save"), func() { v.u.saveRevision(v.last, s.ID) }))
	}
	if len(buttons.Objects) > 0 {
		box.Add(buttons)
	}
	return k.sheet(22, box)
}

// formatName is the name of the family of signatures, as the standards spell it.
func formatName(s *app.Signature) string {
	names := []string{"", "CAdES", "PAdES", "XAdES", "ASiC-S", "ASiC-E", "TSD", "TSR", "TST"}
	if i := int(s.Format); i > 0 && i < len(names) {
		return names[i]
	}
	return ""
}

// spaced groups hex digits by two, in upper case, for reading aloud.
func spaced(s string) string {
	var b strings.Builder
	for i, r := range strings.ToUpper(s) {
		if i > 0 && i%2 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
