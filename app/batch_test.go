package app

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/card/sim"
	"ceralacca/signer"
)

// many puts n files into a folder of their own.
func many(t *testing.T, n int) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	for i := range n {
		files = append(files, put(t, dir, fmt.Sprintf("%02d.txt", i), []byte(fmt.Sprint("testo ", i))))
	}
	return dir, files
}

// cut runs a job of n files whose card is pulled out at the command that number at asks for, and returns what was
// signed.
func cut(t *testing.T, e *Engine, bus *sim.Bus, files []string, at int, more ...func(*SignRequest)) []string {
	t.Helper()
	var signed []string
	slot := slotOf(t, e)
	bus.Script(sim.Fault{At: at, Kind: sim.Pull})
	r := SignRequest{Slot: slot, Files: files}
	for _, f := range more {
		f(&r)
	}
	err := e.Sign(t.Context(), r, &answers{pins: []string{PracticePIN}}, SignEvents{
		Done: func(r FileResult) {
			if r.Err != nil {
				t.Errorf("%s: %v", r.File, r.Err)
			}
			signed = append(signed, r.Output)
		},
	})
	if !errors.Is(err, card.ErrRemoved) {
		t.Fatalf("got %v", err)
	}
	bus.Script()
	bus.Insert()
	return signed
}

// commands is how many commands the card gets in a batch of 12 files.
func commands(t *testing.T) int {
	t.Helper()
	e, bus := practiceEngine(t)
	_, files := many(t, 12)
	bus.Script()
	if _, err := signWith(t, e, &answers{pins: []string{PracticePIN}}, files...); err != nil {
		t.Fatal(err)
	}
	return bus.Sent()
}

// TestPulledCardStopsTheBatch pulls the card out at one command after the other: what is told as signed is there, nothing else
// is, and resuming signs exactly the rest.
func TestPulledCardStopsTheBatch(t *testing.T) {
	total := commands(t)
	for at := total - 60; at < total-5; at += 7 {
		e, bus := practiceEngine(t)
		dir, files := many(t, 12)
		signed := cut(t, e, bus, files, at)
		if len(signed) == len(files) {
			t.Fatalf("at %d: the batch was over", at)
		}
		want := []string{}
		for _, f := range files {
			want = append(want, filepath.Base(f))
		}
		for _, f := range signed {
			want = append(want, filepath.Base(f))
		}
		slices.Sort(want)
		only(t, dir, want...)
		list, err := e.Interrupted()
		if len(signed) == 0 {
			if len(list) != 0 {
				t.Errorf("at %d: a job that signed nothing is kept", at)
			}
			continue
		}
		if err != nil || len(list) != 1 || list[0].Done != len(signed) || list[0].Total != len(files) || !list[0].Practice {
			t.Fatalf("at %d: %+v, %v", at, list, err)
		}
		before, fresh := 0, 0
		err = e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Resume: list[0].ID}, &answers{pins: []string{PracticePIN}}, SignEvents{
			Done: func(r FileResult) {
				switch {
				case r.Err != nil:
					t.Errorf("%s: %v", r.File, r.Err)
				case r.Before:
					before++
				default:
					fresh++
				}
			},
		})
		if err != nil || before != len(signed) || before+fresh != len(files) {
			t.Errorf("at %d: %d before, %d signed now: %v", at, before, fresh, err)
		}
		if list, _ := e.Interrupted(); len(list) != 0 {
			t.Errorf("at %d: still %+v", at, list)
		}
	}
}

