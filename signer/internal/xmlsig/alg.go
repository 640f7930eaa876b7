package xmlsig

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"strconv"
	"strings"

	_ "ceralacca/signer/internal/cert" // links the hashes
)

const (
	nsDS     = "http://www.w3.org/2000/09/xmldsig#"
	nsDSig11 = "http://www.w3.org/2009/xmldsig11#"
	nsMore01 = "http://www.w3.org/2001/04/xmldsig-more#"
	nsMore07 = "http://www.w3.org/2007/05/xmldsig-more#"
	nsMore21 = "http://www.w3.org/2021/04/xmldsig-more#"
	nsEnc    = "http://www.w3.org/2001/04/xmlenc#"
)

// hashes are the digest methods of XMLDSig 1.1 §6.2 and RFC 9231 §2.1.
var hashes = map[string]crypto.Hash{
	nsMore01 + "md5":    crypto.MD5,
	nsDS + "sha1":       crypto.SHA1,
	nsMore01 + "sha224": crypto.SHA224,
	nsEnc + "sha256":    crypto.SHA256,
	nsMore01 + "sha384": crypto.SHA384,
	nsEnc + "sha512":    crypto.SHA512,
	nsEnc + "ripemd160": crypto.RIPEMD160,

	nsMore07 + "sha3-224": crypto.SHA3_224,
	nsMore07 + "sha3-256": crypto.SHA3_256,
	nsMore07 + "sha3-384": crypto.SHA3_384,
	nsMore07 + "sha3-512": crypto.SHA3_512,
}

func digestMethod(e *node) (crypto.Hash, error) {
	uri := e.value("Algorithm")
	h, ok := hashes[uri]
	if !ok {
		return 0, &AlgorithmError{"digest", uri}
	}
	return h, nil
}

// scheme is the mathematics of a SignatureMethod.
type scheme struct {
	family family
	hash   crypto.Hash
	mgf    crypto.Hash // PSS
	salt   int         // PSS
}

type family int

const (
	pkcs1 family = iota
	pss
	ecdsaRaw // r and s of equal length side by side, RFC 9231 §2.3.6
	dsaRaw   // likewise, XMLDSig 1.1 §6.4.1
	ed25519Pure
	ed448Pure
)

// signatureMethod reads a SignatureMethod element: XMLDSig 1.1 §6.4 and RFC 9231 §2.3. HMAC proves nothing to a third
// party, and EdDSA with a context or over a digest has no user; both are refused by name.
func signatureMethod(e *node) (scheme, error) {
	uri := e.value("Algorithm")
	refused := &AlgorithmError{"signature", uri}
	base, name, _ := strings.Cut(uri, "#")
	base += "#"
	switch base {
	case nsDS, nsDSig11, nsMore01, nsMore07, nsMore21:
	default:
		return scheme{}, refused
	}
	if h, ok := shortHash(strings.TrimPrefix(name, "rsa-")); ok && strings.HasPrefix(name, "rsa-") {
		return scheme{family: pkcs1, hash: h}, nil
	}
	if h, ok := shortHash(strings.TrimPrefix(name, "ecdsa-")); ok && strings.HasPrefix(name, "ecdsa-") {
		return scheme{family: ecdsaRaw, hash: h}, nil
	}
	if h, ok := shortHash(strings.TrimPrefix(name, "dsa-")); ok && strings.HasPrefix(name, "dsa-") {
		return scheme{family: dsaRaw, hash: h}, nil
	}
	if short, ok := strings.CutSuffix(name, "-rsa-MGF1"); ok {
		if h, ok := shortHash(short); ok {
			return scheme{family: pss, hash: h, mgf: h, salt: h.Size()}, nil
		}
	}
	switch name {
	case "rsa-pss":
		return pssParams(e)
	case "eddsa-ed25519":
		return scheme{family: ed25519Pure}, nil
	case "eddsa-ed448":
		return scheme{family: ed448Pure}, nil
	}
	return scheme{}, refused
}

func shortHash(name string) (crypto.Hash, bool) {
	for uri, h := range hashes {
		if strings.HasSuffix(uri, "#"+name) {
			return h, true
		}
	}
	return 0, false
}

// pssParams reads RSAPSSParams, RFC 9231 §2.3.9. Its defaults: SHA-256, mask by the same hash, salt as long as it.
func pssParams(e *node) (scheme, error) {
	s := scheme{family: pss, hash: crypto.SHA256}
	p := e.child(nsMore07, "RSAPSSParams")
	var err error
	if d := p.child(nsDS, "DigestMethod"); d != nil {
		if s.hash, err = digestMethod(d); err != nil {
			return s, err
		}
	}
	s.mgf = s.hash
	if m := p.child(nsMore07, "MaskGenerationFunction"); m != nil {
		if uri := m.value("Algorithm"); uri != nsMore07+"MGF1" {
			return s, &AlgorithmError{"signature", uri}
		}
		if d := m.child(nsDS, "DigestMethod"); d != nil {
			if s.mgf, err = digestMethod(d); err != nil {
				return s, err
			}
		}
	}
	s.salt = s.hash.Size()
	if l := p.child(nsMore07, "SaltLength"); l != nil {
		if s.salt, err = strconv.Atoi(strings.TrimSpace(l.content())); err != nil || s.salt < 0 || s.salt > 1024 {
			return s, &AlgorithmError{"signature", nsMore07 + "rsa-pss"}
		}
	}
	if t := p.child(nsMore07, "TrailerField"); t != nil && strings.TrimSpace(t.content()) != "1" {
		return s, &AlgorithmError{"signature", nsMore07 + "rsa-pss"}
	}
	return s, nil
}

// unbase64 decodes xs:base64Binary, which may be broken by white space anywhere.
func unbase64(s string) ([]byte, bool) {
	if strings.ContainsAny(s, " \t\r\n") {
		s = strings.Map(func(r rune) rune {
			if r < 0x80 && isSpace(byte(r)) {
				return -1
			}
			return r
		}, s)
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		b, err = base64.RawStdEncoding.DecodeString(s)
	}
	return b, err == nil
}

// digestOf is the hash of b.
func digestOf(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}

func sameDigest(h crypto.Hash, b []byte, want []byte) bool { return bytes.Equal(digestOf(h, b), want) }
