package card

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRecognize(t *testing.T) {
	tests := []struct {
		name, atr string
		want      bool
		p         Chip
	}{
		{"ST 2021", "3BFF1800FF8131FE55 006B 0209 1617 0111 01 434E53 11 3180 8D", true, Chip{IC: 2, Mask: 9, System: [2]byte{0x16, 0x17}, Version: 0x11, Maker: "ST Incard"}},
		{"Athena", "3BDF18008131FE7D 006B 150C 0180 0111 01 434E53 10 3180 E9", true, Chip{IC: 0x15, Mask: 0x0C, System: [2]byte{1, 0x80}, Version: 0x10, Maker: "Athena"}},
		{"Siemens CardOS", "3BFF1800FFC10A31FE55 006B 0508 C809 0111 01 434E53 10 3180 03", true, Chip{IC: 5, Mask: 8, System: [2]byte{0xC8, 9}, Version: 0x10, Maker: "Siemens CardOS"}},
		{"IDEMIA 2021", "3BFF1800008131FE45 006B 0505 9120 01F1 01 434E53 10 3180 38", true, Chip{IC: 5, Mask: 5, System: [2]byte{0x91, 0x20}, Version: 0x10, Maker: "Oberthur / IDEMIA"}},
		{"IDEMIA contactless", "3B8B80010031C164 0102030405060708", true, Chip{}},
		{"CIE 3.0 contactless", "3B80800101", false, Chip{}},
		{"bank card", "3B6800000073C84013009000", false, Chip{}},
		{"cut short", "3BFF1800FF8131FE55 006B 0209", false, Chip{}},
		{"interface bytes without end", "3BFFFFFFFFFFFFFFFF", false, Chip{}},
		{"empty", "", false, Chip{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, ok := recognize(unhex(t, tt.atr))
			c := p.chip()
			if len(c.Historical) > 0 != (c.IC != 0) {
				t.Errorf("historical bytes %X", c.Historical)
			}
			c.Historical = nil
			if ok != tt.want || !reflect.DeepEqual(c, tt.p) {
				t.Errorf("recognize = %+v, %v", c, ok)
			}
		})
	}
}

func TestParsePersonal(t *testing.T) {
	build := func(fields ...string) string {
		body := ""
		for _, f := range fields {
			body += strings.ToUpper(hex.EncodeToString([]byte{byte(len(f))})) + f
		}
		n := hex.EncodeToString([]byte{0, byte(len(body) >> 8), byte(len(body))})
		return n + body
	}
	complete := build("6030", "01022020", "01022026", "ROSSI", "MARIA", "08121985", "F", "165", "RSSMRA85T48H501Q", "ITA", "H501", "", "", "H501", "VIA ROMA 1", "")
	born := time.Date(1985, 12, 8, 0, 0, 0, 0, time.UTC)
	good := Holder{Surname: "ROSSI", Name: "MARIA", Birth: born, FiscalCode: "RSSMRA85T48H501Q"}
	tests := []struct {
		name, in string
		ok       bool
		want     Holder
	}{
		{"complete", complete, true, good},
		{"with fill", complete + strings.Repeat("\x00", 200), true, good},
		{"shorter than it says", "000FFF" + complete[6:], true, good},
		{"no fields after the name", build("6030", "", "", "ROSSI", "MARIA"), true, Holder{Surname: "ROSSI", Name: "MARIA"}},
		{"Latin-1 surname", build("6030", "", "", "DAL\xCCN", "ZO\xCB"), true, Holder{Surname: "DALÌN", Name: "ZOË"}},
		{"control characters", build("6030", "", "", "RO\x00SS\x1bI", "MARIA"), true, Holder{Surname: "ROSSI", Name: "MARIA"}},
		{"impossible date", build("6030", "", "", "ROSSI", "MARIA", "31021985"), true, Holder{Surname: "ROSSI", Name: "MARIA"}},
		{"field longer than the file", "00000CFFROSSI", true, Holder{}},
		{"lower-case digits", "00000b" + "00000003ABCx", true, Holder{Surname: "ABC"}},
		{"bad digits in the length", "0000ZZ", false, Holder{}},
		{"zeros", strings.Repeat("\x00", 400), false, Holder{}},
		{"length zero", "000000", false, Holder{}},
		{"FF", strings.Repeat("\xff", 400), false, Holder{}},
		{"empty", "", false, Holder{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, ok := parsePersonal([]byte(tt.in))
			if ok != tt.ok || p.holder != tt.want {
				t.Errorf("got %+v, %v", p.holder, ok)
			}
		})
	}
	p, _ := parsePersonal([]byte(complete))
	if p.issuer != "6030" || p.issued.Year() != 2020 || p.expires.Year() != 2026 {
		t.Errorf("issuer and dates: %+v", p)
	}
}

