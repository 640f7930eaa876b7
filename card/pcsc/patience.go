package pcsc

import (
	"fmt"
	"time"

	"ceralacca/card"
)

// errHeld means that another program has the card, in a transaction that does not end.
var errHeld = fmt.Errorf("another program holds the card: %w", card.ErrBusy)

// patience is how long another program may hold the card in a transaction before our call gives up. No call of PC/SC
// that waits for it can be interrupted.
var patience = 10 * time.Second

// bounded runs a call that may have to wait for another program. One that waits longer than patience is errHeld; it goes on in a goroutine of its own until the other program is done, and then late clears up.
func bounded[T any](call func() (T, error), late func(T, error)) (T, error) {
	type result struct {
		got T
		err error
	}
	done := make(chan result)
	over := make(chan struct{})
	go func() {
		got, err := call()
		select {
		case done <- result{got, err}:
		case <-over:
			late(got, err)
		}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.got, r.err
	case <-timer.C:
	}
	close(over)
	var none T
	return none, errHeld
}
