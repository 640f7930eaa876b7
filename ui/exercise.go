package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"ceralacca/app"
	"ceralacca/app/lang"
)

type exerciseIntents interface {
	StartExercise(id string, words *lang.Catalog)
	PutCardBack()
}

// exerciseStrip is the step of the exercise under way, below the ribbon of practice: it stays in sight on every
// page and over every question. ways are the ways out of it, where a low window has no other place for them.
func (u *UI) exerciseStrip(e *app.Exercise, ways fyne.CanvasObject) fyne.CanvasObject {
	k := u.k
	n := e.Next()
	marks := []fyne.CanvasObject{}
	for i, s := range e.Steps {
		switch {
		case s.Done:
			marks = append(marks, k.icon("check", 20, k.p.good.ink))
		case i == n:
			marks = append(marks, k.icon("right", 20, k.p.note.ink))
		default:
			marks = append(marks, k.icon("ring", 20, k.p.muted))
		}
	}
	words := k.T("exercise.done")
	if n < len(e.Steps) {
		words = k.Text(lang.Msg{Key: "exercise.step", N: n + 1, Args: map[string]string{"what": k.Text(e.Steps[n].Words)}})
	}
	strip := hbox(k.px(14), hbox(k.px(4), marks...), flex(k.para(noteBold, k.p.ink, "TEST · "+words)), ways)
	var next *button
	if e.Out {
		next = k.button(small, "card", k.T("exercise.back"), u.store.PutCardBack)
	} else if n == len(e.Steps) {
		next = k.button(small, "right", k.T("exercise.next"), u.chooseExercise)
	}
	if next != nil {
		strip = cols(k.px(8), k.px(560), []float32{1, -next.MinSize().Width}, strip, centre(next))
	}
	return pad(k.px(6), k.px(20), k.px(8), k.px(20), strip)
}

// ribbonOf is what practice shows above every page, and of it the line that a low window leaves out for the step, with
// what it shows instead.
func (u *UI) ribbonOf(e *app.Exercise) (ribbon, spare, instead fyne.CanvasObject) {
	k := u.k
	title := k.T("ui.practice.ribbon")
	if e != nil {
		title = k.T("exercise."+e.ID+".title") + " · " + title
	}
	ways := func() (choose, leave fyne.CanvasObject) {
		return k.link(noteFace, k.T("exercise.title"), u.chooseExercise), k.link(noteFace, k.T("ui.practice.leave"), func() { u.store.UsePractice(false) })
	}
	choose, leave := ways()
	lines := []fyne.CanvasObject{pad(k.px(4), k.px(20), k.px(4), k.px(20), hbox(k.px(14),
		k.icon("info", 20, k.p.note.ink), flex(k.fit(noteBold, k.p.note.ink, title)), choose, leave))}
	if e != nil {
		choose, leave = ways()
		instead = vbox(k.px(2), choose, leave)
		lines = append(lines, u.exerciseStrip(e, instead))
		spare = lines[0]
	}
	return over(canvas.NewRectangle(k.p.note.tint), vbox(0, lines...), vboxBottom(k.px(k.p.stroke), 0, canvas.NewRectangle(k.p.note.ink))), spare, instead
}

// chooseExercise offers the exercises.
func (u *UI) chooseExercise() {
	u.openSheet(func(a *asking) *panel {
		k := u.k // the one of now: language and light may change while the panel stands
		var rows []fyne.CanvasObject
		var first fyne.Focusable
		for _, id := range app.Exercises() {
			b := k.button(small, "", k.T("exercise.start"), func() {
				a.shut()
				u.turn(exercisePage(id))
				u.store.StartExercise(id, k.Catalog)
			})
			b.name = k.T("exercise."+id+".title") + k.Colon() + k.T("exercise.start")
			b.key = u.within(a.shut, b.press)
			if first == nil {
				first = b
			}
			rows = append(rows, hbox(k.px(16), flex(vbox(0, k.para(strongFace, k.p.ink, k.T("exercise."+id+".title")),
				k.para(noteFace, k.p.muted, k.T("exercise."+id+".about")))), b), k.rule())
		}
		cancel := k.button(outlined, "", k.T("ui.cancel"), a.shut)
		cancel.key = u.within(a.shut, cancel.press)
		head := pad(0, 0, k.px(10), 0, vbox(0, k.para(pinFace, k.p.ink, k.T("exercise.title")), k.para(noteFace, k.p.muted, k.T("exercise.about"))))
		p := u.newSheet(k.p.note.ink, vbox(k.px(6), append([]fyne.CanvasObject{head}, rows...)...), k.answers(cancel))
		p.first = first
		return p
	})
}

// exercisePage is where an exercise begins.
func exercisePage(id string) pageID {
	switch id {
	case "change", "blocked", "renew":
		return pageCard
	}
	return pageSign
}
