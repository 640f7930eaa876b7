package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"ceralacca/app"
)

// hovers puts the mouse on o until the hint comes.
func hovers(t *testing.T, u *UI, q *posts, o desktop.Hoverable) *hint {
	t.Helper()
	o.MouseIn(&desktop.MouseEvent{})
	h := u.hintHere()
	if h.object.Visible() {
		t.Error("the hint comes at once")
	}
	q.until(t, "the hint comes", h.object.Visible)
	return h
}

// What has a drawing alone says what it is called where the mouse rests, and a file where it lies.
func TestHint(t *testing.T) {
	st := withChoices(func(*app.State, *app.SignChoices) {})
	find := func(t *testing.T, root fyne.CanvasObject, is func(fyne.CanvasObject) bool) (found fyne.CanvasObject) {
		t.Helper()
		walk(root, func(o fyne.CanvasObject) bool {
			if found == nil && is(o) {
				found = o
			}
			return found == nil
		})
		if found == nil {
			t.Fatal("not found")
		}
		return found
	}
	for name, c := range map[string]struct {
		is   func(fyne.CanvasObject) bool
		want func(u *UI) string
	}{
		"the cross of a row": {
			func(o fyne.CanvasObject) bool { b, ok := o.(*tap); return ok && b.hint != "" },
			func(u *UI) string { return u.k.T("preview.open") },
		},
		"the name of a file": {
			func(o fyne.CanvasObject) bool { _, ok := o.(*named); return ok },
			func(*UI) string { return st.Docs.List[0].Path },
		},
	} {
		t.Run(name, func(t *testing.T) {
			u, _, q := window(t, st, 1000, 700)
			o := find(t, u.views[pageSign].(*signView).list.scroll.Content, c.is)
			h := hovers(t, u, q, o.(desktop.Hoverable))
			if got := together(words(h.object)); got != together(c.want(u)) {
				t.Errorf("it says %q", got)
			}
			at, size, all := h.object.Position(), h.object.Size(), u.window.Canvas().Size()
			if at.X < 0 || at.Y < 0 || at.X+size.Width > all.Width || at.Y+size.Height > all.Height {
				t.Errorf("it lies at %v, %v large", at, size)
			}
			u.show(u.latest.Load())
			if !h.object.Visible() {
				t.Error("it goes with a State that changes nothing")
			}
			o.(desktop.Hoverable).MouseOut()
			if h.object.Visible() {
				t.Error("it stays when the mouse has gone")
			}
		})
	}
	t.Run("of what is gone", func(t *testing.T) {
		u, _, q := window(t, st, 1000, 700)
		o := find(t, u.views[pageSign].(*signView).list.scroll.Content, func(o fyne.CanvasObject) bool { _, ok := o.(*named); return ok })
		h := hovers(t, u, q, o.(desktop.Hoverable))
		u.turn(pageCard)
		if h.object.Visible() {
			t.Error("it stays on another page")
		}
	})
	t.Run("left before it comes", func(t *testing.T) {
		u, _, q := window(t, st, 1000, 700)
		o := find(t, u.views[pageSign].(*signView).list.scroll.Content, func(o fyne.CanvasObject) bool { _, ok := o.(*named); return ok }).(*named)
		o.MouseIn(nil)
		o.MouseOut()
		second := u.shell.bar.press
		second.hint = "due"
		hovers(t, u, q, second) // later than the first would have come
		if got := words(u.shell.hint.object); got != "due" {
			t.Errorf("it says %q", got)
		}
	})
	t.Run("by Tab, and not by a click", func(t *testing.T) {
		u, _, _ := window(t, previewed("distinta_EX2611.pdf", func(p *app.Preview) { p.View.Facts.Pages = 3 }), 1000, 700)
		b := controls(u.window.Canvas().Content())[u.k.T("preview.larger")].(*press)
		c := u.window.Canvas()
		c.Focus(b)
		if u.shell.hint.object.Visible() {
			t.Error("it comes without Tab")
		}
		b.KeyDown(&fyne.KeyEvent{Name: fyne.KeyTab})
		c.FocusPrevious()
		if got := words(u.shell.hint.object); !u.shell.hint.object.Visible() || !strings.Contains(got, u.k.T("preview.smaller")) {
			t.Errorf("by Tab it says %q", got)
		}
		c.Unfocus()
		if u.shell.hint.object.Visible() {
			t.Error("it stays when the keyboard has gone")
		}
	})
}
