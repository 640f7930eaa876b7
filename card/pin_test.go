package card

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func newTestPIN(digits string) *PIN {
	p := NewPIN()
	for _, r := range digits {
		p.Add(r)
	}
	return p
}

// secret is every form in which the digits could leak: text, hexadecimal, decimal bytes.
var secret = []string{"7391628", "37333931363238", "373339", "55 51 57", "0x37, 0x33", "37 33 39"}

func leaks(s string) bool {
	s = strings.ToLower(s)
	for _, x := range secret {
		if strings.Contains(s, x) {
			return true
		}
	}
	return false
}

func TestPINHidesItself(t *testing.T) {
	p := newTestPIN("7391628")
	type exported struct{ P *PIN }
	type unexported struct{ p *PIN }
	type value struct{ p PIN }
	type deep struct{ v []map[string]value }
	layouts := map[string]any{
		"pointer": p, "value": *p, "pointer to pointer": &p,
		"exported field": exported{p}, "unexported field": unexported{p}, "value field": value{*p},
		"pointer to struct": &unexported{p}, "pointer to value struct": &value{*p},
		"slice": []*PIN{p}, "value slice": []PIN{*p}, "array": [1]PIN{*p}, "map": map[string]PIN{"x": *p},
		"pointer map": map[string]*PIN{"x": p}, "deep": deep{[]map[string]value{{"x": {*p}}}},
		"any": []any{p, *p}, "error": fmt.Errorf("wrapped %v", p),
	}
	verbs := []string{
		"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%o", "%b", "%c", "%U", "%e", "%g", "%t", "%p", "%T", "%z", "%5.2v",
	}
	for name, v := range layouts {
		for _, verb := range verbs {
			if got := fmt.Sprintf(verb, v); leaks(got) {
				t.Errorf("%s with %s leaks: %s", name, verb, got)
			}
		}
		if b, err := json.Marshal(v); leaks(string(b)) {
			t.Errorf("%s leaks in JSON: %s (%v)", name, b, err)
		}
		if b, err := xml.Marshal(v); leaks(string(b)) {
			t.Errorf("%s leaks in XML: %s (%v)", name, b, err)
		}
		var text, js, g bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", "p", v)
		slog.New(slog.NewJSONHandler(&js, nil)).Info("x", "p", v)
		_ = gob.NewEncoder(&g).Encode(v)
		for kind, b := range map[string]*bytes.Buffer{"text log": &text, "JSON log": &js, "gob": &g} {
			if leaks(b.String()) {
				t.Errorf("%s leaks in %s: %s", name, kind, b)
			}
		}
	}
	t.Logf("%d combinations of layout and verb", len(layouts)*len(verbs))
	if _, err := json.Marshal(p); err == nil {
		t.Error("a PIN was marshalled")
	}
}

func TestPINTyping(t *testing.T) {
	p := NewPIN()
	for _, r := range "12x3 ٣4½" {
		p.Add(r)
	}
	if got := digits(p); got != "1234" {
		t.Fatalf("typed %q", got)
	}
	p.Drop()
	if got := digits(p); got != "123" || p.Len() != 3 {
		t.Fatalf("after Drop %q", got)
	}
	if !p.Equal(newTestPIN("123")) || p.Equal(newTestPIN("1234")) || p.Equal(newTestPIN("124")) || p.Equal(nil) {
		t.Error("Equal is wrong")
	}
	for range 2 * pinCap {
		p.Add('9')
	}
	if p.Len() != pinCap || p.Add('9') {
		t.Errorf("%d digits", p.Len())
	}
	p.Wipe()
	if p.Len() != 0 || (*p.p).b != [pinCap]byte{} {
		t.Error("Wipe left digits")
	}
	p.Drop()
	var none *PIN
	for _, q := range []*PIN{none, {}} { // neither made by NewPIN
		q.Drop()
		q.Wipe()
		if q.Add('1') || q.Len() != 0 || digits(q) != "" || q.Equal(q) {
			t.Error("a PIN that is none took a digit")
		}
	}
}

func digits(p *PIN) string {
	var s string
	p.Use(func(d []byte) { s = string(d) })
	return s
}
