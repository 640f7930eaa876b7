package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
	"ceralacca/signer/filing"
)

// This file keeps the checklist of the window in step with the list, the card and whom the files are for, and holds a
// signing job to it.

// filed is what the checklist in the State was made of. It belongs to the goroutine of Run.
type filed struct {
	docs     *Docs
	choices  *SignChoices
	cards    *Cards
	expected *Expected
	profile  string
	key      string
	cancel   context.CancelFunc
}

// keepFiling starts the check anew when something that it looks at has changed; not while a job runs or files are
// being added.
func (s *Store) keepFiling(st State) State {
	f := &s.filed
	if len(st.Docs.List) == 0 {
		st.Expected = nil // it was said of the files that were there
	}
	if st.Docs == f.docs && st.Choices == f.choices && st.Cards == f.cards && st.Expected == f.expected && st.Settings.Profile == f.profile || st.Adding != nil || st.Job != nil && st.Job.Running {
		return st
	}
	f.docs, f.choices, f.cards, f.expected, f.profile = st.Docs, st.Choices, st.Cards, st.Expected, st.Settings.Profile
	r, key := filingOf(st)
	if key == f.key {
		return st
	}
	f.key = key
	if f.cancel != nil {
		f.cancel()
		f.cancel = nil
	}
	if len(r.Files) == 0 {
		st.Filing = nil
		return st
	}
	ctx, cancel := context.WithCancel(s.ctx)
	f.cancel = cancel
	begun := &Filing{Profile: r.Profile, Files: len(r.Files), Running: true}
	st.Filing = begun
	time.AfterFunc(longCheck, func() { s.tellLong(begun) })
	engine := s.use
	s.spawn(func() {
		defer cancel()
		_, err := exec.LookPath("verapdf")
		more := err == nil && filing.ByID(r.Profile).Format == signer.CAdES && r.hasPDF()
		s.postFiling(ctx, engine, r, more)
		if more {
			r.Validate = true
			s.postFiling(ctx, engine, r, false)
		}
	})
	return st
}

// longCheck is how long a check may take without a word to somebody who chose no office.
const longCheck = 200 * time.Millisecond

// tellLong tells that the check which began so takes long, if it is still the one under way.
func (s *Store) tellLong(begun *Filing) {
	s.post(func(st State) State {
		if st.Filing == begun {
			next := *begun
			next.Long = true
			st.Filing = &next
		}
		return st
	})
}

// postFiling checks and shows the outcome, unless something newer is being checked by then.
// more says that a validator will be asked next.
func (s *Store) postFiling(ctx context.Context, e *Engine, r FilingRequest, more bool) {
	f, err := e.CheckFiling(ctx, r)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		f = &Filing{Profile: r.Profile, Files: len(r.Files), Advice: Explain(err)}
	}
	f.Validating = more && f.Advice == nil
	s.post(func(st State) State {
		if s.filed.key == filingKey(r) {
			st.Filing = f
		}
		return st
	})
}

// hasPDF reports whether a name is that of a PDF, or could be.
func (r *FilingRequest) hasPDF() bool {
	return slices.ContainsFunc(r.Files, func(path string) bool {
		ext := filepath.Ext(path)
		return ext == "" || strings.EqualFold(ext, ".pdf")
	})
}

// filingOf is what is to be checked of the State, and a key that changes with it.
func filingOf(st State) (FilingRequest, string) {
	x := st.Expects()
	r := FilingRequest{
		Profile: st.Settings.Profile, Format: st.Choices.Format, Card: st.Cards.Card(), Again: map[int]bool{},
		Signers: x.signers(), Originals: x.Originals,
	}
	if filing.ByID(r.Profile) == nil {
		r.Profile = FilingProfiles()[0]
	}
	for _, d := range st.Docs.List {
		switch d.Status {
		case DocReady, DocStopped, DocFailed, DocProblem:
			r.Again[len(r.Files)] = isEnvelope(d.Kind) && d.existing(st.Choices) != ExistingRefuse
			r.Files = append(r.Files, d.Path)
		case DocReading, DocWaiting, DocSigning, DocSigned:
		}
	}
	return r, filingKey(r)
}

