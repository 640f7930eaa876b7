package app

import (
	"context"
	"testing"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// atReader is a person at a reader with keys: what is asked for is not typed on the computer.
type atReader struct {
	t     *testing.T
	asked []NewPINQuestion
	signs []PINQuestion
	told  chan ReaderWait // holds what the window says while the reader waits
}

func (a *atReader) PIN(_ context.Context, q PINQuestion) (*PIN, error) {
	a.signs = append(a.signs, q)
	return nil, nil
}

func (a *atReader) NewPIN(_ context.Context, q NewPINQuestion) (*NewPINs, error) {
	a.asked = append(a.asked, q)
	return &NewPINs{}, nil
}
func (a *atReader) Confirm(context.Context, Question) (bool, error) { return false, nil }
func (a *atReader) OnReader(ctx context.Context, w ReaderWait) {
	a.told <- w
	<-ctx.Done()
}

// keys types these codes on the reader, one at each request, after the window has said so.
func keys(a *atReader, bus *sim.Bus, codes ...string) {
	told := false
	bus.Type(func(context.Context) (string, error) {
		if !told {
			<-a.told // nobody types before being told to
			told = true
		}
		if len(codes) == 0 {
			return "", card.ErrCancelled
		}
		next := codes[0]
		codes = codes[1:]
		return next, nil
	})
}

func TestCodesAreTypedOnTheReader(t *testing.T) {
	for _, tc := range []struct {
		name  string
		do    func(*Store)
		codes []string
		ins   byte
		code  string // of the advice; empty when it is done
	}{
		{"PIN changed", func(s *Store) { s.ChangePIN(card.SignPIN) }, []string{PracticePIN, "73915"}, 0x24, ""},
		{"wrong old PIN", func(s *Store) { s.ChangePIN(card.SignPIN) }, []string{"99999", "73915"}, 0x24, "pin-wrong"},
		{"unblocked", func(s *Store) { s.Unblock(card.SignPIN) }, []string{PracticePUK, "73915"}, 0x2C, ""},
		{"PUK changed", func(s *Store) { s.ChangePUK(card.SignPIN) }, []string{PracticePUK, "73915204"}, 0x24, ""},
		{"given up on the reader", func(s *Store) { s.ChangePIN(card.SignPIN) }, nil, 0x24, "cancelled-on-reader"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, bus := engineFor(t, t.TempDir(), nil, "pin-pad")
			ask := &atReader{t: t, told: make(chan ReaderWait, 1)}
			keys(ask, bus, tc.codes...)
			w := runStore(t, e, ask)
			w.until("ready", ready)
			tc.do(w.Store)
			st := w.until("over", func(st *State) bool { return st.PINJob != nil && !st.PINJob.Running })
			code := ""
			if st.PINJob.Advice != nil {
				code = st.PINJob.Advice.Code
			}
			sent := 1
			if len(tc.codes) == 0 {
				sent = 0
			}
			if code != tc.code || bus.Count(tc.ins) != sent || len(ask.asked) != 1 || !ask.asked[0].OnReader {
				t.Errorf("advice %q, %d commands, asked %+v", code, bus.Count(tc.ins), ask.asked)
			}
		})
	}
}

// TestAReaderThatOnlyVerifiesLeavesTheRestToTheKeyboard: such a reader is asked once, nothing goes to the card, and the
// same question comes again with fields to type in; it is not asked again for what it can do.
func TestAReaderThatOnlyVerifiesLeavesTheRestToTheKeyboard(t *testing.T) {
	for _, tc := range []struct {
		name      string
		do        func(*Store)
		old, next string
		ins       byte
	}{
		{"PIN changed", func(s *Store) { s.ChangePIN(card.SignPIN) }, PracticePIN, "73915", 0x24},
		{"unblocked", func(s *Store) { s.Unblock(card.SignPIN) }, PracticePUK, "73915", 0x2C},
		{"PUK changed", func(s *Store) { s.ChangePUK(card.SignPIN) }, PracticePUK, "73915204", 0x24},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, bus := engineFor(t, t.TempDir(), nil, "pin-pad-verifies")
			ask := &atBoth{atReader: atReader{t: t, told: make(chan ReaderWait, 9)}, old: tc.old, next: tc.next}
			bus.Type(func(context.Context) (string, error) {
				t.Error("the reader asks for what it cannot give")
				return "", card.ErrCancelled
			})
			w := runStore(t, e, ask)
			w.until("ready", ready)
			tc.do(w.Store)
			st := w.until("over", func(st *State) bool { return st.PINJob != nil && !st.PINJob.Running })
			if !st.PINJob.Done || bus.Count(tc.ins) != 1 || sentWithPIN(bus) != 1 {
				t.Errorf("advice %+v, %d commands", st.PINJob.Advice, sentWithPIN(bus))
			}
			if len(ask.asked) != 2 || !ask.asked[0].OnReader || ask.asked[1].OnReader {
				t.Errorf("asked %+v", ask.asked)
			}
		})
	}
	t.Run("signed", func(t *testing.T) { signedWithKeys(t, "pin-pad-verifies") })
}

