package pdf

import (
	"context"
	"io"
	"slices"
)

// Page is a page as it is shown: its crop box, turned by /Rotate and enlarged by /UserUnit.
type Page struct {
	Width, Height float64 // in points of 1/72 inch
}

// EmptyField is a signature field that waits for its signature.
type EmptyField struct {
	Name string // full name
	// Page counts from 1; 0 when no page carries the field.
	Page int
	// Rect is left, bottom, right, top on the page as [Appearance] has it; without an area for an invisible field.
	Rect [4]float64
	// Locks lists the fields that the signature will lock; nil for none.
	Locks *FieldMDP
	// Refused says why [Prepare] would not sign in this field; empty when it would.
	Refused Reason
}

// Places are where a signature can go.
type Places struct {
	Pages  []Page
	Fields []EmptyField
}

// FindPlaces lists the pages and the empty signature fields of a file, each in order.
func FindPlaces(ctx context.Context, r io.ReaderAt, size int64) (*Places, error) {
	f, err := open(ctx, r, size)
	if err != nil {
		return nil, err
	}
	var sc Scanned
	if err := f.collect(ctx, &sc, false); err != nil {
		return nil, err
	}
	out := &Places{}
	var rects [][4]float64 // in user space, of each of out.Fields
	widgets := widgetIndex{map[int][]int{}, map[int][]int{}}
	fields := f.fields()
	locks := f.locks(&sc, fields)
	for _, fd := range fields {
		if fd.kind != "Sig" || f.resolve(fd.value) != nil {
			continue
		}
		w := f.widget(&fd)
		widgets.add(w, len(out.Fields))
		rects = append(rects, rectOf(f, w.d["Rect"]))
		e := EmptyField{Name: fd.full}
		if lock := f.dict(fd.d["Lock"]); lock != nil {
			e.Locks = f.fieldMDP(lock)
		}
		p := &preparer{f: f, o: Options{Stamped: true}} // a time-stamp can still be chosen
		if no := p.mayFill(&fd, locks); no != nil {
			e.Refused = no.Reason
		}
		out.Fields = append(out.Fields, e)
	}
	f.pages(func(i int, id object, d, inherited dict) bool {
		g := f.geometry(d, inherited)
		out.Pages = append(out.Pages, g.page())
		for _, j := range widgets.on(f, id, d) {
			if e := &out.Fields[j]; e.Page == 0 {
				e.Page, e.Rect = i+1, g.shown(rects[j])
			}
		}
		return ctx.Err() == nil
	})
	return out, ctx.Err()
}

// widgetIndex finds widgets by the page that carries them, as carries has it, without a look at each widget for each
// page.
type widgetIndex struct {
	byPage map[int][]int // those that name their page
	byID   map[int][]int // the others
}

func (x widgetIndex) add(w field, i int) {
	if p, ok := w.d["P"].(ref); ok {
		x.byPage[p.num] = append(x.byPage[p.num], i)
	} else if w.id.num > 0 {
		x.byID[w.id.num] = append(x.byID[w.id.num], i)
	}
}

// on are the widgets on a page.
func (x widgetIndex) on(f *file, page object, d dict) []int {
	found := slices.Clone(x.byPage[refNum(page)])
	if len(x.byID) > 0 {
		for _, a := range f.array(d["Annots"]) {
			found = append(found, x.byID[refNum(a)]...)
		}
	}
	return found
}

// carries reports whether the widget stands on the page: it says so itself or, /P being optional, the page does.
func (f *file) carries(id ref, page dict, widget field) bool {
	if p, ok := widget.d["P"].(ref); ok {
		return p.num == id.num
	}
	return widget.id.num > 0 && slices.ContainsFunc(f.array(page["Annots"]), func(o object) bool {
		r, ok := o.(ref)
		return ok && r.num == widget.id.num
	})
}

// geometry is how a page is shown.
type geometry struct {
	box      [4]float64 // what is shown, in user space
	rotation int        // 0, 90, 180 or 270
	unit     float64    // points in a unit of user space
}

func (f *file) geometry(page, inherited dict) geometry {
	g := geometry{unit: 1}
	rotate := page["Rotate"]
	if rotate == nil {
		rotate = inherited["Rotate"]
	}
	n, _ := f.int(rotate)
	g.rotation = int((n%360 + 360) % 360 / 90 * 90)
	if u, ok := number(f.resolve(page["UserUnit"])); ok && u > 0 && u <= 75000 { // ISO 32000-1 annex C; not inherited
		g.unit = u
	}
	box := func(key name, other [4]float64) [4]float64 {
		for _, d := range []dict{page, inherited} {
			if r := rectOf(f, d[key]); r[2] > r[0] && r[3] > r[1] {
				return r
			}
		}
		return other
	}
	media := box("MediaBox", [4]float64{0, 0, 612, 792})
	crop := box("CropBox", media)
	// The crop box counts as far as it lies on the medium (ISO 32000-1 §14.11.2).
	g.box = [4]float64{max(crop[0], media[0]), max(crop[1], media[1]), min(crop[2], media[2]), min(crop[3], media[3])}
	if g.box[2] <= g.box[0] || g.box[3] <= g.box[1] {
		g.box = media
	}
	return g
}

func (g geometry) page() Page {
	w, h := (g.box[2]-g.box[0])*g.unit, (g.box[3]-g.box[1])*g.unit
	if g.rotation%180 != 0 {
		w, h = h, w
	}
	return Page{w, h}
}

// user turns a rectangle on the shown page into user space.
func (g geometry) user(r [4]float64) [4]float64 {
	w, h := g.box[2]-g.box[0], g.box[3]-g.box[1]
	return corners(r, func(u, v float64) (float64, float64) {
		u, v = u/g.unit, v/g.unit
		switch g.rotation {
		case 90:
			return g.box[0] + w - v, g.box[1] + u
		case 180:
			return g.box[0] + w - u, g.box[1] + h - v
		case 270:
			return g.box[0] + v, g.box[1] + h - u
		}
		return g.box[0] + u, g.box[1] + v
	})
}

// shown turns a rectangle in user space into one on the shown page.
func (g geometry) shown(r [4]float64) [4]float64 {
	w, h := g.box[2]-g.box[0], g.box[3]-g.box[1]
	return corners(r, func(x, y float64) (float64, float64) {
		x, y = x-g.box[0], y-g.box[1]
		switch g.rotation {
		case 90:
			x, y = y, w-x
		case 180:
			x, y = w-x, h-y
		case 270:
			x, y = h-y, x
		}
		return x * g.unit, y * g.unit
	})
}

func corners(r [4]float64, move func(x, y float64) (float64, float64)) [4]float64 {
	x0, y0 := move(r[0], r[1])
	x1, y1 := move(r[2], r[3])
	return [4]float64{min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)}
}
