package signer

import (
	"context"
	"errors"
	"fmt"

	"ceralacca/signer/internal/cms"
)

// ArchivedError means that [Add] or [CounterSign] would cost earlier signatures a proof over all that stands in the
// envelope. They stay intact without it, but once their certificates have ended nothing proves any more that they are
// older than that. Another envelope around the document costs nothing; [Options].LoseArchive accepts the loss.
//
// There is no third way: what breaks these proofs is the certificate of the new signer, which every format wants in the
// envelope (EN 319 122-1 §6.3). A time-stamp on the document, [Timestamp], goes around it and is never refused.
type ArchivedError struct {
	Stamps  int // archive time-stamps of the first and second kind, TS 101 733 §6.4.1
	Records int // evidence records, RFC 4998
}

func (e *ArchivedError) Error() string {
	return fmt.Sprintf("%d archive time-stamps and %d evidence records cover what would have to be added to", e.Stamps, e.Records)
}

// archived is what adding to sd costs; nil for nothing.
func archived(sd *cms.SignedData) *ArchivedError {
	e := &ArchivedError{}
	if e.Stamps, e.Records = sd.Sealed(); *e == (ArchivedError{}) {
		return nil
	}
	return e
}

// Archived tells what [Add] and [CounterSign] would cost the signatures of d; nil for nothing, and for what is no
// envelope or cannot be read.
func Archived(ctx context.Context, d *Document) (*ArchivedError, error) {
	if d.kind != SignedData && d.kind != DetachedCMS {
		return nil, nil
	}
	sd, err := cms.Parse(ctx, d.r, d.size)
	if err != nil {
		return nil, unlessMalformed(ctx, err)
	}
	return archived(sd), nil
}

// ErrNotKept means that something that stood in an envelope is not there any more, or not as it stood.
var ErrNotKept = errors.New("envelope does not keep what stood in it")

// Kept holds the envelope is, which [Sign] made of was by way of x, against was: every certificate, CRL, OCSP answer
// and SignerInfo has to stand there byte for byte, with one SignerInfo more after [Add] and one counter-signature more
// in each after [CounterSign]. Else the error wraps [ErrNotKept], or is one of reading. It looks at no content.
func Kept(ctx context.Context, was, is *Document, x Existing) error {
	before, err := cms.Parse(ctx, was.r, was.size)
	if err != nil {
		return err
	}
	after, err := cms.Parse(ctx, is.r, is.size)
	switch {
	case err != nil:
		return errors.Join(ErrNotKept, err)
	case x == Add && !after.Beside(before), x == CounterSign && !after.Countersigned(before):
		return ErrNotKept
	}
	return nil
}
