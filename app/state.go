package app

import (
	"time"

	"ceralacca/app/lang"
	"ceralacca/card"
	"ceralacca/signer"
)

// The few types of the lower packages that a window shows, under names it may import.
type (
	// PIN is the wiped buffer that carries a PIN or PUK to the card.
	PIN = card.PIN
	// Report is the verdict on one file.
	Report = signer.Report
	// Signature is the verdict on one signature.
	Signature = signer.Signature
	// Kind is what a file is by its bytes.
	Kind = signer.Kind
)

// The kinds that a window tells apart: KindEnvelope is a p7m with its content, KindDetached one without.
const (
	KindEnvelope = signer.SignedData
	KindDetached = signer.DetachedCMS
	KindPDF      = signer.PDF
)

// NewPIN returns an empty PIN for a field to fill.
func NewPIN() *PIN { return card.NewPIN() }

// State is everything a window shows, at one moment. It is never changed once published; a section that did
// not change keeps its pointer, so a view compares pointers to see whether it has work.
type State struct {
	Cards  *Cards
	Docs   *Docs
	Adding *Adding // how far the looking at added files is; nil when none takes long
	Errand *Errand // what was asked for beside the pages and takes a while; nil when nothing does
	Filing *Filing // how Docs stands to the rules of whom it is for; nil while it is empty
	// Expected is what the person has said of Docs; nil when nothing was said.
	Expected *Expected
	Choices  *SignChoices
	Job      *Job
	// Interrupted is a signing job that an earlier run of the program did not finish; nil when there is none.
	Interrupted *Interrupted
	// Authorities are the configured time-stamp authorities.
	Authorities *Authorities
	MarkPicture *MarkPicture
	Stamping    *Stamping // nil before the first
	Verify      *Verification
	Preview     *Preview
	Folder      *Folder
	PINJob      *PINJob
	Trust       *Trust
	Doctor      *Doctor // nil before the first check-up
	Saved       *Saved
	Exercise    *Exercise
	Settings    *Settings
	Startup     *StartupState
	Library     *LibraryChoice
}

// CardPhase is one of the nine states of the card bar. It is derived from a snapshot, never stored by itself.
type CardPhase int

// The nine phases.
const (
	PhaseNoService CardPhase = iota
	PhaseNoReader
	PhaseEmpty
	PhaseMute
	PhaseUnsupported
	PhaseBusy
	PhaseReading
	PhaseReady
	PhaseBlocked
)

// Cards is what is in the readers.
type Cards struct {
	Phase CardPhase // of the chosen card, or of the readers when there is none
	List  []Card    // readers with a card, in the order of the system
	// Chosen is the index in List of the card that signs; -1 when there is none.
	Chosen int
	// Checking is set while the issuers of the chosen card's certificates are asked.
	Checking bool
	// Practice is set while the practice card is in use: every screen and output says so.
	Practice bool
	// Advice is what to do about Phase; nil when all is well.
	Advice *Advice
}

// Card returns the chosen card, or nil.
func (c *Cards) Card() *Card {
	if c == nil || c.Chosen < 0 || c.Chosen >= len(c.List) {
		return nil
	}
	return &c.List[c.Chosen]
}

// Card is a card as the window and the command line tell it.
type Card struct {
	Slot   string // card.Slot.ID
	Reader string
	Phase  CardPhase
	ATR    string // upper-case hex, for support
	Via    string // "native" or "pkcs11"
	// Library is the maker's library, with its version, that reaches what the driver does not; "" where none does.
	Library string

	Kind, Serial, Issuer string
	Surname, Name        string
	FiscalCode           string
	Birth                time.Time
	Issued, Expires      time.Time

	Certificates []Certificate
	PINs         []PINView
	Advice       *Advice
}

// Signing returns the certificate that signs on this card, or nil with the reason told by Advice.
func (c *Card) Signing() *Certificate {
	for i := range c.Certificates {
		if c.Certificates[i].CanSign {
			return &c.Certificates[i]
		}
	}
	return nil
}

// PIN returns the PIN that guards cert, or nil.
func (c *Card) PIN(cert *Certificate) *PINView {
	for i := range c.PINs {
		if cert != nil && c.PINs[i].Ref == cert.PIN {
			return &c.PINs[i]
		}
	}
	return nil
}

// BlockedPIN returns the PIN whose blocking keeps the card from what it is for: signing, or logging in on a card
// that does not sign. It is nil when that PIN is not blocked.
func (c *Card) BlockedPIN() *PINView {
	main := c.Signing()
	for i := range c.Certificates {
		if x := &c.Certificates[i]; main == nil && x.Use == ForLogin && c.signs() == nil {
			main = x
		}
	}
	if p := c.PIN(main); p != nil && p.Blocked {
		return p
	}
	return nil
}

