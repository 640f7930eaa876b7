package cert

import (
	"bytes"
	"crypto"
	_ "crypto/md5" // registered for old archives; judged too weak elsewhere
	_ "crypto/sha1"
	_ "crypto/sha256"
	"crypto/sha3"
	_ "crypto/sha512"
	"hash"

	//lint:ignore SA1019 old archives are read, nothing is made with it; judged too weak elsewhere
	_ "golang.org/x/crypto/ripemd160"
)

// SHAKE128 and SHAKE256 with digests of 256 and 512 bits (RFC 8702 §3.1). Package crypto has no values for them, so
// its methods Available, New and Size do not know these: [NewHash] does.
const (
	SHAKE128 crypto.Hash = 128
	SHAKE256 crypto.Hash = 256
)

// NewHash is a new digest of h, nil if it cannot be computed here.
func NewHash(h crypto.Hash) hash.Hash {
	switch {
	case h == SHAKE128:
		return &shake{sha3.NewSHAKE128(), sha3.NewSHAKE128, 32}
	case h == SHAKE256:
		return &shake{sha3.NewSHAKE256(), sha3.NewSHAKE256, 64}
	case h.Available():
		return h.New()
	}
	return nil
}

// shake makes a digest of fixed length of an extendable-output function.
type shake struct {
	*sha3.SHAKE
	fresh func() *sha3.SHAKE
	size  int
}

func (s *shake) Size() int { return s.size }

// Sum, as [hash.Hash] wants it, leaves the state as it was.
func (s *shake) Sum(b []byte) []byte {
	c := s.fresh()
	state, err := s.MarshalBinary()
	if err == nil {
		err = c.UnmarshalBinary(state)
	}
	if err != nil {
		panic("sha3: a state of its own is refused: " + err.Error())
	}
	out := make([]byte, s.size)
	_, _ = c.Read(out) // never fails
	return append(b, out...)
}

// HashName is the name of h in the standards, such as "SHA-256".
func HashName(h crypto.Hash) string {
	switch h {
	case SHAKE128:
		return "SHAKE128"
	case SHAKE256:
		return "SHAKE256"
	}
	return h.String()
}

// DigestHash is the hash of a digest algorithm with its parameters; [HashByOID] knows all but SHAKE.
func DigestHash(a Algorithm) (crypto.Hash, error) {
	switch a.OID {
	case "2.16.840.1.101.3.4.2.11":
		return SHAKE128, nil
	case "2.16.840.1.101.3.4.2.12":
		return SHAKE256, nil
	case "2.16.840.1.101.3.4.2.18": // id-shake256-len, which RFC 8419 §2.3 wants with 512 bits
		if bytes.Equal(a.Params, []byte{2, 2, 2, 0}) {
			return SHAKE256, nil
		}
	}
	return HashByOID(a.OID)
}

var hashes = map[OID]crypto.Hash{
	OIDMD5: crypto.MD5, OIDRIPEMD160: crypto.RIPEMD160, OIDSHA1: crypto.SHA1, OIDSHA224: crypto.SHA224, OIDSHA256: crypto.SHA256,
	OIDSHA384: crypto.SHA384, OIDSHA512: crypto.SHA512, OIDSHA512x256: crypto.SHA512_256,
	OIDSHA3x224: crypto.SHA3_224, OIDSHA3x256: crypto.SHA3_256, OIDSHA3x384: crypto.SHA3_384, OIDSHA3x512: crypto.SHA3_512,
	// Signature algorithms that some producers write where a digest algorithm belongs.
	"1.2.840.113549.1.1.4": crypto.MD5, "1.2.840.113549.1.1.5": crypto.SHA1, "1.2.840.113549.1.1.11": crypto.SHA256,
	"1.2.840.113549.1.1.12": crypto.SHA384, "1.2.840.113549.1.1.13": crypto.SHA512,
}

// HashByOID is the hash that oid names. An *[UnsupportedError] if it is not known.
func HashByOID(oid OID) (crypto.Hash, error) {
	if h, ok := hashes[oid]; ok {
		return h, nil
	}
	return 0, &UnsupportedError{"hash", oid}
}

// HashOID is the identifier of h; empty if h has none here.
func HashOID(h crypto.Hash) OID { return hashOIDs[h] }

var hashOIDs = map[crypto.Hash]OID{
	crypto.MD5: OIDMD5, crypto.RIPEMD160: OIDRIPEMD160, crypto.SHA1: OIDSHA1, crypto.SHA224: OIDSHA224, crypto.SHA256: OIDSHA256,
	crypto.SHA384: OIDSHA384, crypto.SHA512: OIDSHA512, crypto.SHA512_256: OIDSHA512x256,
	crypto.SHA3_224: OIDSHA3x224, crypto.SHA3_256: OIDSHA3x256, crypto.SHA3_384: OIDSHA3x384, crypto.SHA3_512: OIDSHA3x512,
}
