package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// typed sends a key to what has the focus.
func typed(t *testing.T, u *UI, keys ...fyne.KeyName) {
	t.Helper()
	for _, k := range keys {
		f := u.window.Canvas().Focused()
		if f == nil {
			t.Fatal("nothing has the focus")
		}
		f.TypedKey(&fyne.KeyEvent{Name: k})
	}
}

// TestWaysByKeyboard chooses the PDF and a time-stamp and leaves the sheet again, without a mouse.
func TestWaysByKeyboard(t *testing.T) {
	u, f, _ := window(t, withChoices(func(*app.State, *app.SignChoices) {}), 1000, 700)
	c := u.window.Canvas()
	u.openWays()
	name := func() string {
		switch f := c.Focused().(type) {
		case *choice:
			return f.name
		case *button:
			return f.name
		}
		return ""
	}
	to := func(words string) {
		t.Helper()
		for range 20 {
			if name() == words {
				return
			}
			c.FocusNext()
		}
		t.Fatalf("Tab never comes to %q", words)
	}
	to(u.k.T("ways.format.pdf"))
	typed(t, u, fyne.KeySpace)
	if f.choices.Format != app.FormatPAdES || name() != u.k.T("ways.format.pdf") {
		t.Errorf("chosen %+v, focus on %q", f.choices, name())
	}
	to(u.k.T("ways.level.T"))
	typed(t, u, fyne.KeySpace)
	if f.choices.Level != app.LevelT || f.choices.Format != app.FormatPAdES {
		t.Errorf("chosen %+v", f.choices)
	}
	typed(t, u, fyne.KeyEscape)
	if u.asking != nil {
		t.Error("Esc does not leave the sheet")
	}
}

// TestExistingByKeyboard answers for a file that others have signed.
func TestExistingByKeyboard(t *testing.T) {
	for name, c := range map[string]struct {
		keys []fyne.KeyName
		tabs int
		want string
	}{
		"beside":     {[]fyne.KeyName{fyne.KeyReturn}, 0, "existing 9 2"},
		"wrapped":    {[]fyne.KeyName{fyne.KeyReturn}, 1, "existing 9 1"},
		"countered":  {[]fyne.KeyName{fyne.KeyReturn}, 2, "existing 9 3"},
		"not at all": {[]fyne.KeyName{fyne.KeyReturn}, 3, "existing 9 0"},
		"left":       {[]fyne.KeyName{fyne.KeyEscape}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			u, f, _ := window(t, signedState(), 1000, 700)
			view := u.views[pageSign].(*signView)
			u.window.Canvas().Focus(view.list)
			typed(t, u, fyne.KeyEnd, fyne.KeyReturn)
			for range c.tabs {
				u.window.Canvas().FocusNext()
			}
			typed(t, u, c.keys...)
			if got := slices.Contains(f.said, c.want); got != (c.want != "") || u.asking != nil {
				t.Errorf("said %q", f.said)
			}
		})
	}
}

// What costs a proof is a second step, whose first answer is the envelope that costs nothing.
func TestExistingAtACost(t *testing.T) {
	for name, c := range map[string]struct {
		tabs []int // before each Return: in the sheet, then in the question
		want string
		asks bool
	}{
		"the envelope at once":  {[]int{0}, "existing 9 1", false},
		"the envelope, advised": {[]int{1, 0}, "existing 9 1", false},
		"beside all the same":   {[]int{1, -1}, "existing 9 2 losing", false},
		"over all the same":     {[]int{2, -1}, "existing 9 3 losing", false},
		"back":                  {[]int{1, -2}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			u, f, _ := window(t, archivedState(1, 0), 1000, 700)
			u.openExisting(u.latest.Load().Docs.List[2])
			if got := together(words(u.asking.panel.object)); !strings.Contains(got, together(u.k.T("archived.stamp"))) || strings.Contains(got, together(u.k.T("existing.add.what"))) {
				t.Errorf("the sheet says %q", got)
			}
			for i, n := range c.tabs {
				if i == 1 && !strings.Contains(together(words(u.asking.panel.object)), together(u.k.T("lose.stamp"))) {
					t.Error("it is not said what is lost")
				}
				for ; n > 0; n-- {
					u.window.Canvas().FocusNext()
				}
				for ; n < 0; n++ {
					u.window.Canvas().FocusPrevious()
				}
				typed(t, u, fyne.KeyReturn)
			}
			if len(f.said) > 1 || slices.Contains(f.said, c.want) != (c.want != "") || (u.asking != nil) != c.asks {
				t.Errorf("said %q, still asked: %v", f.said, u.asking != nil)
			}
		})
	}
}

