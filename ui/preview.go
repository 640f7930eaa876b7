package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// previewIntents are what the preview asks of the store.
type previewIntents interface {
	Preview(path string)
	ShowPage(app.PageWish)
	ClosePreview()
}

// previewView shows the file that is looked at, in the place of the page that it was opened from.
type previewView struct {
	u     *UI
	frame *frame
	sheet *pageSheet
	lines *lineView

	last   *app.Preview
	page   int // the page wanted, from 0
	asText bool
	toggle *choice
	first  fyne.Focusable // what has the focus when the preview opens
	opened string         // path for which the focus was set

	placing *placing // the place of a visible signature is being chosen
}

func newPreviewView(u *UI) *previewView {
	v := &previewView{u: u, frame: u.k.frameWithin(closeEdge)}
	v.sheet = newPageSheet(u.k)
	v.sheet.key, v.sheet.want = v.key, v.want
	v.lines = newLineView(u.k)
	v.lines.list.act = func(_ int, key fyne.KeyName) bool { return v.key(&fyne.KeyEvent{Name: key}) }
	return v
}

// Show shows what is looked at.
func (v *previewView) Show(p *app.Preview) {
	if p == v.last {
		return
	}
	if v.last == nil || v.last.Path != p.Path {
		v.page, v.asText = 0, false
		v.sheet.forget()
	}
	v.last = p
	v.build()
	if v.opened != p.Path && !p.Loading() && v.first != nil {
		v.opened = p.Path
		v.u.window.Canvas().Focus(v.first)
		scrollerOf(v.frame.object).ScrollToTop()
	}
}

// scrolls moves a page that is higher than the window: an invoice has nothing in it to walk to.
func (v *previewView) scrolls(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyDown, fyne.KeyUp, fyne.KeyPageDown, fyne.KeyPageUp:
		return v.u.scrolls(e.Name)
	}
	return v.key(e)
}

// closed forgets the file.
func (v *previewView) closed() {
	v.last, v.opened, v.placing, v.sheet.mark = nil, "", nil, nil
	v.sheet.forget()
}

func (v *previewView) close() { v.u.store.ClosePreview() }

// build lays the page out anew.
func (v *previewView) build() {
	u, k, p := v.u, v.u.k, v.last
	words := "preview.back.list"
	if u.lookedFrom != pageSign {
		words = "ui.close"
	}
	back := k.square("left", k.T(words), v.close)
	back.key = v.scrolls
	v.first = back
	title := hbox(k.px(12), back, flex(k.named(k.fileName(sectionFace, k.p.ink, p.Name), app.Visible(p.Path))))
	if p.SHA256 != "" {
		title.Add(k.round("info", k.T("preview.sha"), v.openDigest))
	}
	head := vbox(k.px(8), title)
	objects := []fyne.CanvasObject{head}
	if p.Inside != "" {
		head.Add(k.para(boxFace, k.p.muted, k.Text(lang.M("preview.inside", "name", p.Name, "inside", p.Inside))))
	}
	if a := v.alarms(); a != nil && v.placing == nil {
		objects = append(objects, a)
	}
	if v.placing != nil {
		head.Add(k.para(boxFace, k.p.muted, k.T("mark.how")))
	}
	v.frame.column.grow = true
	elastic := len(objects)
	switch {
	case p.Loading():
		objects = append(objects, k.sheet(24, k.para(bodyFace, k.p.muted, k.Text(lang.M("preview.loading", "name", p.Name)))))
		elastic = -1
	case p.Advice != nil:
		objects = append(objects, u.adviceBox(p.Advice), v.digest())
		elastic = -1
	default:
		var body []fyne.CanvasObject
		if body, elastic = v.body(elastic); p.View.Cut {
			body = append([]fyne.CanvasObject{k.para(boxBold, k.p.ink, k.T("preview.cut"))}, body...)
			if elastic >= 0 {
				elastic++
			}
		}
		objects = append(objects, body...)
	}
	v.frame.setBody(elastic, objects...)
	v.bar()
	v.frame.object.Refresh()
}

