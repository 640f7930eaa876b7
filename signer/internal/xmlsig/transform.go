package xmlsig

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
)

const (
	algEnveloped = nsDS + "enveloped-signature"
	algBase64    = nsDS + "base64"
	algXPath     = "http://www.w3.org/TR/1999/REC-xpath-19991116"
	nsFilter2    = "http://www.w3.org/2002/06/xmldsig-filter2"

	maxTransforms = 16
)

// target is what a reference leads to, before its octets are taken.
type target struct {
	set      nodeSet
	octets   io.ReadCloser    // not nil: the reference leads out of the document
	envelops bool             // the signature itself was taken out of the set
	part     bool             // a filter picked parts out
	text     bool             // only the text was taken (base64)
	opaque   bool             // a filter worked on a copy, so that set no longer tells what is covered
	lost     func(*node) bool // what the last transform took from a copy as it would have from the document
}

// work carries what the references of one verification share.
type work struct {
	ctx     context.Context //nolint:containedctx // lives no longer than the call it was given to
	doc     *document
	lim     Limits
	resolve Resolver
	others  []func() (io.ReadCloser, error)
	left    *int64 // bytes that may still be canonicalised
	stamps  *int64 // the same for the messages of all time-stamps together
	refs    *int   // references followed
	seen    map[*node]bool
	sums    map[string][]byte // digests of files outside, by URI and hash
	places  map[*node]string
}

func newWork(ctx context.Context, d *document, o Options) *work {
	left, stamps, refs := int64(maxWork), int64(maxWork), 0
	return &work{
		ctx: ctx, doc: d, lim: o.Limits.filled(), resolve: o.Resolve, others: o.Others,
		left: &left, stamps: &stamps, refs: &refs, seen: make(map[*node]bool), sums: make(map[string][]byte), places: make(map[*node]string),
	}
}

// budget counts the octets taken from the document: a thousand references to a large document would
// otherwise be a cheap way to stop the verifier.
type budget struct {
	w io.Writer
	k *work
}

func (b budget) Write(p []byte) (int, error) {
	if err := b.k.ctx.Err(); err != nil {
		return 0, err
	}
	if *b.k.left -= int64(len(p)); *b.k.left < 0 {
		return 0, &LimitError{"work", maxWork}
	}
	return b.w.Write(p)
}

// What counts beside octets that are canonicalised, against the same budget.
const (
	maxWork   = 1 << 30
	parseCost = 16  // an octet parsed
	walkCost  = 64  // a node looked at by a filter
	coverCost = 256 // a reference asked if it covers a node
	readShare = 64  // as many octets of a file outside as cost one
)

// spend takes n from the budget and reports whether there was as much.
func (k *work) spend(n int) bool {
	*k.left -= int64(n)
	return *k.left >= 0
}

// spent is the error of a budget that ran out, or of the context.
func (k *work) spent() error {
	if err := k.ctx.Err(); err != nil {
		return err
	}
	if *k.left < 0 {
		return &LimitError{"work", maxWork}
	}
	return nil
}

// outside reads a file beside the document against the budget: a thousand references may name one of gigabytes.
type outside struct {
	io.ReadCloser
	k *work
}

func (o outside) Read(p []byte) (int, error) {
	if err := o.k.spent(); err != nil {
		return 0, err
	}
	n, err := o.ReadCloser.Read(p)
	o.k.spend((n + readShare - 1) / readShare)
	return n, err
}

// place is node.location, remembered: a thousand references may lead to one of a million siblings.
func (k *work) place(n *node) string {
	at, ok := k.places[n]
	if !ok {
		at = n.location()
		k.places[n] = at
	}
	return at
}

// canonical writes the canonical form of the subtree at n.
func (k *work) canonical(w io.Writer, m c14n, n *node) error {
	return m.write(budget{w, k}, nodeSet{doc: k.doc, apex: n, comments: true})
}

// dereference follows the URI of a Reference (XMLDSig §4.4.3.1 and .2) without leaving what the caller gives.
func (k *work) dereference(ref *node) (target, error) {
	uri, present := ref.attr("URI")
	if present && (uri == "" || strings.HasPrefix(uri, "#")) {
		set, err := k.sameDocument(uri)
		return target{set: set}, err
	}
	if k.resolve == nil {
		return target{}, &ReferenceError{URI: uri, Reason: "missing"}
	}
	r, err := k.resolve(k.ctx, uri)
	if err != nil || r == nil {
		return target{}, &ReferenceError{URI: uri, Reason: "missing", Err: err}
	}
	return target{octets: outside{r, k}}, nil
}

