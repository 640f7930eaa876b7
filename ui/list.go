package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// rowList shows any number of rows of one height and builds only those in sight. It is one stop of the Tab key;
// Up and Down move within it.
type rowList struct {
	widget.BaseWidget
	k      *kit
	rowH   float32
	n      int
	row    func(i int, width float32) (fyne.CanvasObject, any) // builds a row, with what it was built from
	same   func(i int) any                                     // what row i would be built from now
	act    func(i int, key fyne.KeyName) bool
	scroll *container.Scroll
	body   *fyne.Container
	rows   map[int]*builtRow
	cursor int
	ring   *canvas.Rectangle
	sheet  *canvas.Rectangle
	frame  *canvas.Rectangle
	on     bool
	plain  bool // for text: no line between rows, the ring around all, Up and Down scroll
}

type builtRow struct {
	object fyne.CanvasObject
	from   any
	width  float32
}

var _ fyne.Focusable = (*rowList)(nil)

func newRowList(k *kit, rowH float32) *rowList {
	l := &rowList{k: k, rowH: rowH, rows: map[int]*builtRow{}}
	l.ring = rect(color.Transparent, color.Transparent, k.px(3), k.px(10))
	l.sheet = rect(k.p.leaf, color.Transparent, 0, k.px(12))
	l.frame = rect(color.Transparent, k.p.line, k.px(k.p.stroke), k.px(12))
	l.body = container.New(&rowsLayout{l})
	l.scroll = container.NewVScroll(l.body)
	l.scroll.OnScrolled = func(fyne.Position) { l.fill() }
	l.ExtendBaseWidget(l)
	return l
}

// heightFor implements tall.
func (l *rowList) heightFor(float32) float32 { return float32(l.n)*l.rowH + 2*l.inset() }

// inset is the room above the first row and below the last.
func (l *rowList) inset() float32 {
	if l.plain {
		return l.k.px(10)
	}
	return 0
}

// setCount says how many rows there are and shows what changed in them.
func (l *rowList) setCount(n int) {
	l.n = n
	l.cursor = max(0, min(l.cursor, n-1))
	l.Refresh()
}

// showCount is setCount for a list that takes no room without rows.
func (l *rowList) showCount(n int) {
	l.Hidden = n == 0
	l.setCount(n)
}

// rowsLayout makes the body as high as all rows; fill places those that are built.
type rowsLayout struct{ l *rowList }

// Layout implements fyne.Layout.
func (r *rowsLayout) Layout([]fyne.CanvasObject, fyne.Size) {}

// MinSize implements fyne.Layout.
func (r *rowsLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(1, r.l.heightFor(0))
}

// fill builds the rows in sight and lets the others go.
func (l *rowList) fill() {
	w := l.scroll.Size().Width
	if w <= 0 {
		return
	}
	first := max(0, int(l.scroll.Offset.Y/l.rowH)-1)
	last := min(l.n-1, int((l.scroll.Offset.Y+l.scroll.Size().Height)/l.rowH)+1)
	for i := range l.rows {
		if i < first || i > last {
			delete(l.rows, i)
		}
	}
	objects := []fyne.CanvasObject{}
	for i := first; i <= last; i++ {
		b := l.rows[i]
		if b == nil || b.width != w || b.from != l.same(i) {
			b = &builtRow{width: w}
			b.object, b.from = l.row(i, w)
			l.rows[i] = b
		}
		place(b.object, 0, float32(i)*l.rowH+l.inset(), w, l.rowH)
		objects = append(objects, b.object)
		if i > 0 && !l.plain {
			r := canvas.NewRectangle(l.k.p.line)
			place(r, 0, float32(i)*l.rowH, w, l.k.px(l.k.p.stroke))
			objects = append(objects, r)
		}
	}
	l.ring.FillColor, l.ring.StrokeColor = color.Transparent, color.Transparent
	if l.on {
		l.ring.FillColor, l.ring.StrokeColor = hollow(l.k.p.focus), l.k.p.focus
	}
	if !l.plain {
		place(l.ring, l.k.px(3), float32(l.cursor)*l.rowH+l.k.px(3), w-l.k.px(6), l.rowH-l.k.px(6))
		objects = append(objects, l.ring)
	}
	l.body.Objects = objects
	l.body.Refresh()
	l.ring.Refresh()
}

// FocusGained implements fyne.Focusable.
func (l *rowList) FocusGained() { l.on = true; l.fill(); l.reveal() }

// reveal scrolls the page so that the row of the cursor is in sight.
func (l *rowList) reveal() {
	switch {
	case !l.on || l.k.reveal == nil:
	case l.plain:
		l.k.reveal(l, 0, l.Size().Height)
	default:
		l.k.reveal(l, float32(l.cursor)*l.rowH-l.scroll.Offset.Y, l.rowH)
	}
}

// FocusLost implements fyne.Focusable.
func (l *rowList) FocusLost() { l.on = false; l.fill() }

// TypedRune implements fyne.Focusable.
func (l *rowList) TypedRune(r rune) {
	if r != ' ' && l.k.runes != nil {
		l.k.runes(r)
	}
}

