package pdf

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testFont is a TrueType font of three glyphs: nothing, a box for A to Z and a composite of it for a to z.
func testFont() []byte {
	be := func(v ...int) []byte {
		var b []byte
		for _, n := range v {
			b = binary.BigEndian.AppendUint16(b, uint16(n))
		}
		return b
	}
	headT := make([]byte, 54)
	copy(headT, be(1, 0))
	copy(headT[18:], be(1000))
	copy(headT[36:], be(0, 0, 500, 700))
	hhea := make([]byte, 36)
	copy(hhea[4:], be(800, -200&0xffff))
	copy(hhea[34:], be(1))
	box := append(be(1, 0, 0, 500, 700, 3, 0), 1, 1, 1, 1)
	box = append(box, be(0, 500, 0, -500&0xffff, 0, 0, 700, 0)...)
	composite := be(-1&0xffff, 0, 0, 500, 700, 0x0002, 1)
	composite = append(composite, 0, 0)
	glyf := append(bytes.Clone(box), composite...)
	segments := be(4, 0, 0, 6, 0, 0, 0)
	segments = append(segments, be('Z', 'z', 0xffff)...)
	segments = append(segments, be(0)...)
	segments = append(segments, be('A', 'a', 0xffff)...)
	segments = append(segments, be(0, 0, 1)...)
	// All capitals are glyph 1 and all small letters glyph 2, through the array of glyph numbers.
	segments = append(segments, be(6, 2+2*26+2, 0)...)
	for i := range 52 {
		segments = append(segments, be(1+i/26)...)
	}
	sub := append(be(4, len(segments)), segments[4:]...)
	binary.BigEndian.PutUint16(sub[2:], uint16(len(sub)))
	cmap := append(be(0, 1, 3, 1, 0, 12), sub...)
	return assemble(map[string][]byte{
		"head": headT, "hhea": hhea, "hmtx": be(600, 0), "maxp": be(1, 0, 3), "glyf": glyf,
		"loca": be(0, 0, len(box)/2, len(glyf)/2), "cmap": cmap,
	})
}

func TestFontTables(t *testing.T) {
	f, err := parseFont(testFont())
	if err != nil {
		t.Fatal(err)
	}
	g, w, err := f.encode("Az")
	if err != nil || len(g) != 2 || g[0] != 1 || g[1] != 2 || w != 1200 {
		t.Fatalf("%v %v %v", g, w, err)
	}
	if _, _, err := f.encode("č"); refusal(err) != BadFont {
		t.Errorf("missing glyph: %v", err)
	}
	if keep := f.closure(); len(keep) != 3 {
		t.Errorf("closure %v", keep)
	}
	again, err := parseFont(append(f.subset(f.closure()), 0))
	if err == nil || again != nil {
		t.Error("a subset without cmap was read as a font of its own")
	}
	for n := range testFont() {
		if f, err := parseFont(testFont()[:n]); err == nil { // truncated tables must not be followed
			_, _, _ = f.encode("Az")
			f.closure()
		}
	}
}

func FuzzFont(f *testing.F) {
	f.Add(testFont())
	f.Fuzz(func(t *testing.T, b []byte) {
		ft, err := parseFont(b)
		if err != nil {
			return
		}
		if _, _, err := ft.encode("Az č"); err != nil && refusal(err) == "" {
			t.Fatal(err)
		}
		ft.subset(ft.closure())
		ft.psName()
	})
}

func TestVisible(t *testing.T) {
	pic := &Picture{Width: 2, Height: 1, RGB: []byte{255, 0, 0, 0, 0, 255}}
	for _, rotate := range []string{"0", "90", "180", "270", "-90"} {
		t.Run(rotate, func(t *testing.T) {
			in := plain().with(objects{2: "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[10 20 310 220]/Rotate " + rotate + ">>"}).table(head)
			out := signed(t, in, Options{Appearance: &Appearance{
				Page: 1, Rect: [4]float64{20, 30, 120, 70}, Lines: []string{"ADA", "lovelace"}, Font: testFont(), Picture: pic, Border: true,
			}})
			s := mustScan(t, out)
			if s.Flagged() {
				t.Error(reasons(s))
			}
			want := map[string][4]float64{
				"0": {30, 50, 130, 90}, "90": {240, 40, 280, 140}, "180": {190, 150, 290, 190},
				"270": {40, 100, 80, 200}, "-90": {40, 100, 80, 200},
			}[rotate]
			f, err := open(context.Background(), bytes.NewReader(out), int64(len(out)))
			if err != nil {
				t.Fatal(err)
			}
			fields := f.fields()
			if got := rectOf(f, fields[len(fields)-1].d["Rect"]); got != want {
				t.Errorf("rectangle %v, want %v", got, want)
			}
			qpdfCheck(t, out)
			noTransparency(t, f, out)
		})
	}
}

// noTransparency holds what PDF/A-1 forbids out of the appended revision.
func noTransparency(t *testing.T, f *file, out []byte) {
	t.Helper()
	for n := range f.entries {
		d := f.dict(ref{num: n})
		for _, k := range []name{"SMask", "ca", "CA", "BM", "Group"} {
			if _, ok := d[k]; ok {
				t.Errorf("object %d has /%s", n, k)
			}
		}
	}
	if bytes.Contains(out, []byte("/ExtGState")) {
		t.Error("graphics state dictionary")
	}
}

// TestVisibleRealFont embeds a font of the system and lets poppler read the text back.
func TestVisibleRealFont(t *testing.T) {
	path, err := exec.Command(tool(t, "fc-match"), "-f", "%{file}", "DejaVu Sans:style=Book").Output()
	if err != nil || filepath.Base(string(path)) != "DejaVuSans.ttf" {
		t.Skip("DejaVu Sans is not installed (.ci/install check)")
	}
	ttf, err := os.ReadFile(string(path))
	if err != nil {
		t.Fatal(err)
	}
	out := signed(t, plain().table(head), Options{Appearance: &Appearance{
		Page: 1, Rect: [4]float64{50, 50, 250, 110}, Lines: []string{"Firmato da: Niccolò Žižek", "22/11/2026 10:30"}, Font: ttf,
	}})
	if len(out) > 120<<10 {
		t.Errorf("%d bytes: the font was not subset", len(out))
	}
	qpdfCheck(t, out)
	p := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(p, out, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(tool(t, "pdftotext"), p, "-").CombinedOutput()
	if err != nil || !strings.Contains(string(text), "Niccolò Žižek") || strings.Contains(string(text), "rror") {
		t.Errorf("pdftotext: %v %s", err, text)
	}
	fonts, err := exec.Command(tool(t, "pdffonts"), p).CombinedOutput()
	if err != nil || !strings.Contains(string(fonts), "+DejaVuSans") || !strings.Contains(string(fonts), "yes yes yes") {
		t.Errorf("pdffonts: %v %s", err, fonts)
	}
}

func TestVisibleInExistingField(t *testing.T) {
	out := signed(t, formed().table(head), Options{Field: "Firma", Appearance: &Appearance{Lines: []string{"ADA"}, Font: testFont()}})
	if s := mustScan(t, out); s.Flagged() || s.Signatures[0].Field != "Firma" {
		t.Error(reasons(s))
	}
	qpdfCheck(t, out)
}
