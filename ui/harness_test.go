package ui

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
)

func TestMain(m *testing.M) {
	os.Exit(m.Run())
}

// posts is the queue that stands in for the window's goroutine: the test paints, nobody else.
type posts struct {
	mu   sync.Mutex
	list []func()
	more chan struct{}
	held []time.Duration // how long each held the goroutine that paints
}

func newPosts() *posts { return &posts{more: make(chan struct{}, 1)} }

func (p *posts) post(f func()) {
	p.mu.Lock()
	p.list = append(p.list, f)
	p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
}

// take takes what is queued out of the queue.
func (p *posts) take() []func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.list
	p.list = nil
	return list
}

// drain runs what is queued and reports whether there was anything.
func (p *posts) drain() bool {
	list := p.take()
	for _, f := range list {
		start := time.Now()
		f()
		p.held = append(p.held, time.Since(start))
	}
	return len(list) > 0
}

// until drains until done says so.
func (p *posts) until(t testing.TB, what string, done func() bool) {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		for p.drain() {
		}
		if done() {
			return
		}
		select {
		case <-p.more:
		case <-late:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// fakeStore notes the intents.
type fakeStore struct {
	said    []string
	choices app.SignChoices
	set     app.Settings

	asked app.VerifyRequest
	of    *app.Verification // whose content is saved
}

func (f *fakeStore) AddToSign(paths ...string) {
	for _, p := range paths {
		f.said = append(f.said, "to sign "+p)
	}
}

func (f *fakeStore) Add(paths ...string) {
	for _, p := range paths {
		f.said = append(f.said, "add "+p)
	}
}
func (f *fakeStore) StopAdding()            { f.said = append(f.said, "stop adding") }
func (f *fakeStore) StopErrand(int)         { f.said = append(f.said, "stop errand") }
func (f *fakeStore) Remove(id int)          { f.said = append(f.said, "remove") }
func (f *fakeStore) Clear()                 { f.said = append(f.said, "clear") }
func (f *fakeStore) ChooseCard(slot string) { f.said = append(f.said, "card "+slot) }
func (f *fakeStore) UsePractice(on bool)    { f.said = append(f.said, "practice") }
func (f *fakeStore) Sign()                  { f.said = append(f.said, "sign") }
func (f *fakeStore) Cancel()                { f.said = append(f.said, "cancel") }
func (f *fakeStore) Verify(path string)     { f.said = append(f.said, "verify "+path) }
func (f *fakeStore) SaveContent(v *app.Verification, dest string) {
	f.said = append(f.said, "save "+dest)
	f.of = v
}
func (f *fakeStore) CloseVerification() { f.said = append(f.said, "close") }
func (f *fakeStore) ChangeSettings(change func(*app.Settings)) {
	f.said = append(f.said, "set")
	change(&f.set)
}
func (f *fakeStore) RefreshTrust()       { f.said = append(f.said, "trust") }
func (f *fakeStore) Preview(path string) { f.said = append(f.said, "preview "+path) }

func (f *fakeStore) ShowPage(w app.PageWish) {
	f.said = append(f.said, fmt.Sprintf("page %d text %v", w.N, w.Text))
}

func (f *fakeStore) ClosePreview() { f.said = append(f.said, "close preview") }

func (f *fakeStore) StartExercise(id string, _ *lang.Catalog) {
	f.said = append(f.said, "exercise "+id)
}
func (f *fakeStore) PutCardBack()           { f.said = append(f.said, "card back") }
func (f *fakeStore) StepRead()              { f.said = append(f.said, "read") }
func (f *fakeStore) UseLibrary(path string) { f.said = append(f.said, "library "+path) }
func (f *fakeStore) SetStartAtLogin(on bool) {
	f.said = append(f.said, fmt.Sprint("start at login ", on))
}

func (f *fakeStore) SetExisting(id int, x app.Existing, lose bool) {
	said := fmt.Sprintf("existing %d %d", id, x)
	if lose {
		said += " losing"
	}
	f.said = append(f.said, said)
}

func (f *fakeStore) SetOriginal(id int, path string) {
	f.said = append(f.said, fmt.Sprintf("original %d %s", id, path))
}

func (f *fakeStore) RemoveAuthority(a app.Authority) { f.said = append(f.said, "no authority "+a.URL) }

func (f *fakeStore) PreferAuthority(a app.Authority) {
	f.said = append(f.said, "first authority "+a.URL)
}

func (f *fakeStore) KeepAuthority(old, a app.Authority, password string) {
	f.said = append(f.said, fmt.Sprintf("authority %s: %s|%s|%s|%s", old.URL, a.URL, a.Name, a.User, password))
}
func (f *fakeStore) ChooseMarkPicture(path string) { f.said = append(f.said, "picture "+path) }

func (f *fakeStore) Timestamp(files []string, format app.Format) {
	f.said = append(f.said, fmt.Sprintf("stamp %d as %d", len(files), format))
}
func (f *fakeStore) StopStamps()        { f.said = append(f.said, "stop stamps") }
func (f *fakeStore) Resume()            { f.said = append(f.said, "resume") }
func (f *fakeStore) ForgetInterrupted() { f.said = append(f.said, "forget") }
func (f *fakeStore) SaveSummary(_ *lang.Catalog, dest string) {
	f.said = append(f.said, "summary "+dest)
}
func (f *fakeStore) Run(context.Context, app.Asker) error { return nil }
func (f *fakeStore) StopRefresh()                         { f.said = append(f.said, "stop trust") }
func (f *fakeStore) AddAnchors(path string)               { f.said = append(f.said, "anchor "+path) }

func (f *fakeStore) RemoveAnchor(id string)            { f.said = append(f.said, "no anchor "+id) }
func (f *fakeStore) SetNetworkAuthorities(path string) { f.said = append(f.said, "ca "+path) }
func (f *fakeStore) VerifyAs(q app.VerifyRequest) {
	f.said, f.asked = append(f.said, "verify "+q.File+" "+strings.Join(q.Originals, " ")), q
}

func (f *fakeStore) SaveSigner(v *app.Verification, id, dest string) {
	f.said = append(f.said, "certificate "+id+" "+dest)
	f.of = v
}

func (f *fakeStore) SaveRevision(_ *app.Verification, id, dest string) {
	f.said = append(f.said, "revision "+id+" "+dest)
}

func (f *fakeStore) SaveReport(_ *app.Verification, dest string, _ *lang.Catalog) {
	f.said = append(f.said, "report "+dest)
}

func (f *fakeStore) PrintReport(*app.Verification, *lang.Catalog) { f.said = append(f.said, "print") }

func (f *fakeStore) StopFolder() { f.said = append(f.said, "stop folder") }

func (f *fakeStore) CloseFolder() { f.said = append(f.said, "close folder") }

func (f *fakeStore) SaveTable(_ *app.Folder, dest string, _ *lang.Catalog) {
	f.said = append(f.said, "table "+dest)
}

// today is the day of the mock-ups.
var today = time.Date(2026, 11, 22, 9, 42, 0, 0, time.UTC)

// window makes a window over a State, in a test app of its own.
func window(t testing.TB, st *app.State, w, h float32) (*UI, *fakeStore, *posts) {
	t.Helper()
	return windowWith(t, assets.FS, st, w, h)
}

func windowWith(t testing.TB, files fs.FS, st *app.State, w, h float32) (*UI, *fakeStore, *posts) {
	t.Helper()
	f, q := &fakeStore{set: *st.Settings}, newPosts()
	u := newUI(tempApp(t), f, st, files)
	u.post = q.post
	u.now = func() time.Time { return today }
	clear(u.waiting)
	u.window.Resize(fyne.NewSize(w, h))
	u.show(st)
	t.Cleanup(func() { shut(u) })
	return u, f, q
}

func shut(u *UI) {
	u.closed.Store(true)
	u.window.Close()
	// The toolkit keeps the widgets of closed windows until something is painted: some are dropped a minute after they
	// were last used, or the tests of all scenes would hold ten gigabytes.
	software.NewCanvas().Capture()
}

// open shows the scene in a window of its own until the test ends, with the settings changed if change is not nil.
func (s scene) open(t testing.TB, files fs.FS, w, h float32, change func(*app.Settings)) *UI {
	t.Helper()
	st, set := *s.state, *s.state.Settings
	if change != nil {
		change(&set)
	}
	st.Settings = &set
	u, _, _ := windowWith(t, files, &st, w, h)
	u.turn(s.page)
	if s.then != nil {
		s.then(u)
	}
	return u
}

// practiceWindow is windowOver with the practice card in use.
func practiceWindow(t testing.TB, tag string, w, h float32) (*UI, *app.Store, *posts) {
	t.Helper()
	u, store, q := windowOver(t, app.Config{Dir: t.TempDir(), Assets: assets.FS, Language: tag, Offline: true}, w, h)
	store.UsePractice(true)
	q.until(t, "the window shows the practice card", func() bool {
		return store.State().Cards.Phase == app.PhaseReady && u.shell.bar.last == store.State().Cards
	})
	return u, store, q
}

// windowOver is a window over a real store of an engine with this configuration; the store's goroutines end with the
// test.
func windowOver(t testing.TB, c app.Config, w, h float32) (*UI, *app.Store, *posts) {
	t.Helper()
	store := app.NewStore(app.New(c))
	q := newPosts()
	u := New(tempApp(t), store, assets.FS)
	u.post, u.chooser = q.post, nil
	u.window.Resize(fyne.NewSize(w, h))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- store.Run(ctx, u) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the store ended with %v", err)
		}
		shut(u)
	})
	return u, store, q
}

func tempApp(t testing.TB) fyne.App {
	if tt, ok := t.(*testing.T); ok {
		return test.NewTempApp(tt)
	}
	return test.NewApp()
}
