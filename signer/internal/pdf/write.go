package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// builder collects the objects of a revision that is to be appended.
type builder struct {
	f       *file
	at      int64 // where the revision begins in the file
	buf     bytes.Buffer
	next    int // first unused object number
	changed map[int]entry
	err     error

	// The hole for the CMS, as offsets in buf; 0 when there is none.
	holeStart, holeEnd   int
	rangeStart, rangeEnd int
}

func newBuilder(f *file) *builder {
	b := &builder{f: f, at: f.src.size, changed: map[int]entry{}}
	if n, ok := f.int(f.trailer["Size"]); ok && n > 0 && n <= maxObjNum {
		b.next = int(n)
	}
	for n := range f.entries {
		b.next = max(b.next, n+1)
	}
	for _, v := range f.trailer { // an entry that leads nowhere must not come to lead to a new object
		b.next = max(b.next, refNum(v)+1)
		for _, e := range asArray(v) {
			b.next = max(b.next, refNum(e)+1)
		}
	}
	if c, _ := f.src.at(f.src.size - 1); c != '\n' && c != '\r' {
		b.buf.WriteByte('\n')
	}
	return b
}

func (b *builder) alloc() ref {
	b.next++
	return ref{num: b.next - 1}
}

// fail remembers the first failure; the caller of the builder asks once, at the end.
func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *builder) begin(id ref) {
	if id.num > maxObjNum {
		b.fail(&RefusalError{Reason: TooManyObjects})
	}
	b.changed[id.num] = entry{'n', id.gen, b.at + int64(b.buf.Len())}
	fmt.Fprintf(&b.buf, "%d %d obj\n", id.num, id.gen)
}

func (b *builder) end() { b.buf.WriteString("\nendobj\n") }

// put writes an indirect object, encrypted if the file is.
func (b *builder) put(id ref, o object) {
	b.begin(id)
	b.write(o, id)
	b.end()
}

// putStream writes a stream; data is as the filters in d have left it.
func (b *builder) putStream(id ref, d dict, data []byte) {
	if b.f.crypt != nil {
		enc, err := b.f.crypt.encrypt(b.f.crypt.streamMethod(d), data, id)
		if err != nil {
			b.fail(err)
		}
		data = enc
	}
	d["Length"] = int64(len(data))
	b.begin(id)
	b.write(d, id)
	b.buf.WriteString("\nstream\n")
	b.buf.Write(data)
	b.buf.WriteString("\nendstream")
	b.end()
}

func (b *builder) write(o object, id ref) {
	w := &b.buf
	switch v := o.(type) {
	case nil:
		w.WriteString("null")
	case bool:
		w.WriteString(strconv.FormatBool(v))
	case int:
		w.WriteString(strconv.Itoa(v))
	case int64:
		w.WriteString(strconv.FormatInt(v, 10))
	case float64:
		w.WriteString(strconv.FormatFloat(v, 'f', 4, 64))
	case real:
		w.WriteString(string(v))
	case name:
		writeName(w, v)
	case str:
		b.writeString(v, id)
	case ref:
		fmt.Fprintf(w, "%d %d R", v.num, v.gen)
	case array:
		w.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				w.WriteByte(' ')
			}
			b.write(e, id)
		}
		w.WriteByte(']')
	case dict:
		b.writeDict(v, id)
	default:
		b.fail(&RefusalError{Reason: DamagedFile, Detail: fmt.Sprintf("object of type %T", o)})
	}
}

