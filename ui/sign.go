package ui

import (
	"image/color"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// signView is the page Firma: where paper waits, the list of what is to be signed, the work, the result.
type signView struct {
	u *UI
	*looked
	frame  *frame
	list   *rowList
	filter *listFilter
	docs   []app.Doc
	twins  map[string]int // how many of them have that name
	mode   signMode
	points map[int]point // what stands in the way of a file, by its ID
	roomAt float32       // the width of rows in which their buttons and words take room
	room   float32       // of the buttons
	words  float32       // of how a file stands

	lastDocs        *app.Docs
	lastAdding      *app.Adding
	lastFiling      *app.Filing
	lastJob         *app.Job
	lastCards       *app.Cards
	lastPassing     bool
	lastChoices     *app.SignChoices
	lastInterrupted *app.Interrupted
	lastReceiver    string
	saved           *app.Saved
	main            func()
	progress        *progress
	stopAdding      *button // one for all batches, as stopJob for all files: a click must not fall between two
	stopJob         *button
	searching       *searching
}

type signMode int

const (
	signEmpty signMode = iota
	signAdding
	signReady
	signRunning
	signDone
)

func newSignView(u *UI) *signView {
	v := &signView{u: u, frame: u.k.frame(), saved: u.latest.Load().Saved}
	v.looked = newLooked(u, pageSign, v.frame, func() { u.window.Canvas().Focus(v.list) })
	v.list = newRowList(u.k, u.k.px(72))
	v.list.row = v.row
	v.list.same = func(i int) any { return v.rowKey(v.docs[v.filter.at(i)], v.list.scroll.Size().Width) }
	v.list.act = v.act
	v.filter = newListFilter(u, "filter.good.signed", func() { v.refilter(); v.frame.object.Refresh() }, func() { u.window.Canvas().Focus(v.list) })
	v.progress = newProgress(u.k, u.k.p.waxText)
	v.searching = newSearching(u)
	v.stopAdding = u.k.button(outlined, "", u.k.T("ui.stop"), u.store.StopAdding)
	v.stopJob = u.k.button(outlined, "", u.k.T("ui.stop"), u.store.Cancel)
	return v
}

// Object implements view.
func (v *signView) Object() fyne.CanvasObject { return v.object }

// Main implements view.
func (v *signView) Main() func() {
	if v.open() {
		return nil // what is signed is chosen in the list
	}
	return v.main
}

// Show implements view.
func (v *signView) Show(st *app.State) {
	v.looked.show(st.Preview)
	v.preview.pictured(st.MarkPicture)
	if st.Saved != v.saved && v.u.page == pageSign {
		v.saved = st.Saved
		if st.Saved != nil && st.Saved.Advice == nil {
			v.u.say(v.u.k.Text(lang.M("ui.mycard.saved", "name", filepath.Base(st.Saved.Path))))
		}
		v.lastDocs = nil // what went wrong is told on the page
	}
	passing := v.u.passing(st.Cards.Advice)
	if st.Docs == v.lastDocs && st.Adding == v.lastAdding && st.Filing == v.lastFiling && st.Choices == v.lastChoices && st.Interrupted == v.lastInterrupted && st.Job == v.lastJob && st.Cards == v.lastCards && st.Settings.Profile == v.lastReceiver && passing == v.lastPassing {
		return
	}
	v.lastChoices, v.lastInterrupted, v.lastReceiver = st.Choices, st.Interrupted, st.Settings.Profile
	v.lastDocs, v.lastAdding, v.lastFiling, v.lastJob, v.lastCards, v.lastPassing = st.Docs, st.Adding, st.Filing, st.Job, st.Cards, passing
	before := v.mode
	v.docs, v.mode, v.main, v.points, v.roomAt = st.Docs.List, modeOf(st), nil, nil, 0
	v.twins = make(map[string]int, len(v.docs))
	for i := range v.docs {
		v.twins[v.docs[i].Name]++
	}
	switch v.mode {
	case signEmpty:
		v.showEmpty(st)
	case signAdding:
		v.showAdding(st.Adding)
	case signReady:
		v.showReady(st)
		v.join()
	case signRunning:
		v.showRunning(st)
	case signDone:
		v.showDone(st)
	}
	if v.mode != before { // another page by the same name
		scrollerOf(v.frame.object).ScrollToTop()
	}
	v.refilter()
}

// modeOf tells which of the five pages it is.
func modeOf(st *app.State) signMode {
	switch {
	case st.Job != nil && st.Job.Running:
		return signRunning
	case st.Adding != nil:
		return signAdding
	case len(st.Docs.List) == 0:
		return signEmpty
	}
	ended := 0
	for _, d := range st.Docs.List {
		switch d.Status {
		case app.DocSigned, app.DocFailed, app.DocStopped:
			ended++
		case app.DocReady, app.DocReading:
			return signReady
		}
	}
	if ended > 0 && st.Job != nil {
		return signDone
	}
	return signReady
}

func (v *signView) showEmpty(st *app.State) {
	v.frame.column.grow = true
	var objects []fyne.CanvasObject
	if a := v.u.interrupted(st); a != nil {
		objects = append(objects, a)
	}
	elastic := len(objects)
	objects = append(objects, nil)
	if st.Cards.Advice != nil && !v.lastPassing {
		objects = append(objects, v.cardAdvice(st))
	}
	objects[elastic] = v.u.dropArea("ui.drop.title", "ui.drop.body", len(objects) == 1)
	v.frame.setBody(elastic, objects...)
	v.frame.setBar()
}

// showAdding is the list while files are being looked at; nothing is signed before it is whole.
func (v *signView) showAdding(a *app.Adding) {
	k := v.u.k
	v.frame.column.grow = false
	var objects []fyne.CanvasObject
	if a.Finding && len(v.docs) == 0 {
		v.frame.column.grow = true
		v.searching.show(a)
		v.frame.setBody(0, v.searching.object)
		v.frame.setBar(k.para(noteFace, k.p.muted, k.T("adding.finding.after")), v.stopAdding)
		return
	}
	if a.Finding {
		objects = append(objects, k.heading(k.T("adding.finding.title"), k.Text(lang.MN("adding.finding", a.Found))))
	} else {
		v.progress.set(a.Read, a.Found)
		now := k.Text(lang.MN("adding.reading", a.Found, "done", lang.Count(a.Read)))
		objects = append(objects, k.heading(k.T("adding.reading.title"), now), v.progress.object)
	}
	objects = v.withFilter(objects)
	v.frame.setBody(len(objects), append(objects, v.list)...)
	v.frame.setBar(k.para(noteFace, k.p.muted, k.T("adding.stop.after")), v.stopAdding)
}

// cardAdvice tells what is wrong with the card and offers the practice card where there is none.
func (v *signView) cardAdvice(st *app.State) *fyne.Container {
	k := v.u.k
	if !st.Cards.Practice && st.Cards.Card() == nil {
		return v.u.adviceBox(st.Cards.Advice, k.button(small, "card", k.T("ui.practice.try"), func() { v.u.store.UsePractice(true) }))
	}
	return v.u.adviceBox(st.Cards.Advice, k.button(small, "", k.T("ui.open.card"), func() { v.u.turn(pageCard) }))
}

func (v *signView) showReady(st *app.State) {
	u, k := v.u, v.u.k
	v.frame.column.grow = false
	v.points = points(st)
	var size int64
	ready, left := 0, 0
	for _, d := range v.docs {
		size += d.Size
		switch d.Status {
		case app.DocReady, app.DocStopped:
			ready++
		case app.DocProblem, app.DocFailed:
			left++
		}
	}
	clear := k.button(small, "", k.T("ui.list.clear"), u.store.Clear)
	objects := []fyne.CanvasObject{k.heading(k.T("ui.page.sign"), k.Text(lang.MN("ui.files", len(v.docs)))+", "+k.Size(size), clear)}
	var cert *app.Certificate
	if card := st.Cards.Card(); card != nil && st.Cards.Phase == app.PhaseReady {
		cert = card.Signing()
	}
	blocked := st.Cards.Phase == app.PhaseBlocked && st.Cards.Advice != nil // the card tells it below, with the way on
	if st.Job != nil && st.Job.Advice != nil && !(blocked && strings.HasPrefix(st.Job.Advice.Code, "pin-blocked")) {
		objects = append(objects, u.adviceBox(st.Job.Advice, u.elsewhere(st.Job.Advice)...))
	}
	if cert == nil && st.Cards.Advice != nil && !v.lastPassing {
		objects = append(objects, v.cardAdvice(st))
	}
	if line := u.filingLine(st); line != nil {
		objects = append(objects, line)
	}
	if a := u.refusedInside(st); a != nil {
		objects = append(objects, a)
	}
	if a := u.interrupted(st); a != nil {
		objects = append(objects, a)
	}
	if left > 0 && ready > 0 { // told before the PIN, not after
		objects = append(objects, hbox(k.px(10), k.icon("warning", 20, k.p.warn.ink), flex(k.para(noteBold, k.p.warn.ink, k.Text(lang.MN("ui.left-out", left))))))
	}
	objects = v.withFilter(objects)
	elastic := len(objects)
	add := k.button(small, "plus", k.T("ui.add"), func() { u.pick(pickFiles, "", func(paths []string) { u.store.AddToSign(paths...) }) })
	ways := k.chooser(k.Text(lang.M("ways.button", "way", k.wayWords(choices(st)))), u.openWays)
	objects = append(objects, v.list, wrapbox(k.px(12), add, ways, u.filingChooser(st)))
	v.frame.setBody(elastic, objects...)
	v.barReady(st, cert, ready)
}

// barReady says below the list where the signed files go, and has the button that signs with cert the files that are
// ready; cert is nil without a card that can sign.
func (v *signView) barReady(st *app.State, cert *app.Certificate, ready int) {
	u, k := v.u, v.u.k
	where := v.whereRow(choices(st))
	words := k.T("ui.sign.no-card")
	if st.Cards.Phase == app.PhaseBlocked { // it is there, but cannot sign
		words = k.T("ui.phase.blocked.pill")
	}
	if cert != nil {
		words = k.Text(lang.MN("ui.sign.as", ready, "name", holder(st.Cards.Card())))
	}
	if u.refused(st) {
		anyway := k.button(outlined, "sign", k.T("filing.confirm.yes"), u.store.Sign)
		anyway.enable(cert != nil && ready > 0)
		mend := k.button(inked, "", k.T("filing.mend"), u.openFiling)
		v.main = mend.do
		v.frame.setBar(where, hbox(k.px(16), anyway, mend))
		return
	}
	sign := k.button(sealing, "sign", words, u.store.Sign)
	if cert != nil && ready == 0 {
		sign.say(k.T("ui.sign.nothing"))
	}
	sign.enable(cert != nil && ready > 0)
	if !sign.off {
		v.main = u.store.Sign
	}
	v.frame.setBar(where, sign)
}

func (v *signView) showRunning(st *app.State) {
	k, job := v.u.k, st.Job
	v.frame.column.grow = false
	title := k.T("ui.signing")
	switch {
	case job.Cancelling:
		title = k.T("ui.stopping")
	case job.Current == "": // files are checked and questions asked: nothing is signed yet
		title = k.T("ui.signing.before")
	}
	now := k.Text(lang.MN("ui.progress", job.Total, "done", k.Number(min(job.Done+1, job.Total)), "name", job.Current))
	if job.Current == "" {
		now = k.Text(lang.MN("ui.files", job.Total))
	}
	v.progress.set(job.Done, job.Total)
	objects := []fyne.CanvasObject{k.heading(title, now), v.progress.object}
	if job.Stamping {
		objects = append(objects, hbox(k.px(8), k.icon("clock", 20, k.p.ink), flex(k.para(strongFace, k.p.ink, k.T("stamp.trying")))))
	}
	objects = v.withFilter(objects)
	v.frame.setBody(len(objects), append(objects, v.list)...)
	v.stopJob.enable(!job.Cancelling)
	v.frame.setBar(k.para(noteFace, k.p.muted, k.T("ui.stop.after")), v.stopJob)
}

// act is what a key does on row i: Del takes the file off, Space shows it, Enter too, or verifies a signed one.
func (v *signView) act(i int, key fyne.KeyName) bool {
	d := v.docs[v.filter.at(i)]
	switch key {
	case fyne.KeyDelete, fyne.KeyBackspace:
		if v.mode == signReady {
			v.u.store.Remove(d.ID)
			return true
		}
	case fyne.KeySpace:
		v.u.look(v.lookAt(d))
		return true
	case fyne.KeyReturn, fyne.KeyEnter:
		if d.Output != "" {
			v.u.store.Verify(d.Output)
		} else if d.Kind == app.KindPDF && d.Signatures() > 0 {
			v.u.store.Verify(d.Path)
		} else if v.answerable(d) && v.mode == signReady {
			v.u.openExisting(d)
		} else if d.Advice != nil && v.mode != signRunning {
			v.u.tellAdvice(d)
		} else {
			v.u.look(v.lookAt(d))
		}
		return true
	}
	return false
}

// answerable reports whether d is a p7m, about which the person is asked what to do.
func (v *signView) answerable(d app.Doc) bool {
	return len(d.Offers()) > 0 && (d.Status == app.DocProblem || d.Status == app.DocReady)
}

// lookAt is the file behind a row that is looked at: what was signed, once it is.
func (v *signView) lookAt(d app.Doc) string {
	if d.Output != "" {
		return d.Output
	}
	return d.Path
}

// progress is the bar of a job: wax where it seals, ink elsewhere.
type progress struct {
	object      *fyne.Container
	done, total int
	k           *kit
	full, part  *canvas.Rectangle
}

func newProgress(k *kit, c color.Color) *progress {
	p := &progress{k: k, full: rect(k.p.sunk, k.p.edge, k.px(k.p.stroke), k.px(5)), part: rect(c, color.Transparent, 0, k.px(5))}
	p.object = container.New(p, p.full, p.part)
	return p
}

func (p *progress) set(done, total int) { p.done, p.total = done, max(1, total) }

// Layout implements fyne.Layout.
func (p *progress) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	place(p.full, 0, 0, size.Width, size.Height)
	place(p.part, 0, 0, size.Width*(float32(p.done)+0.3)/(float32(p.total)+0.3), size.Height)
}

// MinSize implements fyne.Layout.
func (p *progress) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, p.k.px(12)) }
