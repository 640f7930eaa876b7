package cert

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ErrSignature means that the signature value does not belong to the key and the message.
var ErrSignature = errors.New("signature value does not verify")

// Verify checks sig over message. h is the hash to use where alg names none (see [Algorithm.Hash]). The error is
// [ErrSignature] for a wrong signature and an *[UnsupportedError] for what cannot be computed here.
func Verify(key crypto.PublicKey, alg Algorithm, h crypto.Hash, message, sig []byte) error {
	s, ok := sigAlgs[alg.OID]
	if !ok {
		return &UnsupportedError{"signature algorithm", alg.OID}
	}
	if s.scheme.needsMessage() {
		return verifyMessage(key, alg.OID, message, sig)
	}
	hash, err := alg.Hash(h)
	if err != nil {
		return err
	}
	d := NewHash(hash)
	if d == nil {
		return &UnsupportedError{"hash", alg.OID}
	}
	d.Write(message)
	return VerifyDigest(key, alg, hash, d.Sum(nil), sig)
}

// VerifyDigest checks sig over a digest made with h. If alg names another hash than h that is a wrong signature:
// what alg says is what the signer claims to have used. Algorithms that [Algorithm.NeedsMessage] need [Verify].
func VerifyDigest(key crypto.PublicKey, alg Algorithm, h crypto.Hash, digest, sig []byte) error {
	s, ok := sigAlgs[alg.OID]
	if !ok || alg.NeedsMessage() {
		return &UnsupportedError{"signature algorithm", alg.OID}
	}
	hash, err := alg.Hash(h)
	if err != nil {
		return err
	}
	if d := NewHash(h); hash != h || d == nil || len(digest) != d.Size() {
		return ErrSignature
	}
	switch k := ownKey(key).(type) {
	case *RSAKey:
		switch {
		case s.scheme == schemePSS:
			p, err := parsePSS(alg.Params, h)
			if err != nil {
				return err
			}
			return verifyPSS(k, p, digest, sig)
		case s.scheme == schemePKCS1 && !k.PSSOnly:
			return verifyPKCS1(k, h, digest, sig)
		}
	case *ECKey:
		if s.scheme == schemeECDSA || s.scheme == schemePlainECDSA {
			return verifyECDSA(k, digest, sig, s.scheme == schemePlainECDSA)
		}
	case *DSAKey:
		if s.scheme == schemeDSA {
			return verifyDSA(k, digest, sig)
		}
	case nil:
		return &UnsupportedError{"key", alg.OID}
	}
	return ErrSignature
}

// ownKey turns the standard library's keys into ours.
func ownKey(key crypto.PublicKey) crypto.PublicKey {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return &RSAKey{N: k.N, E: big.NewInt(int64(k.E))}
	case *ecdsa.PublicKey:
		names := map[elliptic.Curve]OID{
			elliptic.P224(): "1.3.132.0.33", elliptic.P256(): "1.2.840.10045.3.1.7",
			elliptic.P384(): "1.3.132.0.34", elliptic.P521(): "1.3.132.0.35",
		}
		if pt, err := k.Bytes(); err == nil {
			oid := names[k.Curve]
			if c := curveByOID(oid); c != nil {
				if x, y, ok := c.point(pt); ok {
					return &ECKey{oid, x, y}
				}
			}
		}
		return nil
	}
	return key
}

// rsaOpen is RSAVP1 with the length check of RFC 8017 §8.1.2 and §8.2.2, padded to the modulus's length.
func rsaOpen(k *RSAKey, sig []byte) ([]byte, error) {
	size := (k.N.BitLen() + 7) / 8
	s := new(big.Int).SetBytes(sig)
	if len(sig) != size || s.Cmp(k.N) >= 0 || k.N.Bit(0) == 0 {
		return nil, ErrSignature
	}
	return s.Exp(s, k.E, k.N).FillBytes(make([]byte, size)), nil
}

// verifyPKCS1 builds the right encodings and compares (RFC 8017 §8.2.2), so nothing in the padding is parsed. There
// are two: with NULL parameters, and without them, which RFC 8017 §B.1 tells a reader to accept; Bouncy Castle and DSS
// do, and signing servers exist that leave the NULL out.
func verifyPKCS1(k *RSAKey, h crypto.Hash, digest, sig []byte) error {
	em, err := rsaOpen(k, sig)
	if err != nil {
		return err
	}
	oid := HashOID(h)
	if oid == "" {
		return &UnsupportedError{"hash", oid}
	}
	for _, params := range [][]byte{{5, 0}, nil} {
		if bytes.Equal(em, encodePKCS1(Algorithm{oid, params}, digest, len(em))) {
			return nil
		}
	}
	return ErrSignature
}

// encodePKCS1 is EMSA-PKCS1-v1_5 (RFC 8017 §9.2); nil if size is too small.
func encodePKCS1(alg Algorithm, digest []byte, size int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(alg.DER())
		b.AddASN1OctetString(digest)
	})
	info, err := b.Bytes()
	if err != nil || size < len(info)+11 {
		return nil
	}
	em := bytes.Repeat([]byte{0xff}, size-len(info))
	em[0], em[1], em[len(em)-1] = 0, 1, 0
	return append(em, info...)
}

