package pdf

import (
	"context"
	"errors"
	"io"
)

// file is a PDF as its newest revision shows it: the cross-reference chain from the last startxref down.
type file struct {
	src      *source
	base     int64 // where %PDF- begins
	delta    int64 // added to the offsets of the cross-reference
	entries  map[int]entry
	sections []section // newest first
	trailer  dict
	damage   []string // what had to be guessed, as codes for findings
	repaired bool     // entries come from a scan of the file

	crypt      *crypt
	cache      map[int]loaded
	cached     int64
	objStms    map[int]*objStm
	objStmSize int64
	inflated   int64
	work       int64 // bytes that may still be lexed or searched
	over       bool  // work is used up
	loading    map[int]bool
	broken     map[int]bool  // numbers whose entry leads elsewhere
	scan       map[int]entry // result of a repair scan, kept apart from entries
	scanned    bool
	ids        map[int]string // see fieldIDs
}

// entry locates an object. The zero entry is free.
type entry struct {
	kind byte // 'n' at off, 'c' in object stream off at index gen, 'f' free
	gen  int
	off  int64
}

// section is one cross-reference section.
type section struct {
	off     int64
	trailer dict
	stream  bool
	hybrid  bool
	start   int64 // startxref value that follows it; -1 unknown
	end     int64 // after the %%EOF that closes its revision; 0 unknown
	entries map[int]entry
}

type loaded struct {
	obj        object
	start, end int64
	dups       []name
}

