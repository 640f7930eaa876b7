package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"ceralacca/app"
)

var _ app.Notifier = (*UI)(nil)

// Notify implements app.Notifier: it shows a notification of the desktop.
func (u *UI) Notify(r app.Reminder) {
	u.onUI(func() {
		title, body := r.Words(u.k.Catalog)
		u.notify(fyne.NewNotification(title, body))
	})
}

// Hide has ShowAndRun begin in the system tray, without a window; it is called before that. Where there is no tray
// the window opens.
func (u *UI) Hide() { u.hidden = true }

// inTray puts the program into the system tray, with what opens the window and what ends the program. It reports
// whether there is a tray.
func (u *UI) inTray(quit func()) bool {
	d, able := u.app.(desktop.App)
	if !able {
		return false
	}
	last := fyne.NewMenuItem(u.k.T("ui.tray.quit"), func() { u.onUI(quit) })
	last.IsQuit = true
	d.SetSystemTrayMenu(fyne.NewMenu("Ceralacca", fyne.NewMenuItem(u.k.T("ui.tray.open"), func() { u.onUI(u.raise) }), last))
	d.SetSystemTrayIcon(u.k.drawing("app-small", 64/(u.k.scale*u.k.device), u.k.p.wax)) // a tray has 16 to 24 pixels
	return true
}

// toTray hides the window. A question that is open is refused, as by Esc: no digits wait where nobody sees them.
func (u *UI) toTray() {
	if u.asking != nil {
		u.asking.refuse()
	}
	u.window.Hide()
}

// raise shows the window, from the tray or from behind others.
func (u *UI) raise() {
	u.window.Show()
	u.window.RequestFocus()
}
