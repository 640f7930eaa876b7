package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ceralacca/app"
)

// BenchmarkTurns does with long lists what people do, through the real store, and reports how long the window's
// goroutine was held at a time, as BenchmarkThousandFiles does: by a change of the State, or by a hand.
func BenchmarkTurns(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("add/%d", n), func(b *testing.B) {
			turns(b, func(*UI, *app.Store, *posts) {}, func(u *UI, _ *app.Store, q *posts) { addMany(b, u, q, n) })
		})
		b.Run(fmt.Sprintf("receiver/%d", n), func(b *testing.B) {
			turns(b, func(u *UI, _ *app.Store, q *posts) { addMany(b, u, q, n) }, func(u *UI, store *app.Store, q *posts) {
				for _, id := range []string{"registro-imprese", "general"} {
					store.SetProfile(id)
					q.until(b, "the list is checked for "+id, func() bool { return checked(u, id) })
					q.timed(u.openFiling)
					q.timed(u.asking.shut)
				}
			})
		})
		b.Run(fmt.Sprintf("looks/%d", n), func(b *testing.B) {
			turns(b, func(u *UI, _ *app.Store, q *posts) { addMany(b, u, q, n) }, func(u *UI, store *app.Store, q *posts) { looks(b, u, store, q) })
		})
	}
	const n = 10000
	verified := func(u *UI, store *app.Store, q *posts) { verifyMany(b, u, store, q, n) }
	b.Run("verify/10000", func(b *testing.B) {
		turns(b, func(*UI, *app.Store, *posts) {}, verified)
	})
	b.Run("verified/filter/10000", func(b *testing.B) {
		turns(b, verified, func(u *UI, _ *app.Store, q *posts) {
			f := u.views[pageVerify].(*verifyView).filter
			for _, r := range "documento 012" {
				q.timed(func() { f.field.TypedRune(r) })
			}
			for kind := range filterKinds {
				q.timed(func() { f.choose(kind); f.changed() })
			}
		})
	})
	b.Run("verified/looks/10000", func(b *testing.B) {
		turns(b, verified, func(u *UI, store *app.Store, q *posts) { looks(b, u, store, q) })
	})
}

// BenchmarkJobTurns shows a job of 10,000 files file by file, and its end with what can be pressed there.
func BenchmarkJobTurns(b *testing.B) {
	const n = 10000
	st := state(func(s *app.State) { s.Docs = manyDocs(n) })
	for i := range st.Docs.List {
		st.Docs.List[i].Status = app.DocWaiting
	}
	for b.Loop() {
		st := *st
		q := newPosts()
		u, _, _ := window(b, &st, 1280, 800)
		for i := range 20 {
			st.Docs = &app.Docs{List: slices.Clone(st.Docs.List)}
			d := &st.Docs.List[i]
			d.Status, d.Output = app.DocSigned, d.Path+".p7m"
			st.Job = &app.Job{Running: true, Total: n, Done: i, Signed: i, Current: d.Name, Signer: "ANNA ESEMPIO"}
			next := st
			u.latest.Store(&next)
			q.timed(func() { u.show(&next) })
		}
		st.Docs = &app.Docs{List: slices.Clone(st.Docs.List)}
		for i := range st.Docs.List {
			d := &st.Docs.List[i]
			d.Status, d.Output = app.DocSigned, d.Path+".p7m"
		}
		st.Job = &app.Job{Total: n, Done: n, Signed: n, Signer: "ANNA ESEMPIO"}
		u.latest.Store(&st)
		q.timed(func() { u.show(&st) })
		v := u.views[pageSign].(*signView)
		q.timed(v.copyNames)
		for i := range 20 {
			q.timed(func() { v.list.move(i * n / 20) })
		}
		reportTurns(b, q.held)
	}
}

// turns does and reports what follows on the preparation.
func turns(b *testing.B, prepare, do func(*UI, *app.Store, *posts)) {
	b.Helper()
	for b.Loop() {
		u, store, q := practiceWindow(b, "it", 1280, 800)
		prepare(u, store, q)
		q.held = nil
		do(u, store, q)
		reportTurns(b, q.held)
	}
}

// timed is a turn that a hand begins.
func (p *posts) timed(f func()) {
	start := time.Now()
	f()
	p.held = append(p.held, time.Since(start))
}

// smallPDF is whole, and no PDF/A.
const smallPDF = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n" +
	"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \ntrailer\n<</Root 1 0 R/Size 3>>\nstartxref\n100\n%%EOF\n"

// addMany brings a folder of n files and waits for their checklist.
func addMany(b *testing.B, u *UI, q *posts, n int) {
	b.Helper()
	dir := b.TempDir()
	writeMany(b, dir, n, ".pdf", []byte(smallPDF))
	u.take([]string{dir})
	q.until(b, "the files are listed", func() bool {
		v := u.views[pageSign].(*signView)
		return v.mode == signReady && len(v.docs) == n && checked(u, "general")
	})
}

// checked reports whether the page shows a whole checklist for this receiver.
func checked(u *UI, receiver string) bool {
	f := u.views[pageSign].(*signView).lastFiling
	return f != nil && f.Profile == receiver && !f.Running && !f.Validating
}

// looks changes the language, the light and the scale.
func looks(b *testing.B, u *UI, store *app.Store, q *posts) {
	b.Helper()
	for _, change := range []func(*app.Settings){
		func(s *app.Settings) { s.Language = "en" },
		func(s *app.Settings) { s.Theme = "dark" },
		func(s *app.Settings) { s.Scale = 150 },
	} {
		want := u.settings
		change(&want)
		store.ChangeSettings(change)
		q.until(b, "the window looks so", func() bool { return u.settings == want })
	}
}

// verifyMany signs a file, and verifies a folder with n copies of what was made.
func verifyMany(b *testing.B, u *UI, store *app.Store, q *posts, n int) {
	b.Helper()
	one, dir := b.TempDir(), b.TempDir()
	writeMany(b, one, 1, ".pdf", []byte("%PDF-1.4 di prova\n"))
	signAll(b, u, store, q, 1, one)
	signed, err := os.ReadFile(store.State().Docs.List[0].Output)
	if err != nil {
		b.Fatal(err)
	}
	writeMany(b, dir, n, filepath.Ext(store.State().Docs.List[0].Output), signed)
	q.held = nil
	store.Verify(dir)
	u.turn(pageVerify)
	q.until(b, "the folder is verified", func() bool {
		f := u.views[pageVerify].(*verifyView).folder
		return f != nil && !f.Running && len(f.Rows) == n
	})
}
