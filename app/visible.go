package app

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of visible signatures
	_ "image/png"
	"io/fs"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// VisibleMark is what a visible PDF signature shows, and where.
type VisibleMark struct {
	// Field names an empty signature field to sign in; the place is then that of the field. Only for a single file.
	Field string `json:"field,omitempty"`
	Page  int    `json:"page"` // from 1
	// Rect is left, bottom, right, top in points on the page as it is shown, from its lower left corner.
	Rect [4]float64 `json:"rect"`
	// Lines are the text. "{name}" stands for the signer and "{when}" for the moment of signing.
	Lines []string `json:"lines,omitempty"`
	// Picture is a PNG or JPEG left of the text; empty for none.
	Picture []byte `json:"picture,omitempty"`
	Border  bool   `json:"border,omitempty"`
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
	size, _, err := image.DecodeConfig(bytes.NewReader(s.Picture))
	if err == nil && (len(s.Picture) > maxPictureBytes || size.Width <= 0 || size.Height <= 0 || size.Width > maxPicturePixels/size.Height) {
		err = image.ErrFormat
	}
	if err == nil {
		a.Picture, _, err = image.Decode(bytes.NewReader(s.Picture))
	}
	if err != nil {
		return nil, &VisibleError{err}
	}
	return a, nil
}
