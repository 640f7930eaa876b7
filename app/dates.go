package app

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"ceralacca/app/lang"
)

// renewalDays is the length of the renewal window of chamber devices: from 90 days before the end to the day
// before it. Source: CCIAA Lecce page of 25/11/2025; the earlier of the published last days is used.
const renewalDays = 90

// setRenewal derives days left and renewal stage at now. Days are calendar days in Italian time.
func (c *Certificate) setRenewal(now time.Time) {
	end, today := day(c.NotAfter), day(now)
	c.DaysLeft = daysBetween(today, end)
	c.RenewFrom, c.RenewUntil = end.AddDate(0, 0, -renewalDays), end.AddDate(0, 0, -1)
	switch {
	case c.Use == ForOther:
		c.Renewal = RenewalNone
	case now.Before(c.NotBefore):
		c.Renewal = RenewalNotYet
	case now.After(c.NotAfter):
		c.Renewal = RenewalExpired
		c.DaysLeft = min(c.DaysLeft, -1)
	case !today.Before(end):
		c.Renewal = RenewalClosed
	case today.Equal(c.RenewUntil):
		c.Renewal = RenewalLastDay
	case !today.Before(c.RenewFrom):
		c.Renewal = RenewalOpen
	default:
		c.Renewal = RenewalTooEarly
	}
}

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
