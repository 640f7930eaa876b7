package ui

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

func (f *fakeStore) ChangePIN(app.PINRef)               { f.said = append(f.said, "change") }
func (f *fakeStore) Unblock(app.PINRef)                 { f.said = append(f.said, "unblock") }
func (f *fakeStore) ChangePUK(app.PINRef)               { f.said = append(f.said, "change puk") }
func (f *fakeStore) CheckCertificates()                 { f.said = append(f.said, "check") }
func (f *fakeStore) ForgetPINJob()                      { f.said = append(f.said, "forget") }
func (f *fakeStore) SaveCalendar(*lang.Catalog, string) { f.said = append(f.said, "calendar") }
func (f *fakeStore) ExportCertificate(id, dest string) {
	f.said = append(f.said, "export "+id+" "+dest)
}
func (f *fakeStore) ForgetSaved() { f.said = append(f.said, "forget saved") }

func typeInto(f *pinField, digits string) {
	for _, r := range digits {
		f.TypedRune(r)
	}
}

// keyboard types as a person without a mouse does: every key goes to what has the focus.
type keyboard struct {
	t *testing.T
	u *UI
	q *posts
}

func (k keyboard) focused() fyne.Focusable {
	f := k.u.window.Canvas().Focused()
	if f == nil {
		k.t.Fatal("nothing has the focus")
	}
	return f
}

func (k keyboard) digits(s string) {
	for _, r := range s {
		k.focused().TypedRune(r)
	}
}

func (k keyboard) key(name fyne.KeyName) {
	f := k.focused()
	if name == fyne.KeyTab {
		if tabs, ok := f.(fyne.Tabbable); !ok || !tabs.AcceptsTab() {
			k.u.window.Canvas().FocusNext()
			return
		}
	}
	f.TypedKey(&fyne.KeyEvent{Name: name})
}

// tabTo presses Tab until the control of that name has the focus.
func (k keyboard) tabTo(name string) {
	k.t.Helper()
	c := k.u.window.Canvas()
	for range 60 {
		c.FocusNext()
		for _, p := range controlsIn(k.u.views[k.u.page].Object()) {
			if p.focused && p.name == name {
				return
			}
		}
	}
	k.t.Fatalf("Tab never comes to %q", name)
}

func (k keyboard) form(what string) {
	k.t.Helper()
	k.q.until(k.t, what, func() bool { return k.u.asking != nil && k.u.asking.panel != nil })
}

// wholeWindow is the window over a real store with the practice card, on its page.
func wholeWindow(t *testing.T, tag string) (keyboard, *app.Store) {
	u, store, q := practiceWindow(t, tag, 800, 600)
	u.turn(pageCard)
	return keyboard{t, u, q}, store
}

// outcome waits until the job is over and told.
func (k keyboard) outcome(store *app.Store) *app.PINJob {
	k.t.Helper()
	k.q.until(k.t, "the outcome is told", func() bool {
		st := store.State()
		v := k.u.views[pageCard].(*cardView)
		return st.PINJob != nil && !st.PINJob.Running && v.job == st.PINJob
	})
	return store.State().PINJob
}

func (k keyboard) says(key string, n int, args ...string) {
	k.t.Helper()
	want := k.u.k.Text(lang.MN(key, n, args...))
	if said := strings.ReplaceAll(words(k.u.shell.object), "\n", " "); !strings.Contains(said, want) {
		k.t.Errorf("the page does not say %q:\n%s", want, said)
	}
}

