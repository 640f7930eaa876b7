package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ceralacca/card"
)

// fakeModules notes what it is turned to; tried holds the answers of Try by path.
type fakeModules struct {
	installed []Module
	tried     map[string]Module
	hold      chan struct{} // Try waits for it where there is one

	mu   sync.Mutex
	used string
}

func (f *fakeModules) Probe(context.Context) []Module { return f.installed }

func (f *fakeModules) Try(_ context.Context, path string) Module {
	if f.hold != nil {
		<-f.hold
	}
	return f.tried[path]
}

func (f *fakeModules) Use(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used = path
}

func (f *fakeModules) now() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.used
}

func TestUseLibrary(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.so")
	if err := os.WriteFile(good, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fakeModules{tried: map[string]Module{
		good:      {Name: "good.so", State: card.LibraryWorks},
		"/old.so": {Name: "old.so", State: card.LibraryWrongCPU, Err: errors.New("built for arm64")},
		"/bad.so": {Name: "bad.so", State: card.LibraryFails, Err: errors.New("no such function")},
	}}
	config := Config{Dir: dir, Modules: f}
	t.Run("chosen", func(t *testing.T) { // its store has ended, and with it all writing, when this has
		w := runStore(t, New(config), &answers{})
		for path, code := range map[string]string{"/old.so": "library-cpu", "/bad.so": "library-fails"} {
			w.UseLibrary(path)
			st := w.until(path, func(st *State) bool { return st.Library.Advice != nil && st.Library.Advice.Code == code })
			if st.Library.Path != "" || st.Settings.Library != "" || f.now() != "" {
				t.Errorf("%s is in use: %+v", path, st.Library)
			}
			if code == "library-fails" && !strings.Contains(st.Library.Advice.Detail, "no such function") {
				t.Errorf("detail %q", st.Library.Advice.Detail)
			}
		}
		w.UseLibrary(good)
		st := w.until("the good one", func(st *State) bool { return st.Library.Path == good })
		if st.Library.Advice != nil || f.now() != good {
			t.Errorf("%+v, in use %q", st.Library, f.now())
		}
		w.ChangeSettings(func(set *Settings) { *set = Settings{Theme: "dark"} }) // a window that knows nothing of it
		w.until("both", func(st *State) bool { return *st.Settings == Settings{Theme: "dark", Library: good} })
	})
	if kept, err := New(Config{Dir: dir}).Settings(); err != nil || kept != (Settings{Theme: "dark", Library: good}) {
		t.Errorf("kept %+v, %v", kept, err)
	}
	f.Use("")
	if next := NewStore(New(config)).State().Library; f.now() != good || next.Path != good || next.Fixed || !next.Able {
		t.Errorf("at the next start: %+v, in use %q", next, f.now())
	}
	named := config
	named.Module = "named.so"
	abs, err := filepath.Abs(named.Module)
	if err != nil {
		t.Fatal(err)
	}
	if next := NewStore(New(named)).State().Library; f.now() != abs || next.Path != "named.so" || !next.Fixed {
		t.Errorf("named for one run: %+v, in use %q", next, f.now())
	}
	t.Run("back", func(t *testing.T) {
		w := runStore(t, New(config), &answers{})
		w.UseLibrary("")
		w.until("back", func(st *State) bool { return st.Library.Path == "" && st.Settings.Library == "" && f.now() == "" })
	})
	if kept, err := New(Config{Dir: dir}).Settings(); err != nil || kept.Library != "" {
		t.Errorf("still kept: %+v, %v", kept, err)
	}
}

// TestUseLibraryWaitsForNobody: while a library is tried the store goes on, and a job that began meanwhile keeps its card.
func TestUseLibraryWaitsForNobody(t *testing.T) {
	f := &fakeModules{tried: map[string]Module{"/x.so": {State: card.LibraryWorks}}, hold: make(chan struct{})}
	w := runStore(t, New(Config{Modules: f}), &answers{})
	w.UseLibrary("/x.so")
	w.until("trying", func(st *State) bool { return st.Library.Trying == "x.so" })
	w.UseLibrary("/y.so") // one after the other
	w.post(func(st State) State { st.PINJob = &PINJob{Running: true}; return st })
	w.until("a job runs", func(st *State) bool { return st.PINJob != nil })
	close(f.hold)
	st := w.until("tried", func(st *State) bool { return st.Library.Trying == "" })
	if st.Library.Advice == nil || st.Library.Advice.Code != "at-work" || st.Library.Path != "" || f.now() != "" {
		t.Errorf("%+v, in use %q", st.Library, f.now())
	}
	w.UseLibrary("/x.so")
	w.post(func(st State) State { st.PINJob = nil; return st })
	if st := w.until("the job is over", func(st *State) bool { return st.PINJob == nil }); st.Library.Trying != "" {
		t.Error("tried beside a job")
	}
}

func TestLibraryIsGone(t *testing.T) {
	dir := t.TempDir()
	e := New(Config{Dir: dir})
	if err := e.SaveSettings(Settings{Library: filepath.Join(dir, "gone.so")}); err != nil {
		t.Fatal(err)
	}
	w := runStore(t, New(Config{Dir: dir, Modules: &fakeModules{}}), &answers{})
	st := w.until("told", func(st *State) bool { return st.Library.Advice != nil })
	if st.Library.Advice.Code != "library-missing" {
		t.Errorf("%+v", st.Library.Advice)
	}
}
