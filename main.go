// Command ceralacca is the desktop application.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	fyneapp "fyne.io/fyne/v2/app"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/app/pac"
	"ceralacca/app/pac/script"
	"ceralacca/app/preview"
	"ceralacca/app/preview/pdfium"
	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/card/p11"
	"ceralacca/card/pcsc"
	"ceralacca/ui"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == p11.WorkerArg {
		os.Exit(p11.Serve(os.Stdin, os.Stdout))
	}
	if len(os.Args) > 1 && os.Args[1] == pac.WorkerArg {
		os.Exit(script.Serve(os.Stdin, os.Stdout))
	}
	if len(os.Args) > 1 && os.Args[1] == preview.WorkerArg {
		os.Exit(pdfium.Serve(os.Stdin, os.Stdout))
	}
	demo := flag.Bool("demo", false, "use the built-in practice card: no legal value")
	config := flag.String("config", "", "folder for settings instead of the user's own")
	language := flag.String("lang", "", strings.Join(lang.Languages, ", ")+"; default: the settings, then the system")
	module := flag.String("module", "", "PKCS#11 library of the card's maker; for this run; without it the one chosen in the settings, or those that are installed")
	tray := flag.Bool(strings.TrimPrefix(app.TrayFlag, "--"), false, "begin in the system tray, to tell of certificates that end")
	flag.Parse()
	if err := run(*demo, *tray, *config, *language, *module, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "ceralacca:", err)
		os.Exit(1)
	}
}

func run(demo, tray bool, config, language, module string, files []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if config == "" {
		dir, err := app.UserDir()
		if err != nil {
			return err
		}
		config = dir
	}
	for i, f := range files {
		if abs, err := filepath.Abs(app.PathIn(f)); err == nil {
			files[i] = abs
		}
	}
	instance, err := app.Claim(config, files)
	if errors.Is(err, app.ErrHandedOver) {
		return nil
	}
	if err != nil { // two windows are better than none
		fmt.Fprintln(os.Stderr, "ceralacca:", err)
	}
	cards := p11.Join(card.CNS(pcsc.New()), p11.Options{Memory: app.NewLibraries(config)}, false)
	defer cards.Close()
	startup, err := app.NewStartup()
	if err != nil { // then it is not offered
		fmt.Fprintln(os.Stderr, "ceralacca:", err)
	}
	store := app.NewStore(app.New(app.Config{
		Source: cards, Modules: cards, Module: module, Dir: config, Assets: assets.FS, Language: language, Startup: startup,
	}))
	store.UsePractice(demo)
	w := ui.New(fyneapp.NewWithID("it.ceralacca.Ceralacca"), store, assets.FS)
	if tray {
		w.Hide()
	}
	w.ShowAndRun(ctx, instance, files...)
	return nil
}
