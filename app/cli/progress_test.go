package main

import (
	"strings"
	"testing"

	"ceralacca/app/lang"
	"ceralacca/assets"
)

// TestProgress: the line is written over as a whole, cut where it would wrap, and gone in the end.
func TestProgress(t *testing.T) {
	texts, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	p := &progress{w: &b, texts: texts, total: 12}
	p.on(1, strings.Repeat("lungo", 30))
	p.on(2, "a\x1b[31m")
	p.off()
	p.off() // of no effect
	steps := strings.Split(b.String(), "\r")
	if len(steps) != 5 || len([]rune(steps[1])) != maxProgress || len([]rune(steps[2])) != maxProgress || steps[4] != "" ||
		!strings.HasPrefix(steps[2], "2 di 12: a[U+001B][31m ") || strings.TrimSpace(steps[3]) != "" {
		t.Errorf("got %q", steps)
	}
	(*progress)(nil).on(1, "a")
	(*progress)(nil).off()
}