// verifyPSS is EMSA-PSS-VERIFY (RFC 8017 §9.1.2). The key's own parameters, where it has them, are the least that
// the signature must keep (RFC 4055 §3.3).
func verifyPSS(k *RSAKey, p pssParams, digest, sig []byte) error {
	if len(k.PSSParams) > 0 {
		kp, err := parsePSS(k.PSSParams, 0)
		if err == nil && (kp.hash != p.hash || kp.mgf != p.mgf || p.salt < kp.salt) {
			return ErrSignature
		}
	}
	em, err := rsaOpen(k, sig)
	if err != nil {
		return err
	}
	emBits := k.N.BitLen() - 1
	if emLen := (emBits + 7) / 8; emLen < len(em) { // the modulus has 8n+1 bits
		if em[0] != 0 {
			return ErrSignature
		}
		em = em[1:]
	}
	hLen := p.hash.Size()
	if !p.mgf.Available() || len(em) < hLen+p.salt+2 || em[len(em)-1] != 0xbc {
		return ErrSignature
	}
	db, h := em[:len(em)-hLen-1], em[len(em)-hLen-1:len(em)-1]
	mask := byte(0xff) >> (8*len(em) - emBits)
	if db[0]&^mask != 0 {
		return ErrSignature
	}
	mgf1XOR(db, p.mgf, h)
	db[0] &= mask
	zeros := len(db) - p.salt - 1
	for _, b := range db[:zeros] {
		if b != 0 {
			return ErrSignature
		}
	}
	if db[zeros] != 1 {
		return ErrSignature
	}
	d := p.hash.New()
	d.Write(make([]byte, 8))
	d.Write(digest)
	d.Write(db[zeros+1:])
	if !bytes.Equal(d.Sum(nil), h) {
		return ErrSignature
	}
	return nil
}

func mgf1XOR(out []byte, hash crypto.Hash, seed []byte) {
	d := hash.New()
	for i := uint32(0); len(out) > 0; i++ {
		d.Reset()
		d.Write(seed)
		d.Write([]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)})
		for j, b := range d.Sum(nil) {
			if j == len(out) {
				break
			}
			out[j] ^= b
		}
		out = out[min(len(out), hash.Size()):]
	}
}

// readRS reads ECDSA-Sig-Value and Dss-Sig-Value, strict DER as both standards ask.
func readRS(sig []byte) (r, s *big.Int, ok bool) {
	in := cryptobyte.String(sig)
	var seq cryptobyte.String
	r, s = new(big.Int), new(big.Int)
	ok = in.ReadASN1(&seq, asn1.SEQUENCE) && in.Empty() &&
		seq.ReadASN1Integer(r) && seq.ReadASN1Integer(s) && seq.Empty()
	return r, s, ok
}

func inRange(x, n *big.Int) bool { return x.Sign() > 0 && x.Cmp(n) < 0 }

// leftBits is the number of the leftmost bits of digest that fit n (FIPS 186-5 §6.4.1).
func leftBits(digest []byte, n int) *big.Int {
	e := new(big.Int).SetBytes(digest)
	if over := 8*len(digest) - n; over > 0 {
		e.Rsh(e, uint(over))
	}
	return e
}

func verifyECDSA(k *ECKey, digest, sig []byte, plain bool) error {
	c := curveByOID(k.Curve)
	if c == nil {
		return &UnsupportedError{"curve", k.Curve}
	}
	var r, s *big.Int
	ok := false
	if plain {
		if ok = len(sig) == 2*((c.sizeBits+7)/8); ok {
			r, s = new(big.Int).SetBytes(sig[:len(sig)/2]), new(big.Int).SetBytes(sig[len(sig)/2:])
		}
	} else {
		r, s, ok = readRS(sig)
	}
	if !ok || !inRange(r, c.n) || !inRange(s, c.n) {
		return ErrSignature
	}
	if c.std != nil {
		pt := make([]byte, 1+2*c.size)
		pt[0] = 4
		k.X.FillBytes(pt[1 : 1+c.size])
		k.Y.FillBytes(pt[1+c.size:])
		pub, err := ecdsa.ParseUncompressedPublicKey(c.std, pt)
		if err != nil || !ecdsa.Verify(pub, digest, r, s) {
			return ErrSignature
		}
		return nil
	}
	w := new(big.Int).ModInverse(s, c.n)
	u1 := leftBits(digest, c.sizeBits)
	u1.Mul(u1, w).Mod(u1, c.n)
	u2 := new(big.Int).Mul(r, w)
	u2.Mod(u2, c.n)
	p := c.add(c.mul(&affine{c.gx, c.gy}, u1), c.mul(&affine{k.X, k.Y}, u2))
	if p == nil || new(big.Int).Mod(p.x, c.n).Cmp(r) != 0 {
		return ErrSignature
	}
	return nil
}

// verifyDSA is FIPS 186-4 §4.7.
func verifyDSA(k *DSAKey, digest, sig []byte) error {
	r, s, ok := readRS(sig)
	if !ok || !inRange(r, k.Q) || !inRange(s, k.Q) || !inRange(k.Y, k.P) || !inRange(k.G, k.P) {
		return ErrSignature
	}
	w := new(big.Int).ModInverse(s, k.Q)
	if w == nil {
		return ErrSignature
	}
	u1 := leftBits(digest, k.Q.BitLen())
	u1.Mul(u1, w).Mod(u1, k.Q)
	u2 := new(big.Int).Mul(r, w)
	u2.Mod(u2, k.Q)
	v := new(big.Int).Exp(k.G, u1, k.P)
	v.Mul(v, new(big.Int).Exp(k.Y, u2, k.P)).Mod(v, k.P).Mod(v, k.Q)
	if v.Cmp(r) != 0 {
		return ErrSignature
	}
	return nil
}
