package asic

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ceralacca/signer/internal/xmlsig"
)

func shared(t testing.TB, parts ...string) string {
	t.Helper()
	base := os.Getenv("CERALACCA_SHARED")
	if base == "" {
		base = filepath.Join("..", "..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{base}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skip("shared corpus not found: " + filepath.Join(parts...))
	}
	return path
}

type corpusRow struct {
	file, format, features, intact, confidence string
	signatures, timestamps                     int
}

func corpusRows(t *testing.T) []corpusRow {
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
		if !strings.HasPrefix(x[col["format"]], "ASiC") {
			continue
		}
		row := corpusRow{
			file: x[col["file"]], format: x[col["format"]], features: x[col["features"]],
			intact: x[col["expected_crypto_intact"]], confidence: x[col["confidence"]],
		}
		row.signatures, _ = strconv.Atoi(x[col["n_signatures"]])
		row.timestamps, _ = strconv.Atoi(x[col["n_timestamps"]])
		rows = append(rows, row)
	}
	return rows
}

func openShared(t testing.TB, name string) (*Container, error) {
	t.Helper()
	f, err := os.Open(shared(t, "corpus", "files", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return Open(context.Background(), f, st.Size(), Limits{})
}

// judge verifies the XAdES signatures of a container. A file that the container does not hold breaks the
// signature that names it: the container is all there is.
func judge(c *Container) (good, bad, unknown int, text string) {
	var b strings.Builder
	for _, p := range c.Parts {
		if p.Kind != XAdES {
			continue
		}
		sigs, err := xmlsig.Verify(context.Background(), p.Bytes, xmlsig.Options{Resolve: c.Resolve})
		if err != nil || p.Err != nil {
			fmt.Fprintf(&b, "\n    %s: %v %v", p.Name, p.Err, err)
			bad++
			continue
		}
		for i := range sigs {
			state := sigs[i].State()
			for _, r := range sigs[i].References {
				var missing *EntryError
				if errors.As(r.Err, &missing) && state == xmlsig.Unknown {
					state = xmlsig.Bad
				}
				if r.State != xmlsig.Good {
					fmt.Fprintf(&b, "\n    %s ref %q: %v", p.Name, r.URI, r.Err)
				}
			}
			if sigs[i].Value != xmlsig.Good {
				fmt.Fprintf(&b, "\n    %s value: %v", p.Name, sigs[i].ValueErr)
			}
			switch state {
			case xmlsig.Good:
				good++
			case xmlsig.Bad:
				bad++
			default:
				unknown++
			}
		}
	}
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "\n    finding %s %s %v", f.Code, f.Name, f.Err)
	}
	return good, bad, unknown, b.String()
}

func TestCorpusXAdES(t *testing.T) {
	held := 0
	for _, row := range corpusRows(t) {
		c, err := openShared(t, row.file)
		if !strings.Contains(row.features, "XAdES") || row.confidence != "high" && row.confidence != "medium" {
			continue
		}
		if err != nil {
			t.Errorf("%s: want %s: %v", row.file, row.intact, err)
			continue
		}
		good, bad, unknown, text := judge(c)
		got := "indeterminate"
		switch {
		case good+bad+unknown == 0:
			got = "no-signature"
		case bad+unknown == 0:
			got = "yes"
		case good > 0:
			got = "partial"
		case bad > 0:
			got = "no"
		}
		if got != row.intact || good+bad+unknown != row.signatures {
			t.Errorf("%s: %s with %d signatures, want %s with %d%s", row.file, got, good+bad+unknown, row.intact, row.signatures, text)
			continue
		}
		held++
	}
	t.Logf("held %d", held)
}
