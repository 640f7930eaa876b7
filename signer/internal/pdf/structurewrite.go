package pdf

import "strings"

// tag gives the widget d, object id, its element in the structure tree of a tagged document, without which a screen
// reader passes by it and PDF/UA is broken (ISO 14289-1 §7.18). A file that is signed already is left as it is: an
// earlier signature would have its structure changed under it.
func (p *preparer) tag(id ref, d dict) {
	root := p.f.dict(p.f.trailer["Root"])
	at, ok := root["StructTreeRoot"].(ref)
	if !ok || !p.tags {
		return
	}
	at.gen = p.f.gen(at.num)
	tree := clone(p.f.dict(at))
	elem, parent := p.b.alloc(), at
	if doc, ok := p.f.document(tree); ok {
		parent = doc
		p.b.put(doc, p.withKid(p.f.dict(doc), elem))
	} else {
		tree = p.withKid(tree, elem)
	}
	p.b.put(elem, dict{
		"Type": name("StructElem"), "S": name("Form"), "P": parent, "Pg": p.page,
		"K": dict{"Type": name("OBJR"), "Obj": id, "Pg": p.page},
	})
	d["StructParent"] = p.enter(tree, elem)
	d["Contents"] = d["TU"] // which PDF/UA-2 asks for (ISO 14289-2 §8.10.2.3)
	p.b.put(at, tree)
}

// spoken is what a screen reader says of the new field: what is seen, or its name.
func (p *preparer) spoken() string {
	if a := p.o.Appearance; a != nil && len(a.Lines) > 0 {
		return strings.Join(a.Lines, ", ")
	}
	return p.name
}

func (p *preparer) withKid(d dict, elem ref) dict {
	d = clone(d)
	d["K"] = append(append(array{}, p.f.kidsOf(d["K"])...), elem)
	return d
}

// document is the element that holds all others, if there is one: PDF 2.0 allows no second one beside it.
func (f *file) document(tree dict) (ref, bool) {
	kids := f.kidsOf(tree["K"])
	if len(kids) != 1 {
		return ref{}, false
	}
	r, ok := kids[0].(ref)
	return ref{r.num, f.gen(r.num)}, ok && f.name(f.dict(r)["S"]) == "Document"
}

// enter puts elem behind the other entries of the tree's /ParentTree, which lead from annotations to their elements, and
// returns its key (ISO 32000-1 §7.9.7, §14.7.4.4).
func (p *preparer) enter(tree dict, elem ref) int64 {
	parents := clone(p.f.dict(tree["ParentTree"]))
	key, _ := p.f.int(tree["ParentTreeNextKey"])
	key = max(key, p.f.lastKey(parents, 0)+1)
	if kids := p.f.array(parents["Kids"]); kids != nil {
		leaf := p.b.alloc()
		p.b.put(leaf, dict{"Limits": array{key, key}, "Nums": array{key, elem}})
		parents["Kids"] = append(append(array{}, kids...), leaf)
	} else {
		parents["Nums"] = append(append(array{}, p.f.array(parents["Nums"])...), key, elem)
		delete(parents, "Limits") // a root has none
	}
	if r, ok := tree["ParentTree"].(ref); ok && p.f.resolve(r) != nil {
		p.b.put(ref{r.num, p.f.gen(r.num)}, parents)
	} else {
		tree["ParentTree"] = parents
	}
	tree["ParentTreeNextKey"] = key + 1
	return key
}

// lastKey is the greatest key of a number tree, -1 for an empty one.
func (f *file) lastKey(node dict, depth int) int64 {
	last := int64(-1)
	nums := f.array(node["Nums"])
	for i := 0; i < len(nums); i += 2 {
		if n, ok := f.int(nums[i]); ok {
			last = max(last, n)
		}
	}
	for _, kid := range f.array(node["Kids"]) {
		d := f.dict(kid)
		if limits := f.array(d["Limits"]); len(limits) == 2 {
			n, _ := f.int(limits[1])
			last = max(last, n)
		} else if depth < maxDepth {
			last = max(last, f.lastKey(d, depth+1))
		}
	}
	return last
}
