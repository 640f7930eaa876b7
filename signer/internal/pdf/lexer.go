package pdf

import (
	"strconv"
)

// lexer reads objects from a source. It never fails on odd bytes: what is no object is a keyword.
type lexer struct {
	s     *source
	pos   int64
	spans bool // record where strings lie; off inside object streams
	dups  []name
	err   error
}

// keyword is a token such as obj, endobj, R, xref; closing delimiters are keywords too.
type keyword string

const eof keyword = ""

func (l *lexer) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

func (l *lexer) skipSpace() {
	for {
		c, ok := l.s.at(l.pos)
		if !ok {
			return
		}
		if c == '%' {
			for ok && c != '\n' && c != '\r' {
				l.pos++
				c, ok = l.s.at(l.pos)
			}
			continue
		}
		if !isSpace(c) {
			return
		}
		l.pos++
	}
}

// token reads one token: a simple object or a keyword.
func (l *lexer) token() object {
	l.skipSpace()
	c, ok := l.s.at(l.pos)
	if !ok {
		return eof
	}
	switch c {
	case '/':
		l.pos++
		return l.name()
	case '(':
		return l.literal()
	case '<':
		if d, _ := l.s.at(l.pos + 1); d == '<' {
			l.pos += 2
			return keyword("<<")
		}
		return l.hexString()
	case '>':
		if d, _ := l.s.at(l.pos + 1); d == '>' {
			l.pos += 2
			return keyword(">>")
		}
		l.pos++
		return keyword(">")
	case '[', ']', '{', '}', ')':
		l.pos++
		return keyword(c)
	}
	return l.word()
}

func (l *lexer) name() name {
	var b []byte
	for {
		c, ok := l.s.at(l.pos)
		if !ok || !isRegular(c) || len(b) > 4096 {
			return name(b)
		}
		l.pos++
		if c == '#' {
			h, _ := l.s.at(l.pos)
			g, _ := l.s.at(l.pos + 1)
			if x, y := unhex(h), unhex(g); x >= 0 && y >= 0 {
				c = byte(x<<4 | y)
				l.pos += 2
			}
		}
		b = append(b, c)
	}
}

func (l *lexer) word() object {
	var buf [32]byte
	b := buf[:0]
	for {
		c, ok := l.s.at(l.pos)
		if !ok || !isRegular(c) {
			break
		}
		l.pos++
		if len(b) < 256 {
			b = append(b, c)
		}
	}
	return wordObject(string(b))
}

func wordObject(w string) object {
	c := w[0]
	if c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.' {
		if n, err := strconv.ParseInt(w, 10, 64); err == nil {
			return n
		}
		if isReal(w) {
			return real(w)
		}
	}
	switch w {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	return keyword(w)
}

func isReal(w string) bool {
	digits, dots := 0, 0
	for i := range len(w) {
		switch c := w[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			dots++
		case (c == '+' || c == '-') && i == 0:
		default:
			return false
		}
	}
	return digits > 0 && dots <= 1
}

func (l *lexer) hexString() object {
	start := l.pos
	l.pos++
	var b []byte
	hi := -1
	for {
		c, ok := l.s.at(l.pos)
		if !ok {
			l.fail(damaged(start, "unterminated hexadecimal string"))
			return eof
		}
		l.pos++
		if c == '>' {
			break
		}
		v := unhex(c)
		switch {
		case v < 0 && isSpace(c):
			continue
		case v < 0:
			l.fail(damaged(l.pos-1, "no hexadecimal digit"))
			return eof
		case hi < 0:
			hi = v
		default:
			b = append(b, byte(hi<<4|v))
			hi = -1
		}
		if len(b) > maxString {
			l.fail(tooComplex("string too long"))
			return eof
		}
	}
	if hi >= 0 {
		b = append(b, byte(hi<<4))
	}
	return l.str(b, true, start)
}

func (l *lexer) str(b []byte, hex bool, start int64) str {
	if !l.spans {
		return str{b: b, hex: hex}
	}
	return str{b, hex, start, l.pos}
}

