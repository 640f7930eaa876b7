package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"ceralacca/app/lang"
	"ceralacca/card"
	"ceralacca/signer"
)

// SignRequest says what to sign with which card.
type SignRequest struct {
	Slot  card.Slot
	Cert  string // ID of the certificate; empty chooses the qualified signature certificate by its content
	Files []string
	// OutDir is where the signed files go; empty means beside each original.
	OutDir   string
	Detached bool
	// Format is CAdES or PAdES; Auto means CAdES, which every office takes of every file.
	Format signer.Format
	// Level above LevelB asks the time-stamp authority at TSA, a URL. A file for which that fails is kept at the level
	// that it reached: see [FileResult].Short.
	Level signer.Level
	TSA   string
	// Existing says what to do with files that are signature envelopes already; Refuse reports them. Signed PDF files
	// take further PAdES signatures whatever it says.
	Existing signer.Existing
	// Reason and Location are written into PAdES signatures.
	Reason, Location string
	// AskExisting has the person asked, once for all, whether outputs whose name is taken get a free name
	// ("a (2).pdf.p7m"). Without it, or when the person says no, they fail with an [*ExistsError].
	AskExisting bool
}

// FileResult is how one file ended.
type FileResult struct {
	Index  int    // in SignRequest.Files
	File   string // as in SignRequest.Files
	Output string // empty when there is none
	Format signer.Format
	Level  signer.Level
	SHA256 [32]byte // of the original, as it was signed
	Err    error    // nil when it was signed, verified and named
	// Short says why the signature is of a lower level than asked for; nil when it is not.
	Short *signer.LevelError
}

// SignEvents tells how a signing job goes on. Each function may be nil; they are called on the job's goroutine.
type SignEvents struct {
	Start func(index int)
	Done  func(FileResult)
	// Stop is asked before each file; true ends the job with [context.Canceled].
	Stop func() bool
}

// NoCertificateError means that the card has no certificate that may sign. Use tells what it has instead.
type NoCertificateError struct {
	Use    CertUse
	Expiry *Certificate // the signature certificate that is outside its validity, if that is the reason
}

func (e *NoCertificateError) Error() string { return "card has no certificate that may sign" }

// AlreadySignedError means that the file is a signature envelope already.
type AlreadySignedError struct{ File string }

func (e *AlreadySignedError) Error() string { return filepath.Base(e.File) + " is signed already" }

// FolderError means that the folder for the outputs is not there.
type FolderError struct{ Path string }

func (e *FolderError) Error() string { return "no folder " + filepath.Base(e.Path) }

// Unwrap makes errors.Is(err, fs.ErrNotExist) hold.
func (e *FolderError) Unwrap() error { return fs.ErrNotExist }

// BlockedError means that the PIN is blocked, so it was not asked for.
type BlockedError struct {
	Ref        card.PINRef
	PUKBlocked bool
}

func (e *BlockedError) Error() string { return fmt.Sprintf("PIN %02X is blocked", byte(e.Ref)) }

