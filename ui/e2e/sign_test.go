package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build compiles the window and the twin with the flags of this test: under the race detector they carry it too.
// Without the tag migrated_fynedo, the toolkit itself reports a widget touched from a wrong goroutine.
func build(t *testing.T) (window, cli string) {
	t.Helper()
	dir := t.TempDir()
	window, cli = filepath.Join(dir, "ceralacca"), filepath.Join(dir, "ceralacca-cli")
	for pkg, out := range map[string]string{"ceralacca": window, "ceralacca/app/cli": cli} {
		args := []string{"build", "-o", out}
		if raceDetector {
			args = append(args, "-race")
		}
		said, err := exec.CommandContext(t.Context(), "go", append(args, pkg)...).CombinedOutput()
		if err != nil {
			t.Fatalf("building %s: %v\n%s", pkg, err, said)
		}
	}
	return window, cli
}

// watchTree looks into every folder of the module, so that the go command repeats this test when any file there has
// changed: what is compiled in a process of its own, the test cache does not see.
func watchTree(t *testing.T) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "build") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPersonSigns goes the whole way through the real window, with real keys and a real drag-and-drop.
func TestPersonSigns(t *testing.T) {
	if _, err := exec.LookPath("Xvfb"); err != nil {
		t.Skip(errNoScreen)
	}
	watchTree(t)
	window, cli := build(t)
	t.Run("and has it verified", func(t *testing.T) { signs(t, window, cli) })
	t.Run("or leaves while the PIN is asked for", func(t *testing.T) { leaves(t, window, cli) })
	for _, job := range keyboardJobs {
		t.Run("by keyboard/"+job.name, func(t *testing.T) { worksByKeyboard(t, window, cli, job.steps) })
	}
}

func trialFor(t *testing.T, window, cli string) trial {
	t.Helper()
	tr, err := newTrial(window, cli, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// leaves closes the window with a question open: the program ends, nothing is written.
func leaves(t *testing.T, program, cli string) {
	tr := trialFor(t, program, cli)
	tr.name, tr.home = "contratto.txt", t.TempDir()
	o, err := tr.play(t.Context(), func(ctx context.Context, w *window, o *outcome) error {
		_, err := tr.ask(ctx, w, o)
		return errors.Join(err, w.enter(practicePIN[:3]))
	})
	if err != nil {
		keep(t, tr.out)
		t.Fatal(err)
	}
	files, err := os.ReadDir(tr.out)
	if err != nil || len(files) != 1 {
		t.Errorf("beside %s lies: %v %v", o.file, files, err)
	}
}

// worksByKeyboard goes through steps without a mouse; a signed file of the right content must come of them.
func worksByKeyboard(t *testing.T, program, cli string, steps []step) {
	tr := trialFor(t, program, cli)
	tr.name, tr.home = "Verbale dell'assemblea.txt", t.TempDir()
	tr.content = []byte("L'assemblea approva il bilancio.\n")
	o, err := tr.play(t.Context(), tr.byKeyboard(steps))
	if err != nil {
		keep(t, tr.out)
		t.Fatal(err)
	}
	opensslAgrees(t, o.signed, tr.content)
}

func signs(t *testing.T, window, cli string) {
	tr := trialFor(t, window, cli)
	tr.name = "Contratto d'affitto è #1 100%.txt"
	tr.content = []byte("Il signor Rossi affitta al signor Bianchi.\r\n\x00\xff")
	o, err := tr.run(t.Context())
	if err != nil {
		keep(t, tr.out)
		t.Fatal(err)
	}
	t.Logf("first frame %s, signed in %s, peak %d MiB (race detector: %v)", o.firstFrame, o.signing, o.peakMiB, raceDetector)

	original, err := os.ReadFile(o.file)
	if err != nil || !bytes.Equal(original, tr.content) {
		t.Errorf("the original was touched: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(tr.out, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	t.Run("openssl agrees", func(t *testing.T) { opensslAgrees(t, o.signed, tr.content) })
}

// opensslAgrees has openssl check the signature by the certificate it carries, and compares the content. The chain
// up to the practice authority is checked where that authority is at hand, in the tests of the twin.
func opensslAgrees(t *testing.T, signed string, content []byte) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl on this machine (.ci/install check)")
	}
	cmd := exec.CommandContext(t.Context(), "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-noverify", "-in", signed)
	var said strings.Builder
	cmd.Stderr = &said
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if !bytes.Equal(got, content) {
		t.Errorf("openssl gives back %q, want %q", got, content)
	}
}

// keep copies the picture of a failure to where a person finds it after the test.
func keep(t *testing.T, dir string) {
	picture, err := os.ReadFile(filepath.Join(dir, "failed.png"))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	to := filepath.Join("..", "..", "build", "e2e-failed.png")
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, picture, 0o644))
	}
	if err != nil {
		t.Logf("the picture of the failure is lost: %v", err)
		return
	}
	t.Logf("what the window showed: %s", to)
}
