package trust

import (
	"strings"

	"ceralacca/signer/internal/cert"
)

// maxCriteriaDepth bounds nested CriteriaLists; real lists use two levels.
const maxCriteriaDepth = 8

// criteria is a CriteriaList of TS 119 612 §5.5.9.2.2: a tree of conditions on a certificate.
type criteria struct {
	Assert   string // "all", "atLeastOne", "none"
	KeyUsage [][]keyUsageBit
	Policies [][]string // each set: the certificate has all of them
	EKU      [][]string
	Subject  [][]string // attribute OIDs that the subject name has
	Nested   []criteria
	// Unknown marks a condition that cannot be decided; the rule is then not applied and said so.
	Unknown bool
}

type keyUsageBit struct {
	Bit  int
	Want bool
}

type xmlCriteria struct {
	Assert   string `xml:"assert,attr"`
	KeyUsage []struct {
		Bits []struct {
			Name string `xml:"name,attr"`
			Text string `xml:",chardata"`
		} `xml:"KeyUsageBit"`
	} `xml:"KeyUsage"`
	Policies []struct {
		IDs []string `xml:"PolicyIdentifier>Identifier"`
	} `xml:"PolicySet"`
	Nested []xmlCriteria `xml:"CriteriaList"`
	Other  []struct {
		EKU []struct {
			IDs []string `xml:"KeyPurposeId>Identifier"`
		} `xml:"ExtendedKeyUsage"`
		Subject []struct {
			IDs []string `xml:"AttributeOID>Identifier"`
		} `xml:"CertSubjectDNAttribute"`
		Any []anyElem `xml:",any"`
	} `xml:"otherCriteriaList"`
}

// keyUsageNames are the names of TS 119 612 in the order of RFC 5280 §4.2.1.3.
var keyUsageNames = []string{
	"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
	"keyCertSign", "crlSign", "encipherOnly", "decipherOnly",
}

func (x *xmlCriteria) model(depth int) criteria {
	c := criteria{Assert: x.Assert}
	if depth >= maxCriteriaDepth {
		return criteria{Unknown: true}
	}
	switch c.Assert {
	case "":
		c.Assert = "all"
	case "all", "atLeastOne", "none":
	default:
		c.Unknown = true
	}
	for _, k := range x.KeyUsage {
		var set []keyUsageBit
		for _, b := range k.Bits {
			bit := -1
			for i, n := range keyUsageNames {
				if strings.EqualFold(n, b.Name) {
					bit = i
				}
			}
			if bit < 0 {
				c.Unknown = true
				continue
			}
			text := strings.TrimSpace(b.Text)
			set = append(set, keyUsageBit{bit, text == "true" || text == "1"})
		}
		c.KeyUsage = append(c.KeyUsage, set)
	}
	for _, p := range x.Policies {
		c.Policies = append(c.Policies, oids(p.IDs))
	}
	for _, o := range x.Other {
		for _, e := range o.EKU {
			c.EKU = append(c.EKU, oids(e.IDs))
		}
		for _, s := range o.Subject {
			c.Subject = append(c.Subject, oids(s.IDs))
		}
		if len(o.Any) > 0 {
			c.Unknown = true
		}
	}
	for i := range x.Nested {
		c.Nested = append(c.Nested, x.Nested[i].model(depth+1))
	}
	return c
}

func oids(ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, strings.TrimPrefix(strings.TrimSpace(id), "urn:oid:"))
	}
	return out
}

// match tells whether c satisfies the criteria; decided is false where a condition is unknown to this program
// and the outcome depends on it.
func (k *criteria) match(c *certificate) (matched, decided bool) {
	if k.Unknown {
		return false, false
	}
	total, hits := 0, 0
	count := func(ok bool) {
		total++
		if ok {
			hits++
		}
	}
	for _, set := range k.KeyUsage {
		ok := true
		for _, b := range set {
			ok = ok && c.hasKeyUsage(b.Bit) == b.Want
		}
		count(ok)
	}
	for _, set := range k.Policies {
		count(containsAll(set, func(id string) bool { return c.hasPolicy(cert.OID(id)) }))
	}
	for _, set := range k.EKU {
		count(containsAll(set, func(id string) bool { return c.hasEKU(cert.OID(id)) }))
	}
	for _, set := range k.Subject {
		count(containsAll(set, func(id string) bool { return len(c.Subject.values(id)) > 0 }))
	}
	for i := range k.Nested {
		m, ok := k.Nested[i].match(c)
		if !ok {
			return false, false
		}
		count(m)
	}
	switch k.Assert {
	case "atLeastOne":
		return hits > 0, true
	case "none":
		return hits == 0, true
	}
	return hits == total, true
}

func containsAll(want []string, has func(string) bool) bool {
	for _, w := range want {
		if !has(w) {
			return false
		}
	}
	return true
}
