package tsp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// authority is a time-stamp authority for tests, with a switch for each way of being wrong.
type authority struct {
	key                               *ecdsa.PrivateKey
	cert                              *cert.Certificate
	wrongNonce, noNonce, wrongImprint bool
	wrongPolicy, badSignature, noCA   bool
	signed                            time.Time // as the signature states; zero leaves it out
}

func newAuthority(t testing.TB, eku []x509.ExtKeyUsage, critical bool) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Prova TSA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if critical {
		v, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
		if err != nil {
			t.Fatal(err)
		}
		tmpl.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: v}}
	} else {
		tmpl.ExtKeyUsage = eku
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{key: key, cert: c}
}

// token answers req.
func (a *authority) token(req *Request) ([]byte, error) {
	digest, nonce, policy := bytes.Clone(req.Digest), req.Nonce, cert.OID("1.2.3.4")
	if a.wrongImprint {
		digest[0] ^= 1
	}
	if a.wrongNonce {
		nonce = new(big.Int).Add(nonce, big.NewInt(1))
	}
	if a.noNonce {
		nonce = nil
	}
	if req.Policy != "" && !a.wrongPolicy {
		policy = req.Policy
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddBytes(policy.DER())
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(cert.Algorithm{OID: cert.HashOID(req.Hash)}.DER())
			b.AddASN1OctetString(digest)
		})
		b.AddASN1Int64(99)
		b.AddASN1GeneralizedTime(time.Now().UTC().Truncate(time.Second))
		if nonce != nil {
			b.AddASN1BigInt(nonce)
		}
	})
	info, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(info)
	if a.badSignature {
		sum[0] ^= 1
	}
	ctx := context.Background()
	si, err := cms.Sign(ctx, cms.SignerInput{Key: a.key, Certificate: a.cert, Digest: sum[:], ContentType: cms.OIDTSTInfo, SigningTime: a.signed})
	if err != nil {
		return nil, err
	}
	e := cms.Envelope{ContentType: cms.OIDTSTInfo, SignerInfos: [][]byte{si}, Certificates: [][]byte{a.cert.Raw}}
	if a.noCA {
		e.Certificates = nil
	}
	var out bytes.Buffer
	err = e.Write(ctx, &out, bytes.NewReader(info), int64(len(info)))
	return out.Bytes(), err
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	req, err := ParseRequest(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	tok, err := a.token(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(wrap(0x30, append([]byte{0x30, 3, 2, 1, 0}, tok...)))
}

func client(t *testing.T, h http.Handler) (*Client, *int) {
	t.Helper()
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return &Client{URL: srv.URL, Web: &Web{AllowLocal: true}}, &asked
}

func TestStamp(t *testing.T) {
	stamping := func() *authority { return newAuthority(t, nil, true) }
	digest := sha256.Sum256([]byte("ciao"))
	garbage := func(b []byte) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) })
	}
	with := func(change func(*authority)) http.Handler {
		a := stamping()
		change(a)
		return a
	}
	answer := func(reason string) func(error) bool {
		return func(err error) bool {
			var e *AnswerError
			return errors.As(err, &e) && e.Reason == reason
		}
	}
	web := func(reason string) func(error) bool {
		return func(err error) bool {
			var e *WebError
			return errors.As(err, &e) && e.Reason == reason
		}
	}
	malformed := func(err error) bool {
		var e *FormatError
		return errors.As(err, &e)
	}
	refused := func(err error) bool {
		var e *StatusError
		return errors.As(err, &e) && e.Status == 2 && e.Fail == 1<<2 && e.Text == "no"
	}
	status := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	tests := []struct {
		name    string
		server  http.Handler
		policy  cert.OID
		want    func(error) bool
		maxAsks int
	}{
		{"good", stamping(), "", func(err error) bool { return err == nil }, 1},
		{"good with policy", stamping(), "1.2.840.1", func(err error) bool { return err == nil }, 1},
		{"wrong nonce", with(func(a *authority) { a.wrongNonce = true }), "", answer("nonce"), 1},
		{"no nonce", with(func(a *authority) { a.noNonce = true }), "", answer("nonce"), 1},
		{"wrong imprint", with(func(a *authority) { a.wrongImprint = true }), "", answer("imprint"), 1},
		{"wrong policy", with(func(a *authority) { a.wrongPolicy = true }), "1.2.840.1", answer("policy"), 1},
		{"bad signature", with(func(a *authority) { a.badSignature = true }), "", answer("signature"), 1},
		{"no certificate", with(func(a *authority) { a.noCA = true }), "", answer("signature"), 1},
		{"signed a little later", with(func(a *authority) { a.signed = time.Now().Add(time.Second) }), "", func(err error) bool { return err == nil }, 1},
		{"signed when the certificate had ended", with(func(a *authority) { a.signed = a.cert.NotAfter.Add(time.Second) }), "", answer("authority"), 1},
		{"not a time-stamp authority", newAuthority(t, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, false), "", answer("authority"), 1},
		{"usage not critical", newAuthority(t, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}, false), "", answer("authority"), 1},
		{"HTTP 500", status, "", web("status"), 1},
		{"page", garbage([]byte("<html>errore</html>")), "", malformed, 1},
		{"empty", garbage(nil), "", malformed, 1},

		{"refusal with text", garbage(wrap(0x30, wrap(0x30, append([]byte{2, 1, 2, 0x30, 4, 0x0c, 2, 'n', 'o'}, 3, 2, 5, 0x20)))), "", refused, 1},
		{"huge", garbage(make([]byte, maxResponse+1)), "", web("too-large"), 1},
		{"redirect to another scheme", http.RedirectHandler("ftp://example.org/", http.StatusTemporaryRedirect), "", web("redirect"), 1},
		{"redirect to a file", http.RedirectHandler("file:///etc/passwd", http.StatusTemporaryRedirect), "", web("redirect"), 1},
		{"redirect that loses the request", http.RedirectHandler("/altrove", http.StatusFound), "", web("redirect"), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, asked := client(t, tt.server)
			c.Policy = tt.policy
			tok, err := c.Stamp(t.Context(), crypto.SHA256, digest[:])
			if !tt.want(err) {
				t.Fatalf("got %v", err)
			}
			if *asked > tt.maxAsks {
				t.Errorf("asked %d times", *asked)
			}
			if err == nil && !tok.Check().Sound() {
				t.Error("token is not sound")
			}
		})
	}
}

