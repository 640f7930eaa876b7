package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" // #nosec G501 -- the standard security handler is defined on it
	"crypto/rand"
	"crypto/rc4" // #nosec G503 -- likewise
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
)

type method int

const (
	identity method = iota
	methodRC4
	methodAES128
	methodAES256
)

// crypt is the standard security handler (ISO 32000-1 §7.6, ISO 32000-2 §7.6) opened with the empty user
// password, as every viewer tries first.
type crypt struct {
	key              []byte
	strings, streams method
	plainMetadata    bool
	perms            int32
}

var padding = []byte("\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08" +
	"\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")

func encrypted(detail string) *Error { return &Error{Kind: Encrypted, Offset: -1, Detail: detail} }

func newCrypt(f *file, o object) (*crypt, error) {
	d, ok := f.resolve(o).(dict)
	if !ok {
		return nil, encrypted("no encryption dictionary")
	}
	if h := f.name(d["Filter"]); h != "Standard" {
		return nil, encrypted("security handler " + string(h))
	}
	v, _ := f.int(d["V"])
	r, _ := f.int(d["R"])
	p, _ := f.int(d["P"])
	c := &crypt{perms: int32(uint32(p & 0xffffffff))} // #nosec G115 -- a bit field
	if b, ok := f.resolve(d["EncryptMetadata"]).(bool); ok && !b {
		c.plainMetadata = true
	}
	n := 5
	if l, ok := f.int(d["Length"]); ok && v != 1 && l >= 40 && l <= 256 {
		n = int(l / 8)
	}
	switch v {
	case 1, 2:
		c.strings, c.streams = methodRC4, methodRC4
	case 4, 5:
		cf := f.dict(d["CF"])
		var err error
		if c.strings, err = cryptFilter(f, cf, f.name(d["StrF"])); err != nil {
			return nil, err
		}
		if c.streams, err = cryptFilter(f, cf, f.name(d["StmF"])); err != nil {
			return nil, err
		}
		n = 16
	default:
		return nil, encrypted("unknown algorithm")
	}
	ou, _ := f.resolve(d["O"]).(str)
	us, _ := f.resolve(d["U"]).(str)
	if v == 5 {
		ue, _ := f.resolve(d["UE"]).(str)
		return c, c.openAES256(us.b, ue.b, r)
	}
	var id []byte
	if ids := f.array(f.trailer["ID"]); len(ids) > 0 {
		s, _ := f.resolve(ids[0]).(str)
		id = s.b
	}
	if r == 2 {
		n = 5
	}
	return c, c.openMD5(ou.b, us.b, id, r, min(n, 16))
}

func cryptFilter(f *file, cf dict, n name) (method, error) {
	if n == "" || n == "Identity" {
		return identity, nil
	}
	switch m := f.name(f.dict(cf[n])["CFM"]); m {
	case "None":
		return identity, nil
	case "V2":
		return methodRC4, nil
	case "AESV2":
		return methodAES128, nil
	case "AESV3":
		return methodAES256, nil
	default:
		return 0, encrypted("crypt filter " + string(m))
	}
}

