package p11

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"ceralacca/card"
)

var (
	// ErrNotBuilt means that this program was built without cgo and cannot load modules.
	ErrNotBuilt = fmt.Errorf("program was built without PKCS #11: %w", card.ErrUnsupported)
	// ErrNoUnblock means that the maker does not document how its module unblocks a PIN. Nothing was sent.
	ErrNoUnblock = fmt.Errorf("module has no documented way to unblock a PIN: %w", card.ErrUnsupported)
	// ErrNotAsked means that nothing was asked of a module yet, for no card needed it.
	ErrNotAsked = errors.New("module was not asked yet")
	// ErrNoKeys means that a PIN was to be typed on a reader without keys. Nothing was sent.
	ErrNoKeys = fmt.Errorf("reader has no keys: %w", card.ErrUnsupported)
)

// Error is the return value of a module's function, PKCS #11 §5.1. It never speaks of a PIN: no PIN was judged.
// It wraps the error of package card for the states that package has a name for.
type Error struct {
	Module   string // path of the module
	Function string // such as "C_Sign"
	Code     uint   // CK_RV
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s of %s: %s (0x%X)", e.Function, filepath.Base(e.Module), codeName(e.Code), e.Code)
}

// Unwrap returns the state of package card that the code stands for, or nil.
func (e *Error) Unwrap() error {
	switch e.Code {
	case ckrDeviceRemoved, ckrTokenNotPresent, ckrSlotIDInvalid, ckrSessionClosed, ckrSessionHandleInvalid:
		return card.ErrRemoved
	case ckrTokenNotRecognized, ckrFunctionNotSupported, ckrMechanismInvalid, ckrMechanismParamInvalid:
		return card.ErrUnsupported
	case ckrFunctionCanceled, ckrCancel:
		return card.ErrCancelled
	}
	return nil
}

// CrashError means that the module ended its helper process: it crashed, called exit or overwrote the pipe. The
// program is unharmed; the session with the card is over, and errors.Is tells so with card.ErrReset.
type CrashError struct {
	Module string // path of the module
	During string // what it was asked, such as "sign"
	State  string // how the process ended, such as "exit status 2"; empty where that is not known
}

func (e *CrashError) Error() string {
	return fmt.Sprintf("module %s ended its process during %q: %s", filepath.Base(e.Module), e.During, e.State)
}

// Unwrap returns card.ErrReset: what was open is over, and may be opened again.
func (e *CrashError) Unwrap() error { return card.ErrReset }

// TimeoutError means that the module did not answer in time. Its process was killed and the session with the
// card is over.
type TimeoutError struct {
	Module string // path of the module
	During string // what it was asked, such as "sign"
	After  time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("module %s did not answer to %q within %v", filepath.Base(e.Module), e.During, e.After)
}

// Unwrap returns card.ErrMute.
func (e *TimeoutError) Unwrap() error { return card.ErrMute }

// LoadError means that a file could not be loaded as a PKCS #11 module.
type LoadError struct {
	Module string // path of the module
	Reason string // as the system's loader tells it
}

func (e *LoadError) Error() string {
	return fmt.Sprintf("loading module %s: %s", filepath.Base(e.Module), e.Reason)
}

// Return values that something depends on, PKCS #11 v2.40 §A "manifest constants".
const (
	ckrOK                    = 0x000
	ckrCancel                = 0x001
	ckrSlotIDInvalid         = 0x003
	ckrGeneralError          = 0x005
	ckrFunctionFailed        = 0x006
	ckrArgumentsBad          = 0x007
	ckrDeviceError           = 0x030
	ckrDeviceRemoved         = 0x032
	ckrFunctionCanceled      = 0x050
	ckrFunctionNotSupported  = 0x054
	ckrKeyHandleInvalid      = 0x060
	ckrMechanismInvalid      = 0x070
	ckrMechanismParamInvalid = 0x071
	ckrPINIncorrect          = 0x0A0
	ckrPINLenRange           = 0x0A2
	ckrPINExpired            = 0x0A3
	ckrPINLocked             = 0x0A4
	ckrSessionClosed         = 0x0B0
	ckrSessionHandleInvalid  = 0x0B3
	ckrTokenNotPresent       = 0x0E0
	ckrTokenNotRecognized    = 0x0E1
	ckrTokenWriteProtected   = 0x0E2
	ckrUserAlreadyLoggedIn   = 0x100
	ckrUserNotLoggedIn       = 0x101
	ckrAlreadyInitialized    = 0x191
)

