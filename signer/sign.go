package signer

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

// Existing says what to do with a document that is a signed envelope already.
type Existing int

// What can be done. The zero value asks first: [AlreadySignedError].
const (
	Refuse      Existing = iota
	Wrap                 // a new envelope around the old one (p7m in p7m)
	Add                  // a parallel signature over the same content; every existing byte of the others is kept
	CounterSign          // a signature over each existing signature, inside it
)

// AlreadySignedError says that the document is a signed envelope and that [Options].Existing did not say what to do.
type AlreadySignedError struct {
	Signers []string  // common names as found, without judging the signatures
	When    time.Time // the latest claimed signing time; zero when none is claimed
}

func (e *AlreadySignedError) Error() string {
	return fmt.Sprintf("document is already signed by %d signers", len(e.Signers))
}

// UnsupportedError says that a format, level or kind of document cannot be handled.
type UnsupportedError struct {
	Format Format
	Level  Level
	Kind   Kind
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("format %d at level %d is not supported for documents of kind %d", e.Format, e.Level, e.Kind)
}

// ErrKey means that the key and its certificate do not belong together.
var ErrKey = cms.ErrKeyMismatch

// ErrOtherContent means that Options.Content is not what the existing signatures are over.
var ErrOtherContent = errors.New("content is not what the existing signatures are over")

// Sign writes the signature of d, or the signed document, to w. It reads the document twice, a PDF at LevelLTA three
// times, and holds none of it in memory. If the document changes between the readings the error wraps [ErrChanged]
// and what went to w is to be thrown away, as it is after every other error but a [*LevelError] with o.KeepLower.
// The key signs once for each signature, and nothing is asked of the network before it did.
//
// A certificate that may not sign is refused with a [*UseError], a signed envelope with an [*AlreadySignedError]
// unless o.Existing says what to do, or with an [*ArchivedError] where that costs a proof, and a PDF that nothing can be appended to with a [*RefusedError]. A signed PDF
// is no envelope: each PAdES signature is a revision behind the others, whatever o.Existing says.
func Sign(ctx context.Context, w io.Writer, d *Document, k Key, o Options) error {
	s, err := newSigning(k, o)
	if err != nil {
		return err
	}
	if err := s.supported(d.kind); err != nil {
		return err
	}
	bw := bufio.NewWriterSize(w, 64<<10)
	switch {
	case o.Format == PAdES:
		err = s.pades(ctx, bw, d)
	case d.kind == SignedData || d.kind == DetachedCMS:
		err = s.existing(ctx, bw, d)
	default:
		err = s.envelope(ctx, bw, d)
	}
	if err == nil {
		err = bw.Flush()
	}
	if err == nil && s.short != nil {
		return s.short
	}
	return err
}

// signing is one signature to be made.
type signing struct {
	key   crypto.Signer
	chain []*cert.Certificate // without the root
	hash  crypto.Hash
	now   time.Time
	o     Options
	ascent
}

func newSigning(k Key, o Options) (*signing, error) {
	if len(k.Chain) == 0 || k.Signer == nil {
		return nil, errors.New("key without certificate")
	}
	s := &signing{key: k.Signer, now: time.Now(), o: o}
	if o.Now != nil {
		s.now = o.Now()
	}
	if s.sizes = new(TokenSizes); o.TSA != nil && o.TSA.Sizes != nil {
		s.sizes = o.TSA.Sizes
	}
	for i, x := range k.Chain {
		if x == nil {
			return nil, fmt.Errorf("certificate %d of the chain is missing", i)
		}
		c, err := cert.Parse(x.Raw)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the chain: %w", i, err)
		}
		if i > 0 && c.SelfIssued() {
			continue
		}
		s.chain = append(s.chain, c)
	}
	if err := maySign(s.chain[0], s.now); err != nil {
		return nil, err
	}
	if !cms.Public(s.key, s.chain[0]) {
		return nil, ErrKey
	}
	h, err := cms.HashFor(s.chain[0])
	s.hash = h
	return s, err
}

