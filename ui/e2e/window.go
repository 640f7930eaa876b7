package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// window is the program under test: its process and its one top window.
type window struct {
	s      *screen
	cmd    *exec.Cmd
	id     xproto.Window
	output *bytes.Buffer // all that the program said; to be read after exit
	ended  chan error    // closed with the exit status in it
	// first is the time from exec to the first frame in which something is painted.
	first time.Duration
}

// paintedColours is how many colours make a frame a picture: a window not yet painted has one.
const paintedColours = 8

// openWindow starts the program and waits for its first painted frame.
func (s *screen) openWindow(ctx context.Context, cmd *exec.Cmd) (*window, error) {
	w := &window{s: s, cmd: cmd, output: &bytes.Buffer{}, ended: make(chan error, 1)}
	cmd.Stdout, cmd.Stderr = w.output, w.output
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { w.ended <- cmd.Wait() }()
	err := until(ctx, 60*time.Second, "the window is painted", func() (bool, error) {
		select {
		case err := <-w.ended:
			w.ended <- err
			return false, fmt.Errorf("the program ended at once (%v); it said:\n%s", err, w.output)
		default:
		}
		return w.painted()
	})
	if err != nil {
		w.kill()
		return nil, err
	}
	w.first = time.Since(started)
	return w, w.focus(ctx)
}

// painted looks for the window and for colours in it.
func (w *window) painted() (bool, error) {
	if w.id == 0 {
		id, err := w.find(w.s.root)
		if err != nil || id == 0 {
			return false, err
		}
		w.id = id
	}
	a, err := xproto.GetWindowAttributes(w.s.conn, w.id).Reply()
	if err != nil || a.MapState != xproto.MapStateViewable {
		return false, err
	}
	frame, err := w.frame()
	if frame == nil {
		return false, err
	}
	colours := map[[3]byte]bool{}
	for i := 0; i+4 <= len(frame.Pix) && len(colours) < paintedColours; i += 4 {
		colours[[3]byte(frame.Pix[i:])] = true
	}
	return len(colours) >= paintedColours, nil
}

// find searches the tree below parent for the visible window of our process. A window manager puts frames
// around windows, so it may lie deeper.
func (w *window) find(parent xproto.Window) (xproto.Window, error) {
	tree, err := xproto.QueryTree(w.s.conn, parent).Reply()
	if err != nil {
		var gone xproto.WindowError // it was closed while we looked
		if errors.As(err, &gone) {
			return 0, nil
		}
		return 0, err
	}
	for _, child := range tree.Children {
		pid, err := w.s.property(child, "_NET_WM_PID")
		if err != nil {
			continue
		}
		if len(pid) == 4 && int(uint32(pid[0])|uint32(pid[1])<<8|uint32(pid[2])<<16|uint32(pid[3])<<24) == w.cmd.Process.Pid {
			a, err := xproto.GetWindowAttributes(w.s.conn, child).Reply()
			if err == nil && a.Class == xproto.WindowClassInputOutput && a.MapState == xproto.MapStateViewable {
				return child, nil
			}
		}
		if id, err := w.find(child); err != nil || id != 0 {
			return id, err
		}
	}
	return 0, nil
}

// focus waits until the window manager gives the window the keyboard, and gives it by hand where there is none.
func (w *window) focus(ctx context.Context) error {
	managed, err := w.s.property(w.s.root, "_NET_SUPPORTING_WM_CHECK")
	if err != nil {
		return err
	}
	if len(managed) == 0 {
		err := xproto.SetInputFocusChecked(w.s.conn, xproto.InputFocusPointerRoot, w.id, xproto.TimeCurrentTime).Check()
		if err != nil {
			return err
		}
	}
	return until(ctx, 10*time.Second, "the window has the keyboard", func() (bool, error) {
		f, err := xproto.GetInputFocus(w.s.conn).Reply()
		return err == nil && f.Focus == w.id, err
	})
}

// frame is what the window shows now; nil while not all of it is on the screen, as happens when it is just being
// placed or made larger.
func (w *window) frame() (*image.RGBA, error) {
	g, err := xproto.GetGeometry(w.s.conn, xproto.Drawable(w.id)).Reply()
	if err != nil {
		return nil, err
	}
	r, err := xproto.GetImage(w.s.conn, xproto.ImageFormatZPixmap, xproto.Drawable(w.id), 0, 0, g.Width, g.Height, 1<<32-1).Reply()
	var outside xproto.MatchError
	if errors.As(err, &outside) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	picture := image.NewRGBA(image.Rect(0, 0, int(g.Width), int(g.Height)))
	if len(r.Data) != len(picture.Pix) {
		return nil, fmt.Errorf("a picture of %d×%d came as %d bytes", g.Width, g.Height, len(r.Data))
	}
	for i := 0; i < len(r.Data); i += 4 {
		picture.Pix[i], picture.Pix[i+1], picture.Pix[i+2], picture.Pix[i+3] = r.Data[i+2], r.Data[i+1], r.Data[i], 0xff
	}
	return picture, nil
}

