package app

import "strings"

// This file looks at a codice fiscale while it is typed.

// CodeFault is what is amiss with a codice fiscale.
type CodeFault int

// The faults.
const (
	CodeFine      CodeFault = iota
	CodeShort               // the beginning of one
	CodeLong                // more than sixteen characters
	CodeCharacter           // a character that cannot stand in its place
	// CodeCheck is a last letter that does not fit the others. Such codes are on real cards too, so it is a reason to read
	// the code again and none to refuse it.
	CodeCheck
	// CodeCompany is eleven digits: the number of a company or an office, which signs nothing.
	CodeCompany
)

// codePlaces are the characters that may stand in the sixteen places of a person's codice fiscale (DM 23/12/1976): A a
// letter, 0 a digit or the letter that omocodia puts in its place, M the letter of a month.
const codePlaces = "AAAAAA00M00A000A"

const (
	codeMonths   = "ABCDEHLMPRST"
	codeOmocodia = "LMNPQRSTUV" // for 0 to 9
)

// codeOdd is the value of 0 to 9 and of A to Z in the odd places, counted from 1.
var codeOdd = [36]int{
	1, 0, 5, 7, 9, 13, 15, 17, 19, 21,
	1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
}

// TidyCode is a codice fiscale as it is written on cards: capitals, no blanks.
func TidyCode(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }

// CheckCode tells the first fault of a codice fiscale, or of the beginning of one, after [TidyCode]; at is the place of
// a [CodeCharacter], from 1.
func CheckCode(code string) (fault CodeFault, at int) {
	runes := []rune(code)
	digits := strings.Trim(code, "0123456789") == ""
	switch {
	case digits && len(runes) == 11:
		return CodeCompany, 0
	case digits && len(runes) < 11: // somebody may be typing the number of a company: told when it is whole
		return CodeShort, 0
	}
	for i, r := range runes {
		if i == len(codePlaces) {
			return CodeLong, 0
		}
		if !mayStand(r, codePlaces[i]) {
			return CodeCharacter, i + 1
		}
	}
	switch {
	case len(runes) < len(codePlaces):
		return CodeShort, 0
	case rune(checkLetter(code)) != runes[15]:
		return CodeCheck, 0
	}
	return CodeFine, 0
}

// mayStand reports whether r may stand in a place of codePlaces.
func mayStand(r rune, place byte) bool {
	switch place {
	case '0':
		return r >= '0' && r <= '9' || strings.ContainsRune(codeOmocodia, r)
	case 'M':
		return strings.ContainsRune(codeMonths, r)
	}
	return r >= 'A' && r <= 'Z'
}

// checkLetter is the last letter that belongs to the fifteen characters before it, all of them digits or capitals.
func checkLetter(code string) byte {
	sum := 0
	for i := range 15 {
		v := int(code[i] - '0')
		if code[i] >= 'A' {
			v = int(code[i]-'A') + 10
		}
		switch {
		case i%2 == 0:
			sum += codeOdd[v]
		case v >= 10:
			sum += v - 10
		default:
			sum += v
		}
	}
	return byte('A' + sum%26)
}
