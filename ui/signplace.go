package ui

import (
	"image"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// markBox is the visible signature on its page: moved with the mouse or the arrows, made larger and smaller at its
// corner or with + and −.
type markBox struct {
	widget.BaseWidget
	k      *kit
	rect   [4]float64 // left, bottom, right, top in points, from the lower left corner of the page
	page   fyne.Size  // in points
	scale  float32    // of the window, for a point
	ground *canvas.Rectangle
	words  *fyne.Container
	image  *canvas.Image // nil for none
	grip   *canvas.Rectangle
	sizing bool // the mouse holds the corner
	moved  func()
}

var (
	_ fyne.Draggable     = (*markBox)(nil)
	_ desktop.Cursorable = (*markBox)(nil)
	_ desktop.Mouseable  = (*markBox)(nil)
)

const (
	markStep  = 6 // points for a key
	markLeast = 24.0
)

func newMarkBox(k *kit, lines []string, picture image.Image, moved func()) *markBox {
	m := &markBox{k: k, moved: moved, scale: 1}
	m.ground = rect(color.NRGBA{R: 0xFF, G: 0xFD, B: 0xF9, A: 0xE6}, light.wax, k.px(2), 0)
	m.grip = rect(light.wax, color.White, k.px(1), 0)
	m.words = vbox(0)
	for _, l := range lines {
		m.words.Add(canvas.NewText(l, light.ink))
	}
	if picture != nil {
		m.image = &canvas.Image{Image: picture, FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleSmooth}
	}
	m.ExtendBaseWidget(m)
	return m
}

// placeOn lies where rect says on a page painted at an offset with a size.
func (m *markBox) placeOn(at fyne.Position, painted, points fyne.Size) {
	if points.Width <= 0 || painted.Width <= 0 {
		m.Hide()
		return
	}
	m.Show()
	m.page, m.scale = points, painted.Width/points.Width
	m.within()
	m.Move(at.AddXY(float32(m.rect[0])*m.scale, (points.Height-float32(m.rect[3]))*m.scale))
	m.Resize(fyne.NewSize(float32(m.rect[2]-m.rect[0])*m.scale, float32(m.rect[3]-m.rect[1])*m.scale))
}

// within keeps the mark on the page.
func (m *markBox) within() {
	w, h := float64(m.page.Width), float64(m.page.Height)
	r := &m.rect
	bw, bh := min(max(markLeast, r[2]-r[0]), w), min(max(markLeast/2, r[3]-r[1]), h)
	r[0] = max(0, min(r[0], w-bw))
	r[3] = max(bh, min(r[3], h))
	r[2], r[1] = r[0]+bw, r[3]-bh
}

// shift moves the mark by points, right and up.
func (m *markBox) shift(dx, dy float64) {
	for i, d := range []float64{dx, dy, dx, dy} {
		m.rect[i] += d
	}
	m.moved()
}

// grow moves the lower right corner, the upper left one stays.
func (m *markBox) grow(dx, dy float64) {
	m.rect[2] = max(m.rect[0]+markLeast, m.rect[2]+dx)
	m.rect[1] = min(m.rect[3]-markLeast/2, m.rect[1]+dy)
	m.moved()
}

// key moves and resizes by keyboard.
func (m *markBox) key(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyLeft:
		m.shift(-markStep, 0)
	case fyne.KeyRight:
		m.shift(markStep, 0)
	case fyne.KeyUp:
		m.shift(0, markStep)
	case fyne.KeyDown:
		m.shift(0, -markStep)
	default:
		return false
	}
	return true
}

// resize makes the mark larger or smaller in proportion.
func (m *markBox) resize(step float64) {
	w, h := m.rect[2]-m.rect[0], m.rect[3]-m.rect[1]
	m.grow(2*step*markStep, -2*step*markStep*h/w)
}

