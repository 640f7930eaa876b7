package xmlsig

import (
	"bytes"
	"crypto"
	"errors"
	"testing"
)

func xpath(expr string) string {
	return `<ds:Transform Algorithm="` + algXPath + `"><ds:XPath>` + expr + `</ds:XPath></ds:Transform>`
}

func filter2(kind, expr string) string {
	return `<ds:Transform Algorithm="` + nsFilter2 + `"><f:XPath xmlns:f="` + nsFilter2 + `" Filter="` + kind + `">` + expr + `</f:XPath></ds:Transform>`
}

// TestAncestorFilter holds which elements the older XPath transform picks out, as the canonical form tells, and what of it is
// refused.
func TestAncestorFilter(t *testing.T) {
	for _, c := range []struct{ name, uri, expr, want string }{
		{"by name", "", "ancestor-or-self::p:a", `<p:a xmlns:p="u" n="1"><b><p:a></p:a></b></p:a><p:a xmlns:p="u">2</p:a>`},
		{"by name without a namespace", "", "ancestor-or-self::b", `<b xmlns:p="u"><p:a></p:a></b><b xmlns:p="u" n="1"></b>`},
		{"by attribute", "", "ancestor-or-self::*[@n='1']", `<p:a xmlns:p="u" n="1"><b><p:a></p:a></b></p:a><b xmlns:p="u" n="1"></b>`},
		{"by both", "", `ancestor-or-self::b[@n="1"]`, `<b xmlns:p="u" n="1"></b>`},
		{"either", "", " ancestor-or-self::b[@n='1']\n or ancestor-or-self::c ", `<c xmlns:p="u">3</c><b xmlns:p="u" n="1"></b>`},
		{"name of an ancestor of what the reference names", "#c", "ancestor-or-self::r", `<c xmlns:p="u" Id="c">3</c>`},
		{"in what the reference names", "#c", "ancestor-or-self::c", `<c xmlns:p="u" Id="c">3</c>`},
		{"nothing", "", "ancestor-or-self::z", ""},
		{"all there is", "", "ancestor-or-self::*", "refused"},
		{"any node", "", "ancestor-or-self::node()", "refused"},
		{"unknown prefix", "", "ancestor-or-self::q:a", "refused"},
		{"half a choice", "", "ancestor-or-self::b or", "refused"},
		{"choice with something else", "", "ancestor-or-self::b or self::text()", "refused"},
		{"both wanted", "", "ancestor-or-self::b and ancestor-or-self::c", "refused"},
		{"words in a value", "", "ancestor-or-self::b[@n='1 or ancestor-or-self::c']", "refused"},
		{"number", "", "1", "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			attr := ""
			if c.uri != "" {
				attr = ` Id="c"`
			}
			doc := `<r xmlns:p="u"><p:a n="1"><b><p:a/></b></p:a><c` + attr + `>3</c><b n="1"/><p:a>2</p:a>` +
				signature(rsa256, reference(0, `URI="`+c.uri+`"`, enveloped+xpath(c.expr)), "") + "</r>"
			k := prepare(t, doc)
			tops, _ := k.doc.signatures()
			var b bytes.Buffer
			_, err := k.process(&b, tops[0], tops[0].child(nsDS, "SignedInfo").child(nsDS, "Reference"), c14n{})
			var e *AlgorithmError
			if got := b.String(); errors.As(err, &e) != (c.want == "refused") || err == nil && got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
		})
	}
}

// TestTransformsRefused holds that programs of the signer's making are refused by their name.
func TestTransformsRefused(t *testing.T) {
	tests := []struct {
		name, transform string
		refused         bool
	}{
		{"not(ancestor-or-self)", xpath("not(ancestor-or-self::ds:Signature)"), false},
		{"with spaces", xpath(" not( ancestor-or-self::ds:Signature ) "), false},
		{"with more", xpath("not(ancestor-or-self::ds:Signature) and not(self::b)"), true},
		{"other prefix", xpath("not(ancestor-or-self::zz:Signature)"), true},
		{"enveloped of the standard", xpath("count(ancestor-or-self::ds:Signature | here()/ancestor::ds:Signature[1]) &gt; count(ancestor-or-self::ds:Signature)"), false},
		{"program", xpath("self::text()"), true},
		{"filter subtract", filter2("subtract", "/descendant::ds:Signature"), false},
		{"filter subtract content", filter2("subtract", "//b"), true},
		{"filter union", filter2("union", "//b"), true},
		{"filter function", filter2("subtract", "//*[starts-with(name(),'b')]"), true},
		{"xslt", `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>`, true},
		{"decrypt", `<ds:Transform Algorithm="http://www.w3.org/2002/07/decrypt#XML"/>`, true},
		{"unnamed", `<ds:Transform/>`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := "<r><b/>" + signature(rsa256, reference(0, `URI=""`, tt.transform), "") + "</r>"
			k := prepare(t, doc)
			tops, _ := k.doc.signatures()
			sig := tops[0]
			var b bytes.Buffer
			_, err := k.process(&b, sig, sig.child(nsDS, "SignedInfo").child(nsDS, "Reference"), c14n{})
			var e *AlgorithmError
			if refused := errors.As(err, &e); refused != tt.refused || err != nil && !refused {
				t.Errorf("error %v", err)
			}
			if err == nil && b.String() != "<r><b></b></r>" {
				t.Errorf("octets %s", b.String())
			}
		})
	}
}

// TestFilteredCopy holds that what a filter took from a copy of the document is not taken for covered.
func TestFilteredCopy(t *testing.T) {
	copyThenFilter := exc + `<ds:Transform Algorithm="` + algXPath + `"><ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>`
	doc := rsaIdentity().sign(t, "<r>"+signature(rsa256, reference(0, `URI=""`, copyThenFilter), properties132)+"</r>", crypto.SHA256)
	s := verifyOne(t, doc)
	if s.State() != Good || s.XAdES.Covered || !s.CoversDocument {
		t.Errorf("state %v, covered %v, document %v", s.State(), s.XAdES.Covered, s.CoversDocument)
	}
}
