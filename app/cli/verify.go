package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/signer"
)

// verify judges every signature of the files; it needs no card. A folder stands for the files in it, and those of
// them that are not signed at all are passed over.
func (s *session) verify(args []string) (int, error) {
	var content, at, report string
	var table bool
	files, err := s.flags("verify", args, func(f *flag.FlagSet) {
		f.StringVar(&content, "content", "", "")
		f.StringVar(&at, "at", "", "")
		f.StringVar(&report, "report", "", "")
		f.BoolVar(&table, "csv", false, "")
	})
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, &usageError{lang.M("cli.no-files")}
	}
	files, found, err := openFolders(files)
	if err != nil {
		return 0, err
	}
	if report != "" && (len(files) > 1 || (filepath.Ext(report) != ".json" && filepath.Ext(report) != ".html")) {
		return 0, &usageError{lang.M("cli.bad-report")}
	}
	req := app.VerifyRequest{Content: content}
	if at != "" {
		if req.At, err = time.Parse(time.RFC3339, at); err != nil {
			return 0, &usageError{lang.M("cli.bad-time", "value", at)}
		}
	}
	code := exitOK
	results := make([]app.FileReport, 0, len(files))
	for _, file := range files {
		if err := s.ctx.Err(); err != nil {
			return 0, err
		}
		req.File = file
		j, c := s.verifyOne(req, report, found[file], table)
		if found[file] && j.Error == nil && len(j.Signatures) == 0 {
			continue
		}
		results = append(results, j)
		code = worse(code, c)
	}
	if len(results) == 0 {
		code = exitUnsure
		fmt.Fprintln(s.words, s.texts.T("verdict.none"))
	}
	if table && !s.json {
		return code, printTable(s.out, results)
	}
	if s.json {
		basis, err := s.engine.Trust(s.ctx)
		if err != nil {
			return 0, err
		}
		s.printJSON(app.Reports{Files: results, Trust: basis})
	}
	return code, nil
}

// worse combines the exit codes of two files: trouble with a file first, then failed, then unsure.
func worse(a, b int) int {
	rank := func(c int) int {
		switch c {
		case exitOK:
			return 0
		case exitUnsure:
			return 1
		case exitFailed:
			return 2
		}
		return 3
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// printTable writes a row for each signature, and one for a file without any, as CSV (RFC 4180). A cell that a
// spreadsheet would take for a formula is quoted with an apostrophe: names come from the files.
func printTable(w io.Writer, files []app.FileReport) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"file", "id", "parent", "format", "level", "signer", "issuer", "integrity", "indication", "subindication", "qualification", "claimed", "proven", "error"}}
	for _, f := range files {
		if len(f.Signatures) == 0 {
			row := make([]string, len(rows[0]))
			row[0] = f.File
			if f.Error != nil {
				row[len(row)-1] = f.Error.Code
			}
			rows = append(rows, row)
		}
		for _, g := range f.Signatures {
			who := app.SignerReport{}
			if g.Signer != nil {
				who = *g.Signer
			}
			rows = append(rows, []string{
				f.File, g.ID, g.Parent, g.Format, g.Level, who.CN, who.IssuerCN, g.Integrity, g.Indication,
				g.SubIndication, g.Qualification, g.ClaimedTime, g.ProvenTime, "",
			})
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "+") || strings.HasPrefix(cell, "-") || strings.HasPrefix(cell, "@") {
				row[i] = "'" + cell
			}
		}
	}
	return c.WriteAll(rows)
}

// openFolders puts the regular files of a folder, not of those below it, in its place. found has the files that
// nobody named.
func openFolders(paths []string) (files []string, found map[string]bool, err error) {
	found = map[string]bool{}
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil || !st.IsDir() {
			files = append(files, p) // what is wrong with it is told when it is read
			continue
		}
		entries, err := os.ReadDir(p)
		if err != nil {
			return nil, nil, fmt.Errorf("listing a folder: %w", err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() {
				f := filepath.Join(p, e.Name())
				files, found[f] = append(files, f), true
			}
		}
	}
	return files, found, nil
}

