package signer_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ceralacca/signer"
)

// No file of the corpus brings a code that is not listed.
func TestCodesOfTheCorpus(t *testing.T) {
	dir := filepath.Join(shared(t, "corpus"), "files")
	findings, notes := signer.FindingCodes(), signer.NoteCodes()
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		d := open(t, filepath.Base(p), b)
		r, err := signer.Verify(t.Context(), d, signer.VerifyOptions{Now: clock})
		if err != nil {
			return nil // a kind that is not judged
		}
		for _, n := range r.Notes {
			seen["note "+n] = true
			if !slices.Contains(notes, n) {
				t.Errorf("%s: note %q is not listed", p, n)
			}
		}
		for _, s := range r.Signatures {
			for _, f := range s.Findings {
				seen[f.Code] = true
				if !slices.Contains(findings, f.Code) {
					t.Errorf("%s: finding %q is not listed", p, f.Code)
				}
			}
			for _, r := range s.Revocation {
				if r.Detail != "" && !slices.Contains(signer.RevocationDetails(), r.Detail) {
					t.Errorf("%s: detail %q is not listed", p, r.Detail)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d codes occur", len(seen), len(findings)+len(notes))
}

// codeLiteral is how the code of a finding or note stands in the sources.
var codeLiteral = regexp.MustCompile(`(?:\.find(?:Once)?\((?:true, |false, |[^",()]*, )?|\.note\(|Finding\{Code: |cms\.Problem = | Problem += )"([a-z0-9-]+)"`)

// What the corpus does not bring is looked for in the sources, so that a new code is not forgotten.
func TestCodesOfTheSources(t *testing.T) {
	listed := slices.Concat(signer.FindingCodes(), signer.NoteCodes())
	for _, dir := range []string{".", "trust", "internal/cms", "internal/tsp", "internal/xmlsig", "internal/asic", "internal/pdf"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, p := range files {
			if strings.HasSuffix(p, "_test.go") {
				continue
			}
			b, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range codeLiteral.FindAllSubmatch(b, -1) {
				// "later-" and the like are beginnings of codes, see FindingCodes
				if !bytes.HasSuffix(m[1], []byte("-")) && !slices.Contains(listed, string(m[1])) {
					t.Errorf("%s: code %q is not listed", p, m[1])
				}
			}
		}
	}
}

func TestCodesAreSorted(t *testing.T) {
	for _, l := range [][]string{signer.FindingCodes(), signer.NoteCodes(), signer.RevocationDetails()} {
		if !slices.IsSorted(l) || len(slices.Compact(slices.Clone(l))) != len(l) {
			t.Errorf("not sorted or not unique: %q", l)
		}
	}
}
