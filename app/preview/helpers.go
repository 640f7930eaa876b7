package preview

import (
	"context"
	"errors"
	"sync"
	"time"
)

// idleTime is how long a helper without a file is kept for the next one: it holds some 150 MB.
const idleTime = 2 * time.Minute

// Helpers keeps the helper of the last file for the next, which then need not wait for PDFium to be compiled again. Each
// file still gets a sandbox of its own, and a helper that failed over a file is never kept. The zero value is ready.
type Helpers struct {
	mu     sync.Mutex
	idle   *helper
	stop   *time.Timer
	closed bool
}

// Close ends the helper that is kept, and keeps none from now on.
func (p *Helpers) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	if h := p.take(); h != nil {
		h.end()
	}
}

// take gives the idle helper away; nil when there is none.
func (p *Helpers) take() *helper {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.idle
	p.idle = nil
	if p.stop != nil {
		p.stop.Stop()
	}
	return h
}

// keep takes back a healthy helper.
func (p *Helpers) keep(h *helper) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.idle != nil {
		h.end()
		return
	}
	p.idle = h
	p.stop = time.AfterFunc(idleTime, func() { p.letGo(h) })
}

// letGo ends h if it is still idle.
func (p *Helpers) letGo(h *helper) {
	p.mu.Lock()
	if p.idle != h {
		h = nil
	} else {
		p.idle = nil
	}
	p.mu.Unlock()
	if h != nil {
		h.end()
	}
}

// open has the helper, new or used, open the file behind s. After a [*FileError] it can open another, after any other
// error it is ended.
func (h *helper) open(ctx context.Context, limit time.Duration, s *snapshot) error {
	m, err := h.call(ctx, limit, s, &Message{Op: OpOpen, Size: s.size})
	if err == nil && m.Facts == nil {
		err = errFrame
	}
	var no *FileError
	switch {
	case errors.As(err, &no):
		return err
	case err != nil:
		h.end()
		return err
	}
	h.facts = *m.Facts
	return nil
}

// helperFor returns a helper that has the file open: the idle one if that can, else a new one. One that says that it
// cannot open this file is well, and kept for the next.
func helperFor(ctx context.Context, o Options, l limits, s *snapshot) (*helper, error) {
	var h *helper
	if o.Helpers != nil {
		h = o.Helpers.take()
	}
	for {
		idle := h != nil
		if !idle {
			var err error
			if h, err = startHelper(ctx, o.Program, l, s); err != nil {
				return nil, err
			}
		}
		err := h.open(ctx, l.answer, s)
		var no *FileError
		var lost *HelperError
		switch {
		case err == nil:
			return h, nil
		case errors.As(err, &no) && o.Helpers != nil && !h.ended:
			o.Helpers.keep(h)
			return nil, err
		case idle && errors.As(err, &lost) && !lost.TimeOut:
			h = nil // it died before this file was its own
		default:
			h.end()
			return nil, err
		}
	}
}
