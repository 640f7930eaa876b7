package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"time"

	"github.com/dop251/goja"

	"ceralacca/app/pac"
)

const (
	maxMemory = 256 << 20 // bytes
	maxStack  = 400       // calls
	// exitMemory is the exit code of a process whose script wanted too much memory.
	exitMemory = 3
)

// Serve answers one request from in on out, and returns the exit code of the process.
func Serve(in io.Reader, out io.Writer) int {
	seclude()
	go watchMemory()
	return pac.Serve(in, out, func(ctx context.Context, script []byte, url, host string) (string, error) {
		return find(ctx, string(script), url, host, newWorld(ctx))
	})
}

// watchMemory ends the process when it takes too much. The interpreter has no bound of its own, and is not to be
// interrupted while it makes one large string or list.
func watchMemory() {
	held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	for {
		metrics.Read(held)
		if held[0].Value.Uint64() > maxMemory {
			os.Exit(exitMemory)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

var errNoFunction = errors.New("has no function FindProxyForURL")

// find runs the script and asks its FindProxyForURL.
func find(ctx context.Context, script, url, host string, w *world) (answer string, err error) {
	defer func() {
		if p := recover(); p != nil { // a bug of the interpreter is the script's bad luck
			err = fmt.Errorf("interpreter: %v", p)
		}
	}()
	vm := goja.New()
	vm.SetMaxCallStackSize(maxStack)
	stop := context.AfterFunc(ctx, func() { vm.Interrupt(pac.ErrTooLong) })
	defer stop()
	if err := w.give(vm); err != nil {
		return "", err
	}
	if _, err := vm.RunScript("proxy.pac", script); err != nil {
		return "", told(err)
	}
	f, ok := goja.AssertFunction(vm.Get("FindProxyForURL"))
	if !ok {
		return "", errNoFunction
	}
	said, err := f(goja.Undefined(), vm.ToValue(url), vm.ToValue(host))
	if err != nil {
		return "", told(err)
	}
	if said == nil || goja.IsUndefined(said) || goja.IsNull(said) {
		return "", nil
	}
	if _, isText := said.Export().(string); !isText {
		return "", errors.New("FindProxyForURL returns no text")
	}
	return said.String(), nil
}

// told is what the program is told of an error: the script's own, with its place.
func told(err error) error {
	var cut *goja.InterruptedError
	if errors.As(err, &cut) {
		return pac.ErrTooLong
	}
	return err
}
