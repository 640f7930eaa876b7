package signer_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ceralacca/signer"
)

// corpusLeast is how many rows of each format, of any confidence, agree today. It may only be raised.
var corpusLeast = map[string]int{
	"PAdES": 270, "XAdES": 155, "XMLDSig": 94, "ASiC-S": 101, "ASiC-E": 252, "TST": 27, "TSR": 5, "TSD": 6,
}

// TestCorpus holds the reports on all other formats against the corpus: integrity, number of signatures, and files
// that must not be shown as valid and unmodified. Rows that argue otherwise stand in testdata/corpus-exceptions-all.tsv.
func TestCorpus(t *testing.T) {
	dir := shared(t, "corpus")
	exceptions := map[string]string{}
	for _, m := range manifest(t, filepath.Join("..", "testdata", "corpus-exceptions-all.tsv")) {
		exceptions[m["file"]] = m["reason"]
	}
	agree, total := map[string]int{}, map[string]int{}
	for _, m := range manifest(t, filepath.Join(dir, "MANIFEST.tsv")) {
		f := m["format"]
		switch f {
		case "PAdES", "XAdES", "XMLDSig", "ASiC-S", "ASiC-E", "TST", "TSR", "TSD":
		default:
			continue
		}
		total[f]++
		diff := compareAny(t, dir, m)
		switch {
		case diff == "":
			agree[f]++
			if r, ok := exceptions[m["file"]]; ok {
				t.Errorf("%s agrees now, but is an exception: %s", m["file"], r)
			}
		case exceptions[m["file"]] != "":
		case m["confidence"] == "high" || m["confidence"] == "medium":
			t.Errorf("%s %s (%s | %s): %s", f, m["file"], m["features"], m["attack"], diff)
		default:
			t.Logf("low confidence: %s (%s): %s", m["file"], m["features"], diff)
		}
	}
	for f, n := range total {
		t.Logf("%s: %d of %d rows agree", f, agree[f], n)
		if agree[f] < corpusLeast[f] {
			t.Errorf("%s: %d rows agree, there were %d", f, agree[f], corpusLeast[f])
		}
	}
}

// compareAny says how the report differs from the row, or "".
func compareAny(t *testing.T, dir string, m map[string]string) string {
	b, err := os.ReadFile(filepath.Join(dir, "files", m["file"]))
	if err != nil {
		t.Fatal(err)
	}
	o := signer.VerifyOptions{}
	if strings.Contains(m["detached_content"], "|") {
		return "several contents beside it"
	}
	if m["detached_content"] != "" {
		c, err := os.ReadFile(filepath.Join(dir, "files", m["detached_content"]))
		if err != nil {
			t.Fatal(err)
		}
		o.Content, o.ContentSize = bytes.NewReader(c), int64(len(c))
	}
	d, err := signer.Open(filepath.Base(m["file"]), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err.Error()
	}
	r, err := signer.Verify(t.Context(), d, o)
	if err != nil {
		return "error: " + err.Error()
	}
	n, stamps, intact, broken, unknown, flagged, bad := 0, 0, 0, 0, 0, false, false
	for _, s := range r.Signatures {
		if s.Format == signer.TST && m["format"] != "TST" && m["format"] != "TSR" && m["format"] != "TSD" {
			stamps++
			bad = bad || s.Integrity == signer.Broken
			continue
		}
		for _, f := range s.Findings {
			flagged = flagged || f.Severity == signer.Error
		}
		if s.Parent != "" {
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
	got := fmt.Sprintf("kind %d, %d signatures (%d intact, %d broken, %d unknown), %d stamps, notes %v", d.Kind(), n, intact, broken, unknown, stamps, r.Notes)
	for _, s := range r.Signatures {
		for _, f := range s.Findings {
			if f.Severity == signer.Error {
				got += " " + f.Code
			}
		}
	}
	if want, err := strconv.Atoi(m["n_signatures"]); err == nil && want != n && want != n+stamps {
		return m["n_signatures"] + " expected: " + got
	}
	ok := true
	switch m["expected_crypto_intact"] {
	case "yes":
		ok = intact == n && n+stamps > 0
	case "no":
		ok = broken > 0 || flagged || bad
	case "partial":
		ok = intact > 0 && intact < n || flagged
	case "unparseable":
		ok = intact == 0
	case "no-signature", "not-signed-data":
		ok = n == 0
	case "indeterminate-content-missing", "indeterminate-no-cert":
		ok = intact == 0 && broken == 0
	}
	if m["expected_overall"] == "MUST_FLAG" && !flagged && !bad && intact == n && n > 0 {
		return "not flagged: " + got
	}
	if (m["expected_overall"] == "PASS" || m["expected_overall"] == "PASS_LATER_REVISION") && flagged {
		return "flagged: " + got
	}
	if !ok {
		return m["expected_crypto_intact"] + " expected: " + got
	}
	return ""
}
