package ui

import (
	"image"
	"image/color"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// kit is what every component is made of: words, colours, measures and drawings. It belongs to one language,
// one palette and one scale; when one of them changes the window is built anew with another kit.
type kit struct {
	*lang.Catalog
	p      *palette
	scale  float32
	device float32 // pixels of the screen for one of Fyne's
	files  fs.FS
	theme  *look
	images map[string]fyne.Resource
	show   bool // the codice fiscale is shown in full

	// keys is told of the keys that a focused control has no use for.
	reveal func(o fyne.CanvasObject, top, height float32)
	keys   func(*fyne.KeyEvent)
	runes  func(rune)
	focus  func(fyne.Focusable)
	hints  hints // nil for none
	byTab  bool  // the keyboard came where it is by Tab
}

// newKit reads what set asks for. variant is the system's own light.
func newKit(files fs.FS, set app.Settings, variant fyne.ThemeVariant, device float32) (*kit, error) {
	tag := set.Language
	if tag == "" {
		tag = lang.System()
	}
	c, err := lang.Load(files, tag)
	if err != nil {
		if c, err = lang.Load(files, lang.Languages[0]); err != nil {
			return nil, err
		}
	}
	scale := float32(set.Scale) / 100
	if scale < 1 {
		scale = 1
	}
	if scale > 2 {
		scale = 2
	}
	k := &kit{Catalog: c, p: paletteFor(set.Theme, variant), scale: scale, device: device, files: files, images: map[string]fyne.Resource{}, show: set.ShowFiscalCode}
	k.theme = &look{p: k.p, scale: scale}
	for name, to := range map[string]*fyne.Resource{
		"TitilliumWeb-Regular.ttf": &k.theme.regular, "TitilliumWeb-SemiBold.ttf": &k.theme.bold, "RobotoMono-Regular.ttf": &k.theme.mono,
	} {
		b, err := fs.ReadFile(files, path.Join("fonts", name))
		if err != nil {
			return nil, err
		}
		*to = fyne.NewStaticResource(name, b)
	}
	return k, nil
}

// px is a length of the design at the scale of the settings.
func (k *kit) px(v float32) float32 { return v * k.scale }

// face is a size and weight of the design's type.
type face struct {
	size float32
	bold bool
	mono bool
}

// The faces.
var (
	titleFace   = face{size: 28, bold: true}
	pinFace     = face{size: 24, bold: true}
	sectionFace = face{size: 20, bold: true}
	nameFace    = face{size: 19, bold: true}
	bodyFace    = face{size: 17}
	strongFace  = face{size: 17, bold: true}
	sealFace    = face{size: 18, bold: true} // the words of the button that seals
	boxFace     = face{size: 16}
	boxBold     = face{size: 16, bold: true}
	noteFace    = face{size: 15}
	noteBold    = face{size: 15, bold: true}
	monoFace    = face{size: 15, mono: true}
	markFace    = face{size: 11, bold: true}
)

// leading is the height of a line, as a multiple of the size.
func (f face) leading() float32 {
	if f.size >= 20 {
		return 1.25
	}
	return 1.4
}

// sink is how far a line is moved down so that both faces stand on one line: Roboto Mono stands higher in its box.
func (f face) sink() float32 {
	if f.mono {
		return f.size * 0.05
	}
	return f.size * -0.03
}

func (f face) style() fyne.TextStyle { return fyne.TextStyle{Bold: f.bold, Monospace: f.mono} }

// text is one line.
func (k *kit) text(f face, c color.Color, s string) *canvas.Text {
	t := canvas.NewText(s, c)
	t.TextSize, t.TextStyle = k.px(f.size), f.style()
	return t
}

// measure is the width of s in the face.
func (k *kit) measure(f face, s string) float32 {
	return fyne.MeasureText(s, k.px(f.size), f.style()).Width
}

// set changes a line in place.
func set(t *canvas.Text, s string, c color.Color) {
	if t.Text == s && t.Color == c {
		return
	}
	t.Text, t.Color = s, c
	t.Refresh()
}

// icon is a drawing of ours, size pixels wide and high, in one colour.
func (k *kit) icon(name string, size float32, c color.NRGBA) *canvas.Image {
	return k.picture(name, size, size, c)
}

// picture is a drawing with currentColor in c and the colours of the light palette turned into those in use.
func (k *kit) picture(name string, w, h float32, c color.NRGBA) *canvas.Image {
	img := canvas.NewImageFromImage(k.raster(name, w, h, c))
	img.FillMode = canvas.ImageFillContain
	img.SetMinSize(fyne.NewSize(k.px(w), k.px(h)))
	return img
}

// redraw gives img another drawing or colour.
func (k *kit) redraw(img *canvas.Image, name string, c color.NRGBA) {
	size := img.MinSize()
	if r := k.raster(name, size.Width/k.scale, size.Height/k.scale, c); img.Image != r {
		img.Image = r
		img.Refresh()
	}
}

// rasters are the drawings as they are painted, of all kits. They belong to the window's goroutine.
var rasters = map[string]image.Image{}

// raster is a drawing as pixels of the screen. Fyne's image of an SVG reads it anew whenever it is asked for its size or
// refreshed, which was two thirds of the time that a long list took; so each is read once, and shared.
func (k *kit) raster(name string, w, h float32, c color.NRGBA) image.Image {
	wide, high := int(w*k.scale*k.device+0.5), int(h*k.scale*k.device+0.5)
	id := name + k.p.name + hexOf(c) + strconv.Itoa(wide) + "x" + strconv.Itoa(high)
	if p, ok := rasters[id]; ok {
		return p
	}
	svg := canvas.NewImageFromResource(k.drawing(name, w, c))
	size := fyne.NewSize(float32(wide), float32(high))
	svg.Resize(size)
	if svg.Image == nil {
		return nil // a test asks for every name
	}
	if got := svg.Image.Bounds().Size(); got.X != wide || got.Y != high { // Fyne takes the screen for a finer one
		svg.Resize(fyne.NewSize(size.Width*float32(wide)/float32(got.X), size.Height*float32(high)/float32(got.Y)))
	}
	rasters[id] = svg.Image
	return svg.Image
}

// drawing is the picture as it is to be painted width wide.
func (k *kit) drawing(name string, width float32, c color.NRGBA) fyne.Resource {
	// Fyne caches rasters by the resource's name, so the name tells the colours too.
	id := name + "-" + k.p.name + "-" + hexOf(c)[1:] + "-" + strconv.Itoa(int(width*k.scale*k.device)) + ".svg"
	if r, ok := k.images[id]; ok {
		return r
	}
	b, err := fs.ReadFile(k.files, "icons/"+name+".svg")
	if err != nil {
		return nil // a test asks for every name
	}
	pairs := []string{"currentColor", hexOf(c)}
	p, q := light, k.p
	if name != "app" && name != "app-small" {
		for from, to := range map[color.NRGBA]color.NRGBA{
			p.paper: q.paper, p.leaf: q.leaf, p.sunk: q.sunk, p.line: q.line, p.edge: q.edge, p.ink: q.ink,
			p.onWax: k.onSeal(name, c), p.wax: q.wax, p.chip: q.chip, p.chipMark: q.chipMark, p.chipShines: q.chipShines,
		} {
			pairs = append(pairs, strings.ToUpper(hexOf(from)), hexOf(to))
		}
		if q == contrast { // a card drawn in lines
			pairs = append([]string{`fill="#233A63" stroke="#233A63"`, `fill="#000000" stroke="#FFFFFF"`}, pairs...)
			pairs = append([]string{`ry="8" fill="#233A63"`, `ry="8" fill="#000000" stroke="#FFFFFF" stroke-width="2.600"`}, pairs...)
		}
	}
	if i, j := strings.Index(string(b), "<title>"), strings.Index(string(b), "</title>"); i >= 0 && j > i {
		b = append(append([]byte(nil), b[:i]...), b[j+len("</title>"):]...) // Fyne's reader loses the style after it
	}
	b = scaleStrokes(b, width*k.scale*k.device)
	r := fyne.NewStaticResource(id, []byte(strings.NewReplacer(pairs...).Replace(string(b))))
	k.images[id] = r
	return r
}

var (
	strokeWidth = regexp.MustCompile(`stroke-width="([0-9.]+)"`)
	viewBox     = regexp.MustCompile(`viewBox="0 0 ([0-9.]+) `)
)

// scaleStrokes makes the strokes as wide as they should be on a picture so many pixels wide: Fyne's painter
// scales the paths of an SVG, but not their strokes.
func scaleStrokes(svg []byte, pixels float32) []byte {
	m := viewBox.FindSubmatch(svg)
	if m == nil {
		return svg
	}
	box, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil || box <= 0 {
		return svg
	}
	return strokeWidth.ReplaceAllFunc(svg, func(s []byte) []byte {
		w, err := strconv.ParseFloat(string(strokeWidth.FindSubmatch(s)[1]), 64)
		if err != nil {
			return s
		}
		return []byte(`stroke-width="` + strconv.FormatFloat(w*float64(pixels)/box, 'f', 3, 64) + `"`)
	})
}

// onSeal is the colour of the mark on a seal: the verdict's seals lie on bright pigment in dark light.
func (k *kit) onSeal(name string, c color.NRGBA) color.NRGBA {
	if k.p == dark && strings.HasPrefix(name, "draw-seal") && c != k.p.wax {
		return k.p.margin
	}
	return k.p.onWax
}

// masked is a codice fiscale with its last ten characters hidden, unless the person chose to see it.
func (k *kit) masked(code string) string {
	if k.show || len(code) < 7 {
		return code
	}
	return code[:6] + strings.Repeat("∙", len(code)-6)
}

// initial is s with its first letter in upper case.
func initial(s string) string {
	for i, r := range s {
		if i == 0 {
			return strings.ToUpper(string(r)) + s[len(string(r)):]
		}
	}
	return s
}
