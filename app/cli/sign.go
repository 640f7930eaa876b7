package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"runtime/debug"

	"ceralacca/app"
	"ceralacca/app/lang"
	"ceralacca/signer"
)

type jsonSigned struct {
	File   string `json:"file"`
	Output string `json:"output,omitempty"`
	Format string `json:"format,omitempty"`
	Level  string `json:"level,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Error  any    `json:"error,omitempty"`
}

func (s *session) jsonError(a *app.Advice) *app.Fault { return app.FaultOf(a, s.texts) }

// printJSON writes the one document of a --json run.
func (s *session) printJSON(v any) {
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	// The values are plain structs of ours; an error could only be that nobody reads.
	_ = e.Encode(v)
}

// What the flags of sign take.
var (
	formatFlags   = map[string]signer.Format{"auto": signer.Auto, "cades": signer.CAdES, "pades": signer.PAdES}
	levelFlags    = map[string]signer.Level{"B": signer.LevelB, "T": signer.LevelT, "LT": signer.LevelLT, "LTA": signer.LevelLTA}
	existingFlags = map[string]signer.Existing{"refuse": signer.Refuse, "wrap": signer.Wrap, "add": signer.Add}
)

// choice binds a flag that takes one of the names.
func choice[T any](f *flag.FlagSet, name string, to *T, names map[string]T) {
	f.Func(name, "", func(v string) error {
		x, ok := names[v]
		if !ok {
			return fmt.Errorf("%q", v)
		}
		*to = x
		return nil
	})
}

var levelNames = map[signer.Level]string{signer.LevelB: "B", signer.LevelT: "T", signer.LevelLT: "LT", signer.LevelLTA: "LTA"}

// sign signs the files with one PIN.
func (s *session) sign(args []string) (int, error) {
	var req app.SignRequest
	files, err := s.flags("sign", args, func(f *flag.FlagSet) {
		choice(f, "format", &req.Format, formatFlags)
		choice(f, "level", &req.Level, levelFlags)
		choice(f, "existing", &req.Existing, existingFlags)
		f.StringVar(&req.TSA, "tsa", "", "")
		f.StringVar(&req.Reason, "reason", "", "")
		f.StringVar(&req.Location, "location", "", "")
		f.BoolVar(&req.Detached, "detached", false, "")
		f.StringVar(&req.Cert, "cert", "", "")
		f.StringVar(&req.OutDir, "out", "", "")
		f.StringVar(&req.Profile, "profile", "", "")
	})
	switch {
	case err != nil:
		return 0, err
	case len(files) == 0:
		return 0, &usageError{lang.M("cli.no-files")}
	case req.Level > signer.LevelB && req.TSA == "":
		return 0, &usageError{lang.M("cli.needs-tsa")}
	case req.Level > signer.LevelB && s.offline:
		return 0, &usageError{lang.M("cli.offline-tsa")}
	case req.Level == signer.LevelB && req.TSA != "":
		req.Level = signer.LevelT // nobody names an authority for nothing
	}
	if req.Slot, err = s.slot(); err != nil {
		return 0, err
	}
	req.Files = files
	results := make([]jsonSigned, len(files))
	for i, f := range files {
		results[i].File = f
	}
	finished := make([]bool, len(files))
	code := exitOK
	jobErr := s.engine.Sign(s.ctx, req, terminal{s}, app.SignEvents{Done: func(r app.FileResult) {
		finished[r.Index] = true
		code = s.signed(&results[r.Index], r, code)
	}})
	return s.endSign(results, finished, jobErr, code)
}

// signed tells how one file ended and returns the exit code so far: the first failure decides it, save that
// any other trouble outranks a rule.
func (s *session) signed(j *jsonSigned, r app.FileResult, code int) int {
	if r.Err != nil {
		a := app.Explain(r.Err)
		j.Error = s.jsonError(a)
		fmt.Fprintf(s.words, "%s: ", r.File)
		s.say(a)
		if c := exitCode(r.Err); code == exitOK || c != exitRule {
			return c
		}
		return code
	}
	j.Output, j.Format, j.Level = r.Output, app.FormatName(r.Format), levelNames[r.Level]
	j.SHA256 = hex.EncodeToString(r.SHA256[:])
	if !s.json {
		fmt.Fprintln(s.out, r.Output)
	}
	if r.Short != nil {
		a := app.Explain(r.Short)
		j.Error = s.jsonError(a)
		fmt.Fprintf(s.words, "%s: ", r.File)
		s.say(a)
		if code == exitOK || code == exitRule {
			return exitFailed
		}
	}
	return code
}

func (s *session) endSign(results []jsonSigned, finished []bool, jobErr error, code int) (int, error) {
	var fault *app.Fault
	var usage *usageError
	if errors.As(jobErr, &usage) {
		return 0, jobErr
	}
	var rules *app.FilingError
	if errors.As(jobErr, &rules) {
		s.sayRefused(rules.Filing)
	}
	if jobErr != nil {
		fault = s.jsonError(app.Explain(jobErr))
		for i := range results {
			if !finished[i] {
				results[i].Error = fault
			}
		}
	}
	if !s.json {
		return code, jobErr
	}
	doc := map[string]any{"files": results}
	if s.engine.Practice() {
		doc["practice"] = true
	}
	if rules != nil {
		doc["filing"] = s.checked(rules.Filing)
	}
	if fault != nil {
		doc["error"] = fault
		s.say(app.Explain(jobErr))
		code = exitCode(jobErr)
	}
	s.printJSON(doc)
	return code, nil
}

// version tells what was built.
func (s *session) version(args []string) (int, error) {
	if _, err := s.flags("version", args, func(*flag.FlagSet) {}); err != nil {
		return 0, err
	}
	v, goVersion := app.Version, "unknown"
	if b, ok := debug.ReadBuildInfo(); ok {
		goVersion = b.GoVersion
	}
	if s.json {
		s.printJSON(map[string]string{"name": "Ceralacca", "version": v, "go": goVersion})
		return exitOK, nil
	}
	fmt.Fprintf(s.out, "Ceralacca %s (%s)\n", v, goVersion)
	return exitOK, nil
}
