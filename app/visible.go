package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of visible signatures
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/image/draw"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// VisibleMark is what a visible PDF signature shows, and where.
type VisibleMark struct {
	// Field names an empty signature field to sign in; page and place are then those of the field. Only for a single
	// file.
	Field string `json:"field,omitempty"`
	Page  int    `json:"page"` // from 1
	// Rect is left, bottom, right, top in points on the page as it is shown, from its lower left corner. Without an
	// area nothing is shown, which is for fields that cannot be seen.
	Rect [4]float64 `json:"rect"`
	// Lines are the text. "{name}" stands for the signer and "{when}" for the moment of signing.
	Lines []string `json:"lines,omitempty"`
	// Picture is a PNG or JPEG left of the text; empty for none.
	Picture []byte `json:"picture,omitempty"`
	Border  bool   `json:"border,omitempty"`
}

// shown reports whether there is something to be seen.
func (m *VisibleMark) shown() bool {
	return m != nil && (m.Field == "" || m.Rect[2] > m.Rect[0] && m.Rect[3] > m.Rect[1])
}

// VisibleError means that the picture of a visible signature cannot be read.
type VisibleError struct{ Err error }

func (e *VisibleError) Error() string { return "picture of the visible signature: " + e.Err.Error() }

// Unwrap returns what the reader of pictures said.
func (e *VisibleError) Unwrap() error { return e.Err }

const (
	visibleFont      = "fonts/TitilliumWeb-Regular.ttf"
	maxPictureBytes  = 8 << 20 // bytes
	maxPicturePixels = 16 << 20
)

// appearance is s for a signer of that name at that time; nil for nil.
func (e *Engine) appearance(s *VisibleMark, name string, now time.Time) (*signer.Appearance, error) {
	if s == nil {
		return nil, nil
	}
	a := &signer.Appearance{Page: s.Page, Rect: s.Rect, Border: s.Border}
	fill := strings.NewReplacer("{name}", name, "{when}", now.In(lang.Rome()).Format("02/01/2006 15:04"))
	for _, l := range s.Lines {
		a.Lines = append(a.Lines, fill.Replace(l))
	}
	if e.Practice() { // whoever sees the page sees that the signature is worth nothing
		a.Lines = append([]string{"TEST"}, a.Lines...)
	}
	if len(a.Lines) > 0 {
		if e.cfg.Assets == nil {
			return nil, &VisibleError{fs.ErrNotExist}
		}
		font, err := fs.ReadFile(e.cfg.Assets, visibleFont)
		if err != nil {
			return nil, fmt.Errorf("font of the visible signature: %w", err)
		}
		a.Font = font
	}
	if len(s.Picture) == 0 {
		return a, nil
	}
	var err error
	a.Picture, err = decodePicture(s.Picture)
	return a, err
}

// decodePicture reads a PNG or JPEG within bounds; it fails with a [*VisibleError].
func decodePicture(b []byte) (image.Image, error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err == nil && (len(b) > maxPictureBytes || size.Width <= 0 || size.Height <= 0 || size.Width > maxPicturePixels/size.Height) {
		err = image.ErrFormat
	}
	var img image.Image
	if err == nil {
		img, _, err = image.Decode(bytes.NewReader(b))
	}
	if err != nil {
		return nil, &VisibleError{err}
	}
	return img, nil
}

// markDots is how many pixels an inch of a picture are kept: more is not seen in print.
const markDots = 300

// fitted is m with a picture no larger than the mark can show it, made once for a job. A photograph by a phone would add
// 20 MB to each file. What cannot be read stays as it is, and is told when it is used.
func (m *VisibleMark) fitted() *VisibleMark {
	if m == nil || len(m.Picture) == 0 || !m.shown() {
		return m
	}
	img, err := decodePicture(m.Picture)
	if err != nil {
		return m
	}
	b := img.Bounds()
	scale := min((m.Rect[2]-m.Rect[0])*markDots/72/float64(b.Dx()), (m.Rect[3]-m.Rect[1])*markDots/72/float64(b.Dy()))
	if !(scale > 0 && scale < 1) { // false for what is no number, too
		return m
	}
	small := image.NewNRGBA(image.Rect(0, 0, max(1, int(scale*float64(b.Dx()))), max(1, int(scale*float64(b.Dy())))))
	draw.CatmullRom.Scale(small, small.Bounds(), img, b, draw.Src, nil)
	var out bytes.Buffer
	if png.Encode(&out, small) != nil {
		return m
	}
	next := *m
	next.Picture = out.Bytes()
	return &next
}

// MarkPicture is the picture that the person chose for visible signatures.
type MarkPicture struct {
	Bytes  []byte      // PNG or JPEG, for [VisibleMark]; empty for none
	Image  image.Image // the same, decoded
	Advice *Advice     // why the one chosen last cannot be used
}

func (e *Engine) markPictureFile() string { return filepath.Join(e.cfg.Dir, "mark-picture") }

// MarkPicture is the picture kept for visible signatures; nil for none.
func (e *Engine) MarkPicture() ([]byte, image.Image, error) {
	if e.cfg.Dir == "" {
		return nil, nil, nil
	}
	b, img, err := readPicture(e.markPictureFile())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return b, img, err
}

// KeepMarkPicture keeps a copy of the PNG or JPEG at path for visible signatures, so that it may be moved; an empty path
// forgets it.
func (e *Engine) KeepMarkPicture(path string) error {
	if path == "" {
		return removeTemp(e.markPictureFile())
	}
	b, _, err := readPicture(path)
	if err != nil {
		return err
	}
	return replaceFile(e.markPictureFile(), b)
}

func readPicture(path string) ([]byte, image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPictureBytes+1))
	if err != nil {
		return nil, nil, err
	}
	img, err := decodePicture(b)
	return b, img, err
}

// ChooseMarkPicture takes the picture at path for visible signatures and keeps it; an empty path forgets it.
func (s *Store) ChooseMarkPicture(path string) {
	s.post(func(st State) State {
		engine, key := s.engine, "errand.read"
		if path == "" {
			key = "errand.other"
		}
		s.run(key, path, func(ctx context.Context) (change, error) {
			err := engine.KeepMarkPicture(path)
			return engine.markPicture(err), cmp.Or(err, ctx.Err())
		})
		return st
	})
}

// readMarkPicture takes the picture into the State.
func (s *Store) readMarkPicture() {
	engine := s.engine
	s.spawn(func() { s.post(engine.markPicture(nil)) })
}

// markPicture shows the picture that is kept, and why the change to it failed.
func (e *Engine) markPicture(failed error) change {
	next := &MarkPicture{}
	var err error
	next.Bytes, next.Image, err = e.MarkPicture()
	next.Advice = Explain(errors.Join(failed, err))
	return func(st State) State {
		st.MarkPicture = next
		return st
	}
}
