package sim

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ceralacca/card"
)

// Conform holds an implementation of card.Source to the contract of its interface, on a card with the PINs of
// practice in the slot. It spends tries, blocks each PIN that can be blocked and frees it again, and changes the PUKs
// that can be changed; at the end PINs and counters are as they were. The error joins everything found.
func Conform(ctx context.Context, s card.Source, slot string) error {
	c := &conform{ctx: ctx, s: s, slot: slot}
	for _, step := range []struct {
		name string
		run  func(card.Token) error
	}{
		{"info", c.info},
		{"keys", c.keys},
		{"wrong PIN", c.wrongPIN},
		{"signing", c.signing},
		{"signing without login", c.signingWithout},
		{"format", c.format},
		{"change", c.change},
		{"unblock", c.unblock},
		{"change PUK", c.changePUK},
		{"close", c.close},
	} {
		t, err := s.Open(ctx, slot)
		if err != nil {
			return errors.Join(append(c.found, fmt.Errorf("%s: opening: %w", step.name, err))...)
		}
		if err := step.run(t); err != nil {
			c.found = append(c.found, fmt.Errorf("%s: %w", step.name, err))
		}
		if err := t.Close(); err != nil {
			c.found = append(c.found, fmt.Errorf("%s: closing: %w", step.name, err))
		}
	}
	if _, err := s.Open(ctx, slot+"x"); !errors.Is(err, card.ErrRemoved) {
		c.found = append(c.found, fmt.Errorf("a slot that is not there: %w", unexpected(err)))
	}
	return errors.Join(c.found...)
}

type conform struct {
	ctx   context.Context
	s     card.Source
	slot  string
	found []error
}

// unexpected makes an error of the wrong kind, or of none where one was due.
func unexpected(err error) error {
	if err == nil {
		return errors.New("no error where one was due")
	}
	return fmt.Errorf("wrong error: %w", err)
}

// digits makes a PIN of a constant.
func digits(s string) *card.PIN {
	p := card.NewPIN()
	for _, r := range s {
		p.Add(r)
	}
	return p
}

func (c *conform) info(t card.Token) error {
	i := t.Info()
	if i.Kind == "" || i.Label == "" || i.Via == "" || len(i.PINs) == 0 {
		return fmt.Errorf("facts are missing: %+v", i)
	}
	i.PINs[0].Ref = 0
	if t.Info().PINs[0].Ref == 0 {
		return errors.New("the caller can change the token's own facts")
	}
	return nil
}

func (c *conform) keys(t card.Token) error {
	keys, err := t.Keys(c.ctx)
	if err != nil || len(keys) == 0 {
		return fmt.Errorf("%d keys: %w", len(keys), unexpected(err))
	}
	again, err := t.Keys(c.ctx)
	same := func(a, b card.Key) bool { return a.ID == b.ID && a.PIN == b.PIN && slices.Equal(a.DER, b.DER) }
	if err != nil || !slices.EqualFunc(keys, again, same) {
		return fmt.Errorf("the second list differs: %w", unexpected(err))
	}
	for _, k := range keys {
		if k.ID == "" || len(k.DER) == 0 || k.Certificate == nil {
			return fmt.Errorf("key %q is not complete", k.ID)
		}
		if !slices.ContainsFunc(t.Info().PINs, func(p card.PINInfo) bool { return p.Ref == k.PIN }) {
			return fmt.Errorf("key %q is guarded by PIN %02X, which the card does not list", k.ID, byte(k.PIN))
		}
	}
	return nil
}

// wrongPIN spends a try and wins it back; the status is asked between, which must cost nothing.
func (c *conform) wrongPIN(t card.Token) error {
	for _, p := range t.Info().PINs {
		refusal := new(card.PINError)
		err := t.Login(c.ctx, p.Ref, digits("99999"))
		if !errors.As(err, &refusal) || refusal.Ref != p.Ref || refusal.PUK || refusal.Blocked {
			return fmt.Errorf("PIN %02X: %w", byte(p.Ref), unexpected(err))
		}
		for range 4 {
			st, err := t.PINStatus(c.ctx, p.Ref)
			if err != nil || st.Blocked || st.TriesLeft != refusal.TriesLeft && st.TriesLeft != card.UnknownTries {
				return fmt.Errorf("status %+v after %d tries left: %w", st, refusal.TriesLeft, unexpected(err))
			}
		}
		if err := t.Login(c.ctx, p.Ref, digits(PracticePIN)); err != nil {
			return err
		}
	}
	return nil
}

func (c *conform) signing(t card.Token) error {
	keys, err := t.Keys(c.ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := t.Login(c.ctx, k.PIN, digits(PracticePIN)); err != nil {
			return err
		}
		if keys, err = t.Keys(c.ctx); err != nil { // some cards tell AlwaysAsk after a login only
			return err
		}
		k = keys[slices.IndexFunc(keys, func(x card.Key) bool { return x.ID == k.ID })]
		for range 2 { // a batch under one login
			if err := c.sign(t, k); err != nil {
				return fmt.Errorf("key %s: %w", k.ID, err)
			}
		}
	}
	return nil
}

