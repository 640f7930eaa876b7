package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// dropArea is the frame where paper waits. Where it does not stand alone on the page it is lower.
func (u *UI) dropArea(title, body string, alone bool) *fyne.Container {
	k := u.k
	choose := k.button(inked, "plus", k.T("ui.choose.files"), u.chooseFile)
	folder := k.button(outlined, "folder", k.T("ui.choose.folder"), u.chooseFolder)
	buttons := wrapbox(k.px(12), choose, folder)
	middle := vbox(k.px(4), centre(k.picture("draw-drop", 116, 116, k.p.ink)), fixed(0, k.px(4)),
		k.paragraph(titleFace, k.p.ink, k.T(title)).centred().Container,
		k.paragraph(bodyFace, k.p.muted, k.T(body)).centred().Container, fixed(0, k.px(14)),
		container.New(centreWrap{k.px(12)}, buttons))
	w := -k.px(k.p.stroke)
	kinds := cols(0, k.px(560), []float32{1, w, 1, w, 1}, k.kind("sign", "ui.kind.sign"), k.upright(0),
		k.kind("verify", "ui.kind.verify"), k.upright(0), k.kind("open", "ui.kind.open"))
	return k.cornice(container.New(&dropLayout{u, k, alone}, middle, k.rule(), kinds))
}

// centreWrap centres a wrapping row whose parts are gap apart.
type centreWrap struct{ gap float32 }

func (l centreWrap) natural(o fyne.CanvasObject) float32 {
	var w float32
	for _, x := range o.(*fyne.Container).Objects {
		if w > 0 {
			w += l.gap
		}
		w += x.MinSize().Width
	}
	return w
}

func (l centreWrap) heightFor(o []fyne.CanvasObject, width float32) float32 {
	return heightOf(o[0], width)
}

// Layout implements fyne.Layout.
func (l centreWrap) Layout(o []fyne.CanvasObject, size fyne.Size) {
	w := min(size.Width, l.natural(o[0])+1)
	if w < l.natural(o[0]) {
		w = min(size.Width, widest(o[0].(*fyne.Container).Objects))
	}
	place(o[0], (size.Width-w)/2, 0, w, size.Height)
}

// MinSize implements fyne.Layout.
func (l centreWrap) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

// kind is one of the three things that a file may want.
func (k *kit) kind(icon, key string) *fyne.Container {
	return pad(k.px(14), k.px(20), k.px(14), k.px(22), hbox(k.px(14), k.icon(icon, 24, k.p.ink),
		flex(vbox(0, k.fit(strongFace, k.p.ink, k.T(key)), k.para(noteFace, k.p.muted, k.T(key+".what"))))))
}

// dropLayout centres the call above the kinds, and leaves the kinds out when there is no room.
type dropLayout struct {
	u     *UI
	k     *kit
	alone bool
}

func (l *dropLayout) heightFor(o []fyne.CanvasObject, width float32) float32 {
	l.picture(o)
	return heightOf(o[0], width-l.k.px(40)) + l.k.px(56) + l.kinds(o, width)
}

// picture leaves the drawing out in a low window.
func (l *dropLayout) picture(o []fyne.CanvasObject) {
	d := o[0].(*fyne.Container).Objects[0]
	least := l.k.px(520)
	if !l.alone {
		least = l.k.px(720)
	}
	if l.u.window.Canvas().Size().Height < least {
		d.Hide()
	} else {
		d.Show()
	}
}

func (l *dropLayout) kinds(o []fyne.CanvasObject, width float32) float32 {
	if width < l.k.px(560) {
		return 0
	}
	return heightOf(o[2], width) + l.k.px(1)
}

// Layout implements fyne.Layout.
func (l *dropLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	foot := l.kinds(o, size.Width)
	if foot == 0 {
		o[1].Hide()
		o[2].Hide()
	} else {
		o[1].Show()
		o[2].Show()
	}
	w := size.Width - l.k.px(40)
	h := heightOf(o[0], w)
	place(o[0], l.k.px(20), (size.Height-foot-h)/2, w, h)
	place(o[1], 0, size.Height-foot, size.Width, l.k.px(l.k.p.stroke))
	place(o[2], 0, size.Height-foot, size.Width, foot)
}

// MinSize implements fyne.Layout.
func (l *dropLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }
