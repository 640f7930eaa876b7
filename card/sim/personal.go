package sim

import (
	"fmt"
	"strings"
	"time"
)

// Personal is EF.Dati_personali before it is written: the sixteen fields of the CNS file system, in their
// order. Empty fields are left empty on the card.
type Personal struct {
	Issuer               string
	Issued, Expires      time.Time
	Surname, Name        string
	Birth                time.Time
	Sex, Height          string
	FiscalCode           string
	Citizenship          string
	BirthTown            string // cadastral code
	BirthState           string
	BirthCertificate     string
	Residence, Address   string
	ExpatriationDocument string
}

const personalSize = 400

// anna is the holder of the practice card. The town is Rome; the person does not exist.
var anna = Personal{
	Issuer: "PRATICA", Surname: "ESEMPIO", Name: "ANNA", Sex: "F", Citizenship: "ITA", BirthTown: "H501",
	Birth: time.Date(1985, time.March, 17, 0, 0, 0, 0, time.UTC), FiscalCode: withCheck("SMPNNA85C57H501"), Residence: "H501",
}

// Encode is the content of the file: six hexadecimal digits of length, then each field behind two of its own,
// then zeros up to the 400 bytes of the file. Text that does not fit is cut.
func (p Personal) Encode() []byte {
	var body strings.Builder
	for _, f := range []string{
		p.Issuer, date(p.Issued), date(p.Expires), p.Surname, p.Name, date(p.Birth), p.Sex, p.Height, p.FiscalCode,
		p.Citizenship, p.BirthTown, p.BirthState, p.BirthCertificate, p.Residence, p.Address, p.ExpatriationDocument,
	} {
		f = f[:min(len(f), 0xFF)]
		fmt.Fprintf(&body, "%02X%s", len(f), f)
	}
	b := make([]byte, personalSize)
	copy(b, fmt.Sprintf("%06X%s", min(body.Len(), personalSize-6), body.String()))
	return b
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("02012006")
}

// withCheck appends the check character of a fiscal code to its first fifteen characters, DM 23/12/1976.
func withCheck(s string) string {
	odd := map[byte]int{
		'0': 1, '1': 0, '2': 5, '3': 7, '4': 9, '5': 13, '6': 15, '7': 17, '8': 19, '9': 21,
		'A': 1, 'B': 0, 'C': 5, 'D': 7, 'E': 9, 'F': 13, 'G': 15, 'H': 17, 'I': 19, 'J': 21, 'K': 2, 'L': 4, 'M': 18,
		'N': 20, 'O': 11, 'P': 3, 'Q': 6, 'R': 8, 'S': 12, 'T': 14, 'U': 16, 'V': 10, 'W': 22, 'X': 25, 'Y': 24, 'Z': 23,
	}
	sum := 0
	for i := range len(s) {
		switch c := s[i]; {
		case i%2 == 0: // the first, third, … character
			sum += odd[c]
		case c <= '9':
			sum += int(c - '0')
		default:
			sum += int(c - 'A')
		}
	}
	return s + string(rune('A'+sum%26))
}

// withLuhn appends the check digit of ISO/IEC 7812-1 annex B.
func withLuhn(s string) string {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return s + string(rune('0'+(10-sum%10)%10))
}