func filingKey(r FilingRequest) string {
	var b strings.Builder
	b.WriteString(r.Profile + "\x00" + strconv.Itoa(int(r.Format)))
	for _, list := range [][]string{r.Signers, r.Originals} {
		b.WriteString("\x00" + strconv.Itoa(len(list)) + "\x00" + strings.Join(list, "\x00"))
	}
	if r.Card != nil {
		for _, c := range r.Card.Certificates {
			b.WriteString("\x00" + c.SHA256 + c.Status.State + c.Withdrawn) // the issuer may be asked meanwhile
		}
	}
	for i, p := range r.Files {
		b.WriteString("\x00" + p + "\x00" + strconv.FormatBool(r.Again[i]))
	}
	return b.String()
}

// choicesFor are c with the format that the profile wants.
func choicesFor(profile string, c SignChoices) SignChoices {
	c.Format = FormatAuto
	if p := filing.ByID(profile); p != nil {
		c.Format = p.Format
	}
	return c
}

// SetProfile chooses whom the files are for, with the format that they want, and keeps the choice; not while a job runs.
func (s *Store) SetProfile(id string) {
	s.post(func(st State) State {
		if filing.ByID(id) == nil || st.Job != nil && st.Job.Running {
			return st
		}
		st = withChoices(st, choicesFor(id, *st.Choices))
		set := *st.Settings
		set.Profile = id
		if id == FilingProfiles()[0] {
			set.Profile = ""
		}
		st.Settings = &set
		s.keepSettings(set)
		return st
	})
}

// holdToProfile checks the files of r against its profile, before anybody is asked for a PIN, and takes over the format
// that the profile wants where r has none. In a window the person is asked whether to sign what would be refused;
// elsewhere it is a [*FilingError].
func (e *Engine) holdToProfile(ctx context.Context, r *SignRequest, ask Asker) error {
	said := len(r.Signers)+len(r.Originals) > 0
	if r.Profile == "" && !said || r.Resume != "" { // a job that is resumed was held to it when it began
		return nil
	}
	p := filing.ByID(r.Profile)
	if r.Profile == "" {
		p = &filing.Profiles()[0]
	}
	if p == nil {
		return &ProfileError{r.Profile}
	}
	if r.Format == signer.Auto {
		r.Format = p.Format
	}
	c, err := e.Inspect(ctx, r.Slot)
	if err != nil {
		return err
	}
	again := map[int]bool{}
	for i := range r.Files {
		again[i] = r.Existing != ExistingRefuse || r.PerFile[i].Existing != ExistingRefuse
	}
	f, err := e.CheckFiling(ctx, FilingRequest{
		Profile: r.Profile, Files: r.Files, Format: r.Format, Card: &c, Cert: r.Cert, Again: again,
		Signers: r.Signers, Originals: r.Originals,
	})
	if err == nil {
		r.holdToOriginals(f.Compared)
	}
	if err != nil || f.Verdict() != FilingRefused {
		return err
	}
	if !r.AskExisting {
		return &FilingError{f}
	}
	n := f.Count(SeverityDanger)
	ok, err := ask.Confirm(ctx, Question{
		Title: lang.MN("filing.confirm.title", n), Body: lang.MN("filing.confirm.body", n),
		Yes: lang.M("filing.confirm.yes"), No: lang.M("filing.confirm.no"), Severity: SeverityDanger,
		About: f.about(r.Files),
	})
	if err == nil && !ok {
		err = ErrRefused
	}
	return err
}

// about is a fingerprint of the files and of what their office would refuse, for [Question.About].
func (f *Filing) about(files []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", f.Profile, files)
	for _, i := range f.Items {
		fmt.Fprintf(h, " %q %d %q %q", i.Code, i.Severity, i.File, i.Args) // fmt sorts the keys of a map
	}
	return string(h.Sum(nil))
}