// verifyOne judges one file. Nothing is said of an unsigned one when quiet.
func (s *session) verifyOne(req app.VerifyRequest, report string, quiet, table bool) (app.FileReport, int) {
	r, err := s.engine.Verify(s.ctx, req)
	if err != nil {
		return s.unjudged(req.File, err)
	}
	if quiet && len(r.Signatures) == 0 {
		return app.ReportOf(req.File, r, s.texts), exitOK
	}
	if !table {
		s.tellVerdict(req.File, r, app.JudgeReport(r), app.IsPractice(r))
	}
	if report != "" {
		if err := s.engine.SaveReport(s.ctx, req.File, r, s.texts, report); err != nil {
			return s.unjudged(req.File, err)
		}
	}
	return app.ReportOf(req.File, r, s.texts), verdictCode(r)
}

// unjudged tells why there is no report on a file, or no file with the report.
func (s *session) unjudged(file string, err error) (app.FileReport, int) {
	a := app.Explain(err)
	fmt.Fprintf(s.words, "%s: ", file)
	s.say(a)
	return app.FileReport{File: file, Signatures: []app.SignatureReport{}, Error: app.FaultOf(a, s.texts)}, exitCode(err)
}

// verdictCode is the exit code of a report: the worst signature decides, and a file without one is unsure.
func verdictCode(r *app.Report) int {
	code := exitOK
	if len(r.Signatures) == 0 {
		code = exitUnsure
	}
	for _, sig := range r.Signatures {
		switch sig.Indication {
		case signer.TotalFailed:
			return exitFailed
		case signer.Indeterminate:
			code = exitUnsure
		}
	}
	return code
}

// tellVerdict prints the report for a person.
func (s *session) tellVerdict(file string, r *app.Report, v app.Verdict, practice bool) {
	if s.json {
		return
	}
	fmt.Fprintf(s.out, "%s: %s\n  %s\n", file, s.texts.Text(v.Title), s.texts.Text(v.Reason))
	if !v.Next.IsZero() {
		fmt.Fprintf(s.out, "  %s\n", s.texts.Text(v.Next))
	}
	if practice {
		fmt.Fprintf(s.out, "  %s\n", s.texts.T("verdict.practice"))
	}
	for i := range r.Signatures {
		g := &r.Signatures[i]
		name := s.texts.T("cli.no-signer")
		if g.Signer != nil {
			name = g.Signer.SubjectCN
		}
		fmt.Fprintf(s.out, "  %s %s: %s\n", g.ID, name, s.texts.Text(app.SignatureReason(g)))
		if !g.Claimed.IsZero() {
			fmt.Fprintf(s.out, "    %s\n", s.texts.Text(lang.M("cli.claimed", "time", s.texts.DateTime(g.Claimed))))
		}
		for _, f := range g.Findings {
			fmt.Fprintf(s.out, "    - %s\n", s.texts.Text(app.FindingText(f)))
		}
	}
}

// extract takes the signed document out of its envelope.
func (s *session) extract(args []string) (int, error) {
	var all bool
	var out string
	files, err := s.flags("extract", args, func(f *flag.FlagSet) {
		f.BoolVar(&all, "all", false, "")
		f.StringVar(&out, "out", "", "")
	})
	switch {
	case err != nil:
		return 0, err
	case len(files) == 0:
		return 0, &usageError{lang.M("cli.no-files")}
	case out != "" && len(files) > 1 && !isFolder(out):
		return 0, &usageError{lang.M("cli.one-output")}
	}
	type extracted struct {
		File   string `json:"file"`
		Output string `json:"output,omitempty"`
		Error  any    `json:"error,omitempty"`
	}
	code := exitOK
	results := make([]extracted, 0, len(files))
	for _, file := range files {
		e := extracted{File: file}
		got, err := s.engine.Extract(s.ctx, file, out, all)
		if err != nil {
			a := app.Explain(err)
			e.Error, code = s.jsonError(a), worse(code, exitCode(err))
			fmt.Fprintf(s.words, "%s: ", file)
			s.say(a)
		} else {
			e.Output = got
			if !s.json {
				fmt.Fprintln(s.out, got)
			}
		}
		results = append(results, e)
	}
	if s.json {
		s.printJSON(map[string]any{"files": results})
	}
	return code, nil
}

func isFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
