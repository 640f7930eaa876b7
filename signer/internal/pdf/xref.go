package pdf

import (
	"context"
)

// readChain reads the cross-reference sections, newest first.
func (f *file) readChain(ctx context.Context) error {
	at := f.src.lastIndex("startxref", f.src.size, 1<<20)
	if at < 0 {
		return damaged(-1, "no startxref")
	}
	l := &lexer{s: f.src, pos: at + int64(len("startxref"))}
	off, ok := l.token().(int64)
	if !ok {
		return damaged(at, "startxref without a number")
	}
	first, err := f.readSection(off + f.delta)
	if err != nil && f.base > 0 {
		f.delta = f.base
		first, err = f.readSection(off + f.delta)
	}
	if err != nil {
		return err
	}
	f.entries = map[int]entry{}
	seen := map[int64]bool{}
	for s := first; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen[s.off] {
			f.note("xref-loop")
			break
		}
		seen[s.off] = true
		if err := f.addSection(s); err != nil {
			return err
		}
		prev, ok := s.trailer["Prev"]
		if !ok {
			break
		}
		p, ok := f.int(prev)
		if !ok {
			return damaged(s.off, "Prev is no number")
		}
		if p == 0 { // no section can begin at the header; some writers say "none" so
			f.note("prev-zero")
			break
		}
		if s, err = f.readSection(p + f.delta); err != nil {
			return err
		}
	}
	f.trailer = f.sections[0].trailer
	for _, s := range f.sections { // a sloppy last trailer may lack what an earlier one says
		if _, ok := f.trailer["Root"]; ok {
			break
		}
		f.note("trailer-without-root")
		f.trailer = s.trailer
	}
	return nil
}

// addSection merges s under what newer sections said.
func (f *file) addSection(s *section) error {
	if len(f.sections) >= maxSections {
		return tooComplex("too many cross-reference sections")
	}
	f.sections = append(f.sections, *s)
	for n, e := range s.entries {
		if _, ok := f.entries[n]; !ok {
			f.entries[n] = e
		}
	}
	if len(f.entries) > maxEntries {
		return tooComplex("too many objects")
	}
	return nil
}

// readSection reads the table or stream at off, with the stream of a hybrid file (ISO 32000-1 §7.5.8.4).
func (f *file) readSection(off int64) (*section, error) {
	if off < 0 || off >= f.src.size {
		return nil, damaged(off, "cross-reference outside the file")
	}
	l := &lexer{s: f.src, pos: off}
	if l.token() != keyword("xref") {
		return f.readXRefStream(off)
	}
	s := &section{off: off, entries: map[int]entry{}}
	if err := f.readTable(l, s); err != nil {
		return nil, err
	}
	t, ok := l.object(0).(dict)
	if !ok {
		return nil, firstError(l.err, damaged(l.pos, "no trailer dictionary"))
	}
	s.trailer = t
	s.start, s.end = f.revisionEnd(l.pos)
	if x, ok := t["XRefStm"].(int64); ok {
		h, err := f.readXRefStream(x + f.delta)
		if err != nil {
			f.note("hybrid-stream-damaged")
			return s, nil
		}
		s.hybrid = true
		for n, e := range h.entries {
			if old, ok := s.entries[n]; !ok || old.kind == 'f' {
				s.entries[n] = e
			}
		}
	}
	return s, nil
}

// readTable reads the subsections up to the keyword trailer (ISO 32000-1 §7.5.4).
func (f *file) readTable(l *lexer, s *section) error {
	for {
		t := l.token()
		if t == keyword("trailer") {
			return nil
		}
		first, ok1 := t.(int64)
		count, ok2 := l.token().(int64)
		if !ok1 || !ok2 || first < 0 || count < 0 || first+count > maxObjNum+1 {
			return damaged(l.pos, "no cross-reference subsection")
		}
		for i := range count {
			off, ok1 := l.token().(int64)
			gen, ok2 := l.token().(int64)
			kind, ok3 := l.token().(keyword)
			if !ok1 || !ok2 || !ok3 || (kind != "n" && kind != "f") {
				return damaged(l.pos, "no cross-reference entry")
			}
			if first == 1 && i == 0 && kind == "f" && gen == 65535 {
				first = 0 // a frequent slip of writers: the head of the free list counted as object 1
				f.note("xref-off-by-one")
			}
			if len(s.entries) > maxEntries {
				return tooComplex("too many objects")
			}
			e := entry{kind[0], int(gen & 0xffff), off}
			if kind == "n" && off == 0 {
				e.kind = 'f'
			}
			s.entries[int(first+i)] = e
		}
	}
}

