package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

// decodeRaw undoes the filters of a stream that is not encrypted, such as a cross-reference stream.
func (f *file) decodeRaw(s *stream) ([]byte, error) {
	if s.n > maxInflate {
		return nil, tooComplex("stream too long")
	}
	return f.unfilter(s, f.src.read(s.off, s.n))
}

// decode decrypts and undoes the filters of a stream.
func (f *file) decode(s *stream) ([]byte, error) {
	if s.n > maxInflate {
		return nil, tooComplex("stream too long")
	}
	b := f.src.read(s.off, s.n)
	if f.crypt != nil {
		b = f.crypt.decryptStream(b, s)
	}
	return f.unfilter(s, b)
}

func (f *file) unfilter(s *stream, b []byte) ([]byte, error) {
	filters := asArray(f.resolve(s.dict["Filter"]))
	parms := asArray(f.resolve(s.dict["DecodeParms"]))
	if len(filters) > 8 {
		return nil, tooComplex("too many filters")
	}
	for i, o := range filters {
		var p dict
		if i < len(parms) {
			p = f.dict(parms[i])
		}
		var err error
		switch n := f.name(o); n {
		case "FlateDecode", "Fl":
			b, err = inflate(b)
			if err == nil {
				b, err = f.predict(b, p)
			}
		case "LZWDecode", "LZW":
			early, ok := f.int(p["EarlyChange"])
			b, err = unlzw(b, !ok || early != 0)
			if err == nil {
				b, err = f.predict(b, p)
			}
		case "ASCIIHexDecode", "AHx":
			b = unASCIIHex(b)
		case "ASCII85Decode", "A85":
			b, err = unASCII85(b)
		case "RunLengthDecode", "RL":
			b, err = unRunLength(b)
		case "Crypt":
		default:
			return nil, &Error{Kind: Damaged, Offset: s.off, Detail: "filter " + string(n)}
		}
		if err != nil {
			return nil, err
		}
		if f.inflated += int64(len(b)); f.inflated > maxInflateAll+16*f.src.size {
			return nil, tooComplex("streams expand too far")
		}
	}
	return b, nil
}

func asArray(o object) array {
	switch v := o.(type) {
	case array:
		return v
	case nil:
		return nil
	}
	return array{o}
}

// inflate keeps what could be decoded before an error: a bad checksum does not lose an object stream.
func inflate(b []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, damaged(-1, "no zlib data")
	}
	out, err := io.ReadAll(io.LimitReader(r, maxInflate+1))
	if len(out) > maxInflate {
		return nil, tooComplex("stream expands too far")
	}
	if err != nil && len(out) == 0 && !errors.Is(err, io.EOF) {
		return nil, damaged(-1, "no zlib data")
	}
	return out, nil
}

// predict undoes the PNG and TIFF predictors (ISO 32000-1 §7.4.4.4).
func (f *file) predict(b []byte, p dict) ([]byte, error) {
	param := func(k name, def int64) int64 {
		if v, ok := f.int(p[k]); ok {
			return v
		}
		return def
	}
	pred := param("Predictor", 1)
	if pred <= 1 {
		return b, nil
	}
	colors, bits, cols := param("Colors", 1), param("BitsPerComponent", 8), param("Columns", 1)
	if colors < 1 || colors > 32 || bits < 1 || bits > 16 || cols < 1 || cols > 1<<20 {
		return nil, damaged(-1, "bad predictor")
	}
	bpp := int(max(1, colors*bits/8))
	row := int((colors*bits*cols + 7) / 8)
	if pred == 2 {
		if bits != 8 {
			return nil, damaged(-1, "bad predictor")
		}
		for i := range b {
			if i%row >= bpp {
				b[i] += b[i-bpp]
			}
		}
		return b, nil
	}
	out := make([]byte, 0, len(b))
	prev := make([]byte, row)
	for len(b) > 1 {
		n := min(row, len(b)-1)
		cur := make([]byte, row)
		copy(cur, b[1:1+n])
		unPNG(b[0], cur, prev, bpp)
		out = append(out, cur[:n]...)
		prev = cur
		b = b[1+n:]
	}
	return out, nil
}

