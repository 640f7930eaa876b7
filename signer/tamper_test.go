package signer_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ceralacca/signer"
	"ceralacca/signer/internal/tsp"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// reported are the signatures of b. A change can make a file one that is not judged at all.
func reported(t *testing.T, b []byte, o signer.VerifyOptions) []signer.Signature {
	t.Helper()
	if o.Now == nil {
		o.Now = clock
	}
	r, err := signer.Verify(context.Background(), open(t, "f", b), o)
	if unsupported := (*signer.UnsupportedError)(nil); errors.As(err, &unsupported) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return r.Signatures
}

// passes gives the signatures of b that pass.
func passes(t *testing.T, b []byte, o signer.VerifyOptions) []signer.Signature {
	t.Helper()
	return slices.DeleteFunc(reported(t, b, o), func(s signer.Signature) bool { return s.Indication != signer.TotalPassed })
}

// change is b with the byte at i changed, a letter to another letter so that text stays text.
func change(b []byte, i int) []byte {
	bad := bytes.Clone(b)
	switch c := bad[i]; {
	case c >= 'a' && c < 'z', c >= 'A' && c < 'Z', c >= '0' && c < '9':
		bad[i]++
	default:
		bad[i] ^= 1 << (i % 8)
	}
	return bad
}

// byteRange is how a PDF says what is signed.
var byteRange = regexp.MustCompile(`/ByteRange ?\[ *(\d+) +(\d+) +(\d+) +(\d+) *\]`)

// A PDF whose signed bytes changed never passes, wherever the change is.
func TestTamperPDF(t *testing.T) {
	b := signedPDF(t)
	if len(passes(t, b, trusting())) != 1 {
		t.Fatal("the file itself does not pass")
	}
	m := byteRange.FindSubmatch(b)
	if m == nil {
		t.Fatal("no ByteRange")
	}
	n := [4]int{}
	for i := range n {
		n[i], _ = strconv.Atoi(string(m[i+1]))
	}
	gap := 0
	for i := 0; i < len(b); i++ {
		inside := i < n[1] || i >= n[2]
		if !inside && i%101 != 0 { // most of the gap is padding
			continue
		}
		if len(passes(t, change(b, i), trusting())) == 0 {
			continue
		}
		if inside {
			t.Errorf("byte %d of %d passes", i, len(b))
		}
		gap++
	}
	t.Logf("%d changes in the gap leave the signed document as it was", gap)
}

// trustingAll are options under which the good signatures of a corpus file pass: each signer is believed, at the time
// that it claims.
func trustingAll(t *testing.T, b []byte) (signer.VerifyOptions, bool) {
	t.Helper()
	o := signer.VerifyOptions{Now: time.Now}
	r, err := signer.Verify(t.Context(), open(t, "f", b), o)
	if err != nil || len(r.Signatures) != 1 {
		return o, false
	}
	s := r.Signatures[0]
	if s.Signer == nil || s.Signer.X509 == nil || s.Claimed.IsZero() {
		return o, false
	}
	o.Anchors, o.At = []*x509.Certificate{s.Signer.X509}, s.Claimed
	return o, len(passes(t, b, o)) == 1
}

// corpusFiles gives up to n files of a format that are meant to pass and do.
func corpusFiles(t *testing.T, format string, maxSize, n int) map[string][]byte {
	t.Helper()
	dir := shared(t, "corpus")
	out := map[string][]byte{}
	for _, m := range manifest(t, filepath.Join(dir, "MANIFEST.tsv")) {
		if m["format"] != format || m["expected_overall"] != "PASS" || m["detached_content"] != "" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, "files", m["file"]))
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > maxSize {
			continue
		}
		if _, ok := trustingAll(t, b); ok {
			out[m["file"]] = b
		}
		if len(out) == n {
			break
		}
	}
	if len(out) == 0 {
		t.Fatal("no file of the corpus passes")
	}
	return out
}

// small is the size up to which every byte of a corpus file is changed; of a larger one some four hundred are.
const small = 6_000

func step(b []byte) int {
	if len(b) <= small {
		return 1
	}
	return 1 + len(b)/400
}

// unsignedXML is what canonicalisation drops: comments and the declaration.
var unsignedXML = regexp.MustCompile(`(?s)<!--.*?-->|<\?xml.*?\?>`)

// sameXML tells whether two documents differ at most in what canonicalisation drops, as encoding/xml reads them.
func sameXML(a, b []byte) bool {
	tokens := func(doc []byte) string {
		var all strings.Builder
		d := xml.NewDecoder(bytes.NewReader(doc))
		d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
		for depth := 0; ; {
			token, err := d.RawToken()
			if err != nil {
				if err != io.EOF {
					fmt.Fprint(&all, err)
				}
				return all.String()
			}
			switch token := token.(type) {
			case xml.StartElement:
				depth++
				slices.SortFunc(token.Attr, func(a, b xml.Attr) int { return strings.Compare(a.Name.Space+a.Name.Local, b.Name.Space+b.Name.Local) })
				fmt.Fprintf(&all, "<%v", token)
			case xml.EndElement:
				depth--
				fmt.Fprintf(&all, "</%v", token)
			case xml.CharData:
				if depth > 0 {
					fmt.Fprintf(&all, "%q", token)
				}
			case xml.ProcInst:
				if token.Target != "xml" {
					fmt.Fprintf(&all, "<?%v", token)
				}
			}
		}
	}
	return tokens(a) == tokens(b)
}

