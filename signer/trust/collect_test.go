package trust

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// What Collect gives is enough to judge by without a network.
func TestCollect(t *testing.T) {
	p := newPKI(t)
	c := p.person(nil)
	delegate := p.delegate(p.ca, true)
	for name, by := range map[string]*party{"the authority answers": nil, "its delegate answers": delegate} {
		t.Run(name, func(t *testing.T) {
			p.always(nil, by)
			o := JudgeOptions{Leaf: c.Raw, Pool: [][]byte{p.ca.x.Raw}, Anchors: [][]byte{p.root.x.Raw}}
			m, err := p.store(nil).Collect(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Certs) != 2 || len(m.OCSPs) != 1 || len(m.CRLs) != 1 {
				t.Fatalf("%d certificates, %d OCSP answers, %d CRLs", len(m.Certs), len(m.OCSPs), len(m.CRLs))
			}
			if _, err := ocsp.ParseResponse(m.OCSPs[0], p.ca.x); err != nil {
				t.Errorf("another reader of OCSP: %v", err)
			}
			off := p.store(func(c *Config) { c.Offline = true })
			op, err := off.Judge(t.Context(), JudgeOptions{Leaf: c.Raw, Pool: m.Certs, Anchors: o.Anchors, OCSP: m.OCSPs, CRLs: m.CRLs})
			if err != nil || op.Indication != Passed {
				t.Errorf("%+v %v", op, err)
			}
		})
	}
}

func TestCollectNothing(t *testing.T) {
	p := newPKI(t)
	c := p.person(nil)
	o := JudgeOptions{Leaf: c.Raw, Pool: [][]byte{p.ca.x.Raw}, Anchors: [][]byte{p.root.x.Raw}}
	missing := func(state, detail string, s *Store) {
		t.Helper()
		var e *MissingError
		if _, err := s.Collect(t.Context(), o); !errors.As(err, &e) || e.State != state || e.Detail != detail || e.Subject != "Maria Prova" {
			t.Errorf("%v", err)
		}
	}
	missing("", "unreachable", p.store(nil))
	missing("", "offline", p.store(func(c *Config) { c.Offline = true }))
	p.always(revokedAt(testNow.Add(-time.Hour), ocsp.KeyCompromise), nil)
	missing("revoked", "", p.store(nil))
	o.Anchors = nil
	var path *PathError
	if _, err := p.store(nil).Collect(t.Context(), o); !errors.As(err, &path) || path.Reason != "no-issuer" {
		t.Errorf("%v", err)
	}
	o.Leaf = []byte("x")
	if _, err := p.store(nil).Collect(t.Context(), o); err == nil {
		t.Error("no certificate was accepted")
	}
}

func TestMaterialAdd(t *testing.T) {
	m := &Material{Certs: [][]byte{{1}}, CRLs: [][]byte{{2}}}
	m.Add(&Material{Certs: [][]byte{{1}, {3}}, OCSPs: [][]byte{{4}, {4}}})
	if len(m.Certs) != 2 || len(m.OCSPs) != 1 || len(m.CRLs) != 1 || !bytes.Equal(m.Certs[1], []byte{3}) {
		t.Errorf("%v", m)
	}
}
