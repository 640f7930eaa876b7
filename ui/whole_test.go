package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// TestWholeWay drives the real window code over the real store and the practice card: a file is dropped, the
// PIN typed, the result shown, the signed file verified and its content saved.
func TestWholeWay(t *testing.T) {
	for _, tag := range lang.Languages {
		t.Run(tag, func(t *testing.T) { wholeWay(t, tag) })
	}
}

func wholeWay(t *testing.T, tag string) {
	u, store, q := practiceWindow(t, tag, 1280, 800)
	dir := t.TempDir()
	file := filepath.Join(dir, "bilancio d'esercizio è 100% #1.pdf")
	content := []byte("%PDF-1.4 di prova\n")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}

	if !u.shell.ribbon.Visible() {
		t.Error("the practice ribbon is not shown")
	}
	u.take([]string{file})
	q.until(t, "the file is listed", func() bool { return len(u.views[pageSign].(*signView).docs) == 1 })
	main := u.views[pageSign].Main()
	if main == nil {
		t.Fatalf("nothing to press:\n%s", words(u.shell.object))
	}
	main()
	typePIN(t, u, q, "99999")
	q.until(t, "the wrong PIN is told", func() bool {
		j := store.State().Job
		return j != nil && !j.Running && j.Advice != nil && u.views[pageSign].(*signView).lastJob == j
	})
	if said, want := words(u.shell.object), u.k.Text(lang.MN("advice.pin-wrong.title", 2)); !strings.Contains(said, want) {
		t.Errorf("the page does not say %q:\n%s", want, said)
	}
	if _, err := os.Stat(file + ".p7m"); err == nil {
		t.Error("a file was written on a wrong PIN")
	}
	main = u.views[pageSign].Main()
	main()
	typePIN(t, u, q, app.PracticePIN)
	q.until(t, "the result is shown", func() bool { return u.views[pageSign].(*signView).mode == signDone })
	signed := u.views[pageSign].(*signView).docs[0].Output
	if signed != file+".p7m" {
		t.Fatalf("signed as %q", signed)
	}
	if said := words(u.shell.object); !strings.Contains(said, u.k.T("ui.done.practice")) {
		t.Errorf("the result does not say that it is practice:\n%s", said)
	}

	verifyAndSave(t, u, q, store, content)
}

// verifyAndSave opens the signed file from the result, and saves what is inside.
func verifyAndSave(t *testing.T, u *UI, q *posts, store *app.Store, content []byte) {
	t.Helper()
	u.views[pageSign].(*signView).list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	q.until(t, "the verdict is shown", func() bool {
		v := u.views[pageVerify].(*verifyView).last
		return u.page == pageVerify && v != nil && !v.Running
	})
	said := words(u.shell.object)
	v := store.State().Verify
	for _, want := range []string{u.k.Text(v.Verdict.Title), u.k.T("ui.verify.practice"), v.Report.Signatures[0].Signer.SubjectCN} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q:\n%s", want, said)
		}
	}
	saved := filepath.Join(t.TempDir(), "salvato.pdf")
	store.SaveContent(v, saved)
	q.until(t, "the saving is told", func() bool {
		last := u.views[pageVerify].(*verifyView).last
		return last != nil && last.Saved != nil
	})
	if b, err := os.ReadFile(saved); err != nil || string(b) != string(content) {
		t.Errorf("saved %q, %v", b, err)
	}
}

// typePIN waits for the panel and types as a person does: digits, one too many taken back, Enter.
func typePIN(t *testing.T, u *UI, q *posts, pin string) {
	t.Helper()
	q.until(t, "the PIN is asked for", func() bool { return u.asking != nil && u.asking.panel.field != nil })
	c := u.window.Canvas()
	f, ok := c.Focused().(*pinField)
	if !ok {
		t.Fatalf("the focus is on %T", c.Focused())
	}
	if n := u.asking.panel; !strings.Contains(words(n.object), u.k.Text(lang.M("ui.practice.pin", "code", app.PracticePIN))) {
		t.Error("the practice PIN is not told")
	}
	for _, r := range pin + "0" {
		f.TypedRune(r)
	}
	f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if u.asking != nil {
		t.Fatal("the panel is still open")
	}
}
