package xmlsig

import (
	"errors"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, doc string
		want      error // matched by type
	}{
		{"nothing", "", &SyntaxError{}},
		{"no element", "<?xml version='1.0'?>", &SyntaxError{}},
		{"doctype", "<!DOCTYPE a><a/>", &DTDError{}},
		{"billion laughs", `<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>`, &DTDError{}},
		{"external entity", `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, &DTDError{}},
		{"doctype after a comment", "<!-- x --><!DOCTYPE a><a/>", &DTDError{}},
		{"doctype behind the root", "<a/><!DOCTYPE a>", &DTDError{}},
		{"doctype in utf-16", "\xff\xfe<\x00!\x00D\x00O\x00C\x00T\x00Y\x00P\x00E\x00 \x00a\x00>\x00", &DTDError{}},
		{"unknown entity", "<a>&x;</a>", &SyntaxError{}},
		{"open entity", "<a>&lt</a>", &SyntaxError{}},
		{"character zero", "<a>&#0;</a>", &SyntaxError{}},
		{"surrogate", "<a>&#xD800;</a>", &SyntaxError{}},
		{"huge reference", "<a>&#99999999999999999999;</a>", &SyntaxError{}},
		{"control character", "<a>\x01</a>", &SyntaxError{}},
		{"broken utf-8", "<a>\xff</a>", &EncodingError{}},
		{"odd utf-16", "\xff\xfe<", &EncodingError{}},
		{"unknown encoding", "<?xml version='1.0' encoding='ebcdic'?><a/>", &EncodingError{}},
		{"encoding against the mark", "\xef\xbb\xbf<?xml version='1.0' encoding='utf-16'?><a/>", &EncodingError{}},
		{"two roots", "<a/><b/>", &SyntaxError{}},
		{"text after root", "<a/>x", &SyntaxError{}},
		{"unclosed", "<a><b></a>", &SyntaxError{}},
		{"end without start", "</a>", &SyntaxError{}},
		{"same attribute", `<a b="1" b="2"/>`, &SyntaxError{}},
		{"same attribute by namespace", `<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>`, &SyntaxError{}},
		{"same declaration", `<a xmlns:p="u" xmlns:p="v"/>`, &SyntaxError{}},
		{"unbound prefix", `<p:a/>`, &SyntaxError{}},
		{"prefix of a sibling", `<a><b xmlns:p="u"/><p:c/></a>`, &SyntaxError{}},
		{"undeclared prefix", `<a xmlns:p=""/>`, &SyntaxError{}},
		{"bound xmlns", `<a xmlns:xmlns="u"/>`, &SyntaxError{}},
		{"rebound xml", `<a xmlns:xml="u"/>`, &SyntaxError{}},
		{"two colons", `<a:b:c xmlns:a="u"/>`, &SyntaxError{}},
		{"attribute without quote", `<a b=c/>`, &SyntaxError{}},
		{"less-than in attribute", `<a b="<"/>`, &SyntaxError{}},
		{"no space between attributes", `<a b="1"c="2"/>`, &SyntaxError{}},
		{"double hyphen", `<a><!-- -- --></a>`, &SyntaxError{}},
		{"cdata end in text", `<a>]]></a>`, &SyntaxError{}},
		{"cdata outside", `<![CDATA[x]]><a/>`, &SyntaxError{}},
		{"second declaration", `<a/><?xml version="1.0"?>`, &SyntaxError{}},
		{"deep", strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300), &LimitError{}},
		{"many attributes", "<a" + attributes(300) + "/>", &LimitError{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse([]byte(tt.doc), Limits{})
			if !sameType(err, tt.want) {
				t.Errorf("error %T %v, want %T", err, err, tt.want)
			}
		})
	}
}

func sameType(err, want error) bool {
	switch want.(type) {
	case *SyntaxError:
		var e *SyntaxError
		return errors.As(err, &e)
	case *DTDError:
		var e *DTDError
		return errors.As(err, &e)
	case *EncodingError:
		var e *EncodingError
		return errors.As(err, &e)
	case *LimitError:
		var e *LimitError
		return errors.As(err, &e)
	}
	return false
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + itoa(i) + `=""`)
	}
	return b.String()
}

func TestParseLimits(t *testing.T) {
	doc := []byte("<a><b/><b/><b/></a>")
	for name, lim := range map[string]Limits{"bytes": {Bytes: 10}, "nodes": {Nodes: 3}, "depth": {Depth: 1}} {
		var e *LimitError
		if _, err := parse(doc, lim); !errors.As(err, &e) || e.What != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIDs(t *testing.T) {
	d, err := parse([]byte(`<a Id="1"><b ID="2"/><c id="3"/><d xml:id="4"/><e Id="5" id="5"/><f Id="6"/><g id="6"/><h x:Id="7" xmlns:x="u"/>`+
		`<i w:Id="8" xmlns:w="`+nsWSU+`"/><j w:Id="9" xmlns:w="`+nsWSU+`"/><k Id="9"/></a>`), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"1": "", "2": "", "3": "", "4": "", "5": "", "6": "duplicate-id", "7": "missing", "8": "", "9": "duplicate-id", "": "missing"} {
		_, err := d.byID(id)
		var e *ReferenceError
		got := ""
		if errors.As(err, &e) {
			got = e.Reason
		}
		if got != want {
			t.Errorf("ID %q: %q, want %q", id, got, want)
		}
	}
}

// A file that a reference leads to may name its type, as the scripts of office documents do, and nothing more.
func TestParseTyped(t *testing.T) {
	for _, c := range []struct {
		name, doc string
		good      bool
	}{
		{"public", `<?xml version="1.0"?><!DOCTYPE l:l PUBLIC "-//x//DTD >[ 1.0//EN" 'l.dtd'><l:l xmlns:l="u"/>`, true},
		{"name only", "<!DOCTYPE a><a/>", true},
		{"internal subset", `<!DOCTYPE a [<!ENTITY b "c">]><a/>`, false},
		{"internal subset behind an identifier", `<!DOCTYPE a SYSTEM "x" [<!ENTITY b "c">]><a/>`, false},
		{"two", "<!DOCTYPE a><!DOCTYPE a><a/>", false},
		{"behind the root", "<a/><!DOCTYPE a>", false},
		{"inside the root", "<a><!DOCTYPE a></a>", false},
		{"no end", `<!DOCTYPE a "`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseTyped([]byte(c.doc), Limits{})
			var dtd *DTDError
			if c.good && err != nil || !c.good && !errors.As(err, &dtd) {
				t.Errorf("%v", err)
			}
		})
	}
}
