package app

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
	"ceralacca/signer/filing"
)

// FilingRequest says what is to be held against the rules of whom.
type FilingRequest struct {
	Profile string // of [FilingProfiles]; empty is "general"
	Files   []string
	Format  signer.Format // the one chosen; Auto is what the profile wants
	// Card is the one that will sign, and Cert the ID of a certificate on it; without a card its checks are left out.
	Card *Card
	Cert string
	// Signers are the codici fiscali of those who are to sign; empty when that is not known.
	Signers []string
	// Again tells, by the index in Files, which envelopes are to be signed once more on purpose.
	Again map[int]bool
	// Originals are files as the portal made them, or folders with such files: see [Filing].Compared.
	Originals []string
	// Validate also asks a PDF/A validator, where one is installed. It takes seconds.
	Validate bool
}

// Filing is how files stand to the rules of an office; nil in the State while the list is empty.
type Filing struct {
	Profile string
	Running bool
	// Long is set while Running when it has taken so long that everybody is told of it.
	Long bool
	// Validating is set while a PDF/A validator is still asked about the same files.
	Validating bool
	Files      int
	// SignerChecked is set when the certificate was looked at too.
	SignerChecked bool
	Items         []FilingItem // what is to be mended first, then doubts, then what is good to know
	// Compared is how each file that could be read stands to the originals; nil without any.
	Compared []Comparison
	Advice   *Advice // why nothing could be checked; nil when all went well
}

// FilingItem is one rule that is not kept, or one thing that is good to know.
type FilingItem struct {
	Code     string
	Severity Severity // Danger for what will be refused, Warning for what may be
	File     string   // path; empty when it concerns the whole set or the certificate
	Args     map[string]string
	// Who says it, What and URL where, Read when we last read it, Since since when; all may be empty but Who.
	Who, What, URL string
	Read, Since    time.Time
	Action         FilingAction
	told           *Advice // words of a file that could not be opened
	same           string  // see Same
}

// FilingAction is what a button beside the item can do.
type FilingAction string

// The actions.
const (
	FilingNothing  FilingAction = ""
	FilingUseP7M   FilingAction = "use-p7m"
	FilingUsePAdES FilingAction = "use-pades"
	FilingRemove   FilingAction = "remove"
	FilingOpenCard FilingAction = "open-card"
	// FilingAskIssuer asks the issuer of the certificate, over the network, whether it still holds.
	FilingAskIssuer FilingAction = "ask-issuer"
	// FilingNameSigner lets the person say who is to sign, FilingShowCompared shows how each file was compared.
	FilingNameSigner   FilingAction = "name-signer"
	FilingShowCompared FilingAction = "show-compared"
)

var filingActions = map[string]FilingAction{
	"pades-chosen": FilingUseP7M, "fattura-pades": FilingUseP7M, "pdf-locked": FilingUseP7M, "not-pdf": FilingUseP7M,
	"p7m-chosen": FilingUsePAdES, "empty-file": FilingRemove, "already-signed": FilingRemove, "same-content": FilingRemove,
	"fattura-signed": FilingRemove, "login-certificate": FilingOpenCard, "not-qualified": FilingOpenCard,
	"certificate-expired": FilingOpenCard, "certificate-revoked": FilingOpenCard, "certificate-suspended": FilingOpenCard,
	"chip-withdrawn": FilingOpenCard, "other-signer": FilingNameSigner, "unreadable": FilingRemove,
	"revocation-not-known": FilingAskIssuer, "distinta-signer": FilingNameSigner, "differs-from-original": FilingShowCompared,
}

// FilingVerdict is a checklist in one word.
type FilingVerdict string

// The verdicts.
const (
	FilingReady   FilingVerdict = "ready"
	FilingDoubt   FilingVerdict = "doubt"
	FilingRefused FilingVerdict = "refused"
)

// Verdict is the gravest of the items.
func (f *Filing) Verdict() FilingVerdict {
	v := FilingReady
	for i := range f.Items {
		switch f.Items[i].Severity {
		case SeverityDanger:
			return FilingRefused
		case SeverityWarning:
			v = FilingDoubt
		}
	}
	return v
}

// Count is the number of items of that severity.
func (f *Filing) Count(s Severity) int {
	n := 0
	for i := range f.Items {
		if f.Items[i].Severity == s {
			n++
		}
	}
	return n
}

