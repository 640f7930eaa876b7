package app

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/card/sim"
)

// TestWithdrawnNeedsChipAndRevocation: neither the chip nor the revocation tells alone, and an older revocation has
// another reason.
func TestWithdrawnNeedsChipAndRevocation(t *testing.T) {
	e := New(Config{Assets: assets.FS})
	cosmo := card.Chip{IC: 0x05, Mask: 0x05, System: [2]byte{0x91, 0x20}}
	other := card.Chip{IC: 0x02, Mask: 0x09, System: [2]byte{0x17, 0x17}}
	after, before := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC), time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name  string
		chip  card.Chip
		use   CertUse
		state string
		since time.Time
		want  bool
	}{
		{"both", cosmo, ForSigning, "revoked", after, true},
		{"chip alone", cosmo, ForSigning, "good", time.Time{}, false},
		{"not asked", cosmo, ForSigning, "", time.Time{}, false},
		{"no answer", cosmo, ForSigning, "unknown", time.Time{}, false},
		{"suspended", cosmo, ForSigning, "suspended", after, false},
		{"revocation alone", other, ForSigning, "revoked", after, false},
		{"revoked before the family", cosmo, ForSigning, "revoked", before, false},
		{"login certificate", cosmo, ForLogin, "revoked", after, false},
		{"unknown chip", card.Chip{}, ForSigning, "revoked", after, false},
	} {
		x := Certificate{Use: tc.use, Status: CertStatus{State: tc.state, Since: tc.since}}
		if got := e.withdrawn(tc.chip, &x); (got != "") != tc.want {
			t.Errorf("%s: %q", tc.name, got)
		}
	}
}

// TestWithdrawnCardIsToldAfterAsking goes the whole way with the simulated card whose certificate stands in a CRL.
func TestWithdrawnCardIsToldAfterAsking(t *testing.T) {
	now := time.Now()
	p, err := sim.IssueProfile(sim.Withdrawn, now)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(practiceFile(dir), b, 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{Dir: dir, Assets: assets.FS, Offline: true}).WithPractice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := runStore(t, e, &answers{})
	st := w.until("ready", ready)
	if a := st.Cards.Advice; a != nil {
		t.Fatalf("told before asking: %s", a.Code)
	}
	file := filepath.Join(dir, "lettera.txt")
	if err := os.WriteFile(file, []byte("ciao"), 0o600); err != nil {
		t.Fatal(err)
	}
	says := func(st *State, code string) bool {
		return st.Filing != nil && slices.ContainsFunc(st.Filing.Items, func(i FilingItem) bool { return i.Code == code })
	}
	w.SetProfile("registro-imprese")
	w.Add(file)
	w.until("the checklist tells that nobody was asked", func(st *State) bool { return says(st, "revocation-not-known") })
	w.CheckCertificates()
	st = w.until("told", func(st *State) bool { return st.Cards.Advice != nil })
	w.until("the checklist tells of both", func(st *State) bool {
		return says(st, "certificate-revoked") && says(st, "chip-withdrawn") && !says(st, "revocation-not-known")
	})
	c := st.Cards.Card()
	if st.Cards.Advice.Code != "chip-withdrawn" || c.Main().Status.State != "revoked" || c.Main().Withdrawn == "" {
		t.Errorf("%+v, %+v", st.Cards.Advice, c.Main().Status)
	}
	w.until("the button is back", func(st *State) bool { return !st.Cards.Checking })

	ask := &answers{}
	err = e.Sign(t.Context(), SignRequest{Slot: card.Slot{ID: c.Slot}, Files: []string{file}}, ask, SignEvents{})
	var none *NoCertificateError
	if a := Explain(err); !errors.As(err, &none) || a.Code != "chip-withdrawn" {
		t.Errorf("signing with a revoked certificate: %v", err)
	}
	if len(ask.asked) > 0 {
		t.Error("a PIN was asked for")
	}
	if f, err := e.CheckFiling(t.Context(), FilingRequest{Profile: "registro-imprese", Card: c}); err != nil || f.Verdict() != FilingRefused {
		t.Errorf("the office: %+v, %v", f, err)
	}
}

// TestBadStatusIsRemembered: a card known to be revoked does not look well again because the program was closed or the
// issuer did not answer; only the issuer's own word lifts a suspension.
func TestBadStatusIsRemembered(t *testing.T) {
	dir, since := t.TempDir(), time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	revoked, suspended := CertStatus{State: "revoked", Since: since}, CertStatus{State: "suspended", Since: since}
	s := newStatuses(dir)
	s.note("a", revoked)
	s.note("b", suspended)
	s.note("c", CertStatus{State: "good"})
	s = newStatuses(dir)
	s.note("a", CertStatus{State: "unknown"})
	if got := s.of("a"); got != revoked {
		t.Errorf("revoked, then no answer: %+v", got)
	}
	if got := s.of("c"); got != (CertStatus{}) {
		t.Errorf("a good answer of another day: %+v", got)
	}
	s.note("b", CertStatus{State: "good"})
	s = newStatuses(dir)
	if a, b := s.of("a"), s.of("b"); a != revoked || b != (CertStatus{}) {
		t.Errorf("after the suspension was lifted: %+v, %+v", a, b)
	}
	for _, damaged := range []string{"", "{", "null", "[1]", `{"a":{"State":"good"}}`} {
		if err := os.WriteFile(filepath.Join(dir, "withdrawn.json"), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		s = newStatuses(dir)
		if got := s.of("a"); got != (CertStatus{}) {
			t.Errorf("%q: %+v", damaged, got)
		}
		s.note("a", CertStatus{State: "good"})
	}
}

func TestStatusAdvice(t *testing.T) {
	for _, tc := range []struct {
		use         CertUse
		state, want string
	}{
		{ForSigning, "", ""},
		{ForSigning, "good", ""},
		{ForSigning, "unknown", ""},
		{ForSigning, "revoked", "certificate-revoked"},
		{ForSigning, "suspended", "certificate-suspended"},
		{ForLogin, "revoked", "login-revoked"},
		{ForLogin, "suspended", "login-suspended"},
		{ForOther, "revoked", ""},
	} {
		code := ""
		if a := statusAdvice(&Card{Certificates: []Certificate{{Use: tc.use, Status: CertStatus{State: tc.state}}}}); a != nil {
			code = a.Code
		}
		if code != tc.want {
			t.Errorf("%d %q: %q", tc.use, tc.state, code)
		}
	}
}
