package sim

import "testing"

// No command makes the card fall over, and each is answered with a status word.
func FuzzChip(f *testing.F) {
	key, err := newKeys(1)
	if err != nil {
		f.Fatal(err)
	}
	spec := Card{
		ATR: PracticeATR, ID: "7000000000000013", Personal: anna.Encode(),
		Auth: &Keyset{Key: key[0], Certificate: []byte{0x30, 0}, PIN: PracticePIN, PUK: PracticePUK},
	}
	f.Add([]byte{0, 0xA4, 0, 0x0C, 2, 0x3F, 0}, []byte{0, 0xB0, 0, 0, 0}, false)
	f.Add([]byte{0, 0x20, 0, 0x10, 8, 1, 2, 3, 4, 5, 6, 7, 8}, []byte{0, 0x2A, 0x9E, 0x9A, 0, 1, 0}, true)
	f.Add([]byte{0x10, 0x2A, 0x80, 0x86, 1, 0}, []byte{0, 0x2C, 1, 0x10}, true)
	f.Fuzz(func(t *testing.T, first, second []byte, t0 bool) {
		spec.T0 = t0
		c := newChip(spec)
		for _, apdu := range [][]byte{{0, 0x22, 0xF3, 3, 0}, first, second, {0, 0xC0, 0, 0, 0}} {
			if rsp := c.transmit(apdu); len(rsp) < 2 {
				t.Fatalf("%X was answered with %X", apdu, rsp)
			}
		}
	})
}

func TestParse(t *testing.T) {
	data := make([]byte, 300)
	tests := []struct {
		name string
		in   []byte
		ok   bool
		n    int
		le   int
	}{
		{"case 1", []byte{0, 1, 2, 3}, true, 0, -1},
		{"case 2", []byte{0, 1, 2, 3, 5}, true, 0, 5},
		{"case 2, all", []byte{0, 1, 2, 3, 0}, true, 0, 256},
		{"case 3", []byte{0, 1, 2, 3, 1, 9}, true, 1, -1},
		{"case 4", []byte{0, 1, 2, 3, 1, 9, 0}, true, 1, 256},
		{"extended case 2", []byte{0, 1, 2, 3, 0, 0, 0}, true, 0, 65536},
		{"extended case 3", append([]byte{0, 1, 2, 3, 0, 1, 44}, data...), true, 300, -1},
		{"extended case 4", append(append([]byte{0, 1, 2, 3, 0, 1, 44}, data...), 1, 0), true, 300, 256},
		{"short", []byte{0, 1, 2}, false, 0, 0},
		{"cut data", []byte{0, 1, 2, 3, 5, 1}, false, 0, 0},
		{"more than Le", []byte{0, 1, 2, 3, 1, 9, 0, 0}, false, 0, 0},
		{"short Le in an extended command", append(append([]byte{0, 1, 2, 3, 0, 1, 44}, data...), 1), false, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, ok := parse(tt.in)
			if ok != tt.ok || ok && (len(a.data) != tt.n || a.le != tt.le) {
				t.Errorf("%+v, %v", a, ok)
			}
		})
	}
}
