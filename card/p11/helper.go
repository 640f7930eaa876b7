package p11

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"ceralacca/card"
)

// helper is a process of our own program that has loaded one module. It has no goroutine on this side. Its calls
// must not overlap.
type helper struct {
	module string
	cmd    *exec.Cmd
	to     *os.File // its standard input
	from   *os.File // its standard output
	ended  bool
	info   library
}

// lastWords is how long a helper may take to say goodbye to its card.
const lastWords = 2 * time.Second

// start runs the program as helper and lets it load the module.
func start(ctx context.Context, o Options, module string) (*helper, error) {
	program := o.Program
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("starting the helper of a module: %w", err)
		}
		program = self
	}
	h := &helper{module: module, cmd: exec.Command(program, WorkerArg)}
	h.cmd.Env = environment(os.Environ())
	h.cmd.SysProcAttr = hidden()
	theirIn, to, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting the helper of a module: %w", err)
	}
	from, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the helper of a module: %w", err), theirIn.Close(), to.Close())
	}
	h.cmd.Stdin, h.cmd.Stdout, h.to, h.from = theirIn, theirOut, to, from
	err = h.cmd.Start()
	_, _ = theirIn.Close(), theirOut.Close() // the helper has its own
	if err != nil {
		_, _ = to.Close(), from.Close() // the first error tells what happened
		return nil, fmt.Errorf("starting the helper of a module: %w", err)
	}
	r, err := h.call(ctx, o.limit(), request{Op: opLoad, Module: module})
	if err == nil {
		err = failure(module, r)
	}
	if err != nil {
		h.end()
		return nil, err
	}
	if r.Library != nil {
		h.info = *r.Library
	}
	return h, nil
}

// environment leaves out what makes modules write the PIN into a log.
func environment(all []string) []string {
	var kept []string
	for _, v := range all {
		name, _, _ := strings.Cut(v, "=")
		switch strings.ToUpper(name) {
		case "OPENSC_DEBUG", "PKCS11SPY", "PKCS11SPY_OUTPUT", "P11_KIT_DEBUG", "GOTRACEBACK":
		default:
			kept = append(kept, v)
		}
	}
	return append(kept, "GOTRACEBACK=none")
}

// notSentError means that the helper cannot have seen the whole request.
type notSentError struct{ error }

func (e notSentError) Unwrap() error { return e.error }

// call sends one request with its secrets and waits for the answer. When ctx ends or the limit passes it kills
// the helper. A *notSentError means that the module was not called.
func (h *helper) call(ctx context.Context, limit time.Duration, q request, secrets ...*card.PIN) (reply, error) {
	if err := ctx.Err(); err != nil {
		return reply{}, notSentError{err}
	}
	if h.ended {
		return reply{}, notSentError{errStale}
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	killed := make(chan struct{})
	disarm := context.AfterFunc(timed, func() {
		defer close(killed)
		_ = killAll(h.cmd.Process)          // it may be gone already
		_, _ = h.to.Close(), h.from.Close() // children of the module may hold the other ends
	})
	q.Secrets = len(secrets)
	var r reply
	sent, err := h.exchange(q, secrets, &r)
	if !disarm() {
		<-killed
		if err == nil {
			err = io.ErrUnexpectedEOF // the answer came with the end of the time: the helper is dead all the same
		}
	}
	if err == nil {
		return r, nil
	}
	state := h.end()
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("module stopped during %q: %w", q.Op, ctx.Err())
	case timed.Err() != nil:
		err = &TimeoutError{h.module, string(q.Op), limit}
	default:
		err = &CrashError{h.module, string(q.Op), state}
	}
	if !sent {
		err = notSentError{err}
	}
	return reply{}, err
}

// patient ends a while after ctx does. A look at the readers takes a moment and must not cost the helper, with the
// sessions of others in it, only because nobody watches any more. The function returned must be called.
func patient(ctx context.Context) (context.Context, func()) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	over, ended := make(chan struct{}), make(chan struct{})
	disarm := context.AfterFunc(ctx, func() {
		defer close(ended)
		t := time.NewTimer(lastWords)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-over:
		}
	})
	return late, func() {
		close(over)
		if !disarm() {
			<-ended
		}
		cancel()
	}
}

// exchange writes the request and reads the answer.
func (h *helper) exchange(q request, secrets []*card.PIN, r *reply) (sent bool, err error) {
	if err := writeJSON(h.to, q); err != nil {
		return false, err
	}
	for _, p := range secrets {
		if err := writeSecret(h.to, p); err != nil {
			return false, err
		}
	}
	return true, readJSON(h.from, r)
}

// kill ends the helper without a word to its module.
func (h *helper) kill() {
	if !h.ended {
		_ = killAll(h.cmd.Process) // it may be gone already
	}
}

// end closes the helper's input, upon which it leaves its card and exits, or else is killed. It returns how the
// process ended.
func (h *helper) end() string {
	if h.ended {
		return ""
	}
	h.ended = true
	_, _ = h.to.Close(), h.from.Close() // closed already where the call was cut
	impatience := time.AfterFunc(lastWords, func() { _ = h.cmd.Process.Kill() })
	defer impatience.Stop()
	err := h.cmd.Wait()
	if err != nil && h.cmd.ProcessState == nil {
		return err.Error()
	}
	return h.cmd.ProcessState.String()
}
