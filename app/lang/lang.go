// Package lang turns message keys into words, with plurals, numbers and dates of the language.
//
// A catalog is a folder of JSON files, text/<tag>/*.json, each an object of key → text or
// key → {"one": …, "other": …} with the plural forms of the language (words.go). Placeholders are {name} for an argument, {n} for the number in digits and
// {n_word} for the number in words (up to ten), {N_word} for the same at the start of a sentence. The keys of all files of a language form one
// space; a key in two files is an error, so nothing is overridden by accident.
//
// Why not fyne/lang: the command line speaks the same words, and must not pull in the window toolkit.
package lang

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // Windows knows no zone by the name of its city
	"unicode/utf8"
)

// Msg is a sentence to be said: a key of the catalog, a number for plurals, and arguments by name.
type Msg struct {
	Key  string
	N    int
	Args map[string]string
}

// M makes a Msg without number; args alternate names and values.
func M(key string, args ...string) Msg { return MN(key, 0, args...) }

// MN makes a Msg with the number n for plurals.
func MN(key string, n int, args ...string) Msg {
	m := Msg{Key: key, N: n}
	for i := 0; i+1 < len(args); i += 2 {
		if m.Args == nil {
			m.Args = make(map[string]string)
		}
		m.Args[args[i]] = args[i+1]
	}
	return m
}

// IsZero reports whether there is nothing to say.
func (m Msg) IsZero() bool { return m.Key == "" }

// text is what a key says.
type text struct {
	other string
	more  map[string]string // by plural form; nil where there is but one
}

// Catalog holds the texts of one language. It is safe for concurrent use.
type Catalog struct {
	tag   string
	texts map[string]text
}

// Load reads text/<tag>/*.json of fsys.
func Load(fsys fs.FS, tag string) (*Catalog, error) {
	names, err := fs.Glob(fsys, path.Join("text", tag, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("listing texts of %s: %w", tag, err)
	}
	if _, ok := grammars[tag]; !ok || len(names) == 0 {
		return nil, fmt.Errorf("no texts for language %q", tag)
	}
	c := &Catalog{tag: tag, texts: make(map[string]text)}
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading texts: %w", err)
		}
		if err := c.add(name, b); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Catalog) add(name string, b []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	for key, v := range raw {
		if _, ok := c.texts[key]; ok {
			return fmt.Errorf("%s: key %q stands in another file too", name, key)
		}
		var t text
		if json.Unmarshal(v, &t.other) != nil {
			if err := json.Unmarshal(v, &t.more); err != nil {
				return fmt.Errorf("%s: key %q: %w", name, key, err)
			}
			t.other = t.more["other"]
		}
		for form := range t.more {
			if !slices.Contains([]string{"one", "two", "few", "other"}, form) {
				return fmt.Errorf("%s: key %q: no plural form %q", name, key, form)
			}
		}
		c.texts[key] = t
	}
	return nil
}

// bold are words between two marks each; a mark without its match is part of the text, as in "folder/**/*.pdf".
var bold = regexp.MustCompile(`\*\*([^*\s](?:[^*\n]*[^*\s])?)\*\*`)

// Plain is the catalog without the marks of bold words, for what cannot show them: a terminal.
func (c *Catalog) Plain() *Catalog {
	p := &Catalog{tag: c.tag, texts: make(map[string]text, len(c.texts))}
	plain := func(s string) string { return bold.ReplaceAllString(s, "$1") }
	for key, t := range c.texts {
		q := text{other: plain(t.other)}
		if t.more != nil {
			q.more = make(map[string]string, len(t.more))
		}
		for form, s := range t.more {
			q.more[form] = plain(s)
		}
		p.texts[key] = q
	}
	return p
}

// Tag is the language of the catalog.
func (c *Catalog) Tag() string { return c.tag }

// Has reports whether key has a text.
func (c *Catalog) Has(key string) bool { _, ok := c.texts[key]; return ok }