// open reads the structure of a file. The result belongs to one goroutine.
func open(ctx context.Context, r io.ReaderAt, size int64) (*file, error) {
	f := &file{
		src: newSource(r, size), cache: map[int]loaded{}, objStms: map[int]*objStm{}, loading: map[int]bool{},
		broken: map[int]bool{},
	}
	f.work = 64<<20 + 16*size
	f.base = f.src.index("%PDF-", 0, headerWindow)
	if f.base < 0 {
		if f.src.err != nil {
			return nil, &Error{Kind: Unreadable, Offset: -1, Err: f.src.err}
		}
		return nil, &Error{Kind: NotPDF, Offset: -1}
	}
	err := f.readChain(ctx)
	if err == nil {
		err = f.checkRoot()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if f.src.err != nil {
		return nil, &Error{Kind: Unreadable, Offset: -1, Err: f.src.err}
	}
	if f.over {
		return nil, tooComplex("objects overlap too much")
	}
	if e := (*Error)(nil); errors.As(err, &e) && e.Kind != Damaged {
		return nil, err
	}
	if err != nil {
		f.damage = append(f.damage, "xref-damaged")
		if err := f.repair(ctx); err != nil {
			return nil, err
		}
		if err := f.checkRoot(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// checkRoot sets up decryption and makes sure that there is a catalog.
func (f *file) checkRoot() error {
	f.crypt = nil
	clear(f.cache)
	clear(f.objStms)
	if enc, ok := f.trailer["Encrypt"]; ok && enc != nil {
		c, err := newCrypt(f, enc)
		if err != nil {
			return err
		}
		f.crypt = c
		clear(f.cache)
	}
	root, ok := f.resolve(f.trailer["Root"]).(dict)
	if !ok {
		return damaged(-1, "no catalog")
	}
	if _, ok := f.resolve(root["Pages"]).(dict); !ok {
		return damaged(-1, "no page tree")
	}
	return nil
}

// resolve follows references, a bounded number of times.
func (f *file) resolve(o object) object {
	for range 16 {
		r, ok := o.(ref)
		if !ok {
			return o
		}
		o = f.load(r.num).obj
	}
	return nil
}

func (f *file) dict(o object) dict {
	switch v := f.resolve(o).(type) {
	case dict:
		return v
	case *stream:
		return v.dict
	}
	return nil
}

func (f *file) array(o object) array { a, _ := f.resolve(o).(array); return a }
func (f *file) name(o object) name   { n, _ := f.resolve(o).(name); return n }

func (f *file) int(o object) (int64, bool) {
	switch v := f.resolve(o).(type) {
	case int64:
		return v, true
	case real:
		return int64(v.float()), v.float() == float64(int64(v.float()))
	}
	return 0, false
}

func (f *file) text(o object) string {
	s, _ := f.resolve(o).(str)
	return decodeText(s.b)
}

// load returns the object of that number; a missing one is null.
func (f *file) load(num int) loaded {
	if l, ok := f.cache[num]; ok {
		return l
	}
	if f.loading[num] { // an object whose own /Length or object stream leads back to it
		return loaded{}
	}
	e, ok := f.entries[num]
	if !ok || e.kind == 'f' {
		return loaded{}
	}
	if f.over {
		return loaded{}
	}
	f.loading[num] = true
	defer delete(f.loading, num)
	var l loaded
	if e.kind == 'c' {
		l.obj = f.fromObjStm(int(e.off), e.gen, num)
	} else {
		var err error
		l, err = f.indirectAt(e.off+f.delta, num)
		if err != nil {
			f.note("object-not-at-offset")
			f.broken[num] = true
			if e, ok := f.rescan()[num]; ok && e.kind == 'n' {
				l, _ = f.indirectAt(e.off, num)
			}
		}
	}
	f.keep(num, l)
	return l
}

func (f *file) keep(num int, l loaded) {
	cost := l.end - l.start + 256
	if s, ok := l.obj.(*stream); ok {
		cost -= s.n
	}
	if f.cached+cost > maxCacheBytes {
		clear(f.cache)
		f.cached = 0
	}
	f.cache[num] = l
	f.cached += cost
}

func (f *file) note(code string) {
	for _, d := range f.damage {
		if d == code {
			return
		}
	}
	f.damage = append(f.damage, code)
}

// indirectAt reads "num gen obj … endobj". want < 0 takes any number.
func (f *file) indirectAt(off int64, want int) (loaded, error) {
	l := &lexer{s: f.src, pos: off, spans: true}
	defer func() { f.spend(l.pos - off) }()
	num, ok1 := l.token().(int64)
	gen, ok2 := l.token().(int64)
	if !ok1 || !ok2 || l.token() != keyword("obj") || (want >= 0 && num != int64(want)) {
		return loaded{}, damaged(off, "no indirect object")
	}
	o := l.object(0)
	if k, ok := o.(keyword); ok {
		if k != "endobj" || l.err != nil {
			return loaded{}, firstError(l.err, damaged(off, "no object"))
		}
		return loaded{nil, off, l.pos, nil}, nil
	}
	id := ref{int(num), int(gen)}
	end := l.pos
	if t := l.token(); t == keyword("stream") {
		d, ok := o.(dict)
		if !ok {
			return loaded{}, damaged(off, "stream without dictionary")
		}
		s, err := f.streamAt(l.pos, d, id)
		if err != nil {
			return loaded{}, err
		}
		o, end = s, s.off+s.n
	} else if t == keyword("endobj") {
		end = l.pos
	}
	if l.err != nil {
		return loaded{}, l.err
	}
	if f.crypt != nil {
		o = f.crypt.decryptObject(o, id)
	}
	return loaded{o, off, end, l.dups}, nil
}

// spend bounds the work that overlapping objects and missing ends can cause.
func (f *file) spend(n int64) {
	if f.work -= n; f.work < 0 {
		f.over = true
	}
}

func firstError(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

// streamAt delimits the data of a stream whose keyword ends at pos.
func (f *file) streamAt(pos int64, d dict, id ref) (*stream, error) {
	if c, _ := f.src.at(pos); c == '\r' {
		pos++
	}
	if c, _ := f.src.at(pos); c == '\n' {
		pos++
	}
	n, ok := f.int(d["Length"])
	if ok && n >= 0 && pos+n <= f.src.size {
		l := &lexer{s: f.src, pos: pos + n}
		if l.token() == keyword("endstream") {
			return &stream{d, pos, n, id}, nil
		}
	}
	f.note("stream-length-wrong")
	end := f.src.index("endstream", pos, f.work)
	if end < 0 {
		f.spend(f.src.size - pos)
	} else {
		f.spend(end - pos)
	}
	if end < 0 {
		return nil, damaged(pos, "unterminated stream")
	}
	if c, _ := f.src.at(end - 1); c == '\n' && end > pos {
		end--
	}
	if c, _ := f.src.at(end - 1); c == '\r' && end > pos {
		end--
	}
	return &stream{d, pos, end - pos, id}, nil
}

// page returns the reference and dictionary of each page, in order, until visit returns false.
func (f *file) pages(visit func(i int, id object, p dict, inherited dict) bool) {
	seen := map[ref]bool{}
	n := 0
	var walk func(o object, inherited dict, depth int) bool
	walk = func(o object, inherited dict, depth int) bool {
		if r, ok := o.(ref); ok {
			if seen[r] {
				return true
			}
			seen[r] = true
		}
		d, ok := f.resolve(o).(dict)
		if !ok || depth > maxDepth || n > maxPages {
			return true
		}
		kids, isNode := f.resolve(d["Kids"]).(array)
		if !isNode || f.name(d["Type"]) == "Page" {
			n++
			return visit(n-1, o, d, inherited)
		}
		down := dict{}
		for _, k := range []name{"MediaBox", "CropBox", "Rotate", "Resources"} {
			if v, ok := d[k]; ok {
				down[k] = v
			} else if v, ok := inherited[k]; ok {
				down[k] = v
			}
		}
		for _, k := range kids {
			if !walk(k, down, depth+1) {
				return false
			}
		}
		return true
	}
	if root := f.dict(f.trailer["Root"]); root != nil {
		walk(root["Pages"], dict{}, 0)
	}
}
