package tsp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"slices"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxResponse bounds what a time-stamp authority may answer.
const maxResponse = 1 << 20

// Request is TimeStampReq, RFC 3161 §2.4.1. Encode asks for the authority's certificate.
type Request struct {
	Hash    crypto.Hash
	Digest  []byte
	Policy  cert.OID // empty: the authority's own choice
	Nonce   *big.Int // nil: none
	Version int      // as read; written is 1
}

// Encode gives the DER.
func (r *Request) Encode() ([]byte, error) {
	if r.Hash == 0 || cert.HashOID(r.Hash) == "" || len(r.Digest) != r.Hash.Size() {
		return nil, &cert.UnsupportedError{What: "hash", OID: cert.HashOID(r.Hash)}
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(cert.Algorithm{OID: cert.HashOID(r.Hash), Params: []byte{5, 0}}.DER())
			b.AddASN1OctetString(r.Digest)
		})
		if r.Policy != "" {
			b.AddBytes(r.Policy.DER())
		}
		if r.Nonce != nil {
			b.AddASN1BigInt(r.Nonce)
		}
		b.AddASN1Boolean(true)
	})
	return b.Bytes()
}

// ParseRequest reads a TimeStampReq.
func ParseRequest(der []byte) (*Request, error) {
	bad := &FormatError{What: "time-stamp request"}
	in := cryptobyte.String(der)
	var seq, imprint cryptobyte.String
	r := &Request{}
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&r.Version) ||
		!seq.ReadASN1(&imprint, asn1.SEQUENCE) {
		return nil, bad
	}
	alg, ok := cert.ReadAlgorithm(&imprint)
	if !ok || !imprint.ReadASN1Bytes(&r.Digest, asn1.OCTET_STRING) {
		return nil, bad
	}
	var err error
	if r.Hash, err = cert.HashByOID(alg.OID); err != nil {
		return nil, err
	}
	if seq.PeekASN1Tag(asn1.OBJECT_IDENTIFIER) {
		if r.Policy, ok = cert.ReadOID(&seq); !ok {
			return nil, bad
		}
	}
	if seq.PeekASN1Tag(asn1.INTEGER) {
		r.Nonce = new(big.Int)
		if !seq.ReadASN1Integer(r.Nonce) {
			return nil, bad
		}
	}
	return r, nil
}

// StatusError is a refusal by the authority, RFC 3161 §2.4.2.
type StatusError struct {
	Status int    // PKIStatus: 2 rejection, 3 waiting, 4 and 5 about revocation
	Fail   uint32 // PKIFailureInfo, bit n of ASN.1 at bit n
	Text   string // what the authority wrote
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("time-stamp authority refused: status %d, failure %#x, %q", e.Status, e.Fail, e.Text)
}

// ParseResponse reads a TimeStampResp in DER or with a BER token. A refusal is a *[StatusError].
func ParseResponse(der []byte) (*Token, error) {
	bad := &FormatError{What: "time-stamp response"}
	if len(der) > maxToken {
		return nil, bad
	}
	outer, err := element(der, 0x30)
	if err != nil {
		return nil, bad
	}
	status, rest, err := first(outer)
	if err != nil {
		return nil, bad
	}
	if err := readStatus(status); err != nil {
		return nil, err
	}
	token, _, err := first(rest)
	if err != nil {
		return nil, bad
	}
	return ParseToken(token)
}

// Parse reads a token or a response around one, told by content: files of either kind carry the other's suffix.
func Parse(raw []byte) (*Token, error) {
	in, err := element(raw, 0x30)
	if err == nil && len(in) > 0 && in[0] == 0x30 {
		return ParseResponse(raw)
	}
	return ParseToken(raw)
}

func readStatus(raw []byte) error {
	bad := &FormatError{What: "time-stamp response: status"}
	s := cryptobyte.String(raw)
	var seq, texts cryptobyte.String
	e := &StatusError{}
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !seq.ReadASN1Integer(&e.Status) {
		return bad
	}
	if seq.PeekASN1Tag(asn1.SEQUENCE) {
		var text cryptobyte.String
		if !seq.ReadASN1(&texts, asn1.SEQUENCE) {
			return bad
		}
		for !texts.Empty() {
			if !texts.ReadASN1(&text, asn1.UTF8String) {
				return bad
			}
			e.Text += string(text)
		}
	}
	if seq.PeekASN1Tag(asn1.BIT_STRING) {
		var bits cryptobyte.String
		if !seq.ReadASN1(&bits, asn1.BIT_STRING) || len(bits) == 0 {
			return bad
		}
		for i := 0; i < 32 && i/8 < len(bits)-1; i++ {
			e.Fail |= uint32(bits[1+i/8]>>(7-i%8)&1) << i
		}
	}
	if e.Status == 0 || e.Status == 1 { // granted, with or without changes
		return nil
	}
	return e
}

// AnswerError means that an answer came, is a token, and is not the one asked for.
type AnswerError struct {
	// Reason is a stable code: "nonce", "imprint", "policy", "signature", "authority".
	Reason   string
	Problems []cms.Problem
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("time-stamp answer is not acceptable: %s %v", e.Reason, e.Problems)
}

// Client asks one time-stamp authority.
type Client struct {
	URL    string
	User   *url.Userinfo // HTTP Basic; nil for none. Sent to this URL's host only.
	Policy cert.OID      // empty for the authority's own
	Web    *Web          // nil: the system's settings
	Rand   io.Reader     // nil: crypto/rand
}

// Stamp has digest, made with h, stamped. It sends one request; once an answer came it does not ask again, whatever
// the answer, since each may cost a mark. Errors: *[WebError], *[FormatError], *[StatusError], *[AnswerError].
func (c *Client) Stamp(ctx context.Context, h crypto.Hash, digest []byte) (*Token, error) {
	random := c.Rand
	if random == nil {
		random = rand.Reader
	}
	var seed [16]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return nil, fmt.Errorf("making a nonce: %w", err)
	}
	req := &Request{Hash: h, Digest: digest, Policy: c.Policy, Nonce: new(big.Int).SetBytes(seed[:])}
	body, err := req.Encode()
	if err != nil {
		return nil, err
	}
	web := c.Web
	if web == nil {
		web = &Web{}
	}
	answer, err := web.Post(ctx, c.URL, "application/timestamp-query", "", body, c.User, maxResponse)
	if err != nil {
		return nil, err
	}
	tok, err := ParseResponse(answer)
	if err != nil {
		return nil, err
	}
	if err := req.Accept(tok); err != nil {
		return nil, err
	}
	return tok, nil
}

// Accept checks that tok answers r, RFC 3161 §2.4.2, and that its form and signature are good.
func (r *Request) Accept(tok *Token) error {
	switch {
	case r.Nonce != nil && (tok.Info.Nonce == nil || tok.Info.Nonce.Cmp(r.Nonce) != 0):
		return &AnswerError{Reason: "nonce"}
	case tok.Info.Hash != r.Hash || !bytes.Equal(tok.Info.Imprint, r.Digest):
		return &AnswerError{Reason: "imprint"}
	case r.Policy != "" && tok.Info.Policy != r.Policy:
		return &AnswerError{Reason: "policy"}
	}
	res := tok.Check()
	switch {
	case !res.Intact():
		return &AnswerError{"signature", res.Problems}
	case !res.Sound() || slices.Contains(res.Problems, EKUNotCritical):
		return &AnswerError{"authority", res.Problems}
	}
	return nil
}
