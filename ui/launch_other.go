//go:build !windows

package ui

import "net/url"

// launch opens a file or folder in the system's program for it, or says where it is.
func (u *UI) launch(path string) {
	if err := u.app.OpenURL(&url.URL{Scheme: "file", Path: path}); err != nil {
		u.say(path)
	}
}
