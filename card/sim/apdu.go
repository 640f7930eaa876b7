package sim

import "encoding/binary"

// apdu is a command APDU, ISO 7816-3 §12.1; le is -1 where no response data are asked for.
type apdu struct {
	cla, ins, p1, p2 byte
	data             []byte
	le               int
	extended         bool
}

// parse reads a command APDU of any of the seven cases.
func parse(b []byte) (apdu, bool) {
	if len(b) < 4 {
		return apdu{}, false
	}
	a := apdu{cla: b[0], ins: b[1], p1: b[2], p2: b[3], le: -1}
	b = b[4:]
	a.extended = len(b) >= 3 && b[0] == 0
	switch {
	case len(b) == 0:
		return a, true
	case a.extended && len(b) == 3:
		return a, a.expect(b[1:])
	case a.extended:
		return a, a.carry(int(binary.BigEndian.Uint16(b[1:])), b[3:])
	case len(b) == 1:
		return a, a.expect(b)
	}
	return a, a.carry(int(b[0]), b[1:])
}

// carry takes n bytes of command data and what follows them.
func (a *apdu) carry(n int, b []byte) bool {
	if n == 0 || len(b) < n {
		return false
	}
	a.data = b[:n:n]
	return len(b) == n || a.expect(b[n:])
}

// expect takes the field Le; its zero is the most that its size can ask for.
func (a *apdu) expect(b []byte) bool {
	switch {
	case len(b) == 1 && !a.extended:
		a.le = (int(b[0])-1)&0xFF + 1
	case len(b) == 2 && a.extended:
		a.le = (int(binary.BigEndian.Uint16(b))-1)&0xFFFF + 1
	default:
		return false
	}
	return true
}
