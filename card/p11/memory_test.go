//go:build cgo

package p11_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ceralacca/card"
	"ceralacca/card/p11"
)

// memory is kept by a test.
type memory map[string]string

func (m memory) Module(card string) string { return m[card] }
func (m memory) Keep(card, module string)  { m[card] = module }

// The module that was of use for a card is asked first, and the others are not loaded at all; where it fails now, they
// are asked, and the one that is of use is kept in its place. What is kept for one card says nothing of another.
func TestTheModuleOfACardIsRemembered(t *testing.T) {
	first, log := fake(t, "")
	t.Setenv("FAKE_READER", "reader")
	second, broken := filepath.Join(t.TempDir(), "second.so"), filepath.Join(t.TempDir(), "broken.so")
	b, err := os.ReadFile(first)
	if err := errors.Join(err, os.WriteFile(second, b, 0o700), os.WriteFile(broken, []byte("no library"), 0o700)); err != nil {
		t.Fatal(err)
	}
	known := []card.Key{{DER: certificate(t, "another card", 0)}}
	for _, tt := range []struct {
		name   string
		kept   string
		known  []card.Key
		loaded int
		want   string
	}{
		{"nothing is kept", "", nil, 1, first},
		{"the second is", second, nil, 1, second},
		{"one that is broken now", broken, nil, 1, first},
		{"one that is no longer installed", "/nowhere/gone.so", nil, 1, first},
		{"for another card", second, known, 1, first},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(log, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			kept := memory{"unknown": tt.kept}
			o := quick
			o.List, o.Memory = func() []string { return []string{first, second, broken} }, kept
			s := p11.Auto(o)
			defer s.Close()
			slot, err := s.Find(t.Context(), "reader", tt.known)
			if err != nil {
				t.Fatal(err)
			}
			tok, err := s.Open(t.Context(), slot.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := tok.Info().Library, filepath.Base(tt.want); len(got) <= len(want) || got[:len(want)] != want {
				t.Errorf("the card tells of the library %q, want %q with its version", got, want)
			}
			tok.Close()
			if n := count(t, log, "C_Initialize"); n != tt.loaded {
				t.Errorf("%d modules were loaded, want %d", n, tt.loaded)
			}
			if tt.known == nil && kept["unknown"] != tt.want {
				t.Errorf("kept is %q, want %q", kept["unknown"], tt.want)
			}
			if tt.known != nil && (kept["unknown"] != tt.kept || len(kept) != 2) {
				t.Errorf("kept is %v", kept)
			}
		})
	}
}
