package pdf

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLexer(t *testing.T) {
	for _, c := range []struct {
		in   string
		want object
	}{
		{"12", int64(12)},
		{"-0.50 ", real("-0.50")},
		{"+7", int64(7)},
		{"99999999999999999999", real("99999999999999999999")},
		{"3 0 R", ref{3, 0}},
		{"3 0 Rx", int64(3)},
		{"[1 0 R 2 3]", array{ref{1, 0}, int64(2), int64(3)}},
		{"/A#20b", name("A b")},
		{"/", name("")},
		{"(a(b)\\)\\053\\n\\\r\nc)", str{b: []byte("a(b))+\nc")}},
		{"(a\r\nb)", str{b: []byte("a\nb")}},
		{"<48 6 5 7>", str{b: []byte("Hep")}},
		{"<</A 1/B[true null]>>", dict{"A": int64(1), "B": array{true, nil}}},
		{"<</A/B/C>>", dict{"A": name("B"), "C": nil}},
		{"% comment\n<</A%x\n1>>", dict{"A": int64(1)}},
		{"true", true},
		{"endobj", keyword("endobj")},
	} {
		l := &lexer{s: newSource(strings.NewReader(c.in), int64(len(c.in)))}
		got := l.object(0)
		if k, ok := got.(keyword); ok {
			if k != c.want {
				t.Errorf("%q: keyword %q", c.in, k)
			}
			continue
		}
		if !same(got, c.want) || l.err != nil {
			t.Errorf("%q: %#v, want %#v (%v)", c.in, got, c.want, l.err)
		}
	}
}

