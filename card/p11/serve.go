//go:build cgo

package p11

import (
	"errors"
	"io"
	"os"
	"runtime"
	"time"
)

// built tells whether this program can load modules.
const built = true

// order is a request with its secrets.
type order struct {
	request
	secrets []*secret
}

// Serve is the helper: it loads one module and works for the program at the other end of the two pipes, until
// that closes stdin. It returns the exit code of the process, which must end then. While it runs nothing but
// Serve may use the two files; a module that writes to the standard output writes to the standard error instead.
func Serve(stdin, stdout *os.File) int {
	runtime.LockOSThread() // some modules want all calls from one thread
	in, out, err := seclude(stdin, stdout)
	if err != nil {
		return 2
	}
	orders := make(chan order)
	go func() { // ends with the process
		defer close(orders)
		for {
			o, err := readOrder(in)
			if err != nil {
				time.AfterFunc(lastWords, func() { os.Exit(1) }) // the module hangs, and nobody waits for it any more
				return
			}
			orders <- o
		}
	}()
	var l *loaded
	for o := range orders {
		var r reply
		switch {
		case o.Op == opLoad && l == nil:
			l, r = load(o.Module)
		case l == nil:
			r.Fault = "no module is loaded"
		default:
			r = l.do(o)
		}
		for _, s := range o.secrets {
			if l == nil || !l.keeps(s) {
				s.wipe()
			}
		}
		if err := writeJSON(out, r); err != nil {
			break
		}
	}
	if l != nil {
		l.close()
	}
	return 0
}

func readOrder(r io.Reader) (order, error) {
	var o order
	if err := readJSON(r, &o.request); err != nil {
		return o, err
	}
	if o.Secrets < 0 || o.Secrets > 2 {
		return o, errFrame
	}
	for range o.Secrets {
		s, err := readSecret(r)
		if err != nil {
			for _, s := range o.secrets {
				s.wipe()
			}
			return o, errors.Join(errFrame, err)
		}
		o.secrets = append(o.secrets, s)
	}
	return o, nil
}
