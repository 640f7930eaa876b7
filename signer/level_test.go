package signer_test

import (
	"bytes"
	"context"
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
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"ceralacca/signer"
	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/pdf"
	"ceralacca/signer/internal/tsp"
	"ceralacca/signer/trust"
)

// services are a time-stamp authority and a CRL of the test authority, both behind one server.
type services struct {
	srv   *httptest.Server
	stamp *cert.Certificate // of the time-stamp authority
	first *cert.Certificate // of the one that gives the first answer; nil for the same
	// stamps counts the answers given; from the one numbered failFrom on they are errors, 0 for never.
	stamps, failFrom int
	padding          int // bytes that make every token so much larger
	revoked          []x509.RevocationListEntry
	asked            atomic.Int32 // requests of any kind
	clock            func() time.Time
}

func newServices(t *testing.T) *services {
	t.Helper()
	s := &services{clock: clock}
	s.srv = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.srv.Close)
	s.stamp = s.authority(t, 5, s.srv.URL+"/crl")
	return s
}

// authority is the certificate of a time-stamp authority that ends in so many years.
func (s *services) authority(t *testing.T, years int, crl ...string) *cert.Certificate {
	t.Helper()
	eku, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	p := testPKI()
	c := mustCreate(&x509.Certificate{
		SerialNumber: big.NewInt(70 + int64(years)), Subject: pkix.Name{CommonName: "Marche di prova"},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(years, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		CRLDistributionPoints: crl,
		ExtraExtensions:       []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: eku}},
	}, p.ca, p.keys["P-256"].Public(), p.caKey)
	out, err := cert.Parse(c.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *services) answer(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	body, err := io.ReadAll(r.Body)
	if err == nil && r.URL.Path == "/crl" {
		if body, err = s.crl(); err == nil {
			_, _ = w.Write(body)
			return
		}
	}
	s.stamps++
	if err != nil || s.failFrom > 0 && s.stamps >= s.failFrom {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if body, err = s.token(body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = w.Write(body)
}

func (s *services) crl() ([]byte, error) {
	p := testPKI()
	return x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(9), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour), RevokedCertificateEntries: s.revoked,
	}, p.ca, p.caKey)
}

// token answers a request with a TimeStampResp.
func (s *services) token(request []byte) ([]byte, error) {
	req, err := tsp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddBytes(cert.OID("1.2.3.4").DER())
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(cert.Algorithm{OID: cert.HashOID(req.Hash)}.DER())
			b.AddASN1OctetString(req.Digest)
		})
		b.AddASN1Int64(int64(s.stamps))
		b.AddASN1GeneralizedTime(s.clock().UTC())
		if req.Nonce != nil {
			b.AddASN1BigInt(req.Nonce)
		}
	})
	info, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(info)
	ctx, by := context.Background(), s.stamp
	if s.stamps == 1 && s.first != nil {
		by = s.first
	}
	si, err := cms.Sign(ctx, cms.SignerInput{Key: testPKI().keys["P-256"], Certificate: by, Digest: sum[:], ContentType: cms.OIDTSTInfo})
	if err != nil {
		return nil, err
	}
	e := cms.Envelope{ContentType: cms.OIDTSTInfo, SignerInfos: [][]byte{si}, Certificates: [][]byte{by.Raw}}
	if s.padding > 0 {
		e.Certificates = append(e.Certificates, s.bulk())
	}
	var tok bytes.Buffer
	if err := e.Write(ctx, &tok, bytes.NewReader(info), int64(len(info))); err != nil {
		return nil, err
	}
	var out cryptobyte.Builder
	out.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(0) })
		b.AddBytes(tok.Bytes())
	})
	return out.Bytes()
}

// bulk is a certificate as large as s.padding, such as a chain of many makes of a token.
func (s *services) bulk() []byte {
	p := testPKI()
	return mustCreate(&x509.Certificate{
		SerialNumber: big.NewInt(99), Subject: pkix.Name{CommonName: "Lungo"}, NotBefore: now, NotAfter: now.AddDate(1, 0, 0),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: make([]byte, s.padding)}},
	}, p.ca, p.keys["P-256"].Public(), p.caKey).Raw
}

