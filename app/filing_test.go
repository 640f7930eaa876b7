package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/signer"
	"ceralacca/signer/filing"
)

// Every rule says what, why and what to do, in every language, with nothing left empty.
func TestFilingTexts(t *testing.T) {
	for _, tag := range lang.Languages {
		c, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		codes := filing.Codes()
		for _, code := range codes {
			args := map[string]string{}
			for _, a := range filing.Args(code) {
				args[a] = map[string]string{"day": "2026-05-03T10:00:00Z", "when": "2026-05-03T10:00:00Z", "features": "javascript,lzw"}[a]
				if args[a] == "" {
					args[a] = "x"
				}
			}
			x := FilingItem{Code: code, Args: args, Who: "Ufficio", What: "art. 1", URL: "https://ufficio.example/a", Since: time.Now()}.Text(c)
			for part, s := range map[string]string{"title": x.Title, "why": x.Why, "mend": x.Mend, "by": x.By, "host": x.Host} {
				if s == "" || strings.ContainsAny(s, "{}[]") || strings.Contains(s, "T10:00") {
					t.Errorf("%s %s %s: %q", tag, code, part, s)
				}
			}
		}
		for _, id := range FilingProfiles() {
			for _, k := range []string{"filing.profile." + id, "filing.profile." + id + ".what", "filing.ready." + id, "filing.doubt." + id, "filing.refused." + id} {
				if !c.Has(k) {
					t.Errorf("%s: no %s", tag, k)
				}
			}
		}
		for _, k := range c.Keys() {
			m := regexp.MustCompile(`^filing\.([a-z0-9-]+)\.(title|why|mend)$`).FindStringSubmatch(k)
			if m != nil && !slices.Contains(codes, m[1]) && !slices.Contains([]string{"confirm", "choose", "list", "compare", "signer"}, m[1]) {
				t.Errorf("%s: nothing uses %s", tag, k)
			}
		}
	}
	for code := range filingActions {
		if code != "unreadable" && !slices.Contains(filing.Codes(), code) {
			t.Errorf("an action for %s, which there is not", code)
		}
	}
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheckFiling(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	good, empty := write(t, dir, "nota.txt", "una riga\n"), write(t, dir, "vuoto.txt", "")
	sn, err := e.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	card, err := e.Inspect(t.Context(), sn.Slots[0])
	if err != nil {
		t.Fatal(err)
	}
	check := func(r FilingRequest) *Filing {
		t.Helper()
		f, err := e.CheckFiling(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := check(FilingRequest{Profile: "registro-imprese", Files: []string{good}, Card: &card}); f.Verdict() != FilingReady || !f.SignerChecked {
		t.Errorf("a good file: %+v", f)
	}
	f := check(FilingRequest{Profile: "registro-imprese", Files: []string{good, empty, filepath.Join(dir, "not-there")}, Format: signer.PAdES})
	if f.Verdict() != FilingRefused || f.SignerChecked || f.Count(SeverityDanger) != 3 {
		t.Errorf("PAdES, an empty file, none: %+v", f)
	}
	if f.Items[0].Code != "unreadable" || f.Items[1].Action != FilingUseP7M || f.Items[2].File != empty {
		t.Errorf("%+v", f.Items)
	}
	if _, err := e.CheckFiling(t.Context(), FilingRequest{Profile: "nobody"}); Explain(err).Code != "no-such-profile" {
		t.Errorf("a profile that there is not: %v", err)
	}
	var many []string
	for range 3000 { // more than a process may open
		many = append(many, good)
	}
	check(FilingRequest{Files: many})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.CheckFiling(gone, FilingRequest{Files: many}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// claimingPDF is a PDF that says that it is PDF/A-1b, and no more.
func claimingPDF() string {
	const claim = `<x xmlns:p="http://www.aiim.org/pdfa/ns/id/" p:part="1" p:conformance="B"/>`
	return fmt.Sprintf("%%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/Metadata 3 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"+
		"3 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\ntrailer\n<</Root 1 0 R/Size 4>>\n", len(claim), claim)
}

// A validator of PDF/A is asked where there is one, and nothing is said where it fails.
func TestCheckFilingAsksTheValidator(t *testing.T) {
	if filepath.Separator != '/' {
		t.Skip("the stand-in of the validator is a shell script: Windows runs none")
	}
	e, _ := practiceEngine(t)
	dir, bin := t.TempDir(), t.TempDir()
	named, bare := write(t, dir, "atto con spazi.pdf", claimingPDF()), write(t, dir, "atto", claimingPDF())
	silent := write(t, dir, "altro.pdf", "%PDF-1.4\n")
	for _, c := range []struct{ name, script, file, want string }{
		{"failed", "echo \"FAIL $3 1b\"; exit 1", named, "pdfa-failed"},
		{"failed, older version", "echo \"FAIL $3\"; exit 1", named, "pdfa-failed"},
		{"passed", "echo \"PASS $3 1b\"", named, "pdfa-passed"},
		{"only its PDF/UA failed", "echo \"PASS $3 1b\"; echo \"FAIL $3 ua1\"; exit 1", named, "pdfa-passed"},
		{"one of two failed", "echo \"FAIL $3 1b\"; echo \"PASS $3 2b\"; exit 1", named, "pdfa-failed"},
		{"name without extension", "test \"$1\" = --nonpdfext && echo \"PASS $4 1b\"", bare, "pdfa-passed"},
		{"claims nothing", "echo \"FAIL $3 1b\"; exit 1", silent, ""},
		{"no verdict", "exit 9", named, ""},
		{"of another file", "echo 'FAIL /another.pdf'", named, ""},
	} {
		if err := os.WriteFile(filepath.Join(bin, "verapdf"), []byte("#!/bin/sh\n"+c.script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin+":/bin:/usr/bin")
		f, err := e.CheckFiling(t.Context(), FilingRequest{Profile: "registro-imprese", Files: []string{c.file}, Validate: true})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, i := range f.Items {
			if i.Code == "pdfa-failed" || i.Code == "pdfa-passed" {
				got += i.Code
			}
		}
		if got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// The checklist says that a validator is still at work, and takes its answer in.
func TestStoreWaitsForTheValidator(t *testing.T) {
	if filepath.Separator != '/' {
		t.Skip("the stand-in of the validator is a shell script: Windows runs none")
	}
	dir, bin := t.TempDir(), t.TempDir()
	gate := filepath.Join(bin, "gate")
	script := "#!/bin/sh\nuntil test -e '" + gate + "'; do sleep 0.02; done\necho \"PASS $3 1b\"\n"
	if err := os.WriteFile(filepath.Join(bin, "verapdf"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":/bin:/usr/bin")
	e, _ := practiceEngine(t)
	w := runStore(t, e, &answers{})
	w.SetProfile("registro-imprese")
	w.Add(write(t, dir, "atto.pdf", claimingPDF()))
	passed := func(s *State) bool {
		return slices.ContainsFunc(s.Filing.Items, func(i FilingItem) bool { return i.Code == "pdfa-passed" })
	}
	w.until("asking", func(s *State) bool { return s.Filing != nil && s.Filing.Validating && !passed(s) })
	write(t, bin, "gate", "")
	w.until("answered", func(s *State) bool { return !s.Filing.Running && !s.Filing.Validating && passed(s) })
}

// A check that takes long is told of, once it does and only while it is the one under way.
func TestStoreTellsOfALongCheck(t *testing.T) {
	w := runStore(t, New(Config{}), &answers{})
	begun, over := &Filing{Running: true, Files: 1}, &Filing{Running: true, Files: 2}
	w.post(func(st State) State { return st }) // after which there is nothing to be checked
	w.post(func(st State) State { st.Filing = begun; return st })
	w.tellLong(over)
	w.post(func(st State) State { st.Errand = &Errand{}; return st })
	w.until("another one told", func(s *State) bool { return s.Errand != nil })
	if w.State().Filing.Long {
		t.Error("the end of another check made this one long")
	}
	w.tellLong(begun)
	w.until("told", func(s *State) bool { return s.Filing.Long && s.Filing.Running && s.Filing.Files == 1 })
	if begun.Long {
		t.Error("what a State showed was changed")
	}
}

// The checklist of the window follows list, profile and card, and a refused filing is signed only when the person says so.
func TestStoreKeepsTheChecklist(t *testing.T) {
	dir := t.TempDir()
	asked := &answers{pins: []string{PracticePIN}}
	e, _ := practiceEngine(t)
	w := runStore(t, e, asked)
	w.until("ready", func(s *State) bool { return s.Cards.Phase == PhaseReady })
	w.Add(write(t, dir, "vuoto.txt", ""), write(t, dir, "nota.txt", "una riga\n"))
	w.until("checked", func(s *State) bool {
		return s.Filing != nil && !s.Filing.Running && s.Filing.Count(SeverityDanger) == 1
	})
	w.SetProfile("registro-imprese")
	w.until("checked for the Register", func(s *State) bool {
		return s.Filing.Profile == "registro-imprese" && !s.Filing.Running && s.Filing.SignerChecked && s.Filing.Verdict() == FilingRefused
	})
	w.Sign()
	w.until("held", func(s *State) bool { return s.Job != nil && !s.Job.Running })
	if st := w.State(); st.Job.Signed != 0 || st.Job.Advice.Code != "refused" || len(asked.asked) != 0 {
		t.Errorf("job %+v, %d PINs asked", st.Job, len(asked.asked))
	}
	for _, d := range w.State().Docs.List {
		if d.Name == "vuoto.txt" {
			w.Remove(d.ID)
		}
	}
	w.until("ready to be filed", func(s *State) bool {
		return !s.Filing.Running && s.Filing.Files == 1 && s.Filing.Verdict() == FilingReady
	})
	w.Clear()
	w.until("empty", func(s *State) bool { return s.Filing == nil })
	if w.State().Settings.Profile != "registro-imprese" {
		t.Errorf("chosen %q", w.State().Settings.Profile)
	}
}

// TestWhatWasAgreedIsNotAskedAgain: a yes holds for the same facts alone, and a no for once.
func TestWhatWasAgreedIsNotAskedAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		agreed, about string
		answer, want  bool
		kept          string
	}{
		"the same":        {"a", "a", false, true, "a"},
		"other facts":     {"a", "b", false, false, "a"},
		"a yes is kept":   {"", "a", true, true, "a"},
		"a no is not":     {"", "a", false, false, ""},
		"without facts":   {"", "", true, true, ""},
		"none was agreed": {"", "", false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			j := &jobAsker{Asker: &answers{confirm: tc.answer}, agreed: tc.agreed}
			if yes, err := j.Confirm(t.Context(), Question{About: tc.about}); err != nil || yes != tc.want || j.agreed != tc.kept {
				t.Errorf("yes %v, %v; kept %q", yes, err, j.agreed)
			}
		})
	}
}

// TestAFingerprintOfWhatIsRefused: other files, other points or another office are another question.
func TestAFingerprintOfWhatIsRefused(t *testing.T) {
	of := func(profile, code string, files ...string) string {
		return (&Filing{Profile: profile, Items: []FilingItem{{Code: code}}}).about(files)
	}
	one := of("p", "c", "a")
	if one != of("p", "c", "a") {
		t.Error("the same facts differ")
	}
	for name, other := range map[string]string{"office": of("q", "c", "a"), "point": of("p", "d", "a"), "file": of("p", "c", "b"), "more files": of("p", "c", "a", "b")} {
		if other == one {
			t.Errorf("another %s is the same", name)
		}
	}
}
