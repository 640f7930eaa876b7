package pdf

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf16"
)

// Facts are what a receiving office asks of a PDF. They are read from what can be reached from the catalog; objects
// that nothing leads to do not count.
type Facts struct {
	// Locked is true when only a password opens the file; nothing else but Encrypted is known then.
	Encrypted, Locked bool
	// Damaged is true when the cross-reference had to be guessed.
	Damaged bool
	Pages   int
	// Revisions counts the appended versions, the first included; Signatures the signed fields.
	Revisions, Signatures int
	// Part and Conformance are what the file says of itself by ISO 19005 ("1" and "B"); empty without such a claim.
	Part, Conformance string
	// Creator and Producer are the programs, Created and Modified the times in the document information.
	Creator, Producer string
	Created, Modified time.Time
	// Features are the Feature constants that apply, sorted.
	Features []Feature
	// Unembedded names fonts that are not in the file, sorted, at most maxFontNames of them.
	Unembedded []string
	// Partial is true when the file was too large to be looked through.
	Partial bool
}

// Feature is something that ISO 19005 forbids in one of its parts, or that acts when the file is opened.
type Feature string

// The features.
const (
	JavaScript   Feature = "javascript"
	Launch       Feature = "launch"      // starts a program
	Media        Feature = "media"       // sound, film, 3D
	XFA          Feature = "xfa"         // a form in XML beside or in place of the pages
	Submit       Feature = "submit"      // sends or fetches data
	Attachment   Feature = "attachment"  // files within the file
	External     Feature = "external"    // content that lies in another file
	Transparency Feature = "transparent" // forbidden by part 1 only
	LZW          Feature = "lzw"
	JPEG2000     Feature = "jpeg2000" // forbidden by part 1 only
	Layers       Feature = "layers"   // forbidden by part 1 only
	Hidden       Feature = "hidden"   // layers that are switched off
)

const (
	maxExamined  = 1 << 19 // objects looked at
	maxFontNames = 20
	maxXMP       = 1 << 20
)

// Examine looks through a file for the facts. The error is an [*Error], save for what ctx says; a file that needs a
// password is no error.
func Examine(ctx context.Context, r io.ReaderAt, size int64) (*Facts, error) {
	f, err := open(ctx, r, size)
	var bad *Error
	if errors.As(err, &bad) && bad.Kind == Encrypted {
		return &Facts{Encrypted: true, Locked: true}, nil
	}
	if err != nil {
		return nil, err
	}
	out := &Facts{Encrypted: f.crypt != nil, Damaged: f.repaired, Revisions: len(f.revisions())}
	root := f.dict(f.trailer["Root"])
	if s, ok := f.resolve(root["Metadata"]).(*stream); ok && s.n <= maxXMP {
		if b, err := f.decode(s); err == nil {
			out.Part, out.Conformance = claim(b)
		}
	}
	info := f.dict(f.trailer["Info"])
	out.Creator, out.Producer = clip(f.text(info["Creator"])), clip(f.text(info["Producer"]))
	out.Created, out.Modified = parseDate(f.text(info["CreationDate"])), parseDate(f.text(info["ModDate"]))
	f.pages(func(int, object, dict, dict) bool { out.Pages++; return ctx.Err() == nil })
	for _, fd := range f.fields() {
		if fd.kind == "Sig" && !f.empty(fd.value) {
			out.Signatures++
		}
	}
	e := &examiner{f: f, out: out, seen: map[int]bool{}, fonts: map[string]bool{}, features: map[Feature]bool{}}
	e.catalog(root)
	if err := e.run(ctx); err != nil {
		return nil, err
	}
	e.finish()
	if f.src.err != nil {
		return nil, &Error{Kind: Unreadable, Offset: -1, Err: f.src.err}
	}
	return out, nil
}

// clip keeps a hostile name from filling a line.
func clip(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}

// examiner walks the objects from the catalog, each once.
type examiner struct {
	f        *file
	out      *Facts
	queue    []object
	seen     map[int]bool
	fonts    map[string]bool
	features map[Feature]bool
}

