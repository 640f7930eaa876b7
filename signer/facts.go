package signer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"ceralacca/signer/internal/pdf"
)

// Facts are what the office that receives a document may ask of it besides its signatures. They are found without
// judging anything: a claim is only a claim.
type Facts struct {
	// Signers are the common names in an envelope, as found; SignedAt is the latest time that one of them claims.
	Signers  []string
	SignedAt time.Time
	// PDF and XML are nil for documents of another kind.
	PDF *PDFFacts
	XML *XMLFacts
	// Macros is true for an office document with a program in it, Script for a page with one (HTML).
	Macros, Script bool
	// Office is true for the old binary office format, which Kind calls Other.
	Office bool
}

// PDFFacts are the facts of a PDF.
type PDFFacts struct {
	Encrypted bool // the file is encrypted, with or without a password to open it
	Locked    bool // only a password opens it
	Unread    bool // damaged beyond reading, or too complex to be looked through
	Repaired  bool // damaged, and read after all
	Pages     int
	Revisions int // versions appended to each other; a signature makes one
	Signed    int // signed fields
	// Claim is the part and conformance level of ISO 19005 that the file says it keeps, such as "1B"; empty without.
	Claim string
	// Features are what acts by itself or is forbidden in PDF/A: javascript, launch, media, xfa, submit, attachment,
	// external, transparent, lzw, jpeg2000, layers, hidden.
	Features          []string
	Unembedded        []string // fonts that are not in the file, at most twenty
	Producer          string
	Created, Modified time.Time
}

// XMLFacts are the facts of an XML document.
type XMLFacts struct {
	Space, Root string // name of the root element
	Version     string // its attribute "versione" or "version"
	Signatures  int    // ds:Signature elements
	// Images is true when there are CDATA sections, or images of HTML, escaped or not.
	Images bool
	// Malformed is true when the document is not well-formed; Unknown when that cannot be told because of its size,
	// its character set or its own entities.
	Malformed, Unknown bool
}

// maxXMLFacts bounds what is read of an XML document; accounts and invoices stay far below.
const maxXMLFacts = 32 << 20

// scripts are what a page with a program has in it.
var scripts = []string{"<script", "javascript:"}

// FactsOf looks for the facts of d. It reads the document once at most and holds little of it in memory. The error is
// one of reading: damage is a fact.
func FactsOf(ctx context.Context, d *Document) (*Facts, error) {
	f := &Facts{}
	switch d.kind {
	case PDF:
		return f, f.examinePDF(ctx, d)
	case SignedData, DetachedCMS:
		return f, f.examineEnvelope(ctx, d)
	case XML:
		if err := f.examineXML(ctx, d); err != nil {
			return f, err
		}
		return f, f.search(ctx, d, marks{&f.Script: scripts, &f.XML.Images: {"<![cdata[", "<img", "&lt;img"}})
	case Text:
		return f, f.search(ctx, d, marks{&f.Script: scripts})
	case ZIP:
		return f, f.search(ctx, d, marks{&f.Macros: {"vbaproject.bin", "xl/macrosheets/", "basic/script-l", "basic/standard/"}})
	case Other:
		head := make([]byte, 8)
		if n, _ := d.r.ReadAt(head, 0); n == 8 && string(head) == "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" { // [MS-CFB] §2.2
			f.Office = true
			return f, f.search(ctx, d, marks{&f.Macros: {"_\x00v\x00b\x00a\x00_\x00p\x00r\x00o\x00j\x00e\x00c\x00t\x00"}})
		}
	case Image, TimeStamped, ASiC, Mail:
	}
	return f, ctx.Err()
}

