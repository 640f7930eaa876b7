package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/term"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// isIO reports whether err is of the file system.
func isIO(err error) bool {
	var p *fs.PathError
	var l *os.LinkError
	var n syscall.Errno
	return errors.As(err, &p) || errors.As(err, &l) || errors.As(err, &n)
}

// terminal asks on the controlling terminal, or reads from the descriptor that --pin-fd names. It implements
// app.Asker.
type terminal struct {
	s      *session
	onFail string // what is to be done when a time-stamp fails: "keep", "stop"; empty asks
}

func (t terminal) PIN(_ context.Context, q app.PINQuestion) (*app.PIN, error) {
	s := t.s
	if q.OnReader {
		return nil, nil
	}
	if s.pinFD >= 0 {
		return readFD(s.pinFD, "pin")
	}
	return s.typePIN(q)
}

// OnReader implements app.ReaderAsker.
func (t terminal) OnReader(_ context.Context, w app.ReaderWait) {
	words := t.s.texts.T("pin.on-reader")
	if w.Within > 0 {
		words += " " + t.s.texts.Text(lang.MN("pin.on-reader.within", int(w.Within.Seconds())))
	}
	fmt.Fprintln(t.s.words, t.s.labelled(t.s.texts.Text(w.Label), words))
}

// Confirm is asked before the last try alone, which --last-try allows beforehand.
func (t terminal) Confirm(_ context.Context, q app.Question) (bool, error) {
	s := t.s
	if s.lastTry {
		return true, nil
	}
	if s.pinFD >= 0 || !term.IsTerminal(int(s.stdin.Fd())) {
		return false, &usageError{lang.M("cli.last-try")}
	}
	fmt.Fprintf(s.words, "%s\n%s [%s] ", s.texts.Text(q.Title), s.texts.Text(q.Body), s.texts.T("cli.yes"))
	var word string
	_, err := fmt.Fscanln(s.stdin, &word)
	return err == nil && word == s.texts.T("cli.yes"), nil
}

// Choose is asked when a time-stamp fails. Without a terminal the signature is kept without one.
func (t terminal) Choose(_ context.Context, q app.Choice) (int, error) {
	s := t.s
	fallback := map[string]int{"": app.StampWithout, "keep": app.StampWithout, "stop": app.StampStop}[t.onFail]
	if t.onFail != "" || s.stdin == nil || !term.IsTerminal(int(s.stdin.Fd())) {
		return fallback, nil
	}
	fmt.Fprintf(s.words, "%s\n%s %s\n", s.texts.Text(q.Title), s.texts.Text(q.Body), s.texts.Text(q.Note))
	for i, a := range q.Answers {
		fmt.Fprintf(s.words, "  %d  %s\n", i+1, s.texts.Text(a))
	}
	for {
		fmt.Fprint(s.words, "> ")
		var n int
		if _, err := fmt.Fscanln(s.stdin, &n); errors.Is(err, io.EOF) {
			return fallback, nil
		}
		if n >= 1 && n <= len(q.Answers) {
			return n - 1, nil
		}
	}
}

// readFD reads the digits of one line, byte by byte so that no buffer keeps them.
func readFD(fd int, name string) (*app.PIN, error) {
	f := descriptor(fd, name)
	if f == nil {
		return nil, &usageError{lang.M("cli.bad-fd")}
	}
	return readDigits(f, false)
}

// descriptor is the file that was inherited under this number, or nil. Windows hands down the standard input alone: what
// it counts otherwise are handles.
func descriptor(fd int, name string) *os.File {
	switch {
	case fd == 0:
		return os.Stdin
	case runtime.GOOS == "windows":
		return nil
	}
	return os.NewFile(uintptr(fd), name)
}

// readDigits reads up to a line end. With keys set it is a raw terminal: backspace and Ctrl+C have their meaning.
func readDigits(r io.Reader, keys bool) (*app.PIN, error) {
	pin := app.NewPIN()
	var b [1]byte
	defer clear(b[:])
	fail := func(err error) (*app.PIN, error) { pin.Wipe(); return nil, err }
	for {
		n, err := r.Read(b[:])
		if n == 0 {
			if errors.Is(err, io.EOF) && pin.Len() > 0 {
				return pin, nil
			}
			if err == nil {
				continue
			}
			return fail(&usageError{lang.M("cli.no-pin")})
		}
		switch c := b[0]; {
		case c == '\n' || (c == '\r' && keys):
			return pin, nil
		case c == '\r':
		case keys && (c == 0x7f || c == 0x08):
			pin.Drop()
		case keys && (c == 0x03 || c == 0x04 || c == 0x1b):
			return fail(app.ErrRefused)
		case !pin.Add(rune(c)) && !keys:
			return fail(&usageError{lang.M("cli.pin-digits")})
		}
	}
}

// noTries stands for a code that is being chosen: it can be typed as often as one likes.
var noTries = app.Tries{Left: -2}

// typePIN asks on the terminal without echo, with the tries left beside the question.
func (s *session) typePIN(q app.PINQuestion) (*app.PIN, error) {
	fd := int(s.stdin.Fd())
	if !term.IsTerminal(fd) {
		return nil, &usageError{lang.M("cli.no-terminal")}
	}
	fmt.Fprintln(s.words, s.texts.Text(q.Purpose))
	if q.Tries != noTries {
		fmt.Fprintln(s.words, s.texts.Text(app.TriesText(q.Tries)))
	}
	fmt.Fprint(s.words, s.labelled(s.texts.Text(q.Label), ""))
	old, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("preparing the terminal: %w", err)
	}
	pin, err := readDigits(s.stdin, true)
	restored := term.Restore(fd, old)
	fmt.Fprintln(s.words)
	return pin, errors.Join(err, restored)
}
