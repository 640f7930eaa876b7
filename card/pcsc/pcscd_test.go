//go:build linux

package pcsc_test

import (
	"context"
	"fmt"
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
	"ceralacca/card/pcsc/pcsctest"
	"ceralacca/card/sim"
)

// The client library reads the name of the service's socket once, so all tests of the process use one, one after the
// other.

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
	return path, os.Setenv(pcsctest.Env, path)
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

// newDaemon prepares a pcscd with a virtual reader of two slots.
func newDaemon(t testing.TB) *pcsctest.Daemon {
	t.Helper()
	path, err := socket()
	if err != nil {
		t.Fatal(err)
	}
	return pcsctest.New(t, path, readerName)
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
func setUp(t testing.TB) (*pcsctest.Daemon, *sim.Bus, card.Source, <-chan card.Snapshot) {
	t.Helper()
	d := newDaemon(t)
	d.Start(t)
	b := practiceBus(t)
	d.Insert(t, 0, b)
	s := card.CNS(pcsc.New())
	return d, b, s, watch(t, s)
}

// run runs a program against the private pcscd and returns what it printed.
func run(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not installed (.ci/install check)")
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
	t.Skip("opensc-pkcs11 is not installed (.ci/install check)")
	return ""
}

// served runs pcscd with a simulated card in it until the test ends.
func served(t testing.TB, change func(*sim.Card)) (*sim.Bus, card.Source, <-chan card.Snapshot) {
	t.Helper()
	d := newDaemon(t)
	d.Start(t)
	p, err := practice()
	if err != nil {
		t.Fatal(err)
	}
	c := p.Card()
	change(&c)
	b := sim.New(c)
	d.Insert(t, 0, b)
	s := card.CNS(pcsc.New())
	return b, s, watch(t, s)
}
