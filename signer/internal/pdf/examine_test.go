package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func xmpText(inner string) string {
	return `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		inner + `</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

func xmp(inner string) string {
	s := xmpText(inner)
	return fmt.Sprintf("<</Type/Metadata/Subtype/XML/Length %d>>stream\n%s\nendstream", len(s), s)
}

const pdfaDesc = `<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"`

// wide is a packet with characters of n bytes, the lowest first, after a byte order mark.
func wide(packet string, n int) string {
	var b strings.Builder
	for _, r := range "\uFEFF" + packet {
		for i := range n {
			b.WriteByte(byte(r >> (8 * i)))
		}
	}
	return fmt.Sprintf("<</Type/Metadata/Subtype/XML/Length %d>>stream\n%s\nendstream", b.Len(), b.String())
}

// archival is a page that claims PDF/A-1b and keeps what it claims, as far as Examine looks.
func archival() objects {
	return plain().with(objects{
		1:  "<</Type/Catalog/Pages 2 0 R/Lang(it)/Metadata 20 0 R>>",
		5:  "<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+Titillium/FontDescriptor<</FontFile2 21 0 R>>>>",
		20: xmp(pdfaDesc + ` pdfaid:part="1" pdfaid:conformance="B"/>`), 21: "<</Length 3>>stream\nabc\nendstream",
	})
}

func examine(t *testing.T, b []byte) *Facts {
	t.Helper()
	f, err := Examine(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestExamine(t *testing.T) {
	action := func(a string) objects {
		return archival().with(objects{1: "<</Type/Catalog/Pages 2 0 R/Metadata 20 0 R/OpenAction " + a + ">>"})
	}
	page := func(more string) objects {
		return archival().with(objects{3: "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/ExtGState<</G 30 0 R>>>>" + more + ">>"})
	}
	layers := func(d string) objects {
		return archival().with(objects{
			1:  "<</Type/Catalog/Pages 2 0 R/Metadata 20 0 R/OCProperties<</OCGs[31 0 R 32 0 R]/D " + d + ">>>>",
			31: "<</Type/OCG/Name(a)>>", 32: "<</Type/OCG/Name(b)>>",
		})
	}
	for _, c := range []struct {
		name  string
		file  objects
		want  []Feature
		fonts []string
		claim string
	}{
		{"archival", archival(), nil, nil, "1B"},
		{"plain", plain(), nil, []string{"Helvetica"}, ""},
		{"claim in UTF-16", archival().with(objects{20: wide(xmpText(pdfaDesc+` pdfaid:part="1" pdfaid:conformance="B"/>`), 2)}), nil, nil, "1B"},
		{"claim in UTF-32", archival().with(objects{20: wide(xmpText(pdfaDesc+` pdfaid:part="1" pdfaid:conformance="B"/>`), 4)}), nil, nil, "1B"},
		{"layers that are seen", layers("<</ON[31 0 R]>>"), []Feature{Layers}, nil, "1B"},
		{"layer that is off", layers("<</OFF[31 0 R]>>"), []Feature{Hidden, Layers}, nil, "1B"},
		{"all layers off but one", layers("<</BaseState/OFF/ON[31 0 R]>>"), []Feature{Hidden, Layers}, nil, "1B"},
		{"rounded opacity", page("").with(objects{30: "<</Type/ExtGState/ca 0.9999999>>"}), nil, nil, "1B"},
		{"claim as elements", archival().with(objects{20: xmp(pdfaDesc + `><pdfaid:part>2</pdfaid:part><pdfaid:conformance>u</pdfaid:conformance></rdf:Description>`)}), nil, nil, "2U"},
		{"claim in another namespace", archival().with(objects{20: xmp(`<rdf:Description xmlns:pdfaid="urn:x" pdfaid:part="1"/>`)}), nil, nil, ""},
		{"claim of nonsense", archival().with(objects{20: xmp(pdfaDesc + ` pdfaid:part="archive"/>`)}), nil, nil, ""},
		{"script", action("<</S/JavaScript/JS(app.alert\\(1\\))>>"), []Feature{JavaScript}, nil, "1B"},
		{"script by name", archival().with(objects{1: "<</Type/Catalog/Pages 2 0 R/Metadata 20 0 R/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(1)>>]>>>>>>"}), []Feature{JavaScript}, nil, "1B"},
		{"program", action("<</S/Launch/F(calc.exe)>>"), []Feature{Launch}, nil, "1B"},
		{"sends data", action("<</S/SubmitForm/F(http://x.example)>>"), []Feature{Submit}, nil, "1B"},
		{"turns a page", action("[3 0 R/Fit]"), nil, nil, "1B"},
		{"attachment", archival().with(objects{1: "<</Type/Catalog/Pages 2 0 R/Metadata 20 0 R/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/EF<</F 21 0 R>>>>]>>>>>>"}), []Feature{Attachment}, nil, "1B"},
		{"film", page("/Annots[<</Type/Annot/Subtype/Movie>>]"), []Feature{Media}, nil, "1B"},
		{"XFA", archival().with(objects{1: "<</Type/Catalog/Pages 2 0 R/Metadata 20 0 R/AcroForm<</Fields[]/XFA 21 0 R>>>>"}), []Feature{XFA}, nil, "1B"},
		{"font of the form only", archival().with(objects{1: "<</Type/Catalog/Pages 2 0 R/Metadata 20 0 R/AcroForm<</Fields[]/DR<</Font<</H 31 0 R>>>>>>>>", 31: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}), nil, nil, "1B"},
		{"see-through", page("").with(objects{30: "<</Type/ExtGState/ca .5>>"}), []Feature{Transparency}, nil, "1B"},
		{"opaque", page("").with(objects{30: "<</Type/ExtGState/ca 1/CA 1.0/SMask/None>>"}), nil, nil, "1B"},
		{"group", page("/Group<</S/Transparency>>"), []Feature{Transparency}, nil, "1B"},
		{"layers", archival().with(objects{1: "<</Type/Catalog/Pages 2 0 R/Metadata 20 0 R/OCProperties<<>>>>"}), []Feature{Layers}, nil, "1B"},
		{"old compression", archival().with(objects{21: "<</Length 3/Filter/LZWDecode>>stream\nabc\nendstream"}), []Feature{LZW}, nil, "1B"},
		{"new pictures", archival().with(objects{21: "<</Length 3/Filter[/JPXDecode]>>stream\nabc\nendstream"}), []Feature{JPEG2000}, nil, "1B"},
		{"content elsewhere", archival().with(objects{21: "<</Length 3/F(other.bin)>>stream\nabc\nendstream"}), []Feature{External}, nil, "1B"},
		{"script that nothing leads to", archival().with(objects{40: "<</S/JavaScript/JS(1)>>"}), nil, nil, "1B"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := examine(t, c.file.table(head))
			if !slices.Equal(f.Features, c.want) || !slices.Equal(f.Unembedded, c.fonts) || f.Part+f.Conformance != c.claim {
				t.Errorf("features %v, fonts %v, claim %q; want %v, %v, %q", f.Features, f.Unembedded, f.Part+f.Conformance, c.want, c.fonts, c.claim)
			}
			if f.Pages != 1 || f.Revisions != 1 || f.Encrypted || f.Damaged || f.Partial {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestExamineRevisionsAndSignatures(t *testing.T) {
	b := revise(archival().table(head), objects{4: "<</Length 2>>stream\nBT\nendstream"}, "/Info<</Producer(Acrobat)/CreationDate(D:20260101120000Z)/ModDate(D:20260301120000Z)>>")
	f := examine(t, b)
	if f.Revisions != 2 || f.Producer != "Acrobat" || !f.Modified.After(f.Created) || f.Signatures != 0 {
		t.Errorf("%+v", f)
	}
	u := mustPrepare(t, archival().table(head), Options{})
	if f := examine(t, finished(t, u, fakeCMS)); f.Signatures != 1 {
		t.Errorf("signed once: %+v", f)
	}
	if f := examine(t, bytes.Replace(archival().table(head), []byte("startxref"), []byte("startxxxx"), 1)); !f.Damaged {
		t.Errorf("without startxref: %+v", f)
	}
}

func TestExamineBounds(t *testing.T) {
	if _, err := Examine(context.Background(), strings.NewReader("no"), 2); !errors.As(err, new(*Error)) {
		t.Errorf("what is no PDF: %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	b := archival().table(head)
	if _, err := Examine(gone, bytes.NewReader(b), int64(len(b))); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	deep := archival().with(objects{20: xmp(strings.Repeat("<a>", 100_000) + pdfaDesc + ` pdfaid:part="1"/>`)})
	if f := examine(t, deep.table(head)); f.Part != "" {
		t.Errorf("found a claim below a hundred thousand elements: %+v", f)
	}
	ring := archival().with(objects{40: "<</A 41 0 R>>", 41: "[40 0 R 41 0 R]", 1: "<</Type/Catalog/Pages 2 0 R/X 40 0 R>>"})
	examine(t, ring.table(head))
	many := archival()
	for i := range 30 {
		many[50+i] = fmt.Sprintf("<</Type/Font/Subtype/Type1/BaseFont/F%d>>", i)
	}
	refs := ""
	for i := range 30 {
		refs += fmt.Sprintf("/F%d %d 0 R", i, 50+i)
	}
	many[3] = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<<" + refs + ">>>>>>"
	if f := examine(t, many.table(head)); len(f.Unembedded) != maxFontNames {
		t.Errorf("%d fonts are named", len(f.Unembedded))
	}
}

func FuzzExamine(f *testing.F) {
	f.Add(archival().table(head))
	f.Add(plain().streams())
	f.Add(formed().table(head))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := Examine(context.Background(), bytes.NewReader(b), int64(len(b)))
		if err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("not an Error: %v", err)
		}
	})
}

func FuzzClaim(f *testing.F) {
	f.Add([]byte(xmp(pdfaDesc + ` pdfaid:part="1" pdfaid:conformance="B"/>`)))
	f.Add([]byte(xmp(pdfaDesc + `><pdfaid:part>3</pdfaid:part></rdf:Description>`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if part, conformance := claim(b); len(part) > 2 || len(conformance) > 2 {
			t.Errorf("claim %q %q", part, conformance)
		}
	})
}
