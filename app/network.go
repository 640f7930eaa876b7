package app

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ceralacca/signer"
)

// kept are the person's choices as they are now: saving them takes a moment, and what is done meanwhile obeys them.
type kept struct {
	mu  sync.Mutex
	set *Settings // nil until they are changed in this run
}

// hold makes set count at once.
func (e *Engine) hold(set Settings) {
	e.kept.mu.Lock()
	defer e.kept.mu.Unlock()
	e.kept.set = &set
}

// offline tells whether no connection is opened. Settings that cannot be read are no reason for one.
func (e *Engine) offline() bool {
	if e.cfg.Offline {
		return true
	}
	e.kept.mu.Lock()
	set := e.kept.set
	e.kept.mu.Unlock()
	if set != nil {
		return set.Offline
	}
	s, err := e.Settings()
	return err != nil || s.Offline
}

// Anchor is a certificate that the person trusts beside the official lists, or by which servers are believed.
type Anchor struct {
	ID       string // SHA-256 of the certificate in lower-case hex
	Name     string
	NotAfter time.Time
}

func anchorOf(c *x509.Certificate) Anchor {
	sum := sha256.Sum256(c.Raw)
	d := signer.Describe(c)
	return Anchor{ID: hex.EncodeToString(sum[:]), Name: cmp.Or(d.SubjectCN, c.Subject.String()), NotAfter: c.NotAfter}
}

func (e *Engine) anchorDir() string { return filepath.Join(e.cfg.Dir, "anchors") }

// anchors are all certificates trusted beside the lists: those of this run, and those that the person added. One that
// cannot be read any more is not trusted.
func (e *Engine) anchors() []*x509.Certificate {
	all := slices.Clone(e.cfg.Anchors)
	if e.cfg.Dir == "" {
		return all
	}
	names, _ := filepath.Glob(filepath.Join(e.anchorDir(), "*.pem"))
	for _, n := range names {
		if certs, err := ReadAnchors(n); err == nil {
			all = append(all, certs...)
		}
	}
	return all
}

// AddedAnchors are those that the person added for good.
func (e *Engine) AddedAnchors() []Anchor {
	var all []Anchor
	own := e.cfg.Anchors
	for _, c := range e.anchors()[len(own):] {
		all = append(all, anchorOf(c))
	}
	slices.SortFunc(all, func(a, b Anchor) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	return all
}

// AddAnchors keeps the certificates of a PEM or DER file as trusted, until [Engine.RemoveAnchor].
func (e *Engine) AddAnchors(path string) error {
	certs, err := ReadAnchors(path)
	if err != nil {
		return err
	}
	for _, c := range certs {
		if err := replaceFile(filepath.Join(e.anchorDir(), anchorOf(c).ID+".pem"), certificatePEM(c)); err != nil {
			return fmt.Errorf("keeping a trust anchor: %w", err)
		}
	}
	return nil
}

// RemoveAnchor no longer trusts the certificate with that ID.
func (e *Engine) RemoveAnchor(id string) error {
	if _, err := hex.DecodeString(id); err != nil || len(id) != 2*sha256.Size {
		return fmt.Errorf("removing a trust anchor: %w", fs.ErrInvalid)
	}
	err := os.Remove(filepath.Join(e.anchorDir(), id+".pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// caFile is the bundle of who vouches for servers; empty for none.
func (e *Engine) caFile() string {
	if e.cfg.CA != "" || e.cfg.Dir == "" {
		return e.cfg.CA
	}
	path := filepath.Join(e.cfg.Dir, "network-ca.pem")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// NetworkAuthorities are those that the person added to vouch for servers.
func (e *Engine) NetworkAuthorities() []Anchor {
	var all []Anchor
	if path := e.caFile(); path != "" {
		certs, _ := ReadAnchors(path) // what cannot be read is told when it is used
		for _, c := range certs {
			all = append(all, anchorOf(c))
		}
	}
	return all
}

// SetNetworkAuthorities keeps the certificates of a PEM or DER file as those that vouch for servers beside the
// system's; an empty path forgets them.
func (e *Engine) SetNetworkAuthorities(path string) error {
	dest := filepath.Join(e.cfg.Dir, "network-ca.pem")
	if path == "" {
		if err := os.Remove(dest); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	certs, err := ReadAnchors(path)
	if err != nil {
		return err
	}
	var b []byte
	for _, c := range certs {
		b = append(b, certificatePEM(c)...)
	}
	return replaceFile(dest, b)
}

// roots are who the certificates of servers must come from; nil means the system's.
func (e *Engine) roots() (*x509.CertPool, error) {
	path := e.caFile()
	if path == "" {
		return nil, nil
	}
	certs, err := ReadAnchors(path)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, c := range certs {
		pool.AddCert(c)
	}
	return pool, nil
}
