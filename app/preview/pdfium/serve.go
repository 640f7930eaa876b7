// Package pdfium is the helper that draws PDF pages: PDFium as WebAssembly, in a process of its own.
//
// Only the program's main imports it. It knows one file, by the blocks that the program sends it when asked: it opens
// none itself. See package preview.
package pdfium

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	pdf "github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"

	"ceralacca/app/preview"
)

// memoryPages bounds the memory of PDFium: 8192 pages of 64 KiB are 512 MiB.
const memoryPages = 8192

// maxText is how much of the text of a page is sent.
const maxText = 1 << 20

// Serve answers the program at the other end of the two pipes until that closes stdin. It returns the exit code of the
// process, which must end then.
func Serve(stdin, stdout *os.File) int {
	seclude()
	w := &worker{in: bufio.NewReaderSize(stdin, 64<<10), out: stdout}
	for {
		q, err := preview.ReadMessage(w.in)
		if err != nil {
			return 0 // the program has closed the file, or has ended
		}
		a, err := w.answer(q)
		if err != nil {
			return 1
		}
		a.Op = preview.OpDone
		if err := preview.WriteMessage(stdout, a); err != nil || a.Fault == preview.FaultPage {
			return 1 // what has failed once in WebAssembly may be in any state
		}
	}
}

// worker is the one open file.
type worker struct {
	in  *bufio.Reader
	out io.Writer

	pool     pdf.Pool
	instance pdf.Pdfium // a sandbox of its own for each file
	used     bool
	doc      references.FPDF_DOCUMENT
}

var errOrder = errors.New("message out of order")

// answer does what is asked. A fault of the file is an answer; an error ends the helper.
func (w *worker) answer(q *preview.Message) (*preview.Message, error) {
	switch {
	case q.Op == preview.OpStart:
		return &preview.Message{}, w.fresh()
	case q.Op == preview.OpOpen && w.instance != nil:
		return w.open(q.Size)
	case q.Op == preview.OpPage && w.instance != nil:
		return w.page(q)
	case q.Op == preview.OpText && w.instance != nil:
		return w.text(q)
	}
	return nil, errOrder
}

func (w *worker) open(size int64) (*preview.Message, error) {
	if w.used { // the file before had this sandbox
		if err := w.fresh(); err != nil {
			return nil, err
		}
	}
	w.used = true
	d, err := w.instance.OpenDocument(&requests.OpenDocument{FileReader: &remote{w: w, size: size}, FileReaderSize: size})
	switch {
	case errors.Is(err, pdferrors.ErrPassword), errors.Is(err, pdferrors.ErrSecurity):
		return &preview.Message{Fault: preview.FaultPassword}, nil
	case err != nil:
		return &preview.Message{Fault: preview.FaultDamaged}, nil
	}
	w.doc = d.Document
	f, err := w.facts()
	if err != nil {
		return &preview.Message{Fault: preview.FaultDamaged}, nil
	}
	return &preview.Message{Facts: f}, nil
}

// fresh makes a new sandbox, compiling PDFium the first time.
func (w *worker) fresh() (err error) {
	if w.instance != nil {
		if err := w.instance.Close(); err != nil {
			return err
		}
		w.instance, err = w.pool.GetInstance(time.Minute)
		return err
	}
	w.pool, err = webassembly.Init(webassembly.Config{
		MaxIdle: 1, MaxTotal: 1,
		FSConfig:      wazero.NewFSConfig(), // no file at all
		RuntimeConfig: wazero.NewRuntimeConfig().WithMemoryLimitPages(memoryPages),
		Stdout:        io.Discard, Stderr: io.Discard,
	})
	if err == nil {
		w.instance, err = w.pool.GetInstance(time.Minute)
	}
	return err
}

// maxSignatures is how many signatures are looked at.
const maxSignatures = 100

// facts asks PDFium about the document. Only the number of pages must be known; what else it cannot tell is not there.
func (w *worker) facts() (*preview.Facts, error) {
	n, err := w.instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: w.doc})
	if err != nil {
		return nil, err
	}
	f := &preview.Facts{Pages: n.PageCount}
	if r, err := w.instance.FPDF_GetSignatureCount(&requests.FPDF_GetSignatureCount{Document: w.doc}); err == nil {
		f.Signatures = max(0, r.Count)
	}
	for i := range min(f.Signatures, maxSignatures) {
		s, err := w.instance.FPDF_GetSignatureObject(&requests.FPDF_GetSignatureObject{Document: w.doc, Index: i})
		if err != nil {
			continue
		}
		r, err := w.instance.FPDFSignatureObj_GetByteRange(&requests.FPDFSignatureObj_GetByteRange{Signature: s.Signature})
		if err != nil || len(r.ByteRange) < 2 {
			continue
		}
		last := r.ByteRange[len(r.ByteRange)-2:]
		f.SignedTo = max(f.SignedTo, int64(last[0])+int64(last[1]))
	}
	return f, nil
}

