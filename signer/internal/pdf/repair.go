package pdf

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
)

// rescan finds every "n g obj" of the file, the last of each number winning. One pass, remembered.
func (f *file) rescan() map[int]entry {
	if f.scanned {
		return f.scan
	}
	f.scanned = true
	f.scan = map[int]entry{}
	s := newSource(f.src.r, f.src.size)
	const step = 1 << 20
	for p := f.base; p < s.size; {
		b := s.read(p, step)
		if len(b) == 0 {
			break
		}
		for i := 0; ; {
			j := bytes.Index(b[i:], []byte(" obj"))
			if j < 0 {
				break
			}
			i += j
			if num, start, ok := headBefore(b, i); ok && len(f.scan) < maxEntries {
				f.scan[num] = entry{'n', 0, p + int64(start)}
			}
			i += 4
		}
		if len(b) < step {
			break
		}
		p += step - 64
	}
	if s.err != nil {
		f.src.err = s.err
	}
	return f.scan
}

// headBefore parses "num gen" that ends at b[end].
func headBefore(b []byte, end int) (num, start int, ok bool) {
	i := end
	for i > 0 && i > end-6 && b[i-1] >= '0' && b[i-1] <= '9' {
		i--
	}
	if i == end || i == 0 || !isSpace(b[i-1]) {
		return 0, 0, false
	}
	for i > 0 && isSpace(b[i-1]) {
		i--
	}
	e := i
	for i > 0 && i > e-8 && b[i-1] >= '0' && b[i-1] <= '9' {
		i--
	}
	n, err := strconv.Atoi(string(b[i:e]))
	if err != nil || n > maxObjNum || i > 0 && isRegular(b[i-1]) {
		return 0, 0, false
	}
	return n, i, true
}

// repair builds the cross-reference from a scan: plain objects, then the contents of object streams, then the
// newest trailer or catalog that is found.
func (f *file) repair(ctx context.Context) error {
	f.repaired = true
	f.delta = 0
	f.crypt = nil
	f.sections = nil
	clear(f.cache)
	scan := f.rescan()
	f.entries = make(map[int]entry, len(scan))
	for n, e := range scan {
		f.entries[n] = e
	}
	f.trailer = f.lastTrailer()
	nums := make([]int, 0, len(scan))
	for n := range scan {
		nums = append(nums, n)
	}
	slices.SortFunc(nums, func(a, b int) int { return cmp.Compare(scan[a].off, scan[b].off) }) // oldest first
	fromStream := f.trailer["Root"] == nil
	catalog := -1
	for _, n := range nums {
		if err := ctx.Err(); err != nil {
			return err
		}
		d := f.dict(ref{num: n})
		switch d["Type"] {
		case name("Catalog"):
			catalog = n
		case name("XRef"):
			if fromStream && d["Root"] != nil {
				f.trailer = d
			}
		case name("ObjStm"):
			f.adoptObjStm(n)
		}
	}
	if _, ok := f.resolve(f.trailer["Root"]).(dict); !ok && catalog >= 0 {
		t := dict{"Root": ref{num: catalog}}
		for k, v := range f.trailer {
			if k != "Root" {
				t[k] = v
			}
		}
		f.trailer = t
	}
	if f.trailer["Root"] == nil {
		return damaged(-1, "no catalog in the whole file")
	}
	return nil
}

func (f *file) adoptObjStm(n int) {
	o := f.objStm(n)
	if o == nil {
		return
	}
	for i, num := range o.nums {
		if e, ok := f.entries[num]; !ok || e.kind == 'c' && e.off < int64(n) {
			f.entries[num] = entry{'c', i, int64(n)}
		}
	}
}

func (f *file) lastTrailer() dict {
	end := f.src.size
	for range 64 {
		at := f.src.lastIndex("trailer", end, f.src.size)
		if at < 0 {
			break
		}
		l := &lexer{s: f.src, pos: at + 7}
		if d, ok := l.object(0).(dict); ok && d["Root"] != nil {
			return d
		}
		end = at
	}
	return dict{}
}
