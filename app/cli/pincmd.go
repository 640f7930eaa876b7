package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/card"
)

// pin tells the tries left, changes a PIN, or unblocks it with the PUK.
func (s *session) pin(args []string) (int, error) {
	var which string
	rest, err := s.flags("pin", args, func(f *flag.FlagSet) { f.StringVar(&which, "pin", "", "") })
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 {
		return 0, &usageError{lang.M("cli.unknown-command", "name", "pin "+strings.Join(rest, " "))}
	}
	slot, err := s.slot()
	if err != nil {
		return 0, err
	}
	c, err := s.engine.Inspect(s.ctx, slot)
	if err != nil {
		return 0, err
	}
	if rest[0] == "status" {
		return s.pinStatus(&c)
	}
	p, err := choosePIN(&c, which)
	if err != nil {
		return 0, err
	}
	switch rest[0] {
	case "change":
		return s.pinChange(slot, p)
	case "unblock":
		return s.pinUnblock(slot, p)
	}
	return 0, &usageError{lang.M("cli.unknown-command", "name", "pin "+rest[0])}
}

func choosePIN(c *app.Card, which string) (*app.PINView, error) {
	var ids []string
	for i := range c.PINs {
		id := fmt.Sprintf("%02x", byte(c.PINs[i].Ref))
		if id == which || (which == "" && len(c.PINs) == 1) {
			return &c.PINs[i], nil
		}
		ids = append(ids, id)
	}
	return nil, &usageError{lang.M("cli.pin-which", "ids", strings.Join(ids, ", "))}
}

func (s *session) pinStatus(c *app.Card) (int, error) {
	if s.json {
		s.printJSON(map[string]any{"pins": s.jsonCard(c).PINs})
		return exitOK, nil
	}
	for _, p := range c.PINs {
		fmt.Fprintf(s.out, "%02x %s: %s\n", byte(p.Ref), s.texts.Text(app.PINLabel(p.Ref)), s.tries(p.TriesLeft))
	}
	return exitOK, nil
}

func (s *session) pinChange(slot card.Slot, p *app.PINView) (int, error) {
	if p.Blocked {
		return 0, &app.BlockedError{Ref: p.Ref, PUKBlocked: p.PUKBlocked}
	}
	if err := app.ConfirmLastTry(s.ctx, terminal{s}, p.TriesLeft); err != nil {
		return 0, err
	}
	q := app.PINQuestion{Label: lang.M("cli.pin-current"), Min: p.Min, Max: p.Max, TriesLeft: p.TriesLeft, OnReader: slot.PINPad}
	old, err := terminal{s}.PIN(s.ctx, q)
	if err != nil {
		return 0, err
	}
	defer old.Wipe()
	return s.withNewPIN(p, func(ctx context.Context, replacement, repeat *app.PIN) error {
		return s.engine.ChangePIN(ctx, slot, p.Ref, old, replacement, repeat)
	})
}

func (s *session) pinUnblock(slot card.Slot, p *app.PINView) (int, error) {
	if p.PUKBlocked {
		return 0, &app.BlockedError{Ref: p.Ref, PUKBlocked: true}
	}
	if err := app.ConfirmLastTry(s.ctx, terminal{s}, p.PUKTriesLeft); err != nil {
		return 0, err
	}
	puk, err := s.secret(s.pukFD, "cli.pin-puk", p.PUKTriesLeft)
	if err != nil {
		return 0, err
	}
	defer puk.Wipe()
	return s.withNewPIN(p, func(ctx context.Context, replacement, repeat *app.PIN) error {
		return s.engine.Unblock(ctx, slot, p.Ref, puk, replacement, repeat)
	})
}

// withNewPIN asks for the new PIN, twice on a terminal and once from a descriptor, and does the work with it.
func (s *session) withNewPIN(p *app.PINView, do func(ctx context.Context, replacement, repeat *app.PIN) error) (int, error) {
	replacement, err := s.secret(s.newFD, "cli.pin-new", p.TriesLeft)
	if err != nil {
		return 0, err
	}
	defer replacement.Wipe()
	repeat := replacement
	if s.newFD < 0 {
		if repeat, err = s.secret(-1, "cli.pin-repeat", p.TriesLeft); err != nil {
			return 0, err
		}
		defer repeat.Wipe()
	}
	if err := do(s.ctx, replacement, repeat); err != nil {
		return 0, err
	}
	fmt.Fprintln(s.words, s.texts.T("cli.pin-done"))
	if s.json {
		s.printJSON(map[string]any{"done": true})
	}
	return exitOK, nil
}

// secret reads digits from the descriptor, or asks for them on the terminal.
func (s *session) secret(fd int, label string, tries int) (*app.PIN, error) {
	if fd >= 0 {
		return readFD(fd, label)
	}
	return s.typePIN(app.PINQuestion{Label: lang.M(label), Purpose: lang.M(label), TriesLeft: tries})
}
