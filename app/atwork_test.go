package app

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"ceralacca/assets"
	"ceralacca/card"
)

// pinned is a window that could be asked for a new PIN.
type pinned struct {
	answers
	asked bool
}

func (p *pinned) NewPIN(context.Context, NewPINQuestion) (*NewPINs, error) {
	p.asked = true
	return nil, ErrRefused
}

// TestNothingElseWhileAJobRuns: while the PIN is asked for, nothing changes what it was asked for, and no other job begins.
func TestNothingElseWhileAJobRuns(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	put(t, dir, "a.txt", []byte("a"))
	ask := &pinned{answers: answers{pins: []string{PracticePIN}}}
	w := runStore(t, e, ask)
	w.until("ready", ready)
	w.Add(dir)
	first := w.until("listed", func(st *State) bool {
		return len(st.Docs.List) == 1 && st.Adding == nil && st.Filing != nil && !st.Filing.Running
	})
	intents := map[string]func(){
		"Sign": w.Sign, "Clear": w.Clear, "Resume": w.Resume,
		"Remove":        func() { w.Remove(first.Docs.List[0].ID) },
		"ChangePIN":     func() { w.ChangePIN(first.Cards.Card().PINs[0].Ref) },
		"StartExercise": func() { w.StartExercise("change", catalog(t, "it")) },
		"UsePractice":   func() { w.UsePractice(!first.Cards.Practice) },
		"SetChoices":    func() { w.SetChoices(SignChoices{Detached: true}) },
		"SetExisting":   func() { w.SetExisting(first.Docs.List[0].ID, ExistingWrap, false) },
		"SetProfile":    func() { w.SetProfile("registro-imprese") },
		"ExpectSigner":  func() { w.ExpectSigner("SMPNNA80A41F205X") },
		"Diagnose":      func() { w.Diagnose(false) },
	}
	ask.before = func() {
		w.post(func(st State) State { // one that joins the list meanwhile
			st.Docs = &Docs{List: append(st.Docs.List[:1:1], Doc{ID: 99, Path: "b.txt", Status: DocReady})}
			return st
		})
		for name, intent := range intents {
			before, after := make(chan State, 1), make(chan State, 1)
			w.post(func(st State) State { before <- st; return st })
			intent()
			w.post(func(st State) State { after <- st; return st })
			if a, b := <-before, <-after; a.Docs != b.Docs || a.Job != b.Job || a.PINJob != b.PINJob || a.Choices != b.Choices || a.Settings != b.Settings || a.Expected != b.Expected || a.Doctor != b.Doctor || a.Cards.Practice != b.Cards.Practice {
				t.Errorf("%s changes the State", name)
			}
		}
	}
	w.Sign()
	if st := w.until("signed", jobEnded); st.Job.Signed != 1 || len(ask.answers.asked) != 1 || ask.asked {
		t.Errorf("%+v, %d questions, a new PIN asked for: %v", st.Job, len(ask.answers.asked), ask.asked)
	}
}

// TestFolderTwice: what an earlier run over the same folder has still to say changes nothing in the next one.
func TestFolderTwice(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	w := runStore(t, e, &answers{})
	w.Verify(dir)
	first := w.until("over", func(st *State) bool { return st.Folder != nil && !st.Folder.Running })
	again := make(chan *Folder, 1)
	w.post(func(st State) State {
		st = w.verifyFolder(st, dir)
		again <- st.Folder
		return st
	})
	if second := <-again; second.run == first.Folder.run {
		t.Error("the two runs are one")
	}
	w.until("over again", func(st *State) bool { return !st.Folder.Running })
}

