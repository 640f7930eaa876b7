package xmlsig

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// TestKeyInfo reads the key from every place it may stand in, and looks at what else stands there.
func TestKeyInfo(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	own := rsaIdentity()
	pub, ok := own.key.Public().(*rsa.PublicKey)
	if !ok {
		t.Fatal("no RSA key")
	}
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	alias := newIdentity("Somebody else", own.key)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other := newIdentity("Another", stranger)
	cert := func(ids ...identity) string {
		s := "<ds:X509Data>"
		for _, id := range ids {
			s += "<ds:X509Certificate>" + b64(id.der) + "</ds:X509Certificate>"
		}
		return s + "</ds:X509Data>"
	}
	serial := func(issuer, n string) string {
		return "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>" + issuer + "</ds:X509IssuerName><ds:X509SerialNumber>" + n +
			"</ds:X509SerialNumber></ds:X509IssuerSerial><ds:X509Certificate>" + b64(own.der) + "</ds:X509Certificate></ds:X509Data>"
	}
	value := "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>" + b64(pub.N.Bytes()) + "</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
	encoded := `<d:DEREncodedKeyValue xmlns:d="http://www.w3.org/2009/xmldsig11#">` + b64(spki) + "</d:DEREncodedKeyValue>"
	method := func(uri, kind string) string {
		return `<ds:RetrievalMethod URI="` + uri + `" Type="` + kind + `"/>`
	}
	for _, c := range []struct {
		name, info, elsewhere string
		state                 State
		named                 bool
		finding               string
	}{
		{"certificate", cert(own), "", Good, true, ""},
		{"certificate and another in one X509Data", cert(own, other), "", Good, true, ""},
		{"an X509Data of another", cert(own) + cert(other), "", Good, true, "other-signer-offered"},
		{"an X509Data of another first, beside the own", cert(other, own) + cert(own), "", Good, true, "other-signer-offered"},
		{"another name for the same key", cert(own, alias), "", Good, true, "other-signer-offered"},
		{"issuer and serial", serial("CN=RSA", "1"), "", Good, true, ""},
		{"issuer in another spelling", serial(`O = x, cn = "rsa"`, "1"), "", Good, true, ""},
		{"issuer of another", serial("CN=Somebody", "1"), "", Good, true, "other-signer-offered"},
		{"serial of another", serial("CN=RSA", "2"), "", Good, true, "other-signer-offered"},
		{"only another", cert(other), "", Bad, true, ""},
		{"another, and the bare key", value + cert(other), "", Bad, true, ""},
		{"bare key", value, "", Good, false, "key-without-certificate"},
		{"bare key in DER", encoded, "", Good, false, "key-without-certificate"},
		{"retrieved certificate", method("#there", nsDS+"X509Data"), `<ds:KeyInfo Id="there">` + cert(own) + "</ds:KeyInfo>", Good, true, ""},
		{"referenced", `<d:KeyInfoReference xmlns:d="http://www.w3.org/2009/xmldsig11#" URI="#there"/>`, `<ds:KeyInfo Id="there">` + cert(own) + "</ds:KeyInfo>", Good, true, ""},
		{"retrieved key", method("#there", nsDS+"RSAKeyValue"), `<ds:KeyInfo Id="there">` + value + "</ds:KeyInfo>", Good, false, "key-without-certificate"},
		{"retrieved bare key", method("#there", nsDS+"RSAKeyValue"), strings.Replace(strings.TrimSuffix(strings.TrimPrefix(value, "<ds:KeyValue>"), "</ds:KeyValue>"), "<ds:RSAKeyValue", `<ds:RSAKeyValue Id="there"`, 1), Good, false, "key-without-certificate"},
		{"retrieved from a file", method("cert.der", rawX509), "", Good, true, ""},
		{"retrieved from a file that is not there", method("gone.der", rawX509), "", Unknown, false, "no-signing-certificate"},
		{"never from the network", method("http://example.com/cert.der", rawX509), "", Unknown, false, "no-signing-certificate"},
		{"nothing", "", "", Unknown, false, "no-signing-certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := `<a ` + ds + `>` + c.elsewhere + signature(rsa256, reference(0, `URI=""`, enveloped), "") + `</a>`
			doc = doc[:strings.Index(doc, "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>@")] + "<ds:KeyInfo>" + c.info + doc[strings.LastIndex(doc, "</ds:KeyInfo>"):]
			signed := own.sign(t, doc, crypto.SHA256)
			sigs, err := Verify(t.Context(), signed, Options{Resolve: func(_ context.Context, uri string) (io.ReadCloser, error) {
				if uri == "cert.der" {
					return io.NopCloser(strings.NewReader(string(own.der))), nil
				}
				return nil, fs.ErrNotExist
			}})
			if err != nil {
				t.Fatal(err)
			}
			s := sigs[0]
			has := slices.ContainsFunc(s.Findings, func(f Finding) bool { return f.Code == c.finding })
			if s.State() != c.state || (s.SignerDER != nil) != c.named || c.finding != "" && !has || c.finding == "" && strings.Contains(codes(s), "offered") {
				t.Errorf("%v, named %v, %s %v", s.State(), s.SignerDER != nil, codes(s), s.ValueErr)
			}
		})
	}
}

