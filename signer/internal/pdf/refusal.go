package pdf

// Reason says why nothing can be appended to a file.
type Reason string

// The reasons of a [RefusalError].
const (
	DamagedFile       Reason = "damaged"             // the cross-reference had to be guessed; appending would guess too
	DocMDPForbids     Reason = "docmdp-1"            // certified without permission for any change
	NoSuchField       Reason = "no-such-field"       // no signature field has the name
	FieldLocked       Reason = "fieldmdp"            // an earlier signature locks the chosen field
	FieldSigned       Reason = "field-signed"        // the chosen field has a signature already
	FieldNotSignature Reason = "field-not-signature" // the chosen field is of another kind
	SeedValue         Reason = "seed-value"          // the field demands another format of signature
	Permissions       Reason = "permissions"         // the encrypted file's author does not allow it
	NeedsField        Reason = "needs-field"         // it takes a signature only in one of its several empty fields
	DynamicForm       Reason = "dynamic-xfa"         // pages exist only in an XFA engine
	NoSuchPage        Reason = "no-such-page"
	BadAppearance     Reason = "appearance" // the visible signature cannot be drawn as asked
	BadFont           Reason = "font"       // the font cannot be read or lacks a character
	BadPicture        Reason = "picture"
	ContentsTooLarge  Reason = "contents-too-large" // Need tells how many bytes the signature has
	ContentsMissing   Reason = "contents-missing"   // written before the signature was set
	TooLarge          Reason = "too-large"          // beyond the ten digits of a cross-reference table
	TooManyObjects    Reason = "too-many-objects"
)

// RefusalError refuses to append. The file is as it was.
type RefusalError struct {
	Reason Reason
	Detail string
	Need   int // for ContentsTooLarge
}

func (e *RefusalError) Error() string {
	if e.Detail != "" {
		return "pdf: not appended: " + string(e.Reason) + ": " + e.Detail
	}
	return "pdf: not appended: " + string(e.Reason)
}

func refuse(r Reason, detail string) *RefusalError { return &RefusalError{Reason: r, Detail: detail} }
