package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"time"

	"ceralacca/signer"
)

// check reads an unfinished output back before it gets its name.
type check struct {
	e        *Engine
	o        signer.Options
	level    signer.Level // reached
	original io.ReaderAt
	d        *signer.Document // the original
	der      []byte           // of the signer's certificate
	found    struct {         // what the new signature says of itself
		level   signer.Level
		claimed time.Time
	}
	lost *signer.ArchivedError // by the earlier ones, with the person's consent; nil for nothing
}

var (
	errNotIntact = errors.New("our own reader does not find it intact")
	errEarlier   = errors.New("an earlier signature does not stand as before")
)

// levelsByName are the levels as a report calls them.
var levelsByName = map[string]signer.Level{"B-T": signer.LevelT, "B-LT": signer.LevelLT, "B-LTA": signer.LevelLTA}

// run returns the SHA-256 of the original. Our verifier must find one new, intact signature by the key's certificate,
// every earlier one as it was, and the original's bytes in their place; the second reader must agree where it can.
func (c *check) run(ctx context.Context, out *os.File, name string) ([32]byte, error) {
	var sum [32]byte
	st, err := out.Stat()
	if err != nil {
		return sum, err
	}
	d, err := signer.Open(name, moving{out}, st.Size())
	if err != nil {
		return sum, &SelfCheckError{err}
	}
	if err := c.signatures(ctx, d); err != nil {
		return sum, err
	}
	h := &comparer{r: io.NewSectionReader(c.original, 0, c.d.Size()), h: sha256.New()}
	switch {
	case c.o.Format == signer.PAdES:
		_, err = io.Copy(h, io.LimitReader(io.NewSectionReader(moving{out}, 0, st.Size()), c.d.Size()))
		if err == nil {
			err = h.atEnd()
		}
	case c.adds():
		_, err = io.Copy(h.h, h.r)
		if err == nil && c.d.Kind() != signer.DetachedCMS {
			err = c.sameContent(ctx, d)
		}
	case c.o.Detached:
		_, err = io.Copy(h.h, h.r)
	default:
		err = h.extract(ctx, d)
	}
	if err != nil {
		return sum, err
	}
	h.h.Sum(sum[:0])
	if c.o.Format == signer.PAdES || !c.adds() && c.level <= signer.LevelT {
		if err := signer.SecondOpinion(ctx, d); err != nil {
			return sum, &SelfCheckError{err}
		}
	}
	return sum, nil
}

// adds reports whether the signature stands beside others in the same envelope.
func (c *check) adds() bool {
	return c.o.Format == signer.CAdES && (c.o.Existing == signer.Add || c.o.Existing == signer.CounterSign)
}

// signatures holds the report on the output against the one on the original.
func (c *check) signatures(ctx context.Context, d *signer.Document) error {
	o := signer.VerifyOptions{Anchors: c.e.cfg.Anchors, Now: c.e.cfg.Now, Content: c.o.Content, ContentSize: c.o.ContentSize}
	var before []signer.Signature
	if c.o.Format == signer.PAdES || c.adds() {
		rep, err := signer.Verify(ctx, c.d, o)
		if err != nil {
			return err
		}
		before = rep.Signatures
	}
	if c.o.Detached && !c.adds() {
		o.Content, o.ContentSize = c.original, c.d.Size()
	}
	rep, err := signer.Verify(ctx, d, o)
	if err != nil {
		return err
	}
	if err := c.kept(ctx, d); err != nil {
		return err
	}
	added, err := withoutEarlier(before, rep.Signatures, c.lost)
	if err != nil {
		return &SelfCheckError{err}
	}
	own := 0
	for _, s := range added {
		if s.Format == signer.TST || s.Parent != "" && c.o.Existing != signer.CounterSign {
			continue
		}
		if s.Integrity != signer.Intact || s.Signer == nil || !bytes.Equal(s.Signer.DER, c.der) {
			return &SelfCheckError{errNotIntact}
		}
		c.found.level, c.found.claimed = levelsByName[s.Level], s.Claimed
		own++
	}
	if own == 0 || own > 1 && c.o.Existing != signer.CounterSign {
		return &SelfCheckError{errNotIntact}
	}
	return nil
}

