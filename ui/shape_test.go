package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

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
	walk(root, func(o fyne.CanvasObject) bool {
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
			return true
		case *tap:
			note("tap", x.name, false, x)
		case *rowList:
			note("list", fmt.Sprint(x.n), false, x)
			return true
		case *pinField:
			note("pin", fmt.Sprint(x.pin.Len()), false, x)
		default:
			return true
		}
		return false
	})
	return out
}

// TestShapesGolden holds the structure of every scene at 800×600. It is the same in every language: the golden is made
// without words, and each language must have as many controls of the same kinds in the same order.
func TestShapesGolden(t *testing.T) {
	files := wordless(t)
	var got strings.Builder
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			u := s.open(t, files, 800, 600, nil)
			fmt.Fprintf(&got, "== %s ==\n%s\n", s.name, strings.Join(shapeOf(u, seenOf(u)), "\n"))
		})
	}
	golden(t, "shapes.txt", got.String())
}

// TestLanguageSwitches shows every scene in every language, all but the first by a switch while the window stands: no
// placeholder and no key is on it, no control outside it, nothing of the former language stays, and no language loses or
// gains a control. The language before the first switch is one that does not exist, so that its words are known wherever
// they are left.
func TestLanguageSwitches(t *testing.T) {
	files := pseudoFiles(t, lang.Languages[0])
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			u := s.open(t, assets.FS, 800, 600, nil)
			first := kindsOf(u)
			checkScene(t, u)
			u = s.open(t, files, 800, 600, nil)
			for _, tag := range lang.Languages[1:] {
				next, set := *u.latest.Load(), u.settings
				set.Language = tag
				next.Settings = &set
				u.latest.Store(&next)
				u.show(&next)
				for _, line := range texts(seenOf(u)) {
					if strings.Contains(line.Text, pseudoMark) {
						t.Errorf("%q stays in %s", line.Text, tag)
					}
				}
				if s.then != nil { // what was unfolded or typed is not kept, and a guide begins anew
					if u.asking != nil {
						u.asking.shut()
					}
					s.then(u)
				}
				checkScene(t, u)
				if kinds := kindsOf(u); !slices.Equal(first, kinds) {
					t.Errorf("%s has %v, %s has %v", lang.Languages[0], first, tag, kinds)
				}
			}
		})
	}
}

// checkScene finds what no page may show in any language: a key, a mark of the texts, a control outside the window.
func checkScene(t *testing.T, u *UI) {
	t.Helper()
	said := words(u.shell.object)
	if u.asking != nil {
		said += words(u.asking.panel.object)
	}
	for _, bad := range []string{"[ui.", "[advice.", "[pin.", "[verdict.", "[sub.", "[confirm.", "{", "}", "**"} {
		if strings.Contains(said, bad) {
			t.Errorf("%q is on the screen in %s:\n%s", bad, u.k.Tag(), said)
		}
	}
	width := u.window.Canvas().Size().Width
	for name, c := range controls(u.shell.object) {
		x := u.app.Driver().AbsolutePositionForObject(c).X
		if x < 0 || x+c.Size().Width > width+1 {
			t.Errorf("control %q lies from %.0f to %.0f in a window of %.0f", name, x, x+c.Size().Width, width)
		}
	}
}

// kindsOf are the kinds of the controls that are seen, in their order.
func kindsOf(u *UI) []string {
	var kinds []string
	for _, line := range shapeOf(u, seenOf(u)) {
		kind, _, _ := strings.Cut(line, " ")
		if kind == "chosen" { // the language itself is a choice
			kind = "choice"
		}
		kinds = append(kinds, kind)
	}
	return kinds
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
