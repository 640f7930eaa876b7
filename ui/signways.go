package ui

import (
	"context"
	"image/color"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// This file is how files are signed when the usual way will not do: the sheet of the ways, the answer for a file that is
// signed already, and questions with several answers.

// signIntents are what the page Firma asks of the store beside signing itself.
type signIntents interface {
	SetExisting(id int, x app.Existing, lose bool)
	SetOriginal(id int, path string)
	Resume()
	ForgetInterrupted()
	RemoveAuthority(a app.Authority)
	PreferAuthority(a app.Authority)
	KeepAuthority(old, a app.Authority, password string)
	ChooseMarkPicture(path string)
	Timestamp(files []string, format app.Format)
	StopStamps()
	SaveSummary(t *lang.Catalog, dest string)
}

// choices are those in force.
func choices(st *app.State) app.SignChoices {
	if st.Choices == nil {
		return app.SignChoices{}
	}
	return *st.Choices
}

// wayWords says in a few words how the files are going to be signed.
func (k *kit) wayWords(c app.SignChoices) string {
	form := "p7m"
	switch {
	case c.Format == app.FormatPAdES && c.Visible != nil:
		form = "visible"
	case c.Format == app.FormatPAdES:
		form = "pdf"
	case c.Detached:
		form = "p7s"
	}
	words := k.T("ways.form." + form)
	if c.Level != app.LevelB {
		words += ", " + k.T("ways.with."+app.LevelName(c.Level))
	}
	return words
}

// openWays opens the sheet on which format, level, place and authority are chosen. Each choice holds at once.
func (u *UI) openWays() {
	c := choices(u.latest.Load())
	chosen := "" // the choice that was pressed last keeps the focus
	u.openSheet(func(a *asking) *panel {
		a.watch = authoritiesOf
		w := &waysSheet{u: u, a: a, c: &c, chosen: &chosen}
		return w.panel()
	})
}

// waysSheet is one building of the sheet.
type waysSheet struct {
	u      *UI
	a      *asking
	c      *app.SignChoices
	chosen *string
	first  fyne.Focusable
}

// way is one answer in a row of the sheet.
type way struct {
	key string
	on  bool
	set func()
}

func (w *waysSheet) panel() *panel {
	u, k, c := w.u, w.u.k, w.c
	done := k.button(inked, "", k.T("ways.done"), w.a.shut)
	done.key = u.within(w.a.shut, done.press)
	pades := c.Format == app.FormatPAdES
	box := vbox(k.px(16), w.row("format", []way{
		{"p7m", !pades, func() { c.Format, c.Visible = app.FormatAuto, nil }},
		{"pdf", pades, func() { c.Format, c.Detached = app.FormatPAdES, false }},
	}))
	if pades {
		box.Add(w.row("visible", []way{
			{"no", c.Visible == nil, func() { c.Visible = nil }},
			{"yes", c.Visible != nil, nil},
		}))
	} else {
		box.Add(w.row("place", []way{
			{"inside", !c.Detached, func() { c.Detached = false }},
			{"beside", c.Detached, func() { c.Detached = true }},
		}))
	}
	var levels []way
	for _, l := range []app.Level{app.LevelB, app.LevelT, app.LevelLT, app.LevelLTA} {
		levels = append(levels, way{app.LevelName(l), c.Level == l, func() { c.Level = l }})
	}
	box.Add(k.rule())
	box.Add(w.row("level", levels))
	box.Add(k.para(noteFace, k.p.muted, k.T("ways.level."+app.LevelName(c.Level)+".what")))
	if c.Level != app.LevelB {
		box.Add(w.authority())
	}
	alone := k.button(small, "clock", k.T("stamps.alone.open"), func() { w.a.shut(); u.openStamps() })
	alone.key = u.within(w.a.shut, alone.press)
	head := vbox(k.px(4), k.para(pinFace, k.p.ink, k.T("ways.title")), k.para(bodyFace, k.p.muted, k.T("ways.what")))
	p := u.newSheet(k.p.ink, vbox(k.px(18), head, box), hbox(k.px(12), alone, flex(), done))
	p.first = w.first
	if p.first == nil {
		p.first = done
	}
	return p
}

// row is a question with its answers side by side.
func (w *waysSheet) row(name string, ways []way) fyne.CanvasObject {
	u, k := w.u, w.u.k
	var pills []fyne.CanvasObject
	for _, x := range ways {
		id := name + "." + x.key
		b := k.choice(k.T("ways."+id), x.on, func() { w.press(id, x.set) })
		b.key = u.within(w.a.shut, b.press)
		if *w.chosen == id || *w.chosen == "" && x.on && w.first == nil {
			w.first = b
		}
		pills = append(pills, b)
	}
	words := vbox(0, k.para(strongFace, k.p.ink, k.T("ways."+name)), k.para(noteFace, k.p.muted, k.T("ways."+name+".what")))
	return cols(k.px(20), k.px(640), []float32{2, 3}, words, wrapbox(k.px(10), pills...))
}

// press takes an answer; the one that wants a place on the page opens it.
func (w *waysSheet) press(id string, set func()) {
	*w.chosen = id
	if set == nil {
		w.a.shut()
		w.u.placeMark()
		return
	}
	set()
	w.u.store.SetChoices(*w.c)
	w.a.open()
}

// authority is who gives the time-stamp: the one there is, one of several, or the advice to name one.
func (w *waysSheet) authority() fyne.CanvasObject {
	k, st := w.u.k, w.u.latest.Load()
	if st.Authorities == nil || len(st.Authorities.List) == 0 {
		name := k.button(small, "", k.T("ways.authority.name"), func() { w.a.shut(); w.u.nameAuthority(app.Authority{}, w.u.openWays) })
		name.key = w.u.within(w.a.shut, name.press)
		box := vbox(k.px(12), k.advice(k.p.note, "info", k.T("ways.authority.none"), k.T("ways.authority.none.body"), name))
		if st.Authorities != nil && st.Authorities.Advice != nil {
			box.Add(w.u.adviceBox(st.Authorities.Advice))
		}
		return box
	}
	ways := []way{{"first", w.c.TSA == "", func() { w.c.TSA = "" }}}
	for _, t := range st.Authorities.List {
		ways = append(ways, way{t.Title(), w.c.TSA == t.URL, func() { w.c.TSA = t.URL }})
	}
	var pills []fyne.CanvasObject
	for i, x := range ways {
		words := x.key
		if i == 0 {
			words = k.T("ways.authority.first")
		}
		id := "authority." + x.key
		b := k.choice(words, x.on, func() { w.press(id, x.set) })
		b.key = w.u.within(w.a.shut, b.press)
		if *w.chosen == id {
			w.first = b
		}
		pills = append(pills, b)
	}
	words := vbox(0, k.para(strongFace, k.p.ink, k.T("ways.authority")), k.para(noteFace, k.p.muted, k.T("ways.authority.what")))
	return cols(k.px(20), k.px(640), []float32{2, 3}, words, wrapbox(k.px(10), pills...))
}

// openExisting asks what to do with a file that is a signature envelope: each answer with a drawing of what comes of it
// and the name that it gets. What costs a proof, or wants the original first, is a second step below.
func (u *UI) openExisting(d app.Doc) {
	u.openSheet(func(a *asking) *panel {
		k, st := u.k, u.latest.Load()
		c := choices(st)
		title := k.Text(lang.M("existing.title", "name", d.Name))
		card := st.Cards.Card()
		who := k.T("existing.you")
		if card != nil && card.Signing() != nil {
			who = card.Signing().SubjectCN
			if when, ok := app.SignedBy(d.Examination, card.Signing()); ok && !when.IsZero() {
				title = k.Text(lang.M("existing.again", "name", d.Name, "date", k.Date(when)))
			}
		}
		answer := func(x app.Existing) func() { return func() { a.shut(); u.store.SetExisting(d.ID, x, false) } }
		list := vbox(k.px(12))
		var first *press
		for _, x := range d.Offers() {
			p := u.existingChoice(&d, &c, x, who, answer(x))
			p.key = u.within(a.shut, p)
			if first == nil {
				first = p
			}
			list.Add(p)
		}
		what := k.T("existing.what")
		if guard := d.ArchivedText(); !guard.IsZero() {
			what = k.Text(guard) + " " + k.T("existing.archived")
		}
		head := vbox(k.px(4), k.para(pinFace, k.p.ink, title), k.para(bodyFace, k.p.muted, what))
		if d.OriginalAdvice != nil {
			head.Add(pad(k.px(8), 0, 0, 0, u.adviceBox(d.OriginalAdvice)))
		}
		foot := u.existingSteps(a, d)
		stop := k.button(outlined, "", k.T("existing.stop"), answer(app.ExistingRefuse))
		stop.key = u.within(a.shut, stop.press)
		foot = append(foot, stop)
		p := u.newSheet(k.p.ink, vbox(k.px(18), head, list), k.answers(foot...))
		p.first = first
		return p
	})
}

// existingSteps are the buttons to the second steps of the sheet.
func (u *UI) existingSteps(a *asking, d app.Doc) []fyne.CanvasObject {
	k := u.k
	var steps []fyne.CanvasObject
	step := func(key string, do func()) {
		b := k.button(outlined, "", k.T(key), func() { a.shut(); do() })
		b.key = u.within(a.shut, b.press)
		steps = append(steps, b)
	}
	if d.NeedsOriginal() {
		step("existing.original", func() { u.nameOriginal(d) })
	}
	for _, x := range d.Costly() {
		key := "lose.add.open"
		if x == app.ExistingCounterSign {
			key = "lose.counter.open"
		}
		step(key, func() { u.confirmLoss(d, x) })
	}
	return steps
}

// confirmLoss tells what signing d by way of x costs, and does it only when that is chosen once more.
func (u *UI) confirmLoss(d app.Doc, x app.Existing) {
	u.openSheet(func(a *asking) *panel {
		return u.choicePanel(d.LossQuestion(x), func(i int) {
			a.shut()
			switch i {
			case app.LossWrap:
				u.store.SetExisting(d.ID, app.ExistingWrap, false)
			case app.LossAccept:
				u.store.SetExisting(d.ID, x, true)
			default:
				u.openExisting(d)
			}
		})
	})
}

// nameOriginal lets the person name the file that the detached signature d is over; then it asks again.
func (u *UI) nameOriginal(d app.Doc) {
	u.pick(pickFile, filepath.Dir(d.Path), func(paths []string) {
		u.naming = &d
		u.store.SetOriginal(d.ID, paths[0])
	})
}

// existingKeys name the answers in the texts.
var existingKeys = map[app.Existing]string{app.ExistingWrap: "wrap", app.ExistingAdd: "add", app.ExistingCounterSign: "counter"}

// existingChoice is one answer: what it is called, what it means, the tree that results.
func (u *UI) existingChoice(d *app.Doc, c *app.SignChoices, x app.Existing, who string, do func()) *press {
	k := u.k
	key := "existing." + existingKeys[x]
	words := vbox(k.px(2), k.para(strongFace, k.p.ink, k.T(key)), k.para(noteFace, k.p.muted, k.T(key+".what")))
	tree := vbox(0)
	nodes := existingTree(d, x, who, app.OutputName(d, c, x))
	for i, n := range nodes {
		ink, icon, f := k.p.ink, "sign", boxFace
		switch {
		case n.file:
			icon, f = "file", boxBold
		case n.fresh:
			ink, f = k.p.waxText, boxBold
		}
		label := n.words
		if n.fresh {
			label = k.Text(lang.M("existing.new", "name", n.words))
		}
		tree.Add(hbox(k.px(6), k.elbow(goesOn(nodes, i)), k.icon(icon, 20, ink), flex(k.fit(f, ink, label))))
	}
	body := cols(k.px(20), k.px(560), []float32{2, 3}, words, tree)
	p := k.press(k.T(key), pad(k.px(12), k.px(18), k.px(12), k.px(18), body), do)
	p.fill = func(hover bool) color.Color {
		p.ground.StrokeColor, p.ground.StrokeWidth = k.p.edge, k.px(max(k.p.stroke, 1.25))
		if hover {
			return k.p.hovered(k.p.leaf, k.p.ink)
		}
		return k.p.leaf
	}
	p.paint()
	return p
}

// goesOn tells for each level down to that of node i whether its line leads on to a node below.
func goesOn(nodes []treeNode, i int) []bool {
	on := make([]bool, nodes[i].depth)
	for l := range on {
		for _, n := range nodes[i+1:] {
			if n.depth <= l+1 {
				on[l] = n.depth == l+1
				break
			}
		}
	}
	return on
}

// elbow is the line from a parent to its child in a drawn tree; on tells for each level whether the line leads on to a
// node below. At the root there is none.
func (k *kit) elbow(on []bool) fyne.CanvasObject {
	w, h, full := k.px(max(1.25, k.p.stroke)), k.px(30), k.px(float32(len(on))*22)
	var lines []fyne.CanvasObject
	for l, more := range on {
		x := k.px(float32(l)*22 + 10)
		last := l == len(on)-1
		if last {
			lines = append(lines, pad(h/2, 0, h/2-w, x, canvas.NewRectangle(k.p.edge)))
		}
		if more || last {
			foot := h / 2
			if more {
				foot = 0
			}
			lines = append(lines, pad(0, full-x-w, foot, x, canvas.NewRectangle(k.p.edge)))
		}
	}
	return fixed(full, h, lines...)
}

// treeNode is a line of a drawn tree.
type treeNode struct {
	depth       int
	words       string
	file, fresh bool
}

// existingTree is what comes of an answer.
func existingTree(d *app.Doc, x app.Existing, who, output string) []treeNode {
	nodes := []treeNode{{0, output, true, false}}
	depth := 1
	if x == app.ExistingWrap {
		nodes = append(nodes, treeNode{1, who, false, true}, treeNode{1, d.Name, true, false})
		depth = 2
	}
	if d.Examination != nil && len(d.Examination.Layers) > 0 {
		for _, s := range d.Examination.Layers[0] {
			name := "?"
			if s.By != nil {
				name = s.By.SubjectCN
			}
			nodes = append(nodes, treeNode{depth, name, false, false})
			if x == app.ExistingCounterSign {
				nodes = append(nodes, treeNode{depth + 1, who, false, true})
			}
		}
	}
	if x == app.ExistingAdd {
		nodes = append(nodes, treeNode{1, who, false, true})
	}
	return nodes
}

// Choose implements app.Chooser.
func (u *UI) Choose(ctx context.Context, q app.Choice) (int, error) {
	return question(ctx, u, func(int) {}, func(a *asking, give func(int)) *panel {
		return u.choicePanel(q, func(i int) {
			if i < 0 {
				a.refuse()
				return
			}
			give(i)
		})
	})
}

// choicePanel asks a question with several answers; the first is the one to recommend and has the focus.
func (u *UI) choicePanel(q app.Choice, send func(int)) *panel {
	k := u.k
	r, icon := severityLook(k, q.Severity)
	refuse := func() { send(-1) }
	var buttons []fyne.CanvasObject
	var first *button
	for i, m := range q.Answers {
		rank := outlined
		if i == 0 {
			rank = inked
		}
		b := k.button(rank, "", k.Text(m), func() { send(i) })
		b.key = u.within(refuse, b.press)
		if i == 0 {
			first = b
		}
		buttons = append([]fyne.CanvasObject{b}, buttons...) // the one to recommend stands last, as on every panel
	}
	words := vbox(k.px(6), k.para(pinFace, k.p.ink, k.Text(q.Title)), k.para(bodyFace, k.p.muted, k.Text(q.Body)))
	if !q.Tried.IsZero() {
		words.Add(k.para(strongFace, r.ink, k.Text(q.Tried)))
	}
	if !q.Note.IsZero() {
		words.Add(hbox(k.px(8), k.icon("check", 20, k.p.good.ink), flex(k.para(strongFace, k.p.good.ink, k.Text(q.Note)))))
	}
	p := u.newSheet(r.ink, topbox(k.px(18), k.icon(icon, 32, r.ink), flex(words)), k.answers(buttons...))
	p.first = first
	return p
}

// interrupted offers to finish a job that an earlier run left behind; nil without one.
func (u *UI) interrupted(st *app.State) fyne.CanvasObject {
	k, in := u.k, st.Interrupted
	if in == nil {
		return nil
	}
	resume := k.button(small, "sign", k.T("resume.go"), u.store.Resume)
	resume.enable(st.Cards.Card() != nil && st.Cards.Phase == app.PhaseReady)
	forget := k.button(small, "", k.T("resume.forget"), u.store.ForgetInterrupted)
	return k.advice(k.p.note, "info", k.Text(lang.MN("resume.title", in.Total-in.Done, "date", k.Date(in.Started))),
		k.Text(lang.M("resume.body", "done", lang.Count(in.Done), "total", lang.Count(in.Total), "signer", in.Signer)), resume, forget)
}

// refusedInside tells which files cannot be signed inside the PDF, and offers the p7m; nil when all can.
func (u *UI) refusedInside(st *app.State) fyne.CanvasObject {
	k, c := u.k, choices(st)
	var name string
	var why *app.Advice
	n := 0
	for _, d := range st.Docs.List {
		if !d.NotInside {
			continue
		}
		if n++; n == 1 {
			name, why = d.Name, d.Advice
		}
	}
	if n == 0 {
		return nil
	}
	use := k.button(small, "", k.T("ways.use-p7m"), func() {
		c.Format, c.Visible = app.FormatAuto, nil
		u.store.SetChoices(c)
	})
	return k.advice(k.p.warn, "warning", k.Text(lang.MN("ways.refused", n, "name", name)), k.Text(why.Title)+" "+k.T("ways.refused.body"), use)
}
