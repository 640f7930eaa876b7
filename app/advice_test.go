package app

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"ceralacca/app/lang"
	"ceralacca/assets"
	"ceralacca/card"
	"ceralacca/signer"
	"ceralacca/signer/trust"
)

func TestEveryAdviceHasItsTexts(t *testing.T) {
	empty := regexp.MustCompile(`\{[a-z_]+\}|\[[a-z.-]+\]`)
	for _, tag := range lang.Languages {
		c, err := lang.Load(assets.FS, tag)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range Codes() {
			a := advice(code, SeverityInfo, 2, "name", "a.pdf", "min", "5", "max", "8", "status", "6F00", "names", "a, b", "megabytes", "12", "issuer", "Actalis")
			for _, m := range []lang.Msg{a.Title, a.Body} {
				text := c.Text(m)
				if text == "" || empty.MatchString(text) {
					t.Errorf("%s %s: %q", tag, m.Key, text)
				}
			}
		}
		for _, k := range c.Keys() {
			if strings.HasPrefix(k, "advice.") && !contains(Codes(), strings.Split(k, ".")[1]) {
				t.Errorf("%s: nothing uses %q", tag, k)
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func TestExplain(t *testing.T) {
	wrap := func(err error) error { return fmt.Errorf("while working: %w", err) }
	for _, tc := range []struct {
		err  error
		code string
	}{
		{&card.PINError{Ref: card.SignPIN, TriesLeft: 2}, "pin-wrong"},
		{&card.PINError{Ref: card.SignPIN, TriesLeft: card.UnknownTries}, "pin-wrong-unknown"},
		{&card.PINError{Ref: card.SignPIN, Blocked: true}, "pin-blocked"},
		{&card.PINError{Ref: card.SignPIN, PUK: true, TriesLeft: 1}, "puk-wrong"},
		{&BlockedError{Ref: card.SignPIN, PUKBlocked: true}, "puk-blocked"},
		{&card.StatusError{INS: 0x20, SW: 0x6F00}, "card-status"},
		{&card.OutcomeUnknownError{Ref: card.SignPIN, Err: card.ErrRemoved}, "pin-outcome-unknown"},
		{card.ErrRemoved, "card-removed"},
		{&signer.UseError{Use: signer.UseAuthCNS, Reason: "authentication"}, "login-only"},
		{&NoCertificateError{Use: ForLogin}, "login-only"},
		{&NoCertificateError{Use: ForSigning, Expiry: &Certificate{}}, "certificate-expired"},
		{&ExistsError{"a.p7m"}, "output-exists"},
		{&fs.PathError{Op: "write", Path: "/x", Err: syscall.ENOSPC}, "disk-full"},
		{os.ErrNotExist, "file-missing"},
		{ErrAtWork, "at-work"},
		{&LibraryError{Module{State: card.LibraryFails, Err: card.ErrRemoved}}, "library-fails"},
		{&LibraryError{Module{State: card.LibraryWrongCPU, Err: errors.New("x")}}, "library-cpu"},
		{&LibraryError{Module{State: card.LibraryFails, Err: &fs.PathError{Op: "stat", Path: "/x", Err: fs.ErrNotExist}}}, "library-missing"},
		{context.Canceled, "cancelled"},
		{wrap(&trust.ListError{Reason: "network"}), "lists-not-fetched"},
		{errors.Join(nil, &trust.ListError{Reason: "signature"}), "list-not-one"},
		{&trust.ListError{Reason: "format", Err: errors.New("x")}, "list-not-one"},
		{&trust.ListError{Reason: "format", Err: &trust.VersionError{Version: 7}}, "list-too-new"},
		{&trust.ListError{Reason: "downgrade"}, "list-refused"},
		{&trust.ListError{Reason: "out-of-date"}, "list-refused"},
		{&trust.ListError{Reason: "signer"}, "list-refused"},
		{&signer.LevelError{Step: "time-stamp", Err: context.DeadlineExceeded}, "no-time-stamp"},
		{&signer.LevelError{Reached: signer.LevelT, Step: "validation-data", Err: errors.New("x")}, "no-validation-data"},
		{&signer.LevelError{Reached: signer.LevelLT, Step: "archive-time-stamp", Err: errors.New("x")}, "no-archive-stamp"},
		{&signer.RefusedError{Reason: "encrypted", Err: errors.New("x")}, "pdf-encrypted"},
		{&signer.RefusedError{Reason: "docmdp-1", Err: errors.New("x")}, "pdf-locked"},
		{&signer.RefusedError{Reason: "damaged", Err: errors.New("x")}, "pdf-damaged"},
		{&signer.RefusedError{Reason: "dynamic-xfa", Err: errors.New("x")}, "pdf-form"},
		{&signer.UnsupportedError{Format: signer.PAdES, Kind: signer.Text}, "not-a-pdf"},
		{&signer.UnsupportedError{Format: signer.CAdES, Kind: signer.DetachedCMS}, "cannot-sign-so"},
		{&signer.UnsupportedError{Kind: signer.Mail}, "unknown"},
		{&signer.ArchivedError{Stamps: 1}, "archived"},
		{signer.ErrNoTSA, "no-authority"},
		{errors.New("anything"), "unknown"},
	} {
		if a := Explain(wrap(tc.err)); a.Code != tc.code {
			t.Errorf("%v: got %s, want %s", tc.err, a.Code, tc.code)
		}
	}
	if Explain(nil) != nil {
		t.Error("advice about nothing")
	}
}

// TestEveryErrorIsExplained: each error that packages signer and card export has advice of its own, whatever facts it
// carries. A new one fails here until it is given some.
func TestEveryErrorIsExplained(t *testing.T) {
	samples := map[string][]error{
		"signer.ArchivedError": {&signer.ArchivedError{Stamps: 1}, &signer.ArchivedError{Records: 1}, &signer.ArchivedError{Stamps: 1, Records: 2}}, "signer.ErrNotKept": {&SelfCheckError{signer.ErrNotKept}}, "signer.ErrChanged": {signer.ErrChanged}, "signer.ErrKey": {signer.ErrKey},
		"signer.ErrNoContent": {signer.ErrNoContent}, "signer.ErrNoTSA": {signer.ErrNoTSA}, "signer.ErrOtherContent": {signer.ErrOtherContent},
		"signer.AlreadySignedError": {&AlreadySignedError{File: "a.p7m"}}, // which is what a job makes of it
		"signer.UnsupportedError": {
			&signer.UnsupportedError{Format: signer.PAdES, Kind: signer.Text}, &signer.UnsupportedError{Format: signer.XAdES, Kind: signer.XML},
		},
		"card.FormatError": {&card.FormatError{Min: 5, Max: 8}}, "card.OutcomeUnknownError": {&card.OutcomeUnknownError{Err: card.ErrRemoved}},
		"card.PINError":     {&card.PINError{TriesLeft: 2}, &card.PINError{TriesLeft: card.UnknownTries}, &card.PINError{Blocked: true}},
		"card.StatusError":  {&card.StatusError{SW: 0x6A82}},
		"card.ErrNoService": {card.ErrNoService}, "card.ErrRemoved": {card.ErrRemoved}, "card.ErrReset": {card.ErrReset},
		"card.ErrBusy": {card.ErrBusy}, "card.ErrMute": {card.ErrMute}, "card.ErrUnsupported": {card.ErrUnsupported},
		"card.ErrCancelled": {card.ErrCancelled}, "card.ErrNoPUKChange": {card.ErrNoPUKChange},
	}
	for _, r := range []string{"authentication", "ca", "time-stamping", "not-yet-valid", "expired", "usage"} {
		samples["signer.UseError"] = append(samples["signer.UseError"], &signer.UseError{Reason: r})
	}
	for _, step := range []string{"time-stamp", "validation-data", "archive-time-stamp"} {
		samples["signer.LevelError"] = append(samples["signer.LevelError"], &signer.LevelError{Step: step, Err: context.DeadlineExceeded})
	}
	for _, r := range quotedIn(t, filepath.Join("..", "signer", "timestamp.go"), "TimeStampError") {
		samples["signer.TimeStampError"] = append(samples["signer.TimeStampError"], &signer.TimeStampError{Reason: r, Err: io.EOF})
	}
	for _, r := range quotedIn(t, filepath.Join("..", "signer", "sign_pades.go"), "RefusedError") {
		samples["signer.RefusedError"] = append(samples["signer.RefusedError"], &signer.RefusedError{Reason: r, Err: io.EOF})
	}
	it, err := lang.Load(assets.FS, "it")
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{"signer", "card"} {
		for _, name := range exportedErrors(t, filepath.Join("..", pkg)) {
			name = pkg + "." + name
			if len(samples[name]) == 0 {
				t.Errorf("%s: no sample, and so perhaps no advice", name)
			}
			for _, err := range samples[name] {
				a := Explain(fmt.Errorf("while working: %w", err))
				if a.Code == "unknown" || it.Text(a.Title) == "" || it.Text(a.Body) == "" {
					t.Errorf("%s, %v: told as %s", name, err, a.Code)
				}
			}
			delete(samples, name)
		}
	}
	for name := range samples {
		t.Errorf("%s is not exported", name)
	}
}

// exportedErrors are the exported variables Err… and types …Error of a package.
func exportedErrors(t *testing.T, dir string) (names []string) {
	t.Helper()
	for _, f := range parsed(t, dir) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() && strings.HasSuffix(s.Name.Name, "Error") {
						names = append(names, s.Name.Name)
					}
				case *ast.ValueSpec:
					for _, n := range s.Names {
						if g.Tok == token.VAR && n.IsExported() && strings.HasPrefix(n.Name, "Err") {
							names = append(names, n.Name)
						}
					}
				}
			}
		}
	}
	return names
}

