package trust

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"ceralacca/signer/internal/tsp"
)

// The official European list of lists, and the notice whose certificates are the shipped anchors. The notice's
// address stands in the list and tells where its key changes (pivots) begin.
const (
	DefaultLOTL    = "https://ec.europa.eu/tools/lotl/eu-lotl.xml"
	DefaultJournal = "https://eur-lex.europa.eu/eli/C/2026/1944/oj"
)

// ErrOffline means that a store that opens no connection was asked for something new.
var ErrOffline = errors.New("working offline")

// Config makes a [Store]. The zero value trusts nothing but the anchors that callers of Judge bring.
type Config struct {
	// Assets holds anchors/*.pem, who may sign the list of lists, and snapshot/*.xml.gz, signed lists that
	// serve until newer ones are fetched. Nil: none.
	Assets fs.FS
	// Cache is the directory for fetched lists, made when needed; empty keeps them in memory only.
	Cache string
	// Offline opens no connection at all.
	Offline bool
	// Roots are who the certificates of servers must come from; nil means the system's.
	Roots *x509.CertPool
	// Proxy tells by whom a request goes; nil asks the environment.
	Proxy func(*http.Request) (*url.URL, error)
	// HTTP brings its own transport in the place of Roots and Proxy; for tests.
	HTTP *http.Client
	// AllowLocal lets services of this machine be asked; for tests.
	AllowLocal bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// LOTL and Journal are for tests; empty means [DefaultLOTL] and [DefaultJournal].
	LOTL, Journal string
	// Territories are the national lists that Refresh fetches; nil means Italy. Others come when a certificate
	// needs them.
	Territories []string
}

// Store knows the trusted lists. It may be used from several goroutines and starts none.
type Store struct {
	c   Config
	web *tsp.Web

	fetching sync.Mutex         // one fetch of lists at a time; held while waiting for the network
	failed   map[string]failure // territories that could not be fetched on demand; guarded by fetching

	anchors [][]byte // who may sign the list of lists; never changed

	mu      sync.Mutex // guards what follows; never held while waiting for the network
	loaded  bool
	lists   map[string]*held // by territory; "EU" is the list of lists
	byName  map[string][]*anchor
	last    time.Time
	lastErr error

	memoMu sync.Mutex
	memo   map[string]memo
}

// held is a list in use.
type held struct {
	*list
	origin string // "snapshot", "cache", "network"
	signer [32]byte
	pivots map[string][]byte // by address, those that led to the signer of the list of lists
}

type failure struct {
	err error
	at  time.Time
}

// memo is an answer of the network, kept for a while so that a thousand files of one signer ask once.
type memo struct {
	data []evidence
	at   time.Time
}

const (
	memoAge = 10 * time.Minute
	maxMemo = 64
)

// territoryLOTL is the SchemeTerritory of the list of lists.
const territoryLOTL = "EU"

// Status describes the lists in use.
type Status struct {
	Lists []ListStatus
	// Refreshed is when Refresh last succeeded in this process; Err is what its last run gave.
	Refreshed time.Time
	Err       error
	Offline   bool
	// NewNotice tells that the list of lists names another notice in the Official Journal than the one whose
	// certificates are shipped: a newer program is needed soon.
	NewNotice bool
}

// ListStatus describes one list in use.
type ListStatus struct {
	Territory  string
	Sequence   int
	Version    int
	Issued     time.Time
	NextUpdate time.Time // zero: closed
	Origin     string    // "snapshot", "cache", "network"
	Services   int
	OutOfDate  bool // NextUpdate has passed
}

