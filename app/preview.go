package app

import (
	"context"
	"encoding/hex"
	"errors"
	"image"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"ceralacca/app/preview"
	"ceralacca/signer"
)

// This file is what a file looks like: the state of its preview, and the goroutine that has the file open meanwhile.

// The words of package preview that a window uses.
type (
	// View is a file as a person can read it.
	View = preview.View
	// ViewSection is a part of it under a heading.
	ViewSection = preview.Section
	// ViewField is a line of a section: a name and its value.
	ViewField = preview.Field
	// ViewValue is what stands in a field or a table.
	ViewValue = preview.Value
	// PageSize is the size of a page.
	PageSize = preview.Size
)

// The forms of a View and the kinds of a ViewValue.
const (
	ViewNothing = preview.Nothing
	ViewPages   = preview.Pages
	ViewPicture = preview.Picture
	ViewLines   = preview.Lines
	ViewTable   = preview.Table

	ValueAmount = preview.Amount
	ValueDay    = preview.Day
)

// Preview is the file that is looked at; nil when none is.
type Preview struct {
	Path, Name string
	Size       int64
	// SHA256 is the digest, in hex, of the very bytes that everything here is made of; Sum the same for comparing. Both
	// are empty while the file is read.
	SHA256 string
	Sum    [32]byte
	// Inside is the name of the document in the envelope, when that is what is shown.
	Inside string
	// View is nil while the file is read, and when Advice says why it cannot be shown.
	View   *View
	Advice *Advice
	// Alarms are what to know before signing.
	Alarms []*Advice
	// Page is the page drawn last; nil before the first.
	Page *PreviewPage
}

// Loading reports whether the file is still being read.
func (p *Preview) Loading() bool { return p.View == nil && p.Advice == nil }

// PreviewPage is a page of a PDF, drawn or as text.
type PreviewPage struct {
	N      int // from 0
	Image  *image.RGBA
	Points PageSize // size of the page as it is shown
	Text   string   // in the order of the file; only when it was asked for
	IsText bool
	Advice *Advice // why it could not be drawn
}

// PageWish is a page to be drawn: as large as fits into Width × Height pixels, or its text.
type PageWish struct {
	N, Width, Height int
	Text             bool
}

// looking is the open preview. Only the newest wish counts: who turns many pages wants to see the last.
type looking struct {
	cancel context.CancelFunc
	wake   chan struct{}
	mu     sync.Mutex
	wish   *PageWish
}

func (l *looking) want(w PageWish) {
	l.mu.Lock()
	l.wish = &w
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *looking) next() *PageWish {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.wish
	l.wish = nil
	return w
}

// Preview opens the file at path for looking at it. The file stays open until [Store.ClosePreview] or the next one.
func (s *Store) Preview(path string) {
	s.post(func(st State) State {
		s.stopLooking()
		ctx, cancel := context.WithCancel(s.ctx)
		l := &looking{cancel: cancel, wake: make(chan struct{}, 1)}
		s.looking = l
		st.Preview = &Preview{Path: path, Name: filepath.Base(path)}
		engine := s.use
		s.spawn(func() {
			defer cancel()
			engine.lookAt(ctx, path, l, func(change func(*Preview)) {
				s.post(func(st State) State {
					if s.looking == l && st.Preview != nil {
						next := *st.Preview
						change(&next)
						st.Preview = &next
						st = seen(st, &next)
					}
					return st
				})
			})
		})
		return st
	})
}

// seen notes for the files of the list what was looked at. A file looked at again counts as it is now.
func seen(st State, p *Preview) State {
	for _, d := range st.Docs.List {
		if d.Path == p.Path && d.Seen != p.Sum && p.View != nil {
			st = withDoc(st, d.ID, func(d *Doc) { d.Seen = p.Sum })
		}
	}
	return st
}

// ShowPage asks for a page of the open preview; it comes as [Preview].Page.
func (s *Store) ShowPage(w PageWish) {
	s.post(func(st State) State {
		if s.looking != nil {
			s.looking.want(w)
		}
		return st
	})
}

// ClosePreview closes the file.
func (s *Store) ClosePreview() {
	s.post(func(st State) State {
		s.stopLooking()
		st.Preview = nil
		return st
	})
}

func (s *Store) stopLooking() {
	if s.looking != nil {
		s.looking.cancel()
		s.looking = nil
	}
}

// lookAt opens the file, tells what it is, and draws pages until ctx ends.
func (e *Engine) lookAt(ctx context.Context, path string, l *looking, tell func(func(*Preview))) {
	f, _, err := openDocument(path)
	if err != nil {
		tell(func(p *Preview) { p.Advice = Explain(err) })
		return
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		tell(func(p *Preview) { p.Advice = Explain(err) })
		return
	}
	file, err := preview.Open(ctx, filepath.Base(path), f, st.Size(), preview.Options{Helpers: &e.helpers})
	if err != nil {
		tell(func(p *Preview) { p.Advice = Explain(err) })
		return
	}
	defer file.Close()
	doc, shown, err := e.inside(ctx, file)
	if err != nil {
		tell(func(p *Preview) { p.Advice = Explain(err) })
		return
	}
	defer shown.Close()
	view, err := shown.Read(ctx, doc.Kind())
	alarms := alarmsOf(ctx, doc, view)
	tell(func(p *Preview) {
		p.Size, p.Sum, p.SHA256 = file.Size, file.SHA256, hex.EncodeToString(file.SHA256[:])
		p.View, p.Advice, p.Alarms = view, Explain(err), alarms
		if shown != file {
			p.Inside = shown.Name
		}
	})
	for err == nil && view.Form == preview.Pages {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
			if w := l.next(); w != nil {
				page := drawn(ctx, shown, *w)
				tell(func(p *Preview) { p.Page = page })
			}
		}
	}
}

