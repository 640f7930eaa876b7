package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// ListDate is the issue date of the Italian trusted list in use; zero without one.
func (e *Engine) ListDate(ctx context.Context) time.Time {
	s, err := e.trust()
	if err != nil || s == nil {
		return time.Time{}
	}
	for _, l := range s.Status(ctx).Lists {
		if l.Territory == "IT" {
			return l.Issued
		}
	}
	return time.Time{}
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
