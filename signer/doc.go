// Package signer makes and checks electronic signatures.
//
//	d, err := signer.Open(name, r, size)           // told by content: d.Kind()
//	err = signer.Sign(ctx, w, d, key, signer.Options{})        // attached CAdES-B-B, SHA-256, DER
//	err = signer.Sign(ctx, w, d, key, signer.Options{Format: signer.PAdES, Level: signer.LevelT, TSA: &tsa})
//	report, err := signer.Verify(ctx, d, signer.VerifyOptions{Anchors: roots})
//	err = signer.Extract(ctx, w, d)                // what was signed, byte for byte
//	err = signer.SecondOpinion(ctx, d)             // another program's view of what we wrote
//
// # What is promised
//
// Documents are read through an io.ReaderAt, as often as needed, and never held in memory; a signature of a 4 GiB
// file costs as much memory as one of a letter. Sign notices when the file changes between its readings. No function
// starts work that goes on after it returns. Files may be hostile: depth, count and size are bounded, nothing
// panics, and what cannot be read is a verdict (FORMAT_FAILURE) and not an error.
//
// A verdict keeps four things apart. Integrity is the mathematics alone. Indication is the result by EN 319 102-1,
// with its sub-indication. Claimed is the time that the signer writes, which proves nothing; Proven is what a trusted
// time-stamp proves. Findings are facts by stable codes, with the rule that they come from; words for people are
// made of them elsewhere.
//
// The key is used once for a signature, never twice. What comes after it (time-stamps, validation data) may fail
// without losing it: Options.KeepLower writes the signature at the level reached, and the [*LevelError] tells why it
// is not higher. A PDF is only ever appended to; [Preflight] and Sign refuse, with a [*RefusedError], where that would
// break what others have signed or forbidden.
//
// # How it is built
//
// Each format gathers evidence about a signature (verify_cms.go, verify_pdf.go, …) and hands it to one judge
// (judge.go), so that the same certificate means the same in a p7m and in a PDF. Time-stamps are judged newest first
// (verify_proof.go): each proves the time of what it covers, older time-stamps and validation data included. The
// formats' own syntax is in internal packages, whom to believe in package trust.
//
// # Why
//
// github.com/digitorus/pdfsign neither writes nor judges for us: what it writes is no PAdES, can lose form fields and
// destroy a page, and what it verifies it calls valid when it was changed afterwards. But it shares no code with us, so
// it reads again what we have just written, as far as that is sound: [SecondOpinion] tells when. Its part is hidden
// behind that function, as is that of github.com/digitorus/pkcs7.
//
// Certificates are judged by our own parser, because crypto/x509 refuses some that are in force. A parallel
// signature copies every existing SignerInfo, certificate and revocation answer byte for byte, so that older
// time-stamps over them stay true; the frame around them is written anew in definite lengths.
//
// Where verifiers disagree the decision is the one that EU DSS takes, unless the corpus of real files speaks against
// it: signed attributes that are not in DER order are accepted with a finding; a digest algorithm that differs from
// the one in the signature algorithm is a broken signature; a counter-signature over a failed signature does not
// pass, which is stricter than the standard.
package signer
