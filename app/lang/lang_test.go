package lang_test

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ceralacca/app/lang"
	"ceralacca/assets"
)

func load(t *testing.T, tag string) *lang.Catalog {
	t.Helper()
	c, err := lang.Load(assets.FS, tag)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLanguagesSayTheSame holds every language to the keys and placeholders of the source language.
func TestLanguagesSayTheSame(t *testing.T) {
	source := load(t, lang.Languages[0])
	hole := regexp.MustCompile(`\{[A-Za-z_]+\}`)
	holes := func(c *lang.Catalog, key string) []string {
		var all []string
		for _, n := range []int{1, 7} {
			all = append(all, hole.FindAllString(c.Text(lang.Msg{Key: key, N: n}), -1)...) // number words are filled in
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	for _, tag := range lang.Languages[1:] {
		c := load(t, tag)
		if got, want := c.Keys(), source.Keys(); !slices.Equal(got, want) {
			for _, k := range want {
				if !c.Has(k) {
					t.Errorf("%s lacks %q", tag, k)
				}
			}
			for _, k := range got {
				if !source.Has(k) {
					t.Errorf("%s has %q, which %s lacks", tag, k, source.Tag())
				}
			}
		}
		for _, k := range source.Keys() {
			if a, b := holes(source, k), holes(c, k); c.Has(k) && !slices.Equal(a, b) {
				t.Errorf("%q: placeholders %v in %s, %v in %s", k, a, source.Tag(), b, tag)
			}
		}
	}
}

// TestEveryPluralFormIsThere finds a text that counts in one language and forgets a form of another.
func TestEveryPluralFormIsThere(t *testing.T) {
	needed := map[string][]string{
		"it": {"one", "other"}, "en": {"one", "other"}, "de": {"one", "other"}, "fr": {"one", "other"},
		"sl": {"one", "two", "few", "other"},
	}
	counted := map[string]bool{}
	forms := map[string]map[string]map[string]string{}
	for _, tag := range lang.Languages {
		forms[tag] = readForms(t, tag)
		for key, f := range forms[tag] {
			if len(f) > 1 {
				counted[key] = true
			}
		}
	}
	for _, tag := range lang.Languages {
		for key := range counted {
			for _, form := range needed[tag] {
				if f := forms[tag][key]; len(f) > 1 && f[form] == "" {
					t.Errorf("%s: %q has no form %q", tag, key, form)
				}
			}
			if len(forms[tag][key]) == 1 && tag == "sl" {
				t.Errorf("sl: %q says the same for every number; Slovene has four forms", key)
			}
		}
	}
}

// readForms reads the plural forms of every key as the files have them; a plain text has the form "other" alone.
func readForms(t *testing.T, tag string) map[string]map[string]string {
	t.Helper()
	names, err := fs.Glob(assets.FS, "text/"+tag+"/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for _, name := range names {
		b, err := fs.ReadFile(assets.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		var raw map[string]any
		if err := json.Unmarshal(b, &raw); err != nil {
			t.Fatal(err)
		}
		for key, v := range raw {
			all[key] = map[string]string{}
			switch v := v.(type) {
			case string:
				all[key]["other"] = v
			case map[string]any:
				for form, words := range v {
					all[key][form], _ = words.(string)
				}
			}
		}
	}
	return all
}

func TestText(t *testing.T) {
	fsys := fstest.MapFS{"text/it/a.json": {Data: []byte(`{"plain":"Ciao {name}","files":{"one":"un file","other":"{n_word} file, {n}"}}`)}}
	c, err := lang.Load(fsys, "it")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		msg  lang.Msg
		want string
	}{
		{"argument", lang.M("plain", "name", "Anna"), "Ciao Anna"},
		{"braces in an argument stay", lang.M("plain", "name", "{n}"), "Ciao {n}"},
		{"one", lang.MN("files", 1), "un file"},
		{"word", lang.MN("files", 3), "tre file, 3"},
		{"digits above ten", lang.MN("files", 11), "11 file, 11"},
		{"unknown key shows itself", lang.M("nowhere"), "[nowhere]"},
		{"nothing to say", lang.Msg{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := c.Text(tc.msg); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"no language":         {},
		"no such plural form": {"text/it/a.json": {Data: []byte(`{"k":{"many":"x"}}`)}},
		"two files with one key": {
			"text/it/a.json": {Data: []byte(`{"k":"x"}`)}, "text/it/b.json": {Data: []byte(`{"k":"y"}`)},
		},
		"not JSON":          {"text/it/a.json": {Data: []byte(`{`)}},
		"neither text form": {"text/it/a.json": {Data: []byte(`{"k":[1]}`)}},
	} {
		if _, err := lang.Load(fsys, "it"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestPluralForms follows Unicode CLDR's rules for whole numbers.
func TestPluralForms(t *testing.T) {
	data := `{"k":{"one":"one","two":"two","few":"few","other":"other"}}`
	for tag, want := range map[string]map[int]string{
		"it": {0: "other", 1: "one", 2: "other"},
		"de": {0: "other", 1: "one", 2: "other"},
		"fr": {0: "one", 1: "one", 2: "other"},
		"sl": {0: "other", 1: "one", 2: "two", 3: "few", 4: "few", 5: "other", 100: "other", 101: "one", 102: "two", 104: "few", 111: "other"},
	} {
		c, err := lang.Load(fstest.MapFS{"text/" + tag + "/a.json": {Data: []byte(data)}}, tag)
		if err != nil {
			t.Fatal(err)
		}
		for n, form := range want {
			if got := c.Text(lang.MN("k", n)); got != form {
				t.Errorf("%s, %d: got %s, want %s", tag, n, got, form)
			}
		}
	}
}

func TestDatesAndSizes(t *testing.T) {
	it, en, de, fr, sl := load(t, "it"), load(t, "en"), words(t, "de"), words(t, "fr"), words(t, "sl")
	first := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	late := time.Date(2028, 3, 13, 23, 30, 0, 0, time.UTC) // already the 14th in Rome
	for _, tc := range []struct{ got, want string }{
		{it.Date(late), "14 marzo 2028"},
		{en.Date(late), "14 March 2028"},
		{it.ShortDate(late), "14 mar 2028"},
		{it.DateTime(late), "14 marzo 2028, 00:30"},
		{it.Moment(late), "14 marzo 2028, 00:30 (UTC+1)"},
		{en.Moment(late.AddDate(0, 3, 0)), "14 June 2028, 01:30 (UTC+2)"},
		{de.Date(late), "14. März 2028"},
		{de.ShortDate(first), "1. März 2027"},
		{fr.Date(late), "14 mars 2028"},
		{fr.Date(first), "1er mars 2027"},
		{it.Colon() + fr.Colon(), ": \u00a0: "},
		{sl.Date(late), "14. marca 2028"},
		{sl.Text(lang.MN("k", 4)), "4"},
		{fr.Size(1_100_000), "1,1\u00a0Mo"},
		{fr.Size(0), "0\u00a0octets"},
		{de.Size(1), "1\u00a0Byte"},
		{it.Size(0), "0\u00a0byte"},
		{it.Percent(150), "150%"},
		{de.Percent(150), "150\u00a0%"},
		{en.Size(1), "1\u00a0byte"},
		{en.Size(2), "2\u00a0bytes"},
		{it.Size(1_100_000), "1,1\u00a0MB"},
		{en.Size(184_320), "184\u00a0kB"},
		{it.Size(999), "999\u00a0byte"},
		{it.Size(1000), "1,0\u00a0kB"},
		{it.Size(9_960_000), "10\u00a0MB"},
		{it.Size(999_499), "999\u00a0kB"},
		{it.Size(999_500), "1,0\u00a0MB"},
		{en.Size(12_400_000_000_000_000), "12,400\u00a0TB"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

// What CLDR 48 gives for numbers of four, five and seven digits.
func TestCountsSetThousandsApart(t *testing.T) {
	for tag, want := range map[string][3]string{
		"it": {"1240", "12.400", "1.234.567"},
		"en": {"1,240", "12,400", "1,234,567"},
		"de": {"1.240", "12.400", "1.234.567"},
		"fr": {"1\u202f240", "12\u202f400", "1\u202f234\u202f567"},
		"sl": {"1240", "12.400", "1.234.567"},
	} {
		c, err := lang.Load(fstest.MapFS{"text/" + tag + "/a.json": {Data: []byte(`{"k": "{n}, {n_word}, {x}, {serial}"}`)}}, tag)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range []int{1240, 12_400, 1_234_567} {
			m := lang.MN("k", n, "x", lang.Count(n), "serial", lang.Digits(n))
			if got, want := c.Text(m), strings.Repeat(want[i]+", ", 3)+strconv.Itoa(n); got != want {
				t.Errorf("%s: %q, not %q", tag, got, want)
			}
		}
		if got := c.Digits(999) + c.Digits(0) + c.Digits(-999); got != "9990-999" {
			t.Errorf("%s: below a thousand %q", tag, got)
		}
		if got := c.Digits(-12_400); got != "-"+want[1] {
			t.Errorf("%s: %q below zero", tag, got)
		}
	}
}

func TestAmount(t *testing.T) {
	inItalian, inEnglish := load(t, "it"), load(t, "en")
	for in, want := range map[string][2]string{
		"1234567.50": {"1.234.567,50", "1,234,567.50"}, "-5400": {"−5.400", "−5,400"}, "1240.5": {"1.240,5", "1,240.5"}, "1.00000000": {"1,00", "1.00"}, "0.125": {"0,125", "0.125"},
		"": {"", ""}, "dodici": {"dodici", "dodici"}, "1.2.3": {"1.2.3", "1.2.3"},
	} {
		if it, en := inItalian.Amount(in), inEnglish.Amount(in); it != want[0] || en != want[1] {
			t.Errorf("%q becomes %q and %q", in, it, en)
		}
	}
}

func TestSystem(t *testing.T) {
	for _, tc := range []struct{ all, messages, lang, want string }{
		{"", "", "", "it"},
		{"", "", "en_GB.UTF-8", "en"},
		{"", "it_IT.UTF-8", "en_GB.UTF-8", "it"},
		{"C", "", "en_GB.UTF-8", "it"},
		{"", "", "pt_BR.UTF-8", "en"},
		{"", "", "de-IT", "de"}, // as Windows writes it
		{"", "", "sl-SI", "sl"},
	} {
		if runtime.GOOS == "windows" && tc.lang == "" && tc.messages == "" {
			continue // without variables it is that of Windows
		}
		t.Setenv("LC_ALL", tc.all)
		t.Setenv("LC_MESSAGES", tc.messages)
		t.Setenv("LANG", tc.lang)
		if got := lang.System(); got != tc.want {
			t.Errorf("%+v: got %q", tc, got)
		}
	}
}

// words is a catalog of one text, for what a language needs beyond its texts.
func words(t *testing.T, tag string) *lang.Catalog {
	t.Helper()
	c, err := lang.Load(fstest.MapFS{"text/" + tag + "/a.json": {Data: []byte(`{"k":"{N_word}"}`)}}, tag)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDaysInASentence: a day is told as the language tells it, and Italian elides before otto and undici.
func TestDaysInASentence(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2028, 3, d, 12, 0, 0, 0, time.UTC) }
	for _, tc := range []struct {
		tag, text, value, want string
	}{
		{"it", "vale fino al {x}.", "8 marzo 2028", "vale fino all’8 marzo 2028."},
		{"it", "dal {x}", "11 marzo 2028, 10:30", "dall’11 marzo 2028, 10:30"},
		{"it", "Lo ha firmato il {x}.", lang.Day(day(8)), "Lo ha firmato l’8 marzo 2028."},
		{"it", "numero 3 del {x}", lang.Day(day(18)), "numero 3 del 18 marzo 2028"},
		{"it", "il file {x}", "8 marzo.pdf", "il file 8 marzo.pdf"},
		{"it", "Firmi il {x}", "il 8 marzo.pdf", "Firmi il il 8 marzo.pdf"},
		{"en", "signed on {x}", lang.Day(day(8)), "signed on 8 March 2028"},
		{"de", "am {x}", lang.Day(day(8)), "am 8. März 2028"},
		{"fr", "le {x}", lang.Day(day(1)), "le 1er mars 2028"},
		{"sl", "dne {x}", lang.Day(day(8)), "dne 8. marca 2028"},
	} {
		text, err := json.Marshal(map[string]string{"k": tc.text})
		if err != nil {
			t.Fatal(err)
		}
		c, err := lang.Load(fstest.MapFS{"text/" + tc.tag + "/a.json": {Data: text}}, tc.tag)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Text(lang.M("k", "x", tc.value)); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.tag, got, tc.want)
		}
	}
}

func TestPlainHasNoBold(t *testing.T) {
	fsys := fstest.MapFS{"text/it/a.json": {Data: []byte(`{"a":"**Si fermi**, {name}.","b":{"one":"**un** file","other":"{n} file"},"c":"'atti/**/*.pdf': ** per **tutte**"}`)}}
	c, err := lang.Load(fsys, "it")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Plain().Text(lang.M("a", "name", "Anna")) + c.Plain().Text(lang.MN("b", 1)); got != "Si fermi, Anna.un file" {
		t.Errorf("plain: %q", got)
	}
	if got := c.Plain().T("c"); got != "'atti/**/*.pdf': ** per tutte" {
		t.Errorf("a mark without its match: %q", got)
	}
	if got := c.Text(lang.MN("b", 1)); got != "**un** file" {
		t.Errorf("the catalog itself changed: %q", got)
	}
}
