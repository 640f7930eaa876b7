package pdf

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"
)

// Appearance is what a visible signature shows: opaque, in colours that need no output intent, with its font embedded,
// so that a PDF/A file stays one (ISO 19005-1 §6.2.3, §6.3.4, §6.4).
type Appearance struct {
	// Page counts from 1. It is ignored when the signature goes into an existing field.
	Page int
	// Rect is left, bottom, right, top in points of 1/72 inch on the page as it is shown, turned by /Rotate and
	// enlarged by /UserUnit, from the lower left corner of its crop box. It is ignored when the signature goes into an
	// existing field.
	Rect [4]float64
	// Lines are the text, one a line, in Font.
	Lines []string
	// Font is a TrueType font. Only the glyphs that Lines need are embedded.
	Font []byte
	// Size of the text in points; 0 chooses the largest that fits, at most 12.
	Size float64
	// Picture stands left of the text; nil for none.
	Picture *Picture
	// Border draws a thin frame.
	Border bool
}

// Picture is an opaque picture, three bytes a pixel, red, green, blue, from the top left corner by rows.
type Picture struct {
	Width, Height int
	RGB           []byte
}

const (
	inset       = 3.0 // points between frame and content
	leading     = 1.2
	maxTextSize = 12.0
)

// appearance writes the form XObject; an empty one for an invisible signature, since PDF/A-1 wants each field
// to have one.
func (p *preparer) appearance(rect [4]float64) (ref, error) {
	id := p.b.alloc()
	form := dict{"Type": name("XObject"), "Subtype": name("Form"), "Resources": dict{}}
	a := p.o.Appearance
	if a == nil {
		form["BBox"] = array{int64(0), int64(0), int64(0), int64(0)}
		p.b.putStream(id, form, nil)
		return id, nil
	}
	g := p.f.geometry(p.pageDict, p.inherited)
	// The viewer fits the box, drawn in points, into the rectangle (ISO 32000-1 §12.5.5).
	w, h := (rect[2]-rect[0])*g.unit, (rect[3]-rect[1])*g.unit
	if !(w > 2*inset && h > 2*inset) || w > 14400 || h > 14400 { // the negation also catches NaN
		return ref{}, refuse(BadAppearance, "rectangle")
	}
	switch g.rotation {
	case 90:
		w, h = h, w
		form["Matrix"] = array{int64(0), int64(1), int64(-1), int64(0), int64(0), int64(0)}
	case 180:
		form["Matrix"] = array{int64(-1), int64(0), int64(0), int64(-1), int64(0), int64(0)}
	case 270:
		w, h = h, w
		form["Matrix"] = array{int64(0), int64(-1), int64(1), int64(0), int64(0), int64(0)}
	}
	form["BBox"] = array{int64(0), int64(0), w, h}
	content, res, err := p.draw(w, h)
	if err != nil {
		return ref{}, err
	}
	form["Resources"] = res
	form["Filter"] = name("FlateDecode")
	p.b.putStream(id, form, deflate(content))
	return id, nil
}

// draw writes the content stream: frame, picture, text.
func (p *preparer) draw(w, h float64) ([]byte, dict, error) {
	a := p.o.Appearance
	var c bytes.Buffer
	res := dict{"ColorSpace": dict{"CS0": array{name("CalGray"), dict{"WhitePoint": whitePoint()}}}}
	if a.Border {
		fmt.Fprintf(&c, "q /CS0 CS 0 SC 0.5 w 0.25 0.25 %.2f %.2f re S Q\n", w-0.5, h-0.5)
	}
	left := inset
	if a.Picture != nil {
		id, err := p.picture(a.Picture)
		if err != nil {
			return nil, nil, err
		}
		room := w - 2*inset
		if len(a.Lines) > 0 {
			room /= 3
		}
		scale := min(room/float64(a.Picture.Width), (h-2*inset)/float64(a.Picture.Height))
		pw, ph := scale*float64(a.Picture.Width), scale*float64(a.Picture.Height)
		fmt.Fprintf(&c, "q %.3f 0 0 %.3f %.3f %.3f cm /Im0 Do Q\n", pw, ph, left, (h-ph)/2)
		res["XObject"] = dict{"Im0": id}
		left += pw + inset
	}
	if len(a.Lines) > 0 {
		f, err := parseFont(a.Font)
		if err != nil {
			return nil, nil, err
		}
		if err := drawText(&c, f, a, left, w-inset, h); err != nil {
			return nil, nil, err
		}
		res["Font"] = dict{"F0": f.put(p.b)}
	}
	return c.Bytes(), res, nil
}

func drawText(c *bytes.Buffer, f *font, a *Appearance, left, right, h float64) error {
	lines := make([][]uint16, len(a.Lines))
	widest := 0.0
	for i, s := range a.Lines {
		if !utf8.ValidString(s) {
			return refuse(BadAppearance, "text")
		}
		g, width, err := f.encode(s)
		if err != nil {
			return err
		}
		lines[i], widest = g, math.Max(widest, width/1000)
	}
	size := a.Size
	if size <= 0 {
		size = min(maxTextSize, (h-2*inset)/(leading*float64(len(lines))))
		if widest > 0 {
			size = min(size, (right-left)/widest)
		}
	}
	if size < 1 {
		return refuse(BadAppearance, "text does not fit")
	}
	top := (h+leading*size*float64(len(lines)))/2 - size
	fmt.Fprintf(c, "q BT /CS0 cs 0 sc /F0 %.2f Tf %.3f TL %.3f %.3f Td\n", size, leading*size, left, top+0.1*size)
	for i, l := range lines {
		if i > 0 {
			c.WriteString("T*\n")
		}
		c.WriteByte('<')
		for _, g := range l {
			fmt.Fprintf(c, "%04X", g)
		}
		c.WriteString("> Tj\n")
	}
	c.WriteString("ET Q\n")
	return nil
}

func (p *preparer) picture(pic *Picture) (ref, error) {
	if pic.Width < 1 || pic.Height < 1 || pic.Width > 1<<14 || pic.Height > 1<<14 || len(pic.RGB) != 3*pic.Width*pic.Height {
		return ref{}, refuse(BadPicture, "")
	}
	id := p.b.alloc()
	p.b.putStream(id, dict{
		"Type": name("XObject"), "Subtype": name("Image"), "Width": int64(pic.Width), "Height": int64(pic.Height),
		"ColorSpace": sRGB(), "BitsPerComponent": int64(8), "Filter": name("FlateDecode"),
	}, deflate(pic.RGB))
	return id, nil
}

// whitePoint is CIE standard illuminant D65.
func whitePoint() array { return array{real("0.9505"), int64(1), real("1.089")} }

// sRGB is the colour space of pictures, in the calibrated form that needs no profile (ISO 32000-1 §8.6.5.3). A device
// colour space would need an output intent of its kind in PDF/A, and the file may have another or none.
func sRGB() array {
	return array{name("CalRGB"), dict{
		"WhitePoint": whitePoint(),
		"Gamma":      array{real("2.2"), real("2.2"), real("2.2")},
		"Matrix": array{
			real("0.4124"), real("0.2126"), real("0.0193"), real("0.3576"), real("0.7152"), real("0.1192"),
			real("0.1805"), real("0.0722"), real("0.9505"),
		},
	}}
}
