package ui

import (
	"context"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// pageID names the pages in the order of the rail.
type pageID int

const (
	pageSign pageID = iota
	pageVerify
	pageCard
	pageHelp
	pageSettings
	pageCount
)

// view is a page. It is built once for a kit; Show sets what differs in the State.
type view interface {
	Object() fyne.CanvasObject
	Show(*app.State)
	// Main is what Ctrl+Enter does; nil for nothing.
	Main() func()
}

// UI is the window. It implements app.Asker. Its fields belong to the window's goroutine, apart from the
// atomic ones.
type UI struct {
	app    fyne.App
	window fyne.Window
	store  intents
	files  fs.FS
	post   func(func()) // runs a function on the window's goroutine; tests put a queue here
	now    func() time.Time

	latest         atomic.Pointer[app.State]
	queued, closed atomic.Bool

	k          *kit
	settings   app.Settings // those that are shown
	shell      *shell
	views      [pageCount]view
	page       pageID
	stamps     *stampSheet   // the sheet of time-stamps opened last
	stamped    *app.Stamping // that it shows
	naming     *app.Doc      // the detached signature whose original was named, as it was before, until that was read
	joining    string        // the signed file that the person wants to sign too, until it is listed
	lookedFrom pageID        // where the preview that is open was asked for
	asking     *asking
	closing    bool
	lastDir    string               // where the picker was last
	chooser    chooser              // the system's file dialog; nil for none
	choosing   bool                 // it is open
	ctx        context.Context      // of what the window itself starts; ends when it closes
	reading    sync.WaitGroup       // folders being listed
	waiting    map[string]time.Time // passing troubles, by code, and when they were first seen
	verified   *app.Verification
	hidden     bool              // starts in the system tray
	system     fyne.ThemeVariant // the light of the desktop
	quit       func()
	hinting    int // counts the hints, so that a late one of what was left is not shown
	hintTimer  *time.Timer
}

// New makes the window over the store. texts holds the files of package assets.
func New(a fyne.App, s *app.Store, texts fs.FS) *UI {
	v, later := systemLight(a.Settings().ThemeVariant())
	u := newUIIn(v, a, s, s.State(), texts)
	u.chooser = systemChooser
	if later != nil {
		go func() {
			if v, known := <-later; known {
				u.onUI(func() { u.lit(v) })
			}
		}()
	}
	s.OnChange(u.changed)
	return u
}

func newUI(a fyne.App, s intents, first *app.State, files fs.FS) *UI {
	return newUIIn(a.Settings().ThemeVariant(), a, s, first, files)
}

// newUIIn is newUI where the system is in this light.
func newUIIn(system fyne.ThemeVariant, a fyne.App, s intents, first *app.State, files fs.FS) *UI {
	u := &UI{app: a, system: system, store: s, files: files, post: onWindow, now: time.Now, waiting: map[string]time.Time{}, ctx: context.Background(), quit: func() {}}
	u.latest.Store(first)
	u.window = a.NewWindow("Ceralacca")
	u.window.SetPadded(false)
	u.window.SetMaster()
	u.window.Resize(fyne.NewSize(1180, 780))
	u.window.SetOnDropped(func(_ fyne.Position, uris []fyne.URI) { u.dropped(uris) })
	u.build(*first.Settings)
	toolkit := a.Settings().ThemeVariant()
	a.Settings().AddListener(func(fyne.Settings) {
		if now := a.Settings().ThemeVariant(); now != toolkit { // what it has always had may be the zero of nobody's answer
			toolkit = now
			u.lit(now)
		}
	})
	u.show(first)
	return u
}

// lit follows the system into another light, unless the person has chosen one.
func (u *UI) lit(v fyne.ThemeVariant) {
	u.system = v
	if u.settings.Theme == "" && paletteFor("", v) != u.k.p {
		u.build(u.settings)
		u.show(u.latest.Load())
	}
}

// build makes everything that is seen out of a new kit. It is called at the start, and when language, light or
// scale change; the State is shown afterwards.
func (u *UI) build(set app.Settings) {
	device := u.window.Canvas().Scale()
	if device <= 0 {
		device = 1
	}
	k, err := newKit(u.files, set, u.system, device)
	if err != nil {
		// The files are within the program; only a broken build can fail here.
		fyne.LogError("reading the texts of the window", err)
		return
	}
	if err := k.toolkitWords(); err != nil {
		fyne.LogError("giving the toolkit our words", err)
	}
	if old := u.k; old != nil && old.p == k.p && old.scale == k.scale {
		k.theme = old.theme // the toolkit reads its fonts anew for another
	}
	u.k, u.settings = k, set
	k.keys, k.runes, k.reveal = u.typedKey, u.typedRune, u.reveal
	k.focus, k.hints = u.window.Canvas().Focus, u
	icon := k.drawing("app", 256/(k.scale*k.device), k.p.wax)
	u.app.SetIcon(icon)
	u.window.SetIcon(icon)
	if u.app.Settings().Theme() != fyne.Theme(k.theme) {
		u.app.Settings().SetTheme(k.theme)
	}
	u.views = [pageCount]view{newSignView(u), newVerifyView(u), newCardView(u), newHelpView(u), newSettingsView(u)}
	u.shell = newShell(u)
	u.window.SetContent(u.shell.object)
	u.keyboard()
	u.shell.turn(u.page)
	if u.asking != nil {
		u.asking.open()
	}
}

// looksOf are the settings that everything seen is made of. Another of them makes the window anew; whom the files are
// for, or which library serves, must not: a list would be back at its top.
func looksOf(set app.Settings) app.Settings {
	return app.Settings{Language: set.Language, Theme: set.Theme, Scale: set.Scale, ShowFiscalCode: set.ShowFiscalCode}
}

// show shows the State.
func (u *UI) show(s *app.State) {
	page, h := u.page, heldIn(u.views[u.page].Object())
	if c := u.window.Canvas().Scale(); looksOf(*s.Settings) != looksOf(u.settings) || c > 0 && c != u.k.device {
		u.build(*s.Settings)
	}
	u.settings = *s.Settings
	if s.Verify != u.verified {
		if s.Verify != nil && (u.verified == nil || s.Verify.File != u.verified.File || s.Verify.Running && !u.verified.Running) {
			u.page = pageVerify
			u.shell.turn(u.page)
		}
		if s.Verify != nil && s.Verify.Saved != nil && s.Verify.Saved.Print && (u.verified == nil || u.verified.Saved != s.Verify.Saved) {
			u.openFile(s.Verify.Saved.Path)
		}
		u.verified = s.Verify
	}
	u.stamping(s)
	if u.asking != nil {
		u.asking.follow()
	}
	u.shell.Show(s)
	u.views[u.page].Show(s)
	u.shell.object.Refresh()
	u.hintFollows()
	if u.page != page {
		h = held{at: -1}
	}
	u.giveBack(h)
}

// turn opens a page.
func (u *UI) turn(p pageID) {
	u.page = p
	u.shell.turn(p)
	u.show(u.latest.Load())
}

// passing reports whether the advice is still too young to be shown, and looks again when it is old enough:
// a slow card must not flash a trouble.
func (u *UI) passing(a *app.Advice) bool {
	if a == nil || a.After == 0 {
		clear(u.waiting)
		return false
	}
	since, seen := u.waiting[a.Code]
	if !seen {
		clear(u.waiting)
		since = u.now()
		u.waiting[a.Code] = since
		u.later(a.After, u.repaint)
	}
	return u.now().Sub(since) < a.After
}

// intents is what the window asks of the store.
type intents interface {
	Add(paths ...string)
	AddToSign(paths ...string)
	StopAdding()
	StopErrand(id int)
	Remove(id int)
	Clear()
	ChooseCard(slot string)
	UsePractice(on bool)
	Sign()
	Cancel()
	ChangeSettings(change func(*app.Settings))
	SetStartAtLogin(on bool)
	UseLibrary(path string)
	Run(ctx context.Context, ask app.Asker) error
	cardIntents
	filingIntents
	doctorIntents
	previewIntents
	exerciseIntents
	signIntents
	verifyIntents
	trustIntents
}
