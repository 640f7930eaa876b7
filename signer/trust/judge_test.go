package trust

import (
	"crypto"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// scene is one case of the local PKI.
type scene struct {
	name   string
	person func(*x509.Certificate)
	set    func(p *pki, c *x509.Certificate, o *JudgeOptions)
	store  func(*Config)
	want   Indication
	sub    string
	code   string // a finding that must be there
	source string // of the leaf's state
}

func expiredPerson(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = testNow.AddDate(-3, 0, 0), testNow.AddDate(0, -1, 0)
}

func revokedAt(at time.Time, reason int) func(*ocsp.Response) {
	return func(r *ocsp.Response) {
		r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, at, reason
	}
}

var scenes = []scene{
	{
		name: "good", want: Passed, source: "ocsp",
		set: func(p *pki, c *x509.Certificate, _ *JudgeOptions) { p.always(nil, nil) },
	},
	{
		name: "good by delegate", want: Passed, source: "ocsp",
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) { p.always(nil, p.delegate(p.ca, true)) },
	},
	{
		name: "good by CRL when the responder is down", want: Passed, source: "crl",
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) {
			p.list = func() []byte { return p.crl(p.ca, testNow.Add(-time.Hour), testNow.Add(time.Hour)) }
		},
	},
	{
		name: "issuer fetched", want: Passed, source: "ocsp",
		person: func(c *x509.Certificate) {
			c.IssuingCertificateURL = []string{"ldap://example.org/x", strings.TrimSuffix(c.OCSPServer[0], "ocsp") + "ca.cer"}
		},
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) { p.always(nil, nil); o.Pool = nil },
	},
	{
		name: "responder down", want: Indeterminate, sub: TryLater, code: "revocation-missing",
	},
	{
		name: "stale answer", want: Indeterminate, sub: TryLater, code: "revocation-stale",
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) {
			p.always(func(r *ocsp.Response) {
				r.ThisUpdate, r.NextUpdate = testNow.AddDate(0, 0, -9), testNow.AddDate(0, 0, -2)
			}, nil)
		},
	},
	{
		name: "answer valid but older than a day", want: Indeterminate, sub: TryLater, code: "revocation-stale",
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) {
			p.always(func(r *ocsp.Response) {
				r.ThisUpdate, r.NextUpdate = testNow.Add(-30*time.Hour), testNow.AddDate(0, 0, 2)
			}, nil)
		},
	},
	{
		name: "answer from the future", want: Indeterminate, sub: TryLater,
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) {
			p.always(func(r *ocsp.Response) { r.ThisUpdate = testNow.Add(time.Hour) }, nil)
		},
	},
	{
		name: "wrong delegate: no usage", want: Indeterminate, sub: TryLater, code: "revocation-missing",
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) { p.always(nil, p.delegate(p.ca, false)) },
	},
	{
		name: "wrong delegate: of another authority", want: Indeterminate, sub: TryLater, code: "revocation-missing",
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) { p.always(nil, p.delegate(p.root, true)) },
	},
	{
		name: "answer about another certificate", want: Indeterminate, sub: TryLater,
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) {
			other := p.person(nil)
			p.answer = func(*x509.Certificate) []byte { return p.says(other, nil, nil) }
		},
	},
	{
		name: "unknown", want: Indeterminate, sub: TryLater, code: "revocation-unknown",
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) {
			p.always(func(r *ocsp.Response) { r.Status = ocsp.Unknown }, nil)
		},
	},
	{
		name: "suspended", want: Indeterminate, sub: TryLater, code: "suspended",
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) {
			p.always(revokedAt(testNow.AddDate(0, 0, -2), ocsp.CertificateHold), nil)
		},
	},
	{
		name: "suspended by CRL", want: Indeterminate, sub: TryLater, code: "suspended",
		set: func(p *pki, c *x509.Certificate, _ *JudgeOptions) {
			p.list = func() []byte {
				return p.crl(p.ca, testNow.Add(-time.Hour), testNow.Add(time.Hour),
					x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: testNow.AddDate(0, 0, -1), ReasonCode: 6})
			}
		},
	},
	{
		name: "suspended after the time-stamp", want: Passed,
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) {
			o.At, o.Proven = testNow.AddDate(0, 0, -5), true
			p.always(revokedAt(testNow.AddDate(0, 0, -2), ocsp.CertificateHold), nil)
		},
	},
	{
		name: "revoked", want: Indeterminate, sub: RevokedNoPOE, code: "revoked",
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) {
			p.always(revokedAt(testNow.AddDate(0, 0, -2), ocsp.KeyCompromise), nil)
		},
	},
	{
		name: "revoked by CRL", want: Indeterminate, sub: RevokedNoPOE, code: "revoked", source: "crl",
		set: func(p *pki, c *x509.Certificate, _ *JudgeOptions) {
			p.list = func() []byte {
				return p.crl(p.ca, testNow.Add(-time.Hour), testNow.Add(time.Hour),
					x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: testNow.AddDate(0, 0, -1)})
			}
		},
	},
	{
		name: "revoked before the time-stamp", want: Indeterminate, sub: RevokedNoPOE, code: "revoked",
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) {
			o.At, o.Proven = testNow.AddDate(0, 0, -1), true
			p.always(revokedAt(testNow.AddDate(0, 0, -2), ocsp.KeyCompromise), nil)
		},
	},
	{
		name: "revoked after the time-stamp", want: Passed, code: "revoked-later",
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) {
			o.At, o.Proven = testNow.AddDate(0, 0, -5), true
			p.always(revokedAt(testNow.AddDate(0, 0, -2), ocsp.KeyCompromise), nil)
		},
	},
	{
		name: "revoked, signed later by proof", want: Failed, sub: Revoked,
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) {
			o.NotBefore = testNow.AddDate(0, 0, -1)
			p.always(revokedAt(testNow.AddDate(0, 0, -2), ocsp.KeyCompromise), nil)
		},
	},
	{
		name: "expired", want: Indeterminate, sub: OutOfBoundsNoPOE, code: "expired", person: expiredPerson,
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) { p.always(nil, nil) },
	},
	{
		name: "expired, the responder keeps its archive", want: Indeterminate, sub: OutOfBoundsNotRevoked, person: expiredPerson,
		set: func(p *pki, _ *x509.Certificate, _ *JudgeOptions) {
			p.always(func(r *ocsp.Response) { r.ExtraExtensions = archiveCutoff(testNow.AddDate(-10, 0, 0)) }, nil)
		},
	},
	{
		name: "expired, signed before by proof, embedded answer", want: Passed, person: expiredPerson, source: "ocsp",
		set: func(p *pki, c *x509.Certificate, o *JudgeOptions) {
			o.At, o.Proven = testNow.AddDate(0, -2, 0), true
			o.OCSP = [][]byte{p.says(c, func(r *ocsp.Response) {
				r.ThisUpdate, r.NextUpdate = o.At.Add(time.Minute), o.At.Add(time.Hour)
			}, nil)}
		},
	},
	{
		name: "expired, signed after by proof", want: Failed, sub: Expired, person: expiredPerson,
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) { o.NotBefore = testNow.AddDate(0, 0, -1) },
	},
	{
		name: "not yet valid", want: Failed, sub: NotYetValid, code: "not-yet-valid",
		person: func(c *x509.Certificate) { c.NotBefore = testNow.Add(time.Hour) },
	},
	{
		name: "time-stamp before the certificate", want: Failed, sub: NotYetValid,
		set: func(_ *pki, _ *x509.Certificate, o *JudgeOptions) { o.At, o.Proven = testNow.AddDate(-2, 0, 0), true },
	},
	{
		name: "authority revoked", want: Indeterminate, sub: RevokedCANoPOE,
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) {
			p.always(nil, nil)
			o.CRLs = [][]byte{p.crl(p.root, testNow.Add(-time.Minute), testNow.Add(time.Hour),
				x509.RevocationListEntry{SerialNumber: p.ca.x.SerialNumber, RevocationTime: testNow.AddDate(0, 0, -3)})}
		},
	},
	{
		name: "no anchor", want: Indeterminate, sub: NoCertificateChainFound, code: "path",
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) { o.Anchors = nil },
	},
	{
		name: "not yet valid, and no anchor", want: Indeterminate, sub: NoCertificateChainFound, code: "not-yet-valid",
		person: func(c *x509.Certificate) { c.NotBefore = testNow.Add(time.Hour) },
		set:    func(p *pki, _ *x509.Certificate, o *JudgeOptions) { o.Anchors = nil },
	},
	{
		name: "revoked after the time-stamp, which is after the end", want: Indeterminate, sub: OutOfBoundsNotRevoked, code: "revoked-later",
		person: expiredPerson,
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) {
			o.At, o.Proven = testNow.AddDate(0, 0, -5), true
			p.always(revokedAt(testNow.AddDate(0, 0, -2), ocsp.KeyCompromise), nil)
		},
	},
	{
		name: "issued by one who is no authority", want: Indeterminate, sub: ChainConstraintsFailure, code: "path",
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) {
			fake := issue(p.t, p.ca, "Falsa", nil)
			o.Leaf, o.Pool = issue(p.t, fake, "Vittima", nil).x.Raw, append(o.Pool, fake.x.Raw)
		},
	},
	{
		name: "authority asked for a time-stamp", want: Indeterminate, sub: ChainConstraintsFailure, code: "not-time-stamping",
		set: func(p *pki, _ *x509.Certificate, o *JudgeOptions) { o.TimeStamp = true; p.always(nil, nil) },
	},
	{
		name: "offline", want: Indeterminate, sub: TryLater, code: "revocation-missing",
		set:   func(p *pki, _ *x509.Certificate, _ *JudgeOptions) { p.always(nil, nil) },
		store: func(c *Config) { c.Offline = true },
	},
	{
		name: "offline with embedded data", want: Passed, source: "ocsp",
		set: func(p *pki, c *x509.Certificate, o *JudgeOptions) {
			o.OCSP = [][]byte{p.says(c, nil, nil)}
			o.CRLs = [][]byte{p.crl(p.root, testNow.Add(-time.Minute), testNow.Add(time.Hour))}
		},
		store: func(c *Config) { c.Offline = true },
	},
	{
		name: "addresses on this machine", want: Indeterminate, sub: TryLater, code: "revocation-missing",
		set:   func(p *pki, _ *x509.Certificate, _ *JudgeOptions) { p.always(nil, nil) },
		store: func(c *Config) { c.AllowLocal = false },
	},
	{
		name: "redirect to a file", want: Indeterminate, sub: TryLater, code: "revocation-missing",
		person: strangers, store: through("file:///etc/passwd"),
	},
	{
		name: "redirect to this machine", want: Indeterminate, sub: TryLater, code: "revocation-missing",
		person: strangers, store: through("http://localhost:631/"),
	},
	{
		name: "redirect in a circle", want: Indeterminate, sub: TryLater, code: "revocation-missing",
		person: strangers, store: through("http://ocsp.example/"),
	},
}

