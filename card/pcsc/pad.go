package pcsc

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"ceralacca/card"

	"github.com/ebfe/scard"
)

// Numbers of PC/SC part 10, revision 2.02.09.
const (
	getFeatures       = 3400 // CM_IOCTL_GET_FEATURE_REQUEST
	featureVerify     = 0x06 // FEATURE_VERIFY_PIN_DIRECT
	featureModify     = 0x07 // FEATURE_MODIFY_PIN_DIRECT
	maxFeatures       = 64
	secondsToType     = byte(card.TypeWithin / time.Second)
	formatASCII       = 0x82 // the PIN in ASCII, from the first byte of the command's data
	blockOfEight      = 0x08 // in a block of eight bytes, no length in it
	onValidationKey   = 0x02
	secondBlock       = 8    // where the new PIN stands in the command's data
	askOldNewAgain    = 0x03 // bConfirmPIN: the old PIN is asked for, and the new one twice
	languageLow       = 0x10 // wLangId 0410, Italian
	languageHigh      = 0x04
	statusTimeout     = 0x6400
	statusCancelled   = 0x6401
	statusDiffers     = 0x6402 // the new PIN was typed in two ways
	statusLengthWrong = 0x6403
)

// features tells whether the reader lets a PIN be typed on it. It looks at the reader alone and leaves the card
// untouched; known is false while another program keeps the reader to itself. It may wait for other programs, and has a
// context of its own for that.
func features(reader string) (pad, known bool) {
	sc, err := scard.EstablishContext()
	if err != nil {
		return false, false
	}
	defer sc.Release() // of a service that may be gone: nothing to do about a failure
	c, err := sc.Connect(reader, scard.ShareDirect, scard.ProtocolUndefined)
	if err != nil {
		return false, false
	}
	defer c.Disconnect(scard.LeaveCard)
	_, pad = direct(c)[featureVerify]
	return pad, true
}

// direct asks the reader for the control codes of its features.
func direct(c *scard.Card) map[byte]uint32 {
	b, err := c.Control(scard.CtlCode(getFeatures), nil)
	if err != nil {
		return nil
	}
	return parseFeatures(b)
}

// parseFeatures reads the list of features: tag, length 4, control code in network order (part 10 §2.2). Of two
// with the same tag the first counts.
func parseFeatures(b []byte) map[byte]uint32 {
	found := map[byte]uint32{}
	for n := 0; len(b) >= 6 && b[1] == 4 && n < maxFeatures; n++ {
		if _, twice := found[b[0]]; !twice {
			found[b[0]] = binary.BigEndian.Uint32(b[2:])
		}
		b = b[6:]
	}
	return found
}

// padConn is a connection through a reader with keys.
type padConn struct {
	*conn
	verify uint32
	modify uint32 // 0 where the reader has no FEATURE_MODIFY_PIN_DIRECT
}

// TransmitPIN implements card.PadConn. The reader keeps its own time limit; once it asks, ctx cannot stop it.
func (c *padConn) TransmitPIN(ctx context.Context, apdu []byte, least, most int) ([]byte, error) {
	return c.ask(ctx, c.verify, pinVerify(apdu, least, most))
}

// TransmitPINs implements card.PadConn, with the same limits as TransmitPIN.
func (c *padConn) TransmitPINs(ctx context.Context, apdu []byte, least, most int) ([]byte, error) {
	if c.modify == 0 {
		return nil, fmt.Errorf("reader cannot ask for a new PIN: %w", card.ErrUnsupported)
	}
	return c.ask(ctx, c.modify, pinModify(apdu, least, most))
}

func (c *padConn) ask(ctx context.Context, code uint32, order []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.judged = true
	rsp, err := c.card.Control(code, order)
	if err != nil || len(rsp) < 2 {
		return nil, fmt.Errorf("typing on the reader: %w", c.silence(err, len(rsp)))
	}
	switch binary.BigEndian.Uint16(rsp[len(rsp)-2:]) {
	case statusTimeout, statusCancelled, statusDiffers, statusLengthWrong:
		return nil, fmt.Errorf("typing on the reader: %w", card.ErrCancelled)
	}
	return append([]byte(nil), rsp...), nil
}

// pinVerify is the structure PIN_VERIFY of part 10 §2.5.2, little-endian and packed.
func pinVerify(apdu []byte, least, most int) []byte {
	b := []byte{secondsToType, secondsToType, formatASCII, blockOfEight, 0}
	b = append(b, byte(most), byte(least))      // wPINMaxExtraDigit is least<<8 | most
	b = append(b, onValidationKey, 1)           // one message, the reader's first
	b = append(b, languageLow, languageHigh, 0) // wLangId, message 0
	b = append(b, 0, 0, 0)                      // no T=1 prologue
	b = binary.LittleEndian.AppendUint32(b, uint32(len(apdu)))
	return append(b, apdu...)
}

// pinModify is the structure PIN_MODIFY of part 10 §2.5.3: what is there goes into the first block of the data,
// what replaces it into the second.
func pinModify(apdu []byte, least, most int) []byte {
	b := []byte{secondsToType, secondsToType, formatASCII, blockOfEight, 0}
	b = append(b, 0, secondBlock)          // bInsertionOffsetOld, bInsertionOffsetNew
	b = append(b, byte(most), byte(least)) // wPINMaxExtraDigit
	b = append(b, askOldNewAgain, onValidationKey, 3)
	b = append(b, languageLow, languageHigh, 0, 1, 2) // wLangId, then the messages: old, new, new again
	b = append(b, 0, 0, 0)                            // no T=1 prologue
	b = binary.LittleEndian.AppendUint32(b, uint32(len(apdu)))
	return append(b, apdu...)
}