// TestChangePINByKeyboard changes the PIN of the practice card without a mouse, first with the old PIN mistyped.
func TestChangePINByKeyboard(t *testing.T) {
	for _, tag := range lang.Languages {
		t.Run(tag, func(t *testing.T) {
			k, store := wholeWindow(t, tag)
			change := k.u.k.T("ui.newpin.change")
			k.tabTo(change)
			k.key(fyne.KeyReturn)
			k.form("the panel is open")
			k.digits("99999")
			k.key(fyne.KeyReturn)
			k.digits("73051")
			k.key(fyne.KeyReturn)
			k.digits("73052")
			k.key(fyne.KeyReturn) // not twice alike: it goes on to the next control, and nothing is sent
			if k.u.asking == nil {
				t.Fatal("two PINs that differ were taken")
			}
			f := k.u.asking.panel
			k.u.window.Canvas().Focus(f.fields[2])
			k.key(fyne.KeyBackspace)
			k.digits("1")
			k.key(fyne.KeyReturn)
			if j := k.outcome(store); j.Done || j.Advice.Code != "pin-wrong" {
				t.Fatalf("%+v", j)
			}
			k.says("advice.pin-wrong.title", 2)
			k.says("ui.newpin.failed.pin-wrong", 0)

			k.tabTo(k.u.k.T("ui.newpin.again.try"))
			k.key(fyne.KeySpace)
			k.form("the panel is open again")
			k.digits(app.PracticePIN)
			k.key(fyne.KeyTab)
			k.digits("73051")
			k.key(fyne.KeyTab)
			k.digits("73051")
			k.key(fyne.KeyReturn)
			if j := k.outcome(store); !j.Done {
				t.Fatalf("%+v", j.Advice)
			}
			k.says("ui.newpin.done.change", 0, "pin", k.u.k.inner(k.u.k.Text(app.PINLabel(store.State().PINJob.Ref))))
			k.key(fyne.KeyReturn) // the outcome has the focus
			k.q.until(t, "the outcome is gone", func() bool { return k.u.views[pageCard].(*cardView).job == nil })
		})
	}
}

// TestUnblockByKeyboard goes the three steps with a wrong PUK and then with the right one.
func TestUnblockByKeyboard(t *testing.T) {
	for _, tag := range lang.Languages {
		t.Run(tag, func(t *testing.T) {
			k, store := wholeWindow(t, tag)
			k.tabTo(k.u.k.T("ui.newpin.unblock"))
			k.key(fyne.KeyReturn)
			k.form("the guide is open")
			k.key(fyne.KeyReturn)
			k.digits("11112222")
			k.key(fyne.KeyReturn)
			k.digits("11112223")
			k.key(fyne.KeyReturn)
			if _, still := k.focused().(*pinField); still {
				t.Error("a PUK that was not typed twice alike went on")
			}
			panel := k.u.asking.panel
			k.u.window.Canvas().Focus(panel.fields[1])
			k.key(fyne.KeyBackspace)
			k.digits("2")
			k.key(fyne.KeyReturn)
			newPIN := func() {
				k.digits("40628")
				k.key(fyne.KeyReturn)
				k.digits("40628")
				k.key(fyne.KeyReturn)
			}
			newPIN()
			if j := k.outcome(store); j.Done || j.Advice.Code != "puk-wrong" {
				t.Fatalf("%+v", j)
			}
			k.says("advice.puk-wrong.title", 2)

			k.tabTo(k.u.k.T("ui.newpin.again.try"))
			k.key(fyne.KeyReturn)
			k.form("the guide is open again")
			k.says2("ui.newpin.puk.left", 2)
			k.key(fyne.KeyReturn)
			for range 2 {
				k.digits(app.PracticePUK)
				k.key(fyne.KeyReturn)
			}
			newPIN()
			if j := k.outcome(store); !j.Done {
				t.Fatalf("%+v", j.Advice)
			}
			k.says("ui.newpin.done.unblock", 0, "pin", k.u.k.inner(k.u.k.Text(app.PINLabel(store.State().PINJob.Ref))))
		})
	}
}

// says2 is says for the panel.
func (k keyboard) says2(key string, n int) {
	k.t.Helper()
	want := initial(k.u.k.Text(lang.MN(key, n)))
	if said := strings.ReplaceAll(words(k.u.asking.panel.object), "\n", " "); !strings.Contains(said, want) {
		k.t.Errorf("the panel does not say %q:\n%s", want, said)
	}
}

