package ui

import (
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// searching is the page Firma while folders are gone through and nothing is on the list yet: how many files were found,
// where the search is, and what comes after it.
type searching struct {
	k      *kit
	object *fyne.Container
	count  *para
	folder *fitting
}

func newSearching(u *UI) *searching {
	k := u.k
	s := &searching{k: k, count: k.paragraph(face{size: 18, bold: true}, k.p.ink, "").centred(), folder: k.fitting(noteFace, k.p.muted, "")}
	s.folder.line.Alignment, s.folder.middle = fyne.TextAlignCenter, true
	middle := vbox(k.px(8), centre(k.picture("draw-search", 104, 104, k.p.ink)), fixed(0, k.px(4)),
		k.paragraph(titleFace, k.p.ink, k.T("adding.finding.title")).centred().Container, s.count.Container, s.folder.Container)
	steps := k.steps(0, k.T("adding.finding.title"), k.T("adding.reading.title"), k.T("ui.page.sign"))
	s.object = k.cornice(container.New(&dropLayout{u, k, true}, middle, k.rule(), pad(k.px(16), k.px(20), k.px(16), k.px(20), container.New(centreWrap{k.px(18)}, steps))))
	return s
}

// show tells how far the search is.
func (s *searching) show(a *app.Adding) {
	s.count.say(s.k.Text(lang.MN("adding.finding", a.Found)))
	words := " " // the line keeps its place
	if a.Folder != "" {
		words = s.k.Text(lang.M("adding.finding.where", "folder", app.Visible(filepath.Base(a.Folder))))
	}
	s.folder.say(words, s.k.p.muted)
}
