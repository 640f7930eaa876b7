package preview

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"ceralacca/app/apart"
)

// HelperError means that the helper died over the file, or was killed because it took too long.
type HelperError struct {
	Op      Op
	TimeOut bool   // it was killed after its time
	State   string // how the process ended
}

func (e *HelperError) Error() string {
	if e.TimeOut {
		return fmt.Sprintf("preview helper took too long for %q and was stopped", e.Op)
	}
	return fmt.Sprintf("preview helper ended during %q: %s", e.Op, e.State)
}

// FileError means that the file cannot be drawn.
type FileError struct{ Fault Fault }

func (e *FileError) Error() string { return "file cannot be drawn: " + string(e.Fault) }

// limits are how long the helper may take: to start, which compiles PDFium and has nothing to do with the file, and to
// answer.
type limits struct{ start, answer time.Duration }

var usual = limits{start: 5 * time.Minute, answer: 20 * time.Second}

// helper is the process that has one file open. Its calls must not overlap.
type helper struct {
	cmd   *exec.Cmd
	to    *os.File
	from  *os.File
	in    *bufio.Reader
	ended bool
	facts Facts
}

// startHelper runs the program as helper, which has no file open yet.
func startHelper(ctx context.Context, program string, l limits, s *snapshot) (*helper, error) {
	// The helper lives on when the question that started it is over.
	cmd, err := apart.Command(context.WithoutCancel(ctx), program, WorkerArg, "GOMEMLIMIT=768MiB")
	if err != nil {
		return nil, fmt.Errorf("starting the preview helper: %w", err)
	}
	h := &helper{cmd: cmd}
	theirIn, to, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting the preview helper: %w", err)
	}
	from, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the preview helper: %w", err), theirIn.Close(), to.Close())
	}
	h.cmd.Stdin, h.cmd.Stdout, h.to, h.from, h.in = theirIn, theirOut, to, from, bufio.NewReaderSize(from, 64<<10)
	err = h.cmd.Start()
	_, _ = theirIn.Close(), theirOut.Close() // the helper has its own
	if err != nil {
		_, _ = to.Close(), from.Close() // the first error tells what happened
		return nil, fmt.Errorf("starting the preview helper: %w", err)
	}
	if _, err := h.call(ctx, l.start, s, &Message{Op: OpStart}); err != nil {
		h.end()
		return nil, err
	}
	return h, nil
}

// call asks one thing, hands over the blocks of the file that the helper wants for it, and returns its answer. When
// ctx ends or the limit passes the helper is killed.
func (h *helper) call(ctx context.Context, limit time.Duration, s *snapshot, q *Message) (*Message, error) {
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	killed := make(chan struct{})
	disarm := context.AfterFunc(timed, func() {
		defer close(killed)
		_ = h.cmd.Process.Kill()            // it may be gone already
		_, _ = h.to.Close(), h.from.Close() // wakes the reading below
	})
	m, err := h.exchange(q, s)
	if !disarm() {
		<-killed
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
	}
	var no *FileError
	switch {
	case err == nil:
		return m, nil
	case errors.As(err, &no) && timed.Err() == nil:
		if no.Fault == FaultPage {
			h.end()
		}
		return nil, err
	}
	state := h.end()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, ErrChanged):
		return nil, err
	}
	return nil, &HelperError{Op: q.Op, TimeOut: timed.Err() != nil, State: state}
}

func (h *helper) exchange(q *Message, s *snapshot) (*Message, error) {
	if err := WriteMessage(h.to, q); err != nil {
		return nil, err
	}
	for {
		m, err := ReadMessage(h.in)
		if err != nil {
			return nil, err
		}
		switch {
		case m.Op == OpDone && m.Fault != "":
			return nil, &FileError{m.Fault}
		case m.Op == OpDone:
			return m, nil
		case m.Op != OpNeed || m.N <= 0 || m.N > maxNeeded || m.Offset < 0 || m.Offset > s.size:
			return nil, errFrame
		}
		b := make([]byte, min(int64(m.N), s.size-m.Offset))
		if _, err := s.ReadAt(b, m.Offset); err != nil {
			return nil, err
		}
		if err := WriteMessage(h.to, &Message{Op: OpData, Bytes: b}); err != nil {
			return nil, err
		}
	}
}

// end closes the helper's input and kills it: it keeps nothing that is worth a farewell. It returns how the process
// ended.
func (h *helper) end() string {
	if h.ended {
		return ""
	}
	h.ended = true
	_, _ = h.to.Close(), h.from.Close() // closed already where the call was cut
	err := h.wait()
	if h.cmd.ProcessState == nil {
		return err.Error()
	}
	return h.cmd.ProcessState.String()
}

// wait gives a helper that crashed the time to say so, and one that works none.
func (h *helper) wait() error {
	impatience := time.AfterFunc(200*time.Millisecond, func() { _ = h.cmd.Process.Kill() })
	defer impatience.Stop()
	return h.cmd.Wait()
}
