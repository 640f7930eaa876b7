package xmlsig

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

// identity is a key with a certificate that says nothing but whose it is.
type identity struct {
	key crypto.Signer
	der []byte
}

func newIdentity(name string, key crypto.Signer) identity {
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Unix(1.7e9, 0), NotAfter: time.Unix(2e9, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return identity{}
	}
	return identity{key, der}
}

var rsaIdentity = sync.OnceValue(func() identity {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return identity{}
	}
	return newIdentity("RSA", key)
})

var ecIdentity = sync.OnceValue(func() identity {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}
	}
	return newIdentity("EC", key)
})

// sign fills a template: @CERT@, @CERTDIGEST@, then @D0@, @D1@, … with the digests of the references in order, then
// @V@ with the signature value.
func (id identity) sign(t testing.TB, template string, opts crypto.SignerOpts) []byte {
	t.Helper()
	sum := sha256.Sum256(id.der)
	doc := strings.ReplaceAll(template, "@CERT@", base64.StdEncoding.EncodeToString(id.der))
	doc = strings.ReplaceAll(doc, "@CERTDIGEST@", base64.StdEncoding.EncodeToString(sum[:]))
	return id.fill(t, doc, func(d *document) *node { tops, _ := d.signatures(); return tops[0] }, opts)
}

// signCounter fills the counter-signature of a document.
func (id identity) signCounter(t testing.TB, template string) []byte {
	t.Helper()
	doc := strings.ReplaceAll(template, "@CERT@", base64.StdEncoding.EncodeToString(id.der))
	return id.fill(t, doc, func(d *document) *node { _, counters := d.signatures(); return counters[0] }, crypto.SHA256)
}

// fill computes the digests and then the value of the signature that pick finds.
func (id identity) fill(t testing.TB, doc string, pick func(*document) *node, opts crypto.SignerOpts) []byte {
	t.Helper()
	k := prepare(t, doc)
	sig := pick(k.doc)
	for i, ref := range sig.child(nsDS, "SignedInfo").children(nsDS, "Reference") {
		h := sha256.New()
		if _, err := k.process(h, sig, ref, c14n{}); err != nil {
			t.Fatalf("reference %d: %v", i, err)
		}
		doc = strings.Replace(doc, "@D"+itoa(i)+"@", base64.StdEncoding.EncodeToString(h.Sum(nil)), 1)
	}
	k = prepare(t, doc)
	sig = pick(k.doc)
	info := sig.child(nsDS, "SignedInfo")
	m, _ := canonicalizer(info.child(nsDS, "CanonicalizationMethod"))
	var b bytes.Buffer
	if err := k.canonical(&b, m, info); err != nil {
		t.Fatal(err)
	}
	return []byte(strings.Replace(doc, "@V@", base64.StdEncoding.EncodeToString(id.value(t, b.Bytes(), opts)), 1))
}

