package app

import (
	"testing"
	"time"

	"ceralacca/assets"
)

// chamberRule is that of the chambers' devices.
var chamberRule = &renewalRule{Issuer: "infocamere", From: 90, Until: 1, Source: "test"}

func TestRenewal(t *testing.T) {
	end := time.Date(2028, 3, 14, 10, 0, 0, 0, time.UTC)
	at := func(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 0, time.UTC) }
	for _, tc := range []struct {
		name  string
		now   time.Time
		stage Renewal
		days  int
	}{
		{"long before", at(2026, 11, 22, 9), RenewalTooEarly, 478},
		{"the day before the window", at(2027, 12, 14, 12), RenewalTooEarly, 91},
		{"first day of the window", at(2027, 12, 15, 12), RenewalOpen, 90},
		{"first minute in Rome of the window", at(2027, 12, 14, 23), RenewalOpen, 90},
		{"last day", at(2028, 3, 13, 12), RenewalLastDay, 1},
		{"day of expiry", at(2028, 3, 14, 6), RenewalClosed, 0},
		{"just over", at(2028, 3, 14, 11), RenewalExpired, -1},
		{"long over", at(2028, 3, 24, 11), RenewalExpired, -10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := Certificate{Use: ForSigning, NotAfter: end}
			c.setRenewal(tc.now, chamberRule)
			if c.Renewal != tc.stage || c.DaysLeft != tc.days {
				t.Errorf("stage %d days %d, want %d and %d", c.Renewal, c.DaysLeft, tc.stage, tc.days)
			}
		})
	}
	other := Certificate{NotAfter: end}
	if other.setRenewal(end, chamberRule); other.Renewal != RenewalNone {
		t.Error("a certificate of no known use is told to be renewable")
	}
}

// TestRenewalIsSaidByTheIssuer: a window is told only where the issuer's rule is known, and a card that is never renewed
// has none.
func TestRenewalIsSaidByTheIssuer(t *testing.T) {
	g, err := LoadGuides(assets.FS)
	if err != nil {
		t.Fatal(err)
	}
	now, end := time.Date(2028, 1, 1, 9, 0, 0, 0, time.UTC), time.Date(2028, 3, 14, 10, 0, 0, 0, time.UTC)
	chamber := Certificate{Use: ForLogin, SubjectOU: "Camera di Commercio di Lecce", IssuerCN: "Regione", NotAfter: end}
	for _, tc := range []struct {
		name   string
		o, cn  string
		beside *Certificate
		stage  Renewal
		advice string
	}{
		{"InfoCamere", "InfoCamere S.C.p.A.", "InfoCamere Qualified Electronic Signature CA", nil, RenewalOpen, "renew"},
		{"Aruba from a chamber", "ArubaPEC S.p.A.", "ArubaPEC S.p.A. NG CA 3", &chamber, RenewalOpen, "renew"},
		{"Aruba sold directly", "ArubaPEC S.p.A.", "ArubaPEC S.p.A. NG CA 3", nil, RenewalUnsaid, "ends-soon"},
		{"Actalis", "Actalis S.p.A.", "Actalis EU Qualified Certificates CA G1", nil, RenewalUnsaid, "ends-soon"},
	} {
		x := Certificate{Use: ForSigning, IssuerO: tc.o, IssuerCN: tc.cn, NotAfter: end, CanSign: true}
		c := &Card{Certificates: []Certificate{x}}
		if tc.beside != nil {
			c.Certificates = append(c.Certificates, *tc.beside)
		}
		for i := range c.Certificates {
			c.Certificates[i].setRenewal(now, g.renewal(c, &c.Certificates[i]))
		}
		got := &c.Certificates[0]
		if a := cardAdvice(c); got.Renewal != tc.stage || got.DaysLeft != 73 || got.RenewFrom.IsZero() != (tc.stage == RenewalUnsaid) || a == nil || a.Code != tc.advice {
			t.Errorf("%s: %d, %d days, from %s, %+v", tc.name, got.Renewal, got.DaysLeft, got.RenewFrom, a)
		}
	}
	health := &Card{Certificates: []Certificate{{Use: ForLogin, IssuerCN: "Regione Lombardia CA Cittadini", NotAfter: end}}}
	x := &health.Certificates[0]
	x.setRenewal(now, g.renewal(health, x))
	if x.Renewal != RenewalNone || !x.RenewFrom.IsZero() {
		t.Errorf("a health card: %d, from %s", x.Renewal, x.RenewFrom)
	}
	info := Certificate{Use: ForLogin, IssuerO: "InfoCamere S.C.p.A.", IssuerCN: "InfoCamere Services CA", NotAfter: end}
	for _, chip := range []string{"", "a family"} {
		c := &Card{Certificates: []Certificate{info, {Use: ForSigning, NotAfter: end, Withdrawn: chip}}}
		x := &c.Certificates[0]
		x.setRenewal(now, g.renewal(c, x))
		if x.RenewFrom.IsZero() != (chip != "") {
			t.Errorf("withdrawn because of %q: renewed from %s", chip, x.RenewFrom)
		}
	}
	for _, tc := range []struct {
		left int
		want string
	}{{91, ""}, {90, "ends-soon"}, {1, "ends-soon"}, {0, "ends-today"}} {
		c := &Card{Certificates: []Certificate{{Use: ForSigning, NotAfter: end, CanSign: true}}}
		c.Certificates[0].setRenewal(end.AddDate(0, 0, -tc.left).Add(-time.Hour), nil)
		code := ""
		if a := cardAdvice(c); a != nil {
			code = a.Code
		}
		if code != tc.want {
			t.Errorf("%d days before: %q", tc.left, code)
		}
	}
}
