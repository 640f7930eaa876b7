package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// vpcdATR asks for the answer to reset. The other messages of one byte are power off, power on and reset.
const vpcdATR = 4

const (
	vpcdRetry   = 100 * time.Millisecond
	vpcdTimeout = 2 * time.Second
)

// ServeVPCD puts the card of the first reader into a slot of the virtual reader of vsmartcard, at an address
// such as 127.0.0.1:35963, until ctx ends; then it returns nil. It connects again when pcscd was restarted, and
// Insert, Remove and Script work as ever. Only for tests and developers: vpcd listens to the whole network.
func (b *Bus) ServeVPCD(ctx context.Context, addr string) error {
	if len(b.readers) == 0 {
		return errors.New("no reader to serve")
	}
	r := b.readers[0]
	for ctx.Err() == nil {
		b.mu.Lock()
		in, changed := r.inserted, b.changed
		b.mu.Unlock()
		if !in {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		d := net.Dialer{Timeout: vpcdTimeout}
		link, err := d.DialContext(ctx, "tcp", addr)
		if err == nil {
			b.serve(ctx, r, link)
		}
		select { // pcscd may be on its way down, or not up yet
		case <-time.After(vpcdRetry):
		case <-ctx.Done():
		}
	}
	return nil
}

// serve is one insertion: it ends when the card is pulled out, ctx ends or pcscd goes away.
func (b *Bus) serve(ctx context.Context, r *reader, link net.Conn) {
	over := make(chan struct{})
	watched := make(chan struct{})
	go func() { // joined below
		defer close(watched)
		defer link.Close()
		for {
			b.mu.Lock()
			in, changed := r.inserted, b.changed
			b.mu.Unlock()
			if !in {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			case <-over:
				return
			}
		}
	}()
	for {
		if err := b.message(r, link); err != nil {
			break
		}
	}
	close(over)
	<-watched
}

// message answers one message of vpcd: two bytes of length, then a control byte or a command APDU.
func (b *Bus) message(r *reader, link net.Conn) error {
	in, err := receive(link)
	if err != nil {
		return err
	}
	var out []byte
	var wait time.Duration
	b.mu.Lock()
	switch {
	case len(in) != 1:
		out, wait, _ = b.exchange(r, in) // a fault that is no answer is an answer of no bytes
	case in[0] == vpcdATR && r.mute:
	case in[0] == vpcdATR:
		out = r.chip.spec.ATR
	default:
		r.chip.reset()
	}
	gone := !r.inserted
	b.mu.Unlock()
	silent := len(in) == 1 && in[0] != vpcdATR // power and reset are not answered
	clear(in)                                  // it may hold a PIN
	switch {
	case gone:
		return io.EOF
	case silent:
		return nil
	}
	if wait > 0 {
		<-time.After(wait)
	}
	if _, err := link.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
		return fmt.Errorf("answering vpcd: %w", err)
	}
	return nil
}

func receive(link net.Conn) ([]byte, error) {
	var head [2]byte
	quickAck(link)
	if _, err := io.ReadFull(link, head[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint16(head[:]))
	quickAck(link)
	_, err := io.ReadFull(link, body)
	return body, err
}
