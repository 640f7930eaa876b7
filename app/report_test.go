package app

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"html"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/signer"
	"ceralacca/signer/trust"
)

const hostile = "ANNA <script>alert(1)</script> \u202Efdp.exe\x1b[31m\n</h1> & \"Figli\""

// full is a report in which everything is told.
func full() *Report {
	day := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	leaf := &signer.Certificate{
		SubjectCN: hostile, IssuerCN: "CA di Prova", FiscalCode: "SMPNNA80A41F205X", Serial: "5a17c0",
		NotBefore: day.AddDate(-1, 0, 0), NotAfter: day.AddDate(2, 0, 0),
	}
	return &Report{
		Format: signer.CAdES, Time: day, Notes: []string{"ber", "base64"},
		Signatures: []Signature{
			{
				ID: "1", Format: signer.CAdES, Level: "B-T", Integrity: signer.Intact, Indication: signer.Indeterminate,
				SubIndication: "TRY_LATER", Qualification: "Indeterminate QESig", Signer: leaf,
				Chain:   []*signer.Certificate{leaf, {SubjectCN: "CA di Prova"}},
				Claimed: day.AddDate(0, 0, -3), Proven: day.AddDate(0, 0, -2), CoversWholeFile: true,
				Service: &trust.ServiceInfo{Territory: "IT", Provider: "Ente di Prova", Name: "CA di Prova", Status: "granted", Sequence: 194, Issued: day},
				Revocation: []trust.Revocation{
					{State: "good", Source: "ocsp", Origin: "online", ThisUpdate: day.AddDate(0, 0, -1), Stale: true},
				},
				Findings: []signer.Finding{{Code: "attachment", Cite: "RFC 2045", Args: map[string]string{"name": hostile}}},
			},
			{ID: "1.1", Parent: "1", Format: signer.TST, Integrity: signer.Broken, Revocation: []trust.Revocation{{Detail: "offline"}}},
		},
	}
}

func catalog(t *testing.T, tag string) *lang.Catalog {
	t.Helper()
	c, err := lang.Load(assets.FS, tag)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// saved is the report as a file of the kind.
func saved(t *testing.T, tag, ext string) string {
	t.Helper()
	e := New(Config{Assets: assets.FS, Offline: true})
	dest := filepath.Join(t.TempDir(), "report"+ext)
	q := VerifyRequest{File: "/casa/anna/" + hostile + ".p7m", At: time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC)}
	if err := e.SaveReport(t.Context(), q, full(), catalog(t, tag), dest); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(dest)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestHTMLReport holds the page to what a screen reader needs, and to bringing nothing with it that acts.
func TestHTMLReport(t *testing.T) {
	for _, tag := range lang.Languages {
		page := saved(t, tag, ".html")
		count := map[string]int{}
		level, columns := 0, 0
		// The page is well-formed but for the void elements, which the decoder is told of.
		d := xml.NewDecoder(strings.NewReader(page))
		d.Strict, d.AutoClose, d.Entity = false, []string{"meta"}, xml.HTMLEntity
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", tag, err)
			}
			e, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			name := e.Name.Local
			count[name]++
			attribute := func(want string) string {
				for _, a := range e.Attr {
					if a.Name.Local == want {
						return a.Value
					}
				}
				return ""
			}
			switch name {
			case "html":
				if attribute("lang") != tag {
					t.Errorf("the page says it is in %q, not %q", attribute("lang"), tag)
				}
			case "h1", "h2", "h3":
				if now := int(name[1] - '0'); now > level+1 {
					t.Errorf("%s: heading %s follows level %d", tag, name, level)
				} else {
					level = now
				}
			case "tr":
				columns = 0
			case "th":
				if columns++; attribute("scope") != "row" {
					t.Errorf("%s: a heading of the table has no scope", tag)
				}
			case "td":
				if columns++; columns != 2 {
					t.Errorf("%s: a fact without its heading", tag)
				}
			}
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "src" || a.Name.Local == "href" {
					t.Errorf("%s: %s has %s", tag, name, a.Name.Local)
				}
			}
		}
		if count["h1"] != 1 || count["h2"] != 4 || count["main"] != 1 || count["title"] != 1 || count["table"] == 0 {
			t.Errorf("%s: headings and landmarks are %v", tag, count)
		}
		for _, bad := range []string{"script", "link", "img", "iframe", "object", "base", "form"} {
			if count[bad] > 0 {
				t.Errorf("%s: the page holds %d of %s", tag, count[bad], bad)
			}
		}
		if strings.Contains(page, "http") || strings.Contains(page, "\u202e") || strings.Contains(page, "\x1b") {
			t.Errorf("%s: an address, or what changes the writing, is in the page", tag)
		}
	}
}

