package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// Verification is the file being verified or verified last; nil before the first.
type Verification struct {
	VerifyRequest
	Name    string
	Running bool
	Read    int64 // bytes that were read of the file while it runs, over all the times that it is read
	Report  *Report
	Verdict Verdict
	// Practice is set when a practice certificate signed: nothing of it has legal value.
	Practice bool
	// Trust is what the verdict stands on.
	Trust TrustReport
	// Original is the path of the file that a detached signature was held against; empty for none.
	Original string
	// Wants is set when a signature is over a file that was not at hand.
	Wants bool
	// ContentName is the suggested name for the document inside; empty when there is none to take out, or several.
	ContentName string
	// ContentNames are the names of all the documents inside, as they are saved.
	ContentNames []string
	// Contents is how many documents can be taken out.
	Contents int
	// Saved is what was written last.
	Saved  *SavedFile
	Advice *Advice
}

// SavedFile is something that was written at the person's wish.
type SavedFile struct {
	What    lang.Msg // "Documento salvato"
	Path    string   // the first, when several were written
	Count   int
	CanOpen bool // see [CanOpen]; reports of ours can always be opened
	Print   bool // to be opened at once, for printing
}

// Revision tells whether the file went on after s, so that the revision that was signed can be taken out.
func (v *Verification) Revision(s *Signature) bool {
	return v.Report != nil && v.Report.Format == signer.PAdES && s.Parent == "" && s.Format == signer.PAdES && !s.CoversWholeFile
}

// RevisionName is the suggested name for the revision of the signature with that ID.
func (v *Verification) RevisionName(id string) string { return revisionName(v.Name, id) }

// Verify judges the file at path, or each file of the folder that is there.
func (s *Store) Verify(path string) { s.VerifyAs(VerifyRequest{File: path}) }

// VerifyAs judges a file with its original, or at the moment, that the person names.
func (s *Store) VerifyAs(q VerifyRequest) {
	s.post(func(st State) State {
		if s.verify != nil {
			s.verify()
		}
		ctx, cancel := context.WithCancel(s.ctx)
		s.verify = cancel
		q.read = new(atomic.Int64)
		st.Verify = &Verification{VerifyRequest: q, Name: filepath.Base(q.File), Running: true}
		engine := s.use
		s.spawn(func() {
			defer cancel()
			defer s.tellRead(ctx, q)()
			var done *Verification
			info, err := os.Stat(q.File)
			folder := err == nil && info.IsDir()
			if !folder {
				done = engine.verification(ctx, q)
			}
			s.post(func(st State) State {
				switch {
				case st.Verify == nil || st.Verify.read != q.read: // something newer is wanted
				case folder:
					return s.verifyFolder(st, q.File)
				default:
					st.Verify = done
				}
				return st
			})
		})
		return st
	})
}

// readEvery is how often the window is told how much of a file was read.
const readEvery = 500 * time.Millisecond

// tellRead has the State tell how much was read while q is judged, until the returned function is called.
func (s *Store) tellRead(ctx context.Context, q VerifyRequest) (end func()) {
	ctx, end = context.WithCancel(ctx)
	s.spawn(func() {
		tick := time.NewTicker(readEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			s.post(func(st State) State {
				if v := st.Verify; v != nil && v.read == q.read && v.Running && v.Read != q.read.Load() {
					next := *v
					next.Read = q.read.Load()
					st.Verify = &next
				}
				return st
			})
		}
	})
	return end
}

func (e *Engine) verification(ctx context.Context, q VerifyRequest) *Verification {
	v := &Verification{VerifyRequest: q, Name: filepath.Base(q.File)}
	f, d, err := openDocument(q.File)
	if err != nil {
		v.Advice = Explain(err)
		return v
	}
	defer f.Close()
	r, err := e.Verify(ctx, q)
	if err == nil {
		v.Trust, err = e.Trust(ctx)
	}
	if err != nil {
		v.Advice = Explain(err)
		return v
	}
	v.Report, v.Verdict, v.Practice = r, JudgeReport(r), IsPractice(r)
	v.Original = q.Original(d.Kind())
	v.Wants = slices.Contains(r.Notes, "evidence-record")
	for i := range r.Signatures {
		for _, f := range r.Signatures[i].Findings {
			v.Wants = v.Wants || f.Code == "content-missing" || f.Code == "signed-file-missing"
		}
	}
	parts, err := d.Parts(ctx)
	if v.Contents = len(parts); err == nil && v.Contents > 0 {
		if v.ContentNames = partNames(d, parts); v.Contents == 1 {
			v.ContentName = v.ContentNames[0]
		}
	}
	return v
}

