package signer_test

import (
	"bytes"
	"context"
	"io"
	"os"
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

func BenchmarkSign(b *testing.B) {
	content := sample(16 << 20)
	k := testPKI().key(b, "P-256", nil)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		d := open(b, "f", content)
		if err := signer.Sign(context.Background(), io.Discard, d, k, signer.Options{Now: clock}); err != nil {
			b.Fatal(err)
		}
	}
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
