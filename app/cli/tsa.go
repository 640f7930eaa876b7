package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"

	"ceralacca/app"
	"ceralacca/app/lang"
)

type jsonAuthority struct {
	Name     string `json:"name,omitempty"`
	URL      string `json:"url"`
	User     string `json:"user,omitempty"`
	Password bool   `json:"password"` // it is in the system's keyring
}

// tsa keeps the list of time-stamp authorities: list, add URL, remove NAME|URL. Each ends by telling the list.
func (s *session) tsa(args []string) (int, error) {
	var a app.Authority
	passwordFD := -1
	rest, err := s.flags("tsa", args, func(f *flag.FlagSet) {
		f.StringVar(&a.Name, "name", "", "")
		f.StringVar(&a.User, "user", "", "")
		f.IntVar(&passwordFD, "password-fd", -1, "")
	})
	if err != nil {
		return 0, err
	}
	switch {
	case len(rest) == 1 && rest[0] == "list":
	case len(rest) == 2 && rest[0] == "add":
		a.URL = rest[1]
		err = s.addAuthority(a, passwordFD)
	case len(rest) == 2 && rest[0] == "remove":
		err = s.removeAuthority(rest[1])
	default:
		err = &usageError{lang.M("cli.unknown-command", "name", "tsa "+strings.Join(rest, " "))}
	}
	if err != nil {
		return 0, err
	}
	return exitOK, s.tellAuthorities()
}

func (s *session) addAuthority(a app.Authority, passwordFD int) error {
	password := ""
	if a.User != "" {
		var err error
		if password, err = s.password(passwordFD); err != nil {
			return err
		}
	}
	return s.engine.KeepAuthority(app.Authority{}, a, password)
}

func (s *session) removeAuthority(name string) error {
	list, err := s.engine.Authorities()
	if err != nil {
		return err
	}
	var left []app.Authority
	for _, a := range list {
		if a.URL != name && !strings.EqualFold(a.Title(), name) {
			left = append(left, a)
		}
	}
	if len(left) == len(list) {
		return &app.AuthorityError{Name: name}
	}
	return s.engine.SaveAuthorities(left)
}

func (s *session) tellAuthorities() error {
	list, err := s.engine.Authorities()
	if err != nil {
		return err
	}
	rows := []jsonAuthority{}
	for _, a := range list {
		row := jsonAuthority{a.Name, a.URL, a.User, a.User != "" && s.engine.HasPassword(a)}
		rows = append(rows, row)
		if s.json {
			continue
		}
		line := app.Visible(a.Title()) + "  " + a.URL
		if a.User != "" {
			state := "tsa.no-password"
			if row.Password {
				state = "tsa.password"
			}
			line += "  " + app.Visible(a.User) + ", " + s.texts.T(state)
		}
		fmt.Fprintln(s.out, line)
	}
	switch {
	case s.json:
		s.printJSON(map[string]any{"authorities": rows})
	case len(rows) == 0:
		fmt.Fprintln(s.words, s.texts.T("tsa.none"))
	}
	return nil
}

// password reads one line from the descriptor, or from the terminal without showing it. It is no PIN: the keyring takes
// it as text.
func (s *session) password(fd int) (string, error) {
	if fd >= 0 {
		f := descriptor(fd, "password")
		if f == nil {
			return "", &usageError{lang.M("cli.bad-fd")}
		}
		line, err := bufio.NewReader(io.LimitReader(f, 1024)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	if s.stdin == nil || !term.IsTerminal(int(s.stdin.Fd())) {
		return "", &usageError{lang.M("tsa.no-terminal")}
	}
	fmt.Fprint(s.words, s.texts.T("tsa.password.ask")+" ")
	b, err := term.ReadPassword(int(s.stdin.Fd()))
	fmt.Fprintln(s.words)
	return string(b), err
}
