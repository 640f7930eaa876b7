package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"ceralacca/app/lang"
	"ceralacca/assets"
)

// shapeOf is the structure of what is shown, a line for each control in the order of the tree: its kind, the key of its
// words, whether it is off, and where it lies in the window: left or right of the middle, in the bar at the foot, or out
// of sight. Words may change without it; a control that goes, moves to another place or changes its rank may not.
func shapeOf(u *UI, root fyne.CanvasObject) []string {
	var out []string
	window := u.window.Canvas().Size()
	note := func(kind, name string, off bool, o fyne.CanvasObject) {
		at := u.app.Driver().AbsolutePositionForObject(o)
		place := "left"
		switch {
		case at.Y >= window.Height || at.Y+o.Size().Height <= 0:
			place = "below"
		case at.X+o.Size().Width/2 > window.Width/2:
			place = "right"
		}
		if off {
			place += " off"
		}
		out = append(out, fmt.Sprintf("%s %s %s", kind, name, place))
	}
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		if o == nil || !o.Visible() {
			return
		}
		switch x := o.(type) {
		case *button:
			note([]string{"outlined", "inked", "sealing", "small"}[x.rank], x.name, x.off, x)
		case *choice:
			kind := "choice"
			if x.chosen {
				kind = "chosen"
			}
			note(kind, x.name, x.off, x)
		case *press:
			note("press", x.name, x.off, x)
			walk(x.body)
		case *tap:
			note("tap", x.name, false, x)
		case *rowList:
			note("list", fmt.Sprint(x.n), false, x)
			for _, c := range x.body.Objects {
				walk(c)
			}
		case *pinField:
			note("pin", fmt.Sprint(x.pin.Len()), false, x)
		case *fyne.Container:
			for _, c := range x.Objects {
				walk(c)
			}
		case *container.Scroll:
			walk(x.Content)
		case fyne.Widget:
			for _, c := range test.WidgetRenderer(x).Objects() {
				walk(c)
			}
		}
	}
	walk(root)
	return out
}

// TestShapesGolden holds the structure of every scene at 800×600. It is the same in every language: the golden is made
// without words, and each language must have as many controls of the same kinds in the same order.
func TestShapesGolden(t *testing.T) {
	files := wordless(t)
	var got strings.Builder
	for _, s := range scenes() {
		f := &fakeStore{}
		u := newUI(tempApp(t), f, s.state, files)
		u.post, u.now = newPosts().post, func() time.Time { return today }
		clear(u.waiting)
		u.window.Resize(fyne.NewSize(800, 600))
		u.turn(s.page)
		if s.then != nil {
			s.then(u)
		}
		fmt.Fprintf(&got, "== %s ==\n%s\n", s.name, strings.Join(shapeOf(u, seenOf(u)), "\n"))
		u.window.Close()
	}
	golden(t, "shapes.txt", got.String())
}

// TestShapesInEveryLanguage holds that no language loses or gains a control.
func TestShapesInEveryLanguage(t *testing.T) {
	for _, s := range scenes() {
		var first []string
		for _, tag := range lang.Languages {
			st, set := *s.state, *s.state.Settings
			set.Language = tag
			st.Settings = &set
			u := newUI(tempApp(t), &fakeStore{}, &st, assets.FS)
			u.post, u.now = newPosts().post, func() time.Time { return today }
			clear(u.waiting)
			u.window.Resize(fyne.NewSize(800, 600))
			u.turn(s.page)
			if s.then != nil {
				s.then(u)
			}
			var kinds []string
			for _, line := range shapeOf(u, seenOf(u)) {
				kind := line[:strings.IndexByte(line, ' ')]
				if kind == "chosen" { // the language itself is a choice
					kind = "choice"
				}
				kinds = append(kinds, kind)
			}
			u.window.Close()
			if first == nil {
				first = kinds
			} else if strings.Join(first, " ") != strings.Join(kinds, " ") {
				t.Errorf("%s: %s has %v, %s has %v", s.name, lang.Languages[0], first, tag, kinds)
			}
		}
	}
}

// seenOf is what has the keyboard: the panel that is open, or the whole window.
func seenOf(u *UI) fyne.CanvasObject {
	if u.asking != nil {
		return u.asking.panel.object
	}
	return u.shell.object
}

// golden holds got against a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./ui -run Golden -update)", err)
	}
	if string(want) == got {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("line %d is %q, the golden has %q; if that is right: go test ./ui -run Golden -update", i+1, b[i], a[i])
		}
	}
	t.Fatalf("%d lines, the golden has %d", len(b), len(a))
}
