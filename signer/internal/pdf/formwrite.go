package pdf

// choosePage finds the page that carries the widget: the one of the existing field or of the appearance, else
// the first.
func (p *preparer) choosePage(target *field) error {
	want := 0
	if a := p.o.Appearance; a != nil && target == nil {
		if want = a.Page - 1; want < 0 {
			return refuse(NoSuchPage, "")
		}
	}
	found := false
	p.f.pages(func(i int, id object, d, inherited dict) bool {
		r, ok := id.(ref)
		if !ok || target == nil && i != want || target != nil && !p.f.carries(r, d, p.f.widget(target)) {
			return true
		}
		p.page, p.pageDict, p.inherited, found = ref{r.num, p.f.gen(r.num)}, d, inherited, true
		return false
	})
	if !found && (target == nil || p.o.Appearance != nil) { // a field that no page carries can be signed, but not seen
		return refuse(NoSuchPage, "")
	}
	return nil
}

// widget is the dictionary that is drawn: the field itself or its only kid.
func (f *file) widget(fd *field) field {
	if kids := f.array(fd.d["Kids"]); len(kids) > 0 {
		id, _ := kids[0].(ref)
		if d, ok := f.resolve(kids[0]).(dict); ok {
			return field{full: fd.full, kind: "Sig", id: id, d: d}
		}
	}
	return *fd
}

// fillField signs in a field that is there. Its /Lock becomes a FieldMDP transform, as table 233 of
// ISO 32000-1 demands.
func (p *preparer) fillField(fd *field, sig dict) error {
	w := p.f.widget(fd)
	if fd.id.num == 0 || w.id.num == 0 {
		return refuse(DamagedFile, "field is not an indirect object")
	}
	if lock := p.f.dict(fd.d["Lock"]); lock != nil && !p.o.TimeStamp {
		params := dict{"Type": name("TransformParams"), "V": name("1.2"), "Action": p.f.name(lock["Action"])}
		if fields := p.f.array(lock["Fields"]); fields != nil {
			params["Fields"] = fields
		}
		if perm, ok := p.f.int(lock["P"]); ok { // ISO 32000-2 table 236
			params["P"] = perm
		}
		sig["Reference"] = array{dict{
			"Type": name("SigRef"), "TransformMethod": name("FieldMDP"), "TransformParams": params, "Data": p.catalog,
		}}
	}
	d := clone(fd.d)
	d["V"] = p.sig
	if w.id != fd.id {
		if p.o.Appearance != nil {
			wd := clone(w.d)
			ap, err := p.appearance(rectOf(p.f, wd["Rect"]))
			if err != nil {
				return err
			}
			wd["AP"] = dict{"N": ap}
			p.b.put(ref{w.id.num, p.f.gen(w.id.num)}, wd)
		}
	} else if p.o.Appearance != nil {
		ap, err := p.appearance(rectOf(p.f, d["Rect"]))
		if err != nil {
			return err
		}
		d["AP"] = dict{"N": ap}
	}
	p.b.put(ref{fd.id.num, p.f.gen(fd.id.num)}, d)
	p.form(ref{})
	return nil
}

// newField adds a field merged with its widget to form and page.
func (p *preparer) newField() error {
	id := p.b.alloc()
	rect := [4]float64{}
	if a := p.o.Appearance; a != nil {
		rect = p.f.geometry(p.pageDict, p.inherited).user(a.Rect)
	}
	ap, err := p.appearance(rect)
	if err != nil {
		return err
	}
	d := dict{
		"Type": name("Annot"), "Subtype": name("Widget"), "FT": name("Sig"), "T": str{b: encodeText(p.name)},
		// Print and Locked; Hidden and NoView would break PDF/A.
		"F": int64(4 | 128), "Rect": array{rect[0], rect[1], rect[2], rect[3]}, "P": p.page, "V": p.sig,
		"AP": dict{"N": ap},
	}
	if p.o.Appearance != nil {
		d["TU"] = str{b: encodeText(p.spoken())}
		p.tag(id, d)
	}
	p.b.put(id, d)
	p.annots(id)
	p.form(id)
	return nil
}

// annots adds the widget to the page, wherever its /Annots is kept. A list that another page has too stays as it is: the
// signature would be seen on both.
func (p *preparer) annots(id ref) {
	list := append(append(array{}, p.f.array(p.pageDict["Annots"])...), id)
	d := clone(p.pageDict)
	if r, ok := d["Annots"].(ref); ok && p.f.resolve(r) != nil && !p.f.manyPages(r) {
		p.b.put(ref{r.num, p.f.gen(r.num)}, list)
	} else {
		d["Annots"] = list
	}
	if d["Tabs"] == nil && p.tags {
		d["Tabs"] = name("S") // in the order of the structure (ISO 14289-1 §7.18.3)
	}
	if !same(d, p.pageDict) {
		p.b.put(p.page, d)
	}
}

// manyPages reports whether several pages have that list of annotations.
func (f *file) manyPages(list ref) bool {
	n := 0
	f.pages(func(_ int, _ object, d, _ dict) bool {
		if refNum(d["Annots"]) == list.num {
			n++
		}
		return n < 2
	})
	return n > 1
}

// form adds the field, if there is a new one, and sets SigFlags, wherever /AcroForm is kept. Everything else of
// the form stays.
func (p *preparer) form(id ref) {
	root := p.f.dict(p.f.trailer["Root"])
	form := clone(p.f.dict(root["AcroForm"]))
	flags, _ := p.f.int(form["SigFlags"])
	if id.num == 0 && flags&3 == 3 {
		return
	}
	form["SigFlags"] = flags | 3
	if id.num > 0 {
		list := append(append(array{}, p.f.array(form["Fields"])...), id)
		if r, ok := form["Fields"].(ref); ok && p.f.resolve(r) != nil {
			p.b.put(ref{r.num, p.f.gen(r.num)}, list)
		} else {
			form["Fields"] = list
		}
	}
	if r, ok := root["AcroForm"].(ref); ok && p.f.resolve(r) != nil {
		p.b.put(ref{r.num, p.f.gen(r.num)}, form)
		return
	}
	c := clone(root)
	c["AcroForm"] = form
	p.b.put(p.catalog, c)
}

func rectOf(f *file, o object) [4]float64 {
	var r [4]float64
	for i, v := range f.array(o) {
		if i < 4 {
			r[i], _ = number(f.resolve(v))
		}
	}
	return [4]float64{min(r[0], r[2]), min(r[1], r[3]), max(r[0], r[2]), max(r[1], r[3])}
}
