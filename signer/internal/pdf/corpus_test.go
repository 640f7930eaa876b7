package pdf

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestDump(t *testing.T) {
	fl, _ := os.Open("/work/shared/corpus/MANIFEST.tsv")
	r := csv.NewReader(fl)
	r.Comma = '\t'
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if row[4] != "PAdES" {
			continue
		}
		b, err := os.ReadFile(filepath.Join("/work/shared/corpus/files", row[0]))
		if err != nil {
			fmt.Println(err)
			continue
		}
		s, err := Scan(context.Background(), newReader(b), int64(len(b)))
		if err != nil {
			fmt.Printf("%s|%s|want=%s+%s|ERR %v\n", row[0], row[9], row[11], row[13], err)
			continue
		}
		n, ts := 0, 0
		codes := ""
		for _, s := range s.Signatures {
			if s.Type == DocTimeStamp {
				ts++
			} else {
				n++
			}
			for _, f := range s.Findings {
				codes += " " + f.Code
			}
		}
		codes += " /"
		for _, s := range s.Signatures {
			m := map[string]bool{}
			for _, c := range s.Changes {
				k := fmt.Sprintf(" [%s %s %v %s %s]", c.Class, c.Path, c.Allowed, c.How, c.Origin)
				if c.Allowed {
					k = " " + string(c.Class)
				}
				if !m[k] && len(m) < 12 {
					codes += k
				}
				m[k] = true
			}
		}
		if s.Flagged() {
			codes += " FLAGGED"
		}
		for _, f := range s.Findings {
			codes += " " + f.Code
		}
		diff := ""
		if fmt.Sprint(n) != row[11] || fmt.Sprint(ts) != row[13] {
			diff = "COUNT "
		}
		fmt.Printf("%s|%s|%s|want=%s+%s|%s%d+%d empty=%d|%s\n", row[0], row[8], row[9], row[11], row[13], diff, n, ts, len(s.EmptyFields), codes)
	}
}
