package app

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/card"
	"ceralacca/signer"
	"ceralacca/signer/trust"
)

// passing is how long a trouble of reader or service must last before it is shown.
const passing = 1500 * time.Millisecond

// simple are the errors that need no facts: what is found in err, the code of its texts, how grave it is.
var simple = []struct {
	is       error
	code     string
	severity Severity
	after    time.Duration
}{
	{ErrRefused, "refused", SeverityInfo, 0},
	{context.Canceled, "cancelled", SeverityInfo, 0},
	{ErrAtWork, "at-work", SeverityInfo, 0},
	{card.ErrNoService, "no-service", SeverityWarning, passing},
	{card.ErrRemoved, "card-removed", SeverityWarning, 0},
	{card.ErrReset, "card-reset", SeverityWarning, 0},
	{card.ErrBusy, "card-busy", SeverityWarning, passing},
	{card.ErrMute, "card-mute", SeverityWarning, passing},
	{card.ErrNoPUKChange, "puk-fixed", SeverityInfo, 0}, // before what it wraps
	{card.ErrUnsupported, "card-unsupported", SeverityWarning, passing},
	{card.ErrCancelled, "cancelled-on-reader", SeverityInfo, 0},
	{ErrSamePIN, "pin-same", SeverityInfo, 0},
	{ErrRepeatDiffers, "pin-repeat", SeverityInfo, 0},
	{signer.ErrChanged, "file-changed", SeverityWarning, 0},
	{signer.ErrNoTSA, "no-authority", SeverityWarning, 0},
	{signer.ErrKey, "other-key", SeverityDanger, 0},
	{signer.ErrNoContent, "no-original", SeverityWarning, 0},
	{signer.ErrOtherContent, "other-original", SeverityWarning, 0},
	{trust.ErrOffline, "offline", SeverityInfo, 0},
	{fs.ErrNotExist, "file-missing", SeverityWarning, 0},
	{fs.ErrPermission, "no-permission", SeverityWarning, 0},
	{context.DeadlineExceeded, "too-slow", SeverityWarning, 0},
}

// Explain turns an error into what a person is told: what happened and what to do next. It is the only place
// where that is done. An unknown error becomes the advice "unknown", which never speaks of the PIN.
func Explain(err error) *Advice {
	if err == nil {
		return nil
	}
	a := explainFacts(err)
	if a == nil {
		a = explainSimple(err)
	}
	if a == nil {
		a = advice("unknown", SeverityWarning, 0)
	}
	a.Detail = detail(err)
	return a
}

// advice makes an Advice whose texts are advice.<code>.title and advice.<code>.body.
func advice(code string, s Severity, n int, args ...string) *Advice {
	a := &Advice{
		Code: code, Severity: s,
		Title: lang.MN("advice."+code+".title", n, args...),
		Body:  lang.MN("advice."+code+".body", n, args...),
	}
	if slices.Contains(sending, code) {
		a.Here = lang.MN("advice."+code+".here", n, args...)
	}
	return a
}

// sending are the codes whose Body sends to a page of the window: the last one to the settings, the others to the card.
var sending = []string{"renew", "renew-last-day", "certificate-not-yet", "certificate-suspended", "login-suspended", "offline"}

// InPlace is the Body for the page that it sends to, and for whoever has no pages.
func (a *Advice) InPlace() lang.Msg {
	if a.Here.IsZero() {
		return a.Body
	}
	return a.Here
}

func explainSimple(err error) *Advice {
	for _, s := range simple {
		if errors.Is(err, s.is) {
			a := advice(s.code, s.severity, 0)
			a.After = s.after
			return a
		}
	}
	return nil
}

// explainFacts handles the errors that carry facts.
func explainFacts(err error) *Advice {
	var (
		pin     *card.PINError
		format  *card.FormatError
		outcome *card.OutcomeUnknownError
		blocked *BlockedError
		none    *NoCertificateError
		use     *signer.UseError
	)
	switch {
	case errors.As(err, &pin):
		return explainPIN(pin)
	case errors.As(err, &format):
		return advice("pin-format", SeverityInfo, 0, "min", lang.Digits(format.Min), "max", lang.Digits(format.Max))
	case errors.As(err, &outcome):
		return advice("pin-outcome-unknown", SeverityWarning, 0)
	case errors.As(err, &blocked):
		return explainPIN(&card.PINError{Ref: blocked.Ref, PUK: blocked.PUKBlocked, Blocked: true})
	case errors.As(err, &none):
		return explainNoCertificate(none)
	case errors.As(err, &use):
		return explainUse(use)
	}
	if a := explainPreview(err); a != nil {
		return a
	}
	return explainFile(err)
}

