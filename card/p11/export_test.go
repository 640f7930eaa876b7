package p11

import (
	"context"
	"time"
)

// Abandon starts a helper, gives it something to do and closes the pipes as a program does that dies. It waits for
// the helper's end.
func Abandon(ctx context.Context, o Options, module string) (string, error) {
	h, err := start(ctx, o, module)
	if err != nil {
		return "", err
	}
	if err := writeJSON(h.to, request{Op: opSlots}); err != nil {
		return "", err
	}
	_, _ = h.to.Close(), h.from.Close()
	mercy := time.AfterFunc(time.Minute, func() { _ = h.cmd.Process.Kill() })
	defer mercy.Stop()
	err = h.cmd.Wait()
	if h.cmd.ProcessState != nil && h.cmd.ProcessState.Exited() {
		err = nil
	}
	return h.cmd.ProcessState.String(), err
}

// Clocked returns options with a clock that stands still until it is turned.
func Clocked(o Options) (Options, func(time.Duration)) {
	now := time.Unix(0, 0)
	o.clock = func() time.Time { return now }
	return o, func(d time.Duration) { now = now.Add(d) }
}
