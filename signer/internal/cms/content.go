package cms

import (
	"errors"
	"io"
	"sort"
	"sync"
)

// chunks walks the primitive pieces of a constructed OCTET STRING (X.690 §8.7.3). It is a value: a copy is a
// place to come back to.
type chunks struct {
	pos   int64
	depth int
	ends  [maxChunks]int64 // of the open elements; -1: indefinite
}

// next gives the place of the next piece; ok is false after the last one, with pos behind the element.
func (c *chunks) next(s *scanner) (off, n int64, ok bool, err error) {
	s.pos = c.pos
	defer func() { c.pos = s.pos }()
	for c.depth > 0 {
		m, err := s.more(c.ends[c.depth-1])
		if err != nil {
			return 0, 0, false, err
		}
		if !m {
			c.depth--
			continue
		}
		h, err := s.header()
		if err != nil {
			return 0, 0, false, err
		}
		if h.tag&^0x20 != 0x04 {
			return 0, 0, false, s.fail("OCTET STRING expected in a constructed one")
		}
		if !h.constructed() {
			off = s.pos
			s.pos += h.len
			return off, h.len, true, nil
		}
		if c.depth == maxChunks {
			return 0, 0, false, &LimitError{"depth of OCTET STRING"}
		}
		c.ends[c.depth] = s.endOf(h)
		c.depth++
	}
	return 0, 0, false, nil
}

// chunked is the content of a constructed OCTET STRING as one range of bytes. It remembers a place every
// markEvery bytes of content, so that its memory is a fraction of a thousandth of the content's.
type chunked struct {
	s     *scanner // template; every read works on a copy
	size  int64
	marks []mark

	// The reader of the last ReadAt waits here, so that reading on does not walk from the last mark again. Who takes
	// it leaves nil; a second goroutine then makes its own.
	mu     sync.Mutex
	idle   *chunkReader
	idleAt int64
}

type mark struct {
	at int64 // offset in the content
	c  chunks
}

const markEvery = 1 << 20

// newChunked walks the element once. s stands behind the header h and is left behind the element.
func newChunked(s *scanner, h header) (*chunked, error) {
	c := chunks{pos: s.pos, depth: 1}
	c.ends[0] = s.endOf(h)
	v := &chunked{s: s, marks: []mark{{0, c}}}
	for {
		before := c
		_, n, ok, err := c.next(s)
		if err != nil {
			return nil, err
		}
		if !ok {
			s.pos = c.pos
			return v, nil
		}
		if v.size-v.marks[len(v.marks)-1].at >= markEvery {
			v.marks = append(v.marks, mark{v.size, before})
		}
		v.size += n
	}
}

// reader streams from off. It is what both ReadAt and sequential reading use.
func (v *chunked) reader(off int64) *chunkReader {
	i := sort.Search(len(v.marks), func(i int) bool { return v.marks[i].at > off }) - 1
	s := newScanner(v.s.ctx, v.s.r, v.s.size)
	return &chunkReader{s: s, c: v.marks[i].c, skip: off - v.marks[i].at}
}

// ReadAt implements io.ReaderAt.
func (v *chunked) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	if off >= v.size {
		return 0, io.EOF
	}
	v.mu.Lock()
	r, at := v.idle, v.idleAt
	v.idle = nil
	v.mu.Unlock()
	if r == nil || at != off {
		r = v.reader(off)
	}
	n, err := io.ReadFull(r, p)
	if err == nil {
		v.mu.Lock()
		v.idle, v.idleAt = r, off+int64(n)
		v.mu.Unlock()
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

type chunkReader struct {
	s    *scanner
	c    chunks
	off  int64 // of what is left of the present piece
	n    int64
	skip int64
}

func (r *chunkReader) Read(p []byte) (int, error) {
	for r.n == 0 {
		off, n, ok, err := r.c.next(r.s)
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, io.EOF
		}
		k := min(r.skip, n)
		r.skip -= k
		r.off, r.n = off+k, n-k
	}
	filled := 0
	for filled < len(p) && r.n > 0 {
		want := int(min(int64(len(p)-filled), r.n, window))
		r.s.pos = r.off
		b, err := r.s.peek(want)
		if err != nil {
			return filled, err
		}
		if len(b) == 0 {
			return filled, io.ErrUnexpectedEOF
		}
		k := copy(p[filled:], b)
		filled += k
		r.off += int64(k)
		r.n -= int64(k)
	}
	return filled, nil
}
