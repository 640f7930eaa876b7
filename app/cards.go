package app

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"time"

	"ceralacca/card"
)

// This file is the part of the store that follows readers and cards.

// ChooseCard makes the card in the slot the one that signs.
func (s *Store) ChooseCard(slot string) {
	s.post(func(st State) State {
		next := *st.Cards
		for i := range next.List {
			if next.List[i].Slot == slot {
				next.Chosen = i
			}
		}
		return withCards(st, next)
	})
}

// UsePractice puts the practice card into use, or takes it out; not while a job runs.
func (s *Store) UsePractice(on bool) {
	s.post(func(st State) State {
		switch {
		case st.Cards.Practice == on || working(st):
			return st
		case !on:
			return s.useCards(st, s.engine)
		case s.practice != nil:
			return s.useCards(st, s.practice)
		}
		return s.makePractice(st, s.engine.WithPractice, func(st State, e *Engine) State {
			s.practice = e
			return st
		})
	})
}

// working reports whether a job has the card.
func working(st State) bool {
	return (st.Job != nil && st.Job.Running) || (st.PINJob != nil && st.PINJob.Running)
}

// useCards turns to the cards that the engine sees.
func (s *Store) useCards(st State, e *Engine) State {
	s.turned++
	s.use = e
	s.watch()
	s.findInterrupted() // a job of the practice card is not one of the person's own
	return withCards(st, Cards{Phase: PhaseReading, Chosen: -1, Practice: e.Practice()})
}

// makePractice has a simulated card made, which takes a second or two, and turns to it; made is then told. Until it is
// there no card is shown: one of the machine's must never stand under the ribbon of practice. It is dropped when the
// person has turned elsewhere meanwhile.
func (s *Store) makePractice(st State, making func(context.Context) (*Engine, error), made func(State, *Engine) State) State {
	s.turned++
	turn, ctx := s.turned, s.ctx
	s.spawn(func() {
		e, err := making(ctx)
		s.post(func(st State) State {
			if turn != s.turned {
				return st
			}
			if err == nil {
				return made(s.useCards(st, e), e)
			}
			st = s.useCards(st, s.engine)
			st.Saved = &Saved{Advice: Explain(err)} // it was to be kept in the folder of the settings
			return st
		})
	})
	if s.unwatch != nil {
		s.unwatch()
	}
	s.looked++ // what the watcher has still to say is of no use
	return withCards(st, Cards{Phase: PhaseReading, Chosen: -1, Practice: true})
}

// watch starts following the cards of the engine in use, and stops following the former one's.
func (s *Store) watch() {
	if s.unwatch != nil {
		s.unwatch()
	}
	for slot, r := range s.reading {
		r.stop()
		delete(s.reading, slot)
	}
	clear(s.slots)
	ctx, cancel := context.WithCancel(s.ctx)
	s.unwatch = cancel
	s.looked++
	generation, engine := s.looked, s.use
	s.spawn(func() {
		err := engine.Watch(ctx, func(sn card.Snapshot) {
			s.post(func(st State) State { return s.snapshot(st, generation, sn) })
		})
		if err != nil && ctx.Err() == nil {
			s.post(func(st State) State { return s.snapshot(st, generation, card.Snapshot{Err: err}) })
		}
	})
}

// snapshot takes over what the watcher saw: cards that were read stay, new ones are read, a job whose card is
// gone ends.
func (s *Store) snapshot(st State, generation int, sn card.Snapshot) State {
	if generation != s.looked {
		return st
	}
	old := map[string]Card{}
	for _, c := range st.Cards.List {
		old[c.Slot] = c
	}
	chosen := ""
	if c := st.Cards.Card(); c != nil {
		chosen = c.Slot
	}
	next := Cards{Chosen: -1, Practice: st.Cards.Practice, Checking: st.Cards.Checking}
	before := maps.Clone(s.slots)
	clear(s.slots)
	for _, slot := range sn.Slots {
		if slot.State == card.Empty {
			continue
		}
		c, known := old[slot.ID]
		s.slots[slot.ID] = slot
		if !known || (slot.State == card.Present && c.Phase != PhaseReady && c.Phase != PhaseBlocked && c.Phase != PhaseReading) {
			c = Card{Slot: slot.ID, Reader: slot.Reader, Phase: slotPhase(slot.State), ATR: atrText(slot)}
			if c.Phase == PhaseReading {
				s.read(slot)
			}
		}
		if known && slot.State == card.Present && slot.Revision != before[slot.ID].Revision {
			s.read(slot) // a library has shown more of it; what was read stays on the screen meanwhile
		}
		if slot.State != card.Present {
			c.Phase = slotPhase(slot.State)
		}
		if slot.ID == chosen {
			next.Chosen = len(next.List)
		}
		next.List = append(next.List, c)
	}
	s.forgetGone()
	next.Phase = emptyPhase(sn)
	return withCards(st, next)
}

