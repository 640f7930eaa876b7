package cms

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"ceralacca/signer/internal/cert"
)

// ErrKeyMismatch means that the key made a signature that its certificate does not verify.
var ErrKeyMismatch = errors.New("key and certificate do not belong together")

// Attr is an attribute to be written.
type Attr struct {
	Type   cert.OID
	Values [][]byte // DER elements
}

func (a Attr) der() []byte {
	vs := slices.Clone(a.Values)
	slices.SortFunc(vs, bytes.Compare)
	return tlv(0x30, a.Type.DER(), tlv(0x31, vs...))
}

// SignerInput is what a SignerInfo is made of.
type SignerInput struct {
	Key         crypto.Signer
	Certificate *cert.Certificate
	// Digest of the content with [HashFor] the certificate; of the signature value for a counter-signature.
	Digest []byte
	// ContentType is the eContentType; empty means id-data.
	ContentType cert.OID
	// SigningTime is left out when zero, as PAdES asks.
	SigningTime time.Time
	// CounterSignature leaves out the content-type attribute (RFC 5652 §11.4).
	CounterSignature bool
	// Signed are further signed attributes.
	Signed []Attr
	// Unsigned is called with the signature value and gives the unsigned attributes; nil means none.
	Unsigned func(ctx context.Context, signature []byte) ([]Attr, error)
}

// method is how a certificate's key signs.
type method struct {
	hash crypto.Hash
	alg  cert.Algorithm
	opts crypto.SignerOpts
	size int // the longest signature
}

// HashFor is the hash to sign with by the key of c: SHA-256, or the curve's own for larger curves (TS 119 312).
// It fails with a *[cert.UnsupportedError] for a key that cannot sign here.
func HashFor(c *cert.Certificate) (crypto.Hash, error) {
	m, err := methodFor(c)
	return m.hash, err
}

// methodFor: RSA keys sign PKCS #1 v1.5, which every office reads, with the algorithm identifier rsaEncryption and
// NULL parameters (RFC 5754 §3.2 lets either be written; this one OpenSSL, Bouncy Castle and cards' own programs
// write). PSS only where the key may not do anything else (RFC 4055 §1.2).
func methodFor(c *cert.Certificate) (method, error) {
	bad := &cert.UnsupportedError{What: "key", OID: c.PublicKeyAlgorithm.OID}
	switch k := c.PublicKey.(type) {
	case *cert.RSAKey:
		m := method{hash: crypto.SHA256, opts: crypto.SHA256, size: (k.N.BitLen() + 7) / 8}
		m.alg = cert.Algorithm{OID: cert.OIDRSA, Params: []byte{5, 0}}
		if k.PSSOnly {
			return pssMethod(m, k)
		}
		return m, nil
	case *cert.ECKey:
		switch k.Curve {
		case "1.2.840.10045.3.1.7":
			return method{crypto.SHA256, cert.Algorithm{OID: "1.2.840.10045.4.3.2"}, crypto.SHA256, 72}, nil
		case "1.3.132.0.34":
			return method{crypto.SHA384, cert.Algorithm{OID: "1.2.840.10045.4.3.3"}, crypto.SHA384, 104}, nil
		case "1.3.132.0.35":
			return method{crypto.SHA512, cert.Algorithm{OID: "1.2.840.10045.4.3.4"}, crypto.SHA512, 139}, nil
		}
	}
	return method{}, bad
}

func pssMethod(m method, k *cert.RSAKey) (method, error) {
	salt := m.hash.Size()
	if len(k.PSSParams) > 0 {
		h, mgf, s, err := cert.PSSParameters(k.PSSParams)
		if err != nil {
			return m, err
		}
		if h != mgf || (h != crypto.SHA256 && h != crypto.SHA384 && h != crypto.SHA512) {
			return m, &cert.UnsupportedError{What: "parameters", OID: cert.OIDRSAPSS}
		}
		m.hash, salt = h, max(s, h.Size())
	}
	hash := cert.Algorithm{OID: cert.HashOID(m.hash), Params: []byte{5, 0}}.DER()
	var b cryptobyte.Builder
	b.AddASN1Int64(int64(salt))
	saltDER, err := b.Bytes()
	if err != nil {
		return m, err
	}
	m.alg = cert.Algorithm{OID: cert.OIDRSAPSS, Params: tlv(0x30,
		tlv(0xa0, hash), tlv(0xa1, tlv(0x30, cert.OIDMGF1.DER(), hash)), tlv(0xa2, saltDER))}
	m.opts = &rsa.PSSOptions{SaltLength: salt, Hash: m.hash}
	return m, nil
}