// alarms are what to know before signing: one in full, several as a list.
func (v *previewView) alarms() fyne.CanvasObject {
	u, k := v.u, v.u.k
	switch all := v.last.Alarms; len(all) {
	case 0:
		return nil
	case 1:
		return u.adviceBox(all[0])
	default:
		var body string
		for i, a := range all {
			if i > 0 {
				body += "\n"
			}
			body += "**" + k.Text(a.Title) + "** " + k.Text(a.Body)
		}
		return k.advice(k.p.warn, "warning", sentence(k.Text(lang.MN("preview.alarms", len(all)))), body)
	}
}

// body is the file itself, and the index among all objects of the one that takes the height there is.
func (v *previewView) body(at int) ([]fyne.CanvasObject, int) {
	k, p := v.u.k, v.last
	switch form := p.View.Form; {
	case form == app.ViewPages && v.asText:
		v.lines.set(v.pageText())
		v.first = v.lines.list
		return []fyne.CanvasObject{v.lines.object}, at
	case form == app.ViewPages:
		v.place()
		v.sheet.show(p.Page, v.page)
		v.first = v.sheet
		if p.Page != nil && p.Page.N == v.page && p.Page.Advice != nil {
			return []fyne.CanvasObject{v.u.adviceBox(p.Page.Advice)}, -1
		}
		return []fyne.CanvasObject{v.sheet}, at
	case form == app.ViewPicture:
		v.sheet.picture(p.View.Picture)
		v.first = v.sheet
		return []fyne.CanvasObject{v.sheet}, at
	case form == app.ViewLines, form == app.ViewTable && v.asText:
		v.lines.set(p.View.Lines)
		v.first = v.lines.list
		return []fyne.CanvasObject{v.lines.object}, at
	case form == app.ViewTable:
		return []fyne.CanvasObject{v.table()}, -1
	}
	icon := centre(k.picture("draw-page", 68, 84, k.p.ink))
	return []fyne.CanvasObject{k.sheet(24, vbox(k.px(10), icon,
		k.paragraph(sectionFace, k.p.ink, k.T("preview.nothing")).centred().Container,
		k.paragraph(bodyFace, k.p.muted, k.T("preview.nothing.body")).centred().Container)), v.digest()}, -1
}

func (v *previewView) pageText() []string {
	p := v.last.Page
	switch {
	case p == nil || p.N != v.page || !p.IsText:
		return []string{v.u.k.T("preview.drawing")}
	case p.Advice != nil:
		return []string{v.u.k.Text(p.Advice.Title), v.u.k.Text(p.Advice.Body)}
	case p.Text == "":
		return []string{v.u.k.T("preview.text.none")}
	}
	return splitLines(p.Text)
}

// digest is size and SHA-256, to be compared with what others say of the file.
func (v *previewView) digest() fyne.CanvasObject {
	k, p := v.u.k, v.last
	if p.SHA256 == "" {
		return vbox(0)
	}
	hash := k.para(monoFace, k.p.ink, p.SHA256)
	copies := k.button(small, "copy", k.T("preview.sha.copy"), func() { v.u.copy(p.SHA256) })
	folder := k.button(small, "folder", k.T("ui.open.folder"), func() { v.u.openFolder(p.Path) })
	return k.sheet(20, vbox(k.px(8), hbox(k.px(10), k.text(boxBold, k.p.ink, k.T("cert.field.sha256")), flex(k.fit(boxFace, k.p.muted, k.Size(p.Size)))),
		hash, k.para(noteFace, k.p.muted, k.T("preview.same")), wrapbox(k.px(10), folder, copies)))
}

// openDigest shows size and SHA-256 on a sheet: in a narrow window the bar has no room for them.
func (v *previewView) openDigest() {
	v.u.openSheet(func(a *asking) *panel {
		k, p := v.u.k, v.last
		copies := k.button(outlined, "copy", k.T("preview.sha.copy"), func() { v.u.copy(p.SHA256) })
		shut := k.button(inked, "", k.T("ui.close"), a.shut)
		folder := k.button(outlined, "folder", k.T("ui.open.folder"), func() { a.shut(); v.u.openFolder(p.Path) })
		for _, b := range []*button{folder, copies, shut} {
			b.key = v.u.within(a.shut, b.press)
		}
		words := vbox(k.px(8), k.para(pinFace, k.p.ink, k.T("cert.field.sha256")), k.para(bodyFace, k.p.muted, k.Size(p.Size)),
			k.para(monoFace, k.p.ink, grouped(p.SHA256)), k.para(noteFace, k.p.muted, k.T("preview.same")))
		sheet := v.u.newSheet(k.p.ink, words, k.answers(folder, copies, shut))
		sheet.first = shut
		return sheet
	})
}

