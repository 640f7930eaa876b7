package card_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

func session(s card.Source, work func(card.Token) error) error {
	tok, err := openSource(s)
	if err != nil {
		return err
	}
	defer tok.Close()
	return work(tok)
}

// typed tells whether the error is one that a program can act on.
func typed(err error) bool {
	for _, e := range []error{card.ErrNoService, card.ErrRemoved, card.ErrReset, card.ErrMute, card.ErrBusy, card.ErrUnsupported, errWrongSignature} {
		if errors.Is(err, e) {
			return true
		}
	}
	st := new(card.StatusError)
	return errors.As(err, &st)
}

// bench puts the practice card into a reader that fits an operation.
func bench(t testing.TB, op sim.Operation) *sim.Bus {
	t.Helper()
	c := practiceCard(t)
	c.Reader, c.PINPad = "reader", op.Typed != nil
	b := sim.New(c)
	if op.Typed != nil {
		b.Type(op.Typist())
	}
	return b
}

const (
	firstInsertion  = "reader#1"
	secondInsertion = "reader#2"
)

// TestFaultMatrix runs every operation, every command in it, every fault, before and after the card has carried the command out:
// a typed error or the right result, at most the one judgement sent, the retry counter where it should be, the
// error of a judgement under way marked as such, and the next attempt works.
func TestFaultMatrix(t *testing.T) {
	faults := []struct {
		name string
		f    sim.Fault
		gone error // what errors.Is must find; nil for any typed error
	}{
		{"removed", sim.Fault{Kind: sim.Pull}, card.ErrRemoved},
		{"removed after", sim.Fault{Kind: sim.Pull, After: true}, card.ErrRemoved},
		{"reset", sim.Fault{Kind: sim.Reset}, card.ErrReset},
		{"reset after", sim.Fault{Kind: sim.Reset, After: true}, card.ErrReset},
		{"mute", sim.Fault{Kind: sim.GoMute}, card.ErrMute},
		{"mute after", sim.Fault{Kind: sim.GoMute, After: true}, card.ErrMute},
		{"service stopped", sim.Fault{Kind: sim.Stop, After: true}, card.ErrNoService},
		{"6F00", sim.Fault{Kind: sim.Answer, SW: 0x6F00}, nil},
		{"6F00 after", sim.Fault{Kind: sim.Answer, SW: 0x6F00, After: true}, nil},
		{"6982", sim.Fault{Kind: sim.Answer, SW: 0x6982}, nil},
		{"empty answer", sim.Fault{Kind: sim.Truncate, Len: 0}, nil},
		{"answer of one byte", sim.Fault{Kind: sim.Truncate, Len: 1}, nil},
		{"answer without its end", sim.Fault{Kind: sim.Truncate, Len: 10}, nil},
	}
	cases, failed, start := 0, 0, time.Now()
	for _, op := range sim.Operations() {
		b := bench(t, op)
		if err := op.Run(background, card.CNS(b), firstInsertion); err != nil {
			t.Fatalf("%s without a fault: %v", op.Name, err)
		}
		commands := len(b.Log())
		for at := range commands {
			for _, x := range faults {
				cases++
				x.f.At = at
				name := fmt.Sprintf("%s, command %d of %d, %s", op.Name, at, commands, x.name)
				if oneFault(t, name, op, x.f, x.gone) {
					failed++
				}
			}
		}
	}
	t.Logf("%d cases, %d of them failed as they should, %v", cases, failed, time.Since(start).Round(time.Millisecond))
}

// looksLikeStatus tells that it was chance: the two bytes where the answer was cut read as the status of a file that
// is not there, which nobody can tell from the real thing. Cut one byte later it is seen for what it is.
func looksLikeStatus(t *testing.T, op sim.Operation, f sim.Fault) bool {
	f.Len++
	b := bench(t, op)
	b.Script(f)
	return !errors.Is(op.Run(background, card.CNS(b), firstInsertion), sim.ErrIncomplete)
}

func oneFault(t *testing.T, name string, op sim.Operation, f sim.Fault, gone error) bool {
	b := bench(t, op)
	src := card.CNS(b)
	b.Script(f)
	err := op.Run(background, src, firstInsertion)
	hit := b.Log()[f.At].Command[1]
	unknown := new(card.OutcomeUnknownError)
	refusal := new(card.PINError)
	judged := judgements(b)
	switch {
	case errors.Is(err, sim.ErrIncomplete) && f.SW == 0x6982: // a certificate that cannot be read is not there
	case errors.Is(err, sim.ErrIncomplete) && f.Len > 2 && looksLikeStatus(t, op, f):
	case err != nil && !typed(err):
		t.Errorf("%s: untyped %v", name, err)
	case gone != nil && !errors.Is(err, gone):
		t.Errorf("%s: %v", name, err)
	case errors.As(err, &refusal):
		t.Errorf("%s: took the fault for a refused PIN: %v", name, err)
	case errors.As(err, &unknown) && hit != op.INS:
		t.Errorf("%s: outcome unknown, though no PIN was on its way: %v", name, err)
	case gone != nil && hit == op.INS && !errors.As(err, &unknown):
		t.Errorf("%s: the PIN was on its way, but %v", name, err)
	case judged > 1:
		t.Errorf("%s: %d judgements", name, judged)
	}
	b.Script()
	b.Service(true)
	b.Remove()
	b.Insert()
	if err := op.Run(background, src, firstInsertion); !errors.Is(err, card.ErrRemoved) {
		t.Errorf("%s: the insertion before: %v", name, err)
	}
	if err := op.Run(background, src, secondInsertion); err != nil {
		t.Errorf("%s: next attempt: %v", name, err)
	}
	if st := tries(t, src); st.TriesLeft != 3 || st.PUKTriesLeft != 3 {
		t.Errorf("%s: tries left afterwards %+v", name, st)
	}
	return err != nil
}

