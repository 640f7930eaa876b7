package cms

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

// Object identifiers of CMS (RFC 5652), ESS (RFC 5035) and CAdES (EN 319 122-1).
const (
	OIDData            cert.OID = "1.2.840.113549.1.7.1"
	OIDSignedData      cert.OID = "1.2.840.113549.1.7.2"
	OIDTSTInfo         cert.OID = "1.2.840.113549.1.9.16.1.4"
	OIDTimeStampedData cert.OID = "1.2.840.113549.1.9.16.1.31"

	OIDContentType          cert.OID = "1.2.840.113549.1.9.3"
	OIDMessageDigest        cert.OID = "1.2.840.113549.1.9.4"
	OIDSigningTime          cert.OID = "1.2.840.113549.1.9.5"
	OIDCounterSignature     cert.OID = "1.2.840.113549.1.9.6"
	OIDAlgorithmProtection  cert.OID = "1.2.840.113549.1.9.52"
	OIDSigningCertificate   cert.OID = "1.2.840.113549.1.9.16.2.12"
	OIDSigningCertificateV2 cert.OID = "1.2.840.113549.1.9.16.2.47"
	OIDSignatureTimeStamp   cert.OID = "1.2.840.113549.1.9.16.2.14"
	OIDContentTimeStamp     cert.OID = "1.2.840.113549.1.9.16.2.20"
	OIDSignaturePolicy      cert.OID = "1.2.840.113549.1.9.16.2.15"
	OIDCertificateRefs      cert.OID = "1.2.840.113549.1.9.16.2.21"
	OIDRevocationRefs       cert.OID = "1.2.840.113549.1.9.16.2.22"
	OIDCertificateValues    cert.OID = "1.2.840.113549.1.9.16.2.23"
	OIDRevocationValues     cert.OID = "1.2.840.113549.1.9.16.2.24"
	OIDESCTimeStamp         cert.OID = "1.2.840.113549.1.9.16.2.25"
	OIDCertCRLTimeStamp     cert.OID = "1.2.840.113549.1.9.16.2.26"
	OIDArchiveTimeStampV1   cert.OID = "1.2.840.113549.1.9.16.2.27"
	OIDArchiveTimeStampV2   cert.OID = "1.2.840.113549.1.9.16.2.48"
	OIDArchiveTimeStampV3   cert.OID = "0.4.0.1733.2.4"
	OIDEvidenceInternal     cert.OID = "1.2.840.113549.1.9.16.2.49" // RFC 4998 appendix A
	OIDEvidenceExternal     cert.OID = "1.2.840.113549.1.9.16.2.50"
	OIDATSHashIndexV1       cert.OID = "0.4.0.1733.2.5"
	OIDATSHashIndexV2       cert.OID = "0.4.0.19122.1.4"
	OIDATSHashIndexV3       cert.OID = "0.4.0.19122.1.5"

	oidOCSPResponse cert.OID = "1.3.6.1.5.5.7.16.2"
	oidOCSPBasic    cert.OID = "1.3.6.1.5.5.7.48.1.1"
)

// ErrNotSignedData means that the file is CMS of another kind, or no CMS at all.
var ErrNotSignedData = errors.New("not a CMS SignedData")

// SignedData is a parsed SignedData (RFC 5652 §5.1). All that is in memory is what stands around the content.
type SignedData struct {
	Version      int
	DigestAlgs   []cert.Algorithm
	EContentType cert.OID
	// Detached is true when there is no content in the file.
	Detached    bool
	SignerInfos []*SignerInfo
	// Certificates are those that could be read, in file order, without repetitions.
	Certificates []*cert.Certificate
	// RawCertificates are all CertificateChoices as they stand: attribute certificates and unreadable ones too.
	RawCertificates [][]byte
	// RawRevocations are all RevocationInfoChoices as they stand; CRLs, OCSPResponses and BasicOCSP are sorted out
	// of them: CertificateList, OCSPResponse and BasicOCSPResponse elements.
	RawRevocations                  [][]byte
	CRLs, OCSPResponses, BasicOCSPs [][]byte
	// Notes tell how the file was wrapped: see the Note constants.
	Notes []string
	// Trailing is the number of bytes behind the ContentInfo, TrailingZeros whether all of them (the first
	// megabyte) are zero, as in the padded /Contents of a PDF.
	Trailing      int64
	TrailingZeros bool

	content     io.ReaderAt
	contentSize int64

	encap             *io.SectionReader // encapContentInfo as it stands
	rawCerts, rawCRLs []byte            // [0] and [1] as they stand; nil when absent
	rawHead, rawInfos []byte            // version and digestAlgorithms, and signerInfos, as they stand
	opened            [3]opened
}