// sameDocument knows the four pointers that XMLDSig §4.4.3.3 recommends. The bare ones leave comments out.
func (k *work) sameDocument(uri string) (nodeSet, error) {
	if uri == "" || uri == "#xpointer(/)" {
		return nodeSet{doc: k.doc, apex: k.doc.top, comments: uri != ""}, nil
	}
	id, comments := uri[1:], false
	if inner, ok := strings.CutPrefix(id, "xpointer(id("); ok {
		inner, ok = strings.CutSuffix(inner, "))")
		if !ok || len(inner) < 2 || inner[0] != inner[len(inner)-1] || !strings.Contains(`'"`, inner[:1]) {
			return nodeSet{}, &ReferenceError{URI: uri, Reason: "pointer"}
		}
		id, comments = inner[1:len(inner)-1], true
	} else if strings.HasPrefix(id, "xpointer(") {
		return nodeSet{}, &ReferenceError{URI: uri, Reason: "pointer"}
	}
	n, err := k.doc.byID(id)
	if plain, e := url.PathUnescape(id); err != nil && e == nil && plain != id {
		if m, e := k.doc.byID(plain); e == nil {
			n, err = m, nil
		}
	}
	if err != nil {
		return nodeSet{}, err
	}
	return nodeSet{doc: k.doc, apex: n, comments: comments}, nil
}

// process writes the octets that the digest of ref covers (XMLDSig §4.4.3.2). A node-set left at the end is
// canonicalised by last, which is Canonical XML 1.0 unless a time-stamp names another.
func (k *work) process(w io.Writer, sig, ref *node, last c14n) (target, error) {
	t, err := k.dereference(ref)
	if err != nil {
		return t, err
	}
	first := t
	if t.octets != nil {
		defer func() { _ = first.octets.Close() }()
	}
	transforms := ref.child(nsDS, "Transforms").children(nsDS, "Transform")
	if len(transforms) > maxTransforms {
		return first, &LimitError{"transforms", maxTransforms}
	}
	cur := t
	for _, e := range transforms {
		if cur, err = k.transform(cur, sig, e); err != nil {
			return first, err
		}
		first.envelops = first.envelops || cur.envelops
		first.part = first.part || cur.part
		first.text = first.text || cur.text
		first.opaque = first.opaque || cur.opaque
		if cur.lost != nil {
			apex, lost := first.set.apex, cur.lost
			// In the copy nothing stands above the apex that could be a signature.
			first.set = first.set.without(func(n *node) bool { return n.inside(apex) && lost(n) })
			cur.lost = nil
		}
		if cur.octets == nil && first.octets == nil && cur.set.doc == k.doc {
			first.set = cur.set
		}
	}
	if cur.octets != nil {
		_, err = io.Copy(w, contextReader{k.ctx, cur.octets})
		return first, err
	}
	return first, last.write(budget{w, k}, cur.set)
}

// transform carries out one step. What is not listed is refused by name: XSLT and general XPath are programs
// of the signer's making, and what they leave out nobody sees.
func (k *work) transform(t target, sig, e *node) (target, error) {
	uri := e.value("Algorithm")
	if m, ok := canonicalizer(e); ok {
		set, err := k.nodes(t)
		if err != nil {
			return t, err
		}
		var b bytes.Buffer
		if err := m.write(budget{&b, k}, set); err != nil {
			return t, err
		}
		return target{octets: io.NopCloser(&b), envelops: t.envelops}, nil
	}
	switch uri {
	case algBase64:
		return k.base64(t)
	case algEnveloped:
		return k.without(t, e, func(n *node) bool { return n == sig })
	case algXPath:
		switch noSignaturePath(e.child(nsDS, "XPath")) {
		case everySignature:
			return k.without(t, e, func(n *node) bool { return n.is(nsDS, "Signature") })
		case thisSignature:
			return k.without(t, e, func(n *node) bool { return n == sig })
		}
		set, err := k.nodes(t)
		if err != nil {
			return t, err
		}
		set, ok := k.ancestorFilter(set, e.child(nsDS, "XPath"))
		if err := k.spent(); err != nil {
			return t, err
		}
		if ok {
			return target{set: set, envelops: t.envelops, part: true, opaque: set.doc != k.doc}, nil
		}
	case nsFilter2:
		set, err := k.nodes(t)
		if err != nil {
			return t, err
		}
		steps := e.children(nsFilter2, "XPath")
		ok := len(steps) > 0 && len(steps) <= maxTransforms
		for _, x := range steps {
			if ok {
				set, ok = k.filterStep(set, x)
			}
		}
		if err := k.spent(); err != nil {
			return t, err
		}
		if ok {
			own := set.doc == k.doc
			return target{set: set, envelops: t.envelops || own, part: true, opaque: !own}, nil
		}
	}
	return t, &AlgorithmError{"transform", uri}
}

