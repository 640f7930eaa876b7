package ui

import (
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// rgb is an opaque colour written as in the design: 0x8C1C2E.
func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xFF}
}

// faded is c with the given opacity.
func faded(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}

// role is the text, the tint under it and the border of one of the four meanings.
type role struct{ ink, tint, border color.NRGBA }

// palette is the Italian pigments of the design in one of three lights. Every pair that carries text has a
// contrast of at least 4.5 to 1; a test computes them.
type palette struct {
	name                       string
	paper, margin, leaf, sunk  color.NRGBA // background, rail, surface, sunken surface
	line, edge, offEdge        color.NRGBA // ornament, border of controls, of those that are off
	ink, muted                 color.NRGBA
	wax, onWax, waxText        color.NRGBA // the sealing button, words on it, wax as text or icon
	waxEdge                    color.NRGBA
	good, warn, bad, note      role
	renewal, focus             color.NRGBA
	stroke                     float32        // width of lines
	chip, chipMark, chipShines color.NRGBA    // the picture of a card
	ruled                      [2]color.NRGBA // the margin: its brown and its wax line, both paler than what they are named for
}

var light = &palette{
	name:  "light",
	paper: rgb(0xF6F1E6), margin: rgb(0xEDE5D6), leaf: rgb(0xFFFDF9), sunk: rgb(0xF3EDE1),
	line: rgb(0xDBD1BF), edge: rgb(0x857A68), offEdge: rgb(0xAFA48F), ink: rgb(0x1A2233), muted: rgb(0x565869),
	wax: rgb(0x8C1C2E), onWax: rgb(0xFFF9F2), waxText: rgb(0x8C1C2E), waxEdge: rgb(0x8C1C2E),
	good:    role{rgb(0x1D6350), rgb(0xE2EFE8), rgb(0xE2EFE8)},
	warn:    role{rgb(0x7D4E00), rgb(0xFBEDCF), rgb(0xFBEDCF)},
	bad:     role{rgb(0xA32410), rgb(0xFCE5DC), rgb(0xFCE5DC)},
	note:    role{rgb(0x234C86), rgb(0xE3EBF6), rgb(0xE3EBF6)},
	renewal: rgb(0xB97F14), focus: rgb(0x1F5FD0), stroke: 1,
	chip: rgb(0x233A63), chipMark: rgb(0xE3C77E), chipShines: rgb(0x7388AE),
	ruled: [2]color.NRGBA{rgb(0xC9BCA5), rgb(0xB5606B)},
}

var dark = &palette{
	name:  "dark",
	paper: rgb(0x141821), margin: rgb(0x0F1219), leaf: rgb(0x1C212C), sunk: rgb(0x171B25),
	line: rgb(0x333A49), edge: rgb(0x7F8799), offEdge: rgb(0x5C6477), ink: rgb(0xF4EEE2), muted: rgb(0xB9B7B1),
	wax: rgb(0xBC384D), onWax: rgb(0xFFF9F2), waxText: rgb(0xF3959D), waxEdge: rgb(0xF3959D),
	good:    role{rgb(0x74CDAB), rgb(0x17332C), rgb(0x17332C)},
	warn:    role{rgb(0xEFBF61), rgb(0x3A2D12), rgb(0x3A2D12)},
	bad:     role{rgb(0xFF9C86), rgb(0x44201A), rgb(0x44201A)},
	note:    role{rgb(0x9ABDF6), rgb(0x1B2C49), rgb(0x1B2C49)},
	renewal: rgb(0xD9A441), focus: rgb(0x8DB8FF), stroke: 1,
	chip: rgb(0x34507F), chipMark: rgb(0xE3C77E), chipShines: rgb(0x8CA1C5),
	ruled: [2]color.NRGBA{rgb(0x3A4152), rgb(0x8A3A47)},
}

var contrast = &palette{
	name:  "contrast",
	paper: rgb(0), margin: rgb(0), leaf: rgb(0), sunk: rgb(0),
	line: rgb(0xFFFFFF), edge: rgb(0xFFFFFF), offEdge: dimmed, ink: rgb(0xFFFFFF), muted: rgb(0xE6E6E6),
	wax: rgb(0xFFB4AE), onWax: rgb(0), waxText: rgb(0xFFB4AE), waxEdge: rgb(0xFFB4AE),
	good:    role{rgb(0x7CF2C0), rgb(0), rgb(0x7CF2C0)},
	warn:    role{rgb(0xFFD75E), rgb(0), rgb(0xFFD75E)},
	bad:     role{rgb(0xFFA796), rgb(0), rgb(0xFFA796)},
	note:    role{rgb(0xA9CCFF), rgb(0), rgb(0xA9CCFF)},
	renewal: rgb(0xFFD75E), focus: rgb(0xFFE600), stroke: 2,
	chip: rgb(0), chipMark: rgb(0xFFFFFF), chipShines: rgb(0xFFFFFF),
	ruled: [2]color.NRGBA{rgb(0xFFFFFF), rgb(0xFFB4AE)},
}

