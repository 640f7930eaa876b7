package signer_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ceralacca/signer"
)

// corpusLeast is how many rows of each format, of any confidence, agree today. It may only be raised.
var corpusLeast = map[string]int{
	"PAdES": 280, "XAdES": 159, "XMLDSig": 96, "ASiC-S": 111, "ASiC-E": 252, "ODF": 43, "S/MIME(PEC)": 4, "TST": 28, "TSR": 6, "TSD": 6,
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
		case "PAdES", "XAdES", "XMLDSig", "ASiC-S", "ASiC-E", "ODF", "S/MIME(PEC)", "TST", "TSR", "TSD":
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
	for _, name := range strings.Split(m["detached_content"], "|") {
		if name == "" {
			continue
		}
		c, err := os.ReadFile(filepath.Join(dir, "files", name))
		if err != nil {
			t.Fatal(err)
		}
		if name == m["detached_content"] {
			o.Content, o.ContentSize = bytes.NewReader(c), int64(len(c))
			break
		}
		if o.Contents == nil {
			o.Contents = map[string]*io.SectionReader{}
		}
		o.Contents[path.Base(name)] = io.NewSectionReader(bytes.NewReader(c), 0, int64(len(c)))
	}
	d, err := signer.Open(filepath.Base(m["file"]), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err.Error()
	}
	r, err := signer.Verify(t.Context(), d, o)
	if err != nil {
		return "error: " + err.Error()
	}
	alone := m["format"] == "TST" || m["format"] == "TSR" || m["format"] == "TSD"
	signs, stamps, flagged := tally{}, tally{}, false
	for _, s := range r.Signatures {
		isStamp := s.Format == signer.TST && !alone
		for _, f := range s.Findings {
			// A time-stamp over a revision that was changed afterwards flags the file as a signature does, and so does
			// telling that what was signed is not at hand (SIGNED_DATA_NOT_FOUND at the origin).
			flagged = flagged || f.Severity == signer.Error && (!isStamp || m["expected_overall"] == "MUST_FLAG") ||
				f.Code == "content-missing" && m["expected_overall"] == "MUST_FLAG"
		}
		switch {
		case isStamp:
			stamps.add(s)
		case s.Parent == "":
			signs.add(s)
		}
	}
	got := fmt.Sprintf("kind %d, signatures %+v, stamps %+v, notes %v", d.Kind(), signs, stamps, r.Notes)
	for _, s := range r.Signatures {
		for _, f := range s.Findings {
			if f.Severity == signer.Error {
				got += " " + f.Code
			}
		}
	}
	if want, err := strconv.Atoi(m["n_signatures"]); err == nil && want != signs.all() {
		return m["n_signatures"] + " expected: " + got
	}
	if !agrees(m["expected_crypto_intact"], signs, stamps) {
		return m["expected_crypto_intact"] + " expected: " + got
	}
	switch m["expected_overall"] {
	case "MUST_FLAG":
		if !flagged && signs.broken+stamps.broken == 0 {
			return "not flagged: " + got
		}
	case "PASS", "PASS_LATER_REVISION":
		if flagged {
			return "flagged: " + got
		}
	}
	for _, s := range r.Signatures {
		if s.Indication == signer.TotalPassed {
			return "passed without any anchor: " + got
		}
	}
	return ""
}

// tally counts signatures by their integrity.
type tally struct{ intact, broken, unknown int }

func (t *tally) add(s signer.Signature) {
	switch s.Integrity {
	case signer.Intact:
		t.intact++
	case signer.Broken:
		t.broken++
	default:
		t.unknown++
	}
}

func (t tally) all() int { return t.intact + t.broken + t.unknown }

// agrees holds the integrity of the signatures, or where there is none that of the time-stamps, against the word of
// the table.
func agrees(want string, t, stamps tally) bool {
	none := t.all() == 0
	if none {
		t = stamps
	}
	switch want {
	case "yes":
		return t.intact > 0 && t.intact == t.all()
	case "no":
		return t.broken > 0
	case "partial":
		return t.intact > 0 && t.broken > 0
	case "unparseable":
		return t.intact == 0
	case "no-signature", "not-signed-data":
		return none
	case "indeterminate-content-missing", "indeterminate-no-cert":
		return t.unknown > 0 && t.unknown == t.all()
	}
	return true
}
