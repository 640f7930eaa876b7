package card_test

import (
	"errors"
	"testing"

	"ceralacca/card"
	"ceralacca/card/sim"
)

func TestWrongPIN(t *testing.T) {
	for _, r := range []card.PINRef{card.AuthPIN, card.SignPIN} {
		b := sim.New(practiceCard(t))
		tok := mustOpen(t, b)
		for left := 2; left >= 0; left-- {
			before := b.Count(0x20)
			err := tok.Login(t.Context(), r, pin("99999"))
			refusal := new(card.PINError)
			if !errors.As(err, &refusal) || refusal.TriesLeft != left || refusal.Blocked != (left == 0) || refusal.PUK || refusal.Ref != r {
				t.Fatalf("PIN %X with %d tries left: %v", r, left, err)
			}
			if n := b.Count(0x20) - before; n != 1 {
				t.Fatalf("%d VERIFY were sent", n)
			}
			st, err := tok.PINStatus(t.Context(), r)
			if err != nil || st.TriesLeft != left || st.Blocked != (left == 0) {
				t.Fatalf("status with %d left: %+v, %v", left, st, err)
			}
		}
		refusal := new(card.PINError)
		if err := tok.Login(t.Context(), r, pin(sim.PracticePIN)); !errors.As(err, &refusal) || !refusal.Blocked {
			t.Fatalf("right PIN on a blocked card: %v", err)
		}
		other := card.AuthPIN + card.SignPIN - r
		if err := tok.Login(t.Context(), other, pin(sim.PracticePIN)); err != nil {
			t.Errorf("the other PIN is not to be touched: %v", err)
		}
	}
}

func TestUnblock(t *testing.T) {
	for _, r := range []card.PINRef{card.AuthPIN, card.SignPIN} {
		c := practiceCard(t)
		c.Auth.PINTries, c.Sign.PINTries = -1, -1
		b := sim.New(c)
		tok := mustOpen(t, b)
		if st, err := tok.PINStatus(t.Context(), r); err != nil || !st.Blocked || st.PUKTriesLeft != 3 {
			t.Fatalf("status %+v, %v", st, err)
		}
		refusal := new(card.PINError)
		if err := tok.Unblock(t.Context(), r, pin("00000000"), pin("67890")); !errors.As(err, &refusal) || !refusal.PUK || refusal.TriesLeft != 2 {
			t.Fatalf("wrong PUK: %v", err)
		}
		if st, _ := tok.PINStatus(t.Context(), r); st.PUKTriesLeft != 2 || !st.Blocked {
			t.Errorf("after a wrong PUK %+v", st)
		}
		if err := tok.Unblock(t.Context(), r, pin(sim.PracticePUK), pin("67890")); err != nil {
			t.Fatal(err)
		}
		if n := b.Count(0x2C); n != 2 {
			t.Errorf("%d RESET RETRY COUNTER were sent", n)
		}
		if err := tok.Login(t.Context(), r, pin("67890")); err != nil {
			t.Errorf("new PIN: %v", err)
		}
	}
}

func TestPUKDies(t *testing.T) {
	tok := mustOpen(t, sim.New(practiceCard(t)))
	refusal := new(card.PINError)
	for range 3 {
		if err := tok.Unblock(t.Context(), card.AuthPIN, pin("00000000"), pin("67890")); !errors.As(err, &refusal) {
			t.Fatal(err)
		}
	}
	if !refusal.Blocked || !refusal.PUK {
		t.Errorf("third wrong PUK: %+v", refusal)
	}
	if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || !st.PUKBlocked || st.Blocked {
		t.Errorf("status %+v, %v", st, err)
	}
}

