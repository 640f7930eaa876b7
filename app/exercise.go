package app

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"

	"ceralacca/app/lang"
	"ceralacca/app/paper"
	"ceralacca/card"
	"ceralacca/card/sim"
)

// This file is practice with a script: a practice card in some state, and the steps by which a person learns what
// to do with it before it happens with a card that counts.

// Exercise is the exercise under way. Its words are "exercise.<ID>.title" and "exercise.<ID>.<n>" for the steps
// from 1.
type Exercise struct {
	ID    string
	Steps []ExerciseStep
	// Out is set while the exercise has pulled the card out: it comes back with [Store.PutCardBack].
	Out bool
}

// ExerciseStep is one thing to do.
type ExerciseStep struct {
	Words lang.Msg
	Read  bool // is to be read, and done with [Store.StepRead]
	Done  bool // has been done
}

// Next is the index of the first step that is not done, or the number of steps.
func (e *Exercise) Next() int {
	return slices.IndexFunc(append(slices.Clone(e.Steps), ExerciseStep{}), func(s ExerciseStep) bool { return !s.Done })
}

// exercise is a script. A step is done when the State first says so after all before it; one without a condition when
// the person says that it was read. A step that only begins something is to be done again when that ends without the
// next: after a wrong PIN the button is to be pressed again.
type exercise struct {
	id, profile string // profile of card/sim
	samples     int    // documents that are put on the list
	pull        bool   // the card is pulled out at the second signature
	steps       []func(*State) bool
	gone        func(*State) bool // what the first step began has ended; nil: the step stays done
}

// exercises are what can be practised, in the order of the menu.
var exercises = []exercise{
	{"first", sim.Standard, 2, false, []func(*State) bool{signing, allSigned, verified}, signingEnded},
	{"change", sim.Standard, 0, false, []func(*State) bool{pinJobRuns, pinJobDone(ChangePIN)}, pinJobEnded},
	{"blocked", "sign-blocked", 0, false, []func(*State) bool{pinJobRuns, pinJobDone(UnblockPIN)}, pinJobEnded},
	{"renew", "expiring", 0, false, []func(*State) bool{calendarSaved}, nil},
	{"expired", "expired", 1, false, []func(*State) bool{nil}, nil},
	{"pulled", sim.Standard, 3, true, []func(*State) bool{jobStopped, cardBack, allSigned}, nil},
}

func signing(st *State) bool      { return st.Job != nil && st.Job.Running || allSigned(st) }
func signingEnded(st *State) bool { return st.Job == nil || !st.Job.Running }

func allSigned(st *State) bool {
	return len(st.Docs.List) > 0 && !slices.ContainsFunc(st.Docs.List, func(d Doc) bool { return d.Status != DocSigned })
}

func verified(st *State) bool    { return st.Verify != nil && st.Verify.Report != nil }
func pinJobRuns(st *State) bool  { return st.PINJob != nil && (st.PINJob.Running || st.PINJob.Done) }
func pinJobEnded(st *State) bool { return st.PINJob == nil || !st.PINJob.Running }
func jobStopped(st *State) bool  { return st.Job != nil && !st.Job.Running && st.Job.Advice != nil }

func cardBack(st *State) bool {
	return !st.Exercise.Out && st.Cards.Card() != nil && st.Cards.Phase == PhaseReady
}

func calendarSaved(st *State) bool {
	return st.Saved != nil && st.Saved.Advice == nil && filepath.Ext(st.Saved.Path) == ".ics"
}

func pinJobDone(kind NewPINKind) func(*State) bool {
	return func(st *State) bool { return st.PINJob != nil && st.PINJob.Kind == kind && st.PINJob.Done }
}

// Exercises lists what can be practised, by ID.
func Exercises() []string {
	var ids []string
	for _, x := range exercises {
		ids = append(ids, x.id)
	}
	return ids
}

// StartExercise puts a fresh practice card in the state of the exercise into use, with its documents, in the
// language of words, on the list; not while a job runs. The exercise is in [State].Exercise; leaving practice ends it.
func (s *Store) StartExercise(id string, words *lang.Catalog) {
	i := slices.IndexFunc(exercises, func(x exercise) bool { return x.id == id })
	if i < 0 {
		return
	}
	x := exercises[i]
	s.post(func(st State) State {
		if working(st) {
			return st
		}
		var bus *sim.Bus
		var paths []string
		making := func(ctx context.Context) (e *Engine, err error) {
			if e, bus, err = s.engine.withExercise(ctx, x, s.cardPulled); err != nil || x.samples == 0 {
				return e, err
			}
			dir, err := s.scratchFolder()
			if err == nil {
				paths, err = e.sampleFiles(dir, x.samples, words)
			}
			return e, err
		}
		st = s.dropAdding(st)
		s.stopLooking()
		st.Docs, st.Job, st.PINJob, st.Verify, st.Preview, st.Saved, st.Exercise = &Docs{}, nil, nil, nil, nil, nil, nil
		return s.makePractice(st, making, func(st State, _ *Engine) State {
			s.exerciseBus = bus
			if len(paths) > 0 {
				s.Add(paths...)
			}
			st.Exercise = x.begun()
			return st
		})
	})
}

