package app

import (
	"context"
	"slices"

	"ceralacca/signer"
)

// The words of package signer for how to sign, under names that a window may use.
type (
	// Format is a family of signatures.
	Format = signer.Format
	// Level is how much of a proof is kept in the file.
	Level = signer.Level
	// Existing says what to do with a file that is a signature envelope already.
	Existing = signer.Existing
)

// The formats, levels and answers that signing offers.
const (
	FormatAuto  = signer.Auto  // p7m
	FormatCAdES = signer.CAdES // p7m
	FormatPAdES = signer.PAdES // inside the PDF

	LevelB   = signer.LevelB   // the signature alone
	LevelT   = signer.LevelT   // with a time-stamp
	LevelLT  = signer.LevelLT  // with what proves it later
	LevelLTA = signer.LevelLTA // closed by an archive time-stamp

	ExistingRefuse      = signer.Refuse      // stop
	ExistingWrap        = signer.Wrap        // a new envelope around the old one
	ExistingAdd         = signer.Add         // beside the others, in the same envelope
	ExistingCounterSign = signer.CounterSign // over each of the others
)

// SignChoices are how the files of the list are to be signed. The zero value makes a p7m beside each original and
// refuses envelopes.
type SignChoices struct {
	Format   Format
	Level    Level
	TSA      string // URL or name of an authority; empty asks those configured, in turn
	Detached bool
	// Existing is for envelopes for which the person has not chosen by [Store.SetExisting].
	Existing Existing
	OutDir   string // empty means beside each original
	// Reason, Location and Visible go into PAdES signatures.
	Reason, Location string
	Visible          *VisibleMark
}

// placeTroubles are the codes of advice that another folder for the signed files answers.
var placeTroubles = []string{"read-only", "no-space", "disk-full", "file-too-large", "folder-fails", "folder-gone", "no-permission"}

// PlaceTrouble reports whether a, which may be nil, tells that the signed files cannot be written where they were to go.
func PlaceTrouble(a *Advice) bool { return a != nil && slices.Contains(placeTroubles, a.Code) }

// SetChoices changes how the files of the list are to be signed; not while a job runs. With another folder for the signed
// files those that failed for want of a place are to be signed again.
func (s *Store) SetChoices(c SignChoices) {
	s.post(func(st State) State {
		if st.Job != nil && st.Job.Running {
			return st
		}
		return withChoices(st, c)
	})
}

func withChoices(st State, c SignChoices) State {
	moved := st.Choices != nil && st.Choices.OutDir != c.OutDir
	st.Choices = &c
	next := &Docs{List: append([]Doc(nil), st.Docs.List...), Skipped: st.Docs.Skipped}
	for i := range next.List {
		d := &next.List[i]
		if moved && d.Status == DocFailed && PlaceTrouble(d.Advice) {
			d.Status, d.Advice = DocStopped, nil
		}
		d.settle(&c)
	}
	st.Docs = next
	return st
}

// SetExisting chooses what to do with one file that is a signature envelope; not while a job runs. lose is for a person
// who was asked by [Doc.LossQuestion] and has accepted the loss.
func (s *Store) SetExisting(id int, x Existing, lose bool) {
	s.post(func(st State) State {
		if st.Job != nil && st.Job.Running {
			return st
		}
		choices := st.Choices
		return withDoc(st, id, func(d *Doc) {
			d.Existing, d.LoseArchive = x, lose
			d.settle(choices)
		})
	})
}

// SetOriginal names the file that a detached signature of the list is over, so that another can be added to it; not
// while a job runs. The file is read: one that the signature is not over is told in [Doc].OriginalAdvice.
func (s *Store) SetOriginal(id int, path string) {
	s.post(func(st State) State {
		i := slices.IndexFunc(st.Docs.List, func(d Doc) bool { return d.ID == id })
		if i < 0 || st.Docs.List[i].Kind != signer.DetachedCMS || st.Job != nil && st.Job.Running {
			return st
		}
		w := work{Path: st.Docs.List[i].Path, FileChoice: FileChoice{Existing: ExistingAdd, LoseArchive: true, Original: path}}
		ctx := s.ctx
		s.spawn(func() {
			err := compare(ctx, w)
			s.post(func(st State) State {
				return withDoc(st, id, func(d *Doc) {
					if d.Status != DocReading {
						return
					}
					if d.Status, d.OriginalAdvice = DocProblem, Explain(err); err == nil {
						d.Original = path
					}
					d.settle(st.Choices)
				})
			})
		})
		return withDoc(st, id, func(d *Doc) { d.Status, d.OriginalAdvice = DocReading, nil })
	})
}

// compare fails unless another signature can be added to the detached one of w with its original.
func compare(ctx context.Context, w work) error {
	f, d, err := openDocument(w.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	o := signer.Options{Existing: w.Existing, LoseArchive: w.LoseArchive}
	content, err := contentFor(w, &o)
	if err != nil {
		return err
	}
	defer content.Close()
	return signer.Preflight(ctx, d, o)
}

// settle makes a file ready when it can be signed as was chosen, and a problem when it cannot: an envelope without an
// answer to what is to be done with it, a file that cannot have a signature inside. What was signed, and what could
// not be read, stays as it is.
func (d *Doc) settle(c *SignChoices) {
	if d.Status != DocReady && d.Status != DocProblem {
		return
	}
	if !isEnvelope(d.Kind) {
		inside := InsideAdvice(d)
		switch {
		case c.Format == FormatPAdES && inside != nil && d.Status == DocReady:
			d.Status, d.Advice, d.NotInside = DocProblem, inside, true
		case c.Format != FormatPAdES && d.NotInside:
			d.Status, d.Advice, d.NotInside = DocReady, nil, false
		}
		return
	}
	x := d.existing(c)
	d.Status, d.Advice = DocReady, nil
	if c.Format == FormatPAdES || !slices.Contains(d.Offers(), x) && !(d.LoseArchive && slices.Contains(d.Costly(), x)) {
		d.Status, d.Advice = DocProblem, Explain(&AlreadySignedError{File: d.Path, Examination: d.Examination})
	}
}

// existing is what is to be done with d.
func (d *Doc) existing(c *SignChoices) Existing {
	if d.Existing != ExistingRefuse {
		return d.Existing
	}
	return c.Existing
}
