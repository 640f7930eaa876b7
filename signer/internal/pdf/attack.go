package pdf

const (
	citeShadow = "Mainka, Mladenov, Rohlmann: Shadow Attacks, NDSS 2021"
	citeCert   = "Rohlmann et al., Breaking the Specification: PDF Certification, IEEE S&P 2021"
)

// nameAttacks calls the forbidden changes by the name of the published attack they look like. The name is a
// help for the reader; the verdict rests on the changes.
func (f *file) nameAttacks(s *Signature, d *differ) {
	if f.repaired {
		if _, objects := f.tail(s.SignedEnd); objects {
			s.find(true, AttackIncrementalSaving, citeISA)
		}
	}
	for _, c := range d.changes {
		if c.Allowed {
			continue
		}
		switch {
		case c.Origin == "dormant" && (c.Class == PageContent || c.Class == PageTree || c.Class == Catalog):
			s.find(true, AttackShadowHideReplace, citeShadow)
		case (c.Class == PageContent || c.Class == OtherChange || c.Class == FormStructure) && c.How == "removed", d.isImageOrForm(c.Object) && c.Class == PageContent:
			s.find(true, AttackShadowHide, citeShadow)
		case d.isFont(c.Object), c.Class == Overlay, c.Class == FormStructure:
			s.find(true, AttackShadowReplace, citeShadow)
		case c.Class == Annotation && s.DocMDP > 0:
			s.find(true, AttackEvilAnnotation, citeCert)
		case c.Class == SignatureAdded && s.DocMDP > 0:
			s.find(true, AttackSneakySignature, citeCert)
		case c.Class == PageContent || c.Class == PageTree || c.Class == Catalog:
			s.find(true, AttackIncrementalSaving, citeISA)
		}
	}
}

func (d *differ) isFont(num int) bool {
	for _, f := range []*file{d.old, d.new} {
		if t := f.dict(ref{num: num})["Type"]; t == name("Font") || t == name("FontDescriptor") {
			return true
		}
	}
	return false
}

func (d *differ) isImageOrForm(num int) bool {
	for _, f := range []*file{d.old, d.new} {
		if t := f.name(f.dict(ref{num: num})["Subtype"]); t == "Image" || t == "Form" {
			return true
		}
	}
	return false
}
