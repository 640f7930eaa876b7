package app

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"

	"ceralacca/app/lang"
	"ceralacca/card"
)

// This file is the signing jobs of the store: the list, a job that an earlier run left behind, what is kept of it.

// Sign signs the files that are ready with the chosen card. It asks for the PIN by the Asker. Nothing is signed while
// the list still grows: a person signs what is there to be seen.
func (s *Store) Sign() {
	s.post(func(st State) State {
		c := st.Cards.Card()
		if c == nil || st.Adding != nil || (st.Job != nil && st.Job.Running) || (st.PINJob != nil && st.PINJob.Running) {
			return st
		}
		h := st.Choices
		req := SignRequest{
			Slot: s.slots[c.Slot], AskExisting: true, Format: h.Format, Level: h.Level, TSA: h.TSA, Detached: h.Detached,
			OutDir: h.OutDir, PerFile: map[int]FileChoice{}, Seen: map[int][32]byte{}, Reason: h.Reason, Location: h.Location, Visible: h.Visible,
			Profile: st.Settings.Profile, Signers: st.Expects().signers(), Originals: st.Expects().Originals,
		}
		ids := map[int]int{} // index in req.Files → Doc.ID
		next := &Docs{List: append([]Doc(nil), st.Docs.List...)}
		for i := range next.List {
			d := &next.List[i]
			if d.Status != DocReady && d.Status != DocStopped {
				continue
			}
			ids[len(req.Files)] = d.ID
			req.PerFile[len(req.Files)] = FileChoice{Existing: d.existing(h), LoseArchive: d.LoseArchive, Original: d.Original}
			if d.Seen != [32]byte{} {
				req.Seen[len(req.Files)] = d.Seen
			}
			req.Files = append(req.Files, d.Path)
			d.Status, d.Advice = DocWaiting, nil
		}
		if len(req.Files) == 0 {
			return st
		}
		job := &Job{Running: true, Practice: st.Cards.Practice, Total: len(req.Files)}
		if cert := c.Signing(); cert != nil {
			job.Signer = cert.SubjectCN
		}
		st.Docs, st.Job = next, job
		s.forgetLast() // the rest of it is part of this one
		s.startJob(req, ids)
		return st
	})
}

func (s *Store) startJob(req SignRequest, ids map[int]int) {
	ctx, cancel := context.WithCancelCause(s.ctx)
	var stop atomic.Bool
	s.killJob, s.jobSlot, s.stopJob = cancel, req.Slot.ID, func() { stop.Store(true) }
	engine := s.use
	ask := &jobAsker{s.ask, &stop, func(on bool) { s.post(stampAgain(on)) }, s.agreed}
	s.spawn(func() {
		defer cancel(nil)
		err := engine.Sign(ctx, req, ask, SignEvents{
			Journal: func(id string) { s.post(func(st State) State { s.lastJob = id; return st }) },
			Start:   func(i int) { s.post(startFile(ids[i])) },
			Done:    func(r FileResult) { s.post(endFile(ids[r.Index], r)) },
			Stop:    stop.Load,
		})
		if err != nil && errors.Is(err, context.Canceled) && context.Cause(ctx) != nil {
			err = context.Cause(ctx)
		}
		now := engine.cfg.Now()
		s.post(func(st State) State {
			st = endJob(st, err)
			st.Job.Ended = now
			s.killJob, s.stopJob, s.jobSlot = nil, nil, ""
			s.agreed = ""
			if errors.As(err, new(*card.PINError)) { // the person tries again what was agreed to a moment ago
				s.agreed = ask.agreed
			}
			s.refresh(req.Slot.ID) // the tries left may have changed
			return st
		})
	})
}

// jobAsker asks for no PIN once the job was cancelled.
type jobAsker struct {
	Asker
	stop  *atomic.Bool
	again func(on bool) // a time-stamp is asked for again
	// agreed is what the person has said yes to: [Question.About]. It is not asked again.
	agreed string
}

