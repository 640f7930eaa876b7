package ui

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// This file is the questions to the person: a panel inside the window, and a job that waits for the answer.

// asking is the panel that is open.
type asking struct {
	ui     *UI
	build  func() *panel // makes the panel, again with a new kit
	panel  *panel
	refuse func()         // what Esc and closing answer
	from   fyne.Focusable // what had the keyboard before; nil: nothing has it afterwards

	// watch is what the panel shows of the State, nil where it is only what is asked: when it changes the panel is made
	// anew. take is what is done with files that are dropped on the panel; nil takes none.
	watch func(*app.State) any
	shown any
	take  func(paths []string)
}

// authoritiesOf is watched where the time-stamp authorities are listed. They change a moment after one was named, since
// the keyring may take its time.
func authoritiesOf(st *app.State) any { return st.Authorities }

// follow brings the panel up to date with the State.
func (a *asking) follow() {
	if a.watch != nil && a.watch(a.ui.latest.Load()) != a.shown {
		a.open()
	}
}

// open shows the panel over everything else.
func (a *asking) open() {
	a.ui.left(nil)
	c, first := a.ui.window.Canvas(), a.panel == nil
	if first {
		a.from = c.Focused()
		c.Unfocus() // one ring at a time: what lies behind the panel takes no keys
	} else {
		a.panel.wipe()
		c.Overlays().Remove(a.panel.object)
	}
	before := a.ui.latest.Load() // the store changes it at any moment: what comes while the panel is made is not lost
	a.panel = a.build()
	if a.watch != nil {
		a.shown = a.watch(before)
	}
	a.panel.object.Resize(c.Size())
	c.Overlays().Add(a.panel.object)
	if a.panel.first != nil {
		c.Focus(a.panel.first)
		a.fromTheTop()
	}
	a.panel.rise(first && a.ui.app.Settings().ShowAnimations()) // what is pressed on it does not make it rise again
}

// fromTheTop shows what is asked, which stands above the answers, though the first of these does not fit below it as a
// whole: its head is enough. A field has to be whole.
func (a *asking) fromTheTop() {
	answer, ok := a.panel.first.(*press)
	s := scrollerOf(a.panel.object)
	if ok && s != nil && standing(s.Content, answer) != nil && heightWithin(s.Content, answer)+min(answer.Size().Height, a.ui.k.px(44)) <= s.Size().Height {
		s.ScrollToTop()
	}
}

// shut takes the panel away. What had the keyboard before has it again, if it is still there.
func (a *asking) shut() {
	if a.ui.asking != a {
		return
	}
	a.ui.asking = nil
	if a.panel != nil {
		a.panel.wipe()
		a.ui.window.Canvas().Overlays().Remove(a.panel.object)
	}
	c := a.ui.window.Canvas()
	c.Unfocus()
	if o, ok := a.from.(fyne.CanvasObject); ok && standing(a.ui.shell.object, o) != nil {
		c.Focus(a.from)
	}
}

// question opens the panel that build makes and waits for the answer that it gives, [app.ErrRefused] when that is none. An
// answer that nobody waits for any more is given to drop.
func question[T any](ctx context.Context, u *UI, drop func(T), build func(a *asking, give func(T)) *panel) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer) // unbuffered: what was sent was taken
	a := &asking{ui: u}
	u.onUI(func() {
		send := func(ans answer) {
			if u.asking != a {
				drop(ans.value)
				return
			}
			a.shut()
			select {
			case answers <- ans:
			case <-ctx.Done():
				drop(ans.value)
			}
		}
		a.refuse = func() { send(answer{err: app.ErrRefused}) }
		a.build = func() *panel { return build(a, func(v T) { send(answer{value: v}) }) }
		u.ask(ctx, a)
	})
	select {
	case ans := <-answers:
		return ans.value, ans.err
	case <-ctx.Done():
		u.onUI(a.shut)
		var none T
		return none, ctx.Err()
	}
}

// PIN implements app.Asker. The digits pass from the field to the caller without a copy.
func (u *UI) PIN(ctx context.Context, q app.PINQuestion) (*app.PIN, error) {
	return question(ctx, u, (*app.PIN).Wipe, func(a *asking, give func(*app.PIN)) *panel {
		return u.pinPanel(q, func(p *app.PIN) {
			a.from = nil // what comes of it is told where it is told
			give(p)
		}, a.refuse)
	})
}

// Confirm implements app.Asker.
func (u *UI) Confirm(ctx context.Context, q app.Question) (bool, error) {
	yes, err := question(ctx, u, func(bool) {}, func(a *asking, give func(bool)) *panel {
		return u.confirmPanel(q, func() { give(true) }, a.refuse)
	})
	if errors.Is(err, app.ErrRefused) {
		err = nil
	}
	return yes, err
}

// ask opens the panel unless the job that asked has ended. Jobs ask one at a time; a second question takes the
// place of the first, which is refused.
func (u *UI) ask(ctx context.Context, a *asking) {
	if ctx.Err() != nil || u.closing {
		return
	}
	if old := u.asking; old != nil {
		old.refuse()
	}
	if u.asking != nil { // what cannot be refused, or what the refused one leads back to
		u.asking.shut()
	}
	u.asking = a
	a.open()
}

// openSheet opens a panel that only shows and chooses; Esc closes it.
func (u *UI) openSheet(build func(*asking) *panel) {
	if u.asking != nil || u.closing {
		return
	}
	a := &asking{ui: u}
	a.refuse = a.shut
	a.build = func() *panel { return build(a) }
	u.asking = a
	a.open()
}
