package pdf

import (
	"slices"
	"strconv"
)

// trailers begins the walk: every key of the two trailers that says something about the document.
func (d *differ) trailers() {
	a, b := d.old.trailer, d.new.trailer
	for _, k := range unionKeys(a, b) {
		if sectionKey(k) {
			continue
		}
		switch k {
		case "Root":
			d.catalogs(a[k], b[k])
		case "Info", "ID", "AdditionalStreams": // the last is LibreOffice's own: the source, which no viewer shows
			d.push(a[k], b[k], Metadata, nil, string(k), 0)
		default:
			c := OtherChange
			if b[k] == nil { // most writers carry over only the standard keys
				c = Metadata
			}
			d.push(a[k], b[k], c, nil, string(k), 0)
		}
	}
}

// sectionKey tells the keys of a trailer that describe the cross-reference section and not the document.
func sectionKey(k name) bool {
	switch k {
	case "Size", "Prev", "XRefStm", "W", "Index", "Length", "Filter", "DecodeParms", "Type", "DL", "F", "FFilter":
		return true
	}
	return false
}

func (d *differ) catalogs(a, b object) {
	x, y := d.old.dict(a), d.new.dict(b)
	at := &place{nil, "Root"}
	num := 0
	if r, ok := b.(ref); ok {
		num = r.num
	}
	for _, k := range unionKeys(x, y) {
		c := Catalog
		switch k {
		case "Pages":
			d.pageTrees()
			continue
		case "AcroForm":
			d.formsOf(x[k], y[k])
			continue
		case "Names":
			d.names(x[k], y[k], &place{at, "Names"}, num)
			continue
		case "DSS":
			c = ValidationAdded
		case "Metadata":
			c = Metadata
		case "Version", "Extensions":
			c = Version
		case "StructTreeRoot":
			d.structureTrees(x[k], y[k], &place{at, string(k)}, num)
			continue
		case "MarkInfo", "Lang":
			c = StructureTree
		case "Perms": // the first signature may certify (ISO 32000-2 §12.8.2.2.1); a time-stamp before it signs nothing
			if x[k] == nil && d.sig.Type == DocTimeStamp {
				c = SignatureAdded
			}
		}
		d.push(x[k], y[k], c, at, string(k), num)
	}
}

// names compares the name trees. /AP holds the pictures of annotations; the others hold scripts, files and
// destinations.
func (d *differ) names(a, b object, at *place, num int) {
	x, y := d.old.dict(a), d.new.dict(b)
	for _, k := range unionKeys(x, y) {
		c := Catalog
		if k == "AP" {
			c = Annotation
		}
		d.push(x[k], y[k], c, at, string(k), num)
	}
}

type pageOf struct {
	id           object
	d, inherited dict
}

func (f *file) pageList() []pageOf {
	var out []pageOf
	f.pages(func(_ int, id object, p, inherited dict) bool {
		out = append(out, pageOf{id, p, inherited})
		return true
	})
	return out
}

func (d *differ) pageTrees() {
	a, b := d.old.pageList(), d.new.pageList()
	at := &place{&place{nil, "Root"}, "Pages"}
	for i := range max(len(a), len(b)) {
		here := &place{at, strconv.Itoa(i)}
		switch {
		case i >= len(b):
			d.record(PageTree, here, 0, "removed", "new")
		case i >= len(a):
			d.record(PageTree, here, refNum(b[i].id), "added", d.origin(pair{num: refNum(b[i].id)}))
		default:
			if refNum(a[i].id) != refNum(b[i].id) {
				d.record(PageTree, here, refNum(b[i].id), "modified", d.origin(pair{num: refNum(b[i].id)}))
			}
			d.pagePair(a[i], b[i], here)
		}
	}
}

func refNum(o object) int { r, _ := o.(ref); return r.num }

func (d *differ) pagePair(a, b pageOf, at *place) {
	num := refNum(b.id)
	for _, k := range unionKeys(a.d, b.d) {
		switch k {
		case "Parent":
			if isRef(a.d[k]) != isRef(b.d[k]) || refNum(a.d[k]) != refNum(b.d[k]) {
				d.record(PageTree, &place{at, "Parent"}, num, "modified", "new")
			}
		case "Annots":
			d.annots(d.old.array(a.d[k]), d.new.array(b.d[k]), &place{at, "Annots"}, num)
		case "Tabs":
			d.push(a.d[k], b.d[k], StructureTree, at, string(k), num)
		case "StructParents": // a page of a tagged document gets it with its first annotation; else as EU DSS (DSS-2821)
			c := structureEdit
			if a.d[k] == nil && d.docMDP == 3 {
				c = StructureTree
			}
			d.push(a.d[k], b.d[k], c, at, string(k), num)
		case "LastModified", "Metadata", "PieceInfo": // shown nowhere
			d.push(a.d[k], b.d[k], Metadata, at, string(k), num)
		default:
			d.push(a.d[k], b.d[k], PageContent, at, string(k), num)
		}
	}
	for _, k := range unionKeys(a.inherited, b.inherited) {
		if a.d[k] == nil || b.d[k] == nil {
			d.push(a.inherited[k], b.inherited[k], PageContent, at, string(k), num)
		}
	}
}

