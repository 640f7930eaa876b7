package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"ceralacca/card"
	"ceralacca/signer/trust"
)

// CertStatus is what the issuer of a certificate has said of it when it was asked; the zero value is not asked.
type CertStatus struct {
	State   string    // "good", "revoked", "suspended"; "unknown" when no answer could be had
	Since   time.Time // of the revocation or suspension
	Checked time.Time
}

// ended reports whether the issuer has taken the certificate back, for a time or for good.
func (s CertStatus) ended() bool { return s.State == "revoked" || s.State == "suspended" }

// Ended reports whether the issuer has taken the certificate back, for a time or for good: nothing is signed with it.
func (c *Certificate) Ended() bool { return c.Status.ended() }

// statuses are the answers of the issuers, by the SHA-256 of the certificate. Bad ones are kept on disk, so that a card
// known to be revoked never looks well again because the program was closed; the file holds no name.
type statuses struct {
	path string // empty keeps them in memory alone

	mu   sync.Mutex
	seen map[string]CertStatus // nil until the file was read
}

func newStatuses(dir string) *statuses {
	s := &statuses{}
	if dir != "" {
		s.path = filepath.Join(dir, "withdrawn.json")
	}
	return s
}

// read reads the file once; s.mu is held. A damaged file is as good as none: the issuer can be asked again.
func (s *statuses) read() map[string]CertStatus {
	if s.seen == nil {
		b, err := os.ReadFile(s.path)
		if s.path == "" || err != nil || json.Unmarshal(b, &s.seen) != nil || s.seen == nil {
			s.seen = map[string]CertStatus{}
		}
		maps.DeleteFunc(s.seen, func(_ string, c CertStatus) bool { return !c.ended() })
	}
	return s.seen
}

func (s *statuses) of(sha string) CertStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read()[sha]
}

// note keeps an answer. That none could be had does not undo what the issuer said before.
func (s *statuses) note(sha string, c CertStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.read()[sha]
	if c.State == "unknown" && before.ended() {
		return
	}
	s.seen[sha] = c
	if s.path == "" || !c.ended() && !before.ended() {
		return
	}
	bad := maps.Clone(s.seen)
	maps.DeleteFunc(bad, func(_ string, c CertStatus) bool { return !c.ended() })
	b, err := json.Marshal(bad)
	if err == nil {
		err = replaceFile(s.path, b)
	}
	_ = err // a full disk must not turn the issuer's answer into another error
}

// CheckCertificates asks the issuers of the card's certificates, over the network unless the engine is offline, whether
// they are still good. What they say is in the next Inspect.
func (e *Engine) CheckCertificates(ctx context.Context, c *Card) error {
	store, err := e.trust()
	if err != nil {
		return err
	}
	if store == nil {
		return errors.New("this program carries no trusted lists")
	}
	for i := range c.Certificates {
		x := &c.Certificates[i]
		o := trust.JudgeOptions{Leaf: x.DER}
		for _, a := range e.cfg.Anchors {
			o.Anchors = append(o.Anchors, a.Raw)
		}
		if e.practice != nil {
			for _, a := range e.practice.made.Roots() {
				o.Pool = append(o.Pool, a.Raw)
			}
			if crl := e.practice.made.Revoked(); crl != nil {
				o.CRLs = [][]byte{crl}
			}
		}
		op, err := store.Judge(ctx, o)
		if err != nil {
			return err
		}
		st := CertStatus{State: "unknown", Checked: e.cfg.Now()}
		if len(op.Revocation) > 0 {
			switch r := op.Revocation[0]; r.State {
			case "good", "revoked", "suspended":
				st.State, st.Since = r.State, r.At
			case "not-needed":
				st.State = "good"
			}
		}
		e.status.note(x.SHA256, st)
	}
	return nil
}

// CheckCertificates asks the issuers of the chosen card's certificates, because the person asked for it.
func (s *Store) CheckCertificates() {
	s.post(func(st State) State {
		c := st.Cards.Card()
		if c == nil || st.Cards.Checking {
			return st
		}
		next := *st.Cards
		next.Checking = true
		st.Cards = &next
		card, engine := *c, s.use
		s.run("errand.issuer", "", func(ctx context.Context) (change, error) {
			err := engine.CheckCertificates(ctx, &card)
			return func(st State) State {
				st = checked(st)
				if err != nil && ctx.Err() == nil {
					st.Saved = &Saved{Advice: Explain(err)}
				}
				s.refresh(card.Slot)
				return st
			}, err
		}).undo = checked
		return st
	})
}

// checked takes away that the issuers are being asked.
func checked(st State) State {
	next := *st.Cards
	next.Checking = false
	st.Cards = &next
	return st
}

// chipFamily is a family of chips whose signature certificates the issuer has withdrawn.
type chipFamily struct {
	Name        string   `json:"name"`
	IC          string   `json:"ic"` // hex, as in card.Chip
	Mask        string   `json:"mask"`
	Systems     []string `json:"systems"`
	RevokedFrom string   `json:"revoked_from"`
	Source      string   `json:"source"`
}

// loadChips reads chips.json of fsys: dated facts with their source.
func loadChips(fsys fs.FS) ([]chipFamily, error) {
	b, err := fs.ReadFile(fsys, "chips.json")
	if err != nil {
		return nil, fmt.Errorf("reading the chip families: %w", err)
	}
	var file struct {
		Checked  string
		Families []chipFamily
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("reading the chip families: %w", err)
	}
	for _, f := range file.Families {
		if _, err := time.Parse(time.DateOnly, f.RevokedFrom); err != nil {
			return nil, fmt.Errorf("reading the chip families: %w", err)
		}
	}
	return file.Families, nil
}

// withdrawn names the family because of which the certificate was revoked; empty when it was not, or when either
// the chip or the revocation alone would have to tell. A revocation before the family's own has another reason.
func (e *Engine) withdrawn(chip card.Chip, x *Certificate) string {
	if x.Status.State != "revoked" || x.Use != ForSigning || e.cfg.Assets == nil {
		return ""
	}
	families, err := loadChips(e.cfg.Assets)
	if err != nil {
		return ""
	}
	for _, f := range families {
		from, err := time.Parse(time.DateOnly, f.RevokedFrom)
		if err == nil && !x.Status.Since.Before(from) && hex.EncodeToString([]byte{chip.IC}) == f.IC &&
			hex.EncodeToString([]byte{chip.Mask}) == f.Mask && slices.Contains(f.Systems, hex.EncodeToString(chip.System[:])) {
			return f.Name
		}
	}
	return ""
}

// statusAdvice tells of a certificate that its issuer has revoked or suspended; nil when none is.
func statusAdvice(c *Card) *Advice {
	for _, use := range []CertUse{ForSigning, ForLogin} {
		for i := range c.Certificates {
			if x := &c.Certificates[i]; x.Use == use && x.Ended() {
				return endedAdvice(x)
			}
		}
	}
	return nil
}

// endedAdvice tells which certificate was taken back, and what that means.
func endedAdvice(x *Certificate) *Advice {
	what := "certificate-"
	if x.Use == ForLogin {
		what = "login-"
	}
	if x.Withdrawn != "" {
		return advice("chip-withdrawn", SeverityDanger, 0, "name", x.Withdrawn)
	}
	return advice(what+x.Status.State, SeverityDanger, 0)
}