// readXRefStream reads a cross-reference stream (ISO 32000-1 §7.5.8).
func (f *file) readXRefStream(off int64) (*section, error) {
	if off < 0 || off >= f.src.size {
		return nil, damaged(off, "cross-reference outside the file")
	}
	saved := f.crypt
	f.crypt = nil // never encrypted
	ld, err := f.indirectAt(off, -1)
	f.crypt = saved
	if err != nil {
		return nil, err
	}
	st, ok := ld.obj.(*stream)
	if !ok || st.dict["Type"] != name("XRef") {
		return nil, damaged(off, "no cross-reference")
	}
	data, err := f.decodeRaw(st)
	if err != nil {
		return nil, err
	}
	s := &section{off: off, trailer: st.dict, stream: true, entries: map[int]entry{}}
	if err := xrefEntries(st.dict, data, s.entries); err != nil {
		return nil, err
	}
	l := &lexer{s: f.src, pos: st.off + st.n}
	if l.token() == keyword("endstream") && l.token() == keyword("endobj") {
		s.start, s.end = f.revisionEnd(l.pos)
	}
	return s, nil
}

func xrefEntries(d dict, data []byte, out map[int]entry) error {
	var w [3]int
	ws, _ := d["W"].(array)
	if len(ws) < 3 {
		return damaged(-1, "cross-reference stream without widths")
	}
	for i := range w {
		n, ok := ws[i].(int64)
		if !ok || n < 0 || n > 8 {
			return damaged(-1, "bad width")
		}
		w[i] = int(n)
	}
	size, _ := d["Size"].(int64)
	index, ok := d["Index"].(array)
	if !ok {
		index = array{int64(0), size}
	}
	row := w[0] + w[1] + w[2]
	if row == 0 {
		return damaged(-1, "bad width")
	}
	for i := 0; i+1 < len(index); i += 2 {
		first, ok1 := index[i].(int64)
		count, ok2 := index[i+1].(int64)
		if !ok1 || !ok2 || first < 0 || count < 0 || first+count > maxObjNum+1 {
			return damaged(-1, "bad index")
		}
		for n := first; n < first+count && len(data) >= row; n++ {
			kind := uint64(1)
			if w[0] > 0 {
				kind = bigEndian(data[:w[0]])
			}
			a, b := bigEndian(data[w[0]:w[0]+w[1]]), bigEndian(data[w[0]+w[1]:row])
			data = data[row:]
			switch kind {
			case 0:
				out[int(n)] = entry{kind: 'f'}
			case 1:
				out[int(n)] = entry{'n', int(b & 0xffff), int64(a & (1<<62 - 1))}
			case 2:
				if a <= maxObjNum {
					out[int(n)] = entry{'c', int(b & (1<<31 - 1)), int64(a)}
				}
			}
		}
		if len(out) > maxEntries {
			return tooComplex("too many objects")
		}
	}
	return nil
}

func bigEndian(b []byte) uint64 {
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// revisionEnd reads "startxref n %%EOF" after a section; the end includes one line end.
func (f *file) revisionEnd(pos int64) (start, end int64) {
	l := &lexer{s: f.src, pos: pos}
	if l.token() != keyword("startxref") {
		return -1, 0
	}
	n, ok := l.token().(int64)
	if !ok {
		return -1, 0
	}
	at := f.src.index("%%EOF", l.pos, 1024)
	if at < 0 {
		return n, 0
	}
	return n, f.skipEOL(at + 5)
}

func (f *file) skipEOL(p int64) int64 {
	if c, _ := f.src.at(p); c == '\r' {
		p++
	}
	if c, _ := f.src.at(p); c == '\n' {
		p++
	}
	return p
}
