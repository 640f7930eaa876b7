package card

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
)

// Multi joins Sources to one. A reader that several of them see is told once: by the first Source that can open
// the card in it, or else by the first that sees it. So the native driver comes first, and a maker's library
// takes the cards that it does not know. The service is in trouble only when no Source works.
func Multi(sources ...Source) Source { return multi(sources) }

type multi []Source

// Watch implements Source.
func (m multi) Watch(ctx context.Context, emit func(Snapshot)) error {
	type news struct {
		from int
		snap Snapshot
	}
	told := make(chan news)
	errs := make([]error, len(m))
	var wg sync.WaitGroup
	for i, s := range m {
		wg.Go(func() {
			errs[i] = s.Watch(ctx, func(x Snapshot) {
				select {
				case told <- news{i, x}:
				case <-ctx.Done():
				}
			})
		})
	}
	go func() { // ends with the sources, before Watch returns
		wg.Wait()
		close(told)
	}()
	latest := make([]*Snapshot, len(m))
	for n := range told {
		latest[n.from] = &n.snap
		if ctx.Err() == nil {
			emit(merge(latest))
		}
	}
	return errors.Join(errs...)
}

// merge makes one snapshot of those that have come so far.
func merge(latest []*Snapshot) Snapshot {
	var out Snapshot
	at := map[string]int{} // reader to its place in out
	works := false
	var troubles []error
	for i, s := range latest {
		switch {
		case s == nil:
			continue
		case s.Err != nil:
			troubles = append(troubles, s.Err)
			continue
		}
		works = true
		for _, slot := range s.Slots {
			slot.ID = strconv.Itoa(i) + "/" + slot.ID
			k, seen := at[slot.Reader]
			switch {
			case !seen:
				at[slot.Reader] = len(out.Slots)
				out.Slots = append(out.Slots, slot)
			case out.Slots[k].State == Unsupported && slot.State == Present:
				out.Slots[k] = slot
			}
		}
	}
	if !works {
		out.Err = errors.Join(troubles...)
	}
	return out
}

// Open implements Source.
func (m multi) Open(ctx context.Context, slot string) (Token, error) {
	n, id, ok := strings.Cut(slot, "/")
	i, err := strconv.Atoi(n)
	if !ok || err != nil || i < 0 || i >= len(m) {
		return nil, ErrRemoved
	}
	return m[i].Open(ctx, id)
}
