package app

import "testing"

// Under signatures inside the PDF, a file that cannot have one is a problem and is not signed; as p7m all are ready again.
func TestStoreLeavesOutWhatCannotBeSignedInside(t *testing.T) {
	e, _ := practiceEngine(t)
	dir := t.TempDir()
	put(t, dir, "a.pdf", emptyPDF())
	put(t, dir, "b.txt", []byte("b"))
	w := runStore(t, e, &answers{pins: []string{PracticePIN}})
	w.until("ready", ready)
	w.SetChoices(SignChoices{Format: FormatPAdES})
	w.Add(dir)
	st := w.until("two files", func(st *State) bool { return len(st.Docs.List) == 2 && st.Adding == nil })
	if d := st.Docs.List[1]; d.Status != DocProblem || !d.NotInside || d.Advice == nil {
		t.Fatalf("added: %+v", d)
	}
	w.SetChoices(SignChoices{})
	st = w.until("as p7m", func(st *State) bool { return st.Choices.Format == FormatAuto })
	if d := st.Docs.List[1]; d.Status != DocReady || d.NotInside || d.Advice != nil {
		t.Fatalf("as p7m: %+v", d)
	}
	w.SetChoices(SignChoices{Format: FormatPAdES})
	w.until("inside", func(st *State) bool { return st.Choices.Format == FormatPAdES && st.Docs.List[1].NotInside })
	w.Sign()
	st = w.until("signed", func(st *State) bool { return st.Job != nil && !st.Job.Running })
	if st.Job.Total != 1 || st.Job.Signed != 1 || st.Docs.List[0].Status != DocSigned || st.Docs.List[1].Status != DocProblem {
		t.Errorf("%+v, %+v", st.Job, st.Docs.List)
	}
}
