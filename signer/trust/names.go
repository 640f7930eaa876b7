package trust

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"sort"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// name is a distinguished name. Comparison follows RFC 5280 §7.1: letters without case, spaces folded, the kind
// of string without meaning.
type name struct {
	Raw  []byte
	RDNs [][]attribute
}

type attribute struct {
	Type  string
	Value string // folded text, or "#" and the raw element for what is no text
	Text  string // as written
}

func readName(s *cryptobyte.String) (name, error) {
	var raw, seq cryptobyte.String
	if !s.ReadASN1Element(&raw, asn1.SEQUENCE) {
		return name{}, fmt.Errorf("%w: name", errCertificate)
	}
	n := name{Raw: raw}
	raw.ReadASN1(&seq, asn1.SEQUENCE)
	for !seq.Empty() {
		var set cryptobyte.String
		if !seq.ReadASN1(&set, asn1.SET) || len(n.RDNs) == maxItems {
			return name{}, fmt.Errorf("%w: name", errCertificate)
		}
		rdn, ok := readRDN(set)
		if !ok {
			return name{}, fmt.Errorf("%w: name", errCertificate)
		}
		n.RDNs = append(n.RDNs, rdn)
	}
	return n, nil
}

func readRDN(set cryptobyte.String) ([]attribute, bool) {
	var rdn []attribute
	for !set.Empty() {
		var item, element, value cryptobyte.String
		var a attribute
		var tag asn1.Tag
		if !set.ReadASN1(&item, asn1.SEQUENCE) || !readOID(&item, &a.Type) || !item.ReadAnyASN1Element(&element, &tag) ||
			len(rdn) == maxItems {
			return nil, false
		}
		inner := element
		inner.ReadAnyASN1(&value, &tag)
		a.Value = "#" + string(element)
		if text, ok := decodeText(tag, value); ok {
			a.Text, a.Value = text, strings.ToLower(strings.Join(strings.Fields(text), " "))
		}
		rdn = append(rdn, a)
	}
	sort.Slice(rdn, func(i, j int) bool {
		return rdn[i].Type+"="+rdn[i].Value < rdn[j].Type+"="+rdn[j].Value
	})
	return rdn, len(rdn) > 0
}

func decodeText(tag asn1.Tag, v []byte) (string, bool) {
	switch tag {
	case asn1.PrintableString, asn1.UTF8String, asn1.IA5String, asn1.Tag(18), asn1.Tag(26):
		return string(v), true
	case asn1.T61String: // in practice Latin-1
		r := make([]rune, len(v))
		for i, b := range v {
			r[i] = rune(b)
		}
		return string(r), true
	case asn1.Tag(30): // BMPString
		if len(v)%2 != 0 {
			return "", false
		}
		u := make([]uint16, len(v)/2)
		for i := range u {
			u[i] = uint16(v[2*i])<<8 | uint16(v[2*i+1])
		}
		return string(utf16.Decode(u)), true
	}
	return "", false
}

// key is equal for equal names.
func (n name) key() string {
	var b strings.Builder
	for _, rdn := range n.RDNs {
		for _, a := range rdn {
			fmt.Fprintf(&b, "%s=%d:%s,", a.Type, len(a.Value), a.Value)
		}
		b.WriteByte('/')
	}
	return b.String()
}

func (n name) equal(o name) bool { return bytes.Equal(n.Raw, o.Raw) || n.key() == o.key() }

// within tells whether n lies in the subtree of base: base is a prefix, RDN by RDN.
func (n name) within(base name) bool {
	if len(base.RDNs) > len(n.RDNs) {
		return false
	}
	return name{RDNs: n.RDNs[:len(base.RDNs)]}.key() == name{RDNs: base.RDNs}.key()
}

func (n name) values(oid string) []string {
	var out []string
	for _, rdn := range n.RDNs {
		for _, a := range rdn {
			if a.Type == oid {
				out = append(out, a.Text)
			}
		}
	}
	return out
}

// Tags of GeneralName, RFC 5280 §4.2.1.6.
const (
	gnEmail     = 1
	gnDNS       = 2
	gnDirectory = 4
	gnURI       = 6
	gnIP        = 7
)

type generalName struct {
	Kind  int
	Value []byte
	Name  name // for gnDirectory
}

