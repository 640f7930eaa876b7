package signer

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"

	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/tsp"
)

// Limits on a message: certified mail carries 100 MB at most, in a few parts, inside one or two envelopes.
const (
	maxMail      = 128 << 20
	maxMailDepth = 8
	maxMailParts = 500
	maxMailField = 8 << 10 // of a header field that goes on over several lines
)

// mail judges a message (RFC 5322): its signature, which on certified mail (PEC, DM 2/11/2005) is that of the
// provider, and below it those of the attachments, each told with the attachment's name. That a provider signed the
// envelope says when and through whom it was sent, and nothing about who wrote what is in it.
func (v *verifier) mail(ctx context.Context, d *Document) error {
	v.format(NoForm)
	v.note("mail")
	if d.size > maxMail {
		v.note("mail-too-large")
		return nil
	}
	b := make([]byte, d.size)
	if _, err := d.r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	m := &message{v: v}
	if err := m.entity(ctx, b, "", 0); err != nil {
		return err
	}
	if m.damaged {
		v.note("mail-damaged")
	}
	if len(v.report.Signatures) > 0 {
		v.format(v.report.Signatures[0].Format)
	}
	return nil
}

// message is the reading of one message.
type message struct {
	v       *verifier
	parts   int
	damaged bool
}

// entity judges b, a header and a body (RFC 2045 §2.4), under the signature parent.
func (m *message) entity(ctx context.Context, b []byte, parent string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.parts++; m.parts > maxMailParts || depth > maxMailDepth {
		m.damaged = true
		return nil
	}
	header, body := splitEntity(b)
	media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		media, params = "application/octet-stream", map[string]string{}
	}
	switch {
	case strings.HasPrefix(media, "multipart/"):
		parts, whole := splitParts(body, params["boundary"])
		m.damaged = m.damaged || !whole
		if media == "multipart/signed" && len(parts) == 2 {
			return m.signed(ctx, parts[0], parts[1], parent, depth)
		}
		return m.mixed(ctx, parts, parent, depth)
	case media == "message/rfc822":
		return m.entity(ctx, m.decode(header, body), parent, depth+1)
	case strings.HasPrefix(media, "text/") && attachmentName(header, params) == "":
		return nil
	}
	return m.attachment(ctx, attachmentName(header, params), m.decode(header, body), parent)
}

