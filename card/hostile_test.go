package card_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"

	"ceralacca/card"
	"ceralacca/card/sim"
)

// hostile is a reader with a card that answers whatever it likes.
type hostile struct {
	answers []byte
	sent    int
	pins    int // commands that judge a PIN
}

const hostileLimit = 5000 // commands of one session: no card may keep the program busy for ever

func (h *hostile) Wait(context.Context, []card.Reader) ([]card.Reader, error) {
	return []card.Reader{{Name: "R", State: card.Present, ATR: string(sim.PracticeATR), Insertion: 1}}, nil
}
func (h *hostile) Connect(context.Context, card.Reader) (card.Conn, error) { return h, nil }
func (h *hostile) Begin() error                                            { return nil }
func (h *hostile) End() error                                              { return nil }
func (h *hostile) Close() error                                            { return nil }

// Transmit takes the next answer from the bytes of the fuzzer: a length, then the answer; at their end they start
// again, so that a card can go on with anything for ever.
func (h *hostile) Transmit(apdu []byte) ([]byte, error) {
	if h.sent++; len(apdu) > 5 && (apdu[1] == 0x20 || apdu[1] == 0x24 || apdu[1] == 0x2C) {
		h.pins++
	}
	if len(h.answers) == 0 {
		return nil, card.ErrRemoved
	}
	n := min(int(h.answers[0]), len(h.answers)-1)
	rsp := append([]byte(nil), h.answers[1:1+n]...)
	h.answers = append(h.answers[1+n:], h.answers[:1+n]...)
	return rsp, nil
}

func FuzzHostileCard(f *testing.F) {
	f.Add([]byte{2, 0x90, 0x00})
	f.Add([]byte{2, 0x61, 0x10})
	f.Add([]byte{2, 0x6C, 0x00})
	f.Add([]byte{2, 0x6A, 0x88, 2, 0x63, 0xC2})
	f.Add([]byte{6, 0x30, 0x82, 0x7F, 0xFF, 0x90, 0x00})
	f.Add([]byte{3, 0x41, 0x90, 0x00, 2, 0x61, 0x00, 1, 0x90, 0})
	f.Fuzz(func(t *testing.T, answers []byte) {
		h := &hostile{answers: append([]byte(nil), answers...)}
		src := card.CNS(h)
		tok, err := src.Open(background, "R#1")
		if err == nil {
			keys, _ := tok.Keys(background)
			_, _ = tok.PINStatus(background, card.SignPIN)
			_ = tok.Login(background, card.AuthPIN, pin("12345"))
			_ = tok.ChangePIN(background, card.SignPIN, pin("12345"), pin("54321"))
			_ = tok.Unblock(background, card.AuthPIN, pin("12345678"), pin("54321"))
			for _, k := range keys {
				if s, err := tok.Signer(background, k); err == nil {
					digest := sha256.Sum256(nil)
					if _, err := s.Sign(rand.Reader, digest[:], crypto.SHA256); err == nil {
						t.Error("a card without the key signed")
					}
				}
			}
			tok.Close()
		}
		if h.sent > hostileLimit {
			t.Errorf("%d commands", h.sent)
		}
		if h.pins > 6 { // three calls, each with the second qualifier after 6A88
			t.Errorf("%d judgements", h.pins)
		}
	})
}

// Calls from many sides queue, and a card that is pulled out meanwhile leaves none of them hanging.
func TestManyCallers(t *testing.T) {
	b := sim.New(practiceCard(t))
	tok := mustOpen(t, b)
	keys, err := tok.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Login(t.Context(), card.SignPIN, pin(sim.PracticePIN)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	pulled := make(chan struct{})
	for range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				if n == 3 {
					<-pulled
				}
				if err := signBoth(tok, keys[1]); err != nil {
					if !errors.Is(err, card.ErrRemoved) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	b.Remove()
	close(pulled)
	wg.Wait()
}

// A second session of the same card waits for the first one's transaction, and then has no rights.
func TestTransaction(t *testing.T) {
	b := sim.New(practiceCard(t))
	first := mustOpen(t, b)
	if err := first.Login(t.Context(), card.AuthPIN, pin(sim.PracticePIN)); err != nil {
		t.Fatal(err)
	}
	opened := make(chan error)
	go func() {
		second, err := openSource(card.CNS(b))
		if err == nil {
			var keys []card.Key
			if keys, err = second.Keys(background); err == nil {
				err = signBoth(second, keys[0])
			}
			second.Close()
		}
		opened <- err
	}()
	keys, err := first.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := signBoth(first, keys[0]); err != nil {
		t.Errorf("the session with the login: %v", err)
	}
	first.Close()
	if err := <-opened; !status(err, 0x6982) {
		t.Errorf("the session without: %v", err)
	}
}
