package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// work is a file that passed the first look.
type work struct {
	Index      int    `json:"index"`
	Path       string `json:"path"`
	Out        string `json:"out"`
	FileChoice        // what to do, if the file is an envelope; the zero value if it is none
}

// plan names the output of every file that can be signed and reports the others. A job that is resumed has its plan
// in the journal.
func (b *batch) plan(ctx context.Context) error {
	if b.r.Resume != "" {
		if err := b.reopen(); err != nil {
			return err
		}
		return b.needStamps()
	}
	if st, err := os.Stat(b.r.OutDir); b.r.OutDir != "" && (err != nil || !st.IsDir()) {
		return &FolderError{b.r.OutDir}
	}
	if err := b.needStamps(); err != nil {
		return err
	}
	folders := map[string]error{}
	for i, path := range b.r.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		w, err := b.planFile(ctx, i, path)
		if err == nil {
			err = writable(filepath.Dir(w.Out), folders)
		}
		if err == nil {
			err = b.nameOutput(&w)
		}
		if err != nil {
			b.report(FileResult{Index: i, File: path, Err: err})
			continue
		}
		b.todo = append(b.todo, w)
	}
	return nil
}

// needStamps gets the authorities ready before the PIN is asked for.
func (b *batch) needStamps() error {
	if b.r.Level == signer.LevelB {
		return nil
	}
	var err error
	b.stamps, err = b.e.newStamper(b.r.TSA, b.ask, func() { b.fail(context.Canceled) })
	return err
}

// planFile looks at the file, refuses what could not be signed, and names its output.
func (b *batch) planFile(ctx context.Context, i int, path string) (work, error) {
	w := work{Index: i, Path: path}
	f, d, err := openDocument(path)
	if err != nil {
		return w, err
	}
	defer f.Close()
	originals := []string{""}
	if isEnvelope(d.Kind()) && b.r.Format != signer.PAdES {
		w.FileChoice = FileChoice{Existing: b.r.Existing}
		if x, ok := b.r.PerFile[i]; ok {
			w.FileChoice = x
		}
		if originals, err = b.originals(w, d.Kind()); err != nil {
			return w, err
		}
		if !takes(d.Kind(), w.Existing, originals[0]) {
			x, _ := signer.Examine(ctx, d) // what cannot be read is an envelope all the same
			return w, &AlreadySignedError{path, x}
		}
	}
	for _, w.Original = range originals {
		if w.Out, err = b.preflight(ctx, w, d); !errors.Is(err, signer.ErrOtherContent) {
			break
		}
	}
	return w, err
}

// originals are where what the envelope of w is over may be, at least one path; empty where none is needed.
func (b *batch) originals(w work, k Kind) ([]string, error) {
	switch {
	case w.Existing != signer.Add || k != signer.DetachedCMS:
		return []string{""}, nil
	case w.Original != "":
		return []string{w.Original}, nil
	case len(b.r.Contents) > 0:
		return b.r.Contents, nil
	}
	beside := VerifyRequest{File: w.Path}.Original(k)
	if beside == "" {
		return nil, signer.ErrNoContent
	}
	return []string{beside}, nil
}

// preflight refuses what could not be signed and tells where the output goes.
func (b *batch) preflight(ctx context.Context, w work, d *signer.Document) (string, error) {
	o, err := b.options(w)
	if err != nil {
		return "", err
	}
	content, err := contentFor(w, &o)
	if err != nil {
		return "", err
	}
	defer content.Close()
	if err := signer.Preflight(ctx, d, o); err != nil {
		return "", err
	}
	dir := b.r.OutDir
	if dir == "" {
		dir = filepath.Dir(w.Path)
	}
	return filepath.Join(dir, d.Suggest(o)), nil
}

// contentFor opens the original of a detached signature that another one is to stand beside, and hands it to o. What
// it returns may be closed whether or not there is one.
func contentFor(w work, o *signer.Options) (io.Closer, error) {
	if w.Original == "" {
		return io.NopCloser(nil), nil
	}
	f, c, err := openDocument(w.Original)
	if err != nil {
		return nil, err
	}
	o.Content, o.ContentSize = f, c.Size()
	return f, nil
}

// writable asks once for each folder whether files can be made in it. Nothing is made: a crash would leave it there.
func writable(dir string, known map[string]error) error {
	err, ok := known[dir]
	if !ok {
		err = mayWrite(dir)
		known[dir] = err
	}
	return err
}

