package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestByteRange holds each violation to its code.
func TestByteRange(t *testing.T) {
	good := signed(t, plain().table(head), Options{Reserve: 600})
	g := mustScan(t, good).Signatures[0]
	br := g.ByteRange
	line := fmt.Sprintf("[0 %d %d %d]", br[1], br[2], br[3])
	swap := func(format string, a ...any) []byte {
		s := fmt.Sprintf(format, a...)
		if len(s) > len(line) {
			s = strings.ReplaceAll(s, " 0 ", " ")
		}
		at := bytes.LastIndex(good, []byte(line))
		out := bytes.Clone(good)
		copy(out[at:], s+strings.Repeat(" ", max(0, 40-len(s)))[:max(0, min(40-len(s), 36-len(s)))])
		for i := at + len(s); out[i] != '\n'; i++ {
			out[i] = ' '
		}
		return out
	}
	contents := func(s string) []byte {
		at := int(br[1])
		out := bytes.Clone(good)
		copy(out[at:br[2]], bytes.Repeat([]byte(" "), int(br[2]-br[1])))
		copy(out[at:], s)
		return out
	}
	for _, c := range []struct {
		name, code string
		in         []byte
	}{
		{"good", "", good},
		{"first not zero", "byterange-first-not-zero", swap("[1 %d %d %d]", br[1]-1, br[2], br[3])},
		{"negative", "byterange-negative", swap("[0 -%d %d %d]", br[1], br[2], br[3])},
		{"past the end", "byterange-past-eof", swap("[0 %d %d %d]", br[1], br[2], br[3]+1)},
		{"overlap", "byterange-overlap", swap("[0 %d %d %d]", br[1], br[1]-5, br[3])},
		{"three numbers", "byterange-not-four", swap("[0 %d %d]", br[1], br[2])},
		{"two numbers", "byterange-not-four", swap("[0 %d]", br[1])},
		{"no numbers", "byterange-not-integers", swap("[/a /b /c /d]")},
		{"empty", "byterange-missing", swap("[]")},
		{"hole too long", "byterange-gap-not-contents", swap("[0 %d %d %d]", br[1]-1, br[2], br[3])},
		{"hole without delimiter", "byterange-gap-not-contents", swap("[0 %d %d %d]", br[1]+1, br[2], br[3])},
		{"short end", "byterange-end-not-revision", swap("[0 %d %d %d]", br[1], br[2], br[3]-9)},
		{"null contents", "contents-missing", contents("null")},
		{"empty contents", "contents-empty", contents("<>")},
		{"zero contents", "contents-empty", contents("<0000>")},
		{"literal contents", "contents-not-hex", contents("(0\\200)")},
		{"contents elsewhere", "contents-missing", contents("5 0 R")},
		{"not BER", "contents-not-ber", contents("<30821000>")},
		{"padding", "contents-padding-not-zero", contents("<30030500000001>")},
		{"twice", "signature-dictionary-duplicate-key", contents("<300305000000>/Contents<300305000000>")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustScan(t, c.in)
			if len(s.Signatures) != 1 {
				t.Fatalf("%d signatures", len(s.Signatures))
			}
			has := s.Signatures[0].has(c.code)
			if c.code == "" && s.Flagged() || c.code != "" && !has {
				t.Errorf("want %q, have %+v", c.code, s.Signatures[0].Findings)
			}
			if c.code != "" && c.code != "contents-padding-not-zero" && !s.Flagged() {
				t.Error("not flagged")
			}
		})
	}
}

