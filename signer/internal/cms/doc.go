// Package cms reads, checks and writes CMS SignedData (RFC 5652) with the attributes of CAdES (EN 319 122-1).
//
// Reading:
//
//	sd, err := cms.Parse(ctx, r, size)             // io.ReaderAt; DER, BER, base64, PEM, S/MIME, trailing bytes
//	sd, err := cms.ParseBytes(der)                 // the same for a token or /Contents in memory
//	sd.EContentType, sd.Detached, sd.Notes
//	digests, err := cms.Digests(ctx, sd.Content(), sd.Hashes())   // one pass over the content, or over the original
//	for _, si := range sd.SignerInfos {
//		c := si.Signer(sd.Certificates)            // *cert.Certificate, or nil
//		k := si.Check(c, sd.Target(digests))       // k.Status, k.Failure, k.Problems, k.ESS
//		counters, _ := si.CounterSignatures()      // each: Check(c, si.CounterTarget())
//		stamp := cms.Find(si.UnsignedAttrs, cms.OIDSignatureTimeStamp)
//	}
//
// Where the digest is already at hand, as for the ByteRange of a PDF, give it instead of the content:
//
//	si.Check(c, cms.Target{Digest: func(h crypto.Hash) []byte { return … }, EContentType: sd.EContentType})
//
// Writing. A SignerInfo is made from a digest, so that cards and streams never meet:
//
//	in := cms.SignerInput{Key: signer, Certificate: leaf, Digest: digest, SigningTime: now}
//	si, err := cms.Sign(ctx, in)                   // zero SigningTime: no attribute (PAdES)
//	e := cms.Envelope{SignerInfos: [][]byte{si}, Certificates: [][]byte{leaf.Raw, ca.Raw}}
//	n, err := e.Size(contentSize)                  // exact, before anything is written
//	err = e.Write(ctx, w, content, contentSize)    // content nil: detached
//
// [EstimateSize] says how much room a detached signature will take before the key is used; in.Unsigned adds
// unsigned attributes, such as a signature time-stamp, once the signature value is known; in.CounterSignature makes
// the SignerInfo of a counter-signature. [HashFor] says with which hash the content has to be digested for a key.
//
// # What is promised
//
// Memory does not grow with the content: it is read through an io.ReaderAt, in pieces, as often as it is needed.
// Everything else is bounded by the constants of this package and fails with a *[LimitError]. No recursion follows
// the nesting of the file deeper than 64. Bytes of SignerInfos, certificates and revocation information are kept as
// they stand (Raw fields), so that they can be written again unchanged.
//
// # Why
//
// encoding/asn1 and the Go libraries for PKCS #7 read DER only, in memory, and cut BER content in several pieces to
// its first one without an error; Italian files are BER more often than not. crypto/x509 refuses certificates that
// real files carry. So the walk over the structure, the content and the certificates are our own; cryptobyte reads
// the small parts after [Normalise] has given them definite lengths.
package cms
