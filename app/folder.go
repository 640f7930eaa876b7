package app

import (
	"context"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
	"ceralacca/signer/trust"
)

// FolderSizeError means that a folder holds more files than are looked at in one go.
type FolderSizeError struct {
	Path string
	Most int
}

func (e *FolderSizeError) Error() string {
	return fmt.Sprintf("folder holds more than %d files", e.Most)
}

// FilesOf lists the regular files of a folder and of those below it, up to 16 levels deep, in the order of their names;
// what is hidden is left out, and links lead nowhere. With too many files it is a
// [*FolderSizeError]; a folder below that cannot be opened is passed over.
func FilesOf(ctx context.Context, dir string) ([]string, error) {
	dir = filepath.Clean(dir)
	var files []string
	err := filepath.WalkDir(dir, func(path string, en fs.DirEntry, err error) error {
		below := strings.Count(strings.TrimPrefix(path, dir), string(filepath.Separator))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && path == dir:
			return fmt.Errorf("listing a folder: %w", err)
		case err != nil, en.IsDir() && path != dir && (strings.HasPrefix(en.Name(), ".") || below >= maxDepth):
			return fs.SkipDir
		case !en.Type().IsRegular() || strings.HasPrefix(en.Name(), "."):
			return nil
		case len(files) == maxFiles:
			return &FolderSizeError{dir, maxFiles}
		}
		files = append(files, path)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return files, nil
}

// Sparing is ctx for verifying many files in one run: a server of revocation data that one of them could not reach is not
// waited for again by the others.
func Sparing(ctx context.Context) context.Context { return trust.Sparing(ctx) }

// spreadsheetCell is text for a cell of CSV. What a spreadsheet would take for a formula begins with an apostrophe, and
// nothing in it is unseen: names come from the files.
func spreadsheetCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + Visible(s)
	}
	return Visible(s)
}

// WriteTable writes a row for each signature, and one for a file without any, as CSV (RFC 4180) in UTF-8.
func WriteTable(w io.Writer, files []FileReport) error {
	c := csv.NewWriter(w)
	head := []string{
		"file", "id", "parent", "format", "level", "signer", "issuer", "integrity", "indication", "subindication",
		"qualification", "claimed", "proven", "error",
	}
	rows := [][]string{head}
	for _, f := range files {
		if len(f.Signatures) == 0 {
			row := make([]string, len(head))
			row[0] = f.File
			if f.Error != nil {
				row[len(row)-1] = f.Error.Code
			}
			rows = append(rows, row)
		}
		for _, g := range f.Signatures {
			who := SignerReport{}
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
			row[i] = spreadsheetCell(cell)
		}
	}
	return c.WriteAll(rows)
}

// SaveTable writes the table of WriteTable to dest, which must not exist. It begins with a byte order mark, by which
// spreadsheets know UTF-8.
func (e *Engine) SaveTable(ctx context.Context, files []FileReport, dest string) error {
	return writeNew(ctx, dest, func(w io.Writer) error {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return err
		}
		return WriteTable(w, files)
	}, nil)
}

// FaultReport is the report on a file that could not be judged.
func FaultReport(file string, err error, t *lang.Catalog) FileReport {
	return FileReport{File: file, Signatures: []SignatureReport{}, Error: FaultOf(Explain(err), t)}
}

// Folder is the folder being verified or verified last; nil before the first.
type Folder struct {
	Path    string
	Name    string
	Running bool
	Done    int
	Total   int
	Rows    []FolderRow // the signed files, and those that could not be judged, in the order of their names
	Saved   *SavedFile
	Advice  *Advice

	run *folderRun // the one that fills it
}

// folderRun is one verification of a folder; it is told apart from another of the same folder by its address.
type folderRun struct{ path string }

// FolderRow is one file of a Folder.
type FolderRow struct {
	Path    string
	Name    string // its path from the folder on
	Verdict Verdict
	Signers []string
	Advice  *Advice // why there is no verdict

	lines []tableLine // a report of its own would be kept for each of ten thousand files
}

