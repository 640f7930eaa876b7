package app

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// PracticePIN is the PIN of the practice card, known to everybody.
const PracticePIN = sim.PracticePIN

// PracticePUK is the PUK of the practice card, known to everybody.
const PracticePUK = sim.PracticePUK

// practice is the practice card: keys and certificates that are worth nothing, on a simulated card that the
// real driver reads.
type practice struct {
	made   *sim.Practice
	bus    *sim.Bus
	source card.Source
	root   *x509.Certificate

	mu  sync.Mutex
	own map[codeID]bool // PINs and PUKs that the person has chosen since the start
}

// codeID names a PIN, or its PUK.
type codeID struct {
	ref card.PINRef
	puk bool
}

// noteOwn remembers that the person has chosen a PIN or PUK of the practice card, if err is nil; it returns err.
func (e *Engine) noteOwn(err error, r card.PINRef, puk bool) error {
	if p := e.practice; p != nil && err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.own == nil {
			p.own = map[codeID]bool{}
		}
		p.own[codeID{r, puk}] = true
	}
	return err
}

// practiceCode tells what the person may be shown of a PIN or PUK: whether it is that of the practice card, and
// whether it is no longer the one that everybody knows.
func (e *Engine) practiceCode(r card.PINRef, puk bool) PracticeCode {
	p := e.practice
	if p == nil {
		return NotPractice
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own[codeID{r, puk}] {
		return PracticeChosen
	}
	return PracticeKnown
}

// PracticeCode is what may be shown of a PIN or PUK.
type PracticeCode int

// What may be shown.
const (
	NotPractice    PracticeCode = iota // of a real card: nothing
	PracticeKnown                      // [PracticePIN] or [PracticePUK]
	PracticeChosen                     // the person has changed it since the program started
)

// PracticeRoot is the certificate of the practice authority in PEM, for foreign verifiers; nil without practice.
func (e *Engine) PracticeRoot() []byte {
	if e.practice == nil {
		return nil
	}
	var b bytes.Buffer
	// Writing to memory does not fail.
	_ = encodePEM(&b, e.practice.root.Raw)
	return b.Bytes()
}

func encodePEM(w io.Writer, der []byte) error {
	return pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// practiceMargin is how long the kept practice certificates must still be valid to be used again.
const practiceMargin = 30 * 24 * time.Hour

func openPractice(ctx context.Context, dir string, now time.Time) (*practice, error) {
	p, err := loadPractice(dir, now)
	if err != nil {
		if p, err = sim.Issue(now); err != nil {
			return nil, err
		}
		if err := keepPractice(dir, p); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	roots := p.Roots()
	if len(roots) == 0 {
		return nil, errors.New("practice card has no issuer")
	}
	bus := p.Bus()
	return &practice{made: p, bus: bus, source: card.CNS(bus), root: roots[0]}, nil
}

func practiceFile(dir string) string { return filepath.Join(dir, "practice-card.json") }

// loadPractice reads the kept card. Any trouble means that a new one is made: nothing of value is lost.
func loadPractice(dir string, now time.Time) (*sim.Practice, error) {
	if dir == "" {
		return nil, fs.ErrNotExist
	}
	b, err := os.ReadFile(practiceFile(dir))
	if err != nil {
		return nil, err
	}
	p := new(sim.Practice)
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("reading the practice card: %w", err)
	}
	for _, c := range p.Roots() {
		if now.Before(c.NotBefore) || now.Add(practiceMargin).After(c.NotAfter) {
			return nil, errors.New("practice certificates are outside their validity")
		}
	}
	return p, nil
}

func keepPractice(dir string, p *sim.Practice) error {
	if dir == "" {
		return nil
	}
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("keeping the practice card: %w", err)
	}
	return replaceFile(practiceFile(dir), b)
}
