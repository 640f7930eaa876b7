package preview

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"
)

const (
	// maxDecoded is how many pixels a picture may have to be decoded: a page at 600 dots an inch has 35 million.
	maxDecoded = 40 << 20
	// maxPictureFile is how large its file may be.
	maxPictureFile = 64 << 20
	// shownSide is the longest side that is kept.
	shownSide = 2000
)

// PictureError means that a picture is damaged or of a kind that is not shown.
type PictureError struct{ Err error }

func (e *PictureError) Error() string { return "picture cannot be shown: " + e.Err.Error() }

// Unwrap returns what the decoder says.
func (e *PictureError) Unwrap() error { return e.Err }

// format is a kind of picture. Each decoder is called by name, since package image would hand it a reader that cannot
// seek, for which the one for TIFF takes as much memory as the file says that it is long.
type format struct {
	marks  []string
	size   func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var formats = []format{
	{[]string{"\x89PNG\r\n\x1a\n"}, png.DecodeConfig, png.Decode},
	{[]string{"\xff\xd8\xff"}, jpeg.DecodeConfig, jpeg.Decode},
	{[]string{"GIF87a", "GIF89a"}, gif.DecodeConfig, gif.Decode},
	{[]string{"II*\x00", "MM\x00*"}, tiff.DecodeConfig, tiff.Decode},
}

// formatOf tells the format by the first bytes; nil when it is no picture that is shown.
func formatOf(head []byte) *format {
	for i := range formats {
		if hasAnyPrefix(head, formats[i].marks...) {
			return &formats[i]
		}
	}
	return nil
}

// picture decodes the picture, after looking at how large it says it is.
func (d *Document) picture(v *View, f *format) (err error) {
	defer func() {
		if r := recover(); r != nil { // no decoder should; one that does must not end the program
			err = &PictureError{fmt.Errorf("decoder: %v", r)}
		}
	}()
	if d.Size > maxPictureFile {
		return ErrTooLarge
	}
	c, err := f.size(io.NewSectionReader(d, 0, d.Size))
	if err != nil {
		return &PictureError{err}
	}
	if c.Width <= 0 || c.Height <= 0 || c.Width > maxDecoded/c.Height {
		return ErrTooLarge
	}
	img, err := f.decode(io.NewSectionReader(d, 0, d.Size))
	if err != nil {
		return &PictureError{err}
	}
	v.Form, v.Picture, v.Width, v.Height = Picture, shrink(img), c.Width, c.Height
	v.Cut = morePages(io.NewSectionReader(d, 0, d.Size))
	return nil
}

// morePages reports whether a TIFF has a page after the first, which alone is shown (TIFF 6.0, section 2: each directory
// ends with the place of the next).
func morePages(r io.ReaderAt) bool {
	head := make([]byte, 8)
	if _, err := r.ReadAt(head, 0); err != nil {
		return false
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(head[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return false
	}
	first := int64(order.Uint32(head[4:]))
	if _, err := r.ReadAt(head[:2], first); err != nil {
		return false
	}
	_, err := r.ReadAt(head[:4], first+2+12*int64(order.Uint16(head)))
	return err == nil && order.Uint32(head) != 0
}

// shrink makes a picture as large as it is needed, so that no more is kept.
func shrink(img image.Image) image.Image {
	b := img.Bounds()
	side := max(b.Dx(), b.Dy())
	if side <= shownSide {
		return img
	}
	w, h := max(1, b.Dx()*shownSide/side), max(1, b.Dy()*shownSide/side)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	return out
}
