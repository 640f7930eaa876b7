package p11

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"ceralacca/card"
)

// insertion is one card in one reader: all slots that a module makes of it.
type insertion struct {
	id      string
	reader  string
	present bool
	state   card.SlotState
	helper  *helper    // that saw it last
	slots   []slotInfo // with a token, or a single one without
	refs    []card.PINRef
	keys    []slotKey
}

// slotKey is a key and where it is.
type slotKey struct {
	card.Key
	slot int // index in insertion.slots
	id   []byte
}

// token is never nil.
func (s slotInfo) token() tokenInfo {
	if s.Token == nil {
		return tokenInfo{}
	}
	return *s.Token
}

func (c *insertion) pad() bool {
	return slices.ContainsFunc(c.slots, func(s slotInfo) bool { return s.token().Flags&flagProtectedPad != 0 })
}

func (c *insertion) slot() card.Slot {
	return card.Slot{ID: c.id, Reader: c.reader, State: c.state, PINPad: c.pad()}
}

// topRank is that of a card with a certificate for signatures that bind, behind a PIN that can be used.
const topRank = 6

// rank orders what several modules make of the same reader. A module that takes the PIN for one that was never set
// cannot use the card, though another may: OpenSC is on record with that.
func (c *insertion) rank() int {
	rank := 0
	for _, k := range c.keys {
		switch {
		case c.state != card.Present || !commits(k.Certificate):
		case c.slots[k.slot].token().Flags&flagUserPINSet != 0:
			return topRank
		default:
			rank = topRank - 1
		}
	}
	if rank > 0 {
		return rank
	}
	return map[card.SlotState]int{card.Present: 4, card.Busy: 3, card.Mute: 2, card.Unsupported: 1}[c.state]
}

// group joins the slots of each physical card. Slots with one name are one reader, which holds one card; slots
// that differ in their name by a mark at the end are one card when their tokens have the same serial number.
func group(slots []slotInfo, module string) []*insertion {
	var out []*insertion
	for _, s := range slots {
		name := strings.TrimSpace(s.Description)
		if name == "" {
			name = fmt.Sprintf("%s %d", module, s.ID)
		}
		k := slices.IndexFunc(out, func(c *insertion) bool { return c.holds(name, s) })
		if k < 0 {
			out = append(out, &insertion{reader: name, present: s.Present, state: stateOf(s), slots: []slotInfo{s}})
			continue
		}
		c := out[k]
		switch {
		case s.Token == nil && (c.present || !s.Present):
		case s.Token == nil || c.slots[0].Token == nil:
			c.slots, c.present, c.state = []slotInfo{s}, s.Present, stateOf(s)
		default:
			c.slots = append(c.slots, s)
		}
	}
	return out
}

func (c *insertion) holds(name string, s slotInfo) bool {
	a, b := c.slots[0].token(), s.token()
	x, y := serial(a.Serial), serial(b.Serial)
	if c.reader == name {
		return x == "" || y == "" || x == y
	}
	return x != "" && x == y && a.Model == b.Model && stem(c.reader) == stem(name)
}

// serial is a serial number that tells cards apart, or "".
func serial(s string) string {
	if strings.Trim(s, "0 \x00") == "" {
		return ""
	}
	return s
}

// stem is a slot's name without the mark that a module sets behind the reader's, such as " (2)" or " [PIN 2]".
func stem(name string) string {
	name = strings.TrimRight(name, "0123456789")
	name = strings.TrimSpace(name)
	for _, pair := range []string{"()", "[]"} {
		if at := strings.LastIndexByte(name, pair[0]); at > 0 && strings.HasSuffix(name, pair[1:]) {
			name = name[:at]
		}
	}
	return strings.TrimRight(name, " -#:")
}

func stateOf(s slotInfo) card.SlotState {
	switch {
	case !s.Present, s.Code == ckrTokenNotPresent, s.Code == ckrDeviceRemoved:
		return card.Empty
	case s.Token != nil:
		return card.Present
	case s.Code == ckrTokenNotRecognized:
		return card.Unsupported
	}
	return card.Mute
}

