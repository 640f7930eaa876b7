package lang_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"ceralacca/app/lang"
)

// This file holds the texts to the habits of print, and to the names that the window itself uses.

// misprints are signs of a typewriter in each language; "" stands for all.
var misprints = map[string]map[string]*regexp.Regexp{
	"": {
		"a straight apostrophe":            regexp.MustCompile(`\p{L}'\p{L}`),
		"a straight quotation mark":        regexp.MustCompile(`"`),
		"dots for an ellipsis":             regexp.MustCompile(`\.\.\.`),
		"a unit that can leave its number": regexp.MustCompile(`[\d}] (kB|MB|GB|Mo|Go)\b`),
		"a space before the end":           regexp.MustCompile(`\p{L} [.,](\s|$)`),
		"an empty pair of quotes":          regexp.MustCompile(`«»|“”|„“|»«|«\x{a0}»`),
	},
	"it": {"quotes of another language": regexp.MustCompile(`[“”„]`)},
	"en": {"quotes of another language": regexp.MustCompile(`[«»„]`)},
	"de": {"quotes of another language": regexp.MustCompile(`[«»”]`)},
	"fr": {
		"a mark that can leave its word": regexp.MustCompile(`[^\x{a0}][;!?»](\s|$)|[^\x{a0}]:(\s|$)|«[^\x{a0}]`),
		"quotes of another language":     regexp.MustCompile(`[“”„]`),
	},
	"sl": {"quotes of another language": regexp.MustCompile(`[“”„]`)},
}

func TestTextsAreSetAsInPrint(t *testing.T) {
	for _, tag := range lang.Languages {
		for key, forms := range readForms(t, tag) {
			for _, s := range forms {
				for _, rules := range []map[string]*regexp.Regexp{misprints[""], misprints[tag]} {
					for what, rule := range rules {
						if m := rule.FindString(s); m != "" {
							t.Errorf("%s %s has %s: %q", tag, key, what, m)
						}
					}
				}
			}
		}
	}
	for tag, planted := range map[string]string{"it": "l'originale", "en": "4 GB", "fr": "Que faire ?", "de": "«Prüfen»", "sl": "„Preveri“"} {
		found := false
		for _, rules := range []map[string]*regexp.Regexp{misprints[""], misprints[tag]} {
			for _, rule := range rules {
				found = found || rule.MatchString(planted)
			}
		}
		if !found {
			t.Errorf("%s: %q passes", tag, planted)
		}
	}
}

// longest is how many words may stand between two stops: who reads three times a year reads each sentence once.
const longest = 25

var stop = regexp.MustCompile(`[.?!:;…](\s|$)`)

func TestSentencesAreShort(t *testing.T) {
	for _, tag := range lang.Languages {
		for key, forms := range readForms(t, tag) {
			if key == "cli.help" {
				continue // a table
			}
			for _, s := range forms {
				for _, part := range stop.Split(s, -1) {
					if n := len(strings.Fields(part)); n > longest {
						t.Errorf("%s %s has %d words without a stop: %q", tag, key, n, part)
					}
				}
			}
		}
	}
}

// A text is a sentence in every language or in none: it ends with the same mark, but for an abbreviation.
func TestTextsEndAlike(t *testing.T) {
	all := map[string]map[string]map[string]string{}
	for _, tag := range lang.Languages {
		all[tag] = readForms(t, tag)
	}
	for key, forms := range all[lang.Languages[0]] {
		want := ending(forms["other"])
		for _, tag := range lang.Languages[1:] {
			if s := all[tag][key]["other"]; ending(s) != want && !strings.HasSuffix(s, "MwSt.") {
				t.Errorf("%s %s ends with %q, in %s with %q: %q", tag, key, ending(s), lang.Languages[0], want, s)
			}
		}
	}
}

// ending is the mark at the end of s.
func ending(s string) string {
	r := []rune(s)
	if len(r) == 0 || !strings.ContainsRune(".?!:…", r[len(r)-1]) {
		return ""
	}
	return string(r[len(r)-1])
}

// quoted is what stands between the quotation marks of a language.
var quoted = map[string]*regexp.Regexp{
	"it": regexp.MustCompile(`«([^»]+)»`), "en": regexp.MustCompile(`“([^”]+)”`), "de": regexp.MustCompile(`„([^“]+)“`),
	"fr": regexp.MustCompile(`«\x{a0}([^»]+)\x{a0}»`), "sl": regexp.MustCompile(`»([^«]+)«`),
}

// foreignNames are names in quotes that are not ours: what Windows itself says, and folders of the system.
var foreignNames = map[string]bool{
	"doctor.service-windows.fix": true, "advice.no-permission.body": true,
}

var hole = regexp.MustCompile(`\\\{[A-Za-z_]+\\\}`)

// A sentence that sends a person to a button names it as the button names itself, in quotes, in every language.
func TestQuotedNamesAreThoseOfTheWindow(t *testing.T) {
	named := map[string]map[string][]string{} // key → language → keys of the labels that it names, one a quotation
	for _, tag := range lang.Languages {
		all := readForms(t, tag)
		labels := labelsOf(all)
		for key, forms := range all {
			for _, m := range quoted[tag].FindAllStringSubmatch(forms["other"], -1) {
				if strings.Contains(m[1], "{") || foreignNames[key] {
					continue // the name of a file or of a person
				}
				found := labels.saying(m[1], key)
				if len(found) == 0 {
					t.Errorf("%s %s names %q, and nothing is called so: %q", tag, key, m[1], forms["other"])
				}
				if named[key] == nil {
					named[key] = map[string][]string{}
				}
				named[key][tag] = append(named[key][tag], found...)
			}
		}
	}
	for key, by := range named {
		for _, tag := range lang.Languages {
			if !slices.ContainsFunc(by[tag], func(label string) bool { return slices.Contains(by[lang.Languages[0]], label) }) {
				t.Errorf("%s names %v in %s, %v in %s", key, by[tag], tag, by[lang.Languages[0]], lang.Languages[0])
			}
		}
	}
}

// The pages whose names are more than one word are never named without quotes.
func TestPagesAreNamedInQuotes(t *testing.T) {
	for _, tag := range lang.Languages {
		all := readForms(t, tag)
		for _, page := range []string{"ui.page.card", "ui.page.verify"} {
			name := all[page]["other"]
			for key, forms := range all {
				for _, s := range forms {
					if s != name && strings.Contains(quoted[tag].ReplaceAllString(s, ""), name) {
						t.Errorf("%s %s names the page %q without quotes: %q", tag, key, name, s)
					}
				}
			}
		}
	}
}

// labels are patterns of the texts short enough for a button, by key.
type labels map[string][]*regexp.Regexp

func labelsOf(all map[string]map[string]string) labels {
	list := labels{}
	for key, forms := range all {
		for _, s := range forms {
			bare := strings.TrimSuffix(s, "…")
			if len([]rune(bare)) > 60 || strings.Trim(hole.ReplaceAllString(regexp.QuoteMeta(bare), ""), " .:") == "" {
				continue
			}
			pattern := hole.ReplaceAllString(regexp.QuoteMeta(bare), ".+")
			list[key] = append(list[key], regexp.MustCompile("^"+pattern+"…?$"))
		}
	}
	return list
}

// saying are the keys, but for one, whose label reads so.
func (l labels) saying(name, but string) (keys []string) {
	for key, patterns := range l {
		if key != but && slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(name) }) {
			keys = append(keys, key)
		}
	}
	return keys
}
