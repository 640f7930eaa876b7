package signer_test

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ceralacca/signer"
	"ceralacca/signer/internal/cms"
)

// corpusParallel and corpusParallelDetached are how many envelopes of the corpus, with content and without, take a
// parallel signature today, corpusLost how many of them only with a loss that is accepted, and corpusOpenSSL how many
// OpenSSL verifies before and after. They may only be raised, corpusLost only lowered; testdata/corpus-parallel.tsv has
// a line for each envelope that loses something or that OpenSSL does not verify.
const (
	corpusParallel         = 87
	corpusParallelDetached = 23
	corpusLost             = 21
	corpusOpenSSL          = 105
)

// Every envelope of the corpus with an intact signature takes a parallel one: the others stay as they were, byte for
// byte and for OpenSSL too, so does the content, and ours is intact. Those that would lose an archive time-stamp or an
// evidence record take it only when that is accepted, and lose nothing else.
func TestAddCorpus(t *testing.T) {
	dir := shared(t, "corpus")
	k := testPKI().key(t, "P-256", nil)
	argued := map[string]string{}
	for _, m := range manifest(t, filepath.Join("..", "testdata", "corpus-parallel.tsv")) {
		argued[m["file"]] = m["what"]
	}
	var n struct{ attached, detached, earlier, verified, lost, shown int }
	for _, m := range manifest(t, filepath.Join(dir, "MANIFEST.tsv")) {
		f, ok := envelopeCase(t, dir, m)
		if !ok {
			continue
		}
		was := integrities(t, f)
		if len(was) == 0 {
			continue
		}
		now, lost := f.added(t, k)
		n.earlier += f.sameVerdicts(t, was, now, k, lost)
		f.sameBytes(t, now)
		shown := f.archives(t) > now.archives(t)
		said, accepted := f.openssl(t)
		if what := argued[f.name]; what != saidOf(lost, shown, accepted) {
			t.Errorf("%s: argued %q, found %q\n%s", f.name, what, saidOf(lost, shown, accepted), said)
		}
		delete(argued, f.name)
		if accepted {
			n.verified++
			if said, still := now.openssl(t); !still {
				t.Errorf("%s: OpenSSL verified it and does not any more: %s", f.name, said)
			}
		}
		if f.content != nil {
			n.detached++
		} else {
			n.attached++
		}
		if lost {
			n.lost++
		}
		if shown {
			n.shown++
		}
	}
	t.Logf("%d envelopes and %d detached ones with %d signatures took another; OpenSSL verifies %d of them before and after; %d lose a proof of time, %d of them one that holds",
		n.attached, n.detached, n.earlier, n.verified, n.lost, n.shown)
	if n.attached < corpusParallel || n.detached < corpusParallelDetached || n.verified < corpusOpenSSL || n.lost > corpusLost {
		t.Errorf("there were %d, %d, %d, %d", corpusParallel, corpusParallelDetached, corpusOpenSSL, corpusLost)
	}
	for name, what := range argued {
		t.Errorf("%s: argued as %q, and not among those tried", name, what)
	}
}

// saidOf is what a line of the table says of an envelope: what it loses, and whether OpenSSL verified it before.
func saidOf(lost, shown, openssl bool) string {
	var parts []string
	if lost && shown {
		parts = append(parts, "lost")
	} else if lost {
		parts = append(parts, "lost, not shown")
	}
	if !openssl {
		parts = append(parts, "openssl")
	}
	return strings.Join(parts, ", ")
}

// added is f with a signature by k beside the others, and whether that costs it a proof that had to be given up.
func (f addCase) added(t *testing.T, k signer.Key) (addCase, bool) {
	t.Helper()
	o := signer.Options{Existing: signer.Add, Now: clock}
	if f.content != nil {
		o.Content, o.ContentSize = bytes.NewReader(f.content), int64(len(f.content))
	}
	d := open(t, "f.p7m", f.b)
	before, lost := signer.Preflight(t.Context(), d, o), &signer.ArchivedError{}
	o.LoseArchive = errors.As(before, &lost)
	if before != nil && !o.LoseArchive {
		t.Errorf("%s: %v", f.name, before)
	}
	if o.LoseArchive {
		refused := signer.Options{Existing: signer.Add, Content: o.Content, ContentSize: o.ContentSize}
		if err := signer.Sign(t.Context(), io.Discard, d, k, refused); !errors.As(err, &lost) {
			t.Errorf("%s: not refused: %v", f.name, err)
		}
	}
	out := sign(t, f.b, k, o)
	if err := signer.Kept(t.Context(), d, open(t, "f.p7m", out), signer.Add); err != nil {
		t.Errorf("%s: %v", f.name, err)
	}
	return addCase{f.name, out, f.content}, o.LoseArchive
}

