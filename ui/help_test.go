package ui

import (
	"slices"
	"testing"

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
