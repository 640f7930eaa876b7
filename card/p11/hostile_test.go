//go:build cgo

package p11_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"ceralacca/card"
	"ceralacca/card/p11"
)

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func certificate(t testing.TB, name string, usage x509.KeyUsage) []byte {
	t.Helper()
	k, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	return selfSigned(t, k, name, usage)
}

// signWith signs with the first key of a token.
func signWith(t testing.TB, tok card.Token, ctx context.Context) error {
	t.Helper()
	keys, err := tok.Keys(t.Context())
	if err != nil {
		return err
	}
	s, err := tok.Signer(ctx, keys[0])
	if err != nil {
		return err
	}
	_, err = s.Sign(rand.Reader, make([]byte, 32), crypto.SHA256)
	return err
}

// A module that fails while it is loaded or looked at is trouble of the service, and the program lives.
func TestHostileAtStart(t *testing.T) {
	crash, late, load, code := new(*p11.CrashError), new(*p11.TimeoutError), new(*p11.LoadError), new(*p11.Error)
	for _, c := range []struct {
		do   string
		want any
	}{
		{"C_Initialize=crash", crash},
		{"C_Initialize=abort", crash},
		{"C_Initialize=exit", crash},
		{"C_Initialize=hang", late},
		{"C_Initialize=fork", late},
		{"C_Initialize=5", code},
		{"C_GetInfo=crash", crash},
		{"C_GetSlotList=crash", crash},
		{"C_GetSlotList=exit", crash},
		{"C_GetSlotList=hang", late},
		{"C_GetSlotList=30", code},
		{"huge", crash},
		{"C_GetSlotInfo=crash", crash},
		{"C_GetTokenInfo=crash", crash},
		{"C_OpenSession=hang", late},
		{"C_GetAttributeValue=crash", crash},
		{"novalue=fffffffffffffff", crash},
		{"novalue=ffffffff80000000", crash},
		{"nolist", load},
	} {
		t.Run(c.do, func(t *testing.T) {
			path, log := fake(t, c.do)
			o := quick
			if c.want == late {
				o.Limit = 400 * time.Millisecond
			}
			s := open(t, o, path)
			err := until(t, s, "trouble", trouble).Err
			if !errors.Is(err, card.ErrNoService) || !errors.As(err, c.want) {
				t.Errorf("told %v", err)
			}
			if _, err := s.Open(t.Context(), "0:1:Fake reader 00 00"); err == nil {
				t.Error("a card was opened")
			}
			if n := count(t, log, "C_Login"); n != 0 {
				t.Errorf("%d PINs sent", n)
			}
		})
	}
}

// A module that is bad at single things shows a card that is not for use.
func TestHostileCard(t *testing.T) {
	for do, want := range map[string]card.SlotState{
		"C_GetTokenInfo=e1":        card.Unsupported,
		"C_GetTokenInfo=30":        card.Mute,
		"C_GetTokenInfo=e0":        card.Empty,
		"C_OpenSession=b1":         card.Mute,
		"C_FindObjectsInit=30":     card.Unsupported,
		"C_FindObjects=6":          card.Unsupported,
		"C_GetAttributeValue=30":   card.Unsupported,
		"novalue":                  card.Unsupported,
		"novalue=2000000":          card.Unsupported,
		"C_Initialize=191":         card.Present,
		"C_GetInfo=30":             card.Present,
		"C_GetSlotInfo=print":      card.Present,
		"flags=40000":              card.Present, // LOCKED before any try: OpenSC's way with every CNS
		"serial,names":             card.Present, // two cards
		"limits,C_Finalize=crash":  card.Present,
		"C_GetSlotList=print,hang": card.Present,
	} {
		t.Run(do, func(t *testing.T) {
			path, _ := fake(t, do)
			s := open(t, quick, path)
			x := until(t, s, "slots", func(x card.Snapshot) bool { return len(x.Slots) > 0 })
			if x.Slots[0].State != want {
				t.Errorf("state %v, want %v", x.Slots[0].State, want)
			}
			_, err := s.Open(t.Context(), x.Slots[0].ID)
			wants := map[card.SlotState]error{card.Unsupported: card.ErrUnsupported, card.Mute: card.ErrMute, card.Empty: card.ErrRemoved, card.Present: nil}
			if !errors.Is(err, wants[want]) {
				t.Errorf("opening: %v", err)
			}
		})
	}
}