// begun is the exercise with nothing done.
func (x exercise) begun() *Exercise {
	e := &Exercise{ID: x.id}
	for n, done := range x.steps {
		e.Steps = append(e.Steps, ExerciseStep{
			Words: lang.M(fmt.Sprintf("exercise.%s.%d", x.id, n+1), "pin", PracticePIN, "puk", PracticePUK), Read: done == nil,
		})
	}
	return e
}

// StepRead says that the step under way has been read, where that is all there is to do.
func (s *Store) StepRead() {
	s.post(func(st State) State {
		e := st.Exercise
		if e == nil || e.Next() == len(e.Steps) || !e.Steps[e.Next()].Read {
			return st
		}
		st.Exercise = e.stepDone()
		return st
	})
}

// stepDone is the exercise with the step under way done.
func (e *Exercise) stepDone() *Exercise {
	next := *e
	next.Steps = slices.Clone(e.Steps)
	next.Steps[e.Next()].Done = true
	return &next
}

// PutCardBack inserts the card that an exercise has pulled out.
func (s *Store) PutCardBack() {
	s.post(func(st State) State {
		if st.Exercise == nil || !st.Exercise.Out {
			return st
		}
		next := *st.Exercise
		next.Out = false
		st.Exercise = &next
		s.exerciseBus.Insert()
		return st
	})
}

// cardPulled notes that the exercise has pulled the card out.
func (s *Store) cardPulled() {
	s.post(func(st State) State {
		if st.Exercise != nil {
			next := *st.Exercise
			next.Out = true
			st.Exercise = &next
		}
		return st
	})
}

// keepExercise marks the steps that st shows as done; outside practice there is no exercise.
func keepExercise(st State) State {
	e := st.Exercise
	if e == nil {
		return st
	}
	if !st.Cards.Practice {
		st.Exercise = nil
		return st
	}
	x := exercises[slices.IndexFunc(exercises, func(x exercise) bool { return x.id == e.ID })]
	n := e.Next()
	switch {
	case n == len(e.Steps) || x.steps[n] == nil:
		return st
	case x.steps[n](&st):
		st.Exercise = e.stepDone()
		return keepExercise(st)
	case n == 1 && x.gone != nil && x.gone(&st):
		st.Exercise = x.begun()
	}
	return st
}

// withExercise returns an engine over a card of its own for the exercise, and the reader it is in. pulled is told,
// on any goroutine, when the card goes out.
func (e *Engine) withExercise(ctx context.Context, x exercise, pulled func()) (*Engine, *sim.Bus, error) {
	made, err := sim.IssueProfile(x.profile, e.cfg.Now())
	if err != nil {
		return nil, nil, fmt.Errorf("making the card of the exercise: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	bus := made.Bus()
	p := &practice{made: made, bus: bus, source: card.CNS(bus), root: made.Roots()[0], own: map[codeID]bool{}}
	if x.pull {
		p.source = &pulling{Source: p.source, pull: sync.OnceFunc(func() { bus.Remove(); pulled() })}
	}
	c := e.cfg
	c.Source, c.Anchors = p.source, append([]*x509.Certificate{p.root}, c.Anchors...)
	return e.over(c, p), bus, nil
}

// sampleFiles writes n documents that say on every page that they are worth nothing into dir.
func (e *Engine) sampleFiles(dir string, n int, c *lang.Catalog) ([]string, error) {
	fonts, err := reportFonts(e.cfg.Assets)
	if err != nil {
		return nil, err
	}
	var paths []string
	for i := range n {
		name := fmt.Sprintf("TEST %d - %s.pdf", i+1, c.T(fmt.Sprintf("exercise.sample.%d", i+1)))
		path := filepath.Join(dir, name)
		err := writeNew(context.Background(), path, func(w io.Writer) error {
			d, err := paper.New(paper.Info{Title: name, Language: c.Tag(), Program: programName, Made: e.cfg.Now()}, fonts[0], fonts[1])
			if err != nil {
				return err
			}
			d.Verdict(paper.Doubt, "TEST", c.T("exercise.sample.worthless"))
			d.Heading(c.T(fmt.Sprintf("exercise.sample.%d", i+1)))
			d.Note(c.T("exercise.sample.text"))
			_, err = d.WriteTo(w)
			return err
		}, nil)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// pulling is a source whose card goes out of the reader at the second signature.
type pulling struct {
	card.Source
	pull func()
}

// Open implements card.Source.
func (p *pulling) Open(ctx context.Context, slot string) (card.Token, error) {
	t, err := p.Source.Open(ctx, slot)
	if err != nil {
		return nil, err
	}
	return &pulledToken{Token: t, pull: p.pull}, nil
}

type pulledToken struct {
	card.Token
	pull func()
}

// Signer implements card.Token.
func (t *pulledToken) Signer(ctx context.Context, k card.Key) (crypto.Signer, error) {
	s, err := t.Token.Signer(ctx, k)
	if err != nil {
		return nil, err
	}
	return &pulledSigner{Signer: s, pull: t.pull}, nil
}

type pulledSigner struct {
	crypto.Signer
	pull func()
	mu   sync.Mutex
	made int
}

// Sign implements crypto.Signer.
func (s *pulledSigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.mu.Lock()
	s.made++
	second := s.made == 2
	s.mu.Unlock()
	if second {
		s.pull()
	}
	return s.Signer.Sign(rand, digest, opts)
}
