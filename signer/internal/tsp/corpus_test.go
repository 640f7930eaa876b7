package tsp

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ceralacca/signer/internal/cms"
)

// corpusRight is how many of the rows agreed when this was written; it may only grow.
const corpusRight = 44

// TestCorpus reads every TST, TSR and TSD of the shared corpus.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("CERALACCA_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	table, err := os.ReadFile(filepath.Join(dir, "corpus", "MANIFEST.tsv"))
	if err != nil {
		t.Skip("the shared corpus is not here: set CERALACCA_SHARED")
	}
	known := exceptions(t)
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")
	head := strings.Split(lines[0], "\t")
	right, rows := 0, 0
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, v := range strings.Split(l, "\t") {
			row[head[i]] = v
		}
		if f := row["format"]; f != "TST" && f != "TSR" && f != "TSD" {
			continue
		}
		rows++
		t.Run(row["file"], func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, "corpus", "files", row["file"]))
			if err != nil {
				t.Fatal(err)
			}
			got, err := verdict(t, row["format"], raw)
			switch why := known[row["file"]]; {
			case got == row["expected_crypto_intact"]:
				right++
				if why != "" {
					t.Errorf("is right now; take it out of the exceptions (%s)", why)
				}
			case why == "":
				t.Errorf("got %s (%v), want %s", got, err, row["expected_crypto_intact"])
			}
		})
	}
	t.Logf("%d of %d right, %d argued exceptions", right, rows, len(known))
	if right < corpusRight {
		t.Errorf("%d right, there were %d", right, corpusRight)
	}
}

func exceptions(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "corpus-exceptions-tsp.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, l := range strings.Split(string(b), "\n") {
		if l == "" || l[0] == '#' {
			continue
		}
		id, why, _ := strings.Cut(l, "\t")
		if why == "" {
			t.Fatalf("%q gives no reason", id)
		}
		out[id] = why
	}
	return out
}

// verdict says what we find in the words of the corpus.
func verdict(t *testing.T, format string, raw []byte) (string, error) {
	t.Helper()
	var tokens []*Token
	switch format {
	case "TSD":
		s, err := ParseStamped(t.Context(), bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return "unparseable", err
		}
		tokens = s.Tokens
		if ok, err := s.Stamps(nil); err != nil || !allTrue(ok) {
			return "no", err
		}
	default:
		tok, err := Parse(raw)
		if err != nil {
			// A CMS signature over something else is a signature, but no time-stamp.
			if _, other := cms.ParseBytes(raw); other == nil {
				return "no", err
			}
			return "unparseable", err
		}
		tokens = []*Token{tok}
	}
	intact, broken, absent := 0, 0, 0
	for _, tok := range tokens {
		for _, k := range tok.Check().Signers {
			switch {
			case k.Status == cms.Intact:
				intact++
			case k.Failure == cms.SignerMissing:
				absent++
			default:
				broken++
			}
		}
	}
	switch {
	case intact+broken+absent == 0:
		return "no-signature", nil
	case absent > 0:
		return "indeterminate-no-cert", nil
	case broken == 0:
		return "yes", nil
	case intact > 0:
		return "partial", nil
	}
	return "no", errors.New("broken")
}

func allTrue(bs []bool) bool {
	for _, b := range bs {
		if !b {
			return false
		}
	}
	return true
}

func FuzzToken(f *testing.F) {
	f.Add([]byte{0x30, 0x80, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x80})
	a := newAuthority(f, nil, true)
	if tok, err := a.token(&Request{Hash: 5, Digest: make([]byte, 32)}); err == nil {
		f.Add(tok)
		f.Add(wrap(0x30, append([]byte{0x30, 3, 2, 1, 0}, tok...)))
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		if t, err := ParseToken(b); err == nil {
			t.Check()
		}
		if t, err := ParseResponse(b); err == nil {
			t.Check()
		}
		if r, err := ParseRequest(b); err == nil {
			_, _ = r.Encode()
		}
	})
}

func FuzzStamped(f *testing.F) {
	a := newAuthority(f, nil, true)
	if tok, err := a.token(&Request{Hash: 5, Digest: make([]byte, 32)}); err == nil {
		var out bytes.Buffer
		if err := WriteStamped(f.Context(), &out, bytes.NewReader([]byte("x")), 1, Meta{FileName: "a"}, tok); err == nil {
			f.Add(out.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseStamped(t.Context(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		_, _ = s.Stamps(bytes.NewReader(nil))
	})
}
