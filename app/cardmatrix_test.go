package app

import (
	"fmt"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// faults is what can happen to a card at a command, and what the card bar must say right afterwards, once the card
// is at rest again.
var faults = []struct {
	name  string
	fault sim.Fault
	// phase is that of the card when the operation is over, before anybody mends it.
	phase CardPhase
	mend  func(*sim.Bus)
}{
	{"pulled out", sim.Fault{Kind: sim.Pull}, PhaseEmpty, func(b *sim.Bus) { b.Insert() }},
	{"reset by another program", sim.Fault{Kind: sim.Reset}, PhaseReady, func(*sim.Bus) {}},
	{"mute", sim.Fault{Kind: sim.GoMute}, PhaseMute, func(b *sim.Bus) { b.Remove(); b.Insert() }},
	{"service stopped", sim.Fault{Kind: sim.Stop}, PhaseNoService, func(b *sim.Bus) { b.Service(true) }},
	{"6F00", sim.Fault{Kind: sim.Answer, SW: 0x6F00}, PhaseReady, func(*sim.Bus) {}},
	{"answer cut", sim.Fault{Kind: sim.Truncate, Len: 1}, PhaseReady, func(*sim.Bus) {}},
}

// operations are what a person can start that reaches the card with a PIN.
var operations = []struct {
	name  string
	start func(*Store)
	over  func(*State) bool
	told  func(*State) *Advice
}{
	{"change", func(s *Store) { s.ChangePIN(card.SignPIN) }, pinJobOver, pinJobTold},
	{"unblock", func(s *Store) { s.Unblock(card.SignPIN) }, pinJobOver, pinJobTold},
	{"change the PUK", func(s *Store) { s.ChangePUK(card.SignPIN) }, pinJobOver, pinJobTold},
	{"sign", (*Store).Sign, func(st *State) bool { return st.Job != nil && !st.Job.Running }, func(st *State) *Advice { return st.Job.Advice }},
}

func pinJobOver(st *State) bool    { return st.PINJob != nil && !st.PINJob.Running }
func pinJobTold(st *State) *Advice { return st.PINJob.Advice }
func judging(ins byte) bool        { return ins == 0x20 || ins == 0x24 || ins == 0x2C }
func answersFor(op string) *newPINs {
	old, next := PracticePIN, "73915"
	switch op {
	case "unblock":
		old = PracticePUK
	case "change the PUK":
		old, next = PracticePUK, "73915204"
	}
	return &newPINs{answers: answers{pins: []string{PracticePIN}}, old: old, next: next, repeat: next}
}

// TestStateAfterEachFault lets each fault happen at commands of each operation: right afterwards the card bar tells
// the state of the card, what was done ends with its reason and never with a wrong PIN, no more than one command
// with a PIN has left, and when the cause goes the card is read again by itself.
func TestStateAfterEachFault(t *testing.T) {
	cases := 0
	for _, op := range operations {
		total := commandsOf(t, op.name, op.start, op.over)
		for _, f := range faults {
			for _, at := range []int{0, total / 4, total / 2, 3 * total / 4, total - 2} {
				cases++
				t.Run(fmt.Sprintf("%s/%s/%d", op.name, f.name, at), func(t *testing.T) {
					e, bus := engineFor(t, t.TempDir(), nil, sim.Standard)
					w := runStore(t, e, answersFor(op.name))
					w.post(func(st State) State { w.retry = time.Millisecond; return st })
					w.until("ready", ready)
					w.Add(put(t, t.TempDir(), "a.txt", []byte("a")))
					w.until("a file", func(st *State) bool { return len(st.Docs.List) == 1 })
					before := sentWithPIN(bus)
					fault := f.fault
					fault.At = at
					bus.Script(fault)
					op.start(w.Store)
					st := w.until("over", op.over)
					if a := op.told(st); a != nil && (a.Code == "pin-wrong" || a.Code == "pin-wrong-unknown" || a.Code == "puk-wrong") {
						t.Errorf("told of a wrong PIN: %s", a.Detail)
					}
					want := f.phase
					if w.settled(); bus.Sent() <= at { // it took fewer commands this time
						want = PhaseReady
					}
					w.until(fmt.Sprintf("phase %d on the screen", want), func(st *State) bool { return st.Cards.Phase == want })
					if st = w.settled(); st.Cards.Phase != want {
						t.Errorf("in the end phase %d, advice %+v", st.Cards.Phase, st.Cards.Advice)
					}
					if n := sentWithPIN(bus) - before; n > 1 {
						t.Errorf("%d commands with a PIN", n)
					}
					f.mend(bus)
					st = w.until("ready again by itself", func(st *State) bool { return ready(st) })
					if st.Cards.Card() == nil || st.Cards.Card().Signing() == nil {
						t.Errorf("card %+v", st.Cards.Card())
					}
				})
			}
		}
	}
	t.Logf("%d cases", cases)
}

// settled waits until no card is being read.
func (w *watched) settled() *State {
	for {
		busy := make(chan int, 1)
		w.post(func(st State) State { busy <- len(w.reading); return st })
		if <-busy == 0 {
			return w.State()
		}
		<-w.next
	}
}

// commandsOf counts the commands that the operation sends when all is well.
func commandsOf(t *testing.T, name string, start func(*Store), over func(*State) bool) int {
	e, bus := engineFor(t, t.TempDir(), nil, sim.Standard)
	w := runStore(t, e, answersFor(name))
	w.until("ready", ready)
	w.Add(put(t, t.TempDir(), "a.txt", []byte("a")))
	w.until("a file", func(st *State) bool { return len(st.Docs.List) == 1 })
	bus.Script()
	start(w.Store)
	w.until("over", over)
	w.settled()
	return bus.Sent()
}

// sentWithPIN counts the commands with a PIN or PUK that left, whether or not the card has answered.
func sentWithPIN(bus *sim.Bus) int {
	n := 0
	for _, x := range bus.Log() {
		if judging(x.Command[1]) && len(x.Command) > 5 {
			n++
		}
	}
	return n
}