// Content reads the content from its start; nil when Detached. It is the octets inside eContent, whatever the
// chunks, and may be used from several goroutines.
func (sd *SignedData) Content() *io.SectionReader {
	if sd.Detached {
		return nil
	}
	return io.NewSectionReader(sd.content, 0, sd.contentSize)
}

// ParseBytes is [Parse] over a slice, for CMS that already is in memory.
func ParseBytes(b []byte) (*SignedData, error) {
	return Parse(context.Background(), bytes.NewReader(b), int64(len(b)))
}

// Parse reads the SignedData in the first size bytes of r, in DER or BER, unwrapped as [Unwrap] does. It walks over
// the content without keeping it. r must stay readable, and ctx alive, as long as Content is used. The error is
// [ErrNotSignedData], a *[SyntaxError], a *[LimitError] or what reading gave.
func Parse(ctx context.Context, r io.ReaderAt, size int64) (*SignedData, error) {
	r, size, notes, err := Unwrap(ctx, r, size)
	if err != nil {
		return nil, err
	}
	p := &parser{scanner: newScanner(ctx, r, size), sd: &SignedData{Notes: notes}}
	if err := p.contentInfo(); err != nil {
		return nil, err
	}
	if p.ber {
		p.sd.Notes = append(p.sd.Notes, NoteBER)
	}
	return p.sd, p.trailer()
}

type parser struct {
	*scanner
	sd  *SignedData
	ber bool
}

func (p *parser) open(tag byte, what string) (int64, error) {
	end, err := p.enter(tag, what)
	if end < 0 {
		p.ber = true
	}
	return end, err
}

// front reads as far as the type of the ContentInfo; end is that of its [0].
func (p *parser) front() (oid cert.OID, ciEnd, end int64, err error) {
	b, err := p.peek(1)
	if err != nil {
		return "", 0, 0, err
	}
	if len(b) == 0 || b[0] != 0x30 {
		return "", 0, 0, ErrNotSignedData
	}
	if ciEnd, err = p.open(0x30, "ContentInfo"); err != nil {
		return "", 0, 0, err
	}
	if b, err = p.peek(1); err != nil || len(b) == 0 || b[0] != 0x06 {
		return "", 0, 0, cmpErr(err, ErrNotSignedData)
	}
	if oid, err = p.oid(); err != nil {
		return "", 0, 0, err
	}
	if oid != OIDSignedData {
		return oid, 0, 0, ErrNotSignedData
	}
	end, err = p.open(0xa0, "content of ContentInfo")
	return oid, ciEnd, end, err
}

func cmpErr(err, deflt error) error {
	if err != nil {
		return err
	}
	return deflt
}

func (p *parser) oid() (cert.OID, error) {
	h, err := p.header()
	if err != nil {
		return "", err
	}
	if h.tag != 0x06 || h.len > 64 {
		return "", p.fail("OBJECT IDENTIFIER expected")
	}
	b, err := p.peek(int(h.len))
	if err != nil {
		return "", err
	}
	p.pos += h.len
	return cert.ParseOID(b), nil
}

