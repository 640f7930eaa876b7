package sim

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
)

// Status words, ISO 7816-4 §5.6.
const (
	swOK        = 0x9000
	swEOF       = 0x6282
	swRefused   = 0x6300
	swTries     = 0x63C0
	swLength    = 0x6700
	swSM        = 0x6882
	swSecurity  = 0x6982
	swBlocked   = 0x6983
	swState     = 0x6985
	swNoEF      = 0x6986
	swData      = 0x6A80
	swFunction  = 0x6A81
	swNoFile    = 0x6A82
	swP1P2      = 0x6A86
	swReference = 0x6A88
	swOffset    = 0x6B00
	swINS       = 0x6D00
	swCLA       = 0x6E00
)

// chip is the card's own state. What reset clears is lost with the power; pins and keys stay.
type chip struct {
	spec Card
	mf   *node
	pins []*pin
	keys []*key

	dir, ef *node // selected
	applet  bool  // the maker's application was selected
	se      bool  // security environment restored
	key     map[byte]byte
	chain   []byte // command data so far
	answer  []byte // response data not fetched yet
}

type key struct {
	ref     byte
	private *rsa.PrivateKey
	dir     *node
	pin     *pin
	oneShot bool
}

func newChip(spec Card) *chip {
	c := &chip{spec: spec, mf: spec.tree()}
	c.dir = c.mf
	if k := spec.Auth; k != nil {
		p := c.addPIN(0x10, c.mf, k)
		x := &key{private: k.Key, dir: c.mf, pin: p, oneShot: k.OneShot, ref: 0x01}
		switch spec.Layout {
		case InfoCamere:
			x.ref = 0x21
		case IDEMIA2021:
			x.ref, x.dir = 0x02, c.mf.walk([]byte{0x14, 0x00, 0x90, 0x02})
		}
		c.keys = append(c.keys, x)
	}
	if k := spec.Sign; k != nil {
		dir := c.mf.child(0x1400)
		var p *pin
		if k.OnePIN && len(c.pins) > 0 {
			p = c.pins[0]
		} else {
			p = c.addPIN(0x1A, dir, k)
		}
		c.keys = append(c.keys, &key{private: k.Key, dir: dir.child(0x8110), pin: p, oneShot: k.OneShot, ref: 0x10})
	}
	c.reset()
	return c
}

// reset is power on or a warm reset.
func (c *chip) reset() {
	c.open(c.mf)
	c.ef, c.se, c.applet, c.key = nil, false, false, map[byte]byte{}
	clear(c.chain)
	c.chain, c.answer = nil, nil
	for _, p := range c.pins {
		p.verified = false
	}
}

// open makes a folder the current one. The rights of a PIN end where its folder is left.
func (c *chip) open(dir *node) {
	c.dir = dir
	for _, p := range c.pins {
		if !dir.within(p.dir) {
			p.verified = false
		}
	}
}

// transmit answers one command APDU.
func (c *chip) transmit(apdu []byte) []byte {
	a, ok := parse(apdu)
	if !ok {
		return status(nil, swLength)
	}
	if a.ins != 0xC0 {
		c.answer = nil
	}
	data, sw := c.dispatch(a)
	return c.deliver(a, data, sw)
}

func status(data []byte, sw int) []byte {
	return append(data, byte(sw>>8), byte(sw))
}

// deliver hands the response out as the protocol of the reader does: whole, or for T=0 in portions that the
// program fetches (ISO 7816-3 §12.2).
func (c *chip) deliver(a apdu, data []byte, sw int) []byte {
	if !c.spec.T0 || len(data) == 0 || sw != swOK && sw != swEOF {
		return status(data, sw)
	}
	switch {
	case len(a.data) > 0 && a.ins != 0xC0: // case 4: nothing comes with the first answer
		c.answer = data
		return status(nil, 0x6100|min(len(data), 0x100)&0xFF)
	case a.le >= 0 && len(data) < a.le:
		return status(nil, 0x6C00|len(data)&0xFF)
	}
	return status(data, sw)
}

