package ui

import (
	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// looked is the room of a page from which files are looked at: the page itself, or the preview in its place.
type looked struct {
	u       *UI
	page    pageID
	object  *fyne.Container
	frame   *frame // of the page
	preview *previewView
	back    func() // puts the focus where it was when the preview closes
}

func newLooked(u *UI, page pageID, f *frame, back func()) *looked {
	return &looked{u: u, page: page, object: flex(f.object), frame: f, preview: newPreviewView(u), back: back}
}

// look opens the preview of the file at path in the place of the page that is shown.
func (u *UI) look(path string) {
	u.lookedFrom = u.page
	u.store.Preview(path)
}

// open reports whether the preview stands in the place of the page.
func (l *looked) open() bool { return l.preview.last != nil }

// show shows the preview that was opened from this page, or the page.
func (l *looked) show(p *app.Preview) {
	if p != nil && l.u.lookedFrom == l.page {
		l.object.Objects = []fyne.CanvasObject{l.preview.frame.object}
		l.preview.Show(p)
		return
	}
	l.object.Objects = []fyne.CanvasObject{l.frame.object}
	if l.open() {
		l.preview.closed()
		l.object.Refresh()
		if l.u.page == l.page {
			l.back()
		}
	}
}
