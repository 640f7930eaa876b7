package pcsc

import (
	"context"
	"encoding/binary"
	"fmt"

	"ceralacca/card"

	"github.com/ebfe/scard"
)

// Numbers of PC/SC part 10, revision 2.02.09.
const (
	getFeatures       = 3400 // CM_IOCTL_GET_FEATURE_REQUEST
	featureVerify     = 0x06 // FEATURE_VERIFY_PIN_DIRECT
	maxFeatures       = 64
	secondsToType     = 30
	formatASCII       = 0x82 // the PIN in ASCII, from the first byte of the command's data
	blockOfEight      = 0x08 // in a block of eight bytes, no length in it
	onValidationKey   = 0x02
	statusTimeout     = 0x6400
	statusCancelled   = 0x6401
	statusLengthWrong = 0x6403
)

// features tells whether the reader lets a PIN be typed on it. It looks at the reader alone and leaves the card
// untouched; known is false while another program keeps the reader to itself.
func features(sc *scard.Context, reader string) (pad, known bool) {
	c, err := sc.Connect(reader, scard.ShareDirect, scard.ProtocolUndefined)
	if err != nil {
		return false, false
	}
	defer c.Disconnect(scard.LeaveCard)
	_, pad = verifyDirect(c)
	return pad, true
}

// verifyDirect finds the control code of FEATURE_VERIFY_PIN_DIRECT.
func verifyDirect(c *scard.Card) (uint32, bool) {
	b, err := c.Control(scard.CtlCode(getFeatures), nil)
	if err != nil {
		return 0, false
	}
	return findFeature(b)
}

// findFeature reads the list of features: tag, length 4, control code in network order (part 10 §2.2).
func findFeature(b []byte) (uint32, bool) {
	for n := 0; len(b) >= 6 && b[1] == 4 && n < maxFeatures; n++ {
		if b[0] == featureVerify {
			return binary.BigEndian.Uint32(b[2:]), true
		}
		b = b[6:]
	}
	return 0, false
}

// padConn is a connection through a reader with keys.
type padConn struct {
	*conn
	code uint32
}

// TransmitPIN implements card.PadConn. The reader keeps its own time limit; once it asks, ctx cannot stop it.
func (c *padConn) TransmitPIN(ctx context.Context, apdu []byte, least, most int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.judged = true
	rsp, err := c.card.Control(c.code, pinVerify(apdu, least, most))
	if err != nil || len(rsp) < 2 {
		return nil, fmt.Errorf("typing on the reader: %w", c.silence(err, len(rsp)))
	}
	switch binary.BigEndian.Uint16(rsp[len(rsp)-2:]) {
	case statusTimeout, statusCancelled, statusLengthWrong:
		return nil, fmt.Errorf("typing on the reader: %w", card.ErrCancelled)
	}
	return append([]byte(nil), rsp...), nil
}

// pinVerify is the structure PIN_VERIFY of part 10 §2.5.2, little-endian and packed.
func pinVerify(apdu []byte, least, most int) []byte {
	b := []byte{secondsToType, secondsToType, formatASCII, blockOfEight, 0}
	b = append(b, byte(most), byte(least)) // wPINMaxExtraDigit is least<<8 | most
	b = append(b, onValidationKey, 1)      // one message, the reader's first
	b = append(b, 0x10, 0x04, 0)           // wLangId Italian, message 0
	b = append(b, 0, 0, 0)                 // no T=1 prologue
	b = binary.LittleEndian.AppendUint32(b, uint32(len(apdu)))
	return append(b, apdu...)
}
