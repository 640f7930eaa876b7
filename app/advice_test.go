package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
		{&signer.RefusedError{Reason: "dynamic-xfa", Err: errors.New("x")}, "pdf-unsupported"},
		{&signer.UnsupportedError{Format: signer.PAdES, Kind: signer.Text}, "not-a-pdf"},
		{&signer.UnsupportedError{Format: signer.CAdES, Kind: signer.DetachedCMS}, "cannot-sign-so"},
		{&signer.UnsupportedError{Kind: signer.Mail}, "unknown"},
		{signer.ErrArchived, "archived"},
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