// No byte of an XML document changes under a signature that passes, but in what canonicalisation drops or nobody signs.
// What passes has the same signer and the same date.
func TestTamperXML(t *testing.T) {
	for name, b := range corpusFiles(t, "XAdES", 20_000, 25) {
		o, _ := trustingAll(t, b)
		good := passes(t, b, o)[0]
		if !good.CoversWholeFile {
			continue
		}
		start, end := signatureSpan(b)
		free := unsignedXML.FindAllIndex(b, -1)
		harmless, tried := 0, 0
		for i := 0; i < len(b); i += step(b) {
			tried++
			bad := change(b, i)
			got := passes(t, bad, o)
			if len(got) == 0 {
				continue
			}
			harmless++
			if !sameSigner(got[0].Signer, good.Signer) || !got[0].Claimed.Equal(good.Claimed) {
				t.Errorf("%s: byte %d: passes with another signer or date: %q", name, i, around(b, i))
			}
			if (i < start || i >= end) && !in(free, i) && !sameXML(b, bad) {
				t.Errorf("%s: byte %d: passes over other content: %q", name, i, around(b, i))
			}
		}
		t.Logf("%s: %d of %d changes, all in what nobody signs, leave it passing", name, harmless, tried)
	}
}

// sameSigner compares name and key. That is what an anchor means, and here the signer is the anchor: a copy of the
// certificate with another issuer in it is still the one who is believed.
func sameSigner(a, b *signer.Certificate) bool {
	return a.SubjectCN == b.SubjectCN && (a.X509 == nil || b.X509 == nil ||
		bytes.Equal(a.X509.RawSubject, b.X509.RawSubject) && bytes.Equal(a.X509.RawSubjectPublicKeyInfo, b.X509.RawSubjectPublicKeyInfo))
}

// signatureSpan is where the outermost Signature element stands. An enveloping signature is the whole document, so
// nothing outside it is left to change, and the Object inside is looked at by signer and date alone.
func signatureSpan(b []byte) (int, int) {
	at := regexp.MustCompile(`<(\w+:)?Signature[\s>]`).FindIndex(b)
	end := regexp.MustCompile(`</(\w+:)?Signature\s*>`).FindAllIndex(b, -1)
	if at == nil || end == nil {
		return len(b), len(b)
	}
	return at[0], end[len(end)-1][1]
}

func in(spans [][]int, i int) bool {
	for _, s := range spans {
		if i >= s[0] && i < s[1] {
			return true
		}
	}
	return false
}

func around(b []byte, i int) []byte { return b[max(0, i-20):min(len(b), i+20)] }

// A container that passes holds the same files, with any reading of the ZIP.
func TestTamperASiC(t *testing.T) {
	for _, format := range []string{"ASiC-E", "ASiC-S"} {
		for name, b := range corpusFiles(t, format, 20_000, 3) {
			o, _ := trustingAll(t, b)
			want := dataFiles(b)
			harmless, tried := 0, 0
			for i := 0; i < len(b); i += step(b) {
				tried++
				bad := change(b, i)
				if len(passes(t, bad, o)) == 0 {
					continue
				}
				harmless++
				if got := dataFiles(bad); got != want {
					t.Errorf("%s: byte %d: passes with %s, signed was %s", name, i, got, want)
				}
			}
			t.Logf("%s: %d of %d changes leave it passing with the same files", name, harmless, tried)
		}
	}
}

// dataFiles tells name and digest of the files beside META-INF, as archive/zip reads them.
func dataFiles(b []byte) string {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err.Error()
	}
	var all []string
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "META-INF/") || f.Name == "mimetype" {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return err.Error()
		}
		h := sha256.New()
		if _, err = io.Copy(h, r); err != nil {
			return err.Error()
		}
		all = append(all, fmt.Sprintf("%s %x", f.Name, h.Sum(nil)))
	}
	return strings.Join(all, ", ")
}

// stampOf is the authority's answer to a request for a time-stamp over content.
func (s *services) stampOf(t *testing.T, content []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(content)
	request, err := (&tsp.Request{Hash: crypto.SHA256, Digest: sum[:], Nonce: big.NewInt(7)}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.token(request)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// timeStamped wraps content in a TSD (RFC 5544) with a token of the test authority and its CRL.
func timeStamped(t *testing.T, s *services, content []byte) []byte {
	t.Helper()
	tok, err := tsp.Parse(s.stampOf(t, content))
	if err != nil {
		t.Fatal(err)
	}
	crl, err := s.crl()
	if err != nil {
		t.Fatal(err)
	}
	context0 := asn1.Tag(0).ContextSpecific().Constructed()
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes([]byte("\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x1f"))
		b.AddASN1(context0, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)
				b.AddASN1OctetString(content)
				b.AddASN1(context0, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddBytes(tok.Raw)
						b.AddBytes(crl)
					})
				})
			})
		})
	})
	tsd, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return tsd
}

// A time-stamp never passes over other content.
func TestTamperTSD(t *testing.T) {
	content := []byte("Io sottoscritto Mario Rossi dichiaro")
	b := timeStamped(t, newServices(t), content)
	if len(passes(t, b, offline())) != 1 {
		r := verify(t, b, offline())
		t.Fatalf("the file itself does not pass: %+v", r)
	}
	at := bytes.Index(b, content)
	harmless := 0
	for i := range b {
		got := passes(t, change(b, i), offline())
		if len(got) == 0 {
			continue
		}
		harmless++
		if i >= at && i < at+len(content) {
			t.Errorf("byte %d: passes over other content", i)
		}
		if !got[0].Claimed.Equal(now) {
			t.Errorf("byte %d: passes with another time %v", i, got[0].Claimed)
		}
	}
	t.Logf("%d of %d changes leave the time and the content as they were", harmless, len(b))
}
