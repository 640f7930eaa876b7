package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// practicePIN is the signature PIN of the practice card; the program tells it to everyone in its help.
const practicePIN = "12345"

// trial is one passage through the window: a file is dropped, signed and verified.
type trial struct {
	window, cli string // the two programs
	out         string // a folder that exists; everything is left there
	name        string // of the file to sign
	content     []byte
	home        string // the person's home folder for this trial; the programs see no other
	reader      bool   // with the card in the system's reader, not the practice card
}

// outcome is what a trial left, all of it seen and none of it assumed.
type outcome struct {
	file, signed, report, words string   // paths
	pictures                    []string // paths
	firstFrame, signing         time.Duration
	peakMiB                     int
	verdict                     verdict
	said                        string // by the program, on its outputs
}

// verdict is the part of the command-line twin's report that we look at (verify --json).
type verdict struct {
	Files []struct {
		Format     string
		Signatures []struct {
			Integrity  string
			Indication string
			Level      string
			Signer     struct{ CN string }
		}
		Error *struct{ Code, Text string }
	}
}

// complaints are words that the program must never say: the toolkit found its widgets touched from a wrong
// goroutine, or the race detector found a race.
var complaints = regexp.MustCompile(`Error in Fyne call thread|DATA RACE|panic:|fatal error:`)

// run performs the trial and judges what came of it.
func (t trial) run(ctx context.Context) (*outcome, error) {
	home, err := os.MkdirTemp("", "ceralacca-e2e-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(home)
	t.home = home
	o, err := t.play(ctx, t.drive)
	if err != nil {
		return nil, err
	}
	return o, t.judge(ctx, o)
}

// play opens the window on a screen of its own, lets scene do with it what it wants, and closes it as a person
// does. The program must then end by itself, with status 0 and without one of the complaints.
func (t trial) play(ctx context.Context, scene func(context.Context, *window, *outcome) error) (*outcome, error) {
	s, err := openScreen(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()

	o := &outcome{file: filepath.Join(t.out, t.name)}
	o.signed = o.file + ".p7m"
	if err := os.WriteFile(o.file, t.content, 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, t.window, t.global()...)
	cmd.Dir = t.home // away from FyneApp.toml, whose migration marks would switch the toolkit's checks off
	cmd.Env = t.environ(s)
	w, err := s.openWindow(ctx, cmd)
	if err != nil {
		return nil, err
	}
	o.firstFrame = w.first
	if err := scene(ctx, w, o); err != nil {
		if picture, shot := w.frame(); shot == nil && picture != nil {
			_ = savePNG(filepath.Join(t.out, "failed.png"), picture) // the failure itself is what matters
		}
		return nil, fmt.Errorf("%w\nthe program said:\n%s", err, w.kill())
	}
	o.peakMiB = w.peak()
	if o.said, err = w.close(ctx); err != nil {
		return nil, fmt.Errorf("closing the window: %w\nthe program said:\n%s", err, w.kill())
	}
	if word := complaints.FindString(o.said); word != "" {
		return nil, fmt.Errorf("the program said %q:\n%s", word, o.said)
	}
	return o, nil
}

// environ shows the programs the home of this trial alone, and makes every machine draw the same.
func (t trial) environ(s *screen) []string {
	return s.environ("HOME="+t.home, "XDG_CONFIG_HOME="+t.home, "XDG_CACHE_HOME="+t.home, "XDG_DATA_HOME="+t.home,
		"XDG_RUNTIME_DIR="+t.home, "FYNE_SCALE=1", "FYNE_THEME=light", "LIBGL_ALWAYS_SOFTWARE=1")
}

// global are the flags that both programs get. They share one folder for settings, since the practice issuer lives
// there: the twin knows the signature of the window only by that.
func (t trial) global() []string {
	flags := []string{"--lang", "it", "--config", filepath.Join(t.home, "settings")}
	if t.reader {
		return flags
	}
	return append(flags, "--demo")
}

// drive does with the window what a person does: drop, sign, PIN, look, drop the signed file.
func (t trial) drive(ctx context.Context, w *window, o *outcome) error {
	asked, err := t.ask(ctx, w, o)
	if err != nil {
		return err
	}
	if err := w.enter(practicePIN); err != nil {
		return err
	}
	started := time.Now()
	if err := w.press(keyReturn); err != nil {
		return err
	}
	if err := appears(ctx, o.signed); err != nil {
		return err
	}
	o.signing = time.Since(started)
	done, err := w.settled(ctx, "the window tells the result", asked)
	if err != nil {
		return err
	}
	if err := drop(ctx, w.s.display, w.id, o.signed); err != nil {
		return fmt.Errorf("dropping the signed file: %w", err)
	}
	opened, err := w.settled(ctx, "the window tells who signed", done)
	if err != nil {
		return err
	}
	return o.picture(t.out, map[string]*image.RGBA{"1-signed.png": done, "2-verified.png": opened})
}

// ask drops the file and asks for the signature; it returns the picture of the PIN panel.
func (t trial) ask(ctx context.Context, w *window, o *outcome) (*image.RGBA, error) {
	ready, err := w.settled(ctx, "the window stands still with the practice card read", nil)
	if err != nil {
		return nil, err
	}
	if err := drop(ctx, w.s.display, w.id, o.file); err != nil {
		return nil, fmt.Errorf("dropping %s: %w", t.name, err)
	}
	listed, err := w.settled(ctx, "the dropped file is listed", ready)
	if err != nil {
		return nil, err
	}
	if err := w.press(keyControl, keyReturn); err != nil {
		return nil, err
	}
	return w.settled(ctx, "the PIN is asked for", listed)
}

// saysPractice tells whether words stand in the band on top of the window, right of its mark. That band must be on
// every screen while the practice card is in use; and text that is laid out but never painted, as happens with the
// real painter alone, is found nowhere else.
func saysPractice(picture *image.RGBA) bool {
	const left, right, top, bottom, words = 48, 300, 4, 28, 200
	ground := picture.RGBAAt(left, top)
	ink := 0
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			if picture.RGBAAt(x, y) != ground {
				ink++
			}
		}
	}
	return ink >= words
}

