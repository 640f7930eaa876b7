package app

import (
	"context"
	"slices"
	"sync"
	"time"
)

// This file is what arrives on the list to sign. Folders and files may lie on a share that is slow or has gone silent:
// how far the looking is stands in the State, and it can be stopped at any moment.

// addingEvery is how long what was looked at may wait to be shown: ten thousand files are not as many States.
const addingEvery = 100 * time.Millisecond

// Adding is how far the looking at added files and folders is.
type Adding struct {
	Finding bool // folders are being gone through, and Found grows
	Found   int  // files
	// Folder is where the search is, while Finding; empty before it has begun.
	Folder string
	Read   int // how many of them were looked at; those that stay are in Docs
}

// adding is one intent to add under way.
type adding struct {
	stop context.CancelFunc

	mu     sync.Mutex
	told   Adding
	docs   []Doc // looked at and not yet in the State
	coming bool  // a change that shows it is on its way
}

// Add takes files and folders that arrived by drop, button, paste or arguments: see [Collect]. A single signed file is
// verified; all others go to the list to sign, in batches as they are looked at. What takes longer than an instant is
// told by [State].Adding.
func (s *Store) Add(paths ...string) { s.take(paths, true) }

// AddToSign puts files and folders on the list to sign, a signed file too: somebody else signs it as well.
func (s *Store) AddToSign(paths ...string) { s.take(paths, false) }

// StopAdding ends what Add and AddToSign began; the files that were looked at stay.
func (s *Store) StopAdding() {
	s.post(func(st State) State {
		for _, a := range s.adding {
			st = s.listNew(st, a)
		}
		return s.dropAdding(st)
	})
}

func (s *Store) take(paths []string, guess bool) {
	s.post(func(st State) State {
		if s.ctx.Err() != nil {
			return st
		}
		ctx, stop := context.WithCancel(s.ctx)
		a := &adding{stop: stop}
		s.adding = append(s.adding, a)
		s.note(a, func() { a.told.Finding = true })
		engine := s.use
		s.spawn(func() {
			defer stop()
			s.look(ctx, engine, a, paths, guess)
		})
		return st
	})
}

// look finds the files behind the paths and what they are, off the store's goroutine; with guess it tells what a single
// file wants. The last file is listed together with the end, so that a whole list is never told as one under way.
func (s *Store) look(ctx context.Context, e *Engine, a *adding, paths []string, guess bool) {
	found := func(n int, dir string) { s.note(a, func() { a.told.Found, a.told.Folder = n, dir }) }
	files, skipped, err := collect(ctx, found, paths...)
	if err != nil { // a name that looks like a pattern and is not there must not cost the folders beside it
		files, skipped = collectEach(ctx, found, paths)
	}
	s.note(a, func() { a.told = Adding{Found: len(files)} })
	var last []Doc
	for i, path := range files {
		if ctx.Err() != nil {
			return
		}
		d := s.describe(e, ctx, path)
		if ctx.Err() != nil {
			return
		}
		if i == len(files)-1 {
			last = []Doc{d}
			break
		}
		s.note(a, func() { a.told.Read++; a.docs = append(a.docs, d) })
	}
	s.post(func(st State) State {
		if !slices.Contains(s.adding, a) {
			return st // it was stopped
		}
		if guess && len(files) == 1 && (isEnvelope(last[0].Kind) || last[0].Signatures() > 0) {
			s.Verify(last[0].Path)
			return s.dropAdding(st, a)
		}
		st = s.listNew(st, a, last...)
		st.Docs = &Docs{List: st.Docs.List, Skipped: skipped}
		return s.dropAdding(st, a)
	})
}

// note changes what is known of a, and has it shown soon.
func (s *Store) note(a *adding, change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
	if a.coming {
		return
	}
	a.coming = true
	time.AfterFunc(addingEvery, func() {
		s.post(func(st State) State {
			if !slices.Contains(s.adding, a) {
				return st
			}
			return s.tellAdding(s.listNew(st, a))
		})
	})
}

// listNew lists what a has looked at since it was last shown, and last, each file once.
func (s *Store) listNew(st State, a *adding, last ...Doc) State {
	a.mu.Lock()
	docs := append(a.docs, last...)
	a.docs, a.coming = nil, false
	a.mu.Unlock()
	if len(docs) == 0 {
		return st
	}
	next := &Docs{List: append(make([]Doc, 0, len(st.Docs.List)+len(docs)), st.Docs.List...), Skipped: st.Docs.Skipped}
	have := make(map[string]bool, len(next.List))
	for _, d := range next.List {
		have[d.Path] = true
	}
	for _, d := range docs {
		if have[d.Path] {
			continue
		}
		have[d.Path] = true
		s.nextID++
		d.ID = s.nextID
		d.settle(st.Choices)
		next.List = append(next.List, d)
	}
	st.Docs = next
	return st
}

// dropAdding ends these, or all when none is named, with what they have not listed.
func (s *Store) dropAdding(st State, these ...*adding) State {
	s.adding = slices.DeleteFunc(s.adding, func(a *adding) bool {
		gone := len(these) == 0 || slices.Contains(these, a)
		if gone {
			a.stop()
		}
		return gone
	})
	if len(s.adding) == 0 {
		st.Adding = nil
		return st
	}
	return s.tellAdding(st)
}

// tellAdding sums up all that is being added.
func (s *Store) tellAdding(st State) State {
	sum := &Adding{}
	for _, a := range s.adding {
		a.mu.Lock()
		sum.Finding = sum.Finding || a.told.Finding
		sum.Found += a.told.Found
		sum.Read += a.told.Read
		if a.told.Finding {
			sum.Folder = a.told.Folder
		}
		a.mu.Unlock()
	}
	st.Adding = sum
	return st
}
