package ui

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"image/color"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
)

// walk calls visit with what o shows, the outer first; visit tells whether it is to be shown what is inside, too.
func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject) bool) {
	if o == nil || !o.Visible() || !visit(o) {
		return
	}
	var inside []fyne.CanvasObject
	switch x := o.(type) {
	case *fyne.Container:
		inside = x.Objects
	case *press:
		inside = []fyne.CanvasObject{x.body}
	case *container.Scroll:
		inside = []fyne.CanvasObject{x.Content}
	case fyne.Widget:
		inside = test.WidgetRenderer(x).Objects()
	}
	for _, c := range inside {
		walk(c, visit)
	}
}

// texts are the lines that o shows.
func texts(o fyne.CanvasObject) []*canvas.Text {
	var out []*canvas.Text
	walk(o, func(o fyne.CanvasObject) bool {
		if line, ok := o.(*canvas.Text); ok && line.Text != "" {
			out = append(out, line)
		}
		return true
	})
	return out
}

// words is every text that o shows.
func words(o fyne.CanvasObject) string {
	var out []string
	for _, line := range texts(o) {
		out = append(out, line.Text)
	}
	return strings.Join(out, "\n")
}

// controls are the presses that o shows, by name.
func controls(o fyne.CanvasObject) map[string]fyne.CanvasObject {
	found := map[string]fyne.CanvasObject{}
	walk(o, func(o fyne.CanvasObject) bool {
		switch x := o.(type) {
		case *button:
			found[x.name] = x
		case *choice:
			found[x.name] = x
		case *press:
			found[x.name] = x
			return true
		case *tap:
			found[x.name] = x
		default:
			return true
		}
		return false
	})
	return found
}

func press1(t *testing.T, u *UI, name string) {
	t.Helper()
	c := controls(u.shell.object)
	b, ok := c[name].(fyne.Tappable)
	if !ok {
		var names []string
		for n := range c {
			names = append(names, n)
		}
		t.Fatalf("no control %q; there are %q", name, names)
	}
	b.Tapped(nil)
}

func TestDoInOneFile(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("listing the package: %v", err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`fyne\.DoAndWait`).Match(b) {
			t.Errorf("%s calls fyne.DoAndWait", f)
		}
		if f != "loop.go" && regexp.MustCompile(`fyne\.Do\b`).Match(b) {
			t.Errorf("%s calls fyne.Do; only loop.go may", f)
		}
	}
}

// TestPINIsNeverAString holds the rule by type: no field of the PIN field or its panel can hold typed digits.
func TestPINIsNeverAString(t *testing.T) {
	test.NewTempApp(t)
	typ := reflect.TypeFor[pinField]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Type.Kind() == reflect.String || f.Type == reflect.TypeFor[[]byte]() || f.Type == reflect.TypeFor[[]rune]() {
			t.Errorf("pinField.%s could hold digits", f.Name)
		}
		if f.Type == reflect.TypeFor[widget.Entry]() || f.Type == reflect.TypeFor[*widget.Entry]() {
			t.Errorf("pinField.%s is an Entry", f.Name)
		}
	}
	tree, err := parser.ParseFile(token.NewFileSet(), "pinfield.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "string" {
				t.Error("pinfield.go makes a string")
			}
		}
		return true
	})
	k := testKit(t, "it", "light")
	f := newPINField(k, 5, 8)
	for _, r := range "12x34५5" {
		f.TypedRune(r)
	}
	if got := f.pin.Len(); got != 5 {
		t.Errorf("%d digits taken, want 5: only 0 to 9 count", got)
	}
	if s := fmt.Sprintf("%v %+v %#v", f.pin, f.pin, f.pin); strings.Contains(s, "1234") {
		t.Errorf("the PIN prints: %s", s)
	}
	pin := f.take()
	if f.pin.Len() != 0 || pin.Len() != 5 {
		t.Error("take does not move the digits out")
	}
	pin.Wipe()
}

