package app

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ceralacca/app/lang"
	"ceralacca/assets"
)

// told is a window that shows notifications.
type told struct {
	answers
	shown chan Reminder
}

func (n *told) Notify(r Reminder) { n.shown <- r }

func certsEnding(at time.Time) *Card {
	return &Card{Certificates: []Certificate{
		{SHA256: "aa", Use: ForLogin, NotAfter: at}, {SHA256: "bb", Use: ForSigning, NotAfter: at}, {SHA256: "cc", Use: ForOther, NotAfter: at},
	}}
}

// TestRemindersComeOnceEach goes through the last hundred days of a card, hour by hour at the thresholds, with a
// start of the program at each step.
func TestRemindersComeOnceEach(t *testing.T) {
	dir, end := t.TempDir(), time.Date(2027, 3, 29, 12, 0, 0, 0, lang.Rome()) // the day after summer time begins
	if err := newReminders(dir).saw(certsEnding(end)); err != nil {
		t.Fatal(err)
	}
	var days []int
	for at := end.AddDate(0, 0, -100); !at.After(end.AddDate(0, 0, 2)); at = at.Add(6 * time.Hour) {
		due, err := newReminders(dir).due(at)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range due {
			if r.kind != "sign" {
				t.Errorf("told of %q", r.kind)
			}
			days = append(days, r.daysLeft)
		}
	}
	if want := []int{90, 30, 7, 1}; !equalInts(days, want) {
		t.Errorf("told %v days before, want %v", days, want)
	}
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestRemindersAfterAPause: who was away is told once, of the nearest threshold, and never of one that is over.
func TestRemindersAfterAPause(t *testing.T) {
	end := time.Date(2027, 3, 29, 12, 0, 0, 0, lang.Rome())
	for _, tc := range []struct {
		before, told int // days before the end; told 0 for nothing
	}{{200, 0}, {91, 0}, {90, 1}, {45, 1}, {5, 1}, {0, 1}, {-3, 0}} {
		r := newReminders(t.TempDir())
		if err := r.saw(certsEnding(end)); err != nil {
			t.Fatal(err)
		}
		now := end.AddDate(0, 0, -tc.before)
		first, err1 := r.due(now)
		again, err2 := r.due(now.Add(time.Minute))
		if len(first) != tc.told || len(again) != 0 || err1 != nil || err2 != nil {
			t.Errorf("%d days before: told %d, then %d; %v %v", tc.before, len(first), len(again), err1, err2)
		}
	}
}

func TestRemindersKeepNoName(t *testing.T) {
	dir := t.TempDir()
	e, _ := engineFor(t, dir, nil, "standard")
	c, err := e.Inspect(t.Context(), slotOf(t, e))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.reminders.saw(&c); err != nil {
		t.Fatal(err)
	}
	b := string(read(t, filepath.Join(dir, "reminders.json")))
	for _, own := range []string{c.Name, c.Surname, c.FiscalCode, c.Serial} {
		if strings.Contains(b, own) {
			t.Errorf("the file holds %s", own)
		}
	}
	if !strings.Contains(b, c.Signing().SHA256) {
		t.Errorf("the certificate is not there: %s", b)
	}
}

func TestStoreTellsWhenACardWasRead(t *testing.T) {
	dir := t.TempDir()
	later := time.Now().AddDate(3, 0, -20) // the card of all tests is valid for three years
	e, _ := engineFor(t, dir, func() time.Time { return later }, "standard")
	ask := &told{shown: make(chan Reminder, 4)}
	w := runStore(t, e, ask)
	w.until("ready", ready)
	r := <-ask.shown
	catalog, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	title, body := r.Words(catalog)
	if r.kind != "sign" || !strings.Contains(title, "giorni") || strings.Contains(title+body, "{") {
		t.Errorf("%+v: %s / %s", r, title, body)
	}
}

func TestThePracticeCardRemindsOfNothing(t *testing.T) {
	e, _ := practiceEngine(t)
	c, err := e.Inspect(t.Context(), slotOf(t, e))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.reminders.saw(&c); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(e.cfg.Dir, "reminders.json")); err == nil {
		t.Error("the practice card is remembered")
	}
}