// MouseDown implements desktop.Mouseable: at the corner it is the size that changes.
func (m *markBox) MouseDown(e *desktop.MouseEvent) {
	g := m.k.px(22)
	m.sizing = e.Position.X > m.Size().Width-g && e.Position.Y > m.Size().Height-g
}

// MouseUp implements desktop.Mouseable.
func (m *markBox) MouseUp(*desktop.MouseEvent) {}

// Dragged implements fyne.Draggable.
func (m *markBox) Dragged(e *fyne.DragEvent) {
	dx, dy := float64(e.Dragged.DX/m.scale), -float64(e.Dragged.DY/m.scale)
	if m.sizing {
		m.grow(dx, dy)
	} else {
		m.shift(dx, dy)
	}
}

// DragEnd implements fyne.Draggable.
func (m *markBox) DragEnd() { m.sizing = false }

// Cursor implements desktop.Cursorable.
func (m *markBox) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (m *markBox) CreateRenderer() fyne.WidgetRenderer { return &markRenderer{m} }

type markRenderer struct{ m *markBox }

// Layout implements fyne.WidgetRenderer: the text takes the size that it will have in the file.
func (r *markRenderer) Layout(size fyne.Size) {
	m := r.m
	place(m.ground, 0, 0, size.Width, size.Height)
	g := m.k.px(12)
	place(m.grip, size.Width-g/2, size.Height-g/2, g, g)
	n := float32(max(1, len(m.words.Objects)))
	left := m.left()
	pt := m.fontSize(n, left)
	for i, o := range m.words.Objects {
		t := o.(*canvas.Text)
		t.TextSize = pt
		place(t, left, (size.Height-n*pt*1.2)/2+float32(i)*pt*1.2, size.Width, pt*1.2)
	}
}

// left is where the text begins: right of the picture, which takes a third of the width at most, as in the file.
func (m *markBox) left() float32 {
	edge := 4 * m.scale
	if m.image == nil {
		return edge
	}
	b, size := m.image.Image.Bounds(), m.Size()
	f := min((size.Width-2*edge)/3/float32(b.Dx()), (size.Height-2*edge)/float32(b.Dy()))
	w, h := f*float32(b.Dx()), f*float32(b.Dy())
	place(m.image, edge, (size.Height-h)/2, w, h)
	return 2*edge + w
}

// fontSize is the largest at which all lines fit, at most 12 points, as package signer chooses it.
func (m *markBox) fontSize(lines, left float32) float32 {
	room := m.Size().Width - left - 4*m.scale
	pt := min(12*m.scale, (m.Size().Height-6*m.scale)/(1.2*lines))
	for _, o := range m.words.Objects {
		if w := fyne.MeasureText(o.(*canvas.Text).Text, 100, fyne.TextStyle{}).Width; w > 0 {
			pt = min(pt, room*100/w)
		}
	}
	for _, o := range m.words.Objects { // so small, letters are drawn wider than their share
		for pt > 1 && fyne.MeasureText(o.(*canvas.Text).Text, pt, fyne.TextStyle{}).Width > room {
			pt *= 0.97
		}
	}
	return max(1, pt)
}

// MinSize implements fyne.WidgetRenderer.
func (r *markRenderer) MinSize() fyne.Size { return fyne.NewSize(1, 1) }

// Refresh implements fyne.WidgetRenderer.
func (r *markRenderer) Refresh() { r.Layout(r.m.Size()) }

// Objects implements fyne.WidgetRenderer.
func (r *markRenderer) Objects() []fyne.CanvasObject {
	all := append([]fyne.CanvasObject{r.m.ground}, r.m.words.Objects...)
	if r.m.image != nil {
		all = append(all, r.m.image)
	}
	return append(all, r.m.grip)
}

// Destroy implements fyne.WidgetRenderer.
func (r *markRenderer) Destroy() {}

