package card

import (
	"context"
	"fmt"
	"log/slog"
)

// Trace returns a Bus that logs what goes over b, at level Debug. It logs the header of each command, the
// status word and the length of each answer; of data only file names and key references. So no PIN, no personal
// data, and nothing that was deciphered reaches a log.
func Trace(b Bus, l *slog.Logger) Bus { return traceBus{b, l} }

type traceBus struct {
	Bus
	l *slog.Logger
}

// Wait implements Bus.
func (t traceBus) Wait(ctx context.Context, seen []Reader) ([]Reader, error) {
	r, err := t.Bus.Wait(ctx, seen)
	if err != nil && ctx.Err() == nil {
		t.l.Debug("readers", "err", err)
		return r, err
	}
	for _, x := range r {
		t.l.Debug("reader", "name", x.Name, "state", x.State, "atr", fmt.Sprintf("%X", x.ATR), "insertion", x.Insertion)
	}
	return r, err
}

// Connect implements Bus.
func (t traceBus) Connect(ctx context.Context, r Reader) (Conn, error) {
	c, err := t.Bus.Connect(ctx, r)
	t.l.Debug("connect", "reader", r.Name, "err", err)
	if err != nil {
		return nil, err
	}
	traced := traceConn{c, t.l}
	if pad, ok := c.(PadConn); ok {
		return tracePad{traced, pad}, nil
	}
	return traced, nil
}

type traceConn struct {
	Conn
	l *slog.Logger
}

// Transmit implements Conn.
func (t traceConn) Transmit(apdu []byte) ([]byte, error) {
	rsp, err := t.Conn.Transmit(apdu)
	t.log(apdu, rsp, err)
	return rsp, err
}

func (t traceConn) log(apdu, rsp []byte, err error) {
	attrs := []any{"command", visible(apdu)}
	if n := len(rsp) - 2; n >= 0 {
		attrs = append(attrs, "bytes", n, "sw", fmt.Sprintf("%X", rsp[n:]))
	}
	if err != nil {
		attrs = append(attrs, "err", err)
	}
	t.l.Debug("apdu", attrs...)
}

// visible is the part of a command that may be logged.
func visible(apdu []byte) string {
	shown := apdu[:min(len(apdu), 5)]
	if len(apdu) > 1 && (apdu[1] == insSelect || apdu[1] == insManage) {
		shown = apdu
	}
	if rest := len(apdu) - len(shown); rest > 0 {
		return fmt.Sprintf("%X (+%d bytes)", shown, rest)
	}
	return fmt.Sprintf("%X", shown)
}

// Begin implements Conn.
func (t traceConn) Begin() error { return t.told("begin", t.Conn.Begin()) }

// End implements Conn.
func (t traceConn) End() error { return t.told("end", t.Conn.End()) }

// Close implements Conn.
func (t traceConn) Close() error { return t.told("close", t.Conn.Close()) }

func (t traceConn) told(what string, err error) error {
	t.l.Debug(what, "err", err)
	return err
}

type tracePad struct {
	traceConn
	pad PadConn
}

// TransmitPINs implements PadConn.
func (t tracePad) TransmitPINs(ctx context.Context, apdu []byte, least, most int) ([]byte, error) {
	rsp, err := t.pad.TransmitPINs(ctx, apdu, least, most)
	t.log(apdu, rsp, err)
	return rsp, err
}

// TransmitPIN implements PadConn.
func (t tracePad) TransmitPIN(ctx context.Context, apdu []byte, least, most int) ([]byte, error) {
	rsp, err := t.pad.TransmitPIN(ctx, apdu, least, most)
	t.log(apdu, rsp, err)
	return rsp, err
}
