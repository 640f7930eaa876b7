//go:build cgo && linux

package p11_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/pcsc/pcsctest"
	"ceralacca/card/sim"
)

// OpenSC's own module drives the simulated card, through a pcscd and a virtual reader that belong to the test alone.

// glob finds the first file that fits, or says what is missing.
func glob(t testing.TB, what string, patterns ...string) string {
	t.Helper()
	for _, p := range patterns {
		if found, _ := filepath.Glob(p); len(found) > 0 {
			return found[0]
		}
	}
	t.Skip(what + " is not installed (.ci/install check)")
	return ""
}

// opensc puts a simulated card in front of OpenSC's module and returns the path of the module.
func opensc(t testing.TB, b *sim.Bus) string {
	t.Helper()
	module := glob(t, "opensc-pkcs11", "/usr/lib/*/opensc-pkcs11.so", "/usr/lib*/opensc-pkcs11.so", "/usr/lib*/pkcs11/opensc-pkcs11.so")
	// The user's configuration could change how PINs are sent.
	conf := filepath.Join(t.TempDir(), "opensc.conf")
	if err := os.WriteFile(conf, []byte("app default { }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket := pcsctest.Socket(t)
	t.Setenv("OPENSC_CONF", conf)
	t.Setenv(pcsctest.Env, socket)
	d := pcsctest.New(t, socket, "Ceralacca Test")
	d.Start(t)
	d.Insert(t, 0, b)
	return module
}

var practice = sync.OnceValues(func() (*sim.Practice, error) {
	return sim.IssueFor(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC))
})

func practiceBus(t testing.TB) *sim.Bus {
	t.Helper()
	p, err := practice()
	if err != nil {
		t.Fatal(err)
	}
	return p.Bus()
}

func TestOpenSCConforms(t *testing.T) {
	b := practiceBus(t)
	s := open(t, quick, opensc(t, b))
	first(t, s).Close() // a card that has just come may be noticed twice
	slot := present(until(t, s, "card", hasCard))[0]
	if err := sim.Conform(t.Context(), s, slot.ID); err != nil {
		t.Error(err)
	}
	t.Logf("%d commands", len(b.Log()))
}

// Rights are gone for everybody the moment a session is closed: another program asks the card, harmlessly.
func TestOpenSCDropsRights(t *testing.T) {
	tool, err := exec.LookPath("opensc-tool")
	if err != nil {
		t.Skip("opensc-tool is not installed (.ci/install check)")
	}
	b := practiceBus(t)
	s := open(t, quick, opensc(t, b))
	tok := first(t, s)
	if err := tok.Login(t.Context(), card.AuthPIN, pin(sim.PracticePIN)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		when, want string
	}{{"logged in", "SW1=0x90, SW2=0x00"}, {"closed", "SW1=0x63, SW2=0xC3"}} {
		if c.when == "closed" {
			tok.Close()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		out, err := exec.CommandContext(ctx, tool, "-c", "default", "-s", "00:20:00:10").CombinedOutput()
		cancel()
		if err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: another program sees %s, %v", c.when, out, err)
		}
	}
}

// The whole life of a PIN through OpenSC, with the commands that reach the card counted.
func TestOpenSC(t *testing.T) {
	const verify, change, reset = 0x20, 0x24, 0x2C
	b := practiceBus(t)
	s := open(t, quick, opensc(t, b))
	slots := present(until(t, s, "card", hasCard))
	if len(slots) != 1 {
		t.Fatalf("%d cards: %+v", len(slots), slots)
	}
	tok := first(t, s)
	keys, err := tok.Keys(t.Context())
	if err != nil || len(keys) != 2 || keys[0].PIN == keys[1].PIN {
		t.Fatalf("keys %+v, %v", keys, err)
	}
	t.Logf("%+v", tok.Info())
	if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || st.Blocked {
		t.Errorf("a healthy card: %+v, %v", st, err)
	}
	if n := b.Count(verify); n != 0 {
		t.Errorf("%d VERIFY before any PIN", n)
	}
	refusal := new(card.PINError)
	for n, want := range []card.PINError{
		{Ref: card.AuthPIN, TriesLeft: card.UnknownTries},
		{Ref: card.AuthPIN, TriesLeft: 1},
		{Ref: card.AuthPIN, TriesLeft: card.UnknownTries},
		{Ref: card.AuthPIN, Blocked: true},
	} {
		err := tok.Login(t.Context(), card.AuthPIN, pin("99999"))
		if !errors.As(err, &refusal) || *refusal != want {
			t.Errorf("wrong PIN %d: %v", n+1, err)
		}
		if v := b.Count(verify); v > n+1 {
			t.Errorf("wrong PIN %d: %d VERIFY", n+1, v)
		}
	}
	if err := tok.Unblock(t.Context(), card.AuthPIN, pin(sim.PracticePUK), pin("67890")); !errors.Is(err, card.ErrUnsupported) || b.Count(reset)+b.Count(change) != 0 {
		t.Errorf("unblocking: %v, %d commands", err, b.Count(reset)+b.Count(change))
	}
	before := b.Count(verify)
	if err := tok.Login(t.Context(), card.SignPIN, pin(sim.PracticePIN)); err != nil || b.Count(verify) != before+1 {
		t.Errorf("the other PIN: %v, %d VERIFY", err, b.Count(verify)-before)
	}
	if err := tok.ChangePIN(t.Context(), card.SignPIN, pin(sim.PracticePIN), pin("67890")); err != nil || b.Count(change) != 1 {
		t.Errorf("change: %v, %d CHANGE", err, b.Count(change))
	}
	tok.Close()
	for _, x := range b.Log() {
		if s := fmt.Sprintf("%+v", x); strings.Contains(s, "67890") {
			t.Errorf("log tells a PIN: %s", s)
		}
	}
}

// The card is pulled: every session is over, and no PIN goes to the one that comes next.
func TestOpenSCRemoval(t *testing.T) {
	b := practiceBus(t)
	s := open(t, quick, opensc(t, b))
	tok := first(t, s)
	was := present(until(t, s, "card", hasCard))[0]
	b.Remove()
	if err := tok.Login(t.Context(), card.SignPIN, pin(sim.PracticePIN)); err == nil || errors.As(err, new(*card.PINError)) {
		t.Errorf("login while the card is pulled: %v", err) // the service notices some time later
	}
	until(t, s, "no card", noCard)
	if err := tok.Login(t.Context(), card.SignPIN, pin(sim.PracticePIN)); !errors.Is(err, card.ErrRemoved) || b.Count(0x20) != 0 {
		t.Errorf("login without card: %v, %d VERIFY", err, b.Count(0x20))
	}
	b.Insert()
	now := present(until(t, s, "card", hasCard))[0]
	if b.Count(0x20) != 0 {
		t.Error("somebody sent a PIN to the new card")
	}
	if now.ID == was.ID {
		t.Error("a new insertion has the old name")
	}
}