func (l *lexer) literal() object {
	start := l.pos
	l.pos++
	var b []byte
	depth := 1
	for {
		c, ok := l.s.at(l.pos)
		if !ok {
			l.fail(damaged(start, "unterminated string"))
			return eof
		}
		l.pos++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return l.str(b, false, start)
			}
		case '\\':
			b = l.escape(b)
			continue
		case '\r':
			if d, _ := l.s.at(l.pos); d == '\n' {
				l.pos++
			}
			c = '\n'
		}
		b = append(b, c)
		if len(b) > maxString {
			l.fail(tooComplex("string too long"))
			return eof
		}
	}
}

// escape reads what follows a backslash (ISO 32000-1 table 3).
func (l *lexer) escape(b []byte) []byte {
	c, ok := l.s.at(l.pos)
	if !ok {
		return b
	}
	l.pos++
	switch c {
	case 'n':
		return append(b, '\n')
	case 'r':
		return append(b, '\r')
	case 't':
		return append(b, '\t')
	case 'b':
		return append(b, '\b')
	case 'f':
		return append(b, '\f')
	case '\r':
		if d, _ := l.s.at(l.pos); d == '\n' {
			l.pos++
		}
		return b
	case '\n':
		return b
	}
	if c < '0' || c > '7' {
		return append(b, c)
	}
	v := int(c - '0')
	for range 2 {
		d, ok := l.s.at(l.pos)
		if !ok || d < '0' || d > '7' {
			break
		}
		v = v<<3 | int(d-'0')
		l.pos++
	}
	return append(b, byte(v))
}

// object reads one object; a keyword is returned as it is.
func (l *lexer) object(depth int) object {
	if depth > maxDepth {
		l.fail(tooComplex("nesting too deep"))
		return eof
	}
	t := l.token()
	switch v := t.(type) {
	case keyword:
		switch v {
		case "<<":
			return l.dict(depth)
		case "[":
			return l.array(depth)
		}
	case int64:
		return l.maybeRef(v)
	}
	return t
}

// maybeRef looks for "num gen R" after num.
func (l *lexer) maybeRef(num int64) object {
	save := l.pos
	c, _ := l.s.at(l.pos)
	if num >= 0 && num <= maxObjNum && isSpace(c) {
		l.skipSpace()
		if c, _ := l.s.at(l.pos); c >= '0' && c <= '9' {
			if gen, ok := l.word().(int64); ok && gen >= 0 && gen <= 65535 {
				l.skipSpace()
				c, _ := l.s.at(l.pos)
				d, ok := l.s.at(l.pos + 1)
				if c == 'R' && (!ok || !isRegular(d)) {
					l.pos++
					return ref{int(num), int(gen)}
				}
			}
		}
	}
	l.pos = save
	return num
}

func (l *lexer) array(depth int) object {
	a := array{}
	for l.err == nil {
		o := l.object(depth + 1)
		if k, ok := o.(keyword); ok {
			if k == "]" {
				return a
			}
			if k == eof || k == ">>" || k == "endobj" {
				l.fail(damaged(l.pos, "unterminated array"))
				return eof
			}
			continue
		}
		a = append(a, o)
		if len(a) > maxItems {
			l.fail(tooComplex("array too long"))
		}
	}
	return eof
}

func (l *lexer) dict(depth int) object {
	d := dict{}
	for l.err == nil {
		t := l.token()
		k, ok := t.(name)
		if !ok {
			switch t {
			case keyword(">>"):
				return d
			case eof, keyword("endobj"), keyword("stream"):
				l.fail(damaged(l.pos, "unterminated dictionary"))
				return eof
			}
			continue
		}
		save := l.pos
		v := l.object(depth + 1)
		if kw, ok := v.(keyword); ok {
			if kw == ">>" { // a key without a value
				l.pos = save
			} else if kw == eof {
				l.fail(damaged(l.pos, "unterminated dictionary"))
				return eof
			}
			v = nil
		}
		if _, ok := d[k]; ok {
			l.dups = append(l.dups, k)
		}
		d[k] = v
		if len(d) > maxItems {
			l.fail(tooComplex("dictionary too long"))
		}
	}
	return eof
}
