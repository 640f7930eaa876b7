package pdf

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Class is the kind of a change made after signing.
type Class string

// The classes. Which of them are allowed depends on DocMDP and FieldMDP; see [Change.Allowed].
const (
	ValidationAdded Class = "validation-data"  // /DSS
	TimeStampAdded  Class = "doc-timestamp"    // a document time-stamp
	SignatureAdded  Class = "signature"        // a new signature, with or without a new field
	SignatureEdit   Class = "signature-edited" // an existing signature value replaced or removed
	FormFill        Class = "form-fill"        // values and appearances of form fields
	FormStructure   Class = "form-structure"   // fields added, removed, renamed, moved
	Overlay         Class = "appearance"       // another picture over the same value of a field
	LockedField     Class = "locked-field"     // a field that a FieldMDP locks
	Annotation      Class = "annotation"
	StructureTree   Class = "structure-tree" // logical structure and tab order
	PageContent     Class = "page-content"   // contents, resources, boxes, rotation
	PageTree        Class = "page-tree"      // pages added, removed, exchanged
	Catalog         Class = "catalog"        // names, outlines, actions, optional content …
	Metadata        Class = "metadata"       // /Info, XMP, file identifier
	Version         Class = "version"        // /Version and /Extensions
	OtherChange     Class = "other"

	structureEdit Class = "structure-edit" // recorded as a StructureTree that nothing allows
)

// Change is one thing that later revisions did to a signed one.
type Change struct {
	Class Class
	// Path leads from the trailer to the place, such as "Root/Pages/0/Contents".
	Path string
	// Object is the number of the innermost indirect object on the path; 0 for the trailer.
	Object int
	// How is "added", "removed" or "modified".
	How string
	// Allowed is false when neither DocMDP nor FieldMDP nor common usage lets this class pass.
	Allowed bool
	// Rule is what forbids it: "docmdp-1", "docmdp-2", "docmdp-3", "fieldmdp" or "signed-content".
	Rule string
	// Origin tells whence the new state comes: "new" bytes of a later revision, or "dormant" bytes that were
	// inside the signed revision but not in use there, which only an attack has ready.
	Origin string
}

const maxChanges = 256 // a signature keeps so many, the forbidden ones before the allowed

// permit decides by the strictest DocMDP in force (ISO 32000-1 table 254; ISO 32000-2 adds that validation
// data and document time-stamps pass even at 1). Without DocMDP form filling, annotations and further
// signatures pass, as in the viewers, but are always told.
func permit(c Class, docMDP int) (bool, string) {
	switch c {
	case ValidationAdded, TimeStampAdded, Metadata, Version:
		return true, ""
	case LockedField:
		return false, "fieldmdp"
	case SignatureAdded, FormFill, StructureTree:
		if docMDP == 1 {
			return false, "docmdp-1"
		}
		return true, ""
	case Annotation:
		if docMDP == 1 || docMDP == 2 {
			return false, "docmdp-" + strconv.Itoa(docMDP)
		}
		return true, ""
	}
	return false, "signed-content"
}

// judgeChanges compares the revision of each signature with the whole file.
func (f *file) judgeChanges(ctx context.Context, out *Scanned) error {
	for i := range out.Signatures {
		s := &out.Signatures[i]
		if s.SignedEnd == 0 {
			continue
		}
		old, err := open(ctx, f.src.r, s.SignedEnd)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			s.find(true, "signed-revision-damaged", citePAdES, "kind", string(asError(err).Kind))
			continue
		}
		if old.repaired {
			s.find(!s.CoversWholeFile, "signed-revision-damaged", citePAdES, "kind", "xref")
		}
		if !old.signs(s.contents.start) {
			s.find(true, "signature-not-in-signed-revision", citePAdES)
			s.find(true, AttackSignatureWrapping, citeSWA)
		}
		if s.SignedEnd == f.src.size {
			continue
		}
		d := newDiffer(ctx, old, f, s, out)
		if err := d.run(); err != nil {
			return err
		}
		s.Changes = d.changes
		f.nameAttacks(s, d)
	}
	return nil
}

// signs tells whether this revision has, as the value of a field, the signature whose /Contents begins at off.
func (f *file) signs(off int64) bool {
	hit := func(o object) bool {
		c, ok := f.resolve(f.dict(o)["Contents"]).(str)
		return ok && c.start == off
	}
	if slices.ContainsFunc(f.fields(), func(fd field) bool { return hit(fd.value) }) {
		return true
	}
	return hit(f.dict(f.dict(f.trailer["Root"])["Perms"])["DocMDP"])
}

