package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jezek/xgb/xproto"
)

// This file measures the real window, beside a bare one of the same toolkit (testdata/bare) on the same screen. It
// judges nothing: what is measured depends on the machine, and drawing is done in software here.

// figures says what is measured.
type figures struct {
	trial
	bare  string        // the bare window
	runs  int           // starts of each window, one after the other in turn
	idle  time.Duration // how long each is left alone
	batch int           // files signed under one PIN
	list  int           // files in a list
}

// measure measures and prints a table.
func (f *figures) measure(ctx context.Context, out io.Writer) error {
	for _, m := range []func(context.Context, io.Writer) error{f.starts, f.rests, f.signsBatch, f.longList} {
		t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		if err := errors.Join(m(ctx, t), t.Flush()); err != nil {
			return err
		}
	}
	return nil
}

// opened is a window on a screen of its own, left with the home folder of the trial.
func (f *figures) opened(ctx context.Context, program string, args []string, use func(*window) error) error {
	s, err := openScreen(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = f.home, f.environ(s)
	w, err := s.openWindow(ctx, cmd)
	if err != nil {
		return err
	}
	if err := use(w); err != nil {
		return fmt.Errorf("%w\nthe program said:\n%s", err, w.kill())
	}
	_, err = w.close(ctx)
	return err
}

// plain are the flags of a window as most people start it: their own card, their own folder.
func (f *figures) plain() []string {
	return []string{"--lang", "it", "--config", filepath.Join(f.home, "settings")}
}

// starts measures from exec to the first painted frame, ours and the bare one in turn. The very first of each is left
// out: it reads the program from the disk.
func (f *figures) starts(ctx context.Context, out io.Writer) error {
	var ours, bare, oursBusy, bareBusy turns
	for i := range f.runs + 1 {
		for _, one := range []struct {
			program    string
			args       []string
			into, busy *turns
		}{{f.bare, nil, &bare, &bareBusy}, {f.window, f.plain(), &ours, &oursBusy}} {
			err := f.opened(ctx, one.program, one.args, func(w *window) error {
				busy, err := w.busy()
				if i > 0 {
					*one.into, *one.busy = append(*one.into, w.first), append(*one.busy, busy)
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(out, "start to first frame, median (shortest – longest) of %d\tCeralacca\t%s\n", f.runs, spread(ours, oursBusy))
	fmt.Fprintf(out, "\tbare window\t%s\n", spread(bare, bareBusy))
	return nil
}

// spread tells how long the starts took, and how much of the processors they had used by then.
func spread(took, busy turns) string {
	slices.Sort(took)
	slices.Sort(busy)
	return fmt.Sprintf("%s (%s – %s), processors busy for %s", ms(took.at(0.5)), ms(took[0]), ms(took.at(1)), ms(busy.at(0.5)))
}

// rests measures memory and the part of one processor that a window takes when nobody touches it.
func (f *figures) rests(ctx context.Context, out io.Writer) error {
	for _, one := range []struct {
		name, program string
		args          []string
	}{{"Ceralacca", f.window, f.plain()}, {"bare window", f.bare, nil}} {
		err := f.opened(ctx, one.program, one.args, func(w *window) error {
			if _, err := w.settled(ctx, "the window stands still", nil); err != nil {
				return err
			}
			before, err := w.busy()
			if err != nil {
				return err
			}
			p, err := pass(ctx, f.idle)
			if err != nil {
				return err
			}
			after, err := w.busy()
			if err != nil {
				return err
			}
			rss, pss, err := w.memory()
			fmt.Fprintf(out, "left alone for %s\t%s\tmemory %d MiB resident, %d MiB its own share; processor %.1f %%\n",
				f.idle, one.name, rss, pss, 100*(after-before).Seconds()/p.Seconds())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pass lets the time pass and tells how long it was.
func pass(ctx context.Context, d time.Duration) (time.Duration, error) {
	began := time.Now()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	return time.Since(began), nil
}

// paced does something to the window and tells its turns meanwhile.
func paced(w *window, do func() error) (turns, time.Duration, error) {
	p, err := w.takePulse()
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	err = do()
	took := time.Since(began)
	t, failed := p.beats()
	return t, took, errors.Join(err, failed)
}

// signsBatch signs a folder of files under one PIN.
func (f *figures) signsBatch(ctx context.Context, out io.Writer) error {
	folder, err := f.folder("da firmare", f.batch)
	if err != nil {
		return err
	}
	return f.opened(ctx, f.window, f.global(), func(w *window) error {
		h := &handiwork{trial: f.trial, w: w}
		if err := h.see(ctx, "the practice card is read"); err != nil {
			return err
		}
		rest, _, err := paced(w, func() error { _, err := pass(ctx, 2*time.Second); return err })
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "turns of the window: median · 99 %% · longest\tat rest\t%s\n", rest)
		adding, took, err := paced(w, func() error {
			return errors.Join(drop(ctx, w.s.display, w.id, folder), h.listed(ctx), h.still(ctx))
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\ta folder of %d files dropped, read and checked\t%s\t(%.1f s)\n", f.batch, adding, took.Seconds())
		if err := errors.Join(w.press(keyControl, keyReturn), h.see(ctx, "the PIN is asked for"), w.enter(practicePIN)); err != nil {
			return err
		}
		signing, took, err := paced(w, func() error {
			if err := w.press(keyReturn); err != nil {
				return err
			}
			return until(ctx, 10*time.Minute, "all are signed", func() (bool, error) {
				signed, err := filepath.Glob(filepath.Join(folder, "*.p7m"))
				return len(signed) == f.batch, err
			})
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\t%d files signed\t%s\t(%.1f s)\n", f.batch, signing, took.Seconds())
		return nil
	})
}

// The keys of a list.
const (
	keyDown     xproto.Keysym = 0xff54
	keyPageDown xproto.Keysym = 0xff56
	keyEnd      xproto.Keysym = 0xff57
	keyHome     xproto.Keysym = 0xff50
)

// longList adds a folder of files, goes through the list and filters it.
func (f *figures) longList(ctx context.Context, out io.Writer) error {
	folder, err := f.folder("tanti", f.list)
	if err != nil {
		return err
	}
	return f.opened(ctx, f.window, f.global(), func(w *window) error {
		h := &handiwork{trial: f.trial, w: w}
		if err := h.see(ctx, "the practice card is read"); err != nil {
			return err
		}
		for _, step := range []struct {
			what string
			do   func() error
		}{
			{"dropped, read and checked", func() error {
				return errors.Join(drop(ctx, w.s.display, w.id, folder), until(ctx, 5*time.Minute, "the files are listed", func() (bool, error) {
					now, err := w.frame()
					return now != nil && waxAtFoot(now), err
				}), h.still(ctx))
			}},
			{"100 screens down, to the end, to the start", func() error {
				err := errors.Join(w.press(keyControl, 'f'), w.press(keyDown))
				for range 100 {
					err = errors.Join(err, w.press(keyPageDown))
				}
				return errors.Join(err, w.press(keyEnd), w.press(keyHome))
			}},
			{"filtered by a number, and the filter cleared", func() error {
				return errors.Join(w.press(keyControl, 'f'), w.enter("7777"), h.see(ctx, "one file is left"),
					w.press(keyEscape), h.see(ctx, "all are back"))
			}},
		} {
			t, took, err := paced(w, step.do)
			if err != nil {
				return fmt.Errorf("%s: %w", step.what, err)
			}
			fmt.Fprintf(out, "turns, list of %d files\t%s\t%s\t(%.1f s)\n", f.list, step.what, t, took.Seconds())
		}
		return nil
	})
}

// still waits until nothing moves any more.
func (h *handiwork) still(ctx context.Context) (err error) {
	h.last, err = h.w.settled(ctx, "the window stands still", nil)
	return err
}

// folder makes a folder of n small files.
func (f *figures) folder(name string, n int) (string, error) {
	dir := filepath.Join(f.out, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("documento %05d.txt", i)), fmt.Appendf(nil, "Documento %d.\n", i), 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// busy is the processor time that the program has used.
func (w *window) busy() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(w.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])) // proc(5): from field 3 on
	if len(fields) < 13 {
		return 0, errors.New("/proc tells no processor time")
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100, nil // USER_HZ
}

// memory is what the program holds, in MiB: all of it, and its share when what others map too is divided.
func (w *window) memory() (rss, pss int, err error) {
	rollup, err := os.ReadFile("/proc/" + strconv.Itoa(w.cmd.Process.Pid) + "/smaps_rollup")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(rollup)) {
		for prefix, to := range map[string]*int{"Rss:": &rss, "Pss:": &pss} {
			if kib, ok := strings.CutPrefix(line, prefix); ok {
				n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(kib), " kB"))
				if err != nil {
					return 0, 0, err
				}
				*to = n / 1024
			}
		}
	}
	return rss, pss, nil
}
