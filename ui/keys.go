package ui

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"

	"ceralacca/app"
)

// This file is what the keyboard, the file dialog, drops and the clipboard bring.

// shortcutSheet is what the page Aiuto and the key ? show.
var shortcutSheet = []struct{ keys, text string }{
	{"ui.key.pages", "ui.keys.pages"},
	{"ui.key.open", "ui.keys.open"},
	{"ui.key.paste", "ui.keys.paste"},
	{"ui.key.main", "ui.keys.main"},
	{"ui.key.tab", "ui.keys.tab"},
	{"ui.key.list", "ui.keys.list"},
	{"ui.key.scroll", "ui.keys.scroll"},
	{"preview.key.look", "preview.keys.look"},
	{"filter.key", "filter.keys"},
	{"ui.key.remove", "ui.keys.remove"},
	{"keys.key.again", "keys.again"},
	{"keys.key.print", "keys.print"},
	{"keys.key.size", "keys.size"},
	{"ui.key.card", "ui.keys.card"},
	{"ui.key.esc", "ui.keys.esc"},
	{"ui.key.help", "ui.keys.help"},
	{"keys.key.quit", "keys.quit"},
}

// keyboard registers the keys of the window.
func (u *UI) keyboard() {
	c := u.window.Canvas()
	c.SetOnTypedKey(u.typedKey)
	c.SetOnTypedRune(u.typedRune)
	on := func(key fyne.KeyName, with fyne.KeyModifier) {
		c.AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault | with}, func(fyne.Shortcut) { u.shortcut(key) })
	}
	for _, key := range []fyne.KeyName{
		fyne.Key0, fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.KeyComma, fyne.KeyEnter, fyne.KeyEqual, fyne.KeyF, fyne.KeyMinus, fyne.KeyO,
		fyne.KeyP, fyne.KeyPlus, fyne.KeyQ, fyne.KeyReturn, fyne.KeyW,
	} {
		on(key, 0)
	}
	on(fyne.KeyEqual, fyne.KeyModifierShift) // where the plus stands above it
	on(fyne.KeyPlus, fyne.KeyModifierShift)
	c.AddShortcut(&fyne.ShortcutPaste{}, func(fyne.Shortcut) { u.paste(u.app.Clipboard().Content()) })
}

// shortcut is what a key does together with Ctrl, or Cmd on a Mac. The size changes over a panel too: who cannot read a
// question must not have to refuse it first. The panel is made anew, and what was typed of a PIN is wiped.
func (u *UI) shortcut(key fyne.KeyName) {
	switch key {
	case fyne.KeyPlus, fyne.KeyEqual:
		u.resize(1)
		return
	case fyne.KeyMinus:
		u.resize(-1)
		return
	case fyne.Key0:
		u.resize(0)
		return
	}
	if u.asking != nil {
		return
	}
	switch key {
	case fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4:
		u.turn(pageID(key[0] - '1'))
	case fyne.KeyComma:
		u.turn(pageSettings)
	case fyne.KeyO:
		u.chooseFile()
	case fyne.KeyF:
		if v, ok := u.views[u.page].(filtered); ok {
			v.find()
		}
	case fyne.KeyReturn, fyne.KeyEnter:
		if f := u.views[u.page].Main(); f != nil {
			f()
		}
	case fyne.KeyP:
		u.printReport()
	case fyne.KeyQ, fyne.KeyW:
		u.quit()
	}
}

// typedKey is for keys that no control wants.
func (u *UI) typedKey(e *fyne.KeyEvent) {
	if u.scrolls(e.Name) {
		return
	}
	if u.asking != nil {
		if e.Name == fyne.KeyEscape {
			u.asking.refuse()
		}
		return
	}
	switch e.Name {
	case fyne.KeyF1:
		u.turn(pageHelp)
	case fyne.KeyF5:
		u.again()
	case fyne.KeyF6:
		u.window.Canvas().Focus(u.shell.bar.press)
	case fyne.KeyEscape:
		u.escape()
	}
}

// again does once more what the page tells the outcome of: the verification, the check-up.
func (u *UI) again() {
	switch st := u.latest.Load(); {
	case u.page == pageVerify && st.Verify != nil && !st.Verify.Running && st.Preview == nil:
		u.store.VerifyAs(st.Verify.VerifyRequest)
	case u.page == pageVerify && st.Verify == nil && st.Folder != nil && !st.Folder.Running:
		u.store.Verify(st.Folder.Path)
	case u.page == pageHelp:
		if f := u.views[pageHelp].Main(); f != nil {
			f()
		}
	}
}