func (p *parser) contentInfo() error {
	_, ciEnd, end, err := p.front()
	if err != nil {
		return err
	}
	sdEnd, err := p.open(0x30, "SignedData")
	if err != nil {
		return err
	}
	// The element [0] stands inside the ContentInfo behind its type.
	p.sd.opened = [3]opened{{nil, 0x30, ciEnd < 0}, {OIDSignedData.DER(), 0xa0, end < 0}, {nil, 0x30, sdEnd < 0}}
	if err := p.signedData(sdEnd); err != nil {
		return err
	}
	if err := p.leave(end, "content of ContentInfo"); err != nil {
		return err
	}
	return p.leave(ciEnd, "ContentInfo")
}

func (p *parser) signedData(end int64) error {
	if err := p.beforeContent(); err != nil {
		return err
	}
	start := p.pos
	if err := p.encapContentInfo(); err != nil {
		return err
	}
	p.sd.encap = io.NewSectionReader(p.r, start, p.pos-start)
	for {
		m, err := p.more(end)
		if err != nil {
			return err
		}
		if !m {
			return p.fail("signerInfos missing")
		}
		raw, err := p.element()
		if err != nil {
			return err
		}
		switch raw[0] {
		case 0xa0:
			p.sd.rawCerts = append(p.sd.rawCerts, raw...)
			err = p.certificates(raw)
		case 0xa1:
			p.sd.rawCRLs = append(p.sd.rawCRLs, raw...)
			err = p.revocations(raw)
		case 0x31:
			p.sd.rawInfos = raw
			if err = p.signerInfos(raw); err != nil {
				return err
			}
			return p.leave(end, "SignedData")
		default:
			return p.fail("unexpected element in SignedData")
		}
		if err != nil {
			return err
		}
	}
}

func (p *parser) beforeContent() error {
	raw, err := p.element()
	if err != nil {
		return err
	}
	s := cryptobyte.String(raw)
	if !s.ReadASN1Integer(&p.sd.Version) {
		return p.fail("version")
	}
	p.sd.rawHead = raw
	if raw, err = p.element(); err != nil {
		return err
	}
	p.sd.rawHead = append(p.sd.rawHead, raw...)
	if raw[0] != 0x31 {
		return p.fail("digestAlgorithms expected")
	}
	kids, err := children(raw, 64)
	if err != nil {
		return err
	}
	for _, k := range kids {
		a, err := algorithm(k)
		if err != nil {
			return err
		}
		p.sd.DigestAlgs = append(p.sd.DigestAlgs, a)
	}
	return nil
}

func algorithm(raw []byte) (cert.Algorithm, error) {
	der, err := Normalise(raw)
	if err != nil {
		return cert.Algorithm{}, err
	}
	s := cryptobyte.String(der)
	a, ok := cert.ReadAlgorithm(&s)
	if !ok {
		return a, &SyntaxError{-1, "AlgorithmIdentifier"}
	}
	return a, nil
}

// encapContentInfo reads RFC 5652 §5.2, and the ContentInfo of PKCS #7 v1.5 where the content is any element.
func (p *parser) encapContentInfo() error {
	end, err := p.open(0x30, "encapContentInfo")
	if err != nil {
		return err
	}
	if p.sd.EContentType, err = p.oid(); err != nil {
		return err
	}
	m, err := p.more(end)
	if err != nil {
		return err
	}
	if !m {
		p.sd.Detached = true
		return nil
	}
	exp, err := p.open(0xa0, "eContent")
	if err != nil {
		return err
	}
	if m, err = p.more(exp); err != nil {
		return err
	}
	if !m { // an empty [0]: seen in the wild for "no content"
		p.sd.Detached = true
		return p.leave(end, "encapContentInfo")
	}
	if err := p.eContent(); err != nil {
		return err
	}
	if err := p.leave(exp, "eContent"); err != nil {
		return err
	}
	return p.leave(end, "encapContentInfo")
}

