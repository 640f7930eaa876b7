package signer

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"

	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/tsp"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// TSA is a time-stamp authority (RFC 3161). It is asked once for each time-stamp and never again by itself once an
// answer came, because each may cost a mark. That holds for a token too large for the room that a PDF keeps for it too:
// Failed is asked then, with Reason "room", and the signature can still get a time-stamp in a revision of its own.
type TSA struct {
	URL  string        // http or https
	User *url.Userinfo // HTTP Basic; nil for none
	// AllowLocal lets an authority on this machine be asked.
	AllowLocal bool
	// Roots are who the server's TLS certificate must come from; nil means the system's.
	Roots *x509.CertPool
	// Proxy tells by whom the request goes; nil asks the environment.
	Proxy func(*http.Request) (*url.URL, error)
	// Sizes remembers how large its tokens are, so that only the first PDF of a batch can have too little room. Copies
	// of a TSA share it; nil remembers only within one signature that tokens are large.
	Sizes *TokenSizes
	// Failed, when it is set, is told why there is no good time-stamp, and names the authority to ask next: the same
	// for another try, nil to leave the signature without. The signature waits meanwhile, so it may ask a person.
	Failed func(ctx context.Context, e *TimeStampError) *TSA
}

// TokenSizes is the size of the largest token that an authority gave. The zero value has seen none.
type TokenSizes struct{ largest atomic.Int64 }

func (z *TokenSizes) note(n int) {
	for {
		had := z.largest.Load()
		if int64(n) <= had || z.largest.CompareAndSwap(had, int64(n)) {
			return
		}
	}
}

// room is what to keep free for the next token. Serial number, time and accuracy may have some bytes more in it.
func (z *TokenSizes) room() int { return max(tokenRoom, int(z.largest.Load())+1<<10) }

// TimeStampError means that an authority gave no good time-stamp.
type TimeStampError struct {
	URL string // without a password
	// Reason is a stable code. No good answer came: "network", "address", "redirect", "status", "too-large". An answer
	// came: "garbage", "refused", "nonce", "imprint", "policy", "signature", "authority", and "room" for a good one
	// that the PDF has no room for.
	Reason string
	Status int // of HTTP, for "status"
	// Asked is false when the request certainly never reached the authority, so that no mark was spent.
	Asked bool
	Err   error
}

func (e *TimeStampError) Error() string { return "time-stamp: " + e.Err.Error() }

// Unwrap returns what failed.
func (e *TimeStampError) Unwrap() error { return e.Err }

// stamp asks t for a time-stamp over digest, and after a failure whichever authority t.Failed names.
func (t *TSA) stamp(ctx context.Context, h crypto.Hash, digest []byte) (*tsp.Token, error) {
	for {
		web := &tsp.Web{AllowLocal: t.AllowLocal, Roots: t.Roots, Proxy: t.Proxy}
		tok, err := (&tsp.Client{URL: t.URL, User: t.User, Web: web}).Stamp(ctx, h, digest)
		if err == nil {
			return tok, nil
		}
		failed := stampError(t.URL, err)
		if t.Failed == nil || ctx.Err() != nil {
			return nil, failed
		}
		next := t.Failed(ctx, failed)
		if next == nil {
			return nil, failed
		}
		t = next
	}
}

// stampError sorts what package tsp says.
func stampError(address string, err error) *TimeStampError {
	e := &TimeStampError{Reason: "garbage", Asked: true, Err: err}
	if u, perr := url.Parse(address); perr == nil {
		e.URL = u.Redacted()
	}
	var web *tsp.WebError
	var answer *tsp.AnswerError
	switch {
	case errors.As(err, &web):
		e.Reason, e.Status = web.Reason, web.Status
		switch web.Reason {
		case "scheme", "local":
			e.Reason, e.Asked = "address", false
		case "media-type":
			e.Reason = "garbage"
		case "network":
			e.Asked = !neverSent(err)
		}
	case errors.As(err, &answer):
		e.Reason = answer.Reason
	case errors.As(err, new(*tsp.StatusError)):
		e.Reason = "refused"
	}
	return e
}

// neverSent reports whether the connection was not even made.
func neverSent(err error) bool {
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, new(*net.DNSError)) || errors.As(err, &op) && op.Op == "dial" || errors.As(err, &certificate)
}

// Timestamp has d stamped by t and writes the proof to w: as TSD (RFC 5544, the document within), or as TSR (RFC 3161
// TimeStampResp, to be kept beside the document). It reads d once, twice for a TSD, and holds none of it in memory; if
// d changes between the readings the error wraps [ErrChanged]. Other errors: a [*TimeStampError], an
// [*UnsupportedError] for other formats, [ErrNoTSA].
func Timestamp(ctx context.Context, w io.Writer, d *Document, t *TSA, f Format) error {
	switch {
	case f != TSD && f != TSR:
		return &UnsupportedError{f, LevelB, d.kind}
	case t == nil:
		return ErrNoTSA
	}
	digest, err := d.digest(ctx)
	if err != nil {
		return err
	}
	tok, err := t.stamp(ctx, crypto.SHA256, digest)
	if err != nil {
		return err
	}
	if f == TSR {
		b, err := granted(tok.Raw)
		if err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	}
	h := crypto.SHA256.New()
	content := io.TeeReader(io.NewSectionReader(d.r, 0, d.size), h)
	switch err := tsp.WriteStamped(ctx, w, content, d.size, tsp.Meta{FileName: d.name}, tok.Raw); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return ErrChanged
	case err != nil:
		return err
	case !bytes.Equal(h.Sum(nil), digest):
		return ErrChanged
	}
	return nil
}

// digest is the SHA-256 of d.
func (d *Document) digest(ctx context.Context) ([]byte, error) {
	n := &counter{r: io.NewSectionReader(d.r, 0, d.size)}
	sums, err := cms.Digests(ctx, n, []crypto.Hash{crypto.SHA256})
	if err != nil {
		return nil, err
	}
	if n.n != d.size {
		return nil, ErrChanged
	}
	return sums[crypto.SHA256], nil
}

// granted wraps a token as the response of an authority that said yes (RFC 3161 §2.4.2).
func granted(token []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(0) })
		b.AddBytes(token)
	})
	out, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("wrapping the time-stamp: %w", err)
	}
	return out, nil
}
