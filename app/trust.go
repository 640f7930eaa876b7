package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ceralacca/signer/trust"
)

// TrustReport says which lists and anchors a report stands on.
type TrustReport struct {
	Lists        []ListReport `json:"lists"`
	ExtraAnchors int          `json:"extra_anchors"`
}

// ListReport is a trusted list.
type ListReport struct {
	Territory  string `json:"territory"`
	Sequence   int    `json:"sequence"`
	Issued     string `json:"issued"`
	NextUpdate string `json:"next_update,omitempty"`
	Origin     string `json:"origin,omitempty"` // "snapshot" (came with the program), "cache" or "network"
	OutOfDate  bool   `json:"out_of_date,omitempty"`
}

// lists are the trusted lists, opened on first use. They stay open, since reading and verifying them takes a moment,
// until the network is to be used in another way.
type lists struct {
	mu    sync.Mutex
	store *trust.Store
	how   reach
}

// reach is how the network is used.
type reach struct {
	offline bool
	ca      string    // file of who vouches for servers
	changed time.Time // of that file
}

func (e *Engine) reach() reach {
	r := reach{offline: e.offline(), ca: e.caFile()}
	if st, err := os.Stat(r.ca); err == nil {
		r.changed = st.ModTime()
	}
	return r
}

func (e *Engine) trust() (*trust.Store, error) {
	if e.cfg.Assets == nil {
		return nil, nil
	}
	e.lists.mu.Lock()
	defer e.lists.mu.Unlock()
	how := e.reach()
	if e.lists.store != nil && e.lists.how == how {
		return e.lists.store, nil
	}
	sub, err := fs.Sub(e.cfg.Assets, "trust")
	if err != nil {
		return nil, fmt.Errorf("opening the trusted lists: %w", err)
	}
	c := trust.Config{Assets: sub, Offline: how.offline, Now: e.cfg.Now, Proxy: proxy}
	if e.cfg.Dir != "" {
		c.Cache = filepath.Join(e.cfg.Dir, "trust")
	}
	if c.Roots, err = e.roots(); err != nil {
		return nil, fmt.Errorf("reading who vouches for servers: %w", err)
	}
	store, err := trust.Open(c)
	if err != nil {
		return nil, fmt.Errorf("opening the trusted lists: %w", err)
	}
	e.lists.store, e.lists.how = store, how
	return store, nil
}

// Trust tells what the verdicts of this engine stand on.
func (e *Engine) Trust(ctx context.Context) (TrustReport, error) {
	r := TrustReport{Lists: []ListReport{}, ExtraAnchors: e.ExtraAnchors()}
	s, err := e.trust()
	if err != nil || s == nil {
		return r, err
	}
	for _, l := range s.Status(ctx).Lists {
		r.Lists = append(r.Lists, ListReport{
			Territory: l.Territory, Sequence: l.Sequence, Issued: Stamp(l.Issued), NextUpdate: Stamp(l.NextUpdate),
			Origin: l.Origin, OutOfDate: l.OutOfDate,
		})
	}
	return r, nil
}

// trusted tells what a window shows of the lists and anchors.
func (e *Engine) trusted(ctx context.Context) Trust {
	t := Trust{Anchors: e.AddedAnchors(), Authorities: e.NetworkAuthorities()}
	r, err := e.Trust(ctx)
	if err != nil {
		t.Advice = Explain(err)
		return t
	}
	t.Lists = r.Lists
	for _, l := range r.Lists {
		if issued, err := time.Parse(time.RFC3339, l.Issued); err == nil && l.Territory == "IT" {
			t.ItalianList, t.OutOfDate = issued, l.OutOfDate
		}
	}
	return t
}

// readTrust tells the age of the lists; verifying the shipped ones takes half a second, off the store's goroutine.
func (s *Store) readTrust() {
	engine, ctx := s.engine, s.ctx
	s.spawn(func() { s.post(engine.showTrust(ctx, nil)) })
}

// trustAfter is how long the first look at the lists waits: the window is painted meanwhile, and needs the processors.
const trustAfter = time.Second

// readTrustSoon is readTrust for the start.
func (s *Store) readTrustSoon() {
	ctx := s.ctx
	s.spawn(func() {
		select {
		case <-time.After(trustAfter):
			s.post(func(st State) State { s.readTrust(); return st })
		case <-ctx.Done():
		}
	})
}

// AddAnchors trusts the certificates of the file beside the official lists.
func (s *Store) AddAnchors(path string) {
	s.changeTrust(path, func(e *Engine) error { return e.AddAnchors(path) })
}

// RemoveAnchor no longer trusts the certificate.
func (s *Store) RemoveAnchor(id string) {
	s.changeTrust("", func(e *Engine) error { return e.RemoveAnchor(id) })
}

// SetNetworkAuthorities lets the certificates of the file vouch for servers; an empty path forgets them.
func (s *Store) SetNetworkAuthorities(path string) {
	s.changeTrust(path, func(e *Engine) error { return e.SetNetworkAuthorities(path) })
}

// changeTrust runs an effect on what is trusted, with the file at path, and shows what is trusted then and why the effect
// failed.
func (s *Store) changeTrust(path string, do func(*Engine) error) {
	s.post(func(st State) State {
		engine, key := s.engine, "errand.read"
		if path == "" {
			key = "errand.other"
		}
		s.run(key, path, func(ctx context.Context) (change, error) {
			err := do(engine)
			return engine.showTrust(ctx, err), cmp.Or(err, ctx.Err())
		})
		return st
	})
}

// showTrust shows what is trusted now, and why a change to it failed.
func (e *Engine) showTrust(ctx context.Context, failed error) change {
	t := e.trusted(ctx)
	if failed != nil {
		t.Advice = Explain(failed)
	}
	return func(st State) State {
		t.Refreshing = st.Trust.Refreshing
		st.Trust = &t
		return st
	}
}

// RefreshTrust fetches the trusted lists, because the person asked for it.
func (s *Store) RefreshTrust() {
	s.post(func(st State) State {
		if st.Trust.Refreshing {
			return st
		}
		now := *st.Trust
		now.Refreshing, now.Advice = true, nil
		st.Trust = &now
		ctx, cancel := context.WithCancel(s.ctx)
		s.fetching = cancel
		engine := s.engine
		s.spawn(func() {
			defer cancel()
			err := engine.RefreshTrust(ctx)
			t := engine.trusted(s.ctx)
			if err != nil && ctx.Err() == nil { // else the person ended it, and knows
				t.Advice = Explain(err)
			}
			s.post(func(st State) State { st.Trust = &t; return st })
		})
		return st
	})
}

// StopRefresh ends the fetching of the lists; those in use stay in use.
func (s *Store) StopRefresh() {
	s.post(func(st State) State {
		if s.fetching != nil {
			s.fetching()
		}
		return st
	})
}

// RefreshTrust fetches the trusted lists. What was in use stays in use when that fails.
func (e *Engine) RefreshTrust(ctx context.Context) error {
	s, err := e.trust()
	if err != nil {
		return err
	}
	if s == nil {
		return errors.New("this program carries no trusted lists")
	}
	return s.Refresh(ctx)
}
