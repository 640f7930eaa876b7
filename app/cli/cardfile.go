package main

import (
	"fmt"

	"ceralacca/app"
	"ceralacca/app/lang"
)

// details tells everything that a certificate of the card says, line by line.
func (s *session) details(id string) (int, error) {
	slot, err := s.slot()
	if err != nil {
		return 0, err
	}
	c, err := s.engine.Inspect(s.ctx, slot)
	if err != nil {
		return 0, err
	}
	cert, err := findCertificate(&c, id)
	if err != nil {
		return 0, err
	}
	type field struct {
		Name  string `json:"name"`
		Label string `json:"label"`
		Value string `json:"value"`
	}
	var list []field
	for _, f := range cert.Fields(s.texts) {
		list = append(list, field{f.Name, f.Label, f.Value})
		if !s.json {
			fmt.Fprintln(s.out, s.labelled(f.Label, f.Value))
		}
	}
	if s.json {
		s.printJSON(map[string]any{"certificate": cert.ID, "fields": list})
	}
	return exitOK, nil
}

// cardFile writes a certificate of the card, or its calendar, to a file.
func (s *session) cardFile(args []string, id string) (int, error) {
	if len(args) == 1 && args[0] == "details" {
		return s.details(id)
	}
	if len(args) != 2 {
		return 0, &usageError{lang.M("cli.no-files")}
	}
	slot, err := s.slot()
	if err != nil {
		return 0, err
	}
	c, err := s.engine.Inspect(s.ctx, slot)
	if err != nil {
		return 0, err
	}
	dest := args[1]
	switch args[0] {
	case "calendar":
		err = s.engine.SaveCalendar(s.ctx, &c, s.texts, dest)
	case "export":
		var cert *app.Certificate
		if cert, err = findCertificate(&c, id); err == nil {
			err = s.engine.ExportCertificate(s.ctx, cert, dest)
		}
	default:
		err = &usageError{lang.M("cli.unknown-command", "name", "card "+args[0])}
	}
	if err != nil {
		return 0, err
	}
	if s.json {
		s.printJSON(map[string]string{"output": dest})
	} else {
		fmt.Fprintln(s.out, dest)
	}
	return exitOK, nil
}

// findCertificate returns the certificate with that ID; without one the signing certificate, or the only one.
func findCertificate(c *app.Card, id string) (*app.Certificate, error) {
	if id == "" && c.Signing() != nil {
		return c.Signing(), nil
	}
	for i := range c.Certificates {
		if x := &c.Certificates[i]; x.ID == id || (id == "" && len(c.Certificates) == 1) {
			return x, nil
		}
	}
	return nil, &app.CertificateIDError{ID: id}
}