// Whatever a module does to a PIN, it gets it once, and only its two words about a PIN are believed.
func TestHostileLogin(t *testing.T) {
	unknown := new(*card.OutcomeUnknownError)
	refused := new(*card.PINError)
	plain := new(*p11.Error)
	for _, c := range []struct {
		do   string
		want any
		is   error
	}{
		{"C_Login=crash", unknown, card.ErrReset},
		{"C_Login=abort", unknown, card.ErrReset},
		{"C_Login=exit", unknown, card.ErrReset},
		{"C_Login=hang", unknown, card.ErrMute},
		{"C_Login=32", unknown, card.ErrRemoved},
		{"C_Login=a0", refused, nil},
		{"C_Login=a4", refused, nil},
		{"C_Login=a2", new(*card.FormatError), nil},
		{"C_Login=5", plain, nil},
		{"C_Login=6", plain, nil},
		{"C_Login=30", plain, nil},
		{"C_Login=a1", plain, nil},
		{"C_Login=50", plain, card.ErrCancelled},
		{"C_Login=100", plain, nil},
		{"C_Login=102", plain, nil},
		{"C_Login=b3", plain, card.ErrRemoved},
		{"C_Login=80000001", plain, nil},
	} {
		t.Run(c.do, func(t *testing.T) {
			path, log := fake(t, c.do)
			tok := first(t, open(t, quick, path))
			if c.do == "C_Login=hang" {
				o := quick
				o.Limit = 3 * time.Second // long enough for everything before it
				tok = first(t, open(t, o, path))
			}
			err := tok.Login(t.Context(), card.AuthPIN, pin(fakePIN))
			if !errors.As(err, c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("login: %v", err)
			}
			if c.want != refused && errors.As(err, refused) {
				t.Errorf("speaks of the PIN: %v", err)
			}
			if n := count(t, log, "C_Login"); n != 1 {
				t.Errorf("PIN sent %d times", n)
			}
			blocked := c.do == "C_Login=a4"
			if err := tok.Close(); err != nil {
				t.Error(err)
			}
			again := first(t, open(t, quick, path))
			if st, err := again.PINStatus(t.Context(), card.AuthPIN); err != nil || st.Blocked {
				t.Errorf("another Source: %+v, %v", st, err) // its journal is empty
			}
			if p := new(card.PINError); errors.As(err, &p) && p.Blocked != blocked {
				t.Errorf("blocked: %v", p)
			}
		})
	}
}

func TestHostileSign(t *testing.T) {
	for do, want := range map[string]any{
		"C_Sign=crash":    new(*p11.CrashError),
		"C_Sign=abort":    new(*p11.CrashError),
		"C_Sign=exit":     new(*p11.CrashError),
		"C_Sign=hang":     new(*p11.TimeoutError),
		"C_SignInit=hang": new(*p11.TimeoutError),
		"C_SignInit=70":   new(*p11.Error),
		"C_Sign=101":      new(*p11.Error),
		"C_Sign=30":       new(*p11.Error),
		"garbage":         nil, // gigabytes announced
		"empty":           nil,
		"nothing":         nil, // 256 bytes that are no signature
	} {
		t.Run(do, func(t *testing.T) {
			path, log := fake(t, do)
			o := quick
			if strings.HasSuffix(do, "=hang") {
				o.Limit = 3 * time.Second // long enough for everything before it
			}
			s := open(t, o, path)
			tok := first(t, s)
			if err := tok.Login(t.Context(), card.AuthPIN, pin(fakePIN)); err != nil {
				t.Fatal(err)
			}
			err := signWith(t, tok, t.Context())
			if err == nil || want != nil && !errors.As(err, want) {
				t.Errorf("signing: %v", err)
			}
			if n := count(t, log, "C_Login"); n != 1 {
				t.Errorf("PIN sent %d times", n)
			}
			if n := count(t, log, "C_Sign"); n > 1 {
				t.Errorf("%d signatures", n)
			}
			if err := tok.Close(); err != nil {
				t.Error(err)
			}
			first(t, s) // the program and the module go on
		})
	}
}

