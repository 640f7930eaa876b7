package app

import (
	"testing"
	"time"
)

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
			c.setRenewal(tc.now)
			if c.Renewal != tc.stage || c.DaysLeft != tc.days {
				t.Errorf("stage %d days %d, want %d and %d", c.Renewal, c.DaysLeft, tc.stage, tc.days)
			}
		})
	}
	other := Certificate{NotAfter: end}
	if other.setRenewal(end); other.Renewal != RenewalNone {
		t.Error("a certificate of no known use is told to be renewable")
	}
}
