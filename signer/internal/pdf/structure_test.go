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
