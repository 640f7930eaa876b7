package ui

import (
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
			s.PINJob = &app.PINJob{Ref: card.SignPIN, Unblock: true, Advice: advice("puk-wrong", app.SeverityWarning, 2)}
		}),
		on("card-ts-cns", func(_ *app.State, c *app.Card) {
			c.Certificates, c.PINs = c.Certificates[1:], c.PINs[1:]
			c.Kind, c.Certificates[0].IssuerO, c.Certificates[0].IssuerCN = "TS-CNS", "Regione di Prova", "Regione di Prova - CA Cittadini"
			c.Certificates[0].Renewal = app.RenewalNone
		}),
	}
	dead := on("card-dead", func(s *app.State, c *app.Card) { blocked(s, c, true); issued(c) })
	dead.state.Cards.Phase, dead.state.Cards.Advice = app.PhaseBlocked, advice("puk-blocked", app.SeverityDanger, 0)
	list[1].state.Cards.Advice = advice("renew", app.SeverityWarning, 59)
	wrong := &list[4]
	wrong.state.Cards.Phase, wrong.state.Cards.Advice = app.PhaseBlocked, advice("pin-blocked", app.SeverityDanger, 0)
	list[5].state.Cards.Advice = advice("login-only", app.SeverityWarning, 0)
	list = append(list, dead)

	panel := func(name string, q app.NewPINQuestion, then func(*newPINForm)) {
		list = append(list, scene{name, pageCard, state(nil), func(u *UI) {
			f := openNewPIN(u, q)
			if then != nil {
				then(f)
			}
		}})
	}
	panel("newpin-change", newPINQuestion(false, 3), func(f *newPINForm) {
		typeInto(f.old, "59372")
		typeInto(f.fresh, "123456")
		typeInto(f.repeat, "1234")
	})
	panel("newpin-change-last", newPINQuestion(false, 1), nil)
	panel("newpin-change-unknown", newPINQuestion(false, card.UnknownTries), func(f *newPINForm) {
		typeInto(f.old, "59372")
		typeInto(f.fresh, "59372")
		typeInto(f.repeat, "59373")
	})
	panel("newpin-unblock-1", newPINQuestion(true, 3), nil)
	panel("newpin-unblock-2", newPINQuestion(true, 3), func(f *newPINForm) {
		f.next()
		typeInto(f.old, "59372104")
		typeInto(f.again, "593")
	})
	panel("newpin-unblock-2-last", newPINQuestion(true, 1), func(f *newPINForm) {
		f.next()
		typeInto(f.old, "59372104")
		typeInto(f.again, "59372104")
	})
	panel("newpin-unblock-3", newPINQuestion(true, 3), func(f *newPINForm) {
		f.next()
		typeInto(f.old, "59372104")
		typeInto(f.again, "59372104")
		f.next()
		typeInto(f.fresh, "730519")
		typeInto(f.repeat, "730519")
	})
	return list
}

func newPINQuestion(unblock bool, tries int) app.NewPINQuestion {
	c := exampleCard()
	return app.NewPINQuestion{
		Label: app.PINLabel(card.SignPIN), Unblock: unblock, TriesLeft: tries, Min: 5, Max: 8,
		Rules: func(old, fresh *app.PIN) []app.PINRule { return app.CheckNewPIN(fresh, old, &c, c.PINs[0]) },
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
