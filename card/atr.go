package card

import "bytes"

// historical returns the historical bytes of an answer to reset, ISO 7816-3 §8.2; nil where it is cut short.
func historical(atr []byte) []byte {
	if len(atr) < 2 {
		return nil
	}
	n, y, at := int(atr[1]&0x0F), atr[1]>>4, 2
	for y != 0 {
		next := byte(0)
		for bit := byte(1); bit <= 8; bit <<= 1 {
			if y&bit == 0 {
				continue
			}
			if at >= len(atr) {
				return nil
			}
			if bit == 8 { // TDi tells which interface bytes follow
				next = atr[at] >> 4
			}
			at++
		}
		y = next
	}
	if len(atr) < at+n {
		return nil
	}
	return atr[at : at+n]
}

// profile is what the historical bytes of a CNS tell:
// 00 6B | IC | mask | system | 01 | xx | 01 | "CNS" | version | 31 80.
type profile struct {
	ic, mask   byte
	system     [2]byte
	version    byte // 10 is 1.0, with keys of 1024 bits; 11 is 1.1, with extended APDUs
	historical []byte
}

// masks names the makers of operating systems as the specification of the CNS numbers them.
var masks = map[byte]string{
	0x02: "Gemplus", 0x04: "Giesecke & Devrient", 0x05: "Oberthur / IDEMIA", 0x07: "Axalto", 0x08: "Siemens CardOS",
	0x09: "ST Incard", 0x0A: "GEP", 0x0C: "Athena", 0x0D: "Gemalto",
}

func (p profile) chip() Chip {
	return Chip{
		Historical: bytes.Clone(p.historical), IC: p.ic, Mask: p.mask, System: p.system, Version: p.version,
		Maker: masks[p.mask],
	}
}

const historicalLen = 15

// contactless is the start of the answer to reset of IDEMIA's CNS over a contactless reader, as OpenSC lists it.
var contactless = []byte{0x3B, 0x8B, 0x80, 0x01, 0x00, 0x31, 0xC1, 0x64}

// recognize tells whether an answer to reset is that of a CNS. Some foreign cards wear it too; Open finds out.
func recognize(atr []byte) (profile, bool) {
	h := historical(atr)
	if len(h) == historicalLen && bytes.Equal(h[9:12], []byte("CNS")) {
		return profile{ic: h[2], mask: h[3], system: [2]byte{h[4], h[5]}, version: h[12], historical: h}, true
	}
	return profile{}, bytes.HasPrefix(atr, contactless)
}

// harmless lists the chips for which VERIFY without data was proved to tell the tries left and to cost none.
// On others it can cost a try, so a chip comes onto the list only with its proof.
var harmless = []struct {
	ic, mask byte
	proof    string
	since    string // date of the proof
}{
	{0x7E, 0x7E, "the practice card of package sim; TestEmptyVerifyCostsNothing", "2026-11-22"},
}

func (p profile) emptyVerify() bool {
	for _, h := range harmless {
		if h.ic == p.ic && h.mask == p.mask {
			return true
		}
	}
	return false
}
