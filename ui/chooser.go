package ui

import (
	"context"
	"errors"
	"path/filepath"

	"ceralacca/app/lang"
)

// A chooser is the system's own file dialog. It returns the absolute paths chosen, none if the person chose
// nothing, or errNoChooser where the system has no such dialog: then the picker of the window takes its place.
// It runs on a goroutine of its own and ends with ctx.
type chooser func(ctx context.Context, q choose) ([]string, error)

// choose is what a chooser is asked for.
type choose struct {
	what   pickWhat
	title  string
	dir    string // where it starts; may be empty
	parent uintptr
}

var errNoChooser = errors.New("the system has no file dialog")

// pick lets the person choose: in the system's own dialog, else in ours. dir is where it starts; empty for the
// folder used last.
func (u *UI) pick(what pickWhat, dir string, give func([]string)) {
	u.pickOr(what, dir, give, func() {})
}

// pickOr is pick with what is done when the person chose nothing.
func (u *UI) pickOr(what pickWhat, dir string, give func([]string), none func()) {
	u.pickNamed(what, dir, "", give, none)
}

// pickPlace lets the person choose the folder where the program will write name, and gives the path. Without a name
// it gives the folder.
func (u *UI) pickPlace(dir, name string, give func(path string)) {
	u.pickNamed(pickSave, dir, name, func(folder []string) { give(filepath.Join(folder[0], name)) }, func() {})
}

// pickNamed is pickOr for a file of that name; empty for none.
func (u *UI) pickNamed(what pickWhat, dir, name string, give func([]string), none func()) {
	if u.choosing {
		u.say(u.k.T("ui.pick.already"))
	}
	if u.asking != nil || u.closing || u.choosing {
		return
	}
	if dir == "" {
		dir = u.lastDir
	}
	if u.chooser == nil {
		u.pickHere(what, dir, name, give, none)
		return
	}
	u.choosing = true
	q := choose{what, u.pickTitle(what, name), dir, nativeHandle(u.window)}
	u.reading.Go(func() {
		paths, err := u.chooser(u.ctx, q)
		u.onUI(func() {
			u.choosing = false
			switch {
			case u.closing || u.ctx.Err() != nil:
			case err != nil:
				u.pickHere(what, dir, name, give, none)
			case len(paths) == 0:
				none()
			default:
				u.lastDir = filepath.Dir(paths[0])
				if !what.file() {
					u.lastDir = paths[0]
				}
				give(paths)
			}
		})
	})
}

var pickTitles = [...]string{pickFiles: "ui.pick.files", pickFile: "ui.pick.none", pickFolder: "ui.pick.folder", pickSave: "ui.pick.save"}

// pickTitle is the title of the dialog, with the name that will be written.
func (u *UI) pickTitle(what pickWhat, name string) string {
	if name == "" {
		return u.k.T(pickTitles[what])
	}
	return u.k.Text(lang.M("ui.pick.save.named", "name", name))
}
