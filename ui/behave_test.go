package ui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
)

func TestSettingsTakeEffectAtOnce(t *testing.T) {
	st := state(nil)
	u, f, _ := window(t, st, 1280, 800)
	u.turn(pageSettings)
	english := controls(u.shell.object)["English"].(*choice)
	u.window.Canvas().Focus(english)
	english.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if f.set.Language != "en" {
		t.Fatalf("asked for %+v", f.set)
	}
	next := *st
	next.Settings = &f.set
	u.latest.Store(&next)
	u.show(&next)
	if said := words(u.shell.object); !strings.Contains(said, "Appearance") {
		t.Errorf("the page is not in English:\n%s", said)
	}
	if c, ok := u.window.Canvas().Focused().(*choice); !ok || c.name != "English" {
		t.Errorf("the focus is on %T after the choice", u.window.Canvas().Focused())
	}
	press1(t, u, "Dark")
	next2 := next
	next2.Settings = &f.set
	u.latest.Store(&next2)
	u.show(&next2)
	if u.k.p != dark {
		t.Error("the window is not dark")
	}
}

func TestDroppedAndPasted(t *testing.T) {
	u, f, q := window(t, state(nil), 1280, 800)
	file := filepath.Join(t.TempDir(), "città #1 100%.pdf")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	pasted := func(s string) { // the answer comes from beside the window
		t.Helper()
		u.shell.toast.hush(u.shell.toast.words.Text)
		n := len(f.said)
		u.paste(s)
		q.until(t, "what was pasted is taken", func() bool {
			return len(f.said) > n || u.shell.toast.words.Text == u.k.T("ui.paste.nothing")
		})
	}
	pasted(file)
	pasted("file://" + strings.NewReplacer(" ", "%20", "#", "%23", "à", "%C3%A0", "100%", "100%25").Replace(file))
	pasted("x-special/nautilus-clipboard\ncopy\nfile://" + file[:1] + "non-esiste.pdf\r\n'" + file + "'\r\n# " + file) // one of them is there
	pasted("niente")
	if !u.shell.toast.object.Visible() || u.shell.toast.words.Text != u.k.T("ui.paste.nothing") {
		t.Errorf("of a text without a file the window says %q", u.shell.toast.words.Text)
	}
	if want := []string{"add " + file, "add " + file, "add " + file}; !reflect.DeepEqual(f.said, want) {
		t.Errorf("asked for %q, want %q", f.said, want)
	}
}

// While files are being read nothing can be signed, and what stops it stays the same through all batches.
func TestAddingCanBeStopped(t *testing.T) {
	u, f := sceneOf(t, "sign-adding")
	v := u.views[pageSign].(*signView)
	if v.Main() != nil {
		t.Error("there is something to sign")
	}
	stop := v.stopAdding
	next := *u.latest.Load()
	next.Adding = &app.Adding{Found: 1240, Read: 600}
	u.changed(&next)
	u.show(&next)
	if !strings.Contains(words(v.Object()), u.k.Text(lang.MN("adding.reading", 1240, "done", "600"))) {
		t.Errorf("the page says\n%s", words(v.Object()))
	}
	if standing(v.Object(), stop.press) == nil {
		t.Error("a press that began in one batch is lost in the next")
	}
	press1(t, u, u.k.T("ui.stop"))
	u.window.Canvas().Unfocus()
	u.escape()
	if want := []string{"stop adding", "stop adding"}; !slices.Equal(f.said, want) {
		t.Errorf("asked for %q", f.said)
	}
}

// TestDroppedBesideAQuestion: while a PIN is asked for, files are not taken, and the panel itself says so.
func TestDroppedBesideAQuestion(t *testing.T) {
	for _, s := range scenes() {
		if !slices.Contains([]string{"sign-pin", "newpin-change", "newpin-unblock-2"}, s.name) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			u := s.open(t, assets.FS, 1280, 800, nil)
			f := u.store.(*fakeStore)
			u.dropped([]fyne.URI{storage.NewFileURI("/casa/anna/atto.pdf")})
			said := u.asking.panel.toast
			if len(f.said) > 0 || !said.object.Visible() || said.words.Text != u.k.T("ui.take.asking") {
				t.Errorf("asked for %q, says %q", f.said, said.words.Text)
			}
			if u.shell.toast.object.Visible() {
				t.Error("it is said behind the panel")
			}
		})
	}
}

