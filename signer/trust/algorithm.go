package trust

import (
	"crypto"
	"crypto/ed25519"
	"fmt"
	"time"

	"ceralacca/signer/internal/cert"
)

// AlgorithmError says until when an algorithm was trusted. A zero Until means never.
type AlgorithmError struct {
	Algorithm string
	Bits      int // 0 for digests
	Until     time.Time
}

func (e *AlgorithmError) Error() string {
	return fmt.Sprintf("algorithm %s (%d bits) was trusted until %s", e.Algorithm, e.Bits, e.Until.Format(time.DateOnly))
}

// ItalianSHA1End is the moment from which Italian rules (DigitPA det. comm. 69/2010) refuse signatures made with
// SHA-1: 1 July 2011 in Rome.
var ItalianSHA1End = day(2011, 6, 30).Add(22 * time.Hour)

// forever stands for algorithms without a date in the table.
var forever = day(9999, 1, 1)

// digestUntil and keyUntil are ETSI TS 119 312 V1.5.1 as the Commission's DSS library applies it. New dates are
// changed here and nowhere else. That edition knows neither EdDSA, SHA3-224, SHA-512/256 and SHAKE nor ML-DSA and SLH-DSA:
// signatures by them are computed, and not trusted until an edition does.
var digestUntil = map[crypto.Hash]time.Time{
	crypto.MD5:       day(2004, 8, 1),
	crypto.RIPEMD160: day(2014, 8, 1),
	crypto.SHA1:      day(2012, 8, 1),
	crypto.SHA224:    day(2029, 1, 1),
	crypto.SHA256:    forever,
	crypto.SHA384:    forever,
	crypto.SHA512:    forever,
	crypto.SHA3_256:  forever,
	crypto.SHA3_384:  forever,
	crypto.SHA3_512:  forever,
}

// keyUntil holds per kind of key the limits from the largest key down; the first row that a key reaches decides.
var keyUntil = map[string][]struct {
	bits  int
	until time.Time
}{
	"RSA":     {{1900, day(2029, 1, 1)}, {1024, day(2019, 10, 1)}, {786, day(2010, 8, 1)}},
	"RSA-PSS": {{3000, forever}, {1900, day(2029, 1, 1)}, {1024, day(2019, 10, 1)}},
	"DSA":     {{3000, forever}, {1900, day(2029, 1, 1)}, {1024, day(2015, 12, 1)}},
	"ECDSA":   {{256, forever}, {224, day(2021, 10, 1)}, {160, day(2012, 8, 1)}},
}

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

// CheckDigest tells with an [*AlgorithmError] if h was no longer trusted at the time at.
func CheckDigest(h crypto.Hash, at time.Time) error {
	if until := digestUntil[h]; !at.Before(until) {
		return &AlgorithmError{Algorithm: cert.HashName(h), Until: until}
	}
	return nil
}

// CheckKey tells with an [*AlgorithmError] if a key of that kind ("RSA", "RSA-PSS", "DSA", "ECDSA", "EdDSA") and
// size was no longer trusted at the time at.
func CheckKey(kind string, bits int, at time.Time) error {
	var until time.Time
	for _, row := range keyUntil[kind] {
		if bits >= row.bits {
			until = row.until
			break
		}
	}
	if !at.Before(until) {
		return &AlgorithmError{Algorithm: kind, Bits: bits, Until: until}
	}
	return nil
}

// curveBits are the sizes of the named curves.
var curveBits = map[cert.OID]int{
	"1.2.840.10045.3.1.1": 192, "1.3.132.0.33": 224, "1.2.840.10045.3.1.7": 256, "1.3.132.0.34": 384,
	"1.3.132.0.35": 521, "1.3.132.0.10": 256,
	"1.3.36.3.3.2.8.1.1.1": 160, "1.3.36.3.3.2.8.1.1.3": 192, "1.3.36.3.3.2.8.1.1.5": 224,
	"1.3.36.3.3.2.8.1.1.7": 256, "1.3.36.3.3.2.8.1.1.9": 320, "1.3.36.3.3.2.8.1.1.11": 384,
	"1.3.36.3.3.2.8.1.1.13": 512,
}

// KeyKind tells what [CheckKey] wants to know of a key that made a signature with alg. The kind is empty for keys
// that this program does not know, and the size 0 for ML-DSA and SLH-DSA.
func KeyKind(key crypto.PublicKey, alg cert.Algorithm) (kind string, bits int) {
	switch k := key.(type) {
	case *cert.RSAKey:
		if alg.OID == cert.OIDRSAPSS {
			return "RSA-PSS", k.N.BitLen()
		}
		return "RSA", k.N.BitLen()
	case *cert.ECKey:
		return "ECDSA", curveBits[k.Curve]
	case *cert.DSAKey:
		return "DSA", k.P.BitLen()
	case ed25519.PublicKey, cert.Ed448Key:
		return "EdDSA", 255
	case *cert.PQKey:
		return k.Kind(), 0
	}
	return "", 0
}

// checkSignatureAlgorithm judges the algorithm of a signature that issuer made.
func checkSignatureAlgorithm(alg cert.Algorithm, issuer *certificate, at time.Time) error {
	h, err := alg.Hash(crypto.SHA256)
	if err != nil {
		return err
	}
	if err := CheckDigest(h, at); err != nil {
		return err
	}
	kind, bits := KeyKind(issuer.PublicKey, alg)
	return CheckKey(kind, bits, at)
}
