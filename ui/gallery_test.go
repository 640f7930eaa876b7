package ui

import (
	"flag"
	"fmt"
	"html"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ceralacca/app"
	"ceralacca/assets"
)

var (
	galleryDir  = flag.String("gallery", "", "folder for pictures of every screen")
	galleryOnly = flag.String("gallery.only", "", "regular expression of the pictures wanted")
	galleryTags = flag.String("gallery.languages", "it,en", "languages of the pictures")
)

// TestGallery renders every screen in every state, light, size and language, with an index page.
func TestGallery(t *testing.T) {
	if *galleryDir == "" {
		t.Skip("pictures are made with -gallery DIR")
	}
	only := regexp.MustCompile(*galleryOnly)
	if err := os.MkdirAll(*galleryDir, 0o755); err != nil {
		t.Fatal(err)
	}
	index, err := os.Create(filepath.Join(*galleryDir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	fmt.Fprint(index, "<!doctype html><meta charset=utf-8><title>Ceralacca</title><style>body{font-family:sans-serif;background:#ddd}figure{display:inline-block;margin:8px;vertical-align:top}img{max-width:580px;border:1px solid #888}</style>\n")
	sizes := []struct {
		name  string
		w, h  float32
		scale int
	}{{"1280x800", 1280, 800, 100}, {"800x600", 800, 600, 100}, {"200", 1280, 800, 200}}
	for _, s := range scenes() {
		fmt.Fprintf(index, "<h2>%s</h2>\n", html.EscapeString(s.name))
		for _, size := range sizes {
			for _, theme := range []string{"light", "dark", "contrast"} {
				for _, tag := range strings.Split(*galleryTags, ",") {
					name := fmt.Sprintf("%s-%s-%s-%s.png", s.name, size.name, theme, tag)
					if !only.MatchString(name) {
						continue
					}
					t.Run(name, func(t *testing.T) {
						u := s.open(t, assets.FS, size.w, size.h, func(set *app.Settings) {
							set.Theme, set.Language, set.Scale = theme, tag, size.scale
						})
						shoot(t, u, filepath.Join(*galleryDir, name))
					})
					fmt.Fprintf(index, "<figure><img loading=lazy src=%q><figcaption>%s</figcaption></figure>\n", name, name)
				}
			}
		}
	}
}

func shoot(t *testing.T, u *UI, path string) {
	u.shell.object.Refresh()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, u.window.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}
