package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"github.com/godbus/dbus/v5"
)

// notifications stands in for the desktop's service on a bus of the test's own.
type notifications struct {
	got chan string
	let chan struct{} // the answer waits for it
}

// Notify is the service's method.
func (n *notifications) Notify(_ string, _ uint32, _, title, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	n.got <- title + "|" + body
	<-n.let
	return 1, nil
}

// The window goes on while the desktop has not answered.
func TestNotificationDoesNotHoldTheWindow(t *testing.T) {
	sessionBus(t)
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	n := &notifications{make(chan string, 1), make(chan struct{})}
	const name = "org.freedesktop.Notifications"
	if err := bus.Export(n, "/org/freedesktop/Notifications", name); err != nil {
		t.Fatal(err)
	}
	if r, err := bus.RequestName(name, 0); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(r, err)
	}
	u, _, _ := window(t, state(nil), 800, 600)
	u.notify(fyne.NewNotification("a", "b")) // returns, although nobody has answered
	if got := <-n.got; got != "a|b" {
		t.Errorf("%q", got)
	}
	close(n.let)
	u.reading.Wait()
}