// printReport prints the report of what was verified.
func (u *UI) printReport() {
	if ver := u.latest.Load().Verify; u.page == pageVerify && ver != nil && ver.Report != nil {
		u.store.PrintReport(ver, u.k.Catalog)
	}
}

// scaleSteps are the sizes of words and buttons, per cent.
var scaleSteps = []int{100, 125, 150, 175, 200}

// resize makes words and buttons one step larger or smaller; 0 gives them their usual size.
func (u *UI) resize(step int) {
	if scaleAfter(u.settings.Scale, step) != max(scaleSteps[0], u.settings.Scale) {
		u.store.ChangeSettings(func(s *app.Settings) { s.Scale = scaleAfter(s.Scale, step) })
	}
}

func scaleAfter(now, step int) int {
	at := 0
	for i, n := range scaleSteps {
		if now >= n {
			at = i
		}
	}
	if step == 0 {
		return scaleSteps[0]
	}
	return scaleSteps[max(0, min(at+step, len(scaleSteps)-1))]
}

// escape goes one step back: out of a control, then out of a verified file.
func (u *UI) escape() {
	st := u.latest.Load()
	switch {
	case st.Job != nil && st.Job.Running:
		u.store.Cancel()
	case u.page == pageSign && st.Adding != nil:
		u.store.StopAdding()
	case u.window.Canvas().Focused() != nil:
		u.window.Canvas().Unfocus()
	case u.page == u.lookedFrom && st.Preview != nil:
		u.store.ClosePreview()
	case u.page == pageVerify && st.Verify != nil:
		u.store.CloseVerification()
	case u.page != pageSign:
		u.turn(pageSign)
	}
}

func (u *UI) typedRune(r rune) {
	if r == '?' && u.asking == nil {
		u.turn(pageHelp)
	}
}

// dropped takes files from the file manager, wherever in the window they fall.
func (u *UI) dropped(uris []fyne.URI) {
	var paths []string
	for _, uri := range uris {
		paths = append(paths, uri.Path()) // never String: it is escaped
	}
	u.take(paths)
}

// take hands files to the store. While a question is open nothing is taken but by the question: what is signed is what
// was asked.
func (u *UI) take(paths []string) {
	if len(paths) == 0 || u.closing {
		return
	}
	if a := u.asking; a != nil {
		if a.take != nil {
			a.take(paths)
		} else {
			u.say(u.k.T("ui.take.asking"))
		}
		return
	}
	if u.page == pageVerify && len(paths) == 1 {
		u.store.Verify(paths[0]) // whatever it is: that it bears no signature is an answer too
		return
	}
	u.page = pageSign
	u.shell.turn(u.page)
	u.store.Add(paths...)
}

// paste takes what a file manager or a person copied: paths and file addresses, one a line. Whether they are there is
// asked beside the window: a share that has gone silent must not hold it.
func (u *UI) paste(s string) {
	told := u.later(200*time.Millisecond, func() { u.say(u.k.T("adding.finding.title")) })
	go func() {
		var paths []string
		for l := range strings.Lines(s) {
			l = app.PathIn(strings.Trim(strings.TrimSpace(l), `"'`))
			if !filepath.IsAbs(l) {
				continue
			}
			if _, err := os.Stat(l); err == nil {
				paths = append(paths, l)
			}
		}
		u.onUI(func() {
			told()
			if len(paths) == 0 {
				u.say(u.k.T("ui.paste.nothing"))
				return
			}
			u.take(paths)
		})
	}()
}

// chooseFile lets the person choose files to sign or to verify.
func (u *UI) chooseFile() { u.pick(pickFiles, "", u.take) }

// chooseFolder lets the person choose a folder, whose files are taken.
func (u *UI) chooseFolder() { u.pick(pickFolder, "", u.take) }

// saveContent asks where the document inside goes.
func (u *UI) saveContent() {
	v := u.latest.Load().Verify
	if v == nil || v.Contents == 0 {
		return
	}
	u.pickPlace(filepath.Dir(v.File), v.ContentName, func(path string) { u.store.SaveContent(v, path) }) // without a name: into the folder
}

