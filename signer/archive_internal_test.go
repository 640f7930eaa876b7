package signer

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"testing"

	"ceralacca/signer/internal/cms"
)

// Each value of an unsigned attribute has a digest of its own in the index (EN 319 122-1 §5.5.2).
func TestHashIndexOfSeveralValues(t *testing.T) {
	a := cms.Attribute{Type: cms.OIDCounterSignature, Values: [][]byte{{0x30, 0}, {0x31, 0}}}
	index, err := hashIndex(crypto.SHA256, &cms.Envelope{}, &cms.SignerInfo{UnsignedAttrs: []cms.Attribute{a}})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range a.Values {
		if sum := sha256.Sum256(append(a.Type.DER(), v...)); !bytes.Contains(index, sum[:]) {
			t.Errorf("no digest of %x", v)
		}
	}
	x, err := cms.ParseArchiveIndex([]cms.Attribute{{Type: cms.OIDATSHashIndexV3, Values: [][]byte{index}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		values [][]byte
		want   bool
	}{
		"as indexed": {a.Values, true}, "one more": {append(a.Values, []byte{5, 0}), true}, "one less": {a.Values[:1], false}, "another": {[][]byte{{0x30, 0}, {5, 0}}, false},
	} {
		si := &cms.SignerInfo{UnsignedAttrs: []cms.Attribute{{Type: a.Type, Values: tt.values}}}
		if got := x.Whole(&cms.SignedData{}, si); got != tt.want {
			t.Errorf("%s: whole %v", name, got)
		}
	}
}
