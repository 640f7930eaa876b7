package signer

import (
	"crypto"
	"crypto/x509"
	"errors"
	"io"
	"time"

	"ceralacca/signer/trust"
)

// Format is a family of signatures. The zero Format lets the signer choose the one that fits the document.
type Format int

// The formats.
const (
	Auto   Format = iota
	CAdES         // CMS, ETSI EN 319 122-1
	PAdES         // PDF, ETSI EN 319 142-1
	XAdES         // XML, ETSI EN 319 132-1
	ASiCS         // ZIP with one object, ETSI EN 319 162-1
	ASiCE         // ZIP with several objects
	TSD           // TimeStampedData, RFC 5544
	TSR           // TimeStampResp, RFC 3161
	TST           // TimeStampToken, RFC 3161
	NoForm        // the file holds no signature
	ERS           // evidence record, RFC 4998 or RFC 6283
)

// Level is a baseline level of the ETSI profiles.
type Level int

// The levels. LevelB is the zero value.
const (
	LevelB Level = iota
	LevelT
	LevelLT
	LevelLTA
)

// Kind is what a document is, told by its bytes and never by its name.
type Kind int

// The kinds of document.
const (
	Other       Kind = iota
	PDF              // %PDF within the first kilobyte
	XML              // well-formed as far as the first element
	Text             // UTF-8 without control characters
	Image            // PNG, JPEG, TIFF
	ZIP              // ZIP that is not ASiC
	SignedData       // CMS SignedData with content, in DER, BER, base64, PEM or S/MIME
	DetachedCMS      // CMS SignedData without content
	TimeStamped      // TSD, TSR or TST
	ASiC             // ASiC-S or ASiC-E
	Mail             // an e-mail message, such as a PEC
)

// Key signs: the private key, wherever it lives, and its certificate followed by its issuers.
type Key struct {
	crypto.Signer
	// Chain holds the signer's certificate first. The root may be left out; it is never written.
	Chain []*x509.Certificate
}

// Options choose how to sign. The zero value makes an attached CAdES-B-B with SHA-256, also of a PDF.
type Options struct {
	Format   Format
	Level    Level
	Detached bool
	// Existing says what to do with a document that is a signed envelope already.
	Existing Existing
	// LoseArchive has Add and CounterSign go on where they cost earlier signatures a proof: see [ArchivedError]. It is
	// for a person who was told so of this document.
	LoseArchive bool
	// Content and its size in bytes are the original of a detached signature that another one is added to.
	Content     io.ReaderAt
	ContentSize int64
	Now         func() time.Time // the claimed signing time; nil means time.Now
	// TSA stamps at LevelT and above; without it these levels are refused with [ErrNoTSA].
	TSA *TSA
	// Trust finds the certificates and the revocation data that LevelLT keeps in the file. Anchors are trusted beside
	// its lists.
	Trust   *trust.Store
	Anchors []*x509.Certificate
	// KeepLower writes a signature that could not reach Level at the level that it did reach, so that a signature of
	// the card is not lost to an authority that does not answer. Sign then returns a [*LevelError] all the same.
	KeepLower bool
	// Reason and Location stand in the signature dictionary of a PDF, and Visible shows it on a page. The other
	// formats have no place for them.
	Reason, Location string
	Visible          *Appearance
	// Field names an empty signature field of the PDF to sign in, as [Examine] lists them; empty makes a new one.
	Field string
}

// VerifyOptions choose how to judge. The zero value trusts nobody and judges at the present time.
type VerifyOptions struct {
	// Content is the original of a detached signature, whatever its name, and ContentSize its length in bytes.
	Content     io.ReaderAt
	ContentSize int64
	// Contents are the originals of signatures over several files, by file name. They come before Content. What is
	// named otherwise, or not at all, is found among them by its digest.
	Contents map[string]*io.SectionReader
	// Trust knows the official lists and asks for revocation data; nil means that nobody but Anchors is trusted and
	// that no connection is opened.
	Trust *trust.Store
	// Anchors are certificates that the person trusts beside the official lists.
	Anchors []*x509.Certificate
	// At is the moment to judge at, declared by the person; zero means now.
	At  time.Time
	Now func() time.Time // nil means time.Now
}

// ErrChanged means that a file was written to while it was being read.
var ErrChanged = errors.New("document changed while it was being read")
