package xmlsig

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// toUTF8 converts a document to UTF-8 without byte order mark, by its mark or its XML declaration
// (XML 1.0 §4.3.3 and appendix F).
func toUTF8(doc []byte) (string, error) {
	switch {
	case bytes.HasPrefix(doc, []byte{0xEF, 0xBB, 0xBF}):
		return checkUTF8(doc[3:], declared(doc[3:]))
	case bytes.HasPrefix(doc, []byte{0xFE, 0xFF}):
		return fromUTF16(doc[2:], binary.BigEndian)
	case bytes.HasPrefix(doc, []byte{0xFF, 0xFE}):
		return fromUTF16(doc[2:], binary.LittleEndian)
	case bytes.HasPrefix(doc, []byte{0, '<', 0, '?'}):
		return fromUTF16(doc, binary.BigEndian)
	case bytes.HasPrefix(doc, []byte{'<', 0, '?', 0}):
		return fromUTF16(doc, binary.LittleEndian)
	}
	name := declared(doc)
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return checkUTF8(doc, name)
	}
	if differs, ok := singleByte[strings.ToLower(name)]; ok {
		return fromBytes(doc, differs), nil
	}
	return "", &EncodingError{name}
}

// declared returns the encoding named in the XML declaration, empty if there is none. A processing instruction whose
// name only begins with xml is no declaration.
func declared(doc []byte) string {
	if !bytes.HasPrefix(doc, []byte("<?xml")) || len(doc) < 6 || !isSpace(doc[5]) {
		return ""
	}
	end := bytes.Index(doc[:min(len(doc), 256)], []byte("?>"))
	if end < 0 {
		return ""
	}
	_, rest, ok := bytes.Cut(doc[:end], []byte("encoding"))
	if !ok {
		return ""
	}
	s := strings.TrimLeft(string(rest), " \t\r\n=")
	if s == "" || (s[0] != '"' && s[0] != '\'') {
		return ""
	}
	name, _, ok := strings.Cut(s[1:], s[:1])
	if !ok {
		return ""
	}
	return name
}

func checkUTF8(doc []byte, name string) (string, error) {
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
	default:
		return "", &EncodingError{name}
	}
	if !utf8.Valid(doc) {
		return "", &EncodingError{"utf-8"}
	}
	return string(doc), nil
}

func fromUTF16(doc []byte, order binary.ByteOrder) (string, error) {
	if len(doc)%2 != 0 {
		return "", &EncodingError{"utf-16"}
	}
	var b strings.Builder
	b.Grow(len(doc))
	for i := 0; i < len(doc); i += 2 {
		r := rune(order.Uint16(doc[i:]))
		if utf16.IsSurrogate(r) {
			if i+3 >= len(doc) {
				return "", &EncodingError{"utf-16"}
			}
			i += 2
			if r = utf16.DecodeRune(r, rune(order.Uint16(doc[i:]))); r == utf8.RuneError {
				return "", &EncodingError{"utf-16"}
			}
		}
		b.WriteRune(r)
	}
	s := b.String()
	switch name := declared([]byte(s[:min(len(s), 256)])); strings.ToLower(name) {
	case "", "utf-16", "utf-16le", "utf-16be", "ucs-2", "iso-10646-ucs-2":
		return s, nil
	default:
		return "", &EncodingError{name}
	}
}

