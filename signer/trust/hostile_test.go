package trust

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"testing"

	"golang.org/x/crypto/ocsp"
)

// TestMesh brings authorities of one name that all issue each other: the search has to end by its budget.
func TestMesh(t *testing.T) {
	var cas []*party
	for range 24 {
		cas = append(cas, issue(t, nil, "Labirinto", asCA))
	}
	o := JudgeOptions{}
	for i, a := range cas {
		for j, b := range cas {
			if i == j {
				continue
			}
			tmpl := *b.x
			der, err := x509.CreateCertificate(rand.Reader, &tmpl, a.x, b.key.Public(), a.key)
			if err != nil {
				t.Fatal(err)
			}
			o.Pool = append(o.Pool, der)
		}
	}
	o.Leaf = issue(t, cas[0], "Vittima", nil).x.Raw
	o.Anchors = [][]byte{issue(t, nil, "Altra", asCA).x.Raw}
	s, err := Open(Config{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	op, err := s.Judge(t.Context(), o)
	if err != nil || op.Indication != Indeterminate {
		t.Errorf("%+v %v", op, err)
	}
	var pe *PathError
	for _, f := range op.Findings {
		if errors.As(f.Err, &pe) && pe.Reason != "too-complex" {
			t.Errorf("got %v", pe)
		}
	}
}

// TestManyAnswers brings more revocation data than anybody needs, all of it badly signed: work is bounded, and what
// cannot be looked at does not count as good.
func TestManyAnswers(t *testing.T) {
	p := newPKI(t)
	c := p.person(nil)
	stranger := issue(t, nil, "Autorità di prova", asCA)
	p.ca, stranger = stranger, p.ca // answers are signed by a key that only has the name
	bad := p.says(c, func(r *ocsp.Response) { r.IssuerHash = 0 }, nil)
	p.ca = stranger
	o := JudgeOptions{Leaf: c.Raw, Pool: [][]byte{p.ca.x.Raw}, Anchors: [][]byte{p.root.x.Raw}}
	for range 2000 {
		o.OCSP = append(o.OCSP, bad)
	}
	s := p.store(func(c *Config) { c.Offline = true })
	op, err := s.Judge(t.Context(), o)
	if err != nil || op.SubIndication != TryLater {
		t.Errorf("%+v %v", op, err)
	}
}

// BenchmarkJudge is one signer with embedded data and the shipped lists.
func BenchmarkJudge(b *testing.B) {
	ca := issue(b, nil, "Autorità", asCA)
	o := JudgeOptions{Leaf: issue(b, ca, "Persona", nil).x.Raw, Anchors: [][]byte{ca.x.Raw}}
	s, err := Open(Config{Offline: true})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Judge(b.Context(), o); err != nil {
			b.Fatal(err)
		}
	}
}
