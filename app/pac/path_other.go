//go:build !windows

package pac

import "net/url"

// localPath is the path of an address of a file.
func localPath(u *url.URL) string { return u.Path }
