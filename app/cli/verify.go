package main

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/signer"
)

type jsonVerified struct {
	File       string          `json:"file"`
	SHA256     string          `json:"sha256,omitempty"`
	Format     string          `json:"format,omitempty"`
	Notes      []string        `json:"notes,omitempty"`
	Practice   bool            `json:"practice,omitempty"`
	Signatures []jsonSignature `json:"signatures"`
	Error      any             `json:"error,omitempty"`
}

type jsonSignature struct {
	ID            string        `json:"id"`
	Parent        string        `json:"parent"`
	Format        string        `json:"format"`
	Level         string        `json:"level,omitempty"`
	Integrity     string        `json:"integrity"`
	Indication    string        `json:"indication"`
	SubIndication string        `json:"subindication,omitempty"`
	Qualification string        `json:"qualification,omitempty"`
	Signer        *jsonSigner   `json:"signer,omitempty"`
	ClaimedTime   string        `json:"claimed_time,omitempty"`
	ProvenTime    string        `json:"proven_time,omitempty"`
	CoversWhole   bool          `json:"covers_whole_file"`
	Findings      []jsonFinding `json:"findings"`
}

type jsonSigner struct {
	CN         string `json:"cn,omitempty"`
	FiscalCode string `json:"fiscal_code,omitempty"`
	IssuerCN   string `json:"issuer_cn,omitempty"`
	Serial     string `json:"serial,omitempty"`
	NotBefore  string `json:"not_before,omitempty"`
	NotAfter   string `json:"not_after,omitempty"`
}

type jsonFinding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Cite     string `json:"cite,omitempty"`
	Text     string `json:"text"`
}

var (
	integrities = map[signer.Integrity]string{signer.IntegrityUnknown: "unknown", signer.Intact: "intact", signer.Broken: "broken"}
	indications = map[signer.Indication]string{
		signer.Indeterminate: "INDETERMINATE", signer.TotalPassed: "TOTAL-PASSED", signer.TotalFailed: "TOTAL-FAILED",
	}
	severities = map[signer.Severity]string{signer.Info: "info", signer.Warning: "warning", signer.Error: "error"}
)

// verify judges every signature of the files; it needs no card.
func (s *session) verify(args []string) (int, error) {
	var content, at, report string
	files, err := s.flags("verify", args, func(f *flag.FlagSet) {
		f.StringVar(&content, "content", "", "")
		f.StringVar(&at, "at", "", "")
		f.StringVar(&report, "report", "", "")
	})
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, &usageError{lang.M("cli.no-files")}
	}
	if report != "" && filepath.Ext(report) != ".json" {
		return 0, &usageError{lang.M("cli.not-yet")}
	}
	req := app.VerifyRequest{Content: content}
	if at != "" {
		if req.At, err = time.Parse(time.RFC3339, at); err != nil {
			return 0, &usageError{lang.M("cli.bad-time", "value", at)}
		}
	}
	code := exitOK
	results := make([]jsonVerified, 0, len(files))
	for _, file := range files {
		if err := s.ctx.Err(); err != nil {
			return 0, err
		}
		req.File = file
		j, c := s.verifyOne(req)
		results = append(results, j)
		code = worse(code, c)
	}
	doc := map[string]any{"files": results, "trust": map[string]any{"lists": []any{}, "extra_anchors": s.engine.ExtraAnchors()}}
	if report != "" {
		if err := s.writeReport(report, doc); err != nil {
			return 0, err
		}
	}
	if s.json {
		s.printJSON(doc)
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

func (s *session) writeReport(path string, doc any) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return &app.ExistsError{Path: path}
	}
	if err != nil {
		return err
	}
	to := *s
	to.out = f
	to.printJSON(doc)
	return f.Close()
}

func (s *session) verifyOne(req app.VerifyRequest) (jsonVerified, int) {
	j := jsonVerified{File: req.File, Signatures: []jsonSignature{}}
	r, err := s.engine.Verify(s.ctx, req)
	if err != nil {
		a := app.Explain(err)
		j.Error = s.jsonError(a)
		fmt.Fprintf(s.words, "%s: ", req.File)
		s.say(a)
		return j, exitCode(err)
	}
	j.SHA256, j.Format, j.Notes = hex.EncodeToString(r.SHA256[:]), formatNames[r.Format], r.Notes
	j.Practice = app.IsPractice(r)
	for i := range r.Signatures {
		j.Signatures = append(j.Signatures, s.jsonSignature(&r.Signatures[i]))
	}
	v := app.JudgeReport(r)
	s.tellVerdict(req.File, r, v, j.Practice)
	return j, verdictCode(r)
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

func (s *session) jsonSignature(g *app.Signature) jsonSignature {
	j := jsonSignature{
		ID: g.ID, Parent: g.Parent, Format: formatNames[g.Format], Level: g.Level,
		Integrity: integrities[g.Integrity], Indication: indications[g.Indication],
		SubIndication: string(g.SubIndication), Qualification: string(g.Qualification),
		ClaimedTime: stamp(g.Claimed), ProvenTime: stamp(g.Proven), CoversWhole: g.CoversWholeFile,
		Findings: []jsonFinding{},
	}
	if c := g.Signer; c != nil {
		j.Signer = &jsonSigner{c.SubjectCN, c.FiscalCode, c.IssuerCN, c.Serial, stamp(c.NotBefore), stamp(c.NotAfter)}
	}
	for _, f := range g.Findings {
		j.Findings = append(j.Findings, jsonFinding{f.Code, severities[f.Severity], f.Cite, s.texts.Text(app.FindingText(f))})
	}
	return j
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