func TestReminderWords(t *testing.T) {
	for _, tag := range lang.Languages {
		c, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"sign", "login", "health"} {
			for n := range 2 * 91 {
				title, body := Reminder{kind, n / 2, time.Date(2027, 3, 28, 0, 0, 0, 0, lang.Rome()), n%2 == 1}.Words(c)
				if unsaid := n%2 == 1; unsaid && kind != "health" && strings.Contains(body, c.Date(time.Date(2027, 3, 28, 0, 0, 0, 0, lang.Rome()))) {
					t.Errorf("%s %s %d: a last day that nobody has told: %q", tag, kind, n/2, body)
				}
				if title == "" || body == "" || strings.ContainsAny(title+body, "{}") || strings.HasPrefix(title, "reminder.") || strings.HasPrefix(body, "reminder.") {
					t.Errorf("%s %s %d: %q %q", tag, kind, n, title, body)
				}
			}
		}
	}
}

func TestStartAtLogin(t *testing.T) {
	home := t.TempDir()
	for _, tc := range []struct {
		name  string
		entry startupFile
		want  string // in the file
	}{
		{"Linux", desktopEntry(home, "/opt/cera lacca/100%/$x`\"\\y"), `Exec="/opt/cera lacca/100%%/\\$x\\` + "`" + `\\"\\\\y" --tray`},
		{"macOS", launchAgent(home, "/Applications/A & B.app/x"), "<string>/Applications/A &amp; B.app/x</string>\n\t\t<string>--tray</string>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := New(Config{Startup: tc.entry})
			w := runStore(t, e, &answers{})
			st := w.until("known", func(st *State) bool { return st.Startup.Able })
			if st.Startup.On {
				t.Fatal("on at first")
			}
			w.SetStartAtLogin(true)
			w.until("on", func(st *State) bool { return st.Startup.On })
			if b := string(read(t, tc.entry.path)); !strings.Contains(b, tc.want) {
				t.Errorf("%s\nwant %s", b, tc.want)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(tc.entry.path), ".ceralacca-*"))
			if len(left) != 0 || err != nil {
				t.Errorf("left behind: %v, %v", left, err)
			}
			w.SetStartAtLogin(false)
			w.until("off", func(st *State) bool { return !st.Startup.On })
			w.SetStartAtLogin(false) // again: nothing to take away
			if st := w.until("still off", func(st *State) bool { return !st.Startup.On }); st.Startup.Advice != nil {
				t.Errorf("%+v", st.Startup.Advice)
			}
		})
	}
}

func TestReminderOfToday(t *testing.T) {
	c, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"sign", "login", "health"} {
		if title, _ := (Reminder{kind, 0, time.Now(), false}).Words(c); !strings.HasSuffix(title, "scade oggi") {
			t.Errorf("%s: %q", kind, title)
		}
	}
}

// slowStartup takes its time to switch on.
type slowStartup struct {
	begun, goOn chan struct{}
	on          atomic.Bool
}

func (s *slowStartup) On() (bool, error) { return s.on.Load(), nil }

func (s *slowStartup) Set(on bool) error {
	if on {
		s.begun <- struct{}{}
		<-s.goOn
	}
	s.on.Store(on)
	return nil
}

// TestLastWishStays: of two wishes that follow each other at once the last one stays, however long the first takes.
func TestLastWishStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowStartup{begun: make(chan struct{}), goOn: make(chan struct{})}
		w := runStore(t, New(Config{Startup: s}), &answers{})
		w.SetStartAtLogin(true)
		<-s.begun
		w.SetStartAtLogin(false)
		synctest.Wait()
		close(s.goOn)
		synctest.Wait()
		if s.on.Load() || w.State().Startup.On {
			t.Errorf("on: %v, shown: %v", s.on.Load(), w.State().Startup.On)
		}
	})
}

// TestSettingsAreWrittenInOrder: those of the profile too wait for the ones before them.
func TestSettingsAreWrittenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		w := runStore(t, New(Config{Dir: dir}), &answers{})
		var end func()
		w.post(func(st State) State { end = w.settingsTurn.next()(); return st })
		w.SetProfile("registro-imprese")
		w.ChangeSettings(func(s *Settings) { s.Theme = "dark" })
		w.ChangeSettings(func(s *Settings) { s.Scale = 150 })
		synctest.Wait()
		if kept, err := New(Config{Dir: dir}).Settings(); err != nil || kept != (Settings{}) {
			t.Errorf("written before its turn: %+v, %v", kept, err)
		}
		end()
		synctest.Wait()
		want := Settings{Profile: "registro-imprese", Theme: "dark", Scale: 150}
		if kept, err := New(Config{Dir: dir}).Settings(); err != nil || kept != want {
			t.Errorf("kept %+v, %v", kept, err)
		}
	})
}
