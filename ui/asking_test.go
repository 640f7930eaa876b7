package ui

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/assets"
)

// TestOneQuestionAtATime: a question takes the place of what stands there, even of what cannot be refused, and of the
// sheet to which a refusal leads back.
func TestOneQuestionAtATime(t *testing.T) {
	for name, open := range map[string]func(*UI){
		"the reader waits": func(u *UI) {
			a := &asking{ui: u, refuse: func() {}}
			a.build = func() *panel { return u.waitPanel(a, app.ReaderWait{Label: app.PINLabel(0x1A)}, today) }
			u.ask(t.Context(), a)
		},
		"a picker that leads back": func(u *UI) { u.pickHere(pickFiles, t.TempDir(), "", func([]string) {}, u.openFiling) },
	} {
		t.Run(name, func(t *testing.T) {
			u, _, q := window(t, state(nil), 1280, 800)
			open(u)
			ctx, cancel := context.WithCancel(t.Context())
			asked := make(chan error)
			go func() {
				_, err := u.Confirm(ctx, app.Question{Title: msg("ui.closing"), Body: msg("ui.closing")})
				asked <- err
			}()
			q.until(t, "the question is there", func() bool {
				return u.asking != nil && u.asking.panel != nil && u.asking.watch == nil && strings.Contains(words(u.asking.panel.object), u.k.T("ui.closing"))
			})
			if n := len(u.window.Canvas().Overlays().List()); n != 1 {
				t.Errorf("%d panels lie over each other", n)
			}
			cancel()
			<-asked
			q.until(t, "it is gone", func() bool { return u.asking == nil })
			if n := len(u.window.Canvas().Overlays().List()); n != 0 {
				t.Errorf("%d panels stay", n)
			}
		})
	}
}

// TestEscOnAPickerIsItsCancel: also when a click beside the controls has taken the keyboard from them.
func TestEscOnAPickerIsItsCancel(t *testing.T) {
	u, _, _ := window(t, state(nil), 1280, 800)
	cancelled := false
	u.pickHere(pickFiles, t.TempDir(), "", func([]string) {}, func() { cancelled = true })
	u.window.Canvas().Unfocus()
	u.typedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if u.asking != nil || !cancelled {
		t.Errorf("open: %v, cancelled: %v", u.asking != nil, cancelled)
	}
}

// TestWhereItIsSavedIsNamed: the sheet shows the whole path of what will be written, and gives that.
func TestWhereItIsSavedIsNamed(t *testing.T) {
	u, _, _ := window(t, state(nil), 800, 600)
	dir, given := t.TempDir(), ""
	u.pickPlace(dir, "report.html", func(path string) { given = path })
	want := filepath.Join(dir, "report.html")
	if shown := words(u.asking.panel.object); !strings.Contains(shown, "report.html") {
		t.Errorf("the sheet does not name the file:\n%s", shown)
	}
	controls(u.asking.panel.object)[u.k.T("ui.pick.here")].(fyne.Tappable).Tapped(nil)
	if given != want {
		t.Errorf("%q is given, want %q", given, want)
	}
}

// TestNothingIsBeingSignedYet: while questions are asked the page does not say that it signs.
func TestNothingIsBeingSignedYet(t *testing.T) {
	for name, tc := range map[string]struct {
		job  app.Job
		want string
	}{
		"before the first file": {app.Job{Running: true, Total: 2}, "ui.signing.before"},
		"the first file":        {app.Job{Running: true, Total: 2, Current: "a.pdf"}, "ui.signing"},
		"a job taken up again":  {app.Job{Running: true, Total: 2, Done: 1}, "ui.signing.before"},
	} {
		t.Run(name, func(t *testing.T) {
			u, _, _ := window(t, state(func(st *app.State) {
				st.Docs, st.Job = &app.Docs{List: []app.Doc{{ID: 1, Name: "a.pdf"}, {ID: 2, Name: "b.pdf"}}}, &tc.job
			}), 800, 600)
			shown := words(u.shell.object)
			for _, key := range []string{"ui.signing", "ui.signing.before"} {
				if got := strings.Contains(shown, u.k.T(key)); got != (key == tc.want) {
					t.Errorf("%s is shown: %v\n%s", key, got, shown)
				}
			}
		})
	}
}