// differ walks two revisions side by side from their trailers. A change is recorded for every path that leads
// to it, each with the class of that path: what is allowed on one path may be forbidden on another.
type differ struct {
	ctx      context.Context
	old, new *file
	sig      *Signature
	docMDP   int
	locks    []*FieldMDP

	seen    map[visit]bool
	stack   []pair
	walked  int
	changes []Change
	dropped int
	private map[int]bool // objects with a role of their own: pages, annotations, fields, signature values
	foreign map[int]bool // objects that something without a role leads to
	freed   []appearance
}

// appearance is a field's former picture, left behind for a new one.
type appearance struct {
	num   int
	field string
	at    *place
}

type visit struct {
	a, b  int
	class Class
}

type pair struct {
	a, b  object
	class Class
	at    *place
	num   int
}

// place is a path, kept as a list so that walking allocates little.
type place struct {
	up  *place
	key string
}

// String shows the innermost steps of a long path.
func (p *place) String() string {
	var keys []string
	for ; p != nil; p = p.up {
		if len(keys) == 32 {
			keys = append(keys, "…")
			break
		}
		keys = append(keys, p.key)
	}
	slices.Reverse(keys)
	return strings.Join(keys, "/")
}

func newDiffer(ctx context.Context, old, f *file, s *Signature, out *Scanned) *differ {
	d := &differ{
		ctx: ctx, old: old, new: f, sig: s,
		seen: map[visit]bool{}, private: map[int]bool{},
		foreign: map[int]bool{},
	}
	// Earlier signatures bind too: their locks and DocMDP hold for everything after them.
	for i := range out.Signatures {
		o := &out.Signatures[i]
		if o.SignedEnd == 0 || o.SignedEnd > s.SignedEnd {
			continue
		}
		for _, p := range []int{o.DocMDP, o.LockP} {
			if p > 0 && (d.docMDP == 0 || p < d.docMDP) {
				d.docMDP = p
			}
		}
		if o.FieldMDP != nil {
			d.locks = append(d.locks, o.FieldMDP)
		}
	}
	return d
}

func (d *differ) run() error {
	d.roles()
	d.trailers()
	for len(d.stack) > 0 {
		p := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.walked++; d.walked > maxWalk {
			d.record(OtherChange, nil, 0, "modified", "new")
			d.sig.find(true, "too-complex-to-compare", "")
			return nil
		}
		if d.walked%1024 == 0 && d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		d.step(p)
	}
	// An appearance that something unknown uses too was not the field's to replace.
	for _, a := range d.freed {
		if d.foreign[a.num] {
			d.record(OtherChange, a.at, a.num, "modified", "new")
		}
	}
	for _, num := range slices.Sorted(maps.Keys(d.new.broken)) {
		d.old.load(num)
		if e, ok := d.old.entries[num]; ok && e.kind == 'n' && !d.old.broken[num] {
			// Viewers that trust the cross-reference see nothing there, others what they find by searching.
			d.record(OtherChange, &place{nil, "object " + strconv.Itoa(num)}, num, "removed", "new")
		}
	}
	return d.ctx.Err()
}

// roles notes the objects that are judged in a place of their own, so that a way to them through a bookmark or
// the structure tree is not judged again there.
func (d *differ) roles() {
	for _, f := range []*file{d.old, d.new} {
		d.private[refNum(f.trailer["Root"])] = true
		f.pages(func(_ int, id object, p, _ dict) bool {
			if r, ok := id.(ref); ok {
				d.private[r.num] = true
			}
			for _, a := range f.array(p["Annots"]) {
				if r, ok := a.(ref); ok {
					d.private[r.num] = true
				}
			}
			return true
		})
		f.fieldNodes(func(n node) {
			if n.id.num > 0 {
				d.private[n.id.num] = true
			}
		})
	}
}

func (d *differ) push(a, b object, c Class, at *place, key string, num int) {
	d.stack = append(d.stack, pair{a, b, c, &place{at, key}, num})
}

