package ui

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// The check-up is run, with the network only by its own button, and not beside a signing job.
func TestDoctorButtons(t *testing.T) {
	u, f, _ := window(t, state(nil), 1280, 800)
	u.turn(pageHelp)
	press := func(words string) {
		t.Helper()
		b, is := controls(u.views[pageHelp].Object())[words].(*button)
		if !is {
			t.Fatalf("no %q", words)
		}
		b.Tapped(nil)
	}
	press("Controlla")
	press("Prova anche la rete")
	if !slices.Equal(f.said, []string{"diagnose", "diagnose with network"}) {
		t.Errorf("%v", f.said)
	}
	f.said = nil
	u.show(state(func(s *app.State) { s.Job = &app.Job{Running: true, Total: 1} }))
	press("Controlla")
	if len(f.said) != 0 || u.views[pageHelp].Main() != nil {
		t.Errorf("beside a job: %v", f.said)
	}
}

// The line that mends a stopped service is copied by keyboard.
func TestDoctorCommandIsCopied(t *testing.T) {
	u, _ := sceneOf(t, "doctor-command")
	b, is := controls(u.views[pageHelp].Object())[u.k.T("doctor.copy")].(*button)
	if !is {
		t.Fatal("nothing to copy")
	}
	u.window.Canvas().Focus(b)
	u.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if got := u.app.Clipboard().Content(); got != "sudo systemctl enable --now pcscd.socket" {
		t.Errorf("copied %q", got)
	}
}
