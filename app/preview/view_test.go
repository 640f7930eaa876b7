package preview

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"ceralacca/signer"
)

func read(t testing.TB, b []byte) *View {
	t.Helper()
	v, err := tryRead(t, b)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func tryRead(t testing.TB, b []byte) (*View, error) {
	t.Helper()
	s, err := signer.Open("a", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(t.Context(), "a", bytes.NewReader(b), int64(len(b)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return d.Read(t.Context(), s.Kind())
}

func utf16LE(s string) []byte {
	b := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		file     []byte
		lines    []string
		encoding string
		alarms   []string
	}{
		"UTF-8":          {[]byte("perché\r\nno"), []string{"perché", "no"}, "UTF-8", nil},
		"with a mark":    {[]byte("\xef\xbb\xbfciò"), []string{"ciò"}, "UTF-8", nil},
		"Latin-1":        {[]byte("perch\xe9 costa 5 \x80"), []string{"perché costa 5 €"}, "Latin-1", nil},
		"UTF-16":         {utf16LE("però\n"), []string{"però"}, "UTF-16", nil},
		"bell":           {[]byte("perch\xe9 " + strings.Repeat("a", 90) + "\a"), []string{"perché " + strings.Repeat("a", 90) + "[U+0007]"}, "Latin-1", []string{"text-control"}},
		"turned around":  {[]byte("paga \u202e001\u202c euro"), []string{"paga [U+202E]001[U+202C] euro"}, "UTF-8", []string{"text-direction"}},
		"unseen":         {[]byte("pa\u200bga"), []string{"pa[U+200B]ga"}, "UTF-8", nil},
		"another letter": {[]byte("bаnca"), []string{"bаnca"}, "UTF-8", []string{"text-lookalike"}}, // the first a is Cyrillic
		"Greek beside":   {[]byte("il π greco, Ελλάδα"), []string{"il π greco, Ελλάδα"}, "UTF-8", nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := read(t, c.file)
			if v.Form != Lines || !slices.Equal(v.Lines, c.lines) || v.Encoding != c.encoding || !slices.Equal(v.Alarms, c.alarms) {
				t.Errorf("form %d, %q in %s with %q", v.Form, v.Lines, v.Encoding, v.Alarms)
			}
		})
	}
	if v := read(t, []byte{0, 1, 2, 3, 4, 0, 0, 0xff}); v.Form != Nothing {
		t.Errorf("binary data are shown as %d", v.Form)
	}
	if v := read(t, []byte(strings.Repeat("riga\n", maxLines+1))); len(v.Lines) != maxLines || !v.Cut {
		t.Errorf("%d lines, cut %v", len(v.Lines), v.Cut)
	}
}

func TestXML(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		lines  []string
		alarms []string
	}{
		"indented": {`<a x="1"><b>uno</b><c/>due<!--n--></a>`, []string{`<a x="1">`, "  <b>uno</b>", "  <c></c>", "  due", "  <!--n-->", "</a>"}, nil},
		"prefixes": {`<p:a xmlns:p="u"><p:b>è</p:b></p:a>`, []string{`<p:a xmlns:p="u">`, "  <p:b>è</p:b>", "</p:a>"}, nil},
		"sheet elsewhere": {
			`<?xml-stylesheet type="text/xsl" href="http://example.org/a.xsl"?><a/>`,
			[]string{`<?xml-stylesheet type="text/xsl" href="http://example.org/a.xsl"?>`, "<a></a>"},
			[]string{"xml-external"},
		},
		"entity from a file": {`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, nil, []string{"xml-entities", "xml-external", "xml-broken"}},
		"not closed":         {`<a><b></b>`, []string{"<a><b></b>"}, []string{"xml-broken"}},
		"crossed":            {`<a><b></a></b>`, []string{"<a><b></a></b>"}, []string{"xml-broken"}},
		"broken":             {`<a><b attr=></b></a>`, []string{`<a><b attr=></b></a>`}, []string{"xml-broken"}},
		"sheet that reads":   {`<x:stylesheet xmlns:x="u"><x:value-of select="document('a')"/></x:stylesheet>`, nil, []string{"xml-external"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := read(t, []byte(c.file))
			if v.Form != Lines || c.lines != nil && !slices.Equal(v.Lines, c.lines) || !slices.Equal(v.Alarms, c.alarms) {
				t.Errorf("form %d, %q with %q", v.Form, v.Lines, v.Alarms)
			}
		})
	}
	deep := read(t, []byte(strings.Repeat("<a>", 100000)+strings.Repeat("</a>", 100000)))
	if len(deep.Lines) > maxDepth || !deep.Cut {
		t.Errorf("deep document: %d lines, cut %v", len(deep.Lines), deep.Cut)
	}
}

const invoiceXML = `<?xml version="1.0" encoding="UTF-8"?>
<p:FatturaElettronica versione="FPR12" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">
<FatturaElettronicaHeader><DatiTrasmissione><CodiceDestinatario>ABC1234</CodiceDestinatario></DatiTrasmissione>
<CedentePrestatore><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>01234567890</IdCodice></IdFiscaleIVA>
<Anagrafica><Denominazione>ALFA SRL</Denominazione></Anagrafica></DatiAnagrafici>
<Sede><Indirizzo>Via Roma</Indirizzo><NumeroCivico>1</NumeroCivico><CAP>00100</CAP><Comune>Roma</Comune><Provincia>RM</Provincia></Sede></CedentePrestatore>
<CessionarioCommittente><DatiAnagrafici><CodiceFiscale>RSSMRA80A01H501U</CodiceFiscale><Anagrafica><Nome>Mario</Nome><Cognome>Rossi</Cognome></Anagrafica></DatiAnagrafici></CessionarioCommittente>
</FatturaElettronicaHeader>
<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>TD01</TipoDocumento><Divisa>EUR</Divisa><Data>2026-03-05</Data><Numero>12/A</Numero><ImportoTotaleDocumento>1220.00</ImportoTotaleDocumento></DatiGeneraliDocumento></DatiGenerali>
<DatiBeniServizi><DettaglioLinee><NumeroLinea>1</NumeroLinea><Descrizione>Consulenza</Descrizione><Quantita>1.00</Quantita><PrezzoUnitario>1000.00</PrezzoUnitario><PrezzoTotale>1000.00</PrezzoTotale><AliquotaIVA>22.00</AliquotaIVA></DettaglioLinee>
<DatiRiepilogo><AliquotaIVA>22.00</AliquotaIVA><ImponibileImporto>1000.00</ImponibileImporto><Imposta>220.00</Imposta></DatiRiepilogo></DatiBeniServizi>
</FatturaElettronicaBody></p:FatturaElettronica>`

func printed(sections []Section) string {
	var b strings.Builder
	for _, s := range sections {
		fmt.Fprintf(&b, "%s:", s.Code)
		for _, f := range s.Fields {
			fmt.Fprintf(&b, " %s=%s", f.Code, f.Value.Text)
		}
		for _, r := range s.Rows {
			b.WriteString(" [")
			for i, c := range r {
				if i > 0 {
					b.WriteString("|")
				}
				b.WriteString(c.Text)
			}
			b.WriteString("]")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestInvoice(t *testing.T) {
	v := read(t, []byte(invoiceXML))
	want := `invoice: supplier=ALFA SRL, IT01234567890, Via Roma 1, 00100 Roma RM customer=Mario Rossi, RSSMRA80A01H501U recipient=ABC1234
document: type=TD01 number=12/A date=2026-03-05 total=1220.00 currency=EUR
lines: [Consulenza|1.00|1000.00|22 %|1000.00]
vat: [22 %|1000.00|220.00]
`
	if got := printed(v.Sections); v.Form != Table || got != want {
		t.Errorf("form %d:\n%s", v.Form, got)
	}
}

const xbrlXML = `<x:xbrl xmlns:x="http://www.xbrl.org/2003/instance" xmlns:link="http://www.xbrl.org/2003/linkbase" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:c="http://www.infocamere.it/itnn/fr/itcc/ci/2018-11-04">
<link:schemaRef xlink:type="simple" xlink:href="itcc-ci-ese-2018-11-04.xsd"/>
<x:context id="i1"><x:entity><x:identifier scheme="http://www.infocamere.it">01234567890</x:identifier></x:entity><x:period><x:instant>2025-12-31</x:instant></x:period></x:context>
<x:context id="i0"><x:entity><x:identifier scheme="http://www.infocamere.it">01234567890</x:identifier></x:entity><x:period><x:instant>2024-12-31</x:instant></x:period></x:context>
<x:context id="d1"><x:entity><x:identifier scheme="http://www.infocamere.it">01234567890</x:identifier></x:entity><x:period><x:startDate>2025-01-01</x:startDate><x:endDate>2025-12-31</x:endDate></x:period></x:context>
<x:unit id="eur"><x:measure>iso4217:EUR</x:measure></x:unit>
<c:DatiAnagraficiDenominazione contextRef="i1">ALFA SRL</c:DatiAnagraficiDenominazione>
<c:TotaleAttivo contextRef="i1" unitRef="eur" decimals="0">1000</c:TotaleAttivo>
<c:TotaleAttivo contextRef="i0" unitRef="eur" decimals="0">900</c:TotaleAttivo>
<c:UtilePerditaEsercizio contextRef="d1" unitRef="eur" decimals="0">-5</c:UtilePerditaEsercizio>
</x:xbrl>`

func TestXBRL(t *testing.T) {
	v := read(t, []byte(xbrlXML))
	want := `balance: entity=01234567890 closing=2025-12-31 taxonomy=itcc-ci-ese-2018-11-04.xsd
facts: [Dati anagrafici denominazione|ALFA SRL|] [Totale attivo|1000|900] [Utile perdita esercizio|-5|]
`
	if got := printed(v.Sections); v.Form != Table || got != want {
		t.Errorf("form %d:\n%s", v.Form, got)
	}
}

func zipped(parts map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			panic(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestOffice(t *testing.T) {
	for name, c := range map[string]struct {
		part, text string
		alarms     []string
	}{
		"plain":                {"word/document.xml", "<w:document><w:t>DATE</w:t></w:document>", nil},
		"date field":           {"word/document.xml", `<w:document><w:instrText xml:space="preserve"> DATE \@ "d MMMM yyyy" </w:instrText></w:document>`, []string{"office-date"}},
		"simple field":         {"word/header1.xml", `<w:hdr><w:fldSimple w:instr=" TIME "/></w:hdr>`, []string{"office-date"}},
		"date of creation":     {"word/document.xml", `<w:document><w:instrText> CREATEDATE </w:instrText></w:document>`, nil},
		"spreadsheet of today": {"xl/worksheets/sheet1.xml", "<worksheet><c><f>TODAY()+1</f></c></worksheet>", []string{"office-date"}},
		"ODF":                  {"content.xml", `<office:text><text:date text:date-value="2026-01-01">1</text:date></office:text>`, []string{"office-date"}},
		"ODF, fixed":           {"content.xml", `<office:text><text:date text:fixed="true">1</text:date></office:text>`, nil},
		"template elsewhere":   {"word/_rels/settings.xml.rels", `<Relationships><Relationship Type="http://x/attachedTemplate" Target="http://example.org/t.dotm" TargetMode="External"/></Relationships>`, []string{"office-external"}},
		"a link":               {"word/_rels/document.xml.rels", `<Relationships><Relationship Type="http://x/hyperlink" Target="http://example.org" TargetMode="External"/></Relationships>`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := read(t, zipped(map[string]string{c.part: c.text}))
			if v.Form != Nothing || !slices.Equal(v.Alarms, c.alarms) {
				t.Errorf("form %d with %q", v.Form, v.Alarms)
			}
		})
	}
}

func TestPicture(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3000, 10))
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	v := read(t, b.Bytes())
	if v.Form != Picture || v.Width != 3000 || v.Picture.Bounds().Dx() != shownSide {
		t.Errorf("form %d, %d wide, shown %v", v.Form, v.Width, v.Picture)
	}
	bomb := bytes.Clone(b.Bytes())
	binary.BigEndian.PutUint32(bomb[16:], 1<<20) // width and height in IHDR; its check sum is now wrong too
	binary.BigEndian.PutUint32(bomb[20:], 1<<20)
	var bad *PictureError
	if _, err := tryRead(t, bomb); !errors.Is(err, ErrTooLarge) && !errors.As(err, &bad) {
		t.Errorf("a picture of a tera pixel: %v", err)
	}
	if _, err := tryRead(t, b.Bytes()[:b.Len()/2]); !errors.As(err, &bad) {
		t.Errorf("half a picture: %v", err)
	}
	huge := []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00")
	if _, err := tryRead(t, huge); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a huge GIF: %v", err)
	}
}

// FuzzRead: whatever the bytes, the view is bounded and nothing panics.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"", "testo", "\xff\xfea\x00", `<a b="c">d</a>`, invoiceXML, xbrlXML, "GIF89a\xff\xff\xff\xff\x00\x00\x00",
		"\x89PNG\r\n\x1a\n", "II*\x00\x08\x00\x00\x00", string(zipped(map[string]string{"word/document.xml": "<a><instrText>DATE</instrText></a>"})),
		`<FatturaElettronica><FatturaElettronicaBody/></FatturaElettronica>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := signer.Open("a", bytes.NewReader(b), int64(len(b)))
		if err != nil || s.Kind() == signer.PDF {
			return
		}
		v, err := tryRead(t, b)
		if err != nil {
			return
		}
		if len(v.Lines) > maxLines {
			t.Errorf("%d lines", len(v.Lines))
		}
		for _, s := range v.Sections {
			if len(s.Rows) > maxRows {
				t.Errorf("%d rows", len(s.Rows))
			}
			for _, r := range s.Rows {
				if len(r) != len(s.Columns) {
					t.Errorf("a row of %d cells under %d columns", len(r), len(s.Columns))
				}
			}
		}
		for _, l := range v.Lines {
			if strings.ContainsFunc(l, func(r rune) bool { return turning(r) || r < ' ' }) {
				t.Errorf("line %q shows what cannot be seen", l)
			}
		}
	})
}

// FuzzReadMessage: what comes from the helper is bounded.
func FuzzReadMessage(f *testing.F) {
	var b bytes.Buffer
	if err := WriteMessage(&b, &Message{Op: OpDone, Width: 1, Bytes: []byte("abcd")}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := ReadMessage(bytes.NewReader(b)); err == nil && len(m.Bytes) > len(b) {
			t.Errorf("%d bytes out of %d", len(m.Bytes), len(b))
		}
	})
}
