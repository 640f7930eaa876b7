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

// ErrSamePIN means that the new PIN or PUK is the old one, so nothing was sent.
var ErrSamePIN = errors.New("new PIN is the old one")

// ErrRepeatDiffers means that the new PIN or PUK was not typed twice alike, so nothing was sent.
var ErrRepeatDiffers = errors.New("new PIN was not typed twice alike")

// CheckNewPIN holds a new PIN against the limits of the card and against what a thief would try first. old may
// be nil or empty when it is not known yet.
func CheckNewPIN(replacement, old *PIN, c *Card, p PINView) []PINRule {
	return checkNew(replacement, old, c, p.Min, p.Max, "pin.rule.old")
}

// CheckNewPUK is CheckNewPIN for the PUK of p.
func CheckNewPUK(replacement, old *PIN, c *Card, p PINView) []PINRule {
	return checkNew(replacement, old, c, p.PUKMin, p.PUKMax, "pin.rule.old-puk")
}

func checkNew(replacement, old *PIN, c *Card, least, most int, same string) []PINRule {
	var rules []PINRule
	add := func(key string, must, ok bool, args ...string) {
		rules = append(rules, PINRule{lang.M(key, args...), ok, must})
	}
	n := replacement.Len()
	if least == most {
		rules = append(rules, PINRule{lang.MN("pin.rule.length-exact", most), n == most, true})
	} else {
		add("pin.rule.length", true, n >= least && n <= most, "min", lang.Digits(least), "max", lang.Digits(most))
	}
	add(same, true, n > 0 && (old == nil || !replacement.Equal(old)))
	replacement.Use(func(d []byte) {
		add("pin.rule.equal", false, n > 1 && !steps(d, 0))
		add("pin.rule.rising", false, n > 1 && !steps(d, 1) && !steps(d, -1))
		add("pin.rule.personal", false, n > 0 && !personal(d, c))
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
// typed twice alike. Three nil PINs are typed on the reader, which does that comparison itself. It wipes none.
func (e *Engine) ChangePIN(ctx context.Context, s card.Slot, r card.PINRef, old, replacement, repeat *PIN) error {
	if err := alike(old, replacement, repeat, true); err != nil {
		return err
	}
	return e.withCard(ctx, s, func(t card.Token) error {
		err := t.ChangePIN(ctx, r, old, replacement)
		return e.noteOwn(err, r, false)
	})
}

// Unblock sets a new PIN with the PUK by exactly one RESET RETRY COUNTER, and sends nothing at all when the new
// PIN was not typed twice alike. Three nil PINs are typed on the reader. It wipes none of the PINs.
func (e *Engine) Unblock(ctx context.Context, s card.Slot, r card.PINRef, puk, replacement, repeat *PIN) error {
	if err := alike(puk, replacement, repeat, false); err != nil {
		return err
	}
	return e.withCard(ctx, s, func(t card.Token) error {
		err := t.Unblock(ctx, r, puk, replacement)
		return e.noteOwn(err, r, false)
	})
}

// ChangePUK changes the PUK of the PIN r, under the terms of ChangePIN; [card.ErrNoPUKChange] where the card cannot.
func (e *Engine) ChangePUK(ctx context.Context, s card.Slot, r card.PINRef, old, replacement, repeat *PIN) error {
	if err := alike(old, replacement, repeat, true); err != nil {
		return err
	}
	return e.withCard(ctx, s, func(t card.Token) error {
		err := t.ChangePUK(ctx, r, old, replacement)
		return e.noteOwn(err, r, true)
	})
}

// alike keeps from the card what the person did not mean. What is typed on a reader is nil throughout.
func alike(old, replacement, repeat *PIN, differs bool) error {
	switch {
	case old == nil && replacement == nil && repeat == nil:
		return nil
	case !replacement.Equal(repeat):
		return ErrRepeatDiffers
	case differs && replacement.Equal(old):
		return ErrSamePIN
	}
	return nil
}

func (e *Engine) withCard(ctx context.Context, s card.Slot, f func(card.Token) error) error {
	t, err := e.open(ctx, s.ID)
	if err != nil {
		return err
	}
	return errors.Join(f(t), t.Close())
}
