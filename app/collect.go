package app

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The bounds of what is taken from folders: a whole disk dropped by mistake must not become a job.
const (
	maxDepth = 16
	maxFiles = 10_000
)

// SkipReason is why a file in a folder was left out. Its texts are skip.<reason>.
type SkipReason string

// The reasons.
const (
	SkipHidden     SkipReason = "hidden"     // by its name, or made by a program for itself
	SkipSigned     SkipReason = "signed"     // a signature or time-stamp by its name
	SkipDone       SkipReason = "done"       // its signed file lies beside it
	SkipLink       SkipReason = "link"       // a symbolic link: what it points to may lie anywhere
	SkipSpecial    SkipReason = "special"    // neither file nor folder
	SkipDeep       SkipReason = "deep"       // a folder more than 16 levels down
	SkipMany       SkipReason = "many"       // a file or folder past 10 000 files
	SkipUnreadable SkipReason = "unreadable" // a folder that cannot be opened
)

// Skipped is a file or folder that was left out.
type Skipped struct {
	Path   string
	Reason SkipReason
}

// NoMatchError means that no file fits a pattern.
type NoMatchError struct{ Pattern string }

func (e *NoMatchError) Error() string { return "no file fits " + e.Pattern }

// Collect finds the files behind paths, in a stable order and each once. A folder stands for all files in it and in the
// folders below, save those that are told as skipped; a path that is not there and has *, ?, [ or ** in it is a
// pattern, where ** stands for any folders, and fails with a [*NoMatchError] when nothing fits. A path that names a file
// is taken as it is, whatever its name.
func Collect(ctx context.Context, paths ...string) (files []string, skipped []Skipped, err error) {
	return collect(ctx, func(int, string) {}, paths...)
}

// collect is [Collect] that tells how many files it has found, and in which folder it is, after each file and folder.
func collect(ctx context.Context, found func(n int, dir string), paths ...string) (files []string, skipped []Skipped, err error) {
	c := &collector{ctx: ctx, found: found, seen: map[string]bool{}}
	for _, p := range paths {
		st, err := os.Stat(p)
		switch {
		case err == nil && st.IsDir():
			err = c.folder(p, maxDepth, nil)
		case err != nil && strings.ContainsAny(p, "*?["):
			err = c.pattern(p)
		default:
			c.take(p) // a file, or a path whose trouble the first look tells
			err = nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return c.files, c.skipped, nil
}

// collectEach is collect that takes a pattern that nothing fits as a file: it tells its own trouble.
func collectEach(ctx context.Context, found func(n int, dir string), paths []string) (files []string, skipped []Skipped) {
	c := &collector{ctx: ctx, found: found, seen: map[string]bool{}}
	for _, p := range paths {
		st, err := os.Stat(p)
		switch {
		case ctx.Err() != nil:
			return c.files, c.skipped
		case err == nil && st.IsDir():
			_ = c.folder(p, maxDepth, nil) // fails with ctx alone
		case err == nil || !strings.ContainsAny(p, "*?[") || c.pattern(p) != nil:
			c.take(p)
		}
	}
	return c.files, c.skipped
}

type collector struct {
	ctx     context.Context
	found   func(n int, dir string)
	seen    map[string]bool
	met     int // files taken and skipped, again ones too
	files   []string
	skipped []Skipped
}

func (c *collector) take(path string) {
	c.met++
	key := absolute(path)
	if !c.seen[key] {
		c.seen[key] = true
		c.files = append(c.files, path)
		c.found(len(c.files), filepath.Dir(path))
	}
}

func (c *collector) skip(path string, why SkipReason) {
	c.met++
	c.skipped = append(c.skipped, Skipped{path, why})
}

// folder takes what is in dir and, so many levels of folders deep, below. fits chooses by the path; nil takes all.
func (c *collector) folder(dir string, levels int, fits func(string) bool) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if len(c.files) >= maxFiles {
		c.skip(dir, SkipMany)
		return nil
	}
	c.found(len(c.files), dir) // a share may be slow
	entries, err := os.ReadDir(dir)
	if err != nil {
		c.skip(dir, SkipUnreadable)
		return nil
	}
	names := make(map[string]bool, len(entries))
	for _, en := range entries {
		names[en.Name()] = true
	}
	for _, en := range entries {
		path := filepath.Join(dir, en.Name())
		why := skipReason(en, names)
		switch {
		case en.IsDir() && why == "":
			if levels > 1 {
				err = c.folder(path, levels-1, fits)
			} else if fits == nil {
				c.skip(path, SkipDeep)
			}
			if err != nil {
				return err
			}
		case fits != nil && !fits(path):
		case why != "":
			c.skip(path, why)
		case len(c.files) >= maxFiles:
			c.skip(path, SkipMany)
			return nil
		default:
			c.take(path)
		}
	}
	return nil
}

// skipReason is why an entry is left out of a folder that holds the names; empty when it is not.
func skipReason(en fs.DirEntry, names map[string]bool) SkipReason {
	name := en.Name()
	low := strings.ToLower(name)
	switch {
	case name[0] == '.', strings.HasPrefix(name, "~$"), low == "thumbs.db", low == "desktop.ini":
		return SkipHidden
	case en.Type()&fs.ModeSymlink != 0:
		return SkipLink
	case en.IsDir():
		return ""
	case !en.Type().IsRegular():
		return SkipSpecial
	}
	if signatureSuffix(filepath.Ext(low)) {
		return SkipSigned
	}
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	switch {
	case strings.HasSuffix(stem, "_firmato") && names[strings.TrimSuffix(stem, "_firmato")+filepath.Ext(name)]:
		return SkipSigned
	case names[name+".p7m"], names[name+".p7s"], names[stem+"_firmato"+filepath.Ext(name)]:
		return SkipDone
	}
	return ""
}

// signatureSuffix reports whether files with this extension are signatures or time-stamps.
func signatureSuffix(ext string) bool {
	switch strings.ToLower(ext) {
	case ".p7m", ".p7s", ".tsd", ".tsr", ".tst", ".asics", ".asice":
		return true
	}
	return false
}

// pattern takes the files that fit p.
func (c *collector) pattern(p string) error {
	before := c.met
	base := p
	for strings.ContainsAny(base, "*?[") {
		base = filepath.Dir(base)
	}
	if _, err := filepath.Match(p, ""); err != nil {
		return &NoMatchError{p}
	}
	want := split(p)
	levels := min(maxDepth, len(want)) // at least as many as lie below base
	if strings.Contains(p, "**") {
		levels = maxDepth
	}
	err := c.folder(base, levels, func(path string) bool { return fits(want, split(path)) })
	if err == nil && c.met == before {
		err = &NoMatchError{p}
	}
	return err
}

func split(path string) []string { return strings.Split(filepath.ToSlash(filepath.Clean(path)), "/") }

// fits matches a path against a pattern, part by part; ** stands for any number of parts.
func fits(pattern, path []string) bool {
	switch {
	case len(pattern) == 0:
		return len(path) == 0
	case pattern[0] == "**":
		return fits(pattern[1:], path) || len(path) > 0 && fits(pattern, path[1:])
	case len(path) == 0:
		return false
	}
	ok, err := filepath.Match(pattern[0], path[0])
	return err == nil && ok && fits(pattern[1:], path[1:])
}
