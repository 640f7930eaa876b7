package xmlsig

import (
	"bytes"
	"context"
	"crypto"
	"os"
	"testing"
)

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzCanonical holds that a canonical form parses and is its own canonical form.
func FuzzCanonical(f *testing.F) {
	for _, doc := range tricky {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, m := range []c14n{{comments: true}, {exclusive: true, comments: true}, {v11: true}} {
			first, err := canonicalOf(t, m, doc, "")
			if err != nil {
				return
			}
			again, err := canonicalOf(t, m, []byte(first), "")
			if err != nil {
				t.Fatalf("%q does not parse: %v", first, err)
			}
			if again != first {
				t.Fatalf("%q became %q", first, again)
			}
		}
	})
}

// FuzzVerify holds that no document makes the verifier panic, and that VerifyRoot believes only what Verify does.
func FuzzVerify(f *testing.F) {
	for _, method := range []string{rsa256, nsMore07 + "rsa-pss"} {
		if id := rsaIdentity(); id.key != nil {
			f.Add(id.sign(f, xadesEnveloped(method), crypto.SHA256))
		}
	}
	f.Add([]byte(`<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/><SignatureValue/></Signature>`))
	lim := Limits{Bytes: 1 << 16, Nodes: 5000, References: 20, Signatures: 8}
	f.Fuzz(func(t *testing.T, doc []byte) {
		sigs, err := Verify(context.Background(), doc, Options{Resolve: oneFile, Limits: lim})
		if err != nil {
			return
		}
		for i := range sigs {
			if x := sigs[i].XAdES; x != nil {
				for j := range x.TimeStamps {
					_ = x.TimeStamps[j].Message(context.Background(), &bytes.Buffer{})
				}
			}
		}
		if r, err := VerifyRoot(context.Background(), doc); err == nil {
			if len(sigs) != 1 || sigs[0].State() != Good || !sigs[0].CoversDocument || !bytes.Equal(r.SignerDER, sigs[0].SignerDER) {
				t.Fatal("VerifyRoot believes more than Verify")
			}
		}
	})
}
