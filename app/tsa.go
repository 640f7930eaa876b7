package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"ceralacca/signer"
	"ceralacca/signer/trust"
)

// Authority is a time-stamp authority of the person's. Its password is in the system's keyring, never in a file.
type Authority struct {
	Name string `json:"name,omitempty"` // as the person calls it; empty shows the host of URL
	URL  string `json:"url"`            // http or https, without a user
	User string `json:"user,omitempty"` // HTTP Basic; empty for none
}

// Title is how the authority is called in a list.
func (a *Authority) Title() string {
	if a.Name != "" {
		return a.Name
	}
	if u, err := url.Parse(a.URL); err == nil && u.Host != "" {
		return u.Host
	}
	return a.URL
}

// check refuses what cannot be the address of an authority.
func (a *Authority) check() error {
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return &AuthorityError{a.URL}
	}
	return nil
}

// AuthorityError means that an address cannot be that of a time-stamp authority, or that no authority has that name.
type AuthorityError struct{ Name string }

func (e *AuthorityError) Error() string { return fmt.Sprintf("no time-stamp authority %q", e.Name) }

// Secrets keeps passwords. Get of what is not there gives an empty one without an error.
type Secrets interface {
	Get(service, user string) (string, error)
	Set(service, user, password string) error
	Delete(service, user string) error
}

// SecretsError means that the system's keyring cannot be used: it is locked, or there is none.
type SecretsError struct{ Err error }

func (e *SecretsError) Error() string { return "system keyring: " + e.Err.Error() }

// Unwrap returns what the keyring said.
func (e *SecretsError) Unwrap() error { return e.Err }

// systemKeyring is the keyring of the desktop: Secret Service, Keychain, Credential Manager.
type systemKeyring struct{}

func (systemKeyring) Get(service, user string) (string, error) {
	p, err := keyring.Get(service, user)
	if errors.Is(err, keyring.ErrNotFound) {
		return "", nil
	}
	return p, err
}

func (systemKeyring) Set(service, user, password string) error {
	return keyring.Set(service, user, password)
}

func (systemKeyring) Delete(service, user string) error {
	if err := keyring.Delete(service, user); !errors.Is(err, keyring.ErrNotFound) {
		return err
	}
	return nil
}

const keyringService = "it.ceralacca.Ceralacca"

// keyringUser names the password of a in the keyring: one user may have accounts at several authorities.
func keyringUser(a Authority) string { return a.User + " " + a.URL }

func (e *Engine) authoritiesFile() string { return filepath.Join(e.cfg.Dir, "authorities.json") }

// Authorities are the configured time-stamp authorities in the order in which they are asked; none without a file.
func (e *Engine) Authorities() ([]Authority, error) {
	if e.cfg.Dir == "" {
		return nil, nil
	}
	b, err := os.ReadFile(e.authoritiesFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []Authority
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the time-stamp authorities: %w", err)
	}
	return list, nil
}

// SaveAuthorities keeps the list. An address that is no http or https URL, or that carries a user, is refused with an
// [*AuthorityError]. Passwords of authorities that are no longer on the list leave the keyring.
func (e *Engine) SaveAuthorities(list []Authority) error {
	keep := map[string]bool{}
	for _, a := range list {
		if err := a.check(); err != nil {
			return err
		}
		keep[keyringUser(a)] = true
	}
	old, err := e.Authorities()
	if err != nil {
		old = nil // an unreadable list is replaced
	}
	if e.cfg.Dir == "" {
		return nil
	}
	b, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		return fmt.Errorf("keeping the time-stamp authorities: %w", err)
	}
	if err := replaceFile(e.authoritiesFile(), b); err != nil {
		return err
	}
	for _, a := range old {
		if k := keyringUser(a); a.User != "" && !keep[k] {
			if err := e.cfg.Secrets.Delete(keyringService, k); err != nil {
				return &SecretsError{err}
			}
		}
	}
	return nil
}

// KeepPassword puts the password of a into the system's keyring; an empty one takes it out.
func (e *Engine) KeepPassword(a Authority, password string) error {
	var err error
	if password == "" {
		err = e.cfg.Secrets.Delete(keyringService, keyringUser(a))
	} else {
		err = e.cfg.Secrets.Set(keyringService, keyringUser(a), password)
	}
	if err != nil {
		return &SecretsError{err}
	}
	return nil
}

// RemoveAuthority takes a off the configured authorities, with its password.
func (e *Engine) RemoveAuthority(a Authority) error {
	list, err := e.Authorities()
	if err != nil {
		return err
	}
	return e.SaveAuthorities(slices.DeleteFunc(list, func(x Authority) bool { return x == a }))
}

// PreferAuthority makes a the first of the configured authorities, if it is among them.
func (e *Engine) PreferAuthority(a Authority) error {
	list, err := e.Authorities()
	i := slices.Index(list, a)
	if err != nil || i < 0 {
		return err
	}
	return e.SaveAuthorities(slices.Insert(slices.Delete(list, i, i+1), 0, a))
}

