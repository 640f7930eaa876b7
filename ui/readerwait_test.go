package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/card"
)

// TestTheReadersTimeIsCounted: while a PIN is typed on the reader the panel tells how long that waits for the first key,
// where it is known, and never speaks of a time that nobody knows.
func TestTheReadersTimeIsCounted(t *testing.T) {
	within := card.TypeWithin
	seconds := int(within / time.Second)
	for _, tc := range []struct {
		name  string
		wait  app.ReaderWait
		after time.Duration
		want  lang.Msg
	}{
		{"at first", app.ReaderWait{Within: within, Codes: 1}, 0, lang.MN("ui.pin.reader.left", seconds)},
		{"near the end", app.ReaderWait{Within: within, Codes: 1}, within - 700*time.Millisecond, lang.MN("ui.pin.reader.left", 1)},
		{"after it", app.ReaderWait{Within: within, Codes: 1}, within, lang.M("ui.pin.reader.late")},
		{"several codes", app.ReaderWait{Within: within, Codes: 3}, within / 2, lang.MN("ui.pin.reader.each", seconds)},
		{"not known", app.ReaderWait{Codes: 1}, 0, lang.Msg{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			u, _, q := window(t, state(nil), 1280, 800)
			tc.wait.Label = app.PINLabel(0x1A)
			ctx, cancel := context.WithCancel(t.Context())
			over := make(chan struct{})
			go func() { defer close(over); u.OnReader(ctx, tc.wait) }()
			q.until(t, "the panel is open", func() bool { return u.asking != nil })
			u.now = func() time.Time { return today.Add(tc.after) }
			u.asking.open()
			said := words(u.asking.panel.object)
			if want := u.k.Text(tc.want); !strings.Contains(said, want) {
				t.Errorf("the panel does not say %q:\n%s", want, said)
			}
			if tc.want.IsZero() && strings.ContainsAny(said, "0123456789") {
				t.Errorf("a number out of nowhere:\n%s", said)
			}
			cancel()
			<-over
			q.until(t, "the panel is shut", func() bool { return u.asking == nil })
		})
	}
}

// TestTheReadersTimeRuns: the line changes by itself.
func TestTheReadersTimeRuns(t *testing.T) {
	u, _, q := window(t, state(nil), 1280, 800)
	start := time.Now()
	u.now = func() time.Time { return today.Add(time.Since(start)) }
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		u.OnReader(ctx, app.ReaderWait{Label: app.PINLabel(0x1A), Within: time.Second, Codes: 1})
	}()
	q.until(t, "the time is over", func() bool {
		return u.asking != nil && strings.Contains(words(u.asking.panel.object), u.k.T("ui.pin.reader.late"))
	})
	cancel()
	<-over
}
