package xmlsig

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// corpusRow is what this test needs of a row of the corpus manifest.
type corpusRow struct {
	file, format, intact, confidence, detached string
	signatures, counters                       int
}

func corpusRows(t *testing.T, want func(format string) bool) []corpusRow {
	t.Helper()
	f, err := os.Open(shared(t, "corpus", "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := make(map[string]int)
	for i, name := range all[0] {
		col[name] = i
	}
	var rows []corpusRow
	for _, x := range all[1:] {
		row := corpusRow{
			file: x[col["file"]], format: x[col["format"]], intact: x[col["expected_crypto_intact"]],
			confidence: x[col["confidence"]], detached: x[col["detached_content"]],
		}
		row.signatures, _ = strconv.Atoi(x[col["n_signatures"]])
		row.counters, _ = strconv.Atoi(x[col["n_countersigs"]])
		if want(row.format) {
			rows = append(rows, row)
		}
	}
	return rows
}

// detachedResolver gives the files that the manifest names: the one whose name the URI ends with, or the only one.
func detachedResolver(t *testing.T, names string) Resolver {
	if names == "" {
		return nil
	}
	list := strings.Split(names, "|")
	return func(_ context.Context, uri string) (io.ReadCloser, error) {
		if plain, err := url.PathUnescape(uri); err == nil {
			uri = plain
		}
		for _, n := range list {
			if path.Base(uri) == path.Base(n) || len(list) == 1 {
				return os.Open(filepath.Clean(shared(t, "corpus", "files", filepath.FromSlash(n))))
			}
		}
		return nil, fs.ErrNotExist
	}
}

// verdict sums up a file in the words of the manifest.
func verdict(sigs []Signature, err error) string {
	if err != nil {
		return "unparseable"
	}
	var n [3]int
	for i := range sigs {
		n[sigs[i].State()]++
	}
	switch {
	case len(sigs) == 0:
		return "no-signature"
	case n[Good] == len(sigs):
		return "yes"
	case n[Good] > 0:
		return "partial"
	case n[Bad] > 0:
		return "no"
	}
	return "indeterminate"
}

func sameVerdict(got, want string) bool {
	return got == want || got == "indeterminate" && strings.HasPrefix(want, "indeterminate-")
}

// exceptions reads the rows on which this package differs from the manifest, each with its argument.
func exceptions(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "corpus-exceptions-xml.tsv"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) != 3 || f[2] == "" {
			t.Fatalf("exception without its three fields: %q", line)
		}
		out[f[0]] = f[1]
	}
	return out
}

func describe(sigs []Signature) string {
	var b bytes.Buffer
	for i := range sigs {
		s := &sigs[i]
		fmt.Fprintf(&b, "\n    signature %q value=%v %v", s.ID, s.Value, s.ValueErr)
		for _, r := range s.References {
			fmt.Fprintf(&b, "\n      ref %q type=%q state=%v %v", r.URI, r.Type, r.State, r.Err)
			for _, m := range r.Manifest {
				fmt.Fprintf(&b, "\n        manifest %q state=%v %v", m.URI, m.State, m.Err)
			}
		}
		for _, f := range s.Findings {
			fmt.Fprintf(&b, "\n      finding %s %v", f.Code, f.Args)
		}
	}
	return b.String()
}

func TestCorpus(t *testing.T) {
	rows := corpusRows(t, func(f string) bool { return f == "XAdES" || f == "XMLDSig" || f == "OOXML" || f == "DDOC" })
	known := exceptions(t)
	held := 0
	for _, row := range rows {
		doc := readShared(t, "corpus", "files", filepath.FromSlash(row.file))
		sigs, err := Verify(context.Background(), doc, Options{Resolve: detachedResolver(t, row.detached)})
		if row.confidence != "high" && row.confidence != "medium" {
			continue
		}
		got := verdict(sigs, err)
		argued, isException := known[row.file]
		agrees := sameVerdict(got, row.intact) && (len(sigs) == row.signatures || err != nil)
		switch {
		case agrees && isException:
			t.Errorf("%s: agrees now; take it out of the exceptions", row.file)
		case agrees:
			held++
		case isException && got == argued:
		default:
			t.Errorf("%s: %s with %d signatures, want %s with %d (%v)%s", row.file, got, len(sigs), row.intact, row.signatures, err, describe(sigs))
		}
	}
	t.Logf("held %d", held)
	if held < leastHeld {
		t.Errorf("%d rows agree, %d did before", held, leastHeld)
	}
}

// leastHeld is how many rows agreed when it was last set: it may only rise.
const leastHeld = 146