func (id identity) value(t testing.TB, message []byte, opts crypto.SignerOpts) []byte {
	t.Helper()
	digest := message // of a key that hashes by itself
	if h := opts.HashFunc(); h != 0 {
		digest = digestOf(h, message)
	}
	if key, ok := id.key.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	v, err := id.key.Sign(rand.Reader, digest, opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func prepare(t testing.TB, doc string) *work {
	t.Helper()
	d, err := parse([]byte(doc), Limits{})
	if err != nil {
		t.Fatalf("template: %v", err)
	}
	return newWork(context.Background(), d, Options{Resolve: oneFile})
}

// oneFile is a resolver that knows one name.
func oneFile(_ context.Context, uri string) (io.ReadCloser, error) {
	if uri == "file.txt" {
		return io.NopCloser(strings.NewReader("detached")), nil
	}
	return nil, errors.New("no such file")
}

const (
	ds        = `xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`
	exc       = `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`
	enveloped = `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>`
	sha256URI = `<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>`
	rsa256    = nsMore01 + "rsa-sha256"
)

func reference(i int, attrs, transforms string) string {
	if transforms != "" {
		transforms = "<ds:Transforms>" + transforms + "</ds:Transforms>"
	}
	return "<ds:Reference " + attrs + ">" + transforms + sha256URI + "<ds:DigestValue>@D" + itoa(i) + "@</ds:DigestValue></ds:Reference>"
}

func signature(method, refs, objects string) string {
	return `<ds:Signature ` + ds + ` Id="s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>` +
		`<ds:SignatureMethod Algorithm="` + method + `"/>` + refs + `</ds:SignedInfo><ds:SignatureValue Id="v">@V@</ds:SignatureValue>` +
		`<ds:KeyInfo><ds:X509Data><ds:X509Certificate>@CERT@</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` + objects + `</ds:Signature>`
}

const (
	properties132 = `<ds:Object><x:QualifyingProperties xmlns:x="http://uri.etsi.org/01903/v1.3.2#" Target="#s"><x:SignedProperties Id="p">` +
		`<x:SignedSignatureProperties><x:SigningTime>2026-01-02T03:04:05Z</x:SigningTime><x:SigningCertificateV2><x:Cert><x:CertDigest>` +
		sha256URI + `<ds:DigestValue>@CERTDIGEST@</ds:DigestValue></x:CertDigest></x:Cert></x:SigningCertificateV2>` +
		`</x:SignedSignatureProperties></x:SignedProperties></x:QualifyingProperties></ds:Object>`
	propertiesType = `Type="http://uri.etsi.org/01903#SignedProperties" URI="#p"`
)

// xadesEnveloped is an invoice with an enveloped XAdES-B-B signature.
func xadesEnveloped(method string) string {
	return `<?xml version="1.0"?><i:Invoice xmlns:i="urn:invoice"><Amount>100</Amount><!-- note -->` +
		signature(method, reference(0, `URI=""`, enveloped+exc)+reference(1, propertiesType, exc), properties132) + `</i:Invoice>`
}

func verifyOne(t *testing.T, doc []byte) Signature {
	t.Helper()
	sigs, err := Verify(context.Background(), doc, Options{Resolve: oneFile})
	if err != nil {
		t.Fatal(err)
	}
	if len(sigs) != 1 {
		t.Fatalf("%d signatures", len(sigs))
	}
	return sigs[0]
}

func codes(s Signature) string {
	var out []string
	for _, f := range s.Findings {
		out = append(out, f.Code)
	}
	return strings.Join(out, " ")
}

func TestVerifyMethods(t *testing.T) {
	xmlsec, _ := exec.LookPath("xmlsec1")
	tests := []struct {
		name, method string
		id           identity
		opts         crypto.SignerOpts
	}{
		{"rsa-sha256", rsa256, rsaIdentity(), crypto.SHA256},
		{"rsa-sha512", nsMore01 + "rsa-sha512", rsaIdentity(), crypto.SHA512},
		{"ecdsa-sha256", nsMore01 + "ecdsa-sha256", ecIdentity(), crypto.SHA256},
		{"pss-sha256", nsMore07 + "sha256-rsa-MGF1", rsaIdentity(), &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256}},
		{"ecdsa-sha3-256", nsMore21 + "ecdsa-sha3-256", ecIdentity(), crypto.SHA3_256},
		{"pss-sha3-384", nsMore07 + "sha3-384-rsa-MGF1", rsaIdentity(), &rsa.PSSOptions{SaltLength: 48, Hash: crypto.SHA3_384}},

		{"ecdsa-ripemd160", nsMore07 + "ecdsa-ripemd160", ecIdentity(), crypto.RIPEMD160},
	}
	foreign := []string{"rsa-sha256", "rsa-sha512", "ecdsa-sha256"} // known to xmlsec1 1.2
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := tt.id.sign(t, xadesEnveloped(tt.method), tt.opts)
			s := verifyOne(t, doc)
			if s.State() != Good || !s.CoversDocument || len(s.Findings) > 0 {
				t.Errorf("state %v, covers %v%s", s.State(), s.CoversDocument, describe([]Signature{s}))
			}
			if x := s.XAdES; x == nil || !x.Covered || x.SigningCertificate != Good || !x.V2 || !x.SigningTime.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
				t.Errorf("XAdES %+v", x)
			}
			if _, err := VerifyRoot(context.Background(), doc); err != nil {
				t.Errorf("VerifyRoot: %v", err)
			}
			if !bytes.Equal(s.SignerDER, tt.id.der) {
				t.Error("another signer")
			}
			if xmlsec == "" || !slices.Contains(foreign, tt.name) {
				return
			}
			path := filepath.Join(t.TempDir(), "doc.xml")
			writeFile(t, path, doc)
			cmd := exec.Command(xmlsec, "--verify", "--enabled-key-data", "x509", "--insecure", "--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties", path)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("xmlsec1: %v\n%s", err, out)
			}
		})
	}
}

