package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// font is a TrueType font of which the used glyphs are embedded, keeping their numbers.
type font struct {
	tables  map[string][]byte
	em      int
	metrics int // entries of hmtx with a width
	glyphs  int
	long    bool // loca has 32-bit offsets
	used    map[uint16]rune
	cmap    func(rune) uint16
}

func badFont(detail string) *RefusalError { return refuse(BadFont, detail) }

func u16(b []byte, i int) int {
	if i < 0 || i+2 > len(b) {
		return 0
	}
	return int(binary.BigEndian.Uint16(b[i:]))
}

func i16(b []byte, i int) int { return int(int16(u16(b, i))) } // #nosec G115 -- sign is meant

func u32(b []byte, i int) int {
	if i < 0 || i+4 > len(b) {
		return 0
	}
	return int(binary.BigEndian.Uint32(b[i:]))
}

// parseFont reads the tables of a TrueType font (OpenType 1.9, chapters named like the tables).
func parseFont(b []byte) (*font, error) {
	if v := u32(b, 0); v != 0x00010000 && v != 0x74727565 {
		return nil, badFont("no TrueType font")
	}
	f := &font{tables: map[string][]byte{}, used: map[uint16]rune{0: 0}}
	for i := range u16(b, 4) {
		r := 12 + 16*i
		off, n := u32(b, r+8), u32(b, r+12)
		if r+16 > len(b) || off > len(b) || n > len(b)-off {
			return nil, badFont("table outside the file")
		}
		f.tables[string(b[r:r+4])] = b[off : off+n]
	}
	for _, t := range []string{"head", "hhea", "hmtx", "maxp", "cmap", "loca", "glyf"} {
		if len(f.tables[t]) == 0 {
			return nil, badFont("no table " + t)
		}
	}
	if len(f.tables["head"]) < 54 || len(f.tables["hhea"]) < 36 || len(f.tables["maxp"]) < 6 {
		return nil, badFont("table too short")
	}
	if f.em = u16(f.tables["head"], 18); f.em == 0 {
		return nil, badFont("no units per em")
	}
	f.long = u16(f.tables["head"], 50) == 1
	f.metrics = u16(f.tables["hhea"], 34)
	f.glyphs = u16(f.tables["maxp"], 4)
	if f.metrics == 0 || 4*f.metrics > len(f.tables["hmtx"]) || f.glyphs == 0 {
		return nil, badFont("no metrics")
	}
	if os2 := f.tables["OS/2"]; u16(os2, 8)&0xf == 2 {
		return nil, badFont("licence forbids embedding")
	}
	f.cmap = charMap(f.tables["cmap"])
	if f.cmap == nil {
		return nil, badFont("no Unicode character map")
	}
	return f, nil
}

// charMap picks the richest Unicode subtable of format 12 or 4.
func charMap(b []byte) func(rune) uint16 {
	var best []byte
	for i := range u16(b, 2) {
		platform, off := u16(b, 4+8*i), u32(b, 8+8*i)
		if platform != 0 && platform != 3 || off >= len(b) {
			continue
		}
		t := b[off:]
		switch u16(t, 0) {
		case 12:
			return func(r rune) uint16 { return lookup12(t, r) }
		case 4:
			best = t
		}
	}
	if best == nil {
		return nil
	}
	return func(r rune) uint16 { return lookup4(best, r) }
}

func lookup12(t []byte, r rune) uint16 {
	for i := range min(u32(t, 12), len(t)/12) {
		g := 16 + 12*i
		if lo := u32(t, g); int(r) >= lo && int(r) <= u32(t, g+4) {
			return uint16(u32(t, g+8) + int(r) - lo) // #nosec G115 -- checked by the caller against the count
		}
	}
	return 0
}

func lookup4(t []byte, r rune) uint16 {
	n := u16(t, 6)
	for i := 0; i < n; i += 2 {
		if int(r) > u16(t, 14+i) {
			continue
		}
		start := u16(t, 16+n+i)
		if int(r) < start {
			return 0
		}
		delta, ro := u16(t, 16+2*n+i), u16(t, 16+3*n+i)
		if ro == 0 {
			return uint16(int(r) + delta) // #nosec G115 -- modulo 65536 is meant
		}
		g := u16(t, 16+3*n+i+ro+2*(int(r)-start))
		if g == 0 {
			return 0
		}
		return uint16(g + delta) // #nosec G115 -- modulo 65536 is meant
	}
	return 0
}

