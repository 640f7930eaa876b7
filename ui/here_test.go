package ui

import (
	"strings"
	"testing"

	"ceralacca/assets"
)

// TestThePageOfTheCardDoesNotSendToItself: in every scene of it its name stands there once, as its title.
func TestThePageOfTheCardDoesNotSendToItself(t *testing.T) {
	for _, s := range scenes() {
		if s.page != pageCard {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			u := s.open(t, assets.FS, 1280, 800, nil)
			if n := strings.Count(words(u.views[pageCard].Object()), u.k.T("ui.page.card")); n > 1 {
				t.Errorf("its name stands there %d times", n)
			}
		})
	}
}
