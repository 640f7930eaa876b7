package ui

import (
	"image/color"
	"slices"
	"sort"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// para is wrapped text, one canvas.Text a run, with the line height of the design; **so** is written bold.
// Fyne's label wraps at the font's own line height and cannot tell its height at a width.
type para struct {
	*fyne.Container
	k      *kit
	face   face
	colour color.Color
	height float32 // of a line, as a multiple of the size
	middle bool
	right  bool
	faces  []face // those to try, the greatest first, until the text keeps to a line; nil for the one
	source string
	words  []word
}

type word struct {
	text  string
	bold  bool
	glued bool // no space before it
	fresh bool // begins a line
	width float32
}

// para makes wrapped text in the face, as the object that stands in a layout.
func (k *kit) para(f face, c color.Color, s string) *fyne.Container {
	return k.paragraph(f, c, s).Container
}

// paragraph is para for text that changes.
func (k *kit) paragraph(f face, c color.Color, s string) *para {
	p := &para{k: k, face: f, colour: c, height: f.leading()}
	p.Container = container.New(&paraLayout{p})
	p.say(s)
	return p
}

// title is a heading that keeps to a line: where it has no room in its own size, it is set in a smaller one.
func (k *kit) title(c color.Color, s string) *fyne.Container {
	p := k.paragraph(titleFace, c, s)
	for _, size := range []float32{titleFace.size, pinFace.size, 22, sectionFace.size} {
		p.faces = append(p.faces, face{size: size, bold: true})
	}
	return p.Container
}

// suit takes the first of the faces in which the text keeps to a line so wide, or else the last.
func (p *para) suit(width float32) {
	for _, f := range p.faces {
		if p.face != f {
			p.face, p.height = f, f.leading()
			p.measure()
		}
		if w := p.widest(); w <= width+0.5 {
			return
		}
	}
}

// centred aligns the lines in the middle.
func (p *para) centred() *para {
	p.middle = true
	return p
}

// rightward aligns the ends of the lines: for numbers under each other.
func (p *para) rightward() *para {
	p.right = true
	return p
}

// paint changes text and colour.
func (p *para) paint(s string, c color.Color) {
	if p.colour != c {
		p.colour, p.source = c, ""
		p.words = nil
	}
	p.say(s)
}

// say changes the text.
func (p *para) say(s string) {
	if s == p.source && p.words != nil {
		return
	}
	p.source = s
	p.measure()
	p.Container.Layout.Layout(nil, p.Size())
}

// measure takes the text apart into words of the face.
func (p *para) measure() {
	p.words = []word{}
	for n, l := range strings.Split(p.source, "\n") {
		first, bold, open := n > 0, false, false
		for i, part := range strings.Split(l, "**") {
			if i > 0 {
				bold = !bold
			}
			glued := i > 0 && !open && !strings.HasPrefix(part, " ")
			f := p.face
			f.bold = f.bold || bold
			for _, w := range strings.FieldsFunc(part, mayBreak) {
				for _, w := range p.apart(w) {
					p.words = append(p.words, word{w, bold, glued, first, p.k.measure(f, w)})
					glued, first = true, false
				}
				glued = false
			}
			open = part == "" || strings.HasSuffix(part, " ") // the next part stands apart
		}
	}
}

// apart cuts a word between two slashes, which Titillium Web would draw as one sign: "https:/", "/".
func (p *para) apart(w string) (pieces []string) {
	for i := strings.Index(w, "//"); i >= 0 && !p.face.mono; i = strings.Index(w, "//") {
		pieces, w = append(pieces, w[:i+1]), w[i+1:]
	}
	return append(pieces, w)
}

// mayBreak tells whether a line may end at r: a no-break space holds the words beside it together.
func mayBreak(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }

func (p *para) lineHeight() float32 { return p.k.px(p.face.size) * p.height }

// lines breaks the words at the width.
func (p *para) lines(width float32) [][]word {
	space := p.k.measure(p.face, " ")
	var out [][]word
	var x float32
	for i, w := range p.breaking(width) {
		gap := space
		if w.glued {
			gap = 0
		}
		if i == 0 || w.fresh || x+gap+w.width > width+0.5 && !w.glued {
			out = append(out, nil)
			x = 0
		}
		if x > 0 {
			x += gap
		}
		x += w.width
		out[len(out)-1] = append(out[len(out)-1], w)
	}
	return out
}

// even is the least width at which centred text has as few lines as at width, so that no word stands alone on the last.
func (p *para) even(width float32) float32 {
	n := len(p.lines(width))
	if !p.middle || n < 2 {
		return width
	}
	least, most := float32(0), width
	for most-least > 1 {
		if mid := (least + most) / 2; len(p.lines(mid)) > n {
			least = mid
		} else {
			most = mid
		}
	}
	return most
}

// breaking is the words; paths, addresses and hashes wider than width stand in several pieces, cut after a separator
// if there is one.
func (p *para) breaking(width float32) []word {
	wide := func(w word) bool {
		return w.width > width+0.5 && (len(w.text) > 32 || strings.ContainsAny(w.text, `/\@`))
	}
	if width <= 0 || !slices.ContainsFunc(p.words, wide) {
		return p.words
	}
	var out []word
	for _, w := range p.words {
		f := p.face
		f.bold = f.bold || w.bold
		for breaks := wide(w); breaks && w.width > width+0.5; {
			r := []rune(w.text)
			n := sort.Search(len(r)-1, func(n int) bool { return p.k.measure(f, string(r[:n+1])) > width })
			n = max(1, n)
			if i := strings.LastIndexAny(string(r[:n]), `/\_-.@`); i > 0 {
				n = len([]rune(string(r[:n])[:i+1]))
			}
			if n >= len(r) {
				break
			}
			head := string(r[:n])
			out = append(out, word{head, w.bold, w.glued, w.fresh, p.k.measure(f, head)})
			w = word{string(r[n:]), w.bold, true, true, p.k.measure(f, string(r[n:]))}
		}
		out = append(out, w)
	}
	return out
}

func (p *para) heightFor(width float32) float32 {
	p.suit(width)
	return float32(len(p.lines(width))) * p.lineHeight()
}

// natural is the width of the text on one line, in the greatest of its faces.
func (p *para) natural() float32 {
	p.suit(1e6)
	return p.widest()
}

// widest is the width of the text on one line.
func (p *para) widest() float32 { return p.widestLine(1e6) }

// widestLine is how much of width the broken lines take.
func (p *para) widestLine(width float32) float32 {
	var w float32
	for _, l := range p.lines(width) {
		w = max(w, p.widthOf(l))
	}
	return w
}

func (p *para) widthOf(l []word) float32 {
	space, w := p.k.measure(p.face, " "), float32(0)
	for i, x := range l {
		if i > 0 && !x.glued {
			w += space
		}
		w += x.width
	}
	return w
}

type paraLayout struct{ p *para }

func (l *paraLayout) heightFor(_ []fyne.CanvasObject, width float32) float32 {
	return l.p.heightFor(width)
}

// Layout implements fyne.Layout.
func (l *paraLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	p := l.p
	if size.Width <= 0 {
		return
	}
	p.suit(size.Width)
	space := p.k.measure(p.face, " ")
	var objects []fyne.CanvasObject
	y := float32(0)
	for _, ln := range p.lines(p.even(size.Width)) {
		x := float32(0)
		if p.middle {
			x = (size.Width - p.widthOf(ln)) / 2
		} else if p.right {
			x = size.Width - p.widthOf(ln)
		}
		for i := 0; i < len(ln); {
			j, run := i+1, ln[i].text
			if i > 0 && !ln[i].glued {
				x += space
			}
			for ; j < len(ln) && ln[j].bold == ln[i].bold && !(ln[j].glued && strings.HasSuffix(run, "/") && strings.HasPrefix(ln[j].text, "/")); j++ {
				if !ln[j].glued {
					run += " "
				}
				run += ln[j].text
			}
			f := p.face
			f.bold = f.bold || ln[i].bold
			ink := p.colour
			if ln[i].bold && ink == color.Color(p.k.p.muted) {
				ink = p.k.p.ink // what is bold in a quiet sentence is what it is about
			}
			t := p.k.text(f, ink, run)
			w := p.k.measure(f, run)
			h := t.MinSize().Height
			place(t, x, y+(p.lineHeight()-h)/2+p.k.px(p.face.sink()), w, h)
			objects = append(objects, t)
			x += w
			i = j
		}
		y += p.lineHeight()
	}
	if !sameTexts(p.Objects, objects) {
		p.Objects = objects
		canvas.Refresh(p.Container)
	}
}

func sameTexts(a, b []fyne.CanvasObject) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		s, t := a[i].(*canvas.Text), b[i].(*canvas.Text)
		if s.Text != t.Text || s.Position() != t.Position() || s.Color != t.Color || s.TextSize != t.TextSize || s.TextStyle != t.TextStyle {
			return false
		}
	}
	return true
}

