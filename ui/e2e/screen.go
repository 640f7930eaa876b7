package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// errNoScreen says that the machine has no Xvfb.
var errNoScreen = errors.New("no Xvfb on this machine (.ci/install screen)")

// poll is how often a fact is looked at that nobody announces.
const poll = 10 * time.Millisecond

// screen is a virtual X display with, where the machine has them, a window manager and a message bus of its own.
// Nothing of the person's own desktop is touched.
type screen struct {
	display string // ":7"
	bus     string // address of the message bus; empty without one
	conn    *xgb.Conn
	root    xproto.Window
	keys    map[xproto.Keysym]xproto.Keycode
	procs   []*exec.Cmd
}

func init() {
	// xgb tells each closed connection on standard error.
	xgb.Logger = log.New(io.Discard, "", 0)
}

// openScreen starts a display on a free number, chosen by the server itself. It ends with ctx or Close.
func openScreen(ctx context.Context) (*screen, error) {
	server, err := exec.LookPath("Xvfb")
	if err != nil {
		return nil, errNoScreen
	}
	s := &screen{}
	number, err := s.startAndRead(ctx, server, "-displayfd", "3", "-screen", "0", "1600x1200x24", "-nolisten", "tcp", "-noreset")
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("starting Xvfb: %w", err)
	}
	s.display = ":" + number
	if err := s.connect(); err != nil {
		s.Close()
		return nil, fmt.Errorf("connecting to display %s: %w", s.display, err)
	}
	if bus, err := exec.LookPath("dbus-daemon"); err == nil {
		s.bus, err = s.startAndRead(ctx, bus, "--session", "--nofork", "--nopidfile", "--print-address=3")
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("starting a message bus: %w", err)
		}
	}
	if err := s.manage(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *screen) connect() error {
	conn, err := xgb.NewConnDisplay(s.display)
	if err != nil {
		return err
	}
	s.conn = conn
	setup := xproto.Setup(conn)
	if setup.ImageByteOrder != xproto.ImageOrderLSBFirst {
		return errors.New("the display sends its pictures with the high byte first")
	}
	s.root = setup.DefaultScreen(conn).Root
	if err := xtest.Init(conn); err != nil {
		return err
	}
	count := byte(setup.MaxKeycode - setup.MinKeycode + 1)
	m, err := xproto.GetKeyboardMapping(conn, setup.MinKeycode, count).Reply()
	if err != nil {
		return err
	}
	s.keys = map[xproto.Keysym]xproto.Keycode{}
	for i := range int(count) {
		sym := m.Keysyms[i*int(m.KeysymsPerKeycode)] // the unshifted one
		if _, known := s.keys[sym]; !known && sym != 0 {
			s.keys[sym] = setup.MinKeycode + xproto.Keycode(i)
		}
	}
	return nil
}

// manage starts a window manager and waits until it says so. Without one, a window gets no focus by itself and
// is given it by hand (window.focus).
func (s *screen) manage(ctx context.Context) error {
	wm, err := exec.LookPath("openbox")
	if err != nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, wm, "--sm-disable")
	cmd.Env = s.environ()
	if err := s.start(cmd); err != nil {
		return fmt.Errorf("starting openbox: %w", err)
	}
	return until(ctx, 10*time.Second, "the window manager answers", func() (bool, error) {
		v, err := s.property(s.root, "_NET_SUPPORTING_WM_CHECK")
		return len(v) > 0, err
	})
}

// start starts cmd as one of the screen's own processes. It gets SIGTERM when its context ends, so that it can
// remove its socket and lock file.
func (s *screen) start(cmd *exec.Cmd) error {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	s.procs = append(s.procs, cmd)
	return nil
}

// startAndRead starts a server that tells on descriptor 3, in one line, how it can be reached.
func (s *screen) startAndRead(ctx context.Context, name string, args ...string) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.ExtraFiles = []*os.File{w}
	if s.display != "" {
		cmd.Env = s.environ()
	}
	err = s.start(cmd)
	w.Close()
	if err != nil {
		return "", err
	}
	if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%s did not say how to reach it: %w", name, err)
	}
	return strings.TrimSpace(line), nil
}

// environ is the environment for programs on this screen, without any word of the person's own display.
func (s *screen) environ(more ...string) []string {
	var env []string
	for _, e := range os.Environ() {
		switch key, _, _ := strings.Cut(e, "="); key {
		case "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_SESSION_TYPE", "DBUS_SESSION_BUS_ADDRESS",
			"FYNE_CACHE": // which is for the tests within one process: see the Makefile
		default:
			env = append(env, e)
		}
	}
	env = append(env, "DISPLAY="+s.display)
	if s.bus != "" {
		env = append(env, "DBUS_SESSION_BUS_ADDRESS="+s.bus)
	}
	return append(env, more...)
}

// Close ends the screen and all that was started on it, the newest first.
func (s *screen) Close() {
	if s.conn != nil {
		s.conn.Close()
	}
	for i := len(s.procs) - 1; i >= 0; i-- {
		p := s.procs[i]
		_ = p.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		_ = p.Wait()                          // ended by our signal: its status says nothing new
	}
	s.procs = nil
}

func (s *screen) atom(name string) (xproto.Atom, error) { return atom(s.conn, name) }

// atom is the number that the server keeps for name.
func atom(c *xgb.Conn, name string) (xproto.Atom, error) {
	r, err := xproto.InternAtom(c, false, uint16(len(name)), name).Reply()
	if err != nil {
		return 0, fmt.Errorf("asking for atom %s: %w", name, err)
	}
	return r.Atom, nil
}

// property reads up to 4 KiB of a window's property; empty if it has none.
func (s *screen) property(w xproto.Window, name string) ([]byte, error) {
	a, err := s.atom(name)
	if err != nil {
		return nil, err
	}
	r, err := xproto.GetProperty(s.conn, false, w, a, xproto.GetPropertyTypeAny, 0, 1024).Reply()
	if err != nil {
		return nil, err
	}
	return r.Value, nil
}

// until looks at a fact every few milliseconds until it holds, fails, or limit is over.
func until(ctx context.Context, limit time.Duration, fact string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("waited %s in vain: %s", limit, fact))
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		ok, err := holds()
		if err != nil {
			return fmt.Errorf("%s: %w", fact, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