// width of a glyph in thousandths of the em.
func (f *font) width(g uint16) float64 {
	i := min(int(g), f.metrics-1)
	return float64(u16(f.tables["hmtx"], 4*i)) * 1000 / float64(f.em)
}

// encode turns text into glyph numbers and remembers them as used.
func (f *font) encode(s string) (glyphs []uint16, width float64, err error) {
	for _, r := range s {
		g := f.cmap(r)
		if g == 0 || int(g) >= f.glyphs {
			return nil, 0, badFont(fmt.Sprintf("no glyph for U+%04X", r))
		}
		f.used[g] = r
		glyphs = append(glyphs, g)
		width += f.width(g)
	}
	return glyphs, width, nil
}

func (f *font) loca(g int) (from, to int) {
	l := f.tables["loca"]
	if f.long {
		from, to = u32(l, 4*g), u32(l, 4*g+4)
	} else {
		from, to = 2*u16(l, 2*g), 2*u16(l, 2*g+2)
	}
	if from > to || to > len(f.tables["glyf"]) {
		return 0, 0
	}
	return from, to
}

// closure adds the parts of composite glyphs.
func (f *font) closure() []int {
	keep := map[int]bool{}
	var todo []int
	for g := range f.used {
		todo = append(todo, int(g))
	}
	for len(todo) > 0 {
		g := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if keep[g] || g >= f.glyphs {
			continue
		}
		keep[g] = true
		from, to := f.loca(g)
		b := f.tables["glyf"][from:to]
		if len(b) < 12 || i16(b, 0) >= 0 {
			continue
		}
		for p := 10; p+4 <= len(b); {
			flags := u16(b, p)
			todo = append(todo, u16(b, p+2))
			p += 6
			if flags&1 != 0 {
				p += 2
			}
			switch {
			case flags&8 != 0:
				p += 2
			case flags&0x40 != 0:
				p += 4
			case flags&0x80 != 0:
				p += 8
			}
			if flags&0x20 == 0 {
				break
			}
		}
	}
	out := make([]int, 0, len(keep))
	for g := range keep {
		out = append(out, g)
	}
	slices.Sort(out)
	return out
}

// subset writes a font file with the outlines of keep alone. Glyph numbers stay.
func (f *font) subset(keep []int) []byte {
	var glyf bytes.Buffer
	loca := make([]byte, 4*(f.glyphs+1))
	next := 0
	for g := range f.glyphs {
		binary.BigEndian.PutUint32(loca[4*g:], uint32(glyf.Len())) // #nosec G115 -- below the size of the input
		if next < len(keep) && keep[next] == g {
			next++
			from, to := f.loca(g)
			if glyf.Len()+to-from > 2*len(f.tables["glyf"]) { // outlines that overlap belong to no honest font
				continue
			}
			glyf.Write(f.tables["glyf"][from:to])
			for glyf.Len()%4 != 0 {
				glyf.WriteByte(0)
			}
		}
	}
	binary.BigEndian.PutUint32(loca[4*f.glyphs:], uint32(glyf.Len())) // #nosec G115 -- likewise
	head := bytes.Clone(f.tables["head"])
	binary.BigEndian.PutUint16(head[50:], 1)
	binary.BigEndian.PutUint32(head[8:], 0)
	t := map[string][]byte{"head": head, "loca": loca, "glyf": glyf.Bytes()}
	for _, k := range []string{"hhea", "hmtx", "maxp", "cvt ", "fpgm", "prep"} {
		if b := f.tables[k]; len(b) > 0 {
			t[k] = b
		}
	}
	return assemble(t)
}

