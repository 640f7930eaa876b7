package ui

import (
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"ceralacca/app"
	"ceralacca/assets"
)

var update = flag.Bool("update", false, "write the goldens anew")

// wordless are the assets with an empty catalog: a text without words is shown as its key, so that a golden
// changes when a page does, and not when a sentence is polished.
func wordless(t *testing.T) fs.FS {
	files := fstest.MapFS{"text/it/none.json": {Data: []byte("{}")}}
	err := fs.WalkDir(assets.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path, "text/") {
			return err
		}
		b, err := fs.ReadFile(assets.FS, path)
		files[path] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestPagesGolden holds what every page shows in every state, by key.
func TestPagesGolden(t *testing.T) {
	files := wordless(t)
	var got strings.Builder
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			u := s.open(t, files, 1280, 800, nil)
			seen := u.views[s.page].Object()
			if u.asking != nil {
				seen = u.asking.panel.object
			}
			fmt.Fprintf(&got, "== %s ==\n%s\n", s.name, words(seen))
		})
	}
	golden(t, "pages.txt", got.String())
}

// BenchmarkShow is how long the window's goroutine is held by one change in a batch of 1,000 files.
func BenchmarkShow(b *testing.B) {
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("file%04d.pdf", i)
	}
	st := state(func(s *app.State) {
		s.Docs = docs(app.DocWaiting, names...)
		s.Job = &app.Job{Running: true, Total: 1000, Signer: "ANNA ESEMPIO"}
	})
	u, _, _ := window(b, st, 1280, 800)
	b.ResetTimer()
	for i := range b.N {
		next := *st
		job := *st.Job
		job.Done, job.Current = i%1000, names[i%1000]
		next.Job = &job
		d := app.Docs{List: append([]app.Doc(nil), st.Docs.List...)}
		d.List[i%1000].Status = app.DocSigning
		next.Docs = &d
		u.show(&next)
	}
}
