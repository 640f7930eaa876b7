package signer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"ceralacca/signer/internal/asic"
	"ceralacca/signer/internal/pdf"
	"ceralacca/signer/internal/tsp"
	"ceralacca/signer/internal/xmlsig"
)

// Part is a document inside another one.
type Part struct {
	// Name is what the enclosing file calls it, with slashes between folders; empty when it has no name. It comes
	// from a stranger and must not be used as a path.
	Name string
	// Doc is the part when it can be read where it lies; nil when it must be unpacked, as an entry of a ZIP file.
	Doc  *Document
	open func() (io.ReadCloser, error)
}

// WriteTo writes the part, byte for byte. What is unpacked fails when it is longer than it says, or damaged.
func (p *Part) WriteTo(ctx context.Context, w io.Writer) error {
	if p.Doc != nil {
		return copyAll(ctx, w, io.NewSectionReader(p.Doc.r, 0, p.Doc.size))
	}
	r, err := p.open()
	if err != nil {
		return err
	}
	return errors.Join(copyAll(ctx, w, r), r.Close())
}

// Parts are the documents that d encloses, one layer down: the content of an envelope or of a TSD, the data objects of
// an ASiC container, the attachments of a message and of the messages attached to it. The error is [ErrNoContent] when
// there are none. Whether any signature holds is not looked at.
func (d *Document) Parts(ctx context.Context) ([]Part, error) {
	switch d.kind {
	case SignedData:
		c, err := d.Content(ctx)
		if err != nil {
			return nil, err
		}
		return []Part{{Name: c.name, Doc: c}}, nil
	case TimeStamped:
		return d.stampedPart(ctx)
	case ASiC:
		return d.containerParts(ctx)
	case Mail:
		return d.mailParts(ctx)
	case Other, PDF, XML, Text, Image, ZIP, DetachedCMS:
	}
	return nil, ErrNoContent
}

func (d *Document) stampedPart(ctx context.Context) ([]Part, error) {
	t, err := tsp.ParseStamped(ctx, d.r, d.size)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, ErrNoContent // a time-stamp alone
	}
	c := t.Content()
	if c == nil {
		return nil, ErrNoContent
	}
	name := strings.TrimSuffix(d.name, path.Ext(d.name))
	if name == "" {
		name = d.name
	}
	inner, err := Open(name, c, c.Size())
	if err != nil {
		return nil, err
	}
	return []Part{{Name: name, Doc: inner}}, nil
}

func (d *Document) containerParts(ctx context.Context) ([]Part, error) {
	c, err := asic.Open(ctx, d.r, d.size, asic.Limits{})
	if err != nil {
		return nil, err
	}
	var parts []Part
	for _, o := range c.Objects {
		if o.Safe && !strings.HasSuffix(o.Name, "/") {
			parts = append(parts, Part{Name: o.Name, open: func() (io.ReadCloser, error) { return c.OpenFile(o.Name) }})
		}
	}
	if len(parts) == 0 {
		return nil, ErrNoContent
	}
	return parts, nil
}

func (d *Document) mailParts(ctx context.Context) ([]Part, error) {
	if d.size > maxMail {
		return nil, ErrNoContent
	}
	b := make([]byte, d.size)
	if _, err := d.r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var parts []Part
	if err := attachments(ctx, b, 0, &parts); err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, ErrNoContent
	}
	return parts, nil
}

// attachments gathers what is attached to the message or part b. The signature of a signed message is none.
func attachments(ctx context.Context, b []byte, depth int, parts *[]Part) error {
	if err := ctx.Err(); err != nil || depth > maxMailDepth || len(*parts) >= maxMailParts {
		return err
	}
	header, body := splitEntity(b)
	media, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		media, params = "application/octet-stream", map[string]string{}
	}
	name := attachmentName(header, params)
	switch {
	case strings.HasPrefix(media, "multipart/"):
		inner, _ := splitParts(body, params["boundary"])
		if media == "multipart/signed" && len(inner) == 2 {
			inner = inner[:1]
		}
		for _, p := range inner {
			if err := attachments(ctx, p, depth+1, parts); err != nil {
				return err
			}
		}
		return nil
	case media == "message/rfc822":
		return attachments(ctx, new(message).decode(header, body), depth+1, parts)
	case strings.HasPrefix(media, "text/") && name == "":
		return nil
	}
	b = new(message).decode(header, body)
	doc, err := Open(name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	*parts = append(*parts, Part{Name: name, Doc: doc})
	return nil
}

// SignedRevision is the PDF d as it was when the signature with that ID of its report was made. The error is
// [ErrNoContent] when there is no such signature, or when it does not tell what it covers.
func SignedRevision(ctx context.Context, d *Document, id string) (*Document, error) {
	n, err := strconv.Atoi(id)
	if d.kind != PDF || err != nil {
		return nil, ErrNoContent
	}
	s, err := pdf.Scan(ctx, d.r, d.size)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > len(s.Signatures) {
		return nil, ErrNoContent
	}
	r := s.Signatures[n-1].SignedRevision() // Verify numbers them in this order
	if r == nil || r.Size() > d.size {
		return nil, ErrNoContent
	}
	return &Document{d.name, r, r.Size(), PDF}, nil
}

// maxWanted bounds the names that Wanted gives.
const maxWanted = 100

// Wanted are the names of the files that the XML document d signs beside itself, for VerifyOptions.Contents; nil for
// every other kind.
func Wanted(ctx context.Context, d *Document) ([]string, error) {
	if d.kind != XML || d.size > maxXML {
		return nil, nil
	}
	b := make([]byte, d.size)
	if _, err := d.r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var names []string
	_, err := xmlsig.Verify(ctx, b, xmlsig.Options{Resolve: func(_ context.Context, uri string) (io.ReadCloser, error) {
		if plain, err := url.PathUnescape(uri); err == nil {
			uri = plain
		}
		if n := path.Base(uri); n != "." && n != "/" && len(names) < maxWanted && !slices.Contains(names, n) {
			names = append(names, n)
		}
		return nil, fs.ErrNotExist
	}})
	if err != nil {
		return nil, ctx.Err() // what cannot be read wants nothing; Verify says so
	}
	return names, nil
}