// FilingProfiles are the IDs of the profiles, the one for whoever chose none first.
func FilingProfiles() []string {
	var ids []string
	for _, p := range filing.Profiles() {
		ids = append(ids, p.ID)
	}
	return ids
}

// ProfileError means that there is no profile of that name.
type ProfileError struct{ Name string }

func (e *ProfileError) Error() string { return "no profile " + e.Name }

// FilingError means that nothing was signed because the office would refuse it.
type FilingError struct{ Filing *Filing }

func (e *FilingError) Error() string {
	return fmt.Sprintf("%d points would be refused by %s", e.Filing.Count(SeverityDanger), e.Filing.Profile)
}

// CheckFiling holds the files and the certificate against the rules of the profile. It asks for no PIN and opens no
// connection. The error says that there is no such profile or that ctx has ended; files that cannot be read are items.
func (e *Engine) CheckFiling(ctx context.Context, r FilingRequest) (*Filing, error) {
	if r.Profile == "" {
		r.Profile = FilingProfiles()[0]
	}
	p := filing.ByID(r.Profile)
	if p == nil {
		return nil, &ProfileError{r.Profile}
	}
	out := &Filing{Profile: r.Profile, Files: len(r.Files)}
	f := filing.Filing{Format: r.Format, Signer: filingSigner(r.Card, r.Cert)}
	if f.Format == signer.Auto {
		f.Format = p.Format
	}
	if out.SignerChecked = f.Signer != nil; out.SignerChecked {
		f.Signer.Named = r.Signers
	}
	var made *portalFiles
	if len(r.Originals) > 0 {
		var err error
		if made, err = findPortalFiles(ctx, r.Originals); err != nil {
			return nil, err
		}
	}
	var paths []string
	var open oneOpen
	defer open.close()
	for n, path := range r.Files {
		doc, err := open.document(path)
		if err != nil {
			out.Items = append(out.Items, unreadable(path, err))
			continue
		}
		g := filing.File{Name: filepath.Base(path), Document: doc, Again: r.Again[n]}
		if made != nil {
			var c Comparison
			if c, g.Original, err = made.compare(ctx, path, doc); err != nil {
				return nil, err
			}
			out.Compared = append(out.Compared, c)
		}
		f.Files, paths = append(f.Files, g), append(paths, path)
	}
	if r.Validate {
		validatePDFA(ctx, f.Files, paths)
	}
	found, err := p.Run(ctx, f, e.cfg.Now())
	if err != nil {
		return nil, err
	}
	for _, x := range found {
		out.Items = append(out.Items, filingItem(x, paths))
	}
	out.sort()
	return out, nil
}

// oneOpen reads any number of files with one of them open at a time: a list may hold more than a process may open.
type oneOpen struct {
	path string
	file *os.File
}

func (o *oneOpen) close() {
	if o.file != nil {
		o.file.Close()
	}
	o.path, o.file = "", nil
}

// document looks at the file and reads it, when that is wanted, through o.
func (o *oneOpen) document(path string) (*signer.Document, error) {
	f, d, err := openDocument(path)
	if err != nil {
		return nil, err
	}
	o.close()
	o.path, o.file = path, f
	return signer.Open(d.Name(), &openAgain{o, path}, d.Size())
}

type openAgain struct {
	o    *oneOpen
	path string
}

// ReadAt implements io.ReaderAt.
func (a *openAgain) ReadAt(p []byte, off int64) (int, error) {
	if a.o.path != a.path {
		a.o.close()
		f, err := os.Open(a.path)
		if err != nil {
			return 0, err
		}
		a.o.path, a.o.file = a.path, f
	}
	return a.o.file.ReadAt(p, off)
}

// sort brings what is to be mended to the top and keeps the order of the profile otherwise.
func (f *Filing) sort() {
	var sorted []FilingItem
	for _, s := range []Severity{SeverityDanger, SeverityWarning, SeverityInfo} {
		for _, i := range f.Items {
			if i.Severity == s {
				sorted = append(sorted, i)
			}
		}
	}
	f.Items = sorted
}

func unreadable(path string, err error) FilingItem {
	return FilingItem{Code: "unreadable", Severity: SeverityDanger, File: path, Who: "Ceralacca", Action: FilingRemove, told: Explain(err)}
}

