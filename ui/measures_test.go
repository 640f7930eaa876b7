package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"ceralacca/app"
)

// TestMeasures holds the figures of the design page at 100 and at 200 %.
func TestMeasures(t *testing.T) {
	for _, scale := range []int{100, 200} {
		f := float32(scale) / 100
		st := state(func(s *app.State) { s.Docs = docs(app.DocReady, fiveNames...); s.Settings.Scale = scale })
		u, _, _ := window(t, st, 1180*f, 780*f)
		k := u.k
		_, rail, bar := u.shell.measures(fyne.NewSize(1180*f, 780*f))
		_, narrow, _ := u.shell.measures(fyne.NewSize(899*f, 600*f))
		b := k.button(outlined, "", "x", nil)
		b.Resize(b.MinSize())
		ring, height := b.press.ring, func(o fyne.CanvasObject) float32 { return o.MinSize().Height }
		body := heightOf(u.views[pageSign].(*signView).frame.bar, 952*f)
		for what, m := range map[string][2]float32{
			"rail":                        {rail, 228},
			"rail under 900":              {narrow, 96},
			"card bar":                    {bar, 84},
			"action bar":                  {body, 96},
			"button":                      {height(k.button(inked, "sign", "x", nil)), 48},
			"small button":                {height(k.button(small, "sign", "x", nil)), 44},
			"button that seals":           {height(k.button(sealing, "sign", "x", nil)), 56},
			"least width of a button":     {k.button(small, "", "", nil).MinSize().Width, 44},
			"drawing that is pressed":     {height(k.round("eye", "x", nil)), 44},
			"drawing in a row":            {height(k.tap("eye", "x", "", nil)), 44},
			"words in a row":              {height(k.tap("eye", "x", "x", nil)), 44},
			"choice":                      {height(k.choice("x", true, nil)), 44},
			"tick":                        {height(k.tick("x", nil)), 44},
			"row":                         {u.views[pageSign].(*signView).list.rowH, 72},
			"ring":                        {ring.StrokeWidth, 3},
			"gap of the ring":             {-ring.Position().X - ring.StrokeWidth, 2},
			"edge of a page":              {edgeOf(k, 952*f), 32},
			"edge of a narrow page":       {edgeOf(k, 704*f), 20},
			"page on a screen of 2560":    {2332*f - 2*edgeOf(k, 2332*f), 1240},
			"preview on a screen of 2560": {closeEdge(k, 2332*f), 32},
		} {
			if d := m[0]/f - m[1]; d > 0.01 || d < -0.01 {
				t.Errorf("%s is %v at %d %%, the design has %v", what, m[0]/f, scale, m[1])
			}
		}
	}
}

// TestToastComesAndGoes follows a sentence with animations and without.
func TestToastComesAndGoes(t *testing.T) {
	u, _, _ := window(t, state(nil), 1180, 780)
	for _, fade := range []bool{true, false} {
		s := u.k.toast()
		s.say("first", fade)
		s.say("second", fade)
		if s.hush("first"); !s.object.Visible() || s.words.Text != "second" {
			t.Errorf("with fade %v the second sentence went with the first", fade)
		}
		if s.hush("second"); s.object.Visible() {
			t.Errorf("with fade %v the sentence stays", fade)
		}
	}
}
