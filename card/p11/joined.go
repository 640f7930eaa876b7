package p11

import (
	"context"
	"sync"

	"ceralacca/card"
)

// Joined is a card.Source over the native driver and the libraries of makers (card.Join) whose libraries can be
// exchanged while the program runs. It is safe for concurrent use.
type Joined struct {
	native card.Source
	o      Options
	wait   bool

	mu     sync.Mutex
	now    *serving
	ending sync.WaitGroup // closes libraries that serve no more
}

// serving is a choice of libraries, with those who watch through it.
type serving struct {
	chosen   string // path; "" where they are found by themselves
	source   card.Source
	modules  *Source
	watchers int
}

// Join returns a Joined with the libraries that are found by themselves ([Auto]). wait is card.JoinOptions.Wait.
func Join(native card.Source, o Options, wait bool) *Joined {
	j := &Joined{native: native, o: o, wait: wait}
	j.now = j.serve("")
	return j
}

func (j *Joined) serve(chosen string) *serving {
	s := &serving{chosen: chosen, modules: Auto(j.o)}
	if chosen != "" {
		s.modules = Open([]string{chosen}, j.o)
	}
	s.source = card.Join(j.native, s.modules, card.JoinOptions{Chosen: chosen != "", Wait: j.wait})
	return s
}

// Use exchanges the libraries: for the one with this absolute path, or with "" for those that are found by themselves.
// Nothing is loaded yet. It holds for what is opened from now on, and for whoever calls Watch anew; a Watch that is
// under way goes on with the former libraries, whose helpers end with it.
func (j *Joined) Use(path string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	former := j.now
	if former.chosen == path {
		return
	}
	j.now = j.serve(path)
	if former.watchers == 0 {
		j.end(former)
	}
}

// end closes libraries that serve no more, which may take as long as the call that they are at; j.mu is held.
func (j *Joined) end(s *serving) { j.ending.Go(func() { _ = s.modules.Close() }) }

// Watch implements card.Source.
func (j *Joined) Watch(ctx context.Context, emit func(card.Snapshot)) error {
	j.mu.Lock()
	s := j.now
	s.watchers++
	j.mu.Unlock()
	err := s.source.Watch(ctx, emit)
	j.mu.Lock()
	defer j.mu.Unlock()
	if s.watchers--; s != j.now && s.watchers == 0 {
		j.end(s)
	}
	return err
}

// Open implements card.Source.
func (j *Joined) Open(ctx context.Context, slot string) (card.Token, error) {
	j.mu.Lock()
	s := j.now
	j.mu.Unlock()
	return s.source.Open(ctx, slot)
}

// Probe tells how far the libraries in use get: the one chosen, or those that are installed. See [Probe].
func (j *Joined) Probe(ctx context.Context) []card.Library {
	j.mu.Lock()
	chosen := j.now.chosen
	j.mu.Unlock()
	return Libraries(ctx, chosen, j.o)
}

// Try tells how far the library with this absolute path gets, whether it is in use or not. It sends no PIN.
func (j *Joined) Try(ctx context.Context, path string) card.Library {
	return Libraries(ctx, path, j.o)[0]
}

// Close ends all helpers, each when the call that it is at is done.
func (j *Joined) Close() error {
	j.mu.Lock()
	s := j.now
	j.mu.Unlock()
	err := s.modules.Close()
	j.ending.Wait()
	return err
}