// TestABlockedCardIsToldOnce: the button does not ask for a card that is there, and one box says what to do.
func TestABlockedCardIsToldOnce(t *testing.T) {
	u, _, _ := window(t, state(func(st *app.State) {
		st.Cards = cardsWith(func(c *app.Cards, x *app.Card) {
			c.Phase, x.Phase = app.PhaseBlocked, app.PhaseBlocked
			c.Advice = advice("pin-blocked-sign", app.SeverityDanger, 0)
		})
		st.Docs, st.Job = &app.Docs{List: []app.Doc{{ID: 1, Name: "a.pdf", Status: app.DocReady}}}, &app.Job{Total: 1, Advice: advice("pin-blocked", app.SeverityDanger, 0)}
	}), 800, 600)
	shown := words(u.shell.object)
	for key, want := range map[string]bool{"advice.pin-blocked-sign.title": true, "advice.pin-blocked.title": false, "ui.sign.no-card": false} {
		if got := strings.Contains(shown, u.k.T(key)); got != want {
			t.Errorf("%s is shown: %v\n%s", key, got, shown)
		}
	}
}

// TestStampsAtTheEnd: a sheet that does not open any more does not follow the job either.
func TestStampsAtTheEnd(t *testing.T) {
	st := stampedState()
	u, _, _ := window(t, st, 1280, 800)
	u.closing = true
	u.openStamps()
	next := *st
	next.Stamping = &app.Stamping{Total: 1}
	u.latest.Store(&next)
	u.show(&next)
	if u.asking != nil {
		t.Error("a sheet is open")
	}
}

// TestNoPINIsLeft: what was typed is wiped wherever it can go: when the panel is made anew in another light, when it is
// given after the panel was closed, and when the job ends in the moment in which it is given.
func TestNoPINIsLeft(t *testing.T) {
	open := func(t *testing.T) (*UI, *posts, *pinField, context.CancelFunc, chan error) {
		u, _, q := window(t, state(nil), 1280, 800)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := u.PIN(ctx, signQuestion(3, app.NotPractice))
			done <- err
		}()
		q.until(t, "the panel is open", func() bool { return u.asking != nil && u.asking.panel != nil })
		return u, q, u.asking.panel.field, cancel, done
	}
	digits := func(f *pinField) *app.PIN {
		for range 5 {
			f.TypedRune('7')
		}
		return f.pin
	}
	t.Run("another light", func(t *testing.T) {
		u, _, field, _, _ := open(t)
		pin := digits(field)
		next, set := *u.latest.Load(), u.settings
		set.Theme = "dark"
		next.Settings = &set
		u.latest.Store(&next)
		u.show(&next)
		if u.asking.panel.field == field || pin.Len() != 0 || u.asking.panel.field.pin.Len() != 0 {
			t.Errorf("%d digits are left of the panel before", pin.Len())
		}
	})
	t.Run("closed", func(t *testing.T) {
		u, _, field, _, _ := open(t)
		u.asking.shut()
		pin := digits(field)
		field.submit()
		if pin.Len() != 0 {
			t.Errorf("%d digits are left", pin.Len())
		}
	})
	t.Run("hidden in the tray", func(t *testing.T) {
		u, _, field, _, done := open(t)
		pin := digits(field)
		u.toTray()
		if err := <-done; !errors.Is(err, app.ErrRefused) || pin.Len() != 0 || u.asking != nil {
			t.Errorf("%v, %d digits are left, open: %v", err, pin.Len(), u.asking != nil)
		}
	})
	t.Run("the job ends", func(t *testing.T) {
		u, _, field, cancel, done := open(t)
		pin := digits(field)
		cancel()
		if err := <-done; err != context.Canceled {
			t.Fatal(err)
		}
		field.submit() // before the window hears of it
		if pin.Len() != 0 || u.asking != nil {
			t.Errorf("%d digits are left, open: %v", pin.Len(), u.asking != nil)
		}
	})
}