func parsed(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v", dir, err)
	}
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// quotedIn are the codes that the comment on the field Reason of the type quotes: its contract.
func quotedIn(t *testing.T, path, name string) (codes []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.TypeSpec)
		if !ok || s.Name.Name != name {
			return true
		}
		for _, field := range s.Type.(*ast.StructType).Fields.List {
			if len(field.Names) == 1 && field.Names[0].Name == "Reason" {
				for _, q := range regexp.MustCompile(`"([a-z0-9-]+)"`).FindAllStringSubmatch(field.Doc.Text(), -1) {
					codes = append(codes, q[1])
				}
			}
		}
		return false
	})
	if len(codes) < 5 {
		t.Fatalf("%s: %q", name, codes)
	}
	return codes
}

// TestOnlyTheCardSpeaksOfThePIN: any other failure must not be told as a wrong or blocked PIN.
func TestOnlyTheCardSpeaksOfThePIN(t *testing.T) {
	for _, sw := range []uint16{0x6F00, 0x6982, 0x6984, 0x6985, 0x6A80, 0x6A88, 0x6700} {
		if a := Explain(&card.StatusError{INS: 0x20, SW: sw}); strings.HasPrefix(a.Code, "pin-") {
			t.Errorf("%04X is told as %s", sw, a.Code)
		}
	}
}

