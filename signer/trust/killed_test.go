package trust

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// killedFolder names the variable by which a test process is told to be the one that is killed.
const killedFolder = "CERALACCA_TEST_LISTS"

// TestKilledBetweenWrites kills a refresh at every system call by which it changes the cache: what is read afterwards
// is the list of before or the new one, whole, and never none.
func TestKilledBetweenWrites(t *testing.T) {
	if dir := os.Getenv(killedFolder); dir != "" {
		refreshFrom(t, dir)
		return
	}
	if _, err := exec.LookPath("strace"); err != nil || runtime.GOOS != "linux" {
		t.Skip("strace is not installed (.ci/install check)")
	}
	u := newUnion(t)
	dir := t.TempDir()
	for name, b := range map[string][]byte{
		"anchor.pem": u.assets["anchors/0.pem"].Data, "lotl.xml": u.list(11).sign(t, u.lotl),
		"it.xml": draft{sequence: 21, territory: "IT"}.sign(t, u.agency),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	killed, seen := 0, map[int]bool{}
	for _, call := range []string{"fsync", "renameat", "unlinkat"} {
		for n := 1; ; n++ {
			if err := os.RemoveAll(u.cache); err != nil {
				t.Fatal(err)
			}
			if err := u.store(nil).Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace="+call,
				"-e", "inject="+call+":signal=SIGKILL:when="+strconv.Itoa(n), os.Args[0], "-test.run=^TestKilledBetweenWrites$")
			cmd.Env = append(os.Environ(), killedFolder+"="+dir, "CACHE="+u.cache)
			out, err := cmd.CombinedOutput()
			if strings.Contains(string(out), "ptrace") {
				t.Skip("this system lets nobody trace (kernel.yama.ptrace_scope below 3, or root): " + string(out))
			}
			if strings.Contains(string(out), "FAIL") {
				t.Fatalf("%v\n%s", err, out)
			}
			got := u.sequences(u.store(func(c *Config) { c.Offline = true }))
			if got["IT"] != 20 && got["IT"] != 21 || got["EU"] != 10 && got["EU"] != 11 {
				t.Errorf("killed at %s %d: %v", call, n, got)
			}
			seen[got["IT"]] = true
			if err == nil {
				break
			}
			killed++
		}
	}
	t.Logf("killed %d times", killed)
	if killed < 8 || !seen[20] || !seen[21] {
		t.Errorf("killed only %d times, lists seen %v", killed, seen)
	}
}

// refreshFrom is the process that is killed. strace counts the calls of each thread for itself: here all are made by one.
func refreshFrom(t *testing.T, dir string) {
	runtime.LockOSThread()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	s, err := Open(Config{
		Assets: fstest.MapFS{"anchors/0.pem": &fstest.MapFile{Data: read("anchor.pem")}}, Cache: os.Getenv("CACHE"), LOTL: urlLOTL, Journal: "https://journal.example/1",
		HTTP: &http.Client{Transport: files{urlLOTL: read("lotl.xml"), urlIT: read("it.xml")}},
		Now:  func() time.Time { return testNow },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}
