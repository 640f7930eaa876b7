package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/signer"
)

// verify judges every signature of the files; it needs no card. A folder stands for the files in it and in those
// below, and those of them that are not signed at all are passed over.
func (s *session) verify(args []string) (int, error) {
	var at, report, table string
	var originals []string
	var lines bool
	files, err := s.flags("verify", args, func(f *flag.FlagSet) {
		f.Func("content", "", func(p string) error { originals = append(originals, p); return nil })
		f.StringVar(&at, "at", "", "")
		f.StringVar(&report, "report", "", "")
		f.StringVar(&table, "csv", "", "")
		f.BoolVar(&lines, "json-lines", false, "")
	})
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, &usageError{lang.M("cli.no-files")}
	}
	files, found, err := openFolders(s.ctx, files)
	if err != nil {
		return 0, err
	}
	if len(files) > 1 {
		s.ctx = app.Sparing(s.ctx)
	}
	if report != "" && (len(files) > 1 || !slices.Contains(app.ReportFormats, strings.ToLower(filepath.Ext(report)))) {
		return 0, &usageError{lang.M("cli.bad-report")}
	}
	v := verification{
		s: s, req: app.VerifyRequest{Originals: originals}, report: report, found: found,
		lines: lines, quiet: s.json || lines || table == "-",
	}
	if e, ok := s.words.(*os.File); ok && len(found) > 0 && term.IsTerminal(int(e.Fd())) {
		v.progress = &progress{w: s.words, texts: s.texts, total: len(files)}
	}
	if at != "" {
		if v.req.At, err = time.Parse(time.RFC3339, at); err != nil {
			return 0, &usageError{lang.M("cli.bad-time", "value", at)}
		}
	}
	code, err := v.run(files)
	if err != nil {
		return 0, err
	}
	return code, v.tellAll(table)
}

// verification is one run of the command.
type verification struct {
	s       *session
	req     app.VerifyRequest
	report  string          // file for the report; empty for none
	found   map[string]bool // files that nobody named: nothing is said of the unsigned among them
	quiet   bool            // the answer is not for people
	lines   bool            // the answer is a JSON document a line, each as soon as its file is judged
	results []app.FileReport
	*progress
}

// tellAll prints what is told of all files together, and writes the table.
func (v *verification) tellAll(table string) error {
	s := v.s
	switch {
	case table == "-" && !s.json && !v.lines:
		return app.WriteTable(s.out, v.results)
	case table != "" && table != "-":
		if err := s.engine.SaveTable(s.ctx, v.results, table); err != nil {
			return err
		}
	}
	basis, err := s.engine.Basis(s.ctx, s.texts)
	switch {
	case err != nil:
	case !v.quiet:
		s.tellBasis(basis)
	case v.lines:
		err = json.NewEncoder(s.out).Encode(basis)
	default:
		s.printJSON(app.Reports{Files: v.results, Basis: basis})
	}
	return err
}

// run judges file after file and returns the exit code of them all.
func (v *verification) run(files []string) (int, error) {
	code := exitOK
	v.results = make([]app.FileReport, 0, len(files))
	defer v.off()
	for i, file := range files {
		if err := v.s.ctx.Err(); err != nil {
			return 0, err
		}
		v.req.File = file
		v.on(i+1, filepath.Base(file))
		j, c := v.one()
		if v.found[file] && j.Error == nil && len(j.Signatures) == 0 {
			continue
		}
		v.results = append(v.results, j)
		code = worse(code, c)
		if v.lines {
			if err := json.NewEncoder(v.s.out).Encode(j); err != nil {
				return 0, err
			}
		}
	}
	v.off()
	if len(v.results) == 0 {
		code = exitUnsure
		fmt.Fprintln(v.s.words, v.s.texts.T("verdict.none"))
	}
	return code, nil
}

