package ui

import (
	"image/color"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/assets"
)

// hoverScenes are pages with the pointer on something; one is the page of another scene of the list.
func hoverScenes(list []scene) []scene {
	ready := state(func(s *app.State) { s.Docs = docs(app.DocReady, fiveNames...) })
	verified := list[slices.IndexFunc(list, func(s scene) bool { return s.name == "verify-full" })].state
	return []scene{
		{"hover-button", pageSign, ready, pointAt("ui.list.clear")},
		{"hover-seal", pageSign, ready, func(u *UI) { pointAtNamed(u, u.k.Text(lang.MN("ui.sign.as", 5, "name", "ANNA ESEMPIO"))) }},
		{"hover-row", pageVerify, verified, func(u *UI) { pointAtNamed(u, "MARIO PROVA") }},
		{"hover-rail", pageSign, ready, pointAt("ui.page.card")},
		{"hover-chip", pageSettings, state(nil), pointAt("ui.set.theme.dark")},
		{"hover-card-bar", pageSign, ready, pointAt("ui.cardbar")},
		{"hover-option", pageSign, ready, func(u *UI) {
			u.chooseProfile()
			pointAtNamed(u, u.k.T("filing.profile.pdf-email"))
		}},
	}
}

func pointAt(key string) func(*UI) { return func(u *UI) { pointAtNamed(u, u.k.T(key)) } }

// pointAtNamed puts the pointer on the control of that name.
func pointAtNamed(u *UI, name string) {
	roots := []fyne.CanvasObject{u.shell.object}
	if u.asking != nil {
		roots = append(roots, u.asking.panel.object)
	}
	for _, root := range roots {
		if h, ok := controls(root)[name].(desktop.Hoverable); ok {
			h.MouseIn(nil)
		}
	}
}

// TestHoverIsSeenAndRead points at every control of every scene in each light: its ground changes so that it can be
// seen, and its words, its line below and its drawings stay readable.
func TestHoverIsSeenAndRead(t *testing.T) {
	for _, s := range hoverScenes(scenes()) {
		for _, light := range []string{"light", "dark", "contrast"} {
			t.Run(s.name+"/"+light, func(t *testing.T) {
				u := s.open(t, assets.FS, 1280, 800, func(set *app.Settings) { set.Theme = light })
				root := seenOf(u)
				n := 0
				walk(root, func(o fyne.CanvasObject) bool {
					p := pressOf(o)
					if p == nil || p.off || p.fill == nil {
						return true
					}
					p.MouseOut()
					before := over1(p.ground.FillColor, u.k.p.leaf)
					p.MouseIn(nil)
					after := over1(p.ground.FillColor, u.k.p.leaf)
					if p.hovered {
						n++
					}
					if before == after && !openEntry(u, p) {
						t.Errorf("%q stays %s", p.name, hexOf(before))
					}
					for _, line := range texts(p.body) {
						ink, ok := line.Color.(color.NRGBA)
						if !ok || line.Text == "" {
							continue
						}
						if on := groundOf(p, line, after); ratio(ink, on) < 4.5 {
							t.Errorf("%q of %q: %s on %s is %.2f", line.Text, p.name, hexOf(ink), hexOf(on), ratio(ink, on))
						}
					}
					p.MouseOut()
					return true
				})
				if n == 0 {
					t.Error("nothing here takes the pointer")
				}
			})
		}
	}
}

func pressOf(o fyne.CanvasObject) *press {
	switch x := o.(type) {
	case *button:
		return x.press
	case *choice:
		return x.press
	case *tickBox:
		return x.press
	case *press:
		return x
	}
	return nil
}

// openEntry is the page of the rail that is open: the pointer changes nothing there.
func openEntry(u *UI, p *press) bool {
	for _, e := range u.shell.rail.entries {
		if e.press == p {
			return e.open
		}
	}
	return false
}

// over1 is what is seen of c over a ground.
func over1(c color.Color, ground color.NRGBA) color.NRGBA {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	if n.A < 0xFF {
		return blend(ground, n, uint32(n.A))
	}
	return n
}

// groundOf is what a line of a control stands on: the nearest filled rectangle around it within the control, such as a
// pill, or else the ground of the control.
func groundOf(p *press, line *canvas.Text, ground color.NRGBA) color.NRGBA {
	d := fyne.CurrentApp().Driver()
	at, size := d.AbsolutePositionForObject(line), line.Size()
	walk(p.body, func(o fyne.CanvasObject) bool {
		if r, ok := o.(*canvas.Rectangle); ok {
			from := d.AbsolutePositionForObject(r)
			if n := color.NRGBAModel.Convert(r.FillColor).(color.NRGBA); n.A == 0xFF && from.X <= at.X && from.Y <= at.Y+1 &&
				from.X+r.Size().Width >= at.X+size.Width && from.Y+r.Size().Height >= at.Y+size.Height-1 {
				ground = n
			}
		}
		return true
	})
	return ground
}

// TestRingsStayApart holds the ring of each control, 5 wide outside its edge, clear of the controls beside it.
func TestRingsStayApart(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			u := s.open(t, assets.FS, 1280, 800, nil)
			d := u.app.Driver()
			stops := tabStops(seenOf(u))
			for f, a := range stops {
				p := pressOf(a.object)
				if p == nil || p.inset || p.fill == nil {
					continue // a link has no edge that a ring could meet
				}
				out := u.k.px(6) // a hair of ground between
				from, size := d.AbsolutePositionForObject(a.object), a.object.Size()
				for g, b := range stops {
					q := pressOf(b.object)
					if f == g || a.in != b.in || q == nil || q.fill == nil || q.inset {
						continue
					}
					to, other := d.AbsolutePositionForObject(b.object), b.object.Size()
					if from.X-out < to.X+other.Width && to.X < from.X+size.Width+out && from.Y-out < to.Y+other.Height && to.Y < from.Y+size.Height+out {
						t.Errorf("the ring of %q meets %q", p.name, q.name)
					}
				}
			}
		})
	}
}
