package app

import (
	"io"
	"os"
)

// zoneStream is the alternate data stream of NTFS by which Windows warns before it opens what was downloaded.
const zoneStream = ":Zone.Identifier"

// maxMark bounds a mark of origin.
const maxMark = 64 << 10

// copyOrigin gives the file at to the mark that says where the one at from was downloaded from. A file system that
// keeps no such marks keeps none here either.
func copyOrigin(from, to string) {
	f, err := os.Open(from + zoneStream)
	if err != nil {
		return
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxMark))
	if err != nil || len(b) == 0 {
		return
	}
	_ = os.WriteFile(to+zoneStream, b, 0o600)
}
