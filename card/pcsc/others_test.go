//go:build linux

package pcsc_test

import (
	"errors"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/pcsc"
	"ceralacca/card/sim"

	"github.com/ebfe/scard"
)

// other is another program that uses the card.
func other(t *testing.T, reader string, mode scard.ShareMode) *scard.Card {
	t.Helper()
	sc, err := scard.EstablishContext()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sc.Release() })
	c, err := sc.Connect(reader, mode, scard.ProtocolAny)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func practicePIN() *card.PIN {
	p := card.NewPIN()
	for _, r := range sim.PracticePIN {
		p.Add(r)
	}
	return p
}

func TestHeldByAnotherProgram(t *testing.T) {
	_, _, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	c := other(t, slot.Reader, scard.ShareExclusive)
	until(t, "busy", snaps, func(x card.Snapshot) bool {
		return len(x.Slots) > 0 && x.Slots[0].State == card.Busy && x.Slots[0].ID == slot.ID
	})
	if _, err := s.Open(t.Context(), slot.ID); !errors.Is(err, card.ErrBusy) {
		t.Errorf("opening: %v", err)
	}
	if err := c.Disconnect(scard.LeaveCard); err != nil {
		t.Fatal(err)
	}
	again, _ := present(until(t, "free", snaps, hasCard))
	if again.ID != slot.ID {
		t.Errorf("the insertion is the same, the ID is not: %s, %s", slot.ID, again.ID)
	}
	tok, err := s.Open(t.Context(), again.ID)
	if err != nil {
		t.Fatal(err)
	}
	tok.Close()
}

// Another program holds the card in a transaction that does not end: the readers are listed all the same, the card is
// busy after a while, and works again when the other program is done.
func TestTransactionOfAnotherProgram(t *testing.T) {
	defer pcsc.SetPatience(300 * time.Millisecond)()
	_, b, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	c := other(t, slot.Reader, scard.ShareShared)
	defer c.Disconnect(scard.LeaveCard)
	if err := c.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if readers, err := pcsc.New().Wait(t.Context(), nil); err != nil || len(readers) == 0 {
		t.Errorf("a program that starts meanwhile sees %v, %v", readers, err)
	}
	if _, err := s.Open(t.Context(), slot.ID); !errors.Is(err, card.ErrBusy) {
		t.Errorf("opening: %v", err)
	}
	for range 2 {
		if err := tok.Login(t.Context(), card.AuthPIN, practicePIN()); !errors.Is(err, card.ErrBusy) || b.Count(0x20) != 0 {
			t.Errorf("login of a session that was open: %v, %d VERIFY", err, b.Count(0x20))
		}
	}
	if err := tok.Close(); err != nil {
		t.Error(err)
	}
	if err := c.EndTransaction(scard.LeaveCard); err != nil {
		t.Fatal(err)
	}
	if tok, err = s.Open(t.Context(), slot.ID); err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	if err := tok.Login(t.Context(), card.AuthPIN, practicePIN()); err != nil {
		t.Error(err)
	}
}

func TestResetByAnotherProgram(t *testing.T) {
	_, b, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	if err := other(t, slot.Reader, scard.ShareShared).Disconnect(scard.ResetCard); err != nil {
		t.Fatal(err)
	}
	if err := tok.Login(t.Context(), card.AuthPIN, practicePIN()); !errors.Is(err, card.ErrReset) || b.Count(0x20) != 0 {
		t.Errorf("login after a reset: %v, %d VERIFY", err, b.Count(0x20))
	}
	tok.Close()
	if tok, err = s.Open(t.Context(), slot.ID); err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	if err := tok.Login(t.Context(), card.AuthPIN, practicePIN()); err != nil {
		t.Error(err)
	}
}