// TestAuthorityOutlivesTheLight: what was typed of an authority is kept when the light changes, and its password is in no
// field once the sheet is left, also by Esc beside the fields.
func TestAuthorityOutlivesTheLight(t *testing.T) {
	u, _, _ := window(t, state(nil), 1280, 800)
	back := false
	u.nameAuthority(app.Authority{}, func() { back = true })
	fields := func() (list []*lineField) {
		walk(u.asking.panel.object, func(o fyne.CanvasObject) bool {
			if f, ok := o.(*lineField); ok {
				list = append(list, f)
			}
			return true
		})
		return list
	}
	first := fields()
	first[0].SetText("https://tsa.example")
	first[3].SetText("parola")
	next, set := *u.latest.Load(), u.settings
	set.Theme = "dark"
	next.Settings = &set
	u.latest.Store(&next)
	u.show(&next)
	second := fields()
	if second[0].Text != "https://tsa.example" || second[3].Text != "parola" || first[3].Text != "" {
		t.Errorf("address %q, password %q, in the former field %q", second[0].Text, second[3].Text, first[3].Text)
	}
	u.window.Canvas().Unfocus()
	u.typedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if u.asking != nil || !back || second[3].Text != "" {
		t.Errorf("open: %v, back: %v, password %q", u.asking != nil, back, second[3].Text)
	}
}

// TestRowsStayInColumns: when a file with more buttons joins the list, the rows above move with it.
func TestRowsStayInColumns(t *testing.T) {
	st := state(func(s *app.State) { s.Docs = docs(app.DocReady, "a.txt") })
	u, _, _ := window(t, st, 1280, 800)
	next := *st
	next.Docs = docs(app.DocReady, "a.txt", "b.pdf")
	signed := &next.Docs.List[1]
	signed.Kind, signed.Examination = app.KindPDF, &app.Examination{}
	if err := json.Unmarshal([]byte(`{"Layers":[[{}]]}`), signed.Examination); err != nil {
		t.Fatal(err)
	}
	u.latest.Store(&next)
	u.show(&next)
	list := u.views[pageSign].(*signView).list
	var at []float32
	for i := range 2 {
		for _, l := range texts(list.rows[i].object) {
			if l.Text == u.k.T("ui.status.ready") {
				at = append(at, u.app.Driver().AbsolutePositionForObject(l).X)
			}
		}
	}
	if len(at) != 2 || at[0] != at[1] {
		t.Errorf("the states begin at %v", at)
	}
}

// TestOneRepaint: however many States come, one repaint is queued; and what is queued when the window goes does nothing.
func TestOneRepaint(t *testing.T) {
	u, _, q := window(t, state(nil), 800, 600)
	for range 3 {
		u.changed(state(nil))
	}
	if n := len(q.take()); n != 1 {
		t.Errorf("%d repaints are queued", n)
	}
	u.onUI(func() { t.Error("something runs after the window has gone") })
	u.closed.Store(true)
	q.drain()
	u.changed(state(nil))
	if len(q.take()) != 0 {
		t.Error("a window that has gone is painted")
	}
}

// TestNothingBeginsAtTheEnd: while the window closes it takes no files and asks nothing, nor for a job that has ended.
func TestNothingBeginsAtTheEnd(t *testing.T) {
	u, f, q := window(t, state(nil), 800, 600)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := u.PIN(ended, signQuestion(3, app.NotPractice)); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	q.take()[0]()
	if u.asking != nil {
		t.Error("the PIN is asked for though the job has ended")
	}
	u.chooser = func(context.Context, choose) ([]string, error) { return []string{"/b.pdf"}, nil }
	u.chooseFile()
	u.reading.Wait()
	u.closing = true
	q.drain()
	u.take([]string{"/a.pdf"})
	u.openWays()
	u.ask(t.Context(), &asking{ui: u})
	if len(f.said) != 0 || u.asking != nil {
		t.Errorf("said %q, open: %v", f.said, u.asking != nil)
	}
}

// TestSafeAnswerHasTheFocus: Enter pressed too soon agrees to nothing and costs nothing.
func TestSafeAnswerHasTheFocus(t *testing.T) {
	u, f, q := window(t, stampedState(), 1280, 800)
	answer := make(chan bool, 1)
	go func() {
		yes, _ := u.Confirm(t.Context(), app.Question{Title: msg("ui.closing"), Body: msg("ui.closing")})
		answer <- yes
	}()
	q.until(t, "it is asked", func() bool { return u.asking != nil })
	typed(t, u, fyne.KeyReturn)
	if <-answer {
		t.Error("Enter agrees")
	}
	u.openStamps()
	typed(t, u, fyne.KeyReturn)
	if u.asking != nil || len(f.said) != 0 {
		t.Errorf("Enter orders a time-stamp: %q", f.said)
	}
}

