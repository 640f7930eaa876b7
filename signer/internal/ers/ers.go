package ers

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"

	"ceralacca/signer/internal/tsp"
)

// State is the outcome of a computation; its values are those of package xmlsig.
type State int

// The states.
const (
	Unknown State = iota // could not be computed, such as without the documents
	Good
	Bad
)

// LimitError means that a record is larger than is read here.
type LimitError struct {
	What string // "bytes", "time-stamps", "groups", "digests"
	Max  int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("evidence record: more than %d %s", e.Max, e.What)
}

// SyntaxError means that the bytes are no evidence record.
type SyntaxError struct{ What string }

func (e *SyntaxError) Error() string { return "malformed evidence record: " + e.What }

// The limits of a record.
const (
	MaxStamps  = 256
	MaxGroups  = 1 << 10
	MaxDigests = 1 << 16 // in all trees
)

// Record is an evidence record as it stands.
type Record struct {
	// XML tells RFC 6283, where the digest of the older chains stands beside those of the documents in a renewed tree;
	// in RFC 4998 it is joined to each of them.
	XML bool
	// Encrypted is set when the record is over documents that were encrypted for it (RFC 4998 §6), which are not at hand.
	Encrypted bool
	Chains    []Chain
}

// Chain is an ArchiveTimeStampChain: time-stamps of one hash.
type Chain struct {
	Hash      crypto.Hash // 0 when it is not known here
	Canonical string      // method of an XML record, a URI
	// Before is the digest of all older chains by Hash; nil for the first chain.
	Before []byte
	Stamps []Stamp
}

// Stamp is an ArchiveTimeStamp.
type Stamp struct {
	Hash  crypto.Hash // as it states; the chain's when it states none
	Token *tsp.Token
	Raw   []byte // of the token
	Err   error  // why Token is nil
	// Groups is the reduced hash tree: the first group has the leaves. Without one the time-stamp is over a leaf itself.
	Groups [][][]byte
	// Digest is that of the time-stamp by the chain's hash, which the next one has to cover.
	Digest []byte
}

// Object is a document that a record may cover. It gives the digests of which one must be in the tree. An error tells that
// these are not all that there may be: then none in the tree means that nothing is known. canonical is the method of an
// XML record, by which XML documents are canonicalised.
type Object func(h crypto.Hash, canonical string) ([][]byte, error)

// Link is how one archive time-stamp came out.
type Link struct {
	*Stamp
	State State
	// Fault says why State is not Good: "token", "algorithm", "tree" (its root is not what was stamped), "previous" (the
	// older time-stamp is not in the tree), "object" (a document is not), "order" (it is older than the one before it).
	Fault string
	// Others is how many leaves of the first tree belong to none of the objects.
	Others int
}

// Check follows the time-stamps from the oldest to the newest. The oldest of each chain has to cover every object; without
// objects that is not known, and the State of these links is Unknown at best.
func (r *Record) Check(objects []Object) []Link {
	var links []Link
	for i := range r.Chains {
		c := &r.Chains[i]
		for j := range c.Stamps {
			l := Link{Stamp: &c.Stamps[j]}
			r.check(&l, c, i, j, objects)
			if n := len(links); l.Token != nil && n > 0 && links[n-1].Token != nil && l.Token.Info.Time.Before(links[n-1].Token.Info.Time) {
				l.State, l.Fault = Bad, "order"
			}
			links = append(links, l)
		}
	}
	return links
}

func (r *Record) check(l *Link, c *Chain, i, j int, objects []Object) {
	switch {
	case l.Token == nil:
		l.State, l.Fault = Bad, "token"
		return
	case c.Hash == 0 || !c.Hash.Available() || l.Token.Info.Hash == 0:
		l.State, l.Fault = Unknown, "algorithm"
		return
	case l.Hash != c.Hash || l.Token.Info.Hash != c.Hash:
		l.State, l.Fault = Bad, "algorithm"
		return
	}
	wanted, fault := r.wanted(c, i, j, objects)
	l.Fault = fault
	if len(l.Groups) == 0 && len(wanted) == 0 {
		return
	}
	leaves, root, ok := l.root(c.Hash, wanted)
	if !ok || !bytes.Equal(root, l.Token.Info.Imprint) {
		l.State = missing(wanted)
		if len(l.Groups) > 0 {
			l.State, l.Fault = Bad, "tree"
		}
		return
	}
	for k, w := range wanted {
		if !slices.ContainsFunc(w.forms, func(d []byte) bool { return containsDigest(leaves, d) }) {
			l.State = missing(wanted[k : k+1])
			return
		}
	}
	if len(wanted) > 0 {
		l.State, l.Fault, l.Others = Good, "", max(0, len(leaves)-len(wanted))
	}
}