// TestResumeKnowsItsOwn takes the lines of the journal away, as a crash between renaming and writing does, and leaves
// an unfinished file: the outputs are known again, and only the unfinished file of this job goes.
func TestResumeKnowsItsOwn(t *testing.T) {
	e, bus := practiceEngine(t)
	dir, files := many(t, 12)
	signed := cut(t, e, bus, files, commands(t)-20)
	list, err := e.Interrupted()
	if err != nil || len(list) != 1 || len(signed) == 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	path := filepath.Join(e.journalDir(), list[0].ID+".jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte(PracticePIN)) {
		t.Error("the PIN is in the journal")
	}
	head, _, _ := bytes.Cut(b, []byte{'\n'})
	if err := os.WriteFile(path, append(head, "\n{\"index\":1,\"outp"...), 0o600); err != nil {
		t.Fatal(err)
	}
	j := &jobJournal{head: journalHead{ID: list[0].ID}}
	put(t, dir, j.tempName(11), []byte("half"))
	strange := filepath.Base(put(t, dir, ".ceralacca-1234.tmp", []byte("of another")))
	taken := ""
	for _, f := range files {
		if !slices.Contains(signed, f+".p7m") {
			taken = filepath.Base(put(t, dir, filepath.Base(f)+".p7m", []byte("mine")))
			break
		}
	}
	before, exists, all := 0, 0, 0
	pressed := bus.Count(0x2A)
	err = e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Resume: list[0].ID}, &answers{pins: []string{PracticePIN}}, SignEvents{
		Done: func(r FileResult) {
			all++
			switch {
			case errors.As(r.Err, new(*ExistsError)):
				exists++
			case r.Err != nil:
				t.Errorf("%s: %v", r.File, r.Err)
			case r.Before:
				before++
				if r.SHA256 == [32]byte{} || r.Signed.IsZero() || r.OutputSize == 0 {
					t.Errorf("%+v", r)
				}
			}
		},
	})
	if err != nil || before != len(signed) || exists != 1 || all != len(files) {
		t.Errorf("%d before of %d, %d names taken, %d told: %v", before, len(signed), exists, all, err)
	}
	if n := bus.Count(0x2A) - pressed; n != len(files)-len(signed)-1 {
		t.Errorf("the card signed %d times", n)
	}
	names := []string{strange}
	for _, f := range files {
		names = append(names, filepath.Base(f), filepath.Base(f)+".p7m")
	}
	only(t, dir, names...)
	if b, _ := os.ReadFile(filepath.Join(dir, taken)); string(b) != "mine" {
		t.Error("a file of somebody else was replaced")
	}
}

// TestResumeKeepsWhatWasSeen: a file that the person looked at and that has changed since is not signed later either.
func TestResumeKeepsWhatWasSeen(t *testing.T) {
	e, bus := practiceEngine(t)
	dir, files := many(t, 12)
	cut(t, e, bus, files, commands(t)-20, func(r *SignRequest) {
		r.Seen = map[int][32]byte{11: sha256.Sum256([]byte("testo 11"))}
	})
	list, err := e.Interrupted()
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	put(t, dir, filepath.Base(files[11]), []byte("altro"))
	var last FileResult
	err = e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Resume: list[0].ID}, &answers{pins: []string{PracticePIN}}, SignEvents{
		Done: func(r FileResult) {
			if r.Index == 11 {
				last = r
			}
		},
	})
	if err != nil || !errors.Is(last.Err, signer.ErrChanged) {
		t.Errorf("%+v, %v", last, err)
	}
}

func TestResumeRefusals(t *testing.T) {
	e, bus := practiceEngine(t)
	_, files := many(t, 12)
	cut(t, e, bus, files, commands(t)-20)
	list, err := e.Interrupted()
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	id := list[0].ID
	held, err := e.openJobJournal(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []string{id, "", "gone", "../settings"} { // the first runs elsewhere
		a := &answers{pins: []string{PracticePIN}}
		if err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Resume: x}, a, SignEvents{}); x != "" && !errors.As(err, new(*NoJobError)) || len(a.asked) > 0 {
			t.Errorf("%q: %v", x, err)
		}
	}
	if list, _ := e.Interrupted(); len(list) != 0 {
		t.Error("a running job is told as interrupted")
	}
	held.close()
	other, err := sim.Issue(e.cfg.Now())
	if err != nil {
		t.Fatal(err)
	}
	mine := e.cfg.Source
	e.cfg.Source = card.CNS(other.Bus())
	a := &answers{pins: []string{PracticePIN}}
	var no *OtherCardError
	if err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Resume: id}, a, SignEvents{}); !errors.As(err, &no) || len(a.asked) > 0 {
		t.Errorf("with another card: %v", err)
	}
	e.cfg.Source = mine
	if err := e.Forget(id); err != nil {
		t.Error(err)
	}
	if list, err := e.Interrupted(); err != nil || len(list) != 0 {
		t.Errorf("forgotten, and still %v, %v", list, err)
	}
}

// swapped is a card that was put into the place of another, and answers under its name.
type swapped struct{ mine, other card.Source }

func (s swapped) Watch(ctx context.Context, emit func(card.Snapshot)) error {
	return s.mine.Watch(ctx, emit)
}

