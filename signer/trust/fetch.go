package trust

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/xmlsig"
)

// maxPivots bounds the walk from the anchors to the newest signer of the list of lists; four were needed from
// 2019 to 2026.
const maxPivots = 16

// ListError refuses a list. What was in use before stays in use.
type ListError struct {
	Territory string
	// Reason is a stable code: "signature" (not signed, or broken), "signer" (signed by somebody else),
	// "territory" (the list of another country), "downgrade", "out-of-date", "pointer" (the list of lists does
	// not name it), "format", "network".
	Reason string
	// Have and Got are sequence numbers, for "downgrade".
	Have, Got int
	Err       error
}

func (e *ListError) Error() string {
	msg := fmt.Sprintf("trusted list of %q refused: %s", e.Territory, e.Reason)
	if e.Reason == "downgrade" {
		msg += fmt.Sprintf(" (have %d, got %d)", e.Have, e.Got)
	}
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	return msg
}

func (e *ListError) Unwrap() error { return e.Err }

// verifyList reads a list that one of signers must have signed. Trust in a list's signer is presence in the pointer:
// no chain is built for it (CID (EU) 2015/1505 Annex I), and the same key in a renewed certificate counts.
func verifyList(ctx context.Context, doc []byte, territory string, signers [][]byte) (*held, error) {
	if len(doc) > maxListSize {
		return nil, &ListError{Territory: territory, Reason: "format"}
	}
	root, err := xmlsig.VerifyRoot(ctx, doc)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &ListError{Territory: territory, Reason: "signature", Err: err}
	}
	if !slices.ContainsFunc(signers, func(der []byte) bool { return sameKey(der, root.SignerDER) }) {
		return nil, &ListError{Territory: territory, Reason: "signer"}
	}
	l, err := parseList(root.Canonical)
	if err != nil {
		return nil, &ListError{Territory: territory, Reason: "format", Err: err}
	}
	if l.Territory != territory {
		return nil, &ListError{Territory: territory, Reason: "territory"}
	}
	return &held{list: l, signer: sha256.Sum256(root.SignerDER)}, nil
}

func sameKey(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	ca, err := cert.Parse(a)
	if err != nil {
		return false
	}
	cb, err := cert.Parse(b)
	return err == nil && bytes.Equal(ca.RawSPKI, cb.RawSPKI) && bytes.Equal(ca.RawSubject, cb.RawSubject)
}

// accept refuses a fetched list that is older than what is in use, or past its own date.
func (s *Store) accept(h *held) error {
	have := s.lists[h.Territory]
	if have != nil && (h.Sequence < have.Sequence || h.Sequence == have.Sequence && h.Issued.Before(have.Issued)) {
		return &ListError{Territory: h.Territory, Reason: "downgrade", Have: have.Sequence, Got: h.Sequence}
	}
	if h.outOfDate(s.c.Now()) {
		return &ListError{Territory: h.Territory, Reason: "out-of-date", Got: h.Sequence}
	}
	return nil
}

func (s *Store) fetchLOTL(ctx context.Context) error {
	doc, err := s.web.Get(ctx, s.c.LOTL, maxListSize)
	if err != nil {
		return &ListError{Territory: territoryLOTL, Reason: "network", Err: err}
	}
	h, err := s.verifyLOTL(ctx, doc, func(url string) ([]byte, error) { return s.web.Get(ctx, url, maxListSize) })
	if err != nil {
		return err
	}
	return s.keep(ctx, h, doc)
}

// verifyLOTL reads the list of lists, signed by an anchor or by whom the pivots lead to. pivot reads a pivot by its
// address.
func (s *Store) verifyLOTL(ctx context.Context, doc []byte, pivot func(url string) ([]byte, error)) (*held, error) {
	h, err := verifyList(ctx, doc, territoryLOTL, s.anchors)
	var le *ListError
	if !errors.As(err, &le) || le.Reason != "signer" {
		return h, err
	}
	return s.walkPivots(ctx, doc, le, pivot)
}

