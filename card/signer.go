package card

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
)

// Signer implements Token.
func (t *token) Signer(ctx context.Context, k Key) (crypto.Signer, error) {
	p, ok := placeOf(k.ID)
	if !ok || k.Certificate == nil {
		return nil, fmt.Errorf("key %s: %w", k.ID, ErrUnsupported)
	}
	public, ok := k.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("key %s is no RSA key: %w", k.ID, ErrUnsupported)
	}
	return &signer{ctx, t, p, public}, nil
}

// signer is the private key at a place of the card. It is a crypto.Signer and a crypto.Decrypter.
type signer struct {
	ctx    context.Context // of the Signer call: crypto.Signer has no place for one
	t      *token
	place  place
	public *rsa.PublicKey
}

// Public implements crypto.Signer.
func (s *signer) Public() crypto.PublicKey { return s.public }

// Sign implements crypto.Signer.
func (s *signer) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts == nil {
		return nil, errors.New("signing: no hash named")
	}
	hash := opts.HashFunc()
	if hash != 0 && len(digest) != hash.Size() {
		return nil, fmt.Errorf("signing: digest of %d bytes is no %v", len(digest), hash)
	}
	var block, info []byte
	var err error
	verify := func(sig []byte) error { return rsa.VerifyPKCS1v15(s.public, hash, digest, sig) }
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		block, err = encodePSS(random, digest, hash, pss.SaltLength, s.public.N.BitLen())
		verify = func(sig []byte) error { return rsa.VerifyPSS(s.public, hash, digest, sig, pss) }
	} else if info, err = digestInfo(hash, digest); err == nil {
		block, err = encodePKCS1(info, s.public.Size())
	}
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	release, err := s.t.begin(s.ctx)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	defer release()
	sig, err := s.operate(block, info)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if err := verify(sig); err != nil {
		return nil, fmt.Errorf("signature of the card does not fit its certificate: %w", err)
	}
	return sig, nil
}

// operate lets the card sign the padded block by PSO DECIPHER. Where the card refuses that command as such, and
// the padding is PKCS #1 v1.5, it is given the DigestInfo to sign by COMPUTE DIGITAL SIGNATURE.
func (s *signer) operate(block, info []byte) ([]byte, error) {
	sig, err := s.raw(block)
	st := new(StatusError)
	if info == nil || !errors.As(err, &st) {
		return sig, err
	}
	switch st.SW {
	case 0x6985, 0x6A80, 0x6A81, 0x6A86, 0x6A88, 0x6D00:
	default:
		return nil, err
	}
	if second := s.prepare(templateSign); second != nil {
		return nil, firstUnlessGone(err, second)
	}
	sig, second := s.t.session.long(s.ctx, insPerform, 0x9E, 0x9A, info)
	if second != nil {
		return nil, firstUnlessGone(err, second)
	}
	return sig, nil
}

// firstUnlessGone prefers the first refusal, unless the second failure is no answer of the card at all.
func firstUnlessGone(first, second error) error {
	if st := new(StatusError); errors.As(second, &st) {
		return first
	}
	return second
}

// Tags of the control reference templates, ISO 7816-4 §10.3.
const (
	templateSign    = 0xB6
	templateDecrypt = 0xB8
)

// raw is the private key operation without padding: PSO DECIPHER (ISO 7816-8 §5.7) with the padding indicator
// 00 before the block.
func (s *signer) raw(block []byte) ([]byte, error) {
	if err := s.prepare(templateDecrypt); err != nil {
		return nil, err
	}
	return s.t.session.long(s.ctx, insPerform, 0x80, 0x86, append([]byte{0x00}, block...))
}

// prepare selects the key's folder, restores security environment 03 and sets the key in it (MANAGE SECURITY
// ENVIRONMENT, ISO 7816-4 §7.5.11). The specification of the CNS wants RESTORE with a zero byte behind, other
// programs send it without to the same cards.
func (s *signer) prepare(template byte) error {
	l := &s.t.session
	if err := l.selectFolder(s.ctx, s.place.folder...); err != nil && !absent(err) {
		return err
	}
	_, err := l.must(s.ctx, []byte{0, insManage, 0xF3, 0x03, 0x00})
	if st := new(StatusError); errors.As(err, &st) && st.SW == 0x6700 {
		_, err = l.must(s.ctx, []byte{0, insManage, 0xF3, 0x03})
	}
	if err != nil {
		return err
	}
	_, err = l.must(s.ctx, []byte{0, insManage, 0xF1, template, 3, 0x83, 1, s.place.key})
	return err
}

// Decrypt implements crypto.Decrypter for PKCS #1 v1.5 (nil options or *rsa.PKCS1v15DecryptOptions) and OAEP.
func (s *signer) Decrypt(random io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	size := s.public.Size()
	if len(msg) != size {
		return nil, fmt.Errorf("decrypting: %w", rsa.ErrDecryption)
	}
	release, err := s.t.begin(s.ctx)
	if err != nil {
		return nil, fmt.Errorf("decrypting: %w", err)
	}
	defer release()
	block, err := s.raw(msg)
	if err != nil {
		return nil, fmt.Errorf("decrypting: %w", err)
	}
	defer clear(block)
	if len(block) != size {
		return nil, fmt.Errorf("decrypting: block of %d bytes: %w", len(block), rsa.ErrDecryption)
	}
	var plain []byte
	switch o := opts.(type) {
	case nil:
		plain, err = decodePKCS1(block)
	//lint:ignore SA1019 envelopes of other programs are still made with it
	case *rsa.PKCS1v15DecryptOptions:
		plain, err = decodeSessionKey(random, block, o.SessionKeyLen)
	case *rsa.OAEPOptions:
		plain, err = decodeOAEP(block, o)
	default:
		err = fmt.Errorf("options %T: %w", opts, ErrUnsupported)
	}
	if err != nil {
		return nil, fmt.Errorf("decrypting: %w", err)
	}
	return plain, nil
}