// Made once over the document of TestEdwards, since the standard library has no Ed448.
const (
	ed448Public = "qa9RlwNwgu4DKOBJYGy/IMeKXOJTbv0qWNV+nVEIt6IZxMbsf6GaQepiqgXDMYYAu5f9utsHlTmA"
	ed448Value  = "CzddMrF9YS1lCIzQssqmQfeDvEJdkqfaUDiuBO7wx1207x1KQU7aep4OqmL6BgZ7xc22hQXTv56A" +
		"bB4SrNZNe+nHQgGSUTJrL3PuMsk+f8GCMy0XqTJHAWWyjtUUDfiSuE/jnvQ5PiFimCv4Q3iZaxwA"
)

// made is a key that has signed already.
type made []byte

func (made) Public() crypto.PublicKey { return nil }

func (m made) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return m, nil }

func unbase(t *testing.T, s string) []byte {
	t.Helper()
	b, ok := unbase64(s)
	if !ok {
		t.Fatal("no base64")
	}
	return b
}

// TestEdwards verifies both curves by the bare key, and with the other one's method not at all.
func TestEdwards(t *testing.T) {
	public25519, private25519, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public448, private448 := unbase(t, ed448Public), made(unbase(t, ed448Value))
	spki := func(oid cert.OID, key []byte) []byte {
		var b cryptobyte.Builder
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(cert.Algorithm{OID: oid}.DER())
			b.AddASN1BitString(key)
		})
		return b.BytesOrPanic()
	}
	for _, c := range []struct {
		name, method string
		key          crypto.Signer
		spki         []byte
		want         State
	}{
		{"Ed25519", "eddsa-ed25519", private25519, spki(cert.OIDEd25519, public25519), Good},
		{"Ed448", "eddsa-ed448", private448, spki(cert.OIDEd448, public448), Good},
		{"Ed448, stranger's key", "eddsa-ed448", private448, spki(cert.OIDEd448, make([]byte, 57)), Bad},
		{"Ed448, said to be Ed25519", "eddsa-ed25519", private448, spki(cert.OIDEd448, public448), Bad},
		{"Ed25519, said to be prehashed", "eddsa-ed25519ph", private25519, spki(cert.OIDEd25519, public25519), Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := `<a ` + ds + `>` + signature(nsMore21+c.method, reference(0, `URI=""`, enveloped), "") + `</a>`
			key := `<d:DEREncodedKeyValue xmlns:d="http://www.w3.org/2009/xmldsig11#">` + base64.StdEncoding.EncodeToString(c.spki) + "</d:DEREncodedKeyValue>"
			doc = strings.Replace(doc, "<ds:X509Data><ds:X509Certificate>@CERT@</ds:X509Certificate></ds:X509Data>", key, 1)
			s := verifyOne(t, identity{key: c.key}.sign(t, doc, crypto.Hash(0)))
			if s.Value != c.want {
				t.Errorf("%v, want %v: %v", s.Value, c.want, s.ValueErr)
			}
		})
	}
}