// A detached signature without its original asks for it, and again when it was read.
func TestNameOriginal(t *testing.T) {
	for name, found := range map[string]func(*app.Doc){
		"fits":  func(d *app.Doc) { d.Original = "/altrove/contratto.pdf" },
		"other": func(d *app.Doc) { d.OriginalAdvice = advice("other-original", app.SeverityWarning, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			u, f, q := window(t, detachedState(), 1000, 700)
			u.chooser = func(context.Context, choose) ([]string, error) { return []string{"/altrove/contratto.pdf"}, nil }
			u.openExisting(u.latest.Load().Docs.List[2])
			controls(u.asking.panel.object)[u.k.T("existing.original")].(fyne.Tappable).Tapped(nil)
			q.until(t, "the dialog ends", func() bool { return !u.choosing })
			if !slices.Contains(f.said, "original 9 /altrove/contratto.pdf") || u.asking != nil {
				t.Fatalf("said %q", f.said)
			}
			show := func(change func(*app.Doc)) {
				next := *u.latest.Load()
				docs := *next.Docs
				docs.List = slices.Clone(docs.List)
				change(&docs.List[2])
				next.Docs = &docs
				u.latest.Store(&next)
				u.show(&next)
			}
			show(func(*app.Doc) {})
			show(func(d *app.Doc) { d.Status = app.DocReading })
			if u.asking != nil {
				t.Fatal("asked again before it was read")
			}
			show(func(d *app.Doc) { d.Status = app.DocProblem; found(d) })
			if u.asking == nil {
				t.Fatal("not asked again")
			}
			got := together(words(u.asking.panel.object))
			if strings.Contains(got, together(u.k.T("existing.add.what"))) != (name == "fits") ||
				strings.Contains(got, together(u.k.T("advice.other-original.title"))) != (name == "other") {
				t.Errorf("what was found is not told: %q", got)
			}
		})
	}
}

func TestExistingTree(t *testing.T) {
	d := signedDoc("MARIO PROVA")
	for x, want := range map[app.Existing][]treeNode{
		app.ExistingAdd:         {{0, "o", true, false}, {1, "MARIO PROVA", false, false}, {1, "ANNA", false, true}},
		app.ExistingWrap:        {{0, "o", true, false}, {1, "ANNA", false, true}, {1, d.Name, true, false}, {2, "MARIO PROVA", false, false}},
		app.ExistingCounterSign: {{0, "o", true, false}, {1, "MARIO PROVA", false, false}, {2, "ANNA", false, true}},
	} {
		if got := existingTree(&d, x, "ANNA", "o"); !slices.Equal(got, want) {
			t.Errorf("%d: %v", x, got)
		}
	}
}

