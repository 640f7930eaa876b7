package preview

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
)

const (
	maxEntries = 5000
	maxPart    = 32 << 20 // bytes of one part, unpacked
	maxParts   = 96 << 20 // of all parts that are read
)

// office looks into a ZIP for what makes an office document show something else another day (DPCM 22 February 2013
// art. 4 c. 3): fields that are filled in when it is opened, and content that lies elsewhere. A ZIP that cannot be read
// has no alarms: it is not shown anyway.
func (d *Document) office(ctx context.Context, v *View) error {
	z, err := zip.NewReader(d, d.Size)
	if err != nil || len(z.File) > maxEntries {
		return ctx.Err()
	}
	left := int64(maxParts)
	for _, f := range z.File {
		look := partReader(f.Name)
		if look == nil || left <= 0 {
			continue
		}
		r, err := f.Open()
		if err != nil {
			continue
		}
		n := &counted{r: io.LimitReader(r, min(left, maxPart)), ctx: ctx}
		v.alarm(look(n)...)
		left -= n.n
		if err := r.Close(); errors.Is(err, ErrChanged) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

type counted struct {
	r   io.Reader
	n   int64
	ctx context.Context
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// partReader is what to look for in a part of that name; nil for nothing.
func partReader(name string) func(io.Reader) []string {
	ext := path.Ext(name)
	switch {
	case ext == ".rels":
		return externalPart
	case ext == ".xml" && (strings.HasPrefix(name, "word/") || strings.HasPrefix(name, "xl/worksheets/") || strings.HasPrefix(name, "xl/externalLinks/")),
		name == "content.xml", name == "styles.xml":
		return fields
	}
	return nil
}

// instruction finds fields that Word fills in when it opens a file (ECMA-376 part 1 §17.16.5). Dates that were set
// once, CREATEDATE and SAVEDATE among them, are left out.
var (
	instruction = regexp.MustCompile(`(?i)(^|[^A-Z])(DATE|TIME)([^A-Z]|$)`)
	// fetching are the fields that take in what lies elsewhere (DDE, LINK, INCLUDETEXT and their like), and DDE of Calc.
	fetching = regexp.MustCompile(`(?i)^\s*(DDE|DDEAUTO|LINK|INCLUDETEXT|INCLUDEPICTURE|DATABASE)\b`)
	formula  = regexp.MustCompile(`(?i)\b(NOW|TODAY|OGGI|ADESSO)\(`)
)

// fields looks for what is filled in anew when the document is opened: dates and times, and content that lies elsewhere.
// ODF writes text:date and text:time, with text:fixed when they do
// not (ODF 1.2 part 1 §7.3.2).
func fields(r io.Reader) []string {
	d := xml.NewDecoder(r)
	inside := ""
	found, fetched := false, false
	for {
		t, err := d.RawToken()
		if err != nil || found && fetched {
			var codes []string
			if found {
				codes = append(codes, "office-date")
			}
			if fetched {
				codes = append(codes, "office-external")
			}
			return codes
		}
		switch t := t.(type) {
		case xml.StartElement:
			inside = t.Name.Local
			switch t.Name.Local {
			case "fldSimple":
				found = found || instruction.MatchString(attr(t, "instr"))
				fetched = fetched || fetching.MatchString(attr(t, "instr"))
			case "ddeLink", "dde-source", "dde-connection-decl":
				fetched = true
			case "date", "time":
				found = found || t.Name.Space == "text" && attr(t, "fixed") != "true"
			case "table-cell":
				found = found || formula.MatchString(attr(t, "formula"))
			}
		case xml.EndElement:
			inside = ""
		case xml.CharData:
			found = found || inside == "instrText" && instruction.Match(t) || inside == "f" && formula.Match(t)
			fetched = fetched || inside == "instrText" && fetching.Match(t)
		}
	}
}

// externalPart looks for what is fetched from elsewhere when the document is opened: templates, pictures, objects
// (ECMA-376 part 2 §9.3). A link waits for somebody to press it.
func externalPart(r io.Reader) []string {
	d := xml.NewDecoder(r)
	for {
		t, err := d.RawToken()
		if err != nil {
			return nil
		}
		s, ok := t.(xml.StartElement)
		if ok && s.Name.Local == "Relationship" && attr(s, "TargetMode") == "External" && !strings.HasSuffix(attr(s, "Type"), "/hyperlink") {
			return []string{"office-external"}
		}
	}
}
