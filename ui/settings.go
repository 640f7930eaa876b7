package ui

import (
	"path/filepath"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// settingsView is the page Impostazioni: the few choices that matter, each taking effect at once.
type settingsView struct {
	u       *UI
	frame   *frame
	last    *app.Settings
	cards   *app.Cards
	trust   *app.Trust
	startup *app.StartupState
	stamped *app.Authorities
	library *app.LibraryChoice
	choose  *button // of the library; nil where none can be chosen
}

func newSettingsView(u *UI) *settingsView {
	return &settingsView{u: u, frame: u.k.frame()}
}

// Object implements view.
func (v *settingsView) Object() fyne.CanvasObject { return v.frame.object }

// Main implements view.
func (v *settingsView) Main() func() { return nil }

type option struct {
	words  string
	chosen bool
	to     func(*app.Settings)
	do     func() // in the place of to, for what is not among the settings
}

// Show implements view.
func (v *settingsView) Show(st *app.State) {
	if v.last == st.Settings && v.cards != nil && v.cards.Practice == st.Cards.Practice && libraryOf(v.cards) == libraryOf(st.Cards) && v.trust == st.Trust && v.startup == st.Startup && v.stamped == st.Authorities && v.library == st.Library {
		return
	}
	v.last, v.cards, v.trust, v.startup, v.stamped, v.library = st.Settings, st.Cards, st.Trust, st.Startup, st.Authorities, st.Library
	u, k, set := v.u, v.u.k, *st.Settings
	languages := []option{{words: k.T("ui.set.system"), chosen: set.Language == "", to: func(s *app.Settings) { s.Language = "" }}}
	for _, tag := range lang.Languages {
		languages = append(languages, option{words: lang.Name(tag), chosen: set.Language == tag, to: func(s *app.Settings) { s.Language = tag }})
	}
	var themes, scales []option
	for _, name := range []string{"", "light", "dark", "contrast"} {
		key := "ui.set.theme." + name
		if name == "" {
			key = "ui.set.system"
		}
		themes = append(themes, option{words: k.T(key), chosen: set.Theme == name, to: func(s *app.Settings) { s.Theme = name }})
	}
	for _, n := range scaleSteps {
		scales = append(scales, option{words: k.Percent(n), chosen: max(100, set.Scale) == n, to: func(s *app.Settings) { s.Scale = n }})
	}
	code := []option{
		{words: k.T("ui.set.code.hide"), chosen: !set.ShowFiscalCode, to: func(s *app.Settings) { s.ShowFiscalCode = false }},
		{words: k.T("ui.set.code.show"), chosen: set.ShowFiscalCode, to: func(s *app.Settings) { s.ShowFiscalCode = true }},
	}
	practice := k.button(small, "card", k.T("ui.practice.try"), func() { u.store.UsePractice(true) })
	if st.Cards.Practice {
		practice = k.button(small, "close", k.T("ui.practice.remove"), func() { u.store.UsePractice(false) })
	}
	box := vbox(k.px(18), v.row("language", languages), k.rule(), v.row("theme", themes), k.rule(), v.row("scale", scales),
		k.rule(), v.row("code", code), k.rule(),
		cols(k.px(20), k.px(640), []float32{2, 3}, v.words("practice"), leftmost(practice)),
		k.rule(), v.libraries(st.Cards, st.Library), k.rule(), v.network(&set), k.rule(), v.lists(st.Trust, set.Offline), k.rule(), v.anchors(st.Trust), k.rule(), v.authorities(st.Trust))
	if st.Authorities != nil {
		box.Add(k.rule())
		box.Add(v.stamps(st.Authorities))
	}
	if st.Startup != nil && st.Startup.Able {
		box.Add(k.rule())
		box.Add(v.atLogin(st.Startup))
	}
	if !asAtFirst(set) {
		box.Add(k.rule())
		box.Add(cols(k.px(20), k.px(640), []float32{2, 3}, v.words("reset"), leftmost(k.button(small, "", k.T("ui.set.reset.do"), u.askReset))))
	}
	v.frame.setBody(-1, k.heading(k.T("ui.page.settings"), k.T("ui.set.note")), k.sheet(24, box),
		k.para(noteFace, k.p.muted, k.Text(lang.M("ui.set.about", "version", app.Version))))
	v.frame.setBar()
}

// libraries tells which library of a maker serves: one that is found, and remembered for a card, by itself, or one that
// was chosen by hand.
func (v *settingsView) libraries(c *app.Cards, now *app.LibraryChoice) fyne.CanvasObject {
	u, k := v.u, v.u.k
	v.choose = nil
	right := vbox(k.px(10))
	say := func(s string) { right.Add(k.para(boxFace, k.p.ink, s)) }
	used := libraryOf(c)
	switch {
	case now.Path != "":
		key := "ui.set.library.chosen"
		if now.Fixed {
			key = "ui.set.library.fixed"
		}
		say(k.Text(lang.M(key, "name", app.Visible(filepath.Base(now.Path)))))
		right.Add(k.para(noteFace, k.p.muted, app.Visible(now.Path)))
	case used == "":
		say(k.T("ui.set.library.none"))
	default:
		say(k.Text(lang.M("ui.set.library.found", "name", used)))
	}
	if now.Advice != nil {
		right.Add(u.adviceHere(now.Advice))
		if now.Advice.Code == "library-fails" { // what the library or the system said, for whoever helps
			right.Add(k.para(noteFace, k.p.muted, k.Text(lang.M("ui.set.library.said", "detail", app.Visible(now.Advice.Detail)))))
		}
	}
	if now.Able && !now.Fixed {
		v.choose = k.button(small, "file", k.T("ui.set.library.choose"), func() {
			if now.Trying != "" {
				return // one after the other; the button keeps the keyboard meanwhile
			}
			u.pick(pickFile, "", func(paths []string) { u.store.UseLibrary(paths[0]) })
		})
		buttons := wrapbox(k.px(10), v.choose)
		if now.Path != "" {
			buttons.Add(k.button(small, "", k.T("ui.set.library.back"), func() { u.store.UseLibrary("") }))
		}
		if now.Trying != "" {
			right.Add(k.para(boxFace, k.p.muted, k.Text(lang.M("ui.set.library.trying", "name", app.Visible(now.Trying)))))
		}
		right.Add(buttons)
	}
	return cols(k.px(20), k.px(640), []float32{2, 3}, v.words("library"), right)
}

// toLibrary turns to the settings, at the choice of the library.
func (u *UI) toLibrary() {
	u.turn(pageSettings)
	if b := u.views[pageSettings].(*settingsView).choose; b != nil {
		u.window.Canvas().Focus(b)
	}
}

func libraryOf(c *app.Cards) string {
	if card := c.Card(); card != nil {
		return card.Library
	}
	return ""
}

// atLogin is the choice whether reminders of the expiry come while the window is closed too.
func (v *settingsView) atLogin(now *app.StartupState) fyne.CanvasObject {
	k, store := v.u.k, v.u.store
	row := v.row("startup", []option{
		{words: k.T("ui.set.startup.off"), chosen: !now.On, do: func() { store.SetStartAtLogin(false) }},
		{words: k.T("ui.set.startup.on"), chosen: now.On, do: func() { store.SetStartAtLogin(true) }},
	})
	if now.Advice == nil {
		return row
	}
	return vbox(k.px(10), row, v.u.adviceHere(now.Advice))
}

func (v *settingsView) words(key string) fyne.CanvasObject {
	k := v.u.k
	return vbox(0, k.para(strongFace, k.p.ink, k.T("ui.set."+key)), k.para(noteFace, k.p.muted, k.T("ui.set."+key+".what")))
}

func (v *settingsView) row(key string, options []option) fyne.CanvasObject {
	k := v.u.k
	var pills []fyne.CanvasObject
	for _, o := range options {
		pills = append(pills, k.choice(o.words, o.chosen, func() {
			if o.do != nil {
				o.do()
				return
			}
			v.u.store.ChangeSettings(o.to)
		}))
	}
	return cols(k.px(20), k.px(640), []float32{2, 3}, v.words(key), wrapbox(k.px(10), pills...))
}

// asAtFirst reports whether set are the settings of the first start, but for the library, which has its own way back.
func asAtFirst(set app.Settings) bool {
	set.Library = ""
	if set.Scale == scaleSteps[0] {
		set.Scale = 0
	}
	return set == app.Settings{}
}

// askReset asks whether the choices of this page go back to what they were at first.
func (u *UI) askReset() {
	u.openSheet(func(a *asking) *panel {
		q := app.Choice{
			Severity: app.SeverityInfo, Title: lang.M("ui.set.reset.ask"), Body: lang.M("ui.set.reset.body"),
			Answers: []lang.Msg{lang.M("ui.set.reset.yes"), lang.M("ui.cancel")},
		}
		return u.choicePanel(q, func(i int) {
			a.shut()
			if i == 0 {
				u.store.ChangeSettings(func(s *app.Settings) { *s = app.Settings{} })
			}
		})
	})
}
