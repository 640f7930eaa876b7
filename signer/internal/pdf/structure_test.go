package pdf

import (
	"strings"
	"testing"
)

// tagged is formed() with a structure tree: a paragraph and a field. Its field "Blocca" leaves to later revisions what
// the permissions p say; 0 means nothing about it.
func tagged(p string) objects {
	o := formed()
	o[1] = "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R/StructTreeRoot 20 0 R/MarkInfo<</Marked true>>>>"
	o[9] = strings.Replace(o[9], "/Action/Include/Fields[(Importo)]", "/Action/Include/Fields[(Blocca)]"+p, 1)
	return o.with(objects{
		20: "<</Type/StructTreeRoot/K[21 0 R]/ParentTree 24 0 R/ParentTreeNextKey 1/RoleMap<</Testo/P>>>>",
		21: "<</Type/StructElem/S/Document/P 20 0 R/K[22 0 R 23 0 R]>>",
		22: "<</Type/StructElem/S/Testo/P 21 0 R/Pg 3 0 R/K 0/Alt(Ciao)>>",
		23: "<</Type/StructElem/S/Form/P 21 0 R/K[<</Type/OBJR/Obj 7 0 R/Pg 3 0 R>>]>>",
		24: "<</Nums[0[22 0 R]]>>",
	})
}

// A visible signature has its place in the structure of a tagged document, and nothing else of the structure changes. In
// one that is signed already the structure stays.
func TestSignatureIsTagged(t *testing.T) {
	visible := func() Options {
		return Options{Appearance: &Appearance{Page: 1, Rect: [4]float64{10, 10, 200, 60}, Lines: []string{"ADA", "LOVE"}, Font: testFont()}}
	}
	for name, c := range map[string]struct {
		change objects
		parent int // the element that gets the new one
		key    int64
	}{
		"under the document":          {nil, 21, 1},
		"under the root":              {objects{20: "<</Type/StructTreeRoot/K[22 0 R 23 0 R]/ParentTree 24 0 R>>"}, 20, 1},
		"under the only element":      {objects{20: "<</Type/StructTreeRoot/K 22 0 R/ParentTree 24 0 R/ParentTreeNextKey 7>>"}, 20, 7},
		"wrong next key":              {objects{24: "<</Nums[0[22 0 R]9 23 0 R]>>"}, 21, 10},
		"tree with branches":          {objects{24: "<</Kids[25 0 R 26 0 R]>>", 25: "<</Limits[0 3]/Nums[0[22 0 R]3 23 0 R]>>", 26: "<</Limits[4 8]/Nums[8 23 0 R]>>"}, 21, 9},
		"branches without limits":     {objects{24: "<</Kids[25 0 R]>>", 25: "<</Nums[0[22 0 R]5 23 0 R]>>"}, 21, 6},
		"tree in the root, no parent": {objects{20: "<</Type/StructTreeRoot/K 21 0 R>>"}, 21, 0},
		"direct tree":                 {objects{20: "<</Type/StructTreeRoot/K 21 0 R/ParentTree<</Nums[0[22 0 R]]>>>>"}, 21, 1},
	} {
		t.Run(name, func(t *testing.T) {
			in := tagged("").with(c.change).table(head)
			out := signed(t, in, visible())
			f := mustOpen(t, out)
			fields := f.fields()
			w := fields[len(fields)-1]
			key, ok := f.int(w.d["StructParent"])
			if !ok || key != c.key || f.text(w.d["TU"]) != "ADA, LOVE" || f.text(w.d["Contents"]) != "ADA, LOVE" {
				t.Fatalf("widget %v", w.d)
			}
			elem := numberIn(f, f.dict(f.dict(f.dict(f.trailer["Root"])["StructTreeRoot"])["ParentTree"]), key)
			e := f.dict(elem)
			if f.name(e["S"]) != "Form" || refNum(f.dict(e["K"])["Obj"]) != w.id.num || refNum(e["P"]) != c.parent || refNum(e["Pg"]) != 3 {
				t.Errorf("element %v of %v", e, w.id)
			}
			kids := f.kidsOf(f.dict(e["P"])["K"])
			was := mustOpen(t, in)
			before := was.kidsOf(was.dict(e["P"])["K"])
			if len(kids) != len(before)+1 || !same(array(kids[:len(before)]), array(before)) || refNum(kids[len(before)]) != refNum(elem) {
				t.Errorf("kids %v, before %v", kids, before)
			}
			if f.name(f.load(3).obj.(dict)["Tabs"]) != "S" {
				t.Error("page is not read in the order of its structure")
			}
			twice := signed(t, out, visible())
			s := mustScan(t, twice)
			if s.Flagged() || len(s.Signatures) != 2 {
				t.Errorf("signed again: %s", reasons(s))
			}
			for _, c := range s.Signatures[0].Changes {
				if c.Class == StructureTree {
					t.Errorf("the structure of a signed document has changed: %+v", c)
				}
			}
		})
	}
	for name, in := range map[string][]byte{"invisible": tagged("").table(head), "not tagged": formed().table(head)} {
		o := Options{}
		if name == "not tagged" {
			o = visible()
		}
		f := mustOpen(t, signed(t, in, o))
		fields := f.fields()
		if w := fields[len(fields)-1]; w.d["StructParent"] != nil || (f.load(3).obj.(dict)["Tabs"] != nil) != (name == "invisible") {
			t.Errorf("%s: %v, %v", name, w.d, f.load(3).obj)
		}
	}
}

