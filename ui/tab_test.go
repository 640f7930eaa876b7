package ui

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/assets"
)

// TestTabWalk walks through every scene, and every panel, with the Tab key alone: it comes to each control that is on
// once, in the order of reading, and then back to the first; never to one that is off, hidden or behind a panel.
func TestTabWalk(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			u := s.open(t, assets.FS, 1280, 800, nil)
			root := fyne.CanvasObject(u.shell.object)
			if u.asking != nil {
				root = u.asking.panel.object
			}
			stops := tabStops(root)
			if u.asking != nil && u.asking.panel.first == nil && len(stops) == 0 {
				return // the keys are those of the reader
			}
			if len(stops) == 0 {
				t.Fatal("nothing here takes the keyboard")
			}
			walked := tabRound(u, len(stops))
			at := map[fyne.Focusable]int{}
			for i, f := range walked {
				if n, twice := at[f]; twice {
					t.Errorf("stop %d is stop %d again: %s", i, n, nameOf(f))
				}
				at[f] = i
				if _, ok := stops[f]; !ok {
					t.Errorf("Tab comes to %s, which is not to be seen or not on", nameOf(f))
				}
			}
			for f := range stops {
				if _, ok := at[f]; !ok {
					t.Errorf("Tab never comes to %s", nameOf(f))
				}
			}
			inReadingOrder(t, u, walked, stops)
		})
	}
}

// stop is where a control lies: in which scroller, if any, and the object that is placed.
type stop struct {
	in     *container.Scroll
	object fyne.CanvasObject
}

// tabStops are the controls below o that can be seen and are on.
func tabStops(o fyne.CanvasObject) map[fyne.Focusable]stop {
	stops := map[fyne.Focusable]stop{}
	var look func(o fyne.CanvasObject, in *container.Scroll)
	look = func(o fyne.CanvasObject, in *container.Scroll) {
		if s, ok := o.(*container.Scroll); ok {
			in = s
		}
		f, ok := o.(fyne.Focusable)
		if d, off := o.(fyne.Disableable); off && d.Disabled() {
			ok = false
		}
		if ok && o.Visible() {
			stops[f] = stop{in, o}
		}
		switch x := o.(type) {
		case *fyne.Container:
			for _, c := range x.Objects {
				if x.Visible() {
					look(c, in)
				}
			}
		case *container.Scroll:
			look(x.Content, in)
		}
	}
	look(o, nil)
	return stops
}

// tabRound presses Tab until it comes back to the first stop, or to none, or has had more than there can be.
func tabRound(u *UI, most int) []fyne.Focusable {
	c := u.window.Canvas()
	c.Unfocus()
	var walked []fyne.Focusable
	for range most + 5 {
		f := c.Focused()
		if tabs, ok := f.(fyne.Tabbable); ok && tabs.AcceptsTab() {
			f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyTab})
		} else {
			c.FocusNext()
		}
		f = c.Focused()
		if f == nil || len(walked) > 0 && f == walked[0] {
			break
		}
		walked = append(walked, f)
	}
	return walked
}

// inReadingOrder wants no stop wholly above the one before it in the same column.
func inReadingOrder(t *testing.T, u *UI, walked []fyne.Focusable, stops map[fyne.Focusable]stop) {
	t.Helper()
	for i := 1; i < len(walked); i++ {
		a, b := stops[walked[i-1]], stops[walked[i]]
		if a.object == nil || b.object == nil || a.in != b.in {
			continue
		}
		d := u.app.Driver()
		from, to := d.AbsolutePositionForObject(a.object), d.AbsolutePositionForObject(b.object)
		beside := to.X >= from.X+a.object.Size().Width || to.X+b.object.Size().Width <= from.X
		if !beside && to.Y+b.object.Size().Height <= from.Y {
			t.Errorf("after %s comes %s, which stands above it", nameOf(walked[i-1]), nameOf(walked[i]))
		}
	}
}

func nameOf(f fyne.Focusable) string {
	if a, ok := f.(fyne.Accessible); ok {
		return fmt.Sprintf("%T %q", f, a.AccessibilityLabel())
	}
	return fmt.Sprintf("%T", f)
}

// TestFocusStays: what is built anew gives the keyboard back; what is gone hands it to its neighbour in the settings, and
// to nobody on a page where Enter does something.
func TestFocusStays(t *testing.T) {
	anchors := func(names ...string) *app.Trust {
		tr := &app.Trust{}
		for _, n := range names {
			tr.Anchors = append(tr.Anchors, app.Anchor{ID: n, Name: n, NotAfter: day(2030, 1, 1)})
		}
		return tr
	}
	u, _, _ := window(t, state(func(s *app.State) { s.Trust = anchors("Uno", "Due") }), 1280, 800)
	u.turn(pageSettings)
	show := func(change func(*app.State)) {
		next := *u.latest.Load()
		change(&next)
		u.latest.Store(&next)
		u.show(&next)
	}
	focus := func(name string) {
		t.Helper()
		for _, c := range controlsIn(u.views[u.page].Object()) {
			if c.name == name {
				u.window.Canvas().Focus(c.stands)
				return
			}
		}
		t.Fatalf("no control %q", name)
	}
	has := func(want string) {
		t.Helper()
		got := ""
		for _, c := range controlsIn(u.views[u.page].Object()) {
			if c.focused {
				got = c.name
			}
		}
		if got != want {
			t.Errorf("the focus is on %q, want %q", got, want)
		}
	}
	fetch, add := u.k.T("ui.set.lists.fetch"), u.k.T("ui.set.anchors.add")
	focus(fetch)
	show(func(s *app.State) { s.Trust = anchors("Uno", "Due") })
	has(fetch)
	remove := func(name string) string { return controlNamed(u, name) }
	focus(remove("Uno"))
	show(func(s *app.State) { s.Trust = anchors("Due") })
	has(remove("Due"))
	show(func(s *app.State) { s.Trust = anchors() })
	has(add)
	u.turn(pageSign)
	show(func(s *app.State) { s.Docs = docs(app.DocReady, "a.pdf") })
	list := controlsIn(u.views[u.page].Object())
	focus(list[len(list)-1].name) // the button that signs
	show(func(s *app.State) {
		s.Docs = docs(app.DocSigned, "a.pdf")
		s.Job = &app.Job{Total: 1, Done: 1, Signed: 1}
	})
	has("")
}

// controlNamed is the name of the control of the page that speaks of word.
func controlNamed(u *UI, word string) string {
	for _, c := range controlsIn(u.views[u.page].Object()) {
		if strings.Contains(c.name, word) {
			return c.name
		}
	}
	return ""
}
