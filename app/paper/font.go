package paper

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// glyph is what is drawn for a character.
type glyph struct {
	index sfnt.GlyphIndex
	width int // thousandths of the em
	char  rune
}

// typeface is a TrueType font, and the glyphs of it that were used.
type typeface struct {
	f     *sfnt.Font
	raw   []byte
	em    fixed.Int26_6
	buf   sfnt.Buffer
	used  map[sfnt.GlyphIndex]glyph
	name  string // PostScript name
	box   [4]int // thousandths of the em, as all below
	up    int
	down  int
	caps  int
	bold  bool
	space glyph
}

func newTypeface(raw []byte, bold bool) (*typeface, error) {
	f, err := sfnt.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("reading a font: %w", err)
	}
	t := &typeface{f: f, raw: raw, em: fixed.I(int(f.UnitsPerEm())), used: map[sfnt.GlyphIndex]glyph{}, bold: bold}
	if t.name, err = f.Name(&t.buf, sfnt.NameIDPostScript); err != nil {
		return nil, fmt.Errorf("reading the name of a font: %w", err)
	}
	m, err := f.Metrics(&t.buf, t.em, font.HintingNone)
	if err != nil {
		return nil, fmt.Errorf("reading the measures of a font: %w", err)
	}
	b, err := f.Bounds(&t.buf, t.em, font.HintingNone)
	if err != nil {
		return nil, fmt.Errorf("reading the measures of a font: %w", err)
	}
	t.up, t.down, t.caps = t.milli(m.Ascent), -t.milli(m.Descent), t.milli(m.CapHeight)
	t.box = [4]int{t.milli(b.Min.X), -t.milli(b.Max.Y), t.milli(b.Max.X), -t.milli(b.Min.Y)} // sfnt's y grows downwards
	var ok bool
	if t.space, ok = t.glyph(' '); !ok {
		return nil, fmt.Errorf("font %s has no space", t.name)
	}
	return t, nil
}

// milli turns a measure at the size of the em into thousandths of it.
func (t *typeface) milli(v fixed.Int26_6) int { return int(int64(v) * 1000 / int64(t.em)) }

func (t *typeface) glyph(r rune) (glyph, bool) {
	i, err := t.f.GlyphIndex(&t.buf, r)
	if err != nil || i == 0 {
		return glyph{}, false
	}
	w, err := t.f.GlyphAdvance(&t.buf, i, t.em, font.HintingNone)
	if err != nil {
		return glyph{}, false
	}
	return glyph{i, t.milli(w), r}, true
}

// glyphs sets s in one line. What has no glyph, and what cannot be seen, is written by its number.
func (t *typeface) glyphs(s string) []glyph {
	var out []glyph
	for _, r := range s {
		if unicode.IsSpace(r) {
			r = ' '
		}
		if g, ok := t.glyph(r); ok && unicode.IsPrint(r) {
			out = append(out, t.use(g))
			continue
		}
		for _, c := range fmt.Sprintf("[U+%04X]", r) {
			if g, ok := t.glyph(c); ok {
				out = append(out, t.use(g))
			}
		}
	}
	return out
}

// use remembers that the glyph is in the document. A glyph that stands for two characters, such as the hyphen for
// the soft one, is told as the first.
func (t *typeface) use(g glyph) glyph {
	if u, ok := t.used[g.index]; ok {
		g.char = u.char
	}
	t.used[g.index] = g
	return g
}

func (t *typeface) width(gs []glyph, size float64) float64 {
	n := 0
	for _, g := range gs {
		n += g.width
	}
	return float64(n) * size / 1000
}

// within is how many of the glyphs, from the first on, go into the width.
func within(gs []glyph, size, width float64) int {
	n := 0
	for i, g := range gs {
		if n += g.width; float64(n)*size/1000 > width {
			return i
		}
	}
	return len(gs)
}

// fit is as much of s as goes into the width.
func (t *typeface) fit(s string, size, width float64) []glyph {
	gs := t.glyphs(s)
	if within(gs, size, width) == len(gs) {
		return gs
	}
	dots := t.glyphs("…")
	return append(gs[:within(gs, size, width-t.width(dots, size))], dots...)
}

// lines breaks s at spaces, and a word that is too long for a line wherever it must. A line but the last ends with
// the space that it was broken at, so that text taken out of the document keeps its words apart. A no-break space
// holds the words beside it together.
func (t *typeface) lines(s string, size, width float64) [][]glyph {
	var out [][]glyph
	var now []glyph
	flush := func() { out, now = append(out, now), nil }
	mayBreak := func(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }
	for i, w := range strings.FieldsFunc(s, mayBreak) {
		word := t.glyphs(w)
		if i > 0 {
			if t.width(now, size)+t.width(word, size)+float64(t.space.width)*size/1000 <= width {
				now = append(now, t.use(t.space))
			} else {
				now = append(now, t.use(t.space))
				flush()
			}
		}
		for n := within(word, size, width); n < len(word); n = within(word, size, width) {
			n = max(n, 1)
			now = append(now, word[:n]...)
			word = word[n:]
			flush()
		}
		now = append(now, word...)
	}
	if len(now) > 0 {
		flush()
	}
	return out
}
