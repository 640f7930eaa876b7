//go:build cgo

package p11_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == p11.WorkerArg {
		os.Exit(p11.Serve(os.Stdin, os.Stdout))
	}
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // or each helper would wait a second before it ends
	}
	code := m.Run()
	if dir, err := workshop(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// workshop is a folder for what all tests share.
var workshop = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "p11") })

// quick are options for tests.
var quick = p11.Options{Poll: 10 * time.Millisecond, Limit: 20 * time.Second, Typing: time.Second}

// fakeModule compiles testdata/fake.c, once.
var fakeModule = sync.OnceValues(func() (string, error) {
	dir, err := workshop()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "fake.so")
	out, err := exec.Command("gcc", "-shared", "-fPIC", "-o", path, "testdata/fake.c").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return path, nil
})

// fakePIN is the one that testdata/fake.c takes.
const fakePIN = "73918462"

// fake sets up the fake module and returns its path and the file of its log.
func fake(t testing.TB, do string, certs ...[]byte) (path, log string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake module is a shared object of Unix: on Windows there is none to load")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc, which compiles the fake module, is not installed (.ci/install build)")
	}
	path, err := fakeModule()
	if err != nil {
		t.Fatal(err, path)
	}
	dir := t.TempDir()
	if certs == nil {
		certs = [][]byte{certificate(t, "auth", x509.KeyUsageDigitalSignature), certificate(t, "sign", x509.KeyUsageContentCommitment)}
	}
	var files []string
	for i, der := range certs {
		files = append(files, filepath.Join(dir, string(rune('a'+i))))
		if err := os.WriteFile(files[i], der, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log = filepath.Join(dir, "log")
	t.Setenv("FAKE_CERTS", strings.Join(files, ":"))
	t.Setenv("FAKE_LOG", log)
	t.Setenv("FAKE_DO", do)
	t.Setenv("FAKE_GONE", filepath.Join(dir, "gone"))
	return path, log
}

// count tells how often the fake module noted a call.
func count(t testing.TB, log, call string) int {
	t.Helper()
	b, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		if strings.TrimSpace(line) == call {
			n++
		}
	}
	return n
}

// open returns a Source over a module that is closed after the test.
func open(t testing.TB, o p11.Options, modules ...string) *p11.Source {
	t.Helper()
	s := p11.Open(modules, o)
	t.Cleanup(func() { s.Close() })
	return s
}

// until watches until a snapshot fits.
func until(t testing.TB, s card.Source, what string, fits func(card.Snapshot) bool) card.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var last, found card.Snapshot
	ok := false
	if err := s.Watch(ctx, func(x card.Snapshot) {
		last = x
		if !ok && fits(x) {
			ok, found = true, x
			cancel()
		}
	}); err != nil {
		t.Fatal(err)
	}
	if !ok {
		t.Fatalf("%s: not seen; last %+v", what, last)
	}
	return found
}

func present(x card.Snapshot) []card.Slot {
	var out []card.Slot
	for _, s := range x.Slots {
		if s.State == card.Present {
			out = append(out, s)
		}
	}
	return out
}

func hasCard(x card.Snapshot) bool { return len(present(x)) > 0 }
func noCard(x card.Snapshot) bool  { return x.Err == nil && len(x.Slots) > 0 && !hasCard(x) }
func trouble(x card.Snapshot) bool { return x.Err != nil }

// first opens the first card of a Source. A card that has just come may be noticed twice.
func first(t testing.TB, s card.Source) card.Token {
	t.Helper()
	for try := 0; ; try++ {
		slot := present(until(t, s, "card", hasCard))[0]
		tok, err := s.Open(t.Context(), slot.ID)
		if errors.Is(err, card.ErrRemoved) && try < 5 {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tok.Close() })
		return tok
	}
}

// pin makes a PIN of digits.
func pin(digits string) *card.PIN {
	p := card.NewPIN()
	for _, r := range digits {
		p.Add(r)
	}
	return p
}

// selfSigned makes a certificate for a key.
func selfSigned(t testing.TB, key crypto.Signer, name string, usage x509.KeyUsage) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), KeyUsage: usage,
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC),
		Subject: pkix.Name{CommonName: name, SerialNumber: "TINIT-RSSMRA80A01H501U", ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: []int{2, 5, 4, 4}, Value: "ROSSI"}, {Type: []int{2, 5, 4, 42}, Value: "MARIA"},
		}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
