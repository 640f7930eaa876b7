//go:build !linux

package ui

import "fyne.io/fyne/v2"

// notify shows a notification of the desktop.
func (u *UI) notify(n *fyne.Notification) { u.app.SendNotification(n) }
