package app

import (
	"strings"
	"time"

	"ceralacca/app/lang"
)

// MomentError means that what was typed is no date, or one that has not come yet.
type MomentError struct{ Text string }

func (e *MomentError) Error() string { return "not a date of the past" }

// ParseMoment reads a day as people write it (3/5/2026, 03.05.2026, 2026-05-03), perhaps with an hour (14:30), in
// Italian time. A day alone means its end, for everything of that day counts; today means now.
func ParseMoment(s string, now time.Time) (time.Time, error) {
	text := strings.Join(strings.Fields(s), " ")
	plain := strings.NewReplacer("/", "-", ".", "-", ",", "").Replace(text)
	for _, form := range []string{"2-1-2006", "2006-1-2", "2-1-2006 15:04", "2006-1-2 15:04"} {
		at, err := time.ParseInLocation(form, plain, lang.Rome())
		if err != nil {
			continue
		}
		if !strings.Contains(form, "15") {
			if at = at.AddDate(0, 0, 1).Add(-time.Second); day(at).Equal(day(now)) {
				at = now
			}
		}
		if at.After(now) || at.Year() < 1990 {
			break
		}
		return at, nil
	}
	return time.Time{}, &MomentError{text}
}

// Age tells in words how long ago t was.
func Age(t, now time.Time) lang.Msg {
	switch n := daysBetween(day(t), day(now)); {
	case n <= 0:
		return lang.M("verify.age.today")
	case n < 60:
		return lang.MN("verify.age.days", n)
	case n < 365:
		return lang.MN("verify.age.months", n/30)
	default:
		return lang.MN("verify.age.years", n/365)
	}
}