func TestIDCarta(t *testing.T) {
	tests := []struct {
		name, in, id string
		sound        bool
	}{
		{"good", "7420091600012345", "7420091600012345", false},
		{"Luhn", "4539578763621486", "4539578763621486", true},
		{"longer file", "4539578763621486\x00\x00", "4539578763621486", true},
		{"letters", "453957876362148A", "", false},
		{"short", "45395787", "", false},
		{"zeros", strings.Repeat("\x00", 16), "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if id, sound := idCarta([]byte(tt.in)); id != tt.id || sound != tt.sound {
				t.Errorf("got %q, %v", id, sound)
			}
		})
	}
}

func TestParseTLV(t *testing.T) {
	tests := []struct {
		name, in string
		ok       bool
		tag      uint32
		n, size  int
	}{
		{"EF.GDO", "5A0201020000", true, 0x5A, 2, 4},
		{"two-byte tag", "7F210101", true, 0x7F21, 1, 4},
		{"three-byte tag", "5F810100", true, 0x5F8101, 0, 4},
		{"length in one byte", "308105" + "0000000000", true, 0x30, 5, 8},
		{"length in two bytes", "30820003" + "000000", true, 0x30, 3, 7},
		{"indefinite", "30800000", false, 0, 0, 0},
		{"length of four bytes", "308400000001FF", false, 0, 0, 0},
		{"too long", "3083FFFFFF", false, 0, 0, 0},
		{"tag without end", "5FFFFFFFFFFF", false, 0, 0, 0},
		{"cut in the length", "3082", false, 0, 0, 0},
		{"cut in the value", "3005 0000", false, 0, 0, 0},
		{"empty", "", false, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, ok := parseTLV(unhex(t, tt.in))
			if ok != tt.ok || o.tag != tt.tag || len(o.value) != tt.n || o.size != tt.size {
				t.Errorf("got %+v, %v", o, ok)
			}
		})
	}
}

// The paddings are held against package crypto/rsa, which knows the key.
func TestPadding(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	raw := func(b []byte) []byte {
		return new(big.Int).Exp(new(big.Int).SetBytes(b), key.D, key.N).FillBytes(make([]byte, key.Size()))
	}
	digest := sha256.Sum256([]byte("message"))
	for _, salt := range []int{rsa.PSSSaltLengthAuto, rsa.PSSSaltLengthEqualsHash, 20} {
		b, err := encodePSS(nil, digest[:], crypto.SHA256, salt, key.N.BitLen())
		if err != nil {
			t.Fatal(err)
		}
		if err := rsa.VerifyPSS(&key.PublicKey, crypto.SHA256, digest[:], raw(b), &rsa.PSSOptions{SaltLength: salt}); err != nil {
			t.Errorf("PSS with salt %d: %v", salt, err)
		}
	}
	if _, err := encodePSS(nil, digest[:], crypto.SHA256, 300, 2048); err == nil {
		t.Error("a salt longer than the key was taken")
	}
	info, _ := digestInfo(crypto.SHA256, digest[:])
	b, _ := encodePKCS1(info, key.Size())
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], raw(b)); err != nil {
		t.Error(err)
	}
	secret := []byte("0123456789abcdef")
	//lint:ignore SA1019 what other programs still make
	c, _ := rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, secret)
	if got, err := decodePKCS1(raw(c)); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("PKCS #1: %q, %v", got, err)
	}
	if got, err := decodeSessionKey(nil, raw(c), 16); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("session key: %q, %v", got, err)
	}
	if got, err := decodeSessionKey(nil, raw(c), 24); err != nil || len(got) != 24 {
		t.Errorf("session key of the wrong length: %q, %v", got, err)
	}
	o := &rsa.OAEPOptions{Hash: crypto.SHA256, Label: []byte("l")}
	c, _ = rsa.EncryptOAEP(sha256.New(), rand.Reader, &key.PublicKey, secret, o.Label)
	if got, err := decodeOAEP(raw(c), o); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("OAEP: %q, %v", got, err)
	}
	if _, err := decodeOAEP(raw(c), &rsa.OAEPOptions{Hash: crypto.SHA256}); err == nil {
		t.Error("OAEP with another label was taken")
	}
	if _, err := decodePKCS1(make([]byte, 256)); err == nil {
		t.Error("a block of zeros was taken")
	}
}

func FuzzTLV(f *testing.F) {
	f.Add([]byte{0x5A, 2, 1, 2})
	f.Add([]byte{0x30, 0x82, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, ok := parseTLV(b); ok && (o.size > len(b) || len(o.value) > o.size) {
			t.Fatalf("%X gave %+v", b, o)
		}
	})
}

func FuzzPersonal(f *testing.F) {
	f.Add([]byte("00001E046030080102202000 05ROSSI"))
	f.Add(bytes.Repeat([]byte{0xFF}, 400))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := parsePersonal(b)
		if !ok && p != (personal{}) {
			t.Fatalf("%q refused but gave %+v", b, p)
		}
		if len(p.holder.Surname) > 2*len(b) {
			t.Fatalf("%q gave a longer name", b)
		}
	})
}

func FuzzATR(f *testing.F) {
	f.Add([]byte{0x3B, 0x80, 0x80, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		recognize(b)
		if h := historical(b); len(h) > 15 {
			t.Fatalf("%X has %d historical bytes", b, len(h))
		}
	})
}
