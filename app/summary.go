package app

import (
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ceralacca/app/lang"
)

// Summary is what became of a signing job, to be kept beside the files.
type Summary struct {
	Signer   string // subject's name
	Ended    time.Time
	Practice bool // nothing of it has legal value
	Results  []FileResult
	// Left are the files of the list that the job left out or did not get to.
	Left []LeftFile
}

// LeftFile is a file that was not signed, and why; nil says that the job ended before.
type LeftFile struct {
	File   string
	Advice *Advice
}

// LevelName is a level in the JSON contract: "B", "T", "LT", "LTA".
func LevelName(l Level) string {
	return [...]string{LevelB: "B", LevelT: "T", LevelLT: "LT", LevelLTA: "LTA"}[l]
}

// summaryRow is one file in words.
type summaryRow struct {
	File, Folder, Output, Size, SHA256, Format, Level, Time, Result string
	Signed                                                          bool
}

func (s *Summary) rows(t *lang.Catalog) []summaryRow {
	results := slices.Clone(s.Results)
	slices.SortFunc(results, func(a, b FileResult) int { return a.Index - b.Index })
	var rows []summaryRow
	for _, r := range results {
		row := summaryRow{File: Visible(filepath.Base(r.File)), Folder: Visible(filepath.Dir(r.File)), Signed: r.Err == nil}
		switch {
		case r.Err != nil:
			a := Explain(r.Err)
			row.Result = t.Text(a.Title) + " " + t.Text(a.Body)
		case r.Short != nil:
			row.Result = t.Text(Explain(r.Short).Title)
		default:
			row.Result = t.T("summary.signed")
		}
		if r.Err == nil && r.Lost != nil {
			row.Result += " " + t.Text(LostText(r.Lost))
		}
		if r.Err == nil {
			row.Output, row.Folder, row.Size = Visible(filepath.Base(r.Output)), Visible(filepath.Dir(r.Output)), t.Size(r.OutputSize)
			row.SHA256, row.Format, row.Level = hex.EncodeToString(r.SHA256[:]), FormatName(r.Format), LevelName(r.Level)
			row.Time = r.Signed.In(lang.Rome()).Format("2006-01-02 15:04:05 -07:00")
		}
		rows = append(rows, row)
	}
	for _, l := range s.Left {
		row := summaryRow{File: Visible(filepath.Base(l.File)), Folder: Visible(filepath.Dir(l.File)), Result: t.T("ui.status.stopped")}
		if l.Advice != nil {
			row.Result += t.Colon() + t.Text(l.Advice.Title) + " " + t.Text(l.Advice.Body)
		}
		rows = append(rows, row)
	}
	return rows
}

// SaveSummary writes s to dest, which must not exist, in the words of t: as CSV, HTML or text by its suffix.
func SaveSummary(ctx context.Context, s *Summary, t *lang.Catalog, dest string) error {
	write := s.text
	switch strings.ToLower(filepath.Ext(dest)) {
	case ".csv":
		write = s.csv
	case ".html", ".htm":
		write = s.html
	}
	return writeNew(ctx, dest, func(w io.Writer) error { return write(w, t) }, nil)
}

func (s *Summary) title(t *lang.Catalog) string {
	signed := 0
	for _, r := range s.Results {
		if r.Err == nil {
			signed++
		}
	}
	return t.Text(lang.MN("summary.title", len(s.Results)+len(s.Left), "signed", lang.Count(signed)))
}

var summaryColumns = []string{"file", "output", "folder", "size", "sha256", "format", "level", "time", "result"}

func (r *summaryRow) cells() []string {
	return []string{r.File, r.Output, r.Folder, r.Size, r.SHA256, r.Format, r.Level, r.Time, r.Result}
}

// csv writes RFC 4180 with a byte order mark, by which spreadsheets tell UTF-8.
func (s *Summary) csv(w io.Writer, t *lang.Catalog) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.Comma = separator(t)
	var head []string
	for _, k := range summaryColumns {
		head = append(head, t.T("summary."+k))
	}
	all := [][]string{head}
	for _, r := range s.rows(t) {
		row := r.cells()
		for i, cell := range row {
			row[i] = spreadsheetCell(cell)
		}
		all = append(all, row)
	}
	if s.Practice {
		all = append(all, []string{t.T("cli.practice")})
	}
	return c.WriteAll(all)
}

func (s *Summary) text(w io.Writer, t *lang.Catalog) error {
	var b strings.Builder
	fmt.Fprintln(&b, s.title(t))
	if s.Signer != "" {
		fmt.Fprintf(&b, "%s%s%s\n", t.T("summary.signer"), t.Colon(), s.Signer)
	}
	if s.Practice {
		fmt.Fprintln(&b, t.T("cli.practice"))
	}
	for _, r := range s.rows(t) {
		fmt.Fprintln(&b)
		for i, cell := range r.cells() {
			if cell != "" {
				fmt.Fprintf(&b, "%s%s%s\n", t.T("summary."+summaryColumns[i]), t.Colon(), strings.NewReplacer("\n", " ", "\r", " ").Replace(cell))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

//go:embed summary.html
var summaryPage string

// html writes a page that holds all it needs: no script, no picture, no address to fetch.
func (s *Summary) html(w io.Writer, t *lang.Catalog) error {
	page, err := template.New("summary").Funcs(template.FuncMap{"T": t.T, "colon": t.Colon, "when": t.DateTime, "zero": time.Time.IsZero}).Parse(summaryPage)
	if err != nil {
		return err
	}
	return page.Execute(w, map[string]any{
		"Lang": t.Tag(), "Title": s.title(t), "Summary": s, "Rows": s.rows(t), "Version": Version,
	})
}