// bar is the action bar: digest left, pages and zoom right.
func (v *previewView) bar() {
	k, p := v.u.k, v.last
	if p.View == nil || p.View.Form == app.ViewNothing {
		v.frame.setBar()
		return
	}
	if v.placing != nil {
		v.placingBar()
		return
	}
	var right []fyne.CanvasObject
	if p.View.Form == app.ViewPages {
		n := p.View.Facts.Pages
		prev, next := k.round("left", k.T("preview.back"), func() { v.turn(v.page - 1) }), k.round("right", k.T("preview.next"), func() { v.turn(v.page + 1) })
		if v.page == 0 {
			prev.Disable()
		}
		if v.page >= n-1 {
			next.Disable()
		}
		words := k.text(strongFace, k.p.ink, k.Text(lang.M("preview.page", "page", lang.Digits(v.page+1), "pages", lang.Digits(n))))
		right = append(right, hbox(k.px(4), prev, words, next))
	}
	if f := p.View.Form; f == app.ViewPages || f == app.ViewTable {
		words := k.T("preview.text")
		v.toggle = k.choice(words, v.asText, func() { v.text(!v.asText) })
		right = append(right, v.toggle)
	}
	if f := p.View.Form; !v.asText && f == app.ViewPages || f == app.ViewPicture {
		right = append(right, hbox(k.px(8), k.round("minus", k.T("preview.smaller"), func() { v.sheet.zoomBy(-1) }),
			k.round("plus", k.T("preview.larger"), func() { v.sheet.zoomBy(1) })))
	}
	short := hbox(k.px(10), k.text(boxBold, k.p.ink, k.T("preview.sha")), flex(k.hash(p.SHA256)),
		k.round("copy", k.T("preview.sha.copy"), func() { v.u.copy(p.SHA256) }))
	if len(right) == 0 {
		v.frame.setBar(short, hbox(0, k.text(boxFace, k.p.muted, v.kind())))
		return
	}
	v.frame.setBar(short, hbox(k.px(16), right...))
}

// kind says in a word what is shown.
func (v *previewView) kind() string {
	if e := v.last.View.Encoding; e != "" {
		return v.u.k.Text(lang.M("preview.encoding", "encoding", e))
	}
	return ""
}

// grouped is a digest in groups of 16 digits, between which a line may end.
func grouped(s string) string {
	var parts []string
	for ; len(s) > 16; s = s[16:] {
		parts = append(parts, s[:16])
	}
	return strings.Join(append(parts, s), " ")
}

// hash is a digest, shortened in the middle where it does not fit.
func (k *kit) hash(s string) fyne.CanvasObject {
	f := k.fitting(monoFace, k.p.muted, s)
	f.middle, f.even = true, true
	return f.Container
}

// text shows the text of a page, or the XML behind a table, or the page again.
func (v *previewView) text(on bool) {
	v.asText = on
	v.build()
	if on && v.last.View.Form == app.ViewPages {
		v.u.store.ShowPage(app.PageWish{N: v.page, Text: true})
	}
	if !on {
		v.sheet.ask()
	}
	v.u.window.Canvas().Focus(v.first)
}

// turn goes to a page.
func (v *previewView) turn(n int) {
	if v.last == nil || v.last.View == nil || n < 0 || n >= v.last.View.Facts.Pages || n == v.page {
		return
	}
	v.page = n
	v.build()
	if v.asText {
		v.u.store.ShowPage(app.PageWish{N: n, Text: true})
	} else {
		v.sheet.ask()
	}
	if f := v.u.window.Canvas().Focused(); f == nil || standing(v.frame.object, f.(fyne.CanvasObject)) == nil {
		v.u.window.Canvas().Focus(v.first)
	}
}

// want asks for the page as large as it is to be painted.
func (v *previewView) want(width, height int) {
	if v.last != nil && v.last.View != nil && v.last.View.Form == app.ViewPages && !v.asText {
		v.u.store.ShowPage(app.PageWish{N: v.page, Width: width, Height: height})
	}
}

