package ui

import (
	"context"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// This file is the door between the goroutines of the program and the window: the only place that knows
// fyne.Do. Widgets are touched on the window's goroutine alone.

// onWindow is the default of UI.post.
func onWindow(f func()) { fyne.Do(f) }

// changed is told of each new State, on the store's goroutine. However many come, at most one repaint is
// queued, and it shows the newest.
func (u *UI) changed(s *app.State) {
	u.latest.Store(s)
	u.repaint()
}

func (u *UI) repaint() {
	if u.closed.Load() || u.queued.Swap(true) {
		return
	}
	u.post(func() {
		u.queued.Store(false) // before Load: a change from now on queues again
		u.show(u.latest.Load())
	})
}

// onUI runs f on the window's goroutine, unless the window is gone.
func (u *UI) onUI(f func()) {
	if !u.closed.Load() {
		u.post(func() {
			if !u.closed.Load() {
				f()
			}
		})
	}
}

// arrive brings the window to the front with the files of a second start. It may be called on any goroutine.
func (u *UI) arrive(files []string) {
	u.onUI(func() {
		u.raise()
		u.take(files)
	})
}

// later runs f on the window's goroutine after d, unless it is stopped or the window is gone by then.
func (u *UI) later(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(d, func() { u.onUI(f) }).Stop
}

// ShowAndRun opens the window, gives it the files of the command line and returns when it is closed: first
// everything that runs ends, then the window goes. Ending ctx closes it too. Files of later starts come through
// instance, if there is one.
func (u *UI) ShowAndRun(ctx context.Context, instance *app.Instance, paths ...string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	u.ctx = ctx
	var wg sync.WaitGroup
	wg.Go(func() {
		// Run ends with ctx; prompts return with it, and a command that the card has begun is finished.
		_ = u.store.Run(ctx, u)
		u.onUI(u.app.Quit)
	})
	quit := func() {
		u.closing = true
		u.say(u.k.T("ui.closing"))
		cancel()
	}
	u.quit = quit
	u.window.SetCloseIntercept(quit)
	tray := u.hidden && u.inTray(quit)
	if instance != nil {
		u.app.Lifecycle().SetOnStarted(func() { wg.Go(func() { instance.Serve(ctx, u.arrive) }) })
	}
	if len(paths) > 0 {
		u.store.Add(paths...)
	}
	if tray {
		u.window.SetCloseIntercept(u.toTray)
		u.app.Run()
	} else {
		u.window.ShowAndRun()
	}
	// The system may have ended the loop first: nothing may reach the widgets from now on.
	u.closed.Store(true)
	cancel()
	wg.Wait()
	u.awaitReading()
}

// readingTime is how long the end of the window waits for what reads folders and for the system's own file dialog, which
// end with it unless a share does not answer.
const readingTime = 2 * time.Second

func (u *UI) awaitReading() {
	ended := make(chan struct{})
	go func() { u.reading.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(readingTime):
	}
}
