package pcsc

import (
	"errors"
	"fmt"

	"ceralacca/card"

	"github.com/ebfe/scard"
)

// service makes a failure of the service itself.
func service(err error) error { return fmt.Errorf("%w (%w)", card.ErrNoService, err) }

// meaning is what the codes of PC/SC (part 5, and the winscard of each system) mean to a program. Codes that are
// not here stay as they are.
var meaning = map[scard.Error]error{
	scard.ErrRemovedCard:       card.ErrRemoved,
	scard.ErrNoSmartcard:       card.ErrRemoved,
	scard.ErrUnknownReader:     card.ErrRemoved,
	scard.ErrReaderUnavailable: card.ErrRemoved,
	scard.ErrResetCard:         card.ErrReset,
	scard.ErrSharingViolation:  card.ErrBusy,
	scard.ErrServerTooBusy:     card.ErrBusy,
	scard.ErrUnresponsiveCard:  card.ErrMute,
	scard.ErrUnpoweredCard:     card.ErrMute,
	scard.ErrUnsupportedCard:   card.ErrMute,
	scard.ErrProtoMismatch:     card.ErrMute,
	scard.ErrNotReady:          card.ErrMute,
	scard.ErrCancelledByUser:   card.ErrCancelled,
	scard.ErrNoService:         card.ErrNoService,
	scard.ErrServiceStopped:    card.ErrNoService,
	scard.ErrCommError:         card.ErrNoService, // pcscd died during the call
	scard.ErrSecurityViolation: card.ErrNoService, // pcscd just died, or its policy refuses us
	scard.ErrInvalidHandle:     card.ErrNoService, // a context of the service before
	scard.ErrSystemCancelled:   card.ErrNoService,
	scard.ErrShutdown:          card.ErrNoService,
}

// mapped gives an error its meaning and keeps its code.
func mapped(err error) error {
	code := scard.Error(0)
	if m := error(nil); errors.As(err, &code) {
		if m = meaning[code]; m != nil {
			return fmt.Errorf("%w (%w)", m, err)
		}
	}
	return err
}
