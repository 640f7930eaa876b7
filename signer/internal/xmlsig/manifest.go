package xmlsig

import (
	"bytes"
	"context"
	"crypto"
)

const nsASiC = "http://uri.etsi.org/02918/v1.2.1#"

// ASiCManifest is the list of files that a CAdES signature or a time-stamp in an ASiC container stands for, EN 319
// 162-1 §A.4.
type ASiCManifest struct {
	// SigURI names the signature or time-stamp file; SigMIME is its type as stated, perhaps empty.
	SigURI, SigMIME string
	Objects         []ManifestObject
}

// ManifestObject is one DataObjectReference.
type ManifestObject struct {
	URI, MIME string
	Rootfile  bool
	// State is Good when the digest of what URI leads to is the one stated, Unknown when it could not be computed.
	State State
	Err   error // why State is not Good
}

// Digester computes the digest of what a reference leads to; the error is one of a [Resolver].
type Digester func(ctx context.Context, uri string, h crypto.Hash) ([]byte, error)

// ReadManifest reads an ASiCManifest and holds it to the digests that digest computes.
func ReadManifest(ctx context.Context, doc []byte, digest Digester, lim Limits) (*ASiCManifest, error) {
	d, err := parse(doc, lim)
	if err != nil {
		return nil, err
	}
	if !d.root.is(nsASiC, "ASiCManifest") {
		return nil, &StructureError{"asic-manifest"}
	}
	sig := d.root.child(nsASiC, "SigReference")
	m := &ASiCManifest{SigURI: sig.value("URI"), SigMIME: sig.value("MimeType")}
	refs := d.root.children(nsASiC, "DataObjectReference")
	if n := lim.filled().References; len(refs) > n {
		return nil, &LimitError{"references", n}
	}
	for _, e := range refs {
		o := ManifestObject{URI: e.value("URI"), MIME: e.value("MimeType")}
		root := e.value("Rootfile")
		o.Rootfile = root == "true" || root == "1"
		o.State, o.Err = manifestDigest(ctx, e, o.URI, digest)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.Objects = append(m.Objects, o)
	}
	return m, nil
}

func manifestDigest(ctx context.Context, e *node, uri string, digest Digester) (State, error) {
	h, err := digestMethod(e.child(nsDS, "DigestMethod"))
	if err != nil {
		return Unknown, err
	}
	want, ok := unbase64(e.child(nsDS, "DigestValue").content())
	if !ok || len(e.children(nsDS, "DigestValue")) != 1 {
		return Bad, &StructureError{"digest-value"}
	}
	got, err := digest(ctx, uri, h)
	switch {
	case err != nil:
		return Unknown, &ReferenceError{URI: uri, Reason: "missing", Err: err}
	case !bytes.Equal(got, want):
		return Bad, errDigest
	}
	return Good, nil
}
