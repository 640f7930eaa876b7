//go:build cgo && linux

package p11_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
)

// The PIN is in no argument, no variable and, after the login, in no memory of the helper that is ours.
func TestPINLeavesNoTrace(t *testing.T) {
	s := open(t, quick, hsmToken(t, hsmKey{id: 1, key: shared(t), usage: x509.KeyUsageDigitalSignature}))
	tok := first(t, s)
	helpers := children(t)
	if len(helpers) != 1 {
		t.Fatalf("%d helpers", len(helpers))
	}
	p := pin(hsmPIN)
	if err := tok.Login(t.Context(), card.AuthPIN, p); err != nil {
		t.Fatal(err)
	}
	p.Wipe()
	if err := signWith(t, tok, t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(filepath.Join(helpers[0], file))
		if err != nil || bytes.Contains(b, []byte(hsmPIN)) {
			t.Errorf("%s: %q, %v", file, b, err)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(helpers[0], "cmdline")); !strings.Contains(string(b), p11.WorkerArg) {
		t.Errorf("the helper was started as %q", b)
	}
	copies, searched := search(t, helpers[0], hsmPIN)
	t.Logf("%d copies of the PIN in %d kB of the helper", copies, searched>>10)
	if copies > 0 {
		t.Errorf("%d copies", copies)
	}
	tok.Close()
	if n := len(children(t)); n != 0 {
		t.Errorf("%d helpers after the last session with a login", n)
	}
}

// children lists the folders in /proc of the helpers of this process.
func children(t testing.TB) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, dir := range all {
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue // it has ended
		}
		after := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(after) > 1 && after[1] == fmt.Sprint(os.Getpid()) {
			out = append(out, dir)
		}
	}
	return out
}

// search counts a text in the writable memory of a process.
func search(t testing.TB, dir, text string) (copies, searched int) {
	t.Helper()
	maps, err := os.ReadFile(filepath.Join(dir, "maps"))
	if err != nil {
		t.Skip("this system lets nobody read the memory of another process (root may: kernel.yama.ptrace_scope=0): ", err)
	}
	mem, err := os.Open(filepath.Join(dir, "mem"))
	if err != nil {
		t.Skip("this system lets nobody read the memory of another process (root may: kernel.yama.ptrace_scope=0): ", err)
	}
	defer mem.Close()
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); n != 3 || !strings.HasPrefix(mode, "rw") || to-from > 256<<20 {
			continue
		}
		b := make([]byte, to-from)
		n, _ := mem.ReadAt(b, from)
		copies += bytes.Count(b[:n], []byte(text))
		searched += n
	}
	return copies, searched
}

// What a module has started dies with its helper.
func TestChildrenDie(t *testing.T) {
	path, log := fake(t, "C_Initialize=fork")
	o := quick
	o.Limit = 300 * time.Millisecond
	if r := p11.Probe(t.Context(), []string{path}, o)[0]; !errors.Is(r.Err, card.ErrMute) {
		t.Errorf("probed: %v", r.Err)
	}
	for end := time.Now().Add(10 * time.Second); alive(t, log) > 0; { // a process takes a moment to die
		if time.Now().After(end) {
			t.Fatal("a child lives on")
		}
	}
}

// alive counts the processes that know of a log.
func alive(t testing.TB, log string) int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range all {
		if b, err := os.ReadFile(file); err == nil && bytes.Contains(b, []byte("FAKE_LOG="+log+"\x00")) {
			n++
		}
	}
	return n
}
