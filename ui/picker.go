package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app/lang"
)

// pickWhat is what is chosen.
type pickWhat int

const (
	pickFiles pickWhat = iota
	pickFile
	pickFolder
	pickSave // the folder for a document
)

// file reports whether files are chosen, not a folder.
func (w pickWhat) file() bool { return w == pickFiles || w == pickFile }

// picker chooses files or a folder inside the window, where the system has no dialog of its own.
//
// Why not Fyne's: it takes one file at a time and shows a form that is not ours.
type picker struct {
	u      *UI
	what   pickWhat
	dir    string
	name   string // what will be written there; may be empty
	items  []pickItem
	chosen map[string]bool
	list   *rowList
	empty  fyne.CanvasObject // words in the place of rows
	path   *fitting
	main   *button
	give   func([]string)
	turned int // counts the folders opened, so that a late listing of an old one is dropped
}

type pickItem struct {
	name   string
	folder bool
	size   int64
}

// pickHere opens the picker in dir, for a file of that name; without a dir in the home folder.
func (u *UI) pickHere(what pickWhat, dir, name string, give func([]string), none func()) {
	if u.asking != nil || u.closing {
		return
	}
	if dir == "" {
		dir, _ = os.UserHomeDir() // without one, the root is shown
	}
	if dir == "" {
		dir = string(filepath.Separator)
	}
	p := &picker{u: u, what: what, dir: dir, name: name, chosen: map[string]bool{}, give: give}
	u.openSheet(func(a *asking) *panel {
		a.refuse = func() { a.shut(); none() }
		return p.panel(a)
	})
	p.turn(dir)
}

func (p *picker) panel(a *asking) *panel {
	k, leave := p.u.k, a.refuse
	p.list = newRowList(k, k.px(52))
	p.list.row, p.list.same = p.row, func(i int) any { return p.key(i) }
	p.list.act = func(i int, key fyne.KeyName) bool {
		switch key {
		case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter, fyne.KeyRight:
			p.press(i)
		case fyne.KeyBackspace, fyne.KeyLeft:
			p.turn(filepath.Dir(p.dir))
		case fyne.KeyEscape:
			leave()
		}
		return true
	}
	title := k.T(pickTitles[p.what])
	p.path = k.fitting(noteFace, k.p.muted, filepath.Join(p.dir, p.name))
	p.path.middle = true
	above := func() { p.turn(filepath.Dir(p.dir)) }
	face, up := pinFace, fyne.CanvasObject(k.button(small, "left", k.T("ui.pick.up"), above))
	if p.u.shell.pageArea(p.u.window.Canvas().Size()).Size.Width < k.px(480) { // its arrow is enough beside the title
		face, up = sectionFace, k.square("left", k.T("ui.pick.up"), above)
	}
	p.empty = pad(k.px(14), k.px(16), 0, k.px(16), k.para(bodyFace, k.p.muted, k.T("ui.pick.empty")))
	p.empty.Hide()
	p.main = k.button(inked, "", "", func() { p.finish(a) })
	cancel := k.button(outlined, "", k.T("ui.cancel"), leave)
	for _, b := range []control{controlsIn(up)[0], {p.main.press, p.main}, {cancel.press, cancel}} {
		b.key = p.u.within(leave, b.press)
	}
	content := container.New(&pickLayout{k},
		topbox(k.px(16), flex(vbox(0, k.fit(face, k.p.ink, title), p.path.Container)), up), over(p.list, p.empty),
		hbox(k.px(12), flex(), cancel, p.main))
	pn := p.u.newPanel(k.p.ink, over(canvas.NewRectangle(k.p.leaf), content))
	pn.first = p.list
	if p.what == pickSave { // the folder is chosen already; Enter on a file in it would do nothing
		pn.first = p.main
	}
	p.show()
	return pn
}

// pickLayout takes nearly the whole page: a head, what scrolls, a foot. The fourth object, if there is one, is a line that
// tells that it goes on below.
type pickLayout struct{ k *kit }

func (l *pickLayout) heightFor([]fyne.CanvasObject, float32) float32 { return l.k.px(620) }

// Layout implements fyne.Layout.
func (l *pickLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	e := edgeOf(l.k, size.Width)
	w := size.Width - 2*e
	h1, h3 := heightOf(o[0], w), heightOf(o[2], w)
	top := min(e, l.k.px(20))
	place(o[0], e, top, w, h1)
	place(o[2], e, size.Height-top-h3, w, h3)
	y := top + h1 + l.k.px(12)
	h := max(l.k.px(52), size.Height-top-h3-l.k.px(14)-y)
	place(o[1], e, y, w, h)
	if len(o) < 4 {
		return
	}
	place(o[3], 0, y+h, size.Width, l.k.px(l.k.p.stroke))
	o[3].Hide()
	if s, ok := o[1].(*fyne.Container).Layout.(*scrolling); ok && s.body.MinSize().Height > h+1 {
		o[3].Show()
	}
}