// signs returns the qualified signature certificate even outside its validity, or nil.
func (c *Card) signs() *Certificate {
	for i := range c.Certificates {
		if c.Certificates[i].Use == ForSigning {
			return &c.Certificates[i]
		}
	}
	return nil
}

// Main returns the certificate that the card stands for on the screen: the one that signs, else the signature
// certificate outside its validity, else the first one. It is nil on a card without certificates.
func (c *Card) Main() *Certificate {
	if x := c.Signing(); x != nil {
		return x
	}
	if x := c.signs(); x != nil {
		return x
	}
	if len(c.Certificates) > 0 {
		return &c.Certificates[0]
	}
	return nil
}

// CertUse is the purpose of a certificate in plain terms.
type CertUse int

// The purposes that a person is told.
const (
	ForOther CertUse = iota
	ForSigning
	ForLogin
)

// Renewal is where a certificate stands in its renewal window, by the rule of its issuer ([Guides]).
type Renewal int

// The stages.
const (
	RenewalNone Renewal = iota // this certificate is not renewed
	RenewalTooEarly
	RenewalOpen
	RenewalLastDay
	RenewalClosed
	RenewalExpired
	RenewalNotYet // not valid yet
	RenewalUnsaid // whether and when it is renewed is not known here: the issuer says it
)

// Certificate is a certificate on a card, with what the holder needs to know of it.
type Certificate struct {
	ID        string
	Use       CertUse
	Qualified bool
	// CanSign is set for the qualified signature certificate inside its validity, unless its issuer is known to have
	// revoked or suspended it.
	CanSign    bool
	SubjectCN  string
	FiscalCode string
	IssuerCN   string
	IssuerO    string
	SubjectO   string
	SubjectOU  string // the administration that issued a CNS
	Serial     string // lower-case hex
	NotBefore  time.Time
	NotAfter   time.Time
	DaysLeft   int // whole days until NotAfter, in Italian time; negative once it is over
	Renewal    Renewal
	// RenewFrom and RenewUntil are the first and the last day on which it can be renewed; zero where it is not, or where
	// that is not known.
	RenewFrom, RenewUntil time.Time
	SHA256                string // lower-case hex
	KeyType               string // "RSA-2048", "P-256"
	DER                   []byte
	PIN                   card.PINRef
	// Status is what the issuer has said when the person asked; Withdrawn names the family of chips for which it has
	// revoked the certificate.
	Status    CertStatus
	Withdrawn string
	// AlwaysAsk is set when the card wants the PIN for every signature.
	AlwaysAsk bool
}

// PINView is a PIN with the tries left, as read without asking for it.
type PINView struct {
	Ref          card.PINRef
	Min, Max     int // digits of the PIN
	TriesLeft    int // card.UnknownTries when the card does not tell
	Blocked      bool
	Low          bool // there was a wrong PIN since the last right one; how many is not always known
	PUKTriesLeft int
	PUKBlocked   bool
	// WrongToday and PUKWrongToday count what the card refused today through this program. They are shown where
	// the card does not tell the tries left.
	WrongToday, PUKWrongToday int
	OnReader                  bool // typed on the reader's own keys
	// TypeWithin is, with OnReader, how long the reader waits for the first key; zero where nobody knows.
	TypeWithin     time.Duration
	CanUnblock     bool // the PUK can set a new PIN
	CanChangePUK   bool
	PUKMin, PUKMax int // digits of the PUK
}

// Tries is what is known of the tries left of the PIN, or of its PUK.
func (p *PINView) Tries(puk bool) Tries {
	if puk {
		return Tries{Left: p.PUKTriesLeft, WrongToday: p.PUKWrongToday}
	}
	return Tries{p.TriesLeft, p.WrongToday, p.Low}
}

// Tries is what is known of the tries left of a PIN or PUK.
type Tries struct {
	Left       int // card.UnknownTries when the card does not tell
	WrongToday int // refused today through this program
	// Low is set when the card tells of a wrong PIN since the last right one, be it typed anywhere.
	Low bool
}

// Last reports whether another wrong one may be the last: the card says so, or it says nothing and has refused two
// today, of the three that are usual.
func (t Tries) Last() bool { return t.Left == 1 || t.Left < 0 && t.WrongToday >= usualTries-1 }

// usualTries is the retry counter of a CNS (AgID, functional specification of the CNS 1.1.6).
const usualTries = 3

// Trust is the age of what verdicts stand on.
type Trust struct {
	// ItalianList is the issue date of the Italian trusted list in use; zero while it is being read, or without one.
	ItalianList time.Time
	OutOfDate   bool // its next update is due
	Lists       []ListReport
	Anchors     []Anchor // that the person added
	Authorities []Anchor // that the person added to vouch for servers
	Refreshing  bool
	Advice      *Advice // why the last refresh, or a change of the anchors, failed
}

