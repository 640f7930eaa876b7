package app

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
	"ceralacca/signer"
)

// Store holds the State of a window and the jobs that change it. One goroutine, that of [Store.Run], owns the
// State and the book-keeping beside it: intents and results come to it as changes in a queue, and after each
// change the new State is published.
type Store struct {
	engine *Engine // of the machine's cards

	mu      sync.Mutex
	queue   []change
	wake    chan struct{} // holds one token when queue may have something
	changed func(*State)
	state   atomic.Pointer[State]

	// The rest belongs to the goroutine of Run.
	ctx             context.Context
	ask             Asker
	work            crew
	adding          []*adding // under way
	describe        func(*Engine, context.Context, string) Doc
	stopStamps      context.CancelFunc // ends the job of time-stamps
	authoritiesTurn turns
	journalsTurn    sync.Mutex // held while interrupted jobs are looked for: who reads a journal locks it, and it looks running to others
	settingsTurn    turns
	startupTurn     turns
	use             *Engine  // engine, or its practice twin
	practice        *Engine  // made once
	exerciseBus     *sim.Bus // the reader of the exercise under way
	stopJob         func()   // asks the running job to end after the file in hand
	killJob         context.CancelCauseFunc
	jobSlot         string
	agreed          string // what the person said yes to before a PIN was refused: [Question.About]
	unwatch         context.CancelFunc
	verify          context.CancelFunc
	folder          context.CancelFunc
	fetching        context.CancelFunc
	scratch         []string // folders to throw away at the end
	looking         *looking // the open preview
	filed           filed
	reading         map[string]*reading // by slot
	retry           time.Duration       // the first wait before a card is read again
	reminded        chan struct{}       // holds a token when a card was read that reminders may be about
	slots           map[string]card.Slot
	nextID          int
	errands         []*errand // under way, the oldest first
	nextErrand      int
	lastJob         string // ID of the job that ended last, or runs
	turned          int    // counts the turns from one set of cards to another, so that a late practice card is dropped
	looked          int    // counts generations of the watcher, so that a late snapshot of the old one is dropped
}

// change is one step of the State. It returns a copy in which the sections it touched are new.
type change func(State) State

// NewStore returns a store over the engine; Run starts it.
func NewStore(e *Engine) *Store {
	s := &Store{engine: e, use: e, wake: make(chan struct{}, 1), reading: map[string]*reading{}, retry: 250 * time.Millisecond, reminded: make(chan struct{}, 1), slots: map[string]card.Slot{}, describe: (*Engine).describe}
	set, err := e.Settings()
	if err != nil {
		set = Settings{} // unreadable choices are as good as none; they are replaced when one is changed
	}
	if e.cfg.Language != "" {
		set.Language = e.cfg.Language
	}
	choices := choicesFor(set.Profile, SignChoices{})
	s.state.Store(&State{
		Cards: &Cards{Phase: PhaseReading, Chosen: -1}, Docs: &Docs{}, Choices: &choices, Trust: &Trust{}, Settings: &set, Startup: &StartupState{},
		Authorities: &Authorities{}, MarkPicture: &MarkPicture{}, Library: e.libraryChoice(set),
	})
	return s
}

// OnChange sets the function that is told of each new State, on the store's goroutine; it must not block.
// It is called before Run.
func (s *Store) OnChange(f func(*State)) { s.changed = f }

// State is the newest snapshot. Adding, Errand, Job, Stamping, Interrupted, Verify, Preview, PINJob, Saved and Exercise can be nil; the other sections never are.
func (s *Store) State() *State { return s.state.Load() }

// Run owns every goroutine of the application. It returns when ctx has ended and so have all of them, but for those that
// wait for a file system that does not answer.
func (s *Store) Run(ctx context.Context, ask Asker) error {
	s.ctx, s.ask = ctx, ask
	s.watch()
	s.readTrustSoon()
	s.readAuthorities()
	s.readMarkPicture()
	s.findInterrupted()
	s.readStartup()
	s.checkLibrary()
	s.remind()
	for {
		select {
		case <-s.wake:
			s.drain()
		case <-ctx.Done():
			if s.work.awaitEnd() {
				s.drain()
				s.work.awaitEnd() // for what the last changes began
			}
			for _, dir := range s.scratch {
				_ = os.RemoveAll(dir) // the system empties its folder of such things anyway
			}
			s.engine.helpers.Close()
			s.use.helpers.Close()
			return nil
		}
	}
}

