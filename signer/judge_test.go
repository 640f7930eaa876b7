package signer_test

import (
	"bytes"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"ceralacca/signer"
	"ceralacca/signer/trust"
)

// responder answers OCSP requests for the test authority with status, at for revocations.
func responder(t *testing.T, status int, at time.Time) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		req, err := ocsp.ParseRequest(body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p := testPKI()
		resp, err := ocsp.CreateResponse(p.ca, p.ca, ocsp.Response{
			Status: status, SerialNumber: req.SerialNumber, RevokedAt: at, RevocationReason: ocsp.KeyCompromise,
			ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Hour),
		}, p.caKey)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/ocsp-response")
		_, _ = w.Write(resp)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// judged is a case of TestWholeJudgement.
type judged struct {
	name     string
	level    signer.Level
	detached bool
	ocsp     int           // status of the responder; -1 for certificates that name only a CRL
	revoked  time.Duration // when, from the time of the stamp; 0 for never
	later    time.Duration // when it is judged
	harm     func(*signer.VerifyOptions)

	want signer.Indication
	sub  signer.SubIndication
	tell string // a finding that must be there
}

// A signature and all that its trust hangs on, through Verify: path, time-stamp, CRL and OCSP, detached content.
func TestWholeJudgement(t *testing.T) {
	const revokedNoPOE = signer.SubIndication(trust.RevokedNoPOE)
	nobody := func(o *signer.VerifyOptions) { o.Anchors = nil }
	alone := func(o *signer.VerifyOptions) { o.Trust = nil }
	for _, c := range []judged{
		{name: "good, CRL", ocsp: -1, want: signer.TotalPassed},
		{name: "good, OCSP", ocsp: ocsp.Good, want: signer.TotalPassed},
		{name: "good, stamped", level: signer.LevelT, ocsp: ocsp.Good, want: signer.TotalPassed},
		{name: "stamped before the revocation, CRL", level: signer.LevelT, ocsp: -1, revoked: 10 * time.Minute, later: 30 * time.Minute, want: signer.TotalPassed, tell: "revoked-later"},
		{name: "stamped before the revocation, OCSP", level: signer.LevelT, ocsp: ocsp.Revoked, revoked: 10 * time.Minute, later: 30 * time.Minute, want: signer.TotalPassed, tell: "revoked-later"},
		{name: "stamped after the revocation, CRL", level: signer.LevelT, ocsp: -1, revoked: -10 * time.Minute, want: signer.Indeterminate, sub: revokedNoPOE, tell: "revoked"},
		{name: "stamped after the revocation, OCSP", level: signer.LevelT, ocsp: ocsp.Revoked, revoked: -10 * time.Minute, want: signer.Indeterminate, sub: revokedNoPOE, tell: "revoked"},
		{name: "revoked later, without a stamp", ocsp: -1, revoked: 10 * time.Minute, later: 30 * time.Minute, want: signer.Indeterminate, sub: revokedNoPOE, tell: "revoked"},
		{name: "responder does not know it", ocsp: ocsp.Unknown, want: signer.Indeterminate, sub: signer.SubIndication(trust.TryLater), tell: "revocation-unknown"},
		{name: "nobody asked", ocsp: ocsp.Good, harm: alone, want: signer.Indeterminate, sub: signer.SubIndication(trust.TryLater), tell: "revocation-missing"},
		{name: "nobody trusted", ocsp: ocsp.Good, harm: nobody, want: signer.Indeterminate, sub: signer.NoCertificateChainFound, tell: "path"},
		{name: "detached", detached: true, ocsp: ocsp.Good, want: signer.TotalPassed},
		{
			name: "detached without its original", detached: true, ocsp: ocsp.Good, harm: func(o *signer.VerifyOptions) { o.Content = nil },
			want: signer.Indeterminate, sub: signer.SignedDataNotFound, tell: "content-missing",
		},
		{
			name: "detached with another original", detached: true, ocsp: ocsp.Good,
			harm: func(o *signer.VerifyOptions) { o.Content, o.ContentSize = strings.NewReader("altro"), 5 },
			want: signer.TotalFailed, sub: signer.HashFailure, tell: "content-changed",
		},
		{
			name: "before the certificate", ocsp: ocsp.Good, harm: func(o *signer.VerifyOptions) { o.At = now.AddDate(-2, 0, 0) },
			want: signer.TotalFailed, sub: signer.NotYetValid, tell: "not-yet-valid",
		},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

func (c judged) run(t *testing.T) {
	s := newServices(t)
	k := testPKI().key(t, "RSA-2048", func(x *x509.Certificate) {
		if c.ocsp >= 0 {
			x.OCSPServer = []string{responder(t, c.ocsp, now.Add(c.revoked))}
			return
		}
		x.CRLDistributionPoints = []string{s.srv.URL + "/crl"}
	})
	if c.revoked != 0 {
		s.revoked = []x509.RevocationListEntry{{SerialNumber: k.Chain[0].SerialNumber, RevocationTime: now.Add(c.revoked), ReasonCode: 1}}
	}
	content := []byte("Io sottoscritto")
	so := s.options(t, signer.CAdES, c.level)
	so.Detached = c.detached
	p7 := sign(t, content, k, so)

	then := func() time.Time { return now.Add(c.later) }
	store, err := trust.Open(trust.Config{AllowLocal: true, Now: then})
	if err != nil {
		t.Fatal(err)
	}
	o := signer.VerifyOptions{Trust: store, Anchors: []*x509.Certificate{testPKI().ca}, Now: then}
	if c.detached {
		o.Content, o.ContentSize = bytes.NewReader(content), int64(len(content))
	}
	if c.harm != nil {
		c.harm(&o)
	}
	g := verify(t, p7, o).Signatures[0]
	if g.Indication != c.want || c.sub != "" && g.SubIndication != c.sub {
		t.Errorf("%v %s, want %v %s (%s)", g.Indication, g.SubIndication, c.want, c.sub, codes(g))
	}
	if c.tell != "" && !slices.ContainsFunc(g.Findings, func(f signer.Finding) bool { return f.Code == c.tell }) {
		t.Errorf("%q is not told: %s", c.tell, codes(g))
	}
	if (c.level >= signer.LevelT) != g.Proven.Equal(now) {
		t.Errorf("proven %v", g.Proven)
	}
}
