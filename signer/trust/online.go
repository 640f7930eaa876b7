package trust

import (
	"context"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/tsp"
)

const (
	maxAddresses = 4 // of one kind that are tried for one certificate
	maxIssuers   = 4 // certificates fetched to complete one path
	maxAIASize   = 256 << 10
)

// Sparing is ctx for judging many files in one run: a server that could not be reached for one of them is not waited for
// again by the others. The memory ends with the context.
func Sparing(ctx context.Context) context.Context { return tsp.Sparing(ctx) }

// askOCSP asks the addresses of c until one gives something readable.
func (s *Store) askOCSP(ctx context.Context, c, issuer *certificate) ([]evidence, error) {
	key := "ocsp " + hex.EncodeToString(c.sum[:])
	if e, ok := s.recall(key, s.c.Now()); ok {
		return e, nil
	}
	request, err := ocspRequest(c, issuer)
	if err != nil {
		return nil, err
	}
	var last error
	for _, u := range httpOnly(c.OCSP) {
		body, err := s.web.Post(ctx, u, "application/ocsp-request", "", request, nil, maxOCSPSize)
		if err != nil {
			last = err
			continue
		}
		r, err := parseOCSP(body)
		if err != nil {
			last = err
			continue
		}
		e := []evidence{{ocsp: r, origin: "online"}}
		s.remember(key, e, s.c.Now())
		return e, nil
	}
	return nil, last
}

// askCRL fetches the lists that the distribution points of c name.
func (s *Store) askCRL(ctx context.Context, c *certificate) ([]evidence, error) {
	var urls []string
	for _, p := range c.CRLPoints {
		for _, g := range p.Full {
			if g.Kind == gnURI {
				urls = append(urls, string(g.Value))
			}
		}
	}
	var out []evidence
	var last error
	for _, u := range httpOnly(urls) {
		if e, ok := s.recall("crl "+u, s.c.Now()); ok {
			out = append(out, e...)
			continue
		}
		body, err := s.web.Get(ctx, u, maxCRLSize)
		if err != nil {
			last = err
			continue
		}
		l, err := parseCRL(unwrapPEM(body))
		if err != nil {
			last = err
			continue
		}
		e := []evidence{{crl: l, origin: "online"}}
		s.remember("crl "+u, e, s.c.Now())
		out = append(out, e...)
	}
	return out, last
}

// fetchIssuers completes the pool from caIssuers, one step up: a DER or PEM certificate, or a bag of them.
func (s *Store) fetchIssuers(ctx context.Context, c *certificate) []*certificate {
	var out []*certificate
	for _, u := range httpOnly(c.CAIssuers) {
		body, err := s.web.Get(ctx, u, maxAIASize)
		if err != nil {
			continue
		}
		body = unwrapPEM(body)
		ders := [][]byte{body}
		if sd, err := cms.ParseBytes(body); err == nil {
			ders = sd.RawCertificates
		}
		for _, der := range ders {
			if i, err := parseCertificate(der); err == nil && i.subjectKey == c.issuerKey {
				out = append(out, i)
			}
		}
	}
	return out
}

// httpOnly keeps the first addresses that are http or https; ldap is left out, there always is another way.
func httpOnly(urls []string) []string {
	var out []string
	for _, u := range urls {
		scheme, _, _ := strings.Cut(strings.ToLower(u), "://")
		if (scheme == "http" || scheme == "https") && !slices.Contains(out, u) && len(out) < maxAddresses {
			out = append(out, u)
		}
	}
	return out
}

func unwrapPEM(b []byte) []byte {
	if p, _ := pem.Decode(b); p != nil {
		return p.Bytes
	}
	return b
}

// country is the C attribute of the issuer of c, which tells whose list to look at.
func (c *certificate) country() string {
	t := strings.ToUpper(cert.NameAttr(c.RawIssuer, "2.5.4.6"))
	switch t { // the lists use the Union's letters
	case "GR":
		return "EL"
	case "GB":
		return "UK"
	}
	return t
}
