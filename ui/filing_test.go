package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

func filingScene(t *testing.T, name string) *app.State {
	t.Helper()
	for _, s := range filingScenes() {
		if s.name == name {
			return s.state
		}
	}
	t.Fatalf("no scene %s", name)
	return nil
}

// inPanel presses a button of the open panel by its words.
func inPanel(t *testing.T, u *UI, words string) {
	t.Helper()
	if u.asking == nil {
		t.Fatal("no panel is open")
	}
	for name, o := range controls(u.asking.panel.object) {
		if strings.HasPrefix(name, words) {
			switch b := o.(type) {
			case *button:
				b.Tapped(nil)
			case *choice:
				b.Tapped(nil)
			case *press:
				b.Tapped(nil)
			}
			return
		}
	}
	t.Fatalf("no %q among %v", words, controls(u.asking.panel.object))
}

// What is said of several files in the same words is one card with their names; what one can do something about, or what
// is refused, stands for itself.
func TestFilingCards(t *testing.T) {
	point := func(file string, s app.Severity, code string, do app.FilingAction) app.FilingItem {
		return app.FilingItem{File: file, Severity: s, Code: code, Action: do}
	}
	items := []app.FilingItem{
		point("/a", app.SeverityDanger, "encrypted", app.FilingNothing), point("/b", app.SeverityDanger, "encrypted", app.FilingNothing),
		point("/a", app.SeverityWarning, "no-pdfa", app.FilingNothing), point("/b", app.SeverityWarning, "same-content", app.FilingRemove),
		point("/c", app.SeverityWarning, "same-content", app.FilingRemove), point("/b", app.SeverityWarning, "no-pdfa", app.FilingNothing),
		point("", app.SeverityWarning, "too-many", app.FilingNothing), point("/c", app.SeverityInfo, "no-pdfa", app.FilingNothing),
		point("/c", app.SeverityWarning, "no-pdfa", app.FilingNothing),
	}
	want := []string{"encrypted/a", "encrypted/b", "no-pdfa/a/b/c", "same-content/b", "same-content/c", "too-many", "no-pdfa/c"}
	for _, most := range []int{len(want), 3} { // what is beyond is counted
		cards, more := filingCards(items, most)
		var got []string
		for _, c := range cards {
			got = append(got, c.Code+strings.Join(c.files, ""))
		}
		if !slices.Equal(got, want[:most]) || more != len(want)-most {
			t.Errorf("of %d at most got %q and %d more, want %q", most, got, more, want)
		}
	}
}

// A point of a thousand files names as many as fit, and counts the others.
func TestFilingNames(t *testing.T) {
	u, _, _ := window(t, filingScene(t, "filing-refused"), 1280, 800)
	var files []string
	for i := range 1000 {
		files = append(files, fmt.Sprintf("/%d.pdf", i))
	}
	said := u.k.namesOf(files)
	if !strings.Contains(said, "23.pdf") || strings.Contains(said, "24.pdf") || !strings.Contains(said, u.k.Text(lang.MN("filing.names.more", 1000-maxNamesShown))) {
		t.Errorf("said %q", said)
	}
}

// Each button of the checklist asks the store for what it says, and closes the panel; only after a file was taken off the
// list do the others stay in sight.
func TestFilingButtons(t *testing.T) {
	for _, c := range []struct {
		press, want string
		open        bool
	}{
		{"Firma come .p7m", "format CAdES", false}, {"Togli dall’elenco", "remove", true}, {"Chiudi", "", false},
	} {
		u, f, _ := window(t, filingScene(t, "filing-refused"), 1280, 800)
		u.openFiling()
		inPanel(t, u, c.press)
		if got := strings.Join(f.said, "; "); got != c.want || (u.asking != nil) != c.open {
			t.Errorf("%s: %q, panel %v", c.press, got, u.asking != nil)
		}
	}
	last := *filingScene(t, "filing-refused")
	last.Docs = &app.Docs{List: last.Docs.List[:1]}
	filing := *last.Filing
	filing.Items = filing.Items[:1]
	filing.Items = slices.Clone(filing.Items)
	filing.Items[0].File, filing.Items[0].Action = last.Docs.List[0].Path, app.FilingRemove
	last.Filing = &filing
	single, _, _ := window(t, &last, 1280, 800)
	single.openFiling()
	inPanel(t, single, "Togli dall’elenco")
	if single.asking != nil {
		t.Error("the list is empty and the panel stays")
	}
	u, f, _ := window(t, filingScene(t, "filing-ready"), 1280, 800)
	u.chooseProfile()
	inPanel(t, u, "Fattura elettronica")
	if !slices.Equal(f.said, []string{"profile fatturapa"}) || u.asking != nil {
		t.Errorf("%v", f.said)
	}
}

// The details and the choice are walked and closed with the keyboard alone.
func TestFilingByKeyboard(t *testing.T) {
	u, _, _ := window(t, filingScene(t, "filing-refused"), 800, 600)
	for name, open := range map[string]func(){"details": u.openFiling, "choice": u.chooseProfile} {
		open()
		c := u.window.Canvas()
		seen := map[fyne.Focusable]bool{}
		for range 60 {
			if f := c.Focused(); f != nil {
				seen[f] = true
			}
			c.(interface{ FocusNext() }).FocusNext()
		}
		if n := len(controls(u.asking.panel.object)); len(seen) < n {
			t.Errorf("%s: the Tab key comes to %d of at least %d controls", name, len(seen), n)
		}
		c.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
		if u.asking != nil {
			t.Errorf("%s: Esc does not close it", name)
		}
	}
}

// Nobody who chose no office is told that all is well.
func TestGeneralIsSilent(t *testing.T) {
	for name, want := range map[string]bool{
		"filing-general-silent": false, "filing-general-long": true, "filing-general-doubt": true, "filing-ready": true, "filing-checking": true,
	} {
		u, _, _ := window(t, filingScene(t, name), 1280, 800)
		if got := u.filingLine(u.latest.Load()) != nil; got != want {
			t.Errorf("%s: a line is %v", name, got)
		}
	}
}

// What a job left out or could not sign is listed anew by one button; while the rest of the job waits, that comes first.
func TestBackToRest(t *testing.T) {
	i := slices.IndexFunc(scenes(), func(s scene) bool { return s.name == "sign-done-some" })
	stopped := scenes()[i].state
	failed := *stopped
	failed.Docs = &app.Docs{List: slices.Clone(stopped.Docs.List)}
	rest := 0
	for n := range failed.Docs.List {
		if d := &failed.Docs.List[n]; d.Status == app.DocStopped {
			d.Status, rest = []app.DocStatus{app.DocFailed, app.DocProblem}[rest%2], rest+1
		}
	}
	u, f, _ := window(t, &failed, 1280, 800)
	u.turn(pageSign)
	press1(t, u, "Torna ai 3 file non firmati")
	if rest != 3 || len(f.said) < 2 || f.said[0] != "clear" {
		t.Errorf("%d files, asked %q", rest, f.said)
	}
	u, _, _ = window(t, stopped, 1280, 800)
	for name := range controls(u.shell.object) {
		if strings.HasPrefix(name, "Torna a") {
			t.Errorf("%q beside the button that signs the rest", name)
		}
	}
}