// without leaves elements out.
func (k *work) without(t target, e *node, drop func(*node) bool) (target, error) {
	if t.octets == nil {
		t.envelops = t.envelops || t.set.doc == k.doc
		t.set = t.set.without(drop)
		return t, nil
	}
	if e.value("Algorithm") == algEnveloped {
		// The signature is not in a copy of the document that an earlier transform made. Nothing is taken out, as
		// in Apache Santuario; Spanish signatures have this before a filter that takes every signature out.
		return t, nil
	}
	set, err := k.nodes(t)
	if err != nil {
		return t, err
	}
	return target{set: set.without(drop), envelops: t.envelops, lost: drop}, nil
}

// nodes turns octets into a node-set by parsing them.
func (k *work) nodes(t target) (nodeSet, error) {
	if t.octets == nil {
		return t.set, nil
	}
	raw, err := io.ReadAll(io.LimitReader(contextReader{k.ctx, t.octets}, int64(k.lim.Bytes)+1))
	if err != nil {
		return nodeSet{}, err
	}
	// Parsing costs several times what canonicalising does.
	if *k.left -= parseCost * int64(len(raw)); *k.left < 0 {
		return nodeSet{}, &LimitError{"work", maxWork}
	}
	doc, err := parseTyped(raw, k.lim)
	if err != nil {
		return nodeSet{}, fmt.Errorf("parsing the octets of a reference: %w", err)
	}
	return nodeSet{doc: doc, apex: doc.top, comments: true}, nil
}

// base64 decodes octets, or the text of a node-set (XMLDSig §6.6.2).
func (k *work) base64(t target) (target, error) {
	var text strings.Builder
	if t.octets != nil {
		if _, err := io.Copy(&text, io.LimitReader(contextReader{k.ctx, t.octets}, 2*int64(k.lim.Bytes))); err != nil {
			return t, err
		}
	} else {
		drop := t.set.dropped
		for _, top := range t.set.subtrees() {
			for n := top; n != nil && t.set.has(top); {
				skip := drop != nil && n.kind == elementNode && drop(n)
				if n.kind == textNode {
					text.WriteString(n.text)
				}
				n = n.following(top, skip)
			}
		}
	}
	if k.spend(text.Len()); k.spent() != nil {
		return t, k.spent()
	}
	b, ok := unbase64(text.String())
	if !ok {
		return t, &StructureError{"base64-transform"}
	}
	return target{octets: io.NopCloser(bytes.NewReader(b)), envelops: t.envelops, text: true}, nil
}

// contextReader ends a copy of unbounded length when the caller gives up.
type contextReader struct {
	ctx context.Context //nolint:containedctx // lives no longer than the call it was given to
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

type signaturePath int

const (
	otherPath signaturePath = iota
	everySignature
	thisSignature
)

// noSignaturePath recognises the two XPath filters that stand for an enveloped signature: the one of
// countless products, which leaves out every signature, and that of XMLDSig §6.6.4, which leaves out this one.
func noSignaturePath(e *node) signaturePath {
	if e == nil {
		return otherPath
	}
	expr := strings.Join(strings.Fields(e.content()), "")
	prefix, ok := between(expr, "not(ancestor-or-self::", ":Signature)")
	if ok && e.names(prefix) && expr == "not(ancestor-or-self::"+prefix+":Signature)" {
		return everySignature
	}
	prefix, ok = between(expr, "count(ancestor-or-self::", ":Signature|here()/ancestor::")
	if ok && e.names(prefix) && expr == strings.ReplaceAll(
		"count(ancestor-or-self::P:Signature|here()/ancestor::P:Signature[1])>count(ancestor-or-self::P:Signature)", "P", prefix) {
		return thisSignature
	}
	return otherPath
}

// names tells if prefix means XMLDSig at n.
func (n *node) names(prefix string) bool {
	uri, ok := n.lookup(prefix)
	return ok && uri == nsDS
}

// between returns what stands in s after open and before the first shut; s must start with open.
func between(s, open, shut string) (string, bool) {
	s, ok := strings.CutPrefix(s, open)
	if !ok {
		return "", false
	}
	inner, _, ok := strings.Cut(s, shut)
	return inner, ok && inner != ""
}