// TestPlaceInFields goes through the signature fields of a PDF and signs in the one that is shown.
func TestPlaceInFields(t *testing.T) {
	st := previewed("distinta_EX2611.pdf", func(p *app.Preview) { p.View.Facts.Pages = 3 })
	st.Docs.List[0].Kind = app.KindPDF
	st.Docs.List = st.Docs.List[:1]
	second := emptyField(3, 50, 60, 150, 90)
	second.Name, second.Locks = "Sindaco", true
	taken := emptyField(1, 1, 1, 9, 9)
	taken.Refused = "fieldmdp"
	st.Docs.List[0].Examination = &app.Examination{Fields: []app.EmptyField{emptyField(1, 20, 20, 120, 60), taken, second, {Name: "Nascosto"}}}
	u, f, _ := window(t, st, 1000, 700)
	v := u.views[pageSign].(*signView).preview
	u.placeMark()
	v.build()
	fields := v.emptyFields()
	if len(fields) != 3 {
		t.Fatalf("%d fields are offered", len(fields))
	}
	v.nextField(fields)
	if v.page != 2 || v.placing.box.rect != second.Rect {
		t.Errorf("page %d, box %v", v.page, v.placing.box.rect)
	}
	v.takeField(fields[v.placing.field])
	if m := f.choices.Visible; m == nil || m.Field != "Sindaco" || m.Page != 3 || m.Rect != second.Rect || f.choices.Format != app.FormatPAdES {
		t.Errorf("chosen: %+v", f.choices)
	}
}

// TestPlaceByKeyboard moves the box of a visible signature, makes it larger, and takes the place.
func TestPlaceByKeyboard(t *testing.T) {
	st := previewed("distinta_EX2611.pdf", func(p *app.Preview) { p.View.Facts.Pages = 1 })
	st.Docs.List[0].Kind = app.KindPDF
	st.Docs.List = st.Docs.List[:1]
	u, f, _ := window(t, st, 1000, 700)
	v := u.views[pageSign].(*signView).preview
	u.placeMark()
	v.build()
	u.window.Canvas().Focus(v.sheet)
	box := v.placing.box
	if want := [4]float64{345, 40, 555, 88}; box.rect != want {
		t.Fatalf("the default place is %v, want %v", box.rect, want)
	}
	typed(t, u, fyne.KeyLeft, fyne.KeyUp)
	if want := [4]float64{339, 46, 549, 94}; box.rect != want {
		t.Errorf("moved to %v, want %v", box.rect, want)
	}
	u.window.Canvas().Focused().TypedRune('+')
	if box.rect[2] != 561 || box.rect[0] != 339 || box.rect[3] != 94 {
		t.Errorf("enlarged to %v", box.rect)
	}
	for range 200 {
		typed(t, u, fyne.KeyRight, fyne.KeyDown)
	}
	if box.rect[2] != 595 || box.rect[1] != 0 {
		t.Errorf("left the page: %v", box.rect)
	}
	v.takePlace()
	m := f.choices.Visible
	if m == nil || m.Page != 1 || m.Rect != box.rect || len(m.Lines) != 2 || f.choices.Format != app.FormatPAdES {
		t.Errorf("chosen %+v, mark %+v", f.choices, m)
	}
}

func TestDefaultPlaceAvoidsFields(t *testing.T) {
	x := &app.Examination{}
	x.Fields = append(x.Fields, emptyField(1, 300, 30, 560, 100))
	if got := defaultPlace(595, x, 1); got[1] < 100 {
		t.Errorf("lies on a field: %v", got)
	}
	if got := defaultPlace(595, x, 2); got[1] != markMargin {
		t.Errorf("avoids a field of another page: %v", got)
	}
}

// TestNameAuthority types a time-stamp authority with its password and comes back to the sheet of the ways, by keyboard.
func TestNameAuthority(t *testing.T) {
	u, f, _ := window(t, withChoices(func(_ *app.State, c *app.SignChoices) { c.Level = app.LevelT }), 1000, 700)
	c := u.window.Canvas()
	write := func(s string) {
		for _, r := range s {
			c.Focused().TypedRune(r)
		}
	}
	u.nameAuthority(app.Authority{}, u.openWays)
	typed(t, u, fyne.KeyReturn) // nothing typed, nothing kept
	write("https://tsa.example")
	c.FocusNext()
	write("Ufficio")
	c.FocusNext()
	write("anna")
	c.FocusNext()
	password := c.Focused().(*lineField)
	write("parola")
	typed(t, u, fyne.KeyReturn)
	if !slices.Equal(f.said, []string{"authority : https://tsa.example|Ufficio|anna|parola"}) || u.asking == nil || password.Text != "" {
		t.Errorf("said %q, the field holds %q", f.said, password.Text)
	}
	typed(t, u, fyne.KeyEscape)
	u.nameAuthority(app.Authority{}, u.openWays)
	typed(t, u, fyne.KeyEscape, fyne.KeyEscape)
	if u.asking != nil || len(f.said) != 1 {
		t.Errorf("Esc does not leave: %q", f.said)
	}
}

