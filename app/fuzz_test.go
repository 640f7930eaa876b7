package app

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzKeptFiles puts the same bytes in the place of everything that the program keeps for itself: settings, journals of
// wrong PINs and of jobs, time-stamp authorities, reminders, what issuers said, anchors, the practice card. A damaged
// file is an error or as good as none, and never more.
func FuzzKeptFiles(f *testing.F) {
	for _, s := range []string{
		"", "{}", "[]", "null", `{"offline":true,"language":"it"}`, `[{"Name":"a","URL":"https://tsa.example"}]`,
		`{"Version":1,"ID":"x","Files":[{"Index":-1,"Path":"a"},{"Index":0,"Path":"b"}]}` + "\n" + `{"Index":0,"Output":"b.p7m"}` + "\n{",
		`{"Salt":"AAAAAAAAAAAAAAAAAAAAAA==","Wrong":[{"At":"2026-11-22T10:00:00Z"}]}`,
		"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
	} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	for _, d := range []string{"anchors", "jobs"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			f.Fatal(err)
		}
	}
	e := New(Config{Dir: dir})
	names := []string{
		e.settingsFile(), e.authoritiesFile(), practiceFile(dir), filepath.Join(dir, "wrong-pins.json"), filepath.Join(dir, "withdrawn.json"),
		filepath.Join(dir, "reminders.json"), filepath.Join(e.anchorDir(), "a.pem"), filepath.Join(dir, "network-ca.pem"),
		filepath.Join(e.journalDir(), "x.jsonl"),
	}
	now := func() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, n := range names {
			if err := os.MkdirAll(filepath.Dir(n), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(n, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		e := New(Config{Dir: dir, Now: now})
		if _, err := e.Settings(); err != nil && !e.offline() {
			t.Error("settings that cannot be read let the program go online")
		}
		_, _ = e.Authorities()
		_, _ = e.roots()
		_, _ = loadPractice(dir, now())
		e.AddedAnchors()
		newJournal(dir, now).read()
		newStatuses(dir).of("x")
		newReminders(dir).read()
		jobs, err := e.Interrupted()
		if err != nil {
			t.Error(err)
		}
		for _, j := range jobs {
			if j.Done < 0 || j.Done > j.Total || len(j.Files) != j.Total {
				t.Errorf("an interrupted job of %d files, %d of them done: %+v", j.Total, j.Done, j)
			}
		}
	})
}

// FuzzHandOver sends what another program of this machine may send to the place where a second start hands over its
// files: only absolute paths are taken.
func FuzzHandOver(f *testing.F) {
	f.Add([]byte(`{"Files":["/a","b"]}` + "\n"))
	f.Add([]byte("{}\n"))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		there, here := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = there.Write(append(b, '\n'))
			_, _ = there.Read(make([]byte, 8))
			_ = there.Close()
		}()
		files, err := receiveFiles(here)
		_ = here.Close()
		<-done
		for _, n := range files {
			if err == nil && !filepath.IsAbs(n) {
				t.Errorf("took %q", n)
			}
		}
	})
}
