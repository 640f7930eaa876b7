package paper

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/image/font/sfnt"
)

// element is a node of the structure tree (ISO 32000-1 §14.7.2). A kid is an *element or a mark.
type element struct {
	role   string
	parent *element
	kids   []any
	id     int // object number, once there is one
}

// mark is a piece of a page's content by its MCID.
type mark struct{ page, id int }

func (e *element) child(role string) *element {
	c := &element{role: role, parent: e}
	e.kids = append(e.kids, c)
	return c
}

// page is the content of a page: what lies under the text, and the text.
type page struct {
	back, front bytes.Buffer
	open        *element
	owners      []*element // by MCID
}

// under draws a filled box below the text, as an artifact.
func (p *page) under(c colour, x, y, w, h float64) {
	fmt.Fprintf(&p.back, "/Artifact BMC\n/C cs %s sc %.2f %.2f %.2f %.2f re f\nEMC\n", c, x, y, w, h)
}

// begin marks what follows as the content of e.
func (p *page) begin(e *element) {
	p.end()
	fmt.Fprintf(&p.front, "/%s <</MCID %d>> BDC\n", e.role, len(p.owners))
	p.open, p.owners = e, append(p.owners, e)
}

func (p *page) end() {
	if p.open != nil {
		p.front.WriteString("EMC\n")
		p.open = nil
	}
}

func (p *page) write(f face, x, y float64, gs []glyph) {
	fmt.Fprintf(&p.front, "BT /F%d %.1f Tf /C cs %s sc %.2f %.2f Td <", f.font, f.size, f.ink, x, y)
	for _, g := range gs {
		fmt.Fprintf(&p.front, "%04X", uint16(g.index))
	}
	p.front.WriteString("> Tj ET\n")
}

// artifact writes text that is not part of the document, such as the page number.
func (p *page) artifact(f face, x, y float64, gs []glyph) {
	p.end()
	p.front.WriteString("/Artifact <</Type /Pagination>> BDC\n")
	p.write(f, x, y, gs)
	p.front.WriteString("EMC\n")
}

func (c colour) String() string { return fmt.Sprintf("%.3f %.3f %.3f", c[0], c[1], c[2]) }

// writer collects the objects of the file; their numbers are given in advance.
type writer struct {
	objects [][]byte // by number less one
}

func (w *writer) reserve() int {
	w.objects = append(w.objects, nil)
	return len(w.objects)
}

func (w *writer) put(id int, format string, args ...any) {
	w.objects[id-1] = fmt.Appendf(nil, format, args...)
}

func (w *writer) add(format string, args ...any) int {
	id := w.reserve()
	w.put(id, format, args...)
	return id
}

