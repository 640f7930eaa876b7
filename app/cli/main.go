// Command ceralacca-cli is the command-line twin of Ceralacca: the same engine and the same words without a window.
//
// It is the way of people who cannot see the window, of scripts, and of whoever wants to check what the window
// does. What it prints with --json and its exit codes are stable.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/app/pac"
	"ceralacca/app/pac/script"
	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/card/p11"
	"ceralacca/card/pcsc"
	"ceralacca/signer"
)

// The exit codes. They are never renumbered.
const (
	exitOK        = 0
	exitFailed    = 1 // at least one file failed, or one signature is TOTAL-FAILED
	exitUnsure    = 2 // nothing failed; a signature is INDETERMINATE, or a file holds none
	exitPIN       = 3 // wrong PIN
	exitBlocked   = 4 // PIN or PUK blocked
	exitNoCard    = 5 // no service, reader or card
	exitRule      = 6 // refused by a rule: wrong certificate, existing output
	exitCancelled = 7
	exitUsage     = 64
	exitBug       = 70
	exitIO        = 74
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == p11.WorkerArg {
		os.Exit(p11.Serve(os.Stdin, os.Stdout))
	}
	if len(os.Args) > 1 && os.Args[1] == pac.WorkerArg {
		os.Exit(script.Serve(os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// session is one run of the program: what the global flags say and where words go.
type session struct {
	ctx    context.Context
	stdin  *os.File
	out    io.Writer // the answer
	words  io.Writer // what is said beside it
	texts  *lang.Catalog
	engine *app.Engine
	atEnd  []func() error // ends the helpers of PKCS #11 modules
	global
}

// global are the flags that every command takes.
type global struct {
	json, demo, offline bool
	lang, reader        string
	module, config, ca  string
	trust               []string
	pinFD, pukFD, newFD int
	lastTry             bool
}

func (g *global) bind(f *flag.FlagSet) {
	f.BoolVar(&g.json, "json", g.json, "")
	f.BoolVar(&g.demo, "demo", g.demo, "")
	f.BoolVar(&g.offline, "offline", g.offline, "")
	f.StringVar(&g.lang, "lang", g.lang, "")
	f.StringVar(&g.reader, "reader", g.reader, "")
	f.StringVar(&g.module, "module", g.module, "")
	f.StringVar(&g.config, "config", g.config, "")
	f.StringVar(&g.ca, "ca", g.ca, "")
	f.IntVar(&g.pinFD, "pin-fd", g.pinFD, "")
	f.IntVar(&g.pukFD, "puk-fd", g.pukFD, "")
	f.IntVar(&g.newFD, "new-pin-fd", g.newFD, "")
	f.BoolVar(&g.lastTry, "last-try", g.lastTry, "")
	f.Func("trust", "", func(p string) error { g.trust = append(g.trust, p); return nil })
}

// usageError is a mistake in the command line, with the key of the sentence that tells it.
type usageError struct{ msg lang.Msg }

func (e *usageError) Error() string { return e.msg.Key }

// command is a verb of the program. Its run binds its flags, parses the arguments and does the work.
type command struct {
	name string
	run  func(*session, []string) (int, error)
}

func commands() []command {
	return []command{
		{"card", (*session).card},
		{"sign", (*session).sign},
		{"timestamp", (*session).timestamp},
		{"tsa", (*session).tsa},
		{"verify", (*session).verify},
		{"extract", (*session).extract},
		{"check", (*session).check},
		{"pin", (*session).pin},
		{"trust", (*session).trustLists},
		{"doctor", (*session).doctor},
		{"version", (*session).version},
	}
}

// execute is the program without its process. A panic is our own bug: it is told as such, without values.
func execute(ctx context.Context, args []string, stdin *os.File, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "ceralacca-cli: internal fault\n%s", debug.Stack())
			code = exitBug
		}
	}()
	s := &session{ctx: ctx, stdin: stdin, out: stdout, words: stderr}
	s.pinFD, s.pukFD, s.newFD = -1, -1, -1
	defer func() {
		for _, end := range s.atEnd {
			_ = end() // the answer stands already
		}
	}()
	rest, help, err := s.parse("ceralacca-cli", s.bind, args, true)
	if terr := s.loadTexts(); terr != nil {
		fmt.Fprintln(stderr, terr)
		return exitBug
	}
	if wrong := s.wrongLang(); wrong != nil {
		return s.fail(wrong)
	}
	switch {
	case help || (err == nil && len(rest) == 0) || (len(rest) > 0 && rest[0] == "help"):
		fmt.Fprint(stdout, s.help())
		if help || len(rest) > 0 {
			return exitOK
		}
		return exitUsage
	case err != nil:
		return s.fail(err)
	}
	for _, c := range commands() {
		if c.name == rest[0] {
			code, err := c.run(s, rest[1:])
			if errors.Is(err, flag.ErrHelp) {
				fmt.Fprint(stdout, helpOf(s.help(), c.name))
				return exitOK
			}
			if err != nil {
				return s.fail(err)
			}
			return code
		}
	}
	return s.fail(&usageError{lang.M("cli.unknown-command", "name", rest[0])})
}

// parse reads flags and arguments in any order; after "--" everything is an argument. With first set it stops
// at the first argument, which is the command.
func (s *session) parse(name string, bind func(*flag.FlagSet), args []string, first bool) (rest []string, help bool, err error) {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	bind(f)
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, true, nil
			}
			return nil, false, &usageError{flagTrouble(err)}
		}
		left := f.Args()
		if len(left) == 0 {
			return rest, false, nil
		}
		if used := len(args) - len(left); first || (used > 0 && args[used-1] == "--") {
			return append(rest, left...), false, nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// flags parses a command's own flags together with the global ones, and makes the engine.
func (s *session) flags(name string, args []string, own func(*flag.FlagSet)) ([]string, error) {
	rest, help, err := s.parse(name, func(f *flag.FlagSet) { s.bind(f); own(f) }, args, false)
	if err != nil {
		return nil, err
	}
	if help {
		return nil, flag.ErrHelp
	}
	if err := s.loadTexts(); err != nil {
		return nil, err
	}
	if wrong := s.wrongLang(); wrong != nil {
		return nil, wrong
	}
	return rest, s.makeEngine()
}

// wrongLang is the error of a --lang that there are no texts for, which is told in the system's language.
func (s *session) wrongLang() error {
	if s.lang == "" || slices.Contains(lang.Languages, s.lang) {
		return nil
	}
	return &usageError{lang.M("cli.bad-lang", "name", s.lang, "names", strings.Join(lang.Languages, ", "))}
}

// What package flag says of an option, to be said in the person's language.
var (
	flagUnknown = regexp.MustCompile(`^flag provided but not defined: -+(.+)$`)
	flagEmpty   = regexp.MustCompile(`^flag needs an argument: -+(.+)$`)
	flagValue   = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-+([^:]+):`)
)

func flagTrouble(err error) lang.Msg {
	if m := flagUnknown.FindStringSubmatch(err.Error()); m != nil {
		return lang.M("cli.flag-unknown", "name", m[1])
	}
	if m := flagEmpty.FindStringSubmatch(err.Error()); m != nil {
		return lang.M("cli.flag-empty", "name", m[1])
	}
	if m := flagValue.FindStringSubmatch(err.Error()); m != nil {
		return lang.M("cli.flag-value", "value", m[1], "name", m[2])
	}
	return lang.M("cli.bad-flag", "detail", err.Error())
}

func (s *session) help() string {
	return s.texts.Text(lang.M("cli.help", "pin", app.PracticePIN, "puk", app.PracticePUK))
}

// helpOf is the part of the help that speaks of one command, and of what holds for all. The help is a title, the
// commands, and the rest, parted by empty lines; a line of a command that is indented more belongs to the one above.
func helpOf(help, command string) string {
	parts := strings.SplitN(help, "\n\n", 3)
	if len(parts) < 3 {
		return help
	}
	var own []string
	keep := false
	for _, line := range strings.Split(parts[1], "\n") {
		if rest, ok := strings.CutPrefix(line, "  ceralacca-cli "); ok {
			keep = slices.Contains(strings.Fields(rest), command)
		}
		if keep {
			own = append(own, line)
		}
	}
	return strings.Join(own, "\n") + "\n\n" + parts[2]
}

func (s *session) loadTexts() error {
	tag := s.lang
	if !slices.Contains(lang.Languages, tag) {
		tag = lang.System()
	}
	t, err := lang.Load(assets.FS, tag)
	if err != nil {
		return err
	}
	s.texts = t.Plain()
	return nil
}

func (s *session) makeEngine() error {
	c := app.Config{Dir: s.config, Assets: assets.FS, Offline: s.offline, CA: s.ca}
	if c.Dir == "" {
		dir, err := app.UserDir()
		if err != nil && !s.demo {
			return err
		}
		c.Dir = dir
	}
	for _, p := range s.trust {
		certs, err := app.ReadAnchors(p)
		if err != nil {
			return err
		}
		c.Anchors = append(c.Anchors, certs...)
	}
	if !s.demo {
		cards := p11.Join(card.CNS(pcsc.New()), p11.Options{Memory: app.NewLibraries(c.Dir)}, true)
		s.atEnd = append(s.atEnd, cards.Close)
		c.Source, c.Modules, c.Module = cards, cards, s.module
		s.engine = app.New(c)
		return nil
	}
	e, err := app.New(c).WithPractice(s.ctx)
	if err != nil {
		return err
	}
	s.engine = e
	fmt.Fprintln(s.words, s.texts.T("cli.practice"))
	return nil
}

// fail tells an error that ended the command and returns its exit code.
func (s *session) fail(err error) int {
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintln(s.words, s.texts.Text(usage.msg))
		fmt.Fprintln(s.words, s.texts.T("cli.see-help"))
		if s.json {
			s.printJSON(map[string]any{"error": app.Fault{Code: "usage", Text: s.texts.Text(usage.msg), Next: s.texts.T("cli.see-help")}})
		}
		return exitUsage
	}
	var choose *chooseError
	if errors.As(err, &choose) {
		fmt.Fprintln(s.words, s.texts.Text(choose.msg))
		if s.json {
			s.printJSON(map[string]any{"error": app.Fault{Code: "no-card", Text: s.texts.Text(choose.msg)}})
		}
		return exitCode(err)
	}
	a := app.Explain(err)
	s.say(a)
	if s.json {
		s.printJSON(map[string]any{"error": s.jsonError(a)})
	}
	return exitCode(err)
}

// labelled is a label and its value, parted as the language has it.
func (s *session) labelled(label, value string) string { return label + s.texts.Colon() + value }

// say prints an advice for a person.
func (s *session) say(a *app.Advice) {
	fmt.Fprintln(s.words, s.texts.Text(a.Title))
	fmt.Fprintln(s.words, s.texts.Text(a.InPlace()))
	if a.Code == "unknown" || a.Code == "self-check" {
		fmt.Fprintln(s.words, "("+a.Detail+")")
	}
}

// exitCode maps an error to the contract's number.
func exitCode(err error) int {
	var (
		pin     *card.PINError
		blocked *app.BlockedError
		none    *app.NoCertificateError
		use     *signer.UseError
		exists  *app.ExistsError
		already *app.AlreadySignedError
		format  *card.FormatError
		choose  *chooseError
		refused *signer.RefusedError
		kind    *signer.UnsupportedError
		rules   *app.FilingError
		profile *app.ProfileError
	)
	switch {
	case errors.As(err, &profile):
		return exitUsage
	case errors.Is(err, app.ErrSamePIN), errors.Is(err, app.ErrRepeatDiffers):
		return exitRule
	case errors.As(err, &pin) && pin.Blocked, errors.As(err, &blocked):
		return exitBlocked
	case errors.As(err, &pin), errors.As(err, &format):
		return exitPIN
	case errors.As(err, &none), errors.As(err, &use), errors.As(err, &exists), errors.As(err, &already),
		errors.As(err, &rules), errors.As(err, &refused), errors.As(err, &kind), errors.Is(err, card.ErrNoPUKChange), errors.As(err, new(*signer.ArchivedError)):
		return exitRule
	case errors.As(err, new(*app.NoJobError)), errors.As(err, new(*app.OtherCardError)), errors.As(err, new(*app.VisibleError)), errors.As(err, new(*app.CertificateIDError)):
		return exitRule
	case errors.As(err, new(*app.AuthorityError)):
		return exitUsage
	case errors.Is(err, context.Canceled), errors.Is(err, app.ErrRefused):
		return exitCancelled
	case errors.As(err, new(*signer.TimeStampError)), errors.As(err, new(*signer.LevelError)):
		return exitFailed // the network's numbers are not those of a disk
	case errors.As(err, new(*app.NoMatchError)):
		return exitIO
	case errors.As(err, &choose), errors.Is(err, card.ErrNoService), errors.Is(err, card.ErrRemoved),
		errors.Is(err, card.ErrBusy), errors.Is(err, card.ErrMute), errors.Is(err, card.ErrUnsupported):
		return exitNoCard
	case isIO(err), errors.As(err, new(*app.FolderError)), errors.As(err, new(*app.FolderGoneError)), errors.As(err, new(*app.SpaceError)):
		return exitIO
	}
	return exitFailed
}
