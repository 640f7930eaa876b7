package app

import (
	"slices"
	"testing"
	"time"

	"ceralacca/assets"
)

// TestPracticeMarkSaysTest: a visible signature of the practice card says on the page that it is worth nothing; one
// of a real card says what it was told to say.
func TestPracticeMarkSaysTest(t *testing.T) {
	e, _ := practiceEngine(t)
	e.cfg.Assets = assets.FS
	mark := &VisibleMark{Page: 1, Rect: [4]float64{10, 10, 200, 60}, Lines: []string{"Firmato da", "{name}"}}
	for _, tc := range []struct {
		name  string
		e     *Engine
		lines []string
	}{
		{"practice", e, []string{"TEST", "Firmato da", "ANNA"}},
		{"real", New(Config{Assets: assets.FS}), []string{"Firmato da", "ANNA"}},
	} {
		a, err := tc.e.appearance(mark, "ANNA", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Lines, tc.lines) {
			t.Errorf("%s: %q", tc.name, a.Lines)
		}
	}
}