// quiet is how many looks in a row must show the same picture before the window counts as settled.
const quiet = 15

// settled waits until the picture stands still and differs from before in at least one part in two hundred;
// with no before, until it stands still. It returns that picture. A blinking cursor is not a change.
func (w *window) settled(ctx context.Context, what string, before *image.RGBA) (*image.RGBA, error) {
	var last *image.RGBA
	same := 0
	err := until(ctx, 30*time.Second, what, func() (bool, error) {
		now, err := w.frame()
		if now == nil {
			return false, err
		}
		if last != nil && difference(last, now) < 1.0/2000 {
			same++
		} else {
			same = 0
		}
		last = now
		return same >= quiet && (before == nil || difference(before, now) > 1.0/200), nil
	})
	return last, err
}

// difference is the part of the pixels that are not the same, 1 for pictures of unlike size.
func difference(a, b *image.RGBA) float64 {
	if a.Rect != b.Rect {
		return 1
	}
	n := 0
	for i := 0; i+4 <= len(a.Pix); i += 4 {
		if [4]byte(a.Pix[i:]) != [4]byte(b.Pix[i:]) {
			n++
		}
	}
	return float64(n) / float64(len(a.Pix)/4)
}

// The keys that stand for no character, by their X names.
const (
	keyTab     xproto.Keysym = 0xff09
	keyReturn  xproto.Keysym = 0xff0d
	keyEscape  xproto.Keysym = 0xff1b
	keyF6      xproto.Keysym = 0xffc3
	keyControl xproto.Keysym = 0xffe3
)

// pace is the least time from one key to the next. GLFW takes a key that comes again within 20 ms for a repetition of
// the first, and within the same millisecond for its echo from the input method.
const pace = 25 * time.Millisecond

// press presses keys one within the other and lets them go: press(keyControl, 'o'). It returns when the next key may
// come.
func (w *window) press(keys ...xproto.Keysym) error {
	codes := make([]xproto.Keycode, len(keys))
	for i, k := range keys {
		code, ok := w.s.keys[k]
		if !ok {
			return fmt.Errorf("the keyboard has no key %#x", k)
		}
		codes[i] = code
	}
	for _, code := range codes {
		if err := w.key(xproto.KeyPress, code); err != nil {
			return err
		}
	}
	for i := len(codes) - 1; i >= 0; i-- {
		if err := w.key(xproto.KeyRelease, codes[i]); err != nil {
			return err
		}
	}
	<-time.After(pace)
	return nil
}

func (w *window) key(kind byte, code xproto.Keycode) error {
	return xtest.FakeInputChecked(w.s.conn, kind, byte(code), 0, w.s.root, 0, 0, 0).Check()
}

// enter types digits, each with a key of its own.
func (w *window) enter(digits string) error {
	for _, d := range digits {
		if err := w.press(xproto.Keysym(d)); err != nil {
			return err
		}
	}
	return nil
}

// peak is the most memory that the program held at any time, in MiB; 0 where the system does not tell.
func (w *window) peak() int {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(w.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if kib, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(kib), " kB"))
			return n / 1024
		}
	}
	return 0
}

// close asks the window to close, as the cross in its frame does, waits for the program to end, and returns all
// that it said.
func (w *window) close(ctx context.Context) (string, error) {
	protocols, err := w.s.atom("WM_PROTOCOLS")
	if err != nil {
		return "", err
	}
	remove, err := w.s.atom("WM_DELETE_WINDOW")
	if err != nil {
		return "", err
	}
	e := xproto.ClientMessageEvent{
		Format: 32, Window: w.id, Type: protocols,
		Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(remove), xproto.TimeCurrentTime, 0, 0, 0}),
	}
	if err := xproto.SendEventChecked(w.s.conn, false, w.id, 0, string(e.Bytes())).Check(); err != nil {
		return "", err
	}
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	select {
	case err := <-w.ended:
		w.ended <- err
		return w.output.String(), err
	case <-limit.C:
		return "", errors.New("the window was asked to close; the program still runs after 20 s")
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// kill ends the program if it still runs, and returns what it said.
func (w *window) kill() string {
	_ = w.cmd.Process.Kill() // it may have ended by itself
	err := <-w.ended
	w.ended <- err
	return w.output.String()
}

// savePNG writes a picture.
func savePNG(path string, picture image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, picture), f.Close())
}
