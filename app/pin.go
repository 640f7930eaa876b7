package app

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"ceralacca/app/lang"
	"ceralacca/card"
)

// PINRule is one line of advice about a new PIN, which turns green while it is typed.
type PINRule struct {
	Text lang.Msg
	OK   bool
	// Must is set where the card itself would refuse; the others are advice.
	Must bool
}

// ErrSamePIN means that the new PIN is the old one, so nothing was sent.
var ErrSamePIN = errors.New("new PIN is the old one")

// ErrRepeatDiffers means that the new PIN was not typed twice alike, so nothing was sent.
var ErrRepeatDiffers = errors.New("new PIN was not typed twice alike")

// CheckNewPIN holds a new PIN against the limits of the card and against what a thief would try first. old may
// be nil or empty when it is not known yet.
func CheckNewPIN(replacement, old *PIN, c *Card, p PINView) []PINRule {
	var rules []PINRule
	add := func(key string, must, ok bool, args ...string) {
		rules = append(rules, PINRule{lang.M("pin.rule."+key, args...), ok, must})
	}
	n := replacement.Len()
	minText, maxText := lang.Digits(p.Min), lang.Digits(p.Max)
	add("length", true, n >= p.Min && n <= p.Max, "min", minText, "max", maxText)
	add("old", true, n > 0 && (old == nil || !replacement.Equal(old)))
	replacement.Use(func(d []byte) {
		add("equal", false, n > 1 && !steps(d, 0))
		add("rising", false, n > 1 && !steps(d, 1) && !steps(d, -1))
		add("personal", false, n > 0 && !personal(d, c))
	})
	return rules
}

// steps reports whether each digit is the one before it plus by.
func steps(d []byte, by int) bool {
	for i := 1; i < len(d); i++ {
		if int(d[i])-int(d[i-1]) != by {
			return false
		}
	}
	return true
}

// personal reports whether four digits in a row of d stand in the codice fiscale or in the birth date.
func personal(d []byte, c *Card) bool {
	if c == nil {
		return false
	}
	var own []string
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, s)
	}
	own = append(own, digits(c.FiscalCode))
	if !c.Birth.IsZero() {
		own = append(own, c.Birth.Format("02012006"), c.Birth.Format("020106"), c.Birth.Format("20060102"), c.Birth.Format("060102"))
	}
	for i := 0; i+4 <= len(d); i++ {
		for _, o := range own {
			if bytes.Contains([]byte(o), d[i:i+4]) {
				return true
			}
		}
	}
	return false
}

// ChangePIN sends exactly one CHANGE REFERENCE DATA, and nothing at all when the new PIN is the old one or was not
// typed twice alike. It wipes none of the PINs.
func (e *Engine) ChangePIN(ctx context.Context, s card.Slot, r card.PINRef, old, replacement, repeat *PIN) error {
	switch {
	case !replacement.Equal(repeat):
		return ErrRepeatDiffers
	case replacement.Equal(old):
		return ErrSamePIN
	}
	return e.withCard(ctx, s, func(t card.Token) error { return t.ChangePIN(ctx, r, old, replacement) })
}

// Unblock sets a new PIN with the PUK by exactly one RESET RETRY COUNTER, and sends nothing at all when the new
// PIN was not typed twice alike. It wipes none of the PINs.
func (e *Engine) Unblock(ctx context.Context, s card.Slot, r card.PINRef, puk, replacement, repeat *PIN) error {
	if !replacement.Equal(repeat) {
		return ErrRepeatDiffers
	}
	return e.withCard(ctx, s, func(t card.Token) error { return t.Unblock(ctx, r, puk, replacement) })
}

func (e *Engine) withCard(ctx context.Context, s card.Slot, f func(card.Token) error) error {
	t, err := e.open(ctx, s.ID)
	if err != nil {
		return err
	}
	return errors.Join(f(t), t.Close())
}
