package cert_test

import (
	"cmp"
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ceralacca/signer/internal/cert"
)

type vectors struct {
	Algorithm     string  `json:"algorithm"`
	NumberOfTests int     `json:"numberOfTests"`
	TestGroups    []group `json:"testGroups"`
}

type group struct {
	SHA          string `json:"sha"`
	MGFSHA       string `json:"mgfSha"`
	SLen         int    `json:"sLen"`
	PublicKeyDER string `json:"publicKeyDer"`
	Type         string `json:"type"`
	KeyDER       string `json:"keyDer"`
	Tests        []struct {
		ID     int      `json:"tcId"`
		Msg    string   `json:"msg"`
		Ctx    string   `json:"ctx"`
		Sig    string   `json:"sig"`
		Result string   `json:"result"`
		Flags  []string `json:"flags"`
	} `json:"tests"`
}

var shaNames = map[string]crypto.Hash{
	"SHA-1": crypto.SHA1, "SHA-224": crypto.SHA224, "SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512,
	"SHA3-224": crypto.SHA3_224, "SHA3-256": crypto.SHA3_256, "SHA3-384": crypto.SHA3_384, "SHA3-512": crypto.SHA3_512, "SHA-512/256": crypto.SHA512_256,
	"SHAKE128": cert.SHAKE128, "SHAKE256": cert.SHAKE256,
}

func pssParams(h, mgf crypto.Hash, salt int) []byte {
	tlv := func(tag byte, parts ...[]byte) []byte {
		var body []byte
		for _, p := range parts {
			body = append(body, p...)
		}
		return append([]byte{tag, byte(len(body))}, body...)
	}
	alg := func(h crypto.Hash) []byte { return cert.Algorithm{OID: cert.HashOID(h)}.DER() }
	return tlv(0x30, tlv(0xa0, alg(h)), tlv(0xa1, tlv(0x30, cert.OIDMGF1.DER(), alg(mgf))), tlv(0xa2, []byte{2, 1, byte(salt)}))
}

// Wycheproof: every vector of the algorithms that are supported. "acceptable" ones may go either way. With
// CERALACCA_WYCHEPROOF, the folder testvectors_v1 of a clone of C2SP/wycheproof, all that it has is run. Of the shared
// corpus nothing may be left out.
func TestWycheproof(t *testing.T) {
	dir, total := os.Getenv("CERALACCA_WYCHEPROOF"), 0
	whole := dir == ""
	if whole {
		dir = corpus(t, "wycheproof")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var v vectors
			if err := json.Unmarshal(b, &v); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, g := range v.TestGroups {
				n += runGroup(t, v.Algorithm, g)
			}
			total += n
			switch {
			case whole && n != v.NumberOfTests:
				t.Errorf("%d of %d vectors were run", n, v.NumberOfTests)
			case n == 0:
				t.Skip("not supported: " + v.Algorithm)
			}
		})
	}
	t.Logf("%d vectors of %d files", total, len(files))
	if whole && total < wycheproofPublic {
		t.Errorf("%d vectors, %d are public", total, wycheproofPublic)
	}
}

// wycheproofPublic is how many vectors the public part of the corpus has.
const wycheproofPublic = 2210

// runGroup runs the vectors of a group and tells how many, 0 if the group is of a kind that is not supported.
func runGroup(t *testing.T, algorithm string, g group) (n int) {
	alg := cert.Algorithm{OID: map[string]cert.OID{
		"RSASSA-PKCS1-v1_5": cert.OIDRSA, "RSASSA-PSS": cert.OIDRSAPSS, "ECDSA": cert.OIDECKey, "DSA": cert.OIDDSA,
	}[algorithm]}
	spki, _ := hex.DecodeString(cmp.Or(g.PublicKeyDER, g.KeyDER))
	key, err := cert.ParsePublicKey(spki)
	switch k := key.(type) {
	case ed25519.PublicKey:
		alg.OID = cert.OIDEd25519
	case cert.Ed448Key:
		alg.OID = cert.OIDEd448
	case *cert.PQKey:
		alg.OID = k.Set
	}
	unsupported := (*cert.UnsupportedError)(nil)
	h := shaNames[g.SHA]
	if errors.As(err, &unsupported) || h == 0 && !alg.NeedsMessage() || g.Type == "EcdsaBitcoinVerify" { // a rule of its own
		return 0
	}
	if strings.HasSuffix(g.Type, "P1363Verify") {
		plain := map[crypto.Hash]cert.OID{
			crypto.SHA224: "0.4.0.127.0.7.1.1.4.1.2", crypto.SHA256: "0.4.0.127.0.7.1.1.4.1.3",
			crypto.SHA384: "0.4.0.127.0.7.1.1.4.1.4", crypto.SHA512: "0.4.0.127.0.7.1.1.4.1.5",
		}
		if alg.OID = plain[h]; alg.OID == "" || algorithm != "ECDSA" {
			return 0
		}
	}
	if alg.OID == cert.OIDRSAPSS {
		if !shaNames[g.MGFSHA].Available() || !h.Available() {
			return 0
		}
		alg.Params = pssParams(h, shaNames[g.MGFSHA], g.SLen)
	}
	for _, tt := range g.Tests {
		if tt.Ctx != "" { // certificates and CMS have no context
			continue
		}
		n++
		msg, _ := hex.DecodeString(tt.Msg)
		sig, _ := hex.DecodeString(tt.Sig)
		verr := err
		if verr == nil {
			verr = cert.Verify(key, alg, h, msg, sig)
		}
		if tt.Result != "acceptable" && (verr == nil) != (tt.Result == "valid") {
			t.Errorf("vector %d %v: want %s, got %v", tt.ID, tt.Flags, tt.Result, verr)
		}
	}
	return n
}