// TestChanges appends revisions to a signed file, honest ones and others.
func TestChanges(t *testing.T) {
	base := signed(t, formed().table(head), Options{})
	page := strings.Replace(formed()[3], "4 0 R", "4 0 R", 1)
	const withPicture = "<</Fields[7 0 R 8 0 R 9 0 R 12 0 R]/DA(/Helv 0 Tf 0 g)/DR<</Font<</Helv 5 0 R>>/XObject<</FRM 4 0 R>>>>/SigFlags 3>>"
	form := formed()
	form[6] = strings.Replace(withPicture, " 12 0 R", "", 1)
	pictured := signed(t, form.table(head), Options{})
	for _, c := range []struct {
		name    string
		in      []byte
		class   Class // that must be among the changes
		flagged bool
		attack  string
	}{
		{"nothing", revise(base, objects{}, ""), "", false, ""},
		{"page rewritten with the same content", revise(base, objects{5: plain()[5]}, ""), "", false, ""},
		{"form value", revise(base, objects{7: strings.Replace(formed()[7], "100)", "900)", 1)}, ""), FormFill, false, ""},
		{"form value moved", revise(base, objects{7: strings.Replace(formed()[7], "[100 100", "[300 100", 1)}, ""), FormStructure, true, AttackShadowReplace},
		{"second picture of the same value", revise(base, objects{
			7:  strings.Replace(formed()[7], "/V(100)", "/V(100)/AP<</N 40 0 R>>", 1),
			40: "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 0>>stream\n\nendstream",
		}, ""), Overlay, true, AttackShadowReplace},
		{"form value in another font", revise(base, objects{7: strings.Replace(formed()[7], "/V(100)", "/V(900)/DA(/Helv 9 Tf 0 g)", 1)}, ""), FormFill, false, ""},
		{"the same form value in another font", revise(base, objects{7: strings.Replace(formed()[7], "/V(100)", "/V(100)/DA(/F9 9 Tf 0 g)", 1)}, ""), FormStructure, true, AttackShadowReplace},
		{"field emptied", revise(base, objects{7: "<<>>"}, ""), FormStructure, true, AttackShadowHide},
		{"field freed", revise(base, objects{7: ""}, ""), FormStructure, true, AttackShadowHide},
		{"page contents replaced", revise(base, objects{4: "<</Length 2>>stream\nq \nendstream"}, ""), PageContent, true, AttackIncrementalSaving},
		{"font replaced", revise(base, objects{5: strings.Replace(plain()[5], "Helvetica", "Symbol", 1)}, ""), PageContent, true, AttackShadowReplace},
		{"contents freed", revise(base, objects{4: ""}, ""), PageContent, true, AttackShadowHide},
		{"page turned", revise(base, objects{3: strings.Replace(page, "/Type/Page", "/Type/Page/Rotate 90", 1)}, ""), PageContent, true, ""},
		{"page added", revise(base, objects{2: "<</Type/Pages/Kids[3 0 R 40 0 R]/Count 2>>", 40: "<</Type/Page/Parent 2 0 R>>"}, ""), PageTree, true, ""},
		{"script", revise(base, objects{1: "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R/OpenAction<</S/JavaScript/JS(x)>>>>"}, ""), Catalog, true, ""},
		{"note", revise(base, objects{
			10: "[7 0 R 8 0 R 9 0 R 12 0 R 40 0 R]", 40: "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]>>",
		}, ""), Annotation, false, ""},
		{"widget without a field", revise(base, objects{
			10: "[7 0 R 8 0 R 9 0 R 12 0 R 40 0 R]", 40: "<</Type/Annot/Subtype/Widget/Rect[0 0 9 9]>>",
		}, ""), FormStructure, true, ""},
		{"field removed", revise(base, objects{6: "<</Fields[8 0 R 9 0 R 12 0 R]/DA(/Helv 0 Tf 0 g)/DR<</Font<</Helv 5 0 R>>>>/SigFlags 3>>"}, ""), FormStructure, true, ""},
		{"signature pictures of the form under the names of the last", revise(pictured, objects{
			6: strings.Replace(withPicture, "FRM 4 0 R", "FRM 42 0 R", 1), 42: "<</Type/XObject/Subtype/Form/BBox[0 0 7 7]/Length 2>>stream\nQ \nendstream",
		}, ""), FormFill, false, ""},
		{"font of the form replaced", revise(pictured, objects{6: strings.Replace(withPicture, "5 0 R", "41 0 R", 1), 41: strings.Replace(plain()[5], "Helvetica", "Symbol", 1)}, ""), FormStructure, true, AttackShadowReplace},
		{"source of the document", revise(base, objects{}, "/AdditionalStreams[/application#2Fvnd.oasis.opendocument.text 5 0 R]"), Metadata, false, ""},
		{"trailer key", revise(base, objects{}, "/Foo 5 0 R"), OtherChange, true, ""},
		{"objects behind the end", append(bytes.Clone(base), "4 0 obj\n<</Length 0>>stream\n\nendstream\nendobj\n"...), "", true, AttackIncrementalSaving},
		{"white space behind the end", append(bytes.Clone(base), " \n"...), "", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustScan(t, c.in)
			g := s.Signatures[0]
			found := c.class == ""
			for _, ch := range g.Changes {
				found = found || ch.Class == c.class
			}
			if !found || s.Flagged() != c.flagged {
				t.Errorf("flagged %v (%s), changes %+v", s.Flagged(), reasons(s), g.Changes)
			}
			if c.attack != "" && !strings.Contains(reasons(s), c.attack) {
				t.Errorf("want %s, have %s", c.attack, reasons(s))
			}
			if g.CoversWholeFile {
				t.Error("covers the whole file")
			}
		})
	}
}

