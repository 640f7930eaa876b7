// Package assets holds the files that the program carries within itself: texts, icons, fonts and trust anchors.
//
// Icons are drawn on a 24 px grid with currentColor; the drawings (draw-*.svg) use the light palette, which the
// window maps to the one in use. The fonts are Titillium Web and Roboto Mono under the SIL Open Font License,
// cut to the Latin letters of the languages of Italy and its borders; their licences lie beside them.
package assets

import "embed"

// FS holds text/<language>/*.json, icons/*.svg, fonts/*, guides.json, chips.json and trust/, whose README names the sources.
//
//go:embed text icons/*.svg fonts guides.json chips.json trust
var FS embed.FS