// Sign signs the files with one PIN. It looks at all files first; those that cannot be signed are reported and
// left out, and the PIN is not asked for when none is left. It sends one VERIFY at most, or one for each file where the
// card wants the PIN for every signature, which the question says. The error says why the
// job as a whole stopped (PIN refused, card removed, ctx ended); a file's own trouble is in its FileResult.
func (e *Engine) Sign(ctx context.Context, r SignRequest, ask Asker, ev SignEvents) error {
	if st, err := os.Stat(r.OutDir); r.OutDir != "" && (err != nil || !st.IsDir()) {
		return &FolderError{r.OutDir}
	}
	todo, err := e.preflight(ctx, r, ask, ev)
	if err != nil || len(todo) == 0 {
		return err
	}
	c, err := e.Inspect(ctx, r.Slot)
	if err != nil {
		return err
	}
	cert, err := chooseCertificate(&c, r.Cert)
	if err != nil {
		return err
	}
	p := c.PIN(cert)
	if p == nil {
		return &NoCertificateError{Use: cert.Use}
	}
	if p.Blocked {
		return &BlockedError{p.Ref, p.PUKBlocked}
	}
	if err := ConfirmLastTry(ctx, ask, p.Tries(false)); err != nil {
		return err
	}
	q := e.pinQuestion(cert, p, len(todo))
	pin, err := ask.PIN(ctx, q)
	if err != nil {
		return err
	}
	if pin != nil {
		defer pin.Wipe()
	}
	t, err := e.open(ctx, r.Slot.ID)
	if err != nil {
		return err
	}
	defer t.Close()
	var key signer.Key
	err = typedOnReader(ctx, ask, q.OnReader, q.Label, func() (err error) { key, err = e.login(ctx, t, cert, pin); return err })
	if err != nil {
		return err
	}
	again := func(int) error { return nil }
	if cert.AlwaysAsk {
		again = func(left int) error { return e.askAgain(ctx, t, cert, left, p.OnReader, ask) }
	}
	return e.signAll(ctx, r, todo, key, again, ev)
}

// askAgain asks for the PIN before the next of left files, on a card that wants it for every signature.
func (e *Engine) askAgain(ctx context.Context, t card.Token, cert *Certificate, left int, pad bool, ask Asker) error {
	info := card.PINInfo{Ref: cert.PIN}
	for _, i := range t.Info().PINs {
		if i.Ref == cert.PIN {
			info = i
		}
	}
	p, err := e.pinView(ctx, t, info)
	if err != nil {
		return err
	}
	p.OnReader = pad
	if err := ConfirmLastTry(ctx, ask, p.Tries(false)); err != nil {
		return err
	}
	q := e.pinQuestion(cert, &p, left)
	pin, err := ask.PIN(ctx, q)
	if err != nil {
		return err
	}
	defer pin.Wipe()
	return typedOnReader(ctx, ask, pad, q.Label, func() error { return t.Login(ctx, cert.PIN, pin) })
}

// work is a file that passed the preflight.
type work struct {
	index     int
	path, out string
	existing  signer.Existing // what to do, if the file is an envelope; Refuse if it is none
}

// preflight names the output of every file that can be signed and reports the others.
func (e *Engine) preflight(ctx context.Context, r SignRequest, ask Asker, ev SignEvents) ([]work, error) {
	var todo []work
	var existing []int
	taken := make(map[string]bool)
	for i, path := range r.Files {
		w, err := e.planFile(ctx, r, path)
		if err != nil {
			report(ev, FileResult{Index: i, File: path, Err: err})
			continue
		}
		w.index = i
		if dir := filepath.Dir(w.out); w.out == path { // a signature is added under the same name
			w.out = filepath.Join(dir, freeName(dir, filepath.Base(path), taken))
		}
		if _, err := os.Lstat(w.out); err == nil || taken[w.out] {
			existing = append(existing, len(todo))
		}
		taken[w.out] = true
		todo = append(todo, w)
	}
	if len(existing) == 0 {
		return todo, nil
	}
	rename := false
	if r.AskExisting {
		var err error
		name := filepath.Base(todo[existing[0]].out)
		rename, err = ask.Confirm(ctx, Question{
			Title: lang.MN("confirm.exists.title", len(existing), "name", name),
			Body:  lang.MN("confirm.exists.body", len(existing), "free", freeName(filepath.Dir(todo[existing[0]].out), name, taken)),
			Yes:   lang.MN("confirm.exists.yes", len(existing)), No: lang.MN("confirm.exists.no", len(existing)),
			Severity: SeverityWarning,
		})
		if err != nil {
			return nil, err
		}
	}
	return settle(todo, existing, rename, taken, ev), nil
}

