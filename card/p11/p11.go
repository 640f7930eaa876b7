package p11

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ceralacca/card"
)

// WorkerArg is the first argument with which the program is started as helper of a module. A main function that
// uses this package begins with
//
//	if len(os.Args) > 1 && os.Args[1] == p11.WorkerArg {
//		os.Exit(p11.Serve(os.Stdin, os.Stdout))
//	}
const WorkerArg = "pkcs11-helper"

// Options may all be zero.
type Options struct {
	// Program is what is started as helper; "" is the running program itself. It must call Serve when its first
	// argument is WorkerArg.
	Program string
	// Poll is the time between two looks at the readers; 0 is one second.
	Poll time.Duration
	// Limit is the longest that a module may take for one thing; 0 is thirty seconds. Then it is killed.
	Limit time.Duration
	// Typing is the longest that a person may take to type a PIN on the reader; 0 is ninety seconds.
	Typing time.Duration
	// InitPIN lists file names of modules whose maker documents that a PIN is unblocked by C_Login as security
	// officer with the PUK and C_InitPIN with the new PIN. With all others Token.Unblock is ErrNoUnblock.
	InitPIN []string
	// List tells Auto where modules lie, most trusted first; nil is Installed.
	List func() []string
	// Memory keeps which module was of use for a card; nil forgets it with the Source.
	Memory Memory
	// clock is time.Now where it is nil.
	clock func() time.Time
}

// Memory keeps from one start to the next which module was of use for which card, so that this one is asked first and
// the others need not be loaded at all. It is safe for concurrent use.
type Memory interface {
	// Module is the path of the module that was of use for the card last; "" where none was.
	Module(card string) string
	// Keep notes that a module was of use for the card.
	Keep(card, module string)
}

func or(d, standard time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return standard
}

func (o Options) poll() time.Duration   { return or(o.Poll, time.Second) }
func (o Options) limit() time.Duration  { return or(o.Limit, 30*time.Second) }
func (o Options) typing() time.Duration { return or(o.Typing, 90*time.Second) }

func (o Options) now() time.Time {
	if o.clock != nil {
		return o.clock()
	}
	return time.Now()
}

// Source reaches cards through PKCS #11 modules. It implements card.Source and card.Modules, and is safe for
// concurrent use.
type Source struct {
	o       Options
	list    func() []string // nil where the modules are given
	journal *journal

	mu      sync.Mutex
	modules []*module // grows only
}

// Open returns a Source over the modules with these absolute paths, most trusted first: of several that can use
// the card in a reader, one that sees a signature certificate wins, then the earlier one. Nothing is loaded
// before Watch or Open of the Source. [Installed] tells what there is on this machine.
func Open(modules []string, o Options) *Source {
	s := &Source{o: o, journal: &journal{notes: map[pinID]card.PINStatus{}}}
	for _, path := range modules {
		s.add(path)
	}
	return s
}

// add appends a module; s.mu is held, or nobody else has s yet.
func (s *Source) add(path string) {
	s.modules = append(s.modules, &module{path: path, index: len(s.modules), o: s.o, queue: make(chan struct{}, 1), journal: s.journal})
}

// errNoModule is the trouble of a Source without modules.
var errNoModule = fmt.Errorf("no PKCS #11 module: %w", card.ErrNoService)

// Watch implements card.Source. It looks at the readers again and again; no function of a module waits for an
// event. A module that fails is tried again after a while, so it may be installed while the program runs.
func (s *Source) Watch(ctx context.Context, emit func(card.Snapshot)) error {
	modules := s.current()
	if len(modules) == 0 {
		emit(card.Snapshot{Err: errNoModule})
		<-ctx.Done()
		return nil
	}
	type news struct {
		from int
		view view
	}
	told := make(chan news)
	var wg sync.WaitGroup
	for i, m := range modules {
		wg.Go(func() {
			m.watch(ctx, func(v view) {
				select {
				case told <- news{i, v}:
				case <-ctx.Done():
				}
			})
		})
	}
	go func() { // ends with the modules, before Watch returns
		wg.Wait()
		close(told)
	}()
	latest := make([]*view, len(modules))
	var last *card.Snapshot
	for n := range told {
		latest[n.from] = &n.view
		now := merge(latest)
		if ctx.Err() == nil && (last == nil || !equal(*last, now)) {
			emit(now)
			last = &now
		}
	}
	return nil
}

