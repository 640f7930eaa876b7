package ui

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// manyDocs are n files of which every tenth has a problem, and every hundredth is signed.
func manyDocs(n int) *app.Docs {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("documento %05d.pdf", i)
	}
	d := docs(app.DocReady, names...)
	for i := range d.List {
		switch {
		case i%100 == 99:
			d.List[i].Status = app.DocSigned
		case i%10 == 9:
			d.List[i].Status, d.List[i].Advice = app.DocProblem, advice("file-missing", app.SeverityWarning, 0)
		}
	}
	return d
}

func manyRows(n int) *app.Folder {
	f := &app.Folder{Path: "/casa/anna/Documenti/ricevuti", Name: "ricevuti", Done: n, Total: n}
	for i := range n {
		r := report(1, 1, "", 1)
		if i%10 == 9 {
			r = report(2, 2, "HASH_FAILURE", 1)
		}
		name := fmt.Sprintf("contratto %03d.pdf.p7m", i)
		f.Rows = append(f.Rows, app.FolderRow{Path: f.Path + "/" + name, Name: name, Verdict: app.JudgeReport(r), Signers: []string{"ANNA ESEMPIO"}})
	}
	return f
}

func filterScenes() []scene {
	return []scene{
		{"sign-long", pageSign, state(func(s *app.State) { s.Docs = manyDocs(1000) }), nil},
		{"sign-long-filtered", pageSign, state(func(s *app.State) { s.Docs = manyDocs(1000) }), func(u *UI) {
			f := u.views[pageSign].(*signView).filter
			f.choose(filterProblems)
			f.field.SetText("0012")
			u.views[pageSign].(filtered).find()
		}},
		{"sign-long-nothing", pageSign, state(func(s *app.State) { s.Docs = manyDocs(30) }), func(u *UI) {
			u.views[pageSign].(*signView).filter.field.SetText("12345")
		}},
		{"verify-folder-long", pageVerify, state(func(s *app.State) { s.Folder = manyRows(40) }), func(u *UI) {
			v := u.views[pageVerify].(*verifyView)
			v.filter.choose(filterProblems)
			v.refilter()
		}},
	}
}

func TestFilterByKeyboard(t *testing.T) {
	u, f, _ := window(t, state(func(s *app.State) { s.Docs = manyDocs(1000) }), 800, 600)
	v := u.views[pageSign].(*signView)
	v.find()
	k := keyboard{t, u, nil}
	if k.focused() != fyne.Focusable(v.filter.field) {
		t.Fatalf("the focus is on %T", k.focused())
	}
	k.digits("o 0012")
	if v.list.n != 10 {
		t.Fatalf("%d rows for o 0012, want 00120 to 00129", v.list.n)
	}
	next := *u.latest.Load() // the store tells something else meanwhile
	next.Docs = &app.Docs{List: append([]app.Doc(nil), next.Docs.List...)}
	u.latest.Store(&next)
	u.show(&next)
	if v.list.n != 10 || k.focused() != fyne.Focusable(v.filter.field) {
		t.Errorf("%d rows after a change of the state, the focus on %T", v.list.n, k.focused())
	}
	k.key(fyne.KeyDown)
	if k.focused() != fyne.Focusable(v.list) {
		t.Fatalf("the focus is on %T, not on the list", k.focused())
	}
	k.key(fyne.KeyDown)
	k.key(fyne.KeySpace)
	if want := "preview " + next.Docs.List[121].Path; f.said[len(f.said)-1] != want {
		t.Errorf("asked for %q, want %q", f.said, want)
	}
	v.find()
	k.key(fyne.KeyEscape)
	if v.list.n != 1000 || v.filter.field.Text != "" {
		t.Errorf("Esc leaves %d rows", v.list.n)
	}
	v.find()
	k.tabTo(u.k.T("filter.problems"))
	k.key(fyne.KeySpace)
	if v.list.n != 90 {
		t.Errorf("%d rows with problems, want 90", v.list.n)
	}
	if c, ok := k.focused().(*choice); !ok || !c.chosen {
		t.Errorf("the focus is on %T after the choice", k.focused())
	}
	if said := words(u.shell.object); !strings.Contains(strings.ReplaceAll(said, "\n", " "), u.k.T("filter.sign-all")) {
		t.Errorf("it is not told that all are signed:\n%s", said)
	}
}

func TestShortListsHaveNoFilter(t *testing.T) {
	u, _, _ := window(t, state(func(s *app.State) { s.Docs = manyDocs(filterFrom) }), 800, 600)
	v := u.views[pageSign].(*signView)
	v.filter.field.SetText("niente") // from a longer list
	if v.find(); v.list.n != filterFrom || u.window.Canvas().Focused() != nil {
		t.Errorf("%d rows, the focus on %T", v.list.n, u.window.Canvas().Focused())
	}
	if standing(v.frame.object, v.filter.field) != nil {
		t.Error("a short list shows a filter")
	}
}

func TestFolderFilterOpensTheRightFile(t *testing.T) {
	u, f, _ := window(t, state(func(s *app.State) { s.Folder = manyRows(40) }), 800, 600)
	u.turn(pageVerify)
	v := u.views[pageVerify].(*verifyView)
	v.filter.choose(filterProblems)
	v.refilter()
	u.window.Canvas().Focus(v.list)
	v.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	v.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if want := "verify " + v.folder.Rows[19].Path; v.list.n != 4 || f.said[len(f.said)-1] != want {
		t.Errorf("%d rows, asked for %q, want %q", v.list.n, f.said, want)
	}
}

// BenchmarkFilter types a character into the filter of 10,000 files.
func BenchmarkFilter(b *testing.B) {
	u, _, _ := window(b, state(func(s *app.State) { s.Docs = manyDocs(10000) }), 1280, 800)
	v := u.views[pageSign].(*signView)
	for i := 0; b.Loop(); i++ {
		v.filter.field.SetText([]string{"0", "01", "012", "0123"}[i%4])
	}
}

// The receiver of the files is a setting, but no look of the window: the list stays where it was, with its filter.
func TestReceiverKeepsTheList(t *testing.T) {
	u, _, _ := window(t, state(func(s *app.State) { s.Docs = manyDocs(1000) }), 1280, 800)
	v := u.views[pageSign].(*signView)
	v.filter.field.SetText("documento")
	v.list.move(500)
	before := v.list.scroll.Offset
	next := *u.latest.Load()
	set := *next.Settings
	set.Profile = "registro-imprese"
	next.Settings, next.Choices = &set, &app.SignChoices{Format: app.FormatCAdES}
	next.Docs = &app.Docs{List: append([]app.Doc(nil), next.Docs.List...)}
	next.Filing = &app.Filing{Profile: set.Profile, Files: 1000, Running: true}
	u.latest.Store(&next)
	u.show(&next)
	if u.views[pageSign] != view(v) || before.Y == 0 || v.list.scroll.Offset != before || v.filter.field.Text != "documento" {
		t.Errorf("the list stands at %v, was at %v, filter %q", v.list.scroll.Offset, before, v.filter.field.Text)
	}
	said := words(v.Object())
	if want := u.k.T("filing.profile.registro-imprese"); !strings.Contains(said, want) {
		t.Errorf("the page does not say %q: %s", want, said)
	}
}