// narrowest is the width of the longest word; what is longer than words are may be broken.
func (l *paraLayout) narrowest([]fyne.CanvasObject) float32 {
	var w float32
	for _, x := range l.p.words {
		w = max(w, x.width)
	}
	return min(w, 14*l.p.k.px(l.p.face.size))
}

func (l *paraLayout) natural([]fyne.CanvasObject) float32 { return l.p.natural() }

// MinSize implements fyne.Layout.
func (l *paraLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	w := l.p.natural()
	return fyne.NewSize(w, l.p.heightFor(w))
}

// fitting is one line that is shortened to the width there is, in the middle for file names, so that the
// extension stays.
type fitting struct {
	*fyne.Container
	k      *kit
	face   face
	full   string
	less   []string // other ways to say it, each shorter, before it is cut
	middle bool
	even   bool // no part counts more than the other, as in a digest
	octets bool // pairs of digits with spaces between them, none of which is halved
	line   *canvas.Text
}

func (k *kit) fitting(f face, c color.Color, s string) *fitting {
	t := &fitting{k: k, face: f, full: s, line: k.text(f, c, s)}
	t.Container = container.New(&fitLayout{t}, t.line)
	return t
}

// fit is one line that is cut at its end when there is no room.
func (k *kit) fit(f face, c color.Color, s string) *fyne.Container {
	return k.fitting(f, c, s).Container
}

