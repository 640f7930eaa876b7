package pdf

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"
)

// A rectangle on the shown page is found again there after it was written, however the page is turned, cut or scaled.
func TestPlaces(t *testing.T) {
	rect := [4]float64{20, 30, 120, 70}
	for name, tt := range map[string]struct {
		page          string
		width, height float64
	}{
		"plain":                        {"/MediaBox[0 0 300 200]", 300, 200},
		"corners the other way":        {"/MediaBox[300 200 0 0]", 300, 200},
		"turned":                       {"/MediaBox[10 20 310 220]/Rotate 90", 200, 300},
		"turned backwards":             {"/MediaBox[10 20 310 220]/Rotate -90", 200, 300},
		"upside down":                  {"/MediaBox[10 20 310 220]/Rotate 180", 300, 200},
		"cropped":                      {"/MediaBox[0 0 500 400]/CropBox[100 100 400 300]", 300, 200},
		"crop box wider than the page": {"/MediaBox[0 0 300 200]/CropBox[-50 -50 400 400]", 300, 200},
		"crop box off the page":        {"/MediaBox[0 0 300 200]/CropBox[400 400 500 500]", 300, 200},
		"large units":                  {"/MediaBox[0 0 300 200]/UserUnit 2", 600, 400},
		"turned, cropped, large units": {"/MediaBox[0 0 500 400]/CropBox[100 100 400 300]/Rotate 270/UserUnit 1.5", 300, 450},
		"senseless unit":               {"/MediaBox[0 0 300 200]/UserUnit -3", 300, 200},
	} {
		t.Run(name, func(t *testing.T) {
			in := plain().with(objects{3: "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<>>" + tt.page + ">>"}).table(head)
			out := signed(t, in, Options{Appearance: &Appearance{Page: 1, Rect: rect, Lines: []string{"ADA"}, Font: testFont(), Border: true}})
			if s := mustScan(t, out); s.Flagged() {
				t.Error(reasons(s))
			}
			qpdfCheck(t, out)
			f, err := open(context.Background(), bytes.NewReader(out), int64(len(out)))
			if err != nil {
				t.Fatal(err)
			}
			f.pages(func(_ int, _ object, d, inherited dict) bool {
				g := f.geometry(d, inherited)
				if p := g.page(); p.Width != tt.width || p.Height != tt.height {
					t.Errorf("page %v", p)
				}
				w := f.fields()[0]
				for i, got := range g.shown(rectOf(f, w.d["Rect"])) {
					if math.Abs(got-rect[i]) > 0.001 { // numbers are written with four decimals
						t.Errorf("side %d of the rectangle is at %v", i, got)
					}
				}
				return true
			})
			if bytes.Contains(out, []byte("/Device")) {
				t.Error("a device colour space was used")
			}
		})
	}
}

// FindPlaces tells the empty fields, and of each whether Prepare would take it.
func TestFindPlaces(t *testing.T) {
	in := formed().with(objects{
		6:  "<</Fields[7 0 R 8 0 R 9 0 R 11 0 R 12 0 R]/DA(/Helv 0 Tf 0 g)/DR<</Font<</Helv 5 0 R>>>>>>",
		10: "[7 0 R 8 0 R 9 0 R 11 0 R]",
		11: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Altro formato)/Rect[300 200 400 260]/F 4/SV<</Ff 2/SubFilter[/adbe.x509.rsa_sha1]>>>>",
		12: "<</FT/Sig/T(Senza pagina)>>",
	}).table(head)
	got, err := FindPlaces(context.Background(), bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Pages) != 1 || got.Pages[0] != (Page{595.276, 841.89}) {
		t.Errorf("pages %v", got.Pages)
	}
	want := []EmptyField{
		{Name: "Firma", Page: 1, Rect: [4]float64{100, 200, 300, 260}},
		{Name: "Blocca", Page: 1, Locks: &FieldMDP{Action: "Include", Fields: []string{"Importo"}}},
		{Name: "Altro formato", Page: 1, Rect: [4]float64{300, 200, 400, 260}, Refused: SeedValue},
		{Name: "Senza pagina"},
	}
	if len(got.Fields) != len(want) {
		t.Fatalf("fields %+v", got.Fields)
	}
	for i, w := range want {
		g := got.Fields[i]
		if g.Name != w.Name || g.Page != w.Page || g.Rect != w.Rect || g.Refused != w.Refused || (g.Locks == nil) != (w.Locks == nil) {
			t.Errorf("%+v, want %+v", g, w)
		}
		for _, visible := range []bool{false, true} {
			o := Options{Field: g.Name, Claimed: testTime}
			if visible {
				o.Appearance = &Appearance{Lines: []string{"ADA"}, Font: testFont()}
			}
			_, err := Prepare(context.Background(), bytes.NewReader(in), int64(len(in)), o)
			refused := w.Refused
			switch {
			case refused != "" || !visible:
			case w.Page == 0:
				refused = NoSuchPage
			case w.Rect[2] == w.Rect[0]:
				refused = BadAppearance
			}
			if r := refusal(err); r != refused {
				t.Errorf("%s, visible %v: %v, want %q", g.Name, visible, err, refused)
			}
		}
	}
	var bad *Error
	if _, err := FindPlaces(context.Background(), bytes.NewReader([]byte("%PDF-")), 5); !errors.As(err, &bad) {
		t.Errorf("no PDF: %v", err)
	}
}

// A signature that locks fields makes the places behind it refuse.
func TestLockedPlaces(t *testing.T) {
	in := formed().with(objects{
		9: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Blocca)/Rect[0 0 0 0]/P 3 0 R/F 4/Lock<</Type/SigFieldLock/Action/All>>>>",
	}).table(head)
	out := signed(t, in, Options{Field: "Blocca"})
	s := mustScan(t, out)
	if s.Signatures[0].FieldMDP == nil || s.Signatures[0].FieldMDP.Action != "All" {
		t.Errorf("FieldMDP %+v", s.Signatures[0].FieldMDP)
	}
	got, err := FindPlaces(context.Background(), bytes.NewReader(out), int64(len(out)))
	if err != nil || len(got.Fields) != 1 || got.Fields[0].Refused != FieldLocked {
		t.Errorf("%+v %v", got, err)
	}
	_, err = Prepare(context.Background(), bytes.NewReader(out), int64(len(out)), Options{Claimed: testTime})
	if refusal(err) != FieldLocked {
		t.Errorf("a new field under a lock of all: %v", err)
	}
	if s := mustScan(t, signed(t, out, Options{TimeStamp: true})); s.Flagged() {
		t.Error(reasons(s))
	}
}
