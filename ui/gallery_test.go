package ui

import (
	"flag"
	"fmt"
	"html"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var (
	galleryDir  = flag.String("gallery", "", "folder for pictures of every screen")
	galleryOnly = flag.String("gallery.only", "", "regular expression of the pictures wanted")
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
				for _, tag := range []string{"it", "en"} {
					name := fmt.Sprintf("%s-%s-%s-%s.png", s.name, size.name, theme, tag)
					if !only.MatchString(name) {
						continue
					}
					set := *s.state.Settings
					set.Theme, set.Language, set.Scale = theme, tag, size.scale
					st := *s.state
					st.Settings = &set
					t.Run(name, func(t *testing.T) {
						shoot(t, filepath.Join(*galleryDir, name), scene{s.name, s.page, &st, s.then}, size.w, size.h)
					})
					fmt.Fprintf(index, "<figure><img loading=lazy src=%q><figcaption>%s</figcaption></figure>\n", name, name)
				}
			}
		}
	}
}

func shoot(t *testing.T, path string, s scene, w, h float32) {
	u, _, _ := window(t, s.state, w, h)
	u.turn(s.page)
	if s.then != nil {
		s.then(u)
	}
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
