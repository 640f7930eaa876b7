package app

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"io"
	"path/filepath"
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

// Offers are the ways to sign d once more that can be carried out and take nothing away; nil for a file that is no
// envelope.
func (d *Doc) Offers() []Existing { return d.ways(false) }

// Costly are the ways to sign d once more that cost its signatures a proof: see [Doc.LossQuestion].
func (d *Doc) Costly() []Existing { return d.ways(true) }

func (d *Doc) ways(costly bool) []Existing {
	var out []Existing
	archived := d.Examination != nil && d.Examination.Archived != nil
	for _, x := range []Existing{ExistingAdd, ExistingWrap, ExistingCounterSign} {
		if isEnvelope(d.Kind) && (archived && x != ExistingWrap) == costly && takes(d.Kind, x, d.Original) {
			out = append(out, x)
		}
	}
	return out
}

// NeedsOriginal tells that a signature could stand beside those of d if its original were known: [Store.SetOriginal].
func (d *Doc) NeedsOriginal() bool { return d.Kind == signer.DetachedCMS && d.Original == "" }

// The answers to [Doc.LossQuestion].
const (
	LossWrap   = iota // a new envelope, which costs nothing
	LossAccept        // what was asked, and the loss
	LossBack          // none of both
)

// LossQuestion says what signing d by way of x, one of d.Costly, takes away from the signatures in it, and asks
// whether to do it all the same.
func (d *Doc) LossQuestion(x Existing) Choice {
	key := "lose.add"
	if x == ExistingCounterSign {
		key = "lose.counter"
	}
	return Choice{
		Title: lang.M(key+".title", "name", Visible(d.Name)), Body: lang.M(lossKey("lose", d.Examination.Archived)),
		Answers: []lang.Msg{lang.M("lose.wrap"), lang.M(key + ".accept"), lang.M("lose.back")}, Severity: SeverityWarning,
	}
}

// lossKey is the text about the proofs that would be lost.
func lossKey(prefix string, e *signer.ArchivedError) string {
	switch {
	case e.Records == 0:
		return prefix + ".stamp"
	case e.Stamps == 0:
		return prefix + ".record"
	}
	return prefix + ".both"
}

// LostText says what the earlier signatures of a file lost, once they did.
func LostText(e *signer.ArchivedError) lang.Msg { return lang.M(lossKey("lost", e)) }

// ArchivedText says what guards the signatures of d; empty unless another way than a new envelope costs it.
func (d *Doc) ArchivedText() lang.Msg {
	if d.Examination == nil || d.Examination.Archived == nil {
		return lang.Msg{}
	}
	return lang.M(lossKey("archived", d.Examination.Archived))
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
