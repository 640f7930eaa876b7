package signer

import (
	"bytes"
	"context"
	"errors"
	"hash"
	"image"
	"image/color"
	"io"
	"slices"

	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/pdf"
)

// RefusedError says why nothing can be appended to a PDF. It can still be signed like any other file, in a .p7m.
type RefusedError struct {
	// Reason is a stable code: "encrypted", "not-pdf", "too-complex", "damaged", "docmdp-1", "permissions",
	// "dynamic-xfa", "signed-beyond-end", "manipulated", "no-such-page", "appearance", "font", "picture", "contents-too-large", "too-large",
	// "too-many-objects" and, for chosen fields, "needs-field", "no-such-field", "fieldmdp", "field-signed", "field-not-signature", "seed-value".
	Reason string
	Err    error
}

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the refusal with its details.
func (e *RefusedError) Unwrap() error { return e.Err }

// Appearance is what a visible PDF signature shows. Everything is opaque and the font embedded, so that a PDF/A
// stays one.
type Appearance struct {
	// Page counts from 1. Rect is left, bottom, right, top in points on the page as it is shown, from its lower left
	// corner. Both are those of the field when [Options].Field names one that is there.
	Page  int
	Rect  [4]float64
	Lines []string
	// Font is a TrueType font, from which only the glyphs of Lines are kept.
	Font []byte
	Size float64 // of the text, in points; 0 takes the largest that fits, at most 12
	// Picture stands left of the text; nil for none. What is transparent becomes white.
	Picture image.Image
	Border  bool
}

// maxPicture bounds the pixels of a picture: a full page at 300 dots an inch has 9 million.
const maxPicture = 16 << 20

// errPicture means that the picture has no pixels, or too many.
var errPicture = errors.New("size of the picture")

func (a *Appearance) pdf() (*pdf.Appearance, error) {
	if a == nil {
		return nil, nil
	}
	out := &pdf.Appearance{Page: a.Page, Rect: a.Rect, Lines: a.Lines, Font: a.Font, Size: a.Size, Border: a.Border}
	if a.Picture == nil {
		return out, nil
	}
	b := a.Picture.Bounds()
	w, h := b.Dx(), b.Dy()
	if w <= 0 || h <= 0 || w > maxPicture/h {
		return nil, &RefusedError{string(pdf.BadPicture), errPicture}
	}
	rgb := make([]byte, 0, 3*w*h)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			rgb = append(rgb, onWhite(a.Picture.At(x, y))...)
		}
	}
	out.Picture = &pdf.Picture{Width: w, Height: h, RGB: rgb}
	return out, nil
}

// onWhite lays a colour, whose parts are multiplied by its alpha already, on white.
func onWhite(c color.Color) []byte {
	r, g, b, a := c.RGBA()
	rest := 0xffff - a
	return []byte{byte((r + rest) >> 8), byte((g + rest) >> 8), byte((b + rest) >> 8)}
}

// refused turns what package pdf says into what is exported. A file that could not be read stays that.
func refused(err error) error {
	var no *pdf.RefusalError
	var bad *pdf.Error
	switch {
	case errors.As(err, &no):
		return &RefusedError{string(no.Reason), err}
	case errors.As(err, &bad) && bad.Kind != pdf.Unreadable:
		return &RefusedError{string(bad.Kind), err}
	}
	return err
}

// prepare computes the revision with the signature, or refuses.
func prepare(ctx context.Context, d *Document, o Options, p pdf.Options) (*pdf.Update, error) {
	var err error
	if p.Appearance, err = o.Visible.pdf(); err != nil {
		return nil, err
	}
	p.Reason, p.Location, p.Field, p.Stamped = o.Reason, o.Location, o.Field, o.Level >= LevelT
	u, err := pdf.Prepare(ctx, d.r, d.size, p)
	if err != nil {
		return nil, refused(err)
	}
	return u, closed(ctx, d, u)
}

