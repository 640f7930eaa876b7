package pdf

import (
	"context"
	"io"
)

// plainEntries bounds what a reader that trusts the file's own counts may be shown.
const plainEntries = 1 << 16

// Plain reports whether a file is of the oldest and simplest kind: cross-reference tables that are in order, no object
// in a compressed stream, no encryption, few objects. Then a reader needs to decode nothing to find a signature.
func Plain(ctx context.Context, r io.ReaderAt, size int64) bool {
	f, err := open(ctx, r, size)
	if err != nil || f.repaired || len(f.damage) > 0 || f.crypt != nil || f.delta != 0 || len(f.entries) > plainEntries {
		return false
	}
	if n, ok := f.int(f.trailer["Size"]); !ok || n > plainEntries || f.trailer["Encrypt"] != nil {
		return false
	}
	for _, s := range f.sections {
		if s.stream {
			return false
		}
	}
	for n, e := range f.entries {
		if n > plainEntries || e.kind != 'n' && e.kind != 'f' {
			return false
		}
	}
	return true
}