// catalog queues what hangs from the catalog. Fonts that only new text in form fields would use are left out.
func (e *examiner) catalog(root dict) {
	for k, v := range root {
		if k != "AcroForm" {
			e.queue = append(e.queue, dict{k: v})
			continue
		}
		form := clone(e.f.dict(v))
		if form["XFA"] != nil {
			e.features[XFA] = true
		}
		delete(form, "DR")
		e.queue = append(e.queue, form)
	}
	if p := e.f.dict(root["OCProperties"]); p != nil {
		e.features[Layers] = true
		if e.hides(p) {
			e.features[Hidden] = true
		}
	}
}

// hides reports whether a layer is off as the file is opened (ISO 32000-1 §8.11.4.3).
func (e *examiner) hides(properties dict) bool {
	d := e.f.dict(properties["D"])
	off, _ := e.f.resolve(d["OFF"]).(array)
	groups, _ := e.f.resolve(properties["OCGs"]).(array)
	if e.f.name(d["BaseState"]) != "OFF" {
		return len(off) > 0 && len(groups) > 0
	}
	on, _ := e.f.resolve(d["ON"]).(array)
	return len(on) < len(groups)
}

func (e *examiner) run(ctx context.Context) error {
	for n := 0; len(e.queue) > 0; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if n > maxExamined || e.f.over {
			e.out.Partial = true
			return nil
		}
		o := e.queue[len(e.queue)-1]
		e.queue = e.queue[:len(e.queue)-1]
		if r, ok := o.(ref); ok {
			if e.seen[r.num] {
				continue
			}
			e.seen[r.num] = true
			o = e.f.load(r.num).obj
		}
		switch v := o.(type) {
		case ref:
			e.queue = append(e.queue, v)
		case array:
			for _, x := range v {
				e.push(x)
			}
		case dict:
			e.dict(v)
		case *stream:
			e.stream(v)
		}
	}
	return nil
}

// push queues what can hold something.
func (e *examiner) push(o object) {
	switch v := o.(type) {
	case ref:
		if !e.seen[v.num] {
			e.queue = append(e.queue, o)
		}
	case array, dict, *stream:
		e.queue = append(e.queue, o)
	}
}

// dict looks at one dictionary and queues what it leads to, save for the way back up.
func (e *examiner) dict(d dict) {
	f := e.f
	e.action(f.name(d["S"]))
	switch f.name(d["Type"]) {
	case "Font":
		e.font(d)
	case "EmbeddedFile":
		e.features[Attachment] = true
	case "ExtGState":
		e.graphics(d)
	}
	if d["JS"] != nil {
		e.features[JavaScript] = true
	}
	if d["EF"] != nil || d["EmbeddedFiles"] != nil {
		e.features[Attachment] = true
	}
	switch f.name(d["Subtype"]) {
	case "RichMedia", "Movie", "Sound", "Screen", "3D":
		e.features[Media] = true
	case "FileAttachment":
		e.features[Attachment] = true
	}
	if g := f.dict(d["Group"]); g != nil && f.name(g["S"]) == "Transparency" {
		e.features[Transparency] = true
	}
	for k, v := range d {
		if k != "Parent" && k != "P" {
			e.push(v)
		}
	}
}

// action tells the actions of ISO 32000-1 §12.6.4 that do more than turn pages.
func (e *examiner) action(kind name) {
	switch kind {
	case "JavaScript":
		e.features[JavaScript] = true
	case "Launch":
		e.features[Launch] = true
	case "SubmitForm", "ImportData":
		e.features[Submit] = true
	case "Movie", "Sound", "Rendition", "RichMediaExecute", "GoTo3DView":
		e.features[Media] = true
	}
}

// graphics tells transparency in a graphics state (ISO 32000-1 §11.6.4).
func (e *examiner) graphics(d dict) {
	for _, k := range []name{"ca", "CA"} {
		if v, ok := number(e.f.resolve(d[k])); ok && v < 1-1e-6 { // some programs round
			e.features[Transparency] = true
		}
	}
	if m := e.f.resolve(d["SMask"]); m != nil && m != name("None") {
		e.features[Transparency] = true
	}
}

