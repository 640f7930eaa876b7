package xmlsig

import (
	"context"
	"crypto"
	"io"
	"time"
)

// State is the outcome of a computation.
type State int

// The states.
const (
	Unknown State = iota // could not be computed
	Good
	Bad
)

// Severity orders findings; its values are those of the signer's report.
type Severity int

// The severities.
const (
	Info Severity = iota
	Warning
	Error
)

// Finding is a fact about a signature that its mathematics do not tell. The codes are listed in the package
// comment.
type Finding struct {
	Code     string
	Severity Severity
	Args     map[string]string
	Err      error
}

// Resolver opens what a reference outside the document names. uri is as it stands in the signature, still
// percent-encoded, and empty when the reference has none. It must not go to the network.
type Resolver func(ctx context.Context, uri string) (io.ReadCloser, error)

// Options choose how to verify. With the zero value, references outside the document stay [Unknown].
type Options struct {
	Resolve Resolver
	// Others are files that a reference without transforms may mean when Resolve does not know its name: the one whose
	// digest it has, as EU DSS looks for them.
	Others []func() (io.ReadCloser, error)
	// Certificates, in DER, are tried after those in the signature itself.
	Certificates [][]byte
	Limits       Limits
}

// Signature is what one ds:Signature holds and how its mathematics came out.
type Signature struct {
	ID       string // Id attribute, perhaps empty
	Location string // where the element stands, such as /Invoice/Signature

	Canonicalization string      // URI of CanonicalizationMethod
	Method           string      // URI of SignatureMethod
	Hash             crypto.Hash // of SignatureMethod; 0 for keys that hash by themselves
	PSS              bool        // SignatureMethod is RSASSA-PSS
	Value            State
	ValueErr         error  // why Value is not Good
	Raw              []byte // the signature value
	References       []Reference

	// SignerDER is the certificate whose key verified Value; if none did, the one that the signature names; nil
	// when there is none.
	SignerDER []byte
	// KeyValue is the bare key that verified Value when no certificate was found.
	KeyValue crypto.PublicKey
	// Certificates are those of KeyInfo and then those of the unsigned properties, in DER, as they stand.
	Certificates [][]byte

	// XAdES is nil for a plain XMLDSig signature.
	XAdES *XAdES
	// Counter are the counter-signatures within this signature's unsigned properties.
	Counter []Signature

	// CoversDocument is true when a good reference covers the whole document around the signature, save
	// signature elements.
	CoversDocument bool
	Findings       []Finding
}

// State sums up the mathematics: Bad if anything is, Good only if everything is.
func (s *Signature) State() State {
	sum := s.Value
	if len(s.References) == 0 && sum == Good {
		sum = Unknown
	}
	for i := range s.References {
		sum = worse(sum, s.References[i].total())
	}
	return sum
}

func worse(a, b State) State {
	switch {
	case a == Bad || b == Bad:
		return Bad
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Good
}

// Reference is one ds:Reference: what it covers and whether the digest fits.
type Reference struct {
	ID, URI, Type string
	HasURI        bool
	Digest        crypto.Hash
	State         State
	Err           error // why State is not Good

	// Location is the element covered, "/" for the document; empty when the reference leads outside.
	Location string
	// Local and Space are the name of that element.
	Local, Space string
	// SignedProperties is true for the reference to the signature's own signed properties.
	SignedProperties bool
	// Manifest holds the references of the ds:Manifest that this one covers (XMLDSig §5.1).
	Manifest []Reference

	target target
	node   *node
}

// total is the state with that of the manifest's entries. An entry that cannot be followed is the reader's
// affair (XMLDSig §5.1) and a finding; one that was changed breaks the signature, as DSS has it.
func (r *Reference) total() State {
	for i := range r.Manifest {
		if r.Manifest[i].total() == Bad {
			return Bad
		}
	}
	return r.State
}

// XAdES are the qualifying properties of a signature, EN 319 132-1 §4.3. Those of signed kind are told only if a
// good reference covers them.
type XAdES struct {
	Namespace string // of the QualifyingProperties, which tells the version
	// Covered is true when a good reference covers the SignedProperties.
	Covered bool

	// SigningTime is what the signer claims; zero without one. Zoned is false when the text had no time zone and
	// was read as UTC.
	SigningTime time.Time
	Zoned       bool
	// SigningCertificate tells whether the property names the certificate in SignerDER.
	SigningCertificate State
	// V2 is true when it is a SigningCertificateV2.
	V2 bool
	// Policy is the identifier of the signature policy, "implied", or empty.
	Policy string
	// Formats are the MIME types by ObjectReference.
	Formats map[string]string

	// Encapsulated are all values of the unsigned properties, in DER.
	Certificates, OCSPs, CRLs [][]byte
	// HasCertificateValues and HasRevocationValues tell that the property is there, even empty.
	HasCertificateValues, HasRevocationValues bool
	HasRefs                                   bool // complete references to certificates or revocation data
	TimeStamps                                []TimeStamp
	Evidence                                  []Evidence
}

// TimeStampKind is the property that a time-stamp came from.
type TimeStampKind int

// The kinds of time-stamp, EN 319 132-1 §5.2.8 and §5.3–5.5, in the order of the standard.
const (
	AllDataObjects TimeStampKind = iota
	IndividualDataObjects
	SignatureTime
	RefsOnly
	SigAndRefs
	Archive    // xades141:ArchiveTimeStamp
	ArchiveOld // xades:ArchiveTimeStamp of TS 101 903 v1.3.2 and before
)

// TimeStamp is a time-stamp property of a signature. The tokens are not judged here.
type TimeStamp struct {
	ID     string
	Kind   TimeStampKind
	Tokens [][]byte // TimeStampToken in DER
	// CoversRevocation tells of an archive time-stamp that all revocation values of the signature stand before it.
	CoversRevocation bool
	// message writes what the tokens must cover.
	message func(ctx context.Context, w io.Writer) error
}

// Message writes the octets whose digest must stand in the tokens' messageImprint. All messages of a document share one
// budget of work, so they are for one goroutine, and fail with a *[LimitError] when it is spent.
func (t *TimeStamp) Message(ctx context.Context, w io.Writer) error { return t.message(ctx, w) }

func (s *Signature) find(code string, sev Severity, err error, args ...string) {
	f := Finding{Code: code, Severity: sev, Err: err}
	if len(args) > 1 {
		f.Args = make(map[string]string, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			f.Args[args[i]] = args[i+1]
		}
	}
	s.Findings = append(s.Findings, f)
}
