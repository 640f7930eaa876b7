package xmlsig

import (
	"strings"
	"unicode/utf8"
)

const (
	nsXML   = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS = "http://www.w3.org/2000/xmlns/"
)

// Limits bound the work on one document. A zero field means the default.
type Limits struct {
	Bytes      int // of the document; default 64 MiB
	Depth      int // of nested elements; default 256
	Nodes      int // of the tree; default 1 000 000
	Attributes int // of one element, namespace declarations included; default 256
	Signatures int // default 256
	References int // of one signature or manifest; default 1 000
}

func (l Limits) filled() Limits {
	for _, f := range []struct {
		v *int
		d int
	}{{&l.Bytes, 64 << 20}, {&l.Depth, 256}, {&l.Nodes, 1_000_000}, {&l.Attributes, 256}, {&l.Signatures, 256}, {&l.References, 1000}} {
		if *f.v == 0 {
			*f.v = f.d
		}
	}
	return l
}

// parser reads one document into a tree. It does not validate, reads no DTD and knows the five predefined
// entities only.
type parser struct {
	src   string
	pos   int
	lim   Limits
	nodes int
	depth int
	cur   *node
	doc   *document
	bound map[string][]string // prefix → URIs it is bound to, innermost last
	typed bool                // a document type declaration that declares nothing itself is passed over
}

// parse reads a document that may have no document type declaration.
func parse(raw []byte, lim Limits) (*document, error) { return parseDocument(raw, lim, false) }

// parseTyped reads one that may name a document type, without an internal subset: the scripts of office documents do.
// The external one is never read, and without it nothing is declared that could expand or change anything.
func parseTyped(raw []byte, lim Limits) (*document, error) { return parseDocument(raw, lim, true) }

func parseDocument(raw []byte, lim Limits, typed bool) (*document, error) {
	lim = lim.filled()
	if len(raw) > lim.Bytes {
		return nil, &LimitError{"bytes", lim.Bytes}
	}
	src, err := toUTF8(raw)
	if err != nil {
		return nil, err
	}
	top := &node{kind: documentNode}
	p := &parser{src: src, lim: lim, cur: top, doc: &document{top: top}, bound: map[string][]string{"xml": {nsXML}}, typed: typed}
	if err := p.declaration(); err != nil {
		return nil, err
	}
	for p.pos < len(p.src) {
		if err := p.step(); err != nil {
			return nil, err
		}
	}
	if p.cur != top {
		return nil, p.bad("unclosed-element")
	}
	if p.doc.root == nil {
		return nil, p.bad("no-element")
	}
	p.doc.index()
	return p.doc, nil
}

func (p *parser) bad(reason string) error { return &SyntaxError{p.pos, reason} }

// declaration skips the XML declaration (XML 1.0 §2.8). A version 1.x document is read as 1.0, as the
// fifth edition has it; characters that only 1.1 allows are refused where they stand.
func (p *parser) declaration() error {
	rest := p.src
	if !strings.HasPrefix(rest, "<?xml") || len(rest) < 6 || !isSpace(rest[5]) {
		return nil
	}
	end := strings.Index(rest, "?>")
	if end < 0 {
		return p.bad("xml-declaration")
	}
	if !strings.Contains(rest[:end], "version") {
		return p.bad("xml-declaration")
	}
	p.pos = end + 2
	return nil
}

func (p *parser) step() error {
	rest := p.src[p.pos:]
	switch {
	case rest[0] != '<':
		return p.text()
	case strings.HasPrefix(rest, "</"):
		return p.endTag()
	case strings.HasPrefix(rest, "<!--"):
		return p.comment()
	case strings.HasPrefix(rest, "<![CDATA["):
		return p.cdata()
	case strings.HasPrefix(rest, "<!DOCTYPE"):
		return p.doctype()
	case strings.HasPrefix(rest, "<?"):
		return p.instruction()
	default:
		return p.startTag()
	}
}

// doctype passes over a declaration of nothing but a name and identifiers, before the root, once (XML 1.0 §2.8).
// Canonical XML leaves it out (§2.1). Every other one is refused unread.
func (p *parser) doctype() error {
	refused := &DTDError{p.pos}
	if !p.typed || p.cur.kind != documentNode || p.doc.root != nil {
		return refused
	}
	p.typed = false
	rest, quote := p.src[p.pos:], byte(0)
	for i := range len(rest) {
		switch c := rest[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '<' && i > 0:
			return refused
		case c == '>':
			p.pos += i + 1
			return nil
		}
	}
	return refused
}

