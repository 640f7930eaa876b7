package app

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"ceralacca/app/lang"
)

// Guides are the official pages that the program may open, chosen by the issuer's name in the certificate and never
// by its date: the switch from one issuer to the other came on different days in different chambers.
type Guides struct {
	Checked time.Time // when somebody last looked at them
	links   []guide
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
		Checked string
		Links   []guide
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("reading the links: %w", err)
	}
	g := &Guides{links: file.Links}
	if g.Checked, err = time.Parse(time.DateOnly, file.Checked); err != nil {
		return nil, fmt.Errorf("reading the date of the links: %w", err)
	}
	for _, l := range g.links {
		u, err := url.Parse(l.URL)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Host == "" {
			return nil, fmt.Errorf("link %q is no https address", l.URL)
		}
	}
	return g, nil
}

// For lists the pages for a certificate of the card, in the order of the file.
func (g *Guides) For(c *Card, cert *Certificate) []Link {
	if g == nil || cert == nil {
		return nil
	}
	issuer := strings.ToLower(cert.IssuerO + " " + cert.IssuerCN)
	var links []Link
	for _, l := range g.links {
		if strings.Contains(issuer, l.Issuer) && (!l.Chamber || c.origin() == fromChamber) {
			links = append(links, Link{Label: lang.M("guide." + l.Topic), URL: l.URL})
		}
	}
	return links
}
