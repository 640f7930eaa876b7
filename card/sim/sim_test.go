package sim_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var practice = sync.OnceValues(func() (*sim.Practice, error) { return sim.Issue(now) })

func issued(t testing.TB) *sim.Practice {
	t.Helper()
	p, err := practice()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// firstSlot waits for the first slot that holds a card.
func firstSlot(t testing.TB, s card.Source) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	id := ""
	err := s.Watch(ctx, func(x card.Snapshot) {
		for _, slot := range x.Slots {
			if slot.State == card.Present {
				id = slot.ID
				cancel()
			}
		}
	})
	if err != nil || id == "" {
		t.Fatalf("no card seen: %v", err)
	}
	return id
}

// anySlot is the first slot, whatever is in it.
func anySlot(t testing.TB, s card.Source) card.Slot {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var slot card.Slot
	err := s.Watch(ctx, func(x card.Snapshot) { slot = x.Slots[0]; cancel() })
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

func TestConform(t *testing.T) {
	b := issued(t).Bus()
	s := card.CNS(b)
	if err := sim.Conform(t.Context(), s, firstSlot(t, s)); err != nil {
		t.Error(err)
	}
	t.Logf("%d commands", len(b.Log()))
}

// The driver conforms on every kind of card.
func TestConformVariants(t *testing.T) {
	for name, change := range map[string]func(*sim.Card){
		"T=0":               func(c *sim.Card) { c.T0 = true },
		"no extended":       func(c *sim.Card) { c.NoExtended = true },
		"no chaining":       func(c *sim.Card) { c.NoChaining = true },
		"only search":       func(c *sim.Card) { c.OnlyUpward = true },
		"only master file":  func(c *sim.Card) { c.OnlyMaster = true },
		"IDEMIA 2021":       func(c *sim.Card) { c.Layout, c.Sign = sim.IDEMIA2021, nil },
		"InfoCamere":        func(c *sim.Card) { c.Layout, c.Sign = sim.InfoCamere, nil },
		"counts each empty": func(c *sim.Card) { c.ATR, c.EmptyVerify = sim.ST2021, sim.CountsATry },
		"6700 for empty":    func(c *sim.Card) { c.EmptyVerify = sim.WrongLen },
		"63C0":              func(c *sim.Card) { c.Hide6983 = true },
	} {
		t.Run(name, func(t *testing.T) {
			c := issued(t).Card()
			change(&c)
			s := card.CNS(sim.New(c))
			if err := sim.Conform(t.Context(), s, firstSlot(t, s)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPracticeCertificates(t *testing.T) {
	p := issued(t)
	roots := p.Roots()
	if len(roots) != 3 {
		t.Fatalf("%d authorities", len(roots))
	}
	for _, r := range roots {
		if !strings.Contains(r.Subject.String(), "PRATICA – NESSUN VALORE LEGALE") || !strings.Contains(r.Subject.CommonName, "no legal value") || !r.IsCA {
			t.Errorf("authority %v", r.Subject)
		}
	}
	c := p.Card()
	pool, mid := x509.NewCertPool(), x509.NewCertPool()
	pool.AddCert(roots[0])
	mid.AddCert(roots[1])
	mid.AddCert(roots[2])
	for name, want := range map[string]struct {
		der      []byte
		issuer   *x509.Certificate
		usage    x509.KeyUsage
		policies []string
	}{
		"auth": {c.Auth.Certificate, roots[2], x509.KeyUsageDigitalSignature, []string{"1.3.76.16.2.1"}},
		"sign": {c.Sign.Certificate, roots[1], x509.KeyUsageContentCommitment, []string{"0.4.0.194112.1.2", "1.3.76.16.6"}},
	} {
		leaf, err := x509.ParseCertificate(want.der)
		if err != nil {
			t.Fatal(err)
		}
		if leaf.KeyUsage != want.usage || leaf.IsCA || leaf.CheckSignatureFrom(want.issuer) != nil {
			t.Errorf("%s: usage %v, issuer %v", name, leaf.KeyUsage, leaf.Issuer)
		}
		var got []string
		for _, o := range leaf.Policies {
			got = append(got, o.String())
		}
		if strings.Join(got, " ") != strings.Join(want.policies, " ") {
			t.Errorf("%s: policies %v", name, got)
		}
		chains, err := leaf.Verify(x509.VerifyOptions{Roots: pool, Intermediates: mid, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if err != nil || len(chains) != 1 {
			t.Errorf("%s: %v", name, err)
		}
		if chain := p.Chain(leaf); len(chain) != 2 || !chain[0].Equal(want.issuer) || !chain[1].Equal(roots[0]) {
			t.Errorf("%s: chain of %d", name, len(chain))
		}
		t.Logf("%s: %v", name, leaf.Subject)
	}
}

func TestPracticeIsStored(t *testing.T) {
	p := issued(t)
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var q sim.Practice
	if err := json.Unmarshal(b, &q); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(&q)
	if err != nil || string(again) != string(b) {
		t.Errorf("stored twice, it differs: %v", err)
	}
	if strings.Contains(string(b), sim.PracticePIN+`"`) {
		t.Error("the PIN is stored")
	}
	s := card.CNS(q.Bus())
	if err := sim.Conform(t.Context(), s, firstSlot(t, s)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{`{}`, `[]`, `{"Version":2}`, `{"Version":1,"Authorities":["","",""]}`, strings.Replace(string(b), `"Auth":{"Key":"MII`, `"Auth":{"Key":"MIJ`, 1)} {
		if json.Unmarshal([]byte(bad), &q) == nil {
			t.Errorf("%.60s was read", bad)
		}
	}
}

func TestValidity(t *testing.T) {
	p, err := sim.IssueFor(now.AddDate(-3, 0, 0), now.AddDate(0, 0, -1))
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(p.Card().Sign.Certificate)
	if err != nil || !leaf.NotAfter.Equal(now.AddDate(0, 0, -1)) {
		t.Errorf("valid until %v, %v", leaf.NotAfter, err)
	}
}

// The log tells what was sent, and no PIN.
func TestLogHidesPINs(t *testing.T) {
	b := issued(t).Bus()
	s := card.CNS(b)
	if err := sim.Conform(t.Context(), s, firstSlot(t, s)); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range b.Log() {
		if ins := e.Command[1]; ins != 0x20 && ins != 0x24 && ins != 0x2C {
			continue
		}
		seen++
		for _, x := range e.Command[min(5, len(e.Command)):] {
			if x != 0 {
				t.Fatalf("%X", e.Command)
			}
		}
	}
	if seen == 0 {
		t.Error("nothing to look at")
	}
}

// Whatever is read as a practice card can be put into a reader and be opened, or refused, without harm.
func FuzzPractice(f *testing.F) {
	p, err := practice()
	if err != nil {
		f.Fatal(err)
	}
	b, err := json.Marshal(p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"Version":1}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var p sim.Practice
		_ = json.Unmarshal(b, &p)
		s := card.CNS(p.Bus())
		if t, err := s.Open(context.Background(), sim.PracticeReader+"#1"); err == nil {
			_, _ = t.Keys(context.Background())
			t.Close()
		}
	})
}
