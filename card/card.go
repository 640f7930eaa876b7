package card

import (
	"context"
	"crypto"
	"crypto/x509"
	"slices"
	"time"
)

// Source is one way to reach cards: the native CNS driver over a [Bus], or a PKCS#11 module.
type Source interface {
	// Watch calls emit with everything visible, first at once and then after each change, until ctx ends;
	// it then returns nil. Trouble of the service is told in Snapshot.Err and mended by Watch itself.
	// emit is called from one goroutine and must not block.
	Watch(ctx context.Context, emit func(Snapshot)) error
	// Open starts a session with the card in the slot, named by [Slot.ID]. It returns an error
	// wrapping [ErrRemoved] when that insertion is over, even if a card is in the same reader again.
	Open(ctx context.Context, slot string) (Token, error)
}

// Snapshot is everything a Source sees at one moment; the newest one is the whole truth.
type Snapshot struct {
	Slots []Slot
	// Err is nil while the service works; otherwise it wraps [ErrNoService].
	Err error
}

// SlotState is what a reader holds.
type SlotState int

// The states of a slot.
const (
	Empty       SlotState = iota // no card
	Present                      // a card that this Source may be able to open
	Busy                         // held exclusively by another program
	Mute                         // a card that does not answer
	Unsupported                  // a card that this Source knows nothing of
)

// Slot is a reader and what is in it.
type Slot struct {
	// ID names one insertion of one card: it changes when the card is taken out and put back.
	ID     string
	Reader string // the system's name of the reader
	State  SlotState
	ATR    []byte // answer to reset, ISO 7816-3 §8; nil when there is no card
	PINPad bool   // the reader has keys of its own
	// Revision grows when more of the same card has come within reach since the last snapshot, such as a key that
	// only its maker's library uses: whoever shows the card opens and reads it again. ID stays.
	Revision int
}

// Token is a session with an open card. Its calls queue: one at a time reaches the card.
type Token interface {
	// Info tells what was read when the card was opened.
	Info() Info
	// Keys lists the certificates with a private key on the card, in the order of the card's files.
	Keys(ctx context.Context) ([]Key, error)
	// PINStatus tells the tries left. It never costs a try: where the card has no harmless way to tell,
	// TriesLeft is [UnknownTries].
	PINStatus(ctx context.Context, r PINRef) (PINStatus, error)
	// Login sends exactly one VERIFY. A nil pin means that it is typed on the reader. From here to Close
	// the card is held in one transaction; Close drops the rights. A refusal is a [*PINError].
	// The caller keeps pin and wipes it.
	Login(ctx context.Context, r PINRef, pin *PIN) error
	// ChangePIN sends exactly one CHANGE REFERENCE DATA. A refusal is a [*PINError]. Both PINs nil means that
	// they are typed on the reader, the new one twice; a reader that cannot is [ErrUnsupported], and one nil
	// without the other a [*FormatError]. Nothing was sent then.
	ChangePIN(ctx context.Context, r PINRef, old, replacement *PIN) error
	// Unblock sets a new PIN with the PUK that guards it, by exactly one RESET RETRY COUNTER.
	// A refused PUK is a [*PINError] with PUK set. Both nil are typed on the reader, as for ChangePIN.
	Unblock(ctx context.Context, r PINRef, puk, replacement *PIN) error
	// ChangePUK replaces the PUK that guards the PIN r, by exactly one CHANGE REFERENCE DATA. A refusal is a
	// [*PINError] with PUK set, and spends one of the tries after which the card is dead. It is
	// [ErrUnsupported], and nothing was sent, where [PINInfo.CanChangePUK] is not set; a card that has the
	// command and does not allow it is ErrUnsupported too. Both nil are typed on the reader.
	ChangePUK(ctx context.Context, r PINRef, old, replacement *PIN) error
	// Signer gives the private key of k. Sign takes the digest and the options of [crypto.Signer]
	// (PKCS#1 v1.5 and, for *rsa.PSSOptions, PSS); it may also be a crypto.Decrypter. Every signature
	// is verified with the certificate before it is returned. It is bound to ctx and to the session.
	Signer(ctx context.Context, k Key) (crypto.Signer, error)
	// Close ends the session and drops the rights that Login gave.
	Close() error
}

// Info is what a card tells of itself without a PIN. Absent facts are zero.
type Info struct {
	Kind    string // "CNS"
	Serial  string // ID_Carta
	Label   string // a name for lists, such as the holder's
	Via     string // "native", "pkcs11", or "native+pkcs11" for a card that Join has put together
	Library string // of its maker, file name and version, that reaches keys the driver does not; "" where none does
	ATR     []byte
	Chip    Chip // zero where the answer to reset does not tell
	Holder  Holder
	Issuer  string    // code or name of the issuing administration, as on the card
	Issued  time.Time // date only, UTC midnight
	Expires time.Time // date only, UTC midnight
	PINs    []PINInfo
}

// clone shares no memory with i.
func (i Info) clone() Info {
	i.PINs, i.ATR = slices.Clone(i.PINs), slices.Clone(i.ATR)
	i.Chip.Historical = slices.Clone(i.Chip.Historical)
	return i
}