// TestUnsignedTwin finds what stands beside a signed element to be taken for it, and leaves alone what only wraps it.
func TestUnsignedTwin(t *testing.T) {
	property := func(id, text string) string {
		return `<ds:SignatureProperties><ds:SignatureProperty Id="` + id + `" Target="#s">` + text + `</ds:SignatureProperty></ds:SignatureProperties>`
	}
	for name, c := range map[string]struct{ objects, want string }{
		"signed alone":                  {`<ds:Object>` + property("p", "2026") + `</ds:Object>`, ""},
		"with one like it":              {`<ds:Object>` + property("p", "2026") + `</ds:Object><ds:Object>` + property("q", "1999") + `</ds:Object>`, "unsigned-twin"},
		"with one before it":            {`<ds:Object>` + property("q", "1999") + `</ds:Object><ds:Object>` + property("p", "2026") + `</ds:Object>`, "unsigned-twin"},
		"in the same object":            {`<ds:Object>` + property("q", "1999") + property("p", "2026") + `</ds:Object>`, "unsigned-twin"},
		"with something else":           {`<ds:Object>` + property("p", "2026") + `</ds:Object><ds:Object><note/></ds:Object>`, "object-not-covered"},
		"with words around it":          {`<ds:Object>1999` + property("p", "2026") + `</ds:Object>`, "object-not-covered"},
		"in an object, with one beside": {`<ds:Object>1999</ds:Object><ds:Object><w><ds:Object Id="p">2026</ds:Object></w></ds:Object>`, "unsigned-twin"},
		"wrapped, with one beside":      {`<ds:Object><w><ds:Object>` + property("p", "2026") + `</ds:Object></w></ds:Object><ds:Object>` + property("q", "1999") + `</ds:Object>`, "unsigned-twin"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := `<a ` + ds + `>` + signature(rsa256, reference(0, `URI=""`, enveloped)+reference(1, `URI="#p"`, exc), c.objects) + `</a>`
			s := verifyOne(t, rsaIdentity().sign(t, doc, crypto.SHA256))
			got := codes(s)
			if s.State() != Good || c.want == "" && strings.Contains(got, "not-covered") || !strings.Contains(got, c.want) || c.want != "unsigned-twin" && strings.Contains(got, "twin") {
				t.Errorf("%v %q, want %q", s.State(), got, c.want)
			}
		})
	}
}

// TestWrappedRoot finds a signed document that was put below an unsigned one of its kind.
func TestWrappedRoot(t *testing.T) {
	for root, want := range map[string]bool{"Invoice": true, "Bag": false} {
		doc := `<` + root + ` ` + ds + `><Invoice Id="i">100</Invoice>` + signature(rsa256, reference(0, `URI="#i"`, exc), "") + `</` + root + `>`
		s := verifyOne(t, rsaIdentity().sign(t, doc, crypto.SHA256))
		if s.State() != Good || strings.Contains(codes(s), "unsigned-twin") != want {
			t.Errorf("%s: %v %s", root, s.State(), codes(s))
		}
	}
}

// TestOthers finds files by their digest when their names are not those that were signed.
func TestOthers(t *testing.T) {
	open := func(text string) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	}
	doc := rsaIdentity().sign(t, signature(rsa256, reference(0, `URI="file.txt"`, ""), ""), crypto.SHA256)
	gone := func() (io.ReadCloser, error) { return nil, errors.New("unreadable") }
	for name, c := range map[string]struct {
		others []func() (io.ReadCloser, error)
		want   State
	}{
		"under another name": {[]func() (io.ReadCloser, error){open("x"), gone, open("detached")}, Good},
		"not among them":     {[]func() (io.ReadCloser, error){open("x"), open("y")}, Unknown},
		"none":               {nil, Unknown},
	} {
		sigs, err := Verify(t.Context(), doc, Options{Others: c.others})
		if err != nil || sigs[0].State() != c.want {
			t.Errorf("%s: %v %v", name, sigs[0].State(), err)
		}
	}
}
