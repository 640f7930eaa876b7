package signer_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ceralacca/signer"
)

// signedPDF is a PDF with one signature of its own.
func signedPDF(t testing.TB) []byte {
	return sign(t, plainPDF(""), testPKI().key(t, "P-256", nil), signer.Options{Format: signer.PAdES})
}

// lineage tells the signatures as "id<parent format".
func lineage(r *signer.Report) string {
	var all []string
	for _, s := range r.Signatures {
		all = append(all, fmt.Sprintf("%s<%s %d", s.ID, s.Parent, s.Format))
	}
	return strings.Join(all, ", ")
}

// The signatures of a PDF inside a p7m are told below that of the p7m, and a change to either is told of both.
func TestSignedPDFInside(t *testing.T) {
	pdf := signedPDF(t)
	p7m := sign(t, pdf, testPKI().key(t, "RSA-2048", nil), signer.Options{Format: signer.CAdES})
	r := verify(t, p7m, trusting())
	if got, want := lineage(r), fmt.Sprintf("1< %d, 1.1<1 %d", signer.CAdES, signer.PAdES); got != want || r.Format != signer.CAdES {
		t.Fatalf("format %v, signatures %s, want %s", r.Format, got, want)
	}
	for _, s := range r.Signatures {
		if s.Indication != signer.TotalPassed {
			t.Errorf("%s: %v %s (%s)", s.ID, s.Indication, s.SubIndication, codes(s))
		}
	}
	if fmt.Sprint(r.Notes) != "[nested]" {
		t.Errorf("notes %v", r.Notes)
	}
	bad := bytes.Clone(p7m)
	at := bytes.Index(bad, []byte("%PDF-")) + 6
	bad[at] ^= 1
	for _, s := range verify(t, bad, trusting()).Signatures {
		if s.Integrity != signer.Broken {
			t.Errorf("changed: %s is %v", s.ID, s.Integrity)
		}
	}
	plain := verify(t, sign(t, plainPDF(""), testPKI().key(t, "P-256", nil), signer.Options{Format: signer.CAdES}), trusting())
	if len(plain.Signatures) != 1 || len(plain.Notes) != 0 {
		t.Errorf("unsigned PDF inside: %s, notes %v", lineage(plain), plain.Notes)
	}
}

// Base64 around base64, as mail gateways produce it.
func TestBase64Twice(t *testing.T) {
	b := sign(t, []byte("ciao"), testPKI().key(t, "P-256", nil), signer.Options{})
	for range 2 {
		b = []byte(base64.StdEncoding.EncodeToString(b))
	}
	r := verify(t, b, trusting())
	if len(r.Signatures) != 1 || r.Signatures[0].Indication != signer.TotalPassed || fmt.Sprint(r.Notes) != "[base64 base64]" && fmt.Sprint(r.Notes) != "[base64]" {
		t.Errorf("notes %v, signatures %+v", r.Notes, r.Signatures)
	}
}

// envelope is a signed message as providers of certified mail write it, with p7m attached; content is its signed part.
func envelope(t testing.TB, p7m []byte) (mail, content string) {
	content = "Content-Type: multipart/mixed; boundary=\"inner\"\r\n\r\n--inner\r\nContent-Type: text/plain\r\n\r\nciao\r\n" +
		"--inner\r\nContent-Type: message/rfc822; name=\"postacert.eml\"\r\n\r\n" +
		"From: a@example.it\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=deep\r\n\r\n--deep\r\n" +
		"Content-Type: application/pkcs7-mime; name=\"=?utf-8?q?perch=C3=A9.p7m?=\"\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=\"../perche.p7m\"\r\n\r\n" +
		base64.StdEncoding.EncodeToString(p7m) + "\r\n--deep--\r\n--inner--\r\n"
	sig := sign(t, []byte(content), testPKI().key(t, "RSA-2048", nil), signer.Options{Detached: true})
	return "From: posta-certificata@example.it\r\nSubject: prova\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed;\r\n" +
		" protocol=\"application/x-pkcs7-signature\"; micalg=sha-256; boundary=\"outer\"\r\n\r\n--outer\r\n" + content +
		"\r\n--outer\r\nContent-Type: application/x-pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString(sig) + "\r\n--outer--\r\n", content
}

