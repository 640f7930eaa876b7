package xmlsig

import (
	"bytes"
	"context"
	"time"
)

// Root is a document whose one enveloped signature covers it as a whole.
type Root struct {
	// SignerDER is the certificate whose key verified the signature. It came with the document: whether to
	// believe it is the caller's affair.
	SignerDER []byte
	// Canonical are the octets that were signed: the document without its signature. Parse these and nothing
	// else.
	Canonical []byte
	// HasSigningCertificateV2 tells which form the signing-certificate property has; both name SignerDER.
	HasSigningCertificateV2 bool
	// SigningTime is what the signer claims; zero without one.
	SigningTime time.Time
}

// RootError means that a document is well-formed but not signed as a whole by a good signature.
type RootError struct {
	// Reason is "signatures" (not exactly one, child of the root), "coverage" (a reference to anything but the
	// root and the signed properties), "transform", "value", "digest", "properties", "signing-certificate".
	Reason string
	Err    error
}

func (e *RootError) Error() string {
	if e.Err != nil {
		return "document not signed as a whole: " + e.Reason + ": " + e.Err.Error()
	}
	return "document not signed as a whole: " + e.Reason
}

func (e *RootError) Unwrap() error { return e.Err }

// VerifyRoot checks a document that must be signed as a whole, such as a trusted list (TS 119 612 §5.7.1): one
// signature, child of the root, whose references are one to the document or its root, with nothing but the
// enveloped-signature transform and a canonicalisation, and one to its own signed properties.
func VerifyRoot(ctx context.Context, doc []byte) (*Root, error) {
	d, err := parse(doc, Limits{})
	if err != nil {
		return nil, err
	}
	tops, counters := d.signatures()
	if len(tops) != 1 || len(counters) > 0 || tops[0].parent != d.root {
		return nil, &RootError{Reason: "signatures"}
	}
	k := newWork(ctx, d, Options{})
	s, err := k.signature(tops[0], nil)
	if err != nil {
		return nil, err
	}
	if s.Value != Good || len(s.SignerDER) == 0 {
		return nil, &RootError{"value", s.ValueErr}
	}
	data, err := k.rootReference(&s)
	if err != nil {
		return nil, err
	}
	r := &Root{SignerDER: s.SignerDER}
	if x := s.XAdES; x != nil {
		if !x.Covered || k.properties(tops[0]).several {
			return nil, &RootError{Reason: "properties"}
		}
		if x.SigningCertificate != Good {
			return nil, &RootError{Reason: "signing-certificate"}
		}
		r.HasSigningCertificateV2, r.SigningTime = x.V2, x.SigningTime
	}
	var b bytes.Buffer
	if _, err := k.process(&b, tops[0], data.node, c14n{}); err != nil {
		return nil, err
	}
	r.Canonical = b.Bytes()
	if want, ok := unbase64(data.node.child(nsDS, "DigestValue").content()); !ok || !sameDigest(data.Digest, r.Canonical, want) {
		return nil, &RootError{"digest", errDigest}
	}
	return r, nil
}

// rootReference holds the references to the two that there may be.
func (k *work) rootReference(s *Signature) (*Reference, error) {
	var data *Reference
	for i := range s.References {
		r := &s.References[i]
		if r.State != Good {
			return nil, &RootError{"digest", r.Err}
		}
		if r.SignedProperties {
			continue
		}
		apex := r.target.set.apex
		if data != nil || r.target.octets != nil || apex != k.doc.top && apex != k.doc.root {
			return nil, &RootError{Reason: "coverage"}
		}
		enveloped := 0
		for _, t := range r.node.child(nsDS, "Transforms").children(nsDS, "Transform") {
			if t.value("Algorithm") == algEnveloped {
				enveloped++
			} else if _, ok := canonicalizer(t); !ok {
				return nil, &RootError{"transform", &AlgorithmError{"transform", t.value("Algorithm")}}
			}
		}
		if enveloped != 1 {
			return nil, &RootError{Reason: "transform"}
		}
		data = r
	}
	if data == nil {
		return nil, &RootError{Reason: "coverage"}
	}
	return data, nil
}
