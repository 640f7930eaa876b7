package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// This file keeps the keyboard where it was when what had it is built anew.

// control is a press with what stands for it in the tree, which is what takes the focus.
type control struct {
	*press
	stands fyne.Focusable
}

// controlsIn are the controls of a page in their order.
func controlsIn(o fyne.CanvasObject) []control {
	switch x := o.(type) {
	case *button:
		return []control{{x.press, x}}
	case *choice:
		return []control{{x.press, x}}
	case *tickBox:
		return []control{{x.press, x}}
	case *press:
		return []control{{x, x}}
	case *container.Scroll:
		return controlsIn(x.Content)
	case *fyne.Container:
		var list []control
		for _, c := range x.Objects {
			list = append(list, controlsIn(c)...)
		}
		return list
	}
	return nil
}

// held is which control of a page had the focus, so that the one that takes its place can have it.
type held struct {
	at   int    // among all; -1 for none
	name string // what it is called
	nth  int    // how many of that name come before it
}

func heldIn(page fyne.CanvasObject) held {
	h := held{at: -1}
	list := controlsIn(page)
	for i, p := range list {
		if p.focused {
			h.at, h.name = i, p.name
		}
	}
	for _, p := range list[:max(0, h.at)] {
		if p.name == h.name {
			h.nth++
		}
	}
	return h
}

// again is the control of that name, and among several the one of its number or the last; nil when there is none.
func (h held) again(page fyne.CanvasObject) fyne.Focusable {
	var found fyne.Focusable
	for _, p := range controlsIn(page) {
		if h.at >= 0 && p.name == h.name && h.nth >= 0 {
			found = p.stands
			h.nth--
		}
	}
	return found
}

// near is the control at the place, or the last; nil when there is none.
func (h held) near(page fyne.CanvasObject) fyne.Focusable {
	list := controlsIn(page)
	if h.at < 0 || len(list) == 0 {
		return nil
	}
	return list[min(h.at, len(list)-1)].stands
}

// giveBack gives the focus to what took the place of what had it. In the settings that may be a neighbour, since a choice
// there takes things away; elsewhere Enter must not press what nobody chose.
func (u *UI) giveBack(h held) {
	c := u.window.Canvas()
	if f, ok := c.Focused().(fyne.CanvasObject); u.asking != nil || ok && standing(u.shell.object, f) != nil {
		return
	}
	page := u.views[u.page].Object()
	to := h.again(page)
	if to == nil && u.page == pageSettings {
		to = h.near(page)
	}
	if to != nil {
		c.Focus(to)
	} else if c.Focused() != nil {
		c.Unfocus() // what had the focus is no longer there
	}
}
