package app

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ceralacca/app/lang"
	"ceralacca/signer"
)

// VerifyRequest says what to judge.
type VerifyRequest struct {
	File string
	// Originals are the paths of what is signed by a signature that does not carry it: one file, whatever its name, or
	// several, found by the names that the signature has for them or by their digests. When there are none, what lies
	// beside the file is tried: the file of the same name without the last extension, or those that an XML signature names.
	Originals []string
	At        time.Time // declared by the person; zero means now
}

// Verify judges every signature of the file.
func (e *Engine) Verify(ctx context.Context, r VerifyRequest) (*Report, error) {
	f, d, err := openDocument(r.File)
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
	n, worst := 0, signer.TotalPassed
	var sub signer.SubIndication
	broken, whole := false, false
	for _, s := range r.Signatures {
		whole = whole || s.CoversWholeFile && s.Parent == ""
		if s.Format == signer.TST {
			continue
		}
		n++
		broken = broken || s.Integrity == signer.Broken
		if rank(s.Indication) > rank(worst) {
			worst, sub = s.Indication, s.SubIndication
		}
	}
	if n == 0 {
		return Verdict{Title: lang.M("verdict.none"), Reason: lang.M("verdict.none.reason")}
	}
	switch worst {
	case signer.TotalPassed:
		why := lang.M("verdict.valid.reason")
		if r.Format == signer.PAdES && !whole {
			why = lang.M("verdict.valid.later")
		}
		return Verdict{Seal: SealWhole, Title: lang.MN("verdict.valid", n), Reason: why}
	case signer.TotalFailed:
		v := Verdict{Seal: SealBroken, Title: lang.MN("verdict.broken", n), Reason: reason(sub)}
		v.Next = lang.M("verdict.broken.next")
		return v
	}
	v := Verdict{Seal: SealBlank, Title: lang.MN("verdict.unsure", n), Reason: reason(sub)}
	if broken {
		v.Seal = SealBroken
	}
	v.Next = lang.M(nextKey(sub))
	return v
}

// nextKey is what can be done about a signature that cannot be confirmed, by why it cannot (EN 319 102-1 table 5).
func nextKey(s signer.SubIndication) string {
	switch s {
	case signer.SignedDataNotFound:
		return "verdict.next.original"
	case "TRY_LATER":
		return "verdict.next.retry"
	case "NO_CERTIFICATE_CHAIN_FOUND":
		return "verdict.next.chain"
	}
	if strings.HasSuffix(string(s), "NO_POE") || s == "OUT_OF_BOUNDS_NOT_REVOKED" {
		return "verdict.next.proof"
	}
	return "verdict.unsure.next"
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

// reason is the sentence for a sub-indication; every value of EN 319 102-1 table 5 has one.
func reason(s signer.SubIndication) lang.Msg {
	if s == "" {
		return lang.M("sub.none")
	}
	return lang.M("sub." + strings.ToLower(strings.ReplaceAll(string(s), "_", "-")))
}

// SignatureReason says in a sentence why s is as it is.
func SignatureReason(s *Signature) lang.Msg {
	if s.Indication == signer.TotalPassed {
		return lang.M("verdict.signature.valid")
	}
	return reason(s.SubIndication)
}