// openMD5 is algorithms 2, 4, 5 and 6 of ISO 32000-1.
func (c *crypt) openMD5(o, u, id []byte, r int64, n int) error {
	if len(o) < 32 || len(u) < 16 {
		return encrypted("no O or U entry")
	}
	h := md5.New() // #nosec G401
	h.Write(padding)
	h.Write(o[:32])
	_ = binary.Write(h, binary.LittleEndian, c.perms)
	h.Write(id)
	if r >= 4 && c.plainMetadata {
		h.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	key := h.Sum(nil)
	if r >= 3 {
		for range 50 {
			s := md5.Sum(key[:n]) // #nosec G401
			key = s[:]
		}
	}
	c.key = key[:n]
	if r == 2 {
		if !bytes.Equal(rc4Once(c.key, padding), u[:min(len(u), 32)]) {
			return encrypted("a password is needed")
		}
		return nil
	}
	s := md5.Sum(append(bytes.Clone(padding), id...)) // #nosec G401
	x := s[:]
	for i := range 20 {
		k := make([]byte, n)
		for j := range k {
			k[j] = c.key[j] ^ byte(i)
		}
		x = rc4Once(k, x)
	}
	if !bytes.Equal(x, u[:16]) {
		return encrypted("a password is needed")
	}
	return nil
}

func rc4Once(key, b []byte) []byte {
	out := make([]byte, len(b))
	if s, err := rc4.NewCipher(key); err == nil { // #nosec G405
		s.XORKeyStream(out, b)
	}
	return out
}

// openAES256 is algorithm 2.A of ISO 32000-2; revision 5 is Adobe's extension level 3.
func (c *crypt) openAES256(u, ue []byte, r int64) error {
	if len(u) < 48 || len(ue) < 32 {
		return encrypted("no U or UE entry")
	}
	hash := func(salt []byte) []byte {
		s := sha256.Sum256(salt)
		if r >= 6 {
			return hash2B(s[:])
		}
		return s[:]
	}
	if !bytes.Equal(hash(u[32:40]), u[:32]) {
		return encrypted("a password is needed")
	}
	b, err := aes.NewCipher(hash(u[40:48]))
	if err != nil {
		return encrypted(err.Error())
	}
	c.key = make([]byte, 32)
	cipher.NewCBCDecrypter(b, make([]byte, 16)).CryptBlocks(c.key, ue[:32])
	return nil
}

// hash2B is algorithm 2.B of ISO 32000-2 for the empty password.
func hash2B(k []byte) []byte {
	for i := 0; ; i++ {
		k1 := bytes.Repeat(k, 64)
		b, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		e := make([]byte, len(k1))
		cipher.NewCBCEncrypter(b, k[16:32]).CryptBlocks(e, k1)
		sum := 0
		for _, c := range e[:16] { // 256 ≡ 1 mod 3
			sum += int(c)
		}
		switch sum % 3 {
		case 0:
			s := sha256.Sum256(e)
			k = s[:]
		case 1:
			s := sha512.Sum384(e)
			k = s[:]
		default:
			s := sha512.Sum512(e)
			k = s[:]
		}
		if i >= 63 && int(e[len(e)-1]) <= i-31 {
			return k[:32]
		}
	}
}

func (c *crypt) objectKey(m method, id ref) []byte {
	if m == methodAES256 {
		return c.key
	}
	k := append(bytes.Clone(c.key), byte(id.num), byte(id.num>>8), byte(id.num>>16), byte(id.gen), byte(id.gen>>8))
	if m == methodAES128 {
		k = append(k, "sAlT"...)
	}
	s := md5.Sum(k) // #nosec G401
	return s[:min(len(c.key)+5, 16)]
}

func (c *crypt) decrypt(m method, b []byte, id ref) []byte {
	switch m {
	case identity:
		return b
	case methodRC4:
		return rc4Once(c.objectKey(m, id), b)
	}
	blk, err := aes.NewCipher(c.objectKey(m, id))
	if err != nil || len(b) < 32 {
		return nil
	}
	iv, b := b[:16], b[16:]
	out := make([]byte, len(b)/16*16)
	cipher.NewCBCDecrypter(blk, iv).CryptBlocks(out, b[:len(out)])
	if n := int(out[len(out)-1]); n >= 1 && n <= 16 {
		out = out[:len(out)-n]
	}
	return out
}

func (c *crypt) encrypt(m method, b []byte, id ref) ([]byte, error) {
	switch m {
	case identity:
		return b, nil
	case methodRC4:
		return rc4Once(c.objectKey(m, id), b), nil
	}
	blk, err := aes.NewCipher(c.objectKey(m, id))
	if err != nil {
		return nil, err
	}
	pad := 16 - len(b)%16
	b = append(bytes.Clone(b), bytes.Repeat([]byte{byte(pad)}, pad)...)
	out := make([]byte, 16+len(b))
	if _, err := rand.Read(out[:16]); err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(blk, out[:16]).CryptBlocks(out[16:], b)
	return out, nil
}

// decryptObject decrypts the strings of an object. The /Contents of a signature is never encrypted.
func (c *crypt) decryptObject(o object, id ref) object {
	switch v := o.(type) {
	case str:
		v.b = c.decrypt(c.strings, v.b, id)
		return v
	case array:
		for i := range v {
			v[i] = c.decryptObject(v[i], id)
		}
	case dict:
		_, sig := v["ByteRange"]
		for k := range v {
			if !sig || k != "Contents" {
				v[k] = c.decryptObject(v[k], id)
			}
		}
	case *stream:
		if v.dict["Type"] != name("XRef") {
			c.decryptObject(v.dict, id)
		}
	}
	return o
}

func (c *crypt) decryptStream(b []byte, s *stream) []byte {
	if c.streamMethod(s.dict) == identity {
		return b
	}
	return c.decrypt(c.streams, b, s.id)
}

func (c *crypt) streamMethod(d dict) method {
	t := d["Type"]
	if t == name("XRef") || t == name("Metadata") && c.plainMetadata {
		return identity
	}
	for _, fl := range asArray(d["Filter"]) {
		if fl == name("Crypt") {
			return identity
		}
	}
	return c.streams
}
