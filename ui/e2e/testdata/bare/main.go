// Command bare is the least that a window of the toolkit can be: what our own start and rest are held against.
package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"
)

func main() {
	w := app.NewWithID("it.ceralacca.Bare").NewWindow("Bare")
	w.Resize(fyne.NewSize(1180, 780)) // as ui.New
	w.SetContent(widget.NewLabel("A window with one line of text."))
	w.ShowAndRun()
}
