package ui

import (
	"context"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// The certificate of a signer is shown in full, with the tax code as the person has chosen to see it, copied and saved;
// one that cannot be read is not offered.
func TestSignerCertificate(t *testing.T) {
	st := state(func(s *app.State) { s.Verify = verification("a.p7m", report(1, 1, "", 2)) })
	u, f, q := window(t, st, 1000, 700)
	folder := t.TempDir()
	u.chooser = func(context.Context, choose) ([]string, error) { return []string{folder}, nil }
	u.turn(pageVerify)
	press1(t, u, u.k.T("signer.open"))
	all := controls(u.asking.panel.object)
	all[u.k.T("ui.copy.all")].(*button).do()
	text := u.app.Clipboard().Content()
	c := app.SignerCertificate(st.Verify.Report.Signatures[0].Signer)
	for _, field := range c.Fields(u.k.Catalog) {
		if want := field.Label + u.k.Colon() + c.Mask(field.Value); !strings.Contains(text, want) {
			t.Errorf("%q is not copied", want)
		}
	}
	if code := c.FiscalCode; code == "" || strings.Contains(text, code) || strings.Contains(words(u.asking.panel.object), code) {
		t.Errorf("the tax code %q is told", code)
	}
	all[u.k.T("signer.save")].(*button).do()
	q.until(t, "it is saved", func() bool { return len(f.said) > 0 })
	if want := "certificate 1 " + folder; !strings.HasPrefix(f.said[len(f.said)-1], want) || f.of != st.Verify || u.asking != nil {
		t.Errorf("said %q", f.said)
	}
	u.views[pageVerify].(*verifyView).pick("2")
	if controls(u.views[pageVerify].Object())[u.k.T("signer.open")] != nil {
		t.Error("a certificate that was not found is offered")
	}
}

// The settings go back to the first ones after a question, and only where there is something to put back.
func TestResetSettings(t *testing.T) {
	u, f, _ := window(t, state(func(s *app.State) { s.Settings = &app.Settings{Library: "/x.so", Scale: 100} }), 1000, 700)
	u.turn(pageSettings)
	if controls(u.views[pageSettings].Object())[u.k.T("ui.set.reset.do")] != nil {
		t.Error("offered where all is as at first")
	}
	st := state(func(s *app.State) { s.Settings = &app.Settings{Scale: 150, Offline: true} })
	u.latest.Store(st)
	u.show(st)
	f.set, f.said = *st.Settings, nil
	press1(t, u, u.k.T("ui.set.reset.do"))
	typed(t, u, fyne.KeyEscape)
	if len(f.said) > 0 {
		t.Fatalf("Esc: %q", f.said)
	}
	press1(t, u, u.k.T("ui.set.reset.do"))
	typed(t, u, fyne.KeyReturn)
	if !slices.Contains(f.said, "set") || f.set != (app.Settings{}) || u.asking != nil {
		t.Errorf("said %q, set %+v", f.said, f.set)
	}
}

// Files of one name tell in which folder they lie; the others do not.
func TestFilesOfOneName(t *testing.T) {
	st := withChoices(func(s *app.State, _ *app.SignChoices) {
		s.Docs = docs(app.DocReady, "distinta.pdf", "bilancio.xbrl", "distinta.pdf")
		s.Docs.List[2].Path = "/casa/anna/Documenti/pratica_EX2699/distinta.pdf"
	})
	u, _, _ := window(t, st, 1000, 700)
	got := words(u.views[pageSign].(*signView).list)
	for _, name := range []string{"pratica_EX2611", "pratica_EX2699"} {
		if strings.Count(got, name) != 1 {
			t.Errorf("%q stands there %d times: %s", name, strings.Count(got, name), got)
		}
	}
}

// The documents of a container are named, and those that are too many are counted.
func TestDocumentsInside(t *testing.T) {
	for n, more := range map[int]int{1: 0, 2: 0, maxDocuments: 0, maxDocuments + 1: 1, 300: 300 - maxDocuments} {
		u, _, _ := window(t, containerState(n), 1000, 700)
		u.turn(pageVerify)
		got := together(words(u.views[pageVerify].Object()))
		if named := strings.Count(got, "allegato_"); named != n-more {
			t.Errorf("%d documents: %d are named", n, named)
		}
		if words := together(u.k.Text(lang.MN("verify.documents.more", more))); strings.Contains(got, words) != (more > 0) {
			t.Errorf("%d documents: %q", n, got)
		}
	}
}
