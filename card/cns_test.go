package card_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ceralacca/card"
	"ceralacca/card/sim"
)

var practice = sync.OnceValues(func() (*sim.Practice, error) {
	return sim.Issue(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
})

func practiceCard(t testing.TB) sim.Card {
	t.Helper()
	p, err := practice()
	if err != nil {
		t.Fatal(err)
	}
	return p.Card()
}

var (
	background        = context.Background()
	errFewer          = errors.New("not all keys")
	errWrongSignature = rsa.ErrVerification
)

func pin(digits string) *card.PIN {
	p := card.NewPIN()
	for _, r := range digits {
		p.Add(r)
	}
	return p
}

// open opens the card in the first reader.
func open(t testing.TB, b card.Bus) (card.Token, error) {
	t.Helper()
	return openSource(card.CNS(b))
}

func openSource(s card.Source) (card.Token, error) {
	slots, err := slots(s)
	if err != nil {
		return nil, err
	}
	return s.Open(context.Background(), slots[0].ID)
}

// slots is the first snapshot of a Source.
func slots(s card.Source) ([]card.Slot, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var first card.Snapshot
	err := s.Watch(ctx, func(x card.Snapshot) { first = x; cancel() })
	return first.Slots, errors.Join(err, first.Err)
}

func mustOpen(t testing.TB, b card.Bus) card.Token {
	t.Helper()
	tok, err := open(t, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tok.Close() })
	return tok
}

func TestReadsThePracticeCard(t *testing.T) {
	tok := mustOpen(t, sim.New(practiceCard(t)))
	info := tok.Info()
	if info.Holder.Name != "ANNA" || info.Holder.Surname != "ESEMPIO" || info.Label != "ANNA ESEMPIO" ||
		!strings.HasPrefix(info.Holder.FiscalCode, "SMPNNA85C57H501") || len(info.Serial) != 16 ||
		info.Holder.Birth.Year() != 1985 || info.Expires.Year() != 2029 || info.Kind != "CNS" || info.Via != "native" {
		t.Errorf("info: %+v", info)
	}
	if len(info.PINs) != 2 || info.PINs[0].Ref != card.AuthPIN || info.PINs[1].Ref != card.SignPIN {
		t.Errorf("PINs: %+v", info.PINs)
	}
	keys, err := tok.Keys(t.Context())
	if err != nil || len(keys) != 2 {
		t.Fatalf("keys: %v, %v", keys, err)
	}
	for i, want := range []struct {
		id  string
		pin card.PINRef
	}{{"3F0011001101", card.AuthPIN}, {"3F0014009010", card.SignPIN}} {
		if k := keys[i]; k.ID != want.id || k.PIN != want.pin || k.Certificate == nil {
			t.Errorf("key %d: %s, PIN %X", i, k.ID, k.PIN)
		}
	}
}

// signBoth signs with a key in both paddings; an error of the first ends it.
func signBoth(tok card.Token, k card.Key) error {
	s, err := tok.Signer(context.Background(), k)
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte("document"))
	for _, opts := range []crypto.SignerOpts{crypto.SHA256, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}} {
		if _, err := s.Sign(rand.Reader, digest[:], opts); err != nil {
			return err
		}
	}
	return nil
}

