package signer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/digitorus/pkcs7"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

// maxSecondOpinion bounds what the second reader is given: it holds a file several times over in memory.
const maxSecondOpinion = 8 << 20

// SecondOpinion has d, an envelope in DER that we have just written, read and checked by a program that shares no
// code with this one: github.com/digitorus/pkcs7. An error is its objection: it finds other signers or other content
// than we do, or a signature that does not verify. nil means that it has none, or that it cannot be asked.
//
// Its limits, found by trying: it knows no RSASSA-PSS, SHA-3 or Ed448, no counter-signatures and no detached
// content without being given it, reads BER in several pieces wrongly, does not look at signing-certificate-v2 or
// content-type, and can be crashed or made to overflow its stack by hostile files. So it is asked only about
// attached DER of up to 8 MiB without such things. Its verdict never replaces that of [Verify].
func SecondOpinion(ctx context.Context, d *Document) error {
	if d.kind != SignedData || d.size > maxSecondOpinion {
		return nil
	}
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