func (s swapped) Open(ctx context.Context, slot string) (card.Token, error) {
	if s.other == nil {
		return s.mine.Open(ctx, slot)
	}
	var slots []card.Slot
	done, stop := context.WithCancel(ctx)
	defer stop()
	_ = s.other.Watch(done, func(sn card.Snapshot) { slots = sn.Slots; stop() })
	return s.other.Open(ctx, slots[0].ID)
}

// TestPINGoesToItsCardAlone types the PIN of one card while a reader that does not tell has another one in it, with its
// certificate in the same place: that gets no PIN.
func TestPINGoesToItsCardAlone(t *testing.T) {
	e, _ := practiceEngine(t)
	other, err := sim.Issue(e.cfg.Now())
	if err != nil {
		t.Fatal(err)
	}
	src := &swapped{mine: e.cfg.Source}
	e.cfg.Source = src
	_, files := many(t, 1)
	bus := other.Bus()
	a := &answers{pins: []string{PracticePIN}, before: func() { src.other = card.CNS(bus) }}
	if _, err := signWith(t, e, a, files...); !errors.Is(err, card.ErrRemoved) {
		t.Errorf("got %v", err)
	}
	if n := withPIN(bus); n != 0 || len(a.asked) != 1 {
		t.Errorf("asked %d times, %d VERIFY commands went to the other card", len(a.asked), n)
	}
}

