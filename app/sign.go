package app

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

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
	Format Format
	// Level above LevelB asks a time-stamp authority: the one that TSA names, by URL or as in [Engine.Authorities], or
	// with an empty TSA those configured, in turn. When none gives a time-stamp the person is asked what to do; a file
	// for which it stays away is kept at the level that it reached: see [FileResult].Short.
	Level Level
	TSA   string
	// Existing says what to do with files that are signature envelopes already; Refuse reports them. PerFile says it
	// for single files, by their index. Signed PDF files take further PAdES signatures whatever these say.
	Existing Existing
	PerFile  map[int]FileChoice
	// Contents are the files that detached signatures are over to which another is added. When there are several, each
	// signature finds its own by the digest; when there are none, it lies beside the signature as for [VerifyRequest].
	Contents []string
	// Seen are the digests of files that the person has looked at, by their index: one that is not that file any more
	// fails with [signer.ErrChanged].
	Seen map[int][32]byte
	// Reason and Location are written into PAdES signatures, and Visible shows them on a page; nil for none.
	Reason, Location string
	Visible          *VisibleMark
	// Profile, of [FilingProfiles], is held against the files first: see [FilingError]. Empty holds them against none.
	Profile string
	// Signers and Originals are as in [FilingRequest]; either has the files held against Profile, an empty one as there.
	// A file that is the same as an original is signed only if it still is.
	Signers, Originals []string
	// AskExisting has the person asked, once for all, whether outputs whose name is taken get a free name
	// ("a (2).pdf.p7m"). Without it, or when the person says no, they fail with an [*ExistsError].
	AskExisting bool
	// Resume is the ID of an [Interrupted] job to be finished. It brings its own files and choices: of the others,
	// only Slot counts.
	Resume string
}

// FileChoice is what is to be done with one file that is a signature envelope already.
type FileChoice struct {
	Existing Existing `json:"existing,omitempty"`
	// LoseArchive accepts that earlier signatures lose a proof of their time: see [signer.ArchivedError]. It takes a
	// person who was asked about this very file, so that there is no such choice for all files of a job.
	LoseArchive bool `json:"lose_archive,omitempty"`
	// Original is the path of what a detached signature is over; empty looks among SignRequest.Contents.
	Original string `json:"original,omitempty"`
}

// FileResult is how one file ended.
type FileResult struct {
	Index      int    // in SignRequest.Files, or in those of the job that is resumed
	File       string // as in SignRequest.Files
	Output     string // empty when there is none
	OutputSize int64  // in bytes
	Format     Format
	Level      Level    // reached
	SHA256     [32]byte // of the original, as it was signed
	Signed     time.Time
	// Before is set when an interrupted run of the same job had signed the file: it was not signed again.
	Before bool
	Err    error // nil when it was signed, verified and named
	// Lost is what the earlier signatures of the file lost, as FileChoice.LoseArchive has accepted; nil for nothing.
	Lost *signer.ArchivedError
	// Short says why the signature is of a lower level than asked for; nil when it is not.
	Short *signer.LevelError
}

// SignEvents tells how a signing job goes on. Each function may be nil. Several files are in hand at once, so that the
// card need not wait for the disk. All but Stop are called on the goroutine that called Sign, Done as the
// files end, which need not be their order.
type SignEvents struct {
	// Journal is told the ID under which the job can be resumed, before its first signature.
	Journal func(id string)
	// Again is told, before the PIN, each file to be signed that the same person has signed already, and when that was
	// by their own word.
	Again func(file string, when time.Time)
	Start func(index int)
	Done  func(FileResult)
	// Stop is asked before each signature, on any goroutine; true ends the job with [context.Canceled]. What the card
	// has signed by then is finished.
	Stop func() bool
}

// NoCertificateError means that the card has no certificate that may sign. Use tells what it has instead.
type NoCertificateError struct {
	Use    CertUse
	Expiry *Certificate // the signature certificate that is outside its validity or was taken back, if that is the reason
}

func (e *NoCertificateError) Error() string { return "card has no certificate that may sign" }

