package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ceralacca/app"
	"ceralacca/app/lang"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ceralacca-cli": main,
	})
}

// TestScripts runs testdata/*.txtar, which read as a manual. The practice card is made once for all of them.
func TestScripts(t *testing.T) {
	config := t.TempDir()
	if _, err := app.New(app.Config{Dir: config}).WithPractice(t.Context()); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("CONFIG", config)
			e.Setenv("LANG", "it_IT.UTF-8")
			return nil
		},
		Condition: func(cond string) (bool, error) {
			_, err := exec.LookPath(cond)
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"withpin": withPIN, "code": code, "json": jsonHas, "mkbytes": makeBytes, "root": practiceRoot,
			"pdf": makePDF, "tsa": startTSA, "sockets": sockets, "proxy": startProxy,
		},
	})
}

// pinFD is the descriptor on which the program is given PINs. Windows knows the standard input alone.
var pinFD = map[bool]string{true: "0", false: "3"}[runtime.GOOS == "windows"]

// withPIN runs "withpin PIN CODE ARGS…": the program with the practice card, the PIN given on a descriptor.
func withPIN(ts *testscript.TestScript, neg bool, args []string) {
	r, w, err := os.Pipe()
	ts.Check(err)
	defer r.Close()
	_, err = fmt.Fprintln(w, args[0])
	ts.Check(err)
	ts.Check(w.Close())
	run(ts, args[1], append([]string{args[2], "--demo", "--config", ts.Getenv("CONFIG"), "--pin-fd", pinFD}, args[3:]...), r)
}

// code runs "code CODE ARGS…" and wants that exit status.
func code(ts *testscript.TestScript, neg bool, args []string) {
	run(ts, args[0], append(args[1:], "--config", ts.Getenv("CONFIG")), nil)
}

func runCommand(ts *testscript.TestScript, args []string, pin *os.File) (*exec.Cmd, string, string) {
	path, err := exec.LookPath("ceralacca-cli")
	ts.Check(err)
	c := exec.CommandContext(context.Background(), path, args...)
	c.Dir = ts.MkAbs(".")
	c.Env = append(os.Environ(), "LANG="+ts.Getenv("LANG"), "LC_ALL=", "HTTPS_PROXY="+ts.Getenv("HTTPS_PROXY"))
	switch {
	case pin != nil && pinFD == "0":
		c.Stdin = pin
	case pin != nil:
		c.ExtraFiles = []*os.File{pin}
	}
	var out, words strings.Builder
	c.Stdout, c.Stderr = &out, &words
	_ = c.Run()
	return c, out.String(), words.String()
}

func run(ts *testscript.TestScript, want string, args []string, pin *os.File) {
	c, out, words := runCommand(ts, args, pin)
	ts.Logf("%s\n[stdout]\n%s[stderr]\n%s", strings.Join(args, " "), out, words)
	ts.Check(os.WriteFile(ts.MkAbs("stdout.txt"), []byte(out), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("stderr.txt"), []byte(words), 0o600))
	if got := strconv.Itoa(c.ProcessState.ExitCode()); got != want {
		ts.Fatalf("exit status %s, want %s", got, want)
	}
}

// jsonHas checks "json PATH VALUE" of the last output: the path is dotted, numbers index lists.
func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout.txt")), &v); err != nil {
		ts.Fatalf("not one JSON document: %v", err)
	}
	for _, step := range strings.Split(args[0], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n >= len(x) {
				ts.Fatalf("no element %s", step)
			}
			v = x[n]
		default:
			ts.Fatalf("nothing at %s", step)
		}
	}
	got := fmt.Sprint(v)
	if !strings.Contains(got, "://") {
		got = filepath.ToSlash(got) // paths are as the system writes them
	}
	if (got == args[1]) == neg {
		ts.Fatalf("%s is %q, want %q", args[0], got, args[1])
	}
}

// sockets runs "sockets ARGS…" and wants the program to open one; "! sockets ARGS…" wants none of any family.
func sockets(ts *testscript.TestScript, neg bool, args []string) {
	tool, err := exec.LookPath("strace")
	ts.Check(err)
	program, err := exec.LookPath("ceralacca-cli")
	ts.Check(err)
	log := ts.MkAbs("strace.txt")
	args = append([]string{"-f", "-qq", "-o", log, "-e", "trace=network", program}, args...)
	if !slices.Contains(args, "--config") {
		args = append(args, "--config", ts.Getenv("CONFIG"))
	}
	c := exec.CommandContext(context.Background(), tool, args...)
	c.Dir = ts.MkAbs(".")
	// Nobody listens there: a program that does use the network fails on this machine.
	c.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:9", "HTTP_PROXY=http://127.0.0.1:9")
	out, err := c.CombinedOutput()
	ts.Logf("%s", out)
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		ts.Check(err)
	}
	calls := ts.ReadFile(log)
	if strings.Contains(string(out), "ptrace") {
		ts.Fatalf("strace may not look here: %s", out)
	}
	if opened := strings.Contains(calls, "socket(") || strings.Contains(calls, "connect("); opened == neg {
		ts.Fatalf("sockets: %v\n%s", opened, calls)
	}
}

// makeBytes makes "mkbytes NAME N", N bytes that are no text.
func makeBytes(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 31 >> 3)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// practiceRoot writes the practice root as PEM for foreign verifiers.
func practiceRoot(ts *testscript.TestScript, neg bool, args []string) {
	e, err := app.New(app.Config{Dir: ts.Getenv("CONFIG")}).WithPractice(context.Background())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), e.PracticeRoot(), 0o600))
}

func TestHelpNamesEveryCommand(t *testing.T) {
	for _, tag := range lang.Languages {
		var out strings.Builder
		if code := runMain(t, &out, "--lang", tag, "--help"); code != exitOK {
			t.Errorf("%s: exit %d", tag, code)
		}
		for _, c := range commands() {
			if !strings.Contains(out.String(), "ceralacca-cli "+c.name) {
				t.Errorf("%s help lacks %s", tag, c.name)
			}
			var own strings.Builder
			code := runMain(t, &own, c.name, "--help", "--lang", tag)
			if code != exitOK || !strings.HasPrefix(own.String(), "  ceralacca-cli "+c.name) || !strings.Contains(own.String(), "--offline") {
				t.Errorf("%s help of %s: exit %d, %q", tag, c.name, code, own.String())
			}
			for _, other := range commands() {
				if other.name != c.name && strings.Contains(own.String(), "ceralacca-cli "+other.name+" ") {
					t.Errorf("%s help of %s speaks of %s", tag, c.name, other.name)
				}
			}
		}
		if !strings.Contains(out.String(), "/**/") {
			t.Errorf("%s help lost the pattern for folders below", tag)
		}
	}
}

func runMain(t *testing.T, out *strings.Builder, args ...string) int {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	return execute(t.Context(), args, null, out, &strings.Builder{})
}
