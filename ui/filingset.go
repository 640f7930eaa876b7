package ui

import (
	"image/color"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is what only the person knows of the files to be signed: who is to sign them, and where they are as the
// portal made them. Both are asked for on sheets of the checklist and forgotten with the list.

// checking is watched where the checklist stands on a sheet: what it says, and of whom.
func checking(st *app.State) any {
	return [2]any{st.Expected, st.Filing}
}

// filingAsides are the two quiet questions of the checklist, or what was answered.
func (u *UI) filingAsides(a *asking, st *app.State) fyne.CanvasObject {
	k, x := u.k, st.Expects()
	who, from := k.T("filing.signer.ask"), k.T("filing.compare.ask")
	if x.Signer != "" {
		who = k.Text(lang.M("filing.signer.said", "code", k.masked(x.Signer)))
	}
	if st.Filing != nil && len(st.Filing.Compared) > 0 {
		from = k.Text(lang.M("filing.compare.said", "what", k.comparedWords(st.Filing.Compared)))
	}
	button := func(icon, words string, do func()) *button {
		b := k.button(small, icon, words, func() { a.shut(); do() })
		b.key = u.within(a.shut, b.press)
		return b
	}
	return wrapbox(k.px(10), button("card", who, u.nameSigner), button("copy", from, u.compareFiles))
}

// comparedWords counts the outcomes of a comparison, those to be seen to first.
func (k *kit) comparedWords(list []app.Comparison) string {
	n := map[app.Sameness]int{}
	for _, c := range list {
		n[c.Sameness]++
	}
	var parts []string
	for _, s := range []struct {
		of  app.Sameness
		key string
	}{{app.OriginalChanged, "changed"}, {app.OriginalItself, "itself"}, {app.OriginalAbsent, "absent"}, {app.OriginalSame, "same"}} {
		if n[s.of] > 0 {
			parts = append(parts, k.Text(lang.MN("filing.compare.count."+s.key, n[s.of])))
		}
	}
	return strings.Join(parts, ", ")
}

// nameSigner asks for the codice fiscale of who is to sign, and looks at it while it is typed.
func (u *UI) nameSigner() {
	typed := u.latest.Load().Expects().Signer // outlives a change of the language or the light
	u.openSheet(func(a *asking) *panel {
		k := u.k
		back := func() { a.shut(); u.openFiling() }
		a.refuse = back
		said := k.paragraph(strongFace, k.p.muted, "")
		var p *panel
		keep := k.button(inked, "", k.T("filing.signer.keep"), nil)
		give := func(code string) { u.store.ExpectSigner(code); back() }
		keep.do = func() {
			if !keep.off {
				give(app.TidyCode(typed))
			}
		}
		field := newLineField(k, back, keep.do)
		field.TextStyle.Monospace = true // O and 0, I and 1
		look := func(s string) {
			if big := strings.ToUpper(s); big != s {
				field.SetText(big) // as on the cards; comes back here
				return
			}
			typed = s
			words, ink, good := u.codeWords(app.TidyCode(s))
			said.paint(words, ink)
			keep.enable(good)
			if p != nil {
				p.object.Refresh() // the words may take another line now
			}
		}
		field.SetText(typed)
		field.OnChanged = look
		look(typed)
		buttons := []fyne.CanvasObject{k.button(outlined, "", k.T("ui.cancel"), back)}
		if u.latest.Load().Expects().Signer != "" {
			buttons = append(buttons, k.button(outlined, "", k.T("filing.signer.nobody"), func() { give("") }))
		}
		buttons = append(buttons, keep)
		for _, b := range buttons {
			b.(*button).key = u.within(back, b.(*button).press)
		}
		head := vbox(k.px(4), k.para(pinFace, k.p.ink, k.T("filing.signer.title")), k.para(bodyFace, k.p.muted, k.T("filing.signer.what")))
		ask := vbox(k.px(4), k.para(boxBold, k.p.ink, k.T("filing.signer.label")), leftmost(k.box(300, field, field.ring)), said.Container)
		p = u.newSheet(k.p.ink, vbox(k.px(16), head, ask), k.answers(buttons...))
		p.first = field
		return p
	})
}

// codeWords tells what there is to tell of a codice fiscale that is being typed, and whether it can be used.
func (u *UI) codeWords(code string) (words string, ink color.NRGBA, good bool) {
	k := u.k
	fault, at := app.CheckCode(code)
	switch fault {
	case app.CodeShort:
		if code == "" {
			return k.T("filing.signer.hint"), k.p.muted, false
		}
		return k.Text(lang.MN("filing.signer.short", 16-len(code))), k.p.muted, false
	case app.CodeLong:
		return k.T("filing.signer.long"), k.p.bad.ink, false
	case app.CodeCompany:
		return k.T("filing.signer.company"), k.p.bad.ink, false
	case app.CodeCharacter:
		character := string([]rune(code)[at-1])
		return k.Text(lang.M("filing.signer.character", "at", lang.Digits(at), "character", app.Visible(character))), k.p.bad.ink, false
	case app.CodeFine, app.CodeCheck:
	}
	card := u.latest.Load().Cards.Card()
	known := card != nil && card.Signing() != nil && card.Signing().FiscalCode != ""
	switch {
	case known && card.Signing().FiscalCode == code:
		return k.T("filing.signer.same"), k.p.good.ink, true
	case fault == app.CodeCheck:
		return k.T("filing.signer.check"), k.p.warn.ink, true
	case known:
		return k.Text(lang.M("filing.signer.other", "name", holder(card))), k.p.warn.ink, true
	}
	return k.T("filing.signer.fine"), k.p.good.ink, true
}

// compareFiles asks for the files as the portal made them, and tells of each file how it stands to them.
func (u *UI) compareFiles() {
	u.openSheet(func(a *asking) *panel {
		k, st := u.k, u.latest.Load()
		a.watch, a.take = checking, func(paths []string) { u.store.CompareWith(paths...) }
		back := func() { a.shut(); u.openFiling() }
		a.refuse = back
		button := func(r rank, icon, words string, do func()) *button {
			b := k.button(r, icon, words, do)
			b.key = u.within(back, b.press)
			return b
		}
		choose := func(what pickWhat) func() {
			return func() {
				a.shut()
				u.pickOr(what, "", func(paths []string) { u.store.CompareWith(paths...); u.compareFiles() }, u.compareFiles)
			}
		}
		asked := len(st.Expects().Originals) > 0
		own := st.Filing != nil && app.OwnFiles(st.Filing.Compared) // others are to be chosen
		first, second := inked, outlined
		if asked && !own {
			first, second = outlined, inked
		}
		files := button(first, "file", k.T("filing.compare.files"), choose(pickFiles))
		folder := button(outlined, "folder", k.T("filing.compare.folder"), choose(pickFolder))
		shut := button(second, "", k.T("ui.close"), back)
		foot := k.answers(shut)
		body := vbox(k.px(16), vbox(k.px(4), k.para(pinFace, k.p.ink, k.T("filing.compare.title")), k.para(bodyFace, k.p.muted, k.T("filing.compare.what"))),
			wrapbox(k.px(10), files, folder))
		if asked {
			body.Add(u.compared(st.Filing))
			foot = hbox(k.px(12), button(small, "", k.T("filing.compare.stop"), func() { u.store.CompareWith(); back() }), flex(), shut)
		}
		p := u.newSheet(k.p.ink, body, foot)
		if p.first = files; asked && !own {
			p.first = shut
		}
		return p
	})
}

// compared is the outcome of the comparison, file by file.
func (u *UI) compared(f *app.Filing) fyne.CanvasObject {
	k := u.k
	switch {
	case f == nil || f.Running:
		return hbox(k.px(10), k.icon("info", 20, k.p.muted), flex(k.para(boxFace, k.p.muted, k.T("filing.compare.running"))))
	case f.Advice != nil:
		return u.adviceBox(f.Advice)
	case app.OwnFiles(f.Compared):
		return k.advice(k.p.warn, "warning", k.T("filing.compare.own.title"), k.T("filing.compare.own.body"))
	}
	var rows []fyne.CanvasObject
	shown, same := 0, 0
	for _, s := range []app.Sameness{app.OriginalChanged, app.OriginalItself, app.OriginalAbsent, app.OriginalSame} {
		icon, r := "info", k.p.note
		switch s {
		case app.OriginalChanged:
			icon, r = "stop", k.p.bad
		case app.OriginalSame:
			icon, r = "check", k.p.good
		case app.OriginalAbsent, app.OriginalItself:
		}
		for _, c := range f.Compared {
			if c.Sameness != s {
				continue
			}
			if s == app.OriginalSame {
				same++
			}
			if shown++; shown > maxFilingShown {
				continue
			}
			rows = append(rows, topbox(k.px(10), k.icon(icon, 20, r.ink), flex(vbox(0, k.fileName(boxBold, k.p.ink, filepath.Base(c.File)),
				k.para(boxFace, k.p.ink, k.Text(c.Words()))))))
		}
	}
	sum := sentence(initial(k.comparedWords(f.Compared)))
	if same == len(f.Compared) && same > 0 {
		sum = k.Text(lang.MN("filing.compare.all", same))
	}
	if shown > maxFilingShown {
		rows = append(rows, k.para(strongFace, k.p.ink, k.Text(lang.MN("filing.more", shown-maxFilingShown))))
	}
	return vbox(k.px(12), k.para(strongFace, k.p.ink, sum), vbox(k.px(10), rows...))
}
