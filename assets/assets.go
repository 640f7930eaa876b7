// Package assets holds the files that the program carries within itself: texts, icons, fonts and trust anchors.
package assets

import "embed"

// FS holds text/<language>/*.json, icons/*.svg, fonts/*.ttf and trust/*.
//
//go:embed text
var FS embed.FS
