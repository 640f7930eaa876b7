package app

import (
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// PathIn is the path that word names: as a file manager writes it, an address with the scheme file (RFC 8089), as a
// shell does, with ~ for the person's own folder, or as it stands. It looks at no file.
func PathIn(word string) string { return pathIn(word, runtime.GOOS) }

func pathIn(word, goos string) string {
	if rest, own := strings.CutPrefix(word, "~/"); own {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	address, err := url.Parse(word)
	if err != nil || !strings.EqualFold(address.Scheme, "file") || address.Path == "" {
		return word
	}
	path := address.Path
	if goos != "windows" {
		if address.Host != "" && !strings.EqualFold(address.Host, "localhost") {
			if name, err := os.Hostname(); err != nil || !strings.EqualFold(address.Host, name) { // GNOME writes the machine's own
				return word // another machine's file: ours of the same path is not meant
			}
		}
		return path
	}
	if address.Host != "" && address.Host != "localhost" {
		return `\\` + address.Host + strings.ReplaceAll(path, "/", `\`)
	}
	if len(path) > 2 && path[2] == ':' { // file:///C:/…
		path = path[1:]
	}
	return strings.ReplaceAll(path, "/", `\`)
}
