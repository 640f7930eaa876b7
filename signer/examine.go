package signer

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/pdf"
)

// Examination is what there is to know of a document before anybody types a PIN. It depends on no choice of the signer.
type Examination struct {
	// Format is the one that fits the document: PAdES for a PDF that takes a signature, CAdES for anything else.
	Format Format
	// Refused says why a PDF takes none; nil for other documents, and where it takes one in a field that must be chosen.
	Refused *RefusedError
	// Layers are the signatures as they are written, judged by nobody: Layers[0] those of the file itself, Layers[1]
	// those of the signed file in it, and so on. A layer without signatures is left out.
	Layers [][]Signed
	// Archived is what [Add] and [CounterSign] would cost the signatures of the file, with which they are refused unless
	// Options.LoseArchive is set; nil for nothing.
	Archived *ArchivedError
	// Pages and Fields are the places of a PDF for a visible signature, each in order.
	Pages  []Page
	Fields []EmptyField
}

// Signed is a signature that a document bears.
type Signed struct {
	By      *Certificate // nil when the file does not hold it
	Claimed time.Time    // when the signer says it was; zero when not said
	// Field is the full name of the form field in a PDF.
	Field string
	// Doubtful tells that the PDF itself speaks against the signature: it was changed behind it as nobody may, or the
	// signature is of a form that none has. Whoever signs next should have looked at the verdict first.
	Doubtful bool
	// Stamp tells a time-stamp over the whole document from a person's signature.
	Stamp bool
	// Counter are the counter-signatures inside this one.
	Counter []Signed
}

// Page is a page of a PDF as it is shown, turned and cropped.
type Page struct{ Width, Height float64 } // in points of 1/72 inch

// EmptyField is a signature field that waits for its signature.
type EmptyField struct {
	Name string // for Options.Field
	Page int    // from 1; 0 when it is on no page
	// Rect is left, bottom, right, top as [Appearance] has it; without an area for a field that cannot be seen.
	Rect [4]float64
	// Locks tells that the signature will lock form fields.
	Locks bool
	// Refused is the code of the [RefusedError] that signing in this field would bring; empty for none.
	Refused string
}

// By finds the last signature, by the time it claims, of the holder of c, in whatever layer. Certificates of one
// holder are those with the same codice fiscale; without one, c alone.
func (x *Examination) By(c *x509.Certificate) (Signed, bool) {
	var last Signed
	if len(x.Layers) == 0 {
		return last, false
	}
	found, holder := false, Describe(c)
	same := func(by *Certificate) bool {
		return by != nil && (string(by.DER) == string(c.Raw) || by.FiscalCode != "" && by.FiscalCode == holder.FiscalCode)
	}
	var look func([]Signed)
	look = func(list []Signed) {
		for _, s := range list {
			if same(s.By) && (!found || s.Claimed.After(last.Claimed)) {
				last, found = s, true
			}
			look(s.Counter)
		}
	}
	for _, l := range x.Layers {
		look(l)
	}
	return last, found
}

// Preflight tells what [Sign] would refuse d for, whoever the signer is, so that nobody is asked for a PIN in vain. The
// original of a detached signature is read for it. nil promises nothing about what is read only when signing.
func Preflight(ctx context.Context, d *Document, o Options) error {
	s := &signing{o: o}
	err := s.supported(d.kind)
	switch {
	case err != nil:
		return err
	case o.Format == PAdES:
		_, err = prepare(ctx, d, o, pdf.Options{})
	case (o.Existing == Add || o.Existing == CounterSign) && (d.kind == SignedData || d.kind == DetachedCMS):
		return s.preflightAdding(ctx, d)
	}
	return err
}

func (s *signing) preflightAdding(ctx context.Context, d *Document) error {
	sd, err := cms.Parse(ctx, d.r, d.size)
	if err != nil {
		return unlessMalformed(ctx, err)
	}
	if lost := archived(sd); lost != nil && !s.o.LoseArchive {
		return lost
	}
	if s.o.Existing == Add {
		_, err = s.content(ctx, sd)
	}
	return err
}

