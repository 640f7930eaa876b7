package app

import (
	"strings"
	"testing"

	"ceralacca/app/lang"
	"ceralacca/assets"
)

// TestCertificateFields tells both certificates of the practice card whole, in every language.
func TestCertificateFields(t *testing.T) {
	e, err := New(Config{Dir: t.TempDir(), Assets: assets.FS}).WithPractice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.Inspect(t.Context(), slotOf(t, e))
	if err != nil {
		t.Fatal(err)
	}
	common := "subject fiscal-code issuer serial serial-dec not-before not-after key key-usage policy notice ski aki signature-algorithm version sha256 sha1"
	want := map[CertUse]string{ForSigning: common + " qc qc-type qc-retention", ForLogin: common + " extended-usage"}
	for _, tag := range lang.Languages {
		words, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Certificates {
			x := &c.Certificates[i]
			got := map[string]bool{}
			for _, f := range x.Fields(words) {
				got[f.Name] = true
				if f.Label == "" || f.Value == "" || strings.ContainsAny(f.Label+f.Value, "[]{}") {
					t.Errorf("%s %s: %+v", tag, x.ID, f)
				}
				if m := x.Mask(f.Value); strings.Contains(m, x.FiscalCode) || f.Name == "subject" && m == f.Value {
					t.Errorf("%s: the codice fiscale stands in %q", f.Name, m)
				}
			}
			for _, name := range strings.Fields(want[x.Use]) {
				if !got[name] {
					t.Errorf("%s %s lacks %s", tag, x.ID, name)
				}
			}
		}
	}
	if f := (&Certificate{DER: []byte("no certificate")}).Fields(tongues(t)[0]); f != nil {
		t.Errorf("of no certificate: %v", f)
	}
	if s := (&Certificate{}).Mask("ANNA"); s != "ANNA" {
		t.Errorf("without a codice fiscale: %q", s)
	}
}

// TestPlainNamesHaveWords: each identifier that has a plain name has words for it.
func TestPlainNamesHaveWords(t *testing.T) {
	for _, tag := range lang.Languages {
		words, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		for id, name := range plainNames {
			found := false
			for _, kind := range []string{"usage", "eku", "policy", "type"} {
				found = found || words.Has("cert."+kind+"."+name)
			}
			if !found {
				t.Errorf("%s: no words for %s (%s)", words.Tag(), id, name)
			}
		}
	}
}