// TestPINFieldIsFull: more digits than the card takes are not taken.
func TestPINFieldIsFull(t *testing.T) {
	u, _, _ := window(t, state(nil), 800, 600)
	f := newPINField(u.k, 5, 6)
	for range 7 {
		f.TypedRune('7')
	}
	if n := f.pin.Len(); n != 6 {
		t.Errorf("%d digits are held", n)
	}
	f.pin.Wipe()
}

// TestPickerFollowsTheFolder: a listing that comes late is of no use any more, and what was chosen in one folder is not
// chosen in the next, where another file may have its name.
func TestPickerFollowsTheFolder(t *testing.T) {
	u, _, q := window(t, state(nil), 1280, 800)
	one, two := t.TempDir(), t.TempDir()
	for _, dir := range []string{one, two} {
		if err := os.WriteFile(filepath.Join(dir, "x.pdf"), []byte(dir), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &picker{u: u, dir: one, chosen: map[string]bool{}}
	u.openSheet(p.panel)
	p.turn(one)
	u.reading.Wait()
	late := q.take()
	p.turn(two)
	for _, f := range late {
		f()
	}
	if len(p.items) != 0 {
		t.Errorf("the folder that was left is listed: %+v", p.items)
	}
	u.reading.Wait()
	q.drain()
	p.press(0)
	if p.dir != two || len(p.chosen) != 1 {
		t.Fatalf("in %s, chosen %v", p.dir, p.chosen)
	}
	p.turn(one)
	u.reading.Wait()
	q.drain()
	if p.dir != one || len(p.chosen) != 0 || !p.main.off {
		t.Errorf("in %s, chosen %v", p.dir, p.chosen)
	}
}

// TestPickerOfOne: where one file is wanted, the second takes the place of the first, and pressed again it is let go.
func TestPickerOfOne(t *testing.T) {
	u, _, _ := window(t, state(nil), 800, 600)
	var given []string
	p := &picker{
		u: u, what: pickFile, dir: "/x", chosen: map[string]bool{}, items: []pickItem{{name: "a.pdf"}, {name: "b.pdf"}},
		give: func(paths []string) { given = paths },
	}
	u.openSheet(p.panel)
	p.press(0)
	p.press(1)
	if len(p.chosen) != 1 || !p.chosen["b.pdf"] {
		t.Fatalf("chosen: %v", p.chosen)
	}
	p.press(1)
	if len(p.chosen) != 0 || !p.main.off {
		t.Errorf("chosen: %v", p.chosen)
	}
	p.press(0)
	p.finish(u.asking)
	if want := filepath.Join("/x", "a.pdf"); len(given) != 1 || given[0] != want {
		t.Errorf("given %q, want %q", given, want)
	}
}

// TestCursorStaysOnTheList: when rows go, the cursor does not stay behind the last one.
func TestCursorStaysOnTheList(t *testing.T) {
	st := state(func(s *app.State) { s.Docs = docs(app.DocReady, fiveNames...) })
	u, f, _ := window(t, st, 1280, 800)
	list := u.views[pageSign].(*signView).list
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	next := *st
	next.Docs = docs(app.DocReady, fiveNames[0])
	u.latest.Store(&next)
	u.show(&next)
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if want := []string{"preview " + next.Docs.List[0].Path}; !slices.Equal(f.said, want) {
		t.Errorf("said %q, want %q", f.said, want)
	}
}

// TestQuestionsAreReadFromTheTop: at 200 % the first answer is higher than the sheet, and must not hide what is asked.
func TestQuestionsAreReadFromTheTop(t *testing.T) {
	for _, s := range scenes() {
		if !strings.HasPrefix(s.name, "sign-existing") {
			continue
		}
		u := s.open(t, assets.FS, 1280, 800, func(set *app.Settings) { set.Scale = 200 })
		if u.asking == nil {
			continue
		}
		if _, card := u.asking.panel.first.(*press); !card {
			continue
		}
		if at := scrollerOf(u.asking.panel.object).Offset.Y; at != 0 {
			t.Errorf("%s opens %v below its title", s.name, at)
		}
	}
}
