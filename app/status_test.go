package app

import (
	"encoding/json"
	"os"
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
	w.CheckCertificates()
	st = w.until("told", func(st *State) bool { return st.Cards.Advice != nil })
	c := st.Cards.Card()
	if st.Cards.Advice.Code != "chip-withdrawn" || c.Main().Status.State != "revoked" || c.Main().Withdrawn == "" {
		t.Errorf("%+v, %+v", st.Cards.Advice, c.Main().Status)
	}
	w.until("the button is back", func(st *State) bool { return !st.Cards.Checking })
}

func TestStatusAdvice(t *testing.T) {
	for state, want := range map[string]string{"": "", "good": "", "unknown": "", "revoked": "certificate-revoked", "suspended": "certificate-suspended"} {
		code := ""
		if a := statusAdvice(&Card{Certificates: []Certificate{{Use: ForSigning, Status: CertStatus{State: state}}}}); a != nil {
			code = a.Code
		}
		if code != want {
			t.Errorf("%q: %q", state, code)
		}
	}
}
