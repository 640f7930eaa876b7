package ui

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"github.com/godbus/dbus/v5"
)

// The portal of the desktop, which shows the dialog of GNOME, KDE or whatever runs.
// https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.FileChooser.html
const (
	portalName    = "org.freedesktop.portal.Desktop"
	portalPath    = "/org/freedesktop/portal/desktop"
	portalOpen    = "org.freedesktop.portal.FileChooser.OpenFile"
	portalRequest = "org.freedesktop.portal.Request"
)

// portalTime is how long the portal may take to say that it has understood; the person then takes as long as they like.
const portalTime = 5 * time.Second

// systemChooser asks the portal. Without a session bus or a portal there is no dialog.
func systemChooser(ctx context.Context, q choose) ([]string, error) {
	soon, end := context.WithTimeout(ctx, portalTime)
	defer end()
	// The bus outlives ctx, to have the dialog closed; until it has answered it is hung up in time.
	life, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	late := context.AfterFunc(soon, hangUp)
	bus, err := dbus.ConnectSessionBus(dbus.WithContext(life))
	late()
	if err != nil {
		return nil, errNoChooser
	}
	defer bus.Close()
	// The answer may come before the call returns, so we listen first, at the address that the token decides.
	token := "ceralacca_" + strings.ToLower(rand.Text())
	request := dbus.ObjectPath(portalPath + "/request/" + strings.ReplaceAll(bus.Names()[0][1:], ".", "_") + "/" + token)
	if err := bus.AddMatchSignal(dbus.WithMatchObjectPath(request), dbus.WithMatchInterface(portalRequest), dbus.WithMatchMember("Response")); err != nil {
		return nil, errNoChooser
	}
	signals := make(chan *dbus.Signal, 4)
	bus.Signal(signals)
	options := map[string]dbus.Variant{
		"handle_token": dbus.MakeVariant(token),
		"modal":        dbus.MakeVariant(true),
		"multiple":     dbus.MakeVariant(q.what == pickFiles),
		"directory":    dbus.MakeVariant(!q.what.file()),
	}
	if q.dir != "" {
		options["current_folder"] = dbus.MakeVariant(append([]byte(q.dir), 0))
	}
	parent := ""
	if q.parent != 0 {
		parent = "x11:" + strconv.FormatUint(uint64(q.parent), 16)
	}
	if call := bus.Object(portalName, portalPath).CallWithContext(soon, portalOpen, 0, parent, q.title, options); call.Err != nil && ctx.Err() == nil {
		return nil, errNoChooser
	}
	for {
		select {
		case s, open := <-signals:
			if !open {
				return nil, errNoChooser // the bus went away
			}
			if s.Path == request && s.Name == portalRequest+".Response" {
				return portalAnswer(s.Body)
			}
		case <-ctx.Done():
			last, end := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer end()
			bus.Object(portalName, request).CallWithContext(last, portalRequest+".Close", 0) // a portal that is gone has no dialog
			return nil, ctx.Err()
		}
	}
}

// portalAnswer reads a Response: 0 with the addresses, 1 for a person who chose nothing, else a failure.
func portalAnswer(body []any) ([]string, error) {
	if len(body) != 2 {
		return nil, errNoChooser
	}
	code, ok := body[0].(uint32)
	results, isMap := body[1].(map[string]dbus.Variant)
	switch {
	case !ok || !isMap || code > 1:
		return nil, errNoChooser
	case code == 1:
		return nil, nil
	}
	addresses, _ := results["uris"].Value().([]string)
	var paths []string
	for _, a := range addresses {
		if at, err := url.Parse(a); err == nil && at.Scheme == "file" && at.Path != "" && !bytes.ContainsRune([]byte(at.Path), 0) {
			paths = append(paths, at.Path)
		}
	}
	return paths, nil
}

// nativeHandle is the X11 window that the dialog belongs to, or 0.
func nativeHandle(w fyne.Window) uintptr {
	var handle uintptr
	if n, ok := w.(driver.NativeWindow); ok {
		n.RunNative(func(c any) {
			if x, ok := c.(driver.X11WindowContext); ok {
				handle = x.WindowHandle
			}
		})
	}
	return handle
}