// redirecting is a network in which every address leads elsewhere.
type redirecting string

func (r redirecting) RoundTrip(q *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusFound, Header: http.Header{"Location": {string(r)}}, Body: http.NoBody, Request: q,
	}, nil
}

func strangers(c *x509.Certificate) {
	c.OCSPServer, c.CRLDistributionPoints = []string{"http://ocsp.example/"}, []string{"http://crl.example/x.crl"}
}

func through(to string) func(*Config) {
	return func(c *Config) { c.AllowLocal, c.HTTP = false, &http.Client{Transport: redirecting(to)} }
}

// always answers every question that way.
func (p *pki) always(change func(*ocsp.Response), by *party) {
	p.answer = func(c *x509.Certificate) []byte { return p.says(c, change, by) }
}

func (p *pki) delegate(of *party, may bool) *party {
	return issue(p.t, of, "Responder", func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature
		if may {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		}
	})
}

func TestJudge(t *testing.T) {
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			p := newPKI(t)
			c := p.person(sc.person)
			o := JudgeOptions{Leaf: c.Raw, Pool: [][]byte{p.ca.x.Raw, {0x30, 0}}, Anchors: [][]byte{p.root.x.Raw}}
			if sc.set != nil {
				sc.set(p, c, &o)
			}
			s := p.store(sc.store)
			op, err := s.Judge(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if op.Indication != sc.want || op.SubIndication != sc.sub {
				t.Errorf("got %v %q, want %v %q\n%+v\n%+v", op.Indication, op.SubIndication, sc.want, sc.sub, op.Findings, op.Revocation)
			}
			if sc.code != "" && !op.has(sc.code) {
				t.Errorf("no finding %q in %+v", sc.code, op.Findings)
			}
			if sc.source != "" && (len(op.Revocation) == 0 || op.Revocation[0].Source != sc.source) {
				t.Errorf("source: %+v", op.Revocation)
			}
			if len(o.Anchors) > 0 && len(op.Chain) > 0 && !op.ExtraAnchor {
				t.Error("does not say that the anchor is the caller's")
			}
			if (s.c.Offline || !s.c.AllowLocal) && p.asked > 0 {
				t.Errorf("asked the network %d times", p.asked)
			}
		})
	}
}

