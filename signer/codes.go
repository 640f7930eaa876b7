package signer

import (
	"slices"

	"ceralacca/signer/internal/pdf"
)

// FindingCodes are all values that Finding.Code can have, sorted. Each has its sentence in every language.
func FindingCodes() []string {
	codes := []string{
		// Of every format.
		"algorithm-unsupported", "algorithm-weak", "archived-data-missing", "attachment", "authentication-certificate",
		"certificate-not-for-signing", "chain-not-judged", "claimed-time-outside-certificate", "content-changed",
		"content-missing", "countersigned-signature-failed", "nesting-limit", "old-form", "several-signers",
		"signature-value-invalid", "signed-file-missing", "signer-certificate-missing", "time-stamp-imprint-differs",
		"time-stamp-unreadable", "unreadable",
		// Of CMS.
		"algorithm-protection-mismatch", "attack-signed-attributes", "attribute-repeated", "content-type-in-countersignature",
		"content-type-mismatch", "content-type-missing", "digest-algorithm-mismatch", "message-digest-missing",
		"no-signed-attributes", "signed-attributes-not-der", "signing-certificate-issuer-mismatch",
		"signing-certificate-mismatch", "signing-certificate-missing", "signing-certificate-unusable",
		// Of time-stamps and evidence records.
		"evidence-chain-broken", "evidence-object-missing", "evidence-others", "time-stamp-imprint-unknown", "time-stamp-outside-validity", "time-stamp-signer-count",
		"time-stamping-key-usage", "time-stamping-not-alone", "time-stamping-not-critical",
		// Of certificates and lists.
		"directive-certificate-ended", "expired", "extra-anchor", "list-missing", "list-out-of-date",
		"not-time-stamping", "not-yet-valid", "path", "qualifier-criteria-unknown", "qualifiers-contradict",
		"revocation-missing", "revocation-stale", "revocation-unknown", "revoked", "revoked-later",
		"service-not-granted", "suspended",
		// Of XML.
		"algorithm-refused", "certificate-unreadable", "counter-signature-elsewhere", "covers-nothing", "covers-part",
		"covers-part-of-file", "digest-mismatch", "duplicate-id", "key-without-certificate", "manifest-entry-unknown",
		"digidoc-form", "no-data-reference", "no-reference", "no-signing-certificate", "object-not-covered", "other-signer-offered", "properties-target",
		"reference-failed", "reference-into-other-signature", "reference-missing", "reference-node-set",
		"reference-omitted", "reference-pointer", "shared-secret", "several-signed-properties", "several-signing-certificates",
		"signed-properties-elsewhere", "signed-properties-missing", "signed-properties-not-covered",
		"signed-properties-type", "signing-time-unreadable", "signing-time-without-zone", "unsigned-twin", "xml-structure",
		// Of containers.
		"data-object-in-folder", "duplicate-entry", "encrypted-entry", "file-not-signed", "hidden-data", "leading-data", "local-name-differs",
		"macros-only", "manifest-missing",
		"manifest-unreadable", "mimetype-compressed", "mimetype-extra-field", "mimetype-missing", "mimetype-not-first",
		"mimetype-unknown", "no-data-object", "no-signature", "several-data-objects", "trailing-data", "unsafe-name",
		// Of PDF.
		"attack-evil-annotation", "attack-incremental-saving", "attack-shadow-hide", "attack-shadow-hide-and-replace",
		"attack-shadow-replace", "attack-signature-wrapping", "attack-sneaky-signature",
		"attack-universal-signature-forgery", "byterange-end-not-revision", "byterange-first-not-zero",
		"byterange-gap-not-contents", "byterange-indirect", "byterange-missing", "byterange-negative",
		"byterange-not-four", "byterange-not-integers", "byterange-overlap", "byterange-past-eof", "byterange-shared",
		"bytes-after-last-revision", "contents-empty", "contents-encapsulated", "contents-in-object-stream", "contents-indirect",
		"contents-missing", "contents-not-ber", "contents-not-hex", "contents-padding-not-zero", "hybrid-stream-damaged",
		"object-not-at-offset", "object-stream-damaged", "prev-zero", "signature-dictionary-duplicate-key",
		"signature-not-in-signed-revision", "signature-without-field", "signed-revision-damaged", "stream-length-wrong",
		"too-complex-to-compare", "trailer-without-root", "xref-damaged", "xref-loop", "xref-off-by-one",
	}
	// Of what later revisions of a PDF did, allowed and not.
	for _, c := range []pdf.Class{
		pdf.ValidationAdded, pdf.TimeStampAdded, pdf.SignatureAdded, pdf.SignatureEdit, pdf.FormFill, pdf.FormStructure,
		pdf.Overlay, pdf.LockedField, pdf.Annotation, pdf.StructureTree, pdf.PageContent, pdf.PageTree, pdf.Catalog,
		pdf.Metadata, pdf.Version, pdf.OtherChange,
	} {
		codes = append(codes, "later-"+string(c), "changed-"+string(c))
	}
	slices.Sort(codes)
	return codes
}

// NoteCodes are all values that Report.Notes can have, sorted.
func NoteCodes() []string {
	return []string{
		"base64", "ber", "evidence-record", "evidence-unreadable", "later-revisions", "mail", "mail-damaged", "mail-too-large", "nested",
		"nesting-limit", "no-signers", "pdf-damaged", "pdf-encrypted", "pdf-not-pdf", "pdf-too-complex", "pem", "signatures-without-field", "smime",
		"time-stamp-refused", "too-many-signatures", "trailing-bytes", "xml-too-large", "xml-unreadable",
		"zip-unreadable",
	}
}

// RevocationDetails are all values that Detail of a [trust.Revocation] can have, sorted.
func RevocationDetails() []string {
	return []string{
		"no-address", "not-authentic", "not-covering-expired", "offline", "reasons", "responder-expired", "stale",
		"unreachable",
	}
}