func assemble(t map[string][]byte) []byte {
	keys := make([]string, 0, len(t))
	for k := range t {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	pow, log := 1, 0
	for pow*2 <= len(keys) {
		pow, log = pow*2, log+1
	}
	head := make([]byte, 12+16*len(keys))
	binary.BigEndian.PutUint32(head, 0x00010000)
	for i, v := range []int{len(keys), pow * 16, log, len(keys)*16 - pow*16} {
		binary.BigEndian.PutUint16(head[4+2*i:], uint16(v)) // #nosec G115 -- nine tables at most
	}
	var body []byte
	for i, k := range keys {
		r := head[12+16*i:]
		copy(r, k)
		binary.BigEndian.PutUint32(r[4:], checksum(t[k]))
		binary.BigEndian.PutUint32(r[8:], uint32(len(head)+len(body))) // #nosec G115
		binary.BigEndian.PutUint32(r[12:], uint32(len(t[k])))          // #nosec G115
		body = append(body, t[k]...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	return append(head, body...)
}

func checksum(b []byte) uint32 {
	var sum uint32
	for i := 0; i < len(b); i += 4 {
		var w [4]byte
		copy(w[:], b[i:])
		sum += binary.BigEndian.Uint32(w[:])
	}
	return sum
}

// psName is the PostScript name, or a stand-in.
func (f *font) psName() string {
	t := f.tables["name"]
	store := u16(t, 4)
	for i := range u16(t, 2) {
		r := 6 + 12*i
		if u16(t, r+6) != 6 {
			continue
		}
		n, off := u16(t, r+8), store+u16(t, r+10)
		if off+n > len(t) {
			continue
		}
		s := strings.Map(func(c rune) rune {
			if c > ' ' && c < 0x7f && !isDelim(byte(c)) {
				return c
			}
			return -1
		}, string(t[off:off+n]))
		if s != "" {
			return s
		}
	}
	return "Signature"
}

// put writes the font as a composite font with Identity-H (ISO 32000-1 §9.7), subset and ready for PDF/A.
func (f *font) put(b *builder) ref {
	keep := f.closure()
	sub := f.subset(keep)
	sum := sha256.Sum256(sub)
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	base := name(string(tag) + "+" + f.psName())
	file, set, desc, cid, uni, top := b.alloc(), b.alloc(), b.alloc(), b.alloc(), b.alloc(), b.alloc()
	b.putStream(file, dict{"Length1": int64(len(sub)), "Filter": name("FlateDecode")}, deflate(sub))
	// The subset keeps the numbers of all glyphs and empties those that are not used. They are in the font program all
	// the same, and PDF/A wants the set of what is there, used or not (ISO 19005-2 §6.2.11.4.2).
	cidSet := make([]byte, (f.glyphs+7)/8)
	for g := range f.glyphs {
		cidSet[g/8] |= 0x80 >> (g % 8)
	}
	b.putStream(set, dict{"Filter": name("FlateDecode")}, deflate(cidSet))
	scale := func(v int) int64 { return int64(v * 1000 / f.em) }
	head, hhea := f.tables["head"], f.tables["hhea"]
	b.put(desc, dict{
		"Type": name("FontDescriptor"), "FontName": base, "Flags": int64(4), "ItalicAngle": int64(i16(f.tables["post"], 4)),
		"FontBBox": array{scale(i16(head, 36)), scale(i16(head, 38)), scale(i16(head, 40)), scale(i16(head, 42))},
		"Ascent":   scale(i16(hhea, 4)), "Descent": scale(i16(hhea, 6)), "CapHeight": scale(i16(hhea, 4)), "StemV": int64(80),
		"FontFile2": file, "CIDSet": set,
	})
	var w array
	for _, g := range keep {
		w = append(w, int64(g), array{f.width(uint16(g))}) // #nosec G115 -- below the glyph count
	}
	b.put(cid, dict{
		"Type": name("Font"), "Subtype": name("CIDFontType2"), "BaseFont": base, "FontDescriptor": desc, "W": w,
		"CIDToGIDMap":   name("Identity"),
		"CIDSystemInfo": dict{"Registry": str{b: []byte("Adobe")}, "Ordering": str{b: []byte("Identity")}, "Supplement": int64(0)},
	})
	b.putStream(uni, dict{"Filter": name("FlateDecode")}, deflate(f.toUnicode()))
	b.put(top, dict{
		"Type": name("Font"), "Subtype": name("Type0"), "BaseFont": base, "Encoding": name("Identity-H"),
		"DescendantFonts": array{cid}, "ToUnicode": uni,
	})
	return top
}

func (f *font) toUnicode() []byte {
	var rows []string
	for g, r := range f.used {
		if g == 0 {
			continue
		}
		s := ""
		for _, u := range utf16.Encode([]rune{r}) {
			s += fmt.Sprintf("%04X", u)
		}
		rows = append(rows, fmt.Sprintf("<%04X> <%s>\n", g, s))
	}
	slices.Sort(rows)
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for part := range slices.Chunk(rows, 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n%sendbfchar\n", len(part), strings.Join(part, ""))
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}
