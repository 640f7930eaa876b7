package signer_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ceralacca/signer"
)

// corpusLeast is how many rows of each format, of any confidence, agree today. It may only be raised.
var corpusLeast = map[string]int{
	"PAdES": 279, "XAdES": 160, "XMLDSig": 94, "ASiC-S": 113, "ASiC-E": 252, "TST": 29, "TSR": 6, "TSD": 6,
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
	// unread are those that cannot be read at all: we tell that something is there, the manifest, made with tools that
	// give up on them, counts only what could be read.
	n, stamps, intact, broken, unknown, unread, flagged, bad := 0, 0, 0, 0, 0, 0, false, false
	goodStamps, flaggedStamp, absent := 0, false, false
	for _, s := range r.Signatures {
		unreadable := false
		faulty := false
		for _, f := range s.Findings {
			faulty = faulty || f.Severity == signer.Error
			absent = absent || f.Code == "content-missing"
			unreadable = unreadable || f.Code == "unreadable"
		}
		if unreadable {
			unread++
		}
		if s.Format == signer.TST && m["format"] != "TST" && m["format"] != "TSR" && m["format"] != "TSD" {
			stamps++
			bad = bad || s.Integrity == signer.Broken || unreadable
			flaggedStamp = flaggedStamp || faulty
			if s.Integrity == signer.Intact {
				goodStamps++
			}
			continue
		}
		flagged = flagged || faulty
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
	if want, err := strconv.Atoi(m["n_signatures"]); err == nil && want != n && want != n+stamps && want != n-unread {
		return m["n_signatures"] + " expected: " + got
	}
	ok := true
	switch m["expected_crypto_intact"] {
	case "yes":
		ok = intact == n && n+stamps > 0
		if m["expected_overall"] == "MUST_FLAG" { // "crypto holds or is unverifiable": what counts is that it is told
			ok = broken == 0
		}
	case "no":
		// A file so damaged that no signature can be found in it is told as damaged.
		ok = broken > 0 || flagged || bad || n+stamps == 0 && slices.Contains(r.Notes, "pdf-damaged")
	case "partial": // of a container with nothing but time-stamps, one of them
		ok = intact > 0 && intact < n || flagged || n == 0 && (bad || flaggedStamp) && goodStamps > 0
	case "unparseable":
		ok = intact == 0
	case "no-signature", "not-signed-data": // an empty placeholder is told as unreadable
		ok = n-unread == 0
	case "indeterminate-content-missing", "indeterminate-no-cert":
		ok = intact == 0 && broken == 0
	}
	// A time-stamp over a revision that was changed afterwards flags the file as a signature does, and so does telling
	// that what was signed is not at hand (INDETERMINATE/SIGNED_DATA_NOT_FOUND at the origin).
	if m["expected_overall"] == "MUST_FLAG" && !flagged && !flaggedStamp && !absent && !bad && intact == n && n > 0 {
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
