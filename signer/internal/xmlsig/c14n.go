package xmlsig

import (
	"bufio"
	"cmp"
	"io"
	"slices"
	"strings"
)

// c14n is one of the canonicalisation methods: Canonical XML 1.0 and 1.1, Exclusive XML Canonicalization 1.0.
type c14n struct {
	exclusive bool
	v11       bool
	comments  bool
	// inclusive holds the prefixes of InclusiveNamespaces/@PrefixList; "" stands for #default.
	inclusive []string
}

const (
	algC14N10    = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	algC14N11    = "http://www.w3.org/2006/12/xml-c14n11"
	algExcC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	withComments = "#WithComments"
)

// canonicalizer finds the method that an element with an Algorithm attribute asks for (CanonicalizationMethod
// or Transform).
func canonicalizer(e *node) (c14n, bool) {
	m, ok := methods[e.value("Algorithm")]
	if !ok || !m.exclusive {
		return m, ok
	}
	for _, p := range strings.Fields(e.child(algExcC14N, "InclusiveNamespaces").value("PrefixList")) {
		if p == "#default" {
			p = ""
		}
		m.inclusive = append(m.inclusive, p)
	}
	return m, true
}

var methods = map[string]c14n{
	algC14N10:                   {},
	algC14N10 + withComments:    {comments: true},
	algC14N11:                   {v11: true},
	algC14N11 + withComments:    {v11: true, comments: true},
	algExcC14N:                  {exclusive: true},
	algExcC14N + "WithComments": {exclusive: true, comments: true},
}

// nodeSet is what this package needs of the node-sets of XPath: a subtree, perhaps without comments, without
// some elements below its top. Every namespace and attribute node of a kept element belongs to it.
type nodeSet struct {
	doc      *document
	apex     *node // document node or element
	comments bool
	dropped  func(*node) bool // elements left out with all that is below them; nil keeps all
	tops     []*node          // not nil: only these subtrees below apex
}

// without leaves more elements out.
func (s nodeSet) without(drop func(*node) bool) nodeSet {
	before := s.dropped
	s.dropped = func(n *node) bool { return drop(n) || before != nil && before(n) }
	return s
}

func (s nodeSet) subtrees() []*node {
	if s.tops != nil {
		return s.tops
	}
	return []*node{s.apex}
}

// empty tells a set from which everything was taken: its digest proves nothing.
func (s nodeSet) empty() bool {
	for _, n := range s.subtrees() {
		if s.has(n) {
			return false
		}
	}
	return true
}

// has tells if n and all above it up to a top of the set belong to the set.
func (s nodeSet) has(n *node) bool {
	if s.apex == nil || !n.inside(s.apex) || s.tops != nil && !insideAny(n, s.tops) {
		return false
	}
	for c := n; c != nil && s.dropped != nil; c = c.parent {
		if s.dropped(c) {
			return false
		}
	}
	return true
}

// write puts the canonical form of s on w.
func (m c14n) write(w io.Writer, s nodeSet) error {
	cw := &c14nWriter{m: m, s: s, w: bufio.NewWriterSize(w, 1<<15), rendered: make(map[string]string)}
	for _, n := range s.subtrees() {
		if s.has(n) {
			cw.node(n)
		}
	}
	return cw.w.Flush()
}

// c14nWriter keeps the namespaces that the output elements around the current one have rendered.
type c14nWriter struct {
	m        c14n
	s        nodeSet
	w        *bufio.Writer     // keeps its first error, so that only Flush need be asked
	rendered map[string]string // prefix → URI in the output so far
	undo     []undo
	pastRoot bool
	open     int // output elements around the current node; none around a top of the node-set
	scratchA []attr
	scratchD []decl
}

// undo is what a prefix was bound to before an element rendered it anew.
type undo struct {
	prefix, uri string
	had         bool
}

func (w *c14nWriter) str(s string) { _, _ = w.w.WriteString(s) }

