package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// share is a file system on which looking at a file lasts until the test lets it go on, or for ever.
type share struct {
	met  chan string   // the path of each file, as its turn comes
	next chan struct{} // a token lets one file go on; closed it lets all
	busy sync.WaitGroup
}

// addTo is a store that looks at files on a share.
func addTo(t *testing.T, e *Engine) (*watched, *share) {
	t.Helper()
	sh := &share{met: make(chan string), next: make(chan struct{})}
	w := runStoreWith(t, e, &answers{}, func(s *Store) {
		s.describe = func(e *Engine, ctx context.Context, path string) Doc {
			sh.busy.Add(1)
			defer sh.busy.Done()
			select {
			case sh.met <- path:
				<-sh.next
			case <-sh.next:
			}
			return e.describe(ctx, path)
		}
	})
	return w, sh
}

func folderOf(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		put(t, dir, fmt.Sprintf("%05d.txt", i), []byte{byte(i)})
	}
	return dir
}

func names(st *State) []string {
	var out []string
	for _, d := range st.Docs.List {
		out = append(out, d.Name)
	}
	return out
}

func added(st *State) bool { return st.Adding == nil && len(st.Docs.List) > 0 }

// What was looked at is on the list while the rest is not, and the State says how far it is.
func TestAddingInBatches(t *testing.T) {
	e, _ := practiceEngine(t)
	w, sh := addTo(t, e)
	w.until("ready", ready)
	w.Add(folderOf(t, 3))
	<-sh.met
	st := w.until("told", func(st *State) bool { return st.Adding != nil && st.Adding.Found == 3 })
	if st.Adding.Finding || st.Adding.Read != 0 || len(st.Docs.List) != 0 {
		t.Errorf("%+v with %q", st.Adding, names(st))
	}
	for n := range 2 {
		sh.next <- struct{}{}
		<-sh.met
		st = w.until("one more", func(st *State) bool { return len(st.Docs.List) == n+1 })
		if *st.Adding != (Adding{Found: 3, Read: n + 1}) || st.Filing != nil {
			t.Errorf("%+v, checklist %+v", st.Adding, st.Filing)
		}
	}
	w.Sign() // not before the list is whole
	sh.next <- struct{}{}
	st = w.until("added", added)
	if got := names(st); !slices.Equal(got, []string{"00000.txt", "00001.txt", "00002.txt"}) || st.Job != nil {
		t.Errorf("%q, job %+v", got, st.Job)
	}
	w.until("checked as a whole", func(st *State) bool { return st.Filing != nil && !st.Filing.Running && st.Filing.Files == 3 })
}

// Every way to end the adding works while a file does not answer, and what it says later is dropped.
func TestAddingStopped(t *testing.T) {
	for _, tc := range []struct {
		name string
		stop func(*watched)
		left int
	}{
		{"stopped", func(w *watched) { w.StopAdding() }, 2},
		{"cleared", func(w *watched) { w.Clear() }, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, _ := practiceEngine(t)
			w, sh := addTo(t, e)
			w.AddToSign(folderOf(t, 10))
			for range 2 {
				<-sh.met
				sh.next <- struct{}{}
			}
			<-sh.met // the third one does not answer
			w.until("told", func(st *State) bool { return st.Adding != nil })
			tc.stop(w)
			st := w.until("stopped", func(st *State) bool { return st.Adding == nil })
			if len(st.Docs.List) != tc.left {
				t.Errorf("left %q", names(st))
			}
			close(sh.next)
			sh.busy.Wait() // the third one has answered, and no fourth was asked
			other := put(t, t.TempDir(), "other.txt", nil)
			w.Add(other)
			st = w.until("the next one", func(st *State) bool { return slices.Contains(names(st), "other.txt") })
			if len(st.Docs.List) != tc.left+1 {
				t.Errorf("listed %q", names(st))
			}
		})
	}
}

// The program ends although a file never answers.
func TestAddingDoesNotHoldTheEnd(t *testing.T) {
	e, _ := practiceEngine(t)
	sh := make(chan struct{})
	met := make(chan struct{})
	s := NewStore(e)
	s.describe = func(*Engine, context.Context, string) Doc { close(met); <-sh; return Doc{} }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx, &answers{}) }()
	s.Add(put(t, t.TempDir(), "a.txt", nil))
	<-met
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	close(sh)
	s.work.Wait() // nothing stays once it answers
}

// Two that add at once do not list a file twice, and neither ends the other.
func TestAddingTwice(t *testing.T) {
	e, _ := practiceEngine(t)
	w, sh := addTo(t, e)
	dir := folderOf(t, 2)
	w.Add(dir)
	<-sh.met
	w.Add(filepath.Join(dir, "00001.txt"), filepath.Join(dir, "00000.txt"))
	<-sh.met
	w.until("both are told", func(st *State) bool { return st.Adding != nil && st.Adding.Found == 4 })
	close(sh.next)
	if st := w.until("added", added); len(st.Docs.List) != 2 || st.Docs.List[0].ID == st.Docs.List[1].ID {
		t.Errorf("%q", names(st))
	}
}

// Ten thousand files are told in few States.
func TestAddingManyFiles(t *testing.T) {
	e := New(Config{Source: card.CNS(sim.New()), Dir: t.TempDir()})
	const n = 3000
	var mu sync.Mutex
	grown := map[int]bool{}
	w := runStoreWith(t, e, &answers{}, func(s *Store) {
		s.describe = func(_ *Engine, _ context.Context, path string) Doc { return Doc{Path: path, Name: filepath.Base(path)} }
		told := s.changed
		s.OnChange(func(st *State) {
			mu.Lock()
			grown[len(st.Docs.List)] = true
			mu.Unlock()
			told(st)
		})
	})
	w.Add(folderOf(t, n))
	st := w.until("added", added)
	if !slices.IsSorted(names(st)) || len(st.Docs.List) != n {
		t.Errorf("%d files", len(st.Docs.List))
	}
	mu.Lock()
	defer mu.Unlock()
	if len(grown) > n/10 {
		t.Errorf("the list grew %d times", len(grown))
	}
}

// A name that looks like a pattern and is not there tells its own trouble, and costs nothing of what lies beside it.
func TestAddingWhatIsNotThere(t *testing.T) {
	e, _ := practiceEngine(t)
	w, sh := addTo(t, e)
	close(sh.next)
	dir := folderOf(t, 2)
	here := put(t, t.TempDir(), "-c[1].txt", []byte("c"))
	w.Add(filepath.Join(dir, "gone[1].pdf"), dir, here, filepath.Join(dir, "gone.pdf"))
	st := w.until("added", added)
	if got := names(st); !slices.Equal(got, []string{"gone[1].pdf", "00000.txt", "00001.txt", "-c[1].txt", "gone.pdf"}) {
		t.Errorf("%q", got)
	}
	for _, i := range []int{0, 4} {
		if d := st.Docs.List[i]; d.Status != DocProblem || d.Advice.Code != "file-missing" {
			t.Errorf("%s: %+v", d.Name, d.Advice)
		}
	}
}
