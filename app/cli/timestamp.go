package main

import (
	"encoding/hex"
	"flag"
	"fmt"

	"ceralacca/app"
	"ceralacca/app/lang"
)

type jsonStamped struct {
	File   string `json:"file"`
	Output string `json:"output,omitempty"`
	Format string `json:"format,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Time   string `json:"time,omitempty"`
	Error  any    `json:"error,omitempty"`
}

// timestamp has files stamped by a time-stamp authority; it needs no card.
func (s *session) timestamp(args []string) (int, error) {
	req := app.TimestampRequest{Format: app.FormatTSD}
	files, err := s.flags("timestamp", args, func(f *flag.FlagSet) {
		choice(f, "as", &req.Format, map[string]app.Format{"tsd": app.FormatTSD, "tsr": app.FormatTSR})
		f.StringVar(&req.TSA, "tsa", "", "")
		f.StringVar(&req.OutDir, "out", "", "")
	})
	if err != nil {
		return 0, err
	}
	known, err := s.engine.Authorities()
	switch {
	case err != nil:
		return 0, err
	case len(files) == 0:
		return 0, &usageError{lang.M("cli.no-files")}
	case req.TSA == "" && len(known) == 0:
		return 0, &usageError{lang.M("cli.needs-tsa")}
	case s.offline:
		return 0, &usageError{lang.M("cli.offline-tsa")}
	}
	var skipped []app.Skipped
	if req.Files, skipped, err = app.Collect(s.ctx, files...); err != nil {
		return 0, err
	}
	s.tellSkipped(len(req.Files), skipped)
	rows := make([]jsonStamped, len(req.Files))
	for i, f := range req.Files {
		rows[i].File = f
	}
	code := exitOK
	ended := 0
	err = s.engine.Timestamp(s.ctx, req, func(r app.FileResult) {
		ended++
		code = s.stamped(&rows[r.Index], r, code)
	})
	if err != nil && ended == 0 {
		return 0, err
	}
	for i := ended; i < len(rows); i++ {
		rows[i].Error = s.jsonError(app.Explain(err))
	}
	if s.json {
		s.printJSON(map[string]any{"files": rows})
	}
	return code, nil
}

// stamped tells how one file ended and returns the exit code so far.
func (s *session) stamped(j *jsonStamped, r app.FileResult, code int) int {
	if r.Err != nil {
		a := app.Explain(r.Err)
		j.Error = s.jsonError(a)
		fmt.Fprint(s.words, s.labelled(r.File, ""))
		s.say(a)
		if c := exitCode(r.Err); code == exitOK || c != exitRule {
			return c
		}
		return code
	}
	j.Output, j.Format, j.SHA256, j.Time = r.Output, app.FormatName(r.Format), hex.EncodeToString(r.SHA256[:]), app.Stamp(r.Signed)
	if !s.json {
		fmt.Fprintln(s.out, r.Output)
	}
	return code
}
