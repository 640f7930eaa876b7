package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"
)

// plainWindow is a window of one colour on the screen, which hears keys.
func plainWindow(t *testing.T, s *screen, rgb uint32, width, height uint16) *window {
	t.Helper()
	id, err := xproto.NewWindowId(s.conn)
	if err != nil {
		t.Fatal(err)
	}
	on := xproto.Setup(s.conn).DefaultScreen(s.conn)
	err = xproto.CreateWindowChecked(s.conn, on.RootDepth, id, on.Root, 30, 30, width, height, 0,
		xproto.WindowClassInputOutput, on.RootVisual, xproto.CwBackPixel|xproto.CwOverrideRedirect|xproto.CwEventMask,
		[]uint32{rgb, 1, xproto.EventMaskKeyPress | xproto.EventMaskKeyRelease}).Check()
	if err != nil {
		t.Fatal(err)
	}
	if err := xproto.MapWindowChecked(s.conn, id).Check(); err != nil {
		t.Fatal(err)
	}
	return &window{s: s, id: id}
}

func TestKeysArrive(t *testing.T) {
	s := testScreen(t)
	w := plainWindow(t, s, 0, 40, 40)
	err := xproto.SetInputFocusChecked(s.conn, xproto.InputFocusPointerRoot, w.id, xproto.TimeCurrentTime).Check()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.press(keyControl, 'o'); err != nil {
		t.Fatal(err)
	}
	if err := w.enter("05"); err != nil {
		t.Fatal(err)
	}
	if err := w.press(0xfffff1); err == nil {
		t.Error("a key that no keyboard has was pressed")
	}
	want := []string{"+ctrl", "+o", "-o", "-ctrl", "+0", "-0", "+5", "-5"}
	names := map[xproto.Keycode]string{s.keys[keyControl]: "ctrl", s.keys['o']: "o", s.keys['0']: "0", s.keys['5']: "5"}
	var got []string
	err = until(t.Context(), 10*time.Second, "the keys arrive", func() (bool, error) {
		event, failed := s.conn.PollForEvent()
		if failed != nil {
			return false, failed
		}
		switch e := event.(type) {
		case xproto.KeyPressEvent:
			got = append(got, "+"+names[e.Detail])
		case xproto.KeyReleaseEvent:
			got = append(got, "-"+names[e.Detail])
		}
		return len(got) == len(want), nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("arrived %v, want %v (%v)", got, want, err)
	}
}

func TestFrame(t *testing.T) {
	s := testScreen(t)
	w := plainWindow(t, s, 0x8c1c2e, 30, 20)
	frame, err := w.settled(t.Context(), "a plain window stands still", nil)
	if err != nil {
		t.Fatal(err)
	}
	wax := color.RGBA{0x8c, 0x1c, 0x2e, 0xff}
	if frame.Rect != image.Rect(0, 0, 30, 20) || frame.RGBAAt(29, 19) != wax {
		t.Errorf("%v, %v in the corner", frame.Rect, frame.RGBAAt(29, 19))
	}
	if painted, err := w.painted(); painted || err != nil {
		t.Errorf("one colour counts as painted (%v)", err)
	}
	path := filepath.Join(t.TempDir(), "frame.png")
	if err := savePNG(path, frame); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if saved, err := png.Decode(f); err != nil || color.RGBAModel.Convert(saved.At(3, 3)) != wax {
		t.Errorf("saved otherwise: %v", err)
	}
	// Half outside the screen there is no picture, and no error either.
	err = xproto.ConfigureWindowChecked(s.conn, w.id, xproto.ConfigWindowX, []uint32{1590}).Check()
	if err != nil {
		t.Fatal(err)
	}
	if frame, err := w.frame(); frame != nil || err != nil {
		t.Errorf("outside the screen: %v, %v", frame != nil, err)
	}
}

func TestDifference(t *testing.T) {
	a, b := image.NewRGBA(image.Rect(0, 0, 10, 10)), image.NewRGBA(image.Rect(0, 0, 10, 10))
	for i, want := range []float64{0, 0.01, 0.02} {
		if got := difference(a, b); got != want {
			t.Errorf("%d pixels differ: %v, want %v", i, got, want)
		}
		b.Pix[i*4] = 1
	}
	if got := difference(a, image.NewRGBA(image.Rect(0, 0, 5, 20))); got != 1 {
		t.Errorf("another size: %v, want 1", got)
	}
}

func TestTell(t *testing.T) {
	o := &outcome{
		file: "/d/a b.txt", signed: "/d/a b.txt.p7m", report: "/d/r.json", words: "/d/r.txt", pictures: []string{"/d/1.png", "/d/2.png"},
		firstFrame: 250 * time.Millisecond, peakMiB: 150,
	}
	if err := o.read([]byte(`{"files":[{"format":"CAdES","signatures":[{"integrity":"intact","indication":"INDETERMINATE","level":"B-B","signer":{"cn":"ANNA"}}]}]}`)); err != nil {
		t.Fatal(err)
	}
	var w strings.Builder
	o.tell(&w)
	for _, want := range []string{"250ms", "a b.txt.p7m", "signed by ANNA", "CAdES B-B", "signature intact", "no legal value"} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("%q is not in:\n%s", want, w.String())
		}
	}
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, report, want string }{
		{"not JSON", "x", "reading the report: invalid character 'x' looking for beginning of value"},
		{"no file", `{"files":[]}`, "the report speaks of 0 files, not of one"},
		{"an error", `{"files":[{"error":{"code":"c","text":"t"}}]}`, "the signed file could not be verified: c: t"},
		{"no signature", `{"files":[{}]}`, "the report does not tell one intact signature"},
		{"broken", `{"files":[{"signatures":[{"integrity":"broken"}]}]}`, "the report does not tell one intact signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := new(outcome).read([]byte(c.report)); err == nil || !strings.HasPrefix(fmt.Sprint(err), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestSaysPractice(t *testing.T) {
	band := image.NewRGBA(image.Rect(0, 0, 1180, 780))
	for i := range band.Pix {
		band.Pix[i] = 0xe0
	}
	for x := 20; x < 40; x++ { // the mark alone
		band.SetRGBA(x, 15, color.RGBA{A: 0xff})
	}
	if saysPractice(band) {
		t.Error("an empty band counts as told")
	}
	for x := 50; x < 290; x += 2 { // strokes of words
		band.SetRGBA(x, 14, color.RGBA{A: 0xff})
		band.SetRGBA(x, 15, color.RGBA{A: 0xff})
	}
	if !saysPractice(band) {
		t.Error("words in the band are not seen")
	}
}
