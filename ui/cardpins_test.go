package ui

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/card"
)

func TestCardPageOpensOnlyWhatIsClicked(t *testing.T) {
	var st *app.State
	for _, s := range pinScenes() {
		if s.name == "card-links" {
			st = s.state
		}
	}
	u, _, _ := window(t, st, 1280, 800)
	u.turn(pageCard)
	v := u.views[pageCard].(*cardView)
	var opened []string
	v.browse = func(a *url.URL) error { opened = append(opened, a.String()); return nil }
	v.fill()
	if said := words(u.shell.object); !strings.Contains(said, "id.infocamere.it") {
		t.Errorf("the host is not shown:\n%s", said)
	}
	if len(opened) != 0 {
		t.Fatalf("opened without a click: %q", opened)
	}
	press1(t, u, u.k.T("guide.renew"))
	if want := []string{"https://id.infocamere.it/infocamere/firma_digitale/rinnovo"}; !slices.Equal(opened, want) {
		t.Errorf("opened %q, want %q", opened, want)
	}
}

func TestCardPageOffersWhatCanBeDone(t *testing.T) {
	for name, want := range map[string]struct{ change, unblock int }{
		"card-puk-spent": {2, 1}, "card-dead": {1, 1}, "card-ts-cns": {1, 1},
	} {
		for _, s := range pinScenes() {
			if s.name != name {
				continue
			}
			u, _, _ := window(t, s.state, 1280, 800)
			u.turn(pageCard)
			n := map[string]int{}
			for _, p := range controlsIn(u.views[pageCard].Object()) {
				n[p.name]++
			}
			if n[u.k.T("ui.newpin.change")] != want.change || n[u.k.T("ui.newpin.unblock")] != want.unblock {
				t.Errorf("%s: %v", name, n)
			}
		}
	}
}

func TestSavedIsTold(t *testing.T) {
	st := state(nil)
	u, _, _ := window(t, st, 1280, 800)
	u.turn(pageCard)
	next := *st
	next.Saved = &app.Saved{Path: "/casa/anna/scadenze-carta.ics"}
	u.latest.Store(&next)
	u.show(&next)
	if !u.shell.toast.object.Visible() || !strings.Contains(u.shell.toast.words.Text, "scadenze-carta.ics") {
		t.Errorf("the toast says %q", u.shell.toast.words.Text)
	}
	failed := next
	failed.Saved = &app.Saved{Advice: advice("disk-full", app.SeverityWarning, 0)}
	u.latest.Store(&failed)
	u.show(&failed)
	if said := words(u.shell.object); !strings.Contains(said, u.k.T("advice.disk-full.title")) {
		t.Errorf("the trouble is not told:\n%s", said)
	}
}

// TestFocusOutlivesTheRepaint unfolds the details by keyboard: the page is built anew, the focus stays in its place.
func TestFocusOutlivesTheRepaint(t *testing.T) {
	u, _, _ := window(t, state(nil), 1280, 800)
	u.turn(pageCard)
	k := keyboard{t, u, nil}
	k.tabTo(u.k.T("ui.details"))
	k.key(fyne.KeyReturn)
	for _, c := range controlsIn(u.views[pageCard].Object()) {
		if c.name == u.k.T("ui.details.less") && !c.focused {
			t.Error("the focus is lost")
		}
	}
	next := *u.latest.Load()
	next.PINJob = &app.PINJob{Ref: card.SignPIN, Done: true}
	u.latest.Store(&next)
	u.show(&next)
	if f, ok := k.focused().(*button); !ok || f.name != u.k.T("ui.details.less") {
		t.Errorf("the focus went to %T", k.focused())
	}
}

// TestDetailsAreCopied: every field one by one and all at once, and the codice fiscale only as it is shown.
func TestDetailsAreCopied(t *testing.T) {
	st := state(nil)
	u, _, _ := window(t, st, 1280, 800)
	u.turn(pageCard)
	v := u.views[pageCard].(*cardView)
	c := &st.Cards.Card().Certificates[0]
	v.open[c.ID] = true
	v.fill()
	fields := c.Fields(u.k.Catalog)
	if len(fields) < 24 {
		t.Fatalf("only %d fields", len(fields))
	}
	press := func(name string, nth int) string {
		u.app.Clipboard().SetContent("")
		for _, o := range controlsIn(v.Object()) {
			if o.name == name {
				if nth--; nth < 0 {
					o.do()
					break
				}
			}
		}
		return u.app.Clipboard().Content()
	}
	seen := map[string]int{}
	for _, f := range fields {
		name := u.k.Text(lang.M("ui.copy.field", "name", f.Label))
		got := press(name, seen[name])
		seen[name]++
		if want := c.Mask(f.Value); got != want || strings.Contains(got, c.FiscalCode) {
			t.Errorf("%s: copied %q, want %q", f.Name, got, want)
		}
	}
	all := press(u.k.T("ui.copy.all"), 0)
	for _, f := range fields {
		if !strings.Contains(all, f.Label+": "+c.Mask(f.Value)+"\n") {
			t.Errorf("all of it lacks %s", f.Name)
		}
	}
	u.k.show = true
	v.fill()
	if all := press(u.k.T("ui.copy.all"), 0); !strings.Contains(all, "TINIT-"+c.FiscalCode) {
		t.Errorf("the codice fiscale is hidden though it is shown: %s", all)
	}
}

