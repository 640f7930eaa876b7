package pdf

import "fmt"

// Kind says why a file could not be read.
type Kind string

// The kinds of [Error].
const (
	NotPDF     Kind = "not-pdf"     // no %PDF- in the first kilobyte
	Damaged    Kind = "damaged"     // not even a scan of the whole file finds a catalog
	Encrypted  Kind = "encrypted"   // the empty user password does not open it, or the handler is not the standard one
	TooComplex Kind = "too-complex" // a bound of the reader was reached
	Unreadable Kind = "unreadable"  // the underlying reader failed
)

// Error is a file that cannot be read.
type Error struct {
	Kind   Kind
	Offset int64 // where in the file; -1 when it is nowhere in particular
	Detail string
	Err    error
}

func (e *Error) Error() string {
	s := "pdf: " + string(e.Kind)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Offset >= 0 {
		s += fmt.Sprintf(" at byte %d", e.Offset)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func damaged(off int64, detail string) *Error {
	return &Error{Kind: Damaged, Offset: off, Detail: detail}
}

func tooComplex(detail string) *Error { return &Error{Kind: TooComplex, Offset: -1, Detail: detail} }
