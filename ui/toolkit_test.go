package ui

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	fynelang "fyne.io/fyne/v2/lang"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
)

// TestToolkitSpeaksOurLanguage asks Fyne for its words under several systems, in each of our languages.
func TestToolkitSpeaksOurLanguage(t *testing.T) {
	for _, system := range []string{"C.UTF-8", "it_IT.UTF-8", "en_GB.UTF-8", "de_AT.UTF-8", "sl_SI.UTF-8", "pt_BR.UTF-8", "zh_CN.UTF-8"} {
		t.Setenv("LC_ALL", system)
		t.Setenv("LANG", system)
		t.Setenv("LANGUAGE", "")
		for _, tag := range lang.Languages {
			k, err := newKit(assets.FS, app.Settings{Language: tag}, 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := k.toolkitWords(); err != nil {
				t.Fatalf("%s on %s: %v", tag, system, err)
			}
			for _, key := range k.Keys() {
				if name, ok := strings.CutPrefix(key, "toolkit."); ok {
					if got, want := fynelang.X(name, name), k.T(key); got != want {
						t.Errorf("%s on %s: Fyne says %q for %q, want %q", tag, system, got, name, want)
					}
				}
			}
		}
	}
}

// TestToolkitWordsAreAll holds our list to the words that this version of Fyne asks for.
func TestToolkitWordsAreAll(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "fyne.io/fyne/v2").Output()
	if err != nil {
		t.Fatalf("where Fyne's sources are: %v", err)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "lang", "translations", "base.en.json"))
	if err != nil {
		t.Fatal(err)
	}
	var asked map[string]any
	if err := json.Unmarshal(b, &asked); err != nil {
		t.Fatal(err)
	}
	k, err := newKit(assets.FS, app.Settings{Language: lang.Languages[0]}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for word := range asked {
		if !k.Has("toolkit." + word) {
			t.Errorf("Fyne's %q has no word of ours", word)
		}
	}
}

// TestDrawingsTakeTheColoursOfTheLight: a colour that no light has would glare in the dark.
func TestDrawingsTakeTheColoursOfTheLight(t *testing.T) {
	k, err := newKit(assets.FS, app.Settings{Language: "it", Theme: "dark"}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	colours := regexp.MustCompile("#[0-9A-Fa-f]{6}")
	files, err := fs.Glob(assets.FS, "icons/draw-*.svg")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := fs.ReadFile(assets.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		painted := string(k.drawing(strings.TrimSuffix(path.Base(file), ".svg"), 112, dark.ink).Content())
		for _, c := range colours.FindAllString(string(b), -1) {
			if c != hexOf(dark.onWax) && strings.Contains(painted, c) {
				t.Errorf("%s keeps %s in the dark", file, c)
			}
		}
	}
}
