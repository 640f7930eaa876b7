package signer

import (
	"context"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/tsp"
	"ceralacca/signer/trust"
)

// tokenRoom is what a PDF keeps free for a token of an authority that has given none yet. Italian ones have 5 to 9 kB.
const tokenRoom = 24 << 10

// ErrNoTSA means that a level was asked for that needs a time-stamp, and no authority was given.
var ErrNoTSA = errors.New("level needs a time-stamp authority")

var errNoTrust = errors.New("level needs a store of trusted lists")

// LevelError means that the signature was made but did not reach the level asked for. With [Options].KeepLower it was
// written, valid, at the level Reached; without it nothing of use was.
type LevelError struct {
	Reached Level
	// Step is a stable code for what failed: "time-stamp", "validation-data", "archive-time-stamp".
	Step string
	Err  error
}

func (e *LevelError) Error() string { return e.Step + ": " + e.Err.Error() }

// Unwrap returns what failed: of package trust, of the network, or what the authority answered.
func (e *LevelError) Unwrap() error { return e.Err }

// ascent is how far one signature has come towards its level.
type ascent struct {
	reached Level
	short   *LevelError // why it goes no further; nil while it does
	tokens  []*tsp.Token
	sizes   *TokenSizes
	room    int  // for the token of a signature time-stamp in a PDF; 0 at LevelB
	outside bool // it did not fit: LevelT is reached by a document time-stamp instead
}

// supported refuses what could not be finished before the key is used.
func (s *signing) supported(k Kind) error {
	bad := &UnsupportedError{s.o.Format, s.o.Level, k}
	switch s.o.Format {
	case Auto, CAdES:
	case PAdES:
		if k != PDF || s.o.Detached {
			return bad
		}
	default:
		return bad
	}
	switch {
	case s.o.Level < LevelB || s.o.Level > LevelLTA, s.o.Level > LevelB && s.o.Existing == CounterSign && s.o.Format != PAdES:
		return bad
	case s.o.Level >= LevelT && s.o.TSA == nil:
		return ErrNoTSA
	case s.o.Level >= LevelLT && s.o.Trust == nil:
		return errNoTrust
	}
	return nil
}

// goes reports whether the signature is still on its way to level.
func (s *signing) goes(level Level) bool { return s.o.Level >= level && s.short == nil }

// fallShort ends the ascent. The error is nil when the signature is to be kept as it is.
func (s *signing) fallShort(ctx context.Context, step string, err error) error {
	if ctx.Err() != nil && !s.o.KeepLower {
		return ctx.Err()
	}
	e := &LevelError{Reached: s.reached, Step: step, Err: err}
	if !s.o.KeepLower {
		return e
	}
	s.short = e
	return nil
}

// stamp asks the authority, and then whichever [TSA].Failed names.
func (s *signing) stamp(ctx context.Context, digest []byte) (*tsp.Token, error) {
	tok, err := s.o.TSA.stamp(ctx, s.hash, digest)
	if err == nil {
		s.sizes.note(len(tok.Raw))
	}
	return tok, err
}

// errRoom means that a token is larger than what a PDF keeps free for it.
var errRoom = errors.New("time-stamp token larger than the room for it")

// another asks whether one more token may be asked for in place of one that found no room. nil means yes.
func (s *signing) another(ctx context.Context) error {
	e := stampError(s.o.TSA.URL, errRoom)
	e.Reason = "room"
	if s.o.TSA.Failed == nil {
		return e
	}
	next := s.o.TSA.Failed(ctx, e)
	if next == nil {
		return e
	}
	s.o.TSA = next
	return nil
}

// signatureTimeStamp makes the unsigned attribute of LevelT over the signature value (EN 319 122-1 §5.3). In a PDF
// its room is part of what was signed: a token that turns out larger is left out, and a document time-stamp takes its
// place if whoever pays agrees, which costs another token and not another signature of the card.
func (s *signing) signatureTimeStamp(ctx context.Context, signature []byte) ([]cms.Attr, error) {
	if !s.goes(LevelT) {
		return nil, nil
	}
	h := s.hash.New()
	h.Write(signature)
	tok, err := s.stamp(ctx, h.Sum(nil))
	if err != nil {
		return nil, s.fallShort(ctx, "time-stamp", err)
	}
	if s.o.Format == PAdES && len(tok.Raw) > s.room {
		if err := s.another(ctx); err != nil {
			return nil, s.fallShort(ctx, "time-stamp", err)
		}
		s.outside = true
		return nil, nil
	}
	s.reached, s.tokens = LevelT, append(s.tokens, tok)
	return []cms.Attr{{Type: cms.OIDSignatureTimeStamp, Values: [][]byte{tok.Raw}}}, nil
}

// raise takes a SignerInfo and its envelope, which lacks only that SignerInfo, to LevelLT and LevelLTA as far as
// asked. digest is that of the content.
func (s *signing) raise(ctx context.Context, e *cms.Envelope, si, digest []byte) ([]byte, error) {
	if !s.goes(LevelLT) {
		return si, nil
	}
	v, err := s.validationData(ctx)
	if err != nil {
		return si, s.fallShort(ctx, "validation-data", err)
	}
	e.Certificates = merge(e.Certificates, v.Certs...)
	e.Revocations = merge(e.Revocations, v.CRLs...)
	for _, o := range v.OCSPs {
		c, err := otherRevocation(o)
		if err != nil {
			return nil, err
		}
		e.Revocations = merge(e.Revocations, c)
	}
	s.reached = LevelLT
	if !s.goes(LevelLTA) {
		return si, nil
	}
	archived, err := s.archive(ctx, e, si, digest)
	if err != nil {
		return si, s.fallShort(ctx, "archive-time-stamp", err)
	}
	s.reached = LevelLTA
	return archived, nil
}

// otherRevocation puts an OCSPResponse among the CRLs (RFC 5940 §2.1).
func otherRevocation(response []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
		b.AddBytes(oidRIOCSPResponse.DER())
		b.AddBytes(response)
	})
	return b.Bytes()
}

const oidRIOCSPResponse cert.OID = "1.3.6.1.5.5.7.16.2"

// validationData collects what it takes to judge the signer and every time-stamp so far without a network.
func (s *signing) validationData(ctx context.Context) (*trust.Material, error) {
	o := trust.JudgeOptions{Leaf: s.chain[0].Raw, Pool: s.rawChain()}
	for _, a := range s.o.Anchors {
		o.Anchors = append(o.Anchors, a.Raw)
	}
	all, err := s.o.Trust.Collect(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, t := range s.tokens {
		o.Leaf, o.Pool, o.TimeStamp = t.Signer.Raw, t.Data.RawCertificates, true
		m, err := s.o.Trust.Collect(ctx, o)
		if err != nil {
			return nil, err
		}
		all.Add(m)
	}
	return all, nil
}