// pades writes d with a signature appended (EN 319 142-1 §6.3), then, as far as asked, the validation data and a
// document time-stamp, each in a revision of its own. The key signs once: the room is for the largest signature that
// it can make with this chain, and a time-stamp too large for it gets a revision of its own too.
func (s *signing) pades(ctx context.Context, w io.Writer, d *Document) error {
	if s.goes(LevelT) {
		s.room = s.sizes.room()
	}
	room, err := cms.EstimateSize(s.chain, cms.SignerInput{}, s.room)
	if err != nil {
		return err
	}
	u, err := prepare(ctx, d, s.o, pdf.Options{Claimed: s.now, Reserve: int(room)})
	if err != nil {
		return err
	}
	p := &revisions{size: d.size}
	digest, err := s.digestPDF(ctx, u, p)
	if err != nil {
		return err
	}
	si, err := s.signerInfo(ctx, digest, cms.SignerInput{})
	if err != nil {
		return err
	}
	var der bytes.Buffer
	e := &cms.Envelope{SignerInfos: [][]byte{si}, Certificates: cms.SortSet(s.rawChain())}
	if err := e.Write(ctx, &der, nil, 0); err != nil {
		return err
	}
	if err := u.SetContents(der.Bytes()); err != nil {
		return refused(err)
	}
	if u, err = s.raisePDF(ctx, u, p); err != nil {
		return err
	}
	return p.write(ctx, w, u, s.hash.New())
}

// errOpenEnd is an earlier signature over bytes behind the end of the file: whatever is appended would be taken for
// them and break it.
var errOpenEnd = errors.New("an earlier signature covers bytes behind the end of the file")

// errManipulated is an earlier signature that every strict verifier fails for its form, or one whose manipulation our
// revision would cover up.
var errManipulated = errors.New("an earlier signature shows the marks of a known manipulation")

// broken are the findings about a ByteRange that let a signature pass nowhere, and the file with it.
var broken = []string{
	"byterange-first-not-zero", "byterange-gap-not-contents", "byterange-negative", "byterange-overlap",
	"byterange-past-eof", "byterange-shared",
}

// closed refuses a file in which a signature covers what is not there yet, which fails in any case, or about which
// fewer faults would be found with our revision u on top: some attacks live from what a revision in good order repairs.
// Other changes behind an earlier signature do not keep the next person from signing; verdicts go on telling them.
func closed(ctx context.Context, d *Document, u *pdf.Update) error {
	found, err := pdf.Scan(ctx, d.r, d.size)
	if err != nil {
		return refused(err)
	}
	for _, g := range slices.Concat(found.Signatures, found.Strays, found.UsageRights) {
		for i := 0; i+1 < len(g.ByteRange); i += 2 {
			if g.ByteRange[i] > d.size-g.ByteRange[i+1] {
				return &RefusedError{"signed-beyond-end", errOpenEnd}
			}
		}
	}
	for _, g := range found.Signatures {
		for _, f := range g.Findings {
			if f.Flag && slices.Contains(broken, f.Code) {
				return &RefusedError{"manipulated", errManipulated}
			}
		}
	}
	if flagged(found) == 0 {
		return nil
	}
	after, err := pdf.Scan(ctx, u, u.Size())
	if err != nil {
		return refused(err)
	}
	after.Signatures = slices.DeleteFunc(after.Signatures, func(g pdf.Signature) bool { return g.Field == u.Field() })
	if flagged(after) < flagged(found) {
		return &RefusedError{"manipulated", errManipulated}
	}
	return nil
}

// flagged counts the signatures that must not be shown as valid, all of them where the file itself must not.
func flagged(s *pdf.Scanned) int {
	n := 0
	for i := range s.Signatures {
		if s.Signatures[i].Flagged() || slices.ContainsFunc(s.Findings, func(f pdf.Finding) bool { return f.Flag }) {
			n++
		}
	}
	return n
}