// tableLine is a signature, or a file without a verdict, in the table for people: what is to be said, in no language yet.
type tableLine struct {
	title, reason               lang.Msg
	name, code, issuer          string
	format, indication, sum     string
	claimed, proven, judged     time.Time
	qualification               signer.Qualification
	practice, unjudged, stamped bool
}

// verifyFolder judges every file of the folder and of those below, one after the other; those that are not signed are passed over.
func (s *Store) verifyFolder(st State, path string) State {
	if s.folder != nil {
		s.folder()
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.folder = cancel
	run := &folderRun{path}
	st.Folder = &Folder{Path: path, Name: filepath.Base(path), Running: true, run: run}
	st.Verify = nil
	engine := s.use
	s.spawn(func() {
		defer cancel()
		s.eachOf(ctx, engine, run)
	})
	return st
}

// folderPace is how often the State is told how far a folder is: hundreds of small files are judged in a second, and a
// window that was drawn anew for each would do nothing else.
const folderPace = 100 * time.Millisecond

// eachOf tells the State about the files of the folder as they are judged.
func (s *Store) eachOf(ctx context.Context, e *Engine, run *folderRun) {
	tell := func(change func(*Folder)) {
		s.post(func(st State) State {
			if st.Folder == nil || st.Folder.run != run || !st.Folder.Running {
				return st
			}
			next := *st.Folder
			change(&next)
			st.Folder = &next
			return st
		})
	}
	files, err := FilesOf(ctx, run.path)
	if ctx.Err() != nil {
		return
	}
	ctx = Sparing(ctx)
	tell(func(f *Folder) { f.Total, f.Advice, f.Running = len(files), Explain(err), err == nil })
	var rows []FolderRow // grows behind what the States show, which is never changed
	told := time.Now()
	for i, file := range files {
		if ctx.Err() != nil {
			return
		}
		r, err := e.Verify(ctx, VerifyRequest{File: file})
		if ctx.Err() != nil {
			return
		}
		if err != nil || len(r.Signatures) > 0 {
			rows = append(rows, folderRow(run.path, file, r, err))
		}
		if done, now := i+1, slices.Clip(rows); done == len(files) || time.Since(told) >= folderPace {
			told = time.Now()
			tell(func(f *Folder) { f.Done, f.Rows = done, now })
		}
	}
	tell(func(f *Folder) { f.Running = false })
}

func folderRow(dir, file string, r *Report, err error) FolderRow {
	name, beside := filepath.Rel(dir, file)
	if beside != nil {
		name = filepath.Base(file)
	}
	row := FolderRow{Path: file, Name: name, Advice: Explain(err)}
	if r == nil {
		row.lines = []tableLine{{unjudged: true, title: row.Advice.Title, reason: row.Advice.Body}}
		return row
	}
	row.lines = tableLines(r)
	row.Verdict = JudgeReport(r)
	for i := range r.Signatures {
		if g := &r.Signatures[i]; g.Signer != nil && g.Format != signer.TST && !slices.Contains(row.Signers, g.Signer.SubjectCN) {
			row.Signers = append(row.Signers, g.Signer.SubjectCN)
		}
	}
	return row
}

// StopFolder ends the verification of the folder after the file in hand; what was judged stays.
func (s *Store) StopFolder() {
	s.post(func(st State) State {
		if s.folder != nil {
			s.folder()
		}
		if st.Folder != nil && st.Folder.Running {
			next := *st.Folder
			next.Running = false
			st.Folder = &next
		}
		return st
	})
}

// CloseFolder forgets the folder.
func (s *Store) CloseFolder() {
	s.StopFolder()
	s.post(func(st State) State { st.Folder = nil; return st })
}

// SaveTable writes what was found in the folder f, as the State had it, as CSV for a spreadsheet to dest, or under a name that is free, in the
// words of t.
func (s *Store) SaveTable(f *Folder, dest string, t *lang.Catalog) {
	s.post(func(st State) State {
		if f == nil {
			return st
		}
		s.run("errand.save", dest, func(ctx context.Context) (change, error) {
			dest := nextFree(dest)
			err := f.saveTable(ctx, t, dest)
			return func(st State) State {
				if st.Folder == nil || st.Folder.Path != f.Path {
					return st
				}
				next := *st.Folder
				next.Saved, next.Advice = nil, Explain(err)
				if err == nil {
					next.Saved = &SavedFile{What: lang.M("saved.table"), Path: dest, Count: 1, CanOpen: true}
				}
				st.Folder = &next
				return st
			}, err
		})
		return st
	})
}

// separator is what stands between the cells of a table for a spreadsheet in the language of t: where the comma is the
// decimal sign, spreadsheets split at semicolons, and would show a table with commas as one column.
func separator(t *lang.Catalog) rune {
	if strings.HasPrefix(t.Tag(), "en") {
		return ','
	}
	return ';'
}

// saveTable writes the table for people: the words of the reports, a row for each signature and for each file that could
// not be judged.
func (f *Folder) saveTable(ctx context.Context, t *lang.Catalog, dest string) error {
	rows := [][]string{{
		t.T("summary.file"), t.T("report.verdict"), t.T("summary.signer"), t.T("report.fiscal-code"), t.T("report.claimed"), t.T("report.proven"),
		t.T("report.qualification"), t.T("report.issuer"), t.T("report.format"), "ETSI EN 319 102-1", t.T("report.judged"), t.T("report.sha256"),
	}}
	practice := false
	for i := range f.Rows {
		row := &f.Rows[i]
		practice = practice || slices.ContainsFunc(row.lines, func(l tableLine) bool { return l.practice })
		rows = append(rows, row.table(t)...)
	}
	if practice {
		rows = append(rows, []string{t.T("cli.practice")})
	}
	rows = append(rows, []string{t.T("report.informative")})
	return writeNew(ctx, dest, func(w io.Writer) error {
		if _, err := io.WriteString(w, "\ufeff"); err != nil { // by which spreadsheets know UTF-8
			return err
		}
		c := csv.NewWriter(w)
		c.Comma = separator(t)
		for _, row := range rows {
			for i, cell := range row {
				row[i] = spreadsheetCell(cell)
			}
		}
		return c.WriteAll(rows)
	}, nil)
}

// tableLines are what the table tells of a report.
func tableLines(r *Report) []tableLine {
	var lines []tableLine
	practice, sum := IsPractice(r), hex.EncodeToString(r.SHA256[:])
	for i := range r.Signatures {
		g := &r.Signatures[i]
		who := signer.Certificate{}
		if g.Signer != nil {
			who = *g.Signer
		}
		lines = append(lines, tableLine{
			title: JudgeReport(&Report{Signatures: []Signature{*g}}).Title, reason: SignatureReason(g),
			name: who.SubjectCN, code: who.FiscalCode, issuer: who.IssuerCN,
			format:     strings.TrimSpace(FormatName(g.Format) + " " + g.Level),
			indication: strings.TrimSpace(indicationNames[g.Indication] + " " + string(g.SubIndication)), sum: sum,
			claimed: g.Claimed, proven: g.Proven, judged: r.Time,
			qualification: g.Qualification, practice: practice, stamped: g.Format == signer.TST,
		})
	}
	return lines
}

// table is the file in the table for people.
func (r *FolderRow) table(t *lang.Catalog) [][]string {
	day := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return t.DateTime(at)
	}
	var rows [][]string
	for _, l := range r.lines {
		verdict := sentence(t.Text(l.reason))
		switch {
		case l.unjudged:
			rows = append(rows, []string{r.Name, t.Text(l.title) + " " + t.Text(l.reason)})
			continue
		case !l.stamped:
			verdict = sentence(t.Text(l.title)) + " " + verdict
		}
		rows = append(rows, []string{
			r.Name, verdict, l.name, l.code, day(l.claimed), day(l.proven), QualificationText(l.qualification, t), l.issuer,
			l.format, l.indication, day(l.judged), l.sum,
		})
	}
	return rows
}
