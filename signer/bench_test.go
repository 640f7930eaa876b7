package signer_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"ceralacca/signer"
)

// watcher is a sparse file that looks at the heap now and then: zeros are not written but skipped.
type watcher struct {
	f    *os.File
	base uint64

	mu   sync.Mutex
	peak uint64
	n    int64
	next int64
}

func (w *watcher) look(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n += int64(n); w.n < w.next {
		return
	}
	w.next = w.n + 16<<20
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > w.base {
		w.peak = max(w.peak, m.HeapAlloc-w.base)
	}
}

func (w *watcher) Write(p []byte) (int, error) {
	w.look(len(p))
	if len(p) > 4096 && bytes.Count(p, []byte{0}) == len(p) {
		_, err := w.f.Seek(int64(len(p)), io.SeekCurrent)
		return len(p), err
	}
	return w.f.Write(p)
}

func (w *watcher) ReadAt(p []byte, off int64) (int, error) {
	w.look(len(p))
	return w.f.ReadAt(p, off)
}

func BenchmarkVerify(b *testing.B) {
	p7m := sign(b, sample(16<<20), testPKI().key(b, "P-256", nil), signer.Options{})
	b.SetBytes(int64(len(p7m)))
	b.ReportAllocs()
	for b.Loop() {
		verify(b, p7m, trusting())
	}
}

// BenchmarkVerifySmall is the cost of one verdict without the content.
func BenchmarkVerifySmall(b *testing.B) {
	p7m := sign(b, sample(10_000), testPKI().key(b, "RSA-2048", nil), signer.Options{})
	for b.Loop() {
		verify(b, p7m, trusting())
	}
}

// BenchmarkAgainst verifies the same files of the shared corpus with this package and with the programs that people
// have, all in one run. Theirs start a process for each file, and judge the mathematics alone.
func BenchmarkAgainst(b *testing.B) {
	dir := shared(b, "corpus")
	for _, c := range []struct {
		name, format string
		other        []string // program and arguments; the file comes last
	}{
		{"p7m", "CAdES", []string{"openssl", "cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-out", os.DevNull, "-in"}},
		{"pdf", "PAdES", []string{"pdfsig", "-nocert"}},
	} {
		var files []string
		for _, m := range manifest(b, filepath.Join(dir, "MANIFEST.tsv")) {
			if m["format"] == c.format && m["expected_crypto_intact"] == "yes" && m["detached_content"] == "" {
				files = append(files, filepath.Join(dir, "files", m["file"]))
			}
		}
		each := func(b *testing.B, judge func(file string)) {
			n := 0
			for b.Loop() {
				for _, f := range files {
					judge(f)
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "files/s")
		}
		b.Run(c.name+"/ours", func(b *testing.B) {
			each(b, func(file string) {
				f, err := os.ReadFile(file)
				if err != nil {
					b.Fatal(err)
				}
				verify(b, f, signer.VerifyOptions{Trust: sharedStore()})
			})
		})
		b.Run(c.name+"/"+c.other[0], func(b *testing.B) {
			if _, err := exec.LookPath(c.other[0]); err != nil {
				b.Skip(c.other[0] + " is not installed (.ci/install check)")
			}
			each(b, func(file string) {
				_ = exec.Command(c.other[0], append(c.other[1:len(c.other):len(c.other)], file)...).Run() // what it thinks of the file is its affair
			})
		})
	}
}
