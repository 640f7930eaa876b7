package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"ceralacca/app/lang"
)

// reminderDays are the days before the end of a certificate on which its holder is told, once for each.
var reminderDays = []int{90, 30, 7, 1}

// reminderEvery is how often a running program looks whether there is something to tell.
const reminderEvery = time.Hour

// Reminder is a notification of the desktop: a certificate ends in some days.
type Reminder struct {
	kind     string // as in knownCert
	daysLeft int
	until    time.Time // the last day of the renewal
	unsaid   bool      // no rule of renewal is known
}

// Notifier is an [Asker] that can show a notification. Notify may be called from any goroutine and does not block.
type Notifier interface{ Notify(r Reminder) }

// reminders remembers when the certificates that were seen end, so that the holder is told while the card is in a
// drawer, and what was told already. The file holds no name: a certificate is its SHA-256.
type reminders struct {
	mu   sync.Mutex
	path string // empty keeps nothing, and so tells nothing
}

// knownCert is a certificate that was seen on a card.
type knownCert struct {
	SHA256   string    `json:"sha256"`
	Kind     string    `json:"kind"` // "sign", "login" or "health"
	NotAfter time.Time `json:"not_after"`
	Unsaid   bool      `json:"unsaid,omitempty"` // no rule of renewal is known
	Told     int       `json:"told,omitempty"`   // the last of reminderDays that was told; 0 for none
}

func newReminders(dir string) *reminders {
	r := &reminders{}
	if dir != "" {
		r.path = filepath.Join(dir, "reminders.json")
	}
	return r
}

// read gives what is kept; another window may have changed it. A damaged file is as good as none.
func (r *reminders) read() []knownCert {
	b, err := os.ReadFile(r.path)
	var list []knownCert
	if err != nil || json.Unmarshal(b, &list) != nil {
		return nil
	}
	return list
}

func (r *reminders) write(list []knownCert) error {
	b, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("keeping the reminders: %w", err)
	}
	return replaceFile(r.path, b)
}

// saw remembers the certificates of a card.
func (r *reminders) saw(c *Card) error {
	if r.path == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.read()
	before := len(list)
	for _, x := range c.Certificates {
		kind := map[CertUse]string{ForSigning: "sign", ForLogin: "login"}[x.Use]
		if c.origin() == fromHealth && x.Use == ForLogin {
			kind = "health"
		}
		known := slices.ContainsFunc(list, func(k knownCert) bool { return k.SHA256 == x.SHA256 })
		if kind != "" && !known {
			list = append(list, knownCert{SHA256: x.SHA256, Kind: kind, NotAfter: x.NotAfter, Unsaid: x.Renewal == RenewalUnsaid})
		}
	}
	if len(list) == before {
		return nil
	}
	return r.write(list)
}

// due takes out what is to be told now, and remembers that it was told. Certificates that end on one day make one
// reminder, in the words of the one that signs. Those that are over are forgotten.
func (r *reminders) due(now time.Time) ([]Reminder, error) {
	if r.path == "" {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.read()
	before := slices.Clone(list)
	list = slices.DeleteFunc(list, func(k knownCert) bool { return now.After(k.NotAfter) })
	byDay := map[string]knownCert{}
	for i := range list {
		k := &list[i]
		left, at := daysBetween(day(now), day(k.NotAfter)), 0
		for _, d := range reminderDays {
			if left <= d {
				at = d
			}
		}
		if at == 0 || k.Told != 0 && k.Told <= at {
			continue
		}
		k.Told = at
		date := day(k.NotAfter).Format(time.DateOnly)
		if told, other := byDay[date]; !other || told.Kind != "sign" {
			byDay[date] = *k
		}
	}
	var out []Reminder
	for _, k := range byDay {
		out = append(out, Reminder{k.Kind, daysBetween(day(now), day(k.NotAfter)), day(k.NotAfter).AddDate(0, 0, -1), k.Unsaid})
	}
	if slices.Equal(before, list) {
		return out, nil
	}
	return out, r.write(list)
}

// Words is what to say: the days left, and what can be done about it. Rules of renewal: see [Guides].
func (r Reminder) Words(t *lang.Catalog) (title, body string) {
	key := "reminder." + r.kind + ".body"
	switch {
	case r.kind == "health":
	case r.unsaid:
		key = "reminder.ends.body"
	case r.daysLeft == 1:
		key = "reminder.last-day.body"
	case r.daysLeft < 1:
		key = "reminder.over.body"
	}
	ends := lang.MN("reminder."+r.kind, r.daysLeft)
	if r.daysLeft < 1 {
		ends = lang.M("reminder." + r.kind + ".today")
	}
	return t.Text(ends), t.Text(lang.M(key, "until", t.Date(r.until)))
}

// remind tells what is due from time to time, until ctx ends.
func (s *Store) remind() {
	n, able := s.ask.(Notifier)
	if !able {
		return
	}
	engine, ctx := s.engine, s.ctx
	s.spawn(func() {
		tick := time.NewTicker(reminderEvery)
		defer tick.Stop()
		for {
			engine.tellDue(n)
			select {
			case <-tick.C:
			case <-s.reminded:
			case <-ctx.Done():
				return
			}
		}
	})
}

// tellDue shows what is due. What cannot be remembered as told is told again: better twice than never.
func (e *Engine) tellDue(n Notifier) {
	due, _ := e.reminders.due(e.cfg.Now())
	for _, r := range due {
		n.Notify(r)
	}
}

// sawCard remembers a card that was read; the practice card is none.
func (s *Store) sawCard(c *Card) {
	if s.use != s.engine {
		return
	}
	engine, card := s.engine, *c
	s.spawn(func() {
		_ = engine.reminders.saw(&card) // without it the person is told by the card page
		select {
		case s.reminded <- struct{}{}:
		default:
		}
	})
}

// Startup starts the program with the person's session, in the system tray. Set is atomic: the entry is there as a
// whole or not at all.
type Startup interface {
	On() (bool, error)
	Set(on bool) error
}

// StartupState is whether the program starts with the session.
type StartupState struct {
	Able   bool // this system can
	On     bool
	Advice *Advice // why the last change failed
}

// readStartup looks whether the program starts with the session.
func (s *Store) readStartup() {
	entry := s.engine.cfg.Startup
	if entry == nil {
		return
	}
	s.spawn(func() {
		on, err := entry.On()
		s.post(func(st State) State {
			st.Startup = &StartupState{Able: true, On: on, Advice: Explain(err)}
			return st
		})
	})
}

// SetStartAtLogin has the program start with the session, in the system tray, to tell of certificates that end; or
// no longer.
func (s *Store) SetStartAtLogin(on bool) {
	s.post(func(st State) State {
		entry := s.engine.cfg.Startup
		if entry == nil {
			return st
		}
		mine := s.startupTurn.next()
		s.spawn(func() {
			defer mine()()
			err := entry.Set(on)
			now, readErr := entry.On()
			s.post(func(st State) State {
				st.Startup = &StartupState{Able: true, On: now, Advice: Explain(errors.Join(err, readErr))}
				return st
			})
		})
		return st
	})
}

// startupFile is a Startup made of one file, as Linux (XDG autostart) and macOS (launch agent) have it.
type startupFile struct{ path, content string }

// On implements Startup.
func (f startupFile) On() (bool, error) {
	_, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Set implements Startup.
func (f startupFile) Set(on bool) error {
	if on {
		return replaceFile(f.path, []byte(f.content))
	}
	if err := os.Remove(f.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
