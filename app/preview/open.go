package preview

import (
	"container/list"
	"context"
	"errors"
	"image"
	"io"
	"sync"
)

// Options choose how a file is opened. The zero value is right.
type Options struct {
	// Program is started as helper; empty for this program itself.
	Program string
	// Helpers keeps a helper between files; nil starts one for each.
	Helpers *Helpers
}

// Document is an open file. Its methods may be called from several goroutines; questions to the helper wait for each
// other.
type Document struct {
	// Name is the one given to Open.
	Name string
	// Size is the length in bytes, SHA256 the digest of all of them.
	Size   int64
	SHA256 [32]byte

	snap *snapshot
	o    Options
	time limits

	mu     sync.Mutex // guards the rest, and the helper's calls
	helper *helper
	failed int // helpers lost over this file
	drawn  pages
	closed bool
}

// Open reads the whole of r, size bytes long, to know its digest. r stays in use, and must stay open, until Close.
func Open(ctx context.Context, name string, r io.ReaderAt, size int64, o Options) (*Document, error) {
	s, err := newSnapshot(ctx, r, size)
	if err != nil {
		return nil, err
	}
	return &Document{Name: name, Size: size, SHA256: s.sum, snap: s, o: o, time: usual}, nil
}

// ReadAt reads the bytes that SHA256 is of; [ErrChanged] when they are no longer there.
func (d *Document) ReadAt(p []byte, off int64) (int, error) { return d.snap.ReadAt(p, off) }

// Close ends the helper.
func (d *Document) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.drawn = pages{}
	if d.helper == nil {
		return
	}
	if d.o.Helpers != nil && d.failed == 0 && !d.helper.ended {
		d.o.Helpers.keep(d.helper)
	} else {
		d.helper.end()
	}
	d.helper = nil
}

// maxPDF is how large a PDF PDFium can be given: its WebAssembly build counts in 32 bits.
const maxPDF = 1<<31 - 1

// maxFailed is after how many lost helpers a file is given up.
const maxFailed = 3

// errClosed is for calls after Close.
var errClosed = errors.New("preview is closed")

// ErrGivenUp means that the helper was lost over this file too often to try again.
var ErrGivenUp = errors.New("drawing this file failed repeatedly")

// ErrTooLarge means that the file is larger than what can be shown of its kind.
var ErrTooLarge = errors.New("file is too large to be shown")

// PDF tells what PDFium sees in the file. The error is a [*FileError] when it is not a PDF that can be drawn, a
// [*HelperError] when the helper was lost over it.
func (d *Document) PDF(ctx context.Context) (Facts, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, err := d.start(ctx)
	if err != nil {
		return Facts{}, err
	}
	return h.facts, nil
}

// start returns the running helper, or another one.
func (d *Document) start(ctx context.Context) (*helper, error) {
	if d.helper != nil && !d.helper.ended {
		return d.helper, nil
	}
	switch {
	case d.closed:
		return nil, errClosed
	case d.Size > maxPDF:
		return nil, ErrTooLarge
	case d.Size == 0:
		return nil, &FileError{FaultDamaged}
	case d.failed >= maxFailed:
		return nil, ErrGivenUp
	}
	h, err := helperFor(ctx, d.o, d.time, d.snap)
	d.count(err)
	if err != nil {
		return nil, err
	}
	d.helper = h
	return h, nil
}

func (d *Document) count(err error) {
	var lost *HelperError
	var no *FileError
	if errors.As(err, &lost) || errors.As(err, &no) && no.Fault == FaultPage {
		d.failed++
	}
}

// Page is a drawn page.
type Page struct {
	Image *image.RGBA
	// Points is the size of the page as it is shown, in points: 1/72 of an inch.
	Points Size
}

// Page draws page n, from 0, as large as fits into width × height pixels, with annotations and form fields. Pages drawn
// last are kept.
func (d *Document) Page(ctx context.Context, n, width, height int) (*Page, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := pageKey{n, width, height}
	if p := d.drawn.get(key); p != nil {
		return p, nil
	}
	m, err := d.ask(ctx, &Message{Op: OpPage, Page: n, Width: width, Height: height})
	if err != nil {
		return nil, err
	}
	if m.Width <= 0 || m.Height <= 0 || m.Width > width || m.Height > height || len(m.Bytes) != 4*m.Width*m.Height {
		return nil, errFrame
	}
	p := &Page{
		Image:  &image.RGBA{Pix: m.Bytes, Stride: 4 * m.Width, Rect: image.Rect(0, 0, m.Width, m.Height)},
		Points: m.Points,
	}
	d.drawn.put(key, p)
	return p, nil
}

// Text is the text of page n, from 0, in the order in which it stands in the file.
func (d *Document) Text(ctx context.Context, n int) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, err := d.ask(ctx, &Message{Op: OpText, Page: n})
	if err != nil {
		return "", err
	}
	return string(m.Bytes), nil
}

func (d *Document) ask(ctx context.Context, q *Message) (*Message, error) {
	h, err := d.start(ctx)
	if err != nil {
		return nil, err
	}
	if q.Page < 0 || q.Page >= h.facts.Pages {
		return nil, &FileError{FaultPage}
	}
	m, err := h.call(ctx, d.time.answer, d.snap, q)
	d.count(err)
	return m, err
}

// keptPixels bounds what is kept of drawn pages, four bytes a pixel.
const keptPixels = 24 << 20

type pageKey struct{ n, width, height int }

// pages are the pages drawn last, the newest in front.
type pages struct {
	order  list.List
	pixels int
}

type keptPage struct {
	key  pageKey
	page *Page
}

func (p *pages) get(key pageKey) *Page {
	for e := p.order.Front(); e != nil; e = e.Next() {
		if k := e.Value.(keptPage); k.key == key {
			p.order.MoveToFront(e)
			return k.page
		}
	}
	return nil
}

func (p *pages) put(key pageKey, page *Page) {
	p.order.PushFront(keptPage{key, page})
	p.pixels += len(page.Image.Pix) / 4
	for p.pixels > keptPixels && p.order.Len() > 1 {
		last := p.order.Remove(p.order.Back()).(keptPage)
		p.pixels -= len(last.page.Image.Pix) / 4
	}
}