// atBoth is a person at a reader with keys who types on the computer what that does not take.
type atBoth struct {
	atReader
	old, next string
}

func (a *atBoth) NewPIN(ctx context.Context, q NewPINQuestion) (*NewPINs, error) {
	if n, err := a.atReader.NewPIN(ctx, q); q.OnReader {
		return n, err
	}
	return &NewPINs{typed(a.old), typed(a.next), typed(a.next)}, nil
}

func TestSigningWithTheReadersKeys(t *testing.T) { signedWithKeys(t, "pin-pad") }

func signedWithKeys(t *testing.T, profile string) {
	t.Helper()
	e, bus := engineFor(t, t.TempDir(), nil, profile)
	ask := &atReader{t: t, told: make(chan ReaderWait, 1)}
	keys(ask, bus, PracticePIN)
	file := put(t, t.TempDir(), "a.txt", []byte("a"))
	var got FileResult
	err := e.Sign(t.Context(), SignRequest{Slot: slotOf(t, e), Files: []string{file}}, ask, SignEvents{Done: func(r FileResult) { got = r }})
	if err != nil || got.Err != nil || got.Output != file+".p7m" {
		t.Fatalf("%+v, %v", got, err)
	}
	if len(ask.signs) != 1 || !ask.signs[0].OnReader || bus.Count(0x20) == 0 {
		t.Errorf("asked %+v", ask.signs)
	}
}

func TestChangeOfThePUK(t *testing.T) {
	for _, tc := range []struct {
		name, profile string
		ref           card.PINRef
		old, next     string
		code          string
		commands      int
	}{
		{"changed", sim.Standard, card.SignPIN, PracticePUK, "73915204", "", 1},
		{"wrong", sim.Standard, card.SignPIN, "99999999", "73915204", "puk-wrong", 1},
		{"the old one again", sim.Standard, card.SignPIN, PracticePUK, PracticePUK, "pin-same", 0},
		{"too short", sim.Standard, card.SignPIN, PracticePUK, "73915", "pin-format", 0},
		{"dead", "puk-dead", card.SignPIN, PracticePUK, "73915204", "puk-blocked", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, bus := engineFor(t, t.TempDir(), nil, tc.profile)
			ask := &newPINs{old: tc.old, next: tc.next, repeat: tc.next}
			w := runStore(t, e, ask)
			w.until("read", func(st *State) bool { return ready(st) || st.Cards.Phase == PhaseBlocked })
			w.ChangePUK(tc.ref)
			st := w.until("over", func(st *State) bool { return st.PINJob != nil && !st.PINJob.Running })
			code := ""
			if st.PINJob.Advice != nil {
				code = st.PINJob.Advice.Code
			}
			if code != tc.code || bus.Count(0x24) != tc.commands || st.PINJob.Kind != ChangePUK {
				t.Errorf("advice %q, %d commands", code, bus.Count(0x24))
			}
		})
	}
}

// TestThePracticePINIsShownWhileItHolds: after a change the one that everybody knows is no longer shown.
func TestThePracticePINIsShownWhileItHolds(t *testing.T) {
	e, _ := practiceEngine(t)
	slot := slotOf(t, e)
	if e.practiceCode(card.SignPIN, false) != PracticeKnown || e.practiceCode(card.SignPIN, true) != PracticeKnown {
		t.Fatal("the practice card has another PIN at first")
	}
	if e.ChangePIN(t.Context(), slot, card.SignPIN, typed("99999"), typed("73915"), typed("73915")) == nil {
		t.Fatal("a wrong PIN is taken")
	}
	if e.practiceCode(card.SignPIN, false) != PracticeKnown {
		t.Error("a refused change counts")
	}
	if err := e.ChangePIN(t.Context(), slot, card.SignPIN, typed(PracticePIN), typed("73915"), typed("73915")); err != nil {
		t.Fatal(err)
	}
	if e.practiceCode(card.SignPIN, false) != PracticeChosen || e.practiceCode(card.SignPIN, true) != PracticeKnown || e.practiceCode(card.AuthPIN, false) != PracticeKnown {
		t.Error("the PIN that was changed is still shown, or another is not")
	}
	if err := e.ChangePUK(t.Context(), slot, card.SignPIN, typed(PracticePUK), typed("73915204"), typed("73915204")); err != nil {
		t.Fatal(err)
	}
	if e.practiceCode(card.SignPIN, true) != PracticeChosen {
		t.Error("the PUK that was changed is still shown")
	}
	if New(Config{}).practiceCode(card.SignPIN, false) != NotPractice {
		t.Error("a real PIN may be shown")
	}
}