func TestHTMLReportIsHTML(t *testing.T) {
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed (.ci/install check)")
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(saved(t, "it", ".html")), 0o600); err != nil {
		t.Fatal(err)
	}
	// This parser is of HTML 4 and does not know the sections of HTML 5.
	out, _ := exec.CommandContext(t.Context(), tool, "--html", "--noout", file).CombinedOutput()
	for _, l := range strings.Split(string(out), "\n") {
		if strings.Contains(l, "error") && !strings.Contains(l, "Tag header invalid") && !strings.Contains(l, "Tag main invalid") &&
			!strings.Contains(l, "Tag section invalid") && !strings.Contains(l, "Tag footer invalid") {
			t.Error(l)
		}
	}
}

// Every report for people tells the same: what a reader needs to judge the verdict by himself.
func TestReportsTellAll(t *testing.T) {
	for _, tag := range lang.Languages {
		c := catalog(t, tag)
		want := []string{
			c.Text(JudgeReport(full()).Title), "[U+202E]fdp.exe", strings.Repeat("00", 32), c.DateTime(full().Time), "TRY_LATER", "CAdES B-T",
			"SMPNNA80A41F205X", "5a17c0", "CA di Prova", c.DateTime(full().Signatures[0].Claimed), c.DateTime(full().Signatures[0].Proven),
			c.T("note.ber"), c.T("note.base64"), c.T("revocation.source.ocsp"), c.T("revocation.origin.online"), c.T("report.revocation.stale"),
			c.T("revocation.detail.offline"), "Ente di Prova", "194", "Ceralacca " + Version, c.T("report.informative"),
			c.T("report.list") + " IT", c.T("report.list.origin.snapshot"), c.DateTime(time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC)),
			c.T("report.qualification.qesig"), c.Text(lang.M("report.parent.value", "id", "1")),
		}
		reports := map[string]string{"html": saved(t, tag, ".html")}
		if tool, err := exec.LookPath("pdftotext"); err == nil {
			cmd := exec.CommandContext(t.Context(), tool, "-layout", "-", "-")
			cmd.Stdin = strings.NewReader(saved(t, tag, ".pdf"))
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			reports["pdf"] = string(out)
		} else {
			t.Log("pdftotext is not here, the words of the PDF are not looked at: .ci/install check")
		}
		for kind, words := range reports {
			words = joined(html.UnescapeString(words))
			for _, w := range want {
				if !strings.Contains(words, joined(w)) {
					t.Errorf("%s %s does not say %q", tag, kind, w)
				}
			}
		}
	}
	if err := New(Config{}).SaveReport(t.Context(), VerifyRequest{File: "a"}, full(), catalog(t, "it"), filepath.Join(t.TempDir(), "a.pdf")); err == nil {
		t.Error("a PDF was written without its fonts")
	}
}

// joined takes the spaces out: on paper a line ends where it is full.
func joined(s string) string { return strings.Join(strings.Fields(s), "") }

