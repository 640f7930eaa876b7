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

// What a field demands of its signature is kept or refused; what it proposes binds nobody (ISO 32000-2 table 237).
func TestSeedValues(t *testing.T) {
	reason, stamped := Options{Reason: "Approvo"}, Options{Stamped: true}
	for _, c := range []struct {
		sv   string
		o    Options
		want string // the entry that is told
	}{
		{"", Options{}, ""},
		{"/Ff 0/Filter/Entrust/SubFilter[/adbe.pkcs7.sha1]/V 9/Reasons[(x)]/DigestMethod[(MD5)]", Options{}, ""},
		{"/Ff 1/Filter/Adobe.PPKLite", Options{}, ""},
		{"/Ff 1/Filter/Entrust.PPKEF", Options{}, "Filter"},
		{"/Ff 2/SubFilter[/adbe.pkcs7.detached/ETSI.CAdES.detached]", Options{}, ""},
		{"/Ff 2/SubFilter[/adbe.pkcs7.detached]", Options{}, "SubFilter"},
		{"/Ff 4/V 3", Options{}, ""},
		{"/Ff 4/V 4", Options{}, "V"},
		{"/Ff 8/Reasons[(Visto)(Approvo)]", reason, ""},
		{"/Ff 8/Reasons[(Visto)(Approvo)]", Options{}, "Reasons"},
		{"/Ff 8/Reasons[(Visto)]", reason, "Reasons"},
		{"/Ff 8/Reasons[(.)]", Options{}, ""},
		{"/Ff 8/Reasons[(.)]", reason, "Reasons"},
		{"/Ff 8/Reasons[]", reason, "Reasons"},
		{"/Reasons[(Visto)]", reason, ""},
		{"/Ff 16/LegalAttestation[(x)]", Options{}, "LegalAttestation"},
		{"/Ff 32/AddRevInfo true", Options{}, "AddRevInfo"},
		{"/Ff 32/AddRevInfo false", Options{}, ""},
		{"/Ff 64/DigestMethod[(SHA1)(SHA256)]", Options{}, ""},
		{"/Ff 64/DigestMethod[(SHA512)]", Options{}, "DigestMethod"},
		{"/Ff 128/LockDocument/true", Options{}, "LockDocument"},
		{"/Ff 128/LockDocument/auto", Options{}, ""},
		{"/Ff 256/AppearanceFilter(x)", Options{}, "AppearanceFilter"},
		{"/MDP<</P 0>>", Options{}, ""},
		{"/MDP<</P 2>>", Options{}, "MDP"},
		{"/Cert<</Ff 2/Issuer[(x)]>>", Options{}, "Cert"},
		{"/Cert<</Issuer[(x)]>>", Options{}, ""},
		{"/TimeStamp<</URL(http://tsa.example)/Ff 1>>", Options{}, "TimeStamp"},
		{"/TimeStamp<</URL(http://tsa.example)/Ff 1>>", stamped, ""},
		{"/TimeStamp<</URL(http://tsa.example)/Ff 0>>", Options{}, ""},
	} {
		in := formed().with(objects{8: strings.Replace(formed()[8], "/F 4", "/F 4/SV<</Type/SV"+c.sv+">>", 1)}).table(head)
		c.o.Field = "Firma"
		_, err := Prepare(context.Background(), bytes.NewReader(in), int64(len(in)), c.o)
		if c.want == "" && err != nil || c.want != "" && (refusal(err) != SeedValue || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.sv, err, c.want)
		}
	}
}

// Each revision has an identifier of its own, behind the one of the document (ISO 32000-1 §14.4).
func TestFileIdentifier(t *testing.T) {
	ids := func(b []byte) []string {
		f := mustOpen(t, b)
		var out []string
		for _, o := range f.array(f.trailer["ID"]) {
			out = append(out, fmt.Sprintf("%x", o.(str).b))
		}
		return out
	}
	first := signed(t, plain().table(head), Options{})
	second := signed(t, first, Options{})
	a, b := ids(first), ids(second)
	if a[0] != "0102" || b[0] != "0102" || a[1] == "0304" || b[1] == a[1] || len(a[1]) != 32 {
		t.Errorf("was 0102 0304, then %v, %v", a, b)
	}
	if got := ids(signed(t, plain().streams(), Options{})); got != nil {
		t.Errorf("a file without an identifier has got %v", got)
	}
}

// A list of annotations that two pages share gets the widget for one of them alone, and no field takes the name of a
// group of fields.
func TestNewField(t *testing.T) {
	in := plain().with(objects{
		1: "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[8 0 R]>>>>",
		2: "<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2/MediaBox[0 0 595 842]>>",
		3: "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots 7 0 R>>",
		6: "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots 7 0 R>>",
		7: "[<</Type/Annot/Subtype/Text/Rect[0 0 9 9]>>]",
		8: "<</T(Signature1)/Kids[9 0 R]>>",
		9: "<</T(a)/FT/Tx/Parent 8 0 R>>",
	}).table(head)
	out := signed(t, in, Options{Appearance: &Appearance{Page: 2, Rect: [4]float64{10, 10, 200, 60}, Lines: []string{"ADA"}, Font: testFont()}})
	f := mustOpen(t, out)
	var counts []int
	f.pages(func(_ int, _ object, d, _ dict) bool { counts = append(counts, len(f.array(d["Annots"]))); return true })
	if !slices.Equal(counts, []int{1, 2}) {
		t.Errorf("annotations by page: %v", counts)
	}
	var names []string
	for _, fd := range f.fields() {
		names = append(names, fd.full)
	}
	if !slices.Equal(names, []string{"Signature1.a", "Signature2"}) {
		t.Errorf("fields %q", names)
	}
}

// A file with as many revisions as we read takes no more: the signed one could not be read back.
func TestTooManyRevisions(t *testing.T) {
	in := plain().table(head)
	start := bytes.LastIndex(in, []byte("\nxref\n")) + 1
	for range maxSections - 2 {
		at := len(in)
		in = fmt.Appendf(in, "xref\n0 0\ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", start, at)
		start = at
	}
	out := signed(t, in, Options{})
	mustScan(t, out)
	var e *Error
	if _, err := Prepare(t.Context(), bytes.NewReader(out), int64(len(out)), Options{}); !errors.As(err, &e) || e.Kind != TooComplex {
		t.Errorf("got %v", err)
	}
}
