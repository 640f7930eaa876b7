// Package pdf reads PDF files as a verifier must and extends them as a signer must (ISO 32000-1, and
// ISO 32000-2 for AES-256). It finds signatures, tells which bytes each of them covers and what was changed
// afterwards, and appends new signatures, time-stamps and validation data. It computes no digest and knows
// nothing of CMS: it hands out readers over the covered bytes and takes the finished DER.
//
// # Reading
//
// [Scan] is the one call for a verifier. It never loads the file: everything goes through io.ReaderAt in
// small windows, and time, memory, depth, counts and expansion are bounded by the constants in limits.go.
// A file that cannot be read as PDF gives an [*Error] with a Kind; a bad signature is never an error but a
// [Finding] with a stable code on its [Signature].
//
// # Writing
//
// [Prepare] computes the revision to append, with a hole of fixed size for the CMS. The [Update] it returns
// is used three times: [Update.Signed] gives the bytes to hash, [Update.SetContents] takes the DER, and
// [Update.WriteTo] copies original and revision to a writer. The original is only ever copied, byte for byte.
//
// # Codes
//
// On a signature: byterange-missing, byterange-indirect, byterange-not-integers, byterange-not-four,
// byterange-negative, byterange-first-not-zero, byterange-overlap, byterange-past-eof,
// byterange-gap-not-contents, byterange-end-not-revision, byterange-shared, contents-missing, contents-empty,
// contents-not-hex, contents-indirect, contents-in-object-stream, contents-not-ber, contents-padding-not-zero,
// signature-dictionary-duplicate-key, signature-without-field, signature-not-in-signed-revision,
// signed-revision-damaged, too-complex-to-compare, and the Attack constants.
//
// On the file: xref-damaged, xref-loop, xref-off-by-one, prev-zero, hybrid-stream-damaged,
// trailer-without-root, object-not-at-offset, object-stream-damaged, stream-length-wrong,
// bytes-after-last-revision, signature-without-field.
//
// # What was changed afterwards
//
// Each [Change] has a [Class]. Without DocMDP, form filling, annotations and further signatures are allowed, as
// the viewers and EU DSS have it, but always told; everything that touches pages, fields' structure, names,
// scripts or bookmarks is not. DocMDP and FieldMDP of a signature, and /P of its field's lock, bind whatever
// comes after it. The structure tree stays as it was signed, but for the elements of annotations that come
// and go.
//
// # Why
//
// The signed revision is the prefix of the file that the ByteRange ends at, opened as a file of its own with
// its own startxref. No viewer's memory of the later revisions can leak into it, so a shadow attack, which
// lives from that leak, has nothing to work with. The two object graphs are then walked side by side from
// their trailers, and a change is judged by every path that leads to it: an object that is both a field's
// appearance and a page's content is page content.
//
// github.com/digitorus/pdfsign does neither: it rewrites /AcroForm without the fields it does not know, searches page
// content for its own placeholder and does not look past the ByteRange. So it is not the reader and not the writer; it
// reads a second time what [Plain] finds harmless for it.
package pdf
