package signer

import (
	"crypto/x509"
	"time"

	"ceralacca/signer/trust"
)

// Integrity speaks of the mathematics alone: digest and signature value over the right bytes.
type Integrity int

// The three outcomes of the mathematics.
const (
	IntegrityUnknown Integrity = iota // could not be computed, such as a detached signature without its original
	Intact
	Broken
)

// Indication is the result of a validation, ETSI EN 319 102-1 §5.1.3.
type Indication int

// The three indications.
const (
	Indeterminate Indication = iota
	TotalPassed
	TotalFailed
)

// SubIndication says why a signature is not TOTAL-PASSED, in the standard's own spelling
// (ETSI EN 319 102-1 table 5), such as HASH_FAILURE. It is empty for TOTAL-PASSED.
type SubIndication string

// Qualification is what the signature is in law if it is valid (ETSI TS 119 615), such as QESig.
type Qualification string

// Stamp says what a time-stamp covers; it is empty for signatures.
type Stamp string

// What time-stamps cover.
const (
	StampFile                   Stamp = "file"      // a whole file: TSD, TSR, TST, a container's
	StampDocument               Stamp = "document"  // a PDF as far as its revision
	StampSignature              Stamp = "signature" // the signature value
	StampContent                Stamp = "content"   // what was signed, before it was signed
	StampReferences             Stamp = "references"
	StampSignatureAndReferences Stamp = "signature-and-references"
	StampArchive                Stamp = "archive"         // the signature with all its validation data
	StampEvidence               Stamp = "evidence-record" // of an evidence record: documents by way of a hash tree, or an older time-stamp
)

// Severity orders findings.
type Severity int

// The severities.
const (
	Info Severity = iota
	Warning
	Error
)

// Finding is a fact worth telling, by its stable code; words for people are made of it elsewhere.
type Finding struct {
	Code     string // kebab-case, such as "signed-attributes-not-der"
	Severity Severity
	Cite     string            // standard and section, or the source of the rule
	Args     map[string]string // facts for the sentence
	Err      error             // the cause, for the log
}

// Report is the verdict on one file.
type Report struct {
	Format     Format
	SHA256     [32]byte  // of the whole file
	Time       time.Time // when it was judged
	Notes      []string  // how the file was wrapped: "ber", "base64", "pem", "smime", "trailing-bytes", "nested", …
	Signatures []Signature
}

// Signature is the verdict on one signature, counter-signature or time-stamp.
type Signature struct {
	ID     string // "1", "2", "1.1": unique in the report
	Parent string // the ID that encloses it (counter-signature, nested envelope, time-stamp); empty at the top
	Format Format
	Level  string // "B-B", "B-T", "B-LT", "B-LTA"; empty when it is no baseline signature
	Stamp  Stamp  // of a time-stamp: what it covers

	Integrity     Integrity
	Indication    Indication
	SubIndication SubIndication
	Qualification Qualification

	Signer *Certificate   // nil when no certificate was found
	Chain  []*Certificate // from the signer up, as far as it was found
	// Service is the entry of a trusted list that the chain ends at; nil without one.
	Service *trust.ServiceInfo
	// Revocation tells for each certificate of Chain but the last what is known of its revocation.
	Revocation []trust.Revocation

	Claimed time.Time // what the signer says; proves nothing
	Proven  time.Time // the earliest proof of existence; zero without one

	// CoversWholeFile is false when bytes of the file lie outside the signature (later PDF revisions).
	CoversWholeFile bool
	Findings        []Finding
}

// Certificate is a certificate as found in a file, even one that the standard library refuses to parse.
type Certificate struct {
	DER []byte
	// X509 is nil when the standard library refuses DER.
	X509 *x509.Certificate

	SubjectCN, IssuerCN string
	FiscalCode          string // codice fiscale, from serialNumber or the CNS common name; empty if there is none
	Serial              string // lower-case hex
	NotBefore, NotAfter time.Time
}