func TestChangePIN(t *testing.T) {
	b := sim.New(practiceCard(t))
	tok := mustOpen(t, b)
	refusal := new(card.PINError)
	if err := tok.ChangePIN(t.Context(), card.AuthPIN, pin("99999"), pin("67890")); !errors.As(err, &refusal) || refusal.TriesLeft != 2 {
		t.Fatalf("wrong old PIN: %v", err)
	}
	if err := tok.ChangePIN(t.Context(), card.AuthPIN, pin(sim.PracticePIN), pin("67890")); err != nil {
		t.Fatal(err)
	}
	if n := b.Count(0x24); n != 2 {
		t.Errorf("%d CHANGE REFERENCE DATA were sent", n)
	}
	tok.Close()
	b.Remove()
	b.Insert()
	if err := mustOpen(t, b).Login(t.Context(), card.AuthPIN, pin("67890")); err != nil {
		t.Errorf("the new PIN after reinsertion: %v", err)
	}
}

func TestChangePUK(t *testing.T) {
	const r = card.SignPIN
	b := sim.New(practiceCard(t))
	tok := mustOpen(t, b)
	refusal := new(card.PINError)
	if err := tok.ChangePUK(t.Context(), r, pin("00000000"), pin("87654321")); !errors.As(err, &refusal) || !refusal.PUK || refusal.TriesLeft != 2 {
		t.Fatalf("wrong PUK: %v", err)
	}
	if st, err := tok.PINStatus(t.Context(), r); err != nil || st.PUKTriesLeft != 2 || st.TriesLeft != 3 {
		t.Errorf("after a wrong PUK: %+v, %v", st, err)
	}
	if err := tok.ChangePUK(t.Context(), r, pin(sim.PracticePUK), pin("87654321")); err != nil || b.Count(0x24) != 2 {
		t.Fatalf("%v, %d commands", err, b.Count(0x24))
	}
	if err := tok.Unblock(t.Context(), r, pin(sim.PracticePUK), pin("67890")); !errors.As(err, &refusal) || !refusal.PUK {
		t.Errorf("the old PUK: %v", err)
	}
	if err := tok.Unblock(t.Context(), r, pin("87654321"), pin("67890")); err != nil {
		t.Errorf("the new PUK: %v", err)
	}
	if err := tok.Login(t.Context(), r, pin("67890")); err != nil {
		t.Error(err)
	}
	if err := tok.Unblock(t.Context(), card.AuthPIN, pin(sim.PracticePUK), pin("67890")); err != nil {
		t.Errorf("the other PUK is not to be touched: %v", err)
	}
}

// A PUK that stays what it is says so; where that is known beforehand nothing is sent.
func TestFixedPUK(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*sim.Card)
		offers bool
		sent   int
	}{
		"health card": {func(c *sim.Card) { c.ID = "6030000000000011" }, false, 0},
		"no number":   {func(c *sim.Card) { c.ID = "" }, false, 0},
		"refused":     {func(c *sim.Card) { c.FixedPUK = true }, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := practiceCard(t)
			tt.change(&c)
			b := sim.New(c)
			tok := mustOpen(t, b)
			if tok.Info().PINs[0].CanChangePUK != tt.offers {
				t.Errorf("%+v", tok.Info().PINs[0])
			}
			err := tok.ChangePUK(t.Context(), card.AuthPIN, pin(sim.PracticePUK), pin("87654321"))
			if !errors.Is(err, card.ErrNoPUKChange) || !errors.Is(err, card.ErrUnsupported) || b.Count(0x24) != tt.sent {
				t.Errorf("%v, %d commands", err, b.Count(0x24))
			}
			if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || st.PUKTriesLeft != 3 {
				t.Errorf("%+v, %v", st, err)
			}
		})
	}
}

