package p11

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ceralacca/card"
)

// Auto returns a Source over the modules that are installed on this machine. It looks for them, and loads them, only
// when [Source.Find] asks; what it has seen of each is told by [Source.Reports]. It is made for card.Join.
func Auto(o Options) *Source {
	s := Open(nil, o)
	s.list = o.List
	if s.list == nil {
		s.list = Installed
	}
	return s
}

var _ card.Modules = (*Source)(nil)

// Waits before a module that has failed is loaded again.
const (
	firstRest = 5 * time.Second
	lastRest  = 10 * time.Minute
)

// current is the list of modules, with those that were installed meanwhile.
func (s *Source) current() []*module {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list != nil {
		for _, path := range s.list() {
			if !slices.ContainsFunc(s.modules, func(m *module) bool { return m.path == path }) {
				s.add(path)
			}
		}
	}
	return slices.Clone(s.modules)
}

// Find implements card.Modules. It asks one module after the other, for two at one card disturb each other, until one
// of them shows a certificate for binding signatures. A module that crashed, hung or could not be loaded is left alone
// for a while, which doubles each time. The helper of the module that is found stays until the card was opened and
// closed again; those of the others end at once, for a library that stays may keep other programs from the card.
func (s *Source) Find(ctx context.Context, reader string, known []card.Key) (card.Slot, error) {
	var best *insertion
	var owner *module
	var troubles []error
	defer func() { s.letGo(owner) }()
	name := nameOf(known)
	for _, m := range s.remembered(name) {
		cards, err := m.visit(ctx)
		if ctx.Err() != nil {
			owner = nil
			return card.Slot{}, ctx.Err()
		}
		if err != nil {
			troubles = append(troubles, err)
			continue
		}
		c := pick(cards, reader, known)
		if c != nil && c.state == card.Present && (best == nil || c.rank() > best.rank()) {
			best, owner = c, m
		}
		if best != nil && best.rank() == topRank {
			break
		}
	}
	switch {
	case best != nil:
		if s.o.Memory != nil {
			s.o.Memory.Keep(name, owner.path)
		}
		return best.slot(), nil
	case len(troubles) > 0:
		return card.Slot{}, errors.Join(troubles...)
	}
	return card.Slot{}, fmt.Errorf("no module knows the card in %s: %w", reader, card.ErrUnsupported)
}

// nameOf names a card for Memory: by what is known of it, or as the one that the driver knows nothing of.
func nameOf(known []card.Key) string {
	if len(known) == 0 {
		return "unknown"
	}
	sum := sha256.Sum256(known[0].DER)
	return hex.EncodeToString(sum[:])
}

// remembered is current with the module first that was of use for the card last.
func (s *Source) remembered(name string) []*module {
	list := s.current()
	if s.o.Memory == nil {
		return list
	}
	last := s.o.Memory.Module(name)
	slices.SortStableFunc(list, func(a, b *module) int {
		switch {
		case a.path == last && b.path != last:
			return -1
		case b.path == last && a.path != last:
			return 1
		}
		return 0
	})
	return list
}

// visit looks at the cards through a module, unless it is to be left alone.
func (m *module) visit(ctx context.Context) ([]*insertion, error) {
	release, err := m.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if now := m.o.now(); now.Before(m.rest) {
		return nil, m.report.Err
	}
	r, cards := m.examine(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	m.report = &r
	if r.Err != nil {
		m.pause = min(max(2*m.pause, firstRest), lastRest)
		m.rest = m.o.now().Add(m.pause)
		return nil, r.Err
	}
	m.pause, m.brief = 0, true
	return slices.Clone(cards), nil
}

// letGo ends the helpers that are of no use any more, but for that of one module.
func (s *Source) letGo(but *module) {
	for _, m := range s.current() {
		if m != but {
			m.queue <- struct{}{}
			m.leave()
			<-m.queue
		}
	}
}

// leave ends the helper where nobody watches and no card is open.
func (m *module) leave() {
	if m.tokens == 0 && m.watchers == 0 {
		m.stop()
	}
}

// pick finds the card that is meant: by a certificate that is known of it, or else by the reader's name.
func pick(cards []*insertion, reader string, known []card.Key) *insertion {
	for _, c := range cards {
		for _, k := range known {
			if c.present && slices.ContainsFunc(c.keys, func(x slotKey) bool { return slices.Equal(x.DER, k.DER) }) {
				return c
			}
		}
	}
	for _, c := range cards {
		if c.present && sameReader(c.reader, reader) {
			return c
		}
	}
	return nil
}

// descriptionLen is the size of CK_SLOT_INFO.slotDescription, PKCS #11 v2.40 §3.2: longer names are cut.
const descriptionLen = 64

// sameReader compares a module's name of a slot with the system's name of a reader.
func sameReader(slot, reader string) bool {
	reader = strings.TrimSpace(reader)
	if slot == reader || len(slot) > descriptionLen-4 && strings.HasPrefix(reader, slot) {
		return true
	}
	mark, ok := strings.CutPrefix(slot, reader) // the module's, behind the reader's name
	return ok && mark != "" && strings.ContainsRune(" -#:([", rune(mark[0])) && stem("x"+mark) == "x"
}

// Reports tells what is known of each module from the times it was asked, most trusted first: for a page that shows
// which libraries there are and how far each gets. It asks nothing and waits for nothing longer than a module that
// is being asked. [Probe] asks anew.
func (s *Source) Reports(ctx context.Context) []ModuleReport {
	s.mu.Lock()
	modules := slices.Clone(s.modules)
	s.mu.Unlock()
	var out []ModuleReport
	for _, m := range modules {
		release, err := m.take(ctx)
		if err != nil {
			out = append(out, ModuleReport{Path: m.path, Err: err})
			continue
		}
		if m.report != nil {
			out = append(out, *m.report)
		} else {
			out = append(out, ModuleReport{Path: m.path, Err: ErrNotAsked})
		}
		release()
	}
	return out
}