// TestReportJSON holds the stable form to its contract: names in snake_case, times in UTC, nothing empty.
func TestReportJSON(t *testing.T) {
	var v map[string]any
	if err := json.Unmarshal([]byte(saved(t, "it", ".json")), &v); err != nil {
		t.Fatal(err)
	}
	// These are there even when there is nothing in them: a program that walks them need not ask.
	always := []string{"parent", "findings", "signatures", "lists", "extra_anchors", "covers_whole_file", "sequence"}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch x := v.(type) {
		case map[string]any:
			for k, v := range x {
				if k != strings.ToLower(k) || strings.ContainsAny(k, "- ") {
					t.Errorf("%s.%s is not in snake_case", path, k)
				}
				if (v == "" || v == nil || v == false) && !slices.Contains(always, k) {
					t.Errorf("%s.%s is there but says nothing", path, k)
				}
				walk(path+"."+k, v)
			}
		case []any:
			for _, v := range x {
				walk(path+"[]", v)
			}
		case string:
			if at, err := time.Parse(time.RFC3339, x); err == nil && (at.Location() != time.UTC || !strings.HasSuffix(x, "Z")) {
				t.Errorf("%s: %s is not UTC", path, x)
			}
		}
	}
	walk("", v)
	f := v["files"].([]any)[0].(map[string]any)
	s := f["signatures"].([]any)[0].(map[string]any)
	for path, pair := range map[string][2]any{
		"sha256": {f["sha256"], strings.Repeat("00", 32)}, "as_of": {f["as_of"], "2026-05-03T10:00:00Z"},
		"format": {f["format"], "CAdES"}, "integrity": {s["integrity"], "intact"}, "indication": {s["indication"], "INDETERMINATE"},
		"subindication": {s["subindication"], "TRY_LATER"}, "claimed_time": {s["claimed_time"], "2026-11-19T10:00:00Z"},
		"cn": {s["signer"].(map[string]any)["cn"], hostile}, "serial": {s["signer"].(map[string]any)["serial"], "5a17c0"},
		"file": {f["file"], filepath.Base(hostile) + ".p7m"}, "time": {f["time"], "2026-11-22T10:00:00Z"}, "level": {s["level"], "B-T"},
		"proven_time": {s["proven_time"], "2026-11-20T10:00:00Z"}, "program": {v["program"], "Ceralacca " + Version},
		"notice":            {v["notice"], catalog(t, "it").T("report.informative")},
		"revocation source": {s["revocation"].([]any)[0].(map[string]any)["source"], "ocsp"},
		"list number":       {s["service"].(map[string]any)["sequence"], 194.0}, "list date": {s["service"].(map[string]any)["issued"], "2026-11-22T10:00:00Z"},
		"severity": {s["findings"].([]any)[0].(map[string]any)["severity"], "info"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", path, pair[0], pair[1])
		}
	}
}

// TestReportSchema holds the names of the JSON: none may ever be changed or taken away.
func TestReportSchema(t *testing.T) {
	var got []string
	var walk func(path string, v reflect.Type)
	walk = func(path string, v reflect.Type) {
		switch v.Kind() {
		case reflect.Pointer:
			walk(path, v.Elem())
		case reflect.Slice:
			walk(path+"[]", v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				f := v.Field(i)
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if f.Anonymous {
					walk(path, f.Type)
				} else {
					walk(strings.TrimPrefix(path+"."+name, "."), f.Type)
				}
			}
		default:
			got = append(got, path+" "+v.Kind().String())
		}
	}
	walk("", reflect.TypeFor[Reports]())
	b, err := os.ReadFile(filepath.Join("testdata", "report-schema.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(b)), "\n")
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%q is no longer in the report", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%q is new: testdata/report-schema.txt", line)
		}
	}
}

// reports leaves the reports where foreign checkers of HTML, of accessibility and of PDF find them.
var reports = flag.String("reports", "", "existing folder to leave reports in, for foreign checkers")