// TestHostile changes a good signature, or signs something that misleads, and expects state and findings.
func TestHostile(t *testing.T) {
	good := string(rsaIdentity().sign(t, xadesEnveloped(rsa256), crypto.SHA256))
	edit := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q not in the document", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	made := func(template string) string { return string(rsaIdentity().sign(t, template, crypto.SHA256)) }
	wrap := func(body, refs, objects string) string {
		return "<r>" + body + signature(rsa256, refs, objects) + "</r>"
	}
	props := func(i int) string { return reference(i, propertiesType, exc) }
	tests := []struct {
		name, doc string
		want      State
		codes     string // each must be among the findings
	}{
		{"content changed", edit("100", "900"), Bad, "digest-mismatch"},
		{"comment added", edit("100", "1<!-- -->00"), Good, ""},
		{"comment in a digest", edit("<ds:DigestValue>", "<ds:DigestValue><!-- x -->"), Good, ""},
		{"signing time changed", edit("2026-01", "2025-01"), Bad, "digest-mismatch signed-properties-not-covered"},
		{"other certificate", strings.Replace(good, base64.StdEncoding.EncodeToString(rsaIdentity().der), base64.StdEncoding.EncodeToString(ecIdentity().der), 1), Bad, ""},
		{"certificate gone", removeBetween(good, "<ds:KeyInfo>", "</ds:KeyInfo>"), Unknown, "no-signing-certificate"},
		{"method changed", edit(rsa256, nsMore01+"rsa-sha384"), Bad, ""},
		{"method unknown", edit(rsa256, "urn:x"), Unknown, "algorithm-refused"},
		{"hmac", edit(rsa256, nsMore01+"hmac-sha256"), Unknown, "shared-secret"},
		{"duplicate id", edit("<Amount>", `<Amount Id="p">`), Bad, "duplicate-id"},
		{"no reference", made(wrap("", "", "")), Unknown, "no-reference"},
		{"properties only", made(wrap("", props(0), properties132)), Good, "no-data-reference"},
		{"properties not signed", made(wrap("", reference(0, `URI=""`, enveloped), properties132)), Good, "signed-properties-not-covered"},
		{"part", made(wrap(`<a Id="a"/><b/>`, reference(0, `URI="#a"`, exc)+props(1), properties132)), Good, "covers-part"},
		{"part by pointer", made(wrap(`<a Id="a"/><b/>`, reference(0, `URI="#xpointer(id('a'))"`, exc)+props(1), properties132)), Good, "covers-part"},
		{"nothing", made(wrap(`<a/>`, reference(0, `URI="#s"`, enveloped)+props(1), properties132)), Good, "covers-nothing"},
		{
			"smuggled object", made(wrap("", reference(0, `URI=""`, enveloped), "<ds:Object>shown</ds:Object>")), Good,
			"object-not-covered",
		},
		{
			"properties elsewhere", made(wrap(`<a Id="a"/>`, reference(0, `URI=""`, enveloped)+
				reference(1, `Type="http://uri.etsi.org/01903#SignedProperties" URI="#a"`, exc), properties132)),
			Good, "signed-properties-elsewhere signed-properties-not-covered",
		},
		{"target of another", strings.Replace(made(wrap("", reference(0, `URI=""`, enveloped)+props(1), properties132)), `Target="#s"`, `Target="#t"`, 1), Good, "properties-target"},
		{"detached", made(wrap("", reference(0, `URI="file.txt"`, ""), "")), Good, ""},
		{"detached missing", strings.Replace(made(wrap("", reference(0, `URI="file.txt"`, ""), "")), "file.txt", "gone.txt", 1), Bad, "reference-missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := verifyOne(t, []byte(tt.doc))
			if s.State() != tt.want {
				t.Errorf("state %v, want %v", s.State(), tt.want)
			}
			for c := range strings.FieldsSeq(tt.codes) {
				if !strings.Contains(" "+codes(s)+" ", " "+c+" ") {
					t.Errorf("no finding %s among %q", c, codes(s))
				}
			}
			if t.Failed() {
				t.Log(describe([]Signature{s}))
			}
			// What stands within the signature alone never reaches the caller of VerifyRoot.
			harmless := strings.HasPrefix(tt.name, "comment") || tt.name == "smuggled object" || tt.name == "target of another"
			if _, err := VerifyRoot(context.Background(), []byte(tt.doc)); (err == nil) != harmless {
				t.Errorf("VerifyRoot: %v", err)
			}
		})
	}
}

func removeBetween(s, open, shut string) string {
	before, rest, _ := strings.Cut(s, open)
	_, after, _ := strings.Cut(rest, shut)
	return before + after
}

func TestVerifyEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	doc := rsaIdentity().sign(t, xadesEnveloped(rsa256), crypto.SHA256)
	if _, err := Verify(ctx, doc, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestSingleByte changes each byte of a small signed document: no change may leave content that reads differently
// under a good signature.
func TestSingleByte(t *testing.T) {
	doc := ecIdentity().sign(t, xadesEnveloped(nsMore01+"ecdsa-sha256"), crypto.SHA256)
	before, err := VerifyRoot(context.Background(), doc)
	if err != nil {
		t.Fatal(err)
	}
	for i := range doc {
		changed := bytes.Clone(doc)
		changed[i] ^= 0x01
		r, err := VerifyRoot(context.Background(), changed)
		if err == nil && (!bytes.Equal(r.Canonical, before.Canonical) || !bytes.Equal(r.SignerDER, before.SignerDER) || !r.SigningTime.Equal(before.SigningTime)) {
			t.Errorf("byte %d: accepted with other content", i)
		}
	}
}