// envelopeCase is the row m of the corpus, when it is an envelope whose content is at hand.
func envelopeCase(t *testing.T, dir string, m map[string]string) (addCase, bool) {
	t.Helper()
	if m["format"] != "CAdES" && m["format"] != "CMS" {
		return addCase{}, false
	}
	f := addCase{name: m["file"], b: mustRead(t, filepath.Join(dir, "files", m["file"]))}
	kind := open(t, "f.p7m", f.b).Kind()
	if m["detached_content"] != "" && kind == signer.DetachedCMS {
		f.content = mustRead(t, filepath.Join(dir, "files", m["detached_content"]))
	}
	return f, kind == signer.SignedData || f.content != nil
}

// addCase is an envelope, with its content when it is detached.
type addCase struct {
	name       string
	b, content []byte
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sameVerdicts wants in now what was there, save proofs of time when they are lost, and one intact signature by k more.
// It counts the earlier ones.
func (f addCase) sameVerdicts(t *testing.T, was map[identity]int, now addCase, k signer.Key, lost bool) int {
	t.Helper()
	is, earlier := integrities(t, now), 0
	for who, n := range was {
		if is[who] != n && !(lost && who.proof) {
			t.Errorf("%s: %d of %v were %d", f.name, is[who], who.claimed, n)
		}
		is[who] -= n
		earlier += n
	}
	own := identity{string(k.Chain[0].Raw), clock().Unix(), signer.Intact, false}
	if is[own] != 1 {
		t.Errorf("%s: ours is not intact", f.name)
	}
	if a, b := contentOf(t, f.b), contentOf(t, now.b); !bytes.Equal(a, b) {
		t.Errorf("%s: the content changed", f.name)
	}
	return earlier
}

// sameBytes wants every element of f in now as it stood, in the order it stood in.
func (f addCase) sameBytes(t *testing.T, now addCase) {
	t.Helper()
	was, err := cms.ParseBytes(f.b)
	if err != nil {
		t.Fatal(err)
	}
	is, err := cms.ParseBytes(now.b)
	if err != nil {
		t.Fatal(err)
	}
	infos := func(sd *cms.SignedData) (all [][]byte) {
		for _, si := range sd.SignerInfos {
			all = append(all, si.Raw)
		}
		return all
	}
	for what, pair := range map[string][2][][]byte{
		"SignerInfo": {infos(was), infos(is)}, "certificate": {was.RawCertificates, is.RawCertificates},
		"revocation data": {was.RawRevocations, is.RawRevocations},
	} {
		rest := pair[1]
		for i, der := range pair[0] {
			j := slices.IndexFunc(rest, func(o []byte) bool { return bytes.Equal(o, der) })
			if j < 0 || !bytes.Contains(now.b, der) {
				t.Errorf("%s: %s %d is not kept", f.name, what, i+1)
				break
			}
			rest = rest[j+1:]
		}
	}
}

// archives counts the archive time-stamps and evidence records that hold.
func (f addCase) archives(t *testing.T) int {
	t.Helper()
	o, n := trusting(), 0
	if f.content != nil {
		o.Content, o.ContentSize = bytes.NewReader(f.content), int64(len(f.content))
	}
	for _, s := range verify(t, f.b, o).Signatures {
		if (s.Stamp == signer.StampArchive || s.Stamp == signer.StampEvidence) && s.Integrity == signer.Intact {
			n++
		}
	}
	return n
}

// openssl tells whether OpenSSL finds the signatures intact, and what it says. It judges no chain here.
func (f addCase) openssl(t *testing.T) (string, bool) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f"), binaryOf(f.b))
	args := []string{"cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "f", "-out", "out"}
	if f.content != nil {
		write(t, filepath.Join(dir, "content"), f.content)
		args = append(args, "-content", "content")
	}
	said, err := openssl(t, dir, args...)
	return said, err == nil
}

// binaryOf takes the text encodings off an envelope: OpenSSL reads no base64 without its frame.
func binaryOf(b []byte) []byte {
	if block, _ := pem.Decode(b); block != nil {
		return block.Bytes
	}
	if der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(b)), "")); err == nil {
		return der
	}
	return b
}

type identity struct {
	signer    string
	claimed   int64
	integrity signer.Integrity
	proof     bool // an archive time-stamp, or one of an evidence record
}

// integrities counts the signatures of a file; nothing unless one of them is intact.
func integrities(t *testing.T, f addCase) map[identity]int {
	t.Helper()
	o := trusting()
	if f.content != nil {
		o.Content, o.ContentSize = bytes.NewReader(f.content), int64(len(f.content))
	}
	list, intact := map[identity]int{}, false
	for _, s := range verify(t, f.b, o).Signatures {
		i := identity{"", s.Claimed.Unix(), s.Integrity, s.Stamp == signer.StampArchive || s.Stamp == signer.StampEvidence}
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
