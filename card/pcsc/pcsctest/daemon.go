// Package pcsctest runs a pcscd for a test, with simulated cards in a virtual reader.
//
// It has a socket, a configuration and ports of its own: no pcscd that runs already is touched. A program finds it by the
// variable [Env], whose value is the name of the socket; pcsclite's client library reads it once in a process.
package pcsctest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"ceralacca/card/sim"
)

// Env names the variable that tells pcsclite's client library where the socket is.
const Env = "PCSCLITE_CSOCK_NAME"

// Slots is how many cards the virtual reader takes at once.
const Slots = 2

// Daemon is a pcscd that may be started and killed again and again.
type Daemon struct {
	socket, config, program string
	port                    int
	kill                    func()
}

// Socket returns a name for the socket of a daemon, in a folder that lasts as long as the test. The path of a socket has
// 108 bytes at most, and those of [testing.T.TempDir] can be longer.
func Socket(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pcsc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// New prepares a daemon with a virtual reader of that name, whose socket is to be; it does not run yet. The test is
// skipped where pcscd or the driver of the virtual reader is not installed.
func New(t testing.TB, socket, reader string) *Daemon {
	t.Helper()
	d := &Daemon{
		socket:  socket,
		config:  t.TempDir(),
		program: installed(t, "pcscd", "/usr/sbin/pcscd", "/usr/bin/pcscd"),
		port:    freePorts(t),
		kill:    func() {},
	}
	driver := installed(t, "vsmartcard-vpcd", "/usr/lib*/pcsc/drivers/serial/libifdvpcd.so", "/usr/lib*/*/pcsc/drivers/serial/libifdvpcd.so")
	text := fmt.Sprintf("FRIENDLYNAME %q\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n", reader, d.port, driver, d.port)
	if err := os.WriteFile(filepath.Join(d.config, "vpcd"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.kill() })
	return d
}

// installed finds the first file that fits a pattern; what is its package in Debian.
func installed(t testing.TB, what string, patterns ...string) string {
	t.Helper()
	for _, p := range patterns {
		if found, _ := filepath.Glob(p); len(found) > 0 {
			return found[0]
		}
	}
	t.Skip(what + " is not installed (.ci/install check)")
	return ""
}

var ports = struct {
	sync.Mutex
	next int
}{next: 42000 + os.Getpid()%1000*16}

// freePorts finds as many free neighbours as the virtual reader has slots.
func freePorts(t testing.TB) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for range 100 {
		port := ports.next
		ports.next += Slots
		free := 0
		for slot := range Slots {
			if l, err := net.Listen("tcp", fmt.Sprintf(":%d", port+slot)); err == nil {
				l.Close()
				free++
			}
		}
		if free == Slots {
			return port
		}
	}
	t.Fatal("no free ports")
	return 0
}

// Start runs the daemon until it is killed or the test ends.
func (d *Daemon) Start(t testing.TB) {
	t.Helper()
	os.Remove(d.socket)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: d.socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// It gets its socket as systemd would pass it. LISTEN_PID must be its own number, hence the shell that becomes it.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" --foreground -c "$1"`, d.program, d.config)
	cmd.ExtraFiles = []*os.File{f}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d.kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		l.Close()      // takes the socket away too
	})
}

// Kill ends the daemon by SIGKILL, as a crash would: a clean end takes more than a second. It may be called again.
func (d *Daemon) Kill() { d.kill() }

// Address is where the virtual reader awaits the card of a slot: see [sim.Bus.ServeVPCD].
func (d *Daemon) Address(slot int) string { return fmt.Sprintf("127.0.0.1:%d", d.port+slot) }

// Insert puts a card into a slot of the virtual reader until the test ends.
func (d *Daemon) Insert(t testing.TB, slot int, b *sim.Bus) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- b.ServeVPCD(ctx, d.Address(slot)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("virtual reader: %v", err)
		}
	})
}