func TestFilters(t *testing.T) {
	// The LZW vector is the example of ISO 32000-1 §7.4.4.2.
	for _, c := range []struct {
		name, filter, in, want string
	}{
		{"hexadecimal", "ASCIIHexDecode", "48 65 6C6c 6>", "Hell`"},
		{"base 85", "ASCII85Decode", "87cURD]i,\"Ebo80~>", "Hello World!"},
		{"base 85, partial", "A85", "87cUR~>", "Hell"},
		{"base 85, zeros", "A85", "z~>", "\x00\x00\x00\x00"},
		{"run length", "RunLengthDecode", "\x02abc\xfed\x80", "abcddd"},
		{"LZW", "LZWDecode", "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", "-----A---B"},
		{"flate", "Fl", string(deflate([]byte("ciao"))), "ciao"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &file{src: newSource(strings.NewReader(""), 0)}
			got, err := f.unfilter(&stream{dict: dict{"Filter": name(c.filter)}}, []byte(c.in))
			if err != nil || string(got) != c.want {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestPredictors(t *testing.T) {
	f := &file{src: newSource(strings.NewReader(""), 0)}
	p := func(n int64) dict { return dict{"Predictor": n, "Columns": int64(3)} }
	for _, c := range []struct {
		name string
		in   []byte
		p    dict
		want []byte
	}{
		{"none", []byte{1, 2, 3}, p(1), []byte{1, 2, 3}},
		{"TIFF", []byte{1, 1, 1, 5, 0, 1}, p(2), []byte{1, 2, 3, 5, 5, 6}},
		{"PNG none and sub", []byte{0, 1, 2, 3, 1, 1, 1, 1}, p(15), []byte{1, 2, 3, 1, 2, 3}},
		{"PNG up", []byte{2, 1, 2, 3, 2, 1, 1, 1}, p(12), []byte{1, 2, 3, 2, 3, 4}},
		{"PNG average", []byte{0, 2, 4, 6, 3, 1, 1, 1}, p(13), []byte{2, 4, 6, 2, 4, 6}},
		{"PNG Paeth", []byte{0, 1, 2, 3, 4, 1, 1, 1}, p(14), []byte{1, 2, 3, 2, 3, 4}},
	} {
		if got, err := f.predict(bytes.Clone(c.in), c.p); err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%s: %v %v, want %v", c.name, got, err, c.want)
		}
	}
	if _, err := f.predict([]byte{1}, dict{"Predictor": int64(12), "Columns": int64(1 << 40)}); err == nil {
		t.Error("huge rows were accepted")
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"D:20261122103000+01'00'": "2026-11-22T09:30:00Z",
		"D:20261122103000+01'00":  "2026-11-22T09:30:00Z",
		"D:20261122103000-0130":   "2026-11-22T12:00:00Z",
		"D:20261122103000Z":       "2026-11-22T10:30:00Z",
		"20261122":                "2026-11-22T00:00:00Z",
		"D:2026":                  "2026-01-01T00:00:00Z",
		"D:20261322":              "0001-01-01T00:00:00Z",
		"yesterday":               "0001-01-01T00:00:00Z",
	} {
		if got := parseDate(in).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	for _, z := range []int{0, 3600, -5400} {
		at := testTime.In(time.FixedZone("", z))
		if got := parseDate(formatDate(at)); !got.Equal(at) {
			t.Errorf("%s becomes %v", formatDate(at), got)
		}
	}
}

func TestText(t *testing.T) {
	for _, s := range []string{"", "plain", "Perché :) \\", "č€", "𝔄", "line\nline"} {
		if got := decodeText(encodeText(s)); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
	if got := decodeText([]byte("\xa0 \xe9\x8d")); got != "€ é“" {
		t.Errorf("PDFDocEncoding: %q", got)
	}
	if got := decodeText([]byte("\xef\xbb\xbfč")); got != "č" {
		t.Errorf("UTF-8: %q", got)
	}
}

func TestBERLength(t *testing.T) {
	for in, want := range map[string]int{
		"\x30\x03\x02\x01\x05\x00\x00":                  5,
		"\x30\x80\x02\x01\x05\x00\x00\x00":              7,
		"\x30\x80\x24\x80\x04\x01a\x00\x00\x00\x00\x00": 11,
		"\x30\x81\x03\x02\x01\x05":                      6,
		"\x30\x05\x02":                                  0,
		"":                                              0,
		strings.Repeat("\x30\x80", 1000):                0,
	} {
		if got := berLength([]byte(in)); got != want {
			t.Errorf("% x: %d, want %d", in[:min(len(in), 16)], got, want)
		}
	}
}

// TestHybrid reads a file whose compressed objects only a reader of cross-reference streams sees, and signs it
// in the style of its table (ISO 32000-1 §7.5.8.4).
func TestHybrid(t *testing.T) {
	o := formed()
	hidden := o[7]
	o[7] = "null"
	b := o.table(head)
	at := bytes.LastIndex(b, []byte("xref\n0"))
	body, trailer := b[:at], b[at:]
	stm := int64(len(body))
	data := "7 0 " + hidden
	body = append(bytes.Clone(body), "20 0 obj\n<</Type/ObjStm/N 1/First 4/Length "+itoa64(int64(len(data)))+">>stream\n"+data+"\nendstream\nendobj\n"...)
	x := int64(len(body))
	rows := string([]byte{2, 0, 20, 0, 1, byte(stm >> 8), byte(stm), 0, 1, byte(x >> 8), byte(x), 0})
	body = append(body, "21 0 obj\n<</Type/XRef/Size 22/Index[7 1 20 2]/W[1 2 1]/Length 12>>stream\n"+rows+"\nendstream\nendobj\n"...)
	tr := strings.Replace(string(trailer), "/Root", "/XRefStm "+itoa64(x)+"/Root", 1)
	lines := strings.SplitAfter(tr, "\n")
	lines[2+7] = "0000000000 00000 f \n"
	tr = strings.Join(lines, "")
	tr = tr[:strings.Index(tr, "startxref")] + "startxref\n" + itoa64(int64(len(body))) + "\n%%EOF\n"
	in := append(body, tr...)
	f, err := open(context.Background(), bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.damage) > 0 || !f.sections[0].hybrid || f.text(f.dict(ref{num: 7})["T"]) != "Importo" {
		t.Fatalf("%v %+v", f.damage, f.load(7))
	}
	out := signed(t, in, Options{})
	if s := mustScan(t, out); s.Flagged() || len(s.Signatures) != 1 {
		t.Error(reasons(s))
	}
	qpdfCheck(t, out)
}

// sparse is a file of any size of which only the two ends exist; the middle reads as spaces.
type sparse struct {
	head, tail []byte
	size       int64
}

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	if off < int64(len(s.head)) {
		copy(p, s.head[off:])
	}
	if t := s.size - int64(len(s.tail)); off+int64(len(p)) > t {
		if off >= t {
			copy(p, s.tail[off-t:])
		} else {
			copy(p[t-off:], s.tail)
		}
	}
	return len(p), nil
}

// large is a PDF with one stream of n bytes.
func large(n int64) (sparse, int64) {
	o := plain()
	o[4] = "<</Length " + itoa64(n) + ">>stream\n@@@@\nendstream"
	b := o.table(head)
	i := bytes.Index(b, []byte("@@@@"))
	start, end := b[:i], b[i+4:]
	// Objects behind the stream move by n-4.
	moved := bytes.Clone(end)
	x := bytes.Index(moved, []byte("\nxref\n")) + len("\nxref\n0 6\n") + 1
	five := int64(bytes.Index(b, []byte("5 0 obj"))) + n - 4
	copy(moved[x+5*20-1:], []byte(pad10(five)))
	sx := bytes.LastIndex(moved, []byte("startxref\n")) + len("startxref\n")
	moved = append(bytes.Clone(moved[:sx]), []byte(itoa64(int64(bytes.Index(b, []byte("xref\n0")))+n-4)+"\n%%EOF\n")...)
	size := int64(len(start)) + n + int64(len(moved))
	return sparse{start, moved, size}, size
}

func TestLargeInConstantMemory(t *testing.T) {
	r, size := large(500 << 20)
	s, err := Scan(context.Background(), r, size)
	if err != nil || len(s.Findings) != 0 {
		t.Fatalf("%v %+v", err, s)
	}
	allocs := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			u, err := Prepare(context.Background(), r, size, Options{Claimed: testTime})
			if err != nil {
				b.Fatal(err)
			}
			if err := u.SetContents(fakeCMS); err != nil {
				b.Fatal(err)
			}
			if s, err := Scan(context.Background(), u, u.Size()); err != nil || len(s.Signatures) != 1 || s.Flagged() {
				b.Fatalf("%v %+v", err, s)
			}
		}
	})
	t.Logf("prepare and scan of %d MB: %d kB allocated, %v", size>>20, allocs.AllocedBytesPerOp()>>10, time.Duration(allocs.NsPerOp()))
	if allocs.AllocedBytesPerOp() > 8<<20 {
		t.Errorf("%d bytes allocated", allocs.AllocedBytesPerOp())
	}
}

func BenchmarkScan(b *testing.B) {
	for name, n := range map[string]int64{"1MB": 1 << 20, "500MB": 500 << 20} {
		b.Run(name, func(b *testing.B) {
			r, size := large(n)
			b.ReportAllocs()
			for range b.N {
				if _, err := Scan(context.Background(), r, size); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCorpusScan(b *testing.B) {
	dir, rows := corpus(b)
	var files [][]byte
	var total int64
	for _, row := range rows {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(row.file)))
		if err != nil {
			b.Fatal(err)
		}
		files, total = append(files, data), total+int64(len(data))
	}
	b.SetBytes(total)
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range files {
			_, _ = Scan(context.Background(), bytes.NewReader(data), int64(len(data)))
		}
	}
	b.ReportMetric(float64(len(files)*b.N)/b.Elapsed().Seconds(), "files/s")
}

func BenchmarkPrepare(b *testing.B) {
	in := formed().table(head)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Prepare(context.Background(), bytes.NewReader(in), int64(len(in)), Options{Claimed: testTime}); err != nil {
			b.Fatal(err)
		}
	}
}

// fuzzSeeds are small files of every shape.
func fuzzSeeds(f *testing.F) {
	for _, b := range []([]byte){
		plain().table(head), plain().streams(), formed().table(head), formed().streams(), tagged("/P 3").table(head), []byte("%PDF-1.4\ntrailer<</Root 1 0 R>>"),
	} {
		f.Add(b)
		if u, err := Prepare(context.Background(), bytes.NewReader(b), int64(len(b)), Options{Claimed: testTime, Reserve: 600}); err == nil {
			if u.SetContents(fakeCMS) == nil {
				var out bytes.Buffer
				if _, err := u.WriteTo(&out); err == nil {
					f.Add(out.Bytes())
					f.Add(revise(out.Bytes(), objects{4: "<</Length 2>>stream\nq \nendstream", 22: tagged("")[23]}, ""))
				}
			}
		}
	}
}

func FuzzFilters(f *testing.F) {
	f.Add("LZWDecode", []byte("\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"))
	f.Add("ASCII85Decode", []byte("87cURD]i,\"Ebo80~>"))
	f.Add("RunLengthDecode", []byte("\x02abc\xfed\x80"))
	f.Add("FlateDecode", deflate([]byte("ciao")))
	f.Fuzz(func(t *testing.T, filter string, b []byte) {
		fl := &file{src: newSource(bytes.NewReader(nil), 0)}
		d := dict{"Filter": name(filter), "DecodeParms": dict{"Predictor": int64(12), "Columns": int64(4)}}
		if out, err := fl.unfilter(&stream{dict: d}, b); len(out) > maxInflate && err == nil {
			t.Fatal("too much output")
		}
	})
}

// FuzzScan reads anything; it must end and keep its promises about segments.
func FuzzScan(f *testing.F) {
	fuzzSeeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if asError(err) == nil {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		for _, g := range s.Signatures {
			if g.SignedEnd > int64(len(b)) || g.CoversWholeFile && g.SignedEnd != int64(len(b)) {
				t.Fatalf("signed end %d of %d", g.SignedEnd, len(b))
			}
			if len(g.Contents) > len(b) {
				t.Fatal("contents longer than the file")
			}
		}
	})
}

// FuzzPrepare appends to anything that it does not refuse; the result must be readable and hold the signature.
func FuzzPrepare(f *testing.F) {
	fuzzSeeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := Prepare(context.Background(), bytes.NewReader(b), int64(len(b)), Options{Claimed: testTime, Reserve: 600})
		if err != nil {
			if asError(err) == nil && refusal(err) == "" {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if err := u.SetContents(fakeCMS); err != nil {
			t.Fatal(err)
		}
		s, err := Scan(context.Background(), u, u.Size())
		if err != nil {
			t.Fatalf("own output cannot be read: %v", err)
		}
		for _, g := range s.Signatures {
			if g.CoversWholeFile && g.Field == u.Field() {
				return
			}
		}
		t.Fatalf("own signature is not found: %+v", s)
	})
}
