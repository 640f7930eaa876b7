package card

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
)

// PIN is a PIN or PUK while it is typed and used. No print verb, log or encoder shows its digits, and nothing
// but [PIN.Use] hands them out. Whoever made a PIN wipes it. It is not safe for concurrent use.
//
// The digits sit two pointers deep, in one array that never moves: package fmt looks through one pointer and
// through unexported fields, and a slice that grows leaves copies behind.
type PIN struct{ p **pinBytes }

type pinBytes struct {
	b [pinCap]byte
	n int
}

const (
	pinCap  = 16 // digits: twice the longest of a CNS, and what the tokens of other makers take
	pinText = "PIN(hidden)"
)

// NewPIN returns an empty PIN or PUK. It allocates once; its digits never move.
func NewPIN() *PIN { b := new(pinBytes); return &PIN{&b} }

// bytes is the array of the PIN; nil for one that [NewPIN] did not make.
func (p *PIN) bytes() *pinBytes {
	if p == nil || p.p == nil {
		return nil
	}
	return *p.p
}

// Add appends a digit; it reports false, and changes nothing, for any other rune or when full.
func (p *PIN) Add(r rune) bool {
	b := p.bytes()
	if b == nil || r < '0' || r > '9' || b.n == pinCap {
		return false
	}
	b.b[b.n] = byte(r)
	b.n++
	return true
}

// Drop removes the last digit.
func (p *PIN) Drop() {
	if b := p.bytes(); b != nil && b.n > 0 {
		b.n--
		b.b[b.n] = 0
	}
}

// Len is the number of digits.
func (p *PIN) Len() int {
	if b := p.bytes(); b != nil {
		return b.n
	}
	return 0
}

// Wipe clears the digits; the PIN may be used again.
func (p *PIN) Wipe() {
	if b := p.bytes(); b != nil {
		clear(b.b[:])
		b.n = 0
	}
}

// Use calls f with the ASCII digits themselves, not a copy. f must neither keep nor change them.
func (p *PIN) Use(f func(digits []byte)) {
	if b := p.bytes(); b != nil {
		f(b.b[:b.n:b.n])
		return
	}
	f(nil)
}

// Equal compares two PINs in a time that does not depend on their digits.
func (p *PIN) Equal(q *PIN) bool {
	a, b := p.bytes(), q.bytes()
	if a == nil || b == nil {
		return false
	}
	return subtle.ConstantTimeCompare(a.b[:], b.b[:])&subtle.ConstantTimeEq(int32(a.n), int32(b.n)) == 1
}

// String hides the digits.
func (PIN) String() string { return pinText }

// GoString hides the digits.
func (PIN) GoString() string { return pinText }

// Format hides the digits from every verb.
func (PIN) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(pinText)) }

// LogValue hides the digits from package slog.
func (PIN) LogValue() slog.Value { return slog.StringValue(pinText) }

// MarshalText always fails: a PIN is never written anywhere.
func (PIN) MarshalText() ([]byte, error) { return nil, errors.New("a PIN cannot be written") }
