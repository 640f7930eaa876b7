package asic

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits bound the work on one container. A zero field means the default.
type Limits struct {
	Entries   int   // default 10 000
	Part      int64 // bytes of a signature, time-stamp or manifest; default 32 MiB
	Total     int64 // bytes of all entries as stated in the directory; default 8 GiB
	Expansion int64 // times that an entry above 1 MiB may be larger than its compressed form; default 200
}

func (l Limits) filled() Limits {
	l.Entries = cmp.Or(l.Entries, 10_000)
	l.Part = cmp.Or(l.Part, 32<<20)
	l.Total = cmp.Or(l.Total, 8<<30)
	l.Expansion = cmp.Or(l.Expansion, 200)
	return l
}

// LimitError means that the container is larger than the [Limits] allow.
type LimitError struct {
	What string // "entries", "part", "total", "expansion"
	Name string // of the entry, if it is about one
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("container beyond limit of %s %s", e.What, e.Name)
}

// FormatError means that the bytes are not a ZIP file that can be read.
type FormatError struct{ Err error }

func (e *FormatError) Error() string { return "reading ZIP directory: " + e.Err.Error() }

func (e *FormatError) Unwrap() error { return e.Err }

// EntryError means that a name leads to no readable entry.
type EntryError struct {
	Name   string
	Reason string // "missing", "duplicate", "name", "encrypted", "method", "damaged"
	Err    error
}

func (e *EntryError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("entry %q: %s: %v", e.Name, e.Reason, e.Err)
	}
	return fmt.Sprintf("entry %q: %s", e.Name, e.Reason)
}

func (e *EntryError) Unwrap() error { return e.Err }

// archive is the ZIP file below a container.
type archive struct {
	r       io.ReaderAt
	size    int64
	lim     Limits
	files   []*zip.File
	byName  map[string][]*zip.File
	comment string
}

func readArchive(r io.ReaderAt, size int64, lim Limits) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, &FormatError{err}
	}
	a := &archive{r: r, size: size, lim: lim.filled(), files: z.File, byName: make(map[string][]*zip.File), comment: z.Comment}
	if len(z.File) > a.lim.Entries {
		return nil, &LimitError{What: "entries"}
	}
	var total uint64
	for _, f := range z.File {
		a.byName[f.Name] = append(a.byName[f.Name], f)
		if total += f.UncompressedSize64; total > uint64(a.lim.Total) || f.UncompressedSize64 > uint64(a.lim.Total) {
			return nil, &LimitError{What: "total"}
		}
	}
	return a, nil
}

// one returns the only entry of that name.
func (a *archive) one(name string) (*zip.File, error) {
	switch found := a.byName[name]; len(found) {
	case 0:
		return nil, &EntryError{Name: name, Reason: "missing"}
	case 1:
		return found[0], nil
	default:
		return nil, &EntryError{Name: name, Reason: "duplicate"}
	}
}

// open reads an entry; the reader fails if the entry is larger than stated or its checksum is wrong.
func (a *archive) open(f *zip.File) (io.ReadCloser, error) {
	switch {
	case f.Flags&1 != 0:
		return nil, &EntryError{Name: f.Name, Reason: "encrypted"}
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return nil, &EntryError{Name: f.Name, Reason: "method"}
	case f.UncompressedSize64 > 1<<20 && f.UncompressedSize64/max(f.CompressedSize64, 1) > uint64(a.lim.Expansion):
		return nil, &LimitError{"expansion", f.Name}
	}
	r, err := f.Open()
	if err != nil {
		return nil, &EntryError{f.Name, "damaged", err}
	}
	return r, nil
}

// part reads a whole entry of META-INF.
func (a *archive) part(f *zip.File) ([]byte, error) {
	if f.UncompressedSize64 > uint64(a.lim.Part) {
		return nil, &LimitError{"part", f.Name}
	}
	r, err := a.open(f)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(io.LimitReader(r, a.lim.Part+1))
	if err != nil {
		return nil, &EntryError{f.Name, "damaged", err}
	}
	if int64(len(b)) > a.lim.Part {
		return nil, &LimitError{"part", f.Name}
	}
	return b, nil
}

