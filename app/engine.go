// Package app is the application without a window: the [Engine] does the work, the [Store] keeps what a window
// shows, and [Explain] is the one place where an error becomes words for people.
//
// # Two flows
//
// What is goes up as snapshots ([State]); what must be asked is a blocking call with an answer ([Asker]). A
// goroutine that waits in Asker.PIN is the state "waiting for the PIN": no PIN and no dialog is ever in the State.
//
// # How a file is signed
//
// [Engine.Sign] looks at every file before it asks for anything, reads the tries left, asks for the PIN once,
// opens the card, sends one VERIFY, signs the files and closes the card. Several files are in hand at once and queue for
// the card, so that it need not wait for the disk. Each output goes to a temporary
// file in the original's folder, is flushed, read back and verified twice (by our verifier and by one we did not
// write), and only then takes its name, never somebody else's.
//
// # Why
//
// The window and the command line call the same Engine and show the same [Advice], so each can stand in for the
// other: the command line is the way of people who cannot see the window.
//
// The practice card is a simulated CNS (package card/sim) behind the real driver. It is imported here, and not
// handed in by main, because it belongs to what the application offers and not to the machine it runs on.
package app

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"ceralacca/app/preview"
	"ceralacca/card"
	"ceralacca/signer"
)

// Config is what an Engine stands on. The zero value has no cards and trusts nobody.
type Config struct {
	Source card.Source // the cards of this machine; nil for none
	// Dir holds settings and the practice card; empty means that nothing is kept.
	Dir string
	// Anchors are certificates that the person trusts beside the official lists.
	Anchors []*x509.Certificate
	// Assets holds trust/ with the anchors and the snapshot of the trusted lists; nil trusts only Anchors.
	Assets fs.FS
	// Modules are the makers' PKCS #11 libraries behind Source; nil for none. New turns them to the one that the person
	// has chosen (Settings), or for this run to the one at the path Module.
	Modules Modules
	Module  string
	// Offline opens no connection: what is not at hand is told as not known. So does the person's choice to work
	// offline (Settings).
	Offline bool
	// CA is a PEM file with who vouches for servers beside the system's authorities, such as an office's proxy; it
	// stands in the place of the one that the person chose.
	CA string
	// Language, when it is set, stands for this run in the place of the one in the settings.
	Language string
	Now      func() time.Time // nil means time.Now
	// Startup starts the window with the session; nil where that is not offered.
	Startup Startup
	// Secrets keeps the passwords of time-stamp authorities; nil means the system's keyring.
	Secrets Secrets
}

// Engine does the work: each method blocks, takes a context and touches no State. It is safe for concurrent use.
type Engine struct {
	cfg      Config
	practice *practice // nil outside practice
	kept     *kept     // shared with the practice twin
	lists    *lists    // likewise
	journal  *journal
	helpers  preview.Helpers // that draw PDF pages
	// reminders are those of the machine's cards; the practice twin has none.
	reminders *reminders
	status    *statuses
	tokens    *sync.Map // how large the tokens of each authority are: *signer.TokenSizes by its address
}

// New returns an engine.
func New(c Config) *Engine {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Secrets == nil {
		c.Secrets = systemKeyring{}
	}
	e := &Engine{cfg: c, kept: new(kept), lists: new(lists), journal: newJournal(c.Dir, c.Now), reminders: newReminders(c.Dir), status: newStatuses(c.Dir), tokens: new(sync.Map)}
	e.useLibrary()
	return e
}

// WithPractice returns an engine that sees the practice card and nothing else, and trusts its issuer. The card
// is made on the first call and kept in Config.Dir; making it takes a second or two.
func (e *Engine) WithPractice(ctx context.Context) (*Engine, error) {
	p, err := openPractice(ctx, e.cfg.Dir, e.cfg.Now())
	if err != nil {
		return nil, fmt.Errorf("making the practice card: %w", err)
	}
	c := e.cfg
	c.Source = p.source
	c.Anchors = append([]*x509.Certificate{p.root}, c.Anchors...)
	return e.over(c, p), nil
}

// over returns an engine over a simulated card. Such a card forgets its tries when the program ends, so nothing is
// kept of it.
func (e *Engine) over(c Config, p *practice) *Engine {
	return &Engine{cfg: c, practice: p, kept: e.kept, lists: e.lists, journal: newJournal("", c.Now), reminders: newReminders(""), status: newStatuses(""), tokens: e.tokens}
}