// signerInfo makes the SignerInfo over a digest, with a signature time-stamp at LevelT and above. PAdES has the
// claimed time in the signature dictionary and nowhere else (EN 319 142-1 §6.3).
func (s *signing) signerInfo(ctx context.Context, digest []byte, in cms.SignerInput) ([]byte, error) {
	in.Key, in.Certificate, in.Digest, in.Unsigned = s.key, s.chain[0], digest, s.signatureTimeStamp
	if s.o.Format != PAdES {
		in.SigningTime = s.now
	}
	return cms.Sign(ctx, in)
}

func (s *signing) rawChain() [][]byte {
	var raw [][]byte
	for _, c := range s.chain {
		raw = append(raw, c.Raw)
	}
	return raw
}

// envelope writes a new SignedData with the bytes of d as content, or beside them when detached.
func (s *signing) envelope(ctx context.Context, w io.Writer, d *Document) error {
	content := io.NewSectionReader(d.r, 0, d.size)
	digest, err := s.digest(ctx, content)
	if err != nil {
		return err
	}
	si, err := s.signerInfo(ctx, digest, cms.SignerInput{})
	if err != nil {
		return err
	}
	e := &cms.Envelope{Certificates: cms.SortSet(s.rawChain())}
	if si, err = s.raise(ctx, e, si, digest); err != nil {
		return err
	}
	e.SignerInfos = [][]byte{si}
	if s.o.Detached {
		return s.writeDetached(ctx, w, e, content, digest)
	}
	return s.write(ctx, w, e, content, digest)
}

// digest reads content from its start. Fewer bytes than announced mean that the file shrank.
func (s *signing) digest(ctx context.Context, content *io.SectionReader) ([]byte, error) {
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	n := &counter{r: content}
	d, err := cms.Digests(ctx, n, []crypto.Hash{s.hash})
	if err != nil {
		return nil, err
	}
	if n.n != content.Size() {
		return nil, ErrChanged
	}
	return d[s.hash], nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// write writes e around content and makes sure that these were the bytes that digest is of.
func (s *signing) write(ctx context.Context, w io.Writer, e *cms.Envelope, content *io.SectionReader, digest []byte) error {
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := s.hash.New()
	err := e.Write(ctx, w, io.TeeReader(content, h), content.Size())
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, cms.ErrContentLonger) {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(h.Sum(nil), digest) {
		return ErrChanged
	}
	return nil
}

// writeDetached writes e without content and makes sure that the content still is what digest is of.
func (s *signing) writeDetached(ctx context.Context, w io.Writer, e *cms.Envelope, content *io.SectionReader, digest []byte) error {
	again, err := s.digest(ctx, content)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, digest) {
		return ErrChanged
	}
	return e.Write(ctx, w, nil, 0)
}

// existing signs a document that is a SignedData already, as s.o.Existing says.
func (s *signing) existing(ctx context.Context, w io.Writer, d *Document) error {
	if s.o.Existing == Wrap {
		return s.envelope(ctx, w, d)
	}
	sd, err := cms.Parse(ctx, d.r, d.size)
	if err != nil {
		return fmt.Errorf("reading the existing signatures: %w", err)
	}
	switch lost := archived(sd); {
	case s.o.Existing == Refuse && len(sd.SignerInfos) > 0:
		return alreadySigned(sd)
	case s.o.Existing == Refuse:
		return s.envelope(ctx, w, d) // certificates only: nobody has signed anything
	case lost != nil && !s.o.LoseArchive:
		return lost
	case s.o.Existing == Add:
		return s.add(ctx, w, sd)
	}
	return s.counterSign(ctx, w, sd)
}

func alreadySigned(sd *cms.SignedData) error {
	e := &AlreadySignedError{}
	for _, si := range sd.SignerInfos {
		name := ""
		if c := si.Signer(sd.Certificates); c != nil {
			name = cert.NameAttr(c.RawSubject, cert.OIDCommonName)
		}
		e.Signers = append(e.Signers, name)
		if t := si.SigningTime(); t.After(e.When) {
			e.When = t
		}
	}
	return e
}