// Keys lists all keys, sorted.
func (c *Catalog) Keys() []string {
	keys := make([]string, 0, len(c.texts))
	for k := range c.texts {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// T is the text of key, for labels without arguments.
func (c *Catalog) T(key string) string { return c.Text(Msg{Key: key}) }

// Text says m. A key without a text comes back in brackets, so that a test and a reader see it.
func (c *Catalog) Text(m Msg) string {
	if m.Key == "" {
		return ""
	}
	t, ok := c.texts[m.Key]
	if !ok {
		return "[" + m.Key + "]"
	}
	s, ok := t.more[grammars[c.tag].form(m.N)]
	if !ok {
		s = t.other
	}
	if !strings.Contains(s, "{") {
		return s
	}
	word := c.Number(m.N)
	pairs := []string{"{n}", c.Digits(m.N), "{n_word}", word, "{N_word}", capital(word)}
	for k, v := range m.Args {
		if day, ok := strings.CutPrefix(v, dayMark); ok {
			if t, err := time.ParseInLocation(time.DateOnly, day, Rome()); err == nil {
				v = c.Date(t)
			}
		} else if count, ok := strings.CutPrefix(v, countMark); ok {
			if n, err := strconv.Atoi(count); err == nil {
				v = c.Digits(n)
			}
		}
		if elide := grammars[c.tag].elide; elide != nil {
			s = elide(s, "{"+k+"}", v)
		}
		pairs = append(pairs, "{"+k+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// dayMark begins an argument that is a day; no name of a file can hold it.
const dayMark = "\x00day "

// Day is the day of t in Italian time as an argument of a Msg, told as a date of the language that the Msg is said in.
func Day(t time.Time) string { return dayMark + t.In(Rome()).Format(time.DateOnly) }

// countMark begins an argument that is a count.
const countMark = "\x00count "

// Count is how many there are as an argument of a Msg, told in the digits of the language that the Msg is said in.
func Count(n int) string { return countMark + strconv.Itoa(n) }

// Number is n in words up to ten, in digits above.
func (c *Catalog) Number(n int) string {
	if w := grammars[c.tag].numbers; n >= 0 && n < len(w) {
		return w[n]
	}
	return c.Digits(n)
}

// Digits is a count in digits, with the thousands set apart as the language does it: "12.400", "1,240".
func (c *Catalog) Digits(n int) string {
	g, s := grammars[c.tag], strconv.Itoa(n)
	if n < g.grouped && -n < g.grouped {
		return s
	}
	if n < 0 {
		return "-" + inThousands(s[1:], g.group)
	}
	return inThousands(s, g.group)
}

// Percent is n in a hundred: "150%", in German "150 %".
func (c *Catalog) Percent(n int) string { return c.Digits(n) + grammars[c.tag].percent }

func inThousands(digits, group string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + group + digits[i:]
	}
	return digits
}

// Amount is a decimal number of a file, "-1240.50", for people: "−1.240,50". Amounts stand in columns, so that all
// thousands are set apart, those of four digits too. Anything else stays as it is.
func (c *Catalog) Amount(s string) string {
	g := grammars[c.tag]
	whole, part, _ := strings.Cut(s, ".")
	sign := ""
	if rest, ok := strings.CutPrefix(whole, "-"); ok {
		sign, whole = "−", rest
	}
	if whole == "" || strings.Trim(whole+part, "0123456789") != "" {
		return s
	}
	for len(part) > 2 && part[len(part)-1] == '0' {
		part = part[:len(part)-1]
	}
	if part != "" {
		part = g.decimal + part
	}
	return sign + inThousands(whole, g.group) + part
}

func capital(word string) string {
	_, n := utf8.DecodeRuneInString(word)
	return strings.ToUpper(word[:n]) + word[n:]
}

// Digits is n in bare digits, for what is no count: a serial, the number of a page, a step.
func Digits(n int) string { return strconv.Itoa(n) }

// Rome is the time zone in which dates of Italian certificates are told.
func Rome() *time.Location { return rome() }

var rome = sync.OnceValue(func() *time.Location {
	if l, err := time.LoadLocation("Europe/Rome"); err == nil {
		return l
	}
	return time.UTC // not met: the zones are in the program
})

// Colon stands between a label and its value: French sets a no-break space before it.
func (c *Catalog) Colon() string { return grammars[c.tag].colon }

// Date is the day of t in Italian time, in words: "14 marzo 2028".
func (c *Catalog) Date(t time.Time) string { return c.date(t, grammars[c.tag].months) }

// ShortDate is Date with the month cut short: "14 mar 2028".
func (c *Catalog) ShortDate(t time.Time) string { return c.date(t, grammars[c.tag].shortMonths) }

func (c *Catalog) date(t time.Time, months []string) string {
	t = t.In(Rome())
	return fmt.Sprintf("%s %s %d", grammars[c.tag].day(t.Day()), months[t.Month()-1], t.Year())
}

// DateTime is the day and the minute of t in Italian time.
func (c *Catalog) DateTime(t time.Time) string {
	return c.Date(t) + ", " + c.Clock(t)
}

// Clock is the minute of t in Italian time: "10:42".
func (c *Catalog) Clock(t time.Time) string { return t.In(Rome()).Format("15:04") }

// Moment is DateTime with the zone that it is told in, for what may have to be proved: "14 marzo 2028, 00:30 (UTC+1)".
func (c *Catalog) Moment(t time.Time) string {
	_, seconds := t.In(Rome()).Zone()
	return fmt.Sprintf("%s (UTC%+d)", c.DateTime(t), seconds/3600)
}

// Size is a number of bytes for people: "184 kB", "1,1 MB". The number never leaves its unit at the end of a line.
func (c *Catalog) Size(n int64) string {
	g := grammars[c.tag]
	if n == 1 {
		return "1\u00a0" + g.aByte
	}
	f, i := float64(n), 0
	for f >= 999.5 && i < len(g.units)-1 { // what would be rounded to a thousand is one of the next unit
		f, i = f/1000, i+1
	}
	s := c.Digits(int(math.Round(f)))
	if i > 0 && f < 9.95 {
		s = strings.Replace(strconv.FormatFloat(f, 'f', 1, 64), ".", g.decimal, 1)
	}
	return s + "\u00a0" + g.units[i]
}

// System is the language of the system if there is a catalog for it, else English; without any setting Italian.
func System() string { return choose(append(environment(), preferred()...)) }

// environment is what the variables of POSIX say, each standing before the next.
func environment() []string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return []string{v}
		}
	}
	return nil
}

// choose is the language of the first of the locales, which may be written as in POSIX or as in BCP 47.
func choose(locales []string) string {
	if len(locales) == 0 {
		return Languages[0]
	}
	first := locales[0]
	for _, tag := range Languages {
		if strings.HasPrefix(first, tag) {
			return tag
		}
	}
	if first == "C" || strings.HasPrefix(first, "C.") || first == "POSIX" {
		return Languages[0]
	}
	return "en"
}
