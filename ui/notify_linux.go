package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"github.com/godbus/dbus/v5"
)

// notifyTime is how long the desktop may take to take a notification.
const notifyTime = 5 * time.Second

// notify shows a notification of the desktop, beside the window: the toolkit's own way waits for the desktop's answer on
// the window's goroutine. Where the bus has no such service that way is gone all the same, as in a Flatpak's portal.
// https://specifications.freedesktop.org/notification-spec/latest/protocol.html
func (u *UI) notify(n *fyne.Notification) {
	u.reading.Go(func() {
		ctx, cancel := context.WithTimeout(u.ctx, notifyTime)
		defer cancel()
		err := busNotify(ctx, n)
		if err != nil && ctx.Err() == nil {
			u.onUI(func() { u.app.SendNotification(n) })
		}
	})
}

func busNotify(ctx context.Context, n *fyne.Notification) error {
	bus, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if err != nil {
		return err
	}
	defer bus.Close()
	return bus.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").CallWithContext(ctx, "org.freedesktop.Notifications.Notify", 0,
		"Ceralacca", uint32(0), "it.ceralacca.Ceralacca", n.Title, n.Content, []string{}, map[string]dbus.Variant{}, int32(-1)).Err
}
