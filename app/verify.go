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
	// Content is the path of the original of a detached signature; when it is empty the file of the same name
	// without the last extension, in the same folder, is tried.
	Content string
	At      time.Time // declared by the person; zero means now
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
	o := signer.VerifyOptions{Trust: store, Anchors: e.cfg.Anchors, At: r.At, Now: e.cfg.Now}
	if d.Kind() == signer.DetachedCMS {
		content, size, err := openContent(r)
		if err != nil {
			return nil, err
		}
		if content != nil {
			defer content.Close()
			o.Content, o.ContentSize = content, size
		}
	}
	return signer.Verify(ctx, d, o)
}

func openContent(r VerifyRequest) (*os.File, int64, error) {
	path := r.Content
	if path == "" {
		path = strings.TrimSuffix(r.File, filepath.Ext(r.File))
	}
	f, d, err := openDocument(path)
	if err != nil {
		if r.Content == "" {
			return nil, 0, nil // not beside it: the report says that the original is wanted
		}
		return nil, 0, err
	}
	return f, d.Size(), nil
}

// maxNesting is how many envelopes within envelopes are opened.
const maxNesting = 10

// NothingInsideError means that the file encloses no document.
type NothingInsideError struct{ File string }

func (e *NothingInsideError) Error() string { return filepath.Base(e.File) + " encloses no document" }

// Extract writes the document that the file encloses to dest, which must not exist; one layer down, or the
// innermost one with all set. An empty dest is named after the file, beside it; in a folder it gets that name too.
// It returns the path written.
func (e *Engine) Extract(ctx context.Context, file, dest string, all bool) (string, error) {
	f, d, err := openDocument(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if !hasContent(d.Kind()) {
		return "", &NothingInsideError{file}
	}
	inner, name := d, contentName(d.Name())
	for depth := 1; all && depth < maxNesting; depth++ {
		next, err := inner.Content(ctx)
		if err != nil {
			return "", err
		}
		if !hasContent(next.Kind()) {
			break
		}
		inner, name = next, contentName(name)
	}
	if dest == "" {
		dest = filepath.Join(filepath.Dir(file), name)
	} else if st, err := os.Stat(dest); err == nil && st.IsDir() {
		dest = filepath.Join(dest, name)
	}
	err = writeNew(ctx, dest, func(w io.Writer) error { return signer.Extract(ctx, w, inner) }, nil)
	if err != nil {
		return "", err
	}
	return dest, nil
}

func hasContent(k signer.Kind) bool { return k == signer.SignedData }

// contentName takes one envelope extension off; without one it adds what tells the two files apart.
func contentName(name string) string {
	ext := strings.ToLower(filepath.Ext(name))
	if (ext == ".p7m" || ext == ".tsd") && len(name) > len(ext) {
		return name[:len(name)-len(ext)]
	}
	return name + ".contenuto"
}

// JudgeReport sums a report up: the worst signature decides.
func JudgeReport(r *Report) Verdict {
	n, worst := 0, signer.TotalPassed
	var sub signer.SubIndication
	broken := false
	for _, s := range r.Signatures {
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
		return Verdict{Seal: SealWhole, Title: lang.MN("verdict.valid", n), Reason: lang.M("verdict.valid.reason")}
	case signer.TotalFailed:
		v := Verdict{Seal: SealBroken, Title: lang.MN("verdict.broken", n), Reason: reason(sub)}
		v.Next = lang.M("verdict.broken.next")
		return v
	}
	v := Verdict{Seal: SealBlank, Title: lang.MN("verdict.unsure", n), Reason: reason(sub)}
	if broken {
		v.Seal = SealBroken
	}
	v.Next = lang.M("verdict.unsure.next")
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