func (f *Facts) examinePDF(ctx context.Context, d *Document) error {
	p, err := pdf.Examine(ctx, d.r, d.size)
	var bad *pdf.Error
	switch {
	case errors.As(err, &bad) && bad.Kind != pdf.Unreadable:
		f.PDF = &PDFFacts{Unread: true}
		return ctx.Err()
	case err != nil:
		return err
	}
	f.PDF = &PDFFacts{
		Encrypted: p.Encrypted, Locked: p.Locked, Unread: p.Partial, Repaired: p.Damaged, Pages: p.Pages, Revisions: p.Revisions,
		Signed: p.Signatures, Unembedded: p.Unembedded, Producer: p.Producer,
		Created: p.Created, Modified: p.Modified,
	}
	if p.Part != "" {
		f.PDF.Claim = p.Part + p.Conformance
	}
	for _, x := range p.Features {
		f.PDF.Features = append(f.PDF.Features, string(x))
	}
	return nil
}

// examineEnvelope names the signers. What is wrong with an envelope its verification tells.
func (f *Facts) examineEnvelope(ctx context.Context, d *Document) error {
	layer, err := d.signed(ctx)
	for _, g := range layer {
		if g.By != nil {
			f.Signers = append(f.Signers, g.By.SubjectCN)
		}
		if g.Claimed.After(f.SignedAt) {
			f.SignedAt = g.Claimed
		}
	}
	return err
}

// examineXML reads the whole document once for its root, its signatures and whether it is well-formed.
func (f *Facts) examineXML(ctx context.Context, d *Document) error {
	x := &XMLFacts{Unknown: d.size > maxXMLFacts}
	f.XML = x
	dec := xml.NewDecoder(io.NewSectionReader(d.r, 0, min(d.size, maxXMLFacts)))
	dec.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "iso-8859-1", "iso-8859-15", "windows-1252", "us-ascii", "latin1":
			return &latin1{r: r}, nil
		}
		x.Unknown = true
		return nil, errors.New("character set")
	}
	depth, doctype := 0, false
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		t, err := dec.Token()
		if err != nil {
			x.Malformed = !errors.Is(err, io.EOF) && !x.Unknown && !doctype
			x.Unknown = x.Unknown || doctype && !errors.Is(err, io.EOF)
			return nil
		}
		switch t := t.(type) {
		case xml.StartElement:
			x.element(t, depth)
			if depth++; depth > 512 {
				x.Unknown = true
				return nil
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			doctype = true
		}
	}
}

func (x *XMLFacts) element(t xml.StartElement, depth int) {
	if t.Name.Space == "http://www.w3.org/2000/09/xmldsig#" && t.Name.Local == "Signature" {
		x.Signatures++
	}
	if depth > 0 || x.Root != "" {
		return
	}
	x.Space, x.Root = t.Name.Space, t.Name.Local
	for _, a := range t.Attr {
		if a.Name.Local == "versione" || a.Name.Local == "version" {
			x.Version = a.Value
		}
	}
}

// latin1 reads single bytes as the characters of the same number. That is wrong for a few of windows-1252 and right
// for telling whether a document is well-formed.
type latin1 struct {
	r    io.Reader
	rest []byte
}

// Read implements io.Reader.
func (l *latin1) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		var b [2048]byte
		n, err := l.r.Read(b[:])
		if n == 0 {
			return 0, err
		}
		for _, c := range b[:n] {
			l.rest = append(l.rest, string(rune(c))...)
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// marks says what to set when one of the strings is found, in lower case, in whatever case it stands.
type marks map[*bool][]string

// search reads the document in pieces that overlap by more than the longest mark.
func (f *Facts) search(ctx context.Context, d *Document, m marks) error {
	const piece, overlap = 256 << 10, 64
	buf := make([]byte, piece)
	for off := int64(0); off < d.size; off += piece - overlap {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := d.r.ReadAt(buf[:min(piece, d.size-off)], off)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		low := bytes.ToLower(buf[:n])
		for set, words := range m {
			*set = *set || slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(low, []byte(w)) })
		}
	}
	return nil
}

// SHA256 is the digest of the whole document.
func (d *Document) SHA256(ctx context.Context) ([32]byte, error) {
	h := sha256.New()
	var sum [32]byte
	if err := copyAll(ctx, h, io.NewSectionReader(d.r, 0, d.size)); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}
