package signer_test

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ceralacca/signer"
)

// shared is the directory of the shared corpus, which is not part of the project.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("CERALACCA_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	p := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skip("the shared corpus is not here: set CERALACCA_SHARED")
	}
	return p
}

// manifest reads a table with a header line into maps.
func manifest(t testing.TB, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, h := range rows[0] {
			if i < len(row) {
				m[h] = row[i]
			}
		}
		out = append(out, m)
	}
	return out
}

// leastAgreeing is how many rows of CAdES and CMS, of any confidence, agree today. It may only be raised.
const leastAgreeing = 156

// Every CAdES and CMS row of high or medium confidence agrees with the corpus in integrity and number of signatures,
// unless testdata/corpus-exceptions-cms.tsv argues why not.
func TestCorpusCMS(t *testing.T) {
	dir := shared(t, "corpus")
	exceptions := map[string]string{}
	for _, m := range manifest(t, filepath.Join("..", "testdata", "corpus-exceptions-cms.tsv")) {
		exceptions[m["file"]] = m["reason"]
	}
	agreeing, total := 0, 0
	for _, m := range manifest(t, filepath.Join(dir, "MANIFEST.tsv")) {
		if m["format"] != "CAdES" && m["format"] != "CMS" {
			continue
		}
		total++
		diff := compareRow(t, dir, m)
		switch {
		case diff == "":
			agreeing++
			if r, ok := exceptions[m["file"]]; ok {
				t.Errorf("%s agrees now, but is an exception: %s", m["file"], r)
			}
		case exceptions[m["file"]] != "":
		case m["confidence"] == "high" || m["confidence"] == "medium":
			t.Errorf("%s (%s): %s", m["file"], m["features"], diff)
		default:
			t.Logf("low confidence: %s (%s): %s", m["file"], m["features"], diff)
		}
	}
	t.Logf("%d of %d rows agree", agreeing, total)
	if agreeing < leastAgreeing {
		t.Errorf("%d rows agree, there were %d", agreeing, leastAgreeing)
	}
}

// compareRow says how the report differs from the row, or "".
func compareRow(t *testing.T, dir string, m map[string]string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "files", m["file"]))
	if err != nil {
		t.Fatal(err)
	}
	o := signer.VerifyOptions{}
	if m["detached_content"] != "" {
		c, err := os.ReadFile(filepath.Join(dir, "files", m["detached_content"]))
		if err != nil {
			t.Fatal(err)
		}
		o.Content, o.ContentSize = strings.NewReader(string(c)), int64(len(c))
	}
	d, err := signer.Open(filepath.Base(m["file"]), strings.NewReader(string(b)), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := signer.Verify(context.Background(), d, o)
	if err != nil {
		return err.Error()
	}
	n, children, intact, broken, unknown, format := 0, 0, 0, 0, 0, 0
	for _, s := range r.Signatures {
		if s.Indication == signer.TotalPassed {
			t.Errorf("%s: passed without any anchor", m["file"])
		}
		if s.SubIndication == signer.FormatFailure {
			format++
		}
		if s.Parent != "" {
			if s.Format == signer.CAdES { // time-stamps are children too
				children++
			}
			continue
		}
		n++
		switch s.Integrity {
		case signer.Intact:
			intact++
		case signer.Broken:
			broken++
		default:
			unknown++
		}
	}
	if want, err := strconv.Atoi(m["n_signatures"]); err == nil && want != n {
		return "signatures: " + strconv.Itoa(n) + " instead of " + strconv.Itoa(want)
	}
	if want, err := strconv.Atoi(m["n_countersigs"]); err == nil && want != children && !slices.Contains(r.Notes, "nested") {
		return "counter-signatures: " + strconv.Itoa(children) + " instead of " + strconv.Itoa(want)
	}
	ok := false
	switch m["expected_crypto_intact"] {
	case "yes":
		ok = n > 0 && intact == n
	case "no":
		ok = broken > 0
	case "partial":
		ok = intact > 0 && broken > 0
	case "unparseable":
		ok = n == 0 || format == n
	case "no-signature", "not-signed-data":
		ok = n == 0
	case "indeterminate-content-missing", "indeterminate-no-cert":
		ok = unknown == n && n > 0
	default:
		ok = true
	}
	if !ok {
		return "expected " + m["expected_crypto_intact"] + ", got " + strconv.Itoa(intact) + " intact, " + strconv.Itoa(broken) + " broken, " + strconv.Itoa(unknown) + " unknown"
	}
	return ""
}
