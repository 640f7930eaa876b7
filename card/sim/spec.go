package sim

import (
	"crypto/rsa"
	"time"
)

// Card is what a simulated card is personalised with. The zero value of each switch is the tolerant card.
type Card struct {
	Reader   string // name of its reader; empty for one made up
	ATR      []byte // answer to reset
	ID       string // ID_Carta, sixteen digits; empty for a card without the file
	Personal []byte // EF.Dati_personali as on the card; nil for a card without the file
	Auth     *Keyset
	Sign     *Keyset
	Layout   Layout

	// Applet hides the qualified signature, with its PIN, in an application of the maker: whoever does not select
	// that by its name finds nothing. So it is with the cards whose key only the maker's library reaches.
	Applet bool

	EmptyVerify EmptyVerify
	EOF         EOF
	NoExtended  bool // refuses extended APDUs with 6700
	NoChaining  bool // refuses chained APDUs with 6E00
	NoDecipher  bool // refuses PSO DECIPHER with 6D00, so that only PSO COMPUTE DIGITAL SIGNATURE signs
	OnlyMaster  bool // finds PINs in folders only with the search bit, as cards of ST do: 9A and not 1A
	OnlyUpward  bool // knows PIN references only with the search bit: 90 and not 10
	T0          bool // answers with 61XX and 6CXX as a T=0 reader hands them on
	Hide6983    bool // tells 63C0 where other cards tell that the PIN is blocked
	NoCounter   bool // tells 6300 in place of 63CX
	Mute        bool // does not answer
	FixedPUK    bool // does not let the PUK be changed, 6985
	PINPad      bool // sits in a reader with keys
	PadVerifies bool // with PINPad: those keys give a PIN for VERIFY and nothing else
	Latency     time.Duration
}

// Keyset is a private key with its certificate, the PIN that guards it and the PUK of the PIN.
type Keyset struct {
	Key         *rsa.PrivateKey
	Certificate []byte // DER
	Fill        int    // size of the file; the rest after the certificate is zeros
	PIN, PUK    string // digits
	PINTries    int    // tries left at first; 0 means 3, negative means blocked
	PUKTries    int    // the same
	OneShot     bool   // the PIN is used up by one signature
	OnePIN      bool   // of Card.Sign: the PIN and the PUK are those of Card.Auth
}

// Layout is where the card keeps its authentication certificate.
type Layout int

// The layouts that OpenSC knows.
const (
	Classic    Layout = iota // 3F00/1100/1101, key 01
	InfoCamere               // 3F00/2FFF/8228 behind a header of five bytes, key 21
	IDEMIA2021               // 3F00/1400/9001/2002, key 02 in 1400/9002
)

// EmptyVerify is what the card does with VERIFY without data; ISO 7816-4 asks for a query, real cards differ.
type EmptyVerify int

// The ways of real cards.
const (
	Query      EmptyVerify = iota // tells the tries left
	WrongLen                      // answers 6700
	CountsATry                    // counts it as a wrong PIN
)

// EOF is what the card answers to READ BINARY at the end of a file.
type EOF int

// The ways of real cards.
const (
	WrongOffset EOF = iota // 6B00
	Warning                // 6282
	Nothing                // 9000 without data
)
