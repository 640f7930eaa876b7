package app

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"ceralacca/card"
)

// benchEngine is an engine over a fresh practice card, and the card's key and certificate as PEM files.
func benchEngine(b *testing.B) (e *Engine, key, cert string) {
	b.Helper()
	made, err := issued()
	if err != nil {
		b.Fatal(err)
	}
	var stored struct {
		Sign struct{ Key, Certificate []byte }
	}
	if err := json.Unmarshal(made, &stored); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	key, cert = filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	for name, block := range map[string]*pem.Block{
		key:  {Type: "PRIVATE KEY", Bytes: stored.Sign.Key},
		cert: {Type: "CERTIFICATE", Bytes: stored.Sign.Certificate},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.WriteFile(practiceFile(dir), made, 0o600); err != nil {
		b.Fatal(err)
	}
	if e, err = New(Config{Dir: dir}).WithPractice(b.Context()); err != nil {
		b.Fatal(err)
	}
	return e, key, cert
}

func benchFiles(b *testing.B, n, size int) []string {
	b.Helper()
	dir := b.TempDir()
	block := bytes.Repeat([]byte("Ceralacca 0123456789\n"), size/21+1)[:size]
	var files []string
	for i := range n {
		f := filepath.Join(dir, fmt.Sprintf("%04d.bin", i))
		copy(block, fmt.Sprint(i))
		if err := os.WriteFile(f, block, 0o600); err != nil {
			b.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func benchSign(b *testing.B, e *Engine, files []string) {
	b.Helper()
	sn, err := e.Look(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	err = e.Sign(b.Context(), SignRequest{Slot: sn.Slots[0], Files: files}, &answers{pins: []string{PracticePIN}}, SignEvents{
		Done: func(r FileResult) {
			if r.Err != nil {
				b.Error(r.Err)
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBatch signs files on the simulated card, which takes no time of its own, and the same files with the same
// key in a loop of openssl cms -sign. Ours are also flushed to the disk, read back and verified twice.
func BenchmarkBatch(b *testing.B) {
	if _, err := exec.LookPath("openssl"); err != nil {
		b.Skip("openssl is not installed (.ci/install check)")
	}
	for _, c := range []struct {
		name    string
		n, size int
	}{{"10kB", 200, 10_000}, {"1MB", 100, 1_000_000}, {"100MB", 4, 100_000_000}} {
		b.Run(c.name, func(b *testing.B) {
			e, key, cert := benchEngine(b)
			files := benchFiles(b, c.n, c.size)
			var ours, theirs time.Duration
			for b.Loop() {
				begun := time.Now()
				benchSign(b, e, files)
				ours += time.Since(begun)
				begun = time.Now()
				for _, f := range files {
					out, err := exec.Command("openssl", "cms", "-sign", "-cades", "-binary", "-nodetach", "-md", "sha256", "-outform", "DER",
						"-in", f, "-out", f+".openssl", "-signer", cert, "-inkey", key).CombinedOutput()
					if err != nil {
						b.Fatalf("%v: %s", err, out)
					}
				}
				theirs += time.Since(begun)
				b.StopTimer()
				for _, f := range files {
					_ = os.Remove(f + ".p7m")
					_ = os.Remove(f + ".openssl")
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(c.n*b.N)/ours.Seconds(), "files/s")
			b.ReportMetric(float64(c.n*b.N)/theirs.Seconds(), "openssl-files/s")
		})
	}
}

// BenchmarkCheckFiling holds a thousand files of a megabyte against the rules of the Register, as the window does before
// the PIN. Files of one size are read a second time, for their digests: it tells what that costs.
func BenchmarkCheckFiling(b *testing.B) {
	for _, c := range []struct {
		name  string
		grows int // by which one file is longer than the other
	}{{"each of its own size", 1}, {"all of one size", 0}} {
		b.Run(c.name, func(b *testing.B) {
			e := New(Config{Dir: b.TempDir()})
			dir := b.TempDir()
			var files []string
			for i := range 1000 {
				f := filepath.Join(dir, fmt.Sprintf("%04d.txt", i))
				text := append(fmt.Appendf(nil, "%04d", i), bytes.Repeat([]byte("una riga\n"), 1_000_000/9)...)
				if err := os.WriteFile(f, append(text, bytes.Repeat([]byte("."), i*c.grows)...), 0o600); err != nil {
					b.Fatal(err)
				}
				files = append(files, f)
			}
			for b.Loop() {
				if _, err := e.CheckFiling(b.Context(), FilingRequest{Profile: "registro-imprese", Files: files}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(files)), "ms/file")
		})
	}
}

// slowCard takes a while for each signature and counts the time it was at work.
type slowCard struct {
	card.Source
	takes time.Duration
	busy  *atomic.Int64
}

func (s slowCard) Open(ctx context.Context, slot string) (card.Token, error) {
	t, err := s.Source.Open(ctx, slot)
	return slowToken{t, s}, err
}

type slowToken struct {
	card.Token
	card slowCard
}

func (t slowToken) Signer(ctx context.Context, k card.Key) (crypto.Signer, error) {
	s, err := t.Token.Signer(ctx, k)
	return slowSigner{s, t.card}, err
}

type slowSigner struct {
	crypto.Signer
	card slowCard
}

func (s slowSigner) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	begun := time.Now()
	defer func() { s.card.busy.Add(int64(time.Since(begun))) }()
	<-time.After(s.card.takes)
	return s.Signer.Sign(random, digest, o)
}

// BenchmarkCardBusy signs 200 files of 1 MB on a card that takes 300 ms for a signature and reports the share of the
// time, from the first look at the files to the last name, in which the card was at work.
func BenchmarkCardBusy(b *testing.B) {
	e, _, _ := benchEngine(b)
	var busy atomic.Int64
	e.cfg.Source = slowCard{e.cfg.Source, 300 * time.Millisecond, &busy}
	files := benchFiles(b, 200, 1_000_000)
	var all time.Duration
	for b.Loop() {
		begun := time.Now()
		benchSign(b, e, files)
		all += time.Since(begun)
		b.StopTimer()
		for _, f := range files {
			_ = os.Remove(f + ".p7m")
		}
		b.StartTimer()
	}
	b.ReportMetric(100*float64(busy.Load())/float64(all), "%busy")
}
