package app

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
	"ceralacca/signer/trust"
)

// VerifyRequest says what to judge.
type VerifyRequest struct {
	File string
	// Originals are the paths of what is signed by a signature that does not carry it: one file, whatever its name, or
	// several, found by the names that the signature has for them or by their digests. When there are none, what lies
	// beside the file is tried: the file of the same name without the last extension, or those that an XML signature names.
	Originals []string
	At        time.Time // declared by the person; zero means now

	read *atomic.Int64 // counts the bytes that are read of File; nil for nobody
}

// Verify judges every signature of the file.
func (e *Engine) Verify(ctx context.Context, r VerifyRequest) (*Report, error) {
	f, d, err := openCounted(r.File, r.read)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	store, err := e.trust()
	if err != nil {
		return nil, err
	}
	o := signer.VerifyOptions{Trust: store, Anchors: e.anchors(), At: r.At, Now: e.cfg.Now}
	var all originals
	defer all.close()
	if err := all.open(ctx, d, r, &o); err != nil {
		return nil, err
	}
	return signer.Verify(ctx, d, o)
}

// originals are the open files that a signature is over.
type originals []*os.File

func (all *originals) close() {
	for _, f := range *all {
		_ = f.Close() // read only
	}
}

// open hands the originals to o: those that the person names, else what lies beside the file under the name that
// fits. What is not there is told by the report.
func (all *originals) open(ctx context.Context, d *signer.Document, r VerifyRequest, o *signer.VerifyOptions) error {
	if len(r.Originals) > 1 {
		for _, path := range r.Originals {
			if err := all.add(o, filepath.Base(path), path); err != nil {
				return err
			}
		}
		return nil
	}
	if path := r.Original(d.Kind()); path != "" {
		f, c, err := openDocument(path)
		switch {
		case err == nil:
			*all = append(*all, f)
			o.Content, o.ContentSize = f, c.Size()
			return nil
		case len(r.Originals) > 0:
			return err
		}
	}
	names, err := signer.Wanted(ctx, d)
	for _, n := range names {
		_ = all.add(o, n, filepath.Join(filepath.Dir(r.File), filepath.Base(n)))
	}
	return err
}

// add hands the file at path to o under a name; a second file of one name goes by its path.
func (all *originals) add(o *signer.VerifyOptions, name, path string) error {
	f, c, err := openDocument(path)
	if err != nil {
		return err
	}
	*all = append(*all, f)
	if o.Contents == nil {
		o.Contents = map[string]*io.SectionReader{}
	}
	if _, taken := o.Contents[name]; taken {
		name = path
	}
	o.Contents[name] = io.NewSectionReader(f, 0, c.Size())
	return nil
}

// Original is the path of the original of a file of the kind: the first that the person names, or the file of the same
// name without the last extension, if it is there; empty when none is needed or known.
func (r VerifyRequest) Original(k Kind) string {
	if len(r.Originals) > 0 {
		return r.Originals[0]
	}
	if k != signer.DetachedCMS && k != signer.TimeStamped {
		return ""
	}
	path := strings.TrimSuffix(r.File, filepath.Ext(r.File))
	if st, err := os.Stat(path); path == r.File || err != nil || !st.Mode().IsRegular() {
		return ""
	}
	return path
}

// JudgeReport sums a report up: the worst signature decides.
func JudgeReport(r *Report) Verdict {
	n, broken, whole := 0, false, false
	var worst *Signature
	for i := range r.Signatures {
		s := &r.Signatures[i]
		whole = whole || s.CoversWholeFile && s.Parent == ""
		if s.Format == signer.TST {
			continue
		}
		n++
		broken = broken || s.Integrity == signer.Broken
		if worst == nil || rank(s.Indication) > rank(worst.Indication) {
			worst = s
		}
	}
	if worst == nil {
		return Verdict{Title: lang.M("verdict.none"), Reason: lang.M("verdict.none.reason")}
	}
	switch worst.Indication {
	case signer.TotalPassed:
		why := lang.M("verdict.valid.reason")
		if r.Format == signer.PAdES && !whole {
			why = lang.M("verdict.valid.later")
		}
		return Verdict{Seal: SealWhole, Title: lang.MN("verdict.valid", n), Reason: why}
	case signer.TotalFailed:
		return Verdict{Seal: SealBroken, Title: lang.MN("verdict.broken", n), Reason: reason(worst), Next: next(worst)}
	}
	v := Verdict{Seal: SealBlank, Title: lang.MN("verdict.unsure", n), Reason: reason(worst), Next: next(worst)}
	if broken {
		v.Seal = SealBroken
	}
	return v
}

func rank(i signer.Indication) int {
	switch i {
	case signer.TotalPassed:
		return 0
	case signer.Indeterminate:
		return 1
	}
	return 2
}

// cause is why s does not pass, finer than its sub-indication where people need other words: a certificate on hold is
// not one that could not be asked about, a date that was chosen badly is no fault of the signature, and a manipulated PDF
// can be read very well.
func cause(s *Signature) string {
	found := func(code, detail string) bool {
		return slices.ContainsFunc(s.Findings, func(f signer.Finding) bool {
			return f.Code == code && (detail == "" || f.Args["detail"] == detail)
		})
	}
	switch {
	case s.SubIndication == "":
		return "none"
	case s.SubIndication == signer.FormatFailure && found("content-changed", ""):
		return "hash-failure"
	case s.SubIndication == signer.FormatFailure && slices.ContainsFunc(s.Findings, func(f signer.Finding) bool {
		return f.Severity == signer.Error && (strings.HasPrefix(f.Code, "attack-") || strings.HasPrefix(f.Code, "byterange-"))
	}):
		return "manipulated"
	case s.SubIndication == signer.NotYetValid && s.Proven.IsZero():
		return "not-yet-valid-as-of"
	case s.SubIndication == trust.TryLater && found("suspended", ""):
		return "suspended"
	case s.SubIndication == trust.TryLater && found("revocation-unknown", ""):
		return "unknown-to-issuer"
	case s.SubIndication == trust.TryLater && found("revocation-missing", "not-covering-expired"):
		return "forgotten"
	}
	return strings.ToLower(strings.ReplaceAll(string(s.SubIndication), "_", "-"))
}

// next is what can be done about a signature that does not pass.
func next(s *Signature) lang.Msg {
	c := cause(s)
	switch c {
	case "not-yet-valid-as-of":
		return lang.M("verdict.next.date")
	case "signed-data-not-found":
		return lang.M("verdict.next.original")
	case "suspended":
		return lang.M("verdict.next.suspended")
	case "try-later":
		return lang.M("verdict.next.retry")
	case "no-certificate-chain-found":
		return lang.M("verdict.next.chain")
	}
	switch {
	case s.Indication == signer.TotalFailed:
		return lang.M("verdict.broken.next")
	case strings.HasSuffix(c, "no-poe"), c == "out-of-bounds-not-revoked":
		return lang.M("verdict.next.proof")
	}
	return lang.M("verdict.unsure.next")
}

// reason is the sentence for why s does not pass; every sub-indication of EN 319 102-1 table 6 has one.
func reason(s *Signature) lang.Msg { return lang.M("sub." + cause(s)) }

// SignatureReason says in a sentence why s is as it is.
func SignatureReason(s *Signature) lang.Msg {
	if s.Indication == signer.TotalPassed {
		return lang.M("verdict.signature.valid")
	}
	return reason(s)
}
