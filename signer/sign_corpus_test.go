package signer_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ceralacca/signer"
)

// corpusParallel is how many envelopes of the corpus take a parallel signature today. It may only be raised.
const corpusParallel = 82

// Every envelope of the corpus with an intact signature takes a parallel one: the others stay as they were, the
// content too, and ours is intact.
func TestAddCorpus(t *testing.T) {
	dir := shared(t, "corpus")
	k := testPKI().key(t, "P-256", nil)
	added, refused, earlier := 0, 0, 0
	for _, m := range manifest(t, filepath.Join(dir, "MANIFEST.tsv")) {
		if m["format"] != "CAdES" && m["format"] != "CMS" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, "files", m["file"]))
		if err != nil {
			t.Fatal(err)
		}
		if open(t, "f.p7m", b).Kind() != signer.SignedData {
			continue
		}
		was := integrities(t, b)
		if len(was) == 0 {
			continue
		}
		var out bytes.Buffer
		err = signer.Sign(t.Context(), &out, open(t, "f.p7m", b), k, signer.Options{Existing: signer.Add, Now: clock})
		var bad *signer.UnsupportedError
		if errors.Is(err, signer.ErrArchived) || errors.As(err, &bad) {
			refused++
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", m["file"], err)
			continue
		}
		added++
		is := integrities(t, out.Bytes())
		for who, n := range was {
			if is[who] != n {
				t.Errorf("%s: %d of %v were %d", m["file"], is[who], who.claimed, n)
			}
			is[who] -= n
			earlier += n
		}
		own := identity{string(k.Chain[0].Raw), now.Unix(), signer.Intact}
		if is[own] != 1 {
			t.Errorf("%s: ours is not intact", m["file"])
		}
		if a, b := contentOf(t, b), contentOf(t, out.Bytes()); !bytes.Equal(a, b) {
			t.Errorf("%s: the content changed", m["file"])
		}
	}
	t.Logf("%d envelopes with %d signatures took another, %d were refused", added, earlier, refused)
	if added < corpusParallel {
		t.Errorf("%d envelopes took a parallel signature, there were %d", added, corpusParallel)
	}
}

type identity struct {
	signer    string
	claimed   int64
	integrity signer.Integrity
}

// integrities counts the signatures of a file; nothing unless one of them is intact.
func integrities(t *testing.T, b []byte) map[identity]int {
	t.Helper()
	list, intact := map[identity]int{}, false
	for _, s := range verify(t, b, trusting()).Signatures {
		i := identity{"", s.Claimed.Unix(), s.Integrity}
		if s.Signer != nil {
			i.signer = string(s.Signer.DER)
		}
		list[i]++
		intact = intact || s.Integrity == signer.Intact
	}
	if !intact {
		return nil
	}
	return list
}

func contentOf(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := signer.Extract(t.Context(), &out, open(t, "f.p7m", b)); err != nil && !errors.Is(err, signer.ErrNoContent) {
		t.Fatal(err)
	}
	return out.Bytes()
}
