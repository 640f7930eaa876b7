package sim

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"

	"ceralacca/card"
)

// Operation is one thing that a program does with the practice card, from opening to closing it. It leaves PINs and
// PUKs as they were. Tests of faults run each of them.
type Operation struct {
	Name string
	// INS is the instruction byte of its command that judges a PIN or PUK; 0 where it has none.
	INS byte
	// Typed is what the person at the reader types meanwhile; nil where nothing is.
	Typed []string
	run   func(context.Context, card.Token) error
}

// ErrIncomplete means that an operation worked but saw less than the whole practice card.
var ErrIncomplete = errors.New("not all of the card was seen")

// Run does the operation with the card in a slot.
func (o Operation) Run(ctx context.Context, s card.Source, slot string) error {
	t, err := s.Open(ctx, slot)
	if err != nil {
		return err
	}
	return errors.Join(o.run(ctx, t), t.Close())
}

// Typist types what the operation wants, over and over.
func (o Operation) Typist() func(context.Context) (string, error) {
	n := 0
	return func(context.Context) (string, error) {
		n++
		return o.Typed[(n-1)%len(o.Typed)], nil
	}
}

// Operations lists them. Watching is not among them, for it never talks to a card.
func Operations() []Operation {
	const auth, sign = card.AuthPIN, card.SignPIN
	pin, puk := digits(PracticePIN), digits(PracticePUK)
	return []Operation{
		{"open", 0, nil, func(context.Context, card.Token) error { return nil }},
		{"keys", 0, nil, func(ctx context.Context, t card.Token) error { _, err := bothKeys(ctx, t); return err }},
		{"PIN status", 0, nil, func(ctx context.Context, t card.Token) error { _, err := t.PINStatus(ctx, sign); return err }},
		{"inspect", 0, nil, inspect},
		{"login", 0x20, nil, func(ctx context.Context, t card.Token) error { return t.Login(ctx, auth, pin) }},
		{"sign", 0x20, nil, func(ctx context.Context, t card.Token) error { return loginAndSign(ctx, t, pin) }},
		{"change PIN", 0x24, nil, func(ctx context.Context, t card.Token) error { return t.ChangePIN(ctx, auth, pin, pin) }},
		{"unblock", 0x2C, nil, func(ctx context.Context, t card.Token) error { return t.Unblock(ctx, sign, puk, pin) }},
		{"change PUK", 0x24, nil, func(ctx context.Context, t card.Token) error { return t.ChangePUK(ctx, sign, puk, puk) }},
		{"login on the reader", 0x20, []string{PracticePIN}, func(ctx context.Context, t card.Token) error { return t.Login(ctx, auth, nil) }},
		{"sign, PIN on the reader", 0x20, []string{PracticePIN}, func(ctx context.Context, t card.Token) error { return loginAndSign(ctx, t, nil) }},
		{"change PIN on the reader", 0x24, []string{PracticePIN, PracticePIN}, func(ctx context.Context, t card.Token) error {
			return t.ChangePIN(ctx, auth, nil, nil)
		}},
		{"unblock on the reader", 0x2C, []string{PracticePUK, PracticePIN}, func(ctx context.Context, t card.Token) error {
			return t.Unblock(ctx, sign, nil, nil)
		}},
		{"change PUK on the reader", 0x24, []string{PracticePUK, PracticePUK}, func(ctx context.Context, t card.Token) error {
			return t.ChangePUK(ctx, sign, nil, nil)
		}},
	}
}

func bothKeys(ctx context.Context, t card.Token) ([]card.Key, error) {
	keys, err := t.Keys(ctx)
	if err == nil && len(keys) != 2 {
		err = ErrIncomplete
	}
	return keys, err
}

// inspect is what a program does that shows a card.
func inspect(ctx context.Context, t card.Token) error {
	if _, err := bothKeys(ctx, t); err != nil {
		return err
	}
	for _, p := range t.Info().PINs {
		if _, err := t.PINStatus(ctx, p.Ref); err != nil {
			return err
		}
	}
	return nil
}

// loginAndSign makes a signature in each padding with the key for signatures.
func loginAndSign(ctx context.Context, t card.Token, pin *card.PIN) error {
	if err := t.Login(ctx, card.SignPIN, pin); err != nil {
		return err
	}
	keys, err := bothKeys(ctx, t)
	if err != nil {
		return err
	}
	s, err := t.Signer(ctx, keys[1])
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte("Ceralacca"))
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	for _, o := range []crypto.SignerOpts{crypto.SHA256, pss} {
		if _, err := s.Sign(rand.Reader, digest[:], o); err != nil { // it verifies what it returns
			return err
		}
	}
	return nil
}
