package app

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"ceralacca/app/lang"
)

// errandAfter is how long something that was asked for may take before the State tells of it.
const errandAfter = 200 * time.Millisecond

// Errand is something at the person's wish that takes a while: a file that is read or written, which may lie on a share
// that is slow or has gone silent, a check, a question to others.
type Errand struct {
	ID   int
	What lang.Msg // "Si salva contratto.pdf"
}

// errand is one under way.
type errand struct {
	Errand
	stop    context.CancelFunc
	undo    change // what the State is once it was stopped; nil leaves it
	shown   bool
	stopped bool
}

// run does something, perhaps with the file at path, off the store's goroutine: key is the text for it, do gives the change that
// tells what came of it. It can be stopped; what fails then is not told.
func (s *Store) run(key, path string, do func(context.Context) (change, error)) *errand {
	ctx, stop := context.WithCancel(s.ctx)
	s.nextErrand++
	e := &errand{Errand: Errand{s.nextErrand, lang.M(key, "name", Visible(filepath.Base(path)))}, stop: stop}
	s.errands = append(s.errands, e)
	late := time.AfterFunc(errandAfter, func() {
		s.post(func(st State) State {
			e.shown = true
			return s.tellErrands(st)
		})
	})
	s.spawn(func() {
		defer stop()
		next, err := do(ctx)
		late.Stop()
		s.post(func(st State) State {
			st = s.dropErrand(st, e)
			if e.stopped && err != nil {
				return st
			}
			return next(st)
		})
	})
	return e
}

// StopErrand ends the errand with that ID. A write that was too far gone is finished, and told.
func (s *Store) StopErrand(id int) {
	s.post(func(st State) State {
		for _, e := range s.errands {
			if e.ID == id {
				e.stop()
				e.stopped = true
				if e.undo != nil {
					st = e.undo(st)
				}
				return s.dropErrand(st, e)
			}
		}
		return st
	})
}

func (s *Store) dropErrand(st State, e *errand) State {
	s.errands = slices.DeleteFunc(s.errands, func(x *errand) bool { return x == e })
	if e.shown {
		return s.tellErrands(st)
	}
	return st
}

// tellErrands shows the oldest of those that take long.
func (s *Store) tellErrands(st State) State {
	st.Errand = nil
	for _, e := range s.errands {
		if e.shown {
			st.Errand = &e.Errand
			break
		}
	}
	return st
}
