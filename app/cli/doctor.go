package main

import (
	"flag"
	"fmt"

	"ceralacca/app/lang"
)

type jsonDoctorCheck struct {
	Code    string `json:"code,omitempty"`
	State   string `json:"state"` // good, note or bad
	Title   string `json:"title"`
	Fix     string `json:"fix,omitempty"`
	Command string `json:"command,omitempty"` // a line for a terminal that is the fix
	Detail  string `json:"detail,omitempty"`
}

// doctor looks at service, readers, card, libraries, lists, disk and clock. The network is tried only with --network.
func (s *session) doctor(args []string) (int, error) {
	var bundle string
	var network bool
	rest, err := s.flags("doctor", args, func(f *flag.FlagSet) {
		f.StringVar(&bundle, "bundle", "", "")
		f.BoolVar(&network, "network", false, "")
	})
	if err != nil {
		return 0, err
	}
	if len(rest) > 0 {
		return 0, &usageError{lang.M("cli.unknown-command", "name", "doctor "+rest[0])}
	}
	d, err := s.engine.Diagnose(s.ctx, network)
	if err != nil {
		return 0, err
	}
	if bundle != "" {
		if err := s.engine.SaveBundle(s.ctx, d, s.texts, bundle); err != nil {
			return 0, err
		}
	}
	checks := []jsonDoctorCheck{}
	for _, c := range d.Checks {
		t := c.Text(s.texts)
		checks = append(checks, jsonDoctorCheck{c.Code, c.State(), t.Title, t.Fix, c.Command(), c.Detail})
	}
	if s.json {
		s.printJSON(map[string]any{"checks": checks, "trouble": d.Trouble(), "network": d.Network})
	} else {
		for _, c := range checks {
			fmt.Fprintln(s.out, s.labelled(s.texts.T("doctor."+c.State), c.Title))
			if c.Fix != "" {
				fmt.Fprintf(s.out, "    %s\n", c.Fix)
			}
		}
	}
	if d.Trouble() > 0 {
		return exitFailed, nil
	}
	return exitOK, nil
}