// maxNameBytes is how long a name may be on the file systems of this day.
const maxNameBytes = 255

// nameOutput settles the name of w's output, or notes that the person must be asked, because it is taken.
func (b *batch) nameOutput(w *work) error {
	if dir, name := filepath.Split(w.Out); name == filepath.Base(w.Path) && sameFile(w.Out, w.Path) { // a signature is added
		w.Out = filepath.Join(dir, freeName(dir, name, b.names))
	}
	_, err := os.Lstat(w.Out)
	switch {
	case err == nil || b.names[w.Out]:
		b.exists = append(b.exists, len(b.todo))
	case !errors.Is(err, fs.ErrNotExist): // a name that is too long, a folder that cannot be looked into
		if len(filepath.Base(w.Out)) > maxNameBytes { // a network folder may call it anything
			err = errors.Join(nameTooLong[0], err)
		}
		return err
	}
	b.names[w.Out] = true
	return nil
}

// sameFile reports whether both paths lead to one file, however they are written.
func sameFile(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(x, y)
}

// settle chooses the certificate and clears what stands in the way of the outputs.
func (b *batch) settle(ctx context.Context, c *Card) error {
	var err error
	if b.r.Resume != "" {
		if b.cert, err = b.journal.head.certificate(c); err != nil {
			return err
		}
		return b.recover(ctx)
	}
	if b.cert, err = chooseCertificate(c, b.r.Cert); err != nil {
		return err
	}
	if len(b.exists) == 0 {
		b.tellAgain(ctx)
		return nil
	}
	before := make([]*SignedBeforeError, len(b.todo))
	for _, i := range b.exists {
		before[i] = b.e.signedBefore(ctx, b.todo[i].Path, b.todo[i].Out, b.cert)
	}
	rename := false
	if b.r.AskExisting {
		if rename, err = b.ask.Confirm(ctx, b.existsQuestion(before[b.exists[0]])); err != nil {
			return err
		}
	}
	b.clear(rename, before)
	b.tellAgain(ctx)
	return nil
}

// tellAgain tells which of the files that are going to be signed bear a signature of the same person already.
func (b *batch) tellAgain(ctx context.Context) {
	if b.ev.Again == nil {
		return
	}
	for _, w := range b.todo {
		f, d, err := openDocument(w.Path)
		if err != nil {
			continue // told when it is signed
		}
		if d.Kind() == signer.PDF || isEnvelope(d.Kind()) {
			x, _ := signer.Examine(ctx, d) // what cannot be read tells no signer
			if when, mine := SignedBy(x, b.cert); mine {
				b.ev.Again(w.Path, when)
			}
		}
		_ = f.Close() // read only
	}
}

// existsQuestion asks whether outputs whose name is taken get a free one; before is set when the first of them is a
// signature by the same certificate over the same file.
func (b *batch) existsQuestion(before *SignedBeforeError) Question {
	n, first := len(b.exists), b.todo[b.exists[0]].Out
	name, dir := filepath.Base(first), filepath.Dir(first)
	free := freeName(dir, name, b.names)
	q := Question{
		Title: lang.MN("confirm.exists.title", n, "name", name), Body: lang.MN("confirm.exists.body", n, "free", free),
		Yes: lang.MN("confirm.exists.yes", n), No: lang.MN("confirm.exists.no", n), Severity: SeverityWarning,
	}
	if before != nil {
		q.Title = lang.M("confirm.again.title", "name", filepath.Base(before.File), "when", dateArg(before.When))
	}
	return q
}

// clear gives what stands in b.exists a free name, or reports it and leaves it out.
func (b *batch) clear(rename bool, before []*SignedBeforeError) {
	var kept []work
	for i, w := range b.todo {
		if slices.Contains(b.exists, i) {
			if !rename {
				err := error(&ExistsError{w.Out})
				if before[i] != nil {
					err = before[i]
				}
				b.report(FileResult{Index: w.Index, File: w.Path, Err: err})
				continue
			}
			dir := filepath.Dir(w.Out)
			w.Out = filepath.Join(dir, freeName(dir, filepath.Base(w.Out), b.names))
			b.names[w.Out] = true
		}
		kept = append(kept, w)
	}
	b.todo, b.exists = kept, nil
}