// TestDocMDP holds the table of what each level permits.
func TestDocMDP(t *testing.T) {
	for _, c := range []struct {
		class   Class
		allowed [4]bool // without, 1, 2, 3
	}{
		{ValidationAdded, [4]bool{true, true, true, true}},
		{TimeStampAdded, [4]bool{true, true, true, true}},
		{SignatureAdded, [4]bool{true, false, true, true}},
		{FormFill, [4]bool{true, false, true, true}},
		{Annotation, [4]bool{true, false, false, true}},
		{FormStructure, [4]bool{}},
		{LockedField, [4]bool{}},
		{PageContent, [4]bool{}},
		{Catalog, [4]bool{}},
		{OtherChange, [4]bool{}},
	} {
		for p, want := range c.allowed {
			if got, _ := permit(c.class, p); got != want {
				t.Errorf("%s at P=%d: %v", c.class, p, got)
			}
		}
	}
}

func TestFieldMDP(t *testing.T) {
	for _, c := range []struct {
		m     *FieldMDP
		field string
		want  bool
	}{
		{nil, "a", false},
		{&FieldMDP{Action: "All"}, "a", true},
		{&FieldMDP{Action: "Include", Fields: []string{"a"}}, "a.b", true},
		{&FieldMDP{Action: "Include", Fields: []string{"a"}}, "ab", false},
		{&FieldMDP{Action: "Exclude", Fields: []string{"a"}}, "a", false},
		{&FieldMDP{Action: "Exclude", Fields: []string{"a"}}, "b", true},
		{&FieldMDP{Action: "?"}, "b", false},
	} {
		if got := c.m.Locks(c.field); got != c.want {
			t.Errorf("%+v locks %q: %v", c.m, c.field, got)
		}
	}
}

// TestEncrypted reads and signs files that open with the empty password, whatever the algorithm.
func TestEncrypted(t *testing.T) {
	qpdf := tool(t, "qpdf")
	for name, args := range map[string][]string{
		"RC4 40":                         {"--allow-weak-crypto", "--encrypt", "", "owner", "40", "--"},
		"RC4 128":                        {"--allow-weak-crypto", "--encrypt", "", "owner", "128", "--use-aes=n", "--"},
		"AES 128":                        {"--allow-weak-crypto", "--encrypt", "", "owner", "128", "--use-aes=y", "--"},
		"AES 128, metadata in the clear": {"--allow-weak-crypto", "--encrypt", "", "owner", "128", "--use-aes=y", "--cleartext-metadata", "--"},
		"AES 256":                        {"--encrypt", "", "owner", "256", "--"},
		"AES 256 R5":                     {"--allow-weak-crypto", "--encrypt", "", "owner", "256", "--force-R5", "--"},
		"AES 256 and object streams":     {"--object-streams=generate", "--encrypt", "", "owner", "256", "--"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
			if err := os.WriteFile(in, formed().table(head), 0o600); err != nil {
				t.Fatal(err)
			}
			if msg, err := exec.Command(qpdf, append(args, in, out)...).CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, msg)
			}
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			s := mustScan(t, b)
			if !s.Encrypted || strings.Join(s.EmptyFields, " ") != "Firma Blocca" {
				t.Fatalf("encrypted %v, fields %q", s.Encrypted, s.EmptyFields)
			}
			two := signed(t, signed(t, b, Options{Field: "Firma", Reason: "è"}), Options{})
			s = mustScan(t, two)
			if len(s.Signatures) != 2 || s.Flagged() || s.Signatures[0].Reason != "è" || s.Signatures[0].Claimed.IsZero() {
				t.Fatalf("%d signatures, %q, %s", len(s.Signatures), s.Signatures[0].Reason, reasons(s))
			}
			qpdfCheck(t, two)
		})
	}
}

