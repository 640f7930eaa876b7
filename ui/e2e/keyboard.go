package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// This file is the person whose mouse is broken: each of the four jobs by keyboard alone. What is dropped
// while a PIN is asked for is refused. Files come by a pasted
// path or by a second start. That a PIN is the new one shows in a file that only the new one can sign.

const (
	practicePUK = "12345678" // of the practice card; the program tells it to everyone in its help
	newPIN      = "73051"
	// tabsToChange is how often Tab goes from the card bar to the button that changes the signature PIN, on the page
	// of a card with which all is well. A test of package ui holds it true.
	tabsToChange = 6
)

// The exercises, by their place in the menu.
const (
	exerciseChange  = 1
	exerciseBlocked = 2
)

// step is a part of a job by keyboard.
type step func(*handiwork, context.Context, *outcome) error

// keyboardJobs are done by keyboard alone; each ends with a signed file.
var keyboardJobs = []struct {
	name  string
	steps []step
}{
	{"change the PIN, sign a pasted file with the new one, verify it and save what is inside", []step{changePIN, pasted, signsWith(newPIN), verifies}},
	{"free a blocked PIN with the PUK, sign the file of a second start with the new one", []step{unblock, secondStart, signsWith(newPIN)}},
}

// handiwork is a trial's scenes by keyboard, with the picture that the last step left.
type handiwork struct {
	trial
	w    *window
	last *image.RGBA
}

// byKeyboard makes a scene of steps.
func (t trial) byKeyboard(steps []step) func(context.Context, *window, *outcome) error {
	return func(ctx context.Context, w *window, o *outcome) error {
		h := &handiwork{trial: t, w: w}
		if err := h.see(ctx, "the window stands still with the practice card read"); err != nil {
			return err
		}
		for _, step := range steps {
			if err := step(h, ctx, o); err != nil {
				return err
			}
		}
		return nil
	}
}

// see waits until the window shows something else than before, and stands still.
func (h *handiwork) see(ctx context.Context, what string) (err error) {
	h.last, err = h.w.settled(ctx, what, h.last)
	return err
}

// tab presses Tab n times.
func (h *handiwork) tab(n int) error {
	for range n {
		if err := h.w.press(keyTab); err != nil {
			return err
		}
	}
	return nil
}

// exercise opens the menu of the exercises, the first stop of the Tab key while the practice card is in use, and
// chooses one.
func (h *handiwork) exercise(ctx context.Context, n int) error {
	if err := errors.Join(h.tab(1), h.w.press(keyReturn)); err != nil {
		return err
	}
	if err := h.see(ctx, "the exercises are offered"); err != nil {
		return err
	}
	if err := errors.Join(h.tab(n), h.w.press(keyReturn)); err != nil {
		return err
	}
	err := until(ctx, 60*time.Second, "the exercise says what to do, and its card fills the page", func() (bool, error) {
		now, err := h.w.frame()
		return now != nil && guides(now) && fills(now), err
	})
	if err != nil {
		return err
	}
	h.last, err = h.w.settled(ctx, "the card of the exercise is shown", nil)
	return err
}

// guides tells whether the band of practice is two lines high: below comes the step of the exercise.
func guides(picture *image.RGBA) bool { return picture.RGBAAt(8, 8) == picture.RGBAAt(8, 48) }

// fills tells whether there is something in the middle of the page: while a card is being read it is empty there.
func fills(picture *image.RGBA) bool {
	size := picture.Rect.Size()
	ground, marks := picture.RGBAAt(size.X/2, size.Y*2/3), 0
	for y := size.Y * 2 / 3; y < size.Y*9/10; y++ {
		for x := size.X * 3 / 10; x < size.X*9/10; x++ {
			if picture.RGBAAt(x, y) != ground {
				marks++
			}
		}
	}
	return marks > 2000
}

// changePIN does the exercise of the change.
func changePIN(h *handiwork, ctx context.Context, o *outcome) error {
	if err := h.exercise(ctx, exerciseChange); err != nil {
		return err
	}
	if err := errors.Join(h.w.press(keyF6), h.tab(tabsToChange), h.w.press(keyReturn)); err != nil {
		return err
	}
	if err := h.see(ctx, "the old PIN and the new one are asked for"); err != nil {
		return err
	}
	if err := h.dropInVain(ctx, o.file); err != nil {
		return err
	}
	if err := h.fields(practicePIN, newPIN, newPIN); err != nil {
		return err
	}
	return h.see(ctx, "the change is told")
}

// unblock does the exercise of the blocked PIN: Ctrl+Enter is the remedy that the page proposes.
func unblock(h *handiwork, ctx context.Context, o *outcome) error {
	if err := h.exercise(ctx, exerciseBlocked); err != nil {
		return err
	}
	if err := h.w.press(keyControl, keyReturn); err != nil {
		return err
	}
	if err := h.see(ctx, "the unblocking tells what is needed"); err != nil {
		return err
	}
	if err := h.w.press(keyReturn); err != nil {
		return err
	}
	if err := h.see(ctx, "the PUK is asked for"); err != nil {
		return err
	}
	if err := h.dropInVain(ctx, o.file); err != nil {
		return err
	}
	if err := h.fields(practicePUK, practicePUK); err != nil {
		return err
	}
	if err := h.see(ctx, "the new PIN is asked for"); err != nil {
		return err
	}
	if err := h.fields(newPIN, newPIN); err != nil {
		return err
	}
	return h.see(ctx, "the unblocking is told")
}

