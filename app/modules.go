package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ceralacca/card"
)

// Modules are the PKCS #11 libraries of cards' makers behind Config.Source. p11.Joined is one.
type Modules interface {
	// Probe tells how far those in use get, and Try how far the one with this absolute path gets. Both take as long as
	// the libraries take, and send no PIN.
	Probe(ctx context.Context) []Module
	Try(ctx context.Context, path string) Module
	// Use puts the library with this absolute path in the place of those in use; "" are those that are found by
	// themselves. It returns at once, and holds for the next Watch of the Source.
	Use(path string)
}

// LibraryChoice is which library of a card's maker serves.
type LibraryChoice struct {
	Able   bool    // it can be chosen here
	Path   string  // of the one chosen by hand; "" where those that are installed are found by themselves
	Fixed  bool    // it was named when the program was started, for this run
	Trying string  // name of the file that is being tried; "" when none is
	Advice *Advice // why the last one chosen is not used, or why the one in use will not do
}

// LibraryError means that a file cannot serve as library of a card. Nothing was changed.
type LibraryError struct{ Module Module }

func (e *LibraryError) Error() string {
	if e.Module.Err == nil {
		return fmt.Sprintf("library %s: %s", e.Module.Name, e.Module.State)
	}
	return detail(e.Module.Err)
}

// ErrAtWork means that a job has the card; nothing was done.
var ErrAtWork = errors.New("a job has the card")

func explainLibrary(e *LibraryError) *Advice {
	code := "library-fails"
	switch {
	case errors.Is(e.Module.Err, fs.ErrNotExist):
		code = "library-missing"
	case e.Module.State == card.LibraryWrongCPU:
		code = "library-cpu"
	}
	return advice(code, SeverityWarning, 0, "name", Visible(e.Module.Name))
}

// useLibrary turns the cards to the library that was named for this run, or else to the one chosen by hand.
func (e *Engine) useLibrary() {
	if e.cfg.Modules == nil {
		return
	}
	if path := e.cfg.Module; path != "" {
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		e.cfg.Modules.Use(path)
		return
	}
	set, _ := e.Settings() // unreadable ones are told by the check-up
	e.cfg.Modules.Use(set.Library)
}

// libraryChoice is the state of the choice at the start.
func (e *Engine) libraryChoice(set Settings) *LibraryChoice {
	c := &LibraryChoice{Able: e.cfg.Modules != nil, Path: set.Library}
	if e.cfg.Module != "" {
		c.Path, c.Fixed = e.cfg.Module, true
	}
	return c
}

// checkLibrary looks whether the library chosen by hand is still there.
func (s *Store) checkLibrary() {
	c := s.State().Library
	if !c.Able || c.Path == "" {
		return
	}
	s.spawn(func() {
		_, err := os.Stat(c.Path)
		if errors.Is(err, fs.ErrNotExist) {
			s.libraryFails(c.Path, &LibraryError{Module{Name: filepath.Base(c.Path), State: card.LibraryFails, Err: err}})
		}
	})
}

// libraryFails tells the trouble of the library at path, unless another was chosen meanwhile.
func (s *Store) libraryFails(path string, err error) {
	s.post(func(st State) State {
		if st.Library.Path == path {
			next := *st.Library
			next.Advice = Explain(err)
			st.Library = &next
		}
		return st
	})
}

// UseLibrary has the cards read through the library of a maker at path, from now on and at the next starts; with "" they
// are found by themselves again. A library is tried first, and one that will not do changes nothing. Not while a job runs,
// nor where one was named for this run.
func (s *Store) UseLibrary(path string) {
	s.post(func(st State) State {
		modules, now := s.engine.cfg.Modules, st.Library
		switch {
		case modules == nil, now.Fixed, now.Trying != "":
			return st
		case working(st):
			return withLibraryTrouble(st, ErrAtWork)
		case path == "":
			return s.turnLibrary(st, "")
		}
		next := *now
		next.Trying, next.Advice = filepath.Base(path), nil
		st.Library = &next
		s.run("errand.library", path, func(ctx context.Context) (change, error) {
			found := modules.Try(ctx, path)
			return func(st State) State {
				switch {
				case found.State != card.LibraryWorks:
					return withLibraryTrouble(st, &LibraryError{found})
				case working(st):
					return withLibraryTrouble(st, ErrAtWork)
				}
				return s.turnLibrary(st, path)
			}, ctx.Err()
		}).undo = func(st State) State { return withLibraryTrouble(st, nil) }
		return st
	})
}

// withLibraryTrouble tells why a library was not taken.
func withLibraryTrouble(st State, err error) State {
	next := *st.Library
	next.Trying, next.Advice = "", Explain(err)
	st.Library = &next
	return st
}

// turnLibrary puts a library into use and keeps the choice.
func (s *Store) turnLibrary(st State, path string) State {
	set := *st.Settings
	set.Library = path
	st.Settings, st.Library = &set, &LibraryChoice{Able: true, Path: path}
	s.engine.cfg.Modules.Use(path)
	s.keepSettings(set)
	if st.Cards.Practice {
		return st // the cards of the machine are read again when practice ends
	}
	return s.useCards(st, s.engine)
}
