package trust

import (
	"slices"
	"time"
)

// The rules of law that hang on a date or a number, each with the text that it stands in, read on 22 November 2026. A
// new one is written here and nowhere else; those of algorithms are in algorithm.go.

// leafFreshness is how old, at the time judged, the news about a signer's certificate may be.
//
// Commission Implementing Regulation (EU) 2025/1945, Annexes I and II, point 1(2)(iv), adapts ETSI TS 119 172-4
// REQ-4.2-03: RevocationFreshnessConstraints "with a maximum value of 24 hours for the signing certificate", no value
// for others "including certificates supporting time-stamps", and (iii) none for one that is an anchor itself. Without
// a value EN 319 102-1 §5.2.5 takes the time from thisUpdate to nextUpdate; where an answer has no nextUpdate, these 24
// hours serve for others too. The age counts from thisUpdate to the best-signature-time (§5.5.4 step 6), so that an
// answer from the day of a time-stamp, or from any time after it, is fresh for good.
const leafFreshness = 24 * time.Hour

// eIDASStart is the day from which Regulation (EU) No 910/2014 applies (art. 52(2)). Trusted lists have the states
// "granted" and "withdrawn" since, and state for what a service is granted.
var eIDASStart = day(2016, 7, 1)

// directiveEnd is the end of qualified certificates that were issued to natural persons under Directive 1999/93/EC,
// Regulation (EU) No 910/2014 art. 51(2) as amended by Regulation (EU) 2024/1183: "until 21 May 2026", which is until
// the end of that day, in Brussels. A certificate from before eIDASStart is taken for one of these.
//
// Art. 51(1), by which devices conforming to the Directive count until 21 May 2027, cannot be applied here: no
// certificate tells which device holds its key. It is for the authority to revoke such a certificate, or for the list to
// qualify it (QCNoQSCD).
var directiveEnd = day(2026, 5, 21).Add(22 * time.Hour)

// granted tells whether a service with that status may issue qualified certificates or time-stamps at the time t
// (ETSI TS 119 612 §5.5.4). Before eIDASStart the states of Decision 2009/767/EC said so: supervised, ceasing under
// supervision, or accredited. A service that is "recognised at national level", as the issuers of the CNS are, is in
// the list and is not qualified.
func granted(status string, t time.Time) bool {
	if status == "granted" {
		return true
	}
	return t.Before(eIDASStart) && slices.Contains([]string{"undersupervision", "supervisionincessation", "accredited"}, status)
}
