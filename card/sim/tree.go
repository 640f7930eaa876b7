package sim

import (
	"encoding/binary"
	"encoding/hex"
)

// node is a dedicated file (a folder) or an elementary file.
type node struct {
	fid      uint16
	folder   bool
	data     []byte
	parent   *node
	children []*node
}

func folder(fid uint16, children ...*node) *node {
	n := &node{fid: fid, folder: true}
	for _, c := range children {
		n.add(c)
	}
	return n
}

func file(fid uint16, data []byte) *node { return &node{fid: fid, data: data} }

func (n *node) add(c *node) *node {
	c.parent = n
	n.children = append(n.children, c)
	return n
}

func (n *node) child(fid uint16) *node {
	for _, c := range n.children {
		if c.fid == fid {
			return c
		}
	}
	return nil
}

// within tells whether n is top or below it.
func (n *node) within(top *node) bool {
	for ; n != nil; n = n.parent {
		if n == top {
			return true
		}
	}
	return false
}

// walk follows a path of two-byte file identifiers.
func (n *node) walk(path []byte) *node {
	if len(path) == 0 || len(path)%2 != 0 {
		return nil
	}
	for ; len(path) > 0 && n != nil; path = path[2:] {
		n = n.child(binary.BigEndian.Uint16(path))
	}
	return n
}

// near finds a file by its identifier as ISO 7816-4 §7.1.1 (P1 = 00) lets it be found from n: n itself, its
// children, its parent and the children of its parent.
func (n *node) near(fid uint16) *node {
	if c := n.child(fid); c != nil {
		return c
	}
	if n.fid == fid {
		return n
	}
	if n.parent == nil {
		return nil
	}
	if n.parent.fid == fid {
		return n.parent
	}
	return n.parent.child(fid)
}

// fci is the file control information of ISO 7816-4 §5.3.3 with the nine access bytes of the CNS file system.
func (n *node) fci() []byte {
	var b []byte
	if n.folder {
		b = append(b, 0x82, 1, 0x38)
	} else {
		b = append(b, 0x80, 2, byte(len(n.data)>>8), byte(len(n.data)), 0x82, 1, 0x01)
	}
	b = append(b, 0x83, 2, byte(n.fid>>8), byte(n.fid), 0x8A, 1, 0x05)
	b = append(b, 0x86, 9, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)
	return append([]byte{0x6F, byte(len(b))}, b...)
}

// tree lays the card out as the CNS file system v11 does, §1.3 of the facts.
func (c Card) tree() *node {
	mf := folder(0x3F00)
	chip := folder(0x1000, file(0x1002, []byte("Ceralacca simulated CNS, no legal value ")))
	if id, err := hex.DecodeString(c.ID); err == nil && len(id) > 0 {
		mf.add(file(0x2F02, append([]byte{0x5A, byte(len(id))}, id...))) // EF.GDO
		chip.add(file(0x1003, []byte(c.ID)))
	}
	auth := folder(0x1100)
	if c.Auth != nil && c.Layout == Classic {
		auth.add(file(0x1101, c.Auth.file(nil)))
	}
	if c.Personal != nil {
		auth.add(file(0x1102, c.Personal))
	}
	mf.add(chip).add(auth)
	sign := folder(0x1400)
	switch {
	case c.Auth != nil && c.Layout == InfoCamere:
		n := len(c.Auth.Certificate)
		mf.add(folder(0x2FFF, file(0x8228, c.Auth.file([]byte{0x01, byte(n >> 8), byte(n), 0, 0}))))
	case c.Auth != nil && c.Layout == IDEMIA2021:
		sign.add(folder(0x9001, file(0x2002, c.Auth.file(nil)))).add(folder(0x9002))
	}
	if c.Sign != nil {
		sign.add(file(0x9010, c.Sign.file(nil))).add(folder(0x8110))
	}
	return mf.add(sign)
}

// file is the content of a certificate's file.
func (k *Keyset) file(header []byte) []byte {
	b := append(header, k.Certificate...)
	if k.Fill > len(b) {
		b = append(b, make([]byte, k.Fill-len(b))...)
	}
	return b
}
