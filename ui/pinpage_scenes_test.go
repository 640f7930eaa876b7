package ui

import (
	"time"

	"ceralacca/app"
	"ceralacca/card"
)

// pinScenes are the states of PINs on the page of the card, and the panels for a new PIN.
func pinScenes() []scene {
	on := func(name string, change func(*app.State, *app.Card)) scene {
		st := state(nil)
		st.Cards = cardsWith(func(_ *app.Cards, c *app.Card) { change(st, c) })
		return scene{name, pageCard, st, nil}
	}
	blocked := func(s *app.State, c *app.Card, puk bool) {
		c.Phase = app.PhaseBlocked
		c.PINs[0].TriesLeft, c.PINs[0].Blocked = 0, true
		if puk {
			c.PINs[0].PUKTriesLeft, c.PINs[0].PUKBlocked = 0, true
		}
	}
	issued := func(c *app.Card) {
		for i := range c.Certificates {
			c.Certificates[i].IssuerO = "InfoCamere S.C.p.A."
			c.Certificates[i].SubjectOU = "Camera di commercio di Prova"
		}
	}
	list := []scene{
		on("card-links", func(_ *app.State, c *app.Card) { issued(c) }),
		on("card-renew-link", func(s *app.State, c *app.Card) {
			issued(c)
			for i := range c.Certificates {
				x := &c.Certificates[i]
				x.NotBefore, x.NotAfter, x.RenewFrom, x.RenewUntil = day(2024, 1, 20), day(2027, 1, 20), day(2026, 10, 22), day(2027, 1, 19)
				x.DaysLeft, x.Renewal = 59, app.RenewalOpen
			}
			s.PINJob = &app.PINJob{Ref: card.SignPIN, Running: true}
		}),
		on("card-puk-spent", func(_ *app.State, c *app.Card) {
			c.PINs[1].PUKTriesLeft, c.PINs[1].PUKBlocked, c.PINs[0].TriesLeft = 0, true, card.UnknownTries
			c.PINs[0].PUKTriesLeft = card.UnknownTries
		}),
		on("card-pin-done", func(s *app.State, _ *app.Card) { s.PINJob = &app.PINJob{Ref: card.SignPIN, Done: true} }),
		on("card-puk-wrong", func(s *app.State, c *app.Card) {
			blocked(s, c, false)
			c.PINs[0].PUKTriesLeft = 2
			s.PINJob = &app.PINJob{Ref: card.SignPIN, Kind: app.UnblockPIN, Advice: advice("puk-wrong", app.SeverityWarning, 2)}
		}),
		on("card-ts-cns", func(_ *app.State, c *app.Card) {
			c.Certificates, c.PINs = c.Certificates[1:], c.PINs[1:]
			c.Kind, c.Certificates[0].IssuerO, c.Certificates[0].IssuerCN = "TS-CNS", "Regione di Prova", "Regione di Prova - CA Cittadini"
			c.Certificates[0].Renewal, c.Certificates[0].RenewFrom, c.Certificates[0].RenewUntil = app.RenewalNone, time.Time{}, time.Time{}
		}),
	}
	dead := on("card-dead", func(s *app.State, c *app.Card) { blocked(s, c, true); issued(c) })
	dead.state.Cards.Phase, dead.state.Cards.Advice = app.PhaseBlocked, advice("puk-blocked", app.SeverityDanger, 0)
	list[1].state.Cards.Advice = advice("renew", app.SeverityWarning, 59)
	wrong := &list[4]
	wrong.state.Cards.Phase, wrong.state.Cards.Advice = app.PhaseBlocked, advice("pin-blocked", app.SeverityDanger, 0)
	list[5].state.Cards.Advice = advice("login-only", app.SeverityWarning, 0)
	list = append(list, dead, on("card-last-try", func(_ *app.State, c *app.Card) { c.PINs[0].TriesLeft = 1 }))

	form := func(name string, q app.NewPINQuestion, then func(*newPINForm)) {
		st := state(nil)
		st.Cards = cardsWith(func(cards *app.Cards, c *app.Card) { // tells what the question does
			switch p := &c.PINs[0]; q.Kind {
			case app.ChangePIN:
				p.TriesLeft = q.Tries.Left
			case app.UnblockPIN:
				blocked(st, c, false)
				cards.Phase, cards.Advice, p.PUKTriesLeft = app.PhaseBlocked, advice("pin-blocked", app.SeverityDanger, 0), q.Tries.Left
			default:
				p.PUKTriesLeft = q.Tries.Left
			}
		})
		list = append(list, scene{name, pageCard, st, func(u *UI) {
			f := openNewPIN(u, q)
			if then != nil {
				then(f)
			}
		}})
	}
	form("newpin-change", newPINQuestion(app.ChangePIN, 3), func(f *newPINForm) {
		typeInto(f.old, "59372")
		typeInto(f.fresh, "123456")
		typeInto(f.repeat, "1234")
	})
	form("newpin-change-last", newPINQuestion(app.ChangePIN, 1), nil)
	form("newpin-change-unknown", newPINQuestion(app.ChangePIN, card.UnknownTries), func(f *newPINForm) {
		typeInto(f.old, "59372")
		typeInto(f.fresh, "59372")
		typeInto(f.repeat, "59373")
	})
	form("newpin-unblock-1", newPINQuestion(app.UnblockPIN, 3), nil)
	form("newpin-unblock-2", newPINQuestion(app.UnblockPIN, 3), func(f *newPINForm) {
		f.next()
		typeInto(f.old, "59372104")
		typeInto(f.again, "593")
	})
	form("newpin-unblock-2-last", newPINQuestion(app.UnblockPIN, 1), func(f *newPINForm) {
		f.next()
		typeInto(f.old, "59372104")
		typeInto(f.again, "59372104")
	})
	form("newpin-unblock-3", newPINQuestion(app.UnblockPIN, 3), func(f *newPINForm) {
		f.next()
		typeInto(f.old, "59372104")
		typeInto(f.again, "59372104")
		f.next()
		typeInto(f.fresh, "730519")
		typeInto(f.repeat, "730519")
	})
	form("newpin-puk-1", newPINQuestion(app.ChangePUK, 3), func(f *newPINForm) { typeInto(f.old, "59372104") })
	form("newpin-puk-2", newPINQuestion(app.ChangePUK, card.UnknownTries), func(f *newPINForm) {
		typeInto(f.old, "59372104")
		typeInto(f.again, "59372104")
		f.next()
		typeInto(f.fresh, "73051946")
		typeInto(f.repeat, "73051")
	})
	today := newPINQuestion(app.ChangePIN, card.UnknownTries)
	today.WrongToday = 2
	form("newpin-change-today", today, nil)
	reader := newPINQuestion(app.ChangePIN, 3)
	reader.OnReader = true
	form("newpin-reader-change", reader, nil)
	puk := newPINQuestion(app.ChangePUK, 3)
	puk.OnReader = true
	form("newpin-reader-puk", puk, nil)
	list = append(list, scene{"sign-pin-reader", pageSign, state(func(s *app.State) { s.Docs = docs(app.DocReady, fiveNames...) }), func(u *UI) {
		a := &asking{ui: u, refuse: func() {}}
		a.build = func() *panel {
			q := signQuestion(3, app.NotPractice)
			q.OnReader = true
			return u.pinPanel(q, func(*app.PIN) {}, func() {})
		}
		u.asking = a
		a.open()
	}}, scene{"sign-pin-reader-now", pageSign, state(func(s *app.State) { s.Docs = docs(app.DocReady, fiveNames...) }), func(u *UI) {
		a := &asking{ui: u, refuse: func() {}}
		wait := app.ReaderWait{Label: app.PINLabel(card.SignPIN), Within: card.TypeWithin, Codes: 1}
		a.build = func() *panel { return u.waitPanel(a, wait, u.now()) }
		u.asking = a
		a.open()
	}})
	return list
}

func newPINQuestion(kind app.NewPINKind, tries int) app.NewPINQuestion {
	c := exampleCard()
	return app.NewPINQuestion{
		Label: app.PINLabel(card.SignPIN), Kind: kind, Tries: app.Tries{Left: tries}, Min: 5, Max: 8, PUKMin: 8, PUKMax: 8, Where: app.WherePUK(&c),
		Rules: func(old, fresh *app.PIN) []app.PINRule {
			if kind == app.ChangePUK {
				return app.CheckNewPUK(fresh, old, &c, c.PINs[0])
			}
			return app.CheckNewPIN(fresh, old, &c, c.PINs[0])
		},
	}
}

// openNewPIN opens the panel as a question does.
func openNewPIN(u *UI, q app.NewPINQuestion) *newPINForm {
	var f *newPINForm
	a := &asking{ui: u, refuse: func() {}}
	a.build = func() *panel {
		f = u.newPINPanel(q, func(n *app.NewPINs) { n.Wipe() }, func() {})
		return f.panel
	}
	u.asking = a
	a.open()
	return f
}
