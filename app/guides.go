package app

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"time"

	"ceralacca/app/lang"
)

// Guides are the official pages that the program may open, chosen by the issuer's name in the certificate and never
// by its date: the switch from one issuer to the other came on different days in different chambers.
type Guides struct {
	Checked  time.Time // when somebody last looked at them
	links    []guide
	renewals []renewalRule
}

// renewalRule says when certificates of an issuer are renewed: from so many days before the end until so many, once, and
// then a new device. Nothing is said of an issuer that has none.
type renewalRule struct {
	Issuer  string `json:"issuer"`  // as in guide
	Chamber bool   `json:"chamber"` // as in guide
	From    int    `json:"from_days_before"`
	Until   int    `json:"until_days_before"`
	Never   bool   `json:"never"` // a new card is sent instead
	Source  string `json:"source"`
}

type guide struct {
	Issuer string `json:"issuer"` // found in the issuer's organisation or name, without regard to case
	Topic  string `json:"topic"`  // renew, suspend, revoke, support, manuals, lost, pin
	URL    string `json:"url"`
	Source string `json:"source"`
	// Chamber is set for links that serve only devices handed out by a chamber of commerce.
	Chamber bool `json:"chamber"`
}

// LoadGuides reads guides.json of fsys. An address that is not https, or that carries a user, is refused.
func LoadGuides(fsys fs.FS) (*Guides, error) {
	b, err := fs.ReadFile(fsys, "guides.json")
	if err != nil {
		return nil, fmt.Errorf("reading the links: %w", err)
	}
	var file struct {
		Checked  string
		Links    []guide
		Renewals []renewalRule
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("reading the links: %w", err)
	}
	g := &Guides{links: file.Links, renewals: file.Renewals}
	if g.Checked, err = time.Parse(time.DateOnly, file.Checked); err != nil {
		return nil, fmt.Errorf("reading the date of the links: %w", err)
	}
	for _, l := range g.links {
		u, err := url.Parse(l.URL)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Host == "" {
			return nil, fmt.Errorf("link %q is no https address", l.URL)
		}
	}
	for _, r := range g.renewals {
		if r.Issuer == "" || r.Source == "" || r.Never == (r.From > 0) || r.Until < 0 || r.From < r.Until {
			return nil, fmt.Errorf("rule of renewal %+v makes no sense", r)
		}
	}
	return g, nil
}

// guides are those of the program; nil without assets, for a broken file is a broken build, which a test catches.
func (e *Engine) guides() *Guides {
	if e.cfg.Assets == nil {
		return nil
	}
	g, err := LoadGuides(e.cfg.Assets)
	if err != nil {
		return nil
	}
	return g
}

// Guides are the official pages for the card's certificates, the one that signs first, each address once.
func (e *Engine) Guides(c *Card) []Link { return e.guides().ForCard(c) }

// renewal is the rule for a certificate of the card; nil when none is known.
func (g *Guides) renewal(c *Card, x *Certificate) *renewalRule {
	if g == nil {
		return nil
	}
	if slices.ContainsFunc(c.Certificates, func(x Certificate) bool { return x.Withdrawn != "" }) {
		return &renewalRule{Never: true} // the issuer renews nothing on such a chip
	}
	for i, r := range g.renewals {
		if r.Issuer != "" && strings.Contains(x.issuerWords(), r.Issuer) && (!r.Chamber || c.origin() == fromChamber) {
			return &g.renewals[i]
		}
	}
	return nil
}

func (c *Certificate) issuerWords() string { return strings.ToLower(c.IssuerO + " " + c.IssuerCN) }

// ForCard lists the pages for all certificates of the card, each address once. The page for renewing is left out where
// it is of no use: a renewal needs the PIN, and a certificate that holds.
func (g *Guides) ForCard(c *Card) []Link {
	var list []Link
	for i := range c.Certificates {
		for _, l := range g.For(c, &c.Certificates[i]) {
			useless := l.Label.Key == "guide.renew" && (c.Dead() || c.Main().Ended())
			if !useless && !slices.ContainsFunc(list, func(x Link) bool { return x.URL == l.URL }) {
				list = append(list, l)
			}
		}
	}
	return list
}

// Dead reports whether a PIN of the card is lost for good.
func (c *Card) Dead() bool {
	return slices.ContainsFunc(c.PINs, func(p PINView) bool { return p.Blocked && p.PUKBlocked })
}

// For lists the pages for a certificate of the card, in the order of the file.
func (g *Guides) For(c *Card, cert *Certificate) []Link {
	if g == nil || cert == nil {
		return nil
	}
	issuer := cert.issuerWords()
	var links []Link
	for _, l := range g.links {
		if strings.Contains(issuer, l.Issuer) && (!l.Chamber || c.origin() == fromChamber) {
			links = append(links, Link{Label: lang.M("guide." + l.Topic), URL: l.URL})
		}
	}
	return links
}
