package ui

import "ceralacca/app"

// This file holds what is typed on the panel of pinpage.go against the rules of a code, while it is typed.

// alike holds the second typing against the first.
func alike(words string, a, b *app.PIN) rule {
	r := rule{words, ruleOpen}
	switch {
	case a.Len() > 0 && a.Equal(b):
		r.state = ruleMet
	case a.Len() > 0 && b.Len() >= a.Len():
		r.state = ruleBroken
	}
	return r
}

// halves says in the first line what to do with a code that was handed out in two halves, while one of them is typed.
func (f *newPINForm) halves(list []rule) []rule {
	if f.old.halved() {
		list[0] = rule{f.u.k.T("ui.pin.halves"), ruleOpen}
	}
	return list
}

func (f *newPINForm) judgePUK() []rule {
	k := f.u.k
	length := rule{f.pukLength(), ruleOpen}
	if f.old.complete() {
		length.state = ruleMet
	}
	return f.halves([]rule{length, alike(k.T("ui.newpin.alike"), f.old.pin, f.again.pin)})
}

// judgeNew holds the new PIN against the rules. An unblocking does not know the old PIN, so it says nothing of it.
func (f *newPINForm) judgeNew() []rule {
	k := f.u.k
	var old *app.PIN
	if f.q.Kind != app.UnblockPIN && f.old.pin.Len() > 0 {
		old = f.old.pin
	}
	var list []rule
	if f.q.Rules != nil {
		for _, r := range f.q.Rules(old, f.fresh.pin) {
			if f.q.Kind == app.UnblockPIN && r.Text.Key == "pin.rule.old" {
				continue
			}
			line := rule{k.Text(r.Text), ruleMet}
			switch {
			case !f.fresh.complete():
				if !r.OK || r.Must {
					line.state = ruleOpen
				}
			case !r.OK && r.Must:
				line.state = ruleBroken
			case !r.OK:
				line.state = ruleUnwise
			}
			list = append(list, line)
		}
	}
	return f.halves(append(list, alike(k.T("ui.newpin.alike"), f.fresh.pin, f.repeat.pin)))
}
