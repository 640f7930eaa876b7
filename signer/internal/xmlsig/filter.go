package xmlsig

import "strings"

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
	selected, ok := selectNodes(set.doc, e)
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

// ancestorFilter recognises the one form of the older XPath transform that picks a part out: the element with
// an attribute of some value and all below it, as in ancestor-or-self::*[@ID='x'].
func ancestorFilter(set nodeSet, e *node) (nodeSet, bool) {
	var s step
	test, ok := strings.CutPrefix(strings.Join(strings.Fields(e.content()), ""), "ancestor-or-self::")
	if !ok || !s.read(test, e) || s.attr == "" || set.tops != nil {
		return set, false
	}
	set.tops = []*node{}
	for n := set.apex; n != nil; {
		found := s.matches(n)
		if found {
			set.tops = append(set.tops, n)
		}
		n = n.following(set.apex, found)
	}
	return set, true
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
func selectNodes(d *document, e *node) ([]*node, bool) {
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