func TestAbsentCardLeadsToTheCheckUp(t *testing.T) {
	u, f := sceneOf(t, "card-no-reader")
	press1(t, u, u.k.T("ui.absent.find"))
	if u.page != pageHelp || !slices.Contains(f.said, "diagnose") {
		t.Errorf("page %v, asked %q", u.page, f.said)
	}
}

func TestSigningComesFirstWhateverTheCardsOrder(t *testing.T) {
	c := exampleCard()
	slices.Reverse(c.Certificates)
	slices.Reverse(c.PINs)
	if got := signingFirst(&c); got[0].Use != app.ForSigning || got[1].Use != app.ForLogin {
		t.Errorf("certificates %v, %v", got[0].Use, got[1].Use)
	}
	if got := pinsInOrder(&c); got[0].Ref != card.SignPIN {
		t.Errorf("PINs %v, %v", got[0].Ref, got[1].Ref)
	}
}

func TestCardSaysWhatIsNotWell(t *testing.T) {
	for name, key := range map[string]string{"card-login-blocked": "ui.mycard.sum.other-blocked", "card-last-try": "ui.mycard.sum.last-try", "card-puk-spent": "ui.mycard.puk.spent"} {
		u, f := sceneOf(t, name)
		c := u.latest.Load().Cards
		if icon, _, r := cardState(u.k, c, c.Card()); icon == "check" || r == u.k.p.good {
			t.Errorf("%s: the pill says that all is well", name)
		}
		pin := map[string]card.PINRef{"card-login-blocked": c.Card().PINs[1].Ref, "card-last-try": c.Card().PINs[0].Ref, "card-puk-spent": c.Card().PINs[1].Ref}[name]
		if said, want := words(u.shell.object), u.k.Text(lang.M(key, "pin", u.k.inner(u.k.Text(app.PINLabel(pin))))); !strings.Contains(said, want) {
			t.Errorf("%s: the page does not say %q:\n%s", name, want, said)
		}
		if name == "card-login-blocked" {
			u.views[pageCard].Main()()
			if !slices.ContainsFunc(f.said, func(s string) bool { return strings.HasPrefix(s, "unblock") }) {
				t.Errorf("the main button asks for %q", f.said)
			}
		}
	}
}

// TestWhatIsAmissIsNeverLeftOut looks at the card bar where it has least room: the pill may go only when all is well.
func TestWhatIsAmissIsNeverLeftOut(t *testing.T) {
	for _, s := range scenes() {
		c := s.state.Cards
		if s.page != pageCard || c.Card() == nil || c.Phase != app.PhaseReady && c.Phase != app.PhaseBlocked {
			continue
		}
		for _, tag := range lang.Languages {
			t.Run(s.name+"/"+tag, func(t *testing.T) {
				u := s.open(t, assets.FS, 800, 600, func(set *app.Settings) { set.Language, set.Scale = tag, 200 })
				if icon, _, _ := cardState(u.k, c, c.Card()); icon != "check" && !u.shell.bar.pill.Visible() {
					t.Error("the bar does not say what is amiss")
				}
			})
		}
	}
}

// TestNextStepWithoutACardIsInSight looks at the smallest window: the filled button stands above its foot.
func TestNextStepWithoutACardIsInSight(t *testing.T) {
	for _, s := range scenes() {
		if c := s.state.Cards; s.page != pageCard || s.then != nil || c.Phase == app.PhaseReady || c.Phase == app.PhaseBlocked || c.Phase == app.PhaseReading {
			continue
		}
		for _, tag := range lang.Languages {
			t.Run(s.name+"/"+tag, func(t *testing.T) {
				u := s.open(t, assets.FS, 800, 600, func(set *app.Settings) { set.Language = tag })
				b, ok := controls(u.shell.object)[u.k.T("ui.absent.find")]
				if !ok {
					t.Fatal("no such button")
				}
				if foot := u.app.Driver().AbsolutePositionForObject(b).Y + b.Size().Height; foot > 600 {
					t.Errorf("the button ends at %.0f", foot)
				}
			})
		}
	}
}
