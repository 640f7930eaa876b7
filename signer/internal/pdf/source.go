package pdf

import (
	"bytes"
	"errors"
	"io"
)

const window = 16 << 10

// source reads single bytes of a file through one window. The first failure of the reader sticks.
type source struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	off  int64 // of buf[0]
	err  error
}

func newSource(r io.ReaderAt, size int64) *source { return &source{r: r, size: size} }

// at returns the byte at p, or false past the end.
func (s *source) at(p int64) (byte, bool) {
	if i := p - s.off; i >= 0 && i < int64(len(s.buf)) {
		return s.buf[i], true
	}
	return s.fill(p)
}

func (s *source) fill(p int64) (byte, bool) {
	if p < 0 || p >= s.size || s.err != nil {
		return 0, false
	}
	if s.buf == nil || cap(s.buf) < window {
		s.buf = make([]byte, window)
	}
	// A little before p: parsers look back over line ends.
	start := max(0, p-64)
	n := min(int64(window), s.size-start)
	s.buf = s.buf[:n]
	s.off = start
	got, err := s.r.ReadAt(s.buf, start)
	s.buf = s.buf[:got]
	if int64(got) < n && err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	if i := p - s.off; i < int64(len(s.buf)) {
		return s.buf[i], true
	}
	return 0, false
}

// read returns up to n bytes from p in memory of its own.
func (s *source) read(p, n int64) []byte {
	if p < 0 || p >= s.size || n <= 0 {
		return nil
	}
	b := make([]byte, min(n, s.size-p))
	got, err := s.r.ReadAt(b, p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return b[:got]
}

// lastIndex finds the last sep that ends at or before end, looking back no further than limit bytes.
func (s *source) lastIndex(sep string, end, limit int64) int64 {
	from := max(0, end-limit)
	for end > from {
		start := max(from, end-tailWindow)
		b := s.read(start, end-start)
		if i := bytes.LastIndex(b, []byte(sep)); i >= 0 {
			return start + int64(i)
		}
		if start == from {
			return -1
		}
		end = start + int64(len(sep)) - 1
	}
	return -1
}

// index finds the first sep at or after p.
func (s *source) index(sep string, p, limit int64) int64 {
	end := min(s.size, p+limit)
	for p < end {
		b := s.read(p, min(tailWindow, end-p))
		if i := bytes.Index(b, []byte(sep)); i >= 0 {
			return p + int64(i)
		}
		if len(b) < tailWindow {
			return -1
		}
		p += int64(len(b)) - int64(len(sep)) + 1
	}
	return -1
}
