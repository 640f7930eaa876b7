// Package trust knows whom to believe, and since when: trusted lists, certificate paths, revocation, qualification.
//
//	s, err := trust.Open(trust.Config{Assets: sub, Cache: dir})
//	err = s.Refresh(ctx)                 // list of lists, then national lists; signatures checked, kept atomically
//	st := s.Status(ctx)                  // which lists, how old
//	op, err := s.Judge(ctx, trust.JudgeOptions{Leaf: der, Pool: bag, At: t, Proven: true, OCSP: …, CRLs: …})
//
// A list is believed only for its signature: by a shipped anchor or, over pivots, by whom the anchors lead to (the
// list of lists, ETSI TS 119 615 §4.1), or by whom the list of lists names (national lists, TS 119 612). This holds
// for what lies on the disk as for what comes from the network. Lists of format 5 and 6 are read; others are refused
// with a [*VersionError]. A list that is older than the one in use, past its date, or signed by somebody else is
// refused with a [*ListError] and the one in use stays. Two generations are kept on disk, and a signed snapshot is
// shipped, so that the first judgement needs no network; Opinion and Status say how old what was used is.
//
// The pivots that led to the signer of the list of lists are kept with it, so that it is believed again after a restart.
//
// Judge gives the certificate's part of EN 319 102-1: an indication, a sub-indication and the qualification that a
// good signature would have. Embedded revocation data count first, then OCSP, then CRLs are asked for. A store that
// is offline opens no connection.
//
// Everything that a file brings is bounded: certificates, answers and lists looked at, signatures computed per
// judgement, nesting, size. What lies beyond a bound counts as absent, never as good.
//
// # What is not promised
//
// Certificate policies are processed but no policy is asked for. Delta CRLs are applied when they are handed over,
// not looked for. LDAP addresses are not asked. Times of list services before their first state count as "unknown".
//
// # Why
//
// Paths are built here and not by crypto/x509.Verify: that one refuses SHA-1 whatever the date, applies rules of TLS
// (extended key usage, name of a host) and does not tell which certificate failed and why; and it cannot hold the
// certificates that crypto/x509 refuses to parse. NIST's PKITS is the oracle.
//
// An anchor's own dates are not looked at: a list vouches for a key as long as it lists it, even when the
// certificate in it has expired (TS 119 612 §5.5.3), and the status of the service at the time in question decides.
// As EU DSS does, a service whose status is not "granted" still ends a path: the signature is then valid but not
// qualified, and a finding says why. Services are matched by key and name, not by certificate.
//
// "Revoked" and "expired" become FAILED only with a proof that signing happened later (JudgeOptions.NotBefore). A
// time-stamp after the revocation proves the time before which, not after which, the signature was made.
//
// Answers about a signer's certificate are to be at most a day old at the time judged; older ones leave TRY_LATER, also
// while their nextUpdate has not come. What comes with a time-stamp may be older, or a file of level LT could not be
// judged without a network on the day after; a finding says so. These rules, and whatever else hangs on a date, stand in
// rules.go and algorithm.go with the text that they are from.
package trust
