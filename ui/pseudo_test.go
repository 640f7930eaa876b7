package ui

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"fyne.io/fyne/v2/canvas"

	"ceralacca/app"
	"ceralacca/assets"
)

var keep = regexp.MustCompile(`\{[A-Za-z_]+\}|\*\*`)

// pseudoMark is a letter of no language of ours.
const pseudoMark = "ū"

// pseudo says s in a language that does not exist: every vowel carries a mark, and there are 40 % more letters.
func pseudo(s string) string {
	marks := strings.NewReplacer("a", "á", "e", "é", "i", "í", "o", "ó", "u", "ú", "A", "Á", "E", "É", "I", "Í", "O", "Ó", "U", "Ú")
	var out strings.Builder
	last := 0
	for _, at := range keep.FindAllStringIndex(s, -1) {
		out.WriteString(marks.Replace(s[last:at[0]]))
		out.WriteString(s[at[0]:at[1]])
		last = at[1]
	}
	out.WriteString(marks.Replace(s[last:]))
	more := len([]rune(keep.ReplaceAllString(s, ""))) * 2 / 5
	for i := range more {
		if i%9 == 0 {
			out.WriteByte(' ')
		}
		out.WriteString(pseudoMark)
	}
	return out.String()
}

// pseudoFiles are the assets with the texts of the languages, or of all, said by pseudo.
func pseudoFiles(t *testing.T, tags ...string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(assets.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(assets.FS, path)
		tag, isText := strings.CutPrefix(filepath.ToSlash(filepath.Dir(path)), "text/")
		if err == nil && isText && (len(tags) == 0 || slices.Contains(tags, tag)) {
			b, err = pseudoJSON(b)
		}
		files[path] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func pseudoJSON(b []byte) ([]byte, error) {
	var texts map[string]any
	if err := json.Unmarshal(b, &texts); err != nil {
		return nil, err
	}
	for key, v := range texts {
		switch v := v.(type) {
		case string:
			texts[key] = pseudo(v)
		case map[string]any:
			for form, s := range v {
				v[form] = pseudo(s.(string))
			}
		}
	}
	return json.Marshal(texts)
}

// TestPseudoLanguage shows every scene in a language with longer words, at 800×600 and again at 200 %: no word
// that is not in the catalog, no word and no control outside the window, none cut by its own box.
func TestPseudoLanguage(t *testing.T) {
	files := pseudoFiles(t)
	for _, s := range scenes() {
		for _, scale := range []int{100, 200} {
			t.Run(s.name+"/"+map[int]string{100: "800x600", 200: "200 %"}[scale], func(t *testing.T) {
				u := s.open(t, files, 800, 600, func(set *app.Settings) { set.Language, set.Scale = "it", scale })
				seen, data := seenOf(u), dataOf(reflect.ValueOf(s.state), 0)
				for _, line := range texts(seen) {
					checkPseudo(t, u, line, data)
				}
				for name, c := range controls(seen) {
					x := u.app.Driver().AbsolutePositionForObject(c).X
					if x < -1 || x+c.Size().Width > 801 {
						t.Errorf("control %q lies from %.0f to %.0f in a window of 800", name, x, x+c.Size().Width)
					}
					if w, h := narrowest(c), heightOf(c, c.Size().Width); w > c.Size().Width+1 || h > c.Size().Height+1 {
						t.Errorf("control %q needs %.0f×%.0f and has %.0f×%.0f", name, w, h, c.Size().Width, c.Size().Height)
					}
				}
			})
		}
	}
}

var address = regexp.MustCompile(`^[^ ]*[/._][^ ]*( [a-z]{2})?$|=`)

// plainWord is a word with a vowel that pseudo would have marked; a standard's name in brackets is the same everywhere.
var plainWord = regexp.MustCompile(`\p{L}*[aeiou]\p{L}*`)

var standardName = regexp.MustCompile(`\([A-Za-z]+\)`)

// checkPseudo finds a word that comes neither from the catalog nor from the state, and a line that leaves the window.
func checkPseudo(t *testing.T, u *UI, line *canvas.Text, data string) {
	t.Helper()
	x := u.app.Driver().AbsolutePositionForObject(line).X
	if x < -1 || x+line.MinSize().Width > 802 {
		t.Errorf("%q lies from %.0f to %.0f in a window of 800", line.Text, x, x+line.MinSize().Width)
	}
	if address.MatchString(line.Text) {
		return // a path, a file's name, an address or a distinguished name
	}
	for _, w := range plainWord.FindAllString(standardName.ReplaceAllString(line.Text, ""), -1) {
		if len(w) > 3 && !strings.Contains(data, w) && !ofTheProgram[strings.ToLower(w)] {
			t.Errorf("%q in %q is in no catalog", w, line.Text)
		}
	}
}

// ofTheProgram are words that are the same in every language.
var ofTheProgram = map[string]bool{
	"ceralacca": true, "italiano": true, "english": true, "deutsch": true, "français": true, "slovenščina": true,
	"gennaio": true, "febbraio": true, "marzo": true, "aprile": true, "maggio": true, "giugno": true, "luglio": true,
	"agosto": true, "settembre": true, "ottobre": true, "novembre": true, "dicembre": true,
	"ricevute":   true,                                                             // a folder of the scenes
	"identifica": true, "certificato": true, "autenticazione": true, "prova": true, // the policy of a certificate of the scenes
	"zero": true, "quattro": true, "cinque": true, "sette": true, "otto": true, "nove": true, "dieci": true,
}

// dataOf is every string in the state, run together.
func dataOf(v reflect.Value, depth int) string {
	if depth > 12 {
		return ""
	}
	switch v.Kind() {
	case reflect.String:
		return v.String() + "\n"
	case reflect.Pointer, reflect.Interface:
		return dataOf(v.Elem(), depth+1)
	case reflect.Struct:
		var s string
		for i := range v.NumField() {
			s += dataOf(v.Field(i), depth+1)
		}
		return s
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			return ""
		}
		var s string
		for i := range v.Len() {
			s += dataOf(v.Index(i), depth+1)
		}
		return s
	case reflect.Map:
		var s string
		for _, k := range v.MapKeys() {
			s += dataOf(k, depth+1) + dataOf(v.MapIndex(k), depth+1)
		}
		return s
	}
	return ""
}
