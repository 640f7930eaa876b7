package cms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
)

// Limits that hostile files run into. Content is not limited: it is streamed.
const (
	maxMeta     = 64 << 20 // octets of SignedData outside the content, all together
	maxDepth    = 64       // nesting of elements
	maxChunks   = 8        // nesting of constructed OCTET STRINGs
	maxElements = 4 << 20  // elements in metadata
	maxSigners  = 1000
	maxCerts    = 10000
	maxAttrs    = 1000 // attributes of one SignerInfo, and values of one attribute
)

// SyntaxError says where and why the bytes are not what they should be.
type SyntaxError struct {
	Offset int64 // in the unwrapped file; -1 when the part was no longer at hand by its place
	What   string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("malformed CMS at %d: %s", e.Offset, e.What) }

// LimitError says which bound the file exceeds. It is not a statement on whether it is well-formed.
type LimitError struct{ What string }

func (e *LimitError) Error() string { return "CMS beyond limits: " + e.What }

// header is one identifier and length (X.690 §8.1).
type header struct {
	tag  byte  // the identifier octet; high tag numbers keep the low five bits set
	size int   // octets of identifier and length together
	len  int64 // of the value; -1: indefinite
}

func (h header) constructed() bool { return h.tag&0x20 != 0 }

var errShort = errors.New("header cut off")

// parseHeader reads a header from b, which may hold more. errShort asks for more bytes.
func parseHeader(b []byte) (header, error) {
	if len(b) < 2 {
		return header{}, errShort
	}
	h := header{tag: b[0]}
	i := 1
	if h.tag&0x1f == 0x1f {
		for {
			if i == len(b) {
				return h, errShort
			}
			i++
			if b[i-1]&0x80 == 0 {
				break
			}
			if i > 5 {
				return h, errors.New("tag number too large")
			}
		}
		if i == len(b) {
			return h, errShort
		}
	}
	l := b[i]
	i++
	switch {
	case l < 0x80:
		h.len = int64(l)
	case l == 0x80:
		if !h.constructed() {
			return h, errors.New("indefinite length on a primitive element")
		}
		h.len = -1
	case l == 0xff:
		return h, errors.New("reserved length octet")
	default:
		n := int(l & 0x7f)
		if n > 126 || i+n > len(b) {
			if n > 32 {
				return h, errors.New("length of length")
			}
			return h, errShort
		}
		for ; n > 0; n-- {
			if h.len > math.MaxInt64>>9 {
				return h, errors.New("length too large")
			}
			h.len = h.len<<8 | int64(b[i])
			i++
		}
	}
	h.size = i
	return h, nil
}

// maxHeader is more than the longest header that parseHeader accepts.
const maxHeader = 40

// scanner walks elements over a ReaderAt through a small window.
type scanner struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64 // upper bound for every end
	pos    int64
	win    []byte
	winOff int64
	steps  int
	meta   int64 // octets still allowed in memory
}

const window = 32 << 10

func newScanner(ctx context.Context, r io.ReaderAt, size int64) *scanner {
	return &scanner{ctx: ctx, r: r, size: size, meta: maxMeta}
}

func (s *scanner) fail(what string) error { return &SyntaxError{s.pos, what} }

// peek gives up to n bytes at pos, fewer only at the end of the file.
func (s *scanner) peek(n int) ([]byte, error) {
	n = int(min(int64(n), s.size-s.pos))
	if n <= 0 {
		return nil, nil
	}
	if s.pos < s.winOff || s.pos+int64(n) > s.winOff+int64(len(s.win)) {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		if cap(s.win) == 0 {
			s.win = make([]byte, window)
		}
		k, err := s.r.ReadAt(s.win[:min(int64(cap(s.win)), s.size-s.pos)], s.pos)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		s.win, s.winOff = s.win[:k], s.pos
		n = min(n, k)
	}
	i := int(s.pos - s.winOff)
	return s.win[i : i+n], nil
}