// key is what the keys do, wherever the focus is in the preview.
func (v *previewView) key(e *fyne.KeyEvent) bool {
	if v.last == nil || v.last.View == nil {
		return false
	}
	pages := v.last.View.Form == app.ViewPages
	switch e.Name {
	case fyne.KeyPageDown, fyne.KeyRight:
		if pages {
			v.turn(v.page + 1)
		}
		return pages
	case fyne.KeyPageUp, fyne.KeyLeft:
		if pages {
			v.turn(v.page - 1)
		}
		return pages
	case fyne.KeyHome:
		if pages {
			v.turn(0)
		}
		return pages
	case fyne.KeyEnd:
		if pages {
			v.turn(v.last.View.Facts.Pages - 1)
		}
		return pages
	case fyne.KeyPlus, fyne.KeyEqual:
		v.sheet.zoomBy(1)
	case fyne.KeyMinus:
		v.sheet.zoomBy(-1)
	case fyne.Key0:
		v.sheet.zoomBy(0)
	case fyne.KeyT:
		if pages || v.last.View.Form == app.ViewTable {
			v.text(!v.asText)
		}
	case fyne.KeyEscape:
		v.close()
	default:
		return false
	}
	return true
}

// maxTableRows is how many rows of a table are laid out; the text has them all.
const maxTableRows = 300

// table lays out the sections of an invoice or of accounts.
func (v *previewView) table() fyne.CanvasObject {
	k := v.u.k
	box := vbox(k.px(20))
	for _, s := range v.last.View.Sections {
		part := vbox(k.px(8), k.para(sectionFace, k.p.ink, k.T("preview."+s.Code)))
		for _, f := range s.Fields {
			part.Add(k.field(190, k.T("preview.f."+f.Code), k.para(boxBold, k.p.ink, v.value(f.Value))))
		}
		if len(s.Rows) > 0 {
			part.Add(v.rows(&s))
		}
		box.Add(part)
	}
	return k.sheet(24, box)
}

func (v *previewView) rows(s *app.ViewSection) fyne.CanvasObject {
	k := v.u.k
	weights := make([]float32, len(s.Columns))
	for i := range weights {
		weights[i] = 1
	}
	weights[0] = 2.4
	switch last := len(s.Columns) - 1; s.Columns[last].Code {
	case "text", "reference":
		weights[0], weights[last] = 1, 2.4
	case "iban":
		weights[0] = 1
	}
	number := make([]bool, len(s.Columns))
	for _, r := range s.Rows {
		for i := range min(len(r), len(number)) {
			number[i] = number[i] || r[i].Is == app.ValueAmount || strings.HasSuffix(r[i].Text, "%")
		}
	}
	row := func(f face, c []app.ViewValue, head bool) fyne.CanvasObject {
		var cells []fyne.CanvasObject
		for i := range s.Columns {
			words := ""
			if head && c[i].Code != "" {
				words = k.T("preview.c." + c[i].Code)
			} else if i < len(c) {
				words = v.value(c[i])
			}
			ink := k.p.ink
			if head {
				ink = k.p.muted
			}
			cell := k.paragraph(f, ink, words)
			if number[i] {
				cell.rightward()
			}
			cells = append(cells, cell.Container)
		}
		return container.New(&columns{k.px(12), 0, weights}, cells...)
	}
	box := vbox(k.px(6), row(noteBold, s.Columns, true), k.rule())
	for i, r := range s.Rows {
		if i == maxTableRows {
			box.Add(k.para(boxBold, k.p.ink, k.T("preview.cut")))
			break
		}
		box.Add(row(boxFace, r, false))
		box.Add(k.rule())
	}
	return box
}

// value is a value in the person's language.
func (v *previewView) value(x app.ViewValue) string {
	k := v.u.k
	switch {
	case x.Code != "" && x.Text != "":
		return k.T("preview.code."+x.Code) + " (" + x.Text + ")"
	case x.Code != "":
		return k.T("preview.code." + x.Code)
	case x.Is == app.ValueAmount:
		return strings.TrimSpace(k.Amount(x.Text) + " " + x.Unit)
	case x.Is == app.ValueDay:
		return k.isoDay(x.Text)
	}
	return x.Text
}