// picture keeps what the window showed when it told the result, and when it told who signed.
func (o *outcome) picture(dir string, pictures map[string]*image.RGBA) error {
	for _, name := range []string{"1-signed.png", "2-verified.png"} {
		path := filepath.Join(dir, name)
		if err := savePNG(path, pictures[name]); err != nil {
			return err
		}
		if !saysPractice(pictures[name]) {
			return fmt.Errorf("%s: no words in the band on top that tells of the practice card", name)
		}
		o.pictures = append(o.pictures, path)
	}
	return nil
}

// judge has the command-line twin verify the signed file, keeps its report for programs and for people, and
// holds the content against the original.
func (t trial) judge(ctx context.Context, o *outcome) error {
	o.report, o.words = filepath.Join(t.out, "report.json"), filepath.Join(t.out, "report.txt")
	report, err := t.twin(ctx, "--json", "verify", o.signed)
	if err != nil {
		return err
	}
	words, err := t.twin(ctx, "verify", o.signed)
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(o.report, report, 0o644), os.WriteFile(o.words, words, 0o644)); err != nil {
		return err
	}
	if err := o.read(report); err != nil {
		return err
	}
	content := filepath.Join(t.out, "content.tmp")
	defer os.Remove(content)
	if _, err := t.twin(ctx, "extract", "--out", content, o.signed); err != nil {
		return err
	}
	got, err := os.ReadFile(content)
	if err != nil {
		return err
	}
	if string(got) != string(t.content) {
		return fmt.Errorf("the signed file gives back %d bytes, not the %d that were signed", len(got), len(t.content))
	}
	return nil
}

// read takes in the twin's report, and wants in it one file with one intact signature.
func (o *outcome) read(report []byte) error {
	if err := json.Unmarshal(report, &o.verdict); err != nil {
		return fmt.Errorf("reading the report: %w", err)
	}
	if n := len(o.verdict.Files); n != 1 {
		return fmt.Errorf("the report speaks of %d files, not of one", n)
	}
	f := o.verdict.Files[0]
	if f.Error != nil {
		return fmt.Errorf("the signed file could not be verified: %s: %s", f.Error.Code, f.Error.Text)
	}
	if len(f.Signatures) != 1 || f.Signatures[0].Integrity != "intact" {
		return fmt.Errorf("the report does not tell one intact signature:\n%s", report)
	}
	return nil
}

// twin runs the command-line twin and returns its standard output. Exit status 2 is no failure here: a signature
// can be intact and yet have an issuer that no list of trusted issuers knows.
func (t trial) twin(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.cli, append(t.global(), args...)...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(t.cli), strings.Join(args, " "), err, out, said.String())
	}
	return out, nil
}

// jobNames tells what is done by keyboard.
func jobNames() string {
	var names []string
	for _, job := range keyboardJobs {
		names = append(names, job.name)
	}
	return strings.Join(names, ";\n     ")
}

// newTrial makes the three paths absolute, since the programs run elsewhere.
func newTrial(window, cli, out string) (trial, error) {
	var t trial
	for from, to := range map[string]*string{window: &t.window, cli: &t.cli, out: &t.out} {
		path, err := filepath.Abs(from)
		if err != nil {
			return t, err
		}
		*to = path
	}
	return t, nil
}

// tell says in plain words what was done and where it lies.
func (o *outcome) tell(w io.Writer) {
	here, err := os.Getwd()
	if err != nil {
		here = "/"
	}
	path := func(p string) string {
		if rel, err := filepath.Rel(here, p); err == nil {
			return rel
		}
		return p
	}
	s := o.verdict.Files[0].Signatures[0]
	fmt.Fprintf(w, `
What happened, in the real window on a virtual display, with the practice card:
  1. The window opened; its first picture was there after %s.
  2. The file %q was dragged onto it.
  3. Ctrl+Enter asked for the signature, the window asked for the PIN, the PIN was typed.
  4. %s later the signed file lay beside the original.
  5. The signed file was dropped on the window, which showed its signature.
  6. The command-line twin verified it too: %s %s, signed by %s,
     signature %s, verdict %s; the content came out byte for byte.
  7. By keyboard alone, each in a new window: %s.
The window held %d MiB at most, and closed when asked.

`, o.firstFrame.Round(time.Millisecond), filepath.Base(o.file), o.signing.Round(time.Millisecond),
		o.verdict.Files[0].Format, s.Level, s.Signer.CN, s.Integrity, s.Indication, jobNames(), o.peakMiB)
	for _, line := range [][2]string{
		{"signed file", o.signed},
		{"report", o.words},
		{"report (JSON)", o.report},
		{"picture: signed", o.pictures[0]},
		{"picture: verified", o.pictures[1]},
	} {
		fmt.Fprintf(w, "  %-18s %s\n", line[0], path(line[1]))
	}
	fmt.Fprintln(w, "\nA signature of the practice card has no legal value.")
}
