package ui

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
)

// TestNoBreakSpaceHolds finds a colon at the start of a line, where French sets a no-break space before it.
func TestNoBreakSpaceHolds(t *testing.T) {
	k, err := newKit(assets.FS, app.Settings{Language: "it"}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	p := k.paragraph(bodyFace, k.p.ink, "**ceralacca-cli**\u00a0: il rapporto\u00a0: «\u00a0Ceralacca\u00a0»")
	for width := float32(1); width < 500; width += 7 {
		for _, line := range p.lines(width) {
			if first := strings.TrimLeft(line[0].text, "\u00a0"); strings.HasPrefix(first, ":") || strings.HasPrefix(first, "»") {
				t.Fatalf("at %.0f a line begins with %q", width, line[0].text)
			}
			if last := line[len(line)-1].text; strings.HasSuffix(last, "«") {
				t.Fatalf("at %.0f a line ends with %q", width, last)
			}
		}
	}
}

func TestTwoSlashesStandApart(t *testing.T) {
	u, _, _ := window(t, state(nil), 1280, 800)
	p := u.k.paragraph(boxFace, u.k.p.ink, "comincia con https://, qui")
	p.Resize(fyne.NewSize(600, 40))
	var drawn []string
	for _, o := range p.Objects {
		drawn = append(drawn, o.(*canvas.Text).Text)
	}
	if want := []string{"comincia con https:/", "/, qui"}; !slices.Equal(drawn, want) {
		t.Errorf("drawn %q, want %q", drawn, want)
	}
}

// TestCentredTextIsEven: no word stands alone on the last line of a centred text.
func TestCentredTextIsEven(t *testing.T) {
	u, _, _ := window(t, state(nil), 1280, 800)
	p := u.k.paragraph(bodyFace, u.k.p.ink, "uno due tre quattro cinque sei sette otto nove dieci").centred()
	width := p.natural() - 5
	lines := p.lines(p.even(width))
	if len(lines) != 2 || len(lines[1]) < 4 {
		t.Errorf("%d lines, the last of %d words", len(lines), len(lines[len(lines)-1]))
	}
}

// TestVerdictsKeepToALine holds the title of each verdict to one line where there is least room for it, 350 wide beside the
// seal at 200 %, in every language: it is set smaller rather than broken.
func TestVerdictsKeepToALine(t *testing.T) {
	for _, tag := range lang.Languages {
		k := testKit(t, tag, "")
		for _, key := range []string{"verdict.valid", "verdict.unsure", "verdict.broken", "verdict.none"} {
			for _, n := range []int{1, 2, 4, 12480} {
				s := k.Text(lang.MN(key, n))
				if title := k.title(k.p.ink, s); len(texts(laidOut(title, 350))) != 1 {
					t.Errorf("%s: %q has several lines", tag, s)
				}
			}
		}
	}
	k := testKit(t, "it", "")
	long := "Non è possibile confermare le firme di questo documento"
	wide, narrow := texts(laidOut(k.title(k.p.ink, long), 900)), texts(laidOut(k.title(k.p.ink, long), 620))
	if len(wide) != 1 || wide[0].TextSize != k.px(28) || len(narrow) != 1 || narrow[0].TextSize >= k.px(28) {
		t.Errorf("%d lines of %v, then %d of %v", len(wide), wide[0].TextSize, len(narrow), narrow[0].TextSize)
	}
	if least := texts(laidOut(k.title(k.p.ink, long), 200)); len(least) < 2 || least[0].TextSize != k.px(20) {
		t.Errorf("%d lines of %v", len(least), least[0].TextSize)
	}
}

// laidOut is o at a width, as high as it then is.
func laidOut(o *fyne.Container, width float32) *fyne.Container {
	o.Resize(fyne.NewSize(width, heightOf(o, width)))
	return o
}

// TestOctetsStayWhole: a digest that is cut loses pairs of digits, never one of a pair.
func TestOctetsStayWhole(t *testing.T) {
	k := testKit(t, "it", "")
	f := k.fitting(monoFace, k.p.ink, "00 25 4A 6F 94 B9 DE 03 28 4D 72 97 BC E1 06 2B 50 75 9A BF")
	f.middle, f.octets = true, true
	for width := float32(160); width < 420; width += 7 {
		for _, pair := range strings.Fields(strings.ReplaceAll(f.shortened(width), "…", " ")) {
			if len(pair) != 2 {
				t.Errorf("%v wide: %q", width, f.shortened(width))
			}
		}
	}
}