// TestAuthoritiesInSettings changes, moves and removes time-stamp authorities.
func TestAuthoritiesInSettings(t *testing.T) {
	st := stampedState()
	u, f, _ := window(t, st, 1000, 700)
	u.turn(pageSettings)
	press1(t, u, u.k.T("stamps.first"))
	press1(t, u, u.k.Text(lang.M("stamps.remove", "name", "Ufficio")))
	press1(t, u, u.k.T("stamps.edit"))
	typed(t, u, fyne.KeyReturn)
	want := []string{"first authority https://altro.example/tsa", "no authority https://tsa.example", "authority https://altro.example/tsa: https://altro.example/tsa||prova|"}
	if !slices.Equal(f.said, want) {
		t.Errorf("said %q", f.said)
	}
	if len(st.Authorities.List) != 2 || st.Authorities.List[0].Name != "Ufficio" {
		t.Errorf("the published list was changed: %v", st.Authorities.List)
	}
}

// TestPreviewFromVerify looks at the document behind a verdict and comes back to it, by keyboard.
func TestPreviewFromVerify(t *testing.T) {
	u, f := sceneOf(t, "verify-valid")
	st := u.latest.Load()
	v := u.views[pageVerify].(*verifyView)
	if v.eye == nil {
		t.Fatal("the document cannot be looked at")
	}
	u.window.Canvas().Focus(v.eye)
	typed(t, u, fyne.KeyReturn)
	if !slices.Contains(f.said, "preview "+st.Verify.File) {
		t.Fatalf("said %q", f.said)
	}
	open := *st
	open.Preview = previewed("contratto.pdf", nil).Preview
	u.latest.Store(&open)
	u.show(&open)
	if !v.open() || u.views[pageSign].(*signView).open() || v.Main() != nil {
		t.Error("the preview is not on the page it was asked from, or not there alone")
	}
	typed(t, u, fyne.KeyEscape)
	u.latest.Store(st)
	u.show(st)
	if !slices.Contains(f.said, "close preview") || v.open() || u.window.Canvas().Focused() != fyne.Focusable(v.eye) {
		t.Errorf("said %q, focus on %T", f.said, u.window.Canvas().Focused())
	}
	other := open
	ver := *st.Verify
	ver.File = "/altro.pdf.p7m"
	other.Verify = &ver
	u.lookedFrom = pageVerify
	u.show(&open)
	f.said = nil
	u.show(&other)
	if !slices.Contains(f.said, "close preview") {
		t.Errorf("another verdict leaves the preview of the first: %q", f.said)
	}
}

// TestPictureOfTheMark chooses a picture while the place is being chosen; it is in what is signed, and the place stays.
func TestPictureOfTheMark(t *testing.T) {
	st := pictured()
	with := st.MarkPicture
	st.MarkPicture = &app.MarkPicture{}
	st.Docs.List[0].Kind = app.KindPDF
	u, f, _ := window(t, st, 1000, 700)
	v := u.views[pageSign].(*signView).preview
	u.placeMark()
	v.build()
	v.placing.box.shift(-60, 30)
	at := v.placing.box.rect
	open := *st
	open.MarkPicture = with
	u.latest.Store(&open)
	u.show(&open)
	if v.placing.box.image == nil || v.placing.box.rect != at {
		t.Fatalf("image %v, place %v, was %v", v.placing.box.image, v.placing.box.rect, at)
	}
	press1(t, u, u.k.T("mark.picture.none"))
	if !slices.Contains(f.said, "picture ") {
		t.Errorf("said %q", f.said)
	}
	press1(t, u, u.k.T("mark.here"))
	if m := f.choices.Visible; m == nil || !slices.Equal(m.Picture, with.Bytes) || m.Rect != at {
		t.Errorf("chosen %+v", f.choices)
	}
}

