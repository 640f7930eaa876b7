package ui

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"github.com/godbus/dbus/v5"
)

// lightSoon is how long the start waits for the portal to say whether the desktop is dark; where it takes longer the window
// begins as the files say and changes when the answer comes. lightTime is when no answer is waited for any more.
const (
	lightSoon = 150 * time.Millisecond
	lightTime = 5 * time.Second
)

// systemLight is the desktop's own light or dark, as far as it is known at the start; later, unless it is nil, gives what the
// portal says after that, or closes without an answer. The toolkit asks the same portal, but where none answers it stays at
// the zero of its type, which is dark, whatever the desktop looks like. So we ask as well, then look where GTK and KDE keep
// the choice, and take light where nothing is known.
// https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html
func systemLight(toolkit fyne.ThemeVariant) (v fyne.ThemeVariant, later <-chan fyne.ThemeVariant) {
	if toolkit == theme.VariantLight || os.Getenv("FYNE_THEME") != "" {
		return toolkit, nil // it was told, or has its answer
	}
	answer := make(chan fyne.ThemeVariant, 1)
	go func() {
		defer close(answer)
		ctx, cancel := context.WithTimeout(context.Background(), lightTime)
		defer cancel()
		if v, known := portalLight(ctx); known {
			answer <- v
		}
	}()
	soon := time.NewTimer(lightSoon)
	defer soon.Stop()
	select {
	case v, known := <-answer:
		if known {
			return v, nil
		}
		return filedLight(os.Getenv), nil
	case <-soon.C:
		return filedLight(os.Getenv), answer
	}
}

// portalLight asks the desktop's portal; known is false without a bus, a portal or an answer that is one. No preference is
// light, as the toolkit has it.
func portalLight(ctx context.Context) (v fyne.ThemeVariant, known bool) {
	bus, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if err != nil {
		return theme.VariantLight, false
	}
	defer bus.Close()
	var found dbus.Variant
	err = bus.Object(portalName, portalPath).CallWithContext(ctx, "org.freedesktop.portal.Settings.Read", 0, "org.freedesktop.appearance", "color-scheme").Store(&found)
	if err != nil {
		return theme.VariantLight, false
	}
	for { // the answer lies in a variant within a variant
		inner, ok := found.Value().(dbus.Variant)
		if !ok {
			break
		}
		found = inner
	}
	scheme, ok := found.Value().(uint32)
	if ok && scheme == 1 { // 0 no preference, 1 dark, 2 light
		return theme.VariantDark, true
	}
	return theme.VariantLight, ok
}

// filedLight is what the environment and the files of GTK and KDE tell, in that order; light where they tell nothing.
// https://docs.gtk.org/gtk3/running.html (GTK_THEME), https://docs.gtk.org/gtk3/property.Settings.gtk-application-prefer-dark-theme.html
func filedLight(env func(string) string) fyne.ThemeVariant {
	if name := env("GTK_THEME"); name != "" {
		return lightOf(name)
	}
	dir := env("XDG_CONFIG_HOME")
	if dir == "" {
		dir = filepath.Join(env("HOME"), ".config")
	}
	for _, file := range []string{"gtk-4.0/settings.ini", "gtk-3.0/settings.ini"} {
		set := readKeys(filepath.Join(dir, file), "Settings")
		switch strings.ToLower(set["gtk-application-prefer-dark-theme"]) {
		case "1", "true":
			return theme.VariantDark
		}
		if name := set["gtk-theme-name"]; name != "" {
			return lightOf(name)
		}
	}
	return lightOf(readKeys(filepath.Join(dir, "kdeglobals"), "General")["ColorScheme"])
}

// lightOf is what the name of a theme tells: "Adwaita-dark", "Adwaita:dark", "BreezeDark".
func lightOf(name string) fyne.ThemeVariant {
	if strings.HasSuffix(strings.ToLower(name), "dark") {
		return theme.VariantDark
	}
	return theme.VariantLight
}

// maxKeys bounds a file of settings, which has a few dozen lines.
const maxKeys = 10_000

// readKeys reads a group of a file in the form of desktop entries; nothing of one that cannot be read.
func readKeys(path, group string) map[string]string {
	keys := map[string]string{}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return keys // a pipe would hold the start
	}
	f, err := os.Open(path)
	if err != nil {
		return keys
	}
	defer f.Close()
	lines, within := bufio.NewScanner(f), false
	for n := 0; n < maxKeys && lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			within = line == "["+group+"]"
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && within {
			keys[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return keys
}