func explainFile(err error) *Advice {
	var (
		check   *SelfCheckError
		rules   *FilingError
		profile *ProfileError
		certID  *CertificateIDError
		status  *card.StatusError
		refused *signer.RefusedError
		kind    *signer.UnsupportedError
		short   *signer.LevelError
		list    *trust.ListError
		moment  *MomentError
		library *LibraryError
	)
	if !errors.As(err, &short) {
		if a := explainBatch(err); a != nil {
			return a
		}
	}
	switch {
	case short != nil: // before what caused it: the signature was made
		return advice(shortCodes[short.Step], SeverityWarning, 0)
	case errors.As(err, &library): // with nothing of what caused it: that speaks of cards, not of files
		return explainLibrary(library)
	case errors.As(err, &moment):
		return advice("bad-date", SeverityInfo, 0)
	case errors.As(err, &list):
		return advice(listCode(list), SeverityWarning, 0)
	case errors.As(err, &refused):
		return advice(refusedCode(refused.Reason), SeverityWarning, 0)
	case errors.As(err, &kind):
		return explainKind(kind)
	case errors.As(err, &check):
		return advice("self-check", SeverityDanger, 0)
	case errors.As(err, &certID):
		return advice("no-such-certificate", SeverityWarning, 0)
	case errors.As(err, &rules):
		return advice("filing-refused", SeverityDanger, 0)
	case errors.As(err, &profile):
		return advice("no-such-profile", SeverityWarning, 0, "name", profile.Name, "names", strings.Join(FilingProfiles(), ", "))
	case errors.As(err, &status):
		return advice("card-status", SeverityWarning, 0, "status", statusHex(status.SW))
	}
	return explainPath(err)
}

// explainPath handles the errors about what a path leads to.
func explainPath(err error) *Advice {
	var (
		exists  *ExistsError
		notFile *NotAFileError
		folder  *FolderError
		many    *FolderSizeError
		inside  *NothingInsideError
		anchors *NoAnchorsError
	)
	switch {
	case errors.As(err, &exists):
		return advice("output-exists", SeverityWarning, 0, "name", Visible(filepath.Base(exists.Path)))
	case errors.As(err, &notFile):
		return advice("not-a-file", SeverityWarning, 0, "name", Visible(filepath.Base(notFile.Path)))
	case errors.As(err, &folder):
		return advice("no-folder", SeverityWarning, 0, "name", Visible(filepath.Base(folder.Path)))
	case errors.As(err, &many):
		return advice("folder-too-large", SeverityInfo, many.Most)
	case errors.As(err, &inside):
		return advice("nothing-inside", SeverityInfo, 0, "name", Visible(filepath.Base(inside.File)))
	case errors.As(err, &anchors):
		return advice("no-anchors", SeverityWarning, 0, "name", Visible(filepath.Base(anchors.Path)))
	}
	return nil
}

// shortCodes are the advice codes for the steps of a signer.LevelError.
var shortCodes = map[string]string{
	"time-stamp": "no-time-stamp", "validation-data": "no-validation-data", "archive-time-stamp": "no-archive-stamp",
}

// refusedCode sorts the reasons for which a PDF cannot be signed in place by what a person can do.
func refusedCode(reason string) string {
	switch reason {
	case "encrypted":
		return "pdf-encrypted"
	case "docmdp-1", "permissions", "fieldmdp":
		return "pdf-locked"
	case "not-pdf", "damaged", "signed-beyond-end":
		return "pdf-damaged"
	case "manipulated":
		return "pdf-manipulated"
	case "needs-field":
		return "pdf-needs-field"
	case "no-such-field", "field-signed", "field-not-signature", "seed-value":
		return "pdf-field"
	case "no-such-page", "appearance", "font", "picture":
		return "pdf-mark"
	case "too-large", "too-many-objects", "too-complex":
		return "pdf-too-large"
	case "dynamic-xfa":
		return "pdf-form"
	}
	return "pdf-unsupported"
}

// explainKind tells that a kind of document cannot be signed as asked. Verifying asks for no format.
func explainKind(e *signer.UnsupportedError) *Advice {
	switch {
	case e.Format == signer.Auto:
		return nil
	case e.Format == signer.PAdES && e.Kind != signer.PDF:
		return advice("not-a-pdf", SeverityWarning, 0)
	}
	return advice("cannot-sign-so", SeverityWarning, 0)
}

