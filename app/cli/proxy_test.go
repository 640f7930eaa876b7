package main

import (
	"bufio"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ceralacca/assets"
)

// officeProxy is a proxy as offices have them: it looks into every connection, with certificates of an authority of its
// own, and answers in the place of every server with the shipped list of lists.
type officeProxy struct {
	ca   tls.Certificate
	list []byte
	mu   sync.Mutex
	log  *os.File
}

// startProxy runs "proxy CA.pem LOG": it exports HTTPS_PROXY, and writes the authority and what was asked.
func startProxy(ts *testscript.TestScript, neg bool, args []string) {
	packed, err := assets.FS.Open("trust/snapshot/EU.xml.gz")
	ts.Check(err)
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	ts.Check(err)
	p := &officeProxy{}
	p.list, err = io.ReadAll(z)
	ts.Check(err)
	p.log, err = os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	p.ca, err = makeCertificate("CA dell'ufficio", nil)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.ca.Certificate[0]}), 0o600))
	srv := httptest.NewServer(p)
	ts.Defer(func() { srv.Close(); _ = p.log.Close() })
	ts.Setenv("HTTPS_PROXY", srv.URL)
}

// makeCertificate is one of an authority of its own, or of a host by it.
func makeCertificate(name string, by *tls.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
	issuer, signer := t, any(key)
	if by == nil {
		t.IsCA, t.KeyUsage = true, x509.KeyUsageCertSign
	} else {
		t.DNSNames, t.ExtKeyUsage = []string{name}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if issuer, err = x509.ParseCertificate(by.Certificate[0]); err != nil {
			return tls.Certificate{}, err
		}
		signer = by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, t, issuer, key.Public(), signer)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func (p *officeProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		return
	}
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	leaf, err := makeCertificate(host, &p.ca)
	if err != nil {
		return
	}
	if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	inside := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{leaf}})
	q, err := http.ReadRequest(bufio.NewReader(inside))
	if err != nil {
		p.tell("refused " + host)
		return
	}
	p.tell("asked https://" + host + q.URL.Path)
	resp := http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: q, Close: true,
		ContentLength: int64(len(p.list)), Body: io.NopCloser(strings.NewReader(string(p.list))),
	}
	_ = resp.Write(inside) // who asked notices
}

func (p *officeProxy) tell(words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.log.WriteString(words + "\n")
}
