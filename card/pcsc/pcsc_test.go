//go:build linux

package pcsc_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/pcsc"
	"ceralacca/card/sim"
)

// The suite that the driver passes on the simulated bus passes through a real pcscd.
func TestConform(t *testing.T) {
	_, b, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	start := time.Now()
	if err := sim.Conform(t.Context(), s, slot.ID); err != nil {
		t.Error(err)
	}
	t.Logf("%d commands in %v", len(b.Log()), time.Since(start).Round(time.Millisecond))
}

func TestHotPlug(t *testing.T) {
	_, b, s, snaps := setUp(t)
	first, _ := present(until(t, "card", snaps, hasCard))
	for range 3 {
		start := time.Now()
		b.Remove()
		until(t, "removal", snaps, noCard)
		removed := time.Since(start)
		start = time.Now()
		b.Insert()
		again, _ := present(until(t, "insertion", snaps, hasCard))
		t.Logf("removal seen after %v, insertion after %v", removed.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
		if again.ID == first.ID {
			t.Error("the slot has the ID of the insertion before")
		}
		if _, err := s.Open(t.Context(), first.ID); !errors.Is(err, card.ErrRemoved) {
			t.Errorf("opening the insertion before: %v", err)
		}
		first = again
	}
	tok, err := s.Open(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	tok.Close()
}

// Without a watcher Open finds the card by itself.
func TestOpenWithoutWatch(t *testing.T) {
	_, _, _, snaps := setUp(t)
	until(t, "card", snaps, hasCard)
	b := pcsc.New()
	readers, err := b.Wait(t.Context(), nil)
	if err != nil || len(readers) == 0 {
		t.Fatalf("%v, %v", readers, err)
	}
	for _, r := range readers {
		c, err := b.Connect(t.Context(), r)
		if r.State != card.Present {
			if !errors.Is(err, card.ErrRemoved) {
				t.Errorf("empty reader: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if rsp, err := c.Transmit([]byte{0, 0xA4, 0, 0x0C, 2, 0x3F, 0}); err != nil || len(rsp) != 2 {
			t.Errorf("%X, %v", rsp, err)
		}
		if _, err := c.Transmit(nil); err == nil {
			t.Error("an empty command was sent")
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestServiceRestarts(t *testing.T) {
	d, _, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	start := time.Now()
	d.Kill()
	until(t, "end of the service", snaps, noServer)
	t.Logf("end seen after %v", time.Since(start).Round(time.Millisecond))
	if _, err := tok.Keys(t.Context()); !errors.Is(err, card.ErrNoService) && !errors.Is(err, card.ErrRemoved) {
		t.Errorf("a token of the service before: %v", err)
	}
	start = time.Now()
	d.Start(t)
	again, _ := present(until(t, "restart", snaps, hasCard))
	t.Logf("card seen %v after the restart", time.Since(start).Round(time.Millisecond))
	if again.ID == slot.ID {
		t.Error("the slot has the ID of the insertion before")
	}
	if tok, err = s.Open(t.Context(), again.ID); err != nil {
		t.Fatal(err)
	}
	tok.Close()
}

func TestNoService(t *testing.T) {
	if _, err := socket(); err != nil {
		t.Fatal(err)
	}
	snaps := watch(t, card.CNS(pcsc.New()))
	if s := until(t, "no service", snaps, noServer); !errors.Is(s.Err, card.ErrNoService) {
		t.Error(s.Err)
	}
	if _, err := pcsc.New().Connect(t.Context(), card.Reader{Name: "x"}); !errors.Is(err, card.ErrRemoved) {
		t.Error(err)
	}
}

// Windows ends its service when the last reader is unplugged: then there is no reader, and no trouble.
func TestNoServiceWithoutReaders(t *testing.T) {
	if _, err := socket(); err != nil {
		t.Fatal(err)
	}
	var refused error
	t.Cleanup(pcsc.SetIdle(func(err error) bool { refused = err; return true }))
	b := pcsc.New()
	now, err := b.Wait(t.Context(), nil)
	if err != nil || now == nil || len(now) != 0 || refused == nil {
		t.Errorf("%v, %v; refused: %v", now, err, refused)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if again, err := b.Wait(ctx, now); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nothing changed, and %v, %v", again, err)
	}
}

// A cancelled wait ends at once, not at the end of its slice.
func TestCancel(t *testing.T) {
	d := newDaemon(t)
	d.Start(t)
	b := pcsc.New()
	var seen []card.Reader
	limit := time.Now().Add(eventTime)
	for seen == nil && time.Now().Before(limit) {
		seen, _ = b.Wait(t.Context(), nil)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	for ctx.Err() == nil {
		if now, err := b.Wait(ctx, seen); err == nil {
			seen = now
		}
	}
	if took := time.Since(start); took > 800*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

// Faults on the far side of a real pcscd.
func TestFaults(t *testing.T) {
	_, b, s, snaps := setUp(t)
	pin := card.NewPIN()
	for _, r := range sim.PracticePIN {
		pin.Add(r)
	}
	work := func(id string) error {
		tok, err := s.Open(t.Context(), id)
		if err != nil {
			return err
		}
		defer tok.Close()
		if err := tok.Login(t.Context(), card.SignPIN, pin); err != nil {
			return err
		}
		keys, err := tok.Keys(t.Context())
		if err != nil {
			return err
		}
		signer, err := tok.Signer(t.Context(), keys[len(keys)-1])
		if err != nil {
			return err
		}
		digest := sha256.Sum256(nil)
		_, err = signer.Sign(rand.Reader, digest[:], crypto.SHA256)
		return err
	}
	slot, _ := present(until(t, "card", snaps, hasCard))
	b.Script()
	if err := work(slot.ID); err != nil {
		t.Fatal(err)
	}
	commands, cases := b.Sent(), 0
	for at := 0; at < commands; at += 7 {
		for _, after := range []bool{false, true} {
			cases++
			b.Script(sim.Fault{At: at, Kind: sim.Pull, After: after})
			if err := work(slot.ID); !errors.Is(err, card.ErrRemoved) {
				t.Errorf("pulled at %d of %d: %v", at, commands, err)
			}
			b.Script()
			until(t, "removal", snaps, noCard)
			b.Insert()
			slot, _ = present(until(t, "insertion", snaps, hasCard))
		}
	}
	for at := range commands {
		cases++
		b.Script(sim.Fault{At: at, Kind: sim.Answer, SW: 0x6F00})
		st := new(card.StatusError)
		if err := work(slot.ID); err != nil && !errors.As(err, &st) {
			t.Errorf("6F00 at %d: %v", at, err)
		}
	}
	b.Script()
	if err := work(slot.ID); err != nil {
		t.Error(err)
	}
	t.Logf("%d cases", cases)
}

// OpenSC, which we did not write, reads the practice card, verifies its PIN and signs with it.
func TestOpenSC(t *testing.T) {
	_, b, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	info := tok.Info()
	keys, err := tok.Keys(t.Context())
	tok.Close()
	if err != nil {
		t.Fatal(err)
	}
	must := func(name string, args ...string) string {
		t.Helper()
		out, err := run(t, name, args...)
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return out
	}
	if out := must("opensc-tool", "-n"); !strings.Contains(out, "CNS") {
		t.Errorf("card name: %s", out)
	}
	dump := must("pkcs15-tool", "-D")
	for _, want := range []string{info.Label, info.Serial, "ModLength      : 2048"} {
		if !strings.Contains(dump, want) {
			t.Errorf("OpenSC does not tell %q:\n%s", want, dump)
		}
	}
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for i, id := range []string{"01", "10"} {
		must("pkcs15-tool", "--read-certificate", id, "--output", file("cert.pem"))
		must("openssl", "x509", "-in", file("cert.pem"), "-outform", "DER", "-out", file("cert.der"))
		der, err := os.ReadFile(file("cert.der"))
		if err != nil || string(der) != string(keys[i].DER) {
			t.Errorf("certificate %s differs: %v", id, err)
		}
		must("openssl", "x509", "-in", file("cert.pem"), "-noout", "-pubkey", "-out", file("pub.pem"))
		if err := os.WriteFile(file("text"), []byte("Ceralacca"), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", id, "--login", "--pin", sim.PracticePIN, "--input-file", file("text"), "--output-file", file("sig")}
		if i == 1 { // each PIN is a token of its own on the same reader
			args = append(args, "--slot-index", "1")
		}
		must("pkcs11-tool", args...)
		if out := must("openssl", "dgst", "-sha256", "-verify", file("pub.pem"), "-signature", file("sig"), file("text")); !strings.Contains(out, "Verified OK") {
			t.Errorf("key %s: %s", id, out)
		}
	}
	t.Logf("%d commands", len(b.Log()))
}

// We free what OpenSC has blocked.
func TestUnblocksWhatOpenSCBlocked(t *testing.T) {
	_, _, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	for range 3 {
		if out, err := run(t, "pkcs15-tool", "--verify-pin", "--auth-id", "01", "--pin", "99999"); err == nil {
			t.Errorf("a wrong PIN was taken: %s", out)
		}
	}
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || !st.Blocked {
		t.Errorf("after three wrong PINs %+v, %v", st, err)
	}
	puk := card.NewPIN()
	for _, r := range sim.PracticePUK {
		puk.Add(r)
	}
	if err := tok.Unblock(t.Context(), card.AuthPIN, puk, practicePIN()); err != nil {
		t.Fatal(err)
	}
	tok.Close()
	if out, err := run(t, "pkcs15-tool", "--verify-pin", "--auth-id", "01", "--pin", sim.PracticePIN); err != nil {
		t.Errorf("OpenSC after the unblocking: %v %s", err, out)
	}
}
