package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"

	"ceralacca/signer"
)

// TimestampRequest says which files a time-stamp authority is to stamp. No card is needed.
type TimestampRequest struct {
	Files []string
	TSA   string // URL or name of an authority; empty asks those configured, in turn
	// Format is signer.TSD, the document with its time-stamp in one file (also for the zero value), or signer.TSR, the
	// time-stamp alone, to be kept beside the document.
	Format Format
	OutDir string // empty means beside each original
}

// FormatTSD and FormatTSR are the formats of time-stamps.
const (
	FormatTSD = signer.TSD
	FormatTSR = signer.TSR
)

// Timestamp has the files stamped one after the other and tells of each by done. What an authority fails with ends the
// job, for every further request may cost a mark: the error is then a [*signer.TimeStampError], and the file in hand is
// told with it. A file's own trouble is in its FileResult, whose Signed is the time that the authority gives.
func (e *Engine) Timestamp(ctx context.Context, r TimestampRequest, done func(FileResult)) error {
	if st, err := os.Stat(r.OutDir); r.OutDir != "" && (err != nil || !st.IsDir()) {
		return &FolderError{r.OutDir}
	}
	if r.Format == signer.Auto {
		r.Format = signer.TSD
	}
	stamps, err := e.newStamper(r.TSA, nobody{}, func() {})
	if err != nil {
		return err
	}
	for i, path := range r.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		res := e.stampFile(ctx, r, path, stamps.first())
		res.Index, res.File, res.Format = i, path, r.Format
		if ctx.Err() != nil && res.Err != nil {
			return context.Cause(ctx)
		}
		done(res)
		var failed *signer.TimeStampError
		if errors.As(res.Err, &failed) {
			return failed
		}
	}
	return nil
}

// nobody answers no to everything.
type nobody struct{}

func (nobody) PIN(context.Context, PINQuestion) (*PIN, error)       { return nil, ErrRefused }
func (nobody) Confirm(context.Context, Question) (bool, error)      { return false, nil }
func (nobody) Choose(context.Context, Choice) (answer int, _ error) { return StampStop, nil }

// stampFile makes, checks and names one time-stamp.
func (e *Engine) stampFile(ctx context.Context, r TimestampRequest, path string, tsa *signer.TSA) FileResult {
	var res FileResult
	f, d, err := openDocument(path)
	if err != nil {
		res.Err = err
		return res
	}
	defer f.Close()
	dir := r.OutDir
	if dir == "" {
		dir = filepath.Dir(path)
	}
	need := uint64(signatureRoom)
	if r.Format == signer.TSD {
		need += uint64(d.Size()) // #nosec G115 -- a size is not negative
	}
	if free, known := freeSpace(dir); known && free < need { // before a mark is spent
		res.Err = &SpaceError{Dir: dir, Need: need, Free: free}
		return res
	}
	dest := filepath.Join(dir, d.Suggest(signer.Options{Format: r.Format}))
	res.Err = writeNewAs(ctx, dest, "", rightsFrom(f),
		func(out io.Writer) error { return signer.Timestamp(ctx, out, d, tsa, r.Format) },
		func(out *os.File) error {
			st, err := out.Stat()
			if err != nil {
				return err
			}
			res.OutputSize = st.Size()
			return e.checkStamp(ctx, out, st.Size(), f, d, &res)
		})
	if res.Err == nil {
		res.Output = dest
	}
	return res
}

// checkStamp reads an unfinished time-stamp back: it must be intact over the bytes of the original.
func (e *Engine) checkStamp(ctx context.Context, out io.ReaderAt, size int64, original io.ReaderAt, d *signer.Document, res *FileResult) error {
	s, err := signer.Open("", out, size)
	if err != nil {
		return &SelfCheckError{err}
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(original, 0, d.Size())); err != nil {
		return err
	}
	h.Sum(res.SHA256[:0])
	rep, err := signer.Verify(ctx, s, signer.VerifyOptions{
		Anchors: e.cfg.Anchors, Now: e.cfg.Now, Content: original, ContentSize: d.Size(),
	})
	if err != nil {
		return err
	}
	for _, sig := range rep.Signatures {
		if sig.Format == signer.TST && sig.Parent == "" && sig.Integrity == signer.Intact {
			res.Signed = sig.Claimed
			return nil
		}
	}
	return &SelfCheckError{errNotIntact}
}
