package app

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"ceralacca/card"
)

// journal keeps today's wrong PINs across starts, for the cards that do not tell how many tries are left. It holds
// no PIN and no card number: a card is known by a keyed hash of its number. A right PIN takes its entries out, and
// so does the next day, in Italian time: by then nobody knows what other programs have done with the card.
type journal struct {
	path string // empty keeps it in memory alone
	now  func() time.Time

	mu   sync.Mutex
	kept *journalFile // nil until it was read
}

type journalFile struct {
	Salt  []byte       `json:"salt"`
	Wrong []wrongEntry `json:"wrong"`
}

// wrongEntry is one refusal by a card.
type wrongEntry struct {
	Card string      `json:"card"`
	PIN  card.PINRef `json:"pin"`
	PUK  bool        `json:"puk,omitempty"`
	At   time.Time   `json:"at"`
}

func newJournal(dir string, now func() time.Time) *journal {
	j := &journal{now: now}
	if dir != "" {
		j.path = filepath.Join(dir, "wrong-pins.json")
	}
	return j
}

// read returns the journal without what is older than today; j.mu is held. A file that cannot be read is as good as
// none: the journal only adds to what the card tells.
func (j *journal) read() *journalFile {
	if j.kept == nil {
		f := &journalFile{}
		b, err := os.ReadFile(j.path)
		if j.path == "" || err != nil || json.Unmarshal(b, f) != nil || len(f.Salt) < 16 {
			f = &journalFile{Salt: make([]byte, 16)}
			_, _ = rand.Read(f.Salt) // it never fails: crypto/rand ends the program first
		}
		j.kept = f
	}
	today := day(j.now())
	j.kept.Wrong = slices.DeleteFunc(j.kept.Wrong, func(w wrongEntry) bool { return !day(w.At).Equal(today) })
	return j.kept
}

func (f *journalFile) hash(serial string) string { return keyed(f.Salt, serial) }

// keyed is a name under which a card is kept in a file: who has the file alone does not learn which card it is.
func keyed(salt []byte, card string) string {
	h := hmac.New(sha256.New, salt)
	h.Write([]byte(card))
	return hex.EncodeToString(h.Sum(nil))
}

// wrong counts today's refusals of the PIN r of the card, or of its PUK.
func (j *journal) wrong(serial string, r card.PINRef, puk bool) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	f, n := j.read(), 0
	hash := f.hash(serial)
	for _, w := range f.Wrong {
		if w.Card == hash && w.PIN == r && w.PUK == puk {
			n++
		}
	}
	return n
}

// judged notes what the card said of the PIN r, or of its PUK: a refusal adds an entry, and a right one takes its
// entries out. A failure that judged nothing changes nothing.
func (j *journal) judged(serial string, r card.PINRef, puk bool, err error) {
	var refused *card.PINError
	if serial == "" || err != nil && !errors.As(err, &refused) {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	f := j.read()
	hash, before := f.hash(serial), len(f.Wrong)
	if err != nil {
		f.Wrong = append(f.Wrong, wrongEntry{hash, r, puk, j.now().UTC().Truncate(time.Second)})
	} else {
		f.Wrong = slices.DeleteFunc(f.Wrong, func(w wrongEntry) bool { return w.Card == hash && w.PIN == r && w.PUK == puk })
	}
	if err == nil && len(f.Wrong) == before || j.path == "" {
		return
	}
	b, merr := json.Marshal(f)
	if merr == nil {
		merr = replaceFile(j.path, b)
	}
	_ = merr // a full disk must not turn the card's answer into another error
}

// journaled is a token whose judgements go into the journal. It shows today's refusals where the card tells nothing.
type journaled struct {
	card.Token
	j      *journal
	serial string
}

// Login implements card.Token.
func (t *journaled) Login(ctx context.Context, r card.PINRef, pin *card.PIN) error {
	err := t.Token.Login(ctx, r, pin)
	t.j.judged(t.serial, r, false, err)
	return err
}

// ChangePIN implements card.Token.
func (t *journaled) ChangePIN(ctx context.Context, r card.PINRef, old, replacement *card.PIN) error {
	err := t.Token.ChangePIN(ctx, r, old, replacement)
	t.j.judged(t.serial, r, false, err)
	return err
}

// Unblock implements card.Token.
func (t *journaled) Unblock(ctx context.Context, r card.PINRef, puk, replacement *card.PIN) error {
	err := t.Token.Unblock(ctx, r, puk, replacement)
	t.j.judged(t.serial, r, true, err)
	if err == nil {
		t.j.judged(t.serial, r, false, nil) // the PIN is free again
	}
	return err
}

// ChangePUK implements card.Token.
func (t *journaled) ChangePUK(ctx context.Context, r card.PINRef, old, replacement *card.PIN) error {
	err := t.Token.ChangePUK(ctx, r, old, replacement)
	t.j.judged(t.serial, r, true, err)
	return err
}

// open starts a session with the card in the slot.
func (e *Engine) open(ctx context.Context, slot string) (card.Token, error) {
	if e.cfg.Source == nil {
		return nil, card.ErrNoService
	}
	defer begun(&unfinished.commands)()
	t, err := e.cfg.Source.Open(ctx, slot)
	if err != nil {
		return nil, err
	}
	return &journaled{commanded{t}, e.journal, t.Info().Serial}, nil
}

// pinView tells what is known of a PIN without asking for it.
func (e *Engine) pinView(ctx context.Context, t card.Token, p card.PINInfo) (PINView, error) {
	st, err := t.PINStatus(ctx, p.Ref)
	if err != nil {
		return PINView{}, fmt.Errorf("reading the tries left: %w", err)
	}
	serial := t.Info().Serial
	return PINView{
		Ref: p.Ref, Min: p.Min, Max: p.Max, TriesLeft: st.TriesLeft, Blocked: st.Blocked,
		PUKTriesLeft: st.PUKTriesLeft, PUKBlocked: st.PUKBlocked, OnReader: p.OnReader, TypeWithin: p.TypeWithin, CanUnblock: p.CanReset,
		Low: st.Low, CanChangePUK: p.CanChangePUK, PUKMin: p.MinPUK, PUKMax: p.MaxPUK,
		WrongToday: e.journal.wrong(serial, p.Ref, false), PUKWrongToday: e.journal.wrong(serial, p.Ref, true),
	}, nil
}
