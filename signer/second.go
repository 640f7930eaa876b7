package signer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/digitorus/pdfsign/verify"
	"github.com/digitorus/pkcs7"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/pdf"
)

// maxSecondOpinion bounds what the second readers are given: they hold a file several times over in memory.
const maxSecondOpinion = 8 << 20

// maxOpeners bounds the brackets that may open an array or a dictionary, and with them how deep the second reader of
// PDF can recurse: it knows no bound, and an overflow of the stack ends the program.
const maxOpeners = 64 << 10

// SecondOpinion has d, which we have just written, read and checked by programs that share no code with this one:
// github.com/digitorus/pkcs7 for an envelope, and on top of it github.com/digitorus/pdfsign for a PDF. An error is their
// objection: they find other signers or other content than we do, or a signature that does not verify. nil means that
// they have none, or that they cannot be asked. Their verdict never replaces that of [Verify].
//
// Their limits, found by trying. pkcs7 knows no RSASSA-PSS, SHA-3 or Ed448, no counter-signatures and no detached
// content without being given it, reads BER in several pieces wrongly, does not look at signing-certificate-v2 or
// content-type, and can be crashed or made to overflow its stack by hostile files; so it is asked only about attached
// DER of up to 8 MiB without such things. pdfsign follows the counts and the nesting of a file without a bound, calls
// valid what was changed after signing, and takes document time-stamps for broken signatures; so it is asked only
// whether the newest signature is there and verifies, in a PDF that our own reader found plain. It writes nothing for
// us, because what it writes is no PAdES and can lose form fields or whole pages.
func SecondOpinion(ctx context.Context, d *Document) error {
	switch {
	case d.size > maxSecondOpinion:
		return nil
	case d.kind == SignedData:
		return secondCMS(ctx, d)
	case d.kind == PDF:
		return secondPDF(ctx, d)
	}
	return nil
}

func secondCMS(ctx context.Context, d *Document) error {
	sd, err := cms.Parse(ctx, d.r, d.size)
	if err != nil {
		return err
	}
	if len(sd.Notes) > 0 || sd.Detached || !fitForSecond(sd) {
		return nil
	}
	der := make([]byte, d.size)
	if _, err := d.r.ReadAt(der, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	ours := sha256.New()
	if err := copyAll(ctx, ours, sd.Content()); err != nil {
		return err
	}
	return second(der, len(sd.SignerInfos), ours.Sum(nil))
}

// secondPDF asks about the newest signature that is no time-stamp.
func secondPDF(ctx context.Context, d *Document) error {
	if !pdf.Plain(ctx, d.r, d.size) {
		return ctx.Err()
	}
	found, err := pdf.Scan(ctx, d.r, d.size)
	if err != nil {
		return err
	}
	i := len(found.Signatures) - 1
	for i >= 0 && found.Signatures[i].Type == pdf.DocTimeStamp {
		i--
	}
	if i < 0 {
		return nil
	}
	sd, err := cms.ParseBytes(found.Signatures[i].Contents)
	if err != nil {
		return err
	}
	if len(sd.SignerInfos) != 1 || !fitForSecond(sd) {
		return nil
	}
	b := make([]byte, d.size)
	if _, err := d.r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Count(b, []byte("["))+bytes.Count(b, []byte("<")) > maxOpeners {
		return nil
	}
	return secondOfPDF(b, sd.SignerInfos[0].Signer(sd.Certificates).Raw)
}

// secondOfPDF wants one valid signature by the certificate. The library recovers from panics of its own.
func secondOfPDF(b, by []byte) error {
	o := verify.DefaultVerifyOptions()
	o.ValidateTimestampCertificates = false // it judges nobody here, and asks nobody
	said, err := verify.VerifyWithOptions(bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		return nil // what others wrote into the file before us makes it stumble where pdfsig and EU DSS do not
	}
	for _, s := range said.Signers {
		if s.ValidSignature && slices.ContainsFunc(s.Certificates, func(c verify.Certificate) bool {
			return c.Certificate != nil && bytes.Equal(c.Certificate.Raw, by)
		}) {
			return nil
		}
	}
	return fmt.Errorf("second reader finds the signature wrong: %s", said.Error)
}

func fitForSecond(sd *cms.SignedData) bool {
	if len(sd.RawRevocations) > 0 || len(sd.RawCertificates) != len(sd.Certificates) {
		return false
	}
	for _, si := range sd.SignerInfos {
		if si.KeyID != nil || si.SignatureAlgorithm.OID == cert.OIDRSAPSS || si.DigestAlgorithm.OID != cert.OIDSHA256 &&
			si.DigestAlgorithm.OID != cert.OIDSHA384 && si.DigestAlgorithm.OID != cert.OIDSHA512 {
			return false
		}
		if c := si.Signer(sd.Certificates); c == nil || c.X509 == nil {
			return false
		}
	}
	return true
}

func second(der []byte, signers int, content []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("second reader gave up: %v", r)
		}
	}()
	p, err := pkcs7.Parse(der)
	if err != nil {
		return fmt.Errorf("second reader cannot read it: %w", err)
	}
	if len(p.Signers) != signers {
		return fmt.Errorf("second reader finds %d signers instead of %d", len(p.Signers), signers)
	}
	if sum := sha256.Sum256(p.Content); !bytes.Equal(sum[:], content) {
		return errors.New("second reader finds other content")
	}
	if err := p.Verify(); err != nil {
		return fmt.Errorf("second reader finds the signature wrong: %w", err)
	}
	return nil
}