// placing is the choice of the place of a visible signature.
type placing struct {
	doc    app.Doc
	mark   app.VisibleMark
	box    *markBox
	placed bool             // the default place was taken
	field  int              // which of the empty fields is offered
	shown  *app.MarkPicture // the picture that box shows
}

// placeMark opens the first PDF of the list for choosing where its signature is seen.
func (u *UI) placeMark() {
	st := u.latest.Load()
	for _, d := range st.Docs.List {
		if d.Status != app.DocReady || app.InsideAdvice(&d) != nil {
			continue
		}
		v := u.views[pageSign].(*signView).preview
		v.placing = &placing{doc: d, mark: app.VisibleMark{
			Lines: []string{u.k.T("mark.signed") + " {name}", "{when}"}, Border: true,
		}}
		if c := choices(st); c.Visible != nil {
			v.placing.mark, v.placing.placed = *c.Visible, true
		}
		u.look(d.Path)
		return
	}
	u.say(u.k.T("mark.no-pdf"))
}

// The default place: bottom right, with room for the lines, an inch from the edges.
const (
	markWidth, markHeight = 210.0, 48.0
	markMargin            = 40.0
)

// place puts the mark on the page that is shown, while a place is being chosen.
func (v *previewView) place() {
	p := v.placing
	if p == nil {
		v.sheet.marked(nil)
		return
	}
	st := v.u.latest.Load()
	if p.box != nil && p.shown != st.MarkPicture { // another picture was chosen meanwhile
		p.mark.Rect, p.box = p.box.rect, nil
		p.mark.Page = v.page + 1
	}
	if p.box == nil {
		var picture image.Image
		if p.shown = st.MarkPicture; p.shown != nil {
			p.mark.Picture, picture = p.shown.Bytes, p.shown.Image
		}
		name := v.u.k.T("existing.you")
		if c := st.Cards.Card(); c != nil && c.Signing() != nil {
			name = c.Signing().SubjectCN
		}
		fill := strings.NewReplacer("{name}", name, "{when}", v.u.now().In(lang.Rome()).Format("02/01/2006 15:04"))
		var lines []string
		for _, l := range p.mark.Lines {
			lines = append(lines, fill.Replace(l))
		}
		p.box = newMarkBox(v.u.k, lines, picture, func() { v.sheet.Refresh() })
		p.box.rect = p.mark.Rect
		if !p.placed {
			v.page = v.last.View.Facts.Pages - 1
		} else {
			v.page = min(v.last.View.Facts.Pages, p.mark.Page) - 1
		}
	}
	if d := v.last.Page; !p.placed && d != nil && d.N == v.page && d.Points.Width > 0 {
		p.box.rect, p.placed = defaultPlace(d.Points.Width, p.doc.Examination, v.page+1), true
	}
	if p.placed {
		v.sheet.marked(p.box)
	}
}

// defaultPlace is at the foot of the page, right, above the fields that are there already.
func defaultPlace(width float64, x *app.Examination, page int) [4]float64 {
	w := min(markWidth, width-2*markMargin)
	r := [4]float64{width - markMargin - w, markMargin, width - markMargin, markMargin + markHeight}
	if x == nil {
		return r
	}
	for range x.Fields {
		for _, f := range x.Fields {
			if f.Page == page && f.Rect[0] < r[2] && f.Rect[2] > r[0] && f.Rect[1] < r[3] && f.Rect[3] > r[1] {
				r[1] = f.Rect[3] + 8
				r[3] = r[1] + markHeight
			}
		}
	}
	return r
}