func (j *jobAsker) Confirm(ctx context.Context, q Question) (bool, error) {
	if q.About != "" && q.About == j.agreed {
		return true, nil
	}
	yes, err := j.Asker.Confirm(ctx, q)
	if yes && err == nil && q.About != "" {
		j.agreed = q.About
	}
	return yes, err
}

func (j *jobAsker) PIN(ctx context.Context, q PINQuestion) (*PIN, error) {
	if j.stop.Load() {
		return nil, ErrRefused
	}
	return j.Asker.PIN(ctx, q)
}

// Choose implements [Chooser].
func (j *jobAsker) Choose(ctx context.Context, q Choice) (int, error) {
	j.again(false)
	i, err := choose(ctx, j.Asker, q)
	j.again(err == nil && i == StampAgain)
	return i, err
}

// OnReader implements [ReaderAsker].
func (j *jobAsker) OnReader(ctx context.Context, w ReaderWait) {
	if r, able := j.Asker.(ReaderAsker); able {
		r.OnReader(ctx, w)
	}
}

func stampAgain(on bool) change {
	return func(st State) State {
		job := *st.Job
		job.Stamping = on
		st.Job = &job
		return st
	}
}

func startFile(id int) change {
	return func(st State) State {
		job := *st.Job
		st = withDoc(st, id, func(d *Doc) { d.Status = DocSigning; job.Current = d.Name })
		st.Job = &job
		return st
	}
}

func endFile(id int, r FileResult) change {
	return func(st State) State {
		job := *st.Job
		job.Done++
		job.Stamping = false
		st = withDoc(st, id, func(d *Doc) {
			d.Status, d.Output, d.OutputSize, d.Result = DocSigned, r.Output, r.OutputSize, &r
			switch {
			case r.Err != nil:
				d.Status, d.Advice = DocFailed, Explain(r.Err)
			case r.Short != nil:
				d.Advice = Explain(r.Short)
			}
			if r.Err == nil {
				job.Signed++
			}
		})
		st.Job = &job
		return st
	}
}

// endJob closes the books: files that were not reached are ready again when nothing was begun, else stopped.
func endJob(st State, err error) State {
	job := *st.Job
	job.Running, job.Cancelling, job.Stamping, job.Current, job.Advice = false, false, false, "", Explain(err)
	next := &Docs{List: append([]Doc(nil), st.Docs.List...)}
	for i := range next.List {
		d := &next.List[i]
		if d.Status == DocWaiting || d.Status == DocSigning {
			d.Status = DocStopped
			if job.Done == 0 {
				d.Status = DocReady
			}
		}
	}
	st.Docs, st.Job = next, &job
	return st
}

// Cancel ends the running job after the current file.
func (s *Store) Cancel() {
	s.post(func(st State) State {
		if st.Job == nil || !st.Job.Running || s.stopJob == nil {
			return st
		}
		s.stopJob()
		job := *st.Job
		job.Cancelling = true
		st.Job = &job
		return st
	})
}

// findInterrupted looks for a job that an earlier run of the program did not finish.
func (s *Store) findInterrupted() {
	engine := s.use
	s.spawn(func() {
		s.journalsTurn.Lock()
		list, err := engine.Interrupted()
		s.journalsTurn.Unlock()
		s.post(func(st State) State {
			if engine != s.use {
				return st
			}
			st.Interrupted = nil
			if err == nil && len(list) > 0 && list[0].ID != s.lastJob {
				st.Interrupted = &list[0]
			}
			return st
		})
	})
}

// Resume finishes the interrupted job with the chosen card. Its files take the place of the list.
func (s *Store) Resume() {
	s.post(func(st State) State {
		c, in := st.Cards.Card(), st.Interrupted
		if in == nil || c == nil || (st.Job != nil && st.Job.Running) || (st.PINJob != nil && st.PINJob.Running) {
			return st
		}
		st = s.dropAdding(st)
		next, ids := &Docs{}, map[int]int{}
		for i, path := range in.Files {
			s.nextID++
			ids[in.Indices[i]] = s.nextID
			next.List = append(next.List, Doc{ID: s.nextID, Path: path, Name: filepath.Base(path), Status: DocWaiting})
		}
		st.Docs, st.Interrupted, st.Expected = next, nil, nil
		st.Job = &Job{Running: true, Practice: st.Cards.Practice, Total: in.Total, Signer: in.Signer}
		s.forgetLast()
		s.startJob(SignRequest{Slot: s.slots[c.Slot], Resume: in.ID}, ids)
		return st
	})
}

