package ui

import (
	"context"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// The foot of the page says where the signed files go, and leads to another folder and back; so does what tells that the
// usual place cannot be written to.
func TestWhere(t *testing.T) {
	folder := t.TempDir()
	choose := func(u *UI) {
		u.chooser = func(_ context.Context, q choose) ([]string, error) {
			if q.what != pickFolder {
				t.Errorf("asked for %v", q.what)
			}
			return []string{folder}, nil
		}
	}
	t.Run("another folder and back", func(t *testing.T) {
		u, f, q := window(t, withChoices(func(_ *app.State, c *app.SignChoices) { c.Detached = true }), 1280, 800)
		choose(u)
		press1(t, u, u.k.T("ui.save.beside"))
		if u.asking == nil {
			t.Fatal("nothing is asked")
		}
		u.window.Canvas().FocusNext()
		typed(t, u, fyne.KeyReturn)
		q.until(t, "the folder is taken", func() bool { return f.choices.OutDir != "" })
		if f.choices.OutDir != folder || !f.choices.Detached {
			t.Errorf("chosen %+v", f.choices)
		}
		st := withChoices(func(_ *app.State, c *app.SignChoices) { *c = f.choices })
		u.latest.Store(st)
		u.show(st)
		in := u.k.Text(lang.M("where.in", "folder", dirName(folder)))
		if got := words(u.views[pageSign].Object()); !strings.Contains(got, in) {
			t.Errorf("the page does not say %q: %s", in, got)
		}
		press1(t, u, in)
		u.window.Canvas().FocusPrevious()
		typed(t, u, fyne.KeyReturn)
		if f.choices.OutDir != "" || !f.choices.Detached || u.asking != nil {
			t.Errorf("back: %+v", f.choices)
		}
	})
	t.Run("from the advice", func(t *testing.T) {
		u, f, q := window(t, unwritten(), 1000, 700)
		choose(u)
		u.tellAdvice(u.latest.Load().Docs.List[1])
		controls(u.asking.panel.object)[u.k.T("where.other")].(*button).do()
		q.until(t, "the folder is taken", func() bool { return f.choices.OutDir == folder })
		u.tellAdvice(app.Doc{Name: "x", Advice: advice("file-gone", app.SeverityWarning, 0)})
		if controls(u.asking.panel.object)[u.k.T("where.other")] != nil {
			t.Error("another folder is offered for a file that is not there")
		}
	})
}