// Every kind of card that this program claims to know signs with every key it has.
func TestVariants(t *testing.T) {
	variants := []struct {
		name   string
		change func(*sim.Card)
		keys   int
	}{
		{"practice", func(*sim.Card) {}, 2},
		{"T=0", func(c *sim.Card) { c.T0 = true }, 2},
		{"no extended APDU", func(c *sim.Card) { c.NoExtended = true }, 2},
		{"no chaining", func(c *sim.Card) { c.NoChaining = true }, 2},
		{"version 1.0, no extended APDU", func(c *sim.Card) { c.ATR, c.NoExtended = sim.Athena, true }, 2},
		{"version 1.0, no chaining", func(c *sim.Card) { c.ATR, c.NoChaining = sim.Siemens, true }, 2},
		{"InfoCamere 1204", func(c *sim.Card) { c.Layout, c.Sign = sim.InfoCamere, nil }, 1},
		{"IDEMIA 2021", func(c *sim.Card) { c.Layout, c.Sign, c.ATR = sim.IDEMIA2021, nil, sim.IDEMIA }, 1},
		{"login certificate only", func(c *sim.Card) { c.Sign = nil }, 1},
		{"PIN under 90 only", func(c *sim.Card) { c.OnlyUpward = true }, 2},
		{"PIN of a folder under 9A only", func(c *sim.Card) { c.OnlyMaster = true }, 2},
		{"no personal data", func(c *sim.Card) { c.Personal = nil }, 2},
		{"garbage in the personal data", func(c *sim.Card) { c.Personal = bytes.Repeat([]byte{0xA5}, 400) }, 2},
		{"empty personal data", func(c *sim.Card) { c.Personal = []byte{} }, 2},
		{"no ID_Carta", func(c *sim.Card) { c.ID = "" }, 2},
		{"certificates only", func(c *sim.Card) { c.ID, c.Personal = "", nil }, 2},
		{"zeros after the certificate", func(c *sim.Card) { c.Auth.Fill, c.Sign.Fill = 2048, 4096 }, 2},
		{"end of file 6282", func(c *sim.Card) { c.EOF = sim.Warning }, 2},
		{"end of file 9000", func(c *sim.Card) { c.EOF = sim.Nothing }, 2},
		{"no DECIPHER", func(c *sim.Card) { c.NoDecipher = true }, 2},
		{"no authentication certificate", func(c *sim.Card) { c.Auth.Certificate = make([]byte, 1500) }, 1},
		{"garbage for a certificate", func(c *sim.Card) { c.Auth.Certificate = bytes.Repeat([]byte{0xFF}, 1500) }, 1},
	}
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			c := practiceCard(t)
			v.change(&c)
			b := sim.New(c)
			tok := mustOpen(t, b)
			keys, err := tok.Keys(t.Context())
			if err != nil || len(keys) != v.keys {
				t.Fatalf("%d keys, %v", len(keys), err)
			}
			for _, k := range keys {
				if err := tok.Login(t.Context(), k.PIN, pin(sim.PracticePIN)); err != nil {
					t.Fatalf("login for %s: %v", k.ID, err)
				}
				err := signBoth(tok, k)
				if st := new(card.StatusError); c.NoDecipher && errors.As(err, &st) && st.SW == 0x6D00 {
					err = nil // PSS has no second way
				}
				if err != nil {
					t.Errorf("%s: %v", k.ID, err)
				}
			}
		})
	}
}

func TestForeignCardIsUnsupported(t *testing.T) {
	b := sim.New(sim.Card{ATR: sim.IDEMIA})
	if _, err := open(t, b); !errors.Is(err, card.ErrUnsupported) {
		t.Errorf("a card without any file of the CNS: %v", err)
	}
	b = sim.New(sim.Card{ATR: []byte{0x3B, 0x80, 0x80, 0x01, 0x01}})
	s := card.CNS(b)
	seen, err := slots(s)
	if err != nil || seen[0].State != card.Unsupported {
		t.Errorf("unknown answer to reset: %+v, %v", seen, err)
	}
	if _, err := s.Open(t.Context(), seen[0].ID); !errors.Is(err, card.ErrUnsupported) {
		t.Error(err)
	}
	if b.Sent() != 0 {
		t.Error("the watcher talked to the card")
	}
}

func TestRightsEndWithTheSession(t *testing.T) {
	b := sim.New(practiceCard(t))
	tok := mustOpen(t, b)
	keys, err := tok.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Login(t.Context(), card.AuthPIN, pin(sim.PracticePIN)); err != nil {
		t.Fatal(err)
	}
	s, err := tok.Signer(t.Context(), keys[0])
	if err != nil {
		t.Fatal(err)
	}
	tok.Close()
	digest := sha256.Sum256(nil)
	if _, err := s.Sign(rand.Reader, digest[:], crypto.SHA256); !errors.Is(err, card.ErrReset) {
		t.Errorf("signing after Close: %v", err)
	}
	if err := signBoth(mustOpen(t, b), keys[0]); !status(err, 0x6982) {
		t.Errorf("signing in a new session without login: %v", err)
	}
}

