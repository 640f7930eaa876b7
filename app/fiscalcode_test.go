package app

import "testing"

// The codes are those of the project's own samples and of AgID's (CCCNNN…, whose last letter does not fit).
func TestCheckCode(t *testing.T) {
	for _, c := range []struct {
		name, code string
		want       CodeFault
		at         int
	}{
		{"a man", "RSSMRA85T10A562S", CodeFine, 0},
		{"a woman", "RSSMRA85T50A562W", CodeFine, 0},
		{"another", "MRTMTT25D09F205Z", CodeFine, 0},
		{"omocodia in the last digit", "RSSMRA85T10A56NH", CodeFine, 0},
		{"small letters and blanks", " rssmra 85t10 a562s ", CodeFine, 0},
		{"wrong letter at the end", "CCCNNN64T30H501H", CodeCheck, 0},
		{"two letters swapped", "RSSMAR85T10A562S", CodeCheck, 0},
		{"nothing", "", CodeShort, 0},
		{"the beginning", "RSSMRA85", CodeShort, 0},
		{"one letter less", "RSSMRA85T10A562", CodeShort, 0},
		{"one letter more", "RSSMRA85T10A562SX", CodeLong, 0},
		{"O for 0", "RSSMRA85T1OA562S", CodeCharacter, 11},
		{"a month that there is not", "RSSMRA85F10A562S", CodeCharacter, 9},
		{"a digit in the name", "RSS1RA85T10A562S", CodeCharacter, 4},
		{"an accent", "RSSMRÀ85T10A562S", CodeCharacter, 6},
		{"a company", "01234567890", CodeCompany, 0},
		{"half a company", "0123", CodeShort, 0},
		{"too many digits", "012345678901", CodeCharacter, 1},
		{"not UTF-8", "RSS\xffRA85T10A562S", CodeCharacter, 4},
	} {
		if got, at := CheckCode(TidyCode(c.code)); got != c.want || at != c.at {
			t.Errorf("%s: %d at %d, want %d at %d", c.name, got, at, c.want, c.at)
		}
	}
}

// Any single wrong letter or digit in an odd place, and any in an even one, changes the letter at the end.
func TestCheckCodeSeesOneWrongCharacter(t *testing.T) {
	const good = "RSSMRA85T10A562S"
	for i := range 15 {
		for _, r := range "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" {
			code := good[:i] + string(r) + good[i+1:]
			if fault, _ := CheckCode(code); code != good && fault == CodeFine {
				t.Errorf("%s passes", code)
			}
		}
	}
}

func FuzzCheckCode(f *testing.F) {
	f.Add("RSSMRA85T10A562S")
	f.Add("01234567890")
	f.Fuzz(func(t *testing.T, s string) {
		code := TidyCode(s)
		if fault, at := CheckCode(code); fault == CodeFine && len(code) != 16 || fault == CodeCharacter && (at < 1 || at > 16) {
			t.Errorf("%q: %d at %d", code, fault, at)
		}
	})
}
