// E2e is a person at the window, played by a program: it opens Ceralacca on a virtual display, drags a file onto
// it, presses the keys that sign, types the practice card's PIN, drops the signed file to have it verified, and
// looks at what came of it. Then it does the four jobs (sign, verify, change the PIN, free a blocked one) once more by
// keyboard alone. `make run` calls it where there is no display; its test does the same on every
// `make test`.
//
//	e2e -window build/ceralacca -cli build/ceralacca-cli -out build/demo
//
// With -figures it measures the window instead (`make figures`): see [figures].
//
// # Why
//
// It knows nothing of the program's inside and imports none of it. What it waits for can be seen from outside: a
// picture that changed and stands still, a file that appeared, a process that ended. Nothing waits for a span of
// time. Files arrive by the display's own drag-and-drop protocol and keys by its test extension, both spoken in Go,
// so that the machine needs Xvfb and no tool beside it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	window := flag.String("window", "build/ceralacca", "the window to drive")
	cli := flag.String("cli", "build/ceralacca-cli", "its command-line twin")
	out := flag.String("out", "build/demo", "folder for the signed file, the report and the pictures; made anew")
	bare := flag.String("figures", "", "measure the window instead, beside this bare one (ui/e2e/testdata/bare)")
	runs := flag.Int("runs", 9, "with -figures: starts of each window")
	idle := flag.Duration("idle", time.Minute, "with -figures: how long each window is left alone")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *bare != "" {
		if err := measure(ctx, figures{bare: *bare, runs: *runs, idle: *idle, batch: 1000, list: 10000}, *window, *cli); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			os.Exit(1)
		}
		return
	}
	o, err := demo(ctx, *window, *cli, *out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	o.tell(os.Stdout)
}

// demo performs the main job in a fresh folder, then the four jobs by keyboard.
func demo(ctx context.Context, window, cli, out string) (*outcome, error) {
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o755)); err != nil {
		return nil, err
	}
	t, err := newTrial(window, cli, out)
	if err != nil {
		return nil, err
	}
	t.name = "Lettera di prova.txt"
	t.content = []byte("Questa lettera è stata firmata con la carta di prova di Ceralacca.\nLa firma non ha valore legale.\n")
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	o, err := t.run(ctx)
	if err != nil {
		return nil, err
	}
	return o, t.hands(ctx)
}

// measure measures in a fresh folder, which goes afterwards.
func measure(ctx context.Context, f figures, window, cli string) (err error) {
	dir, err := os.MkdirTemp("", "ceralacca-figures-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if f.trial, err = newTrial(window, cli, dir); err != nil {
		return err
	}
	if f.bare, err = filepath.Abs(f.bare); err != nil {
		return err
	}
	f.home = filepath.Join(dir, "home")
	if err := os.Mkdir(f.home, 0o755); err != nil {
		return err
	}
	return f.measure(ctx, os.Stdout)
}
