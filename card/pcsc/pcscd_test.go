//go:build linux

package pcsc_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
	"ceralacca/card/pcsc"
	"ceralacca/card/sim"
)

// The tests of this file run a pcscd of their own: own socket, own configuration, own port of the virtual
// reader; none that runs already is touched. It gets its socket as systemd would pass it. The client library
// reads the name of the socket once, so all tests of the process use one path, one after the other.

const (
	commandTime = 30 * time.Second
	eventTime   = 20 * time.Second
	readerName  = "Ceralacca Test"
)

var socket = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "pcsc") // short: the path of a socket has 108 bytes
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "s")
	return path, os.Setenv("PCSCLITE_CSOCK_NAME", path)
})

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == p11.WorkerArg {
		os.Exit(p11.Serve(os.Stdin, os.Stdout))
	}
	if len(os.Args) > 2 && os.Args[1] == idleArg {
		if err := watchIdly(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // or each helper would wait a second before it ends
	}
	code := m.Run()
	if path, err := socket(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// daemon is a private pcscd with a virtual reader on a port.
type daemon struct {
	config string
	port   int
	stop   func() // kills it; may be called again
}

// driver finds the virtual reader of vsmartcard, or says why the test is skipped.
func driver(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("pcscd"); err != nil {
		if _, err := os.Stat("/usr/sbin/pcscd"); err != nil {
			t.Skip("pcscd is not installed")
		}
	}
	for _, pattern := range []string{"/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "/usr/lib*/pcsc/drivers/serial/libifdvpcd.so", "/usr/lib/*/pcsc/drivers/serial/libifdvpcd.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Skip("vsmartcard-vpcd is not installed")
	return ""
}

// newDaemon prepares the configuration; start starts it.
func newDaemon(t testing.TB) *daemon {
	t.Helper()
	lib := driver(t)
	d := &daemon{config: t.TempDir(), port: freePorts(t), stop: func() {}}
	text := fmt.Sprintf("FRIENDLYNAME %q\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n", readerName, d.port, lib, d.port)
	if err := os.WriteFile(filepath.Join(d.config, "vpcd"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.stop() })
	return d
}

// addressOf is where a card is put into one of the two slots of the virtual reader.
func (d *daemon) addressOf(slot int) string { return fmt.Sprintf("127.0.0.1:%d", d.port+slot) }

// start runs pcscd. Its end by SIGKILL is quick; a clean one takes more than a second.
func (d *daemon) start(t testing.TB) {
	t.Helper()
	path, err := socket()
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	// LISTEN_PID must be pcscd's own number, hence the shell that becomes it.
	cmd := exec.Command("/bin/sh", "-c", `PATH=$PATH:/usr/sbin LISTEN_PID=$$ LISTEN_FDS=1 exec pcscd --foreground -c "$0"`, d.config)
	cmd.ExtraFiles = []*os.File{f}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	var once sync.Once
	d.stop = func() {
		once.Do(func() {
			cmd.Process.Kill()
			cmd.Wait()
			l.Close() // takes the socket away too
		})
	}
}

var ports = struct {
	sync.Mutex
	next int
}{next: 42000 + os.Getpid()%1000*16}

// freePorts finds two free neighbours: the virtual reader has two slots.
func freePorts(t testing.TB) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for range 100 {
		port := ports.next
		ports.next += 2
		a, err1 := net.Listen("tcp", fmt.Sprintf(":%d", port))
		b, err2 := net.Listen("tcp", fmt.Sprintf(":%d", port+1))
		for _, l := range []net.Listener{a, b} {
			if l != nil {
				l.Close()
			}
		}
		if err1 == nil && err2 == nil {
			return port
		}
	}
	t.Fatal("no free ports")
	return 0
}

// insert puts a simulated card into the first slot of the virtual reader until the test ends.
func insert(t testing.TB, d *daemon, b *sim.Bus) { insertInto(t, d.addressOf(0), b) }

// insertInto puts a simulated card into a slot of the virtual reader until the test ends.
func insertInto(t testing.TB, addr string, b *sim.Bus) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.ServeVPCD(ctx, addr) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// watch follows a Source until the test ends and hands out its snapshots.
func watch(t testing.TB, s card.Source) <-chan card.Snapshot {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := make(chan card.Snapshot, 1000)
	done := make(chan error)
	go func() { done <- s.Watch(ctx, func(x card.Snapshot) { out <- x }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return out
}

// until waits for a snapshot that fits.
func until(t testing.TB, what string, snaps <-chan card.Snapshot, fits func(card.Snapshot) bool) card.Snapshot {
	t.Helper()
	limit := time.After(eventTime)
	var last card.Snapshot
	for {
		select {
		case last = <-snaps:
			if fits(last) {
				return last
			}
		case <-limit:
			t.Fatalf("%s: not within %v; last seen %+v", what, eventTime, last)
		}
	}
}

// present finds the slot of the card.
func present(s card.Snapshot) (card.Slot, bool) {
	for _, slot := range s.Slots {
		if slot.State == card.Present {
			return slot, true
		}
	}
	return card.Slot{}, false
}

func hasCard(s card.Snapshot) bool  { _, ok := present(s); return ok }
func noCard(s card.Snapshot) bool   { return s.Err == nil && len(s.Slots) > 0 && !hasCard(s) }
func noServer(s card.Snapshot) bool { return s.Err != nil }

var practice = sync.OnceValues(func() (*sim.Practice, error) { return sim.Issue(time.Now()) })

func practiceBus(t testing.TB) *sim.Bus {
	t.Helper()
	p, err := practice()
	if err != nil {
		t.Fatal(err)
	}
	return p.Bus()
}

// setUp runs pcscd with the practice card in it.
func setUp(t testing.TB) (*daemon, *sim.Bus, card.Source, <-chan card.Snapshot) {
	t.Helper()
	d := newDaemon(t)
	d.start(t)
	b := practiceBus(t)
	insert(t, d, b)
	s := card.CNS(pcsc.New())
	return d, b, s, watch(t, s)
}

// run runs a program against the private pcscd and returns what it printed.
func run(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not installed")
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// module finds OpenSC's module, and takes the user's configuration of it out of the way.
func module(t testing.TB) string {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "opensc.conf")
	if err := os.WriteFile(conf, []byte("app default { }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OPENSC_CONF", conf)
	for _, pattern := range []string{"/usr/lib/*/opensc-pkcs11.so", "/usr/lib*/opensc-pkcs11.so", "/usr/lib*/pkcs11/opensc-pkcs11.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Skip("opensc-pkcs11 is not installed")
	return ""
}

// served runs pcscd with a simulated card in it until the test ends.
func served(t testing.TB, change func(*sim.Card)) (*sim.Bus, card.Source, <-chan card.Snapshot) {
	t.Helper()
	d := newDaemon(t)
	d.start(t)
	p, err := practice()
	if err != nil {
		t.Fatal(err)
	}
	c := p.Card()
	change(&c)
	b := sim.New(c)
	insert(t, d, b)
	s := card.CNS(pcsc.New())
	return b, s, watch(t, s)
}
