package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// progress is a line that says which file of many is in hand, written over and over. A nil one says nothing.
type progress struct {
	w     io.Writer
	texts *lang.Catalog
	total int
	width int // of what stands on the line, in characters
}

// maxProgress is where the line is cut: one that is longer than a terminal is wide could not be written over.
const maxProgress = 72

// on says that the file numbered n, from 1, is in hand.
func (p *progress) on(n int, file string) {
	if p == nil {
		return
	}
	words := []rune(p.texts.Text(lang.M("cli.progress", "number", lang.Count(n), "total", lang.Count(p.total), "name", app.Visible(file))))
	p.write(string(words[:min(len(words), maxProgress)]))
}

// off takes the line away, for what is printed next.
func (p *progress) off() {
	if p != nil && p.width > 0 {
		p.write("")
		fmt.Fprint(p.w, "\r")
	}
}

func (p *progress) write(words string) {
	n := utf8.RuneCountInString(words)
	fmt.Fprint(p.w, "\r"+words+strings.Repeat(" ", max(p.width-n, 0)))
	p.width = n
}