// Sign makes a SignerInfo in DER: signed attributes content-type, message-digest, signing-certificate-v2 and, if
// asked for, signing-time, as EN 319 122-1 §6.3 wants them for B-B. The signature is checked with the certificate
// before it is returned ([ErrKeyMismatch]).
func Sign(ctx context.Context, in SignerInput) ([]byte, error) {
	m, err := methodFor(in.Certificate)
	if err != nil {
		return nil, err
	}
	if len(in.Digest) != m.hash.Size() {
		return nil, fmt.Errorf("digest of %d bytes for a hash of %d", len(in.Digest), m.hash.Size())
	}
	attrs, err := signedAttrs(in)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	toSign := tlv(0x31, attrs)
	sig, err := in.Key.Sign(rand.Reader, sum(m.hash, toSign), m.opts)
	if err != nil {
		return nil, fmt.Errorf("signing with the key: %w", err)
	}
	if err := cert.Verify(in.Certificate.PublicKey, m.alg, m.hash, toSign, sig); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyMismatch, err)
	}
	var unsigned []Attr
	if in.Unsigned != nil {
		if unsigned, err = in.Unsigned(ctx, sig); err != nil {
			return nil, err
		}
	}
	return signerInfo(in.Certificate, m, attrs, sig, unsigned), nil
}

func signerInfo(c *cert.Certificate, m method, attrs, sig []byte, unsigned []Attr) []byte {
	parts := [][]byte{
		{2, 1, 1},
		tlv(0x30, c.RawIssuer, tlv(0x02, c.RawSerial)),
		digestAlgorithm(m.hash),
		tlv(0xa0, attrs),
		m.alg.DER(),
		tlv(0x04, sig),
	}
	if len(unsigned) > 0 {
		parts = append(parts, tlv(0xa1, sortedAttrs(unsigned)))
	}
	return tlv(0x30, parts...)
}

// digestAlgorithm leaves the parameters out (RFC 5754 §2).
func digestAlgorithm(h crypto.Hash) []byte {
	return cert.Algorithm{OID: cert.HashOID(h)}.DER()
}

func sortedAttrs(as []Attr) []byte {
	ders := make([][]byte, len(as))
	for i, a := range as {
		ders[i] = a.der()
	}
	slices.SortFunc(ders, bytes.Compare)
	return bytes.Join(ders, nil)
}

func signedAttrs(in SignerInput) ([]byte, error) {
	as := slices.Clone(in.Signed)
	as = append(as, Attr{OIDMessageDigest, [][]byte{tlv(0x04, in.Digest)}},
		Attr{OIDSigningCertificateV2, [][]byte{signingCertificateV2(in.Certificate)}})
	if !in.CounterSignature {
		ct := in.ContentType
		if ct == "" {
			ct = OIDData
		}
		as = append(as, Attr{OIDContentType, [][]byte{ct.DER()}})
	}
	if !in.SigningTime.IsZero() {
		t, err := timeDER(in.SigningTime)
		if err != nil {
			return nil, err
		}
		as = append(as, Attr{OIDSigningTime, [][]byte{t}})
	}
	return sortedAttrs(as), nil
}

// timeDER is UTCTime through 2049 and GeneralizedTime after (RFC 5652 §11.3).
func timeDER(t time.Time) ([]byte, error) {
	t = t.UTC()
	var b cryptobyte.Builder
	if t.Year() >= 1950 && t.Year() < 2050 {
		b.AddASN1UTCTime(t)
	} else {
		b.AddASN1GeneralizedTime(t)
	}
	return b.Bytes()
}

// signingCertificateV2 is RFC 5035 §3: SHA-256 is the default hash and so not written; issuerSerial is written and
// right, because older Italian verifiers ask for it.
func signingCertificateV2(c *cert.Certificate) []byte {
	h := c.SHA256()
	issuerSerial := tlv(0x30, tlv(0x30, tlv(0xa4, c.RawIssuer)), tlv(0x02, c.RawSerial))
	return tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x04, h[:]), issuerSerial)))
}

// Envelope is a SignedData to be written.
type Envelope struct {
	ContentType cert.OID // empty means id-data
	// SignerInfos, Certificates and Revocations are elements that are written as they are. Those that are sorted,
	// or unsorted, as given stay so: see [SortSet].
	SignerInfos, Certificates, Revocations [][]byte
	// DigestAlgs are AlgorithmIdentifier elements beside those of the SignerInfos, such as those of an existing
	// file. Repetitions are dropped.
	DigestAlgs [][]byte
}

// SortSet puts elements in the order that DER wants of a SET OF, without repetitions.
func SortSet(elements [][]byte) [][]byte {
	s := slices.Clone(elements)
	slices.SortFunc(s, bytes.Compare)
	return slices.CompactFunc(s, bytes.Equal)
}

// frame is the envelope cut at the content.
type frame struct{ before, after []byte }

// version follows RFC 5652 §5.1.
func (e *Envelope) version(infos []*SignerInfo, ct cert.OID) byte {
	v := byte(1)
	if ct != OIDData {
		v = 3
	}
	for _, si := range infos {
		if si.Version == 3 {
			v = 3
		}
	}
	for _, c := range e.Certificates {
		switch c[0] {
		case 0xa1:
			v = max(v, 3)
		case 0xa2:
			v = max(v, 4)
		case 0xa3:
			v = 5
		}
	}
	for _, r := range e.Revocations {
		if r[0] != 0x30 {
			v = 5
		}
	}
	return v
}

func (e *Envelope) frame(size int64, detached bool) (*frame, error) {
	ct := e.ContentType
	if ct == "" {
		ct = OIDData
	}
	algs := slices.Clone(e.DigestAlgs)
	var infos []*SignerInfo
	for _, raw := range e.SignerInfos {
		si, err := ParseSignerInfo(raw)
		if err != nil {
			return nil, err
		}
		infos = append(infos, si)
		algs = addAlgorithm(algs, si.rawDigestAlg)
	}
	head := slices.Concat([]byte{2, 1, e.version(infos, ct)}, tlv(0x31, SortSet(algs)...))
	eci := ct.DER()
	var contentHead []byte
	var body int64
	if !detached {
		octets := appendHeader(nil, 0x04, size)
		contentHead = append(appendHeader(nil, 0xa0, int64(len(octets))+size), octets...)
		body = size
	}
	eciLen := int64(len(eci)+len(contentHead)) + body
	head = append(appendHeader(head, 0x30, eciLen), eci...)
	head = append(head, contentHead...)
	var after []byte
	if len(e.Certificates) > 0 {
		after = append(after, tlv(0xa0, e.Certificates...)...)
	}
	if len(e.Revocations) > 0 {
		after = append(after, tlv(0xa1, e.Revocations...)...)
	}
	after = append(after, tlv(0x31, e.SignerInfos...)...)
	sdLen := int64(len(head)+len(after)) + body
	sd := appendHeader(nil, 0x30, sdLen)
	ci := OIDSignedData.DER()
	ci = appendHeader(ci, 0xa0, int64(len(sd))+sdLen)
	before := appendHeader(nil, 0x30, int64(len(ci)+len(sd))+sdLen)
	return &frame{slices.Concat(before, ci, sd, head), after}, nil
}

// addAlgorithm adds an identifier unless the same algorithm, with or without NULL, is there.
func addAlgorithm(algs [][]byte, raw []byte) [][]byte {
	a, err := algorithm(raw)
	if err != nil {
		return algs
	}
	for _, o := range algs {
		if b, err := algorithm(o); err == nil && sameAlgorithm(a, b) {
			return algs
		}
	}
	der, err := Normalise(raw)
	if err != nil {
		return algs
	}
	return append(algs, der)
}