// AlreadySignedError means that the file is a signature envelope already. Examination has the signatures that it bears;
// nil when they were not looked at.
type AlreadySignedError struct {
	File        string
	Examination *Examination
}

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
// left out, and the PIN is not asked for when none is left. It sends one VERIFY at most, or one for each signature where
// the card wants the PIN for every one, which the question says. The error says why the job as a whole stopped (PIN
// refused, card removed, ctx ended); a file's own trouble is in its FileResult. A job that stopped after its first
// signature can be resumed: [Engine.Interrupted].
func (e *Engine) Sign(ctx context.Context, r SignRequest, ask Asker, ev SignEvents) error {
	if err := e.holdToProfile(ctx, &r, ask); err != nil {
		return err
	}
	r.Visible = r.Visible.fitted()
	b := &batch{e: e, r: r, ask: ask, ev: ev, names: map[string]bool{}}
	defer func() { b.journal.close() }()
	if err := b.plan(ctx); err != nil || len(b.todo) == 0 {
		return err
	}
	c, err := e.Inspect(ctx, r.Slot)
	if err != nil {
		return err
	}
	if err := b.settle(ctx, &c); err != nil || len(b.todo) == 0 {
		return err
	}
	if err := b.room(); err != nil {
		return err
	}
	p := c.PIN(b.cert)
	if p == nil {
		return &NoCertificateError{Use: b.cert.Use}
	}
	if p.Blocked {
		return &BlockedError{p.Ref, p.PUKBlocked}
	}
	if err := ConfirmLastTry(ctx, ask, p.Tries(false)); err != nil {
		return err
	}
	q := e.pinQuestion(b.cert, p, len(b.todo))
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
	err = typedOnReader(ctx, ask, q.OnReader, ReaderWait{q.Label, p.TypeWithin, 1}, func() (err error) { b.key, err = e.login(ctx, t, b.cert, pin); return err })
	if err != nil {
		return err
	}
	if b.cert.AlwaysAsk {
		b.again = func(left int) error { return e.askAgain(ctx, t, b.cert, left, ask) }
	}
	return b.run(ctx)
}

// askAgain asks for the PIN before the next of left files, on a card that wants it for every signature.
func (e *Engine) askAgain(ctx context.Context, t card.Token, cert *Certificate, left int, ask Asker) error {
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
	if err := ConfirmLastTry(ctx, ask, p.Tries(false)); err != nil {
		return err
	}
	q := e.pinQuestion(cert, &p, left)
	pin, err := ask.PIN(ctx, q)
	if err != nil {
		return err
	}
	defer pin.Wipe()
	return typedOnReader(ctx, ask, q.OnReader, ReaderWait{q.Label, p.TypeWithin, 1}, func() error { return t.Login(ctx, cert.PIN, pin) })
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
		if k.ID != cert.ID || k.Certificate == nil || !bytes.Equal(k.DER, cert.DER) {
			continue // the PIN was typed for that certificate's card, and is for no other
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

// openDocument opens a regular file, and nothing else ([*NotAFileError]), and looks at its first bytes.
func openDocument(path string) (*os.File, *signer.Document, error) { return openCounted(path, nil) }

// openCounted is openDocument that counts what is read of the file; nil counts nothing.
func openCounted(path string, n *atomic.Int64) (*os.File, *signer.Document, error) {
	// Before it is opened: a pipe would wait for ever for somebody to write.
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return nil, nil, &NotAFileError{path}
	}
	f, err := openFile(path)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	var d *signer.Document
	if err == nil {
		var r io.ReaderAt = f
		if n != nil {
			r = countedReads{f, n}
		}
		d, err = signer.Open(filepath.Base(path), r, st.Size())
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, d, nil
}

// countedReads counts what is read.
type countedReads struct {
	r io.ReaderAt
	n *atomic.Int64
}

// ReadAt implements io.ReaderAt.
func (c countedReads) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(b, at)
	c.n.Add(int64(n))
	return n, err
}

// openFile is replaced by the tests with a share that does not answer.
var openFile = os.Open

// NotAFileError means that the path is a folder or a device.
type NotAFileError struct{ Path string }

func (e *NotAFileError) Error() string { return filepath.Base(e.Path) + " is not a file" }
