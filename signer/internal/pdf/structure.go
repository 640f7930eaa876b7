package pdf

import "strconv"

// structureTrees compares the logical structures of a tagged document (ISO 32000-1 §14.7). What a screen reader reads
// out is made of them, so that elements of the signed revision stay as they are. Elements come and go with the
// annotations and fields that they stand for, and with nothing else; that is also what iText allows. The parent tree
// and the index of identifiers only lead back into the elements, and follow them.
func (d *differ) structureTrees(a, b object, at *place, num int) {
	x, y := d.old.dict(a), d.new.dict(b)
	if x == nil || y == nil || d.old.resolve(x["K"]) == nil {
		d.push(a, b, StructureTree, at.up, at.key, num)
		return
	}
	for _, k := range unionKeys(x, y) {
		switch k {
		case "K":
			s := structure{d, d.old.annotations(), d.new.annotations(), map[visit]bool{}, map[visit]bool{}}
			s.kids(x, y, &place{at, "K"}, 0)
		case "ParentTree", "ParentTreeNextKey", "IDTree":
			d.push(x[k], y[k], StructureTree, at, string(k), num)
		case "RoleMap", "ClassMap":
			d.entries(x[k], y[k], &place{at, string(k)}, num)
		default:
			d.push(x[k], y[k], structureEdit, at, string(k), num)
		}
	}
}

// entries lets entries be added to a dictionary of the structure tree; those that were there stay.
func (d *differ) entries(a, b object, at *place, num int) {
	x, y := d.old.dict(a), d.new.dict(b)
	for _, k := range unionKeys(x, y) {
		c := structureEdit
		if x[k] == nil {
			c = StructureTree
		}
		d.push(x[k], y[k], c, at, string(k), num)
	}
}

// annotations are the object numbers of all annotations of the pages and all fields of the form.
func (f *file) annotations() map[int]bool {
	out := map[int]bool{}
	f.pages(func(_ int, _ object, p, _ dict) bool {
		for _, a := range f.array(p["Annots"]) {
			out[refNum(a)] = true
		}
		return true
	})
	for num := range f.fieldIDs() {
		out[num] = true
	}
	return out
}

// structure walks two structure trees side by side.
type structure struct {
	*differ
	was, is map[int]bool   // the annotations before and after
	seen    map[visit]bool // pairs of elements, against circles
	known   map[visit]bool // what loose has found out, of an element of either tree
}

// kids compares those kids of two elements that stand for more than an annotation which has come or gone.
func (s *structure) kids(x, y dict, at *place, depth int) {
	if s.walked++; s.walked > maxWalk || depth > maxDepth {
		s.record(structureEdit, at, 0, "modified", "new")
		return
	}
	a := s.lasting(s.old, x["K"], s.is)
	b := s.lasting(s.new, y["K"], s.was)
	for i := range max(len(a), len(b)) {
		here := &place{at, strconv.Itoa(i)}
		switch {
		case i >= len(b):
			s.record(structureEdit, here, refNum(a[i]), "removed", "new")
		case i >= len(a):
			s.record(structureEdit, here, refNum(b[i]), "added", "new")
		default:
			s.kid(a[i], b[i], here, depth)
		}
	}
}

func (s *structure) kid(a, b object, at *place, depth int) {
	x, isA := s.old.resolve(a).(dict)
	y, isB := s.new.resolve(b).(dict)
	num := refNum(b)
	if !isA || !isB || x["S"] == nil || y["S"] == nil {
		if !s.sameContent(a, b) {
			s.record(structureEdit, at, num, "modified", "new")
		}
		return
	}
	if v := (visit{a: refNum(a), b: num}); v.a > 0 && v.b > 0 {
		if s.seen[v] {
			return
		}
		s.seen[v] = true
	}
	for _, k := range unionKeys(x, y) {
		switch k {
		case "K", "P", "Ref":
		case "Pg":
			if refNum(x[k]) != refNum(y[k]) {
				s.record(structureEdit, &place{at, "Pg"}, num, "modified", "new")
			}
		default:
			s.push(x[k], y[k], structureEdit, at, string(k), num)
		}
	}
	s.kids(x, y, at, depth+1)
}

// sameContent compares what is no element: a number of marked content on the page, such a number with page or stream,
// or a reference to an annotation.
func (s *structure) sameContent(a, b object) bool {
	x, isA := s.old.resolve(a).(dict)
	y, isB := s.new.resolve(b).(dict)
	if !isA || !isB {
		return isA == isB && same(s.old.resolve(a), s.new.resolve(b))
	}
	return x["S"] == nil && y["S"] == nil && same(s.old.resolve(x["MCID"]), s.new.resolve(y["MCID"])) &&
		refNum(x["Obj"]) == refNum(y["Obj"]) && refNum(x["Pg"]) == refNum(y["Pg"]) && refNum(x["Stm"]) == refNum(y["Stm"])
}

// lasting are the kids without those that stand for annotations alone which the other revision does not have.
func (s *structure) lasting(f *file, k object, there map[int]bool) []object {
	var out []object
	for _, o := range f.kidsOf(k) {
		if !s.loose(f, o, there, 0) {
			out = append(out, o)
		}
	}
	return out
}

// loose tells whether o stands for nothing but annotations that are not there. It is asked of an element once for each
// level above it, and remembers.
func (s *structure) loose(f *file, o object, there map[int]bool, depth int) bool {
	v := visit{a: refNum(o)}
	if f == s.new {
		v = visit{b: refNum(o)}
	}
	if is, ok := s.known[v]; ok && refNum(o) > 0 {
		return is
	}
	is := s.standsForGone(f, o, there, depth)
	s.known[v] = is
	return is
}

func (s *structure) standsForGone(f *file, o object, there map[int]bool, depth int) bool {
	e := f.dict(o)
	if s.walked++; e == nil || depth > maxDepth || s.walked > maxWalk {
		return false
	}
	if e["S"] == nil {
		n := refNum(e["Obj"])
		return n > 0 && !there[n]
	}
	for _, kid := range f.kidsOf(e["K"]) {
		if !s.loose(f, kid, there, depth+1) {
			return false
		}
	}
	return true
}

// kidsOf are the kids under /K, which is an array or a single one.
func (f *file) kidsOf(k object) []object {
	if a, ok := f.resolve(k).(array); ok {
		return a
	}
	if f.resolve(k) == nil {
		return nil
	}
	return []object{k}
}
