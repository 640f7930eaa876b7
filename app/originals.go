package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// This file compares the files of a set with those that a portal made: what is signed must be what was downloaded.

// Comparison is how a file stands to the originals.
type Comparison struct {
	File     string // path
	Sameness Sameness
	Original string   // path of the one it was compared with; empty without one
	sum      [32]byte // of File, where it is the same
}

// Sameness is the outcome of a comparison.
type Sameness int

// The outcomes.
const (
	OriginalAbsent  Sameness = iota // none has its name or its content
	OriginalSame                    // byte for byte; the original may have another name
	OriginalChanged                 // one has its name, none its content
	OriginalItself                  // the only one of its name is the very same file, which proves nothing
)

// Words tell the outcome for one file.
func (c Comparison) Words() lang.Msg {
	switch c.Sameness {
	case OriginalChanged:
		return lang.M("filing.compare.changed")
	case OriginalItself:
		return lang.M("filing.compare.itself")
	case OriginalAbsent:
		return lang.M("filing.compare.absent")
	}
	if filepath.Base(c.Original) != filepath.Base(c.File) {
		return lang.M("filing.compare.renamed", "name", filepath.Base(c.Original))
	}
	return lang.M("filing.compare.same")
}

// OwnFiles reports whether what was named as originals are the files of the list themselves, one and all: such a
// comparison proves nothing.
func OwnFiles(list []Comparison) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(c Comparison) bool { return c.Sameness != OriginalItself })
}

// Expected is what only a person can know of the files on the list. It is forgotten with the list and kept nowhere.
type Expected struct {
	// Signer is the codice fiscale of who is to sign; empty when nobody said it.
	Signer string
	// Originals are files as the portal made them, or folders with such files.
	Originals []string
}

// ExpectSigner says who is to sign the files on the list; "" says nobody. Not while a job runs.
func (s *Store) ExpectSigner(code string) { s.expect(func(x *Expected) { x.Signer = code }) }

// CompareWith names the files, or the folders with them, as the portal made them: those on the list are compared with
// them, see [Filing].Compared. Without any, nothing is compared. Not while a job runs.
func (s *Store) CompareWith(paths ...string) { s.expect(func(x *Expected) { x.Originals = paths }) }

func (s *Store) expect(change func(*Expected)) {
	s.post(func(st State) State {
		if st.Job != nil && st.Job.Running {
			return st
		}
		x := st.Expects()
		change(&x)
		st.Expected = &x
		return st
	})
}

// Expects is what the person has said of the list; the zero value where nothing was said.
func (st *State) Expects() Expected {
	if st.Expected == nil {
		return Expected{}
	}
	return *st.Expected
}

// signers are the codici fiscali of those who are to sign.
func (x Expected) signers() []string {
	if x.Signer == "" {
		return nil
	}
	return []string{x.Signer}
}

// portalFiles are the files as a portal made them.
type portalFiles struct {
	byName map[string][]*portalFile // by plainName
	bySize map[int64][]*portalFile
}

type portalFile struct {
	path string
	info fs.FileInfo
	sum  [32]byte
	read bool
}

// findPortalFiles looks for files at the paths and in those of them that are folders, not deeper. The error says that a
// path could not be looked at, or that ctx has ended.
func findPortalFiles(ctx context.Context, paths []string) (*portalFiles, error) {
	o := &portalFiles{byName: map[string][]*portalFile{}, bySize: map[int64][]*portalFile{}}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			o.add(p, info)
			continue
		}
		entries, err := os.ReadDir(p)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			q := filepath.Join(p, e.Name())
			if info, err := os.Stat(q); err == nil { // what went away meanwhile is not there
				o.add(q, info)
			}
		}
	}
	return o, nil
}

func (o *portalFiles) add(path string, info fs.FileInfo) {
	if !info.Mode().IsRegular() {
		return
	}
	x := &portalFile{path: path, info: info}
	name := plainName(path)
	o.byName[name] = append(o.byName[name], x)
	o.bySize[info.Size()] = append(o.bySize[info.Size()], x)
}

// again is what browsers and file managers append to the name of a file that is there already.
var again = regexp.MustCompile(`(?i)( \(\d{1,3}\)| - (copia|copy|kopie|copie|kopija)( \(\d{1,3}\))?)$`)

// plainName is the name by which a file is compared: in lower case, without what a second download adds.
func plainName(path string) string {
	name := filepath.Base(path)
	ext := filepath.Ext(name)
	return strings.ToLower(again.ReplaceAllString(strings.TrimSuffix(name, ext), "") + ext)
}

// compare looks for the original of the file at path: of its name first, then of its content. sum is the digest of the
// original, for the rules; zero when there is none.
func (o *portalFiles) compare(ctx context.Context, path string, d *signer.Document) (c Comparison, sum [32]byte, err error) {
	c = Comparison{File: path}
	self, err := os.Stat(path)
	if err != nil {
		return c, sum, err
	}
	named, itself := others(o.byName[plainName(path)], self)
	sized, _ := others(o.bySize[d.Size()], self)
	if len(sized) > 0 {
		if c.sum, err = d.SHA256(ctx); err != nil {
			return c, sum, err
		}
	}
	var found *portalFile
	for _, x := range sized { // one of its name is told before one of another
		if err = x.digest(ctx); err != nil {
			return c, sum, err
		}
		if x.sum == c.sum && (found == nil || plainName(x.path) == plainName(path) && plainName(found.path) != plainName(path)) {
			found = x
		}
	}
	switch {
	case found != nil:
		c.Sameness, c.Original = OriginalSame, found.path
		return c, found.sum, nil
	case len(named) > 0:
		c.Sameness, c.Original, c.sum = OriginalChanged, named[0].path, [32]byte{}
		err = named[0].digest(ctx)
		return c, named[0].sum, err
	case itself:
		c.Sameness = OriginalItself
	}
	c.sum = [32]byte{}
	return c, sum, nil
}

// others are those of list that are not the file self, and whether one was.
func others(list []*portalFile, self fs.FileInfo) (rest []*portalFile, itself bool) {
	for _, x := range list {
		if os.SameFile(x.info, self) {
			itself = true
			continue
		}
		rest = append(rest, x)
	}
	return rest, itself
}

// digest reads the original once. One that went away meanwhile has no digest that a file could have.
func (x *portalFile) digest(ctx context.Context) error {
	if x.read {
		return nil
	}
	f, d, err := openDocument(x.path)
	if errors.Is(err, fs.ErrNotExist) {
		x.read = true
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	x.sum, err = d.SHA256(ctx)
	x.read = err == nil
	return err
}

// holdToOriginals has the files that were the same as their originals signed only if they still are.
func (r *SignRequest) holdToOriginals(compared []Comparison) {
	same := map[string][32]byte{}
	for _, c := range compared {
		if c.Sameness == OriginalSame {
			same[c.File] = c.sum
		}
	}
	for i, path := range r.Files {
		if sum, ok := same[path]; ok && r.Seen[i] == [32]byte{} {
			if r.Seen == nil {
				r.Seen = map[int][32]byte{}
			}
			r.Seen[i] = sum
		}
	}
}
