package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// wrapping sets its objects side by side and goes to a new row when the width is used up.
type wrapping struct {
	gap   float32
	right bool // the rows end at the right
}

func wrapbox(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&wrapping{gap: gap}, objects...)
}

func (l *wrapping) walk(objects []fyne.CanvasObject, width float32, f func(o fyne.CanvasObject, x, y float32)) float32 {
	var x, y, row float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if m.Width > width {
			m = fyne.NewSize(width, heightOf(o, width))
		}
		if x > 0 && x+m.Width > width {
			x, y, row = 0, y+row+l.gap, 0
		}
		if f != nil {
			f(o, x, y)
		}
		x += m.Width + l.gap
		row = max(row, m.Height)
	}
	return y + row
}

func (l *wrapping) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return l.walk(objects, width, nil)
}

// Layout implements fyne.Layout.
func (l *wrapping) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	row, top, end := 0, float32(0), float32(0) // the first object of the row, its top, and where the row ends
	flush := func(until int) {
		for _, o := range objects[row:until] {
			if l.right && o.Visible() {
				o.Move(o.Position().AddXY(size.Width-end, 0))
			}
		}
	}
	l.walk(objects, size.Width, func(o fyne.CanvasObject, x, y float32) {
		w := min(natural(o), size.Width)
		if i := slices.Index(objects, o); y > top {
			flush(i)
			row, top = i, y
		}
		place(o, x, y, w, heightOf(o, w))
		end = x + w
	})
	flush(len(objects))
}

func (l *wrapping) narrowest(objects []fyne.CanvasObject) float32 { return narrowestOf(objects) }

func (l *wrapping) natural(objects []fyne.CanvasObject) float32 {
	if l.right { // its place is measured by what it would take in one row
		return (&line{gap: l.gap}).natural(objects)
	}
	return widest(objects)
}

// MinSize implements fyne.Layout.
func (l *wrapping) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := l.natural(objects)
	return fyne.NewSize(w, l.heightFor(objects, w))
}
