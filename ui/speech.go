package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"ceralacca/app/lang"
)

// This file is what a screen reader is told. Fyne 2.8.1 tells it only on Windows and macOS, only when built with the
// tag accessibility, and only of controls that stand in plain containers: it never looks into a scroller nor at text
// of its own canvas. So controls have a name here, and a page tells its words as one text (speaker).

var (
	_ fyne.Accessible = (*press)(nil)
	_ fyne.Accessible = (*choice)(nil)
	_ fyne.Accessible = (*tickBox)(nil)
	_ fyne.Accessible = (*pinField)(nil)
	_ fyne.Accessible = (*speaker)(nil)
)

// AccessibilityLabel implements fyne.Accessible.
func (p *press) AccessibilityLabel() string { return p.name }

// AccessibilityRole implements fyne.Accessible.
func (p *press) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// AccessibilityLabel implements fyne.Accessible; there is no role for what is chosen, so a mark tells it.
func (c *choice) AccessibilityLabel() string { return ticked(c.chosen, c.name) }

// AccessibilityLabel implements fyne.Accessible.
func (t *tickBox) AccessibilityLabel() string { return ticked(t.on, t.name) }

func ticked(on bool, name string) string {
	if on {
		return "✓ " + name
	}
	return name
}

// AccessibilityLabel implements fyne.Accessible: how many digits there are, and never which.
func (f *pinField) AccessibilityLabel() string {
	return sentence(f.k.Text(lang.MN("ui.pin.count", f.pin.Len())))
}

// AccessibilityRole implements fyne.Accessible.
func (f *pinField) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// speaker lies unseen behind a scroller and tells a screen reader the words in it.
type speaker struct {
	widget.BaseWidget
	of fyne.CanvasObject
}

func newSpeaker(of fyne.CanvasObject) *speaker {
	s := &speaker{of: of}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget.
func (s *speaker) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// AccessibilityLabel implements fyne.Accessible.
func (s *speaker) AccessibilityLabel() string { return spoken(s.of) }

// AccessibilityRole implements fyne.Accessible.
func (s *speaker) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// spoken is what o says, a line for each of its texts and controls, in the order in which they stand.
func spoken(o fyne.CanvasObject) string {
	var lines []string
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		if o == nil || !o.Visible() {
			return
		}
		switch x := o.(type) {
		case *canvas.Text:
			lines = append(lines, x.Text)
		case *fyne.Container:
			for _, c := range x.Objects {
				walk(c)
			}
		case *container.Scroll:
			walk(x.Content)
		case *rowList:
			walk(x.body)
		case fyne.Accessible:
			lines = append(lines, x.AccessibilityLabel())
		}
	}
	walk(o)
	return strings.Join(lines, "\n")
}
