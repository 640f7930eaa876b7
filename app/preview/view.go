package preview

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"slices"

	"ceralacca/signer"
)

// Form is how a file is shown.
type Form int

// The forms.
const (
	Nothing Form = iota // nothing of it can be shown
	Pages               // a PDF: see [Document.PDF]
	Picture
	Lines // text, or XML with its elements indented
	Table // an invoice, or the facts of an XBRL instance
)

// View is a file as a person can read it.
type View struct {
	Form    Form
	Facts   Facts // of Pages
	Picture image.Image
	// Width and Height are those of the picture in the file; Picture may be smaller.
	Width, Height int
	Lines         []string // of a Table too: the XML itself
	// Encoding is "UTF-8", "UTF-16" or "Latin-1", for Lines.
	Encoding string
	Sections []Section
	// Cut is set when only the beginning is shown.
	Cut bool
	// Alarms are codes of what to know before signing: "text-direction", "text-lookalike", "text-control",
	// "xml-broken", "xml-external", "xml-entities", "office-date", "office-external".
	Alarms []string
}

// Section is a part of a Table: fields, then rows under columns. Its names are codes for which the words stand
// elsewhere.
type Section struct {
	Code    string
	Fields  []Field
	Columns []Value
	Rows    [][]Value

	cut bool // there are more rows
}

// Field is a named value.
type Field struct {
	Code  string
	Value Value
}

// Value is a cell: text as it stands in the file, and what it is.
type Value struct {
	Text string
	// Code says what a code of the format means, where that is known, or names a column. It may stand without Text.
	Code string
	Is   Is
	// Unit follows an Amount: a currency other than the euro, a measure.
	Unit string
}

// Is is what a value is, for writing it in the person's language.
type Is int

// The kinds of value.
const (
	Plain  Is = iota
	Amount    // a decimal number with a point
	Day       // a date as 2006-01-02
)

// maxRead bounds what is read of a file that is shown as text or table.
const maxRead = 8 << 20

// Read makes the view of a file that is of the kind. It is an error only when the file cannot be read, or not be drawn:
// what is inside may be anything.
func (d *Document) Read(ctx context.Context, kind signer.Kind) (*View, error) {
	v := &View{}
	switch kind {
	case signer.PDF:
		f, err := d.PDF(ctx)
		if err != nil {
			return nil, err
		}
		v.Form, v.Facts = Pages, f
		return v, nil
	case signer.ZIP:
		return v, d.office(ctx, v)
	case signer.Image, signer.XML, signer.Text, signer.Mail, signer.Other:
		b, err := d.beginning()
		if err != nil {
			return nil, err
		}
		if f := formatOf(b); f != nil {
			return v, d.picture(v, f)
		}
		v.Cut = int64(len(b)) < d.Size
		v.read(ctx, kind, b)
		return v, ctx.Err()
	case signer.SignedData, signer.DetachedCMS, signer.TimeStamped, signer.ASiC:
	}
	return v, nil
}

// beginning is the file, or the first maxRead bytes of it.
func (d *Document) beginning() ([]byte, error) {
	b := make([]byte, min(d.Size, maxRead))
	n, err := d.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}

// read fills the view of a text.
func (v *View) read(ctx context.Context, kind signer.Kind, b []byte) {
	text, encoding, ok := decodeText(b, v.Cut)
	if kind == signer.Other && !ok {
		return
	}
	v.Encoding = encoding
	if kind == signer.XML {
		v.xml(ctx, text)
		if !v.Cut && v.Form == Lines {
			v.table(text)
		}
		if i := slices.Index(v.Alarms, styled); i >= 0 {
			v.Alarms = slices.Delete(v.Alarms, i, i+1)
			if v.Form != Table {
				v.alarm("xml-external")
			}
		}
	}
	if v.Form == Nothing {
		v.text(text)
	}
}

// table reads the XML formats that are shown as tables; the lines stay for who wants to see all of it.
func (v *View) table(text string) {
	src := []byte(text)
	root := rootOf(src)
	var s []Section
	var cut, ok bool
	switch {
	case root.Local == "FatturaElettronica" || root.Local == "FatturaElettronicaSemplificata":
		s, ok = readInvoice(src)
	case root.Local == "xbrl" && root.Space == xbrlInstance:
		s, cut, ok = readXBRL(src)
	}
	if ok {
		v.Form, v.Sections, v.Cut = Table, s, v.Cut || cut
		for i := range s {
			v.Cut = v.Cut || s[i].cut
		}
	}
}

func (v *View) alarm(codes ...string) {
	for _, c := range codes {
		if !slices.Contains(v.Alarms, c) {
			v.Alarms = append(v.Alarms, c)
		}
	}
}

func hasAnyPrefix(b []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(b, []byte(p)) {
			return true
		}
	}
	return false
}