// kept makes sure that d has every byte of the envelope that it was added to, and finds what the person gave up of it.
func (c *check) kept(ctx context.Context, d *signer.Document) error {
	if !c.adds() {
		return nil
	}
	err := signer.Kept(ctx, c.d, d, c.o.Existing)
	switch {
	case errors.Is(err, signer.ErrNotKept):
		return &SelfCheckError{err}
	case err == nil && c.o.LoseArchive:
		c.lost, err = signer.Archived(ctx, c.d)
	}
	return err
}

// withoutEarlier takes the signatures of before out of after. Each must be there with the same mathematics and no
// worse verdict; a better one may come of the certificates that were added. Their order may have changed, because
// the set of them is sorted. What lost names, and nothing else, may be broken, and what was valid on its proof may be
// no longer decided.
func withoutEarlier(before, after []signer.Signature, lost *signer.ArchivedError) ([]signer.Signature, error) {
	rank := map[signer.Indication]int{signer.TotalFailed: 0, signer.Indeterminate: 1, signer.TotalPassed: 2}
	gone := make([]bool, len(after))
	take := func(b *signer.Signature, stands func(a *signer.Signature) bool) bool {
		for j := range after {
			if a := &after[j]; !gone[j] && sameSigner(a, b) && stands(a) {
				gone[j] = true
				return true
			}
		}
		return false
	}
	stamps := 0 // that broke
	for i := range before {
		b := &before[i]
		same := func(a *signer.Signature) bool {
			return a.Integrity == b.Integrity && rank[a.Indication] >= rank[b.Indication]
		}
		undecided := func(a *signer.Signature) bool {
			return a.Integrity == b.Integrity && a.Indication == signer.Indeterminate
		}
		anyhow := func(*signer.Signature) bool { return true }
		switch {
		case take(b, same), lost != nil && take(b, undecided):
		case lost != nil && b.Stamp == signer.StampEvidence && lost.Records > 0 && take(b, anyhow):
		case lost != nil && b.Stamp == signer.StampArchive && stamps < lost.Stamps && take(b, anyhow):
			stamps++
		default:
			return nil, errEarlier
		}
	}
	var rest []signer.Signature
	for j := range after {
		if !gone[j] {
			rest = append(rest, after[j])
		}
	}
	return rest, nil
}

func sameSigner(a, b *signer.Signature) bool {
	if a.Format != b.Format || a.Stamp != b.Stamp || !a.Claimed.Equal(b.Claimed) || (a.Parent == "") != (b.Parent == "") || (a.Signer == nil) != (b.Signer == nil) {
		return false
	}
	return a.Signer == nil || bytes.Equal(a.Signer.DER, b.Signer.DER)
}

// sameContent compares what both envelopes hold, byte for byte.
func (c *check) sameContent(ctx context.Context, d *signer.Document) error {
	was, is := sha256.New(), sha256.New()
	if err := signer.Extract(ctx, was, c.d); err != nil {
		return err
	}
	if err := signer.Extract(ctx, is, d); err != nil {
		return err
	}
	if !bytes.Equal(was.Sum(nil), is.Sum(nil)) {
		return signer.ErrChanged
	}
	return nil
}

// comparer is a writer that fails with signer.ErrChanged when what is written differs from r, and hashes it.
type comparer struct {
	r   io.Reader
	h   hash.Hash
	buf [32 << 10]byte
}

// extract holds what the envelope d gives back against r, to the last byte of both.
func (c *comparer) extract(ctx context.Context, d *signer.Document) error {
	if err := signer.Extract(ctx, c, d); err != nil {
		return err
	}
	return c.atEnd()
}

// atEnd fails unless all of r was written.
func (c *comparer) atEnd() error {
	if n, _ := c.r.Read(c.buf[:1]); n != 0 {
		return signer.ErrChanged
	}
	return nil
}

func (c *comparer) Write(p []byte) (int, error) {
	for n := 0; n < len(p); {
		b := c.buf[:min(len(c.buf), len(p)-n)]
		if _, err := io.ReadFull(c.r, b); err != nil || !bytes.Equal(b, p[n:n+len(b)]) {
			return n, signer.ErrChanged
		}
		n += len(b)
	}
	return c.h.Write(p)
}