// placingBar is the action bar while a place is being chosen.
func (v *previewView) placingBar() {
	k, p, n := v.u.k, v.placing, v.last.View.Facts.Pages
	prev, next := k.round("left", k.T("preview.back"), func() { v.turn(v.page - 1) }), k.round("right", k.T("preview.next"), func() { v.turn(v.page + 1) })
	if v.page == 0 {
		prev.Disable()
	}
	if v.page >= n-1 {
		next.Disable()
	}
	words := k.text(strongFace, k.p.ink, k.Text(lang.M("preview.page", "page", lang.Digits(v.page+1), "pages", lang.Digits(n))))
	here := k.button(inked, "check", k.T("mark.here"), v.takePlace)
	here.enable(p.placed)
	place := hbox(k.px(16), hbox(k.px(4), prev, words, next), v.pictureButton(), here)
	if fields := v.emptyFields(); len(fields) > 0 {
		f := fields[p.field%len(fields)]
		words := lang.M("mark.field", "name", app.Visible(f.Name))
		if f.Locks {
			words = lang.M("mark.field.locks", "name", app.Visible(f.Name))
		}
		one := []fyne.CanvasObject{k.button(outlined, "", k.Text(words), func() { v.takeField(f) })}
		if len(fields) > 1 {
			one = append(one, k.round("right", k.T("mark.field.next"), func() { v.nextField(fields) }))
		}
		// in a small window the field stands in a row of its own: two rows leave the page its place
		v.frame.setBar(container.New(&wrapping{gap: k.px(8), right: true}, hbox(k.px(8), one...), place))
		return
	}
	v.frame.setBar(place)
}

// pictureButton chooses a picture to stand beside the text, or takes it away.
func (v *previewView) pictureButton() fyne.CanvasObject {
	u, k := v.u, v.u.k
	if m := u.latest.Load().MarkPicture; m != nil && len(m.Bytes) > 0 {
		return k.button(outlined, "", k.T("mark.picture.none"), func() { u.store.ChooseMarkPicture("") })
	}
	return k.button(outlined, "", k.T("mark.picture"), func() {
		u.pick(pickFile, "", func(paths []string) { u.store.ChooseMarkPicture(paths[0]) })
	})
}

// pictured shows the picture of the mark that was chosen meanwhile, or says why it cannot be used.
func (v *previewView) pictured(m *app.MarkPicture) {
	if p := v.placing; p == nil || p.box == nil || p.shown == m || v.last == nil || v.last.View == nil {
		return
	}
	if m != nil && m.Advice != nil {
		v.u.say(v.u.k.Text(m.Advice.Title) + " " + v.u.k.Text(m.Advice.Body))
	}
	v.build()
}

// emptyFields are the fields of the document that wait for a signature. They are offered for a single file.
func (v *previewView) emptyFields() []app.EmptyField {
	x := v.placing.doc.Examination
	if x == nil || len(v.u.latest.Load().Docs.List) != 1 {
		return nil
	}
	var out []app.EmptyField
	for _, f := range x.Fields {
		if f.Refused == "" {
			out = append(out, f)
		}
	}
	return out
}

// nextField goes on to the next field and shows where it is.
func (v *previewView) nextField(fields []app.EmptyField) {
	p := v.placing
	p.field = (p.field + 1) % len(fields)
	f := fields[p.field]
	if f.Page > 0 && f.Rect[2] > f.Rect[0] && f.Rect[3] > f.Rect[1] {
		p.box.rect, p.placed = f.Rect, true
		v.turn(f.Page - 1)
	}
	v.build()
}

// takePlace makes the place the chosen one and goes back to the list.
func (v *previewView) takePlace() {
	p := v.placing
	p.mark.Page, p.mark.Rect, p.mark.Field = v.page+1, p.box.rect, ""
	v.chooseMark(p.mark)
}

// takeField signs in a field of the document, and unseen in one that cannot be seen.
func (v *previewView) takeField(f app.EmptyField) {
	m := v.placing.mark
	m.Page, m.Rect, m.Field = f.Page, f.Rect, f.Name
	v.chooseMark(m)
}

func (v *previewView) chooseMark(m app.VisibleMark) {
	c := choices(v.u.latest.Load())
	c.Format, c.Visible = app.FormatPAdES, &m
	v.u.store.SetChoices(c)
	v.close()
}
