package ui

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// Words and buttons are made larger and smaller from the keyboard, within the sizes of the settings.
func TestSizeByKeyboard(t *testing.T) {
	for name, c := range map[string]struct {
		scale int
		key   fyne.KeyName
		want  int // 0 for no change
	}{
		"larger":            {0, fyne.KeyPlus, 125},
		"larger, no keypad": {125, fyne.KeyEqual, 150},
		"largest":           {200, fyne.KeyPlus, 0},
		"smaller":           {150, fyne.KeyMinus, 125},
		"to the usual":      {125, fyne.KeyMinus, 100},
		"smallest":          {0, fyne.KeyMinus, 0},
		"smallest, named":   {100, fyne.KeyMinus, 0},
		"back":              {200, fyne.Key0, 100},
		"between":           {160, fyne.KeyPlus, 175},
	} {
		t.Run(name, func(t *testing.T) {
			u, f, _ := window(t, state(func(s *app.State) { s.Settings = &app.Settings{Scale: c.scale, Theme: "dark"} }), 1000, 700)
			f.set = u.settings
			u.shortcut(c.key)
			if got := slices.Contains(f.said, "set"); got != (c.want != 0) || got && (f.set.Scale != c.want || f.set.Theme != "dark") {
				t.Errorf("said %q, set %+v", f.said, f.set)
			}
		})
	}
}

// Over a question too the size changes, and what was typed of a PIN is wiped with the field that it stood in.
func TestSizeOverAQuestion(t *testing.T) {
	u, f, _ := window(t, state(nil), 1000, 700)
	u.openSheet(func(a *asking) *panel { return u.pinPanel(signQuestion(3, app.NotPractice), func(*app.PIN) {}, a.shut) })
	old := u.asking.panel.field
	old.TypedRune('1')
	u.shortcut(fyne.KeyPlus)
	if !slices.Contains(f.said, "set") {
		t.Fatalf("said %q", f.said)
	}
	next := *u.latest.Load()
	next.Settings = &app.Settings{Scale: 125}
	u.latest.Store(&next)
	u.show(&next)
	if u.asking == nil || u.asking.panel.field == old || u.k.scale != 1.25 {
		t.Fatal("the question is not larger")
	}
	if n := old.pin.Len() + u.asking.panel.field.pin.Len(); n != 0 {
		t.Errorf("%d digits are left", n)
	}
	if u.shortcut(fyne.Key4); u.page == pageHelp {
		t.Error("the page turns behind the question")
	}
}

// F5 does once more what the page tells of, Ctrl+P prints it, Ctrl+Q leaves; none of them acts behind a question.
func TestKeysOfThePages(t *testing.T) {
	again := func(u *UI) { u.typedKey(&fyne.KeyEvent{Name: fyne.KeyF5}) }
	for name, c := range map[string]struct {
		page pageID
		st   *app.State
		do   func(*UI)
		want string
	}{
		"verify again":      {pageVerify, verifiedState("a.p7m"), again, "verify /casa/anna/Documenti/a.p7m "},
		"folder again":      {pageVerify, state(func(s *app.State) { s.Folder = &app.Folder{Path: "/x"} }), again, "verify /x"},
		"nothing to verify": {pageVerify, state(func(*app.State) {}), again, ""},
		"print":             {pageVerify, verifiedState("a.p7m"), func(u *UI) { u.shortcut(fyne.KeyP) }, "print"},
		"nothing to print":  {pageSign, verifiedState("a.p7m"), func(u *UI) { u.shortcut(fyne.KeyP) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			u, f, _ := window(t, c.st, 1000, 700)
			u.turn(c.page)
			f.said = nil
			c.do(u)
			if want := c.want; want == "" && len(f.said) > 0 || want != "" && !slices.Contains(f.said, want) {
				t.Errorf("said %q", f.said)
			}
			u.openWhere()
			f.said = nil
			c.do(u)
			if len(f.said) > 0 {
				t.Errorf("behind a question: %q", f.said)
			}
		})
	}
	u, _, _ := window(t, state(func(*app.State) {}), 1000, 700)
	left := 0
	u.quit = func() { left++ }
	u.shortcut(fyne.KeyQ)
	u.shortcut(fyne.KeyW)
	u.openWhere()
	u.shortcut(fyne.KeyQ)
	if left != 2 {
		t.Errorf("left %d times", left)
	}
}

func verifiedState(name string) *app.State {
	return state(func(s *app.State) { s.Verify = verification(name, report(1, 1, "", 1)) })
}