// fileName is one line that is cut in the middle.
func (k *kit) fileName(f face, c color.Color, s string) *fyne.Container {
	t := k.fitting(f, c, s)
	t.middle = true
	return t.Container
}

// least is the width of its shortest way to say it; when there are several, but for the last so many.
func (t *fitting) least(but int) float32 {
	s := t.full
	if n := len(t.less) - but; n > 0 {
		s = t.less[n-1]
	}
	return t.k.measure(t.face, s)
}

// say changes text and colour; less are shorter ways to say it.
func (t *fitting) say(s string, c color.Color, less ...string) {
	t.full, t.less = s, less
	set(t.line, t.shortened(t.Size().Width), c)
}

func (t *fitting) shortened(width float32) string {
	full := t.full
	for _, s := range append([]string{t.full}, t.less...) {
		if full = s; width <= 0 || t.k.measure(t.face, s) <= width {
			return s
		}
	}
	r := []rune(full)
	tail := 0
	if t.middle {
		tail = min(len(r)/2, 12)
		if i := strings.LastIndex(full, "."); i > 0 {
			tail = min(len(r)/2, max(4, len([]rune(full[i:]))+3))
		}
	}
	if t.even { // as much of the beginning as of the end
		for tail > 1 && t.k.measure(t.face, string(r[:tail])+"…"+string(r[len(r)-tail:])) > width {
			tail--
		}
	}
	lo, hi := 1, len(r)-tail
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if t.k.measure(t.face, string(r[:mid])+"…"+string(r[len(r)-tail:])) <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	if t.octets && lo > 2 {
		return string(r[:lo/3*3]) + "…" + string(r[len(r)-tail:])
	}
	return strings.TrimRight(string(r[:lo]), " ") + "…" + string(r[len(r)-tail:])
}

type fitLayout struct{ t *fitting }

// Layout implements fyne.Layout.
func (l *fitLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	set(l.t.line, l.t.shortened(size.Width), l.t.line.Color)
	h := l.t.line.MinSize().Height
	place(l.t.line, 0, (size.Height-h)/2+l.t.k.px(l.t.face.sink()), size.Width, h)
}

// narrowest leaves room for a few letters.
func (l *fitLayout) narrowest([]fyne.CanvasObject) float32 {
	return min(l.t.k.measure(l.t.face, l.t.full), 6*l.t.k.px(l.t.face.size))
}

func (l *fitLayout) natural([]fyne.CanvasObject) float32 { return l.t.k.measure(l.t.face, l.t.full) }

// MinSize implements fyne.Layout.
func (l *fitLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.natural(o), l.t.k.px(l.t.face.size)*l.t.face.leading())
}