func TestNewPINRulesFollowTheTyping(t *testing.T) {
	for _, tc := range []struct {
		name, old, fresh, repeat string
		want                     []ruleState // length, not the old one, not equal, not in a row, not personal, alike
		ready                    bool
	}{
		{"nothing", "", "", "", []ruleState{ruleOpen, ruleOpen, ruleOpen, ruleOpen, ruleOpen, ruleOpen}, false},
		{"good", "59372", "40628", "40628", []ruleState{ruleMet, ruleMet, ruleMet, ruleMet, ruleMet, ruleMet}, true},
		{"no old PIN yet", "", "40628", "40628", []ruleState{ruleMet, ruleMet, ruleMet, ruleMet, ruleMet, ruleMet}, false},
		{"the old one", "59372", "59372", "59372", []ruleState{ruleMet, ruleBroken, ruleMet, ruleMet, ruleMet, ruleMet}, false},
		{"in a row", "59372", "12345", "12345", []ruleState{ruleMet, ruleMet, ruleMet, ruleUnwise, ruleMet, ruleMet}, true},
		{"all the same", "59372", "77777", "77777", []ruleState{ruleMet, ruleMet, ruleUnwise, ruleMet, ruleMet, ruleMet}, true},
		{"differs", "59372", "40628", "40629", []ruleState{ruleMet, ruleMet, ruleMet, ruleMet, ruleMet, ruleBroken}, false},
		{"being repeated", "59372", "40628", "406", []ruleState{ruleMet, ruleMet, ruleMet, ruleMet, ruleMet, ruleOpen}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			u, _, _ := window(t, state(nil), 1280, 800)
			f := openNewPIN(u, newPINQuestion(app.ChangePIN, 3))
			typeInto(f.old, tc.old)
			typeInto(f.fresh, tc.fresh)
			typeInto(f.repeat, tc.repeat)
			var got []ruleState
			for _, r := range f.judgeNew() {
				got = append(got, r.state)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("rules %v, want %v", got, tc.want)
			}
			if f.on.off == tc.ready {
				t.Errorf("the button is on: %v, want %v", !f.on.off, tc.ready)
			}
			met, want := 0, 0
			for _, run := range strings.Split(words(f.panel.object), "\n") {
				if strings.ReplaceAll(run, "\u00a0", " ") == u.k.T("ui.newpin.rule.met") {
					met++
				}
			}
			for _, s := range tc.want {
				if s == ruleMet {
					want++
				}
			}
			if met != want {
				t.Errorf("%d rules say in words that they are met, want %d", met, want)
			}
		})
	}
}

func TestLastTryMustBeAgreedTo(t *testing.T) {
	for _, kind := range []app.NewPINKind{app.ChangePIN, app.UnblockPIN, app.ChangePUK} {
		u, _, _ := window(t, state(nil), 800, 600)
		f := openNewPIN(u, newPINQuestion(kind, 1))
		if kind != app.ChangePIN {
			if kind == app.UnblockPIN {
				f.next()
			}
			typeInto(f.old, "59372104")
			typeInto(f.again, "59372104")
		} else {
			typeInto(f.old, "59372")
			typeInto(f.fresh, "40628")
			typeInto(f.repeat, "40628")
		}
		if f.ready() || !f.on.off {
			t.Errorf("kind %d: goes on without the tick", kind)
		}
		f.sure.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
		if !f.ready() || f.on.off {
			t.Errorf("kind %d: the tick does not open the way", kind)
		}
	}
}

