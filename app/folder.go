package app

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ceralacca/app/lang"
)

// maxFolder is how many files of one folder are looked at.
const maxFolder = 5000

// FolderSizeError means that a folder holds more files than are looked at in one go.
type FolderSizeError struct {
	Path string
	Most int
}

func (e *FolderSizeError) Error() string {
	return fmt.Sprintf("folder holds more than %d files", e.Most)
}

// FilesOf lists the regular files of a folder by name, not of those below it and without hidden ones. A folder with
// too many of them is a [*FolderSizeError].
func FilesOf(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("listing a folder: %w", err)
	}
	var files []string
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if len(files) == maxFolder {
			return nil, &FolderSizeError{dir, maxFolder}
		}
		files = append(files, filepath.Join(dir, e.Name()))
	}
	return files, nil
}

// WriteTable writes a row for each signature, and one for a file without any, as CSV (RFC 4180) in UTF-8. A cell that
// a spreadsheet would take for a formula begins with an apostrophe: names come from the files.
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
			if row[i] = Visible(cell); cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + row[i]
			}
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