// node recurses as deep as the tree, which the parser has bounded.
func (w *c14nWriter) node(n *node) {
	switch n.kind {
	case documentNode:
		for c := n.first; c != nil; c = c.next {
			w.node(c)
			w.pastRoot = w.pastRoot || c.kind == elementNode
		}
	case elementNode:
		w.element(n)
	case textNode:
		textEscapes.to(w.w, n.text)
	case commentNode:
		if w.m.comments && w.s.comments {
			w.aside(n, "<!--", n.text, "-->")
		}
	case piNode:
		text := n.local
		if n.text != "" {
			text += " " + n.text
		}
		w.aside(n, "<?", text, "?>")
	}
}

// aside writes a comment or an instruction; outside the document element they stand on lines of their own
// (Canonical XML 1.0 §2.3).
func (w *c14nWriter) aside(n *node, open, text, shut string) {
	outside := n.parent != nil && n.parent.kind == documentNode
	if outside && w.pastRoot {
		w.str("\n")
	}
	w.str(open)
	asideEscapes.to(w.w, text)
	w.str(shut)
	if outside && !w.pastRoot {
		w.str("\n")
	}
}

func (w *c14nWriter) element(n *node) {
	if w.s.dropped != nil && w.s.dropped(n) {
		return
	}
	name := qualified(n.prefix, n.local)
	mark := len(w.undo)
	w.str("<")
	w.str(name)
	w.namespaces(n)
	w.attributes(n)
	w.str(">")
	w.open++
	for c := n.first; c != nil; c = c.next {
		w.node(c)
	}
	w.open--
	w.str("</")
	w.str(name)
	w.str(">")
	for _, u := range slices.Backward(w.undo[mark:]) {
		if u.had {
			w.rendered[u.prefix] = u.uri
		} else {
			delete(w.rendered, u.prefix)
		}
	}
	w.undo = w.undo[:mark]
}

// namespaces writes the namespace axis of n as far as no output ancestor has rendered it already.
func (w *c14nWriter) namespaces(n *node) {
	d := w.scratchD[:0]
	if w.m.exclusive {
		d = w.utilised(d, n)
	} else if w.open == 0 {
		d = w.inScope(d, n)
	} else {
		d = append(d, n.decls...)
	}
	d = slices.DeleteFunc(d, func(x decl) bool {
		uri, ok := w.rendered[x.prefix]
		return ok && uri == x.uri || !ok && x.prefix == "" && x.uri == ""
	})
	slices.SortFunc(d, func(a, b decl) int { return cmp.Compare(a.prefix, b.prefix) })
	for _, x := range d {
		if x.prefix == "" {
			w.str(` xmlns="`)
		} else {
			w.str(` xmlns:`)
			w.str(x.prefix)
			w.str(`="`)
		}
		attrEscapes.to(w.w, x.uri)
		w.str(`"`)
	}
	for _, x := range d {
		uri, had := w.rendered[x.prefix]
		w.undo = append(w.undo, undo{x.prefix, uri, had})
		w.rendered[x.prefix] = x.uri
	}
	w.scratchD = d
}

// utilised collects what Exclusive XML Canonicalization §3 renders: the prefixes of the element and of its
// attributes, and those of the inclusive list as Canonical XML would.
func (w *c14nWriter) utilised(d []decl, n *node) []decl {
	add := func(prefix, uri string) {
		for _, x := range d {
			if x.prefix == prefix {
				return
			}
		}
		if prefix != "xml" {
			d = append(d, decl{prefix, uri})
		}
	}
	add(n.prefix, n.space)
	for _, a := range n.attrs {
		if a.prefix != "" {
			add(a.prefix, a.space)
		}
	}
	if len(w.m.inclusive) == 0 {
		return d
	}
	scope := n.decls
	if w.open == 0 {
		scope = w.inScope(nil, n)
	}
	for _, x := range scope {
		if slices.Contains(w.m.inclusive, x.prefix) {
			add(x.prefix, x.uri)
		}
	}
	return d
}

// inScope collects every namespace in scope at n.
func (w *c14nWriter) inScope(d []decl, n *node) []decl {
	seen := make(map[string]bool)
	for ; n != nil; n = n.parent {
		for _, x := range n.decls {
			if !seen[x.prefix] {
				seen[x.prefix] = true
				d = append(d, x)
			}
		}
	}
	return d
}

