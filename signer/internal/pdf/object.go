package pdf

import (
	"bytes"
	"strconv"
)

// object is a PDF object (ISO 32000-1 §7.3): nil, bool, int64, real, name, str, array, dict, ref or *stream.
type object any

type (
	name  string // without the slash, #xx resolved
	real  string // as written, so that rewriting a dictionary does not move a page edge
	array []object
	dict  map[name]object
	ref   struct{ num, gen int }
)

// str is a string object. start and end span it in the file, delimiters included; both are 0 when it comes
// from an object stream.
type str struct {
	b          []byte
	hex        bool
	start, end int64
}

// stream is a stream object; its data stays in the file.
type stream struct {
	dict   dict
	off, n int64
	id     ref // for decryption
}

func (r real) float() float64 {
	f, err := strconv.ParseFloat(string(r), 64)
	if err != nil {
		return 0
	}
	return f
}

func number(o object) (float64, bool) {
	switch v := o.(type) {
	case int64:
		return float64(v), true
	case real:
		return v.float(), true
	}
	return 0, false
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0 || c == '\f'
}

func isDelim(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c byte) bool { return !isSpace(c) && !isDelim(c) }

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// same compares two objects without following references. Streams are equal only if they are the same object.
func same(a, b object) bool {
	switch x := a.(type) {
	case str:
		y, ok := b.(str)
		return ok && bytes.Equal(x.b, y.b)
	case array:
		y, ok := b.(array)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case dict:
		y, ok := b.(dict)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			w, ok := y[k]
			if !ok || !same(v, w) {
				return false
			}
		}
		return true
	case int64, real:
		f, _ := number(a)
		g, ok := number(b)
		return ok && f == g
	case *stream:
		y, ok := b.(*stream)
		return ok && x == y
	}
	switch b.(type) {
	case str, array, dict, *stream:
		return false
	}
	return a == b
}