// header reads a header and moves behind it. A definite length that leads out of the file is an error.
func (s *scanner) header() (header, error) {
	if s.steps++; s.steps%4096 == 0 {
		if err := s.ctx.Err(); err != nil {
			return header{}, err
		}
	}
	b, err := s.peek(maxHeader)
	if err != nil {
		return header{}, err
	}
	h, err := parseHeader(b)
	if err != nil {
		return h, s.fail(err.Error())
	}
	if h.len > s.size-s.pos-int64(h.size) {
		return h, s.fail("element longer than the file")
	}
	s.pos += int64(h.size)
	return h, nil
}

// enter reads the header of a constructed element and returns where it ends: -1 for indefinite.
func (s *scanner) enter(tag byte, what string) (int64, error) {
	h, err := s.header()
	if err != nil {
		return 0, err
	}
	if h.tag != tag {
		return 0, s.fail(what + " expected")
	}
	return s.endOf(h), nil
}

func (s *scanner) endOf(h header) int64 {
	if h.len < 0 {
		return -1
	}
	return s.pos + h.len
}

// more reports whether another element follows before end. It eats the end-of-contents octets.
func (s *scanner) more(end int64) (bool, error) {
	if end >= 0 {
		if s.pos > end {
			return false, s.fail("element leaves its parent")
		}
		return s.pos < end, nil
	}
	b, err := s.peek(2)
	if err != nil {
		return false, err
	}
	if len(b) < 2 {
		return false, s.fail("end of contents missing")
	}
	if b[0] == 0 && b[1] == 0 {
		s.pos += 2
		return false, nil
	}
	return true, nil
}

// leave demands that the element that ends at end has nothing more in it.
func (s *scanner) leave(end int64, what string) error {
	m, err := s.more(end)
	if err == nil && m {
		err = s.fail("unexpected element in " + what)
	}
	return err
}

// skipTo moves behind the element whose header was just read. It is iterative: a file of nothing but nested
// beginnings must not cost stack.
func (s *scanner) skipTo(h header) error {
	if h.len >= 0 {
		s.pos += h.len
		return nil
	}
	for depth := 1; depth > 0; {
		b, err := s.peek(2)
		if err != nil {
			return err
		}
		if len(b) == 2 && b[0] == 0 && b[1] == 0 {
			s.pos += 2
			depth--
			continue
		}
		c, err := s.header()
		if err != nil {
			return err
		}
		if s.steps > maxElements {
			return &LimitError{"number of elements"}
		}
		if c.len >= 0 {
			s.pos += c.len
			continue
		}
		if depth++; depth > maxDepth {
			return &LimitError{"depth"}
		}
	}
	return nil
}

// element reads a whole element into memory, exactly as it stands.
func (s *scanner) element() ([]byte, error) {
	start := s.pos
	h, err := s.header()
	if err != nil {
		return nil, err
	}
	if err := s.skipTo(h); err != nil {
		return nil, err
	}
	n := s.pos - start
	if s.meta -= n; s.meta < 0 {
		return nil, &LimitError{"size of metadata"}
	}
	b := make([]byte, n)
	if _, err := s.r.ReadAt(b, start); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// children splits the value of the constructed element raw, in memory, whatever its lengths look like.
func children(raw []byte, limit int) ([][]byte, error) {
	h, err := parseHeader(raw)
	if err != nil || !h.constructed() {
		return nil, &SyntaxError{-1, "constructed element expected"}
	}
	body := raw[h.size:]
	if h.len >= 0 {
		if h.len > int64(len(body)) {
			return nil, &SyntaxError{-1, "element cut off"}
		}
		body = body[:h.len]
	}
	var out [][]byte
	for len(body) > 0 {
		if h.len < 0 && len(body) >= 2 && body[0] == 0 && body[1] == 0 {
			break
		}
		n, err := elementLen(body)
		if err != nil {
			return nil, err
		}
		if len(out) == limit {
			return nil, &LimitError{"number of elements"}
		}
		out = append(out, body[:n])
		body = body[n:]
	}
	return out, nil
}

// elementLen is the length of the first element in b, found without recursion.
func elementLen(b []byte) (int, error) {
	h, err := parseHeader(b)
	if err != nil {
		return 0, &SyntaxError{-1, err.Error()}
	}
	if h.len >= 0 {
		if h.len > int64(len(b)-h.size) {
			return 0, &SyntaxError{-1, "element cut off"}
		}
		return h.size + int(h.len), nil
	}
	pos := h.size
	for depth := 1; depth > 0; {
		rest := b[pos:]
		if len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
			pos += 2
			depth--
			continue
		}
		c, err := parseHeader(rest)
		if err != nil {
			return 0, &SyntaxError{-1, err.Error()}
		}
		pos += c.size
		if c.len < 0 {
			if depth++; depth > maxDepth {
				return 0, &LimitError{"depth"}
			}
			continue
		}
		if c.len > int64(len(b)-pos) {
			return 0, &SyntaxError{-1, "element cut off"}
		}
		pos += int(c.len)
	}
	return pos, nil
}

