package signer_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ceralacca/signer"
	"ceralacca/signer/internal/cms"
)

// corpusParallel and corpusParallelDetached are how many envelopes of the corpus, with content and without, take a
// parallel signature today, and corpusOpenSSL how many of them OpenSSL verifies before and after. They may only be raised.
const (
	corpusParallel         = 82
	corpusParallelDetached = 17
	corpusOpenSSL          = 88
)

// Every envelope of the corpus with an intact signature takes a parallel one: the others stay as they were, byte for
// byte and for OpenSSL too, so does the content, and ours is intact.
func TestAddCorpus(t *testing.T) {
	dir := shared(t, "corpus")
	k := testPKI().key(t, "P-256", nil)
	attached, detached, earlier, verified := 0, 0, 0, 0
	refused := map[string]int{}
	for _, m := range manifest(t, filepath.Join(dir, "MANIFEST.tsv")) {
		if m["format"] != "CAdES" && m["format"] != "CMS" {
			continue
		}
		f := addCase{name: m["file"], b: mustRead(t, filepath.Join(dir, "files", m["file"]))}
		kind := open(t, "f.p7m", f.b).Kind()
		if m["detached_content"] != "" && kind == signer.DetachedCMS {
			f.content = mustRead(t, filepath.Join(dir, "files", m["detached_content"]))
		}
		if kind != signer.SignedData && f.content == nil {
			continue
		}
		was := integrities(t, f)
		if len(was) == 0 {
			continue
		}
		o := signer.Options{Existing: signer.Add, Now: clock}
		if f.content != nil {
			o.Content, o.ContentSize = bytes.NewReader(f.content), int64(len(f.content))
		}
		var out bytes.Buffer
		err := signer.Sign(t.Context(), &out, open(t, "f.p7m", f.b), k, o)
		var no *signer.UnsupportedError
		switch {
		case errors.Is(err, signer.ErrArchived), errors.As(err, &no):
			refused[err.Error()]++
			continue
		case err != nil:
			t.Errorf("%s: %v", f.name, err)
			continue
		case f.content != nil:
			detached++
		default:
			attached++
		}
		now := addCase{f.name, out.Bytes(), f.content}
		earlier += f.sameVerdicts(t, was, now, k)
		f.sameBytes(t, now)
		if f.openssl(t) {
			verified++
			if !now.openssl(t) {
				t.Errorf("%s: OpenSSL verified it and does not any more", f.name)
			}
		}
	}
	t.Logf("%d envelopes and %d detached ones with %d signatures took another; OpenSSL verifies %d of them before and after; refused %v",
		attached, detached, earlier, verified, refused)
	if attached < corpusParallel || detached < corpusParallelDetached || verified < corpusOpenSSL {
		t.Errorf("there were %d, %d, %d", corpusParallel, corpusParallelDetached, corpusOpenSSL)
	}
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

// sameVerdicts wants in now what was there, and one intact signature by k more. It counts the earlier ones.
func (f addCase) sameVerdicts(t *testing.T, was map[identity]int, now addCase, k signer.Key) int {
	t.Helper()
	is, earlier := integrities(t, now), 0
	for who, n := range was {
		if is[who] != n {
			t.Errorf("%s: %d of %v were %d", f.name, is[who], who.claimed, n)
		}
		is[who] -= n
		earlier += n
	}
	own := identity{string(k.Chain[0].Raw), clock().Unix(), signer.Intact}
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

// openssl tells whether OpenSSL finds the signatures intact. It judges no chain here.
func (f addCase) openssl(t *testing.T) bool {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f"), f.b)
	args := []string{"cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "f", "-out", "out"}
	if f.content != nil {
		write(t, filepath.Join(dir, "content"), f.content)
		args = append(args, "-content", "content")
	}
	_, err := openssl(t, dir, args...)
	return err == nil
}

type identity struct {
	signer    string
	claimed   int64
	integrity signer.Integrity
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