// record keeps a change, forbidden ones first when there are too many.
func (d *differ) record(c Class, at *place, num int, how, origin string) {
	ok, rule := permit(c, d.docMDP)
	if c == structureEdit {
		c = StructureTree
	}
	if len(d.changes) >= maxChanges {
		d.dropped++
		if ok {
			return
		}
		i := slices.IndexFunc(d.changes, func(c Change) bool { return c.Allowed })
		if i < 0 {
			return
		}
		d.changes = slices.Delete(d.changes, i, i+1)
	}
	d.changes = append(d.changes, Change{c, at.String(), num, how, ok, rule, origin})
}

// step compares one pair without a role.
func (d *differ) step(p pair) {
	ra, okA := p.a.(ref)
	rb, okB := p.b.(ref)
	if okA && okB {
		if ra.num == rb.num && d.private[ra.num] {
			return
		}
		v := visit{ra.num, rb.num, p.class}
		if d.seen[v] {
			return
		}
		d.seen[v] = true
	}
	if okA && (p.class == OtherChange || p.class == Catalog) {
		d.foreign[ra.num] = true
	}
	if okB {
		p.num = rb.num
	} else if okA {
		p.num = ra.num
	}
	if p.class == SignatureEdit && p.a != nil && p.b != nil && (okA != okB || okA && ra.num != rb.num) {
		// The same value by another way: elsewhere programs do this, but nobody has to touch a standing
		// signature.
		d.record(p.class, p.at, p.num, "modified", d.origin(p))
	}
	a, b := d.old.resolve(p.a), d.new.resolve(p.b)
	switch x := a.(type) {
	case dict:
		if y, ok := b.(dict); ok {
			d.dicts(x, y, p)
			return
		}
	case array:
		if y, ok := b.(array); ok {
			d.arrays(x, y, p)
			return
		}
	case *stream:
		if y, ok := b.(*stream); ok {
			d.dicts(x.dict, y.dict, p)
			if !d.sameData(x, y) {
				d.record(p.class, p.at, p.num, "modified", d.origin(p))
			}
			return
		}
	}
	if !same(a, b) {
		d.record(p.class, p.at, p.num, how(a, b), d.origin(p))
	}
}

func how(a, b object) string {
	switch {
	case a == nil:
		return "added"
	case b == nil:
		return "removed"
	}
	return "modified"
}

// origin tells new bytes from dormant ones: a reference that now leads to an object which already lay,
// unchanged, in the signed revision.
func (d *differ) origin(p pair) string {
	e, ok := d.new.entries[p.num]
	if ok && p.num > 0 && e.kind == 'n' && e.off+d.new.delta < d.sig.SignedEnd {
		return "dormant"
	}
	return "new"
}

func (d *differ) dicts(a, b dict, p pair) {
	for _, k := range unionKeys(a, b) {
		c := p.class
		switch k {
		case "Length": // compared with the data
			continue
		case "Parent", "P": // back links
			if isRef(a[k]) && isRef(b[k]) {
				if refNum(a[k]) != refNum(b[k]) {
					d.record(c, &place{p.at, string(k)}, p.num, "modified", "new")
				}
				continue
			}
		case "SE": // from a bookmark to the structure tree
			c = StructureTree
		}
		if !plainSame(a[k], b[k]) {
			d.push(a[k], b[k], c, p.at, string(k), p.num)
		}
	}
}

// plainSame spares the walk the many numbers and names that are equal.
func plainSame(a, b object) bool {
	switch a.(type) {
	case ref, array, dict, *stream:
		return false
	}
	return same(a, b)
}

func isRef(o object) bool { _, ok := o.(ref); return ok }

func (d *differ) arrays(a, b array, p pair) {
	for i := range max(len(a), len(b)) {
		var x, y object
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if !plainSame(x, y) {
			d.push(x, y, p.class, p.at, strconv.Itoa(i), p.num)
		}
	}
}

func unionKeys(a, b dict) []name {
	keys := make([]name, 0, len(a)+2)
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// sameData compares the bytes of two streams, decrypted when the file is encrypted.
func (d *differ) sameData(x, y *stream) bool {
	if x.off == y.off && x.n == y.n {
		return true
	}
	if d.old.crypt != nil || d.new.crypt != nil {
		a, err1 := d.old.decode(x)
		b, err2 := d.new.decode(y)
		return err1 == nil && err2 == nil && string(a) == string(b)
	}
	if x.n != y.n {
		return false
	}
	for i := int64(0); i < x.n; i += tailWindow {
		n := min(int64(tailWindow), x.n-i)
		if string(d.old.src.read(x.off+i, n)) != string(d.new.src.read(y.off+i, n)) {
			return false
		}
	}
	return true
}
