package app

import (
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

// SetChoices changes how the files of the list are to be signed; not while a job runs.
func (s *Store) SetChoices(c SignChoices) {
	s.post(func(st State) State {
		if st.Job != nil && st.Job.Running {
			return st
		}
		return withChoices(st, c)
	})
}

func withChoices(st State, c SignChoices) State {
	st.Choices = &c
	next := &Docs{List: append([]Doc(nil), st.Docs.List...), Skipped: st.Docs.Skipped}
	for i := range next.List {
		next.List[i].settle(&c)
	}
	st.Docs = next
	return st
}

// SetExisting chooses what to do with one file that is a signature envelope; not while a job runs.
func (s *Store) SetExisting(id int, x Existing) {
	s.post(func(st State) State {
		if st.Job != nil && st.Job.Running {
			return st
		}
		choices := st.Choices
		return withDoc(st, id, func(d *Doc) {
			d.Existing = x
			d.settle(choices)
		})
	})
}

// settle makes an envelope ready when there is an answer to what is to be done with it, and a problem when there is
// none. Other files, and those that were signed, stay as they are.
func (d *Doc) settle(c *SignChoices) {
	if !isEnvelope(d.Kind) || d.Status != DocReady && d.Status != DocProblem {
		return
	}
	x := d.existing(c)
	d.Status, d.Advice = DocReady, nil
	if c.Format == FormatPAdES || !slices.Contains(d.Offers(), x) {
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
