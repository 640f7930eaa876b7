package trust

import (
	"errors"
	"slices"
)

// maxPolicyNodes bounds the tree, which hostile mappings can make grow exponentially (RFC 9618 §1).
const maxPolicyNodes = 2048

var (
	errPolicyRequired = errors.New("an explicit policy is required and none is left")
	errPolicyMapping  = errors.New("anyPolicy is mapped")
	errPolicySize     = errors.New("too many policies")
)

// policyInput holds the inputs of RFC 5280 §6.1.1 (c)–(g); the zero value accepts every policy.
type policyInput struct {
	Initial        []string // user-initial-policy-set; empty means any
	Explicit       bool
	InhibitMapping bool
	InhibitAny     bool
}

// policyNode is a node of the valid_policy_tree.
type policyNode struct {
	policy   string
	expected []string
	parent   *policyNode
	dead     bool
}

func (n *policyNode) alive() bool {
	for ; n != nil; n = n.parent {
		if n.dead {
			return false
		}
	}
	return true
}

// policyState is the state of RFC 5280 §6.1.2 (a), (d)–(f).
type policyState struct {
	in                  policyInput
	levels              [][]*policyNode // nil: the tree is empty
	explicit, mapp, any int
	nodes               int
}

func newPolicyState(in policyInput, n int) *policyState {
	s := &policyState{in: in, explicit: n + 1, mapp: n + 1, any: n + 1}
	s.levels = [][]*policyNode{{{policy: oidAnyPolicy, expected: []string{oidAnyPolicy}}}}
	if in.Explicit {
		s.explicit = 0
	}
	if in.InhibitMapping {
		s.mapp = 0
	}
	if in.InhibitAny {
		s.any = 0
	}
	return s
}

// step takes the next certificate from the anchor downwards; last is the leaf.
func (s *policyState) step(c *certificate, last bool) error {
	if !c.HasPolicies {
		s.levels = nil
	}
	if s.levels != nil {
		s.grow(c, last)
	}
	if s.nodes > maxPolicyNodes {
		return errPolicySize
	}
	if s.explicit == 0 && s.levels == nil {
		return errPolicyRequired
	}
	if last {
		if s.explicit > 0 {
			s.explicit--
		}
		if c.Require == 0 {
			s.explicit = 0
		}
		return nil
	}
	if err := s.mapPolicies(c); err != nil {
		return err
	}
	if !c.selfIssued() {
		s.explicit, s.mapp, s.any = max(s.explicit-1, 0), max(s.mapp-1, 0), max(s.any-1, 0)
	}
	lower(&s.explicit, c.Require)
	lower(&s.mapp, c.InhibitMap)
	lower(&s.any, c.InhibitAny)
	return nil
}

func lower(counter *int, limit int) {
	if limit >= 0 {
		*counter = min(*counter, limit)
	}
}

// grow adds the level of c, §6.1.3 (d).
func (s *policyState) grow(c *certificate, last bool) {
	above := s.levels[len(s.levels)-1]
	var level []*policyNode
	add := func(parent *policyNode, policy string) {
		if s.nodes++; s.nodes <= maxPolicyNodes {
			level = append(level, &policyNode{policy: policy, expected: []string{policy}, parent: parent})
		}
	}
	hasAny := false
	for _, id := range c.Policies {
		p := string(id)
		if p == oidAnyPolicy {
			hasAny = true
			continue
		}
		found := false
		for _, n := range above {
			if n.alive() && slices.Contains(n.expected, p) {
				add(n, p)
				found = true
			}
		}
		for _, n := range above {
			if !found && n.alive() && n.policy == oidAnyPolicy {
				add(n, p)
			}
		}
	}
	if hasAny && (s.any > 0 || !last && c.selfIssued()) {
		for _, n := range above {
			for _, e := range n.expected {
				has := slices.ContainsFunc(level, func(k *policyNode) bool { return k.parent == n && k.policy == e })
				if n.alive() && !has {
					add(n, e)
				}
			}
		}
	}
	s.levels = append(s.levels, level)
	s.prune()
}

// prune removes what has no descendant in the last level, §6.1.3 (d)(3).
func (s *policyState) prune() {
	keep := map[*policyNode]bool{}
	any := false
	for _, n := range s.levels[len(s.levels)-1] {
		if n.alive() {
			any = true
			for k := n; k != nil && !keep[k]; k = k.parent {
				keep[k] = true
			}
		}
	}
	if !any {
		s.levels = nil
		return
	}
	for i, level := range s.levels {
		s.levels[i] = slices.DeleteFunc(level, func(n *policyNode) bool { return !keep[n] })
	}
}

// mapPolicies is §6.1.4 (a) and (b).
func (s *policyState) mapPolicies(c *certificate) error {
	targets := map[string][]string{}
	var order []string
	for _, m := range c.Mappings {
		if m[0] == oidAnyPolicy || m[1] == oidAnyPolicy {
			return errPolicyMapping
		}
		if targets[m[0]] == nil {
			order = append(order, m[0])
		}
		targets[m[0]] = append(targets[m[0]], m[1])
	}
	if s.levels == nil || len(order) == 0 {
		return nil
	}
	last := len(s.levels) - 1
	for _, from := range order {
		found := false
		for _, n := range s.levels[last] {
			if n.policy != from {
				continue
			}
			found = true
			if s.mapp > 0 {
				n.expected = targets[from]
			} else {
				n.dead = true
			}
		}
		if found || s.mapp == 0 {
			continue
		}
		for _, n := range s.levels[last] {
			if n.policy == oidAnyPolicy && n.alive() {
				s.nodes++
				s.levels[last] = append(s.levels[last], &policyNode{policy: from, expected: targets[from], parent: n.parent})
				break
			}
		}
	}
	s.prune()
	return nil
}

// finish is §6.1.5 (g) and the last check.
func (s *policyState) finish() error {
	if s.levels != nil && len(s.in.Initial) > 0 {
		s.restrict()
	}
	if s.explicit == 0 && s.levels == nil {
		return errPolicyRequired
	}
	return nil
}

// restrict cuts the tree to the user's policies: the nodes whose parent is anyPolicy decide for their branches.
func (s *policyState) restrict() {
	anyLeaf := false
	for depth, level := range s.levels[1:] {
		for _, n := range level {
			if n.parent.policy != oidAnyPolicy {
				continue
			}
			switch {
			case n.policy != oidAnyPolicy:
				n.dead = n.dead || !slices.Contains(s.in.Initial, n.policy)
			case depth+1 == len(s.levels)-1 && n.alive():
				anyLeaf = true // covers every policy of the user
			}
		}
	}
	if !anyLeaf {
		s.prune()
	}
}
