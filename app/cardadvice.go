package app

import (
	"cmp"
	"strings"

	"ceralacca/app/lang"
)

// This file is what a person is told of a card that was read: what kind it is, what is wrong with it, and where its
// PUK is written.

// origin is who hands a card out, as far as its certificates tell.
type origin int

const (
	fromOthers  origin = iota
	fromChamber        // a chamber of commerce
	fromHealth         // the health service: the TS-CNS
)

// origin tells who handed the card out, by the names in its login certificate.
func (c *Card) origin() origin {
	for _, x := range c.Certificates {
		if x.Use != ForLogin {
			continue
		}
		switch subject := strings.ToLower(x.SubjectOU + " " + x.SubjectO); {
		case strings.Contains(subject, "camera di commercio"):
			return fromChamber
		case strings.Contains(strings.ToLower(x.IssuerCN), "ca cittadini"):
			return fromHealth
		}
	}
	return fromOthers
}

// KindText names the kind of card in plain words.
func KindText(c *Card) lang.Msg {
	switch {
	case c.origin() == fromHealth:
		return lang.M("card.kind.health")
	case c.origin() == fromChamber:
		return lang.M("card.kind.chamber")
	case c.signs() != nil:
		return lang.M("card.kind.sign")
	case len(c.Certificates) > 0:
		return lang.M("card.kind.login")
	}
	return lang.M("card.kind.empty")
}

// WherePUK tells where the PUK of such a card is written, the likeliest place first. The chambers hand out a PDF now
// and a sheet to scratch before; the regions give one half at the counter and the other by mail or SMS.
func WherePUK(c *Card) []lang.Msg {
	pdf, scratch, halves := lang.M("puk.where.pdf"), lang.M("puk.where.scratch"), lang.M("puk.where.halves")
	switch c.origin() {
	case fromHealth:
		return []lang.Msg{halves}
	case fromChamber:
		return []lang.Msg{pdf, scratch}
	}
	return []lang.Msg{scratch, pdf, halves}
}

// cardAdvice is the gravest thing to tell of a card that was read; nil when all is well.
func cardAdvice(c *Card) *Advice {
	if a := statusAdvice(c); a != nil {
		return a
	}
	if p := c.BlockedPIN(); p != nil {
		return c.blockedAdvice(p)
	}
	cert, err := chooseCertificate(c, "")
	if err != nil {
		return Explain(err)
	}
	switch cert.Renewal {
	case RenewalOpen:
		return advice("renew", SeverityWarning, cert.DaysLeft)
	case RenewalLastDay:
		return advice("renew-last-day", SeverityWarning, 0)
	case RenewalClosed:
		return advice("renew-closed", SeverityDanger, 0)
	case RenewalUnsaid:
		switch {
		case cert.DaysLeft == 0:
			return advice("ends-today", SeverityWarning, 0, "issuer", cmp.Or(cert.IssuerO, cert.IssuerCN))
		case cert.EndsSoon():
			return advice("ends-soon", SeverityWarning, cert.DaysLeft, "issuer", cmp.Or(cert.IssuerO, cert.IssuerCN))
		}
	}
	for i := range c.PINs {
		if c.PINs[i].Blocked {
			return c.blockedAdvice(&c.PINs[i])
		}
	}
	return nil
}

// blockedAdvice tells which PIN is blocked, what still works, and what to do.
func (c *Card) blockedAdvice(p *PINView) *Advice {
	what := "pin-blocked"
	if p.PUKBlocked {
		what = "puk-blocked"
	}
	var guards, free *Certificate // one that the PIN guards, and one that it does not
	for i := range c.Certificates {
		x := &c.Certificates[i]
		other := c.PIN(x)
		switch {
		case x.PIN == p.Ref && (guards == nil || x.Use == ForSigning):
			guards = x
		case other != nil && other != p && !other.Blocked:
			free = x
		}
	}
	switch {
	case guards != nil && free != nil && guards.Use == ForSigning:
		return advice(what+"-sign", SeverityDanger, 0)
	case guards != nil && free != nil:
		return advice(what+"-login", SeverityWarning, 0)
	case what == "pin-blocked" && c.origin() == fromHealth:
		return advice("pin-blocked-health", SeverityDanger, 0)
	}
	return advice(what, SeverityDanger, 0)
}