func unPNG(kind byte, cur, prev []byte, bpp int) {
	for i := range cur {
		var a, c int
		if i >= bpp {
			a, c = int(cur[i-bpp]), int(prev[i-bpp])
		}
		up := int(prev[i])
		switch kind {
		case 1:
			cur[i] += byte(a)
		case 2:
			cur[i] += byte(up)
		case 3:
			cur[i] += byte((a + up) / 2)
		case 4:
			cur[i] += byte(paeth(a, up, c))
		}
	}
}

func paeth(a, b, c int) int {
	p := a + b - c
	pa, pb, pc := abs(p-a), abs(p-b), abs(p-c)
	if pa <= pb && pa <= pc {
		return a
	}
	if pb <= pc {
		return b
	}
	return c
}

func abs(a int) int { return max(a, -a) }

func unASCIIHex(b []byte) []byte {
	var out []byte
	hi := -1
	for _, c := range b {
		if c == '>' {
			break
		}
		v := unhex(c)
		if v < 0 {
			continue
		}
		if hi < 0 {
			hi = v
			continue
		}
		out = append(out, byte(hi<<4|v))
		hi = -1
	}
	if hi >= 0 {
		out = append(out, byte(hi<<4))
	}
	return out
}

func unASCII85(b []byte) ([]byte, error) {
	var out []byte
	var v uint64
	n := 0
	for _, c := range b {
		switch {
		case c == '~':
			if n > 0 {
				for i := n; i < 5; i++ {
					v = v*85 + 84
				}
				out = append(out, []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8)}[:n-1]...)
			}
			return out, nil
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
		case c >= '!' && c <= 'u':
			v = v*85 + uint64(c-'!')
			if n++; n == 5 {
				out = append(out, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
				v, n = 0, 0
			}
		case !isSpace(c):
			return nil, damaged(-1, "bad ASCII85 data")
		}
	}
	return out, nil
}

func unRunLength(b []byte) ([]byte, error) {
	var out []byte
	for len(b) > 1 && b[0] != 128 {
		if n := int(b[0]); n < 128 {
			n = min(n+1, len(b)-1)
			out = append(out, b[1:1+n]...)
			b = b[1+n:]
		} else {
			out = append(out, bytes.Repeat(b[1:2], 257-n)...)
			b = b[2:]
		}
		if len(out) > maxInflate {
			return nil, tooComplex("stream expands too far")
		}
	}
	return out, nil
}

// lzwNode is an entry of the LZW table: the string of prev and one byte more.
type lzwNode struct {
	prev int
	last byte
	n    int
}

// lzwAppend appends the string of a code.
func lzwAppend(out []byte, table *[4096]lzwNode, code int) []byte {
	n := table[code].n
	out = append(out, make([]byte, n)...)
	for i := len(out) - 1; n > 0; n-- {
		out[i] = table[code].last
		code = table[code].prev
		i--
	}
	return out
}

// unlzw decodes LZW as PDF has it: codes from the high bit, clear 256, end 257 (ISO 32000-1 §7.4.4.2).
func unlzw(b []byte, early bool) ([]byte, error) {
	var table [4096]lzwNode
	for i := range 256 {
		table[i] = lzwNode{-1, byte(i), 1}
	}
	next, width, prev, shift := 258, 9, -1, 0
	if early {
		shift = 1
	}
	var out []byte
	var acc uint32
	have := 0
	for _, c := range b {
		acc = acc<<8 | uint32(c)
		if have += 8; have < width {
			continue
		}
		have -= width
		code := int(acc >> have & (1<<width - 1))
		switch {
		case code == 256:
			next, width, prev = 258, 9, -1
			continue
		case code == 257:
			return out, nil
		case code > next || prev < 0 && code > 255:
			return nil, damaged(-1, "bad LZW data")
		}
		at := len(out)
		if prev >= 0 && code >= next { // the code that is being defined
			out = lzwAppend(out, &table, prev)
			out = append(out, out[at])
		} else {
			out = lzwAppend(out, &table, code)
		}
		if prev >= 0 && next < 4096 {
			table[next] = lzwNode{prev, out[at], table[prev].n + 1}
			next++
		}
		prev = code
		if width < 12 && next+shift >= 1<<width {
			width++
		}
		if len(out) > maxInflate {
			return nil, tooComplex("stream expands too far")
		}
	}
	return out, nil
}
