package xmlsig

import (
	"slices"
	"strings"
)

// The transform XPath Filter 2.0 is carried out for plain location paths only. A path leads to whole elements, so
// that what it keeps or leaves out can be told; predicates that compute are refused with the transform.

// step is one step of a location path.
type step struct {
	descend   bool // descendant axis in place of child
	any       bool // *
	everyNode bool // node()
	local     string
	space     string
	attr      string // [@attr='value']
	value     string
}

// filterStep applies one XPath element of the transform to a node-set. It reports false for what is refused.
func (k *work) filterStep(set nodeSet, e *node) (nodeSet, bool) {
	selected, ok := k.selectNodes(set.doc, e)
	if !ok || set.tops != nil {
		return set, false
	}
	switch e.value("Filter") {
	case "subtract":
		drop := make(map[*node]bool, len(selected))
		for _, n := range selected {
			// Leaving out anything but signatures would leave out content.
			if !n.is(nsDS, "Signature") {
				return set, false
			}
			drop[n] = true
		}
		return set.without(func(n *node) bool { return drop[n] }), true
	case "intersect":
		set.tops = []*node{}
		for _, n := range selected {
			if n.inside(set.apex) && !insideAny(n.parent, set.tops) {
				set.tops = append(set.tops, n)
			}
		}
		if len(set.tops) == 1 && set.tops[0].kind == elementNode {
			set.apex, set.tops = set.tops[0], nil
		}
		return set, true
	}
	return set, false
}

// ancestorFilter recognises the forms of the older XPath transform that pick whole elements out: those of a name, of an
// attribute of some value or of both, and all below them, as in ancestor-or-self::a or ancestor-or-self::*[@ID='x'].
func (k *work) ancestorFilter(set nodeSet, e *node) (nodeSet, bool) {
	tests, ok := ancestorTests(e)
	if !ok || set.tops != nil {
		return set, false
	}
	matches := func(n *node) bool { return slices.ContainsFunc(tests, func(s step) bool { return s.matches(n) }) }
	for n := set.apex.parent; n != nil; n = n.parent {
		if matches(n) {
			return set, true
		}
	}
	set.tops = []*node{}
	for n := set.apex; n != nil; {
		if !k.spend(walkCost) {
			return set, false
		}
		found := matches(n)
		if found {
			if set.tops = append(set.tops, n); len(set.tops) > maxTops {
				return set, false
			}
		}
		n = n.following(set.apex, found)
	}
	return set, true
}

// ancestorTests reads ancestor-or-self::A or ancestor-or-self::B and so on.
func ancestorTests(e *node) ([]step, bool) {
	var tests []step
	read := func(text string) bool {
		var s step
		test, ok := strings.CutPrefix(text, "ancestor-or-self::")
		if !ok || !s.read(test, e) || s.everyNode || s.any && s.attr == "" || len(tests) >= maxTransforms {
			return false
		}
		tests = append(tests, s)
		return true
	}
	text := ""
	for word := range strings.FieldsSeq(e.content()) {
		if word != "or" {
			text += word
			continue
		}
		if !read(text) {
			return nil, false
		}
		text = ""
	}
	return tests, read(text)
}

func insideAny(n *node, tops []*node) bool {
	for _, t := range tops {
		if n.inside(t) {
			return true
		}
	}
	return false
}

// maxTops bounds what a filter may pick out: each is looked up among the others.
const maxTops = 1000

// selectNodes evaluates the path of e in document order.
func (k *work) selectNodes(d *document, e *node) ([]*node, bool) {
	start, steps, ok := readPath(d, e)
	if !ok {
		return nil, false
	}
	cur := []*node{start}
	for _, s := range steps {
		seen := make(map[*node]bool)
		var next []*node
		for _, n := range cur {
			for c := n.first; c != nil; c = n.after(c, s.descend) {
				if !k.spend(walkCost) {
					return nil, false
				}
				if s.matches(c) && !seen[c] {
					seen[c] = true
					next = append(next, c)
				}
			}
			if len(next) > maxTops {
				return nil, false
			}
		}
		cur = next
	}
	return cur, true
}

// after is the next child of n, or its next descendant.
func (n *node) after(c *node, descend bool) *node {
	if descend {
		return c.following(n, false)
	}
	return c.next
}

func (s step) matches(n *node) bool {
	if s.everyNode {
		return true
	}
	if n.kind != elementNode || !s.any && (n.local != s.local || n.space != s.space) {
		return false
	}
	return s.attr == "" || n.value(s.attr) == s.value
}

// readPath reads id('x')/a:b, /a:b/c, //a:b[@Id='x'], /descendant::a:b and the like. One idiom more:
// *[name()='p:l'] with p bound where the expression stands means the element itself.
func readPath(d *document, e *node) (*node, []step, bool) {
	expr := strings.Join(strings.Fields(e.content()), "")
	start := d.top
	if rest, ok := strings.CutPrefix(expr, "id("); ok {
		id, after, ok := strings.Cut(rest, ")")
		if !ok || len(id) < 2 || !quoted(id) {
			return nil, nil, false
		}
		n, err := d.byID(id[1 : len(id)-1])
		if err != nil {
			return nil, nil, false
		}
		start, expr = n, after
	}
	var steps []step
	for expr != "" {
		if len(steps) >= maxTransforms || expr[0] != '/' {
			return nil, nil, false
		}
		expr = expr[1:]
		var s step
		if rest, ok := strings.CutPrefix(expr, "/"); ok {
			s.descend, expr = true, rest
		} else if rest, ok := strings.CutPrefix(expr, "descendant::"); ok {
			s.descend, expr = true, rest
		}
		end := strings.IndexByte(expr, '/')
		if end < 0 {
			end = len(expr)
		}
		if !s.read(expr[:end], e) {
			return nil, nil, false
		}
		steps, expr = append(steps, s), expr[end:]
	}
	return start, steps, len(steps) > 0
}

// read reads a node test and its predicate.
func (s *step) read(text string, e *node) bool {
	if text == "node()" {
		s.everyNode = true
		return true
	}
	name, predicate, has := strings.Cut(text, "[")
	if has {
		var ok bool
		if predicate, ok = strings.CutSuffix(predicate, "]"); !ok {
			return false
		}
		if q, ok := strings.CutPrefix(predicate, "name()="); ok && name == "*" && quoted(q) {
			name = q[1 : len(q)-1]
		} else if a, v, ok := strings.Cut(predicate, "="); ok && strings.HasPrefix(a, "@") && quoted(v) {
			s.attr, s.value = a[1:], v[1:len(v)-1]
			if nameLen(s.attr) != len(s.attr) {
				return false
			}
		} else {
			return false
		}
	}
	if s.any = name == "*"; s.any {
		return true
	}
	prefix, local, ok := split(name)
	if !ok || nameLen(name) != len(name) {
		return false
	}
	s.local = local
	if prefix != "" {
		s.space, ok = e.lookup(prefix)
	}
	return ok
}

func quoted(s string) bool {
	return len(s) >= 2 && s[0] == s[len(s)-1] && (s[0] == '\'' || s[0] == '"') && strings.Count(s, s[:1]) == 2
}