// Open makes a store. It reads the anchors; lists are read and verified when first needed. Anchors that cannot be
// read are an error: a program that was damaged must say so.
func Open(c Config) (*Store, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.LOTL == "" {
		c.LOTL = DefaultLOTL
	}
	if c.Journal == "" {
		c.Journal = DefaultJournal
	}
	if c.Territories == nil {
		c.Territories = []string{"IT"}
	}
	s := &Store{
		c: c, web: &tsp.Web{Client: c.HTTP, Roots: c.Roots, Proxy: c.Proxy, AllowLocal: c.AllowLocal},
		lists: map[string]*held{}, memo: map[string]memo{}, failed: map[string]failure{},
	}
	if c.Assets != nil {
		var err error
		if s.anchors, err = readAnchors(c.Assets); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Status describes the lists in use; it opens no connection.
func (s *Store) Status(ctx context.Context) Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load(ctx)
	st := Status{Refreshed: s.last, Err: s.lastErr, Offline: s.c.Offline}
	if lotl := s.lists[territoryLOTL]; lotl != nil {
		st.NewNotice = !slices.Contains(lotl.SchemeURIs, s.c.Journal)
	}
	for t, h := range s.lists {
		st.Lists = append(st.Lists, ListStatus{
			Territory: t, Sequence: h.Sequence, Version: h.Version, Issued: h.Issued, NextUpdate: h.NextUpdate,
			Origin: h.origin, Services: len(h.Services), OutOfDate: h.outOfDate(s.c.Now()),
		})
	}
	slices.SortFunc(st.Lists, func(a, b ListStatus) int { return strings.Compare(a.Territory, b.Territory) })
	return st
}

// Refresh fetches the list of lists and the national lists in use, checks them and keeps them. What was good before
// stays in use where something fails; the failures are joined in the error, one per list.
func (s *Store) Refresh(ctx context.Context) error {
	if s.c.Offline {
		return ErrOffline
	}
	s.fetching.Lock()
	defer s.fetching.Unlock()
	err := s.fetchLOTL(ctx)
	if err == nil {
		var errs []error
		for _, t := range s.territories(ctx) {
			errs = append(errs, s.fetchNational(ctx, t))
		}
		err = errors.Join(errs...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastErr = err
	if err == nil {
		s.last = s.c.Now()
	}
	return err
}

// territories are those that are configured or in use.
func (s *Store) territories(ctx context.Context) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load(ctx)
	out := slices.Clone(s.c.Territories)
	for t := range s.lists {
		if t != territoryLOTL && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// list is the list of t in use, or nil.
func (s *Store) list(ctx context.Context, t string) *held {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load(ctx)
	return s.lists[t]
}

// load verifies what was kept or shipped, once.
func (s *Store) load(ctx context.Context) {
	if s.loaded {
		return
	}
	s.loaded = true
	verify := func(doc []byte) (*held, error) { return s.verifyLOTL(ctx, doc, s.keptPivot) }
	if h := s.best(territoryLOTL, verify); h != nil {
		s.lists[territoryLOTL] = h
	}
	for _, t := range s.kept() {
		verify := func(doc []byte) (*held, error) { return verifyList(ctx, doc, t, s.lists[territoryLOTL].signers(t)) }
		if h := s.best(t, verify); h != nil {
			s.lists[t] = h
		}
	}
	if ctx.Err() != nil { // half a reading must not count as the whole
		s.loaded, s.lists = false, map[string]*held{}
	}
	s.index()
}

// signers are the certificates that may sign the list of territory t, by the list of lists; a nil one names nobody.
func (h *held) signers(t string) [][]byte {
	if h == nil {
		return nil
	}
	var out [][]byte
	for _, p := range h.Pointers {
		if p.Territory == t && p.MIME == mimeList {
			out = append(out, p.Signers...)
		}
	}
	return out
}

// index builds the anchors: one per key and name, with all services that it is in.
func (s *Store) index() {
	s.byName = map[string][]*anchor{}
	seen := map[identity]*anchor{}
	for _, h := range s.lists {
		for _, v := range h.Services {
			for _, c := range v.Certs {
				a := seen[c.identity()]
				if a == nil {
					a = &anchor{Cert: c}
					seen[c.identity()] = a
					s.byName[c.subjectKey] = append(s.byName[c.subjectKey], a)
				}
				if !slices.Contains(a.Services, v) {
					a.Services = append(a.Services, v)
				}
			}
		}
	}
}

func (l *list) outOfDate(now time.Time) bool {
	return !l.NextUpdate.IsZero() && now.After(l.NextUpdate)
}
