package sim

import (
	"fmt"
	"time"

	"ceralacca/card"
)

// FaultKind is what goes wrong at a command.
type FaultKind int

// The kinds of fault.
const (
	Answer   FaultKind = iota // the card answers Fault.SW
	Pull                      // the card is pulled out
	Reset                     // another program resets the card
	GoMute                    // the card stops answering until it is inserted again
	Truncate                  // the answer is cut to Fault.Len bytes
	Delay                     // the answer comes after Fault.For
	Stop                      // the smart card service stops
	Call                      // Fault.Do runs while the command is under way, then the answer comes
)

// Fault is one fault, at one command.
type Fault struct {
	At   int // number of the command since Script was called, from 0
	Kind FaultKind
	SW   uint16        // Answer: the status word
	Len  int           // Truncate: the bytes that are left of the answer
	For  time.Duration // Delay
	Do   func()        // Call; it must not use the Bus
	// After lets the card carry the command out before the fault; otherwise the command never reaches it.
	// Truncate, Delay and Call always carry it out.
	After bool
}

// Script replaces the faults to come and restarts the count of commands; without arguments all is well again.
func (b *Bus) Script(f ...Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault, b.sent = f, 0
}

// Sent is the number of commands since the last Script.
func (b *Bus) Sent() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent
}

// Exchange is a command and its answer in the log.
type Exchange struct {
	Reader string
	// Command is the command APDU; the data of VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER are zeros.
	Command []byte
	SW      uint16 // status word of the card, zero where it did not answer
	Len     int    // bytes of data in the answer
}

// Log returns what was sent since the Bus was made, oldest first.
func (b *Bus) Log() []Exchange {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Exchange(nil), b.log...)
}

// Count is the number of commands with this instruction byte that reached a card, such as 20 hex for VERIFY.
func (b *Bus) Count(ins byte) int {
	n := 0
	for _, e := range b.Log() {
		if e.SW != 0 && len(e.Command) > 1 && e.Command[1] == ins {
			n++
		}
	}
	return n
}

// fails looks for the fault of the next command; b.mu is held.
func (b *Bus) fails() (Fault, bool) {
	n := b.sent
	b.sent++
	for _, f := range b.fault {
		if f.At == n {
			return f, true
		}
	}
	return Fault{}, false
}

// strike makes a fault happen to the reader and returns what the program sees; b.mu is held.
func (b *Bus) strike(r *reader, f Fault) ([]byte, error) {
	defer b.signal()
	var err error
	switch f.Kind {
	case Pull:
		r.put(false)
		err = card.ErrRemoved
	case Reset:
		r.resets++
		r.owner = nil
		r.chip.reset()
		err = card.ErrReset
	case GoMute:
		r.mute = true
		r.chip.reset()
		err = card.ErrMute
	case Stop:
		b.down = true
		r.chip.reset()
		err = card.ErrNoService
	default:
		return []byte{byte(f.SW >> 8), byte(f.SW)}, nil
	}
	return nil, fmt.Errorf("transmitting: %w", err)
}