// Chip is what the historical bytes of a CNS tell of its hardware and mask: what a rule about a family of chips
// looks at. It never proves alone that such a rule is about this card.
type Chip struct {
	Historical []byte  // the bytes themselves
	IC, Mask   byte    // maker of the chip (ISO/IEC 7816-6) and of the operating system
	System     [2]byte // the mask's own number and version
	Version    byte    // of the CNS: 10 hex is 1.0, 11 hex is 1.1
	Maker      string  // of the mask in plain words, such as "ST Incard"; "" where it is not known
}

// Holder is the person named in EF.Dati_personali.
type Holder struct {
	Surname, Name string
	FiscalCode    string    // codice fiscale
	Birth         time.Time // date only, UTC midnight
}

// Key is a private key on the card with its certificate.
type Key struct {
	ID  string // stable for the card: the certificate's file path or CKA_ID in hex
	DER []byte // the certificate as on the card
	// Certificate is nil when the standard library cannot parse DER.
	Certificate *x509.Certificate
	PIN         PINRef // the PIN that guards it
	Via         string // "native" or "pkcs11": what uses the key
	// AlwaysAsk is set when the card wants the PIN for every signature (CKA_ALWAYS_AUTHENTICATE).
	AlwaysAsk bool
}

// PINRef is the reference data qualifier of a PIN (ISO 7816-4 §7.5.1, P2 of VERIFY) as the file system of
// the CNS assigns it: the numbers are those of OpenSC's pkcs15-itacns.c. The PUK of a PIN has the next number.
type PINRef byte

// The PINs of the CNS file system.
const (
	AuthPIN PINRef = 0x10 // guards the authentication key
	SignPIN PINRef = 0x1A // guards the qualified signature key
)

// PINInfo is a PIN that the card has, with the limits for a new value.
type PINInfo struct {
	Ref            PINRef
	Min, Max       int  // digits
	MinPUK, MaxPUK int  // digits of the PUK; zero where Unblock cannot work
	OnReader       bool // is typed on the reader's own keys: the calls of Token take nil for it
	// TypeWithin is, with OnReader, how long the reader waits for the first key; zero where nobody knows.
	TypeWithin   time.Duration
	CanReset     bool // Unblock can work
	CanChangePUK bool // ChangePUK is worth trying: nothing known says that the card refuses it
}

// UnknownTries means that the card does not tell how many tries are left.
const UnknownTries = -1

// PINStatus is the retry counter of a PIN and of its PUK.
type PINStatus struct {
	TriesLeft    int // UnknownTries where the card does not tell
	Blocked      bool
	Low          bool // at least one wrong PIN since the last right one, though the number may be unknown
	PUKTriesLeft int  // UnknownTries where the card does not tell
	PUKBlocked   bool
}

// Bus is the APDU-level seam: the PC/SC service of the system (package pcsc) or a simulated one (package sim).
type Bus interface {
	// Wait returns the readers as soon as they differ from seen, or when ctx ends. A nil seen returns at once.
	// An error wraps ErrNoService; the caller waits and asks again.
	Wait(ctx context.Context, seen []Reader) ([]Reader, error)
	// Connect opens the card that has been in the reader since the given Reader was reported.
	// It fails with [ErrRemoved] when Reader.Insertion is over.
	Connect(ctx context.Context, r Reader) (Conn, error)
}

// Reader is a reader as the Bus sees it.
type Reader struct {
	Name      string
	State     SlotState
	ATR       string // raw bytes; a string so that Reader is comparable
	Insertion uint64 // counts the cards put into this reader
	PINPad    bool
}

// Conn is a connection with a card.
type Conn interface {
	// Transmit sends one command APDU and returns the response with its status word, at least two bytes.
	// A reader's T=0 answers 61XX and 6CXX reach the caller as they are.
	Transmit(apdu []byte) ([]byte, error)
	Begin() error // starts a transaction: no other program reaches the card until End
	End() error
	// Close ends the transaction and disconnects. Where a PIN was presented through this connection it resets
	// the card, so that the rights are gone; otherwise it leaves the card, and the rights that other programs
	// have on it, alone.
	Close() error
}

// TypeWithin is how long a reader with keys is to wait for the first key of a PIN, and for the end of it after that
// (bTimeOut and bTimeOut2 of PC/SC part 10 §2.5.2). It is what a person needs, and other programs give the same.
const TypeWithin = 30 * time.Second

// PadConn is a Conn to a reader with keys of its own. It gives whoever types [TypeWithin].
type PadConn interface {
	Conn
	// TransmitPIN lets the reader ask for the PIN of min to max digits, put it into the command
	// (FEATURE_VERIFY_PIN_DIRECT, PC/SC part 10) and send it.
	TransmitPIN(ctx context.Context, apdu []byte, min, max int) ([]byte, error)
	// TransmitPINs lets the reader ask for a secret and, twice, for the one that replaces a secret, both of min
	// to max digits, put them into the first and the second block of eight bytes of the command's data
	// (FEATURE_MODIFY_PIN_DIRECT) and send it. A reader that cannot is [ErrUnsupported]; nothing was sent then.
	TransmitPINs(ctx context.Context, apdu []byte, min, max int) ([]byte, error)
}
