package signer_test

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"ceralacca/signer"
	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

// onceKey counts what the card would be asked for.
type onceKey struct {
	crypto.Signer
	n int
}

func (k *onceKey) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	k.n++
	return k.Signer.Sign(r, digest, o)
}

// A token larger than the room that the signature was made with is replaced by a document time-stamp: the level is
// reached, the key signs once, and the next file of the batch has room enough.
func TestLargeTokens(t *testing.T) {
	for name, level := range map[string]signer.Level{"B-T": signer.LevelT, "B-LT": signer.LevelLT, "B-LTA": signer.LevelLTA} {
		for _, padding := range []int{40 << 10, 500 << 10} {
			t.Run(fmt.Sprintf("%s %d", name, padding), func(t *testing.T) {
				s := newServices(t)
				s.padding = padding
				k, o := s.key(t), s.options(t, signer.PAdES, level)
				once := &onceKey{Signer: k.Signer}
				k.Signer, o.TSA.Sizes = once, new(signer.TokenSizes)
				archive := 0
				if level == signer.LevelLTA {
					archive = 1
				}
				for i, want := range []int{2 + archive, 1 + archive} {
					once.n, s.stamps = 0, 0
					in := plainPDF("")
					out := sign(t, in, k, o)
					if once.n != 1 || s.stamps != want || !bytes.HasPrefix(out, in) {
						t.Errorf("file %d: %d signatures of the key, %d time-stamps, want %d", i, once.n, s.stamps, want)
					}
					if said := foreign(t, out); !strings.Contains(said, "Signature is Valid") {
						t.Errorf("file %d: pdfsig says\n%s", i, said)
					}
					g := verify(t, out, offline()).Signatures[0]
					if g.Level != name {
						t.Errorf("file %d: level %s", i, g.Level)
					}
					wantOffline(t, g, level)
				}
			})
		}
	}
}

// When the second token does not come, the signature is there all the same.
func TestLargeTokenThenNone(t *testing.T) {
	s := newServices(t)
	s.padding, s.failFrom = 40<<10, 2
	o := s.options(t, signer.PAdES, signer.LevelT)
	o.KeepLower = true
	var out bytes.Buffer
	var short *signer.LevelError
	if err := signer.Sign(t.Context(), &out, open(t, "f.pdf", plainPDF("")), s.key(t), o); !errors.As(err, &short) || short.Reached != signer.LevelB {
		t.Fatal(err)
	}
	if g := verify(t, out.Bytes(), offline()).Signatures; len(g) != 1 || g[0].Level != "B-B" || g[0].Integrity != signer.Intact {
		t.Errorf("%+v", g)
	}
}

// What an archive time-stamp covers takes nothing more: known before anybody types a PIN, and without use of the key.
func TestArchivedTakesNoMore(t *testing.T) {
	s := newServices(t)
	first := sign(t, sample(30), s.key(t), signer.Options{Now: clock})
	third := sign(t, sample(30), s.key(t), s.options(t, signer.CAdES, signer.LevelLTA))
	old := func(kind cert.OID) []byte {
		sd, err := cms.ParseBytes(first)
		if err != nil {
			t.Fatal(err)
		}
		si, err := sd.SignerInfos[0].WithUnsigned(cms.Attr{Type: kind, Values: [][]byte{{5, 0}}})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		e := &cms.Envelope{SignerInfos: [][]byte{si}, Certificates: sd.RawCertificates}
		if err := e.Write(t.Context(), &out, sd.Content(), sd.Content().Size()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for _, tt := range []struct {
		name    string
		p7m     []byte
		x       signer.Existing
		refused bool
	}{
		{"beside, none", first, signer.Add, false},
		{"beside, first kind", old(cms.OIDArchiveTimeStampV1), signer.Add, true},
		{"beside, second kind", old(cms.OIDArchiveTimeStampV2), signer.Add, true},
		{"beside, third kind", third, signer.Add, false},
		{"over, none", first, signer.CounterSign, false},
		{"over, first kind", old(cms.OIDArchiveTimeStampV1), signer.CounterSign, true},
		{"over, second kind", old(cms.OIDArchiveTimeStampV2), signer.CounterSign, true},
		{"over, third kind", third, signer.CounterSign, true},
		{"beside, evidence record", old(cms.OIDEvidenceInternal), signer.Add, true},
		{"over, evidence record", old(cms.OIDEvidenceExternal), signer.CounterSign, true},
		{"around, second kind", old(cms.OIDArchiveTimeStampV2), signer.Wrap, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := testPKI().key(t, "P-256", nil)
			once := &onceKey{Signer: k.Signer}
			k.Signer = once
			o := signer.Options{Existing: tt.x, Now: clock}
			before := signer.Preflight(t.Context(), open(t, "f.p7m", tt.p7m), o)
			err := signer.Sign(t.Context(), io.Discard, open(t, "f.p7m", tt.p7m), k, o)
			if errors.Is(before, signer.ErrArchived) != tt.refused || errors.Is(err, signer.ErrArchived) != tt.refused || (once.n == 0) != tt.refused {
				t.Errorf("before %v, then %v, the key signed %d times", before, err, once.n)
			}
		})
	}
}
