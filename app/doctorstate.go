package app

import (
	"context"
	"path/filepath"

	"ceralacca/app/lang"
)

// Diagnose looks at reader, card, libraries, lists, disk and clock, and tries the network only when asked; not while a job
// runs, which would share the card with it.
func (s *Store) Diagnose(network bool) {
	s.post(func(st State) State {
		if st.Doctor != nil && st.Doctor.Running || st.Job != nil && st.Job.Running || st.PINJob != nil && st.PINJob.Running {
			return st
		}
		before := st.Doctor
		st.Doctor = &Doctor{Running: true, Network: network}
		engine := s.use
		s.run("errand.doctor", "", func(ctx context.Context) (change, error) {
			d, err := engine.Diagnose(ctx, network)
			if err != nil {
				d = &Doctor{Network: network, Advice: Explain(err)}
			}
			if network {
				s.readTrust()
			}
			return func(st State) State { st.Doctor = d; return st }, err
		}).undo = func(st State) State { st.Doctor = before; return st }
		return st
	})
}

// SaveBundle writes what Diagnose found into a new file in the folder, in the words of the catalog.
func (s *Store) SaveBundle(folder string, words *lang.Catalog) {
	s.post(func(st State) State {
		d := st.Doctor
		if d == nil || d.found == nil {
			return st
		}
		engine := s.use
		s.run("errand.save", BundleName, func(ctx context.Context) (change, error) {
			dest := filepath.Join(folder, freeName(folder, BundleName, map[string]bool{}))
			err := engine.SaveBundle(ctx, d, words, dest)
			return func(st State) State {
				if st.Doctor == nil || st.Doctor.found != d.found {
					return st
				}
				next := *st.Doctor
				next.Advice = Explain(err)
				if err == nil {
					next.SavedTo = dest
				}
				st.Doctor = &next
				return st
			}, err
		})
		return st
	})
}
