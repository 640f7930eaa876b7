package app

import (
	"context"
	"errors"

	"ceralacca/app/lang"
)

// Asker puts questions to the person. Each call blocks, may come from any goroutine, and returns
// ctx.Err() when ctx ends first.
type Asker interface {
	// PIN asks for a PIN. The caller wipes what it gets. [ErrRefused] means that the person closed the panel.
	PIN(ctx context.Context, q PINQuestion) (*PIN, error)
	// Confirm asks a yes-or-no question.
	Confirm(ctx context.Context, q Question) (bool, error)
}

// ErrRefused means that the person said no.
var ErrRefused = errors.New("refused by the person")

// PINQuestion is what stands beside the PIN field.
type PINQuestion struct {
	Label     lang.Msg // "PIN di firma"
	Purpose   lang.Msg // "Firma 5 file come ANNA ESEMPIO"
	Action    lang.Msg // the button: "Firma 5 file"
	Min, Max  int
	TriesLeft int  // card.UnknownTries when the card does not tell
	OnReader  bool // typed on the reader's keys: no field is shown
	Practice  bool // the practice PIN may be shown
	// Refused says that the previous answer was refused by the card, in words; empty Key otherwise.
	Refused lang.Msg
}

// Question is a yes-or-no question.
type Question struct {
	Title, Body lang.Msg
	Yes, No     lang.Msg
	Severity    Severity
}

// NewPINAsker is an [Asker] that can also ask for a new PIN.
type NewPINAsker interface {
	// NewPIN asks for the old PIN, or for the PUK, and twice for the new PIN. The caller wipes what it gets.
	NewPIN(ctx context.Context, q NewPINQuestion) (*NewPINs, error)
}

// NewPINQuestion is what stands on the page where a PIN is changed or unblocked.
type NewPINQuestion struct {
	Label lang.Msg // "PIN di firma"
	// Unblock is set when the PUK is asked for in the place of the old PIN.
	Unblock   bool
	TriesLeft int // of the old PIN, or of the PUK; card.UnknownTries when the card does not tell
	Min, Max  int // digits of the new PIN
	// Rules holds the new PIN against the card's limits and against good advice, while it is typed.
	Rules    func(old, replacement *PIN) []PINRule
	Practice bool
	OnReader bool
}

// NewPINs is the answer: Old is the old PIN or the PUK.
type NewPINs struct{ Old, New, Repeat *PIN }

// Wipe clears all three.
func (n *NewPINs) Wipe() {
	for _, p := range []*PIN{n.Old, n.New, n.Repeat} {
		p.Wipe()
	}
}
