//go:build cgo

package p11_test

import (
	"crypto/x509"
	"testing"

	"ceralacca/card/sim"
)

// The conformance suite over a token that is no card: it never blocks, and takes PINs of any length.
func TestSoftHSMConforms(t *testing.T) {
	for name, key := range map[string]hsmKey{
		"plain":       {id: 1, key: shared(t), usage: x509.KeyUsageDigitalSignature},
		"always asks": {id: 2, key: shared(t), usage: x509.KeyUsageContentCommitment, always: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := quick
			o.InitPIN = []string{"libsofthsm2.so"}
			s := open(t, o, hsmTokenOf(t, sim.PracticePIN, sim.PracticePUK, key))
			if err := sim.Conform(t.Context(), s, present(until(t, s, "card", hasCard))[0].ID); err != nil {
				t.Error(err)
			}
		})
	}
}
