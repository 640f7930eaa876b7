package signer

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"ceralacca/signer/internal/cms"
	"ceralacca/signer/internal/ers"
)

// Document is a file, looked at by content.
type Document struct {
	name string
	r    io.ReaderAt
	size int64
	kind Kind
}

// sniffed is how many of the first bytes tell the kind of a document.
const sniffed = 64 << 10

// Open looks at the first bytes of r, size bytes long, and tells what it is. name is only carried along. r is read
// again by Sign, Verify and Extract, from one goroutine or several, and must stay open until then.
func Open(name string, r io.ReaderAt, size int64) (*Document, error) {
	head := make([]byte, min(size, sniffed))
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return &Document{name, r, size, kindOf(head[:n], int64(n) == size)}, nil
}

// Name is the name given to Open.
func (d *Document) Name() string { return d.name }

// Size is the length in bytes.
func (d *Document) Size() int64 { return d.size }

// Reader reads the bytes of d.
func (d *Document) Reader() *io.SectionReader { return io.NewSectionReader(d.r, 0, d.size) }

// Kind is what the bytes say.
func (d *Document) Kind() Kind { return d.kind }

// kindOf tells the kind by the first bytes of a document; whole is true when there are no others.
func kindOf(head []byte, whole bool) Kind {
	// CMS first: the first kilobyte of a signed PDF holds the mark of a PDF too.
	switch f := cms.Sniff(head); {
	case f.ContentType == cms.OIDSignedData && f.EContentType == cms.OIDTSTInfo && f.HasContent,
		f.ContentType == cms.OIDTimeStampedData, timeStampResp(head), ers.Sniff(head):
		return TimeStamped
	case f.ContentType == cms.OIDSignedData && (f.HasContent || f.EContentType == ""):
		return SignedData
	case f.ContentType == cms.OIDSignedData:
		return DetachedCMS
	case f.ContentType != "":
		return Other
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) && zipKind(head) == ASiC: // and a PDF may be the first file in it
		return ASiC
	case bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-")):
		return PDF
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return zipKind(head)
	case hasPrefix(head, "\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "II*\x00", "MM\x00*"):
		return Image
	case xmlStart(head):
		return XML
	case mail(head):
		return Mail
	case text(head, whole):
		return Text
	}
	return Other
}

func hasPrefix(b []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(b, []byte(p)) {
			return true
		}
	}
	return false
}

// timeStampResp recognises SEQUENCE { PKIStatusInfo { INTEGER … }, … } (RFC 3161 §2.4.2), with the token or without.
func timeStampResp(b []byte) bool {
	for range 2 {
		if len(b) < 5 || b[0] != 0x30 {
			return false
		}
		n := 2
		if b[1] > 0x80 {
			n += int(b[1] & 0x7f)
		}
		if n > 6 || n >= len(b) {
			return false
		}
		b = b[n:]
	}
	return len(b) >= 3 && b[0] == 0x02 && b[1] == 1 && b[2] <= 5 && (len(b) == 3 || b[3] == 0x30 || b[3] == 0x03)
}

// zipKind tells ASiC by its first entry (EN 319 162-1 §4.3.3.2 item 3: "mimetype", stored) or by a signature among
// the first entries.
func zipKind(head []byte) Kind {
	const name, at = "mimetype", 30
	if len(head) > at+len(name) && string(head[at:at+len(name)]) == name {
		if bytes.Contains(head[at:min(len(head), at+200)], []byte("application/vnd.etsi.asic-")) {
			return ASiC
		}
		return ZIP
	}
	if bytes.Contains(head, []byte("META-INF/")) && bytes.Contains(bytes.ToLower(head), []byte("meta-inf/signature")) {
		return ASiC
	}
	return ZIP
}

// xmlStart is true when the bytes are well-formed XML as far as the first element, in whatever encoding.
func xmlStart(head []byte) bool {
	t := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if hasPrefix(head, "\xff\xfe<\x00", "\xfe\xff\x00<") {
		return true
	}
	if len(t) == 0 || t[0] != '<' {
		return false
	}
	dec := xml.NewDecoder(bytes.NewReader(t))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		tok, err := dec.Token()
		if err != nil {
			return false
		}
		if _, ok := tok.(xml.StartElement); ok {
			return true
		}
	}
}