// TypedKey implements fyne.Focusable.
func (l *rowList) TypedKey(e *fyne.KeyEvent) {
	page := max(1, int(l.scroll.Size().Height/l.rowH)-1)
	to := l.cursor
	switch e.Name {
	case fyne.KeyDown:
		to++
	case fyne.KeyUp:
		to--
	case fyne.KeyPageDown:
		to += page
	case fyne.KeyPageUp:
		to -= page
	case fyne.KeyHome:
		to = 0
	case fyne.KeyEnd:
		to = l.n - 1
	default:
		if (l.act == nil || l.n == 0 || !l.act(l.cursor, e.Name)) && l.k.keys != nil {
			l.k.keys(e)
		}
		return
	}
	if l.plain {
		end := max(0, l.heightFor(0)-l.scroll.Size().Height)
		y := l.scroll.Offset.Y + float32(to-l.cursor)*l.rowH
		switch e.Name {
		case fyne.KeyHome:
			y = 0
		case fyne.KeyEnd:
			y = end
		}
		l.scroll.ScrollToOffset(fyne.NewPos(0, max(0, min(y, end))))
		l.fill()
		return
	}
	l.move(to)
}

// move puts the cursor on row i and brings it into sight.
func (l *rowList) move(i int) {
	l.cursor = max(0, min(i, l.n-1))
	top := float32(l.cursor) * l.rowH
	if o := l.scroll.Offset.Y; top < o {
		l.scroll.ScrollToOffset(fyne.NewPos(0, top))
	} else if bottom := top + l.rowH - l.scroll.Size().Height; bottom > o {
		l.scroll.ScrollToOffset(fyne.NewPos(0, bottom))
	}
	l.fill()
	l.reveal()
}

// CreateRenderer implements fyne.Widget.
func (l *rowList) CreateRenderer() fyne.WidgetRenderer { return &listRenderer{l} }

type listRenderer struct{ l *rowList }

// Layout implements fyne.WidgetRenderer.
func (r *listRenderer) Layout(size fyne.Size) {
	l := r.l
	place(l.sheet, 0, 0, size.Width, size.Height)
	place(l.frame, 0, 0, size.Width, size.Height)
	if d := l.k.px(2); l.plain {
		place(l.ring, -d, -d, size.Width+2*d, size.Height+2*d)
	}
	l.scroll.Move(fyne.NewPos(0, 0))
	if l.scroll.Size() != size {
		l.scroll.Resize(size)
	}
	l.fill()
}

// MinSize implements fyne.WidgetRenderer.
func (r *listRenderer) MinSize() fyne.Size { return fyne.NewSize(1, r.l.rowH) }

// Refresh implements fyne.WidgetRenderer.
func (r *listRenderer) Refresh() {
	r.l.scroll.Refresh()
	r.Layout(r.l.Size())
}

// Objects implements fyne.WidgetRenderer.
func (r *listRenderer) Objects() []fyne.CanvasObject {
	if r.l.plain {
		return []fyne.CanvasObject{r.l.sheet, r.l.scroll, r.l.frame, r.l.ring}
	}
	return []fyne.CanvasObject{r.l.sheet, r.l.scroll, r.l.frame}
}

// Destroy implements fyne.WidgetRenderer.
func (r *listRenderer) Destroy() {}

// tap is a button for the mouse alone, in rows whose keys the list handles.
type tap struct {
	widget.BaseWidget
	body   *fyne.Container
	ground *canvas.Rectangle
	rest   color.Color // the ground without the mouse, and with it
	hover  color.Color
	name   string
	hint   string // its name where it has no words
	k      *kit
	do     func()
}

func (k *kit) tap(icon, name, words string, do func()) *tap {
	t := &tap{k: k, name: name, do: do, rest: color.Transparent, hover: k.p.hovered(k.p.leaf, k.p.ink)}
	t.ground = rect(color.Transparent, color.Transparent, 0, k.px(10))
	if words == "" {
		t.hint = name
		t.body = fixed(k.px(44), k.px(44), t.ground, centre(k.icon(icon, 20, k.p.muted)))
	} else {
		t.rest = hollow(k.p.edge)
		t.ground = rect(t.rest, k.p.edge, k.px(max(1.25, k.p.stroke)), k.px(10))
		t.body = fixed(0, k.px(44), t.ground, pad(0, k.px(14), 0, k.px(14), centre(k.text(noteBold, k.p.ink, words))))
	}
	t.ExtendBaseWidget(t)
	return t
}

// CreateRenderer implements fyne.Widget.
func (t *tap) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.body) }

// Tapped implements fyne.Tappable.
func (t *tap) Tapped(*fyne.PointEvent) {
	t.k.leave(t)
	t.do()
}

// MouseIn implements desktop.Hoverable.
func (t *tap) MouseIn(*desktop.MouseEvent) {
	t.ground.FillColor = t.hover
	t.ground.Refresh()
	t.k.point(t, t.hint)
}

// MouseMoved implements desktop.Hoverable.
func (t *tap) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (t *tap) MouseOut() {
	t.ground.FillColor = t.rest
	t.ground.Refresh()
	if t.hint != "" {
		t.k.leave(t)
	}
}

// Cursor implements desktop.Cursorable.
func (t *tap) Cursor() desktop.Cursor { return desktop.PointerCursor }