func fromBytes(doc []byte, differs map[byte]rune) string {
	var b strings.Builder
	b.Grow(len(doc) + len(doc)/16)
	for _, c := range doc {
		r, ok := differs[c]
		if !ok {
			r = rune(c)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// singleByte holds where each encoding of one byte a character differs from ISO-8859-1. Bytes without a
// character stay the control codes that they are there, as browsers have it.
var singleByte = map[string]map[byte]rune{
	"iso-8859-1": nil, "iso_8859-1": nil, "latin1": nil,
	"iso-8859-2": latin2, "iso-8859-15": latin9,
	"windows-1250": windows1250, "windows-1252": windows1252, "cp1252": windows1252,
}

var latin2 = map[byte]rune{
	0xA1: 'Ą', 0xA2: '˘', 0xA3: 'Ł', 0xA5: 'Ľ', 0xA6: 'Ś', 0xA9: 'Š', 0xAA: 'Ş', 0xAB: 'Ť', 0xAC: 'Ź', 0xAE: 'Ž', 0xAF: 'Ż', 0xB1: 'ą',
	0xB2: '˛', 0xB3: 'ł', 0xB5: 'ľ', 0xB6: 'ś', 0xB7: 'ˇ', 0xB9: 'š', 0xBA: 'ş', 0xBB: 'ť', 0xBC: 'ź', 0xBD: '˝', 0xBE: 'ž', 0xBF: 'ż',
	0xC0: 'Ŕ', 0xC3: 'Ă', 0xC5: 'Ĺ', 0xC6: 'Ć', 0xC8: 'Č', 0xCA: 'Ę', 0xCC: 'Ě', 0xCF: 'Ď', 0xD0: 'Đ', 0xD1: 'Ń', 0xD2: 'Ň', 0xD5: 'Ő',
	0xD8: 'Ř', 0xD9: 'Ů', 0xDB: 'Ű', 0xDE: 'Ţ', 0xE0: 'ŕ', 0xE3: 'ă', 0xE5: 'ĺ', 0xE6: 'ć', 0xE8: 'č', 0xEA: 'ę', 0xEC: 'ě', 0xEF: 'ď',
	0xF0: 'đ', 0xF1: 'ń', 0xF2: 'ň', 0xF5: 'ő', 0xF8: 'ř', 0xF9: 'ů', 0xFB: 'ű', 0xFE: 'ţ', 0xFF: '˙',
}

var latin9 = map[byte]rune{
	0xA4: '€', 0xA6: 'Š', 0xA8: 'š', 0xB4: 'Ž', 0xB8: 'ž', 0xBC: 'Œ', 0xBD: 'œ', 0xBE: 'Ÿ',
}

var windows1250 = map[byte]rune{
	0x80: '€', 0x82: '‚', 0x84: '„', 0x85: '…', 0x86: '†', 0x87: '‡', 0x89: '‰', 0x8A: 'Š', 0x8B: '‹', 0x8C: 'Ś', 0x8D: 'Ť', 0x8E: 'Ž',
	0x8F: 'Ź', 0x91: '‘', 0x92: '’', 0x93: '“', 0x94: '”', 0x95: '•', 0x96: '–', 0x97: '—', 0x99: '™', 0x9A: 'š', 0x9B: '›', 0x9C: 'ś',
	0x9D: 'ť', 0x9E: 'ž', 0x9F: 'ź', 0xA1: 'ˇ', 0xA2: '˘', 0xA3: 'Ł', 0xA5: 'Ą', 0xAA: 'Ş', 0xAF: 'Ż', 0xB2: '˛', 0xB3: 'ł', 0xB9: 'ą',
	0xBA: 'ş', 0xBC: 'Ľ', 0xBD: '˝', 0xBE: 'ľ', 0xBF: 'ż', 0xC0: 'Ŕ', 0xC3: 'Ă', 0xC5: 'Ĺ', 0xC6: 'Ć', 0xC8: 'Č', 0xCA: 'Ę', 0xCC: 'Ě',
	0xCF: 'Ď', 0xD0: 'Đ', 0xD1: 'Ń', 0xD2: 'Ň', 0xD5: 'Ő', 0xD8: 'Ř', 0xD9: 'Ů', 0xDB: 'Ű', 0xDE: 'Ţ', 0xE0: 'ŕ', 0xE3: 'ă', 0xE5: 'ĺ',
	0xE6: 'ć', 0xE8: 'č', 0xEA: 'ę', 0xEC: 'ě', 0xEF: 'ď', 0xF0: 'đ', 0xF1: 'ń', 0xF2: 'ň', 0xF5: 'ő', 0xF8: 'ř', 0xF9: 'ů', 0xFB: 'ű',
	0xFE: 'ţ', 0xFF: '˙',
}

var windows1252 = map[byte]rune{
	0x80: '€', 0x82: '‚', 0x83: 'ƒ', 0x84: '„', 0x85: '…', 0x86: '†', 0x87: '‡', 0x88: 'ˆ', 0x89: '‰', 0x8A: 'Š', 0x8B: '‹', 0x8C: 'Œ',
	0x8E: 'Ž', 0x91: '‘', 0x92: '’', 0x93: '“', 0x94: '”', 0x95: '•', 0x96: '–', 0x97: '—', 0x98: '˜', 0x99: '™', 0x9A: 'š', 0x9B: '›',
	0x9C: 'œ', 0x9E: 'ž', 0x9F: 'Ÿ',
}