// layout finds bytes that belong to no entry and headers that contradict the directory.
func (a *archive) layout() []Finding {
	var out []Finding
	type span struct {
		f     *zip.File
		start int64
	}
	var spans []span
	for _, f := range a.files {
		off, err := f.DataOffset()
		if err != nil {
			out = append(out, Finding{Code: "hidden-data", Severity: Warning, Name: f.Name, Err: err})
			continue
		}
		spans = append(spans, span{f, off})
	}
	slices.SortStableFunc(spans, func(x, y span) int { return cmp.Compare(x.start, y.start) })
	end := int64(0)
	for i, s := range spans {
		head, name, ok := a.localHeader(end, s.start)
		switch {
		case s.start < end || !ok:
			out = append(out, Finding{Code: "hidden-data", Severity: Warning, Name: s.f.Name})
		case name != s.f.Name:
			out = append(out, Finding{Code: "local-name-differs", Severity: Error, Name: s.f.Name})
		case i == 0 && head > 0:
			out = append(out, Finding{Code: "leading-data", Severity: Warning})
		case head-end > maxDescriptor:
			out = append(out, Finding{Code: "hidden-data", Severity: Warning, Name: s.f.Name})
		}
		end = max(end, s.start+int64(s.f.CompressedSize64))
	}
	if a.trailing() {
		out = append(out, Finding{Code: "trailing-data", Severity: Warning})
	}
	return out
}

// maxDescriptor is the longest data descriptor after an entry (APPNOTE 4.3.9, with ZIP64 sizes).
const maxDescriptor = 24

// localHeader looks for the local file header (APPNOTE 4.3.7) that ends where the data of an entry start, and
// returns its place and the name in it.
func (a *archive) localHeader(from, data int64) (int64, string, bool) {
	const fixed, most = 30, 1 << 17
	from = max(from, data-most)
	if data-from < fixed {
		return 0, "", false
	}
	b := make([]byte, data-from)
	if _, err := a.r.ReadAt(b, from); err != nil {
		return 0, "", false
	}
	for i := 0; i+fixed <= len(b); {
		j := bytes.Index(b[i:], []byte("PK\x03\x04"))
		if j < 0 || i+j+fixed > len(b) {
			break
		}
		h := b[i+j:]
		name := int(binary.LittleEndian.Uint16(h[26:]))
		extra := int(binary.LittleEndian.Uint16(h[28:]))
		if fixed+name+extra == len(h) {
			return from + int64(i+j), string(h[fixed : fixed+name]), true
		}
		i += j + 4
	}
	return 0, "", false
}

// trailing tells if bytes follow the end of central directory record and its comment (APPNOTE 4.3.16).
func (a *archive) trailing() bool {
	const fixed = 22
	n := min(a.size, fixed+1<<16)
	b := make([]byte, n)
	if _, err := a.r.ReadAt(b, a.size-n); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	i := bytes.LastIndex(b, []byte("PK\x05\x06"))
	if i < 0 || i+fixed > len(b) {
		return true
	}
	return i+fixed+int(binary.LittleEndian.Uint16(b[i+20:])) != len(b)
}

// leads tells if a name leads out of the container on some system, which no honest program writes.
func leads(name string) bool {
	drive := len(name) > 1 && name[1] == ':'
	return drive || strings.HasPrefix(name, "/") || strings.Contains(name, `\`) || slices.Contains(strings.Split(name, "/"), "..")
}

// safe tells if a name may be used for a file: relative, within the container, without what some system reads
// otherwise.
func safe(name string) bool {
	if name == "" || len(name) > 4096 || strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\:\x00") {
		return false
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(name, "/"), "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}
