package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// sceneOf is the scene of that name, in a window of its own.
func sceneOf(t *testing.T, name string) (*UI, *fakeStore) {
	t.Helper()
	for _, s := range scenes() {
		if s.name == name {
			u, f, _ := window(t, s.state, 1280, 800)
			u.turn(s.page)
			return u, f
		}
	}
	t.Fatalf("no scene %q", name)
	return nil, nil
}

func asked(f *fakeStore) string {
	if len(f.said) == 0 {
		return ""
	}
	return f.said[len(f.said)-1]
}

func TestVerifyActions(t *testing.T) {
	u, f := sceneOf(t, "verify-full")
	press1(t, u, u.k.T("verify.print"))
	if asked(f) != "print" {
		t.Errorf("asked for %q", f.said)
	}
	press1(t, u, u.k.T("verify.at.today"))
	if asked(f) != "verify /casa/anna/Documenti/contratto_fornitura.pdf.p7m " || !f.asked.At.IsZero() {
		t.Errorf("asked for %q at %v", f.said, f.asked.At)
	}
	said := words(u.shell.object)
	for _, want := range []string{u.k.T("note.base64"), u.k.T("note.ber"), "Camera di Prova S.p.A.", u.k.T("revocation.source.ocsp"), u.k.T("report.qualification.qesig"), u.k.T("report.list") + " IT"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// The panel for the form of the report opens on the one for people, and Esc leaves everything as it was.
func TestReportPanel(t *testing.T) {
	u, f := sceneOf(t, "verify-valid")
	press1(t, u, u.k.T("verify.report.save"))
	if u.asking == nil {
		t.Fatal("nothing is asked")
	}
	b, ok := u.window.Canvas().Focused().(interface{ TypedKey(*fyne.KeyEvent) })
	if !ok {
		t.Fatalf("the focus is on %T", u.window.Canvas().Focused())
	}
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if u.asking != nil || len(f.said) > 0 {
		t.Errorf("still asking, or asked for %q", f.said)
	}
}

func TestAnotherDay(t *testing.T) {
	u, f := sceneOf(t, "verify-valid")
	press1(t, u, u.k.T("verify.at"))
	field, ok := u.window.Canvas().Focused().(*lineField)
	if !ok {
		t.Fatalf("the focus is on %T", u.window.Canvas().Focused())
	}
	for _, r := range "domani" {
		field.TypedRune(r)
	}
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if u.asking == nil || len(f.said) > 0 {
		t.Fatalf("no date was taken for one: %q", f.said)
	}
	field.SetText("3/5/2026")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if want := time.Date(2026, 5, 3, 23, 59, 59, 0, lang.Rome()); u.asking != nil || !f.asked.At.Equal(want) {
		t.Errorf("asked for %v, want %v", f.asked.At, want)
	}
	press1(t, u, u.k.T("verify.at"))
	u.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if u.asking != nil {
		t.Error("Esc does not close the panel")
	}
}

// A file that was judged can be signed by one more person: the page Firma asks how, once it is listed.
func TestSignToo(t *testing.T) {
	u, f := sceneOf(t, "verify-valid")
	press1(t, u, u.k.T("verify.sign"))
	if asked(f) != "to sign "+u.joining || u.page != pageSign {
		t.Fatalf("asked for %q on page %d", f.said, u.page)
	}
	st := signedState()
	st.Docs.List[2].Path = u.joining
	u.show(st)
	if u.asking == nil || u.joining != "" {
		t.Error("nothing is asked about the file")
	}
	u, _ = sceneOf(t, "verify-wants")
	for name := range controls(u.shell.object) {
		if name == u.k.T("verify.sign") {
			t.Error("a signature apart is offered for another one")
		}
	}
}

func TestFolderTable(t *testing.T) {
	u, f := sceneOf(t, "verify-folder")
	v := u.views[pageVerify].(*verifyView)
	u.window.Canvas().Focus(v.list)
	v.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	v.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if asked(f) != "verify /casa/anna/Documenti/ricevuti/perizia_2023.pdf.p7m" {
		t.Errorf("asked for %q", f.said)
	}
	// What falls on this page is verified; on the page Firma it would be signed, or recognised as signed.
	u.take([]string{"/casa/anna/contratto.pdf"})
	if asked(f) != "verify /casa/anna/contratto.pdf" {
		t.Errorf("asked for %q", f.said)
	}
	dir := t.TempDir()
	u.take([]string{dir}) // the store looks whether it is a folder
	if asked(f) != "verify "+dir {
		t.Errorf("asked for %q", f.said)
	}
	u.turn(pageSign)
	u.take([]string{dir})
	if asked(f) != "add "+dir {
		t.Errorf("asked for %q", f.said)
	}
	u, f = sceneOf(t, "verify-folder-running")
	press1(t, u, u.k.T("ui.stop"))
	if asked(f) != "stop folder" {
		t.Errorf("asked for %q", f.said)
	}
}

func TestTrustSettings(t *testing.T) {
	u, f := sceneOf(t, "settings-trust")
	press1(t, u, u.k.Text(lang.M("ui.set.anchors.remove", "name", "CA dello Studio di Prova")))
	press1(t, u, u.k.T("ui.set.ca.forget"))
	press1(t, u, u.k.T("ui.stop"))
	if want := []string{"no anchor a1", "ca ", "stop trust"}; !slices.Equal(f.said, want) {
		t.Errorf("asked for %q, want %q", f.said, want)
	}
	press1(t, u, u.k.T("ui.set.net.off"))
	if asked(f) != "set" || !f.set.Offline {
		t.Errorf("asked for %q, %+v", f.said, f.set)
	}
	said := words(u.shell.object)
	for _, want := range []string{"194", "8 mesi fa", u.k.T("ui.set.lists.old"), u.k.T("advice.lists-not-fetched.title")} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// What a stranger put into a name cannot turn the words around it.
func TestHostileSigner(t *testing.T) {
	r := report(1, 1, "", 1)
	r.Signatures[0].Signer.SubjectCN, r.Signatures[0].Signer.IssuerCN = "ANNA\u202eOPMESE", "CA\nvalida"
	u, _, _ := window(t, state(func(s *app.State) { s.Verify = verification("a.p7m", r) }), 1280, 800)
	u.turn(pageVerify)
	if said := words(u.shell.object); strings.Contains(said, "\u202e") || !strings.Contains(said, "ANNA[U+202E]OPMESE") || !strings.Contains(said, "CA[U+000A]valida") {
		t.Errorf("the page says\n%s", said)
	}
}
