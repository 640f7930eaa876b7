package preview

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// The bounds of a tree: the invoices and accounts of large companies stay far below.
const (
	maxNodes    = 200_000
	maxTreeText = 4 << 20 // bytes of text in one element
)

// element is a part of an XML document whose meaning is known. What a table has shown of it is marked, so that what is
// left can be shown too: a table that hides something would have a person sign what nobody showed.
type element struct {
	name  xml.Name
	attrs []xml.Attr
	text  string
	kids  []*element
	shown bool
}

// readTree reads the document; nil when it is not well-formed, too deep or too large for a table.
func readTree(src []byte) *element {
	d := newDecoder(src)
	root := &element{}
	open := []*element{root}
	texts := [][]byte{nil}
	for n := 0; ; {
		t, err := d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) && len(open) == 1 && len(root.kids) == 1 {
				return root.kids[0]
			}
			return nil
		}
		last := len(open) - 1
		switch t := t.(type) {
		case xml.StartElement:
			e := &element{name: t.Name, attrs: t.Copy().Attr}
			open[last].kids = append(open[last].kids, e)
			open, texts = append(open, e), append(texts, nil)
			if n++; n > maxNodes || len(open) > maxDepth {
				return nil
			}
		case xml.EndElement:
			open[last].text = strings.TrimSpace(string(texts[last]))
			open, texts = open[:last], texts[:last]
		case xml.CharData:
			if len(texts[last])+len(t) > maxTreeText {
				return nil
			}
			texts[last] = append(texts[last], t...)
		}
	}
}

// all are the children of that name, in any name space: versions of a format differ in it.
func (e *element) all(name string) []*element {
	var out []*element
	if e == nil {
		return nil
	}
	for _, k := range e.kids {
		if k.name.Local == name {
			out = append(out, k)
		}
	}
	return out
}

// at is the first element at the end of the path; nil when there is none.
func (e *element) at(path ...string) *element {
	for _, name := range path {
		kids := e.all(name)
		if len(kids) == 0 {
			return nil
		}
		e = kids[0]
	}
	return e
}

// take is the text at the end of the path, which is shown then.
func (e *element) take(path ...string) string {
	x := e.at(path...)
	if x == nil {
		return ""
	}
	x.shown = true
	return x.text
}

// attr is an attribute by its local name.
func (e *element) attr(local string) string { return attr(xml.StartElement{Attr: e.attrs}, local) }

// rest calls add for every text below e that was not taken, with the names that lead to it.
func (e *element) rest(path []string, add func(path []string, text string)) {
	if e == nil || e.shown || e.name.Local == "Signature" {
		return
	}
	if e.text != "" {
		add(path, e.text)
	}
	for _, k := range e.kids {
		k.rest(append(path[:len(path):len(path)], k.name.Local), add)
	}
}