func equal(a, b card.Snapshot) bool {
	same := func(x, y card.Slot) bool {
		return x.ID == y.ID && x.Reader == y.Reader && x.State == y.State && x.PINPad == y.PINPad
	}
	if (a.Err == nil) != (b.Err == nil) || a.Err != nil && a.Err.Error() != b.Err.Error() {
		return false
	}
	return slices.EqualFunc(a.Slots, b.Slots, same)
}

// merge makes one snapshot of what the modules see. Each reader is told once.
func merge(latest []*view) card.Snapshot {
	var best []*insertion
	var troubles []error
	works := false
	for _, v := range latest {
		switch {
		case v == nil:
			continue
		case v.err != nil:
			troubles = append(troubles, v.err)
			continue
		}
		works = true
		for _, c := range v.cards {
			k := slices.IndexFunc(best, func(b *insertion) bool { return b.reader == c.reader })
			switch {
			case k < 0:
				best = append(best, c)
			case c.rank() > best[k].rank():
				best[k] = c
			}
		}
	}
	var out card.Snapshot
	for _, c := range best {
		out.Slots = append(out.Slots, c.slot())
	}
	if !works {
		out.Err = fmt.Errorf("%w: %w", card.ErrNoService, errors.Join(troubles...))
	}
	return out
}

// Open implements card.Source.
func (s *Source) Open(ctx context.Context, slot string) (card.Token, error) {
	n, _, ok := strings.Cut(slot, ":")
	i, err := strconv.Atoi(n)
	s.mu.Lock()
	modules := s.modules
	s.mu.Unlock()
	if !ok || err != nil || i < 0 || i >= len(modules) {
		return nil, card.ErrRemoved
	}
	t, err := modules[i].open(ctx, slot)
	if err != nil {
		return nil, fmt.Errorf("opening the card: %w", err)
	}
	return t, nil
}

// Close ends the helpers of all modules, each when the call that it is at is done; the sessions with their cards
// are over. The Source may be used again.
func (s *Source) Close() error {
	s.mu.Lock()
	modules := s.modules
	s.mu.Unlock()
	for _, m := range modules {
		m.queue <- struct{}{}
		m.stop()
		<-m.queue
	}
	return nil
}

// module is one module with its helper. Its fields belong to whoever holds the queue.
type module struct {
	path    string
	index   int
	o       Options
	journal *journal
	queue   chan struct{} // holds one value while a call is at work

	h      *helper      // nil while none runs
	tokens int          // open tokens of h
	cards  []*insertion // as of the last poll
	count  uint64       // insertions seen

	watchers int           // that keep the helper
	brief    bool          // nobody watches for long: the helper ends with the last session
	report   *ModuleReport // of the last visit
	rest     time.Time     // it failed, and is left alone until then
	pause    time.Duration // how long it was left alone last
}

// view is what a module sees.
type view struct {
	cards []*insertion
	err   error
}

// take waits for the queue.
func (m *module) take(ctx context.Context) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case m.queue <- struct{}{}:
		return func() { <-m.queue }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stop ends the helper, and with it every right that the module has on a card.
func (m *module) stop() {
	if m.h != nil {
		m.h.end()
	}
	m.h, m.tokens = nil, 0
}

// call passes a request to the helper; one that does not survive it is forgotten.
func (m *module) call(ctx context.Context, limit time.Duration, q request, secrets ...*card.PIN) (reply, error) {
	if m.h == nil {
		return reply{}, notSentError{errStale}
	}
	r, err := m.h.call(ctx, limit, q, secrets...)
	if err != nil && m.h.ended {
		m.stop()
	}
	return r, err
}