func (e *examiner) stream(s *stream) {
	for _, o := range asArray(e.f.resolve(s.dict["Filter"])) {
		switch e.f.name(o) {
		case "LZWDecode", "LZW":
			e.features[LZW] = true
		case "JPXDecode":
			e.features[JPEG2000] = true
		}
	}
	if s.dict["F"] != nil {
		e.features[External] = true
	}
	if e.f.name(s.dict["Subtype"]) == "Image" && e.f.resolve(s.dict["SMask"]) != nil {
		e.features[Transparency] = true
	}
	e.dict(s.dict)
}

// font tells a font whose program is not in the file (ISO 32000-1 §9.9). Type 3 has none, Type 0 leaves it to its
// descendant.
func (e *examiner) font(d dict) {
	f := e.f
	switch f.name(d["Subtype"]) {
	case "Type0", "Type3":
		return
	}
	fd := f.dict(d["FontDescriptor"])
	for _, k := range []name{"FontFile", "FontFile2", "FontFile3"} {
		if _, ok := f.resolve(fd[k]).(*stream); ok {
			return
		}
	}
	if len(e.fonts) < maxFontNames {
		e.fonts[clip(string(f.name(d["BaseFont"])))] = true
	}
}

func (e *examiner) finish() {
	for f := range e.features {
		e.out.Features = append(e.out.Features, f)
	}
	slices.Sort(e.out.Features)
	for n := range e.fonts {
		e.out.Unembedded = append(e.out.Unembedded, n)
	}
	sort.Strings(e.out.Unembedded)
}

// pdfaID is the namespace of the claim (ISO 19005-1 §6.7.11).
const pdfaID = "http://www.aiim.org/pdfa/ns/id/"

// claim reads pdfaid:part and pdfaid:conformance of an XMP packet, written as attributes or as elements.
func claim(xmp []byte) (part, conformance string) {
	set := func(n xml.Name, v string) {
		v = strings.TrimSpace(v)
		switch {
		case n.Space != pdfaID || len(v) > 2 || strings.Trim(v, "0123456789ABEFUabefu") != "":
		case n.Local == "part":
			part = v
		case n.Local == "conformance":
			conformance = strings.ToUpper(v)
		}
	}
	d := xml.NewDecoder(bytes.NewReader(utf8XMP(xmp)))
	var in xml.Name
	for depth := 0; depth <= maxDepth; {
		t, err := d.Token()
		if err != nil {
			return part, conformance
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			in = t.Name
			for _, a := range t.Attr {
				set(a.Name, a.Value)
			}
		case xml.CharData:
			set(in, string(t))
		case xml.EndElement:
			depth--
			in = xml.Name{}
		}
	}
	return part, conformance
}

// utf8XMP turns an XMP packet in UTF-16 or UTF-32 into UTF-8 (ISO 16684-1 §7.3.2; the first character is "<", after a
// byte order mark or not).
func utf8XMP(b []byte) []byte {
	width, big := 1, false
	switch {
	case hasPrefix(b, "\x00\x00\xfe\xff", "\x00\x00\x00<"):
		width, big = 4, true
	case hasPrefix(b, "\xff\xfe\x00\x00", "<\x00\x00\x00"):
		width = 4
	case hasPrefix(b, "\xfe\xff", "\x00<"):
		width, big = 2, true
	case hasPrefix(b, "\xff\xfe", "<\x00"):
		width = 2
	default:
		return b
	}
	units := make([]uint16, 0, len(b)/width)
	for ; len(b) >= width; b = b[width:] {
		low := b[:2] // what is beyond 16 bits no claim is written with
		if big {
			low = []byte{b[width-1], b[width-2]}
		}
		units = append(units, uint16(low[0])|uint16(low[1])<<8)
	}
	return []byte(strings.TrimPrefix(string(utf16.Decode(units)), "\uFEFF"))
}

func hasPrefix(b []byte, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return bytes.HasPrefix(b, []byte(p)) })
}
