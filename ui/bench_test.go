package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/assets"
)

// BenchmarkThousandFiles signs a folder of 1,000 files through the real store and the practice card, and reports
// how long the window's goroutine was held at a time: by a repaint, a layout, a list that grew. Drawing by the
// graphics card comes on top; `make figures` measures it in the real window.
func BenchmarkThousandFiles(b *testing.B) {
	for b.Loop() {
		reportTurns(b, signFolder(b, 1000))
	}
}

// reportTurns reports the longest and the 99 % turn of the goroutine that paints.
func reportTurns(b *testing.B, held []time.Duration) {
	b.Helper()
	slices.Sort(held)
	b.ReportMetric(float64(held[len(held)-1].Microseconds())/1000, "ms-longest")
	b.ReportMetric(float64(held[len(held)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(len(held)), "turns")
}

func signFolder(b *testing.B, n int) []time.Duration {
	b.Helper()
	dir := b.TempDir()
	writeMany(b, dir, n, ".pdf", []byte("%PDF-1.4 di prova\n"))
	u, store, q := practiceWindow(b, "it", 1280, 800)
	q.held = nil
	signAll(b, u, store, q, n, dir)
	return q.held
}

// writeMany writes n files of this kind and content.
func writeMany(b *testing.B, dir string, n int, ext string, content []byte) {
	b.Helper()
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("documento %05d%s", i, ext)), content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
}

// signAll signs the n files of the folder with the practice card.
func signAll(b *testing.B, u *UI, store *app.Store, q *posts, n int, dir string) {
	b.Helper()
	view := func() *signView { return u.views[pageSign].(*signView) }
	u.take([]string{dir})
	q.until(b, "the files are listed", func() bool { return len(view().docs) == n && view().Main() != nil })
	view().Main()()
	q.until(b, "the PIN is asked for", func() bool { return u.asking != nil && u.asking.panel.field != nil })
	field := u.window.Canvas().Focused().(*pinField)
	for _, r := range app.PracticePIN {
		field.TypedRune(r)
	}
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	q.until(b, "all are signed", func() bool { return view().mode == signDone })
	if j := store.State().Job; j.Signed != n {
		b.Fatalf("%d of %d signed", j.Signed, n)
	}
}

// BenchmarkTenThousandRows scrolls a list of 10,000 files by one row, and from end to end.
func BenchmarkTenThousandRows(b *testing.B) {
	names := make([]string, 10000)
	for i := range names {
		names[i] = fmt.Sprintf("documento %05d.pdf", i)
	}
	u, _, _ := window(b, state(func(s *app.State) { s.Docs = docs(app.DocReady, names...) }), 1280, 800)
	list := u.views[pageSign].(*signView).list
	b.Run("row", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			list.move(i % len(names))
		}
	})
	b.Run("end-to-end", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			list.move((len(names) - 1) * (i % 2))
		}
	})
}

// BenchmarkStart builds the window with its pages, fonts and texts, as every start does before the first frame.
func BenchmarkStart(b *testing.B) {
	st := state(func(*app.State) {})
	for b.Loop() {
		u := newUI(tempApp(b), &fakeStore{}, st, assets.FS)
		u.window.Close()
	}
}
