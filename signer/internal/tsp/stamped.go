package tsp

import (
	"bytes"
	"context"
	"io"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	maxEvidence = 16 << 20 // bytes of temporal evidence
	maxTokens   = 256
	maxMeta     = 64 << 10
)

// Meta is what a TSD says about its content, RFC 5544 §2.
type Meta struct {
	DataURI   string
	Protected bool // the tokens stamp Meta too
	FileName  string
	MediaType string
	raw       []byte // the MetaData element
}

// Stamped is a TimeStampedData.
type Stamped struct {
	Meta Meta
	// Tokens cover the content (the first) or the evidence before them (each further one).
	Tokens []*Token
	// CRLs are those that stand beside the tokens.
	CRLs [][]byte
	// Notes tell how the file was wrapped, as [cms.SignedData] does.
	Notes   []string
	content *octets
	covered [][]byte // TimeStampAndCRL elements
}

// ParseStamped reads the TSD in the first size bytes of r, in DER or BER, unwrapped as [cms.Unwrap] does. Content
// stays in r. The error is [cms.ErrNotSignedData] for other kinds of file, else a *[FormatError] or an error of r.
func ParseStamped(ctx context.Context, r io.ReaderAt, size int64) (*Stamped, error) {
	r, size, notes, err := cms.Unwrap(ctx, r, size)
	if err != nil {
		return nil, err
	}
	s := &source{ctx, r, size}
	t := &Stamped{Notes: notes}
	at, err := s.front()
	if err != nil {
		return nil, err
	}
	if err := t.read(s, at); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &FormatError{"TimeStampedData", err}
	}
	return t, nil
}

// front steps to the first field of TimeStampedData.
func (s *source) front() (int64, error) {
	at, _, err := s.enter(0, 0x30)
	if err != nil {
		return 0, cms.ErrNotSignedData
	}
	raw, at, err := s.bytes(at, 64)
	if err != nil || len(raw) < 2 || raw[0] != 6 || cert.ParseOID(raw[2:]) != cms.OIDTimeStampedData {
		return 0, cms.ErrNotSignedData
	}
	if at, _, err = s.enter(at, 0xa0); err != nil {
		return 0, &FormatError{"TimeStampedData", err}
	}
	if at, _, err = s.enter(at, 0x30); err != nil {
		return 0, &FormatError{"TimeStampedData", err}
	}
	return at, nil
}

func (t *Stamped) read(s *source, at int64) error {
	raw, at, err := s.bytes(at, 16)
	if err != nil {
		return err
	}
	if !bytes.Equal(raw, []byte{2, 1, 1}) {
		return errBER
	}
	h, err := s.head(at)
	if err != nil {
		return err
	}
	if h.tag == 0x16 {
		if raw, at, err = s.bytes(at, maxMeta); err != nil {
			return err
		}
		t.Meta.DataURI = string(raw[h.size:])
		if h, err = s.head(at); err != nil {
			return err
		}
	}
	if h.tag == 0x30 {
		if t.Meta.raw, at, err = s.bytes(at, maxMeta); err != nil {
			return err
		}
		if err = t.Meta.read(); err != nil {
			return err
		}
		if h, err = s.head(at); err != nil {
			return err
		}
	}
	if h.tag == 0x04 || h.tag == 0x24 {
		if t.content, at, err = s.octets(at); err != nil {
			return err
		}
	}
	return t.readEvidence(s, at)
}

func (m *Meta) read() error {
	b, err := element(m.raw, 0x30)
	if err != nil {
		return err
	}
	s := cryptobyte.String(b)
	var v cryptobyte.String
	if !s.ReadASN1Boolean(&m.Protected) {
		return errBER
	}
	if s.PeekASN1Tag(asn1.UTF8String) {
		s.ReadASN1(&v, asn1.UTF8String)
		m.FileName = string(v)
	}
	if s.PeekASN1Tag(asn1.IA5String) {
		s.ReadASN1(&v, asn1.IA5String)
		m.MediaType = string(v)
	}
	return nil
}

