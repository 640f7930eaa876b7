package card

import (
	"errors"
	"fmt"
)

// What can go wrong between the program and a card. All of them are states that end, so a caller may try again.
var (
	ErrNoService   = errors.New("smart card service does not answer")
	ErrRemoved     = errors.New("card was removed")
	ErrReset       = errors.New("card was reset by another program")
	ErrBusy        = errors.New("card is in use by another program")
	ErrMute        = errors.New("card does not answer")
	ErrUnsupported = errors.New("card is not supported")
	ErrCancelled   = errors.New("cancelled on the reader")
	// ErrNoPUKChange means that the PUK of this card stays what it is; it is an ErrUnsupported.
	ErrNoPUKChange = fmt.Errorf("card does not let its PUK be changed: %w", ErrUnsupported)
)

// PINError is the card's own refusal of a PIN or PUK (status 63Cx, 6300, 6983). Nothing else is one.
type PINError struct {
	Ref       PINRef
	PUK       bool // the PUK of Ref was refused, not the PIN
	TriesLeft int  // UnknownTries where the card did not tell
	Blocked   bool
}

func (e *PINError) Error() string {
	what := "PIN"
	if e.PUK {
		what = "PUK of PIN"
	}
	switch {
	case e.Blocked:
		return fmt.Sprintf("%s %02X is blocked", what, byte(e.Ref))
	case e.TriesLeft == UnknownTries:
		return fmt.Sprintf("%s %02X refused", what, byte(e.Ref))
	}
	return fmt.Sprintf("%s %02X refused, tries left: %d", what, byte(e.Ref), e.TriesLeft)
}

// FormatError means that a PIN was not sent, because the card could not accept one of its shape.
type FormatError struct {
	Ref      PINRef
	PUK      bool
	Min, Max int // digits
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("PIN %02X must have %d to %d digits", byte(e.Ref), e.Min, e.Max)
}

// OutcomeUnknownError means that the link died after a VERIFY, CHANGE or RESET command had left: the try may
// be spent, and after a change the new PIN may already be in force.
type OutcomeUnknownError struct {
	Ref PINRef
	Err error
}

func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("outcome of the command on PIN %02X is unknown: %v", byte(e.Ref), e.Err)
}

// Unwrap returns what cut the link.
func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// StatusError is a status word that does not mean success, ISO 7816-4 §5.6. INS is the command's.
type StatusError struct {
	INS byte
	SW  uint16
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("card answered %04X to command %02X", e.SW, e.INS)
}