// Normalise gives the one element in raw minimal definite lengths and joins constructed OCTET STRINGs, which is
// what DER and its readers ask for; order of SETs and values of primitives stay. It returns raw itself when there
// is nothing to do. Bytes behind the element are dropped.
func Normalise(raw []byte) ([]byte, error) {
	n, err := elementLen(raw)
	if err != nil {
		return nil, err
	}
	raw = raw[:n]
	if minimal(raw, 0) {
		return raw, nil
	}
	budget := maxElements
	return rebuild(raw, 0, &budget)
}

// minimal reports whether every length in raw is definite and minimal and no OCTET STRING is constructed.
func minimal(raw []byte, depth int) bool {
	h, err := parseHeader(raw)
	if err != nil || h.len < 0 || depth > maxDepth || h.tag == 0x24 || len(appendHeader(nil, h.tag, h.len)) != h.size && h.tag&0x1f != 0x1f {
		return false
	}
	if !h.constructed() {
		return true
	}
	for body := raw[h.size : h.size+int(h.len)]; len(body) > 0; {
		c, err := parseHeader(body)
		if err != nil || c.len < 0 || c.len > int64(len(body)-c.size) {
			return false
		}
		n := c.size + int(c.len)
		if !minimal(body[:n], depth+1) {
			return false
		}
		body = body[n:]
	}
	return true
}

func rebuild(raw []byte, depth int, budget *int) ([]byte, error) {
	if depth > maxDepth {
		return nil, &LimitError{"depth"}
	}
	if *budget--; *budget < 0 {
		return nil, &LimitError{"number of elements"}
	}
	h, err := parseHeader(raw)
	if err != nil {
		return nil, &SyntaxError{-1, err.Error()}
	}
	if h.tag&0x1f == 0x1f {
		return raw, nil // nothing in CMS has a high tag number; leave it as it is
	}
	if !h.constructed() {
		return append(appendHeader(nil, h.tag, h.len), raw[h.size:h.size+int(h.len)]...), nil
	}
	kids, err := children(raw, maxElements)
	if err != nil {
		return nil, err
	}
	var body []byte
	for _, k := range kids {
		if h.tag == 0x24 {
			if body, err = appendOctets(body, k, depth+1); err != nil {
				return nil, err
			}
			continue
		}
		d, err := rebuild(k, depth+1, budget)
		if err != nil {
			return nil, err
		}
		body = append(body, d...)
	}
	tag := h.tag
	if tag == 0x24 {
		tag = 0x04
	}
	return append(appendHeader(nil, tag, int64(len(body))), body...), nil
}

func appendOctets(to, raw []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, &LimitError{"depth"}
	}
	h, err := parseHeader(raw)
	if err != nil || h.tag&^0x20 != 0x04 {
		return nil, &SyntaxError{-1, "OCTET STRING expected in a constructed one"}
	}
	if !h.constructed() {
		return append(to, raw[h.size:h.size+int(h.len)]...), nil
	}
	kids, err := children(raw, maxElements)
	if err != nil {
		return nil, err
	}
	for _, k := range kids {
		if to, err = appendOctets(to, k, depth+1); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// appendHeader writes identifier and minimal length.
func appendHeader(b []byte, tag byte, n int64) []byte {
	b = append(b, tag)
	if n < 0x80 {
		return append(b, byte(n))
	}
	octets := 1
	for x := n >> 8; x > 0; x >>= 8 {
		octets++
	}
	b = append(b, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		b = append(b, byte(n>>(8*i)))
	}
	return b
}

func tlv(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b := appendHeader(make([]byte, 0, n+8), tag, int64(n))
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}
