package ui

import (
	"image/color"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is where the signed files go: beside their originals, or into one folder that the person chooses.

// whereRow says at the foot of the page where the signed files go; pressed, it asks for another place.
func (v *signView) whereRow(c app.SignChoices) fyne.CanvasObject {
	u, k := v.u, v.u.k
	place := k.T("ui.save.beside")
	if c.OutDir != "" {
		place = k.Text(lang.M("where.in", "folder", app.Visible(dirName(c.OutDir))))
	}
	words := vbox(0, k.fit(strongFace, k.p.ink, place), k.fit(noteFace, k.p.muted, k.T("ui.save.untouched")))
	brief := k.paragraph(boxBold, k.p.ink, place)
	brief.height = 1.2
	body := container.New(&whereLayout{k, brief}, k.icon("folder", 20, k.p.ink), words, k.icon("down", 20, k.p.ink), brief.Container)
	p := k.press(place, pad(k.px(4), k.px(6), k.px(4), 0, body), u.openWhere)
	p.least, p.hint = fyne.NewSize(k.px(44), k.px(44)), k.T("where.title")
	if c.OutDir != "" {
		p.hint = app.Visible(c.OutDir)
	}
	p.fill = func(hover bool) color.Color {
		if hover {
			return k.p.hovered(k.p.leaf, k.p.ink)
		}
		return color.Transparent
	}
	return p
}

// whereLayout puts the drawing, the words and the mark of a choice side by side. Where the two lines of words have no room,
// the place alone takes up to three; where next to nothing could be read of it, the drawings stand alone.
type whereLayout struct {
	k     *kit
	brief *para
}

// words are those of the objects that fit in the width; nil where none can be read.
func (l *whereLayout) words(o []fyne.CanvasObject, free float32) fyne.CanvasObject {
	switch {
	case natural(o[1]) <= free:
		return o[1]
	case narrowest(o[3]) <= free && len(l.brief.lines(free)) <= 3:
		return o[3]
	case free < l.k.px(150):
		return nil
	}
	return o[1]
}

func (l *whereLayout) heightFor(o []fyne.CanvasObject, width float32) float32 {
	free := width - l.k.px(58)
	if w := l.words(o, free); w != nil {
		return max(l.k.px(36), heightOf(w, free))
	}
	return l.k.px(36)
}

func (l *whereLayout) narrowest([]fyne.CanvasObject) float32 { return l.k.px(58) }

func (l *whereLayout) natural(o []fyne.CanvasObject) float32 { return natural(o[1]) + l.k.px(58) }

// Layout implements fyne.Layout.
func (l *whereLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	side, free := l.k.px(20), size.Width-l.k.px(58)
	x := side + l.k.px(10)
	words := l.words(o, free)
	for _, w := range []fyne.CanvasObject{o[1], o[3]} {
		if w != words {
			w.Hide()
		}
	}
	if words != nil {
		words.Show()
		w, h := min(natural(words), free), heightOf(words, free)
		if words == o[3] {
			w = min(w, l.brief.widestLine(free))
		}
		place(words, x, (size.Height-h)/2, w, h)
		x += w + l.k.px(8)
	}
	place(o[0], 0, (size.Height-side)/2, side, side)
	place(o[2], x, (size.Height-side)/2, side, side)
}

// MinSize implements fyne.Layout.
func (l *whereLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.k.px(58), l.k.px(36))
}

// dirName names a folder by itself and the one above it.
func dirName(dir string) string {
	return folderName(filepath.Join(dir, ".") + string(filepath.Separator) + "_")
}

// openWhere asks where the signed files go.
func (u *UI) openWhere() {
	u.openSheet(func(a *asking) *panel {
		k, c := u.k, choices(u.latest.Load())
		list := vbox(k.px(10))
		var first *press
		add := func(icon, words, what string, chosen bool, do func()) {
			p := k.option(icon, words, what, chosen, func() { a.shut(); do() })
			p.key = u.within(a.shut, p)
			if first == nil || chosen {
				first = p
			}
			list.Add(p)
		}
		add("file", k.T("where.beside"), k.T("where.beside.what"), c.OutDir == "", func() { u.saveInto("") })
		if c.OutDir != "" {
			add("folder", app.Visible(filepath.Base(c.OutDir)), app.Visible(c.OutDir), true, func() {})
		}
		add("folder", k.T("where.other"), k.T("where.other.what"), false, u.chooseWhere)
		cancel := k.button(outlined, "", k.T("ui.cancel"), a.shut)
		cancel.key = u.within(a.shut, cancel.press)
		p := u.newSheet(k.p.ink, vbox(k.px(18), k.para(pinFace, k.p.ink, k.T("where.title")), list), k.answers(cancel))
		p.first = first
		return p
	})
}

// chooseWhere lets the person choose the folder of the signed files.
func (u *UI) chooseWhere() {
	u.pick(pickFolder, choices(u.latest.Load()).OutDir, func(folder []string) { u.saveInto(folder[0]) })
}

func (u *UI) saveInto(dir string) {
	c := choices(u.latest.Load())
	c.OutDir = dir
	u.store.SetChoices(c)
}

// elsewhere is the button to another folder, where that is what answers the advice.
func (u *UI) elsewhere(a *app.Advice) []fyne.CanvasObject {
	if !app.PlaceTrouble(a) {
		return nil
	}
	return []fyne.CanvasObject{u.k.button(small, "folder", u.k.T("where.other"), u.chooseWhere)}
}
