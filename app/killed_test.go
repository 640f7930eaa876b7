package app

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var (
	kills     = flag.Int("batch.kills", 12, "instants at which TestKilled kills a signing process")
	killFiles = flag.Int("batch.files", 60, "files of each batch of TestKilled")
	killSeed  = flag.Uint64("batch.seed", 1, "seed of the instants of TestKilled")
)

// childFolder names the variable by which a test process is told to be the one that is killed.
const childFolder = "CERALACCA_TEST_BATCH"

// TestBatchChild is the process that TestKilled kills: it resumes the batch in a folder, or begins it.
func TestBatchChild(t *testing.T) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		t.Skip("only as a child of TestKilled")
	}
	e, err := New(Config{Dir: filepath.Join(dir, "config")}).WithPractice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := SignRequest{Slot: slotOf(t, e)}
	list, err := e.Interrupted()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) > 0 {
		r.Resume = list[0].ID
	} else if r.Files, _, err = Collect(t.Context(), filepath.Join(dir, "in")); err != nil {
		t.Fatal(err)
	}
	err = e.Sign(t.Context(), r, &answers{pins: []string{PracticePIN}}, SignEvents{Done: func(r FileResult) {
		if r.Err != nil {
			t.Errorf("%s: %v", r.File, r.Err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// scene is a batch that is killed again and again until it is done.
type scene struct {
	t     *testing.T
	dir   string
	e     *Engine
	names []string
	seen  map[string][32]byte // outputs that were found good
}

func newScene(t *testing.T, card []byte) *scene {
	t.Helper()
	s := &scene{t: t, dir: t.TempDir(), seen: map[string][32]byte{}}
	for _, d := range []string{"config", "in"} {
		if err := os.Mkdir(filepath.Join(s.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(s.dir, "config"), "practice-card.json", card)
	for i := range *killFiles {
		name := fmt.Sprintf("atto %03d.bin", i)
		put(t, filepath.Join(s.dir, "in"), name, content(i))
		s.names = append(s.names, name)
	}
	e, err := New(Config{Dir: filepath.Join(s.dir, "config")}).WithPractice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.e = e
	return s
}

// content is the original number i, of up to 60 kB.
func content(i int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("documento %d\n", i), 1+i*37%4000))
}

// run lets the child work for at most d and reports whether it was killed.
func (s *scene) run(d time.Duration) bool {
	s.t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestBatchChild$")
	c.Env = append(os.Environ(), childFolder+"="+s.dir)
	var out strings.Builder
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case err := <-ended:
		if err != nil {
			s.t.Fatalf("%v\n%s", err, out.String())
		}
		return false
	case <-timer.C:
	}
	_ = c.Process.Kill() // it may have ended just now
	err := <-ended
	var exit *exec.ExitError
	killed := errors.As(err, &exit) && (!exit.Exited() || runtime.GOOS == "windows" && exit.ExitCode() == 1 && out.Len() == 0)
	if err != nil && !killed {
		s.t.Fatalf("%v\n%s", err, out.String())
	}
	return err != nil
}

// check holds the folder against what may be in it and returns how many files are signed.
func (s *scene) check(done bool) int {
	s.t.Helper()
	in := filepath.Join(s.dir, "in")
	entries, err := os.ReadDir(in)
	if err != nil {
		s.t.Fatal(err)
	}
	originals := map[string]bool{}
	for i, name := range s.names {
		originals[name] = true
		if b, err := os.ReadFile(filepath.Join(in, name)); err != nil || string(b) != string(content(i)) {
			s.t.Fatalf("%s was changed: %v", name, err)
		}
	}
	signed := 0
	for _, en := range entries {
		name := en.Name()
		switch original, p7m := strings.CutSuffix(name, ".p7m"); {
		case p7m && originals[original]:
			signed++
			s.output(filepath.Join(in, original), filepath.Join(in, name))
		case originals[name], !done && strings.HasPrefix(name, ".ceralacca-"):
		default:
			s.t.Fatalf("%s lies in the folder", name)
		}
	}
	for name := range s.seen {
		if _, err := os.Stat(name); err != nil {
			s.t.Fatalf("an output went away: %v", err)
		}
	}
	return signed
}

// output fails unless the output is complete and valid, and the same as when it was first seen.
func (s *scene) output(original, out string) {
	s.t.Helper()
	b, err := os.ReadFile(out)
	if err != nil {
		s.t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	if was, known := s.seen[out]; known {
		if was != sum {
			s.t.Fatalf("%s was signed twice", out)
		}
		return
	}
	s.seen[out] = sum
	rep, err := s.e.Verify(s.t.Context(), VerifyRequest{File: out})
	if err != nil || JudgeReport(rep).Seal != SealWhole || len(rep.Signatures) != 1 {
		s.t.Fatalf("%s: %+v, %v", out, rep, err)
	}
	of, o, err := openDocument(original)
	if err != nil {
		s.t.Fatal(err)
	}
	defer of.Close()
	sf, d, err := openDocument(out)
	if err != nil {
		s.t.Fatal(err)
	}
	defer sf.Close()
	if !holds(s.t.Context(), d, sf, o, of) {
		s.t.Fatalf("%s holds another document", out)
	}
}

// TestKilled kills the program at random instants of a batch. Each output is absent or complete and valid, no original
// is changed, and resuming finishes the rest without signing anything twice or leaving anything behind.
func TestKilled(t *testing.T) {
	card, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	whole := newScene(t, card)
	begun := time.Now()
	if whole.run(time.Hour); whole.check(true) != *killFiles {
		t.Fatal("a batch that nobody kills is not done")
	}
	lasts := time.Since(begun)
	random := rand.New(rand.NewPCG(*killSeed, 0))
	instants, within, batches := 0, 0, 0
	for instants < *kills {
		s := newScene(t, card)
		batches++
		for instants < *kills && s.run(time.Duration(random.Int64N(int64(lasts)*2/3))) {
			instants++
			if n := s.check(false); n > 0 && n < *killFiles {
				within++
			}
		}
		s.run(time.Hour)
		if n := s.check(true); n != *killFiles {
			t.Fatalf("%d of %d files are signed in the end", n, *killFiles)
		}
		if left, err := filepath.Glob(filepath.Join(s.dir, "config", "jobs", "*")); err != nil || len(left) > 0 {
			t.Fatalf("journals stay behind: %v, %v", left, err)
		}
	}
	t.Logf("%d instants, %d of them amid the signing, in %d batches of %d files that last %v", instants, within, batches, *killFiles, lasts)
}
