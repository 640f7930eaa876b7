package card

import (
	"context"
	"errors"
	"fmt"
)

// Instruction bytes: VERIFY, MANAGE SECURITY ENVIRONMENT, CHANGE REFERENCE DATA, RESET RETRY COUNTER, SELECT, READ
// BINARY and GET RESPONSE of ISO 7816-4 §5.4.2, PERFORM SECURITY OPERATION of ISO 7816-8 §5.
const (
	insVerify       = 0x20
	insManage       = 0x22
	insChange       = 0x24
	insPerform      = 0x2A
	insResetCounter = 0x2C
	insSelect       = 0xA4
	insRead         = 0xB0
	insGetResponse  = 0xC0
)

// Status words that something depends on, ISO 7816-4 §5.6, and bounds on what a card may send.
const (
	swOK         = 0x9000
	swReference  = 0x6A88 // no such reference data: nothing was judged
	swEndOfFile  = 0x6282
	swOffset     = 0x6B00
	maxResponse  = 1 << 16
	maxExchanges = 64 // of one command: a card that goes on answering 61XX is broken
)

// session is the command layer over a connection. It remembers the selected folder.
type session struct {
	conn    Conn
	dir     []uint16 // path below the master file
	known   bool     // dir is right
	withFCI bool     // the card refuses SELECT without file control information
	chained bool     // long commands go in a chain, not in an extended APDU
}

// once sends one command once and cuts the status word off the answer.
func (s *session) once(apdu []byte) ([]byte, uint16, error) {
	rsp, err := s.conn.Transmit(apdu)
	if err != nil {
		return nil, 0, err
	}
	return split(rsp)
}

func split(rsp []byte) ([]byte, uint16, error) {
	n := len(rsp) - 2
	if n < 0 {
		return nil, 0, fmt.Errorf("answer of %d bytes: %w", len(rsp), ErrMute)
	}
	return rsp[:n:n], uint16(rsp[n])<<8 | uint16(rsp[n+1]), nil
}

// do sends a command and collects its response: 6CXX asks to repeat it with the right length, 61XX to fetch
// the rest by GET RESPONSE (ISO 7816-4 §5.3.4). It is not for commands that carry a PIN.
func (s *session) do(ctx context.Context, apdu []byte) ([]byte, uint16, error) {
	var all []byte
	for range maxExchanges {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		data, sw, err := s.once(apdu)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, data...)
		switch {
		case len(all) > maxResponse:
			return nil, 0, fmt.Errorf("answer of over %d bytes: %w", maxResponse, &StatusError{apdu[1], sw})
		case sw>>8 == 0x6C && asks(apdu):
			apdu = append(append([]byte(nil), apdu[:len(apdu)-1]...), byte(sw))
		case sw>>8 == 0x61:
			apdu = []byte{0x00, insGetResponse, 0, 0, byte(sw)}
		default:
			return all, sw, nil
		}
	}
	return nil, 0, fmt.Errorf("answer without end: %w", &StatusError{apdu[1], 0x6100})
}

// asks tells whether a short command APDU ends with the length Le of the response that it asks for.
func asks(apdu []byte) bool {
	return len(apdu) == 5 || len(apdu) > 5 && len(apdu) == 6+int(apdu[4])
}

// must is do for a command whose only success is 9000.
func (s *session) must(ctx context.Context, apdu []byte) ([]byte, error) {
	data, sw, err := s.do(ctx, apdu)
	if err != nil {
		return nil, err
	}
	if sw != swOK {
		return nil, &StatusError{apdu[1], sw}
	}
	return data, nil
}

// long sends a command with more data than a short APDU holds, in an extended APDU or in a chain of short
// ones (ISO 7816-4 §5.3.3). Cards of version 1.0 know no extended APDU, others no chain, and some readers
// carry no extended one: where one way is refused, the other is tried and remembered.
func (s *session) long(ctx context.Context, ins, p1, p2 byte, data []byte) ([]byte, error) {
	if len(data) <= 0xFF {
		return s.must(ctx, append(append([]byte{0, ins, p1, p2, byte(len(data))}, data...), 0))
	}
	rsp, err := s.send(ctx, ins, p1, p2, data)
	if !refusesForm(err) {
		return rsp, err
	}
	s.chained = !s.chained
	again, second := s.send(ctx, ins, p1, p2, data)
	if refusesForm(second) {
		s.chained = !s.chained
		return nil, err
	}
	return again, second
}

func (s *session) send(ctx context.Context, ins, p1, p2 byte, data []byte) ([]byte, error) {
	if !s.chained {
		apdu := append([]byte{0, ins, p1, p2, 0, byte(len(data) >> 8), byte(len(data))}, data...)
		return s.mustExtended(ctx, append(apdu, 0, 0))
	}
	for ; len(data) > 0xFF; data = data[0xFF:] {
		if _, err := s.must(ctx, append([]byte{0x10, ins, p1, p2, 0xFF}, data[:0xFF]...)); err != nil {
			return nil, err
		}
	}
	return s.must(ctx, append(append([]byte{0, ins, p1, p2, byte(len(data))}, data...), 0))
}

// mustExtended is must for an extended APDU, whose 6CXX has no place in the last byte alone.
func (s *session) mustExtended(ctx context.Context, apdu []byte) ([]byte, error) {
	data, sw, err := s.once(apdu)
	switch {
	case err != nil:
		return nil, err
	case sw>>8 == 0x61:
		rest, err := s.must(ctx, []byte{0x00, insGetResponse, 0, 0, byte(sw)})
		return append(data, rest...), err
	case sw>>8 == 0x6C:
		le := (int(sw)-1)&0xFF + 1 // 6C00 means 256
		apdu = append(append([]byte(nil), apdu[:len(apdu)-2]...), byte(le>>8), byte(le))
		if data, sw, err = s.once(apdu); err != nil {
			return nil, err
		}
	}
	if sw != swOK {
		return nil, &StatusError{apdu[1], sw}
	}
	return data, nil
}

// refusesForm tells whether a failure may come from the form of the APDU and not from its content: the card
// says so, or the reader would not carry it though nothing happened to the card. Many readers report that as
// silence of the card.
func refusesForm(err error) bool {
	if st := new(StatusError); errors.As(err, &st) {
		switch st.SW {
		case 0x6700, 0x6883, 0x6884, 0x6D00, 0x6E00:
			return true
		}
		return false
	}
	for _, gone := range []error{nil, ErrRemoved, ErrReset, ErrBusy, ErrNoService, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, gone) {
			return false
		}
	}
	return true
}
