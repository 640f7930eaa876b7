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
	StepRead()
}

// exerciseWords are the step of the exercise under way, with what is to be pressed for it in the strip itself, or nil.
func (u *UI) exerciseWords(e *app.Exercise) (words *fyne.Container, next *button) {
	k := u.k
	n := e.Next()
	s := k.T("exercise.done")
	if n < len(e.Steps) {
		s = k.Text(lang.Msg{Key: "exercise.step", N: n + 1, Args: map[string]string{"what": k.Text(e.Steps[n].Words)}})
	}
	switch {
	case e.Out:
		next = k.button(small, "card", k.T("exercise.back"), u.store.PutCardBack)
	case n == len(e.Steps):
		next = k.button(small, "right", k.T("exercise.next"), u.chooseExercise)
	case e.Steps[n].Read:
		next = k.button(small, "tick", k.T("exercise.read"), u.store.StepRead)
	}
	return k.para(noteBold, k.p.ink, "TEST · "+s), next
}

// exerciseStrip is the step of the exercise under way, below the ribbon of practice: it stays in sight on every
// page and over every question.
func (u *UI) exerciseStrip(e *app.Exercise) fyne.CanvasObject {
	k := u.k
	marks := []fyne.CanvasObject{}
	for i, s := range e.Steps {
		switch {
		case s.Done:
			marks = append(marks, k.icon("check", 20, k.p.good.ink))
		case i == e.Next():
			marks = append(marks, k.icon("right", 20, k.p.note.ink))
		default:
			marks = append(marks, k.icon("ring", 20, k.p.muted))
		}
	}
	words, next := u.exerciseWords(e)
	strip := hbox(k.px(14), hbox(k.px(4), marks...), flex(words))
	if next != nil {
		strip = cols(k.px(8), k.px(560), []float32{1, -next.MinSize().Width}, strip, centre(next))
	}
	return pad(k.px(6), k.px(20), k.px(8), k.px(20), strip)
}

// lowStrip is ribbon and strip of a low window, where each line is taken from the page: the words of the step, and the
// ways out of it beside them or beside what is to be pressed.
func (u *UI) lowStrip(e *app.Exercise) fyne.CanvasObject {
	k := u.k
	words, next := u.exerciseWords(e)
	choose, leave := u.practiceWays()
	strip := hbox(k.px(14), flex(words), vbox(k.px(2), leftmost(choose), leftmost(leave)))
	if next != nil {
		strip = vbox(k.px(4), words, hbox(k.px(14), next, flex(), choose, leave))
	}
	return pad(k.px(4), k.px(12), k.px(6), k.px(12), strip)
}

// practiceWays lead to the exercises and out of practice.
func (u *UI) practiceWays() (choose, leave fyne.CanvasObject) {
	k := u.k
	return k.link(noteFace, k.T("exercise.title"), u.chooseExercise),
		k.link(noteFace, k.T("ui.practice.leave"), func() { u.store.UsePractice(false) })
}

// ribbonOf is what practice shows above every page, and of it what a low window leaves out, with what it shows instead.
func (u *UI) ribbonOf(e *app.Exercise) (ribbon, spare, instead fyne.CanvasObject) {
	k := u.k
	title := k.fitting(noteBold, k.p.note.ink, "")
	say := k.T("ui.practice.ribbon")
	if e != nil {
		say = k.T("exercise."+e.ID+".title") + " · " + say
	}
	title.say(say, k.p.note.ink, k.T("ui.practice.ribbon"), k.T("ui.practice.ribbon.short"))
	choose, leave := u.practiceWays()
	lines := pad(k.px(4), k.px(20), k.px(4), k.px(20), hbox(k.px(14),
		k.icon("info", 20, k.p.note.ink), flex(title.Container), choose, leave))
	if e != nil {
		lines = vbox(0, lines, u.exerciseStrip(e))
		spare, instead = lines, u.lowStrip(e)
		lines = vbox(0, spare, instead)
	}
	return over(canvas.NewRectangle(k.p.note.tint), lines, vboxBottom(k.px(k.p.stroke), 0, canvas.NewRectangle(k.p.note.ink))), spare, instead
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