// TestStampsByKeyboard asks for time-stamps without a signature and sees them come.
func TestStampsByKeyboard(t *testing.T) {
	st := withChoices(func(s *app.State, _ *app.SignChoices) {
		s.Authorities = &app.Authorities{List: []app.Authority{{URL: "https://tsa.example"}}}
	})
	u, f, _ := window(t, st, 1000, 700)
	show := func(j *app.Stamping) {
		next := *st
		next.Stamping = j
		u.latest.Store(&next)
		u.show(&next)
	}
	u.openStamps()
	typed(t, u, fyne.KeyReturn) // one key too much costs nothing
	if len(f.said) > 0 || u.asking != nil {
		t.Fatalf("said %q", f.said)
	}
	u.openStamps()
	u.window.Canvas().FocusPrevious()
	typed(t, u, fyne.KeyReturn)
	show(&app.Stamping{Running: true, Total: 5})
	show(&app.Stamping{Running: true, Total: 5, Results: make([]app.FileResult, 2)})
	if got, want := words(u.asking.panel.object), u.k.Text(lang.MN("stamps.alone.running", 5, "done", "2")); !strings.Contains(got, want) {
		t.Errorf("%q does not say %q", got, want)
	}
	typed(t, u, fyne.KeyReturn)
	if !slices.Equal(f.said, []string{fmt.Sprintf("stamp 5 as %d", app.FormatTSD), "stop stamps"}) {
		t.Errorf("said %q", f.said)
	}
	show(&app.Stamping{Total: 5, Results: []app.FileResult{{File: "/a.pdf", Output: "/a.pdf.tsd"}}})
	if got := words(u.asking.panel.object); !strings.Contains(got, "a.pdf.tsd") {
		t.Errorf("the outcome is %q", got)
	}
	typed(t, u, fyne.KeyReturn)
	if u.asking != nil {
		t.Error("the sheet does not close")
	}
}

// TestAdviceOfARow reads in full why a file was not signed, by keyboard.
func TestAdviceOfARow(t *testing.T) {
	st := state(func(s *app.State) {
		s.Docs = docs(app.DocFailed, "bilancio.pdf")
		s.Docs.List[0].Advice = advice("disk-full", app.SeverityWarning, 0)
		s.Job = &app.Job{Total: 1, Done: 1}
	})
	u, _, _ := window(t, st, 1000, 700)
	u.window.Canvas().Focus(u.views[pageSign].(*signView).list)
	typed(t, u, fyne.KeyReturn)
	if u.asking == nil || !strings.Contains(words(u.asking.panel.object), u.k.T("advice.disk-full.body")) {
		t.Fatal("the next step is not told")
	}
	typed(t, u, fyne.KeyEscape)
	if u.asking != nil {
		t.Error("Esc does not leave")
	}
}

// The sheet shows the authority that was named on the way, as soon as it is kept.
func TestWaysFollowTheAuthorities(t *testing.T) {
	for name, open := range map[string]func(*UI){"ways": (*UI).openWays, "stamps": (*UI).openStamps} {
		st := withChoices(func(_ *app.State, c *app.SignChoices) { c.Level = app.LevelT })
		u, _, _ := window(t, st, 1280, 800)
		open(u)
		none := u.k.T("ways.authority.none")
		if !strings.Contains(words(u.asking.panel.object), none) {
			t.Fatalf("%s: it does not say that there is none", name)
		}
		next := *st
		next.Authorities = &app.Authorities{List: []app.Authority{{Name: "Marche di Prova", URL: "https://tsa.example"}}}
		u.latest.Store(&next)
		u.show(&next)
		if strings.Contains(words(u.asking.panel.object), none) {
			t.Errorf("%s: it still says that there is none", name)
		}
	}
}