// walkPivots follows the changes of the list of lists' signers since the shipped notice, the oldest first: each
// pivot is signed by those named before and names those after (TS 119 615 §4.1). The addresses come from a list
// that is not yet believed, which is harmless: every step is verified from the anchors.
func (s *Store) walkPivots(ctx context.Context, doc []byte, refused *ListError, pivot func(url string) ([]byte, error)) (*held, error) {
	root, err := xmlsig.VerifyRoot(ctx, doc)
	if err != nil {
		return nil, err
	}
	l, err := parseList(root.Canonical)
	if err != nil {
		return nil, &ListError{Territory: territoryLOTL, Reason: "format", Err: err}
	}
	end := slices.Index(l.SchemeURIs, s.c.Journal)
	if end < 0 || end > maxPivots {
		return nil, refused // a new notice: the anchors of this program are too old
	}
	signers, pivots := s.anchors, map[string][]byte{}
	for i := end - 1; i >= 0; i-- {
		b, err := pivot(l.SchemeURIs[i])
		if err != nil {
			return nil, &ListError{Territory: territoryLOTL, Reason: "network", Err: err}
		}
		p, err := verifyList(ctx, b, territoryLOTL, signers)
		if err != nil {
			return nil, err
		}
		signers, pivots[l.SchemeURIs[i]] = nil, b
		for _, ptr := range p.Pointers {
			if ptr.Type == typeLOTL && ptr.MIME == mimeList {
				signers = append(signers, ptr.Signers...)
			}
		}
	}
	h, err := verifyList(ctx, doc, territoryLOTL, signers)
	if err == nil {
		h.pivots = pivots
	}
	return h, err
}

func (s *Store) fetchNational(ctx context.Context, t string) error {
	lotl := s.list(ctx, territoryLOTL)
	if lotl == nil {
		return &ListError{Territory: t, Reason: "pointer"}
	}
	i := slices.IndexFunc(lotl.Pointers, func(p pointer) bool { return p.Territory == t && p.MIME == mimeList })
	if i < 0 {
		return &ListError{Territory: t, Reason: "pointer"}
	}
	doc, err := s.web.Get(ctx, lotl.Pointers[i].URL, maxListSize)
	if err != nil {
		return &ListError{Territory: t, Reason: "network", Err: err}
	}
	h, err := verifyList(ctx, doc, t, lotl.signers(t))
	if err != nil {
		return err
	}
	return s.keep(ctx, h, doc)
}

// fetchOnDemand fetches the list of t for one judgement. A failure is remembered for a while, or every file of a
// batch would wait for the same dead server.
func (s *Store) fetchOnDemand(ctx context.Context, t string) error {
	if s.c.Offline {
		return ErrOffline
	}
	s.fetching.Lock()
	defer s.fetching.Unlock()
	if s.list(ctx, t) != nil { // somebody else fetched it meanwhile
		return nil
	}
	if f, ok := s.failed[t]; ok && s.c.Now().Sub(f.at) < memoAge {
		return f.err
	}
	err := s.fetchNational(ctx, t)
	if err != nil && ctx.Err() == nil {
		s.failed[t] = failure{err, s.c.Now()}
	}
	return err
}

// keep puts a verified list to use and on disk.
func (s *Store) keep(ctx context.Context, h *held, doc []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load(ctx)
	if err := s.accept(h); err != nil {
		return err
	}
	h.origin = "network"
	s.lists[h.Territory] = h
	s.index()
	if s.c.Cache == "" {
		return nil
	}
	// The pivots go first: a list of lists whose pivots are not there could not be believed when it is read again.
	for url, b := range h.pivots {
		if err := s.write(pivotName(url), b); err != nil {
			return fmt.Errorf("keeping a pivot of the list of lists: %w", err)
		}
	}
	if err := s.write(h.Territory, doc); err != nil {
		return fmt.Errorf("keeping the list of %s: %w", h.Territory, err)
	}
	return nil
}

// pivotName is the name under which the pivot of that address is kept.
func pivotName(url string) string {
	sum := sha256.Sum256([]byte(url))
	return "pivot-" + hex.EncodeToString(sum[:8])
}

// Generations in the cache: the newest, and the one before it in case the newest is damaged.
const (
	suffixNew = ".xml"
	suffixOld = ".previous.xml"
)

