package app

import (
	"context"
	"errors"

	"ceralacca/card"
)

// PINJob is the change or the unblocking of a PIN that runs or that ended last; nil before the first.
type PINJob struct {
	Ref     card.PINRef
	Unblock bool
	Running bool
	Done    bool    // the card has taken the new PIN
	Advice  *Advice // why it has not; nil while it runs and when it is done
}

// ChangePIN changes the PIN of the chosen card. It asks for the old and the new PIN by the Asker.
func (s *Store) ChangePIN(r card.PINRef) { s.pinJob(r, false) }

// Unblock sets a new PIN on the chosen card with the PUK. It asks for them by the Asker.
func (s *Store) Unblock(r card.PINRef) { s.pinJob(r, true) }

// ForgetPINJob takes the outcome of the last one off the screen.
func (s *Store) ForgetPINJob() {
	s.post(func(st State) State {
		if st.PINJob != nil && !st.PINJob.Running {
			st.PINJob = nil
		}
		return st
	})
}

func (s *Store) pinJob(r card.PINRef, unblock bool) {
	s.post(func(st State) State {
		c := st.Cards.Card()
		ask, able := s.ask.(NewPINAsker)
		if c == nil || !able || (st.PINJob != nil && st.PINJob.Running) || (st.Job != nil && st.Job.Running) {
			return st
		}
		var view *PINView
		for i := range c.PINs {
			if c.PINs[i].Ref == r {
				view = &c.PINs[i]
			}
		}
		if view == nil {
			return st
		}
		job := PINJob{Ref: r, Unblock: unblock, Running: true}
		st.PINJob = &job
		ctx, cancel := context.WithCancelCause(s.ctx)
		slot, engine := s.slots[c.Slot], s.use
		s.killJob, s.jobSlot = cancel, slot.ID
		s.spawn(func() {
			defer cancel(nil)
			err := engine.askAndChange(ctx, slot, c, *view, unblock, ask)
			if errors.Is(err, context.Canceled) && context.Cause(ctx) != nil {
				err = context.Cause(ctx)
			}
			s.post(func(st State) State {
				done := PINJob{Ref: r, Unblock: unblock, Done: err == nil, Advice: Explain(err)}
				st.PINJob = &done
				if errors.Is(err, ErrRefused) {
					st.PINJob = nil
				}
				s.killJob, s.jobSlot = nil, ""
				s.refresh(slot.ID)
				return st
			})
		})
		return st
	})
}

// askAndChange reads the tries left, asks once and sends one command at most.
func (e *Engine) askAndChange(ctx context.Context, slot card.Slot, c *Card, p PINView, unblock bool, ask NewPINAsker) error {
	fresh, err := e.Inspect(ctx, slot)
	if err != nil {
		return err
	}
	for _, now := range fresh.PINs {
		if now.Ref == p.Ref {
			p = now
		}
	}
	if p.PUKBlocked && unblock || p.Blocked && !unblock {
		return &BlockedError{p.Ref, p.PUKBlocked}
	}
	q := NewPINQuestion{
		Label: PINLabel(p.Ref), Unblock: unblock, TriesLeft: p.TriesLeft, Min: p.Min, Max: p.Max,
		Practice: e.Practice(), OnReader: slot.PINPad,
		Rules: func(old, replacement *PIN) []PINRule { return CheckNewPIN(replacement, old, c, p) },
	}
	if unblock {
		q.TriesLeft = p.PUKTriesLeft
	}
	answer, err := ask.NewPIN(ctx, q)
	if err != nil {
		return err
	}
	defer answer.Wipe()
	if unblock {
		return e.Unblock(ctx, slot, p.Ref, answer.Old, answer.New, answer.Repeat)
	}
	return e.ChangePIN(ctx, slot, p.Ref, answer.Old, answer.New, answer.Repeat)
}
