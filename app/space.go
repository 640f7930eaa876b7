package app

import (
	"fmt"
	"os"
	"path/filepath"
)

// SpaceError means that the outputs of a job do not fit on the disk that they go to. Nothing was signed and no PIN was
// asked for.
type SpaceError struct {
	Dir        string // one of the folders on that disk
	Need, Free uint64 // bytes; Need is what the outputs take at least
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("%s has %d bytes free, %d are needed", filepath.Base(e.Dir), e.Free, e.Need)
}

// signatureRoom is what a signature takes beside the document: its certificates, and a little of the disk's own.
const signatureRoom = 16 << 10

// room holds what the outputs take at least against what is free, on each disk, before the PIN is asked for. What
// cannot be asked is left to the writing.
func (b *batch) room() error {
	type disk struct {
		dir  string
		need uint64
	}
	disks := map[string]*disk{}
	for _, w := range b.todo {
		dir := filepath.Dir(w.Out)
		id := volume(dir)
		if disks[id] == nil {
			disks[id] = &disk{dir: dir}
		}
		disks[id].need += signatureRoom
		if st, err := os.Stat(w.Path); err == nil && !b.r.Detached {
			disks[id].need += uint64(st.Size()) // #nosec G115 -- a size is not negative
		}
	}
	for _, d := range disks {
		if free, known := freeSpace(d.dir); known && free < d.need {
			return &SpaceError{Dir: d.dir, Need: d.need, Free: free}
		}
	}
	return nil
}
