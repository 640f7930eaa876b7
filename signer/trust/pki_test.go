package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// testNow is the present of the tests.
var testNow = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// party is a certificate and its key.
type party struct {
	x   *x509.Certificate
	key *ecdsa.PrivateKey
}

var serials = big.NewInt(1000)

// issue makes a certificate by parent, or a self-signed one.
func issue(t testing.TB, parent *party, cn string, change func(*x509.Certificate)) *party {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serials = new(big.Int).Add(serials, big.NewInt(1))
	tmpl := &x509.Certificate{
		SerialNumber: serials, Subject: pkix.Name{CommonName: cn, Country: []string{"IT"}},
		NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(2, 0, 0),
		KeyUsage: x509.KeyUsageContentCommitment, BasicConstraintsValid: true,
	}
	if change != nil {
		change(tmpl)
	}
	signer, by := tmpl, key
	if parent != nil {
		signer, by = parent.x, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, signer, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &party{c, key}
}

func asCA(c *x509.Certificate) {
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	c.NotAfter = testNow.AddDate(9, 0, 0)
}

// pki is a root, an issuing authority and a responder at an HTTP server.
type pki struct {
	t        *testing.T
	root, ca *party
	srv      *httptest.Server
	asked    int
	// answer makes the OCSP response about c; nil answers with 503.
	answer func(c *x509.Certificate) []byte
	// list makes the CRL; nil answers with 404.
	list func() []byte
	byID map[string]*x509.Certificate
}

func newPKI(t *testing.T) *pki {
	t.Helper()
	p := &pki{t: t, byID: map[string]*x509.Certificate{}}
	p.srv = httptest.NewServer(p)
	t.Cleanup(p.srv.Close)
	p.root = issue(t, nil, "Radice di prova", asCA)
	p.ca = issue(t, p.root, "Autorità di prova", func(c *x509.Certificate) {
		asCA(c)
		c.CRLDistributionPoints = []string{p.srv.URL + "/root.crl"}
	})
	return p
}

func (p *pki) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked++
	var body []byte
	switch {
	case strings.HasPrefix(r.URL.Path, "/root.crl"):
		body = p.crl(p.root, testNow.Add(-time.Hour), testNow.AddDate(0, 1, 0))
	case strings.HasPrefix(r.URL.Path, "/ca.crl"):
		if p.list == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		body = p.list()
	case strings.HasPrefix(r.URL.Path, "/ca.cer"):
		body = p.ca.x.Raw
	default:
		raw, _ := io.ReadAll(r.Body)
		req, err := ocsp.ParseRequest(raw)
		if err != nil || p.answer == nil || p.byID[req.SerialNumber.String()] == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body = p.answer(p.byID[req.SerialNumber.String()])
	}
	_, _ = w.Write(body)
}

// person makes a signer's certificate that names the responder and the CRL.
func (p *pki) person(change func(*x509.Certificate)) *x509.Certificate {
	c := issue(p.t, p.ca, "Maria Prova", func(c *x509.Certificate) {
		c.OCSPServer = []string{p.srv.URL + "/ocsp"}
		c.CRLDistributionPoints = []string{p.srv.URL + "/ca.crl"}
		if change != nil {
			change(c)
		}
	})
	p.byID[c.x.SerialNumber.String()] = c.x
	return c.x
}

// says makes an answer about c, by default good, fresh and signed by the authority.
func (p *pki) says(c *x509.Certificate, change func(r *ocsp.Response), by *party) []byte {
	p.t.Helper()
	r := ocsp.Response{
		Status: ocsp.Good, SerialNumber: c.SerialNumber,
		ThisUpdate: testNow.Add(-time.Minute), NextUpdate: testNow.Add(time.Hour),
	}
	if change != nil {
		change(&r)
	}
	responder := p.ca.x
	var key crypto.Signer = p.ca.key
	if by != nil {
		r.Certificate, responder, key = by.x, by.x, by.key
	}
	// ocsp.CreateResponse stamps producedAt with the true time; the certificates here are valid far around it.
	der, err := ocsp.CreateResponse(p.ca.x, responder, r, key)
	if err != nil {
		p.t.Fatal(err)
	}
	return der
}

func (p *pki) crl(by *party, this, next time.Time, entries ...x509.RevocationListEntry) []byte {
	p.t.Helper()
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: this, NextUpdate: next, RevokedCertificateEntries: entries,
	}, by.x, by.key)
	if err != nil {
		p.t.Fatal(err)
	}
	return der
}

func (p *pki) store(change func(*Config)) *Store {
	p.t.Helper()
	c := Config{AllowLocal: true, Now: func() time.Time { return testNow }}
	if change != nil {
		change(&c)
	}
	s, err := Open(c)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

func archiveCutoff(at time.Time) []pkix.Extension {
	v, err := asn1.MarshalWithParams(at, "generalized")
	if err != nil {
		return nil
	}
	return []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 6}, Value: v}}
}
