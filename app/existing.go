package app

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// Examination is what there is to know of a file before anybody types a PIN: the signatures that it bears, and the
// places of a PDF for a visible one.
type Examination = signer.Examination

// EmptyField is a signature field of a PDF that waits for its signature.
type EmptyField = signer.EmptyField

// SignedBeforeError means that the output is there already and holds a signature by the same certificate over the very
// same file: the person has signed it before.
type SignedBeforeError struct {
	File, Output string
	When         time.Time // as claimed in the signature
}

func (e *SignedBeforeError) Error() string {
	return filepath.Base(e.File) + " has been signed before: " + filepath.Base(e.Output)
}

// Unwrap makes errors.As find an [*ExistsError].
func (e *SignedBeforeError) Unwrap() error { return &ExistsError{e.Output} }

// signedBefore tells whether out is path signed by cert; nil if it is not, or if that cannot be told.
func (e *Engine) signedBefore(ctx context.Context, path, out string, cert *Certificate) *SignedBeforeError {
	of, o, err := openDocument(path)
	if err != nil {
		return nil
	}
	defer of.Close()
	sf, s, err := openDocument(out)
	if err != nil {
		return nil
	}
	defer sf.Close()
	x, err := signer.Examine(ctx, s)
	if err != nil {
		return nil
	}
	when, mine := SignedBy(x, cert)
	if !mine || !holds(ctx, s, sf, o, of) {
		return nil
	}
	return &SignedBeforeError{path, out, when}
}

// holds reports whether the signed file s encloses o, or, for a PDF, begins with it.
func holds(ctx context.Context, s *signer.Document, sf io.ReaderAt, o *signer.Document, of io.ReaderAt) bool {
	c := &comparer{r: io.NewSectionReader(of, 0, o.Size()), h: sha256.New()}
	switch s.Kind() {
	case signer.SignedData:
		return c.extract(ctx, s) == nil
	case signer.PDF:
		_, err := io.Copy(c, io.LimitReader(io.NewSectionReader(sf, 0, s.Size()), o.Size()))
		return err == nil && c.atEnd() == nil
	}
	return false
}

// SignedBy tells whether the holder of the certificate made one of the signatures that x lists, with it or with an
// earlier one, and when the last of them claims to be.
func SignedBy(x *Examination, cert *Certificate) (time.Time, bool) {
	if x == nil || cert == nil || len(cert.DER) == 0 {
		return time.Time{}, false
	}
	s, ok := x.By(&x509.Certificate{Raw: cert.DER})
	return s.Claimed, ok
}

// Offers are the ways to sign d once more that can be carried out; nil for a file that is no envelope.
func (d *Doc) Offers() []Existing {
	var out []Existing
	for _, x := range []Existing{ExistingAdd, ExistingWrap, ExistingCounterSign} {
		archived := d.Examination != nil && slices.Contains(d.Examination.Archived, x)
		if isEnvelope(d.Kind) && !archived && takes(d.Kind, x, d.Original) {
			out = append(out, x)
		}
	}
	return out
}

// takes reports whether x can be done to an envelope of the kind. To add to a detached one takes its original, and
// containers other than p7m have no place for a further signature.
func takes(k Kind, x Existing, original string) bool {
	switch x {
	case ExistingWrap:
		return true
	case ExistingAdd:
		return k == signer.SignedData || k == signer.DetachedCMS && original != ""
	case ExistingCounterSign:
		return k == signer.SignedData || k == signer.DetachedCMS
	}
	return false
}

// OutputName is the name that the signed d gets, as far as it can be told without looking into its folder.
func OutputName(d *Doc, c *SignChoices, x Existing) string {
	stem, ext, found := strings.Cut(d.Name, ".")
	switch {
	case c.Format == FormatPAdES && !isEnvelope(d.Kind):
		return strings.TrimSuffix(d.Name, filepath.Ext(d.Name)) + "_firmato.pdf"
	case isEnvelope(d.Kind) && x != ExistingWrap && found: // the same name again: it is numbered
		return stem + " (2)." + ext
	case c.Detached:
		return d.Name + ".p7s"
	}
	return d.Name + ".p7m"
}

// dateArg is a day as an argument of a text; a dash where there is none.
func dateArg(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return lang.Day(t)
}

// InsideAdvice tells why d cannot be signed inside the PDF; nil when it can, and for what was not examined.
func InsideAdvice(d *Doc) *Advice {
	switch {
	case d.Kind != signer.PDF:
		return Explain(&signer.UnsupportedError{Format: signer.PAdES, Kind: d.Kind})
	case d.Examination != nil && d.Examination.Refused != nil:
		return Explain(d.Examination.Refused)
	}
	return nil
}