func TestPassingTroubleWaits(t *testing.T) {
	c := absent(app.PhaseNoReader, "no-reader")
	c.Advice.After = 1500 * time.Millisecond
	u, _, _ := window(t, state(func(s *app.State) { s.Cards = c }), 1280, 800)
	title := u.k.Text(c.Advice.Title)
	if strings.Contains(words(u.views[pageSign].Object()), title) {
		t.Error("a trouble just begun is shown")
	}
	u.now = func() time.Time { return today.Add(2e9) }
	u.show(u.latest.Load())
	if !strings.Contains(words(u.views[pageSign].Object()), title) {
		t.Error("a trouble of two seconds is not shown")
	}
}

func TestAskingEndsWithItsContext(t *testing.T) {
	u, _, q := window(t, state(nil), 1280, 800)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := u.PIN(ctx, app.PINQuestion{Label: app.PINLabel(0x1A), Min: 5, Max: 8, Tries: app.Tries{Left: 3}})
		done <- err
	}()
	q.until(t, "the panel is open", func() bool { return u.asking != nil })
	u.asking.panel.field.TypedRune('1')
	typed := u.asking.panel.field.pin
	cancel()
	if err := <-done; err != context.Canceled {
		t.Errorf("got %v", err)
	}
	q.until(t, "the panel is closed", func() bool { return u.asking == nil })
	if typed.Len() != 0 {
		t.Error("what was typed is still there")
	}
	if n := len(u.window.Canvas().Overlays().List()); n != 0 {
		t.Errorf("%d panels left", n)
	}
}

func TestEscRefusesAndTabStays(t *testing.T) {
	u, _, q := window(t, state(nil), 1280, 800)
	done := make(chan error, 1)
	go func() {
		_, err := u.PIN(context.Background(), app.PINQuestion{Label: app.PINLabel(0x1A), Min: 5, Max: 8, Tries: app.Tries{Left: 3}})
		done <- err
	}()
	q.until(t, "the panel is open", func() bool { return u.asking != nil })
	c := u.window.Canvas()
	field := u.asking.panel.field
	if c.Focused() != fyne.Focusable(field) {
		t.Error("the field has no focus")
	}
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyTab})
	if c.Focused() == fyne.Focusable(field) || c.Focused() == nil {
		t.Error("Tab does not go on")
	}
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if u.asking == nil {
		t.Fatal("Enter gave an empty PIN")
	}
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if err := <-done; err != app.ErrRefused {
		t.Errorf("got %v", err)
	}
}

func TestListKeys(t *testing.T) {
	u, f, _ := window(t, state(func(s *app.State) { s.Docs = docs(app.DocReady, fiveNames...) }), 1280, 800)
	v := u.views[pageSign].(*signView)
	u.window.Canvas().Focus(v.list)
	v.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	if v.list.cursor != 1 {
		t.Errorf("Down goes to row %d", v.list.cursor)
	}
	v.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	v.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF1})
	if len(f.said) != 1 || f.said[0] != "remove" || u.page != pageHelp {
		t.Errorf("asked for %q, page %d", f.said, u.page)
	}
}

func TestManyRowsAreNotBuilt(t *testing.T) {
	names := make([]string, 10000)
	for i := range names {
		names[i] = fmt.Sprintf("file%05d.pdf", i)
	}
	u, _, _ := window(t, state(func(s *app.State) { s.Docs = docs(app.DocReady, names...) }), 1280, 800)
	v := u.views[pageSign].(*signView)
	if n := len(v.list.rows); n == 0 || n > 20 {
		t.Errorf("%d rows built for 10,000 files", n)
	}
	v.list.move(9999)
	if !strings.Contains(words(v.list), "file09999.pdf") {
		t.Error("the last row is not in sight")
	}
}

// TestSigningMoreIsInSight looks at the result of a signing where the bar has least room: its left button stands
// there, upon none of the others.
func TestSigningMoreIsInSight(t *testing.T) {
	for _, s := range scenes() {
		if s.name != "sign-done" && s.name != "sign-done-some" {
			continue
		}
		for _, tag := range lang.Languages {
			u := s.open(t, assets.FS, 1280, 800, func(set *app.Settings) { set.Language, set.Scale = tag, 200 })
			more, ok := controls(u.views[pageSign].(*signView).frame.bar)[u.k.T("ui.done.more")]
			if !ok {
				t.Errorf("%s, %s: no button to sign more", s.name, tag)
				continue
			}
			right := u.views[pageSign].(*signView).frame.bar.Objects[3]
			foot, end := more.Position().Y+more.Size().Height, more.Position().X+more.Size().Width
			if foot > right.Position().Y && end > right.Position().X {
				t.Errorf("%s, %s: the button lies upon those at the right", s.name, tag)
			}
		}
	}
}

