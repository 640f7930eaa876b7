package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/card/sim"
)

// TestExercises goes through every exercise as a person does, to its end.
func TestExercises(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	c, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	type run = func(w *watched)
	ready := func(w *watched) *State {
		return w.until("is the card read", func(st *State) bool {
			return st.Exercise != nil && st.Cards.Card() != nil && st.Cards.Card().Phase != PhaseReading
		})
	}
	listed := func(w *watched, n int) {
		ready(w)
		w.until("are the documents listed", func(st *State) bool { return len(st.Docs.List) == n && st.Cards.Phase == PhaseReady })
	}
	rights := map[string]run{
		"first": func(w *watched) {
			listed(w, 2)
			w.Sign()
			st := w.until("is all signed", func(st *State) bool { return st.Exercise.Next() == 2 && !st.Job.Running })
			w.Verify(st.Docs.List[0].Output)
		},
		"change": func(w *watched) { ready(w); w.ChangePIN(card.SignPIN) },
		"blocked": func(w *watched) {
			if st := ready(w); st.Cards.Phase != PhaseBlocked {
				t.Errorf("the card is not blocked: %d", st.Cards.Phase)
			}
			w.Unblock(card.SignPIN)
			w.until("does the card have no blocked PIN", func(st *State) bool {
				c := st.Cards.Card()
				return c != nil && !slices.ContainsFunc(c.PINs, func(p PINView) bool { return p.Blocked })
			})
		},
		"renew": func(w *watched) {
			if s := ready(w).Cards.Card().Signing(); s == nil || s.DaysLeft > 90 {
				t.Errorf("there is nothing to renew: %+v", s)
			}
			ics := filepath.Join(t.TempDir(), "scadenze.ics")
			w.SaveCalendar(c, ics)
			w.until("is the calendar saved", func(st *State) bool { return st.Saved != nil })
			b, err := os.ReadFile(ics)
			if n := strings.Count(string(b), "BEGIN:VEVENT"); err != nil || n == 0 || strings.Count(string(b), "SUMMARY:TEST · ") != n {
				t.Errorf("the calendar of a practice card (%v) does not say so:\n%s", err, b)
			}
		},
		"expired": func(w *watched) {
			if st := ready(w); st.Cards.Card().Signing() != nil || st.Exercise.Next() != 0 {
				t.Error("there is nothing left to read")
			}
			w.StepRead()
		},
		"pulled": func(w *watched) {
			listed(w, 3)
			w.Sign()
			st := w.until("does the card go out", func(st *State) bool {
				return st.Exercise.Out && st.Cards.Card() == nil && st.Job != nil && !st.Job.Running
			})
			if st.Job.Advice == nil || st.Job.Advice.Code != "card-removed" {
				t.Errorf("told %+v", st.Job.Advice)
			}
			w.PutCardBack()
			w.until("is the card back", func(st *State) bool { return st.Exercise.Next() == 2 })
			w.Sign()
		},
	}
	for _, id := range Exercises() {
		t.Run(id, func(t *testing.T) {
			w := runStore(t, New(Config{Assets: assets.FS, Offline: true}), &learner{})
			w.StartExercise(id, c)
			do := rights[id]
			if do == nil {
				t.Fatal("nobody does this exercise")
			}
			do(w)
			st := w.until("is the exercise done", func(st *State) bool {
				done := st.Exercise != nil && st.Exercise.Next() == len(st.Exercise.Steps)
				return done && (st.Job == nil || !st.Job.Running) && (st.PINJob == nil || !st.PINJob.Running) // practice ends when nothing runs
			})
			for _, d := range st.Docs.List {
				if b, err := os.ReadFile(d.Path); err != nil || len(b) == 0 {
					t.Errorf("the document: %v", err)
				}
			}
			w.UsePractice(false)
			w.until("does practice end", func(st *State) bool { return st.Exercise == nil && !st.Cards.Practice })
		})
	}
}

// learner is a person who knows the PIN and the PUK of the practice card.
type learner struct{ answers }

func (l *learner) PIN(_ context.Context, _ PINQuestion) (*PIN, error) { return typed(PracticePIN), nil }

