package main

import (
	"flag"
	"fmt"
	"path/filepath"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/card"
)

type jsonChecked struct {
	Profile       string             `json:"profile"`
	Verdict       app.FilingVerdict  `json:"verdict"` // ready, doubt or refused
	SignerChecked bool               `json:"signer_checked"`
	Findings      []jsonFilingRemark `json:"findings"`
	Compared      []jsonCompared     `json:"compared,omitempty"`
}

// jsonCompared is how a file stands to the originals: same, changed, absent, or itself when it was compared with itself.
type jsonCompared struct {
	File     string `json:"file"`
	State    string `json:"state"`
	Original string `json:"original,omitempty"`
}

type jsonFilingRemark struct {
	Code     string            `json:"code"`
	Severity string            `json:"severity"`
	File     string            `json:"file,omitempty"`
	Title    string            `json:"title"`
	Why      string            `json:"why,omitempty"`
	Mend     string            `json:"mend"`
	Since    string            `json:"since,omitempty"`
	Source   *jsonFilingSource `json:"source,omitempty"`
}

type jsonFilingSource struct {
	Who  string `json:"who"`
	What string `json:"what,omitempty"`
	URL  string `json:"url,omitempty"`
	Read string `json:"read,omitempty"`
}

var comparedWords = map[app.Sameness]string{
	app.OriginalAbsent: "absent", app.OriginalSame: "same", app.OriginalChanged: "changed", app.OriginalItself: "itself",
}

var remarkSeverities = map[app.Severity]string{app.SeverityInfo: "info", app.SeverityWarning: "warning", app.SeverityDanger: "error"}

// expectFlags are what the person says of the files: the originals, and who is to sign.
func expectFlags(f *flag.FlagSet, originals, signers *[]string) {
	f.Func("originals", "", func(path string) error { *originals = append(*originals, path); return nil })
	f.Func("signer", "", func(code string) error { *signers = append(*signers, app.TidyCode(code)); return nil })
}

// checkSigners refuses what is no codice fiscale of a person. A last letter that does not fit is on real cards too.
func checkSigners(codes []string) error {
	for _, c := range codes {
		if fault, _ := app.CheckCode(c); fault != app.CodeFine && fault != app.CodeCheck {
			return &usageError{lang.M("cli.bad-signer", "code", c)}
		}
	}
	return nil
}

// check holds the files against what their receiver asks for. It asks for no PIN; without a card the certificate is
// left out.
func (s *session) check(args []string) (int, error) {
	r := app.FilingRequest{Validate: true}
	files, err := s.flags("check", args, func(f *flag.FlagSet) {
		f.StringVar(&r.Profile, "profile", "", "")
		f.StringVar(&r.Cert, "cert", "", "")
		expectFlags(f, &r.Originals, &r.Signers)
		choice(f, "format", &r.Format, formatFlags)
	})
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, &usageError{lang.M("cli.no-files")}
	}
	if err := checkSigners(r.Signers); err != nil {
		return 0, err
	}
	r.Files = files
	if sl, err := s.slot(); err == nil && sl.State == card.Present {
		c, err := s.engine.Inspect(s.ctx, sl)
		if err == nil {
			r.Card = &c
		}
	}
	found, err := s.engine.CheckFiling(s.ctx, r)
	if err != nil {
		return 0, err
	}
	if s.json {
		s.printJSON(s.checked(found))
	} else {
		s.sayFiling(found)
	}
	switch found.Verdict() {
	case app.FilingRefused:
		return exitRule, nil
	case app.FilingDoubt:
		return exitUnsure, nil
	}
	return exitOK, nil
}

func (s *session) checked(f *app.Filing) jsonChecked {
	j := jsonChecked{Profile: f.Profile, Verdict: f.Verdict(), SignerChecked: f.SignerChecked, Findings: []jsonFilingRemark{}}
	for _, i := range f.Items {
		t := i.Text(s.texts)
		r := jsonFilingRemark{
			Code: i.Code, Severity: remarkSeverities[i.Severity], File: i.File, Title: t.Title, Why: t.Why, Mend: t.Mend, Since: app.Stamp(i.Since),
		}
		if i.Who != "" {
			r.Source = &jsonFilingSource{i.Who, i.What, i.URL, app.Stamp(i.Read)}
		}
		j.Findings = append(j.Findings, r)
	}
	for _, c := range f.Compared {
		j.Compared = append(j.Compared, jsonCompared{c.File, comparedWords[c.Sameness], c.Original})
	}
	return j
}

// sayFiling prints the checklist for a person.
func (s *session) sayFiling(f *app.Filing) {
	fmt.Fprintln(s.out, s.texts.T("filing."+string(f.Verdict())+"."+f.Profile))
	if !f.SignerChecked {
		fmt.Fprintln(s.out, s.texts.T("filing.no-card"))
	}
	headings := map[app.Severity]string{app.SeverityDanger: "refused", app.SeverityWarning: "doubt", app.SeverityInfo: "known"}
	last := app.Severity(-1)
	for _, i := range f.Items {
		if i.Severity != last {
			last = i.Severity
			fmt.Fprintf(s.out, "\n%s\n", s.texts.T("filing.severity."+headings[last]))
		}
		t := i.Text(s.texts)
		name := s.texts.T("filing.set")
		if i.File != "" {
			name = filepath.Base(i.File)
		}
		fmt.Fprintln(s.out, "  "+s.labelled(name, t.Title))
		for _, line := range []string{t.Why, s.texts.Text(lang.M("filing.to-mend", "mend", t.Mend)), t.By, i.URL} {
			if line != "" {
				fmt.Fprintf(s.out, "      %s\n", line)
			}
		}
	}
	if len(f.Compared) > 0 {
		fmt.Fprintf(s.out, "\n%s\n", s.texts.T("filing.compare.title"))
		for _, c := range f.Compared {
			fmt.Fprintln(s.out, "  "+s.labelled(filepath.Base(c.File), s.texts.Text(c.Words())))
		}
	}
	fmt.Fprintf(s.out, "\n%s\n", s.texts.T("filing.no-promise"))
}

// sayRefused prints why a profile stopped the signing.
func (s *session) sayRefused(f *app.Filing) {
	for _, i := range f.Items {
		if i.Severity == app.SeverityDanger {
			t := i.Text(s.texts)
			fmt.Fprintln(s.words, s.labelled(filepath.Base(i.File), t.Title+" "+t.Mend))
		}
	}
}
