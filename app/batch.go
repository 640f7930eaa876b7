package app

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"ceralacca/card"
	"ceralacca/signer"
)

// inFlight is how many files of a job are in hand at once. The card is the bottleneck: with its 0.3 to 1 s for a
// signature, one file at the card and three that are being read, time-stamped, flushed or read back keep it at work.
// It also bounds the memory of a job.
const inFlight = 4

// batch is one signing job.
type batch struct {
	e   *Engine
	r   SignRequest
	ask Asker
	ev  SignEvents

	todo   []work
	names  map[string]bool // paths of outputs that this job will make
	exists []int           // indices in todo whose output is there already
	cert   *Certificate
	key    signer.Key
	// again gets the next signature allowed on a card that wants the PIN for every one; nil on others.
	again   func(left int) error
	stamps  *stamper    // nil at LevelB
	journal *jobJournal // nil where none can be kept

	card chan struct{} // holds one value while the card is at work
	used bool          // the PIN that was given allowed a signature already; guarded by card

	mu    sync.Mutex
	err   error // why no further signature is made; nil while there may be
	ended int   // files
}

// errHalted is what a file ends with that the job did not get to. It is not told.
var errHalted = errors.New("job has stopped")

// fail ends the job: nothing more is signed, and what is signed is finished. The first reason stays.
func (b *batch) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
}

// halted is why nothing more is to be signed; nil while there may be.
func (b *batch) halted(ctx context.Context) error {
	if b.ev.Stop != nil && b.ev.Stop() {
		b.fail(context.Canceled)
	}
	if ctx.Err() != nil {
		b.fail(context.Cause(ctx))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// run signs what is planned, several files at a time, and tells of each as it ends.
func (b *batch) run(ctx context.Context) error {
	b.card = make(chan struct{}, 1)
	b.key.Signer = &queue{Signer: b.key.Signer, b: b, ctx: ctx}
	b.keep()
	workers := min(inFlight, len(b.todo))
	if b.again != nil {
		workers = 1 // the person types before each signature, and is told how many are left
	}
	next, events := make(chan work), make(chan func())
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for w := range next {
				b.one(ctx, w, events)
			}
		})
	}
	go func() {
		for _, w := range b.todo {
			if b.halted(ctx) != nil {
				break
			}
			next <- w
		}
		close(next)
		wg.Wait()
		close(events)
	}()
	for tell := range events {
		tell()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended == len(b.todo) {
		b.err = nil // whatever was asked for came too late
	}
	b.journal.end(b.err == nil)
	return b.err
}

// one signs one file. What is to be told of it goes to events.
func (b *batch) one(ctx context.Context, w work, events chan<- func()) {
	defer func() {
		if p := recover(); p != nil { // our own bug: it is told where Sign was called
			stack := debug.Stack()
			events <- func() { panic(fmt.Sprintf("%v\n%s", p, stack)) }
		}
	}()
	if b.ev.Start != nil {
		events <- func() { b.ev.Start(w.Index) }
	}
	res := b.sign(ctx, w)
	switch {
	case res.Err == nil:
	case errors.Is(res.Err, errHalted):
		return
	case stops(ctx, res.Err):
		b.fail(errors.Join(context.Cause(ctx), res.Err))
		return
	}
	b.journal.note(res)
	b.mu.Lock()
	b.ended++
	b.mu.Unlock()
	events <- func() { b.report(res) }
}

// queue is the card as the files in hand share it: one signature at a time, none once the job has halted.
type queue struct {
	crypto.Signer
	b   *batch
	ctx context.Context // of the job: crypto.Signer has no place for one
}

// Sign implements crypto.Signer.
func (q *queue) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	b := q.b
	b.card <- struct{}{}
	defer func() { <-b.card }()
	if b.halted(q.ctx) != nil {
		return nil, errHalted
	}
	if b.again != nil && b.used {
		if err := b.again(b.left()); err != nil {
			b.fail(err)
			return nil, errHalted
		}
	}
	b.used = true
	sig, err := q.sign(random, digest, o)
	if stops(q.ctx, err) {
		b.fail(errors.Join(context.Cause(q.ctx), err)) // before the next in the queue comes to the card
	}
	return sig, err
}

func (q *queue) sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	defer begun(&unfinished.commands)()
	return q.Signer.Sign(random, digest, o)
}

