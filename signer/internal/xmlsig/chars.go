package xmlsig

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// entity is the character that a reference names: one of the five predefined entities, or by number.
func entity(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	var v uint64
	var err error
	if hex, ok := strings.CutPrefix(name, "#x"); ok {
		v, err = strconv.ParseUint(hex, 16, 32)
	} else if dec, ok := strings.CutPrefix(name, "#"); ok {
		v, err = strconv.ParseUint(dec, 10, 32)
	} else {
		return 0, false
	}
	if err != nil || v > utf8.MaxRune || !isChar(rune(v)) {
		return 0, false
	}
	return rune(v), true
}

// isChar is the production Char, XML 1.0 §2.2. U+FFFD itself is allowed: the source was checked to be UTF-8.
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func lineEnds(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// nameLen is the length of the Name at the start of s, XML 1.0 fifth edition §2.3.
func nameLen(s string) int {
	for i, r := range s {
		if !isNameStart(r) && (i == 0 || !isNameMore(r)) {
			return i
		}
	}
	return len(s)
}

func isNameStart(r rune) bool {
	switch {
	case r < 0x80:
		return r == ':' || r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	case r <= 0x2FF:
		return r >= 0xC0 && r != 0xD7 && r != 0xF7
	}
	return r >= 0x370 && r <= 0x1FFF && r != 0x37E || r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F ||
		r >= 0x2C00 && r <= 0x2FEF || r >= 0x3001 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF ||
		r >= 0xFDF0 && r <= 0xFFFD || r >= 0x10000 && r <= 0xEFFFF
}

func isNameMore(r rune) bool {
	return r == '-' || r == '.' || r >= '0' && r <= '9' || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// split parts a qualified name; each part must itself be a name (Namespaces in XML 1.0 §4).
func split(name string) (prefix, local string, ok bool) {
	before, after, found := strings.Cut(name, ":")
	if !found {
		return "", name, name != ""
	}
	first, _ := utf8.DecodeRuneInString(after)
	if before == "" || after == "" || strings.Contains(after, ":") || !isNameStart(first) {
		return "", "", false
	}
	return before, after, true
}

func qualified(prefix, local string) string {
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

func itoa(i int) string { return strconv.Itoa(i) }