// settle gives the work at the indices of existing a free name, or reports it and leaves it out.
func settle(todo []work, existing []int, rename bool, taken map[string]bool, ev SignEvents) []work {
	var kept []work
	for i, w := range todo {
		if len(existing) > 0 && existing[0] == i {
			existing = existing[1:]
			if !rename {
				report(ev, FileResult{Index: w.index, File: w.path, Err: &ExistsError{w.out}})
				continue
			}
			dir := filepath.Dir(w.out)
			w.out = filepath.Join(dir, freeName(dir, filepath.Base(w.out), taken))
			taken[w.out] = true
		}
		kept = append(kept, w)
	}
	return kept
}

// planFile looks at the file, refuses what could not be signed, and names its output.
func (e *Engine) planFile(ctx context.Context, r SignRequest, path string) (work, error) {
	w := work{path: path}
	f, d, err := openDocument(path)
	if err != nil {
		return w, err
	}
	defer f.Close()
	if isEnvelope(d.Kind()) && r.Format != signer.PAdES {
		w.existing = r.Existing
		// To add needs the content, and other containers than p7m have no place for a further signature.
		if r.Existing == signer.Refuse || r.Existing != signer.Wrap && d.Kind() != signer.SignedData {
			return w, &AlreadySignedError{path}
		}
	}
	o, err := e.signOptions(r, w)
	if err != nil {
		return w, err
	}
	if err := signer.Preflight(ctx, d, o); err != nil {
		return w, err
	}
	dir := r.OutDir
	if dir == "" {
		dir = filepath.Dir(path)
	}
	w.out = filepath.Join(dir, d.Suggest(o))
	return w, nil
}

// signOptions are how the file of w is signed.
func (e *Engine) signOptions(r SignRequest, w work) (signer.Options, error) {
	o := signer.Options{
		Format: r.Format, Level: r.Level, Detached: r.Detached, Existing: w.existing, Now: e.cfg.Now,
		Anchors: e.cfg.Anchors, KeepLower: true, Reason: r.Reason, Location: r.Location,
	}
	if o.Format == signer.Auto {
		o.Format = signer.CAdES
	}
	if r.TSA != "" {
		o.TSA = &signer.TSA{URL: r.TSA, AllowLocal: localAddress(r.TSA)}
	}
	var err error
	if r.Level >= signer.LevelLT {
		o.Trust, err = e.trust()
	}
	return o, err
}

// localAddress reports whether the person names an authority on this machine: then it may be asked, while one that
// another server sends us to may not.
func localAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

func isEnvelope(k signer.Kind) bool {
	switch k {
	case signer.SignedData, signer.DetachedCMS, signer.TimeStamped, signer.ASiC:
		return true
	}
	return false
}

func chooseCertificate(c *Card, id string) (*Certificate, error) {
	none := &NoCertificateError{}
	for i := range c.Certificates {
		cert := &c.Certificates[i]
		if id != "" && cert.ID != id {
			continue
		}
		if cert.CanSign {
			return cert, nil
		}
		switch {
		case cert.Use == ForSigning:
			none.Expiry, none.Use = cert, ForSigning
		case cert.Use == ForLogin && none.Use == ForOther:
			none.Use = ForLogin
		}
	}
	return nil, none
}

func (e *Engine) pinQuestion(cert *Certificate, p *PINView, n int) PINQuestion {
	purpose, action := lang.MN("pin.purpose.sign", n, "name", cert.SubjectCN), lang.MN("pin.action.sign", n)
	if cert.AlwaysAsk && n > 1 {
		purpose, action = lang.MN("pin.purpose.sign-each", n, "name", cert.SubjectCN), lang.MN("pin.action.sign", 1)
	}
	return PINQuestion{
		Label:    PINLabel(p.Ref),
		Purpose:  purpose,
		Action:   action,
		Min:      p.Min,
		Max:      p.Max,
		Tries:    p.Tries(false),
		OnReader: p.OnReader,
		Practice: e.practiceCode(p.Ref, false),
	}
}

