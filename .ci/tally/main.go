// Tally reads the stream of `go test -json` and prints what a person wants of it: a line per package, all that
// a failed test or build said, why each skipped test was skipped, and a last line that counts. A test that is skipped in
// one run of the stream and passes in another, built otherwise, is no skipped one.
//
//	go test -json ./... | go run ./.ci/tally [-summary FILE]
//
// It exits 1 if anything failed, or if there was nothing to count. Go's own exit status stays visible to the
// shell through pipefail; the two agree, and a stream cut short fails in both.
//
// # Why
//
// `go test` alone either hides skips or prints thousands of lines, and the total is in neither. A skipped test
// is a promise not kept on this machine, so its reason belongs in the report.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	summary := flag.String("summary", "", "also write the last line to this file")
	flag.Parse()
	t := newTally(os.Stdout)
	if err := t.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
	line := t.close()
	if *summary != "" {
		if err := os.WriteFile(*summary, []byte(line+"\n"), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "tally:", err)
			os.Exit(1)
		}
	}
	if !t.good() {
		os.Exit(1)
	}
}

// event is one line of the stream, as `go doc test2json` describes it.
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
	Elapsed                                                float64
}

// tally is the count so far.
type tally struct {
	w       io.Writer
	said    map[string][]string // package, or package and test: what it printed
	tests   map[string]int      // package: tests passed
	skips   []skip
	passed  int
	failed  int
	broken  int // packages that failed without a failed test: build, TestMain, timeout, race at exit
	failing map[string]bool
	ran     map[string]bool // package and test: it passed
}

// skip is a test that did not run, and why.
type skip struct{ key, reason string }

func newTally(w io.Writer) *tally {
	return &tally{w: w, said: map[string][]string{}, tests: map[string]int{}, failing: map[string]bool{}, ran: map[string]bool{}}
}

// read counts the whole stream. A line that is not JSON is passed through: the go command speaks plainly when
// it cannot even start.
func (t *tally) read(r io.Reader) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), 16<<20)
	for s.Scan() {
		var e event
		if err := json.Unmarshal(s.Bytes(), &e); err != nil {
			fmt.Fprintln(t.w, s.Text())
			continue
		}
		t.add(e)
	}
	return s.Err()
}

func (t *tally) add(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		t.said[key] = append(t.said[key], e.Output)
	case "build-output":
		t.said[e.ImportPath] = append(t.said[e.ImportPath], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.endPackage(e)
		} else {
			t.endTest(e)
		}
		delete(t.said, key)
	}
}

func (t *tally) endTest(e event) {
	key := e.Package + " " + e.Test
	said := t.said[key]
	switch e.Action {
	case "pass":
		t.ran[key] = true
		t.passed++
		t.tests[e.Package]++
	case "skip":
		t.skips = append(t.skips, skip{key, reason(said)})
	case "fail":
		t.failed++
		t.failing[e.Package] = true
		fmt.Fprintf(t.w, "FAIL\t%s %s (%.2fs)\n", e.Package, e.Test, e.Elapsed)
		t.print(said)
	}
}

func (t *tally) endPackage(e event) {
	switch {
	case e.Action == "fail":
		fmt.Fprintf(t.w, "FAIL\t%s\t%.1fs\n", e.Package, e.Elapsed)
		if !t.failing[e.Package] {
			t.broken++
		}
		t.print(t.said[e.FailedBuild])
		t.print(t.said[e.Package+" "])
	case e.Action == "pass" && t.tests[e.Package] > 0:
		fmt.Fprintf(t.w, "ok\t%s\t%.1fs\t%d passed\n", e.Package, e.Elapsed, t.tests[e.Package])
	}
}

func (t *tally) print(said []string) {
	for _, line := range said {
		fmt.Fprint(t.w, "\t"+line)
		if !strings.HasSuffix(line, "\n") {
			fmt.Fprintln(t.w)
		}
	}
}

// close prints the skips and the last line, and returns that line.
func (t *tally) close() string {
	skipped := 0
	for _, s := range t.skips {
		if !t.ran[s.key] {
			skipped++
			fmt.Fprintf(t.w, "skipped %s: %s\n", s.key, s.reason)
		}
	}
	line := fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, skipped)
	if t.broken > 0 {
		line += fmt.Sprintf(", %d packages did not run to their end", t.broken)
	}
	fmt.Fprintln(t.w, line)
	return line
}

// good tells whether something ran and nothing failed.
func (t *tally) good() bool { return t.failed == 0 && t.broken == 0 && t.passed > 0 }

// reason finds what a skipped test said, without the file and line before it.
func reason(said []string) string {
	for _, line := range said {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		if _, rest, ok := strings.Cut(line, ".go:"); ok {
			if _, words, ok := strings.Cut(rest, ": "); ok {
				return words
			}
		}
		return line
	}
	return "no reason given"
}