// TestExerciseLeavesNothing: its documents go with the program, and what was looked at before is closed.
func TestExerciseLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	e := New(Config{Dir: t.TempDir(), Assets: assets.FS})
	s := NewStore(e)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	w := &watched{s, t, make(chan struct{}, 1), nil}
	w.OnChange(func(*State) {
		select {
		case w.next <- struct{}{}:
		default:
		}
	})
	go func() { done <- s.Run(ctx, &answers{}) }()
	w.Preview(put(t, t.TempDir(), "a.txt", []byte("a")))
	w.until("looked at", func(st *State) bool { return st.Preview != nil && !st.Preview.Loading() })
	w.StartExercise("first", catalog(t, "it"))
	st := w.until("listed", func(st *State) bool { return len(st.Docs.List) == 2 && st.Adding == nil })
	if st.Preview != nil {
		t.Error("the preview is still open")
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(tmp, "ceralacca-*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// still is a store without its goroutine: a test applies the changes.
func still(t *testing.T) *Store {
	t.Helper()
	s := NewStore(New(Config{}))
	s.ctx = t.Context()
	return s
}

// pass makes the changes that wait, and none that they bring about meanwhile.
func (s *Store) pass() {
	s.mu.Lock()
	q := s.queue
	s.queue = nil
	s.mu.Unlock()
	for _, c := range q {
		st := c(*s.State())
		s.state.Store(&st)
	}
}

// withheld is what the effects under way have to say, which the State is not told; nil when that is nothing.
func (s *Store) withheld() change {
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	late := s.queue
	s.queue = nil
	if len(late) == 0 {
		return nil
	}
	return func(st State) State {
		for _, c := range late {
			st = c(st)
		}
		return st
	}
}

// TestLateNewsIsDropped: what comes after the person, or the reader, has gone on to something else changes nothing.
func TestLateNewsIsDropped(t *testing.T) {
	dir := t.TempDir()
	a, b := put(t, dir, "a.txt", []byte("a")), put(t, dir, "b.txt", []byte("b"))
	for name, tc := range map[string]struct {
		late func(s *Store) change
		same func(before, after State) bool
	}{
		"a former watcher": {
			func(s *Store) change {
				return func(st State) State { return s.snapshot(st, s.looked-1, card.Snapshot{Err: card.ErrNoService}) }
			},
			func(before, after State) bool { return before.Cards == after.Cards },
		},
		"a reading that was given up": {
			func(s *Store) change {
				s.reading["x"] = &reading{}
				return func(st State) State { return s.took(st, &reading{}, card.Slot{ID: "x"}, Card{}, nil, false) }
			},
			func(before, after State) bool { return before.Cards == after.Cards },
		},
		"a verification": {
			func(s *Store) change {
				s.Verify(a)
				s.pass()
				late := s.withheld()
				s.Verify(b)
				s.drain()
				return late
			},
			func(before, after State) bool { return before.Verify == after.Verify && after.Verify.File == b },
		},
		"files that were being added": {
			func(s *Store) change {
				s.Add(a)
				s.pass()
				late := s.withheld()
				s.StopAdding()
				s.drain()
				return late
			},
			func(_, after State) bool { return len(after.Docs.List) == 0 && after.Adding == nil },
		},
		"a look at a file": {
			func(s *Store) change {
				s.Preview(a)
				s.pass()
				late := s.withheld()
				s.Preview(b)
				s.drain()
				return late
			},
			func(before, after State) bool { return before.Preview == after.Preview && after.Preview.Path == b },
		},
		"a check of another list": {
			func(s *Store) change {
				settle := func() { s.drain(); s.work.Wait(); s.drain() }
				s.AddToSign(a)
				settle()
				late := s.withheld()
				s.AddToSign(b)
				settle()
				return late
			},
			func(before, after State) bool { return before.Filing == after.Filing && after.Filing.Files == 2 },
		},
		"a folder that was stopped": {
			func(s *Store) change {
				s.post(func(st State) State { return s.verifyFolder(st, dir) })
				s.pass()
				late := s.withheld()
				s.StopFolder()
				s.drain()
				return late
			},
			func(before, after State) bool { return before.Folder == after.Folder && !after.Folder.Running },
		},
		"an original of a file that is being signed": {
			func(s *Store) change {
				s.post(func(st State) State {
					st.Docs = &Docs{List: []Doc{{ID: 1, Path: a, Kind: KindDetached}}}
					return st
				})
				s.SetOriginal(1, b)
				s.pass()
				late := s.withheld()
				s.post(func(st State) State { return withDoc(st, 1, func(d *Doc) { d.Status = DocSigning }) })
				s.drain()
				return late
			},
			func(_, after State) bool { return after.Docs.List[0].Status == DocSigning },
		},
		"an errand": {
			func(s *Store) change {
				s.run("errand.save", "x", func(context.Context) (change, error) { return toldSaved("x", nil), context.Canceled }).undo = func(st State) State {
					st.Stamping = &Stamping{}
					return st
				}
				late := s.withheld()
				s.StopErrand(1)
				s.drain()
				return late
			},
			func(before, after State) bool { return after.Saved == nil && before.Stamping != nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := still(t)
			late := tc.late(s)
			if late == nil {
				t.Fatal("nothing came late")
			}
			if before := *s.State(); !tc.same(before, late(before)) {
				t.Errorf("the State is changed")
			}
			s.work.Wait()
		})
	}
}

// TestCancelledJobAsksNoPIN: who has stopped the job is not asked any more.
func TestCancelledJobAsksNoPIN(t *testing.T) {
	var stop atomic.Bool
	stop.Store(true)
	ask := &answers{pins: []string{PracticePIN}}
	j := &jobAsker{ask, &stop, func(bool) {}, ""}
	if pin, err := j.PIN(t.Context(), PINQuestion{}); !errors.Is(err, ErrRefused) || pin != nil || len(ask.asked) != 0 {
		t.Errorf("%v, %v, %d questions", pin, err, len(ask.asked))
	}
}

// patient answers nothing until the question is withdrawn.
type patient struct{ asked chan struct{} }

func (p patient) PIN(ctx context.Context, _ PINQuestion) (*PIN, error) {
	close(p.asked)
	<-ctx.Done()
	return nil, ctx.Err()
}

func (patient) Confirm(context.Context, Question) (bool, error) { return true, nil }

// TestPulledWhileThePINIsAsked: a card that is pulled takes the question with it, and that is told.
func TestPulledWhileThePINIsAsked(t *testing.T) {
	e, bus := practiceEngine(t)
	dir := t.TempDir()
	put(t, dir, "a.txt", []byte("a"))
	ask := patient{make(chan struct{})}
	w := runStore(t, e, ask)
	w.until("ready", ready)
	w.Add(dir)
	w.until("listed", func(st *State) bool { return len(st.Docs.List) == 1 && st.Adding == nil })
	w.Sign()
	<-ask.asked
	bus.Remove()
	st := w.until("ended", jobEnded)
	if st.Job.Advice == nil || st.Job.Advice.Code != "card-removed" || st.Docs.List[0].Status != DocReady {
		t.Errorf("%+v, %+v", st.Job, st.Docs.List[0])
	}
}