func status(err error, sw uint16) bool {
	st := new(card.StatusError)
	return errors.As(err, &st) && st.SW == sw
}

func TestOneShotPIN(t *testing.T) {
	c := practiceCard(t)
	c.Sign.OneShot = true
	tok := mustOpen(t, sim.New(c))
	keys, _ := tok.Keys(t.Context())
	if err := tok.Login(t.Context(), card.SignPIN, pin(sim.PracticePIN)); err != nil {
		t.Fatal(err)
	}
	if err := signBoth(tok, keys[1]); !status(err, 0x6982) {
		t.Errorf("second signature under one PIN: %v", err)
	}
}

func TestDecrypt(t *testing.T) {
	tok := mustOpen(t, sim.New(practiceCard(t)))
	keys, _ := tok.Keys(t.Context())
	if err := tok.Login(t.Context(), card.AuthPIN, pin(sim.PracticePIN)); err != nil {
		t.Fatal(err)
	}
	s, err := tok.Signer(t.Context(), keys[0])
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 what other programs still make
	c, err := rsa.EncryptPKCS1v15(rand.Reader, s.Public().(*rsa.PublicKey), []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.(crypto.Decrypter).Decrypt(rand.Reader, c, nil)
	if err != nil || string(got) != "secret" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := s.(crypto.Decrypter).Decrypt(rand.Reader, c[1:], nil); !errors.Is(err, rsa.ErrDecryption) {
		t.Errorf("cut message: %v", err)
	}
}

// typing makes the person at the reader type these, one after the other; then nothing more.
func typing(b *sim.Bus, digits ...string) {
	b.Type(func(context.Context) (string, error) {
		if len(digits) == 0 {
			return "", errors.New("went away")
		}
		next := digits[0]
		digits = digits[1:]
		return next, nil
	})
}

// Everything that a PIN is for works with the PINs typed on the reader, and costs one command at most.
func TestPINPad(t *testing.T) {
	const r = card.SignPIN
	for _, op := range []struct {
		name  string
		ins   byte
		typed []string
		run   func(card.Token) error
	}{
		{"login", 0x20, []string{sim.PracticePIN}, func(t card.Token) error { return t.Login(background, r, nil) }},
		{"change", 0x24, []string{sim.PracticePIN, "67890"}, func(t card.Token) error { return t.ChangePIN(background, r, nil, nil) }},
		{"unblock", 0x2C, []string{sim.PracticePUK, "67890"}, func(t card.Token) error { return t.Unblock(background, r, nil, nil) }},
		{"change PUK", 0x24, []string{sim.PracticePUK, "87654321"}, func(t card.Token) error { return t.ChangePUK(background, r, nil, nil) }},
	} {
		t.Run(op.name, func(t *testing.T) {
			c := practiceCard(t)
			c.PINPad = true
			b := sim.New(c)
			tok := mustOpen(t, b)
			for _, p := range tok.Info().PINs {
				if !p.OnReader || p.TypeWithin != card.TypeWithin {
					t.Errorf("told of the PIN: %+v", p)
				}
			}
			for n := range op.typed { // the person walks away at each point
				typing(b, op.typed[:n]...)
				if err := op.run(tok); !errors.Is(err, card.ErrCancelled) || b.Count(op.ins) != 0 {
					t.Errorf("%d typed: %v, %d commands", n, err, b.Count(op.ins))
				}
			}
			typing(b, append([]string{"99999999"}, op.typed[1:]...)...)
			refusal := new(card.PINError)
			if err := op.run(tok); !errors.As(err, &refusal) || refusal.TriesLeft != 2 || refusal.PUK != (op.typed[0] == sim.PracticePUK) || b.Count(op.ins) != 1 {
				t.Errorf("wrong: %v, %d commands", err, b.Count(op.ins))
			}
			typing(b, op.typed...)
			if err := op.run(tok); err != nil || b.Count(op.ins) != 2 {
				t.Errorf("right: %v, %d commands", err, b.Count(op.ins))
			}
			c.PINPad = false
			b = sim.New(c)
			if err := op.run(mustOpen(t, b)); !errors.Is(err, card.ErrUnsupported) || b.Count(op.ins) != 0 {
				t.Errorf("no keys on the reader: %v", err)
			}
		})
	}
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sim.New(sim.Card{Reader: "A", ATR: sim.ST2021}, sim.Card{Reader: "B", ATR: sim.ST2021, Mute: true})
		ctx, cancel := context.WithCancel(t.Context())
		var got []card.Snapshot
		done := make(chan error)
		go func() { done <- card.CNS(b).Watch(ctx, func(s card.Snapshot) { got = append(got, s) }) }()
		last := func() card.Snapshot { synctest.Wait(); return got[len(got)-1] }
		first := last()
		if len(first.Slots) != 2 || first.Slots[0].State != card.Present || first.Slots[1].State != card.Mute {
			t.Fatalf("%+v", first)
		}
		b.Remove("A")
		if s := last(); s.Slots[0].State != card.Empty || s.Slots[0].ATR != nil {
			t.Fatalf("removed: %+v", s)
		}
		b.Insert("A")
		if s := last(); s.Slots[0].State != card.Present || s.Slots[0].ID == first.Slots[0].ID {
			t.Fatalf("put back: %+v", s)
		}
		b.Service(false)
		if s := last(); !errors.Is(s.Err, card.ErrNoService) {
			t.Fatalf("stopped: %+v", s)
		}
		b.Service(true)
		<-time.After(time.Minute)
		if s := last(); s.Err != nil || len(s.Slots) != 2 {
			t.Fatalf("started again: %+v", s)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// The trace of a whole session has neither PINs nor personal data.
func TestTraceHidesSecrets(t *testing.T) {
	var log bytes.Buffer
	b := card.Trace(sim.New(practiceCard(t)), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	tok := mustOpen(t, b)
	secret := pin("7391628")
	_ = tok.Login(t.Context(), card.AuthPIN, secret)
	_ = tok.ChangePIN(t.Context(), card.AuthPIN, secret, secret)
	_ = tok.Unblock(t.Context(), card.AuthPIN, pin("73916284"), secret)
	_ = tok.ChangePUK(t.Context(), card.AuthPIN, pin("73916284"), pin("73916285"))
	onReader := practiceCard(t)
	onReader.PINPad = true
	bus := sim.New(onReader)
	bus.Type(func(context.Context) (string, error) { return "73916284", nil })
	pad := mustOpen(t, card.Trace(bus, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	_ = pad.Login(t.Context(), card.SignPIN, nil)
	_ = pad.ChangePUK(t.Context(), card.SignPIN, nil, nil)
	text := log.String()
	for _, bad := range []string{"7391628", "37333931363238", "ESEMPIO", "4553454D50494F"} {
		if strings.Contains(text, bad) {
			t.Errorf("the trace tells %s", bad)
		}
	}
	for _, want := range []string{"0020001008 (+8 bytes)", "0024001010 (+16 bytes)", "002C001010 (+16 bytes)", "00A4000C023F00", "0024001110 (+16 bytes)", "0020009A08 (+8 bytes)", "0024009B10 (+16 bytes)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace does not tell %s:\n%s", want, text)
		}
	}
	if i := slices.IndexFunc(strings.Split(text, "\n"), func(l string) bool { return strings.Contains(l, "level=INFO") }); i >= 0 {
		t.Error("logged above Debug")
	}
}

func TestCancelledContext(t *testing.T) {
	b := sim.New(practiceCard(t))
	tok := mustOpen(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Script()
	if err := tok.Login(ctx, card.AuthPIN, pin(sim.PracticePIN)); !errors.Is(err, context.Canceled) || b.Sent() != 0 {
		t.Errorf("%v, %d commands", err, b.Sent())
	}
}