// tries is the lowest counter of both PINs.
func tries(t *testing.T, s card.Source) card.PINStatus {
	var low card.PINStatus
	err := session(s, func(tok card.Token) error {
		a, err1 := tok.PINStatus(background, card.AuthPIN)
		b, err2 := tok.PINStatus(background, card.SignPIN)
		low = card.PINStatus{TriesLeft: min(a.TriesLeft, b.TriesLeft), PUKTriesLeft: min(a.PUKTriesLeft, b.PUKTriesLeft)}
		return errors.Join(err1, err2)
	})
	if err != nil {
		t.Error(err)
	}
	return low
}

// TestJoinedFaultMatrix runs the operations on a card that a library shares with the driver: whichever of the two is
// at work when the fault comes, no try is lost beyond the one that was sent, the error is typed, and the next attempt
// works. What the library does not reach because of the fault is missing from that view.
func TestJoinedFaultMatrix(t *testing.T) {
	faults := []sim.Fault{
		{Kind: sim.Pull},
		{Kind: sim.Reset},
		{Kind: sim.Reset, After: true},
		{Kind: sim.GoMute, After: true},
		{Kind: sim.Stop, After: true},
		{Kind: sim.Answer, SW: 0x6F00},
		{Kind: sim.Truncate, Len: 1},
	}
	cases := 0
	for _, op := range sim.Operations() {
		if op.Typed != nil {
			continue // the reader belongs to one of the two
		}
		b, _, src := joined(t)
		if err := runJoined(op, src); err != nil {
			t.Fatalf("%s without a fault: %v", op.Name, err)
		}
		for at := range len(b.Log()) {
			for _, f := range faults {
				cases++
				f.At = at
				name := fmt.Sprintf("%s, command %d, fault %+v", op.Name, at, f)
				b, m, src := joined(t)
				b.Script(f)
				err := runJoined(op, src)
				if err != nil && !typed(err) && !errors.Is(err, sim.ErrIncomplete) {
					t.Errorf("%s: untyped %v", name, err)
				}
				if errors.As(err, new(*card.PINError)) {
					t.Errorf("%s: took the fault for a refused PIN: %v", name, err)
				}
				if n := judgements(b); n > 1 {
					t.Errorf("%s: %d judgements", name, n)
				}
				b.Script()
				b.Service(true)
				b.Remove()
				b.Insert()
				if err := runJoined(op, src); err != nil {
					t.Errorf("%s: next attempt: %v", name, err)
				}
				for _, view := range []card.Source{card.CNS(b), m.Source} {
					if err := loginAll(view); err != nil {
						t.Errorf("%s: afterwards: %v", name, err)
					}
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}

// judgements counts the commands with a PIN that the card has judged: not those for a PIN that it does not have.
func judgements(b *sim.Bus) int {
	n := 0
	for _, e := range b.Log() {
		if len(e.Command) > 5 && slices.Contains([]byte{0x20, 0x24, 0x2C}, e.Command[1]) && e.SW != 0x6A88 {
			n++
		}
	}
	return n
}

func joined(t testing.TB) (*sim.Bus, *maker, card.Source) {
	t.Helper()
	b, m := chamber(t, false)
	return b, m, card.Join(card.CNS(b), m, card.JoinOptions{Wait: true})
}

// runJoined looks at the readers, as a program does that runs once, and does the operation.
func runJoined(op sim.Operation, s card.Source) error {
	all, err := slots(s)
	if err != nil {
		return err
	}
	return op.Run(background, s, all[0].ID)
}

// loginAll finds all tries of all PINs there: a wrong PIN tells two left.
func loginAll(s card.Source) error {
	return session(s, func(t card.Token) error {
		for _, p := range t.Info().PINs {
			refusal := new(card.PINError)
			if err := t.Login(background, p.Ref, pin("99999")); !errors.As(err, &refusal) || refusal.TriesLeft != 2 {
				return fmt.Errorf("PIN %X: %w", p.Ref, err)
			}
			if err := t.Login(background, p.Ref, pin(sim.PracticePIN)); err != nil {
				return err
			}
		}
		return nil
	})
}