// options ask for a level of these services. The authority itself is the anchor, as in a national list.
func (s *services) options(t *testing.T, f signer.Format, l signer.Level) signer.Options {
	t.Helper()
	store, err := trust.Open(trust.Config{AllowLocal: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return signer.Options{
		Format: f, Level: l, Now: clock, Trust: store, Anchors: []*x509.Certificate{testPKI().ca},
		TSA: &signer.TSA{URL: s.srv.URL, AllowLocal: true},
	}
}

func (s *services) key(t *testing.T) signer.Key {
	return testPKI().key(t, "RSA-2048", func(c *x509.Certificate) {
		c.CRLDistributionPoints = []string{s.srv.URL + "/crl"}
	})
}

// offline judges with what the file brings and nothing else.
func offline() signer.VerifyOptions {
	return signer.VerifyOptions{Anchors: []*x509.Certificate{testPKI().ca}}
}

// wantOffline wants a signature whose revocation is known from LevelLT on and not before.
func wantOffline(t *testing.T, g signer.Signature, level signer.Level) {
	t.Helper()
	want := signer.SubIndication(trust.TryLater)
	if level >= signer.LevelLT {
		want = ""
	}
	if g.Integrity != signer.Intact || g.SubIndication != want {
		t.Errorf("%v, %v %s, proven %v (%s)", g.Integrity, g.Indication, g.SubIndication, g.Proven, codes(g))
	}
}

func TestLevels(t *testing.T) {
	stamps := map[signer.Level]int{signer.LevelB: 0, signer.LevelT: 1, signer.LevelLT: 1, signer.LevelLTA: 2}
	for name, level := range map[string]signer.Level{"B-B": signer.LevelB, "B-T": signer.LevelT, "B-LT": signer.LevelLT, "B-LTA": signer.LevelLTA} {
		t.Run("CAdES "+name, func(t *testing.T) {
			s := newServices(t)
			content := sample(5000)
			p7m := sign(t, content, s.key(t), s.options(t, signer.CAdES, level))
			if s.stamps != stamps[level] {
				t.Errorf("%d time-stamps asked for", s.stamps)
			}
			if got := opensslAccepts(t, p7m); !bytes.Equal(got, content) {
				t.Error("openssl gives back something else")
			}
			sigs := verify(t, p7m, offline()).Signatures
			if sigs[0].Level != name {
				t.Errorf("level %s", sigs[0].Level)
			}
			wantOffline(t, sigs[0], level)
		})
		t.Run("PAdES "+name, func(t *testing.T) {
			s := newServices(t)
			in := plainPDF("")
			out := sign(t, in, s.key(t), s.options(t, signer.PAdES, level))
			if s.stamps != stamps[level] || !bytes.HasPrefix(out, in) {
				t.Errorf("%d time-stamps asked for", s.stamps)
			}
			said := foreign(t, out)
			if !strings.Contains(said, "Signature is Valid") {
				t.Errorf("pdfsig says\n%s", said)
			}
			sigs := verify(t, out, offline()).Signatures
			if sigs[0].Level != name {
				t.Errorf("level %s", sigs[0].Level)
			}
			wantOffline(t, sigs[0], level)
			if sigs[0].Level != name {
				t.Errorf("level %s", sigs[0].Level)
			}
			if sigs[0].Proven.Equal(now) != (level >= signer.LevelLT) {
				t.Errorf("proven %v", sigs[0].Proven)
			}
			last := sigs[len(sigs)-1]
			if level == signer.LevelLTA && (last.Format != signer.TST || !last.CoversWholeFile || last.Indication != signer.TotalPassed) {
				t.Errorf("document time-stamp %+v", last)
			}
		})
	}
}

// openssl ts takes every time-stamp of a PDF, and the one in a CAdES signature, for what it is: one over the signature
// value, or over all that comes before it in the file.
func TestTimeStampsForOpenSSL(t *testing.T) {
	s := newServices(t)
	over := map[string][2][]byte{} // token and what it is over
	fromCMS := func(name string, der []byte) {
		sd, err := cms.ParseBytes(der)
		if err != nil {
			t.Fatal(err)
		}
		si := sd.SignerInfos[0]
		over[name] = [2][]byte{cms.Find(si.UnsignedAttrs, cms.OIDSignatureTimeStamp), si.Signature}
	}
	fromCMS("CAdES", sign(t, sample(9), s.key(t), s.options(t, signer.CAdES, signer.LevelT)))
	file := sign(t, plainPDF(""), s.key(t), s.options(t, signer.PAdES, signer.LevelLTA))
	found, err := pdf.Scan(t.Context(), bytes.NewReader(file), int64(len(file)))
	if err != nil || len(found.Signatures) != 2 {
		t.Fatalf("%v, %+v", err, found)
	}
	fromCMS("PAdES", found.Signatures[0].Contents)
	signed, err := io.ReadAll(found.Signatures[1].Signed())
	if err != nil {
		t.Fatal(err)
	}
	over["document"] = [2][]byte{found.Signatures[1].Contents, signed}
	for name, pair := range over {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "token"), pair[0])
		write(t, filepath.Join(dir, "data"), pair[1])
		write(t, filepath.Join(dir, "ca.pem"), append(pemCert(testPKI().root), pemCert(testPKI().ca)...))
		out, err := openssl(t, dir, "ts", "-verify", "-data", "data", "-in", "token", "-token_in", "-CAfile", "ca.pem", "-attime", "1795343400")
		if err != nil || !strings.Contains(out, "Verification: OK") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// The archive time-stamp is over what EN 319 122-1 §5.5.3 says, computed here another way.
func TestArchiveTimeStamp(t *testing.T) {
	s := newServices(t)
	content := sample(300)
	sd, err := cms.ParseBytes(sign(t, content, s.key(t), s.options(t, signer.CAdES, signer.LevelLTA)))
	if err != nil {
		t.Fatal(err)
	}
	si := sd.SignerInfos[0]
	tok, err := tsp.ParseToken(cms.Find(si.UnsignedAttrs, cms.OIDArchiveTimeStampV3))
	if err != nil {
		t.Fatal(err)
	}
	if r := tok.Check(); !r.Sound() {
		t.Errorf("token: %v", r.Problems)
	}
	raw := cms.Find(tok.Data.SignerInfos[0].UnsignedAttrs, "0.4.0.19122.1.5")
	var index struct {
		Hash                       pkix.AlgorithmIdentifier
		Certs, Revocations, Values [][]byte
	}
	if rest, err := asn1.Unmarshal(raw, &index); err != nil || len(rest) > 0 {
		t.Fatalf("index: %v", err)
	}
	if len(index.Certs) != len(sd.RawCertificates) || len(index.Revocations) != len(sd.RawRevocations) || len(index.Values) != 1 {
		t.Errorf("index of %d, %d, %d", len(index.Certs), len(index.Revocations), len(index.Values))
	}
	h := sha256.New()
	h.Write(cms.OIDData.DER())
	sum := sha256.Sum256(content)
	h.Write(sum[:])
	end := bytes.Index(si.Raw, si.RawUnsigned)
	begin := bytes.Index(si.Raw, []byte{2, 1, 1, 0x30}) // version and issuerAndSerialNumber
	h.Write(si.Raw[begin:end])
	h.Write(raw)
	if !bytes.Equal(h.Sum(nil), tok.Info.Imprint) {
		t.Error("imprint differs")
	}
}

// A parallel signature with a time-stamp keeps the first byte for byte.
func TestAddWithLevel(t *testing.T) {
	s := newServices(t)
	once := sign(t, sample(100), testPKI().key(t, "P-256", nil), signer.Options{})
	o := s.options(t, signer.CAdES, signer.LevelLT)
	o.Existing = signer.Add
	twice := sign(t, once, s.key(t), o)
	opensslAccepts(t, twice)
	var levels []string
	for _, g := range verify(t, twice, offline()).Signatures {
		levels = append(levels, g.Level)
	}
	if l := strings.Join(levels, " "); l != "B-B B-LT " && l != "B-LT  B-B" {
		t.Errorf("levels %q", l)
	}
}

// What fails on the way up is told, and the signature made by then is not lost when it is to be kept.
func TestFallsShort(t *testing.T) {
	for _, tt := range []struct {
		name    string
		harm    func(*services, *signer.Options)
		level   signer.Level
		reached signer.Level
		step    string
	}{
		{"authority down", func(s *services, _ *signer.Options) { s.failFrom = 1 }, signer.LevelT, signer.LevelB, "time-stamp"},
		{"authority down, much asked", func(s *services, _ *signer.Options) { s.failFrom = 1 }, signer.LevelLTA, signer.LevelB, "time-stamp"},
		{"authority on this machine", func(_ *services, o *signer.Options) { o.TSA.AllowLocal = false }, signer.LevelT, signer.LevelB, "time-stamp"},
		{"nobody trusted", func(_ *services, o *signer.Options) { o.Anchors = nil }, signer.LevelLT, signer.LevelT, "validation-data"},
		{"offline", func(_ *services, o *signer.Options) { o.Trust, _ = trust.Open(trust.Config{Offline: true, Now: clock}) }, signer.LevelLT, signer.LevelT, "validation-data"},
		{"down at the end", func(s *services, _ *signer.Options) { s.failFrom = 2 }, signer.LevelLTA, signer.LevelLT, "archive-time-stamp"},
	} {
		for _, f := range []signer.Format{signer.CAdES, signer.PAdES} {
			t.Run(tt.name, func(t *testing.T) {
				s := newServices(t)
				o := s.options(t, f, tt.level)
				tt.harm(s, &o)
				for _, keep := range []bool{false, true} {
					s.stamps, o.KeepLower = 0, keep
					var out bytes.Buffer
					err := signer.Sign(t.Context(), &out, open(t, "f.pdf", plainPDF("")), s.key(t), o)
					var short *signer.LevelError
					if !errors.As(err, &short) || short.Reached != tt.reached || short.Step != tt.step || short.Err == nil {
						t.Fatalf("keeping %v: %v", keep, err)
					}
					if !keep {
						continue
					}
					if g := verify(t, out.Bytes(), offline()).Signatures[0]; g.Integrity != signer.Intact {
						t.Errorf("kept: %+v", g)
					}
				}
			})
		}
	}
}

func TestLevelNeeds(t *testing.T) {
	k := testPKI().key(t, "P-256", nil)
	try := func(o signer.Options) error {
		return signer.Sign(t.Context(), new(bytes.Buffer), open(t, "f", sample(5)), k, o)
	}
	if err := try(signer.Options{Level: signer.LevelT}); !errors.Is(err, signer.ErrNoTSA) {
		t.Error(err)
	}
	if err := try(signer.Options{Level: signer.LevelLT, TSA: &signer.TSA{}}); err == nil {
		t.Error("validation data without a store")
	}
	var bad *signer.UnsupportedError
	if err := try(signer.Options{Level: 9, TSA: &signer.TSA{}}); !errors.As(err, &bad) {
		t.Error(err)
	}
}

// User and password reach the authority, and TLS roots of the person's own are believed.
func TestTSAOverTLS(t *testing.T) {
	s := newServices(t)
	var user, password string
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		s.answer(w, r)
	}))
	defer srv.Close()
	o := s.options(t, signer.CAdES, signer.LevelT)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	o.TSA = &signer.TSA{URL: srv.URL, User: url.UserPassword("u", "p:w"), AllowLocal: true, Roots: roots}
	p7m := sign(t, sample(5), s.key(t), o)
	if g := verify(t, p7m, offline()).Signatures[0]; g.Level != "B-T" || user != "u" || password != "p:w" {
		t.Errorf("%s, %q %q", g.Level, user, password)
	}
}