// annots pairs the annotations of a page by object number, direct ones by what they hold.
func (d *differ) annots(a, b array, at *place, page int) {
	used := make([]bool, len(b))
	for i, x := range a {
		j := slices.IndexFunc(b, func(y object) bool {
			rx, ok1 := x.(ref)
			ry, ok2 := y.(ref)
			return ok1 && ok2 && rx.num == ry.num
		})
		if j < 0 {
			j = slices.IndexFunc(b, func(y object) bool { return same(d.old.resolve(x), d.new.resolve(y)) })
		}
		here := &place{at, strconv.Itoa(i)}
		if j < 0 || used[j] {
			d.annotGone(x, here)
			continue
		}
		used[j] = true
		d.annotPair(x, b[j], here)
	}
	for j, y := range b {
		if !used[j] {
			d.annotNew(y, &place{at, strconv.Itoa(j)}, page)
		}
	}
}

func (d *differ) annotGone(x object, at *place) {
	o := d.old.dict(x)
	if o == nil {
		return
	}
	c := Annotation
	if d.old.name(o["Subtype"]) == "Widget" {
		// The field itself is missed by the walk over the form, if it is missing.
		if _, still := d.new.fieldIDs()[refNum(x)]; still {
			c = FormStructure
		}
	}
	d.record(c, at, refNum(x), "removed", "new")
}

func (d *differ) annotPair(x, y object, at *place) {
	a, b := d.old.dict(x), d.new.dict(y)
	if d.old.name(a["Subtype"]) == "Widget" || d.new.name(b["Subtype"]) == "Widget" {
		if _, inForm := d.new.fieldIDs()[refNum(y)]; inForm && refNum(y) > 0 {
			return // judged as a field
		}
		d.fieldPair(node{d: a, id: ref{num: refNum(x)}, value: a["V"]}, node{d: b, id: ref{num: refNum(y)}, value: b["V"]}, at)
		return
	}
	if a == nil && b != nil {
		d.annotNew(y, at, 0)
		return
	}
	if b == nil && a != nil {
		d.annotGone(x, at)
		return
	}
	d.dicts(a, b, pair{class: Annotation, at: at, num: refNum(y)})
}

func (d *differ) annotNew(y object, at *place, page int) {
	n := d.new.dict(y)
	if n == nil {
		return
	}
	num := refNum(y)
	if num == 0 {
		num = page
	}
	if d.new.name(n["Subtype"]) == "Widget" {
		if _, inForm := d.new.fieldIDs()[refNum(y)]; inForm {
			if _, was := d.old.fieldIDs()[refNum(y)]; was && d.new.name(n["FT"]) != "Sig" {
				d.record(FormStructure, at, num, "added", d.origin(pair{num: num}))
			}
			return // a new field is judged with the form
		}
		d.record(FormStructure, at, num, "added", d.origin(pair{num: num}))
		return
	}
	d.record(Annotation, at, num, "added", d.origin(pair{num: num}))
}

// formsOf compares the two /AcroForm dictionaries.
func (d *differ) formsOf(a, b object) {
	at := &place{&place{nil, "Root"}, "AcroForm"}
	x, y := d.old.dict(a), d.new.dict(b)
	num := refNum(b)
	for _, k := range unionKeys(x, y) {
		switch k {
		case "Fields":
			d.fieldTrees(&place{at, "Fields"})
		case "SigFlags":
			if !same(d.old.resolve(x[k]), d.new.resolve(y[k])) {
				d.record(SignatureAdded, &place{at, "SigFlags"}, num, how(x[k], y[k]), "new")
			}
		case "DR":
			d.resources(x[k], y[k], &place{at, "DR"}, num)
		case "DA", "Q", "NeedAppearances", "XFA":
			c := FormFill
			if x[k] != nil && (k == "DA" || k == "Q") {
				c = FormStructure
			}
			d.push(x[k], y[k], c, at, string(k), num)
		default:
			d.push(x[k], y[k], FormStructure, at, string(k), num)
		}
	}
}

// resources lets fonts and the like be added for new appearances; those that were there stay as they were. Pictures are
// free: a default appearance, which is all that takes from here, cannot draw one (ISO 32000-2 §12.7.4.3), and widespread
// signers put the parts of each new signature's picture here under the names of the last. What an appearance draws is
// reached through its own resources, and judged there.
func (d *differ) resources(a, b object, at *place, num int) {
	x, y := d.old.dict(a), d.new.dict(b)
	for _, k := range unionKeys(x, y) {
		p, isDict := d.old.resolve(x[k]).(dict)
		q, isDict2 := d.new.resolve(y[k]).(dict)
		if !isDict || !isDict2 {
			if x[k] == nil {
				d.record(FormFill, &place{at, string(k)}, num, "added", "new")
			} else {
				d.push(x[k], y[k], FormStructure, at, string(k), num)
			}
			continue
		}
		c := FormStructure
		if k == "XObject" {
			c = FormFill
		}
		for _, n := range unionKeys(p, q) {
			if p[n] == nil {
				d.record(FormFill, &place{&place{at, string(k)}, string(n)}, num, "added", "new")
				continue
			}
			d.push(p[n], q[n], c, &place{at, string(k)}, string(n), num)
		}
	}
}