// mail is true when the bytes begin with headers that only a message has (RFC 5322 §3.6).
func mail(head []byte) bool {
	end := bytes.Index(head, []byte("\n\r\n"))
	if e := bytes.Index(head, []byte("\n\n")); e >= 0 && (end < 0 || e < end) {
		end = e
	}
	if end < 0 {
		return false
	}
	known := 0
	for i, line := range strings.Split(string(head[:end]), "\n") {
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(name, " \t<{") {
			if i == 0 && strings.HasPrefix(line, "From ") { // mbox
				continue
			}
			return false
		}
		switch strings.ToLower(name) {
		case "received", "return-path", "from", "to", "date", "message-id", "mime-version", "subject", "delivered-to":
			known++
		case "content-type":
			if known++; strings.HasPrefix(strings.ToLower(strings.TrimSpace(value)), "multipart/") {
				known++ // enough by itself: M7M has no other header
			}
		}
	}
	return known >= 2
}

func text(head []byte, whole bool) bool {
	if len(head) == 0 {
		return false
	}
	if !whole { // the last character may be cut
		for i := 0; i < utf8.UTFMax && len(head) > 0; i++ {
			if r, n := utf8.DecodeLastRune(head); r != utf8.RuneError || n > 1 {
				break
			}
			head = head[:len(head)-1]
		}
	}
	for _, c := range head {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(head)
}

// Suggest is the name for the output that o makes of d: name.ext.p7m, name_firmato.pdf. A signature added to an
// existing envelope keeps the name (CNIPA delib. 45/2009 art. 24: no further extension).
func (d *Document) Suggest(o Options) string {
	ext := filepath.Ext(d.name)
	base := strings.TrimSuffix(d.name, ext)
	switch o.Format {
	case PAdES:
		return base + "_firmato.pdf"
	case XAdES:
		if ext == "" {
			ext = ".xml"
		}
		return base + "_firmato" + ext
	case ASiCS:
		return d.name + ".asics"
	case ASiCE:
		return d.name + ".asice"
	case TSD:
		return d.name + ".tsd"
	case TSR:
		return d.name + ".tsr"
	case TST:
		return d.name + ".tst"
	case Auto, CAdES, NoForm:
	}
	if o.Existing == Add || o.Existing == CounterSign {
		return d.name
	}
	if o.Detached {
		return d.name + ".p7s"
	}
	return d.name + ".p7m"
}

// ErrNoContent means that a document holds no signed content: it is detached and the original was not given, or it is no
// envelope at all.
var ErrNoContent = errors.New("document holds no signed content")

// Content is what was signed, one layer down: a document in the bytes of d, nothing is copied. Its name is that of d
// without one ".p7m". The error is [ErrNoContent] if there is none. Whether the signature holds is not looked at.
func (d *Document) Content(ctx context.Context) (*Document, error) {
	if d.kind != SignedData {
		return nil, ErrNoContent
	}
	sd, err := cms.Parse(ctx, d.r, d.size)
	if err != nil {
		return nil, err
	}
	if sd.Detached {
		return nil, ErrNoContent
	}
	name := d.name
	if ext := filepath.Ext(name); strings.EqualFold(ext, ".p7m") && len(name) > len(ext) {
		name = strings.TrimSuffix(name, ext)
	}
	c := sd.Content()
	return Open(name, c, c.Size())
}

// Extract writes the signed content of d, one layer down, byte for byte.
func Extract(ctx context.Context, w io.Writer, d *Document) error {
	c, err := d.Content(ctx)
	if err != nil {
		return err
	}
	return copyAll(ctx, w, io.NewSectionReader(c.r, 0, c.size))
}

// copyAll copies until the end of r, looking at ctx on the way.
func copyAll(ctx context.Context, w io.Writer, r io.Reader) error {
	buf := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if _, werr := w.Write(buf[:n]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
