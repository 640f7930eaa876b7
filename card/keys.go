package card

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"
)

// What uses a key, for Key.Via and Info.Via.
const (
	viaNative = "native"
	viaBoth   = "native+pkcs11"
)

// place is where a layout keeps a certificate and how its key is reached.
type place struct {
	file   []uint16 // the certificate
	header int      // bytes before it
	key    byte     // reference for MANAGE SECURITY ENVIRONMENT
	folder []uint16 // to be current when the key works
	pin    PINRef
}

// places are the layouts that OpenSC knows, in its order.
var places = []place{
	{file: []uint16{0x1100, 0x1101}, key: 0x01, pin: AuthPIN},
	{file: []uint16{0x2FFF, 0x8228}, header: 5, key: 0x21, pin: AuthPIN}, // InfoCamere, cards 1204
	{file: []uint16{signFolder, 0x9010}, key: 0x10, folder: []uint16{signFolder, 0x8110}, pin: SignPIN},
	{file: []uint16{signFolder, 0x9001, 0x2002}, key: 0x02, folder: []uint16{signFolder, 0x9002}, pin: AuthPIN}, // IDEMIA 2021
}

// signFolder is DF_DS, the folder of the qualified signature.
const signFolder = 0x1400

// id names the key by the path of its certificate.
func (p place) id() string {
	var s strings.Builder
	s.WriteString("3F00")
	for _, fid := range p.file {
		fmt.Fprintf(&s, "%04X", fid)
	}
	return s.String()
}

// readKeys reads the certificates of every layout. A layout that the card does not have is left out, so is a
// file without a certificate in it.
func (s *session) readKeys(ctx context.Context) ([]Key, error) {
	var keys []Key
	for _, p := range places {
		der, err := s.certificate(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("reading certificate %s: %w", p.id(), err)
		}
		if der == nil {
			continue
		}
		k := Key{ID: p.id(), DER: der, PIN: p.pin, Via: viaNative}
		if c, err := x509.ParseCertificate(der); err == nil {
			k.Certificate = c
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// certificate reads the certificate at a place; nil where there is none.
func (s *session) certificate(ctx context.Context, p place) ([]byte, error) {
	if err := s.selectFile(ctx, p.file...); err != nil {
		if absent(err) {
			return nil, nil
		}
		return nil, err
	}
	der, err := s.readDER(ctx, p.header)
	if forbidden(err) {
		return nil, nil
	}
	return der, err
}

// placeOf finds the layout of a key.
func placeOf(id string) (place, bool) {
	for _, p := range places {
		if p.id() == id {
			return p, true
		}
	}
	return place{}, false
}
