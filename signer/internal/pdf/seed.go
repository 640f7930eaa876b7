package pdf

import "slices"

// seedValue refuses a field that demands what we do not make (ISO 32000-2 tables 237 to 239). What a field merely
// proposes, without its flag in /Ff, binds nobody.
func (p *preparer) seedValue(fd *field) *RefusalError {
	f, sv := p.f, p.f.dict(fd.d["SV"])
	flags := func(d dict) int64 { n, _ := f.int(d["Ff"]); return n }
	demands := func(bit int) bool { return flags(sv)>>(bit-1)&1 != 0 }
	lists := func(key name, is func(object) bool) bool { return slices.ContainsFunc(f.array(sv[key]), is) }
	isTrue := func(key name) bool { b, ok := f.resolve(sv[key]).(bool); return b || !ok && f.name(sv[key]) == "true" }
	parser, _ := f.int(sv["V"])
	certify, _ := f.int(f.dict(sv["MDP"])["P"])
	var reasons []string
	for _, o := range f.array(sv["Reasons"]) {
		reasons = append(reasons, f.text(o))
	}
	if len(reasons) == 0 || len(reasons) == 1 && reasons[0] == "." {
		reasons = []string{""} // none is to be given
	}
	for _, c := range []struct {
		entry  string
		broken bool
	}{
		{"Filter", demands(1) && f.name(sv["Filter"]) != "Adobe.PPKLite"},
		{"SubFilter", demands(2) && len(f.array(sv["SubFilter"])) > 0 && !lists("SubFilter", func(o object) bool { return f.name(o) == p.subFilter() })},
		{"V", demands(3) && parser > 3}, // 3 is PDF 2.0
		{"Reasons", demands(4) && !slices.Contains(reasons, p.o.Reason)},
		{"LegalAttestation", demands(5)},
		{"AddRevInfo", demands(6) && isTrue("AddRevInfo")},
		{"DigestMethod", demands(7) && !lists("DigestMethod", func(o object) bool { return f.text(o) == "SHA256" })},
		{"LockDocument", demands(8) && isTrue("LockDocument")},
		{"AppearanceFilter", demands(9)},
		{"MDP", certify > 0},
		{"Cert", flags(f.dict(sv["Cert"])) != 0},
		{"TimeStamp", flags(f.dict(sv["TimeStamp"]))&1 != 0 && !p.o.Stamped},
	} {
		if c.broken {
			return refuse(SeedValue, c.entry)
		}
	}
	return nil
}
