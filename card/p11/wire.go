package p11

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ceralacca/card"
)

// The wire between the program and its helper. Everything is a frame: four bytes of length, big-endian and not
// counting themselves, one byte of kind, the content. A request is one frame of JSON, followed by one frame for
// each of its secrets; an answer is one frame of JSON.

const (
	frameJSON   = 'J'
	frameSecret = 'S'

	maxFrame  = 4 << 20 // the certificates of a card are some kilobytes
	maxSecret = 64      // a card.PIN has at most 16 digits
)

var errFrame = errors.New("frame of the helper is malformed")

// An op is what a request asks for.
type op string

const (
	opLoad    op = "load"    // load Module and call C_Initialize; the first request of a helper
	opSlots   op = "slots"   // every slot, and a session with each token
	opRead    op = "read"    // the certificates of the token in Slot
	opLogin   op = "login"   // C_Login as the user; one secret, or none for a reader with keys
	opLogout  op = "logout"  // C_Logout
	opReset   op = "reset"   // resets the card in Reader, past the module
	opSetPIN  op = "setpin"  // C_Login, C_SetPIN; two secrets, or none
	opInitPIN op = "initpin" // C_Login as security officer, C_InitPIN; two secrets
	opSign    op = "sign"    // C_SignInit, C_Sign
)

// request is what the program asks of the helper.
type request struct {
	Op        op
	Module    string     `json:",omitempty"`
	Slot      uint       `json:",omitempty"`
	Session   uint       `json:",omitempty"` // slotInfo.Session of the insertion that is meant
	Reader    string     `json:",omitempty"`
	Key       []byte     `json:",omitempty"` // CKA_ID
	Modulus   []byte     `json:",omitempty"` // finds an RSA key whose CKA_ID is not its certificate's
	Mechanism uint       `json:",omitempty"`
	PSS       *pssParams `json:",omitempty"`
	Data      []byte     `json:",omitempty"`
	Secrets   int        `json:",omitempty"` // frames that follow
}

// pssParams is CK_RSA_PKCS_PSS_PARAMS.
type pssParams struct{ Hash, MGF, Salt uint }

// reply is the helper's answer. Code is what the module returned, CKR_OK where all went well, and Function the
// call that returned it. Fault is set where the module could not be called at all.
type reply struct {
	Code      uint       `json:",omitempty"`
	Function  string     `json:",omitempty"`
	Fault     string     `json:",omitempty"`
	Library   *library   `json:",omitempty"`
	Slots     []slotInfo `json:",omitempty"`
	Certs     []certInfo `json:",omitempty"`
	Keys      []keyInfo  `json:",omitempty"` // private keys, as far as they show
	Token     *tokenInfo `json:",omitempty"` // after a judgement: the flags may have changed
	Signature []byte     `json:",omitempty"`
}

// library is CK_INFO.
type library struct{ Maker, Description, Version string }

// slotInfo is CK_SLOT_INFO with the token in it.
type slotInfo struct {
	ID          uint
	Description string
	Present     bool
	// Session counts the sessions opened on this slot: a new one means a new insertion.
	Session uint
	Token   *tokenInfo
	Code    uint // why there is no Token although one is present
}

// tokenInfo is CK_TOKEN_INFO.
type tokenInfo struct {
	Label, Maker, Model, Serial string
	Flags, MinPIN, MaxPIN       uint
}

// certInfo is an X.509 certificate object.
type certInfo struct {
	ID, DER   []byte
	Authority bool // CKA_CERTIFICATE_CATEGORY says so
}

// keyInfo is a private key object.
type keyInfo struct {
	ID     []byte
	Always bool // CKA_ALWAYS_AUTHENTICATE
}

func writeJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > maxFrame {
		return fmt.Errorf("%d bytes: %w", len(b), errFrame)
	}
	frame := make([]byte, 5, 5+len(b))
	binary.BigEndian.PutUint32(frame, uint32(len(b)+1))
	frame[4] = frameJSON
	_, err = w.Write(append(frame, b...))
	return err
}

// writeSecret writes the digits from where they are: no copy of them is made on this side.
func writeSecret(w io.Writer, p *card.PIN) error {
	var err error
	p.Use(func(digits []byte) {
		var head [5]byte
		binary.BigEndian.PutUint32(head[:], uint32(len(digits)+1))
		head[4] = frameSecret
		if _, err = w.Write(head[:]); err == nil {
			_, err = w.Write(digits)
		}
	})
	return err
}

// readHead reads the head of a frame and returns the length of its content.
func readHead(r io.Reader, kind byte, limit int) (int, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if head[4] != kind || n == 0 || n-1 > uint32(limit) {
		return 0, errFrame
	}
	return int(n - 1), nil
}

func readJSON(r io.Reader, v any) error {
	n, err := readHead(r, frameJSON, maxFrame)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(n))) // grows with what comes, not with what is announced
	if err != nil {
		return err
	}
	if len(b) < n {
		return io.ErrUnexpectedEOF
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	return nil
}

// secret is a PIN in the helper, in one place that never moves.
type secret struct {
	b [maxSecret]byte
	n int
}

// readSecret reads a PIN straight into its place: r must not be buffered.
func readSecret(r io.Reader) (*secret, error) {
	n, err := readHead(r, frameSecret, maxSecret)
	if err != nil {
		return nil, err
	}
	s := new(secret)
	if _, err := io.ReadFull(r, s.b[:n]); err != nil {
		s.wipe()
		return nil, err
	}
	s.n = n
	return s, nil
}

func (s *secret) wipe() {
	if s != nil {
		clear(s.b[:])
		s.n = 0
	}
}