// TestBrokenFilesDoNotStopTheBatch has files go, change and become unreadable while others are signed.
func TestBrokenFilesDoNotStopTheBatch(t *testing.T) {
	e, _ := practiceEngine(t)
	dir, files := many(t, 10)
	a := &answers{pins: []string{PracticePIN}, before: func() {
		if err := errors.Join(os.Remove(files[3]), os.Remove(files[6]), os.Mkdir(files[6], 0o700)); err != nil {
			t.Error(err)
		}
	}}
	results, err := signWith(t, e, a, files...)
	if err != nil || len(results) != len(files) {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for i, f := range files {
		r := results[f]
		if broken := i == 3 || i == 6; (r.Err != nil) != broken || broken && r.Output != "" {
			t.Errorf("%s: %+v", filepath.Base(f), r)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind %v, %v", left, err)
	}
}

// TestFileChangedMeanwhile writes to the second of three files at one command of the card after the other: its output
// holds one of its two contents whole, or there is none and the file is told as changed. The others are signed.
func TestFileChangedMeanwhile(t *testing.T) {
	e, bus := practiceEngine(t)
	old, fresh := []byte("testo prima"), []byte("testo dopo ") // as long as each other: the size does not tell
	run := func(at int) (changed bool, sent int) {
		_, files := many(t, 3)
		rewrite := func(b []byte) {
			if err := os.WriteFile(files[1], b, 0o600); err != nil {
				t.Error(err)
			}
		}
		rewrite(old)
		bus.Script(sim.Fault{At: at, Kind: sim.Call, Do: func() { rewrite(fresh) }})
		results, err := signWith(t, e, &answers{pins: []string{PracticePIN}}, files...)
		sent = bus.Sent()
		if err != nil || results[files[0]].Err != nil || results[files[2]].Err != nil {
			t.Fatalf("at %d: %v, %v", at, results, err)
		}
		r := results[files[1]]
		if r.Err != nil {
			if _, err := os.Stat(files[1] + ".p7m"); !errors.Is(r.Err, signer.ErrChanged) || r.Output != "" || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("at %d: %v, %v", at, r.Err, err)
			}
			return true, sent
		}
		f, d, err := openDocument(r.Output)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c, err := d.Content(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(c.Reader(), 0, c.Size()))
		if err != nil || !bytes.Equal(got, old) && !bytes.Equal(got, fresh) {
			t.Errorf("at %d the output holds %q, %v", at, got, err)
		}
		return false, sent
	}
	_, sent := run(-1)
	n := 0
	for at := range sent {
		if changed, _ := run(at); changed {
			n++
		}
	}
	if n == 0 {
		t.Error("no change came while the file was being signed")
	}
}

// TestSignedBefore: the output is there and is the same document signed with the same card.
func TestSignedBefore(t *testing.T) {
	e, _ := practiceEngine(t)
	file := put(t, t.TempDir(), "a.txt", []byte("a"))
	if _, err := signWith(t, e, &answers{pins: []string{PracticePIN}}, file); err != nil {
		t.Fatal(err)
	}
	a := &answers{pins: []string{PracticePIN}}
	results, err := signWith(t, e, a, file)
	var before *SignedBeforeError
	if err != nil || !errors.As(results[file].Err, &before) || before.When.IsZero() || len(a.asked) != 0 {
		t.Fatalf("%+v, %v", results, err)
	}
	c, err := lang.Load(assets.FS, "en")
	if err != nil {
		t.Fatal(err)
	}
	if adv := Explain(before); adv.Code != "output-exists" || !strings.HasPrefix(c.Text(adv.Title), "You already signed a.txt on ") {
		t.Errorf("told %q", c.Text(adv.Title))
	}
	put(t, filepath.Dir(file), "a.txt", []byte("another text"))
	if results, _ := signWith(t, e, a, file); errors.As(results[file].Err, &before) || !errors.As(results[file].Err, new(*ExistsError)) {
		t.Errorf("another document: %+v", results)
	}
}

func TestSummary(t *testing.T) {
	c, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	s := &Summary{Signer: "ANNA ESEMPIO", Practice: true, Results: []FileResult{
		{Index: 1, File: "/x/b.txt", Err: &ExistsError{"/x/b.txt.p7m"}},
		{Index: 0, File: "/x/=cmd|.txt", Output: "/x/=cmd|.txt.p7m", OutputSize: 1234, Format: FormatCAdES, Level: LevelT, SHA256: [32]byte{0xab}, Lost: &signer.ArchivedError{Stamps: 1}},
		{Index: 2, File: "/x/<b>.txt", Output: "/x/<b>.txt.p7m", Short: &signer.LevelError{Step: "time-stamp", Err: context.DeadlineExceeded}},
		{Index: 3, File: "/x/fdp.\u202etxt", Err: context.DeadlineExceeded}, // reads "txt.pdf" where nobody says that it is turned
	}, Left: []LeftFile{{"/x/left.p7m", Explain(&AlreadySignedError{File: "/x/left.p7m"})}, {File: "/x/last.txt"}}}
	dir := t.TempDir()
	for suffix, want := range map[string][]string{
		".csv":  {"\ufeffFile;", "'=cmd|.txt.p7m", "ab000000", ";T;", "esiste già", "Firmato, ma senza marca"},
		".html": {"2 file firmati su 6", "left.p7m", "last.txt", "&lt;b&gt;.txt", "ANNA ESEMPIO", "CARTA FINTA"},
		".txt":  {"2 file firmati su 6", "Non firmato: ", "1,2\u00a0kB", "Firmato e verificato. La marca d’archivio", "SHA-256 dell’originale: ab0000"},
	} {
		dest := filepath.Join(dir, "riepilogo"+suffix)
		if err := SaveSummary(t.Context(), s, c, dest); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(dest)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !bytes.Contains(b, []byte(w)) {
				t.Errorf("%s lacks %q:\n%s", suffix, w, b)
			}
		}
		if bytes.Contains(b, []byte("<script")) || bytes.Contains(b, []byte("[summary")) || !bytes.Contains(b, []byte("202E]txt")) {
			t.Errorf("%s: %s", suffix, b)
		}
		if bytes.Index(b, []byte("cmd|")) > bytes.Index(b, []byte("b.txt")) {
			t.Errorf("%s is not in the order of the files", suffix)
		}
		if err := SaveSummary(t.Context(), s, c, dest); !errors.As(err, new(*ExistsError)) {
			t.Errorf("%s was overwritten: %v", suffix, err)
		}
	}
}

// TestSignedIsFinished: a card that goes out of the reader takes with it only what it has not signed.
func TestSignedIsFinished(t *testing.T) {
	for _, c := range []struct {
		name   string
		signs  error // what the card says to the signature
		cause  error // why the job ends afterwards
		wasted bool
	}{
		{"pulled after the signature", nil, card.ErrRemoved, false},
		{"pulled before", card.ErrRemoved, card.ErrRemoved, true},
		{"stopped by the person", nil, context.Canceled, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job, end := context.WithCancelCause(t.Context())
				ctx, key, done := finishing(job, signer.Key{Signer: answering{err: c.signs}})
				defer done()
				if _, err := key.Sign(nil, nil, crypto.SHA256); !errors.Is(err, c.signs) {
					t.Fatal(err)
				}
				end(c.cause)
				synctest.Wait()
				if ended := ctx.Err() != nil; ended != c.wasted {
					t.Errorf("ended: %v, %v", ended, context.Cause(ctx))
				}
			})
		})
	}
}

// answering is a key that signs, or fails, at once.
type answering struct {
	crypto.Signer
	err error
}

func (a answering) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, a.err }
