package signer

import (
	"bytes"
	"context"
	"slices"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/pdf"
	"ceralacca/signer/trust"
)

// pdfLevels tells what the whole file makes of each baseline signature (EN 319 142-1 §6.3): LevelT by a document
// time-stamp behind it too, LevelLT by validation data for its chain, LevelLTA by a document time-stamp over that
// data. Only presence counts, as for EU DSS; what all of it is worth is judged apart. found and all go together.
func (v *verifier) pdfLevels(ctx context.Context, d *Document, found []pdf.Signature, all [][]*evidence) {
	stores := map[int64]*pdf.ValidationData{}
	data := func(end int64) *pdf.ValidationData {
		if stores[end] == nil {
			s, err := pdf.Store(ctx, d.r, end)
			if err != nil {
				s = pdf.ValidationData{}
			}
			stores[end] = &s
		}
		return stores[end]
	}
	for i := range found {
		e := all[i][0]
		if e.sig.Format != PAdES || e.sig.Level == "" {
			continue
		}
		chain := v.chainOf(e)
		answered := func(s *pdf.ValidationData) bool {
			return trust.Answered(chain, slices.Concat(s.OCSPs, e.ocsp), slices.Concat(s.CRLs, e.crls))
		}
		archived := false
		for j := range found {
			if found[j].Type != pdf.DocTimeStamp || found[j].SignedEnd <= found[i].SignedEnd {
				continue
			}
			e.sig.Level = "B-T"
			archived = archived || answered(data(found[j].SignedEnd))
		}
		switch {
		case archived:
			e.sig.Level = "B-LTA"
		case e.sig.Level == "B-T" && answered(data(d.size)):
			e.sig.Level = "B-LT"
		}
	}
}

// chainOf is the chain that was judged or, before that, what the names of the certificates at hand suggest.
func (v *verifier) chainOf(e *evidence) [][]byte {
	var chain [][]byte
	for _, c := range e.sig.Chain {
		chain = append(chain, c.DER)
	}
	pool := slices.Concat(e.pool, v.pool, v.anchors)
	isAnchor := func(c *cert.Certificate) bool {
		return slices.ContainsFunc(v.anchors, func(a *cert.Certificate) bool { return bytes.Equal(a.Raw, c.Raw) })
	}
	for c := e.signer; len(e.sig.Chain) == 0 && c != nil && len(chain) < maxNesting; {
		chain = append(chain, c.Raw)
		if isAnchor(c) || c.SelfIssued() {
			break
		}
		i := slices.IndexFunc(pool, func(p *cert.Certificate) bool { return bytes.Equal(p.RawSubject, c.RawIssuer) })
		if i < 0 {
			break
		}
		c = pool[i]
	}
	return chain
}
