package preview

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
)

// This file is the language between the program and the helper that draws PDF pages. It is exported for package
// preview/pdfium alone.

// WorkerArg as the only argument makes the program the helper; see preview/pdfium.
const WorkerArg = "preview-helper"

// Op is what a message is about.
type Op string

// The operations. The program sends OpStart once, then OpOpen, OpPage and OpText, each answered by OpDone; before that
// the helper may send OpNeed any number of times, each answered by OpData.
const (
	OpStart Op = "start"
	OpOpen  Op = "open"
	OpPage  Op = "page"
	OpText  Op = "text"
	OpNeed  Op = "need"
	OpData  Op = "data"
	OpDone  Op = "done"
)

// Message is one frame: a few words, and bytes beside them.
type Message struct {
	Op     Op
	Size   int64 `json:",omitempty"` // of the file, in OpOpen
	Offset int64 `json:",omitempty"` // in OpNeed
	N      int   `json:",omitempty"` // bytes wanted in OpNeed
	Page   int   `json:",omitempty"` // from 0
	// Width and Height are pixels: the most there may be in OpPage, those there are in its answer.
	Width, Height int    `json:",omitempty"`
	Points        Size   `json:",omitzero"`  // the page in points, as it is shown, in the answer to OpPage
	Facts         *Facts `json:",omitempty"` // in the answer to OpOpen
	Fault         Fault  `json:",omitempty"` // in OpDone: why it was not done
	Bytes         []byte `json:"-"`
}

// Size is a width and a height.
type Size struct{ Width, Height float64 }

// Fault says why the helper could not do as asked.
type Fault string

// The faults.
const (
	FaultPassword Fault = "password" // the file is encrypted with a password to open it
	FaultDamaged  Fault = "damaged"  // PDFium cannot read it
	FaultPage     Fault = "page"     // there is no such page, or PDFium fails on it; the helper ends
	FaultShape    Fault = "shape"    // the page is out of all proportion
)

// Facts are what PDFium tells of a whole PDF.
type Facts struct {
	Pages      int
	Signatures int
	// SignedTo is the end of the longest range that a signature covers; 0 where no field is signed yet.
	SignedTo int64
}

// The limits of a frame.
const (
	maxWords  = 64 << 10
	maxBytes  = 4 * MaxPixels
	maxNeeded = 4 << 20
)

// MaxPixels is how large a drawn page may be.
const MaxPixels = 16 << 20

// errFrame means that what came is not of this language.
var errFrame = errors.New("malformed message between program and preview helper")

// WriteMessage writes m with its bytes.
func WriteMessage(w io.Writer, m *Message) error {
	words, err := json.Marshal(m)
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(words)))
	head = binary.BigEndian.AppendUint32(head, uint32(len(m.Bytes)))
	if _, err := w.Write(append(head, words...)); err != nil || len(m.Bytes) == 0 {
		return err
	}
	_, err = w.Write(m.Bytes)
	return err
}

// ReadMessage reads a message. The other side may be under a hostile file's control: lengths are bounded.
func ReadMessage(r io.Reader) (*Message, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	words, n := binary.BigEndian.Uint32(head[:4]), binary.BigEndian.Uint32(head[4:])
	if words > maxWords || n > maxBytes {
		return nil, errFrame
	}
	text := make([]byte, words)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	m := &Message{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, errors.Join(errFrame, err)
	}
	m.Bytes = make([]byte, n)
	_, err := io.ReadFull(r, m.Bytes)
	return m, err
}
