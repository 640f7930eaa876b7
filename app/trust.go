package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

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

// lists opens the trusted lists on first use. They stay open: reading and verifying them takes a moment.
type lists struct {
	once  sync.Once
	store *trust.Store
	err   error
}

func (e *Engine) trust() (*trust.Store, error) {
	if e.cfg.Assets == nil {
		return nil, nil
	}
	e.lists.once.Do(func() {
		sub, err := fs.Sub(e.cfg.Assets, "trust")
		if err != nil {
			e.lists.err = err
			return
		}
		c := trust.Config{Assets: sub, Offline: e.cfg.Offline, Now: e.cfg.Now}
		if e.cfg.Dir != "" {
			c.Cache = filepath.Join(e.cfg.Dir, "trust")
		}
		e.lists.store, e.lists.err = trust.Open(c)
	})
	if e.lists.err != nil {
		return nil, fmt.Errorf("opening the trusted lists: %w", e.lists.err)
	}
	return e.lists.store, nil
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

// italian looks up the Italian list in use.
func (e *Engine) italian(ctx context.Context) Trust {
	var t Trust
	s, err := e.trust()
	if err != nil || s == nil {
		t.Advice = Explain(err)
		return t
	}
	for _, l := range s.Status(ctx).Lists {
		if l.Territory == "IT" {
			t.ItalianList, t.OutOfDate = l.Issued, l.OutOfDate
		}
	}
	return t
}

// readTrust tells the age of the lists; verifying the shipped ones takes half a second, off the store's goroutine.
func (s *Store) readTrust() {
	engine, ctx := s.engine, s.ctx
	s.spawn(func() {
		t := engine.italian(ctx)
		s.post(func(st State) State { st.Trust = &t; return st })
	})
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
		engine, ctx := s.engine, s.ctx
		s.spawn(func() {
			err := engine.RefreshTrust(ctx)
			t := engine.italian(ctx)
			if err != nil {
				t.Advice = advice("lists-not-fetched", SeverityWarning, 0)
				t.Advice.Detail = detail(err)
			}
			s.post(func(st State) State { st.Trust = &t; return st })
		})
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
