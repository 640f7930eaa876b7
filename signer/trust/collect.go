package trust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer/internal/cert"
)

const oidOCSPBasic cert.OID = "1.3.6.1.5.5.7.48.1.1"

// Material is what a validator needs to judge a certificate without a network, each in DER (EN 319 122-1 §6.3,
// EN 319 142-1 §5.4): certificates without self-signed ones, OCSPResponses, CRLs.
type Material struct {
	Certs, OCSPs, CRLs [][]byte
}

// Add puts the material of m beside what is there, without repetitions.
func (m *Material) Add(o *Material) {
	for _, l := range []struct {
		to   *[][]byte
		more [][]byte
	}{{&m.Certs, o.Certs}, {&m.OCSPs, o.OCSPs}, {&m.CRLs, o.CRLs}} {
		for _, der := range l.more {
			if !slices.ContainsFunc(*l.to, func(h []byte) bool { return bytes.Equal(h, der) }) {
				*l.to = append(*l.to, der)
			}
		}
	}
}

// MissingError means that nobody confirmed that a certificate is good, so there is nothing to keep.
type MissingError struct {
	Subject string // its common name
	Revocation
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("no confirmation that the certificate of %q is good: state %q, %s", e.Subject, e.State, e.Detail)
}

// Collect does what [Store.Judge] does and returns what the opinion stands on. It fails with a [*PathError] when the
// certificate leads to no anchor, and with a [*MissingError] unless every certificate below the anchor is known to
// be good.
func (s *Store) Collect(ctx context.Context, o JudgeOptions) (*Material, error) {
	j, err := s.begin(ctx, o)
	if err != nil {
		return nil, err
	}
	found, pathErr := j.path(ctx)
	if pathErr != nil {
		return nil, errors.Join(ctx.Err(), pathErr)
	}
	j.describe(found)
	j.revocation(ctx, found)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i, r := range j.op.Revocation {
		if r.State != "good" && r.State != "not-needed" {
			return nil, &MissingError{found.Certs[i].Subject.text(), r}
		}
	}
	m := &Material{}
	for _, c := range append(found.Certs[:len(found.Certs):len(found.Certs)], found.Anchor.Cert) {
		if !c.selfIssued() {
			m.Add(&Material{Certs: [][]byte{c.Raw}})
		}
	}
	for _, e := range j.check.data {
		switch {
		case e.ocsp != nil:
			der, err := e.ocsp.response()
			if err != nil {
				return nil, err
			}
			m.Add(&Material{OCSPs: [][]byte{der}})
		case e.crl != nil:
			m.Add(&Material{CRLs: [][]byte{e.crl.Raw}})
		}
	}
	return m, nil
}

// response is the BasicOCSPResponse in its OCSPResponse again (RFC 6960 §4.2.1), the form that files hold.
func (r *ocspResponse) response() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Enum(0)
		b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(oidOCSPBasic.DER())
				b.AddASN1OctetString(r.Raw)
			})
		})
	})
	return b.Bytes()
}
