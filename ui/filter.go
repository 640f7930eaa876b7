package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// filterFrom is how many rows a list has before it can be filtered.
const filterFrom = 20

// filterKind is which rows a filter lets through, whatever their names.
type filterKind int

const (
	filterAll filterKind = iota
	filterProblems
	filterGood
	filterKinds
)

// listFilter chooses rows of a long list by name and by kind. Ctrl+F comes to it, Down or Enter goes on to the list, Esc
// empties it. It is about what is seen: what is done with the list is done with all of it.
type listFilter struct {
	k       *kit
	object  *fyne.Container
	field   *filterField
	row     *fyne.Container // the field, then a choice for each kind
	told    *para
	good    string // key of the word for rows that are well
	kind    filterKind
	changed func()
	seen    []int // the rows let through; nil for all
}

// newListFilter makes a filter whose choice of good rows is called by the key good. changed is told of each change;
// leave brings the keyboard to the list.
func newListFilter(u *UI, good string, changed, leave func()) *listFilter {
	k := u.k
	f := &listFilter{k: k, good: good, changed: changed, told: k.paragraph(noteFace, k.p.muted, "")}
	f.field = &filterField{lineField: lineField{leave: leave}, keys: func(e *fyne.KeyEvent) {
		if k.keys != nil {
			k.keys(e)
		}
	}}
	f.field.ringed(k)
	f.field.ExtendBaseWidget(f.field)
	f.field.OnChanged = func(string) { changed() }
	f.row = container.New(&filterLayout{wrapping{gap: k.px(8)}, f}, k.box(280, f.field, f.field.ring))
	f.choose(filterAll)
	f.told.Hide()
	f.object = vbox(k.px(6), f.row, f.told.Container)
	return f
}

// filterLayout keeps the field and the choices in one row as long as the field has room for a word.
type filterLayout struct {
	wrapping
	f *listFilter
}

// field is the width of the field, and whether all stand in one row.
func (l *filterLayout) field(o []fyne.CanvasObject, width float32) (float32, bool) {
	rest := width
	for _, c := range o[1:] {
		rest -= l.gap + c.MinSize().Width
	}
	return min(rest, o[0].MinSize().Width), rest >= l.f.k.px(130)
}

func (l *filterLayout) heightFor(o []fyne.CanvasObject, width float32) float32 {
	if _, ok := l.field(o, width); ok {
		return o[0].MinSize().Height
	}
	return l.wrapping.heightFor(o, width)
}

// Layout implements fyne.Layout.
func (l *filterLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	k, words := l.f.k, l.f.k.T("filter.name")
	l.wrapping.Layout(o, size)
	if w, ok := l.field(o, size.Width); ok {
		x := w
		place(o[0], 0, 0, w, o[0].MinSize().Height)
		for _, c := range o[1:] {
			place(c, x+l.gap, 0, c.MinSize().Width, c.MinSize().Height)
			x += l.gap + c.MinSize().Width
		}
	}
	if short, _, ok := strings.Cut(words, " ("); ok && k.measure(boxFace, words) > o[0].Size().Width-k.px(20) {
		words = short // without the key that leads here
	}
	if l.f.field.PlaceHolder != words {
		l.f.field.SetPlaceHolder(words)
	}
}

// choose lets the kind through.
func (f *listFilter) choose(kind filterKind) *choice {
	var chosen *choice
	f.kind, f.row.Objects = kind, f.row.Objects[:1]
	for i := range filterKinds {
		c := f.k.choice(f.k.T([]string{"filter.all", "filter.problems", f.good}[i]), i == kind, nil)
		c.do = func() {
			focused := c.focused
			now := f.choose(i)
			f.changed()
			if focused && f.k.focus != nil {
				f.k.focus(now)
			}
		}
		if i == kind {
			chosen = c
		}
		f.row.Objects = append(f.row.Objects, c)
	}
	f.row.Refresh()
	return chosen
}

// use filters a list of n rows and tells how many are seen; all is a sentence on what happens to the others. It returns
// how many. A list that is short is not filtered.
func (f *listFilter) use(n int, all string, row func(i int) (name string, kind filterKind)) int {
	f.seen = nil
	word := strings.ToLower(strings.TrimSpace(f.field.Text))
	if n <= filterFrom || word == "" && f.kind == filterAll {
		f.told.Hide()
		return n
	}
	f.seen = []int{}
	for i := range n {
		name, kind := row(i)
		if (f.kind == filterAll || f.kind == kind) && (word == "" || strings.Contains(strings.ToLower(name), word)) {
			f.seen = append(f.seen, i)
		}
	}
	key := "filter.seen"
	if len(f.seen) == 0 {
		key = "filter.none"
	}
	count := f.k.Number
	if count(n) == f.k.Digits(n) { // both as the larger one is written
		count = f.k.Digits
	}
	words := f.k.Text(lang.M(key, "seen", count(len(f.seen)), "all", count(n)))
	if all != "" {
		words += " " + all
	}
	f.told.say(words)
	f.told.Show()
	return len(f.seen)
}

// at is the place in the whole list of a row that is seen.
func (f *listFilter) at(row int) int {
	if f.seen == nil {
		return row
	}
	return f.seen[row]
}

// filterField is where a part of a name is typed.
type filterField struct {
	lineField
	keys func(*fyne.KeyEvent)
}

// TypedKey implements fyne.Focusable.
func (f *filterField) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyDown, e.Name == fyne.KeyReturn, e.Name == fyne.KeyEnter:
		f.leave()
	case e.Name == fyne.KeyEscape && f.Text != "":
		f.SetText("")
	case e.Name == fyne.KeyEscape, e.Name == fyne.KeyF1, e.Name == fyne.KeyF6:
		f.keys(e)
	default:
		f.Entry.TypedKey(e)
	}
}

// filtered is a page with a list that can be filtered.
type filtered interface {
	// find brings the keyboard to the filter, if there is one now.
	find()
}

// refilter lists the files that the filter lets through.
func (v *signView) refilter() {
	all := ""
	if v.mode == signReady {
		all = v.u.k.T("filter.sign-all")
	}
	v.list.showCount(v.filter.use(len(v.docs), all, func(i int) (string, filterKind) {
		d := &v.docs[i]
		if _, ok := v.points[d.ID]; ok && d.Status == app.DocReady {
			return d.Name, filterProblems
		}
		switch d.Status {
		case app.DocProblem, app.DocFailed, app.DocStopped:
			return d.Name, filterProblems
		case app.DocSigned:
			return d.Name, filterGood
		default:
			return d.Name, filterAll
		}
	}))
}

// find implements filtered.
func (v *signView) find() {
	if len(v.docs) > filterFrom && !v.open() {
		v.u.window.Canvas().Focus(v.filter.field)
	}
}

// withFilter puts the filter above a list that is long.
func (v *signView) withFilter(objects []fyne.CanvasObject) []fyne.CanvasObject {
	if len(v.docs) > filterFrom {
		return append(objects, v.filter.object)
	}
	return objects
}
