//go:build !linux

package ui

import "fyne.io/fyne/v2"

// systemLight is the system's own light or dark, which the toolkit knows here.
func systemLight(toolkit fyne.ThemeVariant) (v fyne.ThemeVariant, later <-chan fyne.ThemeVariant) {
	return toolkit, nil
}
