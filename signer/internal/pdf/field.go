package pdf

// field is a terminal form field.
type field struct {
	full  string // full name, parts joined by dots (ISO 32000-1 §12.7.3.2)
	kind  name   // Sig, Tx, Btn, Ch
	value object // as written, perhaps a reference
	id    ref    // zero when the field is direct
	d     dict
}

// fields lists the terminal fields of the form, in order.
func (f *file) fields() []field {
	root := f.dict(f.trailer["Root"])
	form := f.dict(root["AcroForm"])
	var out []field
	seen := map[ref]bool{}
	var walk func(o object, prefix string, kind name, value object, depth int)
	walk = func(o object, prefix string, kind name, value object, depth int) {
		id, isRef := o.(ref)
		if isRef {
			if seen[id] {
				return
			}
			seen[id] = true
		}
		d, ok := f.resolve(o).(dict)
		if !ok || depth > maxDepth || len(out) >= maxFields {
			return
		}
		full := prefix
		if t, ok := f.resolve(d["T"]).(str); ok {
			if full != "" {
				full += "."
			}
			full += decodeText(t.b)
		}
		if k := f.name(d["FT"]); k != "" {
			kind = k
		}
		if v, ok := d["V"]; ok {
			value = v
		}
		named := false
		kids := f.array(d["Kids"])
		for _, k := range kids {
			if kd := f.dict(k); kd["T"] != nil || kd["Kids"] != nil {
				named = true
			}
		}
		if named {
			for _, k := range kids {
				walk(k, full, kind, value, depth+1)
			}
			return
		}
		out = append(out, field{full, kind, value, id, d})
	}
	for _, o := range f.array(form["Fields"]) {
		walk(o, "", "", nil, 0)
	}
	return out
}