// leaf is what a tree must have, in one of its forms; open when there may be others.
type leaf struct {
	forms [][]byte
	open  bool
}

// missing is what it means that one of them is not there.
func missing(wanted []leaf) State {
	if slices.ContainsFunc(wanted, func(w leaf) bool { return w.open }) {
		return Unknown
	}
	return Bad
}

// wanted are the digests that the leaves must have, and what is at fault if one is missing; none when nothing is known to
// look for.
func (r *Record) wanted(c *Chain, i, j int, objects []Object) ([]leaf, string) {
	if j > 0 {
		return []leaf{{forms: [][]byte{c.Stamps[j-1].Digest}}}, "previous"
	}
	if len(objects) == 0 || r.Encrypted {
		return nil, "object"
	}
	var all []leaf
	for _, o := range objects {
		forms, err := o(c.Hash, c.Canonical)
		if i > 0 && !r.XML {
			for k, d := range forms {
				forms[k] = digest(c.Hash, d, c.Before)
			}
		}
		all = append(all, leaf{forms, err != nil})
	}
	if i > 0 && r.XML {
		all = append(all, leaf{forms: [][]byte{c.Before}})
	}
	return all, "object"
}

// root is that of the tree, and its leaves; of a time-stamp without a tree what is wanted, taken as the leaves.
func (l *Link) root(h crypto.Hash, wanted []leaf) (leaves [][]byte, root []byte, ok bool) {
	switch {
	case len(l.Groups) > 0:
		leaves = l.Groups[0]
		root, ok = fold(h, l.Groups)
		return leaves, root, ok
	case len(wanted) == 1:
		if imprint := l.Token.Info.Imprint; containsDigest(wanted[0].forms, imprint) {
			return [][]byte{imprint}, imprint, true
		}
		return nil, nil, false
	}
	for _, w := range wanted {
		if len(w.forms) == 0 {
			return nil, nil, false
		}
		leaves = append(leaves, w.forms[0])
	}
	root, ok = fold(h, [][][]byte{leaves})
	return leaves, root, ok
}

// fold computes the root of a reduced hash tree (RFC 4998 §4.3, RFC 6283 §3.2.1): each group, with what the one before
// came to, is sorted, joined and hashed; a single digest stands for itself.
func fold(h crypto.Hash, groups [][][]byte) ([]byte, bool) {
	var sum []byte
	for _, g := range groups {
		all := slices.Clone(g)
		if sum != nil {
			all = append(all, sum)
		}
		for _, d := range all {
			if len(d) != h.Size() {
				return nil, false
			}
		}
		switch len(all) {
		case 0:
			return nil, false
		case 1:
			sum = all[0]
		default:
			slices.SortFunc(all, bytes.Compare)
			sum = digest(h, all...)
		}
	}
	return sum, sum != nil
}

func digest(h crypto.Hash, parts ...[]byte) []byte {
	d := h.New()
	for _, p := range parts {
		d.Write(p)
	}
	return d.Sum(nil)
}

func containsDigest(list [][]byte, d []byte) bool {
	return slices.ContainsFunc(list, func(x []byte) bool { return bytes.Equal(x, d) })
}

// NewStamp reads the token of an archive time-stamp.
func NewStamp(raw []byte) Stamp {
	s := Stamp{Raw: raw}
	s.Token, s.Err = tsp.Parse(raw)
	if s.Err == nil {
		s.Hash = s.Token.Info.Hash
	}
	return s
}

// limits counts what a record holds.
type limits struct{ stamps, digests int }

// Add counts one time-stamp with its tree.
func (n *limits) add(groups [][][]byte) error {
	if n.stamps++; n.stamps > MaxStamps {
		return &LimitError{"time-stamps", MaxStamps}
	}
	if len(groups) > MaxGroups {
		return &LimitError{"groups", MaxGroups}
	}
	for _, g := range groups {
		n.digests += len(g)
	}
	if n.digests > MaxDigests {
		return &LimitError{"digests", MaxDigests}
	}
	return nil
}

// Bounded tells with a [*LimitError] if the record holds too much.
func (r *Record) Bounded() error {
	var n limits
	for i := range r.Chains {
		for j := range r.Chains[i].Stamps {
			if err := n.add(r.Chains[i].Stamps[j].Groups); err != nil {
				return err
			}
		}
	}
	return nil
}