// readEvidence reads tstEvidence [0]; evidence records [1] are another kind of proof (RFC 4998), not read here.
func (t *Stamped) readEvidence(s *source, at int64) error {
	raw, _, err := s.bytes(at, maxEvidence)
	if err != nil {
		return err
	}
	list, err := element(raw, 0xa0)
	if err != nil {
		return err
	}
	for len(list) > 0 {
		var item []byte
		if item, list, err = first(list); err != nil {
			return err
		}
		if len(t.Tokens) == maxTokens {
			return errBER
		}
		in, err := element(item, 0x30)
		if err != nil {
			return err
		}
		one, rest, err := first(in)
		if err != nil {
			return err
		}
		tok, err := ParseToken(one)
		if err != nil {
			return err
		}
		if len(rest) > 0 {
			t.CRLs = append(t.CRLs, rest)
		}
		t.Tokens, t.covered = append(t.Tokens, tok), append(t.covered, item)
	}
	if len(t.Tokens) == 0 {
		return errBER
	}
	return nil
}

// Content reads what was stamped; nil when it is not in the file.
func (t *Stamped) Content() *io.SectionReader {
	if t.content == nil {
		return nil
	}
	return io.NewSectionReader(t.content, 0, t.content.size)
}

// Stamps tells for each token whether it stamps what it must (RFC 5544 §3): the first the content, preceded by the
// metadata where they are protected; each further one the TimeStampAndCRL before it. content is needed when it is not
// in the file.
func (t *Stamped) Stamps(content io.Reader) ([]bool, error) {
	if t.content != nil {
		content = t.Content()
	}
	out := make([]bool, len(t.Tokens))
	for i, tok := range t.Tokens {
		what := content
		switch {
		case i > 0:
			what = bytes.NewReader(t.covered[i-1])
		case content == nil:
			continue
		case t.Meta.Protected:
			what = io.MultiReader(bytes.NewReader(t.Meta.raw), content)
		}
		ok, err := tok.Stamps(what)
		if err != nil {
			return nil, err
		}
		out[i] = ok
	}
	return out, nil
}

// WriteStamped writes a TSD in DER: size bytes of content and the token that stamps them. Metadata are written when
// meta names a file or a media type, and not protected: the token was asked for over the content alone.
func WriteStamped(ctx context.Context, w io.Writer, content io.Reader, size int64, meta Meta, token []byte) error {
	var m cryptobyte.Builder
	if meta.FileName != "" || meta.MediaType != "" {
		m.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Boolean(false)
			if meta.FileName != "" {
				b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(meta.FileName)) })
			}
			if meta.MediaType != "" {
				b.AddASN1(asn1.IA5String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(meta.MediaType)) })
			}
		})
	}
	metaDER, err := m.Bytes()
	if err != nil {
		return err
	}
	evidence := wrap(0xa0, wrap(0x30, token))
	fields := append([]byte{2, 1, 1}, metaDER...)
	fields = append(fields, lengthHead(0x04, size)...)
	inner := int64(len(fields)) + size + int64(len(evidence))
	seq := lengthHead(0x30, inner)
	explicit := lengthHead(0xa0, inner+int64(len(seq)))
	oid := cms.OIDTimeStampedData.DER()
	front := lengthHead(0x30, int64(len(oid)+len(explicit)+len(seq))+inner)
	front = append(append(append(append(front, oid...), explicit...), seq...), fields...)
	if _, err := w.Write(front); err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(&ctxReader{ctx, content}, size))
	if err != nil {
		return err
	}
	if n != size {
		return io.ErrUnexpectedEOF
	}
	_, err = w.Write(evidence)
	return err
}

type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// lengthHead is the identifier and the length of an element too large for a builder.
func lengthHead(tag byte, n int64) []byte {
	if n < 0x80 {
		return []byte{tag, byte(n)}
	}
	var l []byte
	for ; n > 0; n >>= 8 {
		l = append([]byte{byte(n)}, l...)
	}
	return append([]byte{tag, 0x80 | byte(len(l))}, l...)
}

func wrap(tag byte, b []byte) []byte { return append(lengthHead(tag, int64(len(b))), b...) }