// numberIn looks a key up in a number tree.
func numberIn(f *file, node dict, key int64) object {
	nums := f.array(node["Nums"])
	for i := 0; i+1 < len(nums); i += 2 {
		if n, _ := f.int(nums[i]); n == key {
			return nums[i+1]
		}
	}
	for _, k := range f.array(node["Kids"]) {
		if o := numberIn(f, f.dict(k), key); o != nil {
			return o
		}
	}
	return nil
}

// What screen readers read out stays as it was signed; elements come and go with their annotations alone.
func TestStructure(t *testing.T) {
	const (
		note  = "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(?)>>"
		notes = "[7 0 R 8 0 R 9 0 R 40 0 R]"
	)
	note1 := objects{
		10: notes, 40: note,
		21: "<</Type/StructElem/S/Document/P 20 0 R/K[22 0 R 41 0 R 23 0 R]>>",
		41: "<</Type/StructElem/S/Annot/P 21 0 R/K[42 0 R]>>",
		42: "<</Type/StructElem/S/Span/P 41 0 R/K<</Type/OBJR/Obj 40 0 R/Pg 3 0 R>>>>",
	}
	page := strings.Replace(formed()[3], "/Type/Page", "/Type/Page/StructParents 1", 1)
	for _, c := range []struct {
		name    string
		p       string
		change  objects
		flagged bool
	}{
		{"a note with its element", "", note1, false},
		{"a note with its element, where notes are allowed", "/P 3", note1.with(objects{3: page}), false},
		{"a note, where none are allowed", "/P 2", note1, true},
		{"a page entered into the structure, where notes are not spoken of", "", note1.with(objects{3: page}), true},
		{"the same tree in other objects", "", objects{24: "<</Nums[0[22 0 R]]/Limits[0 0]>>"}, false},
		{"an element that stands for nothing", "", objects{21: "<</Type/StructElem/S/Document/P 20 0 R/K[22 0 R 23 0 R 41 0 R]>>", 41: "<</Type/StructElem/S/Sect/P 21 0 R>>"}, false},
		{"another role beside", "", objects{20: strings.Replace(tagged("")[20], "/Testo/P", "/Testo/P/Nota/Note", 1)}, false},
		{"another reading of what stands there", "", objects{22: strings.Replace(tagged("")[22], "Ciao", "Addio", 1)}, true},
		{"another role of what stands there", "", objects{20: strings.Replace(tagged("")[20], "/Testo/P", "/Testo/Artifact", 1)}, true},
		{"other content under an element", "", objects{22: strings.Replace(tagged("")[22], "/K 0", "/K 1", 1)}, true},
		{"content of another page", "", objects{22: strings.Replace(tagged("")[22], "/Pg 3", "/Pg 2", 1)}, true},
		{"an element removed", "", objects{21: "<</Type/StructElem/S/Document/P 20 0 R/K[23 0 R]>>"}, true},
		{"an element of a field that stays removed", "", objects{21: "<</Type/StructElem/S/Document/P 20 0 R/K 22 0 R>>"}, true},
		{"an element for text of the page", "", objects{21: "<</Type/StructElem/S/Document/P 20 0 R/K[22 0 R 23 0 R 41 0 R]>>", 41: "<</Type/StructElem/S/P/P 21 0 R/Pg 3 0 R/K 7>>"}, true},
		{"an element that leads to itself", "", objects{21: "<</Type/StructElem/S/Document/P 20 0 R/K[22 0 R 23 0 R 41 0 R]>>", 41: "<</Type/StructElem/S/P/P 21 0 R/K[41 0 R]>>"}, true},
		{"one element in the place of another too", "", objects{21: "<</Type/StructElem/S/Document/P 20 0 R/K[22 0 R 22 0 R]>>"}, true},
		{"elements exchanged", "", objects{21: "<</Type/StructElem/S/Document/P 20 0 R/K[23 0 R 22 0 R]>>"}, true},
		{"the tree taken away", "", objects{20: "<</Type/StructTreeRoot>>"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := signed(t, tagged(c.p).table(head), Options{Field: "Blocca"})
			s := mustScan(t, revise(base, c.change, ""))
			if len(s.Signatures) != 1 || s.Flagged() != c.flagged {
				t.Errorf("flagged %v: %s; %+v", s.Flagged(), reasons(s), s.Signatures[0].Changes)
			}
		})
	}
}