func TestFolderName(t *testing.T) {
	for file, want := range map[string]string{"/tmp/a.p7m": "/tmp", "/a.p7m": "/", "/casa/anna/Documenti/a.p7m": "anna / Documenti", "/casa/anna/a.p7m": "casa / anna"} {
		if got := filepath.ToSlash(folderName(filepath.FromSlash(file))); got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}

// TestStopCanBeClicked: while a job runs the page is built anew many times a second. The toolkit takes a click only when
// the button is pressed and let go on the same object, so that one to stop with must outlive all of it.
func TestStopCanBeClicked(t *testing.T) {
	for name, goOn := range map[string]func(*app.State){
		"sign-running": func(s *app.State) {
			job := *s.Job
			job.Done++
			s.Job = &job
		},
		"verify-folder-running": func(s *app.State) {
			f := *s.Folder
			f.Done++
			s.Folder = &f
		},
		"sign-adding": func(s *app.State) {
			a := *s.Adding
			a.Read++
			s.Adding = &a
		},
		"verify-running": func(s *app.State) {
			v := *s.Verify
			v.Read++
			s.Verify = &v
		},
	} {
		t.Run(name, func(t *testing.T) {
			u, f := sceneOf(t, name)
			stop := u.k.T("ui.stop")
			before := controls(u.views[u.page].Object())[stop]
			next := *u.latest.Load()
			goOn(&next)
			u.latest.Store(&next)
			u.show(&next)
			after := controls(u.views[u.page].Object())[stop]
			if before == nil || before != after {
				t.Fatalf("the button is %p, then %p", before, after)
			}
			after.(fyne.Tappable).Tapped(nil)
			if len(f.said) != 1 {
				t.Errorf("it asks for %q", f.said)
			}
		})
	}
}

// TestContentOfTheFileThatWasAsked: while the system's dialog asks for the folder, a second start may bring another file;
// what is written is still the content of the one whose button was pressed.
func TestContentOfTheFileThatWasAsked(t *testing.T) {
	st := state(func(s *app.State) { s.Verify = verification("contratto.pdf.p7m", report(1, 1, "", 1)) })
	u, f, q := window(t, st, 1280, 800)
	answer := make(chan []string)
	u.chooser = func(context.Context, choose) ([]string, error) { return <-answer, nil }
	u.saveContent()
	next := *st
	next.Verify = verification("altro.pdf.p7m", report(1, 1, "", 1))
	u.latest.Store(&next)
	u.show(&next)
	answer <- []string{"/casa/anna"}
	q.until(t, "the dialog ends", func() bool { return !u.choosing })
	if f.of != st.Verify {
		t.Errorf("asked for the content of %+v: %q", f.of, f.said)
	}
}

// TestKeysInTheirTime: Esc stops a job that runs, and Del takes nothing off a list that was signed.
func TestKeysInTheirTime(t *testing.T) {
	u, f := sceneOf(t, "sign-running")
	u.typedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !slices.Equal(f.said, []string{"cancel"}) {
		t.Errorf("Esc says %q", f.said)
	}
	for _, name := range []string{"sign-running", "sign-done"} {
		u, f := sceneOf(t, name)
		u.views[pageSign].(*signView).list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
		if len(f.said) != 0 {
			t.Errorf("%s: Del says %q", name, f.said)
		}
	}
}

// TestToldOnce: a sentence that goes leaves the one that came after it, and what the page tells no strip tells too.
func TestToldOnce(t *testing.T) {
	u, _ := sceneOf(t, "sign-adding")
	if u.shell.errand.object.Visible() {
		t.Errorf("the strip tells it too: %s", words(u.shell.errand.object))
	}
	u.turn(pageCard)
	if !u.shell.errand.object.Visible() {
		t.Error("no strip tells on another page that files are being added")
	}
	toast := u.shell.toast
	toast.say("prima", false)
	toast.say("dopo", false)
	toast.hush("prima")
	if !toast.object.Visible() {
		t.Error("the second sentence has gone with the first")
	}
	toast.hush("dopo")
	if toast.object.Visible() {
		t.Error("the second sentence stays")
	}
}

// TestDetailsBeginAnew: another file is shown with its own first signature, whichever was looked at before.
func TestDetailsBeginAnew(t *testing.T) {
	u, _ := sceneOf(t, "verify-valid")
	v := u.views[pageVerify].(*verifyView)
	first, second := v.last.Report.Signatures[0].ID, v.last.Report.Signatures[1].ID
	v.pick(second)
	next := *u.latest.Load()
	next.Verify = verification("altro.pdf.p7m", report(1, 1, "", 2))
	u.latest.Store(&next)
	u.show(&next)
	if v.picked != first {
		t.Errorf("signature %q of another file is shown", v.picked)
	}
}
