// Package card finds smart cards and uses the PINs and keys on them.
//
// A [Source] is one way to reach cards. [CNS] is the driver of this package for the Italian Carta Nazionale dei
// Servizi: it speaks command APDUs over a [Bus], which is the PC/SC service of the system (package pcsc) or a
// simulated one (package sim). Package p11 is a Source over the libraries of cards' makers, and [Join] makes one card
// of what both see.
//
//	src := card.Join(card.CNS(pcsc.New()), p11.Auto(p11.Options{}), card.JoinOptions{})
//	go src.Watch(ctx, show)               // snapshots of readers and cards, until ctx ends
//	t, err := src.Open(ctx, slot.ID)      // reads the holder, no PIN
//	defer t.Close()                       // drops the rights
//	keys, err := t.Keys(ctx)
//	err = t.Login(ctx, keys[0].PIN, pin)  // one VERIFY; the card is ours until Close
//	s, err := t.Signer(ctx, keys[0])      // a crypto.Signer
//
// # Threads
//
// Every call blocks until it is done and no goroutine outlives it. A Source is safe for concurrent use; the
// calls of a [Token] queue. A command that has left for the card cannot be stopped: ctx is looked at between
// commands.
//
// # Errors
//
// A card that goes away is [ErrRemoved], one that another program resets [ErrReset]; after either, Close and
// Open again. Only a [*PINError] speaks of the PIN: it is the card's own judgement. A [*StatusError] is any
// other answer, and then no PIN was judged. An [*OutcomeUnknownError] means that the link died with the
// judgement under way. VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER are never repeated.
//
// # Why
//
// There are two seams, Source and Bus, and no third ([Modules] is a Source with one question more). Bus is as low as the simulated card can sit, so the driver
// itself is what the tests test. Source exists because a PKCS #11 library has no APDUs.
//
// Cards are known by their historical bytes, not by a list of answers to reset, because every issuer buys its
// own chip. Files are selected step by step, by identifier, because that is what every maker's card can do.
// The key signs by PSO DECIPHER over a block that this package has padded, because that is the command which
// other programs use with real cards; COMPUTE DIGITAL SIGNATURE is the second choice.
//
// An empty VERIFY tells the tries left on some cards and costs a try on others. It is sent only to cards that
// the list in atr.go names, with its proof.
package card
