package sim_test

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// look is how a card shows.
type look struct {
	state   card.SlotState
	openErr error
	keys    int
	tries   int
	blocked bool
	dead    bool
}

// special are the profiles that do not look like the standard card.
var special = map[string]look{
	"ts-cns":          {keys: 1, tries: card.UnknownTries},
	"idemia-2021":     {keys: 1, tries: card.UnknownTries},
	"chamber":         {keys: 1, tries: card.UnknownTries},
	"chamber-one-pin": {keys: 1, tries: card.UnknownTries},
	"withdrawn-chip":  {keys: 2, tries: card.UnknownTries},
	"infocamere-1204": {keys: 1, tries: card.UnknownTries},
	"old-chip":        {keys: 2, tries: card.UnknownTries},
	"last-try":        {keys: 2, tries: 1},
	"pin-blocked":     {keys: 2, blocked: true},
	"puk-dead":        {keys: 2, blocked: true, dead: true},
	"mute":            {state: card.Mute, openErr: card.ErrMute},
	"foreign":         {openErr: card.ErrUnsupported},
	"unknown":         {state: card.Unsupported, openErr: card.ErrUnsupported},
}

// Each profile shows through the driver as what it says it is.
func TestProfiles(t *testing.T) {
	for _, f := range sim.Profiles() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			want, ok := special[f.Name]
			if !ok {
				want = look{keys: 2, tries: 3}
			}
			if want.state == card.Empty {
				want.state = card.Present
			}
			p, err := sim.IssueQuick(f.Name, now)
			if err != nil {
				t.Fatal(err)
			}
			c := p.Card()
			c.Latency = 0
			s := card.CNS(sim.New(c))
			slot := anySlot(t, s)
			if slot.State != want.state || slot.PINPad != strings.HasPrefix(f.Name, "pin-pad") {
				t.Fatalf("slot %+v", slot)
			}
			tok, err := s.Open(t.Context(), slot.ID)
			if !errors.Is(err, want.openErr) {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			defer tok.Close()
			keys, err := tok.Keys(t.Context())
			if err != nil || len(keys) != want.keys {
				t.Errorf("%d keys, %v", len(keys), err)
			}
			st, err := tok.PINStatus(t.Context(), card.AuthPIN)
			if err != nil || st.TriesLeft != want.tries || st.Blocked != want.blocked || st.PUKBlocked != want.dead {
				t.Errorf("status %+v, %v", st, err)
			}
			var again sim.Practice
			b, err := json.Marshal(p)
			if err == nil {
				err = json.Unmarshal(b, &again)
			}
			if err != nil || len(again.Card().ATR) != len(c.ATR) || (again.Card().Sign == nil) != (c.Sign == nil) {
				t.Errorf("stored and read again it is another card: %v", err)
			}
		})
	}
	if _, err := sim.IssueProfile("none", now); err == nil {
		t.Error("an unknown profile was issued")
	}
}

func digits(s string) *card.PIN {
	p := card.NewPIN()
	for _, r := range s {
		p.Add(r)
	}
	return p
}

// The maker's application opens what the plain commands do not, and is closed behind.
func TestApplet(t *testing.T) {
	for name, pin := range map[string]card.PINRef{"chamber": card.SignPIN, "chamber-one-pin": card.AuthPIN} {
		p, err := sim.IssueQuick(name, now)
		if err != nil {
			t.Fatal(err)
		}
		b := sim.New(p.Card())
		for what, s := range map[string]card.Source{"plain": card.CNS(b), "maker": card.CNS(b.Applet())} {
			tok, err := s.Open(t.Context(), anySlot(t, s).ID)
			if err != nil {
				t.Fatal(err)
			}
			keys, err := tok.Keys(t.Context())
			if want := map[string]int{"plain": 1, "maker": 2}[what]; err != nil || len(keys) != want {
				t.Errorf("%s, %s: %d keys, %v", name, what, len(keys), err)
			}
			if what == "maker" {
				if err := tok.Login(t.Context(), pin, digits(sim.PracticePIN)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			tok.Close()
		}
	}
	if _, err := card.CNS(sim.New(sim.Card{ATR: sim.ST2021}).Applet()).Open(t.Context(), "Simulated reader 00#1"); !errors.Is(err, card.ErrUnsupported) {
		t.Errorf("a card without the application: %v", err)
	}
}

// Only the withdrawn card stands in the list of its authority.
func TestRevoked(t *testing.T) {
	for name, want := range map[string]int{sim.Standard: 0, sim.Withdrawn: 1} {
		p, err := sim.IssueQuick(name, now)
		if err != nil {
			t.Fatal(err)
		}
		list, err := x509.ParseRevocationList(p.Revoked())
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(p.Card().Sign.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		if err := list.CheckSignatureFrom(p.Chain(leaf)[0]); err != nil {
			t.Error(err)
		}
		if n := len(list.RevokedCertificateEntries); n != want || n == 1 && list.RevokedCertificateEntries[0].SerialNumber.Cmp(leaf.SerialNumber) != 0 {
			t.Errorf("%s: %d entries", name, n)
		}
	}
}

func TestProfileValidity(t *testing.T) {
	for name, want := range map[string]bool{"expired": false, "not-yet-valid": false, "expiring": true, "renewed": true} {
		p, err := sim.IssueQuick(name, now)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(p.Card().Sign.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		if valid := !now.Before(leaf.NotBefore) && !now.After(leaf.NotAfter); valid != want {
			t.Errorf("%s: %v to %v", name, leaf.NotBefore, leaf.NotAfter)
		}
	}
}