// raisePDF puts the revisions of LevelLT and LevelLTA on top of a signed one, as far as asked, and before them that of
// LevelT when the signature has no room for its time-stamp.
func (s *signing) raisePDF(ctx context.Context, signed *pdf.Update, p *revisions) (*pdf.Update, error) {
	u := signed
	if s.outside {
		t, err := s.documentTimeStamp(ctx, u, p)
		if errors.Is(err, ErrChanged) {
			return nil, err
		}
		if err != nil {
			return u, s.fallShort(ctx, "time-stamp", err)
		}
		u, s.reached = t, LevelT
	}
	if !s.goes(LevelLT) {
		return u, nil
	}
	v, err := s.validationData(ctx)
	if err != nil {
		return u, s.fallShort(ctx, "validation-data", err)
	}
	lt, err := pdf.PrepareDSS(ctx, u, u.Size(), pdf.ValidationData{
		Certs: v.Certs, OCSPs: v.OCSPs, CRLs: v.CRLs, Signature: signed.SignatureKey(),
	})
	if err != nil {
		return u, s.fallShort(ctx, "validation-data", refused(err))
	}
	s.reached = LevelLT
	if !s.goes(LevelLTA) {
		return lt, nil
	}
	lta, err := s.documentTimeStamp(ctx, lt, p)
	if errors.Is(err, ErrChanged) {
		return nil, err
	}
	if err != nil {
		return lt, s.fallShort(ctx, "archive-time-stamp", err)
	}
	s.reached = LevelLTA
	return lta, nil
}

// documentTimeStamp appends a time-stamp over everything before it (EN 319 142-1 §5.5). An authority whose tokens are
// larger than it was known to give is asked a second time, with room for them, if whoever pays agrees.
func (s *signing) documentTimeStamp(ctx context.Context, u *pdf.Update, p *revisions) (*pdf.Update, error) {
	for first := true; ; first = false {
		t, err := pdf.Prepare(ctx, u, u.Size(), pdf.Options{TimeStamp: true, Reserve: s.sizes.room()})
		if err != nil {
			return nil, refused(err)
		}
		digest, err := s.digestPDF(ctx, t, p)
		if err != nil {
			return nil, err
		}
		tok, err := s.stamp(ctx, digest)
		if err != nil {
			return nil, err
		}
		err = t.SetContents(tok.Raw)
		if err == nil {
			s.tokens = append(s.tokens, tok)
			return t, nil
		}
		if !first {
			return nil, refused(err)
		}
		if err := s.another(ctx); err != nil {
			return nil, err
		}
	}
}

// revisions watches over the original, which is read anew for each revision and again for writing.
type revisions struct {
	size int64
	sum  []byte // of the original, by the first reading
}

// same holds a reading of the original against the first one.
func (p *revisions) same(sum []byte) error {
	if p.sum == nil {
		p.sum = sum
	}
	if !bytes.Equal(p.sum, sum) {
		return ErrChanged
	}
	return nil
}

// digestPDF is the digest of what u signs.
func (s *signing) digestPDF(ctx context.Context, u *pdf.Update, p *revisions) ([]byte, error) {
	h := s.hash.New()
	r := u.Signed()
	if err := copyAll(ctx, h, io.LimitReader(r, p.size)); err != nil {
		return nil, err
	}
	if err := p.same(h.Sum(nil)); err != nil {
		return nil, err
	}
	if err := copyAll(ctx, h, r); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// write writes the file and makes sure that its beginning is what was signed.
func (p *revisions) write(ctx context.Context, w io.Writer, u *pdf.Update, h hash.Hash) error {
	_, err := u.WriteTo(&watched{ctx, w, h, p.size})
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return ErrChanged
	case err != nil:
		return err
	}
	return p.same(h.Sum(nil))
}

// watched hashes the first left bytes that it passes on, and stops when ctx ends.
type watched struct {
	ctx  context.Context
	w    io.Writer
	h    hash.Hash
	left int64
}

func (x *watched) Write(p []byte) (int, error) {
	if err := x.ctx.Err(); err != nil {
		return 0, err
	}
	n := min(int64(len(p)), x.left)
	x.h.Write(p[:n])
	x.left -= n
	return x.w.Write(p)
}
