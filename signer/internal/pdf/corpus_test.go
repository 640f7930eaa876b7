package pdf

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// corpusDir is the shared corpus: CERALACCA_SHARED, else ../shared beside the module.
func corpusDir(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("CERALACCA_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "corpus")
	if _, err := os.Stat(filepath.Join(dir, "MANIFEST.tsv")); err != nil {
		tb.Skip("the shared corpus is not here: set CERALACCA_SHARED")
	}
	return dir
}

type corpusRow struct {
	file, attack, intact, overall, confidence string
	signatures, timeStamps                    int
}

func corpus(tb testing.TB) (dir string, rows []corpusRow) {
	dir = corpusDir(tb)
	f, err := os.Open(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	all, err := r.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	col := map[string]int{}
	for i, h := range all[0] {
		col[h] = i
	}
	for _, v := range all[1:] {
		if v[col["format"]] != "PAdES" {
			continue
		}
		n, _ := strconv.Atoi(v[col["n_signatures"]])
		ts, _ := strconv.Atoi(v[col["n_timestamps"]])
		rows = append(rows, corpusRow{
			v[col["file"]], v[col["attack"]], v[col["expected_crypto_intact"]], v[col["expected_overall"]],
			v[col["confidence"]], n, ts,
		})
	}
	return filepath.Join(dir, "files"), rows
}

// exceptions are the rows we argue with, a line each.
func exceptions(t *testing.T) map[string]bool {
	f, err := os.Open(filepath.Join("testdata", "exceptions.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]bool{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := s.Text(); !strings.HasPrefix(line, "#") {
			out[strings.Split(line, "\t")[0]] = true
		}
	}
	return out
}

// TestCorpus holds the counts: signatures found, attacks flagged, honest files left alone. They may only improve.
func TestCorpus(t *testing.T) {
	dir, rows := corpus(t)
	except := exceptions(t)
	var count, countOf, flagged, flagOf, quiet, quietOf, named, refused int
	for _, row := range rows {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(row.file)))
		if err != nil {
			t.Errorf("%s: %v", row.file, err)
			continue
		}
		s, err := Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			refused++
			if e := asError(err); e == nil || row.signatures+row.timeStamps > 0 {
				t.Errorf("%s: %v", row.file, err)
			}
			continue
		}
		n, ts := 0, 0
		for _, g := range s.Signatures {
			if g.Type == DocTimeStamp {
				ts++
			} else {
				n++
			}
		}
		if countOf++; n == row.signatures && ts == row.timeStamps {
			count++
		} else {
			t.Errorf("%s: %d signatures and %d time-stamps, want %d and %d", row.file, n, ts, row.signatures, row.timeStamps)
		}
		switch {
		case row.overall == "MUST_FLAG":
			if flagOf++; s.Flagged() {
				flagged++
			} else {
				t.Errorf("%s: not flagged: %s", row.file, row.attack)
			}
			if attackNamed(s) {
				named++
			}
		case strings.HasPrefix(row.overall, "PASS") && !except[row.file]:
			if quietOf++; !s.Flagged() {
				quiet++
			} else {
				t.Errorf("%s: flagged: %s", row.file, reasons(s))
			}
		}
	}
	t.Logf("%d files, %d refused; signatures right in %d/%d; flagged %d/%d, %d of them named; left alone %d/%d; %d exceptions",
		len(rows), refused, count, countOf, flagged, flagOf, named, quiet, quietOf, len(except))
	const minFlagged, minQuiet = 40, 150 // of the public part; guards against a manifest read wrongly
	if flagged < minFlagged || quiet < minQuiet {
		t.Errorf("flagged %d, left alone %d: too few", flagged, quiet)
	}
}

func attackNamed(s *Scanned) bool {
	return strings.Contains(reasons(s), "attack-")
}

// reasons lists what flags a file.
func reasons(s *Scanned) string {
	var out []string
	for _, f := range s.Findings {
		if f.Flag {
			out = append(out, f.Code)
		}
	}
	for _, g := range s.Signatures {
		for _, f := range g.Findings {
			if f.Flag {
				out = append(out, f.Code)
			}
		}
		for _, c := range g.Changes {
			if !c.Allowed {
				out = append(out, string(c.Class)+":"+c.Path)
			}
		}
	}
	return strings.Join(out, " ")
}

// TestCorpusAttackNames ties each published family to its code.
func TestCorpusAttackNames(t *testing.T) {
	dir, rows := corpus(t)
	families := map[string]string{
		"USF ": AttackUniversalForgery, "ISA ": AttackIncrementalSaving, "SWA ": AttackSignatureWrapping,
		"shadow attack: hide-and-replace": AttackShadowHideReplace, "shadow attack: hide/": AttackShadowHide,
		"shadow attack: replace/": AttackShadowReplace,
	}
	right, of := 0, 0
	for _, row := range rows {
		for prefix, code := range families {
			if !strings.HasPrefix(row.attack, prefix) {
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(row.file)))
			if err != nil {
				t.Fatal(err)
			}
			s, err := Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Errorf("%s: %v", row.file, err)
				continue
			}
			if of++; strings.Contains(reasons(s), code) {
				right++
			} else {
				t.Errorf("%s (%s): want %s, have %s", row.file, row.attack, code, reasons(s))
			}
		}
	}
	t.Logf("%d/%d attacks called by their own name", right, of)
}