func (s *Store) drain() {
	for {
		s.mu.Lock()
		q := s.queue
		s.queue = nil
		s.mu.Unlock()
		if len(q) == 0 {
			return
		}
		for _, c := range q {
			st := keepExercise(s.keepFiling(c(*s.state.Load())))
			s.state.Store(&st)
			if s.changed != nil {
				s.changed(&st)
			}
		}
	}
}

// post queues a change; it never blocks.
func (s *Store) post(c change) {
	s.mu.Lock()
	s.queue = append(s.queue, c)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// spawn runs an effect; Run waits for it while it has a card or an output in its hands.
func (s *Store) spawn(f func()) { s.work.Go(f) }

// The intents. Each returns at once; what comes of it is seen in the State.

// Describe looks at a file for the list to sign.
func (e *Engine) Describe(path string) Doc { return e.describe(context.Background(), path) }

func (e *Engine) describe(ctx context.Context, path string) Doc {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	d := Doc{Path: path, Name: filepath.Base(path), Status: DocReady}
	f, doc, err := openDocument(path)
	if err != nil {
		d.Status, d.Advice = DocProblem, Explain(err)
		return d
	}
	defer f.Close()
	d.Size, d.Kind = doc.Size(), doc.Kind()
	d.Examination, _ = signer.Examine(ctx, doc) // what cannot be read has nothing to show
	if d.Kind == signer.DetachedCMS {
		d.Original = VerifyRequest{File: path}.Original(d.Kind)
	}
	if isEnvelope(d.Kind) {
		d.Status, d.Advice = DocProblem, Explain(&AlreadySignedError{File: path, Examination: d.Examination})
	}
	return d
}

// Signatures counts those that the file bears already, time-stamps over a whole PDF left out.
func (d *Doc) Signatures() int {
	n := 0
	if d.Examination != nil && len(d.Examination.Layers) > 0 {
		for _, s := range d.Examination.Layers[0] {
			if !s.Stamp {
				n++
			}
		}
	}
	return n
}

// Remove takes a file off the list; not while a job runs.
func (s *Store) Remove(id int) {
	s.post(func(st State) State {
		if st.Job != nil && st.Job.Running {
			return st
		}
		next := &Docs{Skipped: st.Docs.Skipped}
		for _, d := range st.Docs.List {
			if d.ID != id {
				next.List = append(next.List, d)
			}
		}
		st.Docs = next
		return st
	})
}

// Clear empties the list, ends what is being added to it and forgets the last job; not while one runs.
func (s *Store) Clear() {
	s.post(func(st State) State {
		if st.Job == nil || !st.Job.Running {
			st = s.dropAdding(st)
			st.Docs, st.Job = &Docs{}, nil
			if st.Choices.Visible != nil { // its place was chosen on the pages of this list
				c := *st.Choices
				c.Visible = nil
				st.Choices = &c
			}
			s.forgetLast()
		}
		return st
	})
}

// ChangeSettings has change make the settings other than they are, on the store's goroutine, and saves them, but for the
// library, which has to be tried: see UseLibrary.
func (s *Store) ChangeSettings(change func(*Settings)) {
	s.post(func(st State) State {
		set := *st.Settings
		change(&set)
		set.Library = st.Settings.Library
		st.Settings = &set
		s.engine.hold(set)
		s.keepSettings(set)
		return st
	})
}

// keepSettings writes the settings. A choice that cannot be kept still holds for this run; the next start shows the old
// one.
func (s *Store) keepSettings(set Settings) {
	engine, mine := s.engine, s.settingsTurn.next()
	s.spawn(func() {
		defer mine()()
		_ = engine.SaveSettings(set)
	})
}

// turns have effects on one thing run one after the other in the order in which they were asked for, so that the last
// wish is the one that stays.
type turns struct{ last chan struct{} } // closed when the turn that was given last is over

// next gives the turn after those given so far, on the store's goroutine. The effect calls it, which waits until it has
// come, and calls what that returns at its end.
func (t *turns) next() (wait func() (end func())) {
	before, mine := t.last, make(chan struct{})
	t.last = mine
	return func() func() {
		if before != nil {
			<-before
		}
		return func() { close(mine) }
	}
}

func withDoc(st State, id int, f func(*Doc)) State {
	next := &Docs{List: append([]Doc(nil), st.Docs.List...), Skipped: st.Docs.Skipped}
	for i := range next.List {
		if next.List[i].ID == id {
			f(&next.List[i])
		}
	}
	st.Docs = next
	return st
}
