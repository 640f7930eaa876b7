package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/signer"
)

// Each file is compared with the original of its name, else with one of its content, and never with itself.
func TestCompareWithOriginals(t *testing.T) {
	e, _ := practiceEngine(t)
	dir, from := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{
		"same.txt": "a\n", "changed.txt": "b\n", "SHOUTED.TXT": "c\n", "before.txt": "d\n", "twice.txt": "e\n", "other.txt": "a\n",
		"swapped 1.txt": "f\n", "swapped 2.txt": "g\n",
	} {
		write(t, from, name, content)
	}
	if err := os.Mkdir(filepath.Join(from, "folder.txt"), 0o700); err != nil {
		t.Fatal(err)
	}
	one := write(t, dir, "one.txt", "one\n")
	for _, c := range []struct {
		name, file, content string
		want                Sameness
		original            string
	}{
		{"the same, though another has its content too", "same.txt", "a\n", OriginalSame, "same.txt"},
		{"changed, of the same size", "changed.txt", "B\n", OriginalChanged, "changed.txt"},
		{"changed, of another size", "changed.txt", "bb\n", OriginalChanged, "changed.txt"},
		{"emptied", "changed.txt", "", OriginalChanged, "changed.txt"},
		{"another case", "shouted.txt", "c\n", OriginalSame, "SHOUTED.TXT"},
		{"renamed", "after.txt", "d\n", OriginalSame, "before.txt"},
		{"a second download", "twice (1).txt", "e\n", OriginalSame, "twice.txt"},
		{"a second download, changed", "twice (12).txt", "E\n", OriginalChanged, "twice.txt"},
		{"a copy", "twice - Copia (2).txt", "E\n", OriginalChanged, "twice.txt"},
		{"two names exchanged", "swapped 1.txt", "g\n", OriginalSame, "swapped 2.txt"},
		{"not there", "own.txt", "own\n", OriginalAbsent, ""},
		{"a folder of that name", "folder.txt", "x\n", OriginalAbsent, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, t.TempDir(), c.file, c.content)
			f, err := e.CheckFiling(t.Context(), FilingRequest{Profile: "registro-imprese", Files: []string{path}, Originals: []string{from, one}})
			if err != nil || len(f.Compared) != 1 {
				t.Fatalf("%+v, %v", f, err)
			}
			got := f.Compared[0]
			if got.Sameness != c.want || c.original != "" && got.Original != filepath.Join(from, c.original) || c.original == "" && got.Original != "" {
				t.Errorf("%+v", got)
			}
			refused := false
			for _, i := range f.Items {
				refused = refused || i.Code == "differs-from-original"
			}
			if refused != (c.want == OriginalChanged) {
				t.Errorf("refused: %v", refused)
			}
		})
	}
}

// A file that is compared with its own folder, with itself or with a link to itself is not said to be unchanged.
func TestNothingIsComparedWithItself(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	path := write(t, dir, "distinta.txt", "x\n")
	originals := [][]string{{dir}, {path}}
	if link := filepath.Join(t.TempDir(), "distinta.txt"); os.Link(path, link) == nil {
		originals = append(originals, []string{link})
	}
	for _, o := range originals {
		f, err := e.CheckFiling(t.Context(), FilingRequest{Files: []string{path}, Originals: o})
		if err != nil || f.Compared[0].Sameness != OriginalItself || !OwnFiles(f.Compared) || f.Compared[0].sum != [32]byte{} {
			t.Errorf("%s: %+v, %v", o, f, err)
		}
	}
}

func TestOriginalsThatCannotBeLookedAt(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	path := write(t, dir, "a.txt", "x\n")
	_, err := e.CheckFiling(t.Context(), FilingRequest{Files: []string{path}, Originals: []string{filepath.Join(dir, "gone")}})
	if !errors.Is(err, fs.ErrNotExist) || Explain(err).Code == "internal" {
		t.Errorf("%v, %s", err, Explain(err).Code)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = e.CheckFiling(ended, FilingRequest{Files: []string{path}, Originals: []string{dir}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A file that was the same as its original and is exchanged while the person types the PIN is not signed.
func TestWhatWasComparedIsWhatIsSigned(t *testing.T) {
	e, _ := practiceEngine(t)
	dir, from := t.TempDir(), t.TempDir()
	path := write(t, dir, "atto.txt", "uno\n")
	write(t, from, "atto.txt", "uno\n")
	sn, err := e.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var result FileResult
	ask := &answers{pins: []string{PracticePIN}, before: func() { write(t, dir, "atto.txt", "due\n") }}
	err = e.Sign(t.Context(), SignRequest{Slot: sn.Slots[0], Files: []string{path}, Profile: "registro-imprese", Originals: []string{from}},
		ask, SignEvents{Done: func(r FileResult) { result = r }})
	if err != nil || !errors.Is(result.Err, signer.ErrChanged) || result.Output != "" {
		t.Errorf("%v, %+v", err, result)
	}
}

// What the person has said of a set is in the checklist, holds for its signing, and goes with the set.
func TestExpectedGoesWithTheList(t *testing.T) {
	dir, from := t.TempDir(), t.TempDir()
	asked := &answers{pins: []string{PracticePIN}}
	e, _ := practiceEngine(t)
	w := runStore(t, e, asked)
	w.until("ready", func(s *State) bool { return s.Cards.Phase == PhaseReady })
	w.Add(write(t, dir, "nota.txt", "una riga\n"))
	w.SetProfile("registro-imprese")
	w.until("checked", func(s *State) bool { return s.Filing != nil && !s.Filing.Running && s.Filing.Verdict() == FilingReady })
	w.ExpectSigner("RSSMRA85T10A562S")
	w.until("another is to sign", func(s *State) bool {
		return !s.Filing.Running && s.Filing.Verdict() == FilingRefused && s.Filing.Items[0].Code == "other-signer"
	})
	w.Sign()
	w.until("held", func(s *State) bool { return s.Job != nil && !s.Job.Running })
	if len(asked.asked) != 0 {
		t.Error("a PIN was asked for")
	}
	w.ExpectSigner(w.State().Cards.Card().Signing().FiscalCode)
	w.until("this one", func(s *State) bool { return !s.Filing.Running && s.Filing.Verdict() == FilingReady })
	w.CompareWith(from)
	w.until("compared", func(s *State) bool { return !s.Filing.Running && len(s.Filing.Compared) == 1 })
	w.Clear()
	w.until("forgotten", func(s *State) bool { return s.Expected == nil && s.Filing == nil })
}

func TestComparisonWords(t *testing.T) {
	for _, tag := range lang.Languages {
		c, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]bool{}
		for _, x := range []Comparison{
			{"/a/x.pdf", OriginalSame, "/b/x.pdf", [32]byte{}},
			{"/a/x.pdf", OriginalSame, "/b/y.pdf", [32]byte{}},
			{"/a/x.pdf", OriginalChanged, "/b/x.pdf", [32]byte{}},
			{"/a/x.pdf", OriginalAbsent, "", [32]byte{}},
			{"/a/x.pdf", OriginalItself, "", [32]byte{}},
		} {
			said[c.Text(x.Words())] = true
		}
		if len(said) != 5 || said[""] {
			t.Errorf("%s: %v", tag, said)
		}
	}
}