func TestMail(t *testing.T) {
	mail, _ := envelope(t, sign(t, []byte("ordine"), testPKI().key(t, "P-256", nil), signer.Options{}))
	for name, m := range map[string]string{"CRLF": mail, "LF": strings.ReplaceAll(mail, "\r\n", "\n")} {
		r := verify(t, []byte(m), trusting())
		if got, want := lineage(r), fmt.Sprintf("1< %d, 1.1<1 %d", signer.CAdES, signer.CAdES); got != want {
			t.Fatalf("%s: %s, want %s", name, got, want)
		}
		for _, s := range r.Signatures {
			if s.Indication != signer.TotalPassed {
				t.Errorf("%s: %s: %v %s (%s)", name, s.ID, s.Indication, s.SubIndication, codes(s))
			}
		}
		last := r.Signatures[1].Findings
		if f := last[len(last)-1]; f.Code != "attachment" || f.Args["name"] != "perche.p7m" {
			t.Errorf("%s: %+v", name, f)
		}
	}
	for name, c := range map[string]struct {
		mail string
		want signer.Integrity
	}{
		"text changed":  {strings.Replace(mail, "ciao", "caio", 1), signer.Broken},
		"no signature":  {mail[:strings.LastIndex(mail, "--outer\r\n")], -1},
		"cut signature": {mail[:len(mail)-200], signer.IntegrityUnknown},
	} {
		r := verify(t, []byte(c.mail), trusting())
		got := signer.Integrity(-1)
		if len(r.Signatures) > 0 && r.Signatures[0].Parent == "" {
			got = r.Signatures[0].Integrity
		}
		if c.want >= 0 && got != c.want {
			t.Errorf("%s: %v, want %v, notes %v", name, got, c.want, r.Notes)
		}
		if c.want < 0 && (len(r.Signatures) != 1 || !strings.Contains(fmt.Sprint(r.Notes), "mail-damaged")) {
			t.Errorf("%s: %s, notes %v", name, lineage(r), r.Notes)
		}
	}
}

// An M7M holds an envelope and a time-stamp over it, which proves its time; one over something else proves nothing.
func TestM7M(t *testing.T) {
	s := newServices(t)
	s.stamp = s.authority(t, 5)
	p7m := sign(t, []byte("ordine"), s.key(t), s.options(t, signer.CAdES, signer.LevelB))
	b64 := base64.StdEncoding.EncodeToString
	for name, c := range map[string]struct {
		over []byte
		want time.Time
	}{"its own": {p7m, now}, "of another": {[]byte("altro"), time.Time{}}} {
		m7m := "Content-Type: multipart/mixed; boundary=\"x\"\r\n\r\n--x\r\nContent-Type: application/pkcs7-mime; name=\"ordine.p7m\"\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n" + b64(p7m) + "\r\n--x\r\nContent-Type: application/timestamp-reply; name=\"ordine.tsr\"\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n" + b64(s.stampOf(t, c.over)) + "\r\n--x--\r\n"
		d := open(t, "ordine.m7m", []byte(m7m))
		if d.Kind() != signer.Mail {
			t.Fatalf("kind %d", d.Kind())
		}
		o := offline()
		o.Now = clock
		r, err := signer.Verify(t.Context(), d, o)
		if err != nil || len(r.Signatures) != 2 {
			t.Fatalf("%s: %v %+v", name, err, r)
		}
		i := slices.IndexFunc(r.Signatures, func(g signer.Signature) bool { return g.Format == signer.CAdES })
		if g := r.Signatures[i]; !g.Proven.Equal(c.want) || g.Integrity != signer.Intact {
			t.Errorf("%s: proven %v, %v (%s)", name, g.Proven, g.Integrity, codes(g))
		}
	}
}

