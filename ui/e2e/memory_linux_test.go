package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ceralacca/card/pcsc/pcsctest"
	"ceralacca/card/sim"
)

// This file looks for a PIN in the memory of the real window. The card is a simulated one behind a pcscd of its own: it
// holds its PIN, so it must live in another process than the window, and the PIN goes the whole way, from the key of
// the display over the toolkit, the field, the driver and the system's card service.

// TestPINIsNotInTheWindow types a PIN, has three files signed with it, and then reads every writable mapping of the
// window, which is what a core file holds.
func TestPINIsNotInTheWindow(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector keeps a history of memory of its own")
	}
	if _, err := exec.LookPath("Xvfb"); err != nil {
		t.Skip(errNoScreen)
	}
	watchTree(t)
	const pin, kept = "58261937", "40927158" // eight digits, so that chance does not make them
	startReader(t, pin)
	program, cli := build(t)
	tr := trialFor(t, program, cli)
	tr.name, tr.home, tr.reader, tr.content = "a.txt", t.TempDir(), true, []byte("Uno.\n")
	_, err := tr.play(t.Context(), func(ctx context.Context, w *window, o *outcome) error {
		ready, err := w.settled(ctx, "the window stands still with the card read", nil)
		if err != nil {
			return err
		}
		files := []string{o.file}
		for _, name := range []string{"b.txt", "c.txt"} {
			files = append(files, filepath.Join(tr.out, name))
			if err := os.WriteFile(files[len(files)-1], []byte(name), 0o644); err != nil {
				return err
			}
		}
		if err := drop(ctx, w.s.display, w.id, files...); err != nil {
			return err
		}
		h := &handiwork{trial: tr, w: w, last: ready}
		if err := h.listed(ctx); err != nil {
			return err
		}
		if err := errors.Join(w.press(keyControl, keyReturn), h.see(ctx, "the PIN is asked for"), w.enter(pin), w.press(keyReturn)); err != nil {
			return err
		}
		for _, f := range files {
			if err := appears(ctx, f+".p7m"); err != nil {
				return err
			}
		}
		if err := h.see(ctx, "the result is told"); err != nil {
			return err
		}
		return errors.Join(noneIn(t, w.cmd.Process.Pid, pin), typedStays(ctx, t, h, kept))
	})
	if err != nil {
		keep(t, tr.out)
		t.Fatal(err)
	}
}

// typedStays types another PIN and does not send it: it must be found, once, or the search proves nothing.
func typedStays(ctx context.Context, t *testing.T, h *handiwork, pin string) error {
	if err := os.WriteFile(filepath.Join(h.out, "d.txt"), []byte("d"), 0o644); err != nil {
		return err
	}
	if err := drop(ctx, h.w.s.display, h.w.id, filepath.Join(h.out, "d.txt")); err != nil {
		return err
	}
	if err := errors.Join(h.listed(ctx), h.w.press(keyControl, keyReturn), h.see(ctx, "the PIN is asked for again"), h.w.enter(pin)); err != nil {
		return err
	}
	return until(ctx, 20*time.Second, "the PIN in the field is found in memory, once", func() (bool, error) {
		image, err := writable(h.w.cmd.Process.Pid)
		found := 0
		for _, needle := range forms(pin) {
			found += bytes.Count(image, needle)
		}
		return found == 1, err
	})
}

// noneIn is nil when no form of the PIN stands in the memory of the process.
func noneIn(t *testing.T, pid int, pin string) error {
	image, err := writable(pid)
	if err != nil {
		return err
	}
	var bad []error
	for what, needle := range forms(pin) {
		n := bytes.Count(image, needle)
		t.Logf("%s: %d copies in %d MiB of writable memory", what, n, len(image)>>20)
		if n > 0 {
			at := bytes.Index(image, needle)
			bad = append(bad, fmt.Errorf("%d copies of the PIN, %s; around the first %q", n, what, image[max(0, at-48):min(len(image), at+48)]))
		}
	}
	return errors.Join(bad...)
}

// forms are how a PIN can lie in memory; the block of a VERIFY begins like the ASCII.
func forms(pin string) map[string][]byte {
	var wide, widest, values []byte
	for _, r := range pin {
		wide = binary.LittleEndian.AppendUint16(wide, uint16(r))
		widest = binary.LittleEndian.AppendUint32(widest, uint32(r))
		values = append(values, byte(r-'0'))
	}
	return map[string][]byte{"in ASCII, as in a command": []byte(pin), "in UTF-16": wide, "in UTF-32": widest, "as digits": values}
}

// writable is what the process could write.
func writable(pid int) ([]byte, error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, err
	}
	defer mem.Close()
	var image []byte
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil || !strings.HasPrefix(rights, "rw") {
			continue
		}
		part := make([]byte, to-from)
		n, _ := mem.ReadAt(part, from) // a mapping may end early
		image = append(image, part[:n]...)
	}
	return image, nil
}

// startReader runs a card service that belongs to the test alone, with a card of the PIN in its reader.
func startReader(t *testing.T, pin string) {
	t.Helper()
	p, err := sim.IssueProfile("renewed", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := p.Card()
	c.Sign.PIN = pin
	socket := pcsctest.Socket(t)
	t.Setenv(pcsctest.Env, socket)
	d := pcsctest.New(t, socket, "Lettore di prova")
	d.Start(t)
	d.Insert(t, 0, sim.New(c))
}
