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
