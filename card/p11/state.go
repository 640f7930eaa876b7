package p11

import (
	"context"
	"path/filepath"

	"ceralacca/card"
)

// State is how far the module gets, in a word.
func (r ModuleReport) State() card.LibraryState {
	switch {
	case r.Loads && r.Err == nil:
		return card.LibraryWorks
	case r.Exists && !r.RightCPU && len(r.CPUs) > 0:
		return card.LibraryWrongCPU
	}
	return card.LibraryFails
}

// Libraries probes the module chosen, or without one those that are installed, in the few words that a check-up
// shows. See [Probe].
func Libraries(ctx context.Context, chosen string, o Options) []card.Library {
	list := []string{chosen}
	switch {
	case chosen != "":
	case o.List != nil:
		list = o.List()
	default:
		list = Installed()
	}
	var out []card.Library
	for _, r := range Probe(ctx, list, o) {
		out = append(out, card.Library{Name: filepath.Base(r.Path), State: r.State(), Cards: len(r.Cards), Err: r.Err})
	}
	return out
}
