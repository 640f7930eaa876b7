package ui

import (
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"ceralacca/app"
)

func TestReminderIsANotification(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none")) // the toolkit's own way
	u, _, q := window(t, state(nil), 800, 600)
	title, body := app.Reminder{}.Words(u.k.Catalog)
	test.AssertNotificationSent(t, fyne.NewNotification(title, body), func() {
		u.Notify(app.Reminder{})
		for q.drain() {
		}
		u.reading.Wait() // on Linux the bus is asked first
		for q.drain() {
		}
	})
}

func TestStartAtLoginIsChosenInTheSettings(t *testing.T) {
	st := state(func(s *app.State) { s.Startup = &app.StartupState{Able: true} })
	u, f, _ := window(t, st, 800, 600)
	u.turn(pageSettings)
	press1(t, u, u.k.T("ui.set.startup.on"))
	if !slices.Contains(f.said, "start at login true") {
		t.Errorf("said %q", f.said)
	}
	u.show(state(nil)) // a system that cannot
	if _, there := controls(u.shell.object)[u.k.T("ui.set.startup.on")]; there {
		t.Error("offered where it cannot be done")
	}
}