// The lock of a signed field says what it leaves to those who come after (ISO 32000-2 table 236).
func TestLockPermissions(t *testing.T) {
	value := objects{7: strings.Replace(formed()[7], "100)", "900)", 1)}
	room := objects{
		6:  "<</Fields[7 0 R 8 0 R 9 0 R 40 0 R]/DA(/Helv 0 Tf 0 g)/DR<</Font<</Helv 5 0 R>>>>/SigFlags 3>>",
		10: "[7 0 R 8 0 R 9 0 R 40 0 R]",
		40: "<</Type/Annot/Subtype/Widget/FT/Sig/T(Altra)/Rect[0 0 0 0]/P 3 0 R/F 4>>",
	}
	for _, c := range []struct {
		name, p string
		change  objects
		flagged bool
	}{
		{"value, nothing said", "", value, false},
		{"value, form filling allowed", "/P 2", value, false},
		{"value, nothing allowed", "/P 1", value, true},
		{"room for a signature, nothing said", "", room, false},
		{"room for a signature, form filling allowed", "/P 2", room, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := signed(t, tagged(c.p).table(head), Options{Field: "Blocca"})
			if s := mustScan(t, revise(base, c.change, "")); s.Flagged() != c.flagged {
				t.Errorf("flagged %v: %s", s.Flagged(), reasons(s))
			}
		})
	}
	base := signed(t, tagged("/P 1").table(head), Options{Field: "Blocca"})
	if _, err := Prepare(t.Context(), strings.NewReader(string(base)), int64(len(base)), Options{Claimed: testTime}); refusal(err) != DocMDPForbids {
		t.Errorf("to sign after it: %v", err)
	}
}

// A certification may follow a document time-stamp, which signs nothing; after a signature it comes too late.
func TestCertificationLater(t *testing.T) {
	certify := objects{1: "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R/Perms<</DocMDP 40 0 R>>>>", 40: "<</Type/Sig>>"}
	stamped := signed(t, formed().table(head), Options{TimeStamp: true})
	for _, c := range mustScan(t, revise(stamped, certify, "")).Signatures[0].Changes {
		if !c.Allowed {
			t.Errorf("after a time-stamp: %+v", c)
		}
	}
	if s := mustScan(t, revise(signed(t, formed().table(head), Options{}), certify, "")); !strings.Contains(reasons(s), "catalog:Root/Perms") {
		t.Errorf("after a signature: %s", reasons(s))
	}
}

// The picture of a field over a value that its parent holds is another picture of the same value.
func TestInheritedValue(t *testing.T) {
	o := formed()
	o[6] = strings.Replace(o[6], "7 0 R", "30 0 R", 1)
	o[7] = "<</Type/Annot/Subtype/Widget/Parent 30 0 R/Rect[100 100 200 120]/P 3 0 R>>"
	o[30] = "<</FT/Tx/T(Importo)/V(100)/Kids[7 0 R]>>"
	base := signed(t, o.table(head), Options{})
	picture := objects{
		7:  strings.Replace(o[7], "/P 3 0 R", "/P 3 0 R/AP<</N 41 0 R>>", 1),
		41: "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 0>>stream\n\nendstream",
	}
	if s := mustScan(t, revise(base, picture, "")); !strings.Contains(reasons(s), AttackShadowReplace) {
		t.Errorf("same value: %s", reasons(s))
	}
	if s := mustScan(t, revise(base, picture.with(objects{30: strings.Replace(o[30], "100", "900", 1)}), "")); s.Flagged() {
		t.Errorf("new value: %s", reasons(s))
	}
}
