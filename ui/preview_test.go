package ui

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"ceralacca/app"
)

// TestPreviewByKeyboard walks from the list into the preview, through its pages and back, without a mouse.
func TestPreviewByKeyboard(t *testing.T) {
	st := state(func(s *app.State) { s.Docs = docs(app.DocReady, fiveNames...) })
	u, f, _ := window(t, st, 1000, 700)
	c := u.window.Canvas()
	press := func(key fyne.KeyName) {
		t.Helper()
		if c.Focused() == nil {
			u.typedKey(&fyne.KeyEvent{Name: key})
			return
		}
		c.Focused().TypedKey(&fyne.KeyEvent{Name: key})
	}
	said := func(want string) {
		t.Helper()
		if !slices.Contains(f.said, want) {
			t.Fatalf("%q was not said but %q", want, f.said)
		}
		f.said = nil
	}
	view := u.views[pageSign].(*signView)
	c.Focus(view.list)
	press(fyne.KeySpace)
	said("preview " + st.Docs.List[0].Path)

	open := previewed("distinta_EX2611.pdf", nil)
	u.latest.Store(open)
	u.show(open)
	if c.Focused() != fyne.Focusable(view.preview.sheet) {
		t.Fatalf("focus is on %T, not on the page", c.Focused())
	}
	said("page 0 text false")
	for range 9 { // the rest of the page comes first
		if press(fyne.KeyPageDown); view.preview.page > 0 {
			break
		}
	}
	said("page 1 text false")
	press(fyne.KeyEnd)
	said("page 11 text false")
	press(fyne.KeyT)
	said("page 11 text true")
	press(fyne.KeyT)
	said("page 11 text false")
	before := view.preview.sheet.zoom
	c.Focused().TypedRune('+')
	if view.preview.sheet.zoom != before+1 {
		t.Errorf("+ does not enlarge")
	}
	u.window.Resize(fyne.NewSize(800, 600))
	press(fyne.KeyEscape)
	said("close preview")
	u.latest.Store(st)
	u.show(st)
	if c.Focused() != fyne.Focusable(view.list) {
		t.Errorf("focus is on %T afterwards, not on the list", c.Focused())
	}
}

// TestPreviewByMouse: the eye in the row opens it, the arrow closes it, the digest is copied.
func TestPreviewByMouse(t *testing.T) {
	st := previewed("disegno.dwg", func(p *app.Preview) { p.View, p.Page = &app.View{}, nil })
	u, f, _ := window(t, st, 1000, 700)
	var copies, back *press
	var walk func(o fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *fyne.Container:
			for _, x := range o.Objects {
				walk(x)
			}
		case *button:
			if o.name == u.k.T("preview.sha.copy") {
				copies = o.press
			}
		case *press:
			if o.name == u.k.T("preview.back.list") {
				back = o
			}
		}
	}
	walk(u.views[pageSign].Object().(*fyne.Container).Objects[0].(*fyne.Container))
	walk(scrollerOf(u.views[pageSign].Object()).Content)
	if copies == nil || back == nil {
		t.Fatal("no button to copy the digest, or none to go back")
	}
	test.Tap(copies)
	if got := u.app.Clipboard().Content(); got != exampleHash {
		t.Errorf("clipboard holds %q", got)
	}
	test.Tap(back)
	if !slices.Contains(f.said, "close preview") {
		t.Errorf("said %q", f.said)
	}
}

// TestDigestInNarrowWindow reads and copies the digest where the bar has no room for it.
func TestDigestInNarrowWindow(t *testing.T) {
	st := previewed("distinta_EX2611.pdf", nil)
	st.Settings.Scale = 200
	u, _, _ := window(t, st, 800, 600)
	press1(t, u, u.k.T("preview.sha"))
	if u.asking == nil {
		t.Fatal("nothing opens")
	}
	u.window.Canvas().FocusPrevious()
	typed(t, u, fyne.KeyReturn)
	if got := u.app.Clipboard().Content(); got != exampleHash {
		t.Errorf("clipboard holds %q", got)
	}
	typed(t, u, fyne.KeyEscape)
	if u.asking != nil {
		t.Error("Esc does not leave")
	}
}

func TestBreakLine(t *testing.T) {
	for in, want := range map[string]string{
		"corta":             "corta",
		"una riga di testo": "una riga/di testo",
		"  rientro lungo x": "  rientro/  lungo x",
		"senzaspaziaffatto": "senzaspazi/affatto",
		"":                  "",
	} {
		if got := strings.Join(breakLine(in, 10), "/"); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