// write makes doc the newest generation of name and the newest one the previous. Between any two steps one of the two is
// there as a whole, so a crash costs at most the newer one.
func (s *Store) write(name string, doc []byte) error {
	if err := os.MkdirAll(s.c.Cache, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.c.Cache, "."+name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // of no effect after the rename
	_, err = f.Write(doc)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	current := filepath.Join(s.c.Cache, name+suffixNew)
	if old, err := os.ReadFile(current); err == nil && !bytes.Equal(old, doc) {
		if err := os.Rename(current, filepath.Join(s.c.Cache, name+suffixOld)); err != nil {
			return err
		}
	}
	return os.Rename(f.Name(), current)
}

// kept are the territories for which there is something to load.
func (s *Store) kept() []string {
	var out []string
	add := func(name string) {
		t, _, _ := strings.Cut(filepath.Base(name), ".")
		if len(t) == 2 && t != territoryLOTL && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	if s.c.Assets != nil {
		names, _ := fs.Glob(s.c.Assets, "snapshot/*.xml.gz")
		for _, n := range names {
			add(n)
		}
	}
	if s.c.Cache != "" {
		names, _ := filepath.Glob(filepath.Join(s.c.Cache, "*.xml"))
		for _, n := range names {
			add(n)
		}
	}
	return out
}

// best is the newest list of t that verify accepts, from the cache or the snapshot; nil without one. Nothing that was
// read from a disk is believed without its signature.
func (s *Store) best(t string, verify func(doc []byte) (*held, error)) *held {
	var best *held
	try := func(fsys fs.FS, name, origin string) {
		doc, err := readFile(fsys, name)
		if err != nil {
			return
		}
		if h, err := verify(doc); err == nil && (best == nil || h.Sequence > best.Sequence) {
			h.origin = origin
			best = h
		}
	}
	if s.c.Cache != "" {
		for _, suffix := range []string{suffixNew, suffixOld} {
			if try(os.DirFS(s.c.Cache), t+suffix, "cache"); best != nil {
				break
			}
		}
	}
	if s.c.Assets != nil {
		try(s.c.Assets, "snapshot/"+t+".xml.gz", "snapshot")
	}
	return best
}

// keptPivot reads a pivot from the cache.
func (s *Store) keptPivot(url string) ([]byte, error) {
	if s.c.Cache == "" {
		return nil, fs.ErrNotExist
	}
	return readFile(os.DirFS(s.c.Cache), pivotName(url)+suffixNew)
}

// readFile reads at most maxListSize bytes, unpacked by suffix.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	b, err := io.ReadAll(io.LimitReader(r, maxListSize+1))
	if err == nil && len(b) > maxListSize {
		err = errors.New("list is too large")
	}
	return b, err
}

func readAnchors(fsys fs.FS) ([][]byte, error) {
	names, err := fs.Glob(fsys, "anchors/*.pem")
	if err != nil || len(names) == 0 {
		return nil, errors.New("reading anchors: there are none")
	}
	var out [][]byte
	for _, n := range names {
		b, err := fs.ReadFile(fsys, n)
		if err != nil {
			return nil, fmt.Errorf("reading anchors: %w", err)
		}
		p, _ := pem.Decode(b)
		if p == nil {
			return nil, fmt.Errorf("reading anchors: %s is not PEM", n)
		}
		if _, err := cert.Parse(p.Bytes); err != nil {
			return nil, fmt.Errorf("reading anchors: %s: %w", n, err)
		}
		out = append(out, p.Bytes)
	}
	return out, nil
}

// remember keeps an answer of the network for the next files.
func (s *Store) remember(key string, data []evidence, now time.Time) {
	s.memoMu.Lock()
	defer s.memoMu.Unlock()
	if len(s.memo) >= maxMemo {
		clear(s.memo)
	}
	s.memo[key] = memo{data, now}
}

func (s *Store) recall(key string, now time.Time) ([]evidence, bool) {
	s.memoMu.Lock()
	defer s.memoMu.Unlock()
	m, ok := s.memo[key]
	if !ok || now.Sub(m.at) > memoAge || m.at.After(now) {
		return nil, false
	}
	out := slices.Clone(m.data)
	for i := range out {
		out[i].origin = "memory"
	}
	return out, true
}
