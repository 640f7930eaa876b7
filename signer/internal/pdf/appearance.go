package pdf

// Appearance is what a visible signature shows.
type Appearance struct {
	// Page counts from 1.
	Page int
	// Rect is left, bottom, right, top in points on the page as it is shown, turned by /Rotate, from the lower
	// left corner of its crop box.
	Rect [4]float64
	// Lines are the text, one a line, in Font.
	Lines []string
	// Font is a TrueType font; the glyphs used are embedded.
	Font []byte
	// Size of the text in points; 0 chooses the largest that fits, at most 12.
	Size float64
}

func (p *preparer) pageRect(r [4]float64) [4]float64 { return r }

func (p *preparer) appearance(rect [4]float64) (ref, error) {
	id := p.b.alloc()
	p.b.putStream(id, dict{
		"Type": name("XObject"), "Subtype": name("Form"), "Resources": dict{},
		"BBox": array{int64(0), int64(0), rect[2] - rect[0], rect[3] - rect[1]},
	}, nil)
	return id, nil
}
