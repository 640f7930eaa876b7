package app

import (
	"context"
	"errors"
)

// Stamping is the job of time-stamps on their own that runs or that ended last.
type Stamping struct {
	Running bool
	Total   int
	Results []FileResult
	Advice  *Advice // why it ended early; nil when it did not
}

// Timestamp has the files stamped by the authority that the choices name, or by those configured: see
// [Engine.Timestamp]. Nothing is signed. One such job runs at a time; what comes of it is [State].Stamping.
func (s *Store) Timestamp(files []string, format Format) {
	s.post(func(st State) State {
		if len(files) == 0 || st.Stamping != nil && st.Stamping.Running {
			return st
		}
		r := TimestampRequest{Files: files, Format: format, TSA: st.Choices.TSA, OutDir: st.Choices.OutDir}
		st.Stamping = &Stamping{Running: true, Total: len(files)}
		ctx, cancel := context.WithCancel(s.ctx)
		s.stopStamps = cancel
		engine := s.use
		s.spawn(func() {
			defer cancel()
			err := engine.Timestamp(ctx, r, func(f FileResult) {
				s.stamping(func(j *Stamping) { j.Results = append(j.Results[:len(j.Results):len(j.Results)], f) })
			})
			if errors.Is(err, context.Canceled) {
				err = nil // the person asked for it
			}
			s.stamping(func(j *Stamping) { j.Running, j.Advice = false, Explain(err) })
		})
		return st
	})
}

func (s *Store) stamping(change func(*Stamping)) {
	s.post(func(st State) State {
		next := *st.Stamping
		change(&next)
		st.Stamping = &next
		return st
	})
}

// StopStamps ends the job of time-stamps. A request that is under way may have cost its mark.
func (s *Store) StopStamps() {
	s.post(func(st State) State {
		if s.stopStamps != nil {
			s.stopStamps()
		}
		return st
	})
}
