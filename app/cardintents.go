package app

import (
	"context"
	"os"
	"path/filepath"

	"ceralacca/app/lang"
	"ceralacca/card"
)

// This file is what a window asks of the store about the chosen card, PINs apart.

// PINRef names a PIN of a card, as [PINView] holds it.
type PINRef = card.PINRef

// Saved is the outcome of the last calendar or certificate that was written; nil before the first.
type Saved struct {
	Path   string  // where it is; empty when it was not written
	Advice *Advice // why it was not written
}

// SaveCalendar writes the deadlines of the chosen card to dest, in the words of t. A file that is there already
// is left alone: the new one takes the next free name beside it.
func (s *Store) SaveCalendar(t *lang.Catalog, dest string) {
	s.save(dest, func(ctx context.Context, e *Engine, c *Card, dest string) error {
		return e.SaveCalendar(ctx, c, t, dest)
	})
}

// ExportCertificate writes the certificate of the chosen card with that ID to dest, or to the next free name
// beside it: in DER when the name ends in .der or .cer, in PEM otherwise.
func (s *Store) ExportCertificate(id, dest string) {
	s.save(dest, func(ctx context.Context, e *Engine, c *Card, dest string) error {
		for i := range c.Certificates {
			if c.Certificates[i].ID == id {
				return e.ExportCertificate(ctx, &c.Certificates[i], dest)
			}
		}
		return &CertificateIDError{id}
	})
}

// ForgetSaved takes the outcome of the last writing off the screen.
func (s *Store) ForgetSaved() {
	s.post(func(st State) State {
		st.Saved = nil
		return st
	})
}

func (s *Store) save(dest string, write func(context.Context, *Engine, *Card, string) error) {
	s.post(func(st State) State {
		c := st.Cards.Card()
		if c == nil {
			return st
		}
		engine := s.use
		s.run("errand.save", dest, func(ctx context.Context) (change, error) {
			dest := nextFree(dest)
			err := write(ctx, engine, c, dest)
			return toldSaved(dest, err), err
		})
		return st
	})
}

// toldSaved tells what came of writing dest.
func toldSaved(dest string, err error) change {
	done := &Saved{Path: dest}
	if err != nil {
		done = &Saved{Advice: Explain(err)}
	}
	return func(st State) State {
		st.Saved = done
		return st
	}
}

// nextFree is dest, or the first name like "name (2).ext" in its folder that no file has.
func nextFree(dest string) string {
	if _, err := os.Lstat(dest); err != nil {
		return dest // free, or a trouble that writing will tell
	}
	dir, name := filepath.Split(dest)
	return filepath.Join(dir, freeName(dir, name, map[string]bool{}))
}
