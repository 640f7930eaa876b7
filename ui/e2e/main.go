// E2e is a person at the window, played by a program: it opens Ceralacca on a virtual display, drags a file onto
// it, presses the keys that sign, types the practice card's PIN, drops the signed file to have it verified, and
// looks at what came of it. Then it does the four jobs (sign, verify, change the PIN, free a blocked one) once more by
// keyboard alone. `make run` calls it where there is no display; its test does the same on every
// `make test`.
//
//	e2e -window build/ceralacca -cli build/ceralacca-cli -out build/demo
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
	"syscall"
	"time"
)

func main() {
	window := flag.String("window", "build/ceralacca", "the window to drive")
	cli := flag.String("cli", "build/ceralacca-cli", "its command-line twin")
	out := flag.String("out", "build/demo", "folder for the signed file, the report and the pictures; made anew")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
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
