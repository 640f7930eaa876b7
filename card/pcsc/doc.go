// Package pcsc is the PC/SC service of the operating system as a card.Bus: pcscd on Linux, the framework of
// macOS, the Smart Card service of Windows.
//
// The service may be absent, stop and come back; readers and cards come and go. Wait tells all of that and
// recovers by itself: it asks for the whole list after each event and each second, and never believes an event
// alone.
//
// # Why
//
// Watching and working use separate PC/SC contexts, because a second call on a context that waits blocks until
// the wait is over. Each connection has a context of its own for the same reason.
//
// The binding, github.com/ebfe/scard, keeps the reader names of a wait alive in one global table by name, so a
// second wait for the same reader would take the memory away from under the first. Therefore one wait at a time
// runs in the whole process, and whoever asks meanwhile is given what the wait saw last.
//
// A connection is shared, so that other programs work too. Closing it resets the card if a PIN was presented:
// the rights would otherwise stay for half a second for any other program. If none was, the card is left alone,
// for a reset would end the session that a browser may have with it.
//
// SCardConnect, SCardBeginTransaction and SCardTransmit cannot be interrupted, on any system. The first two wait for as
// long as another program holds the card in a transaction. So they are waited for ten seconds, and then the card is
// busy; the call itself goes on, in a goroutine that ends with the other program's transaction. A command that has
// left for the card is waited for to its end.
package pcsc