// Size is the exact length of the attached SignedData with a content of size bytes; of the detached one if size
// is negative.
func (e *Envelope) Size(size int64) (int64, error) {
	f, err := e.frame(max(size, 0), size < 0)
	if err != nil {
		return 0, err
	}
	return int64(len(f.before)+len(f.after)) + max(size, 0), nil
}

// Write writes the SignedData around the size bytes of content; content nil writes it detached. Less or more
// content than size is an io.ErrUnexpectedEOF or [ErrContentLonger], after something was written.
func (e *Envelope) Write(ctx context.Context, w io.Writer, content io.Reader, size int64) error {
	f, err := e.frame(size, content == nil)
	if err != nil {
		return err
	}
	if _, err := w.Write(f.before); err != nil {
		return err
	}
	if content != nil {
		if err := copyExactly(ctx, w, content, size); err != nil {
			return err
		}
	}
	_, err = w.Write(f.after)
	return err
}

// ErrContentLonger means that there was more content than announced.
var ErrContentLonger = errors.New("content longer than announced")

func copyExactly(ctx context.Context, w io.Writer, r io.Reader, size int64) error {
	buf := make([]byte, 64<<10)
	for left := size; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if left -= int64(n); left < 0 {
			return ErrContentLonger
		}
		if _, werr := w.Write(buf[:n]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			if left > 0 {
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// EstimateSize is an upper bound for the detached SignedData by the first certificate of chain, with all of chain in
// it and up to unsigned bytes of unsigned attributes, without using the key.
func EstimateSize(chain []*cert.Certificate, in SignerInput, unsigned int) (int64, error) {
	if len(chain) == 0 {
		return 0, errors.New("no certificate")
	}
	m, err := methodFor(chain[0])
	if err != nil {
		return 0, err
	}
	in.Certificate, in.Digest = chain[0], make([]byte, m.hash.Size())
	attrs, err := signedAttrs(in)
	if err != nil {
		return 0, err
	}
	var stamp []Attr
	if unsigned > 0 {
		stamp = []Attr{{OIDSignatureTimeStamp, [][]byte{tlv(0x04, make([]byte, unsigned))}}}
	}
	e := Envelope{SignerInfos: [][]byte{signerInfo(chain[0], m, attrs, make([]byte, m.size), stamp)}}
	for _, c := range chain {
		e.Certificates = append(e.Certificates, c.Raw)
	}
	return e.Size(-1)
}

// Public reports whether key is the private half of c's public key, for the keys that can sign here.
func Public(key crypto.Signer, c *cert.Certificate) bool {
	switch p := key.Public().(type) {
	case *rsa.PublicKey:
		k, ok := c.PublicKey.(*cert.RSAKey)
		return ok && k.N.Cmp(p.N) == 0
	case *ecdsa.PublicKey:
		k, ok := c.PublicKey.(*cert.ECKey)
		pt, err := p.Bytes()
		if !ok || err != nil || p.Curve == elliptic.P224() {
			return false
		}
		n := (len(pt) - 1) / 2
		return k.X.BitLen() <= 8*n && k.Y.BitLen() <= 8*n &&
			bytes.Equal(k.X.FillBytes(make([]byte, n)), pt[1:1+n]) && bytes.Equal(k.Y.FillBytes(make([]byte, n)), pt[1+n:])
	}
	return false
}

// WithUnsigned is the SignerInfo with one more unsigned attribute behind those it has; all other bytes stay as they
// are. Whether an archive time-stamp bears that is the caller's to know.
func (si *SignerInfo) WithUnsigned(a Attr) ([]byte, error) {
	fields, err := si.elements()
	if err != nil {
		return nil, err
	}
	attrs := rawAttributes(si.UnsignedAttrs)
	ordered := slices.IsSortedFunc(attrs, bytes.Compare)
	attrs = append(attrs, a.der())
	if ordered {
		slices.SortFunc(attrs, bytes.Compare)
	}
	return tlv(0x30, append(fields, tlv(0xa1, attrs...))...), nil
}
