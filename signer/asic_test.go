package signer_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ceralacca/signer"
	"ceralacca/signer/internal/asic"
	"ceralacca/signer/internal/tsp"
	"ceralacca/signer/trust"
)

// entry is a file of a container, in its order.
type entry struct {
	name string
	body []byte
}

func container(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Store})
		if err == nil {
			_, err = f.Write(e.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// listOf is a manifest of EN 319 162-1 §A.4 for the signature or time-stamp by over the entries.
func listOf(by string, over ...entry) []byte {
	m := `<ASiCManifest xmlns="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><SigReference URI="` + by + `"/>`
	for _, e := range over {
		sum := sha256.Sum256(e.body)
		m += fmt.Sprintf(`<DataObjectReference URI="%s"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>`+
			`<ds:DigestValue>%s</ds:DigestValue></DataObjectReference>`, e.name, base64.StdEncoding.EncodeToString(sum[:]))
	}
	return []byte(m + `</ASiCManifest>`)
}

// signedParts are the parts of a container with one document, signed at level LT, and the services behind it, whose next
// time-stamp is of a later day.
func signedParts(t *testing.T) (s *services, mime, data, list, sig entry) {
	t.Helper()
	s = newServices(t)
	s.first, s.stamp = s.authority(t, 1, s.srv.URL+"/crl"), s.authority(t, 5)
	const p7s = "META-INF/signature001.p7s"
	mime, data = entry{"mimetype", []byte(asic.MIMEExtended)}, entry{"a.txt", []byte("Io sottoscritto")}
	list = entry{"META-INF/ASiCManifest001.xml", listOf(p7s, data)}
	o := s.options(t, signer.CAdES, signer.LevelLT)
	o.Detached = true
	sig = entry{p7s, sign(t, list.body, s.key(t), o)}
	s.first = nil
	return s, mime, data, list, sig
}

// The time-stamp of a container preserves the signatures that its manifest lists, and no others.
func TestContainerArchive(t *testing.T) {
	s, mime, data, list, sig := signedParts(t)
	const tst = "META-INF/timestamp001.tst"
	stamp := func(archive entry) entry {
		tok, err := tsp.Parse(s.stampOf(t, archive.body))
		if err != nil {
			t.Fatal(err)
		}
		return entry{tst, tok.Raw}
	}
	whole := entry{"META-INF/ASiCArchiveManifest001.xml", listOf(tst, data, list, sig)}
	other := entry{whole.name, listOf(tst, data, list)}
	wrong := entry{whole.name, listOf(tst, data, list, entry{sig.name, []byte("x")})}
	for _, c := range []struct {
		name  string
		zip   []byte
		stamp signer.Integrity
		want  signer.SubIndication
		level string
	}{
		{"archived", container(t, mime, data, list, sig, whole, stamp(whole)), signer.Intact, "", "B-LTA"},
		{"not archived", container(t, mime, data, list, sig), -1, signer.SubIndication(trust.OutOfBoundsNoPOE), "B-LT"},
		{"archive of the document alone", container(t, mime, data, list, sig, other, stamp(other)), signer.Intact, signer.SubIndication(trust.OutOfBoundsNoPOE), "B-LT"},
		{"archive of another signature", container(t, mime, data, list, sig, wrong, stamp(wrong)), signer.Broken, signer.SubIndication(trust.OutOfBoundsNoPOE), "B-LT"},
	} {
		v := offline()
		v.Now = func() time.Time { return now.AddDate(2, 0, 1) }
		seen := signer.Integrity(-1)
		for _, g := range verify(t, c.zip, v).Signatures {
			switch {
			case g.Stamp == signer.StampFile:
				seen = g.Integrity
			case g.Stamp == "" && (g.SubIndication != c.want || g.Integrity != signer.Intact || g.Proven.Equal(now) != (c.want == "") || g.Level != c.level):
				t.Errorf("%s: %v %s, %s, proven %v (%s)", c.name, g.Indication, g.SubIndication, g.Level, g.Proven, codes(g))
			}
		}
		if seen != c.stamp {
			t.Errorf("%s: the time-stamp is %v", c.name, seen)
		}
	}
}

// A container is one although the first file in it is a PDF.
func TestContainerOfPDF(t *testing.T) {
	pdf := entry{"a.pdf", []byte("%PDF-1.7")}
	for kind, entries := range map[signer.Kind][]entry{
		signer.ASiC: {{"mimetype", []byte(asic.MIMEExtended)}, pdf},
		signer.PDF:  {pdf, {"b.txt", nil}},
	} {
		if got := open(t, "f", container(t, entries...)).Kind(); got != kind {
			t.Errorf("kind %d, want %d", got, kind)
		}
	}
}

// Files that somebody put into a container beside the signed ones are named, and the signature covers not all of it.
func TestFilesNobodySigned(t *testing.T) {
	dir := shared(t, "corpus", "files")
	for name, extra := range map[string]string{
		"dss-asic/onefile-too-much-files.asice":      "cef-portal-esig.png",
		"digidoc-asic/extra_file_in_container.asice": "AdditionalFile.txt",
		"dss-asic/onefile-ok.asice":                  "",
	} {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		s := verify(t, b, signer.VerifyOptions{}).Signatures[0]
		i := slices.IndexFunc(s.Findings, func(f signer.Finding) bool { return f.Code == "file-not-signed" })
		if (i >= 0) != (extra != "") || i >= 0 && s.Findings[i].Args["name"] != extra || s.CoversWholeFile != (extra == "") {
			t.Errorf("%s: covers all %v (%s)", name, s.CoversWholeFile, codes(s))
		}
	}
}

// What EU DSS fails for its form or for what it is not over, we fail too, by the same sub-indication.
func TestFailedAsEUDSSHasIt(t *testing.T) {
	dir := shared(t, "corpus", "files")
	for name, want := range map[string][]outcome{
		"dss-xades/xades-fake-counter-signature.xml":                                   {"!HASH_FAILURE"},
		"digidoc-asic/KS-19_IB-3721_bdoc21-TM-2fil-samename-1sig3.bdoc":                {"!FORMAT_FAILURE"},
		"dss-asic/xades-lta-with-er-no-hashtree.scs":                                   {"!HASH_FAILURE"}, // the record is not over the data object
		"dss-asic/xades-lta-with-er-no-hashtree.sce":                                   nil,
		"dss-asic/er-no-hashtree-xml-with-manifest.scs":                                nil,
		"dss-asic/er-asn1-full-renewal-with-invalid-manifest.asice":                    {"!HASH_FAILURE"},
		"digidoc-asic/2xTST-datafile-with-space-plusencoded-in-archive-manifest.asics": nil,
	} {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		var failed []outcome
		for _, s := range verify(t, b, offline()).Signatures {
			if s.Indication == signer.TotalFailed {
				failed = append(failed, outcomeOf(s))
			}
		}
		if !slices.Equal(failed, want) {
			t.Errorf("%s: %q, want %q", name, failed, want)
		}
	}
}

// Of two elements with the ID that a signature names nobody can tell which was signed.
func TestDuplicateID(t *testing.T) {
	doc := `<r><a Id="x"/><b Id="x"/><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>` +
		`<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod Algorithm="urn:unknown"/>` +
		`<Reference URI="#x"><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue>AAAA</DigestValue></Reference>` +
		`</SignedInfo><SignatureValue>AAAA</SignatureValue></Signature></r>`
	s := verify(t, []byte(doc), offline()).Signatures[0]
	if outcomeOf(s) != "!FORMAT_FAILURE" {
		t.Errorf("%v %s (%s)", s.Indication, s.SubIndication, codes(s))
	}
}