func TestDetailHidesFolders(t *testing.T) {
	a := Explain(&fs.PathError{Op: "open", Path: "/home/anna/segreto.pdf", Err: syscall.EIO})
	if strings.Contains(a.Detail, "anna") {
		t.Errorf("detail names a folder: %q", a.Detail)
	}
}

// TestNobodyIsSentWhereTheyAre: an advice that names the page of the card, in any language, has other words for that page
// itself, and for the command line, which has no pages.
func TestNobodyIsSentWhereTheyAre(t *testing.T) {
	sent := map[string]bool{"offline": true} // to the settings, whose name is a common word
	for _, c := range tongues(t) {
		for _, code := range Codes() {
			a, page := advice(code, SeverityInfo, 2), c.T("ui.page.card")
			if strings.Contains(c.Text(a.Body), page) {
				sent[code] = true
				if a.Here.IsZero() {
					t.Errorf("%s %s sends to %q and has no words for that page", c.Tag(), code, page)
				}
			}
			if here := c.Text(a.InPlace()); strings.Contains(here, page) || here == "" || strings.Contains(here, "[") {
				t.Errorf("%s %s says there: %q", c.Tag(), code, here)
			}
		}
	}
	for _, code := range sending {
		if !sent[code] {
			t.Errorf("%s has words for a page to which it sends nobody", code)
		}
	}
}