// sign makes a signature in each padding and checks it with the certificate. A key that wants the PIN for each
// signature gets it.
func (c *conform) sign(t card.Token, k card.Key) error {
	s, err := t.Signer(c.ctx, k)
	if err != nil {
		return err
	}
	public, ok := k.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok || !public.Equal(s.Public()) {
		return errors.New("the signer has another key than the certificate")
	}
	digest := sha256.Sum256([]byte("Ceralacca"))
	sig, err := s.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return err
	}
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], sig); err != nil {
		return err
	}
	if k.AlwaysAsk {
		if _, err := s.Sign(rand.Reader, digest[:], crypto.SHA256); err == nil {
			return errors.New("a key that wants the PIN each time signed twice")
		}
		if err := t.Login(c.ctx, k.PIN, digits(PracticePIN)); err != nil {
			return err
		}
	}
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	if sig, err = s.Sign(rand.Reader, digest[:], pss); err != nil {
		return err
	}
	if err := rsa.VerifyPSS(public, crypto.SHA256, digest[:], sig, pss); err != nil {
		return err
	}
	if k.AlwaysAsk { // ready for the next one
		if err := t.Login(c.ctx, k.PIN, digits(PracticePIN)); err != nil {
			return err
		}
	}
	if _, err := s.Sign(rand.Reader, digest[:5], crypto.SHA256); err == nil {
		return errors.New("a digest of the wrong length was signed")
	}
	return nil
}

// signingWithout shows that the rights of the session before are gone.
func (c *conform) signingWithout(t card.Token) error {
	keys, err := t.Keys(c.ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := c.sign(t, k); err == nil {
			return fmt.Errorf("key %s signed", k.ID)
		}
	}
	return nil
}

func (c *conform) format(t card.Token) error {
	for _, p := range t.Info().PINs {
		for _, n := range []int{0, 1, p.Min - 1, p.Max + 1} {
			bad := strings.Repeat("1", n)
			if n > 16 { // more than a card.PIN holds
				continue
			}
			format := new(card.FormatError)
			if err := t.Login(c.ctx, p.Ref, digits(bad)); !errors.As(err, &format) {
				return fmt.Errorf("PIN of %d digits: %w", len(bad), unexpected(err))
			}
		}
	}
	return nil
}

func (c *conform) change(t card.Token) error {
	for _, p := range t.Info().PINs {
		refusal := new(card.PINError)
		if err := t.ChangePIN(c.ctx, p.Ref, digits("99999"), digits("67890")); !errors.As(err, &refusal) || refusal.PUK {
			return fmt.Errorf("wrong old PIN: %w", unexpected(err))
		}
		if err := t.ChangePIN(c.ctx, p.Ref, digits(PracticePIN), digits("67890")); err != nil {
			return err
		}
		if err := t.Login(c.ctx, p.Ref, digits("67890")); err != nil {
			return fmt.Errorf("new PIN: %w", err)
		}
		if err := t.ChangePIN(c.ctx, p.Ref, digits("67890"), digits(PracticePIN)); err != nil {
			return err
		}
	}
	return nil
}

// unblock blocks each PIN and frees it.
func (c *conform) unblock(t card.Token) error {
	for _, p := range t.Info().PINs {
		if !p.CanReset {
			continue
		}
		refusal := new(card.PINError)
		for n := 0; !refusal.Blocked && n < 8; n++ { // some tokens never block
			if err := t.Login(c.ctx, p.Ref, digits("99999")); !errors.As(err, &refusal) {
				return fmt.Errorf("blocking: %w", unexpected(err))
			}
		}
		if st, err := t.PINStatus(c.ctx, p.Ref); err != nil || st.Blocked != refusal.Blocked {
			return fmt.Errorf("status of a blocked PIN %+v: %w", st, unexpected(err))
		}
		if err := t.Unblock(c.ctx, p.Ref, digits("00000000"), digits(PracticePIN)); !errors.As(err, &refusal) || !refusal.PUK {
			return fmt.Errorf("wrong PUK: %w", unexpected(err))
		}
		if err := t.Unblock(c.ctx, p.Ref, digits(PracticePUK), digits(PracticePIN)); err != nil {
			return err
		}
		if err := t.Login(c.ctx, p.Ref, digits(PracticePIN)); err != nil {
			return fmt.Errorf("login after the unblocking: %w", err)
		}
	}
	return nil
}

// changePUK replaces each PUK, uses it and puts the old one back.
func (c *conform) changePUK(t card.Token) error {
	const another = "87654321"
	for _, p := range t.Info().PINs {
		if !p.CanChangePUK {
			if err := t.ChangePUK(c.ctx, p.Ref, digits(PracticePUK), digits(another)); !errors.Is(err, card.ErrUnsupported) {
				return fmt.Errorf("a PUK that stays: %w", unexpected(err))
			}
			continue
		}
		refusal := new(card.PINError)
		if err := t.ChangePUK(c.ctx, p.Ref, digits("00000000"), digits(another)); !errors.As(err, &refusal) || !refusal.PUK || refusal.Ref != p.Ref {
			return fmt.Errorf("wrong PUK: %w", unexpected(err))
		}
		if err := t.ChangePUK(c.ctx, p.Ref, digits(PracticePUK), digits(another)); err != nil {
			return err
		}
		if err := t.Unblock(c.ctx, p.Ref, digits(another), digits(PracticePIN)); err != nil {
			return fmt.Errorf("new PUK: %w", err)
		}
		if err := t.ChangePUK(c.ctx, p.Ref, digits(another), digits(PracticePUK)); err != nil {
			return err
		}
	}
	return nil
}

func (c *conform) close(t card.Token) error {
	if err := t.Close(); err != nil {
		return err
	}
	if _, err := t.Keys(c.ctx); err == nil {
		return errors.New("a closed token reads keys")
	}
	return t.Close() // a second time does nothing
}