func (o *Opinion) has(code string) bool {
	for _, f := range o.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

// TestOffline gives the store a network that must not be touched.
func TestOffline(t *testing.T) {
	p := newPKI(t)
	c := p.person(nil)
	s := p.store(func(c *Config) {
		c.Offline = true
		c.HTTP = &http.Client{Transport: forbidden{t}}
	})
	if _, err := s.Judge(t.Context(), JudgeOptions{Leaf: c.Raw}); err != nil {
		t.Error(err)
	}
	if err := s.Refresh(t.Context()); !errors.Is(err, ErrOffline) {
		t.Errorf("got %v", err)
	}
	s.Status(t.Context())
}

type forbidden struct{ t *testing.T }

func (f forbidden) RoundTrip(r *http.Request) (*http.Response, error) {
	f.t.Errorf("opened a connection to %s", r.URL)
	return nil, errors.New("no network in this test")
}

// TestAsksOnce: a second file of the same signer is judged from memory.
func TestAsksOnce(t *testing.T) {
	p := newPKI(t)
	c := p.person(nil)
	p.always(nil, nil)
	s := p.store(nil)
	o := JudgeOptions{Leaf: c.Raw, Pool: [][]byte{p.ca.x.Raw}, Anchors: [][]byte{p.root.x.Raw}}
	for range 2 {
		if op, err := s.Judge(t.Context(), o); err != nil || op.Indication != Passed {
			t.Fatalf("%+v %v", op, err)
		}
	}
	if p.asked != 2 { // the person's OCSP and the authority's CRL
		t.Errorf("asked %d times", p.asked)
	}
}

func TestAlgorithms(t *testing.T) {
	for _, tt := range []struct {
		h  crypto.Hash
		at time.Time
		ok bool
	}{
		{crypto.SHA1, day(2012, 7, 31), true},
		{crypto.SHA1, day(2012, 8, 1), false},
		{crypto.MD5, testNow, false},
		{crypto.SHA256, testNow, true},
		{0, testNow, false},
	} {
		if err := CheckDigest(tt.h, tt.at); (err == nil) != tt.ok {
			t.Errorf("%v at %v: %v", tt.h, tt.at, err)
		}
	}
	tests := []struct {
		kind string
		bits int
		at   time.Time
		ok   bool
	}{
		{"RSA", 2048, day(2028, 12, 31), true},
		{"RSA", 2048, day(2029, 1, 1), false},
		{"RSA", 1024, day(2019, 9, 30), true},
		{"RSA", 1024, testNow, false},
		{"RSA", 512, day(2001, 1, 1), false},
		{"RSA-PSS", 3072, day(2035, 1, 1), true},
		{"ECDSA", 256, day(2035, 1, 1), true},
		{"ECDSA", 224, testNow, false},
		{"DSA", 1024, testNow, false},
		{"", 0, testNow, false},
	}
	for _, tt := range tests {
		if err := CheckKey(tt.kind, tt.bits, tt.at); (err == nil) != tt.ok {
			t.Errorf("%s %d at %v: %v", tt.kind, tt.bits, tt.at, err)
		}
	}
}