func (p *parser) append(n *node) error {
	if p.nodes++; p.nodes > p.lim.Nodes {
		return &LimitError{"nodes", p.lim.Nodes}
	}
	p.cur.add(n)
	return nil
}

func (p *parser) appendText(s string) error {
	if s == "" {
		return nil
	}
	return p.append(&node{kind: textNode, text: s})
}

func (p *parser) text() error {
	end := strings.IndexByte(p.src[p.pos:], '<')
	if end < 0 {
		end = len(p.src) - p.pos
	}
	raw := p.src[p.pos : p.pos+end]
	if p.cur.kind == documentNode {
		if strings.Trim(raw, " \t\r\n") != "" {
			return p.bad("text-outside-element")
		}
		p.pos += end
		return nil
	}
	if strings.Contains(raw, "]]>") {
		return p.bad("cdata-end-in-text")
	}
	s, err := p.expand(raw, false)
	if err != nil {
		return err
	}
	p.pos += end
	return p.appendText(s)
}

func (p *parser) cdata() error {
	const open, shut = "<![CDATA[", "]]>"
	raw, _, ok := strings.Cut(p.src[p.pos+len(open):], shut)
	if !ok || p.cur.kind == documentNode {
		return p.bad("cdata")
	}
	if err := p.chars(raw); err != nil {
		return err
	}
	p.pos += len(open) + len(raw) + len(shut)
	return p.appendText(lineEnds(raw))
}

func (p *parser) comment() error {
	end := strings.Index(p.src[p.pos+4:], "--")
	if end < 0 || !strings.HasPrefix(p.src[p.pos+4+end:], "-->") {
		return p.bad("comment")
	}
	raw := p.src[p.pos+4 : p.pos+4+end]
	if err := p.chars(raw); err != nil {
		return err
	}
	p.pos += 4 + end + 3
	return p.append(&node{kind: commentNode, text: lineEnds(raw)})
}

func (p *parser) instruction() error {
	raw, _, ok := strings.Cut(p.src[p.pos+2:], "?>")
	if !ok {
		return p.bad("processing-instruction")
	}
	target := raw[:nameLen(raw)]
	data := raw[len(target):]
	if target == "" || strings.Contains(target, ":") || strings.EqualFold(target, "xml") || data != "" && !isSpace(data[0]) {
		return p.bad("processing-instruction")
	}
	if err := p.chars(raw); err != nil {
		return err
	}
	p.pos += 2 + len(raw) + 2
	return p.append(&node{kind: piNode, local: target, text: lineEnds(strings.TrimLeft(data, " \t\r\n"))})
}

func (p *parser) endTag() error {
	rest := p.src[p.pos+2:]
	name := rest[:nameLen(rest)]
	n := p.cur
	if n.kind == documentNode || name != qualified(n.prefix, n.local) {
		return p.bad("end-tag")
	}
	i := len(name)
	for i < len(rest) && isSpace(rest[i]) {
		i++
	}
	if i >= len(rest) || rest[i] != '>' {
		return p.bad("end-tag")
	}
	p.pos += 2 + i + 1
	p.cur = n.parent
	p.depth--
	p.unbind(n)
	return nil
}

func (p *parser) startTag() error {
	p.pos++
	name := p.src[p.pos : p.pos+nameLen(p.src[p.pos:])]
	n := &node{kind: elementNode}
	var ok bool
	if n.prefix, n.local, ok = split(name); !ok {
		return p.bad("element-name")
	}
	p.pos += len(name)
	if p.cur.kind == documentNode {
		if p.doc.root != nil {
			return p.bad("second-root")
		}
		p.doc.root = n
	}
	if err := p.append(n); err != nil {
		return err
	}
	empty, err := p.attributes(n)
	if err != nil {
		return err
	}
	if err := p.bind(n); err != nil {
		return err
	}
	if p.depth+1 > p.lim.Depth {
		return &LimitError{"depth", p.lim.Depth}
	}
	if empty {
		p.unbind(n)
		return nil
	}
	p.depth++
	p.cur = n
	return nil
}

// attributes reads up to the end of the start tag and tells if the element is empty.
func (p *parser) attributes(n *node) (bool, error) {
	for {
		start := p.pos
		p.skipSpace()
		rest := p.src[p.pos:]
		switch {
		case rest == "":
			return false, p.bad("start-tag")
		case rest[0] == '>':
			p.pos++
			return false, nil
		case strings.HasPrefix(rest, "/>"):
			p.pos += 2
			return true, nil
		case p.pos == start:
			return false, p.bad("start-tag")
		}
		if len(n.attrs)+len(n.decls) >= p.lim.Attributes {
			return false, &LimitError{"attributes", p.lim.Attributes}
		}
		if err := p.attribute(n); err != nil {
			return false, err
		}
	}
}