func statusHex(sw uint16) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[sw>>12], digits[sw>>8&15], digits[sw>>4&15], digits[sw&15]})
}

func explainPIN(e *card.PINError) *Advice {
	what := "pin"
	if e.PUK {
		what = "puk"
	}
	switch {
	case e.Blocked:
		return advice(what+"-blocked", SeverityDanger, 0)
	case e.TriesLeft == card.UnknownTries:
		return advice(what+"-wrong-unknown", SeverityWarning, 0)
	}
	return advice(what+"-wrong", SeverityWarning, e.TriesLeft)
}

func explainNoCertificate(e *NoCertificateError) *Advice {
	switch {
	case e.Expiry != nil && e.Expiry.Ended():
		return endedAdvice(e.Expiry)
	case e.Expiry != nil && e.Expiry.Renewal == RenewalNotYet:
		return advice("certificate-not-yet", SeverityWarning, 0)
	case e.Expiry != nil:
		return advice("certificate-expired", SeverityDanger, 0)
	case e.Use == ForLogin:
		return advice("login-only", SeverityWarning, 0)
	}
	return advice("no-certificate", SeverityWarning, 0)
}

func explainUse(e *signer.UseError) *Advice {
	switch e.Reason {
	case "authentication":
		return advice("login-only", SeverityWarning, 0)
	case "not-yet-valid":
		return advice("certificate-not-yet", SeverityWarning, 0)
	case "expired":
		return advice("certificate-expired", SeverityDanger, 0)
	}
	return advice("no-certificate", SeverityWarning, 0)
}

// detail is the raw error for support, without the folders a path error carries.
func detail(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Op + ": " + p.Err.Error()
	}
	return err.Error()
}

// phaseAdvice is what to do about the state of the readers; nil when nothing is to be done.
func phaseAdvice(p CardPhase) *Advice {
	switch p {
	case PhaseNoService:
		return Explain(card.ErrNoService)
	case PhaseNoReader:
		return passingAdvice("no-reader")
	case PhaseEmpty:
		return passingAdvice("no-card")
	case PhaseMute:
		return Explain(card.ErrMute)
	case PhaseUnsupported:
		return Explain(card.ErrUnsupported)
	case PhaseBusy:
		return Explain(card.ErrBusy)
	}
	return nil
}

func passingAdvice(code string) *Advice {
	a := advice(code, SeverityInfo, 0)
	a.After = passing
	return a
}

// listCode tells a list that did not come from one that must not be used: no connection mends the latter.
func listCode(e *trust.ListError) string {
	switch {
	case e.Reason == "network":
		return "lists-not-fetched"
	case errors.As(e.Err, new(*trust.VersionError)):
		return "list-too-new"
	case e.Reason == "signature", e.Reason == "format":
		return "list-not-one"
	}
	return "list-refused"
}

// Codes lists every advice code there is, for the test that each has its texts.
func Codes() []string {
	codes := []string{
		"library-cpu", "library-fails", "library-missing",
		"unknown", "pin-format", "pin-outcome-unknown", "pin-blocked", "puk-blocked", "pin-wrong", "puk-wrong",
		"pin-wrong-unknown", "puk-wrong-unknown", "certificate-expired", "login-only", "no-certificate",
		"output-exists", "already-signed", "self-check", "not-a-file", "nothing-inside", "card-status", "no-anchors", "no-such-certificate", "lists-not-fetched", "list-not-one", "list-refused", "list-too-new", "no-folder", "folder-too-large", "bad-date", "filing-refused", "no-such-profile",
		"no-time-stamp", "no-validation-data", "no-archive-stamp", "pdf-encrypted", "pdf-locked", "pdf-damaged", "pdf-manipulated",
		"pdf-needs-field", "pdf-field", "pdf-mark", "pdf-too-large", "pdf-form",
		"pdf-unsupported", "not-a-pdf", "cannot-sign-so", "disk-full",
		"no-reader", "no-card", "renew", "renew-last-day", "renew-closed", "ends-soon", "ends-today", "certificate-not-yet", "chip-withdrawn", "certificate-revoked", "certificate-suspended", "login-revoked", "login-suspended",
		"pin-blocked-sign", "pin-blocked-login", "pin-blocked-health", "puk-blocked-sign", "puk-blocked-login",
	}
	for _, s := range simple {
		codes = append(codes, s.code)
	}
	return slices.Concat(codes, batchCodes, alarmCodes, previewCodes)
}
