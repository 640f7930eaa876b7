package pdf

import "slices"

// node is a field or a widget that is a kid of one.
type node struct {
	d      dict
	id     ref
	full   string
	kind   name   // inherited /FT
	value  object // inherited /V
	parent int
}

// fieldNodes visits every node of the form's tree, parents first.
func (f *file) fieldNodes(visit func(node)) {
	seen := map[int]bool{}
	count := 0
	var walk func(o object, up node, depth int)
	walk = func(o object, up node, depth int) {
		n := node{id: ref{num: refNum(o)}, full: up.full, kind: up.kind, value: up.value, parent: up.id.num}
		if n.id.num > 0 && seen[n.id.num] {
			return
		}
		seen[n.id.num] = true
		if count++; depth > maxDepth || count > maxFields {
			return
		}
		if n.d, _ = f.resolve(o).(dict); n.d == nil {
			return
		}
		if t, ok := f.resolve(n.d["T"]).(str); ok {
			if n.full != "" {
				n.full += "."
			}
			n.full += decodeText(t.b)
		}
		if k := f.name(n.d["FT"]); k != "" {
			n.kind = k
		}
		if v := n.d["V"]; v != nil {
			n.value = v
		}
		visit(n)
		for _, k := range f.array(n.d["Kids"]) {
			walk(k, n, depth+1)
		}
	}
	form := f.dict(f.dict(f.trailer["Root"])["AcroForm"])
	for _, o := range f.array(form["Fields"]) {
		walk(o, node{}, 0)
	}
}

// fieldIDs maps the object numbers of the form's nodes to their names.
func (f *file) fieldIDs() map[int]string {
	if f.ids == nil {
		f.ids = map[int]string{}
		f.fieldNodes(func(n node) {
			if n.id.num > 0 {
				f.ids[n.id.num] = n.full
			}
		})
	}
	return f.ids
}

// fieldTrees pairs the nodes of the two forms: by object number, else by name.
func (d *differ) fieldTrees(at *place) {
	var a, b []node
	d.old.fieldNodes(func(n node) { a = append(a, n) })
	d.new.fieldNodes(func(n node) { b = append(b, n) })
	byID, byName := map[int]int{}, map[string]int{}
	for i, n := range b {
		if n.id.num > 0 {
			byID[n.id.num] = i
		}
		if _, ok := byName[n.full]; !ok {
			byName[n.full] = i
		}
	}
	used := make([]bool, len(b))
	for _, x := range a {
		here := &place{at, x.full}
		j, ok := byID[x.id.num]
		if !ok && x.d["T"] != nil {
			j, ok = byName[x.full]
		}
		if !ok || used[j] {
			d.record(d.lockedOr(FormStructure, x.full), here, x.id.num, "removed", "new")
			continue
		}
		used[j] = true
		if x.parent != b[j].parent || x.full != b[j].full {
			d.record(FormStructure, here, x.id.num, "modified", "new")
		}
		d.fieldPair(x, b[j], here)
	}
	for j, y := range b {
		if !used[j] {
			d.fieldNew(y, &place{at, y.full})
		}
	}
}

func (d *differ) lockedOr(c Class, full string) Class {
	if full != "" && slices.ContainsFunc(d.locks, func(m *FieldMDP) bool { return m.Locks(full) }) {
		return LockedField
	}
	return c
}

// fieldNew judges a field that the signed revision did not have: signatures pass, others change the form.
func (d *differ) fieldNew(n node, at *place) {
	if n.kind != "Sig" {
		d.record(d.lockedOr(FormStructure, n.full), at, n.id.num, "added", d.origin(pair{num: n.id.num}))
		return
	}
	c := d.signatureClass(n.d["V"])
	if d.new.empty(n.d["V"]) && (d.docMDP == 1 || d.docMDP == 2) { // to sign is allowed, to make room for it is not
		c = FormStructure
	}
	d.record(c, at, n.id.num, "added", d.origin(pair{num: n.id.num}))
}

func (d *differ) signatureClass(v object) Class {
	s := d.new.dict(v)
	if d.new.name(s["Type"]) == "DocTimeStamp" || d.new.name(s["SubFilter"]) == "ETSI.RFC3161" {
		return TimeStampAdded
	}
	return SignatureAdded
}

