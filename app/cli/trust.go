package main

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// trustLists tells which trusted lists are in use, or fetches newer ones.
func (s *session) trustLists(args []string) (int, error) {
	rest, err := s.flags("trust", args, func(*flag.FlagSet) {})
	if err != nil {
		return 0, err
	}
	switch strings.Join(rest, " ") {
	case "status":
	case "update":
		if err := s.engine.RefreshTrust(s.ctx); err != nil {
			return 0, err
		}
	default:
		return 0, &usageError{lang.M("cli.unknown-command", "name", "trust "+strings.Join(rest, " "))}
	}
	basis, err := s.engine.Trust(s.ctx)
	if err != nil {
		return 0, err
	}
	if s.json {
		s.printJSON(map[string]app.TrustReport{"trust": basis})
		return exitOK, nil
	}
	for _, l := range basis.Lists {
		old := ""
		if l.OutOfDate {
			old = "  " + s.texts.T("cli.list-old")
		}
		issued := l.Issued
		if t, err := time.Parse(time.RFC3339, l.Issued); err == nil {
			issued = s.texts.Date(t)
		}
		fmt.Fprintf(s.out, "%s  %d  %s%s\n", l.Territory, l.Sequence, issued, old)
	}
	return exitOK, nil
}
