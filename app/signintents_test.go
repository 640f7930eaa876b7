package app

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/card/sim"
)

func jobEnded(st *State) bool { return st.Job != nil && !st.Job.Running }

// TestStoreResumes: a job that an earlier run left behind is offered, and goes on where it stood.
func TestStoreResumes(t *testing.T) {
	e, bus := practiceEngine(t)
	dir, files := many(t, 12)
	signed := cut(t, e, bus, files, commands(t)-20)
	w := runStore(t, e, &answers{pins: []string{PracticePIN}})
	w.until("ready", ready)
	st := w.until("offered", func(st *State) bool { return st.Interrupted != nil })
	if in := st.Interrupted; in.Done != len(signed) || in.Total != len(files) || in.Folder != dir || in.Signer == "" {
		t.Errorf("%+v", in)
	}
	w.Resume()
	st = w.until("resumed", jobEnded)
	if st.Job.Signed != len(files) || st.Job.Done != len(files) || st.Interrupted != nil || st.Job.Advice != nil {
		t.Fatalf("%+v, %+v", st.Job, st.Interrupted)
	}
	for _, d := range st.Docs.List {
		if d.Status != DocSigned || d.OutputSize == 0 || d.Result == nil {
			t.Errorf("%+v", d)
		}
	}
	c, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	dest := filepath.Join(t.TempDir(), "riepilogo.txt")
	w.SaveSummary(c, dest)
	w.until("summary", func(st *State) bool { return st.Saved != nil })
	if b, err := os.ReadFile(dest); err != nil || !strings.HasPrefix(string(b), "12 file firmati su 12") {
		t.Errorf("%q, %v", b, err)
	}
}

// TestStoreOffersThePracticeJob: a job of the practice card is offered when the person turns to that card, not before.
func TestStoreOffersThePracticeJob(t *testing.T) {
	e, bus := practiceEngine(t)
	_, files := many(t, 12)
	cut(t, e, bus, files, commands(t)-20)
	w := runStore(t, New(Config{Dir: e.cfg.Dir, Assets: assets.FS, Offline: true, Source: card.CNS(sim.New(sim.Card{Reader: "Empty"}))}), &answers{})
	w.UsePractice(true)
	st := w.until("offered", func(st *State) bool { return st.Interrupted != nil })
	if !st.Interrupted.Practice || !st.Cards.Practice {
		t.Errorf("%+v beside %+v", st.Interrupted, st.Cards)
	}
	w.UsePractice(false)
	w.until("no longer offered", func(st *State) bool { return st.Interrupted == nil && !st.Cards.Practice })
}

// TestStoreForgets: an offered job is given up, and one that stopped in this run is not offered beside its own list.
func TestStoreForgets(t *testing.T) {
	e, bus := practiceEngine(t)
	_, files := many(t, 12)
	cut(t, e, bus, files, commands(t)-20)
	w := runStore(t, e, &answers{pins: []string{PracticePIN, PracticePIN}})
	w.until("ready", ready)
	w.until("offered", func(st *State) bool { return st.Interrupted != nil })
	w.ForgetInterrupted()
	w.until("forgotten", func(st *State) bool { return st.Interrupted == nil })
	_, files = many(t, 12)
	w.Add(files...)
	w.until("listed", func(st *State) bool { return len(st.Docs.List) == len(files) })
	bus.Script(sim.Fault{At: commands(t) - 20, Kind: sim.Pull})
	w.Sign()
	st := w.until("stopped", jobEnded)
	if st.Interrupted != nil || st.Job.Advice == nil || st.Job.Advice.Code != "card-removed" {
		t.Errorf("%+v, %+v", st.Interrupted, st.Job.Advice)
	}
	bus.Script()
	bus.Insert()
	w.until("ready again", ready)
	w.Sign() // the rest
	st = w.until("signed", func(st *State) bool { return jobEnded(st) && st.Job.Advice == nil })
	for _, d := range st.Docs.List {
		if d.Status != DocSigned {
			t.Errorf("%+v", d)
		}
	}
	if list, err := e.Interrupted(); err != nil || len(list) != 0 {
		t.Errorf("left %+v, %v", list, err)
	}
}

// TestStoreChoices: an envelope becomes ready when the person says what to do with it.
func TestStoreChoices(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	a := put(t, dir, "a.txt", []byte("a"))
	if _, err := signWith(t, e, &answers{pins: []string{PracticePIN}}, a); err != nil {
		t.Fatal(err)
	}
	w := runStore(t, e, &answers{pins: []string{PracticePIN}})
	w.until("ready", ready)
	w.Add(a+".p7m", put(t, dir, "b.txt", []byte("b")))
	st := w.until("listed", func(st *State) bool { return len(st.Docs.List) == 2 })
	d := st.Docs.List[0]
	if when, mine := SignedBy(d.Examination, st.Cards.Card().Signing()); d.Status != DocProblem || !mine || when.IsZero() {
		t.Fatalf("%+v", d)
	}
	out := t.TempDir()
	w.SetChoices(SignChoices{OutDir: out, Detached: true})
	w.SetExisting(d.ID, ExistingAdd, false)
	w.until("both ready", func(st *State) bool { return st.Docs.List[0].Status == DocReady && st.Choices.Detached })
	w.SetExisting(d.ID, ExistingRefuse, false)
	w.until("a problem again", func(st *State) bool { return st.Docs.List[0].Status == DocProblem })
	w.SetExisting(d.ID, ExistingWrap, false)
	w.Sign()
	st = w.until("signed", jobEnded)
	if st.Job.Signed != 2 {
		t.Errorf("%+v %+v", st.Job, st.Docs.List)
	}
	only(t, out, "a.txt.p7m.p7s", "b.txt.p7s")
}

// A file that could not be written where it was to go is to be signed again once another folder is chosen.
func TestStoreOtherFolder(t *testing.T) {
	st := State{Choices: &SignChoices{Detached: true}, Docs: &Docs{List: []Doc{
		{ID: 1, Status: DocSigned},
		{ID: 2, Status: DocFailed, Advice: advice("read-only", SeverityWarning, 0)},
		{ID: 3, Status: DocFailed, Advice: advice("file-gone", SeverityWarning, 0)},
		{ID: 4, Status: DocFailed},
	}}}
	same := withChoices(st, SignChoices{})
	moved := withChoices(st, SignChoices{OutDir: "elsewhere"})
	for i, want := range []DocStatus{DocSigned, DocStopped, DocFailed, DocFailed} {
		if got := moved.Docs.List[i].Status; got != want {
			t.Errorf("file %d: %v, want %v", i+1, got, want)
		}
		if same.Docs.List[i].Status != st.Docs.List[i].Status {
			t.Errorf("file %d changes without another folder", i+1)
		}
	}
	if moved.Docs.List[1].Advice != nil || st.Docs.List[1].Advice == nil {
		t.Error("the advice stays, or the old State was changed")
	}
}

func TestStoreAuthorities(t *testing.T) {
	e, _ := practiceEngine(t)
	e.cfg.Secrets = keyrings{}
	w := runStore(t, e, &answers{})
	a := Authority{Name: "Ufficio", URL: "https://tsa.example/", User: "anna"}
	w.KeepAuthority(Authority{}, a, "")
	w.until("kept", func(st *State) bool { return len(st.Authorities.List) == 1 && !st.Authorities.Password[0] })
	w.KeepAuthority(a, a, "s3gr3ta")
	w.until("password kept", func(st *State) bool { return len(st.Authorities.Password) == 1 && st.Authorities.Password[0] })
	nameless := Authority{URL: a.URL, User: "anna"}
	w.KeepAuthority(a, nameless, "") // the name alone changes: the password stays
	w.until("renamed", func(st *State) bool { return st.Authorities.List[0].Name == "" && st.Authorities.Password[0] })
	w.KeepAuthority(Authority{}, Authority{URL: "https://altro.example/"}, "")
	w.until("added", func(st *State) bool { return len(st.Authorities.List) == 2 && !st.Authorities.Password[1] })
	w.KeepAuthority(nameless, Authority{URL: "x"}, "")
	w.until("refused", func(st *State) bool { return st.Authorities.Advice != nil && len(st.Authorities.List) == 2 })
	w.KeepAuthority(nameless, Authority{URL: "https://anna:s3gr3ta@tsa.example/", User: "anna"}, "nuova")
	w.until("refused too", func(st *State) bool { return st.Authorities.Advice != nil && st.Authorities.List[0].URL == a.URL })
	if p, _ := e.cfg.Secrets.Get(keyringService, keyringUser(a)); p != "s3gr3ta" {
		t.Errorf("the password is %q", p)
	}
}

func TestStoreMarkPicture(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 3))); err != nil {
		t.Fatal(err)
	}
	good, bad := put(t, dir, "firma.png", b.Bytes()), put(t, dir, "firma.txt", []byte("non un'immagine"))
	w := runStore(t, e, &answers{})
	w.ChooseMarkPicture(good)
	w.until("taken", func(st *State) bool { return len(st.MarkPicture.Bytes) > 0 && st.MarkPicture.Image.Bounds().Dx() == 4 })
	w.ChooseMarkPicture(bad)
	w.until("refused, and the first kept", func(st *State) bool {
		return st.MarkPicture.Advice != nil && st.MarkPicture.Advice.Code == "visible-picture" && len(st.MarkPicture.Bytes) > 0
	})
	if got, _, err := e.MarkPicture(); err != nil || !bytes.Equal(got, b.Bytes()) {
		t.Errorf("kept %d bytes, %v", len(got), err)
	}
	w.ChooseMarkPicture("")
	w.until("forgotten", func(st *State) bool { return len(st.MarkPicture.Bytes) == 0 && st.MarkPicture.Advice == nil })
}