func filingItem(x filing.Finding, paths []string) FilingItem {
	i := FilingItem{
		Code: x.Code, Severity: Severity(x.Severity), Args: x.Args, Who: x.Source.Who, What: x.Source.What, URL: x.Source.URL,
		Read: x.Source.Read, Since: x.From, Action: filingActions[x.Code],
	}
	if x.File >= 0 {
		i.File = paths[x.File]
	}
	i.same = i.Same()
	return i
}

// Same is a key of what is said, which items share that say the same of different files. It is made when the list is
// checked: a window has no time to put ten thousand items into words in order to compare them.
func (i *FilingItem) Same() string {
	if i.same != "" {
		return i.same
	}
	return fmt.Sprint(i.Severity, i.Code, i.What, i.URL, i.Args, i.Read.Unix(), i.Since.Unix()) // Args in the order of their names
}

// filingSigner is what the rules look at of the card: the certificate that would sign, or the one that a person could
// take for it.
func filingSigner(c *Card, id string) *filing.Signer {
	if c == nil || len(c.Certificates) == 0 {
		return nil
	}
	cert, err := chooseCertificate(c, id)
	if err != nil {
		cert = &c.Certificates[0]
		for i := range c.Certificates {
			if x := &c.Certificates[i]; x.ID == id || id == "" && x.Use == ForSigning {
				cert = x
			}
		}
	}
	x, err := x509.ParseCertificate(cert.DER)
	if err != nil {
		return nil
	}
	return &filing.Signer{Certificate: x, Status: filingStatus[cert.Status.State], Chip: cert.Withdrawn}
}

var filingStatus = map[string]filing.Status{"good": filing.StatusGood, "revoked": filing.StatusRevoked, "suspended": filing.StatusSuspended}

// FilingText is an item in words.
type FilingText struct {
	Title string
	Why   string
	Mend  string
	By    string // who says so, where, since when, and when we read it
	Host  string // of URL, to be shown before it is opened
}

// filingCounts are the arguments that say how many or how much; the others may be digits that are no number.
var filingCounts = []string{"count", "limit", "pages", "size"}

// Text puts the item into the words of a language.
func (i FilingItem) Text(c *lang.Catalog) FilingText {
	if i.told != nil {
		return FilingText{Title: c.Text(i.told.Title), Mend: c.Text(i.told.Body)}
	}
	args := map[string]string{"by": ""}
	for k, v := range i.Args {
		args[k] = v
		if t, err := time.Parse(time.RFC3339, v); err == nil && (k == "day" || k == "when") {
			args[k] = c.Date(t)
		} else if n, err := strconv.Atoi(v); err == nil && slices.Contains(filingCounts, k) {
			args[k] = c.Digits(n)
		}
	}
	if list, ok := args["features"]; ok {
		names := strings.Split(list, ",")
		for n, f := range names {
			names[n] = c.T("filing.feature." + f)
		}
		args["features"] = strings.Join(names, ", ")
	}
	switch {
	case args["signers"] != "" && args["when"] != "":
		args["by"] = c.Text(lang.Msg{Key: "filing.by-when", Args: args})
	case args["signers"] != "":
		args["by"] = c.Text(lang.Msg{Key: "filing.by", Args: args})
	}
	say := func(part string) string { return c.Text(lang.Msg{Key: "filing." + i.Code + "." + part, Args: args}) }
	t := FilingText{Title: say("title"), Why: say("why"), Mend: say("mend"), By: i.by(c)}
	if u, err := url.Parse(i.URL); err == nil {
		t.Host = u.Host
	}
	return t
}

// by tells who asks for it.
func (i FilingItem) by(c *lang.Catalog) string {
	switch {
	case i.URL == "":
		return c.T("filing.source.ours")
	case i.Since.IsZero():
		return c.Text(lang.M("filing.source", "who", i.Who, "what", i.What)) + " " + i.read(c)
	}
	return c.Text(lang.M("filing.source.since", "who", i.Who, "what", i.What, "since", c.Date(i.Since))) + " " + i.read(c)
}

func (i FilingItem) read(c *lang.Catalog) string {
	if i.Read.IsZero() {
		return c.T("filing.source.unread")
	}
	return c.Text(lang.M("filing.source.read", "read", c.Date(i.Read)))
}