// KeepAuthority puts a in the place of old among the configured authorities, or behind them when old is not there. A
// password goes to the system's keyring first, and when it cannot be kept nothing changes; an empty one leaves
// the one that is there for the same user at the same address.
func (e *Engine) KeepAuthority(old, a Authority, password string) error {
	if err := a.check(); err != nil {
		return err
	}
	list, err := e.Authorities()
	if err != nil {
		return err
	}
	if a.User != "" && password != "" {
		if err := e.KeepPassword(a, password); err != nil {
			return err
		}
	}
	if i := slices.Index(list, old); i >= 0 {
		list[i] = a
	} else {
		list = append(list, a)
	}
	return e.SaveAuthorities(list)
}

// HasPassword reports whether the keyring holds a password for a.
func (e *Engine) HasPassword(a Authority) bool {
	p, err := e.cfg.Secrets.Get(keyringService, keyringUser(a))
	return err == nil && p != ""
}

// authoritiesFor are the authorities to ask in turn: the one that name names, by its URL or as the person calls it, or
// with an empty name all that are configured.
func (e *Engine) authoritiesFor(name string) ([]Authority, error) {
	list, err := e.Authorities()
	if err != nil || name == "" {
		return list, err
	}
	for _, a := range list {
		if a.URL == name || strings.EqualFold(a.Name, name) {
			return []Authority{a}, nil
		}
	}
	if u, err := url.Parse(name); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, &AuthorityError{name}
	}
	return []Authority{{URL: name}}, nil
}

// tsa makes what the signer asks out of a.
func (e *Engine) tsa(a Authority) (*signer.TSA, error) {
	if e.offline() {
		return nil, trust.ErrOffline
	}
	roots, err := e.roots()
	if err != nil {
		return nil, err
	}
	sizes, _ := e.tokens.LoadOrStore(a.URL, new(signer.TokenSizes))
	t := &signer.TSA{URL: a.URL, AllowLocal: localAddress(a.URL), Roots: roots, Proxy: proxy, Sizes: sizes.(*signer.TokenSizes)}
	u, err := url.Parse(a.URL)
	if err != nil {
		return nil, &AuthorityError{a.Title()}
	}
	if u.User != nil { // an address given for this run alone
		t.User, u.User = u.User, nil
		t.URL = u.String()
	}
	if a.User != "" {
		p, err := e.cfg.Secrets.Get(keyringService, keyringUser(a))
		if err != nil {
			return nil, &SecretsError{err}
		}
		t.User = url.UserPassword(a.User, p)
	}
	return t, nil
}

// localAddress reports whether the person names an authority on this machine: then it may be asked, while one that
// another server sends us to may not.
func localAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// stamper asks the authorities for one job, and the person when they fail. Safe for concurrent use.
type stamper struct {
	tsas []*signer.TSA // in the order in which they are asked
	ask  Asker
	// one question at a time; what was answered holds for the rest of the job
	turn    chan struct{}
	without *signer.LevelError // why there are no further time-stamps, once the person said so
	stop    func()             // the person said: stop
	now     func() time.Time
}

// newStamper returns nil when no authority is to be asked.
func (e *Engine) newStamper(name string, ask Asker, stop func()) (*stamper, error) {
	list, err := e.authoritiesFor(name)
	if err != nil {
		return nil, err
	}
	s := &stamper{ask: ask, turn: make(chan struct{}, 1), stop: stop, now: e.cfg.Now}
	for _, a := range list {
		t, err := e.tsa(a)
		if err != nil {
			return nil, err
		}
		s.tsas = append(s.tsas, t)
	}
	if len(s.tsas) == 0 {
		return nil, signer.ErrNoTSA
	}
	return s, nil
}

// first is the authority to begin a file with, with what happens when it fails.
func (s *stamper) first() *signer.TSA { return s.at(0, false) }

// at is the authority number i. One that was certainly not reached is followed by the next on the list unasked: it
// spent no mark. Otherwise the person decides; told is true once they had the list asked again for this file.
func (s *stamper) at(i int, told bool) *signer.TSA {
	t := *s.tsas[i]
	t.Failed = func(ctx context.Context, e *signer.TimeStampError) *signer.TSA {
		if !e.Asked && i+1 < len(s.tsas) {
			return s.at(i+1, told)
		}
		var tried time.Time
		if told {
			tried = s.now()
		}
		if s.again(ctx, e, tried) {
			return s.at(0, true)
		}
		return nil
	}
	return &t
}

// again asks the person what to do about a signature that waits for its time-stamp, for which the authorities were
// asked again in vain at the time tried, if at all.
func (s *stamper) again(ctx context.Context, e *signer.TimeStampError, tried time.Time) bool {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-s.turn }()
	if s.without != nil {
		return false
	}
	choice, err := choose(ctx, s.ask, stampChoice(e, tried))
	switch {
	case err == nil && choice == StampAgain:
		return true
	case err != nil || choice == StampStop:
		s.stop()
	case e.Reason == "room": // for this file alone: the next has room, now that the size is known
		return false
	}
	s.without = &signer.LevelError{Reached: signer.LevelB, Step: "time-stamp", Err: e}
	return false
}

// givenUp is why no time-stamp is to be asked for any more; nil while they are.
func (s *stamper) givenUp() *signer.LevelError {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	return s.without
}
