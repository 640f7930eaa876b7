package signer_test

import (
	"bytes"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"ceralacca/signer"
)

var interopDir = flag.String("interop", "", "existing folder to leave signed files in, for foreign verifiers")

// TestInteropFiles makes a signature of every key type, attached and detached, alone and beside another one, and
// holds them to our own verifier. With -interop they stay there, with their root and a list, for foreign ones:
// these judge at the present, so the signatures claim it.
func TestInteropFiles(t *testing.T) {
	dir := *interopDir
	if dir == "" {
		dir = t.TempDir()
	}
	p, content := testPKI(), sample(100_000)
	kinds := []string{"RSA-2048", "RSA-PSS", "P-256", "P-384"}
	present := signer.Options{Now: time.Now}
	detached := signer.Options{Now: time.Now, Detached: true}
	add := signer.Options{Now: time.Now, Existing: signer.Add}
	counter := signer.Options{Now: time.Now, Existing: signer.CounterSign}
	write(t, filepath.Join(dir, "root.pem"), pemCert(p.root))
	write(t, filepath.Join(dir, "content.bin"), content)
	var list bytes.Buffer
	for i, kind := range kinds {
		k, other := p.key(t, kind, nil), p.key(t, kinds[(i+1)%len(kinds)], nil)
		first := sign(t, content, k, present)
		for _, f := range []struct {
			name, original string
			p7m            []byte
			signatures     int
		}{
			{kind + "-attached.p7m", "", first, 1},
			{kind + "-detached.p7s", "content.bin", sign(t, content, k, detached), 1},
			{kind + "-beside.p7m", "", sign(t, first, other, add), 2},
			{kind + "-countersigned.p7m", "", sign(t, first, other, counter), 2},
		} {
			write(t, filepath.Join(dir, f.name), f.p7m)
			list.WriteString(f.name + "\t" + f.original + "\n")
			o := trusting()
			o.Now = time.Now
			if f.original != "" {
				o.Content, o.ContentSize = bytes.NewReader(content), int64(len(content))
			}
			r := verify(t, f.p7m, o)
			if len(r.Signatures) != f.signatures {
				t.Errorf("%s: %d signatures, want %d", f.name, len(r.Signatures), f.signatures)
			}
			for _, s := range r.Signatures {
				if s.Indication != signer.TotalPassed || s.Integrity != signer.Intact {
					t.Errorf("%s: %+v", f.name, s)
				}
			}
		}
	}
	write(t, filepath.Join(dir, "list.tsv"), list.Bytes())
}