// one judges one file.
func (v *verification) one() (app.FileReport, int) {
	s := v.s
	r, err := s.engine.Verify(s.ctx, v.req)
	if err != nil {
		v.off()
		return s.unjudged(v.req.File, err)
	}
	if v.found[v.req.File] && len(r.Signatures) == 0 {
		return app.ReportOf(v.req, r, s.texts), exitOK
	}
	if !v.quiet {
		v.off()
		s.tellVerdict(v.req, r)
	}
	if v.report != "" {
		if err := s.engine.SaveReport(s.ctx, v.req, r, s.texts, v.report); err != nil {
			return s.unjudged(v.req.File, err)
		}
	}
	return app.ReportOf(v.req, r, s.texts), verdictCode(r)
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

// openFolders puts the files of a folder in its place. found has the files that nobody named.
func openFolders(ctx context.Context, paths []string) (files []string, found map[string]bool, err error) {
	found = map[string]bool{}
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil || !st.IsDir() {
			files = append(files, p) // what is wrong with it is told when it is read
			continue
		}
		inside, err := app.FilesOf(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range inside {
			files, found[f] = append(files, f), true
		}
	}
	return files, found, nil
}

// unjudged tells why there is no report on a file, or no file with the report.
func (s *session) unjudged(file string, err error) (app.FileReport, int) {
	fmt.Fprint(s.words, s.labelled(app.Visible(file), ""))
	s.say(app.Explain(err))
	return app.FaultReport(file, err, s.texts), exitCode(err)
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

// tellVerdict prints the report for a person. Names come from the files of strangers.
func (s *session) tellVerdict(q app.VerifyRequest, r *app.Report) {
	v := app.JudgeReport(r)
	say := func(indent, words string) { fmt.Fprintln(s.out, indent+app.Visible(words)) }
	say("", s.labelled(q.File, s.texts.Text(v.Title)))
	say("  ", s.texts.Text(v.Reason))
	if !v.Next.IsZero() {
		say("  ", s.texts.Text(v.Next))
	}
	if app.IsPractice(r) {
		say("  ", s.texts.T("verdict.practice"))
	}
	if !q.At.IsZero() {
		say("  ", s.labelled(s.texts.T("report.as-of"), s.texts.Text(lang.M("report.as-of.value", "when", s.texts.Moment(q.At)))))
	}
	for _, n := range r.Notes {
		if key := "note." + n; s.texts.Has(key) {
			say("  ", s.texts.T(key))
		}
	}
	for i := range r.Signatures {
		g := &r.Signatures[i]
		name := s.texts.T("cli.no-signer")
		if g.Signer != nil {
			name = g.Signer.SubjectCN
		}
		say("  ", s.labelled(g.ID+" "+name, s.texts.Text(app.SignatureReason(g))))
		if g.Signer != nil && g.Signer.IssuerCN != "" {
			say("    ", s.labelled(s.texts.T("report.issuer"), g.Signer.IssuerCN))
		}
		if !g.Claimed.IsZero() {
			say("    ", s.texts.Text(lang.M("cli.claimed", "time", s.texts.Moment(g.Claimed))))
		}
		if !g.Proven.IsZero() {
			say("    ", s.labelled(s.texts.T("report.proven"), s.texts.Moment(g.Proven)))
		}
		if g.Service != nil {
			say("    ", s.labelled(s.texts.T("report.service"), app.ServiceText(g.Service, s.texts)))
		}
		for n := range g.Revocation {
			if words := app.RevocationText(g, n, s.texts); words != "" {
				say("    ", s.labelled(s.texts.T("report.revocation"), words))
			}
		}
		for _, f := range g.Findings {
			say("    - ", s.texts.Text(app.FindingText(f)))
		}
	}
}

// tellBasis tells, once for all files, what the verdicts stand on and how old it is.
func (s *session) tellBasis(b app.Basis) {
	for _, l := range b.Trust.Lists {
		fmt.Fprintln(s.out, s.labelled(s.texts.T("report.list")+" "+l.Territory, app.ListText(l, s.texts)))
	}
	if b.Trust.ExtraAnchors > 0 {
		fmt.Fprintln(s.out, s.texts.T("report.extra-anchors"))
	}
	fmt.Fprintln(s.out, b.Notice)
}

// extract takes the documents out of what encloses them, or the signed revision out of a PDF.
func (s *session) extract(args []string) (int, error) {
	var q app.ExtractRequest
	files, err := s.flags("extract", args, func(f *flag.FlagSet) {
		f.BoolVar(&q.All, "all", false, "")
		f.StringVar(&q.Dest, "out", "", "")
		f.StringVar(&q.Revision, "revision", "", "")
	})
	switch {
	case err != nil:
		return 0, err
	case len(files) == 0:
		return 0, &usageError{lang.M("cli.no-files")}
	case q.Dest != "" && len(files) > 1 && !isFolder(q.Dest):
		return 0, &usageError{lang.M("cli.one-output")}
	}
	type extracted struct {
		File    string   `json:"file"`
		Output  string   `json:"output,omitempty"`
		Outputs []string `json:"outputs,omitempty"` // when there are several
		Error   any      `json:"error,omitempty"`
	}
	code := exitOK
	results := make([]extracted, 0, len(files))
	for _, file := range files {
		e := extracted{File: file}
		q.File = file
		got, err := s.engine.Extract(s.ctx, q)
		if err != nil {
			a := app.Explain(err)
			e.Error, code = s.jsonError(a), worse(code, exitCode(err))
			fmt.Fprint(s.words, s.labelled(app.Visible(file), ""))
			s.say(a)
		}
		if len(got) > 1 {
			e.Outputs = got
		} else if len(got) == 1 {
			e.Output = got[0]
		}
		for _, path := range got {
			if !s.json {
				fmt.Fprintln(s.out, path)
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
