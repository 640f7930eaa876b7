// Command ceralacca is the desktop application.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	fyneapp "fyne.io/fyne/v2/app"

	"ceralacca/app"
	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/card/pcsc"
	"ceralacca/ui"
)

func main() {
	demo := flag.Bool("demo", false, "use the built-in practice card: no legal value")
	config := flag.String("config", "", "folder for settings instead of the user's own")
	language := flag.String("lang", "", "it or en; default: the settings, then the system")
	flag.Parse()
	if err := run(*demo, *config, *language, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "ceralacca:", err)
		os.Exit(1)
	}
}

func run(demo bool, config, language string, files []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if config == "" {
		dir, err := app.UserDir()
		if err != nil {
			return err
		}
		config = dir
	}
	store := app.NewStore(app.New(app.Config{Source: card.CNS(pcsc.New()), Dir: config, Assets: assets.FS, Language: language}))
	store.UsePractice(demo)
	w := ui.New(fyneapp.NewWithID("it.ceralacca.Ceralacca"), store, assets.FS)
	w.ShowAndRun(ctx, files...)
	return nil
}