// Practice reports whether this engine works with the practice card.
func (e *Engine) Practice() bool { return e.practice != nil }

// ExtraAnchors counts the trust anchors that the person added.
func (e *Engine) ExtraAnchors() int {
	if e.practice != nil {
		return len(e.anchors()) - 1
	}
	return len(e.anchors())
}

// Watch calls emit with what is in the readers, first at once and then after each change, until ctx ends.
func (e *Engine) Watch(ctx context.Context, emit func(card.Snapshot)) error {
	if e.cfg.Source == nil {
		emit(card.Snapshot{Err: card.ErrNoService})
		<-ctx.Done()
		return nil
	}
	return e.cfg.Source.Watch(ctx, emit)
}

// Look returns the first snapshot that Watch gives.
func (e *Engine) Look(ctx context.Context) (card.Snapshot, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var first *card.Snapshot
	err := e.Watch(ctx, func(s card.Snapshot) {
		if first == nil {
			first = &s
			cancel()
		}
	})
	switch {
	case first != nil:
		return *first, nil
	case err != nil:
		return card.Snapshot{}, err
	}
	return card.Snapshot{}, ctx.Err()
}

// Inspect reads the card in the slot without asking for a PIN and without spending a try.
func (e *Engine) Inspect(ctx context.Context, s card.Slot) (Card, error) {
	c := Card{Slot: s.ID, Reader: s.Reader, Phase: PhaseReading, ATR: atrText(s)}
	t, err := e.open(ctx, s.ID)
	if err != nil {
		return c, err
	}
	defer t.Close()
	in := t.Info()
	c.Kind, c.Serial, c.Issuer, c.Via, c.Library = in.Kind, in.Serial, in.Issuer, in.Via, in.Library
	c.Surname, c.Name, c.FiscalCode, c.Birth = in.Holder.Surname, in.Holder.Name, in.Holder.FiscalCode, in.Holder.Birth
	c.Issued, c.Expires = in.Issued, in.Expires
	keys, err := t.Keys(ctx)
	if err != nil {
		return c, fmt.Errorf("reading the certificates: %w", err)
	}
	for _, k := range keys {
		x := e.certificate(k)
		x.Status = e.status.of(x.SHA256)
		x.Withdrawn = e.withdrawn(in.Chip, &x)
		x.CanSign = x.CanSign && !x.Ended()
		c.Certificates = append(c.Certificates, x)
	}
	for i := range c.Certificates {
		x := &c.Certificates[i]
		x.setRenewal(e.cfg.Now(), e.guides().renewal(&c, x))
	}
	for _, p := range in.PINs {
		view, err := e.pinView(ctx, t, p)
		if err != nil {
			return c, err
		}
		c.PINs = append(c.PINs, view)
	}
	c.Phase = PhaseReady
	if c.BlockedPIN() != nil {
		c.Phase = PhaseBlocked
	}
	c.Advice = cardAdvice(&c)
	return c, nil
}

// certificate tells what k's certificate is for and how long it lasts.
func (e *Engine) certificate(k card.Key) Certificate {
	sum := sha256.Sum256(k.DER)
	c := Certificate{ID: k.ID, DER: k.DER, PIN: k.PIN, AlwaysAsk: k.AlwaysAsk, SHA256: hex.EncodeToString(sum[:])}
	x := k.Certificate
	if x == nil {
		return c
	}
	use := signer.Classify(x)
	c.Use, c.Qualified = useFor(use)
	d := signer.Describe(x)
	c.SubjectCN, c.IssuerCN, c.FiscalCode, c.Serial = d.SubjectCN, d.IssuerCN, d.FiscalCode, d.Serial
	c.IssuerO, c.SubjectO, c.SubjectOU = strings.Join(x.Issuer.Organization, ", "),
		strings.Join(x.Subject.Organization, ", "), strings.Join(x.Subject.OrganizationalUnit, ", ")
	c.NotBefore, c.NotAfter, c.KeyType = x.NotBefore, x.NotAfter, keyType(x)
	now := e.cfg.Now()
	c.CanSign = c.Use == ForSigning && !now.Before(x.NotBefore) && !now.After(x.NotAfter)
	return c
}

func useFor(u signer.Use) (CertUse, bool) {
	switch u {
	case signer.UseSign, signer.UseSignMixed:
		return ForSigning, true
	case signer.UseAuthCNS, signer.UseAuthCIE:
		return ForLogin, false
	}
	return ForOther, u == signer.UseSignNoQSCD || u == signer.UseSeal
}