// TestFocusComesIntoSight goes through a panel that is higher than the window: what has the focus is seen. The buttons
// lie below what scrolls, and are always in sight.
func TestFocusComesIntoSight(t *testing.T) {
	st := state(func(s *app.State) { s.Settings.Scale = 200 })
	u, _, _ := window(t, st, 1280, 800)
	f := openNewPIN(u, newPINQuestion(app.ChangePIN, 1))
	s := scrollerOf(f.panel.object)
	d := u.app.Driver()
	for i, c := range f.ring {
		u.window.Canvas().Focus(c)
		o, ok := c.(fyne.CanvasObject)
		if !ok || o.Size().Height == 0 {
			continue // the button that is off takes no focus
		}
		top := d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(s).Y
		room := s.Size().Height
		if i >= len(f.ring)-2 {
			room = u.window.Canvas().Size().Height - d.AbsolutePositionForObject(s).Y
		}
		if top < 0 || top+o.Size().Height > room+1 {
			t.Errorf("control %d lies from %.0f to %.0f of %.0f", i, top, top+o.Size().Height, room)
		}
	}
	if s.Offset.Y == 0 {
		t.Error("the panel was never scrolled")
	}
}

// TestNewPINEndsWell holds that whatever ends the question, the digits are gone.
func TestNewPINEndsWell(t *testing.T) {
	for name, end := range map[string]func(*UI, context.CancelFunc){
		"Esc":     func(u *UI, _ context.CancelFunc) { u.asking.panel.field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape}) },
		"context": func(_ *UI, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			u, _, q := window(t, state(nil), 1280, 800)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			done := make(chan error, 1)
			go func() {
				_, err := u.NewPIN(ctx, newPINQuestion(app.ChangePIN, 3))
				done <- err
			}()
			q.until(t, "the panel is open", func() bool { return u.asking != nil })
			fields := u.asking.panel.fields
			for _, f := range fields {
				typeInto(f, "59372")
			}
			end(u, cancel)
			if err := <-done; !errors.Is(err, app.ErrRefused) && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			q.until(t, "the panel is closed", func() bool { return u.asking == nil })
			for i, f := range fields {
				if f.pin.Len() != 0 {
					t.Errorf("field %d still holds digits", i)
				}
			}
		})
	}
}

