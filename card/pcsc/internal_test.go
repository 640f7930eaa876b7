package pcsc

import (
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"ceralacca/card"

	"github.com/ebfe/scard"
)

// What a sequence of states of one reader is told as, and how many insertions it counts.
func TestHistory(t *testing.T) {
	const counter = 0x10000
	atr := []byte{0x3B, 0x80, 0x01}
	state := func(f scard.StateFlag, n int, atr []byte) scard.ReaderState {
		return scard.ReaderState{Reader: "R", EventState: f + scard.StateFlag(n)*counter, Atr: atr}
	}
	card1, none := scard.StatePresent, scard.StateEmpty
	tests := []struct {
		name      string
		states    []scard.ReaderState
		want      card.SlotState
		insertion uint64
	}{
		{"empty", []scard.ReaderState{state(none, 0, nil)}, card.Empty, 0},
		{"stale answer to reset in an empty reader", []scard.ReaderState{state(none, 0, atr)}, card.Empty, 0},
		{"inserted", []scard.ReaderState{state(none, 0, nil), state(card1, 1, atr)}, card.Present, 1},
		{"stays", []scard.ReaderState{state(card1, 1, atr), state(card1, 1, atr)}, card.Present, 1},
		{"in use by others", []scard.ReaderState{state(card1, 1, atr), state(card1|scard.StateInuse, 1, atr)}, card.Present, 1},
		{"held by others", []scard.ReaderState{state(card1, 1, atr), state(card1|scard.StateExclusive, 1, atr)}, card.Busy, 1},
		{"mute", []scard.ReaderState{state(card1|scard.StateMute, 1, nil)}, card.Mute, 1},
		{"no answer to reset", []scard.ReaderState{state(card1, 1, nil)}, card.Mute, 1},
		{"out and in", []scard.ReaderState{state(card1, 1, atr), state(none, 2, nil), state(card1, 3, atr)}, card.Present, 2},
		{"out and in unseen", []scard.ReaderState{state(card1, 1, atr), state(card1, 3, atr)}, card.Present, 2},
		{"another card unseen, no counter", []scard.ReaderState{state(card1, 0, atr), state(card1, 0, []byte{0x3B, 0})}, card.Present, 2},
		{"answers late", []scard.ReaderState{state(card1, 1, nil), state(card1, 1, atr)}, card.Present, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h history
			var r card.Reader
			for _, s := range tt.states {
				h.see(s)
				r = h.reader(s)
			}
			if r.State != tt.want || r.Insertion != tt.insertion || (r.State == card.Present) != (r.ATR != "") && r.State != card.Busy {
				t.Errorf("%+v", r)
			}
		})
	}
	b := &bus{known: map[string]*history{}}
	b.known["R"] = &history{present: true, insertion: 4}
	b.lost()
	h := b.known["R"]
	if h.see(state(card1, 0, atr)); h.insertion != 5 {
		t.Errorf("after a restart of the service insertion %d", h.insertion)
	}
}

func TestMeaning(t *testing.T) {
	for code, want := range map[scard.Error]error{
		scard.ErrRemovedCard: card.ErrRemoved, scard.ErrNoSmartcard: card.ErrRemoved, scard.ErrResetCard: card.ErrReset,
		scard.ErrSharingViolation: card.ErrBusy, scard.ErrNoService: card.ErrNoService, scard.ErrUnresponsiveCard: card.ErrMute,
	} {
		err := fmt.Errorf("x: %w", mapped(fmt.Errorf("y: %w", code)))
		if !errors.Is(err, want) || !errors.Is(err, code) {
			t.Errorf("%X: %v", uint32(code), err)
		}
	}
	if err := mapped(scard.ErrInsufficientBuffer); err != scard.ErrInsufficientBuffer {
		t.Errorf("a code without meaning: %v", err)
	}
	if mapped(nil) != nil {
		t.Error("no error became one")
	}
}

func TestFindFeature(t *testing.T) {
	tests := []struct {
		name, in string
		verify   uint32
		modify   uint32
	}{
		{"verify only", "0604 42330006", 0x42330006, 0},
		{"behind another", "0A04 42330001 0604 42330006", 0x42330006, 0},
		{"modify only", "0704 42330007", 0, 0x42330007},
		{"both", "0604 42330006 0704 42330007", 0x42330006, 0x42330007},
		{"twice", "0604 42330006 0604 42330009", 0x42330006, 0},
		{"wrong length", "0603 423300", 0, 0},
		{"cut", "0604 4233", 0, 0},
		{"empty", "", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := make([]byte, 0, 16)
			for _, c := range tt.in {
				if c != ' ' {
					b = append(b, byte(c))
				}
			}
			in, err := hex.DecodeString(string(b))
			if err != nil {
				t.Fatal(err)
			}
			if f := parseFeatures(in); f[featureVerify] != tt.verify || f[featureModify] != tt.modify {
				t.Errorf("%X", f)
			}
		})
	}
}

// The structure of part 10 §2.5.2, byte for byte.
func TestPINVerify(t *testing.T) {
	apdu, _ := hex.DecodeString("0020001008FFFFFFFFFFFFFFFF")
	want := "1e1e82080008050201100400000000" + "0d000000" + "0020001008ffffffffffffffff"
	if got := hex.EncodeToString(pinVerify(apdu, 5, 8)); got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
}

// The structure of part 10 §2.5.3, byte for byte: the PUK, then the new PIN twice.
func TestPINModify(t *testing.T) {
	apdu, _ := hex.DecodeString("002C001010FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")
	want := "1e1e820800" + "0008" + "0805" + "030203" + "1004000102" + "000000" + "15000000" + "002c001010ffffffffffffffffffffffffffffffff"
	if got := hex.EncodeToString(pinModify(apdu, 5, 8)); got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
}

func FuzzFeatures(f *testing.F) {
	f.Add([]byte{6, 4, 1, 2, 3, 4})
	f.Fuzz(func(_ *testing.T, b []byte) { parseFeatures(b) })
}
