package app

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"ceralacca/app/lang"
)

// setRenewal derives days left and renewal stage at now, by the issuer's rule; nil where none is known. Days are
// calendar days in Italian time.
func (c *Certificate) setRenewal(now time.Time, rule *renewalRule) {
	end, today := day(c.NotAfter), day(now)
	c.DaysLeft = daysBetween(today, end)
	c.RenewFrom, c.RenewUntil = time.Time{}, time.Time{}
	if rule != nil && !rule.Never {
		c.RenewFrom, c.RenewUntil = end.AddDate(0, 0, -rule.From), end.AddDate(0, 0, -rule.Until)
	}
	switch {
	case c.Use == ForOther:
		c.Renewal = RenewalNone
	case now.Before(c.NotBefore):
		c.Renewal = RenewalNotYet
	case now.After(c.NotAfter):
		c.Renewal = RenewalExpired
		c.DaysLeft = min(c.DaysLeft, -1)
	case rule == nil:
		c.Renewal = RenewalUnsaid
	case rule.Never:
		c.Renewal = RenewalNone
	case today.After(c.RenewUntil):
		c.Renewal = RenewalClosed
	case today.Equal(c.RenewUntil):
		c.Renewal = RenewalLastDay
	case !today.Before(c.RenewFrom):
		c.Renewal = RenewalOpen
	default:
		c.Renewal = RenewalTooEarly
	}
}

// EndsSoon reports whether the holder should see now to what comes after the certificate: it can be renewed, or its last
// ninety days have begun and how it is renewed is the issuer's to say.
func (c *Certificate) EndsSoon() bool {
	return c.Renewal == RenewalOpen || c.Renewal == RenewalLastDay || c.Renewal == RenewalUnsaid && c.DaysLeft <= soon
}

// soon is how many days before the end the holder is told, where no rule of the issuer says it.
const soon = 90

// day is the midnight in Rome that begins the day of t.
func day(t time.Time) time.Time {
	t = t.In(lang.Rome())
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, lang.Rome())
}

// daysBetween counts calendar days; a day of 23 or 25 hours is one day.
func daysBetween(a, b time.Time) int {
	ay, am, ad := a.Date()
	by, bm, bd := b.Date()
	u := time.Date(by, bm, bd, 0, 0, 0, 0, time.UTC).Sub(time.Date(ay, am, ad, 0, 0, 0, 0, time.UTC))
	return int(u / (24 * time.Hour))
}

func keyType(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA-%d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return k.Curve.Params().Name
	}
	return c.PublicKeyAlgorithm.String()
}
