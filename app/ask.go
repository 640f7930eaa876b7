package app

import (
	"context"
	"errors"
	"sync"
	"time"

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
	Label    lang.Msg // "PIN di firma"
	Purpose  lang.Msg // "Firma 5 file come ANNA ESEMPIO"
	Action   lang.Msg // the button: "Firma 5 file"
	Min, Max int
	Tries
	// OnReader is set when the PIN is typed on the reader's keys: no field is shown, and the answer is a nil PIN.
	OnReader bool
	Practice PracticeCode
	// Refused says that the previous answer was refused by the card, in words; empty Key otherwise.
	Refused lang.Msg
}

// Question is a yes-or-no question.
type Question struct {
	Title, Body lang.Msg
	Yes, No     lang.Msg
	Severity    Severity
	// About names the facts that a yes agrees to: the same for the same facts, else different. Empty where each yes
	// is for once.
	About string
}

// NewPINAsker is an [Asker] that can also ask for a new PIN.
type NewPINAsker interface {
	// NewPIN asks for the old PIN, or for the PUK, and twice for the new PIN. The caller wipes what it gets.
	NewPIN(ctx context.Context, q NewPINQuestion) (*NewPINs, error)
}

// NewPINKind is what is done with a PIN or PUK.
type NewPINKind int

// The kinds.
const (
	ChangePIN  NewPINKind = iota // the PIN, with the old PIN
	UnblockPIN                   // a new PIN, with the PUK
	ChangePUK                    // the PUK, with the old PUK
)

// NewPINQuestion is what stands on the page where a PIN is changed or unblocked, or a PUK changed.
type NewPINQuestion struct {
	Label lang.Msg // "PIN di firma"
	Kind  NewPINKind
	// Tries are those of the old PIN; of the PUK where the PUK is asked for.
	Tries
	Min, Max       int // digits of the PIN
	PUKMin, PUKMax int // digits of the PUK
	// Where tells where the PUK of this kind of card is written, most likely first.
	Where []lang.Msg
	// Rules holds the new PIN or PUK against the card's limits and against good advice, while it is typed.
	Rules    func(old, replacement *PIN) []PINRule
	Practice PracticeCode // of the old PIN, or of the PUK
	// OnReader is set when everything is typed on the reader's keys: no field is shown, and the answer holds nil PINs.
	OnReader bool
}

// NewPINs is the answer: Old is the old PIN or the PUK.
type NewPINs struct{ Old, New, Repeat *PIN }

// Wipe clears all three; of nil it clears nothing.
func (n *NewPINs) Wipe() {
	if n == nil {
		return
	}
	for _, p := range []*PIN{n.Old, n.New, n.Repeat} {
		p.Wipe()
	}
}

// ReaderAsker is an [Asker] that can tell the person to type on the reader's keys now.
type ReaderAsker interface {
	// OnReader shows that the reader waits for the PIN, until ctx ends. It may return earlier.
	OnReader(ctx context.Context, w ReaderWait)
}

// ReaderWait is what a reader with keys waits for.
type ReaderWait struct {
	Label lang.Msg // "PIN di firma"
	// Within is how long it waits for the first key, from now on; zero where nobody knows.
	Within time.Duration
	Codes  int // to type one after the other; a change takes the old one, and twice the new one
}

// typedOnReader runs f; while it waits for the keys of the reader, the person is told so.
func typedOnReader(ctx context.Context, ask Asker, pad bool, w ReaderWait, f func() error) error {
	r, able := ask.(ReaderAsker)
	if !pad || !able {
		return f()
	}
	showing, done := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { r.OnReader(showing, w) })
	err := f()
	done()
	wg.Wait()
	return err
}

// ConfirmLastTry has the person confirm that what may be the last try of a PIN is to be used; with more tries it asks
// nothing.
func ConfirmLastTry(ctx context.Context, ask Asker, t Tries) error {
	return confirmLast(ctx, ask, t, "pin.last-try")
}

// ConfirmLastPUK is ConfirmLastTry for a PUK: another wrong one ends the card.
func ConfirmLastPUK(ctx context.Context, ask Asker, t Tries) error {
	return confirmLast(ctx, ask, t, "puk.last-try")
}

func confirmLast(ctx context.Context, ask Asker, t Tries, key string) error {
	if !t.Last() {
		return nil
	}
	title := lang.M(key + ".title")
	if t.Left < 0 {
		title = lang.MN(key+".today", t.WrongToday)
	}
	ok, err := ask.Confirm(ctx, Question{
		Title: title, Body: lang.M(key + ".body"),
		Yes: lang.M("pin.last-try.yes"), No: lang.M("pin.last-try.no"), Severity: SeverityDanger,
	})
	if err == nil && !ok {
		err = ErrRefused
	}
	return err
}

// TriesText tells in a sentence what is known of the tries left of a PIN.
func TriesText(t Tries) lang.Msg {
	switch {
	case t.Left >= 0:
		return lang.MN("tries.left", t.Left)
	case t.WrongToday > 0:
		return lang.MN("tries.today", t.WrongToday)
	case t.Low:
		return lang.M("tries.low")
	}
	return lang.M("tries.unknown")
}

// PUKText tells the tries left of a PUK: they are never given back.
func PUKText(t Tries) lang.Msg {
	switch {
	case t.Left == 0:
		return lang.M("tries.puk.none")
	case t.Left > 0:
		return lang.MN("tries.puk", t.Left)
	case t.WrongToday > 0:
		return lang.MN("tries.puk.today", t.WrongToday)
	}
	return lang.M("tries.puk.unknown")
}
