//go:build !windows

package ui

import (
	"net/url"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// launch opens a file or folder in the system's program for it, or says where it is.
func (u *UI) launch(path string) {
	if err := u.app.OpenURL(&url.URL{Scheme: "file", Path: path}); err != nil {
		u.say(u.k.Text(lang.M("ui.launch.failed", "path", app.Visible(path))))
	}
}
