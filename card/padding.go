package card

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
)

// The paddings of RFC 8017. The card does RSA alone; package crypto/rsa pads only for keys it holds itself.

// infoPrefix is the DigestInfo of RFC 8017 §9.2 note 1 up to the digest.
var infoPrefix = map[crypto.Hash][]byte{
	crypto.SHA1:   {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14},
	crypto.SHA224: {0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04, 0x05, 0x00, 0x04, 0x1c},
	crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	crypto.SHA384: {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
	crypto.SHA512: {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
}

// digestInfo is what PKCS #1 v1.5 signs; with no hash the bytes are signed as they are.
func digestInfo(h crypto.Hash, digest []byte) ([]byte, error) {
	if h == 0 {
		return digest, nil
	}
	prefix, ok := infoPrefix[h]
	if !ok {
		return nil, fmt.Errorf("hash %v: %w", h, ErrUnsupported)
	}
	return append(bytes.Clone(prefix), digest...), nil
}

// encodePKCS1 is EMSA-PKCS1-v1_5, RFC 8017 §9.2.
func encodePKCS1(info []byte, size int) ([]byte, error) {
	if len(info) > size-11 {
		return nil, rsa.ErrMessageTooLong
	}
	b := make([]byte, size)
	b[1] = 1
	for i := 2; i < size-len(info)-1; i++ {
		b[i] = 0xFF
	}
	copy(b[size-len(info):], info)
	return b, nil
}

// encodePSS is EMSA-PSS-ENCODE, RFC 8017 §9.1.1, for a modulus of so many bits.
func encodePSS(random io.Reader, digest []byte, h crypto.Hash, saltLen, bits int) ([]byte, error) {
	if !h.Available() || bits%8 != 0 {
		return nil, fmt.Errorf("PSS with hash %v: %w", h, ErrUnsupported)
	}
	size := bits / 8 // the modulus has full bytes, so the encoded message of bits-1 has as many
	room := size - h.Size() - 2
	switch saltLen {
	case rsa.PSSSaltLengthAuto:
		saltLen = room
	case rsa.PSSSaltLengthEqualsHash:
		saltLen = h.Size()
	}
	if saltLen < 0 || saltLen > room {
		return nil, rsa.ErrMessageTooLong
	}
	if random == nil {
		random = rand.Reader
	}
	salt := make([]byte, saltLen)
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, fmt.Errorf("reading salt: %w", err)
	}
	sum := h.New()
	sum.Write(make([]byte, 8))
	sum.Write(digest)
	sum.Write(salt)
	block := make([]byte, size)
	db, seed := block[:size-h.Size()-1], sum.Sum(nil)
	db[len(db)-saltLen-1] = 1
	copy(db[len(db)-saltLen:], salt)
	mask(db, seed, h)
	db[0] &= 0x7F
	copy(block[len(db):], seed)
	block[size-1] = 0xBC
	return block, nil
}

// mask is MGF1, RFC 8017 appendix B.2.1, laid over b.
func mask(b, seed []byte, h crypto.Hash) {
	var counter [4]byte
	for n := uint32(0); len(b) > 0; n++ {
		binary.BigEndian.PutUint32(counter[:], n)
		sum := h.New()
		sum.Write(seed)
		sum.Write(counter[:])
		m := sum.Sum(nil)
		k := subtle.XORBytes(b, b, m[:min(len(m), len(b))])
		b = b[k:]
	}
}

// decodePKCS1 takes the padding of RSAES-PKCS1-v1_5 off, RFC 8017 §7.2.2.
func decodePKCS1(b []byte) ([]byte, error) {
	at, ok := messageAt(b)
	if ok != 1 {
		return nil, rsa.ErrDecryption
	}
	return bytes.Clone(b[at:]), nil
}

// decodeSessionKey takes the padding off a key of known length. Where the padding is wrong it returns a random
// key in its place and no error, so that nobody learns which it was; length 0 means any.
func decodeSessionKey(random io.Reader, b []byte, n int) ([]byte, error) {
	if n == 0 {
		return decodePKCS1(b)
	}
	if n < 0 || n > len(b)-11 {
		return nil, rsa.ErrDecryption
	}
	if random == nil {
		random = rand.Reader
	}
	key := make([]byte, n)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	at, ok := messageAt(b)
	subtle.ConstantTimeCopy(ok&subtle.ConstantTimeEq(int32(at), int32(len(b)-n)), key, b[len(b)-n:])
	return key, nil
}

// messageAt finds the message behind a padding of block type 2, in a time that does not depend on it.
func messageAt(b []byte) (at, ok int) {
	ok = subtle.ConstantTimeByteEq(b[0], 0) & subtle.ConstantTimeByteEq(b[1], 2)
	looking := 1
	for i := 2; i < len(b); i++ {
		zero := subtle.ConstantTimeByteEq(b[i], 0)
		at = subtle.ConstantTimeSelect(looking&zero, i+1, at)
		looking = subtle.ConstantTimeSelect(zero, 0, looking)
	}
	return at, ok & (looking ^ 1) & subtle.ConstantTimeLessOrEq(11, at)
}

// decodeOAEP is EME-OAEP decoding, RFC 8017 §7.1.2 step 3.
func decodeOAEP(b []byte, o *rsa.OAEPOptions) ([]byte, error) {
	mgf := o.MGFHash
	if mgf == 0 {
		mgf = o.Hash
	}
	if !o.Hash.Available() || !mgf.Available() {
		return nil, fmt.Errorf("OAEP with hash %v: %w", o.Hash, ErrUnsupported)
	}
	n := o.Hash.Size()
	if len(b) < 2*n+2 {
		return nil, rsa.ErrDecryption
	}
	label := o.Hash.New()
	label.Write(o.Label)
	seed, db := b[1:1+n], b[1+n:]
	mask(seed, db, mgf)
	mask(db, seed, mgf)
	ok := subtle.ConstantTimeByteEq(b[0], 0) & subtle.ConstantTimeCompare(db[:n], label.Sum(nil))
	looking, at, bad := 1, 0, 0
	for i := n; i < len(db); i++ {
		one, zero := subtle.ConstantTimeByteEq(db[i], 1), subtle.ConstantTimeByteEq(db[i], 0)
		at = subtle.ConstantTimeSelect(looking&one, i+1, at)
		bad |= looking & (one ^ 1) & (zero ^ 1)
		looking &= one ^ 1
	}
	if ok&(looking^1)&(bad^1) != 1 {
		return nil, rsa.ErrDecryption
	}
	return bytes.Clone(db[at:]), nil
}