func (c *chip) dispatch(a apdu) ([]byte, int) {
	if a.extended && c.spec.NoExtended {
		return nil, swLength
	}
	switch a.cla {
	case 0x00:
	case 0x10:
		if c.spec.NoChaining {
			return nil, swCLA
		}
		if c.chain = append(c.chain, a.data...); len(c.chain) > 4096 {
			c.chain = nil
			return nil, swLength
		}
		return nil, swOK
	case 0x04, 0x08, 0x0C:
		return nil, swSM
	default:
		return nil, swCLA
	}
	if len(c.chain) > 0 {
		a.data = append(c.chain, a.data...)
		c.chain = nil
	}
	return c.command(a)
}

func (c *chip) command(a apdu) ([]byte, int) {
	switch a.ins {
	case 0xA4:
		return c.selectFile(a)
	case 0xB0:
		return c.readBinary(a)
	case 0x20:
		return nil, c.verify(a)
	case 0x24:
		return nil, c.change(a)
	case 0x2C:
		return nil, c.unblock(a)
	case 0x22:
		return nil, c.manage(a)
	case 0x2A:
		return c.perform(a)
	case 0xC0:
		return c.getResponse(a)
	case 0x84: // GET CHALLENGE
		b := make([]byte, max(8, min(a.le, 32)))
		rand.Read(b) // never fails, crypto/rand
		return b, swOK
	}
	return nil, swINS
}

// getResponse is GET RESPONSE, ISO 7816-4 §7.6.1.
func (c *chip) getResponse(a apdu) ([]byte, int) {
	if len(c.answer) == 0 {
		return nil, swState
	}
	n := min(max(a.le, 0), len(c.answer))
	out := c.answer[:n:n]
	if c.answer = c.answer[n:]; len(c.answer) > 0 {
		return out, 0x6100 | min(len(c.answer), 0x100)&0xFF
	}
	return out, swOK
}

// selectFile is SELECT, ISO 7816-4 §7.1.1.
func (c *chip) selectFile(a apdu) ([]byte, int) {
	if a.p2 != 0x00 && a.p2 != 0x0C && a.p2 != 0x04 {
		return nil, swP1P2
	}
	n, sw := c.find(a)
	if n == nil || c.hidden(n) {
		return nil, sw
	}
	if n.folder {
		c.ef = nil
		c.open(n)
	} else {
		c.ef = n
		c.open(n.parent)
	}
	if a.p2 == 0x0C || a.le < 0 && !c.spec.T0 {
		return nil, swOK
	}
	return n.fci(), swOK
}

func (c *chip) find(a apdu) (*node, int) {
	switch a.p1 {
	case 0x00:
		if len(a.data) == 0 {
			return c.mf, swOK
		}
		if len(a.data) != 2 {
			return nil, swLength
		}
		if fid := binary.BigEndian.Uint16(a.data); fid != 0x3F00 {
			return c.dir.near(fid), swNoFile
		}
		return c.mf, swOK
	case 0x03:
		return c.dir.parent, swNoFile
	case 0x04: // by name
		if c.applet = c.spec.Applet && bytes.Equal(a.data, AppletName); c.applet {
			return c.mf, swOK
		}
		return nil, swNoFile
	case 0x08:
		path := a.data
		if len(path) > 2 && path[0] == 0x3F && path[1] == 0x00 {
			path = path[2:]
		}
		return c.mf.walk(path), swNoFile
	case 0x09:
		return c.dir.walk(a.data), swNoFile
	}
	return nil, swP1P2
}

// hidden tells whether a file belongs to the maker's application, and that is not selected.
func (c *chip) hidden(n *node) bool {
	return c.spec.Applet && !c.applet && n.parent != nil && n.parent.fid == 0x1400 && (n.fid == 0x9010 || n.fid == 0x8110)
}

// readBinary is READ BINARY, ISO 7816-4 §7.2.3, without short file identifiers.
func (c *chip) readBinary(a apdu) ([]byte, int) {
	switch {
	case a.p1&0x80 != 0:
		return nil, swFunction
	case c.ef == nil:
		return nil, swNoEF
	case a.le < 0:
		return nil, swLength
	}
	at, size := int(a.p1)<<8|int(a.p2), len(c.ef.data)
	if at >= size {
		switch {
		case at > size || c.spec.EOF == WrongOffset:
			return nil, swOffset
		case c.spec.EOF == Warning:
			return nil, swEOF
		}
		return nil, swOK
	}
	return append([]byte(nil), c.ef.data[at:min(size, at+a.le)]...), swOK
}
