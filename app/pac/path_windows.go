package pac

import (
	"net/url"
	"path/filepath"
	"strings"
)

// localPath is the path of an address of a file: file:///C:/x, or file://server/share/x.
func localPath(u *url.URL) string {
	if u.Host != "" && u.Host != "localhost" {
		return `\\` + u.Host + filepath.FromSlash(u.Path)
	}
	return filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
}
