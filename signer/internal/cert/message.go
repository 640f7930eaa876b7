package cert

import (
	"crypto"
	"crypto/ed25519"
	"encoding"

	"github.com/cloudflare/circl/sign/ed448"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
	"github.com/cloudflare/circl/sign/slhdsa"
)

// verifyMessage checks a signature of an algorithm that takes the message itself, always without a context, as
// certificates and CMS use them (RFC 8419 §3, RFC 9882 §3, RFC 9814 §4).
func verifyMessage(key crypto.PublicKey, alg OID, message, sig []byte) error {
	ok := false
	switch k := key.(type) {
	case ed25519.PublicKey:
		ok = alg == OIDEd25519 && ed25519.Verify(k, message, sig)
	case Ed448Key:
		ok = alg == OIDEd448 && ed448.Verify(ed448.PublicKey(k), message, sig, "")
	case *PQKey:
		ok = alg == k.Set && k.verify(message, sig)
	case nil:
		return &UnsupportedError{"key", alg}
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

// slhSets are the parameter sets of SLH-DSA (FIPS 205 table 2) by their identifiers.
var slhSets = map[OID]slhdsa.ID{
	"2.16.840.1.101.3.4.3.20": slhdsa.SHA2_128s, "2.16.840.1.101.3.4.3.21": slhdsa.SHA2_128f,
	"2.16.840.1.101.3.4.3.22": slhdsa.SHA2_192s, "2.16.840.1.101.3.4.3.23": slhdsa.SHA2_192f,
	"2.16.840.1.101.3.4.3.24": slhdsa.SHA2_256s, "2.16.840.1.101.3.4.3.25": slhdsa.SHA2_256f,
	"2.16.840.1.101.3.4.3.26": slhdsa.SHAKE_128s, "2.16.840.1.101.3.4.3.27": slhdsa.SHAKE_128f,
	"2.16.840.1.101.3.4.3.28": slhdsa.SHAKE_192s, "2.16.840.1.101.3.4.3.29": slhdsa.SHAKE_192f,
	"2.16.840.1.101.3.4.3.30": slhdsa.SHAKE_256s, "2.16.840.1.101.3.4.3.31": slhdsa.SHAKE_256f,
}

// Kind is the family of the key, "ML-DSA" or "SLH-DSA".
func (k *PQKey) Kind() string {
	if _, ok := slhSets[k.Set]; ok {
		return "SLH-DSA"
	}
	return "ML-DSA"
}

func (k *PQKey) verify(message, sig []byte) bool {
	is := func(pk encoding.BinaryUnmarshaler) bool { return pk.UnmarshalBinary(k.Octets) == nil }
	switch k.Set {
	case "2.16.840.1.101.3.4.3.17":
		pk := new(mldsa44.PublicKey)
		return is(pk) && mldsa44.Verify(pk, message, nil, sig)
	case "2.16.840.1.101.3.4.3.18":
		pk := new(mldsa65.PublicKey)
		return is(pk) && mldsa65.Verify(pk, message, nil, sig)
	case "2.16.840.1.101.3.4.3.19":
		pk := new(mldsa87.PublicKey)
		return is(pk) && mldsa87.Verify(pk, message, nil, sig)
	}
	pk := &slhdsa.PublicKey{ID: slhSets[k.Set]}
	return is(pk) && slhdsa.Verify(pk, slhdsa.NewMessage(message), sig, nil)
}
