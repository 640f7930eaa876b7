package signer_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/tsp"
)

// streamed is an envelope in BER with indefinite lengths, as openssl streams it.
func streamed(t *testing.T, content []byte, k signer.Key) []byte {
	t.Helper()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(k.Signer)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	write(t, filepath.Join(dir, "cert.pem"), pemCert(k.Chain[0]))
	write(t, filepath.Join(dir, "ca.pem"), pemCert(k.Chain[1]))
	write(t, filepath.Join(dir, "in"), content)
	if out, err := openssl(t, dir, "cms", "-sign", "-cades", "-binary", "-nodetach", "-stream", "-md", "sha256", "-signer", "cert.pem",
		"-inkey", "key.pem", "-certfile", "ca.pem", "-outform", "DER", "-in", "in", "-out", "out"); err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// In every wrapping each byte is changed: what passes has the same signer, time and content.
func TestTamperWrappings(t *testing.T) {
	content := []byte("Io sottoscritto Mario Rossi dichiaro")
	k := testPKI().key(t, "P-256", nil)
	der := sign(t, content, k, signer.Options{})
	text := base64.StdEncoding.EncodeToString(der)
	ber := streamed(t, content, k)
	if ber[1] != 0x80 {
		t.Fatal("openssl wrote DER")
	}
	for name, b := range map[string][]byte{
		"BER": ber, "base64": []byte(text), "PEM": pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der}),
		"S/MIME": []byte("MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n" + text + "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			good := verify(t, b, trusting())
			if len(good.Signatures) != 1 || good.Signatures[0].Integrity != signer.Intact {
				t.Fatalf("the file itself: %+v", good)
			}
			harmless := 0
			for i := range b {
				harmless += tampered(t, good, change(b, i), content, name)
			}
			t.Logf("%d of %d changes leave it passing over the same content", harmless, len(b))
		})
	}
}

// Neither a byte of the original nor one of what says who signed it may change.
func TestTamperDetached(t *testing.T) {
	content := []byte("Io sottoscritto Mario Rossi dichiaro")
	services := newServices(t)
	response := services.stampOf(t, content)
	token, err := tsp.Parse(response)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		o    signer.VerifyOptions
	}{
		"p7s": {sign(t, content, testPKI().key(t, "P-256", nil), signer.Options{Detached: true}), trusting()},
		"TSR": {response, offline()}, "TST": {token.Raw, offline()},
	} {
		t.Run(name, func(t *testing.T) {
			over := func(original []byte) signer.VerifyOptions {
				o := c.o
				o.Now, o.Content, o.ContentSize = clock, bytes.NewReader(original), int64(len(original))
				return o
			}
			all := reported(t, c.file, over(content))
			if len(all) != 1 || all[0].Integrity != signer.Intact {
				t.Fatalf("the file itself: %+v", all)
			}
			good := all[0]
			// A token without revocation data does not pass; the verdict must get worse all the same.
			same := func(b, original []byte) []signer.Signature {
				return slices.DeleteFunc(reported(t, b, over(original)), func(s signer.Signature) bool {
					return s.Format != good.Format || s.Integrity != signer.Intact || s.Indication != good.Indication || s.SubIndication != good.SubIndication
				})
			}
			for i := range content {
				if len(same(c.file, change(content, i))) > 0 {
					t.Errorf("byte %d of the original: nobody minds", i)
				}
			}
			harmless := 0
			for i := range c.file {
				for _, s := range same(change(c.file, i), content) {
					harmless++
					if !sameSigner(s.Signer, good.Signer) || !s.Claimed.Equal(good.Claimed) {
						t.Errorf("byte %d: the same verdict with another signer or time", i)
					}
				}
			}
			t.Logf("%d of %d changes leave the verdict as it was", harmless, len(c.file))
		})
	}
}

// A signed message that passes still holds what was signed, line for line.
func TestTamperMail(t *testing.T) {
	mail, content := envelope(t, sign(t, []byte("ordine"), testPKI().key(t, "P-256", nil), signer.Options{}))
	b := []byte(mail)
	harmless := 0
	for i := range b {
		bad := change(b, i)
		for _, s := range passes(t, bad, trusting()) {
			if s.Parent != "" {
				continue // what is inside is signed for itself
			}
			harmless++
			if !strings.Contains(string(bad), content) {
				t.Errorf("byte %d: passes over other content: %q", i, around(bad, i))
			}
		}
	}
	t.Logf("%d of %d changes leave the message passing", harmless, len(b))
}

// A signature is taken out of one document and put over its own attributes, as if they were another.
func TestAttributesAsContent(t *testing.T) {
	der := sign(t, []byte("Io sottoscritto Mario Rossi dichiaro"), testPKI().key(t, "P-256", nil), signer.Options{})
	sd, err := cms.ParseBytes(der)
	if err != nil {
		t.Fatal(err)
	}
	si := sd.SignerInfos[0]
	attributes := append([]byte{0x31}, si.RawSignedAttrs[1:]...)
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		in := cryptobyte.String(si.Raw)
		in.ReadASN1(&in, asn1.SEQUENCE)
		b.AddBytes(bytes.Replace(in, si.RawSignedAttrs, nil, 1))
	})
	e := cms.Envelope{SignerInfos: [][]byte{b.BytesOrPanic()}, Certificates: sd.RawCertificates}
	for name, c := range map[string]struct {
		content  []byte
		detached bool
		want     signer.SubIndication
	}{
		"attached": {attributes, false, signer.FormatFailure}, "detached": {attributes, true, signer.FormatFailure},
		"with a byte more": {append(bytes.Clone(attributes), 0), false, signer.SigCryptoFailure},
	} {
		t.Run(name, func(t *testing.T) {
			o := trusting()
			var out bytes.Buffer
			var content io.Reader = bytes.NewReader(c.content)
			if c.detached {
				o.Content, o.ContentSize, content = bytes.NewReader(c.content), int64(len(c.content)), nil
			}
			if err := e.Write(t.Context(), &out, content, int64(len(c.content))); err != nil {
				t.Fatal(err)
			}
			g := verify(t, out.Bytes(), o).Signatures[0]
			named := slices.ContainsFunc(g.Findings, func(f signer.Finding) bool { return f.Code == "attack-signed-attributes" })
			if g.Indication != signer.TotalFailed || g.SubIndication != c.want || named != (c.want == signer.FormatFailure) {
				t.Errorf("%v %s (%s)", g.Indication, g.SubIndication, codes(g))
			}
		})
	}
}
