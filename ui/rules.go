package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// ruleState is how what is typed stands to a rule.
type ruleState int

const (
	ruleOpen   ruleState = iota // too little is typed to tell
	ruleMet                     // fine
	ruleBroken                  // it cannot be sent like this
	ruleUnwise                  // it can be sent, but should not
)

// rule is a line about what is typed.
type rule struct {
	words string
	state ruleState
}

// ruleList is the lines that change while a PIN is typed. Drawing, colour and a word all tell the same, so that
// none of them is needed.
type ruleList struct {
	k     *kit
	box   *fyne.Container
	icons []*canvas.Image
	texts []*para
}

func (k *kit) rules() *ruleList { return &ruleList{k: k, box: vbox(k.px(7))} }

// say shows the rules. Their number stays the same while a page is open.
func (r *ruleList) say(rules []rule) {
	k := r.k
	for len(r.texts) < len(rules) {
		i, t := k.icon("ring", 20, k.p.muted), k.paragraph(noteFace, k.p.muted, " ")
		r.icons, r.texts = append(r.icons, i), append(r.texts, t)
		r.box.Add(topbox(k.px(10), i, flex(t.Container)))
	}
	for i, line := range rules {
		icon, c, word := "ring", k.p.muted, ""
		switch line.state {
		case ruleMet:
			icon, c, word = "check", k.p.good.ink, k.T("ui.newpin.rule.met")
		case ruleBroken:
			icon, c, word = "stop", k.p.bad.ink, k.T("ui.newpin.rule.broken")
		case ruleUnwise:
			icon, c, word = "warning", k.p.warn.ink, k.T("ui.newpin.rule.unwise")
		}
		words := initial(line.words)
		if word != "" {
			words += k.Colon() + "**" + strings.ReplaceAll(word, " ", "\u00a0") + "**"
		}
		k.redraw(r.icons[i], icon, c)
		r.texts[i].paint(words, c)
	}
}

// broken reports whether one of the rules forbids to go on.
func broken(rules []rule) bool {
	for _, r := range rules {
		if r.state == ruleBroken || r.state == ruleOpen {
			return true
		}
	}
	return false
}

// tickBox is a sentence to be agreed to.
type tickBox struct {
	*press
	on   bool
	mark *canvas.Image
}

func (k *kit) tick(words string, changed func()) *tickBox {
	t := &tickBox{mark: k.icon("tick", 20, k.p.ink)}
	t.mark.Hide()
	square := rect(k.p.leaf, k.p.edge, k.px(max(1.75, k.p.stroke)), k.px(5))
	box := fixed(k.px(26), k.px(26), square, padAll(k.px(3), t.mark))
	t.press = k.press(words, hbox(k.px(12), box, flex(k.para(boxBold, k.p.ink, words))), func() {
		t.on = !t.on
		t.mark.Hidden = !t.on
		t.Refresh()
		changed()
	})
	t.least = fyne.NewSize(k.px(44), k.px(44))
	return t
}