func TestStampStopsWithContext(t *testing.T) {
	done := make(chan struct{})
	c, _ := client(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-done:
		}
	}))
	defer close(done)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	digest := sha256.Sum256(nil)
	if _, err := c.Stamp(ctx, crypto.SHA256, digest[:]); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestStampUser(t *testing.T) {
	a := newAuthority(t, nil, true)
	c, _ := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, ok := r.BasicAuth(); !ok || u != "utente" || p != "segreta" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		a.ServeHTTP(w, r)
	}))
	digest := sha256.Sum256(nil)
	var e *WebError
	if _, err := c.Stamp(t.Context(), crypto.SHA256, digest[:]); !errors.As(err, &e) || e.Status != http.StatusUnauthorized {
		t.Errorf("without a password: %v", err)
	}
	c.User = url.UserPassword("utente", "segreta")
	if _, err := c.Stamp(t.Context(), crypto.SHA256, digest[:]); err != nil {
		t.Errorf("with the password: %v", err)
	}
}

func TestWebRefusesThisMachine(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(srv.URL, "http://"), ":")
	for _, u := range []string{
		srv.URL, "http://localhost:" + port, "http://LOCALHOST.:" + port, "http://x.localhost:" + port, "http://[::1]:" + port,
		"http://[::ffff:127.0.0.1]:" + port, "http://169.254.169.254/latest", "http://0.0.0.0:" + port,
		"file:///etc/passwd", "ldap://example.org/", "http:///x", "://",
	} {
		var e *WebError
		if _, err := (&Web{}).Get(t.Context(), u, 10); !errors.As(err, &e) {
			t.Errorf("%s: %v", u, err)
		} else if e.Reason != "local" && e.Reason != "scheme" && u != "://" {
			t.Errorf("%s: %v", u, err)
		}
	}
}

