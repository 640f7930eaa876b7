package tsp

import (
	"bytes"
	"context"
	"errors"
	"io"
)

const (
	maxDepth = 32
	eachMark = 1 << 20 // content bytes between two remembered places
)

var errBER = errors.New("not BER")

// head is an identifier and length octets, X.690 §8.1. Tags above 30 do not occur here.
type head struct {
	tag  byte
	size int64 // of the header
	len  int64 // of the content; -1 indefinite
}

// source walks BER over a ReaderAt.
type source struct {
	ctx  context.Context
	r    io.ReaderAt
	size int64
}

func (s *source) head(at int64) (head, error) {
	var b [10]byte
	if err := s.ctx.Err(); err != nil {
		return head{}, err
	}
	if at >= s.size {
		return head{}, errBER
	}
	n, err := s.r.ReadAt(b[:min(10, s.size-at)], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return head{}, err
	}
	if n < 2 || b[0]&0x1f == 0x1f {
		return head{}, errBER
	}
	h := head{tag: b[0], size: 2, len: int64(b[1])}
	switch {
	case b[1] == 0x80:
		h.len = -1
		if b[0]&0x20 == 0 {
			return head{}, errBER
		}
	case b[1] > 0x80:
		k := int(b[1] & 0x7f)
		if k > 8 || n < 2+k {
			return head{}, errBER
		}
		h.size, h.len = int64(2+k), 0
		for _, o := range b[2 : 2+k] {
			if h.len>>54 != 0 {
				return head{}, errBER
			}
			h.len = h.len<<8 | int64(o)
		}
	}
	if h.len > s.size-at-h.size {
		return head{}, errBER
	}
	return h, nil
}

// end finds where the element at begins to be over.
func (s *source) end(at int64, depth int) (int64, error) {
	h, err := s.head(at)
	if err != nil || h.len >= 0 {
		return at + h.size + h.len, err
	}
	if depth == maxDepth {
		return 0, errBER
	}
	for at += h.size; ; {
		over, next, err := s.over(at, -1)
		if err != nil || over {
			return next, err
		}
		if at, err = s.end(at, depth+1); err != nil {
			return 0, err
		}
	}
}

// over tells whether a list that ends at limit (-1: with end-of-contents octets) has ended at the place at.
func (s *source) over(at, limit int64) (over bool, next int64, err error) {
	if limit >= 0 {
		return at >= limit, limit, nil
	}
	h, err := s.head(at)
	if err != nil {
		return false, 0, err
	}
	return h.tag == 0 && h.len == 0, at + 2, nil
}

// enter steps into a constructed element; limit is where it ends, or -1.
func (s *source) enter(at int64, tag byte) (inside, limit int64, err error) {
	h, err := s.head(at)
	if err != nil {
		return 0, 0, err
	}
	if h.tag != tag {
		return 0, 0, errBER
	}
	if h.len < 0 {
		return at + h.size, -1, nil
	}
	return at + h.size, at + h.size + h.len, nil
}

// bytes reads the whole element at, which must not exceed limit bytes.
func (s *source) bytes(at, limit int64) ([]byte, int64, error) {
	end, err := s.end(at, 0)
	if err != nil {
		return nil, 0, err
	}
	if end-at > limit {
		return nil, 0, errBER
	}
	b := make([]byte, end-at)
	if _, err := s.r.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	return b, end, nil
}

// octets is the content of an OCTET STRING, primitive or in chunks, readable at any offset.
type octets struct {
	s     *source
	size  int64
	marks []mark
}

// mark is a primitive piece: where its content starts in the content and in the file.
type mark struct{ off, at, len int64 }

// octets reads the OCTET STRING at and remembers a place every megabyte.
func (s *source) octets(at int64) (*octets, int64, error) {
	o := &octets{s: s}
	end, err := o.walk(at, 0)
	return o, end, err
}

func (o *octets) walk(at int64, depth int) (int64, error) {
	h, err := o.s.head(at)
	if err != nil {
		return 0, err
	}
	if h.tag == 0x04 {
		last := len(o.marks) - 1
		if last < 0 || o.size-o.marks[last].off >= eachMark {
			o.marks = append(o.marks, mark{o.size, at, h.len})
		}
		o.size += h.len
		return at + h.size + h.len, nil
	}
	if h.tag != 0x24 || depth == maxDepth {
		return 0, errBER
	}
	limit := int64(-1)
	if h.len >= 0 {
		limit = at + h.size + h.len
	}
	for at += h.size; ; {
		over, next, err := o.s.over(at, limit)
		if err != nil || over {
			return next, err
		}
		if at, err = o.walk(at, depth+1); err != nil {
			return 0, err
		}
	}
}

// ReadAt implements io.ReaderAt.
func (o *octets) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errBER
	}
	if off >= o.size {
		return 0, io.EOF
	}
	lo, hi := 0, len(o.marks)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; o.marks[mid].off <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	place, at, n := o.marks[lo].off, o.marks[lo].at, 0
	for n < len(p) && place < o.size {
		h, err := o.s.head(at)
		if err != nil {
			return n, err
		}
		switch {
		case h.tag == 0x04:
			if skip := off + int64(n) - place; skip < h.len {
				k := min(int64(len(p)-n), h.len-skip)
				if m, err := o.s.r.ReadAt(p[n:n+int(k)], at+h.size+skip); int64(m) < k {
					return n + m, err
				}
				n += int(k)
			}
			place += h.len
			at += h.size + h.len
		default: // the start of a nested piece, or end-of-contents octets
			at += h.size
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// element gives the content of the one element in b, for a definite or an indefinite length.
func element(b []byte, tag byte) ([]byte, error) {
	s := &source{context.Background(), bytes.NewReader(b), int64(len(b))}
	in, limit, err := s.enter(0, tag)
	if err != nil {
		return nil, err
	}
	end, err := s.end(0, 0)
	if err != nil {
		return nil, err
	}
	if limit < 0 {
		end -= 2
	}
	return b[in:end], nil
}

// first splits off the first element of b.
func first(b []byte) (one, rest []byte, err error) {
	s := &source{context.Background(), bytes.NewReader(b), int64(len(b))}
	end, err := s.end(0, 0)
	if err != nil {
		return nil, nil, err
	}
	return b[:end], b[end:], nil
}
