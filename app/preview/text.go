package preview

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxLines  = 20000
	maxLine   = 2000 // characters
	maxShown  = 2 << 20
	tabulator = "    "
)

// decodeText turns bytes into text. A byte order mark decides, then whether it is UTF-8 (RFC 3629), else each byte is a
// character of Windows-1252, which Latin-1 is a part of. ok is false when so much of it is no text that it is not one;
// cut tells that the last character may be incomplete.
func decodeText(b []byte, cut bool) (text, encoding string, ok bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		text, encoding = strings.ToValidUTF8(string(b[3:]), "\uFFFD"), "UTF-8"
	case hasAnyPrefix(b, "\xff\xfe", "\xfe\xff"):
		text, encoding = decodeUTF16(b), "UTF-16"
	case validUTF8(b, cut):
		text, encoding = strings.ToValidUTF8(string(b), ""), "UTF-8"
	default:
		text, encoding = decode1252(b), "Latin-1"
	}
	strange := 0
	for _, r := range text {
		if strangeRune(r) {
			strange++
		}
	}
	return text, encoding, text != "" && strange*50 < len(text)
}

func validUTF8(b []byte, cut bool) bool {
	if utf8.Valid(b) {
		return true
	}
	for i := 1; cut && i < utf8.UTFMax && i < len(b); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			return utf8.Valid(b[:len(b)-i])
		}
	}
	return false
}

func decodeUTF16(b []byte) string {
	big := b[0] == 0xfe
	units := make([]uint16, 0, len(b)/2)
	for b = b[2:]; len(b) >= 2; b = b[2:] {
		u := uint16(b[0]) | uint16(b[1])<<8
		if big {
			u = uint16(b[0])<<8 | uint16(b[1])
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// high1252 are the characters of Windows-1252 from 0x80 to 0x9f; 0 where there is none.
var high1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

func decode1252(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		r := rune(c)
		if c >= 0x80 && c < 0xa0 && high1252[c-0x80] != 0 {
			r = high1252[c-0x80]
		}
		s.WriteRune(r)
	}
	return s.String()
}

// strangeRune is a character that no text has.
func strangeRune(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == utf8.RuneError
}

// turning are the characters that change the direction of what follows (Unicode Standard Annex 9 §2), with which a text
// can be made to look other than it reads.
func turning(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}

// unseen are characters without width.
func unseen(r rune) bool { return r == 0x200b || r == 0x2060 || r == 0xfeff || r == 0x00ad }

// text fills the view with the lines of a text, in which what would not be seen is spelt out.
func (v *View) text(text string) {
	v.Form = Lines
	if len(text) > maxShown {
		text, v.Cut = strings.ToValidUTF8(text[:maxShown], ""), true
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n").Replace(text)
	for n := 0; text != "" && n < maxLines; n++ {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		v.Lines = append(v.Lines, v.line(line))
	}
	v.Cut = v.Cut || text != ""
}

// line is one line as it is shown.
func (v *View) line(s string) string {
	if lookalike(s) {
		v.alarm("text-lookalike")
	}
	var out strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxLine {
			v.Cut = true
			out.WriteString("…")
			break
		}
		switch {
		case turning(r):
			v.alarm("text-direction")
		case r == '\t':
			out.WriteString(tabulator)
			continue
		case strangeRune(r):
			v.alarm("text-control")
		case !unseen(r):
			out.WriteRune(r)
			continue
		}
		fmt.Fprintf(&out, "[U+%04X]", r)
	}
	return out.String()
}

// lookalike reports whether a word mixes Latin letters with Greek or Cyrillic ones, many of which look the same.
func lookalike(s string) bool {
	latin, other, letters := false, false, 0
	for _, r := range s + " " {
		switch {
		case !unicode.IsLetter(r):
			if latin && other && letters >= 3 {
				return true
			}
			latin, other, letters = false, false, 0
			continue
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.In(r, unicode.Greek, unicode.Cyrillic):
			other = true
		}
		letters++
	}
	return false
}