// DocStatus is how far a file has come.
type DocStatus int

// The states of a file in the list.
const (
	DocReading DocStatus = iota // being looked at
	DocReady
	DocProblem // cannot be signed; Advice says why
	DocWaiting // in a running job, not begun
	DocSigning
	DocSigned
	DocFailed  // Advice says why
	DocStopped // the job ended before it
)

// Doc is a file in the list to sign.
type Doc struct {
	ID     int
	Path   string
	Name   string
	Size   int64
	Kind   Kind
	Status DocStatus
	// Examination has the signatures that the file bears already; nil when it could not be read. Existing is what is to
	// be done with an envelope; ExistingRefuse follows [SignChoices].
	Examination *Examination
	Existing    Existing
	// LoseArchive is set when the person accepted what Existing costs the earlier signatures of this file.
	LoseArchive bool
	// Original is the path of what a detached signature is over, as it lies beside it or as the person named it; empty
	// when that is not known. OriginalAdvice tells why the file that was named last is not it.
	Original       string
	OriginalAdvice *Advice
	// NotInside is set when signatures are to stand inside the PDF and this file, which is no envelope, cannot have one;
	// Status is DocProblem then.
	NotInside bool
	// Seen is the digest of the file as the person has looked at it; zero when nobody has.
	Seen [32]byte
	// Output is the path of the signed file, once there is one, and OutputSize its length in bytes.
	Output     string
	OutputSize int64
	// Result is how the file ended in the last job; nil before.
	Result *FileResult
	// Advice tells why the file cannot be signed or was not, or why a signed one is of a lower level than asked for.
	Advice *Advice
}

// Docs is the list to sign, in the order of arrival.
type Docs struct {
	List []Doc
	// Skipped is what was left out of the folders that were last added.
	Skipped []Skipped
}

// Authorities are the configured time-stamp authorities, in the order in which they are asked.
type Authorities struct {
	List []Authority
	// Password tells for each of List whether its password is in the system's keyring.
	Password []bool
	Advice   *Advice // why they could not be read or kept
}

// Job is the signing job that runs or that ended last; nil before the first.
type Job struct {
	Running    bool
	Cancelling bool // ends after the files that the card has signed
	Practice   bool
	Signer     string // subject's name
	Done       int    // files finished, well or not
	Total      int
	Signed     int
	Current    string // name of the file in hand
	Stamping   bool   // a time-stamp that failed is asked for again, on the person's word
	Ended      time.Time
	Advice     *Advice // why the job as a whole stopped; nil when it ran to its end
}

// Seal is the shape of a verdict.
type Seal int

// The three seals: blank cannot be confirmed, whole is valid, broken is not valid.
const (
	SealBlank Seal = iota
	SealWhole
	SealBroken
)

// Verdict is the report in three words, a reason and an action.
type Verdict struct {
	Seal   Seal
	Title  lang.Msg
	Reason lang.Msg
	Next   lang.Msg // empty Key when there is nothing to do
}

// Severity is how grave an advice is.
type Severity int

// The severities of an Advice.
const (
	SeverityInfo Severity = iota
	SeverityWarning
	SeverityDanger
)

// Link is an official page; the host is shown before it is opened.
type Link struct {
	Label lang.Msg
	URL   string // https only
}

// Advice is what a person is told instead of an error: what happened, and what to do next.
type Advice struct {
	Code     string
	Severity Severity
	Title    lang.Msg
	Body     lang.Msg
	// Here is Body where that sends to a page of the window, for this page itself and for whoever has no pages; zero
	// where Body sends nowhere.
	Here  lang.Msg
	Links []Link
	// After keeps a passing trouble from flashing: it is shown once it has lasted that long.
	After time.Duration
	// Detail is for support: the raw error, free of secrets and personal data.
	Detail string
}

// Settings are the person's choices. Every zero value is right.
type Settings struct {
	Language string `json:"language,omitempty"` // one of lang.Languages; empty follows the system
	Theme    string `json:"theme,omitempty"`    // "light", "dark", "contrast"; empty follows the system
	Scale    int    `json:"scale,omitempty"`    // per cent, 100 to 200; 0 means 100
	// ShowFiscalCode unmasks the codice fiscale on screen.
	ShowFiscalCode bool `json:"show_fiscal_code,omitempty"`
	// Profile is whom the files are for, of [FilingProfiles]; empty means nobody in particular.
	Profile string `json:"profile,omitempty"`
	// Offline opens no connection.
	Offline bool `json:"offline,omitempty"`
	// Library is the path of the maker's library that was chosen by hand; empty finds it. [Store.UseLibrary] changes it.
	Library string `json:"library,omitempty"`
}
