package card

// Library is how far a PKCS #11 library of a card's maker gets on this machine.
type Library struct {
	Name  string // of the file, without its folder
	State LibraryState
	Cards int
	Err   error // what stopped it; nil when it works
}

// LibraryState is that in a word. It is stable: support files carry it.
type LibraryState string

// The states.
const (
	LibraryWorks    LibraryState = "works"
	LibraryWrongCPU LibraryState = "cpu" // built for another processor
	LibraryFails    LibraryState = "fails"
)