func (b *builder) writeDict(d dict, id ref) {
	keys := make([]name, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b.buf.WriteString("<<")
	for _, k := range keys {
		if d[k] == nil {
			continue
		}
		writeName(&b.buf, k)
		b.buf.WriteByte(' ')
		b.write(d[k], id)
		b.buf.WriteByte('\n')
	}
	b.buf.WriteString(">>")
}

func writeName(w *bytes.Buffer, n name) {
	w.WriteByte('/')
	for i := range len(n) {
		if c := n[i]; c <= ' ' || c >= 0x7f || isDelim(c) || c == '#' {
			fmt.Fprintf(w, "#%02X", c)
		} else {
			w.WriteByte(c)
		}
	}
}

// writeString writes plain ASCII as a literal and everything else in hexadecimal: no byte needs an escape that
// a reader could get wrong.
func (b *builder) writeString(s str, id ref) {
	data := s.b
	if b.f.crypt != nil {
		enc, err := b.f.crypt.encrypt(b.f.crypt.strings, data, id)
		if err != nil {
			b.fail(err)
		}
		data = enc
	}
	for _, c := range data {
		if c < ' ' || c >= 0x7f || c == '(' || c == ')' || c == '\\' {
			s.hex = true
			break
		}
	}
	if !s.hex {
		b.buf.WriteByte('(')
		b.buf.Write(data)
		b.buf.WriteByte(')')
		return
	}
	b.buf.WriteByte('<')
	b.buf.WriteString(hex.EncodeToString(data))
	b.buf.WriteByte('>')
}

const rangeWidth = 10 // digits of an offset, as in a cross-reference table

// putSignature writes the signature dictionary with its hole: exact room for reserve bytes in hexadecimal, and
// room for the ByteRange that is known only when the revision is complete.
func (b *builder) putSignature(id ref, d dict, reserve int) {
	b.begin(id)
	w := &b.buf
	w.WriteString("<<")
	keys := make([]name, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		writeName(w, k)
		w.WriteByte(' ')
		b.write(d[k], id)
		w.WriteByte('\n')
	}
	w.WriteString("/ByteRange ")
	b.rangeStart = w.Len()
	w.Write(bytes.Repeat([]byte(" "), len("[0   ]")+3*rangeWidth))
	b.rangeEnd = w.Len()
	w.WriteString("\n/Contents ")
	b.holeStart = w.Len()
	w.WriteByte('<')
	w.Write(bytes.Repeat([]byte("0"), 2*reserve))
	w.WriteByte('>')
	b.holeEnd = w.Len()
	w.WriteString("\n>>")
	b.end()
}

// finish writes cross-reference and trailer in the style of the file and patches the ByteRange.
func (b *builder) finish() ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	t := dict{}
	for k, v := range b.f.trailer {
		if !sectionKey(k) && k != "DocChecksum" { // a checksum of what is now only a part
			t[k] = v
		}
	}
	if id, ok := t["ID"].(array); ok && len(id) == 2 { // the second half tells one revision from the other (ISO 32000-1 §14.4)
		sum := sha256.Sum256(b.buf.Bytes())
		t["ID"] = array{id[0], str{b: sum[:16], hex: true}}
	}
	t["Prev"] = b.f.sections[0].off
	start := b.at + int64(b.buf.Len())
	if b.f.sections[0].stream {
		b.xrefStream(t)
	} else {
		b.xrefTable(t)
	}
	fmt.Fprintf(&b.buf, "startxref\n%d\n%%%%EOF\n", start)
	out := b.buf.Bytes()
	if b.holeEnd > 0 {
		end := b.at + int64(len(out))
		s := fmt.Sprintf("[0 %d %d %d]", b.at+int64(b.holeStart), b.at+int64(b.holeEnd), end-b.at-int64(b.holeEnd))
		if len(s) > b.rangeEnd-b.rangeStart {
			return nil, &RefusalError{Reason: TooLarge}
		}
		copy(out[b.rangeStart:b.rangeEnd], s)
	}
	return out, b.err
}

// runs groups the changed object numbers into subsections.
func (b *builder) runs() [][]int {
	nums := make([]int, 0, len(b.changed))
	for n := range b.changed {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	var out [][]int
	for i, n := range nums {
		if i == 0 || n != nums[i-1]+1 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], n)
	}
	return out
}

func (b *builder) xrefTable(t dict) {
	t["Size"] = int64(b.next)
	b.buf.WriteString("xref\n")
	for _, run := range b.runs() {
		fmt.Fprintf(&b.buf, "%d %d\n", run[0], len(run))
		for _, n := range run {
			e := b.changed[n]
			if e.off > 9999999999 {
				b.fail(&RefusalError{Reason: TooLarge})
			}
			fmt.Fprintf(&b.buf, "%010d %05d n \n", e.off, e.gen)
		}
	}
	b.buf.WriteString("trailer\n")
	b.trailerDict(t)
	b.buf.WriteByte('\n')
}

// trailerDict is written in the clear: neither the trailer nor a cross-reference stream is ever encrypted.
func (b *builder) trailerDict(t dict) {
	saved := b.f.crypt
	b.f.crypt = nil
	b.write(t, ref{})
	b.f.crypt = saved
}

func (b *builder) xrefStream(t dict) {
	id := b.alloc()
	b.changed[id.num] = entry{'n', 0, b.at + int64(b.buf.Len())}
	t["Type"], t["Size"] = name("XRef"), int64(b.next)
	t["W"] = array{int64(1), int64(6), int64(2)}
	var index array
	var data []byte
	for _, run := range b.runs() {
		index = append(index, int64(run[0]), int64(len(run)))
		for _, n := range run {
			e := b.changed[n]
			off := uint64(e.off) // #nosec G115 -- never negative
			data = append(data, 1, byte(off>>40), byte(off>>32), byte(off>>24), byte(off>>16), byte(off>>8), byte(off),
				byte(e.gen>>8), byte(e.gen))
		}
	}
	t["Index"], t["Length"] = index, int64(len(data))
	fmt.Fprintf(&b.buf, "%d 0 obj\n", id.num)
	b.trailerDict(t)
	b.buf.WriteString("\nstream\n")
	b.buf.Write(data)
	b.buf.WriteString("\nendstream\nendobj\n")
}
