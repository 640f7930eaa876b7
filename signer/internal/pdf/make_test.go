package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

var testTime = time.Date(2026, 11, 22, 10, 30, 0, 0, time.FixedZone("", 3600))

// objects are the bodies of indirect objects by number.
type objects map[int]string

// plain is a page of text, without a form.
func plain() objects {
	return objects{
		1: "<</Type/Catalog/Pages 2 0 R/Lang(it)>>",
		2: "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595.276 841.89]>>",
		3: "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		4: "<</Length 36>>stream\nBT /F1 12 Tf 72 720 Td (Ciao) Tj ET\n\nendstream",
		5: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
}

// with returns a copy with some objects replaced.
func (o objects) with(extra objects) objects {
	out := objects{}
	for n, s := range o {
		out[n] = s
	}
	for n, s := range extra {
		out[n] = s
	}
	return out
}

// formed has a text field, an empty signature field and another one with a lock.
func formed() objects {
	return plain().with(objects{
		1:  "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>",
		3:  "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>/Annots 10 0 R>>",
		6:  "<</Fields[7 0 R 8 0 R 9 0 R]/DA(/Helv 0 Tf 0 g)/DR<</Font<</Helv 5 0 R>>>>>>",
		7:  "<</Type/Annot/Subtype/Widget/FT/Tx/T(Importo)/V(100)/Rect[100 100 200 120]/P 3 0 R>>",
		8:  "<</Type/Annot/Subtype/Widget/FT/Sig/T(Firma)/Rect[100 200 300 260]/P 3 0 R/F 4>>",
		9:  "<</Type/Annot/Subtype/Widget/FT/Sig/T(Blocca)/Rect[0 0 0 0]/P 3 0 R/F 4/Lock<</Type/SigFieldLock/Action/Include/Fields[(Importo)]>>>>",
		10: "[7 0 R 8 0 R 9 0 R]",
	})
}

func (o objects) numbers() []int {
	var out []int
	for n := range o {
		out = append(out, n)
	}
	sort.Ints(out)
	return out
}

// table writes the objects with a cross-reference table.
func (o objects) table(head string) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	offs := map[int]int{}
	for _, n := range o.numbers() {
		offs[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, o[n])
	}
	nums := o.numbers()
	last := nums[len(nums)-1]
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", last+1)
	for n := 1; n <= last; n++ {
		if off, ok := offs[n]; ok {
			fmt.Fprintf(&b, "%010d 00000 n \n", off)
		} else {
			b.WriteString("0000000000 00000 f \n")
		}
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R/ID[<0102><0304>]>>\nstartxref\n%d\n%%%%EOF\n", last+1, start)
	return b.Bytes()
}

// streams writes them into an object stream, with a cross-reference stream that has a PNG predictor.
func (o objects) streams() []byte {
	var b, heads, bodies bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	nums := o.numbers()
	last := nums[len(nums)-1]
	stm, xref := last+1, last+2
	rows := make([][4]byte, xref+1)
	i := 0
	for _, n := range nums {
		if strings.Contains(o[n], "stream\n") {
			rows[n] = [4]byte{1, byte(b.Len() >> 8), byte(b.Len()), 0}
			fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, o[n])
			continue
		}
		rows[n] = [4]byte{2, byte(stm >> 8), byte(stm), byte(i)}
		fmt.Fprintf(&heads, "%d %d ", n, bodies.Len())
		bodies.WriteString(o[n] + "\n")
		i++
	}
	data := deflate(append(heads.Bytes(), bodies.Bytes()...))
	rows[stm] = [4]byte{1, byte(b.Len() >> 8), byte(b.Len()), 0}
	fmt.Fprintf(&b, "%d 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n",
		stm, i, heads.Len(), len(data), data)
	start := b.Len()
	rows[xref] = [4]byte{1, byte(start >> 8), byte(start), 0}
	var raw []byte
	var prev [4]byte
	for _, r := range rows { // predictor 12: each row as the difference from the row above
		raw = append(raw, 2, r[0]-prev[0], r[1]-prev[1], r[2]-prev[2], r[3]-prev[3])
		prev = r
	}
	data = deflate(raw)
	fmt.Fprintf(&b, "%d 0 obj\n<</Type/XRef/Size %d/Root 1 0 R/W[1 2 1]/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 4>>/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
		xref, xref+1, len(data), data, start)
	return b.Bytes()
}

// revise appends a revision with these objects; free ones have an empty body.
func revise(file []byte, o objects, trailer string) []byte {
	f, err := open(context.Background(), bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil // the scan of nothing fails the test
	}
	b := bytes.NewBuffer(bytes.Clone(file))
	if b.Bytes()[b.Len()-1] != '\n' {
		b.WriteByte('\n')
	}
	var xref bytes.Buffer
	for _, n := range o.numbers() {
		if o[n] == "" {
			fmt.Fprintf(&xref, "%d 1\n0000000000 00001 f \n", n)
			continue
		}
		fmt.Fprintf(&xref, "%d 1\n%010d 00000 n \n", n, b.Len())
		fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", n, o[n])
	}
	start := b.Len()
	fmt.Fprintf(b, "xref\n%strailer\n<</Size 60/Root 1 0 R/Prev %d%s>>\nstartxref\n%d\n%%%%EOF\n", xref.Bytes(), f.sections[0].off, trailer, start)
	return b.Bytes()
}

const head = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"

// fakeCMS is a DER value that no mathematics will accept.
var fakeCMS = append([]byte{0x30, 0x82, 0x02, 0x00}, bytes.Repeat([]byte{5, 0}, 256)...)

func mustScan(t *testing.T, b []byte) *Scanned {
	t.Helper()
	s, err := Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustOpen(t *testing.T, b []byte) *file {
	t.Helper()
	f, err := open(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mustPrepare(t *testing.T, b []byte, o Options) *Update {
	t.Helper()
	if o.Claimed.IsZero() && !o.TimeStamp {
		o.Claimed = testTime
	}
	u, err := Prepare(context.Background(), bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// finished writes the update with the CMS that sign makes of the bytes to hash.
func finished(t *testing.T, u *Update, cms []byte) []byte {
	t.Helper()
	if u.end > 0 {
		if err := u.SetContents(cms); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	n, err := u.WriteTo(&out)
	if err != nil {
		t.Fatal(err)
	}
	if n != u.Size() || int64(out.Len()) != n {
		t.Fatalf("wrote %d bytes, Size is %d", n, u.Size())
	}
	return out.Bytes()
}

// signed is the file with one fake signature.
func signed(t *testing.T, b []byte, o Options) []byte {
	t.Helper()
	return finished(t, mustPrepare(t, b, o), fakeCMS)
}

func tool(t *testing.T, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed (.ci/install check)")
	}
	return p
}

// qpdfCheck fails the test on any warning of qpdf.
func qpdfCheck(t *testing.T, b []byte) {
	t.Helper()
	q, err := exec.LookPath("qpdf")
	if err != nil {
		t.Log("qpdf is not installed: not checked")
		return
	}
	p := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(q, "--check", p).CombinedOutput(); err != nil {
		t.Errorf("qpdf --check: %v\n%s", err, out)
	}
}

func refusal(err error) Reason {
	var e *RefusalError
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func itoa64(n int64) string { return fmt.Sprintf("%d", n) }

func pad10(n int64) string { return fmt.Sprintf("%010d", n) }
