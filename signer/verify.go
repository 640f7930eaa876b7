package signer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/trust"
)

// Verify judges every signature of d. It returns an error only when it could not do its work (reading failed,
// ctx ended, a kind of document that cannot be judged: [*UnsupportedError]); a bad signature is a verdict in the
// Report. A document that is no signed file gives a Report with format [NoForm] and no signatures.
func Verify(ctx context.Context, d *Document, o VerifyOptions) (*Report, error) {
	v, err := newVerifier(ctx, o)
	if err != nil {
		return nil, err
	}
	v.report = &Report{Time: v.now}
	// The digest of the whole file is another reading; it runs beside the judgement and is joined below.
	sum := make(chan error, 1)
	hctx, cancel := context.WithCancel(ctx)
	go func() {
		h := sha256.New()
		err := copyAll(hctx, h, io.NewSectionReader(d.r, 0, d.size))
		h.Sum(v.report.SHA256[:0])
		sum <- err
	}()
	err = v.document(ctx, d)
	if err != nil {
		cancel()
	}
	herr := <-sum
	cancel()
	if err != nil {
		return nil, err
	}
	return v.report, herr
}

// document is the one place where formats meet. Each adds its signatures to v.report by way of v.add.
func (v *verifier) document(ctx context.Context, d *Document) error {
	switch d.kind {
	case SignedData, DetachedCMS:
		return v.cms(ctx, d.r, d.size)
	case PDF:
		return v.pdf(ctx, d)
	case XML:
		return v.xml(ctx, d)
	case Mail:
		return v.mail(ctx, d)
	case ASiC, ZIP: // a container whose mimetype is missing is an ordinary ZIP at first sight
		return v.asic(ctx, d)
	case TimeStamped:
		return v.stamped(ctx, d)
	case Other, Text, Image:
		v.report.Format = NoForm
		return nil
	}
	return &UnsupportedError{Kind: d.kind}
}

// verifier is one judgement in progress.
type verifier struct {
	ctx     context.Context // of the call of Verify; the verifier ends with it
	o       VerifyOptions
	now, at time.Time
	anchors []*cert.Certificate
	store   *trust.Store
	// What the file holds for all its signatures, such as the document security store of a PDF.
	pool       []*cert.Certificate
	ocsp, crls [][]byte
	report     *Report
	root       string         // what encloses the document that is being judged; empty for the file itself
	proof      time.Time      // a trusted time-stamp around everything that is still to be judged; zero without one
	dataProven time.Time      // the same around ocsp and crls
	given      map[string]int // how many IDs were given under a parent
	wide       int            // time-stamps for which much was read
}

func newVerifier(ctx context.Context, o VerifyOptions) (*verifier, error) {
	v := &verifier{ctx: ctx, o: o, now: time.Now(), given: map[string]int{}}
	if o.Now != nil {
		v.now = o.Now()
	}
	if v.at = o.At; v.at.IsZero() {
		v.at = v.now
	}
	if v.store = o.Trust; v.store == nil {
		var err error
		if v.store, err = trust.Open(trust.Config{Offline: true, Now: func() time.Time { return v.now }}); err != nil {
			return nil, err
		}
	}
	for i, a := range o.Anchors {
		c, err := cert.Parse(a.Raw)
		if err != nil {
			return nil, fmt.Errorf("trust anchor %d: %w", i, err)
		}
		v.anchors = append(v.anchors, c)
	}
	return v, nil
}

// nextID numbers the children of parent: "1", "2" at the top, "1.1", "1.2" below "1".
func (v *verifier) nextID(parent string) string {
	v.given[parent]++
	if parent == "" {
		return fmt.Sprint(v.given[parent])
	}
	return fmt.Sprintf("%s.%d", parent, v.given[parent])
}

// top is the place of a signature of the document itself.
func (v *verifier) top() place { return place{v.nextID(v.root), v.root} }

// format tells what the file is. A document inside it has no say in that.
func (v *verifier) format(f Format) {
	if v.root == "" {
		v.report.Format = f
	}
}

// inside judges d, which was found inside what the signature root signed: a PDF with signatures of its own in a p7m,
// say. What is not signed is nobody's business here, and neither is what cannot be read: the outer signature is over
// these bytes, whatever they are.
func (v *verifier) inside(ctx context.Context, d *Document, root string) error {
	outer, pool, ocsp, crls, notes, n := v.root, v.pool, v.ocsp, v.crls, v.report.Notes, len(v.report.Signatures)
	v.root = root
	var err error
	switch d.kind {
	case PDF:
		err = v.pdf(ctx, d)
	case XML:
		err = v.xml(ctx, d)
	case ASiC:
		err = v.asic(ctx, d)
	case SignedData:
		err = v.signedData(ctx, d.r, d.size, root, 2)
	case TimeStamped:
		err = v.stamped(ctx, d)
	case Other, Text, Image, ZIP, DetachedCMS, Mail:
	}
	if len(v.report.Signatures) == n {
		v.report.Notes = notes
	} else {
		v.note("nested")
	}
	v.root, v.pool, v.ocsp, v.crls = outer, pool, ocsp, crls
	return err
}

func (v *verifier) note(notes ...string) {
	for _, n := range notes {
		if !slices.Contains(v.report.Notes, n) {
			v.report.Notes = append(v.report.Notes, n)
		}
	}
}
