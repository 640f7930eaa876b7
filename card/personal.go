package card

import (
	"strconv"
	"strings"
	"time"
)

// personal is what EF.Dati_personali (3F00/1100/1102) tells and this program shows.
type personal struct {
	issuer          string
	issued, expires time.Time
	holder          Holder
}

// personalFields is the number of fields in the file, in the order of the file system of the CNS: issuer, issue
// date, expiry date, surname, name, birth date, sex, height, fiscal code, citizenship, birth town, birth state,
// birth certificate, residence town, address, expatriation note.
const personalFields = 16

// parsePersonal reads as many fields as are sound: cards are on record that end early, declare a length that
// is not theirs, or carry letters outside ASCII, which are read as Latin-1. It reports whether the file looks
// like EF.Dati_personali at all.
func parsePersonal(b []byte) (personal, bool) {
	total, ok := hexNumber(b, 6)
	if !ok || total == 0 {
		return personal{}, false
	}
	b = b[6:]
	b = b[:min(total, len(b))]
	var f [personalFields]string
	for i := range f {
		n, ok := hexNumber(b, 2)
		if !ok || len(b)-2 < n {
			break
		}
		f[i], b = latin1(b[2:2+n]), b[2+n:]
	}
	return personal{
		issuer: f[0], issued: date(f[1]), expires: date(f[2]),
		holder: Holder{Surname: f[3], Name: f[4], Birth: date(f[5]), FiscalCode: fiscalCode(f[8])},
	}, true
}

// hexNumber reads the first n bytes as hexadecimal digits.
func hexNumber(b []byte, n int) (int, bool) {
	if len(b) < n {
		return 0, false
	}
	x, err := strconv.ParseUint(string(b[:n]), 16, 32)
	return int(x), err == nil
}

// latin1 reads ISO 8859-1 and leaves out what cannot be shown.
func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c >= 0x20 && c < 0x7F || c >= 0xA0 {
			s.WriteRune(rune(c))
		}
	}
	return strings.TrimSpace(s.String())
}

// date reads DDMMYYYY; anything else is the zero time.
func date(s string) time.Time {
	t, err := time.Parse("02012006", s)
	if err != nil || t.Year() < 1800 {
		return time.Time{}
	}
	return t
}

// fiscalCode takes a text for a codice fiscale only where it has the shape of one: sixteen letters and digits.
// The check character is not looked at: cards with a wrong one are in use.
func fiscalCode(s string) string {
	if len(s) != 16 {
		return ""
	}
	for _, c := range s {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return ""
		}
	}
	return s
}

// idCarta reads the sixteen digits of EF.ID_Carta, the last a check digit of ISO/IEC 7812-1. A number that
// fails the check is told all the same, for it is what is on the card, but only digits are.
func idCarta(b []byte) (id string, sound bool) {
	if len(b) < 16 {
		return "", false
	}
	sum := 0
	for i, c := range b[:16] {
		if c < '0' || c > '9' {
			return "", false
		}
		d := int(c - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return string(b[:16]), sum%10 == 0
}
