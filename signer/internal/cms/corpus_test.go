package cms_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

// corpusDir is the shared corpus of signed files, which is not part of the project.
func corpusDir(t testing.TB) string {
	t.Helper()
	root := os.Getenv("CERALACCA_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	p := filepath.Join(root, "corpus", "files")
	if _, err := os.Stat(p); err != nil {
		t.Skip("the shared corpus is not here: set CERALACCA_SHARED")
	}
	return p
}

// Every file of the CMS folders is read, or refused with an error, and never costs more than its size.
func TestCorpusParses(t *testing.T) {
	dir := corpusDir(t)
	status := map[cms.Status]int{}
	for _, sub := range []string{"afirma-cades", "cms-misc", "cms-rfc4134", "dss-cades", "it-fattura", "it-pa-docs", "mkl-cms", "siva-cades", "cms-pqc"} {
		files, _ := filepath.Glob(filepath.Join(dir, sub, "*"))
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			sd, err := cms.ParseBytes(b)
			if err != nil {
				t.Logf("%s: %v", filepath.Join(sub, filepath.Base(f)), err)
				continue
			}
			rewritten(t, f, b, sd)
			var tgt cms.Target
			if sd.Detached {
				tgt = sd.Target(nil)
			} else {
				d, err := cms.Digests(context.Background(), sd.Content(), sd.Hashes())
				if err != nil {
					t.Errorf("%s: %v", f, err)
				}
				tgt = sd.Target(d)
			}
			for i, si := range sd.SignerInfos {
				k := si.Check(si.Signer(sd.Certificates), tgt)
				status[k.Status]++
				if k.Status != cms.Intact && !sd.Detached || k.Failure > cms.ContentMissing {
					t.Logf("%s %d: %v %v %v %v", filepath.Join(sub, filepath.Base(f)), i, k.Status, k.Failure, k.Problems, k.Err)
				}
			}
		}
	}
	t.Log(status)
	if status[cms.Intact] < 96 {
		t.Error("fewer intact signatures than before")
	}
}

// rewritten holds what sd is when written again against the file b, unless that is text around it.
func rewritten(t *testing.T, name string, b []byte, sd *cms.SignedData) {
	t.Helper()
	if b[0] != 0x30 {
		return
	}
	var infos [][]byte
	for _, si := range sd.SignerInfos {
		same, err := si.Without(func(cert.OID, []byte) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		infos = append(infos, same)
	}
	var out bytes.Buffer
	if err := sd.WriteWith(context.Background(), &out, infos); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), b[:int64(len(b))-sd.Trailing]) {
		t.Errorf("%s: %d bytes became %d others", name, len(b), out.Len())
	}
}