// Waits between attempts to use a module that fails.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// watch polls until ctx ends.
func (m *module) watch(ctx context.Context, tell func(view)) {
	m.keep(1)
	defer m.keep(-1)
	retry := firstRetry
	for ctx.Err() == nil {
		v := m.look(ctx)
		if ctx.Err() != nil {
			return
		}
		tell(v)
		wait := m.o.poll()
		if retry = min(2*retry, lastRetry); v.err == nil {
			retry = firstRetry
		} else {
			wait = max(wait, retry/2)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// keep counts the watchers.
func (m *module) keep(n int) {
	m.queue <- struct{}{}
	m.watchers += n
	<-m.queue
}

func (m *module) look(ctx context.Context) view {
	release, err := m.take(ctx)
	if err != nil {
		return view{err: err}
	}
	defer release()
	late, done := patient(ctx)
	defer done()
	cards, err := m.poll(late)
	return view{slices.Clone(cards), err}
}

// poll asks the module for its slots; it starts the helper where none runs.
func (m *module) poll(ctx context.Context) ([]*insertion, error) {
	if !built {
		return nil, ErrNotBuilt
	}
	if !filepath.IsAbs(m.path) {
		return nil, &LoadError{m.path, "path is not absolute"}
	}
	if m.h == nil {
		h, err := start(ctx, m.o, m.path)
		if err != nil {
			return nil, err
		}
		m.h = h
	}
	for range settling {
		news, err := m.ask(ctx)
		if err != nil {
			return nil, err
		}
		if !news {
			break
		}
	}
	return m.cards, nil
}

// settling is how often the module is asked again when it tells of a new card: OpenSC sometimes tells of the same
// insertion twice, the second time at once after the first.
const settling = 3

// ask brings m.cards up to date and reports whether a card is new.
func (m *module) ask(ctx context.Context) (news bool, err error) {
	r, err := m.call(ctx, m.o.limit(), request{Op: opSlots})
	if err == nil {
		err = failure(m.path, r)
	}
	if err != nil {
		return false, err
	}
	var now []*insertion
	for _, g := range group(r.Slots, filepath.Base(m.path)) {
		c := m.known(g)
		if c == nil || c.helper != m.h { // a new helper cannot know that the card is still the same: its certificates tell
			if err := m.read(ctx, g); err != nil {
				return false, err
			}
			if c != nil && slices.EqualFunc(c.keys, g.keys, func(a, b slotKey) bool { return a.ID == b.ID && bytes.Equal(a.DER, b.DER) }) {
				g.id = c.id
			} else {
				m.count++
				news = news || g.present
				g.id = fmt.Sprintf("%d:%d:%s", m.index, m.count, g.reader)
			}
			c = g
		}
		fresh := *c // what was told once is never changed: others read it without the queue
		fresh.helper, fresh.slots = m.h, g.slots
		now = append(now, &fresh)
	}
	m.cards = now
	return news, nil
}

// known finds the insertion of the last poll that this one still is: the sessions of the helper have lived on. A
// new helper knows nothing of that, so there the same card in the same reader passes for the same insertion.
func (m *module) known(g *insertion) *insertion {
	for _, c := range m.cards {
		if c.reader != g.reader || c.present != g.present || len(c.slots) != len(g.slots) {
			continue
		}
		same := true
		for i := range g.slots {
			a, b := c.slots[i], g.slots[i]
			same = same && a.token().Serial == b.token().Serial && a.token().Label == b.token().Label && a.Code == b.Code &&
				(c.helper != m.h || a.ID == b.ID && a.Session == b.Session)
		}
		if same {
			return c
		}
	}
	return nil
}

// read fetches the certificates of a card that was just put in.
func (m *module) read(ctx context.Context, c *insertion) error {
	found := make([]reply, len(c.slots))
	for i, s := range c.slots {
		if s.Token == nil {
			continue
		}
		r, err := m.call(ctx, m.o.limit(), request{Op: opRead, Slot: s.ID, Session: s.Session})
		if err != nil {
			return err
		}
		if err := failure(m.path, r); gone(err) {
			return err
		}
		found[i] = r // what the module refuses to tell is not there
	}
	c.fill(found)
	return nil
}

// open starts a session with the card of an insertion.
func (m *module) open(ctx context.Context, id string) (card.Token, error) {
	release, err := m.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	late, done := patient(ctx)
	defer done()
	cards, err := m.poll(late)
	if err != nil {
		return nil, err
	}
	k := slices.IndexFunc(cards, func(c *insertion) bool { return c.id == id })
	if k < 0 {
		return nil, card.ErrRemoved
	}
	switch c := cards[k]; c.state {
	case card.Empty:
		return nil, card.ErrRemoved
	case card.Mute:
		return nil, card.ErrMute
	case card.Unsupported:
		return nil, card.ErrUnsupported
	default:
		m.tokens++
		return newToken(m, c), nil
	}
}