// Rights are gone for everybody the moment a session is closed.
func TestRightsAreDropped(t *testing.T) {
	_, _, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Login(t.Context(), card.AuthPIN, practicePIN()); err != nil {
		t.Fatal(err)
	}
	tok.Close()
	c := other(t, slot.Reader, scard.ShareShared)
	defer c.Disconnect(scard.LeaveCard)
	rsp, err := c.Transmit([]byte{0, 0x20, 0, 0x10}) // harmless on the practice card
	if err != nil || len(rsp) != 2 || rsp[0] != 0x63 || rsp[1] != 0xC3 {
		t.Errorf("another program sees %X, %v", rsp, err)
	}
}

// Looking at a card does not end the session that another program has with it.
func TestLookingLeavesOthersAlone(t *testing.T) {
	_, _, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	c := other(t, slot.Reader, scard.ShareShared)
	defer c.Disconnect(scard.ResetCard)
	verify := append([]byte{0, 0x20, 0, 0x10, 8}, "12345\xFF\xFF\xFF"...)
	if rsp, err := c.Transmit(verify); err != nil || len(rsp) != 2 || rsp[0] != 0x90 {
		t.Fatalf("%X, %v", rsp, err)
	}
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tok.Keys(t.Context()); err != nil {
		t.Error(err)
	}
	tok.Close()
	if rsp, err := c.Transmit([]byte{0, 0x20, 0, 0x10}); err != nil || len(rsp) != 2 || rsp[0] != 0x90 {
		t.Errorf("the other program sees %X, %v", rsp, err)
	}
}

// The service dies while a PIN is being judged: the outcome is unknown and says so.
func TestServiceDiesDuringLogin(t *testing.T) {
	d, b, s, snaps := setUp(t)
	slot, _ := present(until(t, "card", snaps, hasCard))
	tok, err := s.Open(t.Context(), slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	if _, err := tok.Keys(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Script(sim.Fault{At: 1, Kind: sim.Delay, For: eventTime / 10}) // SELECT, then VERIFY
	failed := make(chan error)
	go func() { failed <- tok.Login(t.Context(), card.AuthPIN, practicePIN()) }()
	for b.Sent() < 2 {
		select {
		case err := <-failed:
			t.Fatalf("login came back: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	d.Kill()
	unknown := new(card.OutcomeUnknownError)
	if err := <-failed; !errors.As(err, &unknown) || !errors.Is(err, card.ErrNoService) {
		t.Errorf("login: %v", err)
	}
}

func twoCards(s card.Snapshot) bool {
	n := 0
	for _, slot := range s.Slots {
		if slot.State == card.Present {
			n++
		}
	}
	return n == 2
}

// Two readers with a card each, at once.
func TestTwoReaders(t *testing.T) {
	d := newDaemon(t)
	d.Start(t)
	first, second := practiceBus(t), practiceBus(t)
	d.Insert(t, 0, first)
	d.Insert(t, 1, second)
	s := card.CNS(pcsc.New())
	snaps := watch(t, s)
	both := until(t, "two cards", snaps, twoCards)
	var open []card.Token
	for _, slot := range both.Slots {
		tok, err := s.Open(t.Context(), slot.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer tok.Close()
		if err := tok.Login(t.Context(), card.AuthPIN, practicePIN()); err != nil {
			t.Fatal(err)
		}
		open = append(open, tok)
	}
	if a, b := first.Count(0x20), second.Count(0x20); a != 1 || b != 1 {
		t.Errorf("%d and %d VERIFY", a, b)
	}
	first.Remove()
	left := until(t, "one card", snaps, func(x card.Snapshot) bool { return hasCard(x) && !twoCards(x) })
	for i, slot := range both.Slots {
		err := open[i].Login(t.Context(), card.AuthPIN, practicePIN())
		here := false
		for _, x := range left.Slots {
			here = here || x.ID == slot.ID && x.State == card.Present
		}
		if (err == nil) != here {
			t.Errorf("%s, still here %v: %v", slot.Reader, here, err)
		}
	}
}
