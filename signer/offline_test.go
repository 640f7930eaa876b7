package signer_test

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/ocsp"

	"ceralacca/signer"
	"ceralacca/signer/trust"
)

// asking is a store that asks nobody when off is set, and this machine otherwise.
func asking(t *testing.T, off bool) *trust.Store {
	t.Helper()
	store, err := trust.Open(trust.Config{Offline: off, AllowLocal: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// The whole judgement of a file whose certificates name a responder, a CRL and an issuer asks none of them offline.
func TestOfflineAsksNobody(t *testing.T) {
	s := newServices(t)
	k := testPKI().key(t, "RSA-2048", func(c *x509.Certificate) {
		c.OCSPServer = []string{responder(t, ocsp.Good, now)}
		c.CRLDistributionPoints = []string{s.srv.URL + "/crl"}
		c.IssuingCertificateURL = []string{s.srv.URL + "/ca"}
	})
	p7m := sign(t, []byte("x"), signer.Key{Signer: k.Signer, Chain: k.Chain[:1]}, signer.Options{})
	for _, off := range []bool{true, false} {
		s.asked.Store(0)
		g := verify(t, p7m, signer.VerifyOptions{Trust: asking(t, off), Anchors: []*x509.Certificate{testPKI().root}}).Signatures[0]
		if n := s.asked.Load(); (n == 0) != off {
			t.Errorf("offline %v: asked %d times, %s (%s)", off, n, g.SubIndication, codes(g))
		}
	}
}

// The kernel is the witness: no socket of any network family is opened, not even for a name to be looked up.
func TestOfflineOpensNoSocket(t *testing.T) {
	const child = "CERALACCA_OFFLINE_CHILD"
	if mode := os.Getenv(child); mode != "" {
		p7m, err := os.ReadFile(os.Getenv(child + "_FILE"))
		if err != nil {
			t.Fatal(err)
		}
		verify(t, p7m, signer.VerifyOptions{Trust: asking(t, mode == "offline"), Anchors: []*x509.Certificate{testPKI().root}})
		return
	}
	if _, err := exec.LookPath("strace"); err != nil || runtime.GOOS != "linux" {
		t.Skip("strace is not installed (.ci/install check)")
	}
	dir := t.TempDir()
	k := testPKI().key(t, "P-256", func(c *x509.Certificate) {
		c.OCSPServer = []string{"http://127.0.0.1:1/ocsp"}
		c.IssuingCertificateURL = []string{"http://127.0.0.1:1/ca.cer"}
	})
	write(t, filepath.Join(dir, "f.p7m"), sign(t, []byte("x"), k, signer.Options{}))
	for _, mode := range []string{"offline", "online"} {
		log := filepath.Join(dir, mode)
		cmd := exec.Command("strace", "-f", "-qq", "-e", "trace=socket", "-e", "signal=none", "-o", log, os.Args[0], "-test.run=^TestOfflineOpensNoSocket$")
		cmd.Env = append(os.Environ(), child+"="+mode, child+"_FILE="+filepath.Join(dir, "f.p7m"))
		if out, err := cmd.CombinedOutput(); err != nil {
			if strings.Contains(string(out), "ptrace") {
				t.Skip("this system lets nobody trace (kernel.yama.ptrace_scope below 3, or root): " + string(out))
			}
			t.Fatalf("%v\n%s", err, out)
		}
		calls, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if opened := strings.Contains(string(calls), "AF_INET"); opened != (mode == "online") {
			t.Errorf("%s: %s", mode, calls)
		}
	}
}
