package preview

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
)

const maxDepth = 256

// newDecoder reads text that was decoded before, whatever encoding it claims. It fetches nothing and knows no entities
// but the five of XML.
func newDecoder(src []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(src))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d
}

// rootOf is the name of the first element.
func rootOf(src []byte) xml.Name {
	d := newDecoder(src)
	for {
		t, err := d.Token()
		if err != nil {
			return xml.Name{}
		}
		if s, ok := t.(xml.StartElement); ok {
			return s.Name
		}
	}
}

// xml fills the view with the document, an element a line, children indented. A document that is not well-formed is
// left to be shown as text.
func (v *View) xml(ctx context.Context, text string) {
	src := []byte(text)
	v.alarm(externalXML(src)...)
	d := newDecoder(src)
	w := &indenter{v: v}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return
		}
		t, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF) && w.depth == 0:
		case err != nil && v.Cut:
		case err != nil:
			v.broken(text)
			return
		default:
			if w.token(t) {
				continue
			}
			if w.broken {
				v.broken(text)
				return
			}
			v.Cut = true
		}
		w.flush()
		v.Form = Lines
		return
	}
}

// broken leaves the document to be shown as text. A page need not be well-formed (HTML §13).
func (v *View) broken(text string) {
	v.Lines = nil
	head := strings.ToLower(text[:min(len(text), 1024)])
	if !strings.Contains(head, "<!doctype html") && !strings.Contains(head, "<html") {
		v.alarm("xml-broken")
	}
}

// indenter lays XML out in lines. An element with nothing but text inside takes one line.
type indenter struct {
	v      *View
	depth  int
	open   string // the start tag that waits to see what comes
	text   strings.Builder
	words  int
	names  []xml.Name // of the elements that are open
	broken bool
}

// token takes the next piece; false when there is no room for more.
func (w *indenter) token(t xml.Token) bool {
	switch t := t.(type) {
	case xml.StartElement:
		w.flush()
		w.open = "<" + qualified(t.Name) + attributes(t.Attr) + ">"
		w.depth++
		w.names = append(w.names, t.Name)
	case xml.EndElement:
		if w.depth == 0 || w.names[w.depth-1] != t.Name {
			w.broken = true
			return false
		}
		w.depth--
		w.names = w.names[:w.depth]
		end := "</" + qualified(t.Name) + ">"
		if w.open != "" {
			line := w.open + strings.TrimSpace(w.text.String()) + end
			w.open = ""
			w.text.Reset()
			w.line(w.depth, line)
		} else {
			w.flush()
			w.line(w.depth, end)
		}
	case xml.CharData:
		w.text.Write(t)
	case xml.Comment:
		w.flush()
		w.line(w.depth, "<!--"+string(t)+"-->")
	case xml.ProcInst:
		w.flush()
		w.line(w.depth, "<?"+t.Target+" "+string(t.Inst)+"?>")
	case xml.Directive:
		w.flush()
		w.line(w.depth, "<!"+string(t)+">")
	}
	return w.depth < maxDepth && w.words < maxShown && len(w.v.Lines) < maxLines
}

// flush writes what waits.
func (w *indenter) flush() {
	if w.open != "" {
		w.line(w.depth-1, w.open)
		w.open = ""
	}
	for l := range strings.Lines(strings.TrimSpace(w.text.String())) {
		w.line(w.depth, strings.TrimSpace(l))
	}
	w.text.Reset()
}

func (w *indenter) line(depth int, s string) {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" {
		return
	}
	w.words += len(s) + 2*depth
	w.v.Lines = append(w.v.Lines, strings.Repeat("  ", max(0, depth))+w.v.line(s))
}

func qualified(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local // RawToken leaves the prefix there
	}
	return n.Local
}

func attributes(all []xml.Attr) string {
	var b strings.Builder
	for _, a := range all {
		b.WriteString(" " + qualified(a.Name) + `="` + strings.ReplaceAll(a.Value, `"`, "&quot;") + `"`)
	}
	return b.String()
}

// styleHref finds the address of a style sheet (xml-stylesheet §3).
var styleHref = regexp.MustCompile(`href\s*=\s*["']([^"']*)["']`)

// wellKnown are the document types of pages and drawings, which every program has by heart.
var wellKnown = regexp.MustCompile(`^DOCTYPE\s+(HTML|SVG)\s+PUBLIC\s+["\']-//(W3C|IETF)//DTD [^>\[]*$`)

// styled is for documents with a style sheet that lies elsewhere. Of an invoice or of accounts it changes nothing: they
// are their data.
const styled = "xml-style"

// externalXML says what a program might fetch when it shows the document, before its first element: what a person sees
// would then depend on it. Name spaces and schema locations only name.
func externalXML(src []byte) []string {
	var codes []string
	d := newDecoder(src)
	for {
		t, err := d.RawToken()
		if err != nil {
			return codes
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "stylesheet" || t.Name.Local == "transform" {
				codes = append(codes, importing(d)...)
			}
			return codes
		case xml.ProcInst:
			if m := styleHref.FindSubmatch(t.Inst); t.Target == "xml-stylesheet" && m != nil && !bytes.HasPrefix(m[1], []byte("#")) {
				codes = append(codes, styled)
			}
		case xml.Directive:
			s := strings.ToUpper(string(t))
			if strings.Contains(s, "<!ENTITY") {
				codes = append(codes, "xml-entities")
			}
			if strings.HasPrefix(s, "DOCTYPE") && !wellKnown.MatchString(s) && (strings.Contains(s, " SYSTEM") || strings.Contains(s, " PUBLIC")) {
				codes = append(codes, "xml-external")
			}
		}
	}
}

// importing looks through a style sheet for others that it takes in, and for documents that it reads (XSLT 1.0 §2.6,
// §12.1).
func importing(d *xml.Decoder) []string {
	for {
		t, err := d.RawToken()
		if err != nil {
			return nil
		}
		s, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if s.Name.Local == "import" || s.Name.Local == "include" {
			return []string{"xml-external"}
		}
		for _, a := range s.Attr {
			if strings.Contains(a.Value, "document(") {
				return []string{"xml-external"}
			}
		}
	}
}
