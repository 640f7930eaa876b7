package app

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// A goroutine that stands still holds the end for a moment, one with a command of a card as long as that takes, and one
// with an output as long as it moves, and a while longer.
func TestEndOfTheProgram(t *testing.T) {
	for _, c := range []struct {
		name string
		work func(let <-chan struct{})
		all  bool
		took time.Duration
	}{
		{"nothing", nil, true, 0},
		{"ends by itself", func(<-chan struct{}) { time.Sleep(500 * time.Millisecond) }, true, 500 * time.Millisecond},
		{"a read that never answers", func(let <-chan struct{}) { <-let }, false, silent},
		{"a command of a card", func(<-chan struct{}) {
			defer begun(&unfinished.commands)()
			time.Sleep(40500 * time.Millisecond)
		}, true, 40500 * time.Millisecond},
		{"an output that is being flushed", func(<-chan struct{}) {
			defer begun(&unfinished.outputs)()
			time.Sleep(9500 * time.Millisecond)
		}, true, 9500 * time.Millisecond},
		{"an output that moves", func(<-chan struct{}) {
			for range 100 {
				time.Sleep(900 * time.Millisecond)
				unfinished.moved.Add(1)
			}
		}, true, 90 * time.Second},
		{"an output on a share that has gone silent", func(let <-chan struct{}) {
			defer begun(&unfinished.outputs)()
			<-let
		}, false, silentOutput},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				let := make(chan struct{})
				var w crew
				if c.work != nil {
					w.Go(func() { c.work(let) })
				}
				began := time.Now()
				if all := w.awaitEnd(); all != c.all || time.Since(began) != c.took {
					t.Errorf("all ended: %v, after %v", all, time.Since(began))
				}
				close(let)
				w.Wait()
			})
		})
	}
}

// While an output is written, checked and named, and a card is asked, the end of the program is told of it.
func TestUnfinishedWorkIsSeen(t *testing.T) {
	out := filepath.Join(t.TempDir(), "a.pdf")
	moved := unfinished.moved.Load()
	err := writeNew(t.Context(), out, func(w io.Writer) error {
		if unfinished.outputs.Load() != 0 {
			t.Error("what is not being written yet holds the end")
		}
		_, err := io.WriteString(w, "x")
		return err
	}, func(*os.File) error {
		if unfinished.outputs.Load() != 1 {
			t.Error("an output that is being checked does not hold the end")
		}
		return errors.New("no good")
	})
	if err == nil || unfinished.outputs.Load() != 0 || unfinished.moved.Load() == moved {
		t.Errorf("%v; %d under way, moved %v", err, unfinished.outputs.Load(), unfinished.moved.Load() != moved)
	}
}

// deadShare has every file opened from now on wait until the test lets go.
func deadShare(t *testing.T) (met <-chan string) {
	t.Helper()
	asked, let := make(chan string, 64), make(chan struct{})
	openFile = func(path string) (*os.File, error) {
		asked <- path
		<-let
		return nil, os.ErrClosed
	}
	t.Cleanup(func() { openFile = os.Open; close(let) })
	return asked
}

// Whatever reads a file, the program ends although the share does not answer.
func TestDeadShareDoesNotHoldTheEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		ask  func(s *Store, file string)
	}{
		{"looking at a new file", func(s *Store, file string) { s.Add(file) }},
		{"verification", func(s *Store, file string) { s.Verify(file) }},
		{"verification of a folder", func(s *Store, file string) { s.Verify(filepath.Dir(file)) }},
		{"preview", func(s *Store, file string) { s.Preview(file) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, _ := practiceEngine(t)
			file := put(t, t.TempDir(), "a.pdf", []byte("%PDF-1.7"))
			met := deadShare(t)
			s := NewStore(e)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- s.Run(ctx, &answers{}) }()
			c.ask(s, file)
			select {
			case <-met:
			case <-time.After(30 * time.Second):
				t.Error("no file was opened")
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// A file that takes long to be written is told after a moment, and can be given up; the one that follows is told then.
func TestErrand(t *testing.T) {
	e, _ := practiceEngine(t)
	w := runStore(t, e, &answers{})
	let := map[string]chan error{"a.ics": make(chan error), "b.ics": make(chan error)}
	begin := func(name string) {
		w.post(func(st State) State {
			w.run("errand.save", "/x/"+name, func(context.Context) (change, error) {
				err := <-let[name]
				return toldSaved(name, err), err
			})
			return st
		})
	}
	begin("a.ics")
	st := w.until("told", func(st *State) bool { return st.Errand != nil })
	if st.Errand.What.Args["name"] != "a.ics" {
		t.Errorf("%+v", st.Errand)
	}
	begin("b.ics")
	w.StopErrand(st.Errand.ID)
	w.until("the next", func(st *State) bool { return st.Errand != nil && st.Errand.What.Args["name"] == "b.ics" })
	let["a.ics"] <- context.Canceled // not told: it was given up
	let["b.ics"] <- nil
	st = w.until("over", func(st *State) bool { return st.Errand == nil && st.Saved != nil })
	if st.Saved.Path != "b.ics" {
		t.Errorf("%+v", st.Saved)
	}
}
