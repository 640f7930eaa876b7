package xmlsig

import "strings"

type kind uint8

const (
	documentNode kind = iota
	elementNode
	textNode
	commentNode
	piNode
)

// node is a node of the tree, in the data model of XPath 1.0 §5 as far as canonicalisation needs it:
// character data and CDATA sections are one text node, attributes and namespace declarations are told apart.
type node struct {
	kind   kind
	parent *node
	first  *node
	last   *node
	next   *node

	prefix, local, space string // element; local is also the target of a processing instruction
	text                 string // text, comment, data of a processing instruction
	attrs                []attr
	decls                []decl
}

type attr struct{ prefix, local, space, value string }

// decl is a namespace declaration; prefix is empty for the default namespace.
type decl struct{ prefix, uri string }

func (n *node) add(c *node) {
	c.parent = n
	if n.last == nil {
		n.first = c
	} else {
		n.last.next = c
	}
	n.last = c
}

// is tells if n is the element local of a namespace.
func (n *node) is(space, local string) bool {
	return n != nil && n.kind == elementNode && n.local == local && n.space == space
}

// child returns the first child element of that name, or nil.
func (n *node) child(space, local string) *node {
	if n == nil {
		return nil
	}
	for c := n.first; c != nil; c = c.next {
		if c.is(space, local) {
			return c
		}
	}
	return nil
}

// children returns the child elements of that name.
func (n *node) children(space, local string) []*node {
	if n == nil {
		return nil
	}
	var out []*node
	for c := n.first; c != nil; c = c.next {
		if c.is(space, local) {
			out = append(out, c)
		}
	}
	return out
}

// path follows child elements of one namespace.
func (n *node) path(space string, locals ...string) *node {
	for _, l := range locals {
		n = n.child(space, l)
	}
	return n
}

// attr returns the value of an attribute without namespace.
func (n *node) attr(local string) (string, bool) {
	if n == nil {
		return "", false
	}
	for _, a := range n.attrs {
		if a.space == "" && a.local == local {
			return a.value, true
		}
	}
	return "", false
}

// value is attr for attributes whose absence means the same as emptiness.
func (n *node) value(local string) string {
	v, _ := n.attr(local)
	return v
}

// content is the character data of the element's own children, comments skipped: exactly what
// canonicalisation without comments keeps, so that a comment cannot cut a value short.
func (n *node) content() string {
	if n == nil {
		return ""
	}
	if n.first != nil && n.first == n.last && n.first.kind == textNode {
		return n.first.text
	}
	var b strings.Builder
	for c := n.first; c != nil; c = c.next {
		if c.kind == textNode {
			b.WriteString(c.text)
		}
	}
	return b.String()
}

// inside tells if n is top or below it.
func (n *node) inside(top *node) bool {
	for ; n != nil; n = n.parent {
		if n == top {
			return true
		}
	}
	return false
}

// following returns the node after n in document order within the subtree of top, not entering n if skip.
func (n *node) following(top *node, skip bool) *node {
	if !skip && n.first != nil {
		return n.first
	}
	for ; n != nil && n != top; n = n.parent {
		if n.next != nil {
			return n.next
		}
	}
	return nil
}

// location names the element by the way to it, such as /Invoice/Body[2].
func (n *node) location() string {
	if n == nil || n.kind == documentNode {
		return "/"
	}
	var parts []string
	for ; n.parent != nil; n = n.parent {
		name, nth, same := n.local, 0, 0
		for c := n.parent.first; c != nil; c = c.next {
			if c.is(n.space, n.local) {
				same++
			}
			if c == n {
				nth = same
			}
		}
		if same > 1 {
			name += "[" + itoa(nth) + "]"
		}
		parts = append(parts, name)
	}
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return "/" + strings.Join(parts, "/")
}

// lookup returns the URI that prefix is bound to at n.
func (n *node) lookup(prefix string) (string, bool) {
	if prefix == "xml" {
		return nsXML, true
	}
	for ; n != nil; n = n.parent {
		for _, d := range n.decls {
			if d.prefix == prefix {
				return d.uri, true
			}
		}
	}
	return "", false
}

// document is a parsed document with its elements by ID.
type document struct {
	top  *node // the document node
	root *node // the document element
	ids  map[string][]*node
}

// nsWSU is the namespace of the ID attribute of WS-Security (SOAP Message Security 1.1 §4.2).
const nsWSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

// index collects the IDs. Without a DTD no attribute is declared to be one; these are the spellings that the
// signature formats, SAML, SOAP and their verifiers use: Id, ID, id without a namespace, xml:id and wsu:Id.
func (d *document) index() {
	d.ids = make(map[string][]*node)
	for n := d.root; n != nil; n = n.following(d.root, false) {
		for _, a := range n.attrs {
			isID := a.space == "" && strings.EqualFold(a.local, "id") || a.space == nsXML && a.local == "id" ||
				a.space == nsWSU && a.local == "Id"
			if !isID {
				continue
			}
			same := d.ids[a.value]
			if len(same) > 0 && same[len(same)-1] == n {
				continue
			}
			d.ids[a.value] = append(same, n)
		}
	}
}

// byID returns the one element with that ID.
func (d *document) byID(id string) (*node, error) {
	switch found := d.ids[id]; len(found) {
	case 0:
		return nil, &ReferenceError{URI: "#" + id, Reason: "missing"}
	case 1:
		return found[0], nil
	default:
		return nil, &ReferenceError{URI: "#" + id, Reason: "duplicate-id"}
	}
}