// fieldPair compares one field or widget before and after.
func (d *differ) fieldPair(a, b node, at *place) {
	if a.d != nil && len(b.d) == 0 { // still referred to, and emptied or freed: it is gone from the page
		d.record(d.lockedOr(FormStructure, a.full), at, b.id.num, "removed", "new")
		return
	}
	signing := a.kind == "Sig" && d.old.empty(a.d["V"]) && !d.new.empty(b.d["V"])
	for _, k := range unionKeys(a.d, b.d) {
		if k == "Kids" {
			continue
		}
		if (k == "Parent" || k == "P") && (isRef(a.d[k]) || a.d[k] == nil) && isRef(b.d[k]) {
			if a.d[k] != nil && refNum(a.d[k]) != refNum(b.d[k]) {
				d.record(d.lockedOr(FormStructure, a.full), &place{at, string(k)}, b.id.num, "modified", "new")
			}
			continue
		}
		c := d.fieldKey(k, a, b)
		if a.kind == "Sig" && k == "V" {
			d.signatureValue(a, b, signing, at)
			continue
		}
		if signing && (c == FormFill || a.d[k] == nil) {
			c = d.signatureClass(b.d["V"])
		} else if a.kind == "Sig" && !d.old.empty(a.d["V"]) && c == FormFill {
			c = SignatureEdit // the picture of a signature that stands
		}
		if k == "AP" {
			if isRef(a.d[k]) && refNum(a.d[k]) != refNum(b.d[k]) {
				d.freed = append(d.freed, appearance{refNum(a.d[k]), a.full, &place{at, "AP"}})
			}
			if (a.kind == "Tx" || a.kind == "Ch") && a.value != nil && b.value != nil && d.sameValue(a, b) {
				c = Overlay
			}
		}
		if c == FormFill || c == FormStructure {
			c = d.lockedOr(c, a.full)
		}
		d.push(a.d[k], b.d[k], c, at, string(k), b.id.num)
	}
}

// sameValue compares what two nodes hold, themselves or by inheritance.
func (d *differ) sameValue(a, b node) bool {
	return same(d.old.resolve(a.value), d.new.resolve(b.value))
}

// fieldKey is the class of a change under that key of a field or widget.
func (d *differ) fieldKey(k name, a, b node) Class {
	switch k {
	case "V", "AP", "AS", "M", "RV", "I", "TI", "MK":
		return FormFill
	case "DA": // a form filler sets font and size with the value; alone they would make the old value look otherwise
		if b.value != nil && !d.sameValue(a, b) {
			return FormFill
		}
	case "StructParent":
		return StructureTree
	case "Ff": // a signer may set ReadOnly on the fields it locks
		x, _ := d.old.int(a.d[k])
		y, _ := d.new.int(b.d[k])
		if x|1 == y|1 {
			return SignatureAdded
		}
	case "F": // likewise Locked, LockedContents and ReadOnly
		const lockBits = 1<<6 | 1<<7 | 1<<9
		x, _ := d.old.int(a.d[k])
		y, _ := d.new.int(b.d[k])
		if x|lockBits == y|lockBits {
			return SignatureAdded
		}
	}
	return FormStructure
}

func (d *differ) signatureValue(a, b node, signing bool, at *place) {
	if signing {
		d.record(d.signatureClass(b.d["V"]), &place{at, "V"}, b.id.num, "added", "new")
		return
	}
	x, y := d.old.dict(a.d["V"]), d.new.dict(b.d["V"])
	if d.old.empty(a.d["V"]) && d.new.empty(b.d["V"]) {
		return
	}
	cx, _ := d.old.resolve(x["Contents"]).(str)
	cy, _ := d.new.resolve(y["Contents"]).(str)
	if cx.start != cy.start {
		d.record(SignatureEdit, &place{at, "V"}, b.id.num, how(a.d["V"], b.d["V"]), "new")
		return
	}
	d.push(a.d["V"], b.d["V"], SignatureEdit, at, "V", b.id.num)
}
