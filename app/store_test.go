package app

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/card/sim"
)

// watched is a running store whose states a test waits for.
type watched struct {
	*Store
	t     *testing.T
	next  chan struct{} // holds a token when there is a new state
	ended chan error
}

func runStore(t *testing.T, e *Engine, ask Asker) *watched {
	t.Helper()
	return runStoreWith(t, e, ask, func(*Store) {})
}

// runStoreWith is runStore with a store that set has changed.
func runStoreWith(t *testing.T, e *Engine, ask Asker, set func(*Store)) *watched {
	t.Helper()
	w := &watched{NewStore(e), t, make(chan struct{}, 1), make(chan error, 1)}
	w.OnChange(func(*State) {
		select {
		case w.next <- struct{}{}:
		default:
		}
	})
	set(w.Store)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { w.ended <- w.Run(ctx, ask) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-w.ended:
		case <-time.After(30 * time.Second):
			t.Error("store does not end")
		}
	})
	return w
}

// until waits for a state that ok accepts.
func (w *watched) until(what string, ok func(*State) bool) *State {
	w.t.Helper()
	limit := time.After(30 * time.Second)
	for {
		if st := w.State(); ok(st) {
			return st
		}
		select {
		case <-w.next:
		case <-limit:
			st := w.State()
			w.t.Fatalf("never %s: phase %d, docs %+v, job %+v", what, st.Cards.Phase, st.Docs, st.Job)
		}
	}
}

func ready(st *State) bool { return st.Cards.Phase == PhaseReady }

func TestStoreFollowsTheCard(t *testing.T) {
	e, bus := practiceEngine(t)
	w := runStore(t, e, &answers{})
	st := w.until("ready", ready)
	if c := st.Cards.Card(); c == nil || c.Signing() == nil || st.Cards.Advice != nil {
		t.Fatalf("phase %d, advice %+v", st.Cards.Phase, st.Cards.Advice)
	}
	bus.Remove()
	st = w.until("empty", func(st *State) bool { return st.Cards.Phase == PhaseEmpty })
	if st.Cards.Card() != nil || st.Cards.Advice == nil || st.Cards.Advice.Code != "no-card" {
		t.Errorf("phase %d, advice %+v", st.Cards.Phase, st.Cards.Advice)
	}
	bus.Insert()
	w.until("ready again", ready)
	bus.Service(false)
	w.until("no service", func(st *State) bool { return st.Cards.Phase == PhaseNoService })
	bus.Service(true)
	w.until("ready after the service", ready)
}

// A place for the visible mark was chosen on the pages of one list; the next list has pages of its own.
func TestStoreForgetsThePlaceOfTheMark(t *testing.T) {
	e, _ := practiceEngine(t)
	w := runStore(t, e, &answers{})
	w.until("ready", ready)
	w.SetChoices(SignChoices{Format: FormatPAdES, Visible: &VisibleMark{Page: 1}})
	w.until("placed", func(st *State) bool { return st.Choices.Visible != nil })
	w.Clear()
	if st := w.until("forgotten", func(st *State) bool { return st.Choices.Visible == nil }); st.Choices.Format != FormatPAdES {
		t.Errorf("%+v", st.Choices)
	}
}

func TestStoreSigns(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	a, b := put(t, dir, "a.txt", []byte("a")), put(t, dir, "b.txt", []byte("b"))
	ask := &answers{pins: []string{PracticePIN}}
	w := runStore(t, e, ask)
	w.until("ready", ready)
	w.Add(dir)
	w.until("two files", func(st *State) bool { return len(st.Docs.List) == 2 })
	w.Sign()
	st := w.until("signed", func(st *State) bool { return st.Job != nil && !st.Job.Running })
	if st.Job.Signed != 2 || st.Job.Done != 2 || st.Job.Advice != nil || st.Job.Signer == "" {
		t.Fatalf("%+v", st.Job)
	}
	only(t, dir, "a.txt", "a.txt.p7m", "b.txt", "b.txt.p7m")
	_ = b
	w.Clear()
	w.AddToSign(a + ".p7m")
	st = w.until("listed, to be signed by one more", func(st *State) bool { return len(st.Docs.List) == 1 })
	if d := st.Docs.List[0]; d.Kind != KindEnvelope || d.Signatures() != 1 || d.Status != DocProblem || st.Verify != nil {
		t.Errorf("%+v", d)
	}
	w.Add(a + ".p7m")
	st = w.until("verified", func(st *State) bool { return st.Verify != nil && !st.Verify.Running })
	if st.Verify.Verdict.Seal != SealWhole || !st.Verify.Practice || st.Verify.ContentName != "a.txt" {
		t.Fatalf("%+v", st.Verify)
	}
	dest := filepath.Join(dir, "out.txt")
	w.SaveContent(st.Verify, dest)
	saved := func(path string) func(*State) bool {
		return func(st *State) bool { return st.Verify.Saved != nil && st.Verify.Saved.Path == path }
	}
	w.until("saved", saved(dest))
	w.SaveContent(st.Verify, dest) // a second time: nothing is overwritten
	w.until("saved beside", saved(filepath.Join(dir, "out (2).txt")))
	c := catalog(t, "it")
	w.SaveReport(st.Verify, filepath.Join(dir, "r.html"), c)
	w.until("report", saved(filepath.Join(dir, "r.html")))
	w.SaveReport(st.Verify, filepath.Join(dir, "nowhere", "r.html"), c)
	w.until("a report that cannot be written", func(st *State) bool { return st.Verify.Advice != nil && st.Verify.Saved == nil })
	w.SaveSigner(st.Verify, st.Verify.Report.Signatures[0].ID, filepath.Join(dir, "c.pem"))
	w.until("the signer's certificate", saved(filepath.Join(dir, "c.pem")))
	if block, _ := pem.Decode(read(t, filepath.Join(dir, "c.pem"))); block == nil || !bytes.Equal(block.Bytes, st.Verify.Report.Signatures[0].Signer.DER) {
		t.Error("another certificate was saved")
	}
	w.SaveSigner(st.Verify, "none", filepath.Join(dir, "d.pem"))
	w.until("a certificate that is not there", func(st *State) bool { return st.Verify.Advice != nil && st.Verify.Saved == nil })
	w.VerifyAs(VerifyRequest{File: a + ".p7m", At: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)})
	w.until("verified at another moment", func(st *State) bool {
		return st.Verify != nil && !st.Verify.Running && !st.Verify.At.IsZero() && st.Verify.Verdict.Seal != SealWhole
	})
	below := filepath.Join("2025", "a.p7m")
	signed, err := os.ReadFile(a + ".p7m")
	if err = errors.Join(err, os.Mkdir(filepath.Join(dir, "2025"), 0o700), os.WriteFile(filepath.Join(dir, below), signed, 0o600)); err != nil {
		t.Fatal(err)
	}
	w.Verify(dir) // it looks itself whether that is a folder
	st = w.until("folder", func(st *State) bool { return st.Folder != nil && !st.Folder.Running })
	if st.Folder.Done != st.Folder.Total || len(st.Folder.Rows) != 3 || st.Folder.Rows[0].Name != below || st.Folder.Rows[0].Verdict.Seal != SealWhole || len(st.Folder.Rows[0].Signers) != 1 {
		t.Errorf("%+v", st.Folder)
	}
	w.SaveTable(st.Folder, filepath.Join(dir, "t.csv"), c)
	st = w.until("table", func(st *State) bool { return st.Folder.Saved != nil })
	table, err := os.ReadFile(st.Folder.Saved.Path)
	if err != nil || !strings.HasPrefix(string(table), "\ufeffFile;Esito;Firmatario;") || !strings.Contains(string(table), ";ANNA ESEMPIO;") {
		t.Errorf("the table is %s, %v", table, err)
	}
	w.post(func(st State) State { return w.verifyFolder(st, filepath.Join(dir, "nowhere")) }) // gone since it was chosen
	w.until("no folder", func(st *State) bool { return !st.Folder.Running && st.Folder.Advice != nil })
	w.CloseFolder()
	w.until("closed", func(st *State) bool { return st.Folder == nil })
}

func TestStoreWrongPIN(t *testing.T) {
	e, bus := practiceEngine(t)
	dir := t.TempDir()
	w := runStore(t, e, &answers{pins: []string{"99999"}})
	w.until("ready", ready)
	w.Add(put(t, dir, "a.txt", nil), put(t, dir, "b.txt", nil))
	w.until("two files", func(st *State) bool { return len(st.Docs.List) == 2 })
	w.Sign()
	st := w.until("refused", func(st *State) bool { return st.Job != nil && !st.Job.Running })
	if st.Job.Advice == nil || st.Job.Advice.Code != "pin-wrong" || st.Docs.List[0].Status != DocReady {
		t.Errorf("%+v %+v", st.Job, st.Docs.List)
	}
	w.until("two tries on the screen", func(st *State) bool {
		c := st.Cards.Card()
		return c != nil && c.PIN(c.Signing()).TriesLeft == 2
	})
	if withPIN(bus) != 1 {
		t.Errorf("%d VERIFY commands", withPIN(bus))
	}
}

// panel is a person who never answers; removing the card must close the panel.
type panel struct{ opened chan struct{} }

func (p *panel) PIN(ctx context.Context, _ PINQuestion) (*PIN, error) {
	close(p.opened)
	<-ctx.Done()
	return nil, context.Cause(ctx)
}
func (p *panel) Confirm(context.Context, Question) (bool, error) { return false, nil }

func TestRemovalClosesThePanel(t *testing.T) {
	e, bus := practiceEngine(t)
	p := &panel{make(chan struct{})}
	w := runStore(t, e, p)
	w.until("ready", ready)
	w.Add(put(t, t.TempDir(), "a.txt", nil))
	w.until("a file", func(st *State) bool { return len(st.Docs.List) == 1 })
	w.Sign()
	<-p.opened
	bus.Remove()
	st := w.until("stopped", func(st *State) bool { return st.Job != nil && !st.Job.Running })
	if st.Job.Advice == nil || st.Job.Advice.Code != "card-removed" {
		t.Errorf("%+v", st.Job.Advice)
	}
}

func TestStorePracticeOnAndOff(t *testing.T) {
	kept, _ := practiceEngine(t)
	w := runStore(t, New(Config{Dir: kept.cfg.Dir}), &answers{})
	st := w.until("no service", func(st *State) bool { return st.Cards.Phase == PhaseNoService })
	if st.Cards.Practice {
		t.Error("practice by itself")
	}
	w.UsePractice(true)
	w.until("practice card", func(st *State) bool { return st.Cards.Practice && ready(st) })
	w.UsePractice(false)
	w.until("out of practice", func(st *State) bool { return !st.Cards.Practice && st.Cards.Phase == PhaseNoService })
	w.UsePractice(true)
	w.until("practice again", func(st *State) bool { return st.Cards.Practice && ready(st) })
}

// TestStoreEndsAllItsGoroutines: the bubble of synctest waits for every goroutine begun within, and fails for one that
// cannot end.
func TestStoreEndsAllItsGoroutines(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := NewStore(e)
		done := make(chan error)
		go func() { done <- s.Run(ctx, &answers{}) }()
		s.Add(dir)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestWithCardsPrefersTheOneThatSigns(t *testing.T) {
	login := Card{Slot: "a", Phase: PhaseReady, Certificates: []Certificate{{Use: ForLogin}}}
	sign := Card{Slot: "b", Phase: PhaseReady, Certificates: []Certificate{{Use: ForSigning, CanSign: true}}}
	st := withCards(State{}, Cards{List: []Card{login, sign}, Chosen: -1})
	if st.Cards.Chosen != 1 {
		t.Errorf("chose %d", st.Cards.Chosen)
	}
}

func TestPhases(t *testing.T) {
	for _, tc := range []struct {
		name string
		sn   card.Snapshot
		want CardPhase
	}{
		{"service down", card.Snapshot{Err: card.ErrNoService}, PhaseNoService},
		{"no reader", card.Snapshot{}, PhaseNoReader},
		{"empty reader", card.Snapshot{Slots: []card.Slot{{State: card.Empty}}}, PhaseEmpty},
	} {
		if got := emptyPhase(tc.sn); got != tc.want {
			t.Errorf("%s: %d", tc.name, got)
		}
	}
	for state, want := range map[card.SlotState]CardPhase{
		card.Busy: PhaseBusy, card.Mute: PhaseMute, card.Unsupported: PhaseUnsupported, card.Present: PhaseReading,
	} {
		if got := slotPhase(state); got != want {
			t.Errorf("%v: %d", state, got)
		}
	}
	if errorPhase(errors.New("strange")) != PhaseMute {
		t.Error("a card that cannot be read is told as well")
	}
}

// typed is a PIN with these digits.
func typed(s string) *PIN {
	p := NewPIN()
	for _, r := range s {
		p.Add(r)
	}
	return p
}

func TestNewPINRules(t *testing.T) {
	c := &Card{FiscalCode: "SMPNNA85T50H501X", Birth: time.Date(1985, 12, 10, 0, 0, 0, 0, time.UTC)}
	for _, tc := range []struct {
		pin, broken string // broken is the only rule that it breaks
	}{
		{"73915", ""},
		{"739", "length"},
		{"739155555", "length"},
		{"11111", "equal"},
		{"23456", "rising"},
		{"98765", "rising"},
		{"10127", "personal"},
		{"85505", "personal"},
		{"40404", "old"},
	} {
		for _, r := range CheckNewPIN(typed(tc.pin), typed("40404"), c, PINView{Min: 5, Max: 8}) {
			if want := r.Text.Key != "pin.rule."+tc.broken; r.OK != want {
				t.Errorf("%s: %s is %v", tc.pin, r.Text.Key, r.OK)
			}
		}
	}
}

// newPINs answers the page where a PIN is changed.
type newPINs struct {
	answers
	old, next, repeat string
	question          NewPINQuestion
}

func (n *newPINs) NewPIN(_ context.Context, q NewPINQuestion) (*NewPINs, error) {
	n.question = q
	var got [3]*PIN
	for i, s := range []string{n.old, n.next, n.repeat} {
		got[i] = typed(s)
	}
	return &NewPINs{got[0], got[1], got[2]}, nil
}

func TestChangeAndUnblock(t *testing.T) {
	for _, tc := range []struct {
		name              string
		unblock           bool
		old, next, repeat string
		code              string // of the advice; empty when it is done
		ins               byte
		commands          int
	}{
		{"changed", false, PracticePIN, "73915", "73915", "", 0x24, 1},
		{"wrong old PIN", false, "99999", "73915", "73915", "pin-wrong", 0x24, 1},
		{"not twice alike", false, PracticePIN, "73915", "73916", "pin-repeat", 0x24, 0},
		{"the old one again", false, PracticePIN, PracticePIN, PracticePIN, "pin-same", 0x24, 0},
		{"too short", false, PracticePIN, "739", "739", "pin-format", 0x24, 0},
		{"unblocked", true, PracticePUK, "73915", "73915", "", 0x2C, 1},
		{"wrong PUK", true, "99999999", "73915", "73915", "puk-wrong", 0x2C, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, bus := practiceEngine(t)
			ask := &newPINs{old: tc.old, next: tc.next, repeat: tc.repeat}
			w := runStore(t, e, ask)
			w.until("ready", ready)
			if tc.unblock {
				w.Unblock(card.SignPIN)
			} else {
				w.ChangePIN(card.SignPIN)
			}
			st := w.until("over", func(st *State) bool { return st.PINJob != nil && !st.PINJob.Running })
			code := ""
			if st.PINJob.Advice != nil {
				code = st.PINJob.Advice.Code
			}
			if code != tc.code || st.PINJob.Done != (tc.code == "") {
				t.Errorf("%+v", st.PINJob)
			}
			if n := bus.Count(tc.ins); n != tc.commands {
				t.Errorf("%d commands %02X", n, tc.ins)
			}
			if ask.question.Left != 3 || (ask.question.Kind == UnblockPIN) != tc.unblock {
				t.Errorf("asked %+v", ask.question.Tries)
			}
		})
	}
}

// library is a maker's, which reaches the whole card.
type library struct{ card.Source }

func (l library) Find(ctx context.Context, reader string, _ []card.Key) (card.Slot, error) {
	return card.Slot{ID: reader + "#1", Reader: reader, State: card.Present}, ctx.Err()
}

// What a library adds to a card shows by itself.
func TestStoreReadsMoreOfTheCard(t *testing.T) {
	p, err := sim.IssueProfile("chamber", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	bus := p.Bus()
	source := card.Join(card.CNS(bus), library{card.CNS(bus.Applet())}, card.JoinOptions{})
	w := runStore(t, New(Config{Source: source, Dir: t.TempDir(), Assets: assets.FS}), &answers{})
	st := w.until("both certificates", func(st *State) bool {
		c := st.Cards.Card()
		return c != nil && len(c.Certificates) == 2
	})
	if c := st.Cards.Card(); st.Cards.Phase != PhaseReady || c.Signing() == nil || len(c.PINs) != 2 || c.Surname == "" {
		t.Errorf("phase %d, card %+v", st.Cards.Phase, c)
	}
}
