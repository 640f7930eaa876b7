// Package paper sets a short document of headings, paragraphs, lists and tables of facts as a PDF that lasts and
// that a screen reader can read: PDF/A-2 level A (ISO 19005-2) and PDF/UA-1 (ISO 14289-1), tagged, its fonts within.
//
// Everything that is written is text in the reading order of the calls; what is drawn beside it (rules, the band of
// the verdict, page numbers) is marked as an artifact. Colours are given in a calibrated space, so that no colour
// profile is needed.
//
// # What is not promised
//
// There are no pictures and no right-to-left setting. A character that the fonts lack, that cannot be seen or that
// changes the order of others is written by its number, as [U+202E]: names come from files of strangers.
//
// # Why
//
// The libraries that write PDF in Go make neither tagged files nor PDF/A; the part of the format that a report needs
// is small.
package paper

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Info is what the document says of itself.
type Info struct {
	Title    string
	Language string // BCP 47, such as "it"
	Program  string // that made it
	Made     time.Time
}

// Tone is the colour of a heading's band.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Good
	Doubt
	Bad
)

// Fact is a row of a table: what is told, and what it is.
type Fact struct{ Label, Value string }

// Document is being written, top to bottom. It is not safe for concurrent use.
type Document struct {
	info  Info
	fonts [2]*typeface // regular, bold
	pages []*page
	y     float64 // of the next line's top, from the foot of the page
	root  *element
}

// New begins a document set in two TrueType fonts.
func New(info Info, regular, bold []byte) (*Document, error) {
	d := &Document{info: info, root: &element{role: "Document"}}
	for i, b := range [][]byte{regular, bold} {
		var err error
		if d.fonts[i], err = newTypeface(b, i == 1); err != nil {
			return nil, err
		}
	}
	d.turn()
	return d, nil
}

// A4, and the margins, in points.
const (
	pageWidth, pageHeight = 595.0, 842.0
	left, right           = 56.0, pageWidth - 56.0
	head, foot            = pageHeight - 56.0, 64.0
	labelWidth            = 120.0
)

// face is how a block is set.
type face struct {
	font          int
	size, leading float64
	ink           colour
}

type colour [3]float64

var (
	ink    = colour{0.102, 0.133, 0.200}
	muted  = colour{0.337, 0.345, 0.412}
	line   = colour{0.859, 0.820, 0.749}
	bands  = map[Tone]colour{Plain: {0.953, 0.929, 0.882}, Good: {0.886, 0.937, 0.910}, Doubt: {0.984, 0.929, 0.812}, Bad: {0.988, 0.898, 0.863}}
	edges  = map[Tone]colour{Plain: muted, Good: {0.114, 0.388, 0.314}, Doubt: {0.490, 0.306, 0}, Bad: {0.639, 0.141, 0.063}}
	title  = face{1, 20, 27, ink}
	header = face{1, 13, 19, ink}
	body   = face{0, 10.5, 15, ink}
	label  = face{0, 10.5, 15, muted}
	small  = face{0, 9, 13, muted}
)

// Verdict sets the title of the document and the sentences below it, without the empty ones, on a band of the tone.
func (d *Document) Verdict(t Tone, heading string, sentences ...string) {
	const inner = 16.0
	at, page := d.y, d.page()
	d.y -= 14
	h := d.root.child("H1")
	d.set(h, title, heading, left+inner, right-inner)
	for _, s := range sentences {
		if s == "" {
			continue
		}
		d.set(d.root.child("P"), body, s, left+inner, right-inner)
	}
	d.y -= 12
	if page == d.page() { // a title of many pages has no band
		page.under(bands[t], left, d.y, right-left, at-d.y)
		page.under(edges[t], left, d.y, 4, at-d.y)
	}
	d.y -= 10
}

// Heading begins a section.
func (d *Document) Heading(s string) {
	d.room(header.leading + 3*body.leading)
	d.y -= 14
	d.page().under(line, left, d.y+6, right-left, 0.75)
	d.set(d.root.child("H2"), header, s, left, right)
	d.y -= 2
}

// Facts sets a table of two columns; rows without a value are left out.
func (d *Document) Facts(facts []Fact) {
	var table *element
	for _, f := range facts {
		if f.Value == "" {
			continue
		}
		if table == nil {
			table = d.root.child("Table")
		}
		row := table.child("TR")
		d.room(body.leading * 2)
		top, page := d.y, d.page()
		d.set(row.child("TH"), label, f.Label, left, left+labelWidth-8)
		low := d.y
		if page == d.page() {
			d.y = top // beside the label
		}
		page = d.page()
		d.set(row.child("TD"), body, f.Value, left+labelWidth, right)
		if page == d.page() {
			d.y = min(d.y, low)
		}
		d.y -= 2
	}
}

// List sets items with a dash before each.
func (d *Document) List(items []string) {
	if len(items) == 0 {
		return
	}
	d.y -= 4
	list := d.root.child("L")
	for _, s := range items {
		item := list.child("LI")
		d.room(body.leading * 2)
		top := d.y
		d.set(item.child("Lbl"), label, "–", left, left+14)
		d.y = top
		d.set(item.child("LBody"), body, s, left+14, right)
		d.y -= 2
	}
}

// Note sets a paragraph in small type.
func (d *Document) Note(s string) {
	d.y -= 4
	d.set(d.root.child("P"), small, s, left, right)
}

// Space leaves some room.
func (d *Document) Space() { d.y -= 12 }

func (d *Document) page() *page { return d.pages[len(d.pages)-1] }

// turn begins a page.
func (d *Document) turn() {
	if len(d.pages) > 0 {
		d.page().end()
	}
	d.pages = append(d.pages, &page{})
	d.y = head
}

// room turns the page when less than h is left of it.
func (d *Document) room(h float64) {
	if d.y-h < foot {
		d.turn()
	}
}

// maxPages bounds a report on a file with absurdly many or long names.
const maxPages = 2000

// set writes s for element e between from and to, over as many lines and pages as it takes.
func (d *Document) set(e *element, f face, s string, from, to float64) {
	fo := d.fonts[f.font]
	for _, run := range fo.lines(s, f.size, to-from) {
		d.room(f.leading)
		if len(d.pages) > maxPages {
			return
		}
		p := d.page()
		if p.open != e {
			p.begin(e)
			e.kids = append(e.kids, mark{len(d.pages) - 1, len(p.owners) - 1})
		}
		d.y -= f.leading
		p.write(f, from, d.y+f.leading*0.28, run)
	}
	d.page().end()
}

// WriteTo ends the document and writes it.
func (d *Document) WriteTo(w io.Writer) (int64, error) {
	if len(d.pages) > maxPages {
		return 0, errors.New("report is too long for paper")
	}
	for i, p := range d.pages {
		n := d.fonts[0].glyphs(fmt.Sprintf("%d / %d", i+1, len(d.pages)))
		p.artifact(small, right-d.fonts[0].width(n, small.size), foot-28, n)
		p.artifact(small, left, foot-28, d.fonts[0].fit(d.info.Title, small.size, right-left-60))
	}
	return d.file().writeTo(w)
}