// keep takes over what stands in sd, byte for byte.
func keep(sd *cms.SignedData) *cms.Envelope {
	e := &cms.Envelope{ContentType: sd.EContentType, Certificates: sd.RawCertificates, Revocations: sd.RawRevocations}
	for _, si := range sd.SignerInfos {
		e.SignerInfos = append(e.SignerInfos, si.Raw)
	}
	for _, a := range sd.DigestAlgs {
		if der := a.DER(); der != nil {
			e.DigestAlgs = append(e.DigestAlgs, der)
		}
	}
	return e
}

// merge adds elements to a SET: in DER order if it was in order, behind the others if it was not. What stands there
// twice stays there twice.
func merge(set [][]byte, more ...[]byte) [][]byte {
	ordered := slices.IsSortedFunc(set, bytes.Compare)
	out := slices.Clone(set)
	for _, m := range more {
		if !slices.ContainsFunc(out, func(o []byte) bool { return bytes.Equal(o, m) }) {
			out = append(out, m)
		}
	}
	if ordered {
		slices.SortStableFunc(out, bytes.Compare)
	}
	return out
}

// add writes sd with one more SignerInfo. The content is copied; an envelope in BER becomes definite lengths around the
// same bytes. A detached one stays detached.
func (s *signing) add(ctx context.Context, w io.Writer, sd *cms.SignedData) error {
	content, err := s.content(ctx, sd)
	if err != nil {
		return err
	}
	digest, err := s.digest(ctx, content)
	if err != nil {
		return err
	}
	si, err := s.signerInfo(ctx, digest, cms.SignerInput{ContentType: sd.EContentType})
	if err != nil {
		return err
	}
	e := keep(sd)
	e.Certificates = merge(e.Certificates, s.rawChain()...)
	if si, err = s.raise(ctx, e, si, digest); err != nil {
		return err
	}
	n := len(e.SignerInfos)
	if e.SignerInfos = merge(e.SignerInfos, si); len(e.SignerInfos) == n { // the same key in the same second
		return alreadySigned(sd)
	}
	if sd.Detached {
		return s.writeDetached(ctx, w, e, content, digest)
	}
	return s.write(ctx, w, e, content, digest)
}

// content is what the signers of sd signed. For a detached envelope it comes from the caller, and must be what at
// least one of them signed.
func (s *signing) content(ctx context.Context, sd *cms.SignedData) (*io.SectionReader, error) {
	if !sd.Detached {
		return sd.Content(), nil
	}
	if s.o.Content == nil {
		return nil, ErrNoContent
	}
	content := io.NewSectionReader(s.o.Content, 0, s.o.ContentSize)
	digests, err := cms.Digests(ctx, content, sd.Hashes())
	if err != nil {
		return nil, err
	}
	for _, si := range sd.SignerInfos {
		if si.Check(si.Signer(sd.Certificates), sd.Target(digests)).Failure != cms.DigestMismatch {
			return content, nil
		}
	}
	return nil, ErrOtherContent
}

// counterSign puts a counter-signature (RFC 5652 §11.4) into every SignerInfo. Unsigned attributes are not covered
// by any signature, so the others stay as they are.
func (s *signing) counterSign(ctx context.Context, w io.Writer, sd *cms.SignedData) error {
	e := keep(sd)
	for i, si := range sd.SignerInfos {
		h := s.hash.New()
		h.Write(si.Signature)
		c, err := s.signerInfo(ctx, h.Sum(nil), cms.SignerInput{CounterSignature: true})
		if err != nil {
			return err
		}
		if e.SignerInfos[i], err = si.WithUnsigned(cms.Attr{Type: cms.OIDCounterSignature, Values: [][]byte{c}}); err != nil {
			return err
		}
	}
	e.Certificates = merge(e.Certificates, s.rawChain()...)
	if sd.Detached {
		return e.Write(ctx, w, nil, 0)
	}
	content := sd.Content()
	before, err := s.digest(ctx, content)
	if err != nil {
		return err
	}
	return s.write(ctx, w, e, content, before)
}