// fill notes the certificates, gives each PIN its name and drops the slots without keys. A card in which the
// module finds no certificate is of no use through it.
func (c *insertion) fill(found []reply) {
	if c.state != card.Present {
		return
	}
	type use struct{ any, other bool }
	uses := make([]use, len(c.slots))
	for i, r := range found {
		for _, o := range r.Certs {
			k, ok := keyOf(o)
			if !ok || slices.ContainsFunc(c.keys, func(x slotKey) bool { return bytes.Equal(x.DER, k.DER) }) {
				continue
			}
			k.slot = i
			k.AlwaysAsk = slices.ContainsFunc(r.Keys, func(x keyInfo) bool { return x.Always && bytes.Equal(x.ID, k.id) })
			for n := 2; slices.ContainsFunc(c.keys, func(x slotKey) bool { return x.ID == k.ID }); n++ {
				k.ID = fmt.Sprintf("%x/%d", k.id, n)
			}
			uses[i].any = true
			uses[i].other = uses[i].other || !commits(k.Certificate)
			c.keys = append(c.keys, k)
		}
	}
	if len(c.keys) == 0 {
		c.state = card.Unsupported
	}
	c.refs = make([]card.PINRef, len(c.slots))
	free := []card.PINRef{card.AuthPIN, card.SignPIN, 0x1C, 0x1E}
	for i, u := range uses {
		if !u.any || len(free) == 0 {
			continue
		}
		want := card.SignPIN
		if u.other {
			want = card.AuthPIN
		}
		if !slices.Contains(free, want) {
			want = free[0]
		}
		c.refs[i] = want
		free = slices.DeleteFunc(free, func(r card.PINRef) bool { return r == want })
	}
	c.keys = slices.DeleteFunc(c.keys, func(k slotKey) bool { return c.refs[k.slot] == 0 })
	for i := range c.keys {
		c.keys[i].PIN = c.refs[c.keys[i].slot]
	}
}

// commits tells whether a certificate is for signatures that bind (contentCommitment, RFC 5280 §4.2.1.3).
func commits(c *x509.Certificate) bool {
	return c != nil && c.KeyUsage&x509.KeyUsageContentCommitment != 0
}

// keyOf makes a key of a certificate object. The private key itself shows only after a login, so every
// certificate that is not an authority's passes for one with a key.
func keyOf(o certInfo) (slotKey, bool) {
	var whole asn1.RawValue
	if _, err := asn1.Unmarshal(o.DER, &whole); err != nil || whole.Tag != asn1.TagSequence || o.Authority {
		return slotKey{}, false // what follows the certificate is fill
	}
	k := slotKey{id: o.ID, Key: card.Key{ID: hex.EncodeToString(o.ID), DER: whole.FullBytes, Via: "pkcs11"}}
	if c, err := x509.ParseCertificate(whole.FullBytes); err == nil {
		if c.BasicConstraintsValid && c.IsCA {
			return slotKey{}, false
		}
		k.Certificate = c
	}
	return k, true
}

// info is what the card tells: the module says little, the certificate names the holder.
func (c *insertion) info(m *module) card.Info {
	t := c.slots[0].token()
	info := card.Info{Kind: "PKCS #11", Serial: strings.TrimSpace(t.Serial), Label: strings.TrimSpace(t.Label), Via: "pkcs11"}
	info.Library = filepath.Base(m.path)
	if m.h != nil {
		info.Library = strings.TrimSpace(info.Library + " " + m.h.info.Version)
	}
	if model := strings.TrimSpace(t.Model); model != "" {
		info.Kind = model
	}
	for _, k := range c.keys {
		if h := holderOf(k.Certificate); info.Holder == (card.Holder{}) {
			info.Holder = h
		}
	}
	if h := info.Holder; h.Name != "" && h.Surname != "" {
		info.Label = h.Name + " " + h.Surname
	}
	if info.Label == "" {
		info.Label = c.reader
	}
	for i, s := range c.slots {
		if r := c.refs[i]; r != 0 {
			p := limits(s.token())
			if p.Ref, p.CanReset = r, m.resets() && !p.OnReader; p.CanReset {
				p.MinPUK, p.MaxPUK = minPUK, capacity
			}
			info.PINs = append(info.PINs, p)
		}
	}
	return info
}

const (
	capacity = 16 // of a card.PIN
	minPUK   = 4  // modules do not tell the limits of a PUK; what is shorter was not meant to be sent
)

// limits are the lengths of a PIN as the module tells them. Limits that make no sense are those of the CNS.
func limits(t tokenInfo) card.PINInfo {
	p := card.PINInfo{Min: 5, Max: 8, OnReader: t.Flags&flagProtectedPad != 0}
	if t.MinPIN <= t.MaxPIN && t.MinPIN <= capacity && t.MaxPIN > 0 {
		p.Min, p.Max = max(1, int(t.MinPIN)), int(min(t.MaxPIN, capacity))
	}
	return p
}

// holderOf reads the subject of a certificate as EN 319 412-2 §4.2.4 and the CNS profile write it.
func holderOf(c *x509.Certificate) card.Holder {
	var h card.Holder
	if c == nil {
		return h
	}
	for _, a := range c.Subject.Names {
		text, _ := a.Value.(string)
		switch a.Type.String() {
		case "2.5.4.4":
			h.Surname = text
		case "2.5.4.42":
			h.Name = text
		case "2.5.4.5":
			for _, prefix := range []string{"TINIT-", "IT:"} {
				if code, ok := strings.CutPrefix(text, prefix); ok {
					h.FiscalCode = code
				}
			}
		}
	}
	if code, _, ok := strings.Cut(c.Subject.CommonName, "/"); ok && h.FiscalCode == "" && len(code) == 16 {
		h.FiscalCode = code // CN of the CNS: codice fiscale, slash, number of the card
	}
	return h
}