// mixed judges parts that stand side by side. A time-stamp among them that is over another one belongs to it: so the
// M7M of Italian programs holds an envelope and its time-stamp.
func (m *message) mixed(ctx context.Context, parts [][]byte, parent string, depth int) error {
	proofs, marks, err := m.marks(ctx, parts, parent)
	if err != nil {
		return err
	}
	outer := m.v.proof
	defer func() { m.v.proof = outer }()
	for i, p := range parts {
		if marks[i] {
			continue
		}
		m.v.proof = outer
		if t := proofs[i]; !t.IsZero() {
			m.v.proof = earlier(outer, t)
		}
		if err := m.entity(ctx, p, parent, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Limits on the time-stamps of one message: real ones hold one, of some 10 kB.
const (
	maxMarks   = 8
	maxMarkB64 = 256 << 10
)

// marks judges the time-stamps among parts that are over another part. It tells by index what they prove, and which
// parts they are.
func (m *message) marks(ctx context.Context, parts [][]byte, parent string) (map[int]time.Time, map[int]bool, error) {
	proofs, marks := map[int]time.Time{}, map[int]bool{}
	for i, p := range parts {
		if len(p) > maxMarkB64 || len(marks) == maxMarks {
			continue
		}
		header, body := splitEntity(p)
		b := new(message).decode(header, body)
		if d, err := Open("", bytes.NewReader(b), int64(len(b))); err != nil || d.kind != TimeStamped {
			continue
		}
		tok, err := tsp.Parse(b)
		if err != nil {
			continue // a TSD brings its content along
		}
		for j, q := range parts {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			header, body := splitEntity(q)
			content := new(message).decode(header, body)
			if ok, err := tok.Stamps(bytes.NewReader(content)); i == j || err != nil || !ok {
				continue
			}
			e := m.v.token(ctx, tok, place{m.v.nextID(parent), parent}, ofBytes(content))
			e.sig.Stamp = StampFile
			m.v.judge(e)
			if e.sig.Indication == TotalPassed {
				proofs[j] = earlier(proofs[j], tok.Info.Time)
			}
			m.v.add(e)
			marks[i] = true
			break
		}
	}
	return proofs, marks, nil
}

// signed judges multipart/signed (RFC 1847 §2.1, RFC 8551 §3.5.3): the first part as it stands, with CRLF.
func (m *message) signed(ctx context.Context, content, signature []byte, parent string, depth int) error {
	v := m.v
	header, body := splitEntity(signature)
	n := len(v.report.Signatures)
	outer := v.root
	v.root = parent
	defer func() { v.root = outer }()
	sd, err := cms.ParseBytes(m.decode(header, body))
	if err != nil {
		if err := v.unreadable(ctx, err, parent); err != nil {
			return err
		}
	} else {
		lines := canonicalLines(content)
		digests, err := cms.Digests(ctx, bytes.NewReader(lines), sd.Hashes())
		if err != nil {
			return err
		}
		v.detached(ctx, sd, digests, ofBytes(lines), func(*evidence) {})
	}
	if len(v.report.Signatures) > n {
		parent = v.report.Signatures[n].ID
	}
	return m.entity(ctx, content, parent, depth+1)
}

// attachment judges one attached file and tells its name with each of its signatures.
func (m *message) attachment(ctx context.Context, name string, b []byte, parent string) error {
	d, err := Open(name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	n := len(m.v.report.Signatures)
	if d.kind == Mail { // an attached message that is not declared as one
		return m.entity(ctx, b, parent, maxMailDepth)
	}
	if err := m.v.inside(ctx, d, parent); err != nil {
		return err
	}
	for i := n; i < len(m.v.report.Signatures); i++ {
		if s := &m.v.report.Signatures[i]; s.Parent == parent && name != "" {
			s.Findings = append(s.Findings, Finding{Code: "attachment", Args: map[string]string{"name": name}})
		}
	}
	return nil
}

// decode takes the transfer encoding away (RFC 2045 §6). What is damaged is cut where the damage is.
func (m *message) decode(h textproto.MIMEHeader, body []byte) []byte {
	var r io.Reader
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body))
	case "quoted-printable":
		r = quotedprintable.NewReader(bytes.NewReader(body))
	default:
		return body
	}
	out, err := io.ReadAll(r)
	m.damaged = m.damaged || err != nil
	return out
}

// splitEntity parts header and body. A header that cannot be read is none.
func splitEntity(b []byte) (textproto.MIMEHeader, []byte) {
	head, body := b, []byte(nil)
	for i := 0; i < len(b); {
		end := bytes.IndexByte(b[i:], '\n')
		if end < 0 {
			break
		}
		if len(bytes.TrimRight(b[i:i+end], "\r")) == 0 {
			head, body = b[:i], b[i+end+1:]
			break
		}
		i += end + 1
	}
	h := textproto.MIMEHeader{}
	var name string
	for line := range strings.Lines(string(head[:min(len(head), 1<<20)])) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			if v := h[name]; len(v) > 0 && len(v[len(v)-1]) < maxMailField {
				v[len(v)-1] += " " + strings.TrimSpace(line)
			}
			continue
		}
		k, v, ok := strings.Cut(line, ":")
		if !ok {
			name = ""
			continue
		}
		name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(k))
		h[name] = append(h[name], strings.TrimSpace(v))
	}
	return h, body
}

// splitParts cuts a multipart body (RFC 2046 §5.1.1). The line end before a boundary belongs to the boundary. whole
// is false when the closing boundary is missing.
func splitParts(body []byte, boundary string) (parts [][]byte, whole bool) {
	if boundary == "" {
		return nil, false
	}
	mark := []byte("--" + boundary)
	start := -1
	for i := 0; i < len(body); {
		end := bytes.IndexByte(body[i:], '\n')
		next := i + end + 1
		if end < 0 {
			next = len(body)
		}
		line := bytes.TrimRight(body[i:next], " \t\r\n")
		if rest, ok := bytes.CutPrefix(line, mark); ok && (len(rest) == 0 || string(rest) == "--") {
			if start >= 0 {
				p := bytes.TrimSuffix(body[start:max(start, i)], []byte("\n"))
				parts = append(parts, bytes.TrimSuffix(p, []byte("\r")))
			}
			if start = next; len(rest) > 0 {
				return parts, true
			}
			if len(parts) > maxMailParts {
				return parts, false
			}
		}
		i = next
	}
	if start >= 0 && start < len(body) {
		parts = append(parts, body[start:])
	}
	return parts, false
}

// canonicalLines is b with every line end as CRLF, as it was when it was signed (RFC 8551 §3.1.1). Files saved on
// other systems have LF.
func canonicalLines(b []byte) []byte {
	lone := bytes.Count(b, []byte("\n")) - bytes.Count(b, []byte("\r\n"))
	if lone == 0 {
		return b
	}
	out := make([]byte, 0, len(b)+lone)
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}

// attachmentName is the file name that the part gives itself, without any folder; empty without one.
func attachmentName(h textproto.MIMEHeader, params map[string]string) string {
	name := params["name"]
	if _, p, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil && p["filename"] != "" {
		name = p["filename"]
	}
	if plain, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
		name = plain
	}
	return name[strings.LastIndexAny(name, `/\`)+1:]
}