// codeNames names the return values that users meet.
var codeNames = map[uint]string{
	ckrOK: "CKR_OK", ckrCancel: "CKR_CANCEL", 0x002: "CKR_HOST_MEMORY", ckrSlotIDInvalid: "CKR_SLOT_ID_INVALID",
	ckrGeneralError: "CKR_GENERAL_ERROR", ckrFunctionFailed: "CKR_FUNCTION_FAILED", ckrArgumentsBad: "CKR_ARGUMENTS_BAD",
	0x00A: "CKR_CANT_LOCK", 0x011: "CKR_ATTRIBUTE_SENSITIVE", 0x012: "CKR_ATTRIBUTE_TYPE_INVALID",
	0x020: "CKR_DATA_INVALID", 0x021: "CKR_DATA_LEN_RANGE", ckrDeviceError: "CKR_DEVICE_ERROR", 0x031: "CKR_DEVICE_MEMORY",
	ckrDeviceRemoved: "CKR_DEVICE_REMOVED", ckrFunctionCanceled: "CKR_FUNCTION_CANCELED",
	ckrFunctionNotSupported: "CKR_FUNCTION_NOT_SUPPORTED", ckrKeyHandleInvalid: "CKR_KEY_HANDLE_INVALID",
	0x063: "CKR_KEY_TYPE_INCONSISTENT", 0x068: "CKR_KEY_FUNCTION_NOT_PERMITTED",
	ckrMechanismInvalid: "CKR_MECHANISM_INVALID", ckrMechanismParamInvalid: "CKR_MECHANISM_PARAM_INVALID",
	0x082: "CKR_OBJECT_HANDLE_INVALID", 0x090: "CKR_OPERATION_ACTIVE", 0x091: "CKR_OPERATION_NOT_INITIALIZED",
	ckrPINIncorrect: "CKR_PIN_INCORRECT", 0x0A1: "CKR_PIN_INVALID", ckrPINLenRange: "CKR_PIN_LEN_RANGE",
	ckrPINExpired: "CKR_PIN_EXPIRED", ckrPINLocked: "CKR_PIN_LOCKED", ckrSessionClosed: "CKR_SESSION_CLOSED",
	0x0B1: "CKR_SESSION_COUNT", ckrSessionHandleInvalid: "CKR_SESSION_HANDLE_INVALID",
	0x0B5: "CKR_SESSION_READ_ONLY", 0x0B7: "CKR_SESSION_READ_ONLY_EXISTS", ckrTokenNotPresent: "CKR_TOKEN_NOT_PRESENT",
	ckrTokenNotRecognized: "CKR_TOKEN_NOT_RECOGNIZED", ckrTokenWriteProtected: "CKR_TOKEN_WRITE_PROTECTED",
	ckrUserAlreadyLoggedIn: "CKR_USER_ALREADY_LOGGED_IN", ckrUserNotLoggedIn: "CKR_USER_NOT_LOGGED_IN",
	0x102: "CKR_USER_PIN_NOT_INITIALIZED", 0x103: "CKR_USER_TYPE_INVALID",
	0x104: "CKR_USER_ANOTHER_ALREADY_LOGGED_IN", 0x150: "CKR_BUFFER_TOO_SMALL",
	0x190: "CKR_CRYPTOKI_NOT_INITIALIZED", ckrAlreadyInitialized: "CKR_CRYPTOKI_ALREADY_INITIALIZED",
}

func codeName(code uint) string {
	switch name, ok := codeNames[code]; {
	case ok:
		return name
	case code >= 0x80000000:
		return "code of the maker"
	}
	return "unnamed code"
}

// Token flags, PKCS #11 v2.40 §3.4 CK_TOKEN_INFO.
const (
	flagUserPINSet   = 0x00000008
	flagProtectedPad = 0x00000100
	flagTokenReady   = 0x00000400
	flagCountLow     = 0x00010000
	flagFinalTry     = 0x00020000
	flagLocked       = 0x00040000
)

// verdict is what a judgement of a PIN came to. Only CKR_PIN_INCORRECT and CKR_PIN_LOCKED speak of the PIN.
// The final-try flag is believed only here, after a refusal: some modules raise flags before they know anything.
func verdict(module string, r reply, ref card.PINRef, limits card.PINInfo, puk bool) error {
	switch r.Code {
	case ckrOK:
		return nil
	case ckrPINIncorrect:
		e := &card.PINError{Ref: ref, PUK: puk, TriesLeft: card.UnknownTries}
		if t := r.Token; t != nil && !puk && t.Flags&flagFinalTry != 0 && t.Flags&flagLocked == 0 {
			e.TriesLeft = 1
		}
		return e
	case ckrPINLocked:
		return &card.PINError{Ref: ref, PUK: puk, Blocked: true}
	case ckrPINLenRange:
		return &card.FormatError{Ref: ref, PUK: puk && r.Function != "C_InitPIN", Min: limits.Min, Max: limits.Max}
	}
	err := &Error{module, r.Function, r.Code}
	if r.Code == ckrDeviceRemoved && r.Function != "C_GetSessionInfo" { // the card was there when the judgement began
		return &card.OutcomeUnknownError{Ref: ref, Err: err}
	}
	return err
}

// failure is the error of an answer that judged no PIN; nil where all went well.
func failure(module string, r reply) error {
	switch {
	case r.Fault != "":
		return &LoadError{module, r.Fault}
	case r.Code != ckrOK:
		return &Error{module, r.Function, r.Code}
	}
	return nil
}

// errStale means that the helper to which a session belonged is gone.
var errStale = fmt.Errorf("module was started anew: %w", card.ErrReset)

// gone tells whether an error means that the card is not there any more.
func gone(err error) bool { return errors.Is(err, card.ErrRemoved) }