func TestEncryptedRefused(t *testing.T) {
	qpdf := tool(t, "qpdf")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
	if err := os.WriteFile(in, plain().table(head), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		if msg, err := exec.Command(qpdf, append(args, in, out)...).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, msg)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := run("--encrypt", "secret", "owner", "256", "--")
	if _, err := Scan(context.Background(), bytes.NewReader(b), int64(len(b))); asError(err) == nil || asError(err).Kind != Encrypted {
		t.Errorf("password: %v", err)
	}
	b = run("--encrypt", "", "owner", "256", "--modify=none", "--")
	if _, err := Prepare(context.Background(), bytes.NewReader(b), int64(len(b)), Options{}); refusal(err) != Permissions {
		t.Errorf("permissions: %v", err)
	}
}

// TestHostile gives the reader what no writer makes. It must come back soon, with an error or without.
func TestHostile(t *testing.T) {
	loop := plain().table(head)
	at := bytes.LastIndex(loop, []byte("/ID["))
	prevLoop := append(bytes.Clone(loop[:at]), fmt.Sprintf("/Prev %d>>\nstartxref\n%d\n%%%%EOF\n",
		bytes.LastIndex(loop, []byte("xref\n0")), bytes.LastIndex(loop, []byte("xref\n0")))...)
	nested := "(" + strings.Repeat("1 0 obj(", 20000) + strings.Repeat(")", 20000) + ")"
	for _, c := range []struct {
		name string
		in   []byte
		kind Kind // "" when it can be read
	}{
		{"empty", nil, NotPDF},
		{"header only", []byte("%PDF-1.7\n"), Damaged},
		{"Prev loop", prevLoop, ""},
		{"deep arrays", plain().with(objects{4: strings.Repeat("[", 100000)}).table(head), ""},
		{"deep catalog", plain().with(objects{1: strings.Repeat("<</A", 100000)}).table(head), Damaged},
		{"page tree loop", plain().with(objects{2: "<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>"}).table(head), ""},
		{"field loop", formed().with(objects{7: "<</Kids[7 0 R 8 0 R]/T(a)>>"}).table(head), ""},
		{"reference loop", plain().with(objects{5: "5 0 R", 4: "6 0 R", 6: "4 0 R"}).table(head), ""},
		{"length loop", plain().with(objects{4: "<</Length 4 0 R>>stream\nq\nendstream"}).table(head), ""},
		{"no end of string", plain().with(objects{5: nested[:len(nested)/2]}).table(head), ""},
		{"nested strings", plain().with(objects{5: nested}).table(head), ""},
		{"huge subsection", bytes.Replace(plain().table(head), []byte("xref\n0 6"), []byte("xref\n0 8388607"), 1), ""},
		{"bomb", bomb(), ""},
		{"truncated", plain().table(head)[:300], ""},
		{"no xref", bytes.ReplaceAll(plain().table(head), []byte("xref"), []byte("yref")), ""},
		{"no xref, streams", bytes.ReplaceAll(formed().streams(), []byte("startxref"), []byte("startyref")), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			_, err := Scan(context.Background(), bytes.NewReader(c.in), int64(len(c.in)))
			e := (*Error)(nil)
			if err != nil && !errors.As(err, &e) {
				t.Fatalf("untyped error %v", err)
			}
			if c.kind == "" && err != nil || c.kind != "" && (e == nil || e.Kind != c.kind) {
				t.Errorf("got %v, want %q", err, c.kind)
			}
			if d := time.Since(begin); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// bomb is a file whose object stream expands beyond all bounds.
func bomb() []byte {
	data := deflate(make([]byte, maxInflate+1))
	o := plain()
	o[6] = fmt.Sprintf("<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream", len(data), data)
	return o.table(head)
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := signed(t, formed().table(head), Options{})
	if _, err := Scan(ctx, bytes.NewReader(b), int64(len(b))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

type brokenReader struct{ n int64 }

func (r brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > r.n {
		return 0, os.ErrClosed
	}
	return len(p), nil
}

func TestUnreadable(t *testing.T) {
	if _, err := Scan(context.Background(), brokenReader{10}, 1000); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