func (p *parser) eContent() error {
	start := p.pos
	h, err := p.header()
	if err != nil {
		return err
	}
	switch {
	case h.tag == 0x24:
		p.ber = true
		c, err := newChunked(p.scanner, h)
		if err != nil {
			return err
		}
		p.sd.content, p.sd.contentSize = c, c.size
	case h.len >= 0:
		// For PKCS #7 contents that are no OCTET STRING too, only the value octets are digested (RFC 2315 §9.3).
		p.sd.content, p.sd.contentSize = io.NewSectionReader(p.r, p.pos, h.len), h.len
		p.pos += h.len
	default:
		p.ber = true
		p.pos = start
		raw, err := p.element()
		if err != nil {
			return err
		}
		der, err := Normalise(raw)
		if err != nil {
			return err
		}
		v := der
		if hd, err := parseHeader(der); err == nil {
			v = der[hd.size:]
		}
		p.sd.content, p.sd.contentSize = bytes.NewReader(v), int64(len(v))
	}
	return nil
}

func (p *parser) certificates(raw []byte) error {
	kids, err := children(raw, maxCerts)
	if err != nil {
		return err
	}
	p.sd.RawCertificates = append(p.sd.RawCertificates, kids...)
	for _, k := range kids {
		if k[0] != 0x30 {
			continue // attribute certificates and other formats sign nothing here
		}
		c, err := cert.Parse(k)
		if err != nil {
			der, nerr := Normalise(k)
			if nerr != nil {
				continue
			}
			if c, err = cert.Parse(der); err != nil {
				continue
			}
		}
		if !slices.ContainsFunc(p.sd.Certificates, func(o *cert.Certificate) bool { return bytes.Equal(o.Raw, c.Raw) }) {
			p.sd.Certificates = append(p.sd.Certificates, c)
		}
	}
	return nil
}

func (p *parser) revocations(raw []byte) error {
	kids, err := children(raw, maxCerts)
	if err != nil {
		return err
	}
	p.sd.RawRevocations = append(p.sd.RawRevocations, kids...)
	for _, k := range kids {
		der, err := Normalise(k)
		if err != nil {
			continue
		}
		switch k[0] {
		case 0x30:
			p.sd.CRLs = append(p.sd.CRLs, der)
		case 0xa1: // OtherRevocationInfoFormat, RFC 5940
			s := cryptobyte.String(der)
			var in cryptobyte.String
			if !s.ReadASN1(&in, asn1.Tag(1).ContextSpecific().Constructed()) {
				continue
			}
			switch oid, _ := cert.ReadOID(&in); oid {
			case oidOCSPResponse:
				p.sd.OCSPResponses = append(p.sd.OCSPResponses, in)
			case oidOCSPBasic:
				p.sd.BasicOCSPs = append(p.sd.BasicOCSPs, in)
			}
		}
	}
	return nil
}

func (p *parser) signerInfos(raw []byte) error {
	kids, err := children(raw, maxSigners)
	if err != nil {
		return err
	}
	for _, k := range kids {
		si, err := ParseSignerInfo(k)
		if err != nil {
			return err
		}
		p.sd.SignerInfos = append(p.sd.SignerInfos, si)
	}
	return nil
}

func (p *parser) trailer() error {
	p.sd.Trailing = p.size - p.pos
	if p.sd.Trailing == 0 {
		return nil
	}
	p.sd.TrailingZeros = true
	b := make([]byte, min(p.sd.Trailing, 1<<20))
	if _, err := p.r.ReadAt(b, p.pos); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, c := range b {
		if c != 0 {
			p.sd.TrailingZeros = false
			break
		}
	}
	if !slices.Contains(p.sd.Notes, NoteTrailing) {
		p.sd.Notes = append(p.sd.Notes, NoteTrailing)
	}
	return nil
}

// SequenceOf splits a SEQUENCE in DER into its elements; nil if it is none or has too many.
func SequenceOf(der []byte) [][]byte {
	if len(der) == 0 || der[0] != 0x30 {
		return nil
	}
	kids, err := children(der, maxCerts)
	if err != nil {
		return nil
	}
	return kids
}
