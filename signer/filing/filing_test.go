package filing_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"ceralacca/signer"
	"ceralacca/signer/filing"
)

// good is a filing that every rule of the profile is kept by.
func good(t testing.TB, profile string) filing.Filing {
	f := filing.Filing{Format: signer.CAdES, Signer: &filing.Signer{Certificate: certificate(t, nil), Status: filing.StatusGood, Chip: "CNS", Named: []string{"SMPNNA80A41H501Z"}}}
	switch profile {
	case "fatturapa":
		f.Files = []filing.File{file(t, "IT01234567890_00001.xml", invoice)}
	case "pdf-email":
		f.Format = signer.PAdES
		f.Files = []filing.File{file(t, "lettera.pdf", archival(nil))}
	default:
		f.Files = []filing.File{
			file(t, "atto.pdf", archival(nil)), file(t, "bilancio.xbrl", xbrl), file(t, "nota.txt", "una riga\n"),
			file(t, "DISTINTA.pdf", archival(objects{4: stream("BT (D) Tj ET")})),
		}
	}
	return f
}

// quiet are the codes that tell what is good to know of a good filing.
var quiet = []string{"pdfa-claim", "only-attachment"}

func codes(t testing.TB, profile string, f filing.Filing) []string {
	t.Helper()
	found, err := filing.ByID(profile).Run(t.Context(), f, now)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range found {
		for _, a := range filing.Args(x.Code) {
			if x.Args[a] == "" {
				t.Errorf("%s has no %s: %v", x.Code, a, x.Args)
			}
		}
		if !slices.Contains(quiet, x.Code) {
			out = append(out, x.Code)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestGoodFilingsPass(t *testing.T) {
	for _, p := range filing.Profiles() {
		if got := codes(t, p.ID, good(t, p.ID)); len(got) > 0 {
			t.Errorf("%s: %v", p.ID, got)
		}
	}
}

// What is only good to know is told of the files that it concerns.
func TestGoodToKnow(t *testing.T) {
	f := good(t, "registro-imprese")
	f.Files = append(f.Files, file(t, "delega.TIFF", "II*\x00"), file(t, "solo nome.txt", archival(objects{4: stream("BT (E) Tj ET")})))
	found, err := filing.ByID("registro-imprese").Run(t.Context(), f, now)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range found {
		if x.Severity == signer.Info {
			got = append(got, x.Code+" "+f.Files[x.File].Name)
		}
	}
	want := []string{
		"pdfa-claim atto.pdf", "pdfa-claim DISTINTA.pdf", "pdfa-claim solo nome.txt", "only-attachment nota.txt", "only-attachment delega.TIFF",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// swap makes the case of one file that takes the place of the first.
func swap(name, content string) func(testing.TB, *filing.Filing) {
	return func(t testing.TB, f *filing.Filing) { f.Files[0] = file(t, name, content) }
}

func withCertificate(change func(*x509.Certificate)) func(testing.TB, *filing.Filing) {
	return func(t testing.TB, f *filing.Filing) { f.Signer.Certificate = certificate(t, change) }
}

var clientAuth = withCertificate(func(c *x509.Certificate) {
	c.KeyUsage, c.ExtKeyUsage, c.ExtraExtensions = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, nil
	c.Policies = []x509.OID{mustOID("1.3.76.16.2.1")}
})

func mustOID(s string) x509.OID {
	o, err := x509.ParseOID(s)
	if err != nil {
		panic(err)
	}
	return o
}

func openAction(a string) string {
	return archival(objects{1: "<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R/OpenAction " + a + ">>"})
}

const attached = "<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/EF<</F 7 0 R>>>>]>>>>>>"

const mega = 1_000_000

type trial struct {
	name, profile string
	change        func(testing.TB, *filing.Filing)
	want          string // codes, by spaces
}

// TestRules breaks one rule at a time.
func TestRules(t *testing.T) {
	const ri = "registro-imprese"
	seen := map[string]bool{}
	for _, c := range quiet { // see TestGoodToKnow
		seen[c] = true
	}
	for _, c := range slices.Concat(trialsOfFiles(ri), trialsOfSets(ri), trialsOfSigners(ri), trialsOfOthers()) {
		t.Run(c.profile+"/"+c.name, func(t *testing.T) {
			f := good(t, c.profile)
			c.change(t, &f)
			want := strings.Fields(c.want)
			slices.Sort(want)
			if got := codes(t, c.profile, f); !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
			for _, w := range want {
				seen[w] = true
			}
		})
	}
	for _, c := range filing.Codes() {
		if !seen[c] {
			t.Errorf("no trial breaks %s", c)
		}
	}
}

func trialsOfFiles(ri string) []trial {
	return []trial{
		{"script", ri, swap("atto.pdf", openAction("<</S/JavaScript/JS(1)>>")), "active-content"},
		{"script in a page", ri, swap("nota.html", "<html><script>x()</script></html>"), "active-content"},
		{"script in a text is text", ri, swap("nota2.txt", "il tag <script> si scrive\n così"), ""},
		{"attachment", ri, swap("atto.pdf", archival(objects{1: attached})), "attachments"},
		{"attachment in A-3", ri, swap("atto.pdf", archival(objects{1: attached, 6: xmp("3", "B")})), "attachments-allowed pdfa-other-part"},
		{"attachment in A-2", ri, swap("atto.pdf", archival(objects{1: attached, 6: xmp("2", "B")})), "attachments-allowed pdfa-other-part"},
		{"password", ri, swap("atto.pdf", locked()), "encrypted"},
		{"no claim", ri, swap("atto.pdf", archival(objects{6: stream("<x/>")})), "not-pdfa"},
		{"part 2", ri, swap("atto.pdf", archival(objects{6: xmp("2", "U")})), "pdfa-other-part"},
		{"see-through in part 1", ri, swap("atto.pdf", archival(objects{8: "<</Type/ExtGState/ca .5>>"})), "pdfa-contradicted"},
		{"see-through in part 2", ri, swap("atto.pdf", archival(objects{6: xmp("2", "B"), 8: "<</Type/ExtGState/ca .5>>"})), "pdfa-other-part"},
		{"font elsewhere", ri, swap("atto.pdf", archival(objects{5: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"})), "fonts-not-embedded"},
		{"damaged", ri, swap("atto.pdf", strings.Replace(archival(nil), "startxref", "startxxxx", 1)), "pdf-damaged"},
		{"only a head", ri, swap("atto.pdf", "%PDF-1.4\nnothing"), "pdf-damaged"},
		{"saved again", ri, swap("modello.pdf", appended(archival(nil))), "changed-since-made"},
		{"changed later", ri, swap("distinta firmataria.pdf", archival(objects{9: "<</Producer(Acrobat)/CreationDate(D:20261101090000Z)/ModDate(D:20261102090000Z)>>"})), "changed-since-made"},
		{"saved again, not of a portal", ri, swap("atto.pdf", appended(archival(nil))), ""},
		{"signed inside", ri, func(t testing.TB, f *filing.Filing) { f.Files[0] = file(t, "modello.pdf", signedPDF(t)) }, "signed-inside"},
		{"signed already", ri, func(t testing.TB, f *filing.Filing) {
			f.Files[0] = file(t, "atto.pdf.p7m", envelope(t, archival(nil)))
		}, "already-signed"},
		{"signed already, on purpose", ri, func(t testing.TB, f *filing.Filing) {
			f.Files[0] = file(t, "atto.pdf.p7m", envelope(t, archival(nil)))
			f.Files[0].Again = true
		}, ""},
		{"empty", ri, swap("atto.pdf", ""), "empty-file"},
		{"word", ri, swap("atto.docx", "PK\x03\x04 word/document.xml"), "editable-format"},
		{"word with a program", ri, swap("atto.docm", "PK\x03\x04 word/vbaProject.bin"), "editable-format macros"},
		{"old word", ri, swap("atto.doc", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 text"), "editable-format"},
		{"old word with a program", ri, swap("atto.doc", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 _\x00V\x00B\x00A\x00_\x00P\x00R\x00O\x00J\x00E\x00C\x00T\x00"), "editable-format macros"},
		{"archive", ri, swap("tutto.zip", "PK\x03\x04 a.pdf"), "format-unusual"},
		{"photo", ri, swap("foto.png", "\x89PNG\r\n\x1a\n"), "format-unusual"},
		{"scan", ri, swap("foto.tif", "II*\x00"), ""},
		{"broken XML", ri, swap("a.xml", "<?xml version='1.0'?><a><b></a>"), "xml-malformed"},
		{"Latin-1", ri, swap("a.xml", "<?xml version='1.0' encoding='ISO-8859-1'?><a>citt\xe0</a>"), ""},
		{"a character set that is not read", ri, swap("a.xml", "<?xml version='1.0' encoding='Shift_JIS'?><a>x</a>"), ""},
		{"entities of its own", ri, swap("a.xml", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"), ""},
		{"accounts in prose", ri, swap("bilancio2.xbrl", "<bilancio/>"), "xbrl-not-instance"},
		{"accounts with a picture", ri, swap("bilancio2.xbrl", strings.Replace(xbrl, "<xbrl", "<!-- &lt;IMG src='data:'&gt; --><xbrl", 1)), "xbrl-images"},
		{"accounts with CDATA", ri, swap("bilancio2.xbrl", "<!-- <![CDATA[ -->"+xbrl), "xbrl-images"},
		{"a picture elsewhere", ri, swap("a.xml", "<a>&lt;img src=''&gt;</a>"), ""},
		{"a heavy page", ri, swap("atto.pdf", archival(objects{7: stream(strings.Repeat("x", mega))})), "page-heavy"},
		{"a light page", ri, swap("atto.pdf", archival(objects{7: stream(strings.Repeat("x", mega-10_000))})), ""},
		{"name of the accounts", ri, swap("bilancio 2026.xbrl", xbrl+" "), "xbrl-name"},
		{"wrong extension", ri, swap("atto.txt", archival(nil)), "name-extension-wrong"},
		{"no extension", ri, swap("atto", archival(nil)), "name-extension-wrong"},
		{"extension twice", ri, swap("atto.pdf.pdf", archival(nil)), "name-extension-twice"},
		{"two extensions", ri, swap("atto.docx.PDF", archival(nil)), "name-extension-twice"},
		{"a dot in the name", ri, swap("atto n.3.pdf", archival(nil)), ""},
		{"accents", ri, swap("società?.pdf", archival(nil)), "name-characters"},
		{"a sign that addresses use", ri, swap("costi & ricavi.pdf", archival(nil)), "name-characters"},
		{"a number sign", ri, swap("atto #3 100%.pdf", archival(nil)), "name-characters"},
		{"what the advice allows", ri, swap("Atto_n-3 del 2026.pdf", archival(nil)), ""},
		{"long", ri, swap(strings.Repeat("a", 97)+".pdf", archival(nil)), "name-long"},
		{"not long", ri, swap(strings.Repeat("a", 96)+".pdf", archival(nil)), ""},
		{"large", ri, swap("nota2.txt", strings.Repeat("a\n", 5_000_001)), "too-large"},
		{"not large", ri, swap("nota2.txt", strings.Repeat("a\n", 5_000_000)), ""},
		{"not the original", ri, func(t testing.TB, f *filing.Filing) { f.Files[0].Original = [32]byte{1} }, "differs-from-original"},
		{"the original", ri, func(t testing.TB, f *filing.Filing) {
			f.Files[0].Original, _ = f.Files[0].Document.SHA256(t.Context())
		}, ""},
		{"failed by a validator", ri, func(t testing.TB, f *filing.Filing) { f.Files[0].Validated = filing.ValidationFailed }, "pdfa-failed"},
		{"passed by a validator", ri, func(t testing.TB, f *filing.Filing) { f.Files[0].Validated = filing.ValidationPassed }, "pdfa-passed"},
	}
}

func trialsOfSets(ri string) []trial {
	return []trial{
		{"PAdES", ri, func(_ testing.TB, f *filing.Filing) { f.Format = signer.PAdES }, "pades-chosen"},
		{"the same twice", ri, func(t testing.TB, f *filing.Filing) { f.Files[1] = file(t, "copia.pdf", archival(nil)) }, "same-content"},
		{"same name", ri, func(t testing.TB, f *filing.Filing) {
			f.Files[1] = file(t, "ATTO.pdf", archival(objects{4: stream("BT (X) Tj ET")}))
		}, "same-name"},
		{"thirty-one", ri, func(t testing.TB, f *filing.Filing) {
			for len(f.Files) < 31 {
				f.Files = append(f.Files, file(t, strings.Repeat("n", len(f.Files))+".txt", strings.Repeat("riga\n", len(f.Files))))
			}
		}, "too-many"},
	}
}

func trialsOfSigners(ri string) []trial {
	status := func(s filing.Status) func(testing.TB, *filing.Filing) {
		return func(_ testing.TB, f *filing.Filing) { f.Signer.Status = s }
	}
	return []trial{
		{"login certificate", ri, clientAuth, "login-certificate"},
		{"not qualified", ri, withCertificate(func(c *x509.Certificate) { c.ExtraExtensions = nil }), "not-qualified"},
		{"older qualified", ri, withCertificate(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageDigitalSignature }), ""},
		{"expired", ri, withCertificate(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }), "certificate-expired"},
		{"last second", ri, withCertificate(func(c *x509.Certificate) { c.NotAfter = now }), ""},
		{"not yet", ri, withCertificate(func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) }), "certificate-not-yet"},
		{"revoked", ri, status(filing.StatusRevoked), "certificate-revoked"},
		{"suspended", ri, status(filing.StatusSuspended), "certificate-suspended"},
		{"nobody asked", ri, status(filing.StatusUnknown), "revocation-not-known"},
		{"chip", ri, func(_ testing.TB, f *filing.Filing) { f.Signer.Chip = "ID-One CNS V2 su Cosmo V9" }, "chip-withdrawn"},
		{"other chip", ri, func(_ testing.TB, f *filing.Filing) { f.Signer.Chip = "JSign3" }, "chip-withdrawn"},
		{"somebody else", ri, func(_ testing.TB, f *filing.Filing) { f.Signer.Named = []string{"RSSMRA85T10A562S"} }, "other-signer"},
		{"somebody else, elsewhere", "general", func(_ testing.TB, f *filing.Filing) { f.Signer.Named = []string{"RSSMRA85T10A562S"} }, "other-signer"},
		{"nobody named, with a summary", ri, func(_ testing.TB, f *filing.Filing) { f.Signer.Named = nil }, "distinta-signer"},
		{"nobody named, without one", ri, func(t testing.TB, f *filing.Filing) {
			f.Signer.Named, f.Files = nil, f.Files[:3]
		}, ""},
		{"a certificate without a codice fiscale", ri, withCertificate(func(c *x509.Certificate) { c.Subject.SerialNumber = "" }), "signer-no-code"},
		{"one of two", ri, func(_ testing.TB, f *filing.Filing) {
			f.Signer.Named = append(f.Signer.Named, "RSSMRA85T10A562S")
		}, ""},
		{"no card", ri, func(_ testing.TB, f *filing.Filing) { f.Signer = nil }, ""},
	}
}

func trialsOfOthers() []trial {
	const fp = "fatturapa"
	return []trial{
		{"p7m", "pdf-email", func(_ testing.TB, f *filing.Filing) { f.Format = signer.CAdES }, "p7m-chosen"},
		{"text", "pdf-email", swap("nota.txt", "una riga\n"), "not-pdf"},
		{"password", "pdf-email", swap("lettera.pdf", locked()), "pdf-locked"},
		{"large", "pdf-email", swap("lettera.pdf", archival(objects{7: stream(strings.Repeat("x", 20_000_000))})), "size-mail"},
		{"program", "general", swap("atto.pdf", openAction("<</S/Launch/F(x.exe)>>")), "active-content"},
		{"no claim", "general", swap("atto.pdf", archival(objects{6: stream("<x/>")})), ""},
		{"PAdES", fp, func(_ testing.TB, f *filing.Filing) { f.Format = signer.PAdES }, "fattura-pades"},
		{"another document", fp, swap("IT01234567890_00001.xml", xbrl), "fattura-not-invoice"},
		{"PDF", fp, swap("fattura.pdf", archival(nil)), "fattura-name fattura-not-invoice"},
		{"name", fp, swap("fattura 12.xml", invoice), "fattura-name"},
		{"number too long", fp, swap("IT01234567890_000001.xml", invoice), "fattura-name"},
		{"Italian number too short", fp, swap("IT123_00001.xml", invoice), "fattura-name"},
		{"codice fiscale", fp, swap("ITAAABBB99T99X999W_a0B9.xml", invoice), ""},
		{"from abroad", fp, swap("DE12_00001.xml", invoice), ""},
		{"from Ireland", fp, swap("IE1234567T_1.xml", invoice), ""},
		{"signed", fp, swap("IT01234567890_00001.xml", strings.Replace(invoice, "<a/>", `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>`, 1)), "fattura-signed"},
		{"large", fp, swap("IT01234567890_00001.xml", strings.Replace(invoice, "<a/>", "<a>"+strings.Repeat("x", 5_000_000)+"</a>", 1)), "fattura-large"},
		{"private", fp, swap("IT01234567890_00001.xml", strings.Replace(invoice, "FPA12", "FPR12", 1)), "fattura-private"},
		{"twice", fp, func(t testing.TB, f *filing.Filing) {
			f.Files = append(f.Files, file(t, "it01234567890_00001.xml", invoice+" "))
		}, "fattura-name fattura-same-name"},
	}
}

// A rule that is not in force yet, or no longer, is not held against anybody.
func TestRulesHoldSince(t *testing.T) {
	f := good(t, "registro-imprese")
	f.Files[0] = file(t, "atto.pdf", archival(objects{6: stream("<x/>")}))
	f.Signer.Certificate = nil
	for _, c := range []struct {
		at   time.Time
		want bool
	}{{time.Date(2009, 1, 14, 0, 0, 0, 0, time.UTC), false}, {time.Date(2009, 1, 15, 0, 0, 0, 0, time.UTC), true}} {
		found, err := filing.ByID("registro-imprese").Run(t.Context(), f, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(found, func(x filing.Finding) bool { return x.Code == "not-pdfa" }); got != c.want {
			t.Errorf("on %v: %v", c.at, got)
		}
	}
}

// TestTable holds every row to what a person is told of it.
func TestTable(t *testing.T) {
	ids := map[string]bool{}
	for _, p := range filing.Profiles() {
		if ids[p.ID] || filing.ByID(p.ID) == nil {
			t.Errorf("profile %s", p.ID)
		}
		ids[p.ID] = true
		for _, c := range p.Checks {
			u, err := url.Parse(c.Source.URL)
			if c.Source.Who == "" || err != nil || c.Source.URL != "" && (u.Scheme != "https" || u.Host == "") {
				t.Errorf("%s %s: source %+v", p.ID, c.Code, c.Source)
			}
			if c.Source.URL != "" && c.Source.What == "" || c.Source.Read.After(now) {
				t.Errorf("%s %s: source %+v", p.ID, c.Code, c.Source)
			}
		}
	}
	if filing.ByID("nobody") != nil {
		t.Error("a profile of no name")
	}
}

func TestRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := filing.ByID("registro-imprese").Run(ctx, good(t, "registro-imprese"), now); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	d, err := signer.Open("a.xml", &shrunk{"<a>" + strings.Repeat("<b/>", 100_000)}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filing.ByID("registro-imprese").Run(t.Context(), filing.Filing{Files: []filing.File{{Name: "a.xml", Document: d}}}, now); err != nil {
		t.Errorf("a file that has shrunk: %v", err)
	}
}

// shrunk reads less than was announced.
type shrunk struct{ s string }

func (s *shrunk) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader([]byte(s.s)).ReadAt(p, off)
}

// Whatever the bytes are, each profile comes to an end without an error.
func FuzzRun(f *testing.F) {
	for _, s := range []string{archival(nil), appended(archival(nil)), locked(), xbrl, invoice, "PK\x03\x04", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ""} {
		f.Add("a.pdf", s)
	}
	f.Fuzz(func(t *testing.T, name, s string) {
		d, err := signer.Open(name, strings.NewReader(s), int64(len(s)))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range filing.Profiles() {
			found, err := p.Run(t.Context(), filing.Filing{Files: []filing.File{{Name: name, Document: d}}}, now)
			if err != nil {
				t.Errorf("%s: %v", p.ID, err)
			}
			for _, x := range found {
				for k, v := range x.Args {
					if len(v) > 4096+len(name) {
						t.Errorf("%s: %d bytes of %s", x.Code, len(v), k)
					}
				}
			}
		}
	})
}