// maxLayers is how many envelopes are opened to find the document.
const maxLayers = 8

// inside opens the document within envelopes: what a person signs is that. All of it is read through file, so that it
// is made of the bytes that were hashed.
func (e *Engine) inside(ctx context.Context, file *preview.Document) (*signer.Document, *preview.Document, error) {
	doc, err := signer.Open(file.Name, file, file.Size)
	if err != nil {
		return nil, nil, err
	}
	found := doc
	for range maxLayers {
		c, err := found.Content(ctx)
		if err != nil {
			break // nothing inside, or nothing that can be read: the envelope itself is what there is
		}
		found = c
	}
	if found == doc {
		return doc, file, nil
	}
	shown, err := preview.Open(ctx, found.Name(), found.Reader(), found.Size(), preview.Options{Helpers: &e.helpers})
	return found, shown, err
}

func drawn(ctx context.Context, d *preview.Document, w PageWish) *PreviewPage {
	p := &PreviewPage{N: w.N, IsText: w.Text}
	var err error
	if w.Text {
		p.Text, err = d.Text(ctx, w.N)
	} else {
		var drawn *preview.Page
		if drawn, err = d.Page(ctx, w.N, w.Width, w.Height); err == nil {
			p.Image, p.Points = drawn.Image, drawn.Points
		}
	}
	p.Advice = Explain(err)
	return p
}

// alarming are the features of a PDF that are told before it is signed, each by its advice code.
var alarming = map[string]string{
	"javascript": "pdf-javascript", "launch": "pdf-launch", "submit": "pdf-submit", "xfa": "pdf-xfa",
	"attachment": "pdf-attachment", "external": "pdf-external", "media": "pdf-media", "hidden": "pdf-hidden",
}

// alarmCodes are all codes that alarmsOf gives.
var alarmCodes = []string{
	"pdf-javascript", "pdf-launch", "pdf-submit", "pdf-xfa", "pdf-attachment", "pdf-external", "pdf-media", "pdf-hidden", "pdf-restricted",
	"pdf-later", "file-macros", "html-script", "text-direction", "text-lookalike", "text-control", "xml-broken",
	"xml-external", "xml-entities", "office-date", "office-external",
}

// alarmsOf is what to know of a document before signing it. What cannot be examined raises no alarm here: its
// signing, or its checks, tell.
func alarmsOf(ctx context.Context, d *signer.Document, v *View) []*Advice {
	var codes []string
	if f, err := signer.FactsOf(ctx, d); err == nil {
		if f.PDF != nil {
			for _, x := range f.PDF.Features {
				if c := alarming[x]; c != "" {
					codes = append(codes, c)
				}
			}
			if f.PDF.Encrypted && !f.PDF.Locked {
				codes = append(codes, "pdf-restricted")
			}
		}
		if f.Macros {
			codes = append(codes, "file-macros")
		}
		if f.Script && runs(d.Name(), f) {
			codes = append(codes, "html-script")
		}
	}
	if v != nil {
		if v.Form == preview.Pages && v.Facts.SignedTo > 0 && v.Facts.SignedTo < d.Size() {
			codes = append(codes, "pdf-later")
		}
		codes = append(codes, v.Alarms...)
	}
	var out []*Advice
	for i, c := range codes {
		if !slices.Contains(codes[:i], c) {
			out = append(out, advice(c, SeverityWarning, 0))
		}
	}
	return out
}

// runs reports whether a program in the document is run by what usually opens it: a page or a drawing, not a text that
// speaks of programs.
func runs(name string, f *signer.Facts) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".html", ".htm", ".xhtml", ".mht", ".svg":
		return true
	}
	return f.XML != nil && (f.XML.Root == "html" || f.XML.Root == "svg")
}

// explainPreview tells why a file cannot be shown; nil when err is of something else.
func explainPreview(err error) *Advice {
	var file *preview.FileError
	var lost *preview.HelperError
	var picture *preview.PictureError
	switch {
	case errors.As(err, &file):
		severity := SeverityWarning // what cannot be seen is better not signed
		if file.Fault == preview.FaultPassword {
			severity = SeverityInfo
		}
		return advice("preview-"+string(file.Fault), severity, 0)
	case errors.As(err, &lost), errors.Is(err, preview.ErrGivenUp):
		return advice("preview-stopped", SeverityWarning, 0)
	case errors.Is(err, preview.ErrTooLarge):
		return advice("preview-too-large", SeverityInfo, 0)
	case errors.As(err, &picture):
		return advice("preview-picture", SeverityInfo, 0)
	case errors.Is(err, preview.ErrChanged):
		return advice("file-changed", SeverityWarning, 0)
	}
	return nil
}

// previewCodes are the codes of explainPreview.
var previewCodes = []string{
	"preview-password", "preview-damaged", "preview-page", "preview-shape", "preview-stopped", "preview-too-large", "preview-picture",
}