// TestWebRedirects goes from an address that is allowed to one that is not.
func TestWebRedirects(t *testing.T) {
	for _, tt := range []struct{ from, to, reason string }{
		{"http://crl.example/a", "http://127.0.0.1/b", "local"},
		{"http://crl.example/a", "http://localhost:631/b", "local"},
		{"http://crl.example/a", "file:///etc/passwd", "scheme"},
		{"https://crl.example/a", "http://crl.example/a", "redirect"},
		{"http://crl.example/a", "http://crl.example/a", "redirect"}, // a circle
		{"http://crl.example/a", "https://crl.example/end", ""},
	} {
		w := &Web{Client: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			resp := &http.Response{
				StatusCode: http.StatusFound, Request: r, Header: http.Header{"Location": {tt.to}}, Body: io.NopCloser(strings.NewReader("x")),
			}
			if strings.HasSuffix(r.URL.Path, "/end") {
				resp.StatusCode = http.StatusOK
			}
			return resp, nil
		})}}
		_, err := w.Get(t.Context(), tt.from, 10)
		var e *WebError
		if tt.reason == "" && err != nil || tt.reason != "" && (!errors.As(err, &e) || e.Reason != tt.reason) {
			t.Errorf("%s to %s: %v", tt.from, tt.to, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestOpenSSL has OpenSSL stamp and check: an authority that is not ours.
func TestOpenSSL(t *testing.T) {
	bin, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed (.ci/install check)")
	}
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
	conf := `[req]
distinguished_name=dn
x509_extensions=v3
prompt=no
[dn]
CN=Prova TSA
[v3]
extendedKeyUsage=critical,timeStamping
[tsa]
default_tsa=t
[t]
serial=serial
signer_cert=c.pem
certs=c.pem
signer_key=k.pem
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256
ess_cert_id_chain=no
ess_cert_id_alg=sha256
`
	for name, text := range map[string]string{"c.cnf": conf, "serial": "01\n", "doc": "ciao"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-config", "c.cnf", "-keyout", "k.pem", "-out", "c.pem", "-days", "2")
	digest := sha256.Sum256([]byte("ciao"))
	req := &Request{Hash: crypto.SHA256, Digest: digest[:], Nonce: big.NewInt(0x7fffffff)}
	der, err := req.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "q.tsq"), der, 0o600); err != nil {
		t.Fatal(err)
	}
	run("ts", "-reply", "-config", "c.cnf", "-section", "t", "-queryfile", "q.tsq", "-out", "r.tsr")
	answer, err := os.ReadFile(filepath.Join(dir, "r.tsr"))
	if err != nil {
		t.Fatal(err)
	}
	tok, err := ParseResponse(answer)
	if err != nil {
		t.Fatal(err)
	}
	if err := req.Accept(tok); err != nil {
		t.Error(err)
	}
	for i := range tok.Raw {
		if i%7 != 0 {
			continue
		}
		changed := bytes.Clone(tok.Raw)
		changed[i] ^= 0x10
		if other, err := ParseToken(changed); err == nil && other.Check().Sound() && !bytes.Equal(other.Info.Imprint, tok.Info.Imprint) {
			t.Errorf("byte %d changed and another imprint is still proved", i)
		}
	}

	// The other way: our authority, checked by OpenSSL.
	ours := newAuthority(t, nil, true)
	mine, err := ours.token(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "m.tst"), mine, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "m.der"), ours.cert.Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	run("x509", "-inform", "DER", "-in", "m.der", "-out", "m.pem")
	run("ts", "-verify", "-data", "doc", "-in", "m.tst", "-token_in", "-CAfile", "m.pem", "-partial_chain")
}

func TestStamped(t *testing.T) {
	content := bytes.Repeat([]byte("contenuto "), 300_000)
	digest := sha256.Sum256(content)
	tok, err := newAuthority(t, nil, true).token(&Request{Hash: crypto.SHA256, Digest: digest[:], Nonce: big.NewInt(1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, meta := range []Meta{{}, {FileName: "perché.pdf", MediaType: "application/pdf"}} {
		var out bytes.Buffer
		if err := WriteStamped(t.Context(), &out, bytes.NewReader(content), int64(len(content)), meta, tok); err != nil {
			t.Fatal(err)
		}
		s, err := ParseStamped(t.Context(), bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if s.Meta.FileName != meta.FileName || s.Meta.MediaType != meta.MediaType {
			t.Errorf("got %+v", s.Meta)
		}
		back, err := io.ReadAll(s.Content())
		if err != nil || !bytes.Equal(back, content) {
			t.Errorf("content differs: %v", err)
		}
		if ok, err := s.Stamps(nil); err != nil || len(ok) != 1 || !ok[0] {
			t.Errorf("imprint: %v %v", ok, err)
		}
		out.Bytes()[out.Len()/2] ^= 1
		if ok, err := s.Stamps(nil); err == nil && ok[0] {
			t.Error("changed content is still stamped")
		}
	}
}

// TestOctets reads chunked content at odd places.
func TestOctets(t *testing.T) {
	var ber, want []byte
	ber = append(ber, 0x24, 0x80)
	for i := range 5000 {
		piece := bytes.Repeat([]byte{byte(i)}, i%700)
		want = append(want, piece...)
		ber = append(ber, wrap(0x04, piece)...)
		if i%100 == 0 {
			ber = append(append(ber, 0x24, 0x80), append(wrap(0x04, []byte("x")), 0, 0)...)
			want = append(want, 'x')
		}
	}
	ber = append(ber, 0, 0)
	s := &source{t.Context(), bytes.NewReader(ber), int64(len(ber))}
	o, end, err := s.octets(0)
	if err != nil || end != int64(len(ber)) || o.size != int64(len(want)) {
		t.Fatalf("size %d of %d, end %d of %d, %v", o.size, len(want), end, len(ber), err)
	}
	for off := 0; off < len(want); off += 39_999 {
		n := min(77_777, len(want)-off)
		p := make([]byte, n)
		if _, err := o.ReadAt(p, int64(off)); err != nil || !bytes.Equal(p, want[off:off+n]) {
			t.Errorf("at %d: %v", off, err)
		}
	}
}
