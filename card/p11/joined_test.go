//go:build cgo

package p11_test

import (
	"context"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
)

// The libraries are exchanged while the program runs: what was watched goes on as it was, whoever watches anew sees the
// other library's key, and of the former library no process stays.
func TestJoined(t *testing.T) {
	b, path, log := chamber(t, "")
	o := quick
	o.List = func() []string { return nil }
	j := p11.Join(card.CNS(b), o, false)
	defer j.Close()

	keys := func(s card.Slot) int {
		t.Helper()
		tok, err := j.Open(t.Context(), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer tok.Close()
		list, err := tok.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	look := func(what string, fits func(card.Slot) bool) { // and leaves nobody watching
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		seen := false
		err := j.Watch(ctx, func(x card.Snapshot) {
			if !seen && len(x.Slots) > 0 && fits(x.Slots[0]) {
				seen = true
				cancel()
			}
		})
		if err != nil || !seen {
			t.Fatalf("%s: never seen, %v", what, err)
		}
	}

	ctx, leave := context.WithCancel(t.Context())
	first, gone := make(chan card.Slot, 1), make(chan error, 1)
	go func() {
		gone <- j.Watch(ctx, func(x card.Snapshot) {
			select {
			case first <- x.Slots[0]:
			default:
			}
		})
	}()
	if n := keys(<-first); n != 1 || len(j.Probe(t.Context())) != 0 {
		t.Errorf("%d keys without a library", n)
	}
	j.Use(path)
	if count(t, log, "C_Initialize") != 0 {
		t.Error("loaded before anybody watches")
	}
	look("the key of the library", func(s card.Slot) bool { return s.State == card.Present && keys(s) == 2 })
	if list := j.Probe(t.Context()); len(list) != 1 || list[0].State != card.LibraryWorks {
		t.Errorf("in use: %+v", list)
	}
	leave()
	if err := <-gone; err != nil {
		t.Error(err)
	}
	j.Use("")
	if err := j.Close(); err != nil || len(children(t)) != 0 {
		t.Errorf("%d helpers stay, %v", len(children(t)), err)
	}
	look("the driver's key alone", func(s card.Slot) bool { return s.State == card.Present && keys(s) == 1 })
}

func TestJoinedTry(t *testing.T) {
	path, log := fake(t, "")
	j := p11.Join(nil, quick, false)
	if m := j.Try(t.Context(), path); m.State != card.LibraryWorks || m.Cards != 1 || m.Err != nil {
		t.Errorf("%+v", m)
	}
	if m := j.Try(t.Context(), "/nowhere/x.so"); m.State != card.LibraryFails || m.Name != "x.so" || m.Err == nil {
		t.Errorf("%+v", m)
	}
	if err := j.Close(); err != nil || len(children(t)) != 0 || count(t, log, "C_Login") != 0 {
		t.Errorf("%v, %d helpers", err, len(children(t)))
	}
}
