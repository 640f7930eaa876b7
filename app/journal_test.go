package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// health is an engine over a health card, which does not tell the tries left, with its folder and its card.
func health(t *testing.T, dir string, now func() time.Time) (*Engine, *sim.Bus) {
	t.Helper()
	return engineFor(t, dir, now, "ts-cns")
}

// engineFor is an engine over the card of all tests, made one of that profile, as a real card: not the practice
// engine.
func engineFor(t *testing.T, dir string, now func() time.Time, profile string) (*Engine, *sim.Bus) {
	t.Helper()
	b, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	p := new(sim.Practice)
	if err := json.Unmarshal(bytes.Replace(b, []byte(`"Profile":"standard"`), []byte(`"Profile":"`+profile+`"`), 1), p); err != nil {
		t.Fatal(err)
	}
	bus := p.Bus()
	return New(Config{Source: card.CNS(bus), Dir: dir, Now: now, Anchors: p.Roots()}), bus
}

func wrongToday(t *testing.T, e *Engine) (pin, puk int) {
	t.Helper()
	c, err := e.Inspect(t.Context(), slotOf(t, e))
	if err != nil {
		t.Fatal(err)
	}
	return c.PINs[0].WrongToday, c.PINs[0].PUKWrongToday
}

func TestWrongPINsAreRememberedAcrossStarts(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	e, _ := health(t, dir, clock)
	for want := 1; want <= 2; want++ {
		err := e.ChangePIN(t.Context(), slotOf(t, e), card.AuthPIN, typed("99119"), typed("73915"), typed("73915"))
		if !errors.As(err, new(*card.PINError)) {
			t.Fatal(err)
		}
		if pin, puk := wrongToday(t, e); pin != want || puk != 0 {
			t.Fatalf("%d wrong PINs, %d wrong PUKs", pin, puk)
		}
	}
	again := New(e.cfg) // another start
	if pin, _ := wrongToday(t, again); pin != 2 {
		t.Errorf("%d wrong PINs after a start", pin)
	}
	c, err := again.Inspect(t.Context(), slotOf(t, again))
	if err != nil || !c.PINs[0].Tries(false).Last() && c.PINs[0].TriesLeft != 1 {
		t.Errorf("another wrong one may block it: %+v, %v", c.PINs[0], err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "wrong-pins.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"99119", "73915", c.Serial, c.FiscalCode} {
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("the journal holds %s", secret)
		}
	}
	if st, err := os.Stat(filepath.Join(dir, "wrong-pins.json")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("journal %v, %v", st.Mode(), err)
	}
	now = now.Add(14 * time.Hour) // tomorrow in Rome
	if pin, _ := wrongToday(t, again); pin != 0 {
		t.Errorf("%d wrong PINs the day after", pin)
	}
}

func TestARightCodeClearsTheJournal(t *testing.T) {
	dir := t.TempDir()
	e, _ := health(t, dir, time.Now)
	slot := slotOf(t, e)
	change := func(old, next string) error {
		return e.ChangePIN(t.Context(), slot, card.AuthPIN, typed(old), typed(next), typed(next))
	}
	unblock := func(puk string) error {
		return e.Unblock(t.Context(), slot, card.AuthPIN, typed(puk), typed("73915"), typed("73915"))
	}
	if change("99999", "73915") == nil || unblock("99999999") == nil {
		t.Fatal("wrong codes are taken")
	}
	if pin, puk := wrongToday(t, e); pin != 1 || puk != 1 {
		t.Fatalf("%d and %d", pin, puk)
	}
	if err := change(sim.PracticePIN, "84026"); err != nil {
		t.Fatal(err)
	}
	if pin, puk := wrongToday(t, e); pin != 0 || puk != 1 {
		t.Errorf("after a right PIN: %d and %d", pin, puk)
	}
	if err := unblock(sim.PracticePUK); err != nil {
		t.Fatal(err)
	}
	if pin, puk := wrongToday(t, e); pin != 0 || puk != 0 {
		t.Errorf("after a right PUK: %d and %d", pin, puk)
	}
}

func TestOnlyTheCardsRefusalIsNoted(t *testing.T) {
	j := newJournal(t.TempDir(), time.Now)
	for _, err := range []error{
		card.ErrRemoved, &card.StatusError{INS: 0x20, SW: 0x6F00}, &card.OutcomeUnknownError{Ref: card.AuthPIN, Err: card.ErrRemoved},
		&card.FormatError{Ref: card.AuthPIN}, ErrRefused,
	} {
		if j.judged("1", card.AuthPIN, false, err); j.wrong("1", card.AuthPIN, false) != 0 {
			t.Errorf("%v counts as a wrong PIN", err)
		}
	}
	j.judged("1", card.AuthPIN, false, &card.PINError{Ref: card.AuthPIN, TriesLeft: card.UnknownTries})
	if j.wrong("1", card.AuthPIN, false) != 1 || j.wrong("2", card.AuthPIN, false) != 0 || j.wrong("1", card.SignPIN, false) != 0 || j.wrong("1", card.AuthPIN, true) != 0 {
		t.Error("the entry is of another card or PIN")
	}
}

// TestADamagedJournalIsReplaced: what cannot be read is left behind; the next entry makes a sound file of it.
func TestADamagedJournalIsReplaced(t *testing.T) {
	for _, content := range []string{"", "{", `{"salt":"AA==","wrong":[]}`, "[]", "\x00\xff"} {
		dir := t.TempDir()
		put(t, dir, "wrong-pins.json", []byte(content))
		j := newJournal(dir, time.Now)
		if j.wrong("1", card.AuthPIN, false) != 0 {
			t.Errorf("%q counts", content)
		}
		j.judged("1", card.AuthPIN, false, &card.PINError{Ref: card.AuthPIN})
		if newJournal(dir, time.Now).wrong("1", card.AuthPIN, false) != 1 {
			t.Errorf("%q is not replaced", content)
		}
	}
}

func TestTriesAreNeverGuessed(t *testing.T) {
	for _, tc := range []struct {
		t    Tries
		key  string
		last bool
	}{
		{Tries{Left: 3, WrongToday: 0}, "tries.left", false},
		{Tries{Left: 1, WrongToday: 0}, "tries.left", true},
		{Tries{Left: 3, WrongToday: 2}, "tries.left", false}, // the card's word counts
		{Tries{Left: card.UnknownTries, WrongToday: 0}, "tries.unknown", false},
		{Tries{Left: card.UnknownTries, Low: true}, "tries.low", false},
		{Tries{Left: card.UnknownTries, WrongToday: 1}, "tries.today", false},
		{Tries{Left: card.UnknownTries, WrongToday: 2}, "tries.today", true},
	} {
		if got := TriesText(tc.t).Key; got != tc.key || tc.t.Last() != tc.last {
			t.Errorf("%+v: %s, last %v", tc.t, got, tc.t.Last())
		}
	}
}
