// Package tsp speaks the Time-Stamp Protocol (RFC 3161, RFC 5816) and reads and writes TimeStampedData (RFC 5544).
//
//	tok, err := (&tsp.Client{URL: u}).Stamp(ctx, crypto.SHA256, digest) // asks once, checks everything
//	tok, err := tsp.Parse(b)                                            // TST or TSR, told by content
//	res := tok.Check()                                                  // mathematics and form, no trust
//	tsd, err := tsp.ParseStamped(ctx, r, size)                          // TSD: content and its tokens
//	err = tsp.WriteStamped(ctx, w, content, size, meta, tokens)         // TSD
//
// Whether the authority is to be believed is decided in package trust, from Token.Signer.
//
// [Web] is the door to the network for this package and for trust: it bounds what is read and does not let the
// addresses in a stranger's file reach this machine.
//
// # Why
//
// A request may cost a prepaid mark, so a client that gets an answer, however bad, must not ask again; retrying is
// a person's decision. For the same reason redirects that would turn the POST into something else are refused.
//
// The content of a TSD is streamed by offset: a stamped file may have gigabytes, its tokens have kilobytes.
package tsp
