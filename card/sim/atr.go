package sim

import (
	"bytes"
	"encoding/hex"
)

// Answers to reset of cards that were issued, and of the practice card, whose chip and mask no maker has.
var (
	PracticeATR = atr("006B7E7E0001010101434E53113180")
	ST2021      = atr("006B0209161701110143 4E53113180") // CNS 1.1
	JSign       = atr("006B0209060301010143 4E53103180") // chamber cards of ST Incard
	IDEMIA      = atr("006B0505912001F10143 4E53103180") // Cosmo 9.1
	Athena      = atr("006B150C018001110143 4E53103180") // CNS 1.0
	Siemens     = atr("006B0508C80901110143 4E53103180") // CardOS, CNS 1.0
)

// atr builds the answer to reset around historical bytes,
// 00 6B | IC | mask | system | 01 | xx | 01 | "CNS" | version | 31 80, as cards of ST have it, with its check
// byte TCK.
func atr(historical string) []byte {
	h, _ := hex.DecodeString(string(bytes.ReplaceAll([]byte(historical), []byte(" "), nil))) // constants of this file
	b := append([]byte{0x3B, 0xFF, 0x18, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x55}, h...)
	var tck byte
	for _, x := range b[1:] {
		tck ^= x
	}
	return append(b, tck)
}
