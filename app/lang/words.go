package lang

import (
	"regexp"
	"strconv"
	"strings"
)

// Languages are the tags that have a complete catalog, the source language first.
var Languages = []string{"it", "en", "de", "fr", "sl"}

// A grammar is what a language needs beyond its texts. Plural forms are those of Unicode CLDR 47 for whole numbers
// (https://www.unicode.org/cldr/charts/47/supplemental/language_plural_rules.html), month names those of CLDR too.
// Numbers are grouped as CLDR 48 has it (main/<language>/numbers.json, group and minimumGroupingDigits): since its
// release 47 Italian and Slovene write a number of four digits without a separator, as Spanish and Polish do.
type grammar struct {
	name                string                                // of the language, in the language
	form                func(int) string                      // plural form of a whole number: one, two, few or other
	numbers             []string                              // from zero to ten; none in Slovene, where each has six cases and three genders
	months, shortMonths []string                              // as they stand in a date
	day                 func(int) string                      // the day of a month in a date
	elide               func(text, hole, value string) string // the article before a value, as its first sound wants it; nil for none
	decimal             string
	group               string   // between thousands
	grouped             int      // the least number whose thousands are set apart
	colon               string   // between a label and its value
	percent             string   // after a number, as CLDR 48 has it but for the width of the space
	aByte               string   // one byte
	units               []string // bytes and their thousands
}

var siUnits = []string{"kB", "MB", "GB", "TB"}

var grammars = map[string]grammar{
	"it": {
		name: "Italiano", form: oneIsOne, day: strconv.Itoa, elide: beforeEight, decimal: ",", group: ".", grouped: 10_000, colon: ": ", percent: "%", aByte: "byte",
		units:       append([]string{"byte"}, siUnits...),
		numbers:     []string{"zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci"},
		months:      []string{"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"},
		shortMonths: []string{"gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"},
	},
	"en": {
		name: "English", form: oneIsOne, day: strconv.Itoa, decimal: ".", group: ",", grouped: 1_000, colon: ": ", percent: "%", aByte: "byte",
		units:       append([]string{"bytes"}, siUnits...),
		numbers:     []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"},
		months:      []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		shortMonths: []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	},
	"de": {
		name: "Deutsch", form: oneIsOne, day: ordinal, decimal: ",", group: ".", grouped: 1_000, colon: ": ", percent: "\u00a0%", aByte: "Byte",
		units:       append([]string{"Byte"}, siUnits...),
		numbers:     []string{"null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"},
		months:      []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		shortMonths: []string{"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."},
	},
	"fr": {
		name: "Français", form: belowTwoIsOne, day: firstOrdinal, decimal: ",", group: "\u202f", grouped: 1_000, colon: "\u00a0: ", percent: "\u00a0%", aByte: "octet",
		units:       []string{"octets", "ko", "Mo", "Go", "To"},
		numbers:     []string{"zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"},
		months:      []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		shortMonths: []string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
	},
	"sl": {
		name: "Slovenščina", form: slovene, day: ordinal, decimal: ",", group: ".", grouped: 10_000, colon: ": ", percent: "\u00a0%", aByte: "B",
		units:       append([]string{"B"}, siUnits...),
		months:      []string{"januarja", "februarja", "marca", "aprila", "maja", "junija", "julija", "avgusta", "septembra", "oktobra", "novembra", "decembra"},
		shortMonths: []string{"jan.", "feb.", "mar.", "apr.", "maj", "jun.", "jul.", "avg.", "sep.", "okt.", "nov.", "dec."},
	},
}

// Name is the language's own name for itself, for the choice of the language; the tag if there is none.
func Name(tag string) string {
	if g, ok := grammars[tag]; ok {
		return g.name
	}
	return tag
}

// vowelDay is a date of the two days whose Italian names begin with a vowel: otto, undici.
var vowelDay = regexp.MustCompile(`^(8|11) [a-z]`)

var articles = []string{"il", "l’", "al", "all’", "dal", "dall’", "del", "dell’"}

// beforeEight makes "il {date}" into "l’{date}" where the date is that of an eighth or an eleventh.
func beforeEight(text, hole, value string) string {
	if !vowelDay.MatchString(value) {
		return text
	}
	for i := 0; i < len(articles); i += 2 {
		text = strings.ReplaceAll(text, " "+articles[i]+" "+hole, " "+articles[i+1]+hole)
		if after, ok := strings.CutPrefix(text, articles[i]+" "+hole); ok {
			text = articles[i+1] + hole + after
		}
	}
	return text
}

func oneIsOne(n int) string {
	if n == 1 {
		return "one"
	}
	return "other"
}

func belowTwoIsOne(n int) string {
	if n == 0 || n == 1 {
		return "one"
	}
	return "other"
}

func slovene(n int) string {
	switch n % 100 {
	case 1:
		return "one"
	case 2:
		return "two"
	case 3, 4:
		return "few"
	}
	return "other"
}

func ordinal(day int) string { return strconv.Itoa(day) + "." }

func firstOrdinal(day int) string {
	if day == 1 {
		return "1er"
	}
	return strconv.Itoa(day)
}