// forgetGone ends what was being done with cards that are no longer there.
func (s *Store) forgetGone() {
	for id, r := range s.reading {
		if _, here := s.slots[id]; !here {
			r.stop()
			delete(s.reading, id)
		}
	}
	if _, here := s.slots[s.jobSlot]; s.killJob != nil && !here {
		s.killJob(card.ErrRemoved)
	}
}

// atrText is the answer to reset of the card in the slot, for support; "" where there is none.
func atrText(s card.Slot) string { return strings.ToUpper(hex.EncodeToString(s.ATR)) }

func slotPhase(s card.SlotState) CardPhase {
	switch s {
	case card.Busy:
		return PhaseBusy
	case card.Mute:
		return PhaseMute
	case card.Unsupported:
		return PhaseUnsupported
	}
	return PhaseReading
}

// emptyPhase is the phase of a snapshot without a card.
func emptyPhase(sn card.Snapshot) CardPhase {
	switch {
	case sn.Err != nil:
		return PhaseNoService
	case len(sn.Slots) == 0:
		return PhaseNoReader
	}
	return PhaseEmpty
}

// withCards puts the cards into the State: it chooses one if none is, a card that can sign before others, and
// derives phase and advice from it.
func withCards(st State, c Cards) State {
	if c.Card() == nil {
		c.Chosen = -1
		for i := range c.List {
			if c.Chosen < 0 || (c.List[c.Chosen].Signing() == nil && c.List[i].Signing() != nil) {
				c.Chosen = i
			}
		}
	}
	if chosen := c.Card(); chosen != nil {
		c.Phase = chosen.Phase
		c.Advice = chosen.Advice
		if c.Advice == nil {
			c.Advice = phaseAdvice(c.Phase)
		}
	} else {
		c.Advice = phaseAdvice(c.Phase)
	}
	st.Cards = &c
	return st
}

// reading is the reading of one card, until it is over or given up.
type reading struct{ stop context.CancelFunc }

// read inspects the card in the slot. A card in its reader that answers badly is read again a few times, and one
// that another program holds, or whose service is gone, until that ends: nobody should have to take it out for that.
func (s *Store) read(slot card.Slot) {
	if r, busy := s.reading[slot.ID]; busy {
		r.stop()
	}
	ctx, cancel := context.WithCancel(s.ctx)
	r := &reading{cancel}
	s.reading[slot.ID] = r
	engine := s.use
	s.spawn(func() {
		defer cancel()
		for attempt := 0; ; attempt++ {
			c, err := engine.Inspect(ctx, slot)
			if ctx.Err() != nil {
				return // whoever stopped it knows
			}
			wait := s.retryAfter(err, attempt)
			s.post(func(st State) State { return s.took(st, r, slot, c, err, wait > 0) })
			if wait == 0 {
				return
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		}
	})
}

// attempts is how often a card is read before its trouble is believed.
const attempts = 4

// retryAfter is how long to wait before a card that gave err is read again; zero means that it is not.
func (s *Store) retryAfter(err error, attempt int) time.Duration {
	switch {
	case err == nil, errors.Is(err, card.ErrRemoved), errors.Is(err, card.ErrUnsupported):
		return 0 // the watcher tells when that changes
	case errors.Is(err, card.ErrBusy), errors.Is(err, card.ErrNoService): // a short one the watcher may not see
		return s.retry << min(attempt, attempts)
	case attempt+1 >= attempts:
		return 0
	}
	return s.retry << attempt
}

// took puts a card that was read, or its trouble, into the State; more means that it will be read again.
func (s *Store) took(st State, r *reading, slot card.Slot, c Card, err error, more bool) State {
	if s.reading[slot.ID] != r {
		return st
	}
	if !more {
		delete(s.reading, slot.ID)
	}
	if err != nil {
		c.Phase, c.Advice = errorPhase(err), Explain(err)
		if more && c.Phase == PhaseMute && !errors.Is(err, card.ErrMute) {
			c.Phase, c.Advice = PhaseReading, nil
		}
	} else {
		s.sawCard(&c)
	}
	next := *st.Cards
	next.List = append([]Card(nil), next.List...)
	for i := range next.List {
		if next.List[i].Slot == slot.ID {
			next.List[i] = c
		}
	}
	return withCards(st, next)
}

// refresh reads the card again while what is known of it stays on the screen.
func (s *Store) refresh(slot string) {
	if sl, here := s.slots[slot]; here && sl.State == card.Present {
		s.read(sl)
	}
}

// errorPhase is the phase of a card that could not be read.
func errorPhase(err error) CardPhase {
	switch {
	case errors.Is(err, card.ErrNoService):
		return PhaseNoService
	case errors.Is(err, card.ErrRemoved):
		return PhaseEmpty
	case errors.Is(err, card.ErrBusy):
		return PhaseBusy
	case errors.Is(err, card.ErrUnsupported):
		return PhaseUnsupported
	}
	return PhaseMute
}
