package app

import (
	"context"
	"errors"

	"ceralacca/card"
)

// PINJob is the change or the unblocking of a PIN, or the change of a PUK, that runs or that ended last; nil before
// the first.
type PINJob struct {
	Ref     card.PINRef
	Kind    NewPINKind
	Running bool
	Done    bool    // the card has taken the new PIN
	Advice  *Advice // why it has not; nil while it runs and when it is done
}

// ChangePIN changes the PIN of the chosen card. It asks for the old and the new PIN by the Asker.
func (s *Store) ChangePIN(r card.PINRef) { s.pinJob(r, ChangePIN) }

// Unblock sets a new PIN on the chosen card with the PUK. It asks for them by the Asker.
func (s *Store) Unblock(r card.PINRef) { s.pinJob(r, UnblockPIN) }

// ChangePUK changes the PUK of a PIN of the chosen card. It asks for the old and the new PUK by the Asker.
func (s *Store) ChangePUK(r card.PINRef) { s.pinJob(r, ChangePUK) }

// ForgetPINJob takes the outcome of the last one off the screen.
func (s *Store) ForgetPINJob() {
	s.post(func(st State) State {
		if st.PINJob != nil && !st.PINJob.Running {
			st.PINJob = nil
		}
		return st
	})
}

func (s *Store) pinJob(r card.PINRef, kind NewPINKind) {
	s.post(func(st State) State {
		c := st.Cards.Card()
		ask, able := s.ask.(newPINAsker)
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
		job := PINJob{Ref: r, Kind: kind, Running: true}
		st.PINJob = &job
		ctx, cancel := context.WithCancelCause(s.ctx)
		slot, engine := s.slots[c.Slot], s.use
		s.killJob, s.jobSlot = cancel, slot.ID
		s.spawn(func() {
			defer cancel(nil)
			err := engine.askAndChange(ctx, slot, c, *view, kind, ask)
			if errors.Is(err, context.Canceled) && context.Cause(ctx) != nil {
				err = context.Cause(ctx)
			}
			s.post(func(st State) State {
				done := PINJob{Ref: r, Kind: kind, Done: err == nil, Advice: Explain(err)}
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
func (e *Engine) askAndChange(ctx context.Context, slot card.Slot, c *Card, p PINView, kind NewPINKind, ask newPINAsker) error {
	fresh, err := e.Inspect(ctx, slot)
	if err != nil {
		return err
	}
	for _, now := range fresh.PINs {
		if now.Ref == p.Ref {
			p = now
		}
	}
	puk := kind != ChangePIN
	switch {
	case p.PUKBlocked && puk, p.Blocked && !puk:
		return &BlockedError{p.Ref, p.PUKBlocked}
	case kind == ChangePUK && !p.CanChangePUK:
		return card.ErrNoPUKChange
	}
	q := e.newPINQuestion(c, p, kind)
	err = e.askAndSend(ctx, slot, p, q, ask)
	if q.OnReader && CannotModify(err) {
		q.OnReader = false // nothing was sent: this reader can only verify
		err = e.askAndSend(ctx, slot, p, q, ask)
	}
	return err
}

// CannotModify reports whether err means that a reader with keys can verify a PIN but cannot take a new one: nothing
// was sent, and the codes can be typed on the computer.
func CannotModify(err error) bool {
	return errors.Is(err, card.ErrUnsupported) && !errors.Is(err, card.ErrNoPUKChange)
}

func (e *Engine) askAndSend(ctx context.Context, slot card.Slot, p PINView, q NewPINQuestion, ask newPINAsker) error {
	answer, err := ask.NewPIN(ctx, q)
	if err != nil {
		return err
	}
	defer answer.Wipe()
	do := map[NewPINKind]func(context.Context, card.Slot, card.PINRef, *PIN, *PIN, *PIN) error{
		ChangePIN: e.ChangePIN, UnblockPIN: e.Unblock, ChangePUK: e.ChangePUK,
	}[q.Kind]
	return typedOnReader(ctx, ask, q.OnReader, ReaderWait{q.Label, p.TypeWithin, 3}, func() error {
		return do(ctx, slot, p.Ref, answer.Old, answer.New, answer.Repeat)
	})
}

// newPINAsker is what a window is.
type newPINAsker interface {
	Asker
	NewPINAsker
}

// newPINQuestion is the question for the PIN, or for its PUK, as the card now is.
func (e *Engine) newPINQuestion(c *Card, p PINView, kind NewPINKind) NewPINQuestion {
	puk := kind != ChangePIN
	check := CheckNewPIN
	if kind == ChangePUK {
		check = CheckNewPUK
	}
	return NewPINQuestion{
		Label: PINLabel(p.Ref), Kind: kind, Tries: p.Tries(puk), Min: p.Min, Max: p.Max, PUKMin: p.PUKMin, PUKMax: p.PUKMax,
		Practice: e.practiceCode(p.Ref, puk), OnReader: p.OnReader, Where: WherePUK(c),
		Rules: func(old, replacement *PIN) []PINRule { return check(replacement, old, c, p) },
	}
}
