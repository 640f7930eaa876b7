package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

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
	// Lost counts what the earlier signatures lost, as --lose-archive-proof has accepted.
	Lost  *jsonLost `json:"lost,omitempty"`
	Error any       `json:"error,omitempty"`
}

type jsonLost struct {
	Stamps  int `json:"archive_time_stamps"`
	Records int `json:"evidence_records"`
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
	existingFlags = map[string]signer.Existing{"refuse": signer.Refuse, "wrap": signer.Wrap, "add": signer.Add, "counter": signer.CounterSign}
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

// signing is one run of sign: its flags, and what became of the files.
type signing struct {
	s       *session
	req     app.SignRequest
	resume  bool
	visible string
	field   string
	summary string
	onFail  string   // what --tsa-fails says; empty asks
	losing  []string // files whose earlier signatures may lose an archive proof
	args    []string
	skipped []app.Skipped

	results []app.FileResult
	rows    []jsonSigned
	ended   []bool
	told    int // files up to here are told
	code    int
}

// sign signs the files with one PIN.
func (s *session) sign(args []string) (int, error) {
	j := &signing{s: s}
	var err error
	j.args, err = s.flags("sign", args, func(f *flag.FlagSet) {
		choice(f, "format", &j.req.Format, formatFlags)
		choice(f, "level", &j.req.Level, levelFlags)
		choice(f, "existing", &j.req.Existing, existingFlags)
		choice(f, "tsa-fails", &j.onFail, map[string]string{"keep": "keep", "stop": "stop"})
		f.Func("content", "", func(p string) error { j.req.Contents = append(j.req.Contents, p); return nil })
		f.Func("lose-archive-proof", "", func(p string) error { j.losing = append(j.losing, p); return nil })
		f.StringVar(&j.req.TSA, "tsa", "", "")
		f.StringVar(&j.req.Reason, "reason", "", "")
		f.StringVar(&j.req.Location, "location", "", "")
		f.StringVar(&j.visible, "visible", "", "")
		f.StringVar(&j.field, "field", "", "")
		f.StringVar(&j.summary, "summary", "", "")
		f.BoolVar(&j.req.Detached, "detached", false, "")
		f.BoolVar(&j.resume, "resume", false, "")
		f.StringVar(&j.req.Cert, "cert", "", "")
		f.StringVar(&j.req.OutDir, "out", "", "")
		f.StringVar(&j.req.Profile, "profile", "", "")
		expectFlags(f, &j.req.Originals, &j.req.Signers)
	})
	if err == nil {
		err = j.check()
	}
	if err == nil {
		err = j.collect()
	}
	if err != nil {
		return 0, err
	}
	if j.req.Slot, err = s.slot(); err != nil {
		return 0, err
	}
	err = s.engine.Sign(s.ctx, j.req, terminal{s, j.onFail}, app.SignEvents{Done: j.done, Again: j.again})
	return j.end(err)
}

// check refuses flags that do not go together.
func (j *signing) check() error {
	r := &j.req
	if err := checkSigners(r.Signers); err != nil {
		return err
	}
	if r.Level == signer.LevelB && r.TSA != "" {
		r.Level = signer.LevelT // nobody names an authority for nothing
	}
	known, err := j.s.engine.Authorities()
	switch {
	case err != nil:
		return err
	case len(j.args) == 0 && !j.resume:
		return &usageError{lang.M("cli.no-files")}
	case len(r.Contents) > 0 && r.Existing != signer.Add:
		return &usageError{lang.M("cli.content-add")}
	case len(j.losing) > 0 && r.Existing != signer.Add && r.Existing != signer.CounterSign:
		return &usageError{lang.M("cli.lose-existing")}
	case r.Level > signer.LevelB && r.TSA == "" && len(known) == 0:
		return &usageError{lang.M("cli.needs-tsa")}
	case r.Level > signer.LevelB && j.s.offline:
		return &usageError{lang.M("cli.offline-tsa")}
	case j.visible == "" && j.field == "":
		return nil
	case r.Format == signer.CAdES, j.visible != "" && j.field != "":
		return &usageError{lang.M("cli.bad-visible")}
	}
	r.Format = signer.PAdES
	if j.field != "" {
		r.Visible, err = j.s.fieldMark(j.args, j.field)
		return err
	}
	r.Visible, err = j.s.place(j.visible)
	return err
}

// fieldMark is what shows the signature in an empty field of the one PDF that is to be signed.
func (s *session) fieldMark(files []string, name string) (*app.VisibleMark, error) {
	if len(files) != 1 {
		return nil, &usageError{lang.M("cli.field-one")}
	}
	var names []string
	if x := s.engine.Describe(files[0]).Examination; x != nil {
		for _, f := range x.Fields {
			if f.Name == name {
				return &app.VisibleMark{Field: name, Page: f.Page, Rect: f.Rect, Border: true, Lines: s.markLines()}, nil
			}
			names = append(names, app.Visible(f.Name))
		}
	}
	if len(names) == 0 {
		names = []string{"–"}
	}
	return nil, &usageError{lang.M("cli.no-field", "names", strings.Join(names, ", "))}
}

func (s *session) markLines() []string { return []string{s.texts.T("visible.by"), "{name}", "{when}"} }

// again tells that the person has signed a file before.
func (j *signing) again(file string, when time.Time) {
	day := "–"
	if !when.IsZero() {
		day = j.s.texts.Date(when)
	}
	fmt.Fprintln(j.s.words, j.s.texts.Text(lang.M("signed-before.title", "name", app.Visible(filepath.Base(file)), "when", day)))
}

// place reads PAGE:X,Y,W,H[:IMAGE], in points from the lower left corner of the page.
func (s *session) place(v string) (*app.VisibleMark, error) {
	bad := &usageError{lang.M("cli.bad-visible")}
	parts := strings.SplitN(v, ":", 3)
	if len(parts) < 2 {
		return nil, bad
	}
	page, err := strconv.Atoi(parts[0])
	numbers := strings.Split(parts[1], ",")
	if err != nil || page < 1 || len(numbers) != 4 {
		return nil, bad
	}
	var n [4]float64
	for i, x := range numbers {
		if n[i], err = strconv.ParseFloat(strings.TrimSpace(x), 64); err != nil || math.IsNaN(n[i]) || math.Abs(n[i]) > 1e6 {
			return nil, bad
		}
	}
	if n[2] <= 0 || n[3] <= 0 {
		return nil, bad
	}
	m := &app.VisibleMark{
		Page: page, Rect: [4]float64{n[0], n[1], n[0] + n[2], n[1] + n[3]}, Border: true,
		Lines: s.markLines(),
	}
	if len(parts) == 3 {
		if m.Picture, err = os.ReadFile(parts[2]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// collect finds the files, or the interrupted job that --resume means: the newest, or the newest with the files that
// are named.
func (j *signing) collect() error {
	s := j.s
	if !j.resume {
		var err error
		if j.req.Files, j.skipped, err = app.Collect(s.ctx, j.args...); err != nil {
			return err
		}
		s.tellSkipped(len(j.req.Files), j.skipped)
		j.prepare(j.req.Files)
		return j.lose()
	}
	list, err := s.engine.Interrupted()
	if err != nil {
		return err
	}
	for _, in := range list {
		if !holdsAll(in.Files, j.args) {
			continue
		}
		j.req.Resume = in.ID
		files := make([]string, slices.Max(in.Indices)+1)
		for i, x := range in.Indices {
			files[x] = in.Files[i]
		}
		j.prepare(files)
		fmt.Fprintln(s.words, s.texts.Text(lang.MN("cli.resuming", in.Total, "done", lang.Count(in.Done), "when", s.texts.DateTime(in.Started))))
		return nil
	}
	return &app.NoJobError{}
}

// lose takes the word for the files that --lose-archive-proof names, and for no others: each has to be one of those to
// be signed, so that nobody gives something up by a pattern.
func (j *signing) lose() error {
	j.req.PerFile = map[int]app.FileChoice{}
	for _, name := range j.losing {
		i := slices.IndexFunc(j.req.Files, func(f string) bool { return sameFile(f, name) })
		if i < 0 {
			return &usageError{lang.M("cli.lose-which", "name", app.Visible(name))}
		}
		j.req.PerFile[i] = app.FileChoice{Existing: j.req.Existing, LoseArchive: true}
	}
	return nil
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	y, yerr := os.Stat(b)
	return err == nil && yerr == nil && os.SameFile(x, y)
}

func holdsAll(files, named []string) bool {
	for _, n := range named {
		if abs, err := filepath.Abs(n); err != nil || !slices.Contains(files, abs) {
			return false
		}
	}
	return true
}

func (j *signing) prepare(files []string) {
	j.rows, j.ended = make([]jsonSigned, len(files)), make([]bool, len(files))
	for i, f := range files {
		j.rows[i].File = f
		j.ended[i] = f == "" // numbers that the interrupted job does not have
	}
	j.results = make([]app.FileResult, len(files))
}

// tellSkipped says what was taken of folders and patterns and what was not.
func (s *session) tellSkipped(n int, skipped []app.Skipped) {
	if len(skipped) == 0 {
		return
	}
	fmt.Fprintln(s.words, s.texts.Text(lang.MN("cli.taken", n, "skipped", lang.Count(len(skipped)))))
	for _, k := range skipped {
		fmt.Fprintln(s.words, "  "+s.labelled(app.Visible(k.Path), s.texts.T("skip."+string(k.Reason))))
	}
}

// done keeps a result and tells all that are due: files end in any order and are told in their own.
func (j *signing) done(r app.FileResult) {
	j.results[r.Index], j.ended[r.Index] = r, true
	for ; j.told < len(j.ended) && j.ended[j.told]; j.told++ {
		j.tell(j.told)
	}
}

// tell tells how a file ended. The first failure decides the exit code, save that any other trouble outranks a rule.
func (j *signing) tell(i int) {
	s, r, row := j.s, j.results[i], &j.rows[i]
	if row.File == "" {
		return
	}
	say := func(err error) {
		a := app.Explain(err)
		row.Error = s.jsonError(a)
		fmt.Fprint(s.words, s.labelled(r.File, ""))
		s.say(a)
	}
	if r.Err != nil {
		say(r.Err)
		if c := exitCode(r.Err); j.code == exitOK || c != exitRule {
			j.code = c
		}
		return
	}
	row.Output, row.Format, row.Level = r.Output, app.FormatName(r.Format), app.LevelName(r.Level)
	row.SHA256 = hex.EncodeToString(r.SHA256[:])
	if r.Lost != nil {
		row.Lost = &jsonLost{r.Lost.Stamps, r.Lost.Records}
		fmt.Fprintln(s.words, s.labelled(r.File, s.texts.Text(app.LostText(r.Lost))))
	}
	if !s.json {
		fmt.Fprintln(s.out, r.Output)
	}
	if r.Short != nil {
		say(r.Short)
		if j.code == exitOK || j.code == exitRule {
			j.code = exitFailed
		}
	}
}

// end tells what is left, writes the summary and returns the exit code.
func (j *signing) end(jobErr error) (int, error) {
	s := j.s
	var usage *usageError
	if errors.As(jobErr, &usage) {
		return 0, jobErr
	}
	var rules *app.FilingError
	if errors.As(jobErr, &rules) {
		s.sayRefused(rules.Filing)
	}
	var fault *app.Fault
	if jobErr != nil {
		fault = s.jsonError(app.Explain(jobErr))
	}
	rows := []jsonSigned{}
	for i := range j.rows {
		if i >= j.told && j.ended[i] {
			j.tell(i)
		}
		if !j.ended[i] {
			j.rows[i].Error = fault
			j.results[i] = app.FileResult{Index: i, File: j.rows[i].File, Err: jobErr}
		}
		if j.rows[i].File != "" {
			rows = append(rows, j.rows[i])
		}
	}
	if err := j.save(); err != nil && jobErr == nil {
		jobErr = err
		fault = s.jsonError(app.Explain(err))
	}
	if !s.json {
		return j.code, jobErr
	}
	doc := map[string]any{"files": rows}
	if s.engine.Practice() {
		doc["practice"] = true
	}
	if rules != nil {
		doc["filing"] = s.checked(rules.Filing)
	}
	if len(j.skipped) > 0 {
		doc["skipped"] = j.jsonSkipped()
	}
	if fault != nil {
		doc["error"] = fault
		s.say(app.Explain(jobErr))
		j.code = exitCode(jobErr)
	}
	s.printJSON(doc)
	return j.code, nil
}

func (j *signing) jsonSkipped() []map[string]string {
	var all []map[string]string
	for _, k := range j.skipped {
		all = append(all, map[string]string{"file": k.Path, "reason": string(k.Reason)})
	}
	return all
}

// save writes the summary that --summary asks for.
func (j *signing) save() error {
	if j.summary == "" {
		return nil
	}
	sum := &app.Summary{Ended: time.Now(), Practice: j.s.engine.Practice()}
	for _, r := range j.results {
		if r.File != "" {
			sum.Results = append(sum.Results, r)
		}
	}
	return app.SaveSummary(j.s.ctx, sum, j.s.texts, j.summary)
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
