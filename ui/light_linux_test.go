package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"github.com/godbus/dbus/v5"

	"ceralacca/app"
)

// TestFiledLight is what is known of the light where no portal answers.
func TestFiledLight(t *testing.T) {
	const gtk3, gtk4, kde = "gtk-3.0/settings.ini", "gtk-4.0/settings.ini", "kdeglobals"
	for _, tc := range []struct {
		name  string
		theme string // GTK_THEME
		files map[string]string
		want  fyne.ThemeVariant
	}{
		{"nothing is known", "", nil, theme.VariantLight},
		{"the environment says dark", "Adwaita:dark", map[string]string{gtk3: "[Settings]\ngtk-theme-name=Adwaita\n"}, theme.VariantDark},
		{"the environment says light", "Adwaita", map[string]string{gtk3: "[Settings]\ngtk-application-prefer-dark-theme=1\n"}, theme.VariantLight},
		{"dark is preferred", "", map[string]string{gtk3: "[Settings]\ngtk-theme-name = Adwaita\ngtk-application-prefer-dark-theme = true\n"}, theme.VariantDark},
		{"dark by its name", "", map[string]string{gtk4: "[Settings]\ngtk-theme-name=\"Yaru-dark\"\n"}, theme.VariantDark},
		{"the newer file counts", "", map[string]string{gtk4: "[Settings]\ngtk-theme-name=Yaru\n", gtk3: "[Settings]\ngtk-theme-name=Yaru-dark\n"}, theme.VariantLight},
		{"another group", "", map[string]string{gtk3: "[Other]\ngtk-application-prefer-dark-theme=1\n"}, theme.VariantLight},
		{"KDE dark", "", map[string]string{kde: "[General]\nColorScheme=BreezeDark\n"}, theme.VariantDark},
		{"KDE light", "", map[string]string{kde: "[General]\nColorScheme=BreezeLight\n"}, theme.VariantLight},
		{"no such file at all", "", map[string]string{gtk3: "\x00\xff[[==\n" + strings.Repeat("x", 1<<17)}, theme.VariantLight},
	} {
		t.Run(tc.name, func(t *testing.T) {
			home := t.TempDir()
			for name, text := range tc.files {
				path := filepath.Join(home, ".config", name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got := filedLight(func(key string) string { return map[string]string{"HOME": home, "GTK_THEME": tc.theme}[key] }); got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}

// appearance stands in for the portal's settings.
type appearance struct{ scheme any }

// Read is the portal's method.
func (a *appearance) Read(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(dbus.MakeVariant(a.scheme)), nil
}

// TestSystemLight asks a portal of the test's own bus, and none.
func TestSystemLight(t *testing.T) {
	t.Setenv("FYNE_THEME", "")
	t.Setenv("GTK_THEME", "Adwaita")
	sessionBus(t)
	known := func() fyne.ThemeVariant {
		v, later := systemLight(theme.VariantDark)
		if later != nil {
			if said, ok := <-later; ok {
				return said
			}
		}
		return v
	}
	if got := known(); got != theme.VariantLight {
		t.Errorf("without a portal: %v", got)
	}
	t.Setenv("GTK_THEME", "Adwaita-dark")
	if got := known(); got != theme.VariantDark {
		t.Errorf("without a portal, GTK dark: %v", got)
	}
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	says := func(scheme any) {
		t.Helper()
		if err := bus.Export(&appearance{scheme}, portalPath, "org.freedesktop.portal.Settings"); err != nil {
			t.Fatal(err)
		}
	}
	says(uint32(2))
	if r, err := bus.RequestName(portalName, 0); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(r, err)
	}
	if got := known(); got != theme.VariantLight {
		t.Errorf("the portal's light is %v where GTK says dark", got)
	}
	for _, tc := range []struct {
		scheme any
		want   fyne.ThemeVariant
		known  bool
	}{{uint32(0), theme.VariantLight, true}, {uint32(1), theme.VariantDark, true}, {uint32(2), theme.VariantLight, true}, {"dark", theme.VariantLight, false}} {
		says(tc.scheme)
		if got, known := portalLight(t.Context()); got != tc.want || known != tc.known {
			t.Errorf("%v: %v, %v", tc.scheme, got, known)
		}
	}
}

// TestLightFollowsTheSystem: the window begins as the system is, follows the toolkit when that changes, and not its zero.
func TestLightFollowsTheSystem(t *testing.T) {
	u, _, _ := window(t, state(func(s *app.State) { s.Settings.Theme = "" }), 800, 600)
	if u.k.p != light {
		t.Fatalf("the test's toolkit is %s", u.k.p.name)
	}
	u.lit(theme.VariantDark)
	if u.k.p != dark {
		t.Errorf("told of dark it is %s", u.k.p.name)
	}
	u.app.Settings().SetTheme(u.k.theme) // the toolkit tells of what it has always had
	if u.k.p != dark {
		t.Errorf("without a change it becomes %s", u.k.p.name)
	}
	u.lit(theme.VariantLight)
	if u.k.p != light {
		t.Errorf("told of light it is %s", u.k.p.name)
	}
}
