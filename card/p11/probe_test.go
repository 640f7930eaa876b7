//go:build cgo

package p11_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
)

func TestProbe(t *testing.T) {
	path, log := fake(t, "")
	foreign := filepath.Join(t.TempDir(), "foreign.so")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[18] ^= 0x21 // e_machine
	text := filepath.Join(t.TempDir(), "text.so")
	nolist := filepath.Join(t.TempDir(), "broken.so")
	for file, content := range map[string][]byte{foreign: b, text: []byte("no library"), nolist: nil} {
		if err := os.WriteFile(file, content, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	load := new(p11.LoadError)
	got := p11.Probe(t.Context(), []string{path, foreign, text, nolist, "/nowhere/x.so", "relative.so", t.TempDir()}, quick)
	r := got[0]
	if !r.Exists || !r.RightCPU || !r.Loads || r.Err != nil || r.Name != "fake module" || r.Maker != "Ceralacca tests" || r.Version != "1.2" || len(r.Readers) != 1 {
		t.Errorf("good module: %+v", r)
	}
	if len(r.Cards) != 1 || r.Cards[0].Certificates != 2 || !r.Cards[0].Signs || r.Cards[0].Serial != "SERIAL" {
		t.Errorf("card: %+v", r.Cards)
	}
	for i, name := range []string{"foreign", "text", "empty file"} {
		if r := got[i+1]; !r.Exists || r.RightCPU || r.Loads || !errors.As(r.Err, &load) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := got[4]; r.Exists || !errors.Is(r.Err, fs.ErrNotExist) {
		t.Errorf("missing: %+v", r)
	}
	for _, r := range got[5:] {
		if r.Loads || !errors.As(r.Err, &load) {
			t.Errorf("%s: %+v", r.Path, r)
		}
	}
	if n := count(t, log, "C_Login"); n != 0 {
		t.Errorf("%d PINs sent", n)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if r := p11.Probe(ended, []string{path}, quick)[0]; !errors.Is(r.Err, context.Canceled) {
		t.Errorf("ended: %+v", r)
	}
}

func TestProbeHostile(t *testing.T) {
	for do, want := range map[string]any{
		"C_Initialize=crash":   new(*p11.CrashError),
		"C_Initialize=hang":    new(*p11.TimeoutError),
		"C_Initialize=30":      new(*p11.Error),
		"C_GetSlotList=crash":  new(*p11.CrashError),
		"C_GetTokenInfo=crash": new(*p11.CrashError),
		"nolist":               new(*p11.LoadError),
	} {
		t.Run(do, func(t *testing.T) {
			path, _ := fake(t, do)
			o := quick
			if strings.HasSuffix(do, "=hang") {
				o.Limit = 400 * time.Millisecond
			}
			if r := p11.Probe(t.Context(), []string{path}, o)[0]; !r.Exists || !r.RightCPU || !errors.As(r.Err, want) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// What else a card may show: authorities, garbage, a certificate twice, fill behind one.
func TestCertificates(t *testing.T) {
	auth := certificate(t, "auth", x509.KeyUsageDigitalSignature)
	for _, c := range []struct {
		name  string
		certs [][]byte
		keys  int
		refs  []card.PINRef
	}{
		{"one", [][]byte{auth}, 1, []card.PINRef{card.AuthPIN}},
		{"the same twice", [][]byte{auth, auth}, 1, []card.PINRef{card.AuthPIN}},
		{"fill", [][]byte{append(auth[:len(auth):len(auth)], make([]byte, 500)...)}, 1, []card.PINRef{card.AuthPIN}},
		{"garbage beside", [][]byte{[]byte("garbage"), auth}, 1, []card.PINRef{card.AuthPIN}},
		{"not to be parsed", [][]byte{{0x30, 3, 2, 1, 5}}, 1, []card.PINRef{card.AuthPIN}},
		{"three of a kind", [][]byte{auth, certificate(t, "b", 0), certificate(t, "c", 0)}, 3, []card.PINRef{card.AuthPIN, card.SignPIN, 0x1C}},
		{"signature only", [][]byte{certificate(t, "s", x509.KeyUsageContentCommitment)}, 1, []card.PINRef{card.SignPIN}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, _ := fake(t, "", c.certs...)
			tok := first(t, open(t, quick, path))
			keys, err := tok.Keys(t.Context())
			if err != nil || len(keys) != c.keys {
				t.Fatalf("%d keys, %v", len(keys), err)
			}
			for i, k := range keys {
				if k.PIN != c.refs[i] {
					t.Errorf("key %d has PIN %02X", i, byte(k.PIN))
				}
			}
			if keys[0].Certificate == nil {
				if _, err := tok.Signer(t.Context(), keys[0]); !errors.Is(err, card.ErrUnsupported) {
					t.Errorf("signer: %v", err)
				}
			}
		})
	}
}
