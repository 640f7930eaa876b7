package script

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// This file is weekdayRange, dateRange and timeRange. They take one value or two of a kind; the range is closed, and one
// whose end lies before its beginning goes round the year, the week or the day. A last argument "GMT" asks for that time.

var (
	dayNames   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
	monthNames = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
)

// within hands the arguments, but for GMT, to a kind of range.
func (w *world) within(c goja.FunctionCall, kind func(now time.Time, args []string) bool) bool {
	now := w.now()
	var args []string
	for _, a := range c.Arguments {
		if !goja.IsUndefined(a) && len(args) < 8 {
			args = append(args, strings.ToUpper(a.String()))
		}
	}
	if n := len(args); n > 0 && args[n-1] == "GMT" {
		now, args = now.UTC(), args[:n-1]
	}
	return len(args) > 0 && kind(now, args)
}

// between holds now against a range of lists of numbers, the most significant first.
func between(now, from, to []int) bool {
	after, before := slices.Compare(from, now) <= 0, slices.Compare(now, to) <= 0
	if slices.Compare(from, to) <= 0 {
		return after && before
	}
	return after || before
}

func weekdays(now time.Time, args []string) bool {
	from := slices.Index(dayNames, args[0])
	to := slices.Index(dayNames, args[len(args)-1])
	return len(args) <= 2 && from >= 0 && to >= 0 && between([]int{int(now.Weekday())}, []int{from}, []int{to})
}

// dates takes days (1 to 31), months by name and years, in that order, once or twice over.
func dates(now time.Time, args []string) bool {
	var values []int
	kinds := ""
	for _, a := range args {
		n, err := strconv.Atoi(a)
		switch m := slices.Index(monthNames, a); {
		case m >= 0:
			values, kinds = append(values, m+1), kinds+"m"
		case err == nil && n >= 1 && n <= 31:
			values, kinds = append(values, n), kinds+"d"
		case err == nil && n > 31 && n < 10000:
			values, kinds = append(values, n), kinds+"y"
		default:
			return false
		}
	}
	half := kinds
	if n := len(kinds) / 2; len(kinds)%2 == 0 && kinds[:n] == kinds[n:] {
		half = kinds[:n]
	}
	if !slices.Contains([]string{"d", "m", "y", "dm", "my", "dmy"}, half) {
		return false
	}
	is := make([]int, 0, 3)
	for _, k := range half {
		is = append(is, map[rune]int{'d': now.Day(), 'm': int(now.Month()), 'y': now.Year()}[k])
	}
	from, to := slices.Clone(values[:len(half)]), slices.Clone(values[len(values)-len(half):])
	slices.Reverse(is) // years before months before days
	slices.Reverse(from)
	slices.Reverse(to)
	return between(is, from, to)
}

// times takes an hour, two hours, or hours with minutes, or with minutes and seconds, twice.
func times(now time.Time, args []string) bool {
	values := make([]int, len(args))
	for i, a := range args {
		n, err := strconv.Atoi(a)
		if err != nil || n < 0 || n > 60 {
			return false
		}
		values[i] = n
	}
	is := []int{now.Hour(), now.Minute(), now.Second()}
	switch len(values) {
	case 1:
		return values[0] == is[0]
	case 2, 4, 6:
		n := len(values) / 2
		from, to := values[:n], values[n:]
		if n == 1 { // timeRange(8, 10) is until 10:00:00, as browsers have it
			return between(is, []int{from[0], 0, 0}, []int{to[0], 0, 0})
		}
		return between(is[:n], from, to)
	}
	return false
}
