package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// serve runs the instance until the test ends and passes on what it is handed.
func serve(t *testing.T, i *Instance) <-chan []string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	got, ended := make(chan []string, 8), make(chan struct{})
	go func() {
		i.Serve(ctx, func(files []string) { got <- files })
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return got
}

func TestSecondStartHandsItsFilesOver(t *testing.T) {
	many := make([]string, 5000)
	for i := range many {
		many[i] = "/" + strings.Repeat("long name & ", 20) + strconv.Itoa(i)
	}
	for _, tc := range []struct{ name, dir string }{
		{"ordinary folder", "settings"},
		{"folder too long for a socket", strings.Repeat("long ", 30)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			short, err := os.MkdirTemp("", "c") // the test's own folder is too long for a socket
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(short)
			t.Setenv("TMPDIR", short)
			dir := filepath.Join(t.TempDir(), tc.dir)
			first, err := Claim(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := serve(t, first)
			for _, files := range [][]string{{"/a b/ünï#%.pdf", "/x\ny.p7m"}, {"/perch\xe9.pdf", "/-x.pdf", "/=cmd"}, many, nil} {
				if _, err := Claim(dir, files); !errors.Is(err, ErrHandedOver) {
					t.Fatalf("the second start: %v", err)
				}
				if g := <-got; !slices.Equal(g, files) {
					t.Errorf("handed over %q, want %q", g, files)
				}
			}
		})
	}
}

func TestClaimAfterACrash(t *testing.T) {
	dir := t.TempDir()
	// What a killed process leaves: the socket and the file of the lock, without the lock.
	l, err := net.Listen("unix", filepath.Join(dir, "running.sock"))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if err := os.WriteFile(filepath.Join(dir, "running.lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	i, err := Claim(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, i)
}

func TestPlaceIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		i, err := Claim(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		i.Serve(ctx, func([]string) { t.Error("nothing was handed over") })
	}
}

func TestHandOverRefusesNonsense(t *testing.T) {
	dir := t.TempDir()
	first, err := Claim(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := serve(t, first)
	for name, line := range map[string]string{
		"no JSON":         "hello\n",
		"relative path":   `{"files":["../x"]}` + "\n",
		"no end":          `{"files":[`,
		"another type":    `{"files":7}` + "\n",
		"nothing at all":  "",
		"binary garbage ": "\x00\xff\n",
	} {
		c, err := net.Dial("unix", filepath.Join(dir, "running.sock"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(line)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.(*net.UnixConn).CloseWrite(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		b := make([]byte, 8)
		if n, _ := c.Read(b); n != 0 {
			t.Errorf("%s: answered %q", name, b[:n])
		}
		c.Close()
	}
	select {
	case files := <-got:
		t.Errorf("nonsense was taken for %q", files)
	default:
	}
}

// TestHandOverOfARelativePath: a path that means something else in the folder of the running window is refused.
func TestHandOverOfARelativePath(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	go func() {
		_ = json.NewEncoder(there).Encode(handOver{Files: [][]byte{[]byte("a.pdf")}})
		_, _ = io.Copy(io.Discard, there) // the answer
	}()
	if files, err := receiveFiles(here); err == nil {
		t.Errorf("took %q", files)
	}
}
