// Package filing holds what is about to be signed and sent against what the office that receives it accepts.
//
//	p := filing.ByID("registro-imprese")
//	findings, err := p.Run(ctx, filing.Filing{Files: files, Format: signer.CAdES, Signer: s}, time.Now())
//
// # What is promised
//
// A finding is a fact about a file, the set or the certificate, by a stable code, with the source that asks for it and
// the day on which that source was last read. Nothing is said about the law: an office may take more than it publishes,
// or less. A PDF/A claim is reported as a claim. No file is changed, none is held in memory, and no connection is opened.
//
// # What is not read
//
// The summary of a filing (distinta; U3R beside the data file U3T) is a PDF that Fedra, Starweb or DIRE makes. It is said
// to hold the forms as a person reads them and a form with the signers (an undated guide on Fedra 5.9, diazilla.com
// 537192), but no public page found until 22/11/2026 describes its layout, or says that names or digests of the
// attachments stand in it: not the last change of the specification of Fedra (DM 20/12/2024, version 7.03), which is about
// tables and checks of the data file, nor the pages of the chambers. So nothing is read out of it. What the chambers do say of it is a rule: it must be in the
// name of whoever signs it (Cuneo; Ferrara and Torino say the same). And a person can have it compared, with all other
// files, with what was downloaded.
//
// For want of a public source there are no rules for the resolution of scans, blank pages, the wording of declarations
// of conformity, time-stamps, or algorithms of signatures.
//
// # How it is built
//
// A [Profile] is an office and a procedure: a slice of [Check], written out in profiles.go. Its sources stand in
// sources.go. Rules that several offices share are functions in rules.go; what only one asks for stands beside it.
//
// # Why
//
// The rules are a table in Go and not a file beside the program: each needs a function, the compiler then holds code
// and table together, and one test goes over all of it. They change with the version of the program, whose date a
// person can see; words for them are in package app's texts, so that a rule without words fails a test.
package filing
