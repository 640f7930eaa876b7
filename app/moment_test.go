package app

import (
	"errors"
	"testing"
	"time"

	"ceralacca/app/lang"
)

func TestParseMoment(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 42, 0, 0, time.UTC)
	at := func(y int, m time.Month, d, h, min, s int) time.Time {
		return time.Date(y, m, d, h, min, s, 0, lang.Rome())
	}
	for in, want := range map[string]time.Time{
		"3/5/2026": at(2026, 5, 3, 23, 59, 59), "03.05.2026": at(2026, 5, 3, 23, 59, 59), " 2026-05-03 ": at(2026, 5, 3, 23, 59, 59),
		"3/5/2026 14:30": at(2026, 5, 3, 14, 30, 0), "2026-05-03, 14:30": at(2026, 5, 3, 14, 30, 0), "22/11/2026": now,
		"29/3/2026": at(2026, 3, 29, 23, 59, 59), // a day of 23 hours
		"":          {}, "domani": {}, "31/2/2026": {}, "23/11/2026": {}, "3/5/26": {}, "1/1/1901": {}, "3/5/2026 25:00": {}, "5/13/2026": {},
	} {
		got, err := ParseMoment(in, now)
		var bad *MomentError
		if want.IsZero() != errors.As(err, &bad) || !got.Equal(want) {
			t.Errorf("%q: got %v, %v, want %v", in, got, err, want)
		}
	}
}

func FuzzParseMoment(f *testing.F) {
	f.Add("3/5/2026 14:30")
	now := time.Date(2026, 11, 22, 9, 42, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if at, err := ParseMoment(s, now); err == nil && at.After(now) {
			t.Errorf("%q is %v", s, at)
		}
	})
}

func TestAge(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 42, 0, 0, time.UTC)
	c := catalog(t, "it")
	for days, want := range map[int]string{0: "oggi", -1: "oggi", 1: "ieri", 2: "2 giorni fa", 59: "59 giorni fa", 60: "2 mesi fa", 364: "12 mesi fa", 400: "più di un anno fa", 1100: "più di tre anni fa"} {
		if got := c.Text(Age(now.AddDate(0, 0, -days), now)); got != want {
			t.Errorf("%d days: %q, want %q", days, got, want)
		}
	}
}
