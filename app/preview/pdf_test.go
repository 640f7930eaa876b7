package preview_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ceralacca/app/preview"
	"ceralacca/app/preview/pdfium"
)

// TestMain makes the test program its own helper.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == preview.WorkerArg {
		os.Exit(pdfium.Serve(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// makePDF writes a PDF of the objects, of which the first is the catalog.
func makePDF(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

func stream(dict, content string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(content), content)
}

// onePage is a PDF of one page with the media box, content and further objects from number 5.
func onePage(box, content string, more ...string) []byte {
	return makePDF(append([]string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [" + box + "] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
		stream("", content),
	}, more...)...)
}

// kept lets a test draw with the helper of the one before: compiling PDFium under the race detector takes many seconds.
var kept preview.Helpers

func open(t *testing.T, b []byte) *preview.Document {
	t.Helper()
	d, err := preview.Open(t.Context(), "a.pdf", bytes.NewReader(b), int64(len(b)), preview.Options{Helpers: &kept})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestPage(t *testing.T) {
	b := onePage("0 0 200 100", "1 0 0 rg 0 0 100 100 re f BT /F 12 Tf 110 50 Td (Buongiorno) Tj ET")
	d := open(t, b)
	if d.SHA256 != sha256.Sum256(b) {
		t.Errorf("SHA-256 is %x", d.SHA256)
	}
	f, err := d.PDF(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f != (preview.Facts{Pages: 1}) {
		t.Errorf("facts are %+v", f)
	}
	p, err := d.Page(t.Context(), 0, 400, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Image.Bounds().Size().String(); got != "(400,200)" {
		t.Errorf("page is %s pixels", got)
	}
	if p.Points != (preview.Size{Width: 200, Height: 100}) {
		t.Errorf("page is %v points", p.Points)
	}
	if r, g, _, a := p.Image.At(100, 100).RGBA(); r != 0xffff || g != 0 || a != 0xffff {
		t.Errorf("left half is not red but %v", p.Image.At(100, 100))
	}
	if c := p.Image.At(390, 10); fmt.Sprint(c) != "{255 255 255 255}" {
		t.Errorf("paper is not white but %v", c)
	}
	again, err := d.Page(t.Context(), 0, 400, 1000)
	if err != nil || again != p {
		t.Errorf("a page drawn before is drawn again: %v", err)
	}
	if text, err := d.Text(t.Context(), 0); err != nil || !strings.Contains(text, "Buongiorno") {
		t.Errorf("text is %q, %v", text, err)
	}
	var no *preview.FileError
	if _, err := d.Page(t.Context(), 1, 400, 400); !errors.As(err, &no) || no.Fault != preview.FaultPage {
		t.Errorf("a page that is not there: %v", err)
	}
	d.Close()
	if _, err := d.Page(t.Context(), 0, 100, 100); err == nil {
		t.Error("a closed preview draws")
	}
}

// TestLargeObject: an object longer than what is sent at once is drawn as it is, to its last row.
func TestLargeObject(t *testing.T) {
	pixels := bytes.Repeat([]byte("\xff\x00\x00"), 600*600/2)
	pixels = append(pixels, bytes.Repeat([]byte("\x00\xff\x00"), 600*600/2)...)
	d := open(t, onePage("0 0 100 100", "100 0 0 100 0 0 cm /X Do",
		stream("/Type /XObject /Subtype /Image /Width 600 /Height 600 /BitsPerComponent 8 /ColorSpace /DeviceRGB", string(pixels))))
	p, err := d.Page(t.Context(), 0, 100, 100)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 100 {
		want := "{255 0 0 255}"
		if y >= 50 {
			want = "{0 255 0 255}"
		}
		if got := fmt.Sprint(p.Image.At(50, y)); got != want && y != 49 && y != 50 {
			t.Fatalf("row %d is %s", y, got)
		}
	}
}

// TestTransparentPage: a page whose content is transparent is on white paper too.
func TestTransparentPage(t *testing.T) {
	d := open(t, makePDF(
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R /Group << /S /Transparency /CS /DeviceRGB >> /Resources << /ExtGState << /G << /ca 0.5 /BM /Screen >> >> >> >>",
		stream("", "/G gs 1 0 0 rg 0 0 50 100 re f")))
	p, err := d.Page(t.Context(), 0, 100, 100)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Image.RGBAAt(75, 50); got != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("paper is %v", got)
	}
	if got := p.Image.RGBAAt(25, 50); got.R != 255 || got.G < 120 || got.G > 135 || got.A != 255 {
		t.Errorf("half red is %v", got)
	}
}

// TestChanged: what is drawn is what was hashed, or nothing.
func TestChanged(t *testing.T) {
	b := onePage("0 0 200 100", "1 0 0 rg 0 0 100 100 re f")
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	d, err := preview.Open(t.Context(), "a.pdf", f, int64(len(b)), preview.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	if _, err := f.WriteAt([]byte("0 1 0"), int64(bytes.Index(b, []byte("1 0 0 rg")))); err != nil {
		t.Fatal(err)
	}
	if _, err := d.PDF(t.Context()); !errors.Is(err, preview.ErrChanged) {
		t.Errorf("changed file: %v", err)
	}
}

func deflated(b []byte) string {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(b); err != nil || w.Close() != nil {
		panic("deflate")
	}
	return out.String()
}

// TestHostile: each file ends in an error or in a picture, within its limits, and the next file is drawn all the same.
func TestHostile(t *testing.T) {
	// Ten forms, each painting the next ten times, with something to paint at the end.
	forms := []string{}
	for i := range 12 {
		forms = append(forms, stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 1000 1000] /Resources << /XObject << /X %d 0 R >> >>", 6+i),
			strings.Repeat("/X Do ", 10)))
	}
	forms = append(forms, stream("/Type /XObject /Subtype /Form /BBox [0 0 1000 1000]", "0 0 10 10 re f"))
	for name, c := range map[string]struct {
		file []byte
		late bool // runs into the time limit; the others may, on a slow machine
	}{
		"no PDF":      {[]byte("%PDF-1.7\nnothing else"), false},
		"empty":       {nil, false},
		"bare zeros":  {make([]byte, 1<<20), false},
		"huge page":   {onePage("0 0 1e9 1e9", "0 0 1 1 re f"), false},
		"needle":      {onePage("0 0 1 14400", "0 0 1 1 re f"), false},
		"no box":      {onePage("0 0 0 0", ""), false},
		"NaN box":     {onePage("a b c d", ""), false},
		"own parent":  {makePDF("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 9 /Parent 2 0 R >>"), false},
		"false count": {makePDF("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 2147483647 >>"), false},
		"form in itself": {onePage("0 0 100 100", "/X Do",
			stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>", "/X Do /X Do /X Do")), true},
		"bomb of a content": {onePage("0 0 100 100", "/X Do",
			stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Filter [/FlateDecode /FlateDecode]",
				deflated([]byte(deflated(bytes.Repeat([]byte("q "), 64<<20)))))), false},
		"picture larger than memory": {onePage("0 0 100 100", "100 0 0 100 0 0 cm /X Do",
			stream("/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /FlateDecode",
				deflated(make([]byte, 1<<20)))), false},
		"ten to the twelfth forms": {onePage("0 0 1000 1000", "/X Do", forms...), false},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, c.file)
			preview.SetLimits(d, time.Minute, 2*time.Second)
			_, err := d.Page(t.Context(), 0, 800, 800)
			var lost *preview.HelperError
			var no *preview.FileError
			switch late := errors.As(err, &lost) && lost.TimeOut; {
			case c.late && !late, err != nil && !late && !errors.As(err, &no):
				t.Errorf("ended with %v", err)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	d := open(t, onePage("0 0 10 10", ""))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.PDF(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := d.PDF(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestGivenUp: a file that costs helper after helper is not tried for ever.
func TestGivenUp(t *testing.T) {
	d := open(t, onePage("0 0 10 10", ""))
	preview.SetLimits(d, 0, 0)
	for range 3 {
		if _, err := d.PDF(t.Context()); errors.Is(err, preview.ErrGivenUp) {
			t.Fatal("given up too early")
		}
	}
	if _, err := d.PDF(t.Context()); !errors.Is(err, preview.ErrGivenUp) {
		t.Errorf("the fourth: %v", err)
	}
}

// TestHelpers: the next file is drawn by the helper of the last, and not what the last one was.
func TestHelpers(t *testing.T) {
	var kept preview.Helpers
	t.Cleanup(kept.Close)
	look := func(b []byte) (*preview.Page, error) {
		d, err := preview.Open(t.Context(), "a.pdf", bytes.NewReader(b), int64(len(b)), preview.Options{Helpers: &kept})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		return d.Page(t.Context(), 0, 100, 100)
	}
	red, green := onePage("0 0 10 10", "1 0 0 rg 0 0 10 10 re f"), onePage("0 0 10 10", "0 1 0 rg 0 0 10 10 re f")
	first := 0
	for i, c := range []struct {
		file []byte
		want string
	}{{red, "{255 0 0 255}"}, {green, "{0 255 0 255}"}, {[]byte("%PDF-1.7 nothing"), ""}, {red, "{255 0 0 255}"}} {
		p, err := look(c.file)
		if c.want == "" {
			var no *preview.FileError
			if !errors.As(err, &no) || no.Fault != preview.FaultDamaged {
				t.Errorf("file %d: %v", i, err)
			}
			if now := preview.IdleProcess(&kept); now != first {
				t.Errorf("another helper after a damaged file, %d after %d", now, first)
			}
			continue
		}
		if err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
		if got := fmt.Sprint(p.Image.At(50, 50)); got != c.want {
			t.Errorf("file %d is %s", i, got)
		}
		switch now := preview.IdleProcess(&kept); i {
		case 0:
			first = now
		case 1:
			if now != first {
				t.Errorf("another helper, %d after %d", now, first)
			}
		}
	}
}