// SaveContent writes the document inside the verified file v, as the State had it, to dest, or beside it under a name that is free; several go
// into the folder dest.
func (s *Store) SaveContent(v *Verification, dest string) {
	s.saveVerified("errand.save", dest, v, func(ctx context.Context, e *Engine) (*SavedFile, error) {
		if v.Contents == 1 {
			dest = nextFree(dest)
		}
		paths, err := e.Extract(ctx, ExtractRequest{File: v.File, Dest: dest})
		if err != nil {
			return nil, err
		}
		return &SavedFile{What: lang.MN("saved.content", len(paths)), Path: paths[0], Count: len(paths), CanOpen: len(paths) == 1 && CanOpen(paths[0])}, nil
	})
}

// SaveRevision writes the PDF v as it was when the signature with that ID was made to dest, or under a name that is free.
func (s *Store) SaveRevision(v *Verification, id, dest string) {
	s.saveVerified("errand.save", dest, v, func(ctx context.Context, e *Engine) (*SavedFile, error) {
		paths, err := e.Extract(ctx, ExtractRequest{File: v.File, Dest: nextFree(dest), Revision: id})
		if err != nil {
			return nil, err
		}
		return &SavedFile{What: lang.M("saved.revision"), Path: paths[0], Count: 1, CanOpen: CanOpen(paths[0])}, nil
	})
}

// SaveSigner writes the certificate of the signature of v with that ID to dest, or under a name that is free: in DER when
// the name ends in .der or .cer, in PEM otherwise.
func (s *Store) SaveSigner(v *Verification, id, dest string) {
	s.saveVerified("errand.save", dest, v, func(ctx context.Context, e *Engine) (*SavedFile, error) {
		i := slices.IndexFunc(v.Report.Signatures, func(x Signature) bool { return x.ID == id })
		if i < 0 || v.Report.Signatures[i].Signer == nil {
			return nil, &CertificateIDError{id}
		}
		dest := nextFree(dest)
		if err := e.ExportCertificate(ctx, SignerCertificate(v.Report.Signatures[i].Signer), dest); err != nil {
			return nil, err
		}
		return &SavedFile{What: lang.M("saved.certificate"), Path: dest, Count: 1}, nil
	})
}

// SaveReport writes the report on the verified file v to dest, or under a name that is free, in the words of t.
func (s *Store) SaveReport(v *Verification, dest string, t *lang.Catalog) {
	s.saveVerified("errand.save", dest, v, func(ctx context.Context, e *Engine) (*SavedFile, error) {
		dest := nextFree(dest)
		if err := e.SaveReport(ctx, v.VerifyRequest, v.Report, t, dest); err != nil {
			return nil, err
		}
		return &SavedFile{What: lang.M("saved.report"), Path: dest, Count: 1, CanOpen: true}, nil
	})
}

// PrintReport writes the report on v as a PDF that is thrown away when the program ends, to be opened and printed.
func (s *Store) PrintReport(v *Verification, t *lang.Catalog) {
	s.saveVerified("errand.print", "", v, func(ctx context.Context, e *Engine) (*SavedFile, error) {
		dir, err := s.scratchFolder()
		if err != nil {
			return nil, err
		}
		dest := filepath.Join(dir, ReportName(v.Name, ".pdf"))
		if err := e.SaveReport(ctx, v.VerifyRequest, v.Report, t, dest); err != nil {
			return nil, err
		}
		return &SavedFile{What: lang.M("saved.print"), Path: dest, Count: 1, CanOpen: true, Print: true}, nil
	})
}

// scratchFolder makes a folder for what is thrown away when the program ends. It may be called on any goroutine.
func (s *Store) scratchFolder() (string, error) {
	dir, err := os.MkdirTemp("", "ceralacca-")
	if err == nil {
		s.post(func(st State) State { s.scratch = append(s.scratch, dir); return st })
	}
	return dir, err
}

// ReportName is the suggested name for the report on the file of that name.
func ReportName(name, ext string) string { return name + "_rapporto" + ext }

// saveVerified runs an effect on v and tells what came of it; key and dest are as in [Store.run]. v is what the person saw
// when it was asked for: another file may have been verified while the folder was being chosen.
func (s *Store) saveVerified(key, dest string, v *Verification, do func(context.Context, *Engine) (*SavedFile, error)) {
	s.post(func(st State) State {
		if v == nil || v.Report == nil {
			return st
		}
		engine := s.use
		s.run(key, dest, func(ctx context.Context) (change, error) {
			saved, err := do(ctx, engine)
			return func(st State) State {
				if st.Verify == nil || st.Verify.Report != v.Report { // told where it still can be
					if saved == nil {
						saved = &SavedFile{}
					}
					return toldSaved(saved.Path, err)(st)
				}
				next := *st.Verify
				next.Saved, next.Advice = saved, Explain(err)
				st.Verify = &next
				return st
			}, err
		})
		return st
	})
}

// CloseVerification forgets the verified file.
func (s *Store) CloseVerification() {
	s.post(func(st State) State {
		if s.verify != nil {
			s.verify()
		}
		st.Verify = nil
		return st
	})
}
