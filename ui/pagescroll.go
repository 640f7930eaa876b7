package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// This file is how a document is read from its first page to its last: what goes on below the sheet is shown first, and
// then the next page from its beginning.

// pageScroll moves an enlarged page. The wheel goes on to the next page when it is turned anew at the end of this one.
type pageScroll struct {
	container.Scroll
	sheet *pageSheet
	last  time.Time // when the wheel was turned last
	now   func() time.Time
}

// wheelRest is how long the wheel rests before turning it counts as a new movement: one long turn never skips a page.
const wheelRest = 300 * time.Millisecond

func newPageScroll(s *pageSheet) *pageScroll {
	p := &pageScroll{sheet: s, now: time.Now}
	p.Content, p.Direction = s.body, container.ScrollBoth
	p.ExtendBaseWidget(p)
	return p
}

// Scrolled implements fyne.Scrollable.
func (p *pageScroll) Scrolled(e *fyne.ScrollEvent) {
	now := p.now()
	anew := now.Sub(p.last) > wheelRest
	p.last = now
	dir := 1
	if e.Scrolled.DY > 0 {
		dir = -1
	}
	if e.Scrolled.DY == 0 || p.sheet.mark != nil || p.more(dir) {
		p.Scroll.Scrolled(e)
		return
	}
	if anew {
		p.sheet.turn(dir)
	}
}

// more reports whether the page goes on below, or above, what is seen.
func (p *pageScroll) more(dir int) bool {
	end := p.Content.Size().Height - p.Size().Height
	if dir > 0 {
		return p.Offset.Y < end-1
	}
	return p.Offset.Y > 1
}

// readOn shows what follows, or what comes before: more of the page, else its neighbour.
func (s *pageSheet) readOn(dir int) {
	if s.mark == nil && s.scroll.more(dir) {
		s.scroll.ScrollToOffset(s.scroll.Offset.AddXY(0, float32(dir)*0.9*s.Size().Height))
		return
	}
	s.turn(dir)
}

// turn goes to the next page from its beginning, or to the one before from its end.
func (s *pageSheet) turn(dir int) {
	key := fyne.KeyPageDown
	if dir < 0 {
		key = fyne.KeyPageUp
	}
	at := s.page
	if s.key == nil || !s.key(&fyne.KeyEvent{Name: key}) || s.page == at {
		return
	}
	if dir < 0 {
		s.scroll.ScrollToBottom()
	}
}
