package card

// PIN placeholder: see the contract below; the buffer sits two pointers deep so that no print verb reaches it.
type PIN struct{ p **pinBytes }

type pinBytes struct {
	b [pinCap]byte
	n int
}

const pinCap = 16

// NewPIN returns an empty PIN or PUK. It allocates once; its digits never move.
func NewPIN() *PIN { b := new(pinBytes); return &PIN{&b} }

// Add appends a digit; it reports false, and changes nothing, for any other rune or when full.
func (p *PIN) Add(r rune) bool {
	b := *p.p
	if r < '0' || r > '9' || b.n == pinCap {
		return false
	}
	b.b[b.n] = byte(r)
	b.n++
	return true
}

// Drop removes the last digit.
func (p *PIN) Drop() {
	b := *p.p
	if b.n > 0 {
		b.n--
		b.b[b.n] = 0
	}
}

// Len is the number of digits.
func (p *PIN) Len() int { return (*p.p).n }

// Wipe clears the digits; the PIN may be used again.
func (p *PIN) Wipe() { clear((*p.p).b[:]); (*p.p).n = 0 }
