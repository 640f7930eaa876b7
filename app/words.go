package app

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"ceralacca/app/lang"
	"ceralacca/card"
	"ceralacca/signer"
)

// Version is the version of the program.
const Version = "0.1.0"

// PINLabel is the name of a PIN for people.
func PINLabel(r card.PINRef) lang.Msg {
	if r == card.SignPIN {
		return lang.M("pin.label.sign")
	}
	return lang.M("pin.label.auth")
}

// FindingText is the sentence for a finding.
func FindingText(f signer.Finding) lang.Msg {
	return lang.Msg{Key: "finding." + f.Code, Args: f.Args}
}

// Visible is s with everything that cannot be seen, that ends a line or that changes the order of writing replaced
// by its number, as [U+202E]: a signer's name must not rewrite what stands beside it, nor command a terminal. The
// no-break spaces, which our own sentences hold between numbers and units and French before a colon, are spaces.
func Visible(s string) string {
	seen := func(r rune) bool { return unicode.IsPrint(r) || r == '\u00a0' || r == '\u202f' }
	clean := true
	for _, r := range s {
		clean = clean && seen(r) && r != utf8.RuneError
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if seen(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "[U+%04X]", r)
		}
	}
	return b.String()
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	s = string(unicode.ToUpper(r)) + s[n:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// practiceMark stands in the name of every practice authority (package card/sim).
const practiceMark = "no legal value"

// IsPractice reports whether a practice certificate signed: nothing of the report has legal value.
func IsPractice(r *Report) bool {
	for _, s := range r.Signatures {
		if s.Signer != nil && strings.Contains(s.Signer.IssuerCN, practiceMark) {
			return true
		}
	}
	return false
}

// maxAnchors bounds a file of certificates: the bundle of a whole system has half a megabyte.
const maxAnchors = 16 << 20

// ReadAnchors reads the certificates of a PEM file, or a single one in DER. A file without any, or with more than any
// bundle has, is a [*NoAnchorsError].
func ReadAnchors(path string) ([]*x509.Certificate, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxAnchors+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxAnchors {
		return nil, &NoAnchorsError{path}
	}
	if c, err := x509.ParseCertificate(b); err == nil {
		return []*x509.Certificate{c}, nil
	}
	var certs []*x509.Certificate
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading a trust anchor: %w", err)
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, &NoAnchorsError{path}
	}
	return certs, nil
}

// NoAnchorsError means that a file of trust anchors holds no certificate.
type NoAnchorsError struct{ Path string }

func (e *NoAnchorsError) Error() string { return "no certificate in the file of trust anchors" }