func (w *worker) at(i int) requests.Page {
	return requests.Page{ByIndex: &requests.PageByIndex{Document: w.doc, Index: i}}
}

// page draws a page as large as fits into the pixels that were asked for.
func (w *worker) page(q *preview.Message) (*preview.Message, error) {
	bad := &preview.Message{Fault: preview.FaultPage}
	s, err := w.instance.GetPageSize(&requests.GetPageSize{Page: w.at(q.Page)})
	if err != nil {
		return bad, nil
	}
	width, height, ok := fit(s.Width, s.Height, q.Width, q.Height)
	if !ok {
		return &preview.Message{Fault: preview.FaultShape}, nil
	}
	r, err := w.instance.RenderPageInPixels(&requests.RenderPageInPixels{
		Page: w.at(q.Page), Width: width, Height: height,
		RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT, RenderForm: true, Document: &w.doc,
	})
	if err != nil {
		return bad, nil
	}
	defer r.CleanupFunc()
	img := r.Result.Image
	b := img.Bounds()
	if len(img.Pix) != 4*b.Dx()*b.Dy() {
		return bad, nil
	}
	return &preview.Message{
		Width: b.Dx(), Height: b.Dy(), Points: preview.Size{Width: s.Width, Height: s.Height},
		Bytes: onPaper(img.Pix),
	}, nil
}

// onPaper lays the picture of a page on white: one with transparency is drawn on nothing, and its group belongs on the
// paper (ISO 32000-1 §11.4.7). The colours are not yet multiplied by the opacity, the fourth of each four bytes.
func onPaper(pix []byte) []byte {
	out := append([]byte(nil), pix...)
	for i := 3; i < len(out); i += 4 {
		a := uint32(out[i])
		if a == 255 {
			continue
		}
		for c := i - 3; c < i; c++ {
			out[c] = byte(255 - (255-uint32(out[c]))*a/255)
		}
		out[i] = 255
	}
	return out
}

// fit is the size in pixels of a page of w × h points within maxW × maxH. Pages out of all proportion are not drawn.
func fit(w, h float64, maxW, maxH int) (width, height int, ok bool) {
	if !(w > 0 && h > 0) || w > 1e6 || h > 1e6 || maxW <= 0 || maxH <= 0 || maxW > preview.MaxPixels/maxH {
		return 0, 0, false
	}
	scale := min(float64(maxW)/w, float64(maxH)/h)
	width, height = int(w*scale), int(h*scale)
	return width, height, width > 0 && height > 0
}

func (w *worker) text(q *preview.Message) (*preview.Message, error) {
	r, err := w.instance.GetPageText(&requests.GetPageText{Page: w.at(q.Page)})
	if err != nil {
		return &preview.Message{Fault: preview.FaultPage}, nil
	}
	t := strings.ToValidUTF8(r.Text, "\uFFFD")
	if len(t) > maxText {
		t = strings.ToValidUTF8(t[:maxText], "")
	}
	return &preview.Message{Bytes: []byte(t)}, nil
}

// chunk is how much of the file is asked for at once.
const chunk = 256 << 10

// remote is the file, block by block from the program.
type remote struct {
	w    *worker
	size int64
	pos  int64
	from int64 // of buf in the file
	buf  []byte
}

// Read implements io.Reader. It fills p unless the file ends: the library takes what one call brings for all that PDFium
// asked for, and leaves the rest of its memory as it is.
func (r *remote) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.pos >= r.size {
			if n > 0 {
				return n, nil
			}
			return 0, io.EOF
		}
		if r.pos < r.from || r.pos >= r.from+int64(len(r.buf)) {
			if err := r.fetch(r.pos / chunk * chunk); err != nil {
				return n, err
			}
		}
		c := copy(p[n:], r.buf[r.pos-r.from:])
		n += c
		r.pos += int64(c)
	}
	return n, nil
}

func (r *remote) fetch(off int64) error {
	want := int(min(chunk, r.size-off))
	if err := preview.WriteMessage(r.w.out, &preview.Message{Op: preview.OpNeed, Offset: off, N: want}); err != nil {
		return err
	}
	m, err := preview.ReadMessage(r.w.in)
	if err != nil {
		return err
	}
	if m.Op != preview.OpData || len(m.Bytes) != want {
		return errOrder
	}
	r.from, r.buf = off, m.Bytes
	return nil
}

// Seek implements io.Seeker.
func (r *remote) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		off += r.pos
	case io.SeekEnd:
		off += r.size
	}
	if off < 0 {
		return 0, errors.New("seeking before the beginning")
	}
	r.pos = off
	return off, nil
}
