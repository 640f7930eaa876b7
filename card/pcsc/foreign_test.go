//go:build linux

package pcsc_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// foreign is a command of another program, and what comes of it.
type foreign struct {
	args  string
	fails bool
	want  []string // in the output, without spaces
	after func()
}

// check runs it.
func (f foreign) check(t *testing.T) {
	t.Helper()
	args := strings.Fields(f.args)
	out, err := run(t, args[0], args[1:]...)
	if (err != nil) != f.fails {
		t.Errorf("%s: %v\n%s", f.args, err, out)
	}
	for _, want := range f.want {
		if !strings.Contains(squeeze(out), squeeze(want)) {
			t.Errorf("%s does not tell %q:\n%s", f.args, want, out)
		}
	}
	if f.after != nil {
		f.after()
	}
}

// What OpenSC's three programs tell of the card is what our driver tells; what they change our driver finds, and the
// other way round.
func TestOpenSCAgrees(t *testing.T) {
	module(t)                                                           // the user's configuration out of the way
	b, s, snaps := served(t, func(c *sim.Card) { c.EOF = sim.Warning }) // opensc-tool 0.23 --serial takes 6B00 for a failure
	slot, _ := present(until(t, "card", snaps, hasCard))
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	info := tok.Info()
	keys, err := tok.Keys(t.Context())
	tok.Close()
	if err != nil || len(keys) != 2 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	atr := strings.ToLower(hex.EncodeToString(slot.ATR))
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("Ceralacca"), 0o600); err != nil {
		t.Fatal(err)
	}
	refuse := func(tries int) func() { // our own look at the card between two of theirs
		return func() {
			tok, err := s.Open(t.Context(), slot.ID)
			if err != nil {
				t.Fatal(err)
			}
			defer tok.Close()
			if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || st.TriesLeft != tries || st.Blocked != (tries == 0) {
				t.Errorf("we see %+v, %v; want %d tries", st, err, tries)
			}
		}
	}
	for _, tt := range []foreign{
		{"opensc-tool --atr", false, []string{hexPairs(atr)}, nil},
		{"opensc-tool --name", false, []string{"CNS card"}, nil},
		{"opensc-tool --list-readers", false, []string{readerName}, nil},
		{"opensc-tool --serial", false, []string{info.Serial}, nil},
		{"pkcs15-tool --list-info", false, []string{info.Label, info.Serial}, nil},
		{"pkcs15-tool --list-pins", false, []string{"Length : min_len:5, max_len:8", "Reference : 16", "Reference : 26", "Type : ascii-numeric"}, nil},
		{"pkcs15-tool --list-keys", false, []string{"ModLength : 2048", "ID : 01", "ID : 10"}, nil},
		{"pkcs15-tool --list-certificates", false, []string{"X.509 Certificate"}, nil},
		{"pkcs11-tool --list-slots", false, []string{info.Label, "pin min/max : 5/8", info.Serial[len(info.Serial)-16:]}, nil},
		{"pkcs11-tool --list-objects --login --pin " + sim.PracticePIN, false, []string{"Private Key Object; RSA", "Certificate Object"}, refuse(3)},
		{"pkcs15-tool --verify-pin --auth-id 01 --pin " + sim.PracticePIN, false, nil, refuse(3)},
		{"pkcs15-tool --verify-pin --auth-id 01 --pin 99999", true, nil, refuse(2)},
		{"pkcs11-tool --login --pin 99999 --list-objects", true, []string{"CKR_PIN_INCORRECT"}, refuse(1)},
		{"pkcs15-tool --verify-pin --auth-id 01 --pin " + sim.PracticePIN, false, nil, refuse(3)},
		{"pkcs15-tool --change-pin --auth-id 01 --pin " + sim.PracticePIN + " --new-pin 67890", false, nil, logs(t, s, slot.ID, "67890")},
		{"pkcs11-tool --change-pin --pin 67890 --new-pin " + sim.PracticePIN, false, nil, logs(t, s, slot.ID, sim.PracticePIN)},
		{"pkcs15-tool --unblock-pin --auth-id 01 --puk 00000000 --new-pin 67890", true, nil, refuse(3)},
		{"pkcs15-tool --unblock-pin --auth-id 01 --puk " + sim.PracticePUK + " --new-pin 67890", false, nil, logs(t, s, slot.ID, "67890")},
		{"pkcs11-tool --sign --mechanism SHA256-RSA-PKCS-PSS --id 01 --login --pin 67890 --input-file " + text + " --output-file " + text + ".sig", false, nil, fits(t, keys[0], text)},
	} {
		tt.check(t)
	}
	t.Logf("%d commands", len(b.Log()))
}

// logs logs in with our driver.
func logs(t *testing.T, s card.Source, slot, digits string) func() {
	return func() {
		t.Helper()
		tok, err := s.Open(t.Context(), slot)
		if err != nil {
			t.Fatal(err)
		}
		defer tok.Close()
		p := card.NewPIN()
		for _, r := range digits {
			p.Add(r)
		}
		if err := tok.Login(t.Context(), card.AuthPIN, p); err != nil {
			t.Errorf("our login after OpenSC's change: %v", err)
		}
	}
}

// fits holds the PSS signature of a file against the certificate of the key.
func fits(t *testing.T, k card.Key, file string) func() {
	return func() {
		t.Helper()
		content, err1 := os.ReadFile(file)
		sig, err2 := os.ReadFile(file + ".sig")
		public, ok := k.Certificate.PublicKey.(*rsa.PublicKey)
		if err := errors.Join(err1, err2); err != nil || !ok {
			t.Fatalf("%v, %T", err, k.Certificate.PublicKey)
		}
		digest := sha256.Sum256(content)
		if err := rsa.VerifyPSS(public, crypto.SHA256, digest[:], sig, nil); err != nil {
			t.Errorf("signature of pkcs11-tool: %v", err)
		}
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// hexPairs writes bytes as OpenSC does: 3b:ff.
func hexPairs(s string) string {
	var out []string
	for ; len(s) > 1; s = s[2:] {
		out = append(out, s[:2])
	}
	return strings.Join(out, ":")
}
