package sim

import "crypto/subtle"

// pin is a PIN or a PUK with its retry counter.
type pin struct {
	ref      byte
	dir      *node // where it lives; its rights end outside
	value    [8]byte
	tries    int
	puk      *pin // nil for a PUK
	verified bool
}

// maxTries is what the counters of PIN and PUK start with, as in package card.
const maxTries = 3

// padded is the form of a PIN in a command: eight bytes, the rest FF (OpenSC, pkcs15-itacns.c).
func padded(digits string) []byte {
	b := []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	copy(b, digits)
	return b
}

// addPIN gives the card the PIN of a keyset and its PUK, which has the next number.
func (c *chip) addPIN(ref byte, dir *node, k *Keyset) *pin {
	puk := &pin{ref: ref + 1, dir: dir, value: [8]byte(padded(k.PUK)), tries: counter(k.PUKTries)}
	p := &pin{ref: ref, dir: dir, value: [8]byte(padded(k.PIN)), tries: counter(k.PINTries), puk: puk}
	c.pins = append(c.pins, p, puk)
	return p
}

func counter(n int) int {
	if n == 0 {
		return maxTries
	}
	return min(max(n, 0), maxTries)
}

// pin finds reference data (ISO 7816-4 §7.5.1). With bit 8 of the qualifier it looks from the current folder up.
// Without it, cards of ST look in the master file only; others, as OpenSC knows them, look from there up too.
func (c *chip) pin(p2 byte) *pin {
	at := c.dir
	switch upward := p2&0x80 != 0; {
	case !upward && c.spec.OnlyUpward:
		return nil
	case !upward && c.spec.OnlyMaster:
		at = c.mf
	}
	for ; at != nil; at = at.parent {
		for _, p := range c.pins {
			if p.ref == p2&0x1F && p.dir == at && (at == c.mf || !c.spec.Applet || c.applet) {
				return p
			}
		}
	}
	return nil
}

// try spends a try before it compares, so that pulling the card out cannot save one.
func (c *chip) try(p *pin, value []byte) int {
	if p.tries == 0 {
		return c.refused(0)
	}
	p.tries--
	p.verified = false
	if len(value) != 8 || subtle.ConstantTimeCompare(value, p.value[:]) != 1 {
		return c.refused(p.tries + 1)
	}
	p.verified = true
	if p.tries++; p.puk != nil { // the wrong ones of a PUK count for the life of the card, even when they are not in a row
		p.tries = maxTries
	}
	return swOK
}

// refused is the status of a wrong PIN that had so many tries left before.
func (c *chip) refused(before int) int {
	switch {
	case before == 0 && !c.spec.Hide6983:
		return swBlocked
	case c.spec.NoCounter:
		return swRefused
	}
	return swTries | max(before-1, 0)
}

// verify is VERIFY, ISO 7816-4 §7.5.6.
func (c *chip) verify(a apdu) int {
	p := c.pin(a.p2)
	switch {
	case a.p1 != 0:
		return swP1P2
	case p == nil:
		return swReference
	case len(a.data) > 0 || c.spec.EmptyVerify == CountsATry:
		return c.try(p, a.data)
	case c.spec.EmptyVerify == WrongLen:
		return swLength
	case p.verified:
		return swOK
	case p.tries == 0:
		return swBlocked
	}
	return swTries | p.tries
}

// change is CHANGE REFERENCE DATA, ISO 7816-4 §7.5.7.
func (c *chip) change(a apdu) int {
	p := c.pin(a.p2)
	switch {
	case a.p1 != 0:
		return swP1P2
	case p == nil:
		return swReference
	case p.puk == nil && c.spec.FixedPUK:
		return swState
	case len(a.data) != 16:
		return swLength
	case !wellFormed(a.data[8:]), p.puk == nil && a.data[15] == 0xFF: // a PUK has all eight digits
		return swData
	}
	if sw := c.try(p, a.data[:8]); sw != swOK {
		return sw
	}
	copy(p.value[:], a.data[8:])
	p.verified = false
	return swOK
}

// unblock is RESET RETRY COUNTER, ISO 7816-4 §7.5.10; the qualifier names the PIN to free.
func (c *chip) unblock(a apdu) int {
	p := c.pin(a.p2)
	if p == nil || p.puk == nil {
		return swReference
	}
	switch {
	case a.p1 == 0x03 && !p.puk.verified:
		return swSecurity
	case a.p1 == 0x03:
	case a.p1 == 0x01 && len(a.data) != 8, a.p1 == 0x00 && len(a.data) != 16:
		return swLength
	case a.p1 > 0x01:
		return swP1P2
	case a.p1 == 0x00 && !wellFormed(a.data[8:]):
		return swData
	default:
		if sw := c.try(p.puk, a.data[:8]); sw != swOK {
			return sw
		}
		if a.p1 == 0x00 {
			copy(p.value[:], a.data[8:])
		}
	}
	p.tries, p.verified = maxTries, false
	return swOK
}

// wellFormed holds a new PIN to five to eight digits and fill bytes.
func wellFormed(b []byte) bool {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	for _, x := range b[n:] {
		if x != 0xFF {
			return false
		}
	}
	return n >= 5
}