// Messages that only look harmless: bounds on depth and number of parts.
func TestHostileMail(t *testing.T) {
	head := "From: a@example.it\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
	for name, m := range map[string]string{
		"message in message": head + "\r\n" + strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 10_000),
		"many parts":         head + "Content-Type: multipart/mixed; boundary=a\r\n\r\n" + strings.Repeat("--a\r\n\r\nx\r\n", 100_000),
		"no boundary":        head + "Content-Type: multipart/signed\r\n\r\nx",
		"empty parts":        head + "Content-Type: multipart/signed; boundary=a\r\n\r\n--a\r\n--a\r\n--a--\r\n",
		"long header":        head + "X: " + strings.Repeat(" a\r\n", 1<<20) + "\r\n",
		"long part header":   head + "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nX: " + strings.Repeat(" a\r\n", 1<<20) + "\r\n--a--",
		"bad base64":         head + "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB!!!!",
	} {
		for _, s := range verify(t, []byte(m), trusting()).Signatures {
			if s.Integrity == signer.Intact {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// Certified mail of the corpus: openssl and we agree on the envelope.
func TestMailCorpus(t *testing.T) {
	dir := shared(t, "corpus")
	n := 0
	for _, m := range manifest(t, filepath.Join(dir, "MANIFEST.tsv")) {
		if m["format"] != "S/MIME(PEC)" {
			continue
		}
		n++
		b, err := os.ReadFile(filepath.Join(dir, "files", m["file"]))
		if err != nil {
			t.Fatal(err)
		}
		want := signer.Intact
		if m["expected_overall"] == "FAIL" {
			want = signer.Broken
		}
		r := verify(t, b, signer.VerifyOptions{})
		if len(r.Signatures) == 0 || r.Signatures[0].Integrity != want {
			t.Errorf("%s: %+v, want %v", m["file"], r.Signatures, want)
		}
	}
	t.Logf("%d messages agree", n)
}

func FuzzMail(f *testing.F) {
	m, _ := envelope(f, sign(f, []byte("ordine"), testPKI().key(f, "P-256", nil), signer.Options{}))
	f.Add([]byte(m))
	f.Add([]byte("From: a\nTo: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n--x--"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=x\n\n--x\n\nMAA=\n--x\nContent-Transfer-Encoding: base64\n\nMAMCAQA=\n--x--"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := signer.Verify(t.Context(), open(t, "f.eml", b), signer.VerifyOptions{Trust: sharedStore()})
		if err != nil {
			return
		}
		for _, s := range r.Signatures {
			if s.Indication == signer.TotalPassed {
				t.Error("passes without an anchor")
			}
		}
	})
}

// An XML signature inside a p7m is told too; an invoice without one costs nothing and changes nothing.
func TestXMLInside(t *testing.T) {
	for name, b := range corpusFiles(t, "XAdES", 20_000, 3) {
		p7m := sign(t, b, testPKI().key(t, "P-256", nil), signer.Options{})
		r := verify(t, p7m, trusting())
		if len(r.Signatures) < 2 || r.Signatures[1].Parent != "1" || r.Signatures[1].Integrity != signer.Intact {
			t.Errorf("%s: %s", name, lineage(r))
		}
	}
	r := verify(t, sign(t, []byte("<a>fattura</a>"), testPKI().key(t, "P-256", nil), signer.Options{}), trusting())
	if len(r.Signatures) != 1 || len(r.Notes) != 0 {
		t.Errorf("plain XML: %s, notes %v", lineage(r), r.Notes)
	}
}

// Several originals are found by name, and a signature over a list of files of which none is at hand does not pass.
func TestSeveralOriginals(t *testing.T) {
	dir := filepath.Join(shared(t, "corpus"), "files")
	b, err := os.ReadFile(filepath.Join(dir, "dss-xades", "xades-tampered-manifest.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if s := verify(t, b, signer.VerifyOptions{}).Signatures[0]; s.Indication == signer.TotalPassed {
		t.Errorf("without originals: %+v", s)
	}
	o := signer.VerifyOptions{Contents: map[string]*io.SectionReader{}}
	for _, name := range []string{"sample.png", "sample.txt", "sample.xml"} {
		c, err := os.ReadFile(filepath.Join(dir, "_content", name))
		if err != nil {
			t.Fatal(err)
		}
		o.Contents[name] = io.NewSectionReader(bytes.NewReader(c), 0, int64(len(c)))
	}
	if s := verify(t, b, o).Signatures[0]; s.Integrity != signer.Broken {
		t.Errorf("with originals: %v %s (%s)", s.Integrity, s.SubIndication, codes(s))
	}
}
