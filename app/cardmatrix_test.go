package app

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// fault is what can happen to a card at a command.
type fault struct {
	name  string
	fault sim.Fault
	// phase is that of the card when the operation is over, before anybody mends it.
	phase CardPhase
	mend  func(*sim.Bus)
}

// faults are all that can happen to a card at a command, and what the card bar must say right afterwards, once the card
// is at rest again.
var faults = []fault{
	{"pulled out", sim.Fault{Kind: sim.Pull}, PhaseEmpty, func(b *sim.Bus) { b.Insert() }},
	{"reset by another program", sim.Fault{Kind: sim.Reset}, PhaseReady, func(*sim.Bus) {}},
	{"mute", sim.Fault{Kind: sim.GoMute}, PhaseMute, func(b *sim.Bus) { b.Remove(); b.Insert() }},
	{"service stopped", sim.Fault{Kind: sim.Stop}, PhaseNoService, func(b *sim.Bus) { b.Service(true) }},
	{"6F00", sim.Fault{Kind: sim.Answer, SW: 0x6F00}, PhaseReady, func(*sim.Bus) {}},
	{"answer cut", sim.Fault{Kind: sim.Truncate, Len: 1}, PhaseReady, func(*sim.Bus) {}},
}

// operation is what a person can do that reaches the card. It is started after the count of commands has begun.
type operation struct {
	name  string
	start func(*watched, *sim.Bus)
	over  func(*State) bool
	told  func(*State) *Advice // how it ended; nil where it went well
}

var operations = []operation{
	{"insert the card", func(_ *watched, b *sim.Bus) { b.Insert() }, func(*State) bool { return true }, func(*State) *Advice { return nil }},
	{"change", func(w *watched, _ *sim.Bus) { w.ChangePIN(card.SignPIN) }, pinJobOver, pinJobTold},
	{"unblock", func(w *watched, _ *sim.Bus) { w.Unblock(card.SignPIN) }, pinJobOver, pinJobTold},
	{"change the PUK", func(w *watched, _ *sim.Bus) { w.ChangePUK(card.SignPIN) }, pinJobOver, pinJobTold},
	{"sign", func(w *watched, _ *sim.Bus) { w.Sign() }, func(st *State) bool { return st.Job != nil && !st.Job.Running }, func(st *State) *Advice { return st.Job.Advice }},
	{"check-up", func(w *watched, _ *sim.Bus) { w.Diagnose(false) }, func(st *State) bool { return st.Doctor != nil && !st.Doctor.Running }, func(st *State) *Advice { return st.Doctor.Advice }},
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

// TestStateAfterEachFault lets each fault happen at each command of each operation: right afterwards the card bar tells
// the state of the card, what was done ends with its reason and never with a wrong PIN, no more than one command
// with a PIN has left, and when the cause goes the card is read again by itself. With -short, and under the race
// detector, five commands of each operation stand for all.
func TestStateAfterEachFault(t *testing.T) {
	cases := make(chan faultCase)
	var wg sync.WaitGroup
	for range 16 { // most of the time of a case goes into waiting for the watcher to look again
		wg.Go(func() {
			for c := range cases {
				t.Run(c.String(), c.run)
			}
		})
	}
	n := 0
	for _, op := range operations {
		total := commandsOf(t, op)
		step := 1
		if testing.Short() || raceDetector {
			step = total / 5
		}
		for _, f := range faults {
			for at := 0; at < total; at += step {
				n++
				cases <- faultCase{op, f, at}
			}
		}
		t.Logf("%s: %d commands", op.name, total)
	}
	close(cases)
	wg.Wait()
	t.Logf("%d cases", n)
}

// faultCase is one fault at one command of an operation.
type faultCase struct {
	op    operation
	fault fault
	at    int
}

func (c faultCase) String() string { return fmt.Sprintf("%s/%s/%d", c.op.name, c.fault.name, c.at) }

func (c faultCase) run(t *testing.T) {
	w, bus := c.op.atRest(t)
	before := sentWithPIN(bus)
	f := c.fault.fault
	f.At = c.at
	bus.Script(f)
	c.op.start(w, bus)
	struck := func(st *State) bool { return bus.Sent() > c.at || ready(st) }
	st := w.until("over", func(st *State) bool { return c.op.over(st) && struck(st) })
	if a := c.op.told(st); a != nil && (a.Code == "pin-wrong" || a.Code == "pin-wrong-unknown" || a.Code == "puk-wrong") {
		t.Errorf("told of a wrong PIN: %s", a.Detail)
	}
	want := c.fault.phase
	if w.settled(); bus.Sent() <= c.at { // it took fewer commands this time
		want = PhaseReady
	}
	w.until(fmt.Sprintf("phase %d on the screen", want), func(st *State) bool { return st.Cards.Phase == want })
	if st = w.settled(); st.Cards.Phase != want {
		t.Errorf("in the end phase %d, advice %+v", st.Cards.Phase, st.Cards.Advice)
	}
	if n := sentWithPIN(bus) - before; n > 1 {
		t.Errorf("%d commands with a PIN", n)
	}
	c.fault.mend(bus)
	st = w.until("ready again by itself", ready)
	if c := st.Cards.Card(); c == nil || c.Signing() == nil {
		t.Errorf("card %+v", c)
	}
}

// atRest is a store with a file to sign and the card as it is before the operation.
func (op operation) atRest(t *testing.T) (*watched, *sim.Bus) {
	t.Helper()
	e, bus := engineFor(t, t.TempDir(), nil, sim.Standard)
	w := runStore(t, e, answersFor(op.name))
	w.post(func(st State) State { w.retry = time.Millisecond; return st })
	w.until("ready", ready)
	switch op.name {
	case "sign":
		w.Add(put(t, t.TempDir(), "a.txt", []byte("a")))
		w.until("a file", func(st *State) bool { return len(st.Docs.List) == 1 })
	case "insert the card":
		bus.Remove()
		w.until("no card", func(st *State) bool { return st.Cards.Phase == PhaseEmpty })
	}
	return w, bus
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
func commandsOf(t *testing.T, op operation) int {
	t.Helper()
	w, bus := op.atRest(t)
	bus.Script()
	op.start(w, bus)
	w.until("over", func(st *State) bool { return op.over(st) && ready(st) })
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
