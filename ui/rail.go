package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// rail is the way from page to page: beside the page with words, in a narrow window words below icons.
type rail struct {
	u       *UI
	object  *fyne.Container
	logo    *fyne.Container
	name    *canvas.Text
	entries [pageCount]*railEntry
	lists   *fyne.Container // the age of the trusted lists
	last    *app.Trust
	thin    bool
}

type railEntry struct {
	*press
	rail        *rail
	id          pageID
	icon        *canvas.Image
	drawing     string
	words       *canvas.Text
	long, short string
	mark        *canvas.Rectangle
	open        bool
}

func newRail(u *UI) *rail {
	k := u.k
	r := &rail{u: u}
	r.name = k.text(face{size: 23, bold: true}, k.p.ink, "Ceralacca")
	r.logo = fixed(k.px(42), k.px(42), k.picture("logo", 42, 42, k.p.wax))
	icons := [pageCount]string{"sign", "verify", "card", "help", "settings"}
	keys := [pageCount]string{"sign", "verify", "card", "help", "settings"}
	objects := []fyne.CanvasObject{r.logo, r.name}
	for i := range r.entries {
		e := &railEntry{rail: r, id: pageID(i), drawing: icons[i], long: k.T("ui.page." + keys[i]), short: k.T("ui.page." + keys[i] + ".short")}
		e.icon = k.icon(e.drawing, 24, k.p.ink)
		e.words = k.text(bodyFace, k.p.ink, e.long)
		e.mark = rect(color.Transparent, color.Transparent, 0, k.px(2))
		body := container.New(e, e.mark, e.icon, e.words)
		e.press = k.press(e.long, body, func() { u.turn(e.id) })
		e.press.key = e.keys
		e.press.inset = false
		e.press.fill = e.colour
		r.entries[i] = e
		objects = append(objects, e.press)
	}
	r.lists = vbox(0)
	r.object = container.New(r, append(objects, r.lists)...)
	return r
}

func (e *railEntry) colour(hover bool) color.Color {
	p := e.rail.u.k.p
	switch {
	case e.open:
		e.ground.StrokeColor, e.ground.StrokeWidth = p.line, e.rail.u.k.px(p.stroke)
		return p.leaf
	case hover:
		e.ground.StrokeWidth = 0
		return p.hovered(p.margin, p.ink)
	}
	e.ground.StrokeWidth = 0
	return color.Transparent
}

// keys moves along the rail.
func (e *railEntry) keys(ev *fyne.KeyEvent) bool {
	step := 0
	switch ev.Name {
	case fyne.KeyDown:
		step = 1
	case fyne.KeyUp:
		step = int(pageCount) - 1
	default:
		return false
	}
	e.rail.u.window.Canvas().Focus(e.rail.entries[(int(e.id)+step)%int(pageCount)])
	return true
}

// mark shows which page is open.
func (r *rail) mark(p pageID) {
	k := r.u.k
	for _, e := range r.entries {
		e.open = e.id == p
		ink := k.p.ink
		e.words.TextStyle.Bold = e.open
		e.mark.FillColor = color.Transparent
		if e.open {
			ink = k.p.waxText
			e.mark.FillColor = k.p.waxText
			if k.p == dark {
				e.mark.FillColor = k.p.wax
			}
		}
		k.redraw(e.icon, e.drawing, ink)
		e.words.Refresh()
		e.mark.Refresh()
		e.paint()
	}
}

// narrow chooses between the two forms.
func (r *rail) narrow(thin bool) {
	if r.thin == thin {
		return
	}
	r.thin = thin
	size := r.u.k.px(15)
	for _, e := range r.entries { // "Signieren" keeps clear of its frame, and all are of one size
		t := canvas.NewText(e.short, nil)
		t.FontSource, t.TextSize, t.TextStyle = e.words.FontSource, r.u.k.px(15), fyne.TextStyle{Bold: true}
		size = min(size, r.u.k.px(15)*r.u.k.px(57)/max(1, t.MinSize().Width))
	}
	for _, e := range r.entries {
		e.words.Text, e.words.TextSize, e.words.Alignment = e.long, r.u.k.px(17), fyne.TextAlignLeading
		if thin {
			e.words.Text, e.words.TextSize, e.words.Alignment = e.short, size, fyne.TextAlignCenter
		}
		e.words.Refresh()
	}
}

// Show tells the age of the trusted lists.
func (r *rail) Show(st *app.State) {
	if st.Trust == r.last {
		return
	}
	r.last = st.Trust
	k := r.u.k
	r.lists.Objects = nil
	if t := st.Trust; t != nil && !t.ItalianList.IsZero() {
		r.lists.Objects = []fyne.CanvasObject{
			k.fit(noteFace, k.p.muted, k.T("ui.lists")),
			k.fit(noteFace, k.p.muted, k.Text(lang.M("ui.lists.of", "date", k.Date(t.ItalianList)))),
		}
	}
}

// Layout implements fyne.Layout for the rail.
func (r *rail) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	k := r.u.k
	h, gap, x, y := k.px(52), k.px(8), k.px(16), k.px(92)
	if r.thin {
		h, gap, x, y = k.px(66), k.px(8), k.px(8), k.px(76)
		r.name.Hide()
		place(r.logo, (size.Width-k.px(42))/2, k.px(17), k.px(42), k.px(42))
	} else {
		r.name.Show()
		place(r.logo, k.px(21), k.px(23), k.px(42), k.px(42))
		place(r.name, k.px(74), k.px(42)-r.name.MinSize().Height/2, size.Width-k.px(74), r.name.MinSize().Height)
	}
	foot := k.px(20)
	r.logo.Show()
	if need := y + float32(len(r.entries))*(h+gap) + foot; need > size.Height { // a low window
		r.logo.Hide()
		r.name.Hide()
		y, foot, gap = k.px(8), k.px(8), k.px(4)
		h = min(h, (size.Height-y-foot)/float32(len(r.entries))-gap)
	}
	for i, e := range r.entries {
		top := y + float32(i)*(h+gap)
		if e.id == pageSettings {
			top = max(top, size.Height-foot-h)
			r.lists.Hide()
			lh := heightOf(r.lists, size.Width-k.px(46))
			if room := top - lh - k.px(14); !r.thin && room > y+float32(i)*(h+gap) {
				r.lists.Show()
				place(r.lists, k.px(30), room, size.Width-k.px(46), lh)
			}
		}
		w := size.Width - 2*x - k.px(3)
		if r.thin { // "Signieren" needs it
			w += k.px(5)
		}
		place(e.press, x, top, w, h)
	}
}

// MinSize implements fyne.Layout.
func (r *rail) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// Layout implements fyne.Layout for one entry.
func (e *railEntry) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	k := e.rail.u.k
	i, th := k.px(24), e.words.MinSize().Height
	place(e.mark, 0, size.Height/2-k.px(12), k.px(4), k.px(24))
	e.icon.Show()
	if e.rail.thin && size.Height < i+th-k.px(3) { // too low for both
		e.icon.Hide()
		place(e.words, 0, (size.Height-th)/2, size.Width, th)
		return
	}
	if e.rail.thin {
		top := max(0, (size.Height-i-th)/2)
		place(e.icon, (size.Width-i)/2, top, i, i)
		place(e.words, 0, top+i-k.px(1), size.Width, th)
		return
	}
	place(e.icon, k.px(15), (size.Height-i)/2, i, i)
	place(e.words, k.px(53), (size.Height-th)/2-k.px(2), size.Width-k.px(53), th)
}

// MinSize implements fyne.Layout.
func (e *railEntry) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }
