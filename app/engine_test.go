package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
	"ceralacca/signer"
)

// issued is one practice card for all tests: its RSA keys take seconds to make under the race detector.
var issued = sync.OnceValues(func() ([]byte, error) {
	p, err := sim.Issue(time.Now())
	if err != nil {
		return nil, err
	}
	return json.Marshal(p)
})

// practiceEngine returns an engine over a fresh practice card, and the bus that the card hangs on.
func practiceEngine(t *testing.T) (*Engine, *sim.Bus) {
	t.Helper()
	b, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(practiceFile(dir), b, 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{Dir: dir}).WithPractice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e, e.practice.bus
}

// answers is a person who gives these PINs in turn and remembers what was asked.
type answers struct {
	pins    []string
	confirm bool
	asked   []PINQuestion
	before  func() // runs while the panel is open
}

func (a *answers) PIN(_ context.Context, q PINQuestion) (*PIN, error) {
	a.asked = append(a.asked, q)
	if a.before != nil {
		a.before()
	}
	if len(a.pins) == 0 {
		return nil, ErrRefused
	}
	pin := typed(a.pins[0])
	a.pins = a.pins[1:]
	return pin, nil
}

func (a *answers) Confirm(context.Context, Question) (bool, error) { return a.confirm, nil }

func slotOf(t *testing.T, e *Engine) card.Slot {
	t.Helper()
	sn, err := e.Look(t.Context())
	if err != nil || len(sn.Slots) != 1 {
		t.Fatalf("%+v, %v", sn, err)
	}
	return sn.Slots[0]
}

func put(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.WriteFile(p, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// signWith runs one signing job and returns the results by file and the error of the job.
func signWith(t *testing.T, e *Engine, a *answers, files ...string) (map[string]FileResult, error) {
	t.Helper()
	got := map[string]FileResult{}
	err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: files}, a,
		SignEvents{Done: func(r FileResult) { got[r.File] = r }})
	return got, err
}

func TestInspectAsksNothing(t *testing.T) {
	e, bus := practiceEngine(t)
	c, err := e.Inspect(t.Context(), slotOf(t, e))
	if err != nil {
		t.Fatal(err)
	}
	if n := bus.Count(0x20); n != 0 && c.PINs[0].TriesLeft != 3 {
		t.Errorf("a try was spent")
	}
	if c.Name != "ANNA" || c.Surname != "ESEMPIO" || c.FiscalCode == "" || c.Serial == "" || c.Phase != PhaseReady {
		t.Errorf("read %+v", c)
	}
	sig := c.Signing()
	if sig == nil || !sig.Qualified || sig.Use != ForSigning || sig.KeyType != "RSA-2048" || sig.FiscalCode != c.FiscalCode {
		t.Fatalf("signing certificate %+v", sig)
	}
	if p := c.PIN(sig); p == nil || p.TriesLeft != 3 || p.Blocked {
		t.Errorf("PIN %+v", p)
	}
	logins := 0
	for _, x := range c.Certificates {
		if x.Use == ForLogin && !x.CanSign {
			logins++
		}
	}
	if logins != 1 {
		t.Errorf("%d certificates to log in", logins)
	}
}

func TestSignVerifyExtract(t *testing.T) {
	e, bus := practiceEngine(t)
	dir := t.TempDir()
	contents := map[string][]byte{
		put(t, dir, "vuoto.txt", nil):                               {},
		put(t, dir, "un byte.txt", []byte{0}):                       {0},
		put(t, dir, "è d'oro #1 100%.pdf", []byte("%PDF-1.4 x")):    []byte("%PDF-1.4 x"),
		put(t, dir, "grande.bin", bytes.Repeat([]byte{7}, 1<<20+1)): bytes.Repeat([]byte{7}, 1<<20+1),
	}
	var files []string
	for f := range contents {
		files = append(files, f)
	}
	a := &answers{pins: []string{PracticePIN}}
	results, err := signWith(t, e, a, files...)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.asked) != 1 || a.asked[0].Left != 3 || a.asked[0].Practice != PracticeKnown {
		t.Errorf("asked %+v", a.asked)
	}
	if n := withPIN(bus); n != 1 {
		t.Errorf("%d VERIFY commands with a PIN for %d files", n, len(files))
	}
	for f, want := range contents {
		r := results[f]
		if r.Err != nil || r.Output != f+".p7m" {
			t.Fatalf("%s: %+v", f, r)
		}
		if r.SHA256 != sha256.Sum256(want) {
			t.Errorf("%s: wrong SHA-256", f)
		}
		rep, err := e.Verify(t.Context(), VerifyRequest{File: r.Output})
		if err != nil {
			t.Fatal(err)
		}
		v := JudgeReport(rep)
		if v.Seal != SealWhole || !IsPractice(rep) {
			t.Errorf("%s: %+v %+v", f, v, rep.Signatures)
		}
		out, err := e.Extract(t.Context(), ExtractRequest{File: r.Output, Dest: filepath.Join(t.TempDir(), "out")})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(out[0]); !bytes.Equal(got, want) {
			t.Errorf("%s: came back changed", f)
		}
		if got, _ := os.ReadFile(f); !bytes.Equal(got, want) {
			t.Errorf("%s: the original was changed", f)
		}
	}
}

// withPIN counts the VERIFY commands that carried a PIN.
func withPIN(bus *sim.Bus) int {
	count := 0
	for _, x := range bus.Log() {
		if len(x.Command) > 5 && x.Command[1] == 0x20 {
			count++
		}
	}
	return count
}

func TestWrongPIN(t *testing.T) {
	e, bus := practiceEngine(t)
	dir := t.TempDir()
	files := []string{put(t, dir, "a.txt", []byte("a")), put(t, dir, "b.txt", []byte("b"))}
	for try := 1; try <= 3; try++ {
		a := &answers{pins: []string{"99999", "88888", "77777"}, confirm: true}
		if try == 3 { // the last try must be confirmed first
			if _, err := signWith(t, e, &answers{pins: []string{PracticePIN}}, files...); !errors.Is(err, ErrRefused) || withPIN(bus) != 2 {
				t.Errorf("the last try was used unasked: %v", err)
			}
		}
		results, err := signWith(t, e, a, files...)
		var pin *card.PINError
		if !errors.As(err, &pin) || pin.PUK {
			t.Fatalf("try %d: %v", try, err)
		}
		if blocked := try == 3; pin.Blocked != blocked || (!blocked && pin.TriesLeft != 3-try) {
			t.Errorf("try %d: %+v", try, pin)
		}
		if n := withPIN(bus); n != try {
			t.Errorf("try %d: %d VERIFY commands sent in all", try, n)
		}
		if len(results) != 0 || len(a.asked) != 1 || a.asked[0].Left != 4-try {
			t.Errorf("try %d: results %v, asked %+v", try, results, a.asked)
		}
		only(t, dir, "a.txt", "b.txt")
	}
	var blocked *BlockedError
	a := &answers{pins: []string{PracticePIN}}
	if _, err := signWith(t, e, a, files...); !errors.As(err, &blocked) || len(a.asked) != 0 {
		t.Errorf("a blocked PIN was asked for: %v", err)
	}
	if n := withPIN(bus); n != 3 {
		t.Errorf("%d VERIFY commands sent in all", n)
	}
	if c, err := e.Inspect(t.Context(), slotOf(t, e)); err != nil || c.Phase != PhaseBlocked || c.Advice.Code != "pin-blocked-sign" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestRefusedPanelSendsNothing(t *testing.T) {
	e, bus := practiceEngine(t)
	dir := t.TempDir()
	if _, err := signWith(t, e, &answers{}, put(t, dir, "a.txt", nil)); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
	if withPIN(bus) != 0 {
		t.Error("a PIN was sent")
	}
	only(t, dir, "a.txt")
}

// TestPulledBetweenAnyTwoAPDUs takes the card out before each command in turn: a typed error, nothing written,
// and the next try works.
func TestPulledBetweenAnyTwoAPDUs(t *testing.T) {
	e, bus := practiceEngine(t)
	dir := t.TempDir()
	file := put(t, dir, "a.txt", []byte("a"))
	cases := 0
	for at := 0; ; at++ {
		slot := slotOf(t, e)
		bus.Script(sim.Fault{At: at, Kind: sim.Pull})
		done := 0
		err := e.Sign(t.Context(), SignRequest{Slot: slot, Files: []string{file}}, &answers{pins: []string{PracticePIN}},
			SignEvents{Done: func(r FileResult) {
				if r.Err == nil {
					done++
				}
			}})
		if bus.Sent() <= at { // the job was over before
			if err != nil || done != 1 {
				t.Fatalf("unharmed job: %v", err)
			}
			break
		}
		cases++
		var unknown *card.OutcomeUnknownError
		if done == 0 {
			only(t, dir, "a.txt")
			if err == nil || (!errors.Is(err, card.ErrRemoved) && !errors.As(err, &unknown)) {
				t.Errorf("at %d: %v", at, err)
			}
		} else if err := os.Remove(file + ".p7m"); err != nil { // pulled after the last signature
			t.Fatal(err)
		}
		bus.Script()
		bus.Insert()
	}
	t.Logf("%d places to pull the card", cases)
	if cases < 10 {
		t.Errorf("only %d places", cases)
	}
	only(t, dir, "a.txt", "a.txt.p7m")
}

func TestExistingOutput(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	file := put(t, dir, "a.pdf", []byte("x"))
	put(t, dir, "a.pdf.p7m", []byte("mine"))
	results, err := signWith(t, e, &answers{pins: []string{PracticePIN}}, file)
	var exists *ExistsError
	if err != nil || !errors.As(results[file].Err, &exists) {
		t.Fatalf("%v %v", results, err)
	}
	var got FileResult
	err = e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: []string{file}, AskExisting: true},
		&answers{pins: []string{PracticePIN}, confirm: true}, SignEvents{Done: func(r FileResult) { got = r }})
	if err != nil || filepath.Base(got.Output) != "a (2).pdf.p7m" {
		t.Fatalf("%+v %v", got, err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "a.pdf.p7m")); string(b) != "mine" {
		t.Error("overwritten")
	}
}

func TestEnvelopeIsNotSignedByMistake(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	file := put(t, dir, "a.txt", []byte("x"))
	if _, err := signWith(t, e, &answers{pins: []string{PracticePIN}}, file); err != nil {
		t.Fatal(err)
	}
	a := &answers{pins: []string{PracticePIN}}
	results, err := signWith(t, e, a, file+".p7m")
	var already *AlreadySignedError
	if err != nil || !errors.As(results[file+".p7m"].Err, &already) || len(a.asked) != 0 {
		t.Errorf("%v %v", results, err)
	}
}

// TestLoginCertificateCannotSign names the authentication certificate by its ID: it is refused before any PIN.
func TestLoginCertificateCannotSign(t *testing.T) {
	e, bus := practiceEngine(t)
	c, err := e.Inspect(t.Context(), slotOf(t, e))
	if err != nil {
		t.Fatal(err)
	}
	id := ""
	for _, x := range c.Certificates {
		if x.Use == ForLogin {
			id = x.ID
		}
	}
	a := &answers{pins: []string{PracticePIN}}
	err = e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Cert: id, Files: []string{put(t, t.TempDir(), "a", nil)}}, a, SignEvents{})
	if adv := Explain(err); adv == nil || adv.Code != "login-only" || len(a.asked) != 0 || withPIN(bus) != 0 {
		t.Errorf("%v, asked %v", err, a.asked)
	}
}

func TestStopEndsAfterTheFileInHand(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	var files []string
	for i := range 40 {
		files = append(files, put(t, dir, fmt.Sprintf("%d.txt", i), []byte{byte(i)}))
	}
	var asked atomic.Int32
	signed := map[string]bool{}
	err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: files}, &answers{pins: []string{PracticePIN}}, SignEvents{
		Done: func(r FileResult) { signed[r.File+".p7m"] = r.Err == nil },
		Stop: func() bool { return asked.Add(1) > 10 },
	})
	if !errors.Is(err, context.Canceled) || len(signed) == 0 || len(signed) > 10 {
		t.Errorf("%d done, %v", len(signed), err)
	}
	for _, f := range files {
		if _, err := os.Stat(f + ".p7m"); (err == nil) != signed[f+".p7m"] {
			t.Errorf("%s: %v, told %v", f, err, signed[f+".p7m"])
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind %v, %v", left, err)
	}
}

// TestSelfCheckCatchesAnotherContent holds an envelope against originals that are not what it encloses.
func TestSelfCheckCatchesAnotherContent(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	file := put(t, dir, "a.txt", []byte("one"))
	if _, err := signWith(t, e, &answers{pins: []string{PracticePIN}}, file); err != nil {
		t.Fatal(err)
	}
	f, d, err := openDocument(file + ".p7m")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, original := range map[string]string{"changed": "two", "shorter": "on", "longer": "onee"} {
		c := &comparer{r: strings.NewReader(original), h: sha256.New()}
		if err := c.extract(t.Context(), d); !errors.Is(err, signer.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := &comparer{r: strings.NewReader("one"), h: sha256.New()}
	if err := c.extract(t.Context(), d); err != nil {
		t.Error(err)
	}
}

func TestPracticeCardIsKept(t *testing.T) {
	e, _ := practiceEngine(t)
	again, err := New(Config{Dir: e.cfg.Dir}).WithPractice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !again.practice.root.Equal(e.practice.root) {
		t.Error("a second start made another card")
	}
	roots := x509.NewCertPool()
	roots.AddCert(again.practice.root)
	if again.ExtraAnchors() != 0 {
		t.Error("the practice root counts as the person's own anchor")
	}
}

// everyTime is a card whose keys want the PIN for every signature.
type everyTime struct{ card.Source }

func (s everyTime) Open(ctx context.Context, slot string) (card.Token, error) {
	t, err := s.Source.Open(ctx, slot)
	return everyTimeToken{t}, err
}

type everyTimeToken struct{ card.Token }

func (t everyTimeToken) Keys(ctx context.Context) ([]card.Key, error) {
	keys, err := t.Token.Keys(ctx)
	for i := range keys {
		keys[i].AlwaysAsk = true
	}
	return keys, err
}

func TestPINForEveryFile(t *testing.T) {
	e, bus := practiceEngine(t)
	e.cfg.Source = everyTime{e.cfg.Source}
	dir := t.TempDir()
	files := []string{put(t, dir, "a", nil), put(t, dir, "b", nil), put(t, dir, "c", nil)}
	a := &answers{pins: []string{PracticePIN, PracticePIN, "99999"}}
	results, err := signWith(t, e, a, files...)
	var pin *card.PINError
	if !errors.As(err, &pin) || len(results) != 2 || len(a.asked) != 3 || withPIN(bus) != 3 {
		t.Fatalf("%v, asked %d times, %d VERIFY commands: %v", results, len(a.asked), withPIN(bus), err)
	}
	if a.asked[0].Purpose.Key != "pin.purpose.sign-each" || a.asked[2].Purpose.Key != "pin.purpose.sign" {
		t.Errorf("told %v", a.asked)
	}
	only(t, dir, "a", "a.p7m", "b", "b.p7m", "c")
}
