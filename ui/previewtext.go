package ui

import (
	"strings"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"ceralacca/app/lang"
)

// lineView shows any number of lines of text, broken at the width of the window. Only those in sight are built.
type lineView struct {
	k      *kit
	object *fyne.Container
	list   *rowList
	source []string
	broken []string
	cols   int
}

func newLineView(k *kit) *lineView {
	v := &lineView{k: k}
	v.list = newRowList(k, k.px(26))
	v.list.plain = true
	v.list.row = func(i int, _ float32) (fyne.CanvasObject, any) {
		return pad(0, k.px(12), 0, k.px(20), k.text(monoFace, k.p.ink, v.broken[i])), v.broken[i]
	}
	v.list.same = func(i int) any { return v.broken[i] }
	v.object = container.New(v, v.list)
	return v
}

// set changes the text.
func (v *lineView) set(lines []string) {
	v.source, v.cols = lines, 0
	v.list.scroll.ScrollToTop()
	v.list.cursor = 0
	v.breakAt(v.list.Size().Width)
}

// breakAt breaks the lines for a width.
func (v *lineView) breakAt(width float32) {
	cols := max(16, int((width-v.k.px(36))/v.k.measure(monoFace, "0")))
	if cols == v.cols {
		return
	}
	v.cols, v.broken = cols, v.broken[:0:0]
	for _, l := range v.source {
		v.broken = append(v.broken, breakLine(l, cols)...)
	}
	v.list.setCount(len(v.broken))
}

// heightFor implements tallLayout: as high as the text, so that a short one takes no more room.
func (v *lineView) heightFor(_ []fyne.CanvasObject, width float32) float32 {
	v.breakAt(width)
	return v.list.heightFor(width)
}

// Layout implements fyne.Layout.
func (v *lineView) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	v.breakAt(size.Width)
	place(v.list, 0, 0, size.Width, size.Height)
}

// MinSize implements fyne.Layout.
func (v *lineView) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, v.list.rowH) }

// breakLine breaks a line into pieces of so many characters at most, after a space where there is one; what follows
// keeps the indent.
func breakLine(s string, cols int) []string {
	if utf8.RuneCountInString(s) <= cols {
		return []string{s}
	}
	indent := s[:len(s)-len(strings.TrimLeft(s, " "))]
	if len(indent) > cols/2 {
		indent = indent[:cols/2]
	}
	var out []string
	for utf8.RuneCountInString(s) > cols {
		at, n := len(s), 0
		for i := range s {
			if n++; n > cols {
				at = i
				break
			}
		}
		if sp := strings.LastIndexByte(s[:at], ' '); sp > at/2 && sp > len(indent) {
			at = sp + 1
		}
		out = append(out, strings.TrimRight(s[:at], " "))
		rest := s[at:]
		if rest == "" {
			return out
		}
		s = indent + rest
	}
	return append(out, s)
}

func splitLines(s string) []string {
	return strings.Split(strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n"), "\n")
}

// isoDay writes a date of a file, 2026-03-05, as the language does; anything else stays as it is.
func (k *kit) isoDay(s string) string {
	t, err := time.ParseInLocation("2006-01-02", s, lang.Rome())
	if err != nil {
		return s
	}
	return k.Date(t)
}
