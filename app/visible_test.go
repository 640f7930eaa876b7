package app

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"testing"
	"time"

	"ceralacca/assets"
)

// TestPracticeMarkSaysTest: a visible signature of the practice card says on the page that it is worth nothing; one
// of a real card says what it was told to say.
func TestPracticeMarkSaysTest(t *testing.T) {
	e, _ := practiceEngine(t)
	e.cfg.Assets = assets.FS
	mark := &VisibleMark{Page: 1, Rect: [4]float64{10, 10, 200, 60}, Lines: []string{"Firmato da", "{name}"}}
	for _, tc := range []struct {
		name  string
		e     *Engine
		lines []string
	}{
		{"practice", e, []string{"TEST", "Firmato da", "ANNA"}},
		{"real", New(Config{Assets: assets.FS}), []string{"Firmato da", "ANNA"}},
	} {
		a, err := tc.e.appearance(mark, "ANNA", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Lines, tc.lines) {
			t.Errorf("%s: %q", tc.name, a.Lines)
		}
	}
}

// A picture is kept as large as the mark shows it, in its shape and colours; a small one as it came.
func TestPictureFitsItsMark(t *testing.T) {
	picture := func(w, h int) []byte {
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := range w * h {
			img.Set(i%w, i/w, color.NRGBA{200, 10, 30, uint8(255 * (i % w) / w)}) // from clear to opaque
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	rect := [4]float64{10, 10, 82, 46} // 300 × 150 pixels
	for _, c := range []struct {
		name       string
		mark       *VisibleMark
		wide, high int // 0 for one that stays
	}{
		{"no mark", nil, 0, 0},
		{"no picture", &VisibleMark{Rect: rect}, 0, 0},
		{"no picture at all", &VisibleMark{Rect: rect, Picture: []byte("GIF89a")}, 0, 0},
		{"small", &VisibleMark{Rect: rect, Picture: picture(300, 150)}, 0, 0},
		{"wide", &VisibleMark{Rect: rect, Picture: picture(1200, 400)}, 300, 100},
		{"high", &VisibleMark{Rect: rect, Picture: picture(200, 600)}, 50, 150},
		{"a line", &VisibleMark{Rect: rect, Picture: picture(3000, 1)}, 300, 1},
		{"no place", &VisibleMark{Rect: [4]float64{10, 10, 10, 10}, Picture: picture(1200, 400)}, 0, 0},
		{"senseless place", &VisibleMark{Rect: [4]float64{0, 0, math.NaN(), 9}, Picture: picture(1200, 400)}, 0, 0},
	} {
		got := c.mark.fitted()
		if c.wide == 0 {
			if got != c.mark {
				t.Errorf("%s: changed", c.name)
			}
			continue
		}
		img, err := decodePicture(got.Picture)
		if err != nil || img.Bounds().Dx() != c.wide || img.Bounds().Dy() != c.high || got.Rect != c.mark.Rect || got == c.mark {
			t.Errorf("%s: %v, %v", c.name, img.Bounds(), err)
			continue
		}
		if r, g, b, a := img.At(c.wide-2, 0).RGBA(); r>>8 < 180 || g>>8 > 40 || b>>8 > 60 || a>>8 < 230 {
			t.Errorf("%s: colour %d %d %d %d", c.name, r>>8, g>>8, b>>8, a>>8)
		}
	}
}