func testKit(t testing.TB, tag, theme string) *kit {
	t.Helper()
	k, err := newKit(assets.FS, app.Settings{Language: tag, Theme: theme}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func luminance(c color.NRGBA) float64 {
	f := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*f(c.R) + 0.7152*f(c.G) + 0.0722*f(c.B)
}

func ratio(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

// TestContrast computes WCAG 2 contrast of every pair in use: text 4.5, borders and marks 3.
func TestContrast(t *testing.T) {
	for _, p := range []*palette{light, dark, contrast} {
		grounds := []color.NRGBA{p.paper, p.margin, p.leaf, p.sunk}
		check := func(what string, least float64, ink color.NRGBA, on ...color.NRGBA) {
			t.Helper()
			for _, g := range on {
				if r := ratio(ink, g); r < least {
					t.Errorf("%s: %s on %s is %.2f, want %.1f", p.name, what, hexOf(g), r, least)
				}
			}
		}
		tints := []color.NRGBA{p.good.tint, p.warn.tint, p.bad.tint, p.note.tint}
		check("ink", 4.5, p.ink, append(grounds, tints...)...)
		check("muted", 4.5, p.muted, append(grounds, tints...)...)
		check("wax as text", 4.5, p.waxText, grounds...)
		check("words on wax", 4.5, p.onWax, p.wax)
		check("words on the main button", 4.5, p.leaf, p.ink)
		for name, r := range map[string]role{"good": p.good, "warn": p.warn, "bad": p.bad, "note": p.note} {
			check(name, 4.5, r.ink, p.paper, p.leaf, r.tint)
		}
		check("edge", 3, p.edge, grounds...)
		check("edge of what is off", 1.9, p.offEdge, grounds...)
		if on, off := ratio(p.edge, p.leaf), ratio(p.offEdge, p.leaf); on < 1.6*off {
			t.Errorf("%s: the edge of what is off is %.1f on a sheet, that of what is on %.1f", p.name, off, on)
		}
		check("focus", 3, p.focus, grounds...)
		check("renewal", 3, p.renewal, p.leaf, p.paper)
		check("edge of the wax button", 3, p.waxEdge, p.leaf)
	}
}

// TestWords holds that both languages have the same keys and placeholders and that every key used in the code
// has words.
func TestWords(t *testing.T) {
	it, en := testKit(t, "it", "").Catalog, testKit(t, "en", "").Catalog
	place := regexp.MustCompile(`\{[a-z_]+\}`)
	for _, key := range it.Keys() {
		if !strings.HasPrefix(key, "ui.") {
			continue
		}
		if !en.Has(key) {
			t.Errorf("English lacks %s", key)
			continue
		}
		for _, n := range []int{1, 2} {
			a, b := map[string]bool{}, map[string]bool{}
			for _, m := range place.FindAllString(it.Text(lang.Msg{Key: key, N: n}), -1) {
				a[m] = true
			}
			for _, m := range place.FindAllString(en.Text(lang.Msg{Key: key, N: n}), -1) {
				b[m] = true
			}
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%s: placeholders %v and %v", key, a, b)
			}
		}
	}
	for _, key := range en.Keys() {
		if strings.HasPrefix(key, "ui.") && !it.Has(key) {
			t.Errorf("Italian lacks %s", key)
		}
	}
	literal := regexp.MustCompile(`"(ui\.[a-z0-9.-]*[a-z0-9])"`)
	for name, text := range sources(t) {
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			if m[1] == "ui.json" || it.Has(m[1]) || hasPrefix(it, m[1]+".") {
				continue
			}
			t.Errorf("%s uses %s, which has no words", name, m[1])
		}
	}
}

// TestWordsAreUsed finds texts that nothing shows any more.
func TestWordsAreUsed(t *testing.T) {
	var all string
	for _, text := range sources(t) {
		all += text
	}
	for _, key := range testKit(t, "it", "").Keys() {
		if !strings.HasPrefix(key, "ui.") || strings.Contains(all, `"`+key+`"`) {
			continue
		}
		built := false // from a stem: "ui.phase." + name + ".what"
		for stem := key; strings.Contains(stem, "."); {
			stem = stem[:strings.LastIndex(stem, ".")]
			if stem != "ui" && (strings.Contains(all, `"`+stem+`."`) || strings.Contains(all, `"`+stem+`"`)) {
				built = true
				break
			}
		}
		if !built {
			t.Errorf("nothing uses %s", key)
		}
	}
}

func hasPrefix(c *lang.Catalog, p string) bool {
	for _, k := range c.Keys() {
		if strings.HasPrefix(k, p) {
			return true
		}
	}
	return false
}

func sources(t *testing.T) map[string]string {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f] = string(b)
	}
	return out
}

// TestDrawings holds that every drawing named in the code exists.
func TestDrawings(t *testing.T) {
	k := testKit(t, "it", "light")
	names := []string{}
	for _, text := range sources(t) {
		for _, m := range regexp.MustCompile(`(?:icon|picture|round|square|tap|how)\((?:\w+, )?"([a-z-]+)"`).FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
	}
	for _, p := range phaseWords {
		names = append(names, p.icon)
	}
	for _, s := range statusLook {
		names = append(names, s.icon)
	}
	for _, n := range names {
		if _, err := fs.Stat(k.files, "icons/"+n+".svg"); err != nil {
			t.Errorf("no drawing %q", n)
		}
	}
}
