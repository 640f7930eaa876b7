package card_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// An operation of the fault matrix: a whole session, from opening the card.
type operation struct {
	name string
	ins  byte // of the command that judges a PIN; 0 for none
	run  func(card.Source) error
}

func session(s card.Source, work func(card.Token) error) error {
	tok, err := openSource(s)
	if err != nil {
		return err
	}
	defer tok.Close()
	return work(tok)
}

// operations of the matrix, each leaving the card as it was, so that a second run can follow.
func operations() []operation {
	login := func(r card.PINRef) func(card.Token) error {
		return func(t card.Token) error { return t.Login(background, r, pin(sim.PracticePIN)) }
	}
	return []operation{
		{"open", 0, func(s card.Source) error { return session(s, func(card.Token) error { return nil }) }},
		{"keys", 0, func(s card.Source) error {
			return session(s, func(t card.Token) error {
				keys, err := t.Keys(background)
				if err == nil && len(keys) != 2 {
					return errFewer
				}
				return err
			})
		}},
		{"status", 0, func(s card.Source) error {
			return session(s, func(t card.Token) error {
				_, err := t.PINStatus(background, card.SignPIN)
				return err
			})
		}},
		{"login", 0x20, func(s card.Source) error { return session(s, login(card.AuthPIN)) }},
		{"sign", 0x20, func(s card.Source) error {
			return session(s, func(t card.Token) error {
				if err := login(card.SignPIN)(t); err != nil {
					return err
				}
				keys, err := t.Keys(background)
				if err != nil || len(keys) != 2 {
					return errors.Join(err, errFewer)
				}
				return signBoth(t, keys[1])
			})
		}},
		{"change", 0x24, func(s card.Source) error {
			return session(s, func(t card.Token) error {
				return t.ChangePIN(background, card.AuthPIN, pin(sim.PracticePIN), pin(sim.PracticePIN))
			})
		}},
		{"unblock", 0x2C, func(s card.Source) error {
			return session(s, func(t card.Token) error {
				return t.Unblock(background, card.SignPIN, pin(sim.PracticePUK), pin(sim.PracticePIN))
			})
		}},
		{"change PUK", 0x24, func(s card.Source) error {
			return session(s, func(t card.Token) error {
				return t.ChangePUK(background, card.SignPIN, pin(sim.PracticePUK), pin(sim.PracticePUK))
			})
		}},
	}
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
	for _, op := range operations() {
		b := sim.New(practiceCard(t))
		if err := op.run(card.CNS(b)); err != nil {
			t.Fatalf("%s without a fault: %v", op.name, err)
		}
		commands := len(b.Log())
		for at := range commands {
			for _, x := range faults {
				cases++
				x.f.At = at
				name := fmt.Sprintf("%s, command %d of %d, %s", op.name, at, commands, x.name)
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
func looksLikeStatus(t *testing.T, op operation, f sim.Fault) bool {
	f.Len++
	b := sim.New(practiceCard(t))
	src := card.CNS(b)
	b.Script(f)
	return !errors.Is(op.run(src), errFewer)
}

func oneFault(t *testing.T, name string, op operation, f sim.Fault, gone error) bool {
	b := sim.New(practiceCard(t))
	src := card.CNS(b)
	b.Script(f)
	err := op.run(src)
	hit := b.Log()[f.At].Command[1]
	unknown := new(card.OutcomeUnknownError)
	refusal := new(card.PINError)
	judged := b.Count(0x20) + b.Count(0x24) + b.Count(0x2C)
	if op.name == "status" { // empty VERIFY is its way to ask
		judged = 0
	}
	switch {
	case errors.Is(err, errFewer) && f.SW == 0x6982: // a certificate that cannot be read is not there
	case errors.Is(err, errFewer) && f.Len > 2 && looksLikeStatus(t, op, f):
	case err != nil && !typed(err):
		t.Errorf("%s: untyped %v", name, err)
	case gone != nil && !errors.Is(err, gone):
		t.Errorf("%s: %v", name, err)
	case errors.As(err, &refusal):
		t.Errorf("%s: took the fault for a refused PIN: %v", name, err)
	case errors.As(err, &unknown) && hit != op.ins:
		t.Errorf("%s: outcome unknown, though no PIN was on its way: %v", name, err)
	case gone != nil && hit == op.ins && !errors.As(err, &unknown):
		t.Errorf("%s: the PIN was on its way, but %v", name, err)
	case judged > 1:
		t.Errorf("%s: %d judgements", name, judged)
	}
	b.Script()
	b.Service(true)
	b.Remove()
	b.Insert()
	if err := op.run(src); err != nil {
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