// MinSize implements fyne.Layout.
func (l *pickLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

// turn opens a folder; it is read off the window's goroutine.
func (p *picker) turn(dir string) {
	p.turned++
	n := p.turned
	late := p.u.later(200*time.Millisecond, func() {
		if n == p.turned {
			p.path.say(p.u.k.T("adding.reading.title")+p.u.k.Colon()+dir, p.u.k.p.muted)
			p.path.Refresh()
		}
	})
	p.u.reading.Go(func() {
		items := readFolder(dir)
		p.u.onUI(func() {
			late()
			if n != p.turned {
				return
			}
			p.dir, p.items, p.chosen = dir, items, map[string]bool{}
			p.u.lastDir = dir
			p.empty.Hide()
			if len(items) == 0 {
				p.empty.Show()
			}
			p.list.cursor = 0
			p.list.scroll.ScrollToOffset(fyne.NewPos(0, 0))
			p.show()
		})
	})
}

func readFolder(dir string) []pickItem {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // an empty list says it: there is nothing to choose here
	}
	var items []pickItem
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		st, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil || !st.IsDir() && !st.Mode().IsRegular() {
			continue
		}
		items = append(items, pickItem{e.Name(), st.IsDir(), st.Size()})
	}
	slices.SortStableFunc(items, func(a, b pickItem) int {
		if a.folder != b.folder {
			if a.folder {
				return -1
			}
			return 1
		}
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return items
}

// show shows the folder and what is chosen in it.
func (p *picker) show() {
	k := p.u.k
	p.path.say(filepath.Join(p.dir, p.name), k.p.muted)
	switch n := len(p.chosen); p.what {
	case pickFiles, pickFile:
		p.main.enable(n > 0)
		if n == 0 {
			p.main.say(k.T("ui.pick.none"))
		} else {
			p.main.say(k.Text(lang.MN("ui.pick.take", n)))
		}
	case pickFolder:
		p.main.say(k.T("ui.pick.this"))
	case pickSave:
		p.main.say(k.T("ui.pick.here"))
	}
	p.list.setCount(len(p.items))
}

type pickKey struct {
	item   pickItem
	chosen bool
}

func (p *picker) key(i int) pickKey { return pickKey{p.items[i], p.chosen[p.items[i].name]} }

func (p *picker) row(i int, _ float32) (fyne.CanvasObject, any) {
	k, it := p.u.k, p.items[i]
	icon, ink, size := "file", k.p.muted, k.Size(it.size)
	if it.folder {
		icon, ink, size = "folder", k.p.ink, ""
	}
	words := k.p.ink
	if !p.what.file() && !it.folder {
		words = k.p.muted
	}
	face, mark := bodyFace, fixed(k.px(22), k.px(22))
	if p.chosen[it.name] {
		face = strongFace
		mark.Objects = []fyne.CanvasObject{k.icon("check", 22, k.p.good.ink)}
	}
	t := k.tap("", it.name, " ", func() { p.list.cursor = i; p.press(i) })
	t.body = pad(0, k.px(16), 0, k.px(16), hbox(k.px(14), k.icon(icon, 22, ink), flex(k.fileName(face, words, it.name)),
		k.text(noteFace, k.p.muted, size), mark))
	return t, p.key(i)
}

// press opens a folder, or chooses a file or lets go of it.
func (p *picker) press(i int) {
	if i >= len(p.items) {
		return
	}
	it := p.items[i]
	switch {
	case it.folder:
		p.turn(filepath.Join(p.dir, it.name))
	case p.what.file():
		was := p.chosen[it.name]
		if p.what == pickFile {
			clear(p.chosen) // the one that is wanted is another
		}
		if was {
			delete(p.chosen, it.name)
		} else {
			p.chosen[it.name] = true
		}
		p.show()
	}
}

func (p *picker) finish(a *asking) {
	paths := []string{p.dir}
	if p.what.file() {
		paths = nil
		for _, it := range p.items {
			if p.chosen[it.name] {
				paths = append(paths, filepath.Join(p.dir, it.name))
			}
		}
	}
	a.shut()
	if len(paths) > 0 {
		p.give(paths)
	}
}
