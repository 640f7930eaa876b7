package pdf

import (
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// docEncoding is PDFDocEncoding where it differs from Latin-1 (ISO 32000-1 annex D.3).
var docEncoding = map[byte]rune{
	0x18: '˘', 0x19: 'ˇ', 0x1a: 'ˆ', 0x1b: '˙', 0x1c: '˝', 0x1d: '˛', 0x1e: '˚', 0x1f: '˜',
	0x80: '•', 0x81: '†', 0x82: '‡', 0x83: '…', 0x84: '—', 0x85: '–', 0x86: 'ƒ', 0x87: '⁄', 0x88: '‹', 0x89: '›',
	0x8a: '−', 0x8b: '‰', 0x8c: '„', 0x8d: '“', 0x8e: '”', 0x8f: '‘', 0x90: '’', 0x91: '‚', 0x92: '™', 0x93: 'ﬁ',
	0x94: 'ﬂ', 0x95: 'Ł', 0x96: 'Œ', 0x97: 'Š', 0x98: 'Ÿ', 0x99: 'Ž', 0x9a: 'ı', 0x9b: 'ł', 0x9c: 'œ', 0x9d: 'š',
	0x9e: 'ž', 0xa0: '€',
}

// decodeText reads a text string (ISO 32000-2 §7.9.2.2).
func decodeText(b []byte) string {
	switch {
	case len(b) >= 2 && b[0] == 0xfe && b[1] == 0xff:
		u := make([]uint16, 0, len(b)/2)
		for i := 2; i+1 < len(b); i += 2 {
			u = append(u, uint16(b[i])<<8|uint16(b[i+1]))
		}
		return string(utf16.Decode(u))
	case len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf:
		return strings.ToValidUTF8(string(b[3:]), "�")
	}
	var s strings.Builder
	for _, c := range b {
		if r, ok := docEncoding[c]; ok {
			s.WriteRune(r)
		} else {
			s.WriteRune(rune(c))
		}
	}
	return s.String()
}

// encodeText writes ASCII as it is and everything else as UTF-16BE with its mark, which every PDF version reads.
func encodeText(s string) []byte {
	ascii := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] < ' ' && s[i] != '\n' && s[i] != '\t' {
			ascii = false
		}
	}
	if ascii {
		return []byte(s)
	}
	b := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return b
}

// parseDate reads D:YYYYMMDDHHmmSSOHH'mm' (ISO 32000-1 §7.9.4); zero when it is none.
func parseDate(s string) time.Time {
	s = strings.TrimPrefix(strings.TrimSpace(s), "D:")
	d := 0
	for d < len(s) && d < 14 && s[d] >= '0' && s[d] <= '9' {
		d++
	}
	const full = "00000101000000"
	if d < 4 || d%2 != 0 {
		return time.Time{}
	}
	t, err := time.Parse("20060102150405", s[:d]+full[d:])
	if err != nil {
		return time.Time{}
	}
	zone := strings.ReplaceAll(s[d:], "'", "")
	if zone == "" || zone[0] == 'Z' {
		return t
	}
	if len(zone) == 3 {
		zone += "00"
	}
	if len(zone) < 5 {
		return t
	}
	z, err := time.Parse("-0700", zone[:5])
	if err != nil {
		return t
	}
	_, off := z.Zone()
	return t.Add(-time.Duration(off) * time.Second).In(z.Location())
}

func formatDate(t time.Time) string {
	z := t.Format("-0700")
	if z == "+0000" {
		return t.Format("D:20060102150405") + "Z"
	}
	return t.Format("D:20060102150405") + z[:3] + "'" + z[3:] + "'"
}