func (l *learner) NewPIN(_ context.Context, q NewPINQuestion) (*NewPINs, error) {
	old := PracticePIN
	if q.Kind != ChangePIN {
		old = PracticePUK
	}
	return &NewPINs{Old: typed(old), New: typed("48291"), Repeat: typed("48291")}, nil
}

// TestWrongPINInAnExercise: a wrong PIN ends what was begun, and the exercise says again what is to be pressed.
func TestWrongPINInAnExercise(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	c, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	for id, ended := range map[string]func(st *State) bool{
		"first":  func(st *State) bool { return st.Job != nil && !st.Job.Running && st.Job.Advice != nil },
		"change": func(st *State) bool { return st.PINJob != nil && !st.PINJob.Running && st.PINJob.Advice != nil },
	} {
		t.Run(id, func(t *testing.T) {
			l := &hasty{open: make(chan struct{}), send: make(chan struct{})}
			w := runStore(t, New(Config{Assets: assets.FS, Offline: true}), l)
			w.StartExercise(id, c)
			w.until("can it begin", func(st *State) bool {
				return st.Exercise != nil && st.Cards.Phase == PhaseReady && (id != "first" || len(st.Docs.List) == 2)
			})
			begin := func() { w.ChangePIN(card.SignPIN) }
			if id == "first" {
				begin = w.Sign
			}
			begin()
			<-l.open
			w.until("is the PIN to be typed", func(st *State) bool { return st.Exercise.Next() == 1 })
			close(l.send)
			if st := w.until("is the PIN refused", ended); st.Exercise.Next() != 0 {
				t.Errorf("step %d is to be done, though no PIN is asked for", st.Exercise.Next()+1)
			}
			begin()
			w.until("does the second time count", func(st *State) bool { return st.Exercise.Next() == 2 })
		})
	}
}

// hasty is a learner who types a wrong PIN at first, once send is closed.
type hasty struct {
	learner
	open, send chan struct{}
	typed      bool
}

func (h *hasty) wrong() bool {
	if h.typed {
		return false
	}
	h.typed = true
	close(h.open)
	<-h.send
	return true
}

func (h *hasty) PIN(ctx context.Context, q PINQuestion) (*PIN, error) {
	if h.wrong() {
		return typed("54321"), nil
	}
	return h.learner.PIN(ctx, q)
}

func (h *hasty) NewPIN(ctx context.Context, q NewPINQuestion) (*NewPINs, error) {
	if h.wrong() {
		return &NewPINs{Old: typed("54321"), New: typed("48291"), Repeat: typed("48291")}, nil
	}
	return h.learner.NewPIN(ctx, q)
}

// TestLatePracticeCard: the card of the exercise chosen last is the one that is shown, however long each takes to make,
// and none comes after the person has left practice.
func TestLatePracticeCard(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	c, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	real := sim.New(sim.Card{Reader: "The machine's", ATR: []byte{0x3B, 0x80, 0x80, 0x01, 0x01}})
	w := runStore(t, New(Config{Assets: assets.FS, Offline: true, Source: card.CNS(real)}), &learner{})
	w.until("is the machine's card seen", func(st *State) bool { return len(st.Cards.List) == 1 })
	w.StartExercise("first", c)
	w.StartExercise("renew", c)
	st := w.until("has the last begun", func(st *State) bool {
		if st.Cards.Practice && len(st.Cards.List) > 0 && st.Cards.List[0].Reader == "The machine's" {
			t.Error("the machine's card stands under the ribbon of practice")
		}
		return st.Exercise != nil && st.Cards.Card() != nil
	})
	if st.Exercise.ID != "renew" || len(st.Docs.List) != 0 {
		t.Errorf("begun is %q, with %d documents", st.Exercise.ID, len(st.Docs.List))
	}
	w.StartExercise("first", c)
	w.UsePractice(false)
	w.until("is the machine's card back", func(st *State) bool { return !st.Cards.Practice && len(st.Cards.List) == 1 })
	w.StartExercise("renew", c)
	w.until("has the one chosen since begun", func(st *State) bool {
		if st.Exercise != nil && st.Exercise.ID == "first" {
			t.Error("an exercise begins that the person has left")
		}
		return st.Exercise != nil && st.Exercise.ID == "renew"
	})
}