// stream adds a stream; one that must be read without unpacking, as the metadata (ISO 19005-2 §6.6.2.1), is plain.
func (w *writer) stream(dict string, data []byte, plain bool) int {
	if !plain {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		_, _ = z.Write(data) // into memory
		_ = z.Close()
		data, dict = b.Bytes(), dict+" /Filter /FlateDecode"
	}
	return w.add("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// file makes the objects.
func (d *Document) file() *writer {
	w := &writer{}
	catalog, pages, tree := w.reserve(), w.reserve(), w.reserve()
	var fonts [2]int
	for i, f := range d.fonts {
		fonts[i] = w.font(f)
	}
	// sRGB without a profile: its primaries and white (IEC 61966-2-1) as a CalRGB space.
	space := w.add("[/CalRGB <</WhitePoint [0.9505 1 1.0890] /Gamma [2.2 2.2 2.2]" +
		" /Matrix [0.4124 0.2126 0.0193 0.3576 0.7152 0.1192 0.1805 0.0722 0.9505]>>]")
	resources := w.add("<</Font <</F0 %d 0 R /F1 %d 0 R>> /ColorSpace <</C %d 0 R>>>>", fonts[0], fonts[1], space)
	ids := make([]int, len(d.pages))
	kids := ""
	for i, p := range d.pages {
		content := w.stream("", slices.Concat(p.back.Bytes(), p.front.Bytes()), false)
		ids[i] = w.add("<</Type /Page /Parent %d 0 R /MediaBox [0 0 %g %g] /Resources %d 0 R /Contents %d 0 R /StructParents %d /Tabs /S>>",
			pages, pageWidth, pageHeight, resources, content, i)
		kids += fmt.Sprintf("%d 0 R ", ids[i])
	}
	w.put(pages, "<</Type /Pages /Count %d /Kids [%s]>>", len(ids), kids)
	w.number(d.root)
	w.element(d.root, tree, ids)
	nums := ""
	for i, p := range d.pages {
		refs := ""
		for _, e := range p.owners {
			refs += fmt.Sprintf("%d 0 R ", e.id)
		}
		nums += fmt.Sprintf("%d [%s] ", i, refs)
	}
	parents := w.add("<</Nums [%s]>>", nums)
	w.put(tree, "<</Type /StructTreeRoot /K %d 0 R /ParentTree %d 0 R /ParentTreeNextKey %d>>", d.root.id, parents, len(d.pages))
	metadata := w.stream("/Type /Metadata /Subtype /XML", []byte(d.metadata()), true)
	w.put(catalog, "<</Type /Catalog /Pages %d 0 R /StructTreeRoot %d 0 R /MarkInfo <</Marked true>> /Lang %s"+
		" /ViewerPreferences <</DisplayDocTitle true>> /Metadata %d 0 R>>", pages, tree, textString(d.info.Language), metadata)
	w.add("<</Title %s /Creator %s /Producer %s /CreationDate (%s)>>",
		textString(d.info.Title), textString(d.info.Program), textString(d.info.Program), d.info.Made.UTC().Format("D:20060102150405Z"))
	return w
}

// number gives each element its object number.
func (w *writer) number(e *element) {
	e.id = w.reserve()
	for _, k := range e.kids {
		if c, ok := k.(*element); ok {
			w.number(c)
		}
	}
}

func (w *writer) element(e *element, parent int, pages []int) {
	var kids strings.Builder
	for _, k := range e.kids {
		switch k := k.(type) {
		case *element:
			w.element(k, e.id, pages)
			fmt.Fprintf(&kids, "%d 0 R ", k.id)
		case mark:
			fmt.Fprintf(&kids, "<</Type /MCR /Pg %d 0 R /MCID %d>> ", pages[k.page], k.id)
		}
	}
	attributes := ""
	switch e.role {
	case "TH":
		attributes = " /A <</O /Table /Scope /Row>>"
	case "L":
		attributes = " /A <</O /List /ListNumbering /None>>"
	}
	w.put(e.id, "<</Type /StructElem /S /%s /P %d 0 R%s /K [%s]>>", e.role, parent, attributes, kids.String())
}

// font adds a Type 0 font whose codes are the numbers of the glyphs (ISO 32000-1 §9.7).
func (w *writer) font(f *typeface) int {
	used := make([]sfnt.GlyphIndex, 0, len(f.used))
	for i := range f.used {
		used = append(used, i)
	}
	slices.Sort(used)
	var widths, chars strings.Builder
	for n, i := range used {
		fmt.Fprintf(&widths, "%d [%d] ", i, f.used[i].width)
		if n%100 == 0 { // as many as a section may have
			if n > 0 {
				chars.WriteString("endbfchar\n")
			}
			fmt.Fprintf(&chars, "%d beginbfchar\n", min(100, len(used)-n))
		}
		fmt.Fprintf(&chars, "<%04X> <%s>\n", uint16(i), utf16Hex(string(f.used[i].char)))
	}
	if len(used) > 0 {
		chars.WriteString("endbfchar\n")
	}
	unicodes := w.stream("", []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"+
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"+
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"+chars.String()+"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"), false)
	program := w.stream(fmt.Sprintf("/Length1 %d", len(f.raw)), f.raw, false)
	weight := 400
	if f.bold {
		weight = 600
	}
	descriptor := w.add("<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d"+
		" /CapHeight %d /StemV %d /FontWeight %d /FontFile2 %d 0 R>>", f.name, f.box[0], f.box[1], f.box[2], f.box[3], f.up, f.down, f.caps, weight/5, weight, program)
	cid := w.add("<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>>"+
		" /FontDescriptor %d 0 R /CIDToGIDMap /Identity /DW 0 /W [%s]>>", f.name, descriptor, widths.String())
	return w.add("<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>", f.name, cid, unicodes)
}

// universalAccess claims PDF/UA-1 (ISO 14289-1 §5), with the description of the claim's schema that PDF/A asks for
// (ISO 19005-2 §6.6.2.3.3).
const universalAccess = `<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema><pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>`

// metadata is the XMP packet; it says the same as the information dictionary (ISO 19005-2 §6.6.3).
func (d *Document) metadata() string {
	made := d.info.Made.UTC().Format(time.RFC3339)
	return `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">` + xmlText(d.info.Title) + `</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>` + xmlText(d.info.Language) + `</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>` + xmlText(d.info.Program) + `</xmp:CreatorTool><xmp:CreateDate>` + made + `</xmp:CreateDate>
<pdf:Producer>` + xmlText(d.info.Program) + `</pdf:Producer></rdf:Description>` + universalAccess + `</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`
}

// writeTo writes header, objects, table and trailer; the identifier is the digest of the objects.
func (w *writer) writeTo(out io.Writer) (int64, error) {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") // bytes above 127 tell that the file is not text
	offsets := make([]int, len(w.objects))
	for i, o := range w.objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	sum := sha256.Sum256(b.Bytes())
	id := hex.EncodeToString(sum[:16])
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(w.objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root 1 0 R /Info %d 0 R /ID [<%s> <%s>]>>\nstartxref\n%d\n%%%%EOF\n", len(w.objects)+1, len(w.objects), id, id, start)
	n, err := out.Write(b.Bytes())
	return int64(n), err
}

// textString is s as a text string of PDF, UTF-16 in hexadecimal: nothing in it needs escaping.
func textString(s string) string { return "<FEFF" + utf16Hex(s) + ">" }

func utf16Hex(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}

// xmlText escapes s and drops what XML cannot hold.
func xmlText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r < 0x20 || r == 0xfffe || r == 0xffff:
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
