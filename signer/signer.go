package signer

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"io"
	"time"
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

// Options choose how to sign. The zero value makes an attached CAdES-B-B with SHA-256.
type Options struct {
	Format   Format
	Level    Level
	Detached bool
	Now      func() time.Time // the claimed signing time; nil means time.Now
}

// Sign writes the signature of d, or the signed document, to w. It reads the document twice and holds none
// of it in memory. If the document changes between the two readings the error wraps [ErrChanged] and what
// went to w is to be thrown away. A certificate that may not sign is refused with a [*UseError].
func Sign(ctx context.Context, w io.Writer, d *Document, k Key, o Options) error {
	return errors.New("pending")
}

// VerifyOptions choose how to judge. The zero value trusts nobody and judges at the present time.
type VerifyOptions struct {
	// Content is the original of a detached signature.
	Content io.ReaderAt
	// ContentSize is the length of Content in bytes.
	ContentSize int64
	// Anchors are certificates that the person trusts beside the official lists.
	Anchors []*x509.Certificate
	// At is the moment to judge at, declared by the person; zero means now.
	At  time.Time
	Now func() time.Time // nil means time.Now
}

// Verify judges every signature of d. It returns an error only when it could not do its work (reading failed,
// ctx ended); a bad signature is a verdict in the Report.
func Verify(ctx context.Context, d *Document, o VerifyOptions) (*Report, error) {
	return nil, errors.New("pending")
}

// Extract writes the signed content of d, one layer down, byte for byte.
func Extract(ctx context.Context, w io.Writer, d *Document) error {
	return errors.New("pending")
}

// ErrChanged means that a file was written to while it was being read.
var ErrChanged = errors.New("document changed while it was being read")

// Document is a file, looked at by content.
type Document struct {
	name string
	r    io.ReaderAt
	size int64
	kind Kind
}

// Open looks at the first bytes of r, size bytes long, and tells what it is. name is only carried along.
func Open(name string, r io.ReaderAt, size int64) (*Document, error) {
	return &Document{name, r, size, Other}, nil
}

// Name is the name given to Open.
func (d *Document) Name() string { return d.name }

// Size is the length in bytes.
func (d *Document) Size() int64 { return d.size }

// Kind is what the bytes say.
func (d *Document) Kind() Kind { return d.kind }

// Suggest is the name for the output that o makes of d: name.ext.p7m, name_firmato.pdf.
func (d *Document) Suggest(o Options) string { return d.name + ".p7m" }