// ForgetInterrupted gives the interrupted job up: what it has signed stays.
func (s *Store) ForgetInterrupted() {
	s.post(func(st State) State {
		if in := st.Interrupted; in != nil {
			s.forget(in.ID)
			st.Interrupted = nil
		}
		return st
	})
}

// forgetLast gives up the job that ended last in this run, as far as there is something left of it.
func (s *Store) forgetLast() {
	if s.lastJob != "" {
		s.forget(s.lastJob)
		s.lastJob = ""
	}
}

func (s *Store) forget(id string) {
	engine := s.use
	// A journal that cannot be deleted is offered again at the next start.
	s.spawn(func() { _ = engine.Forget(id) })
}

// SaveSummary writes what became of the files of the list to dest, or to the next free name beside it, in the words of
// t: as CSV, HTML or text by its suffix. The outcome is in [State].Saved.
func (s *Store) SaveSummary(t *lang.Catalog, dest string) {
	s.post(func(st State) State {
		sum := &Summary{Practice: st.Cards.Practice}
		if st.Job != nil {
			sum.Signer, sum.Ended, sum.Practice = st.Job.Signer, st.Job.Ended, st.Job.Practice
		}
		for i := range st.Docs.List {
			d := &st.Docs.List[i]
			if d.Result != nil {
				sum.Results = append(sum.Results, *d.Result)
			} else {
				sum.Left = append(sum.Left, LeftFile{d.Path, d.Advice})
			}
		}
		s.run("errand.save", dest, func(ctx context.Context) (change, error) {
			dest := nextFree(dest)
			err := SaveSummary(ctx, sum, t, dest)
			return toldSaved(dest, err), err
		})
		return st
	})
}

// readAuthorities takes the configured time-stamp authorities into the State.
func (s *Store) readAuthorities() {
	s.post(func(st State) State {
		engine := s.engine
		s.spawn(func() { s.post(engine.showAuthorities(nil)) })
		return st
	})
}

// RemoveAuthority takes a off the configured time-stamp authorities.
func (s *Store) RemoveAuthority(a Authority) {
	s.changeAuthorities(func(e *Engine) error { return e.RemoveAuthority(a) })
}

// PreferAuthority has a asked before the other configured authorities.
func (s *Store) PreferAuthority(a Authority) {
	s.changeAuthorities(func(e *Engine) error { return e.PreferAuthority(a) })
}

// KeepAuthority puts a in the place of old, or adds it: see [Engine.KeepAuthority]. The password is in no State.
func (s *Store) KeepAuthority(old, a Authority, password string) {
	s.changeAuthorities(func(e *Engine) error { return e.KeepAuthority(old, a, password) })
}

// changeAuthorities runs an effect on them. The keyring may ask the person to unlock it, and wait.
func (s *Store) changeAuthorities(do func(*Engine) error) {
	s.post(func(st State) State {
		engine, mine := s.engine, s.authoritiesTurn.next()
		s.run("errand.keyring", "", func(ctx context.Context) (change, error) {
			defer mine()()
			return engine.showAuthorities(do(engine)), ctx.Err()
		})
		return st
	})
}

// showAuthorities shows those there are now, and why a change to them failed.
func (e *Engine) showAuthorities(failed error) change {
	next := &Authorities{Advice: Explain(failed)}
	list, err := e.Authorities()
	if err != nil {
		next.Advice = Explain(err)
	}
	next.List = list
	for _, a := range list {
		next.Password = append(next.Password, a.User != "" && e.HasPassword(a))
	}
	return func(st State) State {
		st.Authorities = next
		return st
	}
}