// login finds the certificate again in the open card, sends the VERIFY and returns the key.
func (e *Engine) login(ctx context.Context, t card.Token, cert *Certificate, pin *PIN) (signer.Key, error) {
	keys, err := t.Keys(ctx)
	if err != nil {
		return signer.Key{}, err
	}
	for _, k := range keys {
		if k.ID != cert.ID || k.Certificate == nil {
			continue
		}
		if err := t.Login(ctx, k.PIN, pin); err != nil {
			return signer.Key{}, err
		}
		s, err := t.Signer(ctx, k)
		if err != nil {
			return signer.Key{}, err
		}
		return signer.Key{Signer: s, Chain: append([]*x509.Certificate{k.Certificate}, e.issuers(k.Certificate)...)}, nil
	}
	return signer.Key{}, card.ErrRemoved
}

// issuers are the certificates above leaf that are known, without the root.
func (e *Engine) issuers(leaf *x509.Certificate) []*x509.Certificate {
	if e.practice == nil {
		return nil
	}
	return e.practice.made.Chain(leaf)
}

func (e *Engine) signAll(ctx context.Context, r SignRequest, todo []work, key signer.Key, again func(left int) error, ev SignEvents) error {
	for i, w := range todo {
		if ev.Stop != nil && ev.Stop() {
			return context.Canceled
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if ev.Start != nil {
			ev.Start(w.index)
		}
		if i > 0 {
			if err := again(len(todo) - i); err != nil {
				return err
			}
		}
		res := e.signFile(ctx, r, w, key)
		if stops(ctx, res.Err) {
			return errors.Join(context.Cause(ctx), res.Err)
		}
		report(ev, res)
	}
	return nil
}

// stops reports whether err ends the whole job and not only the file: the card or the person said so.
func stops(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	var pin *card.PINError
	var sw *card.StatusError
	var unknown *card.OutcomeUnknownError
	return ctx.Err() != nil || errors.As(err, &pin) || errors.As(err, &sw) || errors.As(err, &unknown) ||
		errors.Is(err, card.ErrRemoved) || errors.Is(err, card.ErrReset) || errors.Is(err, card.ErrMute) ||
		errors.Is(err, card.ErrBusy) || errors.Is(err, card.ErrNoService) || errors.Is(err, card.ErrCancelled)
}

func report(ev SignEvents, r FileResult) {
	if ev.Done != nil {
		ev.Done(r)
	}
}

func (e *Engine) signFile(ctx context.Context, r SignRequest, w work, key signer.Key) FileResult {
	res := FileResult{Index: w.index, File: w.path}
	f, d, err := openDocument(w.path)
	if err != nil {
		res.Err = err
		return res
	}
	defer f.Close()
	o, err := e.signOptions(r, w)
	if err != nil {
		res.Err = err
		return res
	}
	res.Format, res.Level = o.Format, o.Level
	res.Err = writeNew(ctx, w.out,
		func(out io.Writer) error {
			err := signer.Sign(ctx, out, d, key, o)
			var again *signer.AlreadySignedError
			switch {
			case errors.As(err, &res.Short):
				res.Level = res.Short.Reached
				return nil
			case errors.As(err, &again):
				return &AlreadySignedError{w.path}
			}
			return err
		},
		func(out *os.File) error {
			c := &check{e: e, o: o, level: res.Level, original: f, d: d, key: key}
			sum, err := c.run(ctx, out, filepath.Base(w.out))
			res.SHA256 = sum
			return err
		})
	if res.Err == nil {
		res.Output = w.out
	}
	return res
}

// openDocument opens a regular file and looks at its first bytes.
func openDocument(path string) (*os.File, *signer.Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &NotAFileError{path}
	}
	var d *signer.Document
	if err == nil {
		d, err = signer.Open(filepath.Base(path), f, st.Size())
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, d, nil
}

// NotAFileError means that the path is a folder or a device.
type NotAFileError struct{ Path string }

func (e *NotAFileError) Error() string { return filepath.Base(e.Path) + " is not a file" }