// openFolder shows the folder of a file in the system's file manager.
func (u *UI) openFolder(path string) {
	if path == "" {
		return
	}
	u.launch(filepath.Dir(path))
}

func (u *UI) copy(s string) {
	u.app.Clipboard().SetContent(s)
	u.say(u.k.T("ui.copied"))
}

// say shows a sentence for six seconds: above the action bar, or above the panel that is open. It is never used for what
// went wrong.
func (u *UI) say(s string) {
	t, lies := u.shell.toast, u.shell.object
	if u.asking != nil && u.asking.panel != nil {
		t, lies = u.asking.panel.toast, u.asking.panel.object
	}
	t.say(s, u.app.Settings().ShowAnimations())
	lies.Refresh()
	u.later(6*time.Second, func() { t.hush(s) })
}

// reveal scrolls the page so that the part of o that is height high and begins at top is in sight.
func (u *UI) reveal(o fyne.CanvasObject, top, height float32) {
	if u.shell == nil {
		return
	}
	root := u.views[u.page].Object()
	if u.asking != nil {
		if u.asking.panel == nil {
			return
		}
		root = u.asking.panel.object
	}
	s := scrollerOf(root)
	if s == nil {
		return
	}
	o = standing(s.Content, o)
	if o == nil {
		return
	}
	top += heightWithin(s.Content, o) - s.Offset.Y
	room := s.Size().Height - height
	gap := min(u.k.px(16), max(0, room/2))
	if name := min(2*gap, max(0, room)); top < name { // what stands above a field is its name
		s.ScrollToOffset(fyne.NewPos(0, max(0, s.Offset.Y+top-name)))
	} else if over := min(top, top+gap-room); over > 0 { // of what is higher than the view the top is shown
		s.ScrollToOffset(fyne.NewPos(0, s.Offset.Y+over))
	}
}

// heightWithin is how far below the top of root its descendant o begins. The driver could tell only of what was painted
// before, and a panel that just opens was not.
func heightWithin(root, o fyne.CanvasObject) float32 {
	if root == o {
		return 0
	}
	c, ok := root.(*fyne.Container)
	if !ok {
		return 0
	}
	for _, x := range c.Objects {
		if standing(x, o) != nil {
			return x.Position().Y + heightWithin(x, o)
		}
	}
	return 0
}

// scrolls moves what is open, the page or the panel, by the keys that scroll.
func (u *UI) scrolls(key fyne.KeyName) bool {
	if u.shell == nil {
		return false
	}
	root := u.views[u.page].Object()
	if a := u.asking; a != nil {
		if a.panel == nil {
			return false
		}
		root = a.panel.object
	}
	s := scrollerOf(root)
	if s == nil {
		return false
	}
	y, step, leaf := s.Offset.Y, u.k.px(60), s.Size().Height*0.9
	switch key {
	case fyne.KeyDown:
		y += step
	case fyne.KeyUp:
		y -= step
	case fyne.KeyPageDown:
		y += leaf
	case fyne.KeyPageUp:
		y -= leaf
	case fyne.KeyHome:
		y = 0
	case fyne.KeyEnd:
		y = s.Content.MinSize().Height
	default:
		return false
	}
	s.ScrollToOffset(fyne.NewPos(0, max(0, min(y, s.Content.MinSize().Height-s.Size().Height))))
	return true
}

func scrollerOf(o fyne.CanvasObject) *container.Scroll {
	switch c := o.(type) {
	case *container.Scroll:
		return c
	case *fyne.Container:
		for _, x := range c.Objects {
			if s := scrollerOf(x); s != nil {
				return s
			}
		}
	}
	return nil
}

// standing is the object in root that shows o, which may be the press within a button: only what stands in the
// tree itself has a place there. It is nil when there is none.
func standing(root, o fyne.CanvasObject) fyne.CanvasObject {
	if root == o {
		return root
	}
	switch c := root.(type) {
	case *fyne.Container:
		for _, x := range c.Objects {
			if found := standing(x, o); found != nil {
				return found
			}
		}
	case *container.Scroll:
		return standing(c.Content, o)
	case *button:
		if o == fyne.CanvasObject(c.press) {
			return c
		}
	case *choice:
		if o == fyne.CanvasObject(c.press) {
			return c
		}
	case *tickBox:
		if o == fyne.CanvasObject(c.press) {
			return c
		}
	}
	return nil
}
