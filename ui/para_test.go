package ui

import (
	"strings"
	"testing"

	"ceralacca/app"
	"ceralacca/assets"
)

// TestNoBreakSpaceHolds finds a colon at the start of a line, where French sets a no-break space before it.
func TestNoBreakSpaceHolds(t *testing.T) {
	k, err := newKit(assets.FS, app.Settings{Language: "it"}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	p := k.paragraph(bodyFace, k.p.ink, "**ceralacca-cli**\u00a0: il rapporto\u00a0: «\u00a0Ceralacca\u00a0»")
	for width := float32(1); width < 500; width += 7 {
		for _, line := range p.lines(width) {
			if first := strings.TrimLeft(line[0].text, "\u00a0"); strings.HasPrefix(first, ":") || strings.HasPrefix(first, "»") {
				t.Fatalf("at %.0f a line begins with %q", width, line[0].text)
			}
			if last := line[len(line)-1].text; strings.HasSuffix(last, "«") {
				t.Fatalf("at %.0f a line ends with %q", width, last)
			}
		}
	}
}
