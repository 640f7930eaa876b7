package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// rank is how much a button asks for: one filled button a screen, the rest outlined.
type rank int

const (
	outlined rank = iota
	inked         // the main button
	sealing       // the button that signs
	small         // outlined, in boxes
)

// twoLines keeps the words of a button from its edges where they take more than one line: then the button grows.
const twoLines = 7

// button is a press with words, and perhaps a drawing before them.
type button struct {
	*press
	rank  rank
	icon  string
	image *canvas.Image
	row   *fyne.Container
	tail  *canvas.Image // the mark of a button that opens a choice
	label *para
}

func (k *kit) button(r rank, icon, words string, do func()) *button {
	b := &button{rank: r, icon: icon}
	f, h, side := strongFace, float32(48), float32(20)
	switch r {
	case sealing:
		f, h, side = sealFace, 56, 26
	case small:
		f, h, side = boxBold, 44, 16
	}
	b.label = k.paragraph(f, k.p.ink, words).centred()
	b.label.height = 1.2
	var row *fyne.Container
	if icon != "" {
		size := float32(24)
		if r == small {
			size = 22
		}
		b.image = k.icon(icon, size, k.p.ink)
		row = hbox(k.px(11), b.image, b.label.Container)
	} else {
		row = hbox(0, b.label.Container)
	}
	b.row = row
	b.press = k.press(words, pad(k.px(twoLines), k.px(side), k.px(twoLines), k.px(side), centre(row)), do)
	b.least = fyne.NewSize(k.px(44), k.px(h))
	b.fill = b.colour
	b.paint()
	return b
}

// chooser is a small button that opens a choice; it tells the one in force.
func (k *kit) chooser(words string, do func()) *button {
	b := k.button(small, "", words, do)
	b.tail = k.icon("down", 20, k.p.ink)
	b.row.Layout.(*line).gap = k.px(8)
	b.row.Add(b.tail)
	return b
}

// colour dresses the button and returns its ground.
func (b *button) colour(hover bool) color.Color {
	k := b.k
	p := k.p
	ground, words, border := p.leaf, p.ink, p.edge
	switch {
	case b.off:
		ground, words, border = p.sunk, p.muted, p.offEdge
		if p == contrast {
			words = dimmed
		}
	case b.rank == sealing:
		ground, words, border = p.wax, p.onWax, p.waxEdge
	case b.rank == inked:
		ground, words, border = p.ink, p.leaf, p.ink
		if p == contrast {
			words = p.paper
		}
	}
	switch {
	case hover && b.rank == sealing:
		ground = blend(ground, rgb(0), 36) // towards its words they would be too faint in the dark
	case hover:
		ground = p.hovered(ground, words)
	}
	b.ground.StrokeColor, b.ground.StrokeWidth = border, k.px(max(p.stroke, 1.25))
	b.label.paint(b.label.source, words)
	if b.image != nil {
		k.redraw(b.image, b.icon, words)
	}
	return ground
}

// say changes the words.
func (b *button) say(s string) {
	if b.label.source == s {
		return
	}
	b.name = s
	b.label.say(s)
	b.Refresh()
}

// enable switches the button on or off.
func (b *button) enable(on bool) {
	if on == b.off {
		b.off = !on
		b.Refresh()
	}
}

// round is a square button with a drawing alone; name is what it does.
func (k *kit) round(icon, name string, do func()) *press {
	p := k.press(name, centre(k.icon(icon, 20, k.p.ink)), do)
	p.least, p.hint = fyne.NewSize(k.px(44), k.px(44)), name
	p.fill = func(hover bool) color.Color {
		if hover {
			return k.p.hovered(k.p.leaf, k.p.ink)
		}
		return color.Transparent
	}
	return p
}

// square is round with an outline: the way back from what took the place of a page.
func (k *kit) square(icon, name string, do func()) *press {
	p := k.round(icon, name, do)
	p.fill = func(hover bool) color.Color {
		p.ground.StrokeColor, p.ground.StrokeWidth = k.p.edge, k.px(max(1.25, k.p.stroke))
		if hover {
			return k.p.hovered(k.p.leaf, k.p.ink)
		}
		return k.p.leaf
	}
	p.paint()
	return p
}

// link is underlined words in the text.
func (k *kit) link(f face, words string, do func()) *press {
	f.bold = true
	t := k.text(f, k.p.note.ink, words)
	under := canvas.NewRectangle(k.p.note.ink)
	body := over(t, fixedLine{k, under}.object())
	p := k.press(words, body, do)
	p.ground.CornerRadius = k.px(4)
	return p
}

// fixedLine is the line under a link.
type fixedLine struct {
	k *kit
	r *canvas.Rectangle
}

func (f fixedLine) object() fyne.CanvasObject {
	return vboxBottom(f.k.px(1.25), f.k.px(2), f.r)
}

// optionGap is between options under each other: the ring of one, 5 wide, stays clear of the next.
const optionGap = 12

// option is one of several with a line on what it means; icon is drawn before it, and a check after the chosen one.
func (k *kit) option(icon, words, what string, chosen bool, do func()) *press {
	text := vbox(k.px(2), k.para(strongFace, k.p.ink, words), k.para(noteFace, k.p.muted, what))
	row := hbox(k.px(14), k.icon(icon, 24, k.p.edge), flex(text))
	if chosen {
		row.Add(k.icon("check", 24, k.p.good.ink))
	}
	p := k.press(words, pad(k.px(12), k.px(18), k.px(12), k.px(16), row), do)
	p.fill = func(hover bool) color.Color {
		p.ground.StrokeColor, p.ground.StrokeWidth = k.p.edge, k.px(max(k.p.stroke, 1.25))
		if chosen {
			p.ground.StrokeColor, p.ground.StrokeWidth = k.p.ink, k.px(2)
		}
		if hover {
			return k.p.hovered(k.p.leaf, k.p.ink)
		}
		return k.p.leaf
	}
	p.paint()
	return p
}

// choice is one of several: a pill that is filled when it is the chosen one.
type choice struct {
	*press
	mark   *canvas.Image
	chosen bool
}

func (k *kit) choice(words string, chosen bool, do func()) *choice {
	c := &choice{chosen: chosen}
	label := k.paragraph(boxBold, k.p.ink, words)
	label.height = 1.2
	parts := []fyne.CanvasObject{label.Container}
	if chosen {
		c.mark = k.icon("check", 20, k.p.good.ink)
		parts = append([]fyne.CanvasObject{c.mark}, parts...)
	}
	c.press = k.press(words, pad(k.px(twoLines), k.px(16), k.px(twoLines), k.px(16), centre(hbox(k.px(8), parts...))), do)
	c.least = fyne.NewSize(k.px(44), k.px(44))
	c.fill = func(hover bool) color.Color {
		p := k.p
		c.ground.StrokeColor, c.ground.StrokeWidth = p.edge, k.px(max(p.stroke, 1.25))
		if c.chosen {
			c.ground.StrokeColor, c.ground.StrokeWidth = p.ink, k.px(2)
		}
		if hover {
			return p.hovered(p.leaf, p.ink)
		}
		return p.leaf
	}
	c.paint()
	return c
}
