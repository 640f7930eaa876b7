package pac

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"ceralacca/app/apart"
)

// WorkerArg as the only argument makes the program run one script; see package script.
const WorkerArg = "proxy-script-helper"

// patience is how long a script may take, its process included.
const patience = 8 * time.Second

// maxSaid is the longest line that is read of a worker, in bytes.
const maxSaid = 64 << 10

// request is what a worker is told, and reply what it says, each as JSON.
type request struct {
	Script    []byte
	URL, Host string
	Patience  time.Duration
}

type reply struct {
	Answer  string
	Error   string `json:",omitempty"`
	TooLong bool   `json:",omitempty"`
}

var (
	// ErrTooLong means that a script did not come to an end.
	ErrTooLong = errors.New("does not come to an end")
	// ErrDied means that the process of a script ended without an answer, as one does that wants too much memory.
	ErrDied = errors.New("ended without an answer")
)

// run asks a script in a process of its own.
func (f *Finder) run(ctx context.Context, q request) (string, error) {
	q.Patience = cmp.Or(f.Patience, patience)
	in, err := json.Marshal(q)
	if err != nil {
		return "", err
	}
	timed, cancel := context.WithTimeout(ctx, q.Patience)
	defer cancel()
	cmd, err := apart.Command(timed, f.Program, WorkerArg)
	if err != nil {
		return "", fmt.Errorf("starting the helper: %w", err)
	}
	cmd.WaitDelay = time.Second
	var out bounded
	cmd.Stdin, cmd.Stdout = bytes.NewReader(in), &out
	err = cmd.Run()
	var said reply
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case timed.Err() != nil:
		return "", ErrTooLong
	case err != nil || json.Unmarshal(out.b, &said) != nil:
		return "", ErrDied
	case said.TooLong:
		return "", ErrTooLong
	case said.Error != "":
		return "", fmt.Errorf("fails: %.200s", said.Error)
	}
	return said.Answer, nil
}

// bounded takes so many bytes, and no more.
type bounded struct{ b []byte }

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if maxSaid-len(b.b) < len(p) {
		return 0, io.ErrShortWrite
	}
	b.b = append(b.b, p...)
	return len(p), nil
}

// Serve answers one request by run, for package script; it returns the exit code of the process. The context ends a while
// before the process would be ended.
func Serve(in io.Reader, out io.Writer, run func(ctx context.Context, script []byte, url, host string) (string, error)) int {
	var q request
	if err := json.NewDecoder(io.LimitReader(in, 4*maxScript)).Decode(&q); err != nil {
		return 1
	}
	var said reply
	ctx, cancel := context.WithTimeout(context.Background(), q.Patience*3/4)
	defer cancel()
	answer, err := run(ctx, q.Script, q.URL, q.Host)
	said.Answer, said.TooLong = answer, errors.Is(err, ErrTooLong)
	if err != nil {
		said.Error = err.Error()
	}
	if json.NewEncoder(out).Encode(said) != nil {
		return 1
	}
	return 0
}
