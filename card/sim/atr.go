package sim

import (
	"bytes"
	"encoding/hex"
)

// Historical bytes of a CNS, 00 6B | IC | mask | system | 01 | .. | 01 | "CNS" | version | 31 80.
const (
	practiceHistorical = "006B7E7E0001010101434E53113180" // chip and mask that no maker has: the practice card
	st2021             = "006B0209161701110143 4E53113180"
	idemia2021         = "006B050591200101F143 4E53103180"
	athena             = "006B150C018001110143 4E53103180"
	siemens            = "006B0508C80901110143 4E53103180"
)

// atr builds the answer to reset around historical bytes, as cards of ST have it, with its check byte TCK.
func atr(historical string) []byte {
	h, _ := hex.DecodeString(string(bytes.ReplaceAll([]byte(historical), []byte(" "), nil))) // constants of this file
	b := append([]byte{0x3B, 0xFF, 0x18, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x55}, h...)
	var tck byte
	for _, x := range b[1:] {
		tck ^= x
	}
	return append(b, tck)
}
