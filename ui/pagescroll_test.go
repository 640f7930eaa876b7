package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// A document is read with one key, or with the wheel, from its first page to its last: the rest of a page comes before
// the next one, which begins at its top; back again each page is shown from its end.
func TestReadOn(t *testing.T) {
	open := func(t *testing.T) (*previewView, *pageScroll) {
		u, _, _ := window(t, previewed("distinta_EX2611.pdf", func(p *app.Preview) { p.View.Facts.Pages = 3 }), 1280, 800)
		v := u.views[pageSign].(*signView).preview
		v.sheet.zoomBy(1)
		if !v.sheet.scroll.more(1) {
			t.Fatal("the page fits: there is nothing to read on")
		}
		return v, v.sheet.scroll
	}
	past := func(t *testing.T, s *pageScroll, dir int, step func()) {
		t.Helper()
		for range 50 {
			if !s.more(dir) {
				return
			}
			step()
		}
		t.Fatal("the end of the page never comes")
	}
	for name, keys := range map[string][2]fyne.KeyName{"page keys": {fyne.KeyPageDown, fyne.KeyPageUp}, "arrows": {fyne.KeyDown, fyne.KeyUp}} {
		t.Run(name, func(t *testing.T) {
			v, s := open(t)
			press := func(k fyne.KeyName) func() { return func() { v.sheet.TypedKey(&fyne.KeyEvent{Name: k}) } }
			past(t, s, 1, press(keys[0]))
			if v.page != 0 {
				t.Fatalf("page %d before the end of the first", v.page+1)
			}
			press(keys[0])()
			if v.page != 1 || s.more(-1) {
				t.Errorf("page %d, offset %v: want the beginning of the second", v.page+1, s.Offset)
			}
			press(keys[1])()
			if v.page != 0 || s.more(1) {
				t.Errorf("page %d, offset %v: want the end of the first", v.page+1, s.Offset)
			}
		})
	}
	t.Run("wheel", func(t *testing.T) {
		v, s := open(t)
		now := today
		s.now = func() time.Time { return now }
		wheel := func(by float32, wait time.Duration) {
			now = now.Add(wait)
			s.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: by}})
		}
		past(t, s, 1, func() { wheel(-200, 20*time.Millisecond) })
		for range 30 {
			wheel(-200, 20*time.Millisecond)
		}
		if v.page != 0 {
			t.Fatal("one long turn of the wheel skips to the next page")
		}
		wheel(-200, time.Second)
		wheel(-200, 20*time.Millisecond)
		if v.page != 1 {
			t.Errorf("page %d after the wheel was turned anew", v.page+1)
		}
		wheel(200, time.Second)
		wheel(200, time.Second)
		if v.page != 0 || s.more(1) {
			t.Errorf("page %d, offset %v: want the end of the first", v.page+1, s.Offset)
		}
	})
}