func readGeneralNames(v cryptobyte.String) ([]generalName, error) {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, errExtension
	}
	return readGeneralNameList(seq)
}

func readGeneralNameList(seq cryptobyte.String) ([]generalName, error) {
	var out []generalName
	for !seq.Empty() {
		g, err := readGeneralName(&seq)
		if err != nil || len(out) == maxItems {
			return nil, errExtension
		}
		out = append(out, g)
	}
	return out, nil
}

func readGeneralName(s *cryptobyte.String) (generalName, error) {
	var v cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&v, &tag) || tag&0xc0 != 0x80 {
		return generalName{}, errExtension
	}
	g := generalName{Kind: int(tag & 0x1f), Value: v}
	if g.Kind == gnDirectory {
		var err error
		if g.Name, err = readName(&v); err != nil {
			return g, err
		}
	}
	return g, nil
}

// nameConstraints is RFC 5280 §4.2.1.10.
type nameConstraints struct {
	Permitted, Excluded []generalName
}

func readNameConstraints(v cryptobyte.String) (*nameConstraints, error) {
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, errExtension
	}
	nc := &nameConstraints{}
	for i, into := range []*[]generalName{&nc.Permitted, &nc.Excluded} {
		var trees cryptobyte.String
		var present bool
		if !seq.ReadOptionalASN1(&trees, &present, asn1.Tag(i).Constructed().ContextSpecific()) {
			return nil, errExtension
		}
		for !trees.Empty() {
			var tree cryptobyte.String
			if !trees.ReadASN1(&tree, asn1.SEQUENCE) || len(*into) == maxItems {
				return nil, errExtension
			}
			g, err := readGeneralName(&tree)
			if err != nil {
				return nil, err
			}
			*into = append(*into, g)
		}
	}
	return nc, nil
}

// allows tells whether every name of c satisfies the constraints, RFC 5280 §6.1.3 (b) and (c).
func (nc *nameConstraints) allows(c *certificate) bool {
	all := append([]generalName(nil), c.AltNames...)
	if len(c.Subject.RDNs) > 0 {
		all = append(all, generalName{Kind: gnDirectory, Name: c.Subject})
	}
	for _, mail := range c.Subject.values(oidEmail) {
		all = append(all, generalName{Kind: gnEmail, Value: []byte(mail)})
	}
	for _, g := range all {
		restricted, permitted := false, false
		for _, p := range nc.Permitted {
			if p.Kind == g.Kind {
				restricted = true
				in, ok := g.within(p)
				permitted = permitted || in && ok
			}
		}
		if restricted && !permitted {
			return false
		}
		for _, e := range nc.Excluded {
			if e.Kind != g.Kind {
				continue
			}
			// A kind of name that cannot be compared counts as excluded: the constraint was meant for it.
			if in, ok := g.within(e); in || !ok {
				return false
			}
		}
	}
	return true
}

// within tells whether g lies in base, a name of the same kind; decided is false for kinds without a rule here.
func (g generalName) within(base generalName) (in, decided bool) {
	value, b := strings.ToLower(string(g.Value)), strings.ToLower(string(base.Value))
	switch g.Kind {
	case gnDirectory:
		return g.Name.within(base.Name), true
	case gnDNS:
		return b == "" || value == b || strings.HasSuffix(value, "."+strings.TrimPrefix(b, ".")), true
	case gnEmail:
		_, host, ok := strings.Cut(value, "@")
		if !ok {
			return false, false
		}
		if strings.Contains(b, "@") {
			return value == b, true
		}
		return hostWithin(host, b), true
	case gnURI:
		u, err := url.Parse(value)
		if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
			return false, false
		}
		return hostWithin(u.Hostname(), b), true
	case gnIP:
		n := len(g.Value)
		if n != 4 && n != 16 || len(base.Value) != 2*n {
			return false, true
		}
		for i := range n {
			if (g.Value[i]^base.Value[i])&base.Value[n+i] != 0 {
				return false, true
			}
		}
		return true, true
	}
	return false, false
}

// hostWithin is the rule for mail and URI: a leading period means hosts below, none means this host alone.
func hostWithin(host, base string) bool {
	if strings.HasPrefix(base, ".") {
		return strings.HasSuffix(host, base)
	}
	return host == base
}