// TestNewPINLeavesNoCopy looks through a dump of the whole heap: while the panel is open the digits stand there
// once for each field, and afterwards not at all.
func TestNewPINLeavesNoCopy(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the heap is dumped on Linux only")
	}
	u, _, _ := window(t, state(nil), 800, 600)
	f := openNewPIN(u, newPINQuestion(app.ChangePIN, 3))
	runes := [8]rune{'6', '0', '9', '2', '7', '4', '1', '8'}
	count := func() int {
		t.Helper()
		file, err := os.Create(filepath.Join(t.TempDir(), "heap"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		debug.WriteHeapDump(file.Fd())
		b, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		var needle [8]byte
		for i, r := range runes {
			needle[i] = byte(r)
		}
		n := bytes.Count(b, needle[:])
		clear(needle[:])
		clear(b)
		return n
	}
	for _, field := range []*pinField{f.fresh, f.repeat} {
		for _, r := range runes {
			field.TypedRune(r)
		}
	}
	u.window.Canvas().Capture()
	if n := count(); n != 2 {
		t.Errorf("%d copies of the digits while two fields hold them", n)
	}
	u.asking.shut()
	if n := count(); n != 0 {
		t.Errorf("%d copies of the digits after the panel was closed", n)
	}
}

// TestDigitsAreShownOnlyWhenAskedFor: the digits stand on the screen while the tick is set, and are gone with what was
// typed.
func TestDigitsAreShownOnlyWhenAskedFor(t *testing.T) {
	u, _, _ := window(t, state(nil), 1280, 800)
	f := openNewPIN(u, newPINQuestion(app.ChangePIN, 3))
	seen := func() string {
		var s strings.Builder
		for _, d := range f.old.digits {
			s.WriteString(d.Text)
		}
		return s.String()
	}
	typeInto(f.old, "50273")
	if got := seen(); got != "" {
		t.Errorf("shown unasked: %q", got)
	}
	f.seen.do()
	if got := seen(); got != "50273" {
		t.Errorf("asked for, and shown is %q", got)
	}
	f.old.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	if got := seen(); got != "5027" {
		t.Errorf("after one was taken back %q", got)
	}
	f.panel.wipe()
	f.old.Refresh()
	if got := seen(); got != "" {
		t.Errorf("wiped, and shown is %q", got)
	}
	f.seen.do()
	typeInto(f.old, "50273")
	if got := seen(); got != "" {
		t.Errorf("no longer asked for: %q", got)
	}
}

// TestHalfACodeIsToldToBeHalf: four digits of a longer code may be one of the two halves in which it was handed out.
func TestHalfACodeIsToldToBeHalf(t *testing.T) {
	u, _, _ := window(t, state(nil), 1280, 800)
	hint := together(u.k.T("ui.pin.halves"))
	a := &asking{ui: u, refuse: func() {}}
	a.build = func() *panel { return u.pinPanel(signQuestion(3, app.NotPractice), func(*app.PIN) {}, func() {}) }
	u.asking = a
	a.open()
	for n, d := range "50273" {
		typeInto(a.panel.field, string(d))
		if said := strings.Contains(together(words(a.panel.object)), hint); said != (n == 3) {
			t.Errorf("PIN of %d digits: told %v", n+1, said)
		}
	}
	for _, kind := range []app.NewPINKind{app.ChangePIN, app.ChangePUK} {
		f := openNewPIN(u, newPINQuestion(kind, 3))
		for n, d := range "50273" {
			typeInto(f.old, string(d))
			if said := strings.Contains(together(words(f.panel.object)), hint); said != (n == 3) {
				t.Errorf("kind %d, %d digits: told %v", kind, n+1, said)
			}
		}
	}
}

// TestEscGivesTheKeyboardBack leaves the guide with Esc: the button that opened it has the focus again.
func TestEscGivesTheKeyboardBack(t *testing.T) {
	k, store := wholeWindow(t, "it")
	unblock := k.u.k.T("ui.newpin.unblock")
	k.tabTo(unblock)
	k.key(fyne.KeyReturn)
	k.form("the guide is open")
	k.key(fyne.KeyEscape)
	k.q.until(t, "the job is over", func() bool {
		return store.State().PINJob == nil && k.u.views[pageCard].(*cardView).job == nil
	})
	if b, ok := k.focused().(*button); !ok || b.name != unblock {
		t.Errorf("the keyboard is with %T", k.focused())
	}
}

// TestBrokenRuleIsReadWhereTheRulesAreOutOfSight: at 200 % the rules lie below the fields, so that the one that is
// broken is told below the tries, and the fields make room for it.
func TestBrokenRuleIsReadWhereTheRulesAreOutOfSight(t *testing.T) {
	u, _, _ := window(t, state(func(s *app.State) { s.Settings.Scale = 200 }), 1280, 800)
	f := openNewPIN(u, newPINQuestion(app.ChangePIN, 3))
	below := func() float32 { return u.app.Driver().AbsolutePositionForObject(f.main).Y }
	before := below()
	typeInto(f.old, "59372")
	typeInto(f.fresh, "59372")
	typeInto(f.repeat, "59372")
	box := f.wrong.box
	if !f.stacked() || !box.Visible() || box.Size().Height == 0 || below() < before+box.Size().Height {
		t.Errorf("rules below: %v; told: %v, on %v; the fields moved from %v to %v", f.stacked(), box.Visible(), box.Size(), before, below())
	}
	typeInto(f.fresh, "1")
	typeInto(f.repeat, "1")
	if box.Visible() || below() != before {
		t.Errorf("all rules are kept; told: %v, the fields are at %v instead of %v", box.Visible(), below(), before)
	}
}