func (w *c14nWriter) attributes(n *node) {
	a := append(w.scratchA[:0], n.attrs...)
	if w.open == 0 && !w.m.exclusive {
		a = w.m.inherited(a, n)
	}
	slices.SortFunc(a, func(x, y attr) int {
		return cmp.Or(cmp.Compare(x.space, y.space), cmp.Compare(x.local, y.local))
	})
	for _, x := range a {
		w.str(" ")
		w.str(qualified(x.prefix, x.local))
		w.str(`="`)
		attrEscapes.to(w.w, x.value)
		w.str(`"`)
	}
	w.scratchA = a
}

// inherited adds the xml: attributes of the ancestors of the apex, which are not in the node-set: all of them
// nearest first in Canonical XML 1.0 §2.4; in 1.1 §2.4 only xml:lang and xml:space, and xml:base joined.
func (m c14n) inherited(a []attr, apex *node) []attr {
	have := make(map[string]bool)
	var bases []string
	for n := apex; n != nil; n = n.parent {
		for _, x := range n.attrs {
			if x.space != nsXML {
				continue
			}
			switch {
			case m.v11 && x.local == "base":
				bases = append(bases, x.value)
			case n == apex:
				have[x.local] = true
			case m.v11 && x.local != "lang" && x.local != "space":
			case !have[x.local]:
				have[x.local] = true
				a = append(a, x)
			}
		}
	}
	if len(bases) == 0 {
		return a
	}
	a = slices.DeleteFunc(a, func(x attr) bool { return x.space == nsXML && x.local == "base" })
	base := bases[len(bases)-1]
	for i := len(bases) - 2; i >= 0; i-- {
		base = joinBase(base, bases[i])
	}
	if base == "" {
		return a
	}
	return append(a, attr{prefix: "xml", local: "base", space: nsXML, value: base})
}

// joinBase is the join-URI-References function of Canonical XML 1.1 §2.4 (RFC 3986 §5.2 without the demand
// that the base be absolute).
func joinBase(base, ref string) string {
	if ref == "" {
		return base
	}
	if i := strings.IndexByte(ref, ':'); i > 0 && !strings.ContainsAny(ref[:i], "/?#") {
		return ref
	}
	if i := strings.IndexAny(base, "?#"); i >= 0 {
		base = base[:i]
	}
	scheme, rest := "", base
	if i := strings.IndexByte(rest, ':'); i > 0 && !strings.Contains(rest[:i], "/") {
		scheme, rest = rest[:i+1], rest[i+1:]
	}
	authority := ""
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		host, _, _ := strings.Cut(after, "/")
		authority, rest = "//"+host, after[len(host):]
	}
	if strings.HasPrefix(ref, "//") {
		return scheme + ref
	}
	path := ref
	if !strings.HasPrefix(ref, "/") {
		path = rest[:strings.LastIndexByte(rest, '/')+1] + ref
	}
	return scheme + authority + removeDots(path)
}

// removeDots takes "." and ".." segments out of a path, keeping leading ".." of a relative one.
func removeDots(path string) string {
	absolute := strings.HasPrefix(path, "/")
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	var out []string
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case s == "." || s == "" && !last:
			if last {
				out = append(out, "")
			}
		case s == "..":
			switch {
			case len(out) > 0 && out[len(out)-1] != "..":
				out = out[:len(out)-1]
			case !absolute:
				out = append(out, "..")
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	joined := strings.Join(out, "/")
	if absolute {
		return "/" + joined
	}
	return joined
}

// escapes replaces single bytes on output, Canonical XML 1.0 §2.3; an empty string leaves the byte as it is.
type escapes [256]string

func newEscapes(pairs ...string) *escapes {
	e := new(escapes)
	for i := 0; i+1 < len(pairs); i += 2 {
		e[pairs[i][0]] = pairs[i+1]
	}
	return e
}

func (e *escapes) to(w *bufio.Writer, s string) {
	done := 0
	for i := 0; i < len(s); i++ {
		if with := e[s[i]]; with != "" {
			_, _ = w.WriteString(s[done:i])
			_, _ = w.WriteString(with)
			done = i + 1
		}
	}
	_, _ = w.WriteString(s[done:])
}

var (
	textEscapes  = newEscapes("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	attrEscapes  = newEscapes("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
	asideEscapes = newEscapes("\r", "&#xD;")
)