func (p *parser) attribute(n *node) error {
	rest := p.src[p.pos:]
	name := rest[:nameLen(rest)]
	prefix, local, ok := split(name)
	if !ok {
		return p.bad("attribute-name")
	}
	p.pos += len(name)
	p.skipSpace()
	if p.pos >= len(p.src) || p.src[p.pos] != '=' {
		return p.bad("attribute")
	}
	p.pos++
	p.skipSpace()
	if p.pos >= len(p.src) || p.src[p.pos] != '"' && p.src[p.pos] != '\'' {
		return p.bad("attribute")
	}
	quote := p.src[p.pos]
	p.pos++
	end := strings.IndexByte(p.src[p.pos:], quote)
	if end < 0 {
		return p.bad("attribute")
	}
	raw := p.src[p.pos : p.pos+end]
	if strings.IndexByte(raw, '<') >= 0 {
		return p.bad("attribute")
	}
	value, err := p.expand(raw, true)
	if err != nil {
		return err
	}
	p.pos += end + 1
	switch {
	case name == "xmlns":
		return p.declare(n, "", value)
	case prefix == "xmlns":
		return p.declare(n, local, value)
	}
	n.attrs = append(n.attrs, attr{prefix: prefix, local: local, value: value})
	return nil
}

// declare holds Namespaces in XML 1.0 §3: reserved prefixes and names, no undeclaring of a prefix.
func (p *parser) declare(n *node, prefix, uri string) error {
	switch {
	case prefix == "xmlns", uri == nsXMLNS,
		(prefix == "xml") != (uri == nsXML),
		prefix != "" && uri == "":
		return p.bad("namespace-declaration")
	case prefix == "xml":
		return nil
	}
	for _, d := range n.decls {
		if d.prefix == prefix {
			return p.bad("duplicate-attribute")
		}
	}
	n.decls = append(n.decls, decl{prefix, uri})
	return nil
}

// bind resolves the prefixes of an element and its attributes and refuses two attributes of one name.
func (p *parser) bind(n *node) error {
	for _, d := range n.decls {
		p.bound[d.prefix] = append(p.bound[d.prefix], d.uri)
	}
	var ok bool
	if n.space, ok = p.lookup(n.prefix); !ok && n.prefix != "" {
		return p.bad("unbound-prefix")
	}
	for i := range n.attrs {
		a := &n.attrs[i]
		if a.prefix == "" {
			continue
		}
		if a.space, ok = p.lookup(a.prefix); !ok {
			return p.bad("unbound-prefix")
		}
	}
	for i, a := range n.attrs {
		for _, b := range n.attrs[:i] {
			if a.local == b.local && a.space == b.space {
				return p.bad("duplicate-attribute")
			}
		}
	}
	return nil
}

// lookup is node.lookup without the climb, which a deep document would make expensive.
func (p *parser) lookup(prefix string) (string, bool) {
	if uris := p.bound[prefix]; len(uris) > 0 {
		return uris[len(uris)-1], true
	}
	return "", false
}

func (p *parser) unbind(n *node) {
	for _, d := range n.decls {
		uris := p.bound[d.prefix]
		p.bound[d.prefix] = uris[:len(uris)-1]
	}
}

func (p *parser) skipSpace() {
	for p.pos < len(p.src) && isSpace(p.src[p.pos]) {
		p.pos++
	}
}

// expand normalises line ends, replaces references and, in an attribute, turns white space into spaces
// (XML 1.0 §2.11, §3.3.3, §4.1). White space that comes from a character reference stays as it is.
func (p *parser) expand(raw string, attribute bool) (string, error) {
	if err := p.chars(raw); err != nil {
		return "", err
	}
	special := "&\r"
	if attribute {
		special = "&\r\n\t"
	}
	if !strings.ContainsAny(raw, special) {
		return raw, nil
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '&':
			end := strings.IndexByte(raw[i:min(len(raw), i+16)], ';')
			if end < 0 {
				return "", p.bad("entity")
			}
			r, ok := entity(raw[i+1 : i+end])
			if !ok {
				return "", p.bad("entity")
			}
			b.WriteRune(r)
			i += end
		case c == '\r' && i+1 < len(raw) && raw[i+1] == '\n':
		case c == '\r' && !attribute:
			b.WriteByte('\n')
		case attribute && (c == '\r' || c == '\n' || c == '\t'):
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

func (p *parser) chars(s string) error {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c < 0x80 || c == '\t' || c == '\n' || c == '\r' {
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isChar(r) {
			return p.bad("character")
		}
		i += size - 1
	}
	return nil
}