// The one who waits gives up: the helper dies, and the next call finds a closed door, not a stale card.
func TestCancelled(t *testing.T) {
	path, _ := fake(t, "C_Sign=hang")
	s := open(t, quick, path)
	tok := first(t, s)
	if err := tok.Login(t.Context(), card.AuthPIN, pin(fakePIN)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := signWith(t, tok, ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("signing: %v", err)
	}
	if err := tok.Login(t.Context(), card.AuthPIN, pin(fakePIN)); !errors.Is(err, card.ErrReset) {
		t.Errorf("login in a dead session: %v", err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := first(t, s).Login(ended, card.AuthPIN, pin(fakePIN)); !errors.Is(err, context.Canceled) || errors.As(err, new(*card.OutcomeUnknownError)) {
		t.Errorf("login with an ended context: %v", err)
	}
}

// Two slots of one reader are one card with two PINs; the card's own words name the holder.
func TestOneCard(t *testing.T) {
	for _, do := range []string{"", "names"} {
		t.Run(do, func(t *testing.T) {
			path, _ := fake(t, do)
			s := open(t, quick, path)
			if n := len(present(until(t, s, "card", hasCard))); n != 1 {
				t.Errorf("%d cards", n)
			}
			tok := first(t, s)
			keys, err := tok.Keys(t.Context())
			if err != nil || len(keys) != 2 || keys[0].PIN != card.AuthPIN || keys[1].PIN != card.SignPIN || keys[0].ID == keys[1].ID {
				t.Errorf("keys %+v, %v", keys, err)
			}
			i := tok.Info()
			if i.Via != "pkcs11" || i.Serial != "SERIAL" || i.Label != "MARIA ROSSI" || i.Holder.FiscalCode != "RSSMRA80A01H501U" {
				t.Errorf("info %+v", i)
			}
			want := []card.PINInfo{{Ref: card.AuthPIN, Min: 5, Max: 8}, {Ref: card.SignPIN, Min: 5, Max: 8}}
			if fmt.Sprint(i.PINs) != fmt.Sprint(want) {
				t.Errorf("PINs %+v", i.PINs)
			}
		})
	}
	t.Run("two cards", func(t *testing.T) {
		path, _ := fake(t, "serial,names")
		if n := len(present(until(t, open(t, quick, path), "cards", hasCard))); n != 2 {
			t.Errorf("%d cards", n)
		}
	})
}

// A card that is taken out and put back between two looks has a new name, and its old session is over.
func TestInsertion(t *testing.T) {
	path, log := fake(t, "")
	s := open(t, quick, path)
	was := present(until(t, s, "card", hasCard))[0]
	tok := first(t, s)
	if err := os.WriteFile(os.Getenv("FAKE_GONE"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, s, "no card", noCard)
	if _, err := s.Open(t.Context(), was.ID); !errors.Is(err, card.ErrRemoved) {
		t.Errorf("opening an empty reader: %v", err)
	}
	if err := os.Remove(os.Getenv("FAKE_GONE")); err != nil {
		t.Fatal(err)
	}
	now := present(until(t, s, "card", hasCard))[0]
	if now.ID == was.ID || now.Reader != was.Reader {
		t.Errorf("%q after %q", now.ID, was.ID)
	}
	if _, err := s.Open(t.Context(), was.ID); !errors.Is(err, card.ErrRemoved) {
		t.Errorf("opening the insertion before: %v", err)
	}
	if err := tok.Login(t.Context(), card.AuthPIN, pin(fakePIN)); !errors.Is(err, card.ErrRemoved) {
		t.Errorf("login in the session before: %v", err)
	}
	if n := count(t, log, "C_Login"); n != 0 {
		t.Errorf("%d PINs sent", n)
	}
	for _, id := range []string{"", "x", "0", "0:", "7:1:x", "-1:1:x", was.ID + "x"} {
		if _, err := s.Open(t.Context(), id); !errors.Is(err, card.ErrRemoved) {
			t.Errorf("opening %q: %v", id, err)
		}
	}
}

// Flags are believed after a refusal only.
func TestFlags(t *testing.T) {
	path, log := fake(t, "flags=60000") // FINAL_TRY and LOCKED from the start
	tok := first(t, open(t, quick, path))
	if st, err := tok.PINStatus(t.Context(), card.AuthPIN); err != nil || st.Blocked || st.TriesLeft != card.UnknownTries {
		t.Errorf("before a try: %+v, %v", st, err)
	}
	refusal := new(card.PINError)
	if err := tok.Login(t.Context(), card.AuthPIN, pin("55555")); !errors.As(err, &refusal) || refusal.Blocked || refusal.TriesLeft != card.UnknownTries {
		t.Errorf("refused: %v", err)
	}
	path, _ = fake(t, "flags=20000")
	s := open(t, quick, path)
	tok = first(t, s)
	if err := tok.Login(t.Context(), card.AuthPIN, pin("55555")); !errors.As(err, &refusal) || refusal.TriesLeft != 1 {
		t.Errorf("refused: %v", err)
	}
	tok.Close()
	if st, err := first(t, s).PINStatus(t.Context(), card.AuthPIN); err != nil || st.TriesLeft != 1 {
		t.Errorf("noted: %+v, %v", st, err)
	}
	for _, bad := range []string{"", "1234", "123456789"} {
		if err := first(t, s).Login(t.Context(), card.AuthPIN, pin(bad)); !errors.As(err, new(*card.FormatError)) {
			t.Errorf("PIN of %d digits: %v", len(bad), err)
		}
	}
	if n := count(t, log, "C_Login"); n != 1 {
		t.Errorf("%d PINs sent", n)
	}
}

// On a reader with keys no PIN passes through the program.
// The flags tell of a PIN before any was typed, but not those of a module that is known to raise them for nothing.
func TestFlagsBeforeAnyPIN(t *testing.T) {
	unknown := card.PINStatus{TriesLeft: card.UnknownTries, PUKTriesLeft: card.UnknownTries}
	low, final, locked := unknown, unknown, unknown
	low.Low = true
	final.Low, final.TriesLeft = true, 1
	locked.Low, locked.TriesLeft, locked.Blocked = true, 0, true
	for do, want := range map[string]card.PINStatus{
		"":                   unknown,
		"flags=10000":        low,
		"flags=30000":        final,
		"flags=20000":        final,
		"flags=40000":        locked,
		"flags=60000":        unknown,
		"flags=600000":       unknown, // of the security officer
		"flags=40000,opensc": unknown,
		"flags=20000,opensc": unknown,
	} {
		path, log := fake(t, do)
		tok := first(t, open(t, quick, path))
		if st, err := tok.PINStatus(t.Context(), card.SignPIN); err != nil || st != want || count(t, log, "C_Login") != 0 {
			t.Errorf("%q: %+v, %v", do, st, err)
		}
		tok.Close()
	}
}

func TestPad(t *testing.T) {
	path, log := fake(t, "flags=100,always")
	s := open(t, quick, path)
	if !present(until(t, s, "card", hasCard))[0].PINPad {
		t.Error("the slot tells of no keys")
	}
	tok := first(t, s)
	if !tok.Info().PINs[0].OnReader {
		t.Error("the PIN tells of no keys")
	}
	if err := tok.Login(t.Context(), card.AuthPIN, nil); err != nil {
		t.Error(err)
	}
	if err := tok.ChangePIN(t.Context(), card.AuthPIN, nil, nil); err != nil {
		t.Error(err)
	}
	if a, b, c := count(t, log, "C_Login pad"), count(t, log, "C_SetPIN pad"), count(t, log, "C_Login"); a != 1 || b != 1 || c != 0 {
		t.Errorf("%d logins, %d changes, %d PINs", a, b, c)
	}
	path, _ = fake(t, "")
	if err := first(t, open(t, quick, path)).Login(t.Context(), card.AuthPIN, nil); !errors.Is(err, p11.ErrNoKeys) {
		t.Errorf("no keys: %v", err)
	}
}

// Of several modules the one that sees a signature certificate tells the reader; a broken one does not matter.
func TestSeveral(t *testing.T) {
	path, _ := fake(t, "")
	s := open(t, quick, "/nowhere/module.so", "relative.so", path)
	if slot := present(until(t, s, "card", hasCard))[0]; slot.ID[:2] != "2:" {
		t.Errorf("slot %+v", slot)
	}
	err := until(t, open(t, quick, "relative.so", "/nowhere/module.so"), "trouble", trouble).Err
	if !errors.As(err, new(*p11.LoadError)) || !errors.Is(err, card.ErrNoService) {
		t.Errorf("told %v", err)
	}
	if err := until(t, open(t, quick), "trouble", trouble).Err; !errors.Is(err, card.ErrNoService) {
		t.Errorf("without modules: %v", err)
	}
	o := quick
	o.Program = "/nowhere/program"
	if err := until(t, open(t, o, path), "trouble", trouble).Err; !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a program: %v", err)
	}
}

// A module that fails at the farewell does not keep the rights: its helper dies.
func TestHostileLogout(t *testing.T) {
	for _, do := range []string{"C_Logout=crash", "C_Logout=exit", "C_Logout=5", "C_Finalize=hang"} {
		t.Run(do, func(t *testing.T) {
			path, log := fake(t, do)
			s := open(t, quick, path)
			tok := first(t, s)
			if err := tok.Login(t.Context(), card.AuthPIN, pin(fakePIN)); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if err := tok.Close(); err != nil {
				t.Error(err)
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
			first(t, s)
			if n := count(t, log, "C_Initialize"); n != 2 {
				t.Errorf("%d helpers", n)
			}
		})
	}
}
