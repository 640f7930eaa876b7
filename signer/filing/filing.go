package filing

import (
	"context"
	"crypto/x509"
	"path/filepath"
	"strings"
	"time"

	"ceralacca/signer"
)

// Filing is what is about to be signed and sent.
type Filing struct {
	Files []File
	// Format is the one chosen for the signatures; Auto means CAdES, as for [signer.Sign].
	Format signer.Format
	// Signer is nil when nothing is known of the card yet; the checks of the certificate are then left out.
	Signer *Signer
}

// File is a document of the filing.
type File struct {
	Name     string // without folders
	Document *signer.Document
	// Original is the digest of the file as the portal made it; zero when it is not known.
	Original [32]byte
	// Again is set when the file is an envelope that is to be signed once more on purpose.
	Again bool
	// Validated is what a PDF/A validator said; ValidationUnknown without one.
	Validated Validation
}

// Validation is the verdict of a PDF/A validator.
type Validation int

// The verdicts.
const (
	ValidationUnknown Validation = iota
	ValidationPassed
	ValidationFailed
)

// Signer is who is about to sign.
type Signer struct {
	Certificate *x509.Certificate
	// Status is what the issuer was heard to say; StatusUnknown when nobody asked.
	Status Status
	// Chip is the family of chips for whose sake the certificate was revoked; empty otherwise.
	Chip string
	// Named are the codici fiscali of those who are to sign; empty when that is not known.
	Named []string
}

// Status is the state of a certificate by its issuer.
type Status int

// The states.
const (
	StatusUnknown Status = iota
	StatusGood
	StatusRevoked
	StatusSuspended
)

// Check is one rule.
type Check struct {
	Code string // kebab-case; its words are filing.<code>.title, .why and .mend
	// Severity is Error for what will be refused, Warning for what may be, Info for what is good to know.
	Severity signer.Severity
	Source   Source
	// From and Until bound the days on which the rule holds; zero leaves that side open.
	From, Until time.Time
	run         func(*examined) []hit
}

// hit is a case of a rule: the file, or all for the set and the signer, and facts for the sentence.
type hit struct {
	file int
	args map[string]string
}

const all = -1

// Finding is a rule that is not kept.
type Finding struct {
	signer.Finding
	File   int // index in Filing.Files; -1 when it concerns the set or the signer
	Source Source
	From   time.Time // since when; zero when the source does not tell
}

// Profile is what one office asks in one procedure.
type Profile struct {
	ID     string
	Format signer.Format // what it wants; Auto when it takes any
	Checks []Check
}

// ByID finds a profile; nil when there is none of that name.
func ByID(id string) *Profile {
	for i, p := range Profiles() {
		if p.ID == id {
			return &Profiles()[i]
		}
	}
	return nil
}

// Run holds the filing against every rule in force at the moment at. The findings are in the order of the profile, those
// of one rule in the order of the files. The error says that a file could not be read, or that ctx has ended.
func (p *Profile) Run(ctx context.Context, f Filing, at time.Time) ([]Finding, error) {
	e := &examined{Filing: f, profile: p, at: at}
	if err := e.look(ctx); err != nil {
		return nil, err
	}
	var out []Finding
	for _, c := range p.Checks {
		if !c.From.IsZero() && at.Before(c.From) || !c.Until.IsZero() && !at.Before(c.Until) {
			continue
		}
		for _, h := range c.run(e) {
			out = append(out, Finding{
				Finding: signer.Finding{Code: c.Code, Severity: c.Severity, Cite: c.Source.What, Args: h.args},
				File:    h.file, Source: c.Source, From: c.From,
			})
		}
	}
	return out, nil
}

// examined is a filing with what was found by looking into its files, before any rule.
type examined struct {
	Filing
	profile *Profile
	at      time.Time
	files   []look
	use     signer.Use
}

// look is what is known of one file.
type look struct {
	File
	*signer.Facts
	ext  string // lower case, with the dot
	kind signer.Kind
	size int64
	sum  [32]byte // zero when no rule needs it
}

func (e *examined) look(ctx context.Context) error {
	sizes := map[int64]int{}
	for _, f := range e.Files {
		sizes[f.Document.Size()]++
	}
	for _, f := range e.Files {
		facts, err := signer.FactsOf(ctx, f.Document)
		if err != nil {
			return err
		}
		l := look{File: f, Facts: facts, ext: strings.ToLower(filepath.Ext(f.Name)), kind: f.Document.Kind(), size: f.Document.Size()}
		if sizes[l.size] > 1 || f.Original != [32]byte{} { // files of different sizes are not alike
			if l.sum, err = f.Document.SHA256(ctx); err != nil {
				return err
			}
		}
		e.files = append(e.files, l)
	}
	if e.Signer != nil && e.Signer.Certificate != nil {
		e.use = signer.Classify(e.Signer.Certificate)
	}
	return nil
}

// each makes a rule of a question about one file. The answer is nil when the rule is kept.
func each(broken func(*look) map[string]string) func(*examined) []hit {
	return func(e *examined) []hit {
		var hits []hit
		for i := range e.files {
			if args := broken(&e.files[i]); args != nil {
				args["name"] = e.files[i].Name
				hits = append(hits, hit{i, args})
			}
		}
		return hits
	}
}

// when is the answer of a rule that has no facts beside the file's name.
func when(broken bool) map[string]string {
	if broken {
		return map[string]string{}
	}
	return nil
}

// one is the hit of a rule on the set or the signer.
func one(broken bool, args ...string) []hit {
	if !broken {
		return nil
	}
	m := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	return []hit{{all, m}}
}
