package p11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"

	"ceralacca/card"
)

// Mechanisms and their parameters, PKCS #11 v2.40 mechanisms §2.1 and §2.3.
const (
	ckmRSAPKCS    = 0x0001
	ckmRSAPKCSPSS = 0x000D
	ckmECDSA      = 0x1041
)

// hashes are the mechanism and mask generation function of each hash.
var hashes = map[crypto.Hash]pssParams{
	crypto.SHA1:   {Hash: 0x220, MGF: 1},
	crypto.SHA224: {Hash: 0x255, MGF: 5},
	crypto.SHA256: {Hash: 0x250, MGF: 2},
	crypto.SHA384: {Hash: 0x260, MGF: 3},
	crypto.SHA512: {Hash: 0x270, MGF: 4},
}

// oids of the hashes, for the DigestInfo of RFC 8017 §9.2.
var oids = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA1:   {1, 3, 14, 3, 2, 26},
	crypto.SHA224: {2, 16, 840, 1, 101, 3, 4, 2, 4},
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

// Signer implements card.Token.
func (t *token) Signer(ctx context.Context, k card.Key) (crypto.Signer, error) {
	i := slices.IndexFunc(t.c.keys, func(x slotKey) bool { return x.ID == k.ID })
	if i < 0 || t.c.keys[i].Certificate == nil {
		return nil, fmt.Errorf("key %s: %w", k.ID, card.ErrUnsupported)
	}
	switch t.c.keys[i].Certificate.PublicKey.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
		return &signer{ctx, t, i}, nil
	}
	return nil, fmt.Errorf("key %s is neither RSA nor ECDSA: %w", k.ID, card.ErrUnsupported)
}

// signer is a private key of the card.
type signer struct {
	ctx context.Context // of the Signer call: crypto.Signer has no place for one
	t   *token
	key int // index in token.c.keys
}

// Public implements crypto.Signer.
func (s *signer) Public() crypto.PublicKey { return s.t.c.keys[s.key].Certificate.PublicKey }

// Sign implements crypto.Signer. The module draws the salt of PSS.
func (s *signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts == nil {
		return nil, errors.New("signing: no hash named")
	}
	if hash := opts.HashFunc(); hash != 0 && len(digest) != hash.Size() {
		return nil, fmt.Errorf("signing: digest of %d bytes is no %v", len(digest), hash)
	}
	var w work
	var err error
	switch public := s.Public().(type) {
	case *rsa.PublicKey:
		w, err = rsaWork(public, digest, opts)
	case *ecdsa.PublicKey:
		w = ecdsaWork(public, digest)
	}
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	sig, err := s.operate(w)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if sig, err = w.accept(sig); err != nil {
		return nil, fmt.Errorf("signature of the module does not fit its certificate: %w", err)
	}
	return sig, nil
}

// work is what a module is asked to do and how its result is judged.
type work struct {
	request
	accept func([]byte) ([]byte, error)
}

func rsaWork(public *rsa.PublicKey, digest []byte, opts crypto.SignerOpts) (work, error) {
	hash := opts.HashFunc()
	w := work{request: request{Mechanism: ckmRSAPKCS, Data: digest, Modulus: public.N.Bytes()}}
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		p, ok := hashes[hash]
		if !ok {
			return w, fmt.Errorf("PSS with hash %v: %w", hash, card.ErrUnsupported)
		}
		room := (public.N.BitLen()+6)/8 - hash.Size() - 2 // RFC 8017 §9.1.1 step 3
		salt := pss.SaltLength
		switch salt {
		case rsa.PSSSaltLengthAuto:
			salt = room
		case rsa.PSSSaltLengthEqualsHash:
			salt = hash.Size()
		}
		if salt < 0 || salt > room {
			return w, rsa.ErrMessageTooLong
		}
		p.Salt = uint(salt)
		w.Mechanism, w.PSS = ckmRSAPKCSPSS, &p
		w.accept = func(sig []byte) ([]byte, error) { return sig, rsa.VerifyPSS(public, hash, digest, sig, pss) }
		return w, nil
	}
	if hash != 0 {
		info, err := digestInfo(hash, digest)
		if err != nil {
			return w, err
		}
		w.Data = info
	}
	if len(w.Data) > public.Size()-11 {
		return w, rsa.ErrMessageTooLong
	}
	w.accept = func(sig []byte) ([]byte, error) { return sig, rsa.VerifyPKCS1v15(public, hash, digest, sig) }
	return w, nil
}

// digestInfo is what CKM_RSA_PKCS signs, RFC 8017 §9.2 step 2.
func digestInfo(h crypto.Hash, digest []byte) ([]byte, error) {
	oid, ok := oids[h]
	if !ok {
		return nil, fmt.Errorf("hash %v: %w", h, card.ErrUnsupported)
	}
	type algorithm struct {
		OID        asn1.ObjectIdentifier
		Parameters asn1.RawValue
	}
	return asn1.Marshal(struct {
		Algorithm algorithm
		Digest    []byte
	}{algorithm{oid, asn1.NullRawValue}, digest})
}

func ecdsaWork(public *ecdsa.PublicKey, digest []byte) work {
	short := digest[:min(len(digest), (public.Curve.Params().N.BitLen()+7)/8)] // some modules refuse longer ones
	return work{request{Mechanism: ckmECDSA, Data: short}, func(sig []byte) ([]byte, error) {
		// r and s, each in half the bytes: PKCS #11 v2.40 mechanisms §2.3.1
		if len(sig) == 0 || len(sig)%2 != 0 {
			return nil, fmt.Errorf("%d bytes are no two numbers", len(sig))
		}
		half := len(sig) / 2
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:])})
		if err != nil {
			return nil, err
		}
		if !ecdsa.VerifyASN1(public, digest, der) {
			return nil, errors.New("ECDSA signature is wrong")
		}
		return der, nil
	}}
}

// operate lets the module work.
func (s *signer) operate(w work) ([]byte, error) {
	release, err := s.t.begin(s.ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	t, k := s.t, s.t.c.keys[s.key]
	slot, limits, err := t.slot(k.PIN)
	if err != nil {
		return nil, err
	}
	w.Op, w.Slot, w.Session, w.Key = opSign, slot.ID, slot.Session, k.id
	limit := t.m.o.limit()
	if t.always[k.ID] && limits.OnReader {
		limit += t.m.o.typing()
	}
	r, err := t.m.call(s.ctx, limit, w.request)
	switch {
	case err != nil && t.always[k.ID] && !errors.As(err, new(notSentError)):
		err = &card.OutcomeUnknownError{Ref: k.PIN, Err: err}
	case err != nil:
	case r.Function == loginForKey:
		err = verdict(t.m.path, r, k.PIN, limits, false)
		t.m.journal.remember(t.pin(k.PIN), false, err)
	default:
		err = failure(t.m.path, r)
	}
	if err != nil {
		return nil, err
	}
	return r.Signature, nil
}

// loginForKey is the Function of a reply about the context-specific login of a key that always asks.
const loginForKey = "C_Login(CKU_CONTEXT_SPECIFIC)"