func TestReportsForOthers(t *testing.T) {
	if *reports == "" {
		t.Skip("only with -reports, as make interop has it")
	}
	for _, tag := range lang.Languages {
		for _, ext := range []string{".html", ".pdf"} {
			if err := os.WriteFile(filepath.Join(*reports, "report-"+tag+ext), []byte(saved(t, tag, ext)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestWriteTable(t *testing.T) {
	var b bytes.Buffer
	r := ReportOf(VerifyRequest{File: "=cmd|' /C calc'!A0.p7m"}, full(), catalog(t, "it"))
	if err := WriteTable(&b, []FileReport{r, {File: "-b", Error: &Fault{Code: "file-missing"}}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[1], "'=cmd") || !strings.HasPrefix(lines[3], "'-b,,") || !strings.HasSuffix(lines[3], ",file-missing") {
		t.Errorf("the table is\n%s", b.String())
	}
}

// Of many signatures the report says at once how many are not valid; a time-stamp is none of them.
func TestReportCounts(t *testing.T) {
	sig := func(i signer.Indication, f signer.Format) Signature { return Signature{Indication: i, Format: f} }
	r := &Report{Signatures: []Signature{
		sig(signer.TotalPassed, signer.CAdES), sig(signer.TotalFailed, signer.CAdES), sig(signer.TotalPassed, signer.PAdES), sig(signer.Indeterminate, signer.TST),
	}}
	for tag, want := range map[string]string{"it": "una non valida, 2 valide", "sl": "1 neveljaven, 2 veljavna"} {
		if got := countText(r, catalog(t, tag)); got != want {
			t.Errorf("%s: %q", tag, got)
		}
	}
	if got := countText(&Report{Signatures: r.Signatures[2:]}, catalog(t, "it")); got != "" {
		t.Errorf("of one: %q", got)
	}
}

// The table for people has a row for each signature, in words; what a spreadsheet would run, or could not be seen, is
// made harmless, and a semicolon in a name splits nothing.
func TestFolderTable(t *testing.T) {
	r := full()
	at := func(name string) string { return "folder" + string(filepath.Separator) + name }
	f := &Folder{Rows: []FolderRow{
		folderRow("folder", at("=cmd|' C calc'!A0.p7m"), r, nil), folderRow("folder", at("@a;b\u202e.pdf.p7m"), r, nil),
		folderRow("folder", at("-b"), nil, fs.ErrNotExist),
	}}
	for tag, comma := range map[string]rune{"it": ';', "de": ';', "fr": ';', "sl": ';', "en": ','} {
		dest := filepath.Join(t.TempDir(), "t.csv")
		if err := f.saveTable(t.Context(), catalog(t, tag), dest); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(dest)
		if err != nil {
			t.Fatal(err)
		}
		c := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff"))))
		c.Comma, c.FieldsPerRecord = comma, -1
		rows, err := c.ReadAll()
		n := len(r.Signatures)
		if err != nil || len(rows) < 3+2*n {
			t.Fatalf("%s: %d rows, %v", tag, len(rows), err)
		}
		if a, b, gone := rows[1], rows[1+n], rows[1+2*n]; !strings.HasPrefix(a[0], "'=cmd") || b[0] != "'@a;b[U+202E].pdf.p7m" || gone[0] != "'-b" || gone[1] == "" || len(a) != len(rows[0]) {
			t.Errorf("%s:\n%s", tag, b)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"ANNA ESEMPIO": "ANNA ESEMPIO", "Perché l’acqua": "Perché l’acqua", "Lecteur\u00a0: A": "Lecteur\u00a0: A", "a\u202eb": "a[U+202E]b", "a\nb\x1b[0m": "a[U+000A]b[U+001B][0m",
		"\u200b": "[U+200B]", "山田": "山田", "a\xffb": "a\ufffdb", "": "",
	} {
		if got := Visible(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFilesOf(t *testing.T) {
	dir := t.TempDir()
	put := func(path ...string) string {
		p := filepath.Join(append([]string{dir}, path...)...)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o700), os.WriteFile(p, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	deep := slices.Repeat([]string{"d"}, maxDepth-1)
	want := []string{
		put("2024", "rossi", "c.p7m"), put("a.pdf"), put("b.p7m"), put(append(deep, "last.p7m")...),
	}
	put(".hidden")
	put(".trash", "old.p7m")
	put(append(deep, "d", "beyond.p7m")...)
	if runtime.GOOS != "windows" { // where links need a right of their own
		if err := os.Symlink(dir, filepath.Join(dir, "round")); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []string{dir, dir + string(filepath.Separator)} {
		got, err := FilesOf(t.Context(), from)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v", from, got, err)
		}
	}
	if _, err := FilesOf(t.Context(), filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := FilesOf(ended, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("a search that was stopped: %v", err)
	}
}
