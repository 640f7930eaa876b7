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

// pin tells the tries left, changes a PIN, unblocks it with the PUK, or changes the PUK.
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
	case "change-puk":
		return s.pukChange(slot, p)
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
		fmt.Fprintf(s.out, "%02x %s\n", byte(p.Ref), s.labelled(s.texts.Text(app.PINLabel(p.Ref)), s.texts.Text(app.TriesText(p.Tries(false)))))
		fmt.Fprintf(s.out, "   PUK: %s\n", s.texts.Text(app.PUKText(p.Tries(true))))
	}
	return exitOK, nil
}

func (s *session) pinChange(slot card.Slot, p *app.PINView) (int, error) {
	if p.Blocked {
		return 0, &app.BlockedError{Ref: p.Ref, PUKBlocked: p.PUKBlocked}
	}
	if err := app.ConfirmLastTry(s.ctx, terminal{s: s}, p.Tries(false)); err != nil {
		return 0, err
	}
	return s.newCode(slot, p, newCode{
		app.ChangePIN, s.pinFD, "cli.pin-current", "cli.pin-new", "cli.pin-repeat", "cli.pin-done", s.engine.ChangePIN,
	})
}

func (s *session) pinUnblock(slot card.Slot, p *app.PINView) (int, error) {
	if err := s.beforePUK(p); err != nil {
		return 0, err
	}
	return s.newCode(slot, p, newCode{
		app.UnblockPIN, s.pukFD, "cli.pin-puk", "cli.pin-new", "cli.pin-repeat", "cli.pin-done", s.engine.Unblock,
	})
}

func (s *session) pukChange(slot card.Slot, p *app.PINView) (int, error) {
	if !p.CanChangePUK {
		return 0, card.ErrNoPUKChange
	}
	if err := s.beforePUK(p); err != nil {
		return 0, err
	}
	return s.newCode(slot, p, newCode{
		app.ChangePUK, s.pukFD, "cli.puk-current", "cli.puk-new", "cli.puk-repeat", "cli.puk-done", s.engine.ChangePUK,
	})
}

// beforePUK says what a wrong PUK costs, and has the last try confirmed.
func (s *session) beforePUK(p *app.PINView) error {
	if p.PUKBlocked {
		return &app.BlockedError{Ref: p.Ref, PUKBlocked: true}
	}
	fmt.Fprintln(s.words, s.texts.T("cli.puk-end"))
	return app.ConfirmLastPUK(s.ctx, terminal{s: s}, p.Tries(true))
}

// newCode is a way to a new PIN or PUK: where the old one is read, what is asked, and what is done.
type newCode struct {
	kind                     app.NewPINKind
	oldFD                    int
	old, fresh, repeat, done string // keys of the questions, and of the answer
	do                       func(ctx context.Context, slot card.Slot, r app.PINRef, old, fresh, repeat *app.PIN) error
}

// newCode asks for the old code and the new one and does the work; with the reader's keys it asks for nothing,
// unless the reader can only verify.
func (s *session) newCode(slot card.Slot, p *app.PINView, n newCode) (int, error) {
	var err error
	if p.OnReader {
		terminal{s: s}.OnReader(s.ctx, app.ReaderWait{Label: app.PINLabel(p.Ref), Within: p.TypeWithin, Codes: 3})
		err = n.do(s.ctx, slot, p.Ref, nil, nil, nil)
	}
	if !p.OnReader || app.CannotModify(err) {
		err = s.typedCode(slot, p, n)
	}
	if err != nil {
		return 0, err
	}
	fmt.Fprintln(s.words, s.texts.T(n.done))
	if s.json {
		s.printJSON(map[string]any{"done": true})
	}
	return exitOK, nil
}

// typedCode asks for the new code twice on a terminal and once from a descriptor.
func (s *session) typedCode(slot card.Slot, p *app.PINView, n newCode) error {
	old, err := s.secret(n.oldFD, n.old, p.Tries(n.kind != app.ChangePIN))
	if err != nil {
		return err
	}
	defer old.Wipe()
	fresh, err := s.secret(s.newFD, n.fresh, noTries)
	if err != nil {
		return err
	}
	defer fresh.Wipe()
	repeat := fresh
	if s.newFD < 0 {
		if repeat, err = s.secret(-1, n.repeat, noTries); err != nil {
			return err
		}
		defer repeat.Wipe()
	}
	return n.do(s.ctx, slot, p.Ref, old, fresh, repeat)
}

// secret reads digits from the descriptor, or asks for them on the terminal; t is told where it is worth telling.
func (s *session) secret(fd int, label string, t app.Tries) (*app.PIN, error) {
	if fd >= 0 {
		return readFD(fd, label)
	}
	return s.typePIN(app.PINQuestion{Label: lang.M(label), Purpose: lang.M(label), Tries: t})
}