// Examine looks d over. What it cannot read of the signatures that d bears it leaves out; a PDF that cannot be read has
// Refused set. Errors are those of reading, and of ctx.
func Examine(ctx context.Context, d *Document) (*Examination, error) {
	x := &Examination{Format: CAdES}
	if d.kind == PDF {
		_, err := prepare(ctx, d, Options{}, pdf.Options{})
		var no *RefusedError
		switch {
		case err == nil, errors.As(err, &no) && no.Reason == string(pdf.NeedsField):
			x.Format = PAdES
		case no == nil:
			return nil, err
		default:
			x.Refused = no
		}
		if err := x.places(ctx, d); err != nil {
			return nil, err
		}
	}
	var err error
	if x.Archived, err = Archived(ctx, d); err != nil {
		return nil, err
	}
	for range maxNesting {
		layer, err := d.signed(ctx)
		if err != nil {
			return nil, err
		}
		if len(layer) > 0 {
			x.Layers = append(x.Layers, layer)
		}
		if d, err = d.Content(ctx); err != nil { // nothing inside
			break
		}
	}
	return x, ctx.Err()
}

// signed lists the signatures of d itself.
func (d *Document) signed(ctx context.Context) ([]Signed, error) {
	switch d.kind {
	case SignedData, DetachedCMS:
		sd, err := cms.Parse(ctx, d.r, d.size)
		if err != nil {
			return nil, unlessMalformed(ctx, err)
		}
		return signedBy(sd.SignerInfos, sd, 0), nil
	case PDF:
		found, err := pdf.Scan(ctx, d.r, d.size)
		if err != nil {
			return nil, unlessMalformed(ctx, err)
		}
		return signedIn(found.Signatures), nil
	default:
		return nil, nil
	}
}

// unlessMalformed lets faults of the file pass, and no others.
func unlessMalformed(ctx context.Context, err error) error {
	syntax, limit, bad := (*cms.SyntaxError)(nil), (*cms.LimitError)(nil), (*pdf.Error)(nil)
	if errors.As(err, &syntax) || errors.As(err, &limit) || errors.Is(err, cms.ErrNotSignedData) ||
		errors.As(err, &bad) && bad.Kind != pdf.Unreadable {
		return ctx.Err()
	}
	return err
}

func signedBy(infos []*cms.SignerInfo, sd *cms.SignedData, depth int) []Signed {
	var out []Signed
	for _, si := range infos[:min(len(infos), maxSignatures)] {
		s := Signed{By: newCertificate(si.Signer(sd.Certificates)), Claimed: si.SigningTime()}
		if depth < maxNesting {
			counter, _ := si.CounterSignatures()
			s.Counter = signedBy(counter, sd, depth+1)
		}
		out = append(out, s)
	}
	return out
}

func signedIn(found []pdf.Signature) []Signed {
	var out []Signed
	for _, g := range found {
		s := Signed{Field: g.Field, Claimed: g.Claimed, Stamp: g.Type == pdf.DocTimeStamp, Doubtful: g.Flagged()}
		if sd, err := cms.ParseBytes(g.Contents); err == nil && len(sd.SignerInfos) > 0 {
			si := sd.SignerInfos[0]
			s.By = newCertificate(si.Signer(sd.Certificates))
			if s.Claimed.IsZero() {
				s.Claimed = si.SigningTime()
			}
		}
		out = append(out, s)
	}
	return out
}

// places lists where a visible signature can go.
func (x *Examination) places(ctx context.Context, d *Document) error {
	places, err := pdf.FindPlaces(ctx, d.r, d.size)
	if err != nil {
		return unlessMalformed(ctx, err)
	}
	for _, g := range places.Pages {
		x.Pages = append(x.Pages, Page(g))
	}
	for _, f := range places.Fields {
		x.Fields = append(x.Fields, EmptyField{f.Name, f.Page, f.Rect, f.Locks != nil, string(f.Refused)})
	}
	return nil
}