// dimmed is what is off in high contrast, where all else is bright: 6.9 to 1 on black.
var dimmed = rgb(0x949494)

// hovered is a ground under the pointer, whose words are in ink. High contrast has but black grounds, and needs more.
func (p *palette) hovered(ground, ink color.NRGBA) color.NRGBA {
	if p == contrast {
		return blend(ground, ink, 48)
	}
	return blend(ground, ink, 22)
}

// paletteFor is the palette of the setting; an empty one follows the system.
func paletteFor(name string, v fyne.ThemeVariant) *palette {
	switch name {
	case "light":
		return light
	case "dark":
		return dark
	case "contrast":
		return contrast
	}
	if v == theme.VariantDark {
		return dark
	}
	return light
}

func hexOf(c color.NRGBA) string {
	s := strconv.FormatUint(uint64(c.R)<<16|uint64(c.G)<<8|uint64(c.B), 16)
	return "#" + "000000"[:6-len(s)] + s
}

// look is the theme: what Fyne's own widgets (scroll bars, the file dialog) take from the palette.
type look struct {
	p                   *palette
	scale               float32
	regular, bold, mono fyne.Resource
}

var _ fyne.Theme = (*look)(nil)

// Color implements fyne.Theme.
func (l *look) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	p := l.p
	switch n {
	case theme.ColorNameBackground, theme.ColorNameMenuBackground, theme.ColorNameOverlayBackground:
		return p.paper
	case theme.ColorNameForeground:
		return p.ink
	case theme.ColorNamePrimary, theme.ColorNameHyperlink:
		return p.note.ink
	case theme.ColorNameForegroundOnPrimary, theme.ColorNameInputBackground, theme.ColorNameHeaderBackground:
		return p.leaf
	case theme.ColorNameInputBorder:
		return p.edge
	case theme.ColorNameButton, theme.ColorNameDisabledButton, theme.ColorNamePressed, theme.ColorNameSelection:
		return p.sunk
	case theme.ColorNameHover:
		return p.hovered(p.leaf, p.ink)
	case theme.ColorNameDisabled, theme.ColorNamePlaceHolder:
		return p.muted
	case theme.ColorNameFocus:
		return faded(p.focus, 0x60)
	case theme.ColorNameSeparator:
		return p.line
	case theme.ColorNameScrollBar:
		return faded(p.edge, 0xA0)
	case theme.ColorNameScrollBarBackground, theme.ColorNameShadow:
		return color.Transparent
	case theme.ColorNameError:
		return p.bad.ink
	case theme.ColorNameSuccess:
		return p.good.ink
	case theme.ColorNameWarning:
		return p.warn.ink
	}
	base := theme.VariantDark
	if p == light {
		base = theme.VariantLight
	}
	return theme.DefaultTheme().Color(n, base)
}

// Font implements fyne.Theme.
func (l *look) Font(s fyne.TextStyle) fyne.Resource {
	switch {
	case s.Symbol:
		return theme.DefaultTheme().Font(s)
	case s.Monospace:
		return l.mono
	case s.Bold:
		return l.bold
	}
	return l.regular
}

// Icon implements fyne.Theme.
func (l *look) Icon(n fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(n) }

// Size implements fyne.Theme.
func (l *look) Size(n fyne.ThemeSizeName) float32 {
	size := theme.DefaultTheme().Size(n)
	switch n {
	case theme.SizeNameText:
		size = 16
	case theme.SizeNameInputBorder:
		size = max(1.25, l.p.stroke)
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		size = 10
	case theme.SizeNameInnerPadding:
		size = 10 // between the edge of a field and its words
	case theme.SizeNameScrollBar:
		size = 10
	case theme.SizeNameScrollBarSmall:
		size = 5
	case theme.SizeNameScrollBarRadius:
		size = 3
	}
	return size * l.scale
}
