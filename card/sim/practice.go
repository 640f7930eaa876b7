package sim

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The PIN and the PUK of both keys of the practice card.
const (
	PracticePIN = "12345"
	PracticePUK = "12345678"
)

// Practice is a practice card with the certification authorities that issued it: one root and below it, as in
// real life, one authority for qualified signatures and one for the authentication certificate of the CNS.
// The private keys of the authorities are thrown away as soon as the card is issued.
type Practice struct {
	authorities []*x509.Certificate // root, qualified, services
	auth, sign  Keyset
	id          string
	personal    []byte
	profile     string
	revoked     []byte // certificate revocation list of the authority for signatures
}

// Issue makes a practice card, issued now for the holder ANNA ESEMPIO and valid three years from the day before.
func Issue(now time.Time) (*Practice, error) { return IssueProfile(Standard, now) }

// IssueFor is Issue with the certificates of the card valid from one moment to another.
func IssueFor(from, until time.Time) (*Practice, error) {
	return issue(term{from, from, until}, false, newKeys)
}

// IssueProfile is Issue for one of the kinds of card that [Profiles] lists.
func IssueProfile(name string, now time.Time) (*Practice, error) {
	f, ok := profileNamed(name)
	if !ok {
		return nil, fmt.Errorf("no practice card is called %q", name)
	}
	p, err := issue(f.term(now), name == Withdrawn, newKeys)
	if err != nil {
		return nil, err
	}
	p.profile = name
	return p, nil
}

// Roots returns the certificates of the authorities, the root first.
func (p *Practice) Roots() []*x509.Certificate {
	return append([]*x509.Certificate(nil), p.authorities...)
}

// Chain returns the authorities above a certificate, from its issuer to the root; nil for one that does not
// come from this practice authority.
func (p *Practice) Chain(leaf *x509.Certificate) []*x509.Certificate {
	for _, a := range p.authorities {
		if !bytes.Equal(a.RawSubject, leaf.RawIssuer) || leaf.CheckSignatureFrom(a) != nil {
			continue
		}
		if bytes.Equal(a.RawSubject, a.RawIssuer) {
			return []*x509.Certificate{a}
		}
		return append([]*x509.Certificate{a}, p.Chain(a)...)
	}
	return nil
}

// Revoked is the certificate revocation list (RFC 5280 §5, DER) of the authority for signatures, as of the day of
// issue: empty but for the profile [Withdrawn], whose signature certificate stands in it. Nil for a card that was
// stored before there was one.
func (p *Practice) Revoked() []byte { return bytes.Clone(p.revoked) }

// Card is what the practice card is personalised with.
func (p *Practice) Card() Card {
	auth, sign := p.auth, p.sign
	c := Card{
		Reader: PracticeReader, ATR: bytes.Clone(PracticeATR), ID: p.id, Personal: bytes.Clone(p.personal),
		Auth: &auth, Sign: &sign,
	}
	if f, ok := profileNamed(p.profile); ok && f.change != nil {
		f.change(&c)
	}
	return c
}

// Bus returns a reader with a fresh practice card in it.
func (p *Practice) Bus() *Bus { return New(p.Card()) }

// stored is the JSON form of a Practice.
type stored struct {
	Version     int
	Profile     string
	Authorities [][]byte // certificates, DER
	Auth, Sign  storedKey
	ID          string
	Personal    []byte
	Revoked     []byte `json:",omitempty"`
}

type storedKey struct{ Key, Certificate []byte } // PKCS #8 and DER

// MarshalJSON gives the whole card with its private keys, to be stored and loaded again. The PINs are not in it.
func (p *Practice) MarshalJSON() ([]byte, error) {
	s := stored{Version: 1, Profile: p.profile, ID: p.id, Personal: p.personal, Revoked: p.revoked}
	for _, a := range p.authorities {
		s.Authorities = append(s.Authorities, a.Raw)
	}
	for to, from := range map[*storedKey]Keyset{&s.Auth: p.auth, &s.Sign: p.sign} {
		der, err := x509.MarshalPKCS8PrivateKey(from.Key)
		if err != nil {
			return nil, fmt.Errorf("storing the practice card: %w", err)
		}
		*to = storedKey{der, from.Certificate}
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Practice) UnmarshalJSON(b []byte) error {
	var s stored
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("reading the practice card: %w", err)
	}
	if s.Version != 1 || len(s.Authorities) != 3 {
		return errors.New("reading the practice card: unknown version")
	}
	if _, ok := profileNamed(s.Profile); !ok && s.Profile != "" {
		return fmt.Errorf("reading the practice card: unknown kind %q", s.Profile)
	}
	fresh := Practice{id: s.ID, personal: s.Personal, profile: s.Profile, revoked: s.Revoked}
	for _, der := range s.Authorities {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("reading the practice authority: %w", err)
		}
		fresh.authorities = append(fresh.authorities, c)
	}
	for to, from := range map[*Keyset]storedKey{&fresh.auth: s.Auth, &fresh.sign: s.Sign} {
		k, err := from.keyset()
		if err != nil {
			return fmt.Errorf("reading the practice card: %w", err)
		}
		*to = k
	}
	*p = fresh
	return nil
}

func (s storedKey) keyset() (Keyset, error) {
	k, err := x509.ParsePKCS8PrivateKey(s.Key)
	if err != nil {
		return Keyset{}, err
	}
	private, ok := k.(*rsa.PrivateKey)
	if !ok {
		return Keyset{}, fmt.Errorf("%T is no RSA key", k)
	}
	c, err := x509.ParseCertificate(s.Certificate)
	if err != nil {
		return Keyset{}, err
	}
	if !private.PublicKey.Equal(c.PublicKey) {
		return Keyset{}, errors.New("key and certificate do not belong together")
	}
	return Keyset{Key: private, Certificate: s.Certificate, PIN: PracticePIN, PUK: PracticePUK}, nil
}

// newKeys makes n RSA keys on as many goroutines as there are keys, and joins them.
func newKeys(n int) ([]*rsa.PrivateKey, error) {
	keys, errs := make([]*rsa.PrivateKey, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { keys[i], errs[i] = rsa.GenerateKey(rand.Reader, keyBits) })
	}
	wg.Wait()
	return keys, errors.Join(errs...)
}