// A malformed PIN never reaches the card.
func TestFormat(t *testing.T) {
	b := sim.New(practiceCard(t))
	tok := mustOpen(t, b)
	good := pin(sim.PracticePIN)
	b.Script()
	for _, bad := range []*card.PIN{pin(""), pin("1234"), pin("123456789"), {}} {
		for name, err := range map[string]error{
			"login":       tok.Login(t.Context(), card.AuthPIN, bad),
			"old":         tok.ChangePIN(t.Context(), card.AuthPIN, bad, good),
			"new":         tok.ChangePIN(t.Context(), card.AuthPIN, good, bad),
			"PUK":         tok.Unblock(t.Context(), card.AuthPIN, bad, good),
			"new by PUK":  tok.Unblock(t.Context(), card.AuthPIN, pin(sim.PracticePUK), bad),
			"no PUK":      tok.Unblock(t.Context(), card.AuthPIN, nil, good),
			"no old PIN":  tok.ChangePIN(t.Context(), card.AuthPIN, nil, good),
			"old PUK":     tok.ChangePUK(t.Context(), card.AuthPIN, bad, pin(sim.PracticePUK)),
			"new PUK":     tok.ChangePUK(t.Context(), card.AuthPIN, pin(sim.PracticePUK), bad),
			"half typed":  tok.ChangePUK(t.Context(), card.AuthPIN, pin(sim.PracticePUK), nil),
			"PUK of five": tok.Unblock(t.Context(), card.AuthPIN, good, good),
		} {
			if format := new(card.FormatError); !errors.As(err, &format) {
				t.Errorf("%s of %d digits: %v", name, bad.Len(), err)
			}
		}
	}
	if b.Sent() != 0 {
		t.Errorf("%d commands were sent", b.Sent())
	}
}

// The card that counts an empty VERIFY as a wrong PIN is never sent one; refusals of this session are told.
func TestEmptyVerifyCostsNothing(t *testing.T) {
	c := practiceCard(t)
	c.ATR, c.EmptyVerify = sim.ST2021, sim.CountsATry
	b := sim.New(c)
	src := card.CNS(b)
	tok, err := openSource(src)
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	st, err := tok.PINStatus(t.Context(), card.AuthPIN)
	if err != nil || st.TriesLeft != card.UnknownTries || st.PUKTriesLeft != card.UnknownTries || b.Count(0x20) != 0 {
		t.Fatalf("%+v, %v, %d VERIFY", st, err, b.Count(0x20))
	}
	_ = tok.Login(t.Context(), card.AuthPIN, pin("99999"))
	tok.Close()
	if tok, err = openSource(src); err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	if st, _ = tok.PINStatus(t.Context(), card.AuthPIN); st.TriesLeft != 2 || b.Count(0x20) != 1 {
		t.Errorf("after a refusal: %+v, %d VERIFY", st, b.Count(0x20))
	}
	if err := tok.Login(t.Context(), card.AuthPIN, pin(sim.PracticePIN)); err != nil {
		t.Fatal(err)
	}
	if st, _ = tok.PINStatus(t.Context(), card.AuthPIN); st.TriesLeft != card.UnknownTries {
		t.Errorf("after a login: %+v", st)
	}

	b = sim.New(practiceCard(t)) // the practice card: asking many times leaves all tries
	tok = mustOpen(t, b)
	for range 5 {
		if st, err := tok.PINStatus(t.Context(), card.SignPIN); err != nil || st.TriesLeft != 3 || st.PUKTriesLeft != 3 {
			t.Fatalf("%+v, %v", st, err)
		}
	}
}

func TestRefusalWithoutCounter(t *testing.T) {
	c := practiceCard(t)
	c.NoCounter, c.ATR = true, sim.ST2021
	tok := mustOpen(t, sim.New(c))
	refusal := new(card.PINError)
	if err := tok.Login(t.Context(), card.AuthPIN, pin("99999")); !errors.As(err, &refusal) || refusal.TriesLeft != card.UnknownTries || refusal.Blocked {
		t.Errorf("6300: %v", err)
	}
	if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || !st.Low || st.TriesLeft != card.UnknownTries {
		t.Errorf("6300: %+v, %v", st, err)
	}
	c.NoCounter, c.Hide6983 = false, true
	c.Auth.PINTries = -1
	tok = mustOpen(t, sim.New(c))
	if err := tok.Login(t.Context(), card.AuthPIN, pin("99999")); !errors.As(err, &refusal) || !refusal.Blocked {
		t.Errorf("63C0: %v", err)
	}
}
