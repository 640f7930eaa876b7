package sim

import "math/big"

// Tags of the control reference templates of MANAGE SECURITY ENVIRONMENT, ISO 7816-8.
const (
	templateSign    = 0xB6
	templateDecrypt = 0xB8
)

// manage is MANAGE SECURITY ENVIRONMENT, ISO 7816-4 §7.5.11: RESTORE of environment 03 and SET of a key.
func (c *chip) manage(a apdu) int {
	switch {
	case a.p1 == 0xF3 && a.p2 != 0x03:
		return swReference
	case a.p1 == 0xF3:
		c.se, c.key = true, map[byte]byte{}
		return swOK
	case a.p1 != 0xF1 && a.p1 != 0x41 && a.p1 != 0x81 && a.p1 != 0xC1:
		return swP1P2
	case a.p2 != templateSign && a.p2 != templateDecrypt:
		return swP1P2
	case len(a.data) != 3 || a.data[0] != 0x83 && a.data[0] != 0x84 || a.data[1] != 1:
		return swData
	case !c.se:
		return swState
	}
	c.key[a.p2] = a.data[2]
	return swOK
}

// perform is PERFORM SECURITY OPERATION, ISO 7816-8: COMPUTE DIGITAL SIGNATURE over a DigestInfo, and
// DECIPHER, which on a CNS is RSA without any padding.
func (c *chip) perform(a apdu) ([]byte, int) {
	template, data := byte(templateSign), a.data
	switch {
	case a.p1 == 0x9E && a.p2 == 0x9A:
	case a.p1 == 0x80 && a.p2 == 0x86 && c.spec.NoDecipher:
		return nil, swINS
	case a.p1 == 0x80 && a.p2 == 0x86:
		if len(data) < 2 || data[0] != 0 { // padding indicator
			return nil, swData
		}
		template, data = templateDecrypt, data[1:]
	default:
		return nil, swP1P2
	}
	ref, set := c.key[template]
	k := c.findKey(ref)
	switch {
	case !set:
		return nil, swState
	case k == nil:
		return nil, swReference
	case !k.pin.verified:
		return nil, swSecurity
	}
	size := k.private.Size()
	if template == templateSign {
		data = pad(data, size)
	}
	m := new(big.Int).SetBytes(data)
	if len(data) != size || m.Cmp(k.private.N) >= 0 {
		return nil, swLength
	}
	if k.oneShot {
		k.pin.verified = false
	}
	return k.raw(m).FillBytes(make([]byte, size)), swOK
}

// raw is the private operation by the Chinese remainder theorem where the key allows it, RFC 8017 §5.1.2.
func (k *key) raw(m *big.Int) *big.Int {
	pre := k.private.Precomputed
	if len(k.private.Primes) != 2 || pre.Dp == nil {
		return new(big.Int).Exp(m, k.private.D, k.private.N)
	}
	p, q := k.private.Primes[0], k.private.Primes[1]
	m1 := new(big.Int).Exp(m, pre.Dp, p)
	m2 := new(big.Int).Exp(m, pre.Dq, q)
	h := m1.Sub(m1, m2)
	h.Mul(h, pre.Qinv).Mod(h, p)
	return h.Mul(h, q).Add(h, m2)
}

// findKey looks for a key from the current folder up.
func (c *chip) findKey(ref byte) *key {
	for _, k := range c.keys {
		if k.ref == ref && k.private != nil && c.dir.within(k.dir) {
			return k
		}
	}
	return nil
}

// pad is the encoding EMSA-PKCS1-v1_5 of RFC 8017 §9.2 for a DigestInfo; nil where it does not fit.
func pad(info []byte, size int) []byte {
	if len(info) == 0 || len(info) > size-11 {
		return nil
	}
	b := make([]byte, size)
	b[1] = 1
	for i := 2; i < size-len(info)-1; i++ {
		b[i] = 0xFF
	}
	copy(b[size-len(info):], info)
	return b
}
