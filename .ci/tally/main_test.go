package main

import (
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	const (
		pass  = `{"Action":"pass","Package":"p","Test":"TestA"}`
		skip  = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: no openssl here\n"}` + "\n" + `{"Action":"skip","Package":"p","Test":"TestB"}`
		fail  = `{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:9: got 1, want 2\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestC"}` + "\n" + `{"Action":"fail","Package":"p"}`
		build = `{"ImportPath":"q [q.test]","Action":"build-output","Output":"q.go:3: undefined: x\n"}` + "\n" + `{"Action":"fail","Package":"q","FailedBuild":"q [q.test]"}`
	)
	for _, c := range []struct {
		name, stream, last, says string
		good                     bool
	}{
		{"nothing ran", "", "0 passed, 0 failed, 0 skipped", "", false},
		{"all well", pass, "1 passed, 0 failed, 0 skipped", "", true},
		{"a skip tells why", pass + "\n" + skip, "1 passed, 0 failed, 1 skipped", "skipped p TestB: no openssl here", true},
		{"a skip that another run makes good", pass + "\n" + skip + "\n" + strings.Replace(pass, "TestA", "TestB", 1), "2 passed, 0 failed, 0 skipped", "", true},
		{"a failure is shown", pass + "\n" + fail, "1 passed, 1 failed, 0 skipped", "got 1, want 2", false},
		{"a build that fails", pass + "\n" + build, "1 passed, 0 failed, 0 skipped, 1 packages did not run to their end", "undefined: x", false},
		{"words of the go command", "go: no such tool\n" + pass, "1 passed, 0 failed, 0 skipped", "go: no such tool", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w strings.Builder
			tl := newTally(&w)
			if err := tl.read(strings.NewReader(c.stream)); err != nil {
				t.Fatal(err)
			}
			if got := tl.close(); got != c.last {
				t.Errorf("last line %q, want %q", got, c.last)
			}
			if !strings.Contains(w.String(), c.says) {
				t.Errorf("said %q, want in it %q", w.String(), c.says)
			}
			if tl.good() != c.good {
				t.Errorf("good = %v, want %v", tl.good(), c.good)
			}
		})
	}
}