// dropInVain drops a file while a PIN or PUK is asked for: the window says, over the panel, that it does
// not take it now.
func (h *handiwork) dropInVain(ctx context.Context, file string) error {
	if err := drop(ctx, h.w.s.display, h.w.id, file); err != nil {
		return fmt.Errorf("dropping a file beside the question: %w", err)
	}
	return h.glimpse(ctx, "the window says that it takes no file now")
}

// glimpse waits until the picture is another, and does not wait for it to stand still: what it waits for goes by itself
// after seconds, and on a busy machine so many looks take as long.
func (h *handiwork) glimpse(ctx context.Context, what string) error {
	before := h.last
	return until(ctx, 30*time.Second, what, func() (bool, error) {
		now, err := h.w.frame()
		if now == nil {
			return false, err
		}
		h.last = now
		return difference(before, now) > 1.0/200, nil
	})
}

// fields fills one field after the other, each ended by Enter.
func (h *handiwork) fields(digits ...string) error {
	for _, d := range digits {
		if err := errors.Join(h.w.enter(d), h.w.press(keyReturn)); err != nil {
			return err
		}
	}
	return nil
}

// paste puts a path on the clipboard and pastes it on the page Firma.
func (h *handiwork) paste(ctx context.Context, path, seen string) error {
	c, err := copyText(h.w.s.display, path)
	if err != nil {
		return err
	}
	if err := h.w.press(keyControl, 'v'); err != nil {
		return errors.Join(err, c.close())
	}
	return errors.Join(h.see(ctx, seen), c.close())
}

// listed waits until the button that seals stands in the bar at the foot.
func (h *handiwork) listed(ctx context.Context) error {
	return until(ctx, 30*time.Second, "the file is listed and can be signed", func() (bool, error) {
		now, err := h.w.frame()
		h.last = now
		return now != nil && waxAtFoot(now), err
	})
}

// waxAtFoot tells whether there is the wax of the sealing button in the bar at the foot, at the right.
func waxAtFoot(picture *image.RGBA) bool {
	size, wax := picture.Rect.Size(), 0
	for y := size.Y - 80; y < size.Y-10; y++ {
		for x := size.X / 2; x < size.X; x++ {
			if picture.RGBAAt(x, y) == (color.RGBA{R: 0x8c, G: 0x1c, B: 0x2e, A: 0xff}) {
				wax++
			}
		}
	}
	return wax > 5000
}

// pasted brings the file to sign by its path.
func pasted(h *handiwork, ctx context.Context, o *outcome) error {
	return errors.Join(h.paste(ctx, o.file, "the path is pasted"), h.listed(ctx))
}

// secondStart brings the file to sign by starting the program once more: that one hands it over and ends.
func secondStart(h *handiwork, ctx context.Context, o *outcome) error {
	cmd := exec.CommandContext(ctx, h.window, append(h.global(), o.file)...)
	cmd.Dir, cmd.Env = h.w.cmd.Dir, h.w.cmd.Env
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the second start: %w\n%s", err, said)
	}
	return h.listed(ctx)
}

// signsWith signs what is listed with the PIN.
func signsWith(pin string) step {
	return func(h *handiwork, ctx context.Context, o *outcome) error {
		if err := h.w.press(keyControl, keyReturn); err != nil {
			return err
		}
		if err := h.see(ctx, "the PIN is asked for"); err != nil {
			return err
		}
		if err := h.fields(pin); err != nil {
			return err
		}
		if err := appears(ctx, o.signed); err != nil {
			return err
		}
		return h.see(ctx, "the result is told")
	}
}

// verifies pastes the signed file and has the document inside saved, where the original was: byte for byte the same.
func verifies(h *handiwork, ctx context.Context, o *outcome) error {
	if err := h.paste(ctx, o.signed, "the verdict is told"); err != nil {
		return err
	}
	if err := os.Rename(o.file, o.file+".kept"); err != nil {
		return err
	}
	if err := h.w.press(keyControl, keyReturn); err != nil {
		return err
	}
	if err := h.see(ctx, "the folder for the document is asked for"); err != nil {
		return err
	}
	if err := h.w.press(keyReturn); err != nil { // the button that saves here has the keyboard
		return err
	}
	if err := appears(ctx, o.file); err != nil {
		return err
	}
	got, err := os.ReadFile(o.file)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, h.content) {
		return fmt.Errorf("%s came out with %d bytes, not the %d that were signed", filepath.Base(o.file), len(got), len(h.content))
	}
	return h.see(ctx, "the saving is told")
}

// appears waits for a file.
func appears(ctx context.Context, path string) error {
	return until(ctx, 30*time.Second, filepath.Base(path)+" appears", func() (bool, error) {
		_, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	})
}

// hands does the jobs by keyboard, each in a window and a home folder of its own; out gets nothing of them but the
// picture of a failure.
func (t trial) hands(ctx context.Context) error {
	for _, job := range keyboardJobs {
		if err := t.hand(ctx, job.steps); err != nil {
			return fmt.Errorf("by keyboard: %s: %w", job.name, err)
		}
	}
	return nil
}

func (t trial) hand(ctx context.Context, steps []step) error {
	home, err := os.MkdirTemp("", "ceralacca-e2e-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	t.home, t.out = home, filepath.Join(t.out, "keyboard")
	if err := os.Mkdir(t.out, 0o755); err != nil {
		return err
	}
	if _, err := t.play(ctx, t.byKeyboard(steps)); err != nil {
		return err
	}
	return os.RemoveAll(t.out)
}