// finishing is a context for one file, with a key to sign it: a card that goes out of the reader ends it only while
// the card has not signed. What is signed is finished, as it needs the card no more.
func finishing(job context.Context, k signer.Key) (ctx context.Context, key signer.Key, done func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(job))
	s := &noting{Signer: k.Signer}
	k.Signer = s
	stop := context.AfterFunc(job, func() {
		if cause := context.Cause(job); !errors.Is(cause, card.ErrRemoved) || !s.signed.Load() {
			cancel(cause)
		}
	})
	return ctx, k, func() { stop(); cancel(nil) }
}

// noting notes that the card has signed.
type noting struct {
	crypto.Signer
	signed atomic.Bool
}

// Sign implements crypto.Signer.
func (n *noting) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	sig, err := n.Signer.Sign(random, digest, o)
	n.signed.Store(err == nil)
	return sig, err
}

func (b *batch) report(r FileResult) {
	if b.ev.Done != nil {
		b.ev.Done(r)
	}
}

// left is how many files have not ended.
func (b *batch) left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.todo) - b.ended
}

// options are how the file of w is signed.
func (b *batch) options(w work) (signer.Options, error) {
	r, e := &b.r, b.e
	o := signer.Options{
		Format: r.Format, Level: r.Level, Detached: r.Detached, Existing: w.Existing, LoseArchive: w.LoseArchive, Now: e.cfg.Now,
		Anchors: e.anchors(), KeepLower: true, Reason: r.Reason, Location: r.Location,
	}
	if o.Format == signer.Auto {
		o.Format = signer.CAdES
	}
	if b.stamps != nil {
		o.TSA = b.stamps.first()
	}
	var err error
	if o.Format == signer.PAdES && r.Visible != nil {
		o.Field = r.Visible.Field
	}
	if o.Format == signer.PAdES && r.Visible.shown() {
		name := ""
		if b.cert != nil {
			name = b.cert.SubjectCN
		}
		if o.Visible, err = e.appearance(r.Visible, name, e.cfg.Now()); err != nil {
			return o, err
		}
	}
	if r.Level >= signer.LevelLT {
		o.Trust, err = e.trust()
	}
	return o, err
}

// sign makes, checks and names one output.
func (b *batch) sign(ctx context.Context, w work) FileResult {
	ctx, key, done := finishing(ctx, b.key)
	defer done()
	res := FileResult{Index: w.Index, File: w.Path}
	f, d, err := openDocument(w.Path)
	if err != nil {
		res.Err = err
		return res
	}
	defer f.Close()
	o, err := b.options(w)
	if err != nil {
		res.Err = err
		return res
	}
	content, err := contentFor(w, &o)
	if err != nil {
		res.Err = err
		return res
	}
	defer content.Close()
	if b.stamps != nil {
		res.Short = b.stamps.givenUp()
	}
	if res.Short != nil { // the person said: no further time-stamps
		o.Level, o.TSA = signer.LevelB, nil
	}
	res.Format, res.Level, res.Signed = o.Format, o.Level, b.e.cfg.Now()
	o.Now = func() time.Time { return res.Signed }
	res.Err = writeNewAs(ctx, w.Out, b.journal.tempName(w.Index), rightsFrom(f),
		func(out io.Writer) error {
			err := signer.Sign(ctx, out, d, key, o)
			var again *signer.AlreadySignedError
			switch {
			case errors.As(err, &res.Short):
				res.Level = res.Short.Reached
				return nil
			case errors.As(err, &again):
				return &AlreadySignedError{File: w.Path}
			}
			return err
		},
		func(out *os.File) error {
			c := &check{e: b.e, o: o, level: res.Level, original: f, d: d, der: b.cert.DER}
			sum, err := c.run(ctx, out, filepath.Base(w.Out))
			res.SHA256, res.Lost = sum, c.lost
			seen, ok := b.r.Seen[w.Index]
			if now, serr := f.Stat(); err == nil && (serr != nil || now.Size() != d.Size() || ok && seen != sum) {
				err = signer.ErrChanged // longer than what was signed, or not what the person saw
			}
			if st, serr := out.Stat(); serr == nil {
				res.OutputSize = st.Size()
			}
			return err
		})
	if res.Err == nil {
		res.Output = w.Out
	}
	return res
}
