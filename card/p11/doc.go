// Package p11 reaches cards through PKCS #11 modules, the libraries of the cards' makers. It is for keys that the
// driver of package card cannot reach, above all the qualified signature key of chamber cards and tokens.
//
//	func main() {
//		if len(os.Args) > 1 && os.Args[1] == p11.WorkerArg {
//			os.Exit(p11.Serve(os.Stdin, os.Stdout))
//		}
//		src := card.Join(card.CNS(pcsc.New()), p11.Auto(p11.Options{}), card.JoinOptions{})
//		…
//
// [Auto] finds the modules that are installed, when a card needs them. [Source.Reports] tells how far each got on
// this machine: is there, is for this processor, loads, sees a card. [Probe] asks that anew. Where a person may choose a
// library while the program runs, [Join] takes the place of card.Join.
//
// # The helper
//
// Each module lives in a process of its own: this program, started a second time with [WorkerArg]. It is started
// when it is first needed and again after it ended. Requests and answers are frames on its standard input and
// output. A module that crashes or calls exit is a [*CrashError], one that does not answer in Options.Limit a
// [*TimeoutError]; either ends the sessions with its cards, which may be opened again. No request is repeated.
// When ctx ends during a call the helper is killed, for a function of a module cannot be stopped. The helper
// ends when its input closes, so also when the program dies. Source.Close ends all helpers.
//
// # PINs
//
// A PIN crosses the pipe as bytes in a frame of its own, written from the card.PIN itself and read into one
// place, from which the module gets it; the helper wipes that place when the call is over. It is never a string,
// nor part of a JSON text, an argument or an environment variable. What the module and the pipe's buffer in the
// kernel make of it cannot be wiped from here; the helper writes no image of its memory, and ends with the last
// session that had a login.
//
// Only CKR_PIN_INCORRECT and CKR_PIN_LOCKED are a card.PINError, and CKR_PIN_LEN_RANGE a card.FormatError. Every
// other return value is an [*Error] and says nothing of the PIN, CKR_USER_PIN_NOT_INITIALIZED among them. A
// helper that ends while a PIN is judged is a card.OutcomeUnknownError.
//
// A key with CKA_ALWAYS_AUTHENTICATE wants the PIN for every signature: call Login before each. Login has the
// card judge the PIN, then the helper holds it for the one signature that follows, in which it is given to the
// card again. A wrong PIN thus costs one try, and never shows in the middle of a signature.
//
// # Cards
//
// A module shows one slot for each PIN of a card. Slots with the name of one reader are one card, and so are slots
// whose names differ by a mark at the end if their tokens have the same serial number. A slot whose certificates
// are all for binding signatures has card.SignPIN; others have card.AuthPIN.
//
// # Why
//
// A fault in C code cannot be caught: it ends the whole process, and so does exit. Hence the helper. It is our own
// program, so there is one file to install and to trust.
//
// The calls that carry a PIN (C_Login, C_SetPIN, C_InitPIN) are made here, by a few lines of C over the
// functions that the module itself lists, because package pkcs11 takes PINs as strings and leaves copies in
// unwiped memory. Everything else goes through that package.
//
// One helper serves both the watching and the work of a module, because two processes at one card disturb
// each other. It keeps one session with each card: PKCS #11 lets a session die with its insertion, which tells a
// card that was quickly taken out and put back. C_WaitForSlotEvent is not used, for nothing can end it.
//
// C_Logout and C_Finalize need not take the rights from the card: OpenSC leaves it as it is, and any program
// could sign for as long as the card stays powered. So Close has the helper reset the card in the reader that the
// slot is named after, through the PC/SC service of the system.
//
// Flags of a token tell the tries left before any PIN, but not those of OpenSC, which calls every healthy CNS locked. And
// C_SetPIN is called only in a session that is logged in with the old PIN, because in one that is not, OpenSC may
// be set up to send it as an unblocking, with the old PIN in the place of the PUK. For the same reason
// Unblock goes through a module only where its maker documents it: with OpenSC as it is by default C_SetPIN with
// the PUK is sent as a change and costs a try of the PIN. We know of no such document for the
// cards at hand, so the list in Options is empty unless the caller knows better; card.CNS unblocks by command.
//
// A program should not watch with modules what its own driver can open: both talk to the card, and a module that stays
// keeps out programs that want the card for themselves. So a Source that is joined with the driver is asked once for
// an insertion, by Find, and its helper ends with the last session.
package p11
