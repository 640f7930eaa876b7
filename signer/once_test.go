package signer_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
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

// A token larger than the room that the signature was made with is replaced by a document time-stamp once that is agreed
// to: the level is reached, the key signs once, and the next file of the batch has room enough and nothing to ask.
func TestLargeTokens(t *testing.T) {
	for name, level := range map[string]signer.Level{"B-T": signer.LevelT, "B-LT": signer.LevelLT, "B-LTA": signer.LevelLTA} {
		for _, padding := range []int{40 << 10, 500 << 10} {
			t.Run(fmt.Sprintf("%s %d", name, padding), func(t *testing.T) {
				s := newServices(t)
				s.padding = padding
				k, o := s.key(t), s.options(t, signer.PAdES, level)
				once := &onceKey{Signer: k.Signer}
				k.Signer, o.TSA.Sizes = once, new(signer.TokenSizes)
				asked := 0
				o.TSA.Failed = func(_ context.Context, e *signer.TimeStampError) *signer.TSA {
					if asked++; e.Reason != "room" || !e.Asked {
						t.Errorf("asked about %v", e)
					}
					return o.TSA
				}
				archive := 0
				if level == signer.LevelLTA {
					archive = 1
				}
				for i, want := range []int{2 + archive, 1 + archive} {
					once.n, s.stamps, asked = 0, 0, 0
					in := plainPDF("")
					out := sign(t, in, k, o)
					if once.n != 1 || s.stamps != want || asked != 1-i || !bytes.HasPrefix(out, in) {
						t.Errorf("file %d: %d signatures of the key, %d time-stamps, want %d, asked %d times", i, once.n, s.stamps, want, asked)
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

// A second token is never asked for without a word: not where nobody can be asked, and not where the answer is no. The
// signature is kept without.
func TestLargeTokenOnce(t *testing.T) {
	for name, failed := range map[string]func(context.Context, *signer.TimeStampError) *signer.TSA{
		"nobody to ask": nil, "no": func(context.Context, *signer.TimeStampError) *signer.TSA { return nil },
	} {
		for _, level := range []signer.Level{signer.LevelT, signer.LevelLTA} {
			t.Run(fmt.Sprintf("%s %d", name, level), func(t *testing.T) {
				s := newServices(t)
				s.padding = 40 << 10
				o := s.options(t, signer.PAdES, level)
				o.KeepLower, o.TSA.Failed = true, failed
				var out bytes.Buffer
				var short *signer.LevelError
				var room *signer.TimeStampError
				err := signer.Sign(t.Context(), &out, open(t, "f.pdf", plainPDF("")), s.key(t), o)
				if !errors.As(err, &short) || short.Reached != signer.LevelB || !errors.As(err, &room) || room.Reason != "room" || s.stamps != 1 {
					t.Fatalf("%v, %d time-stamps", err, s.stamps)
				}
				if g := verify(t, out.Bytes(), offline()).Signatures; len(g) != 1 || g[0].Level != "B-B" || g[0].Integrity != signer.Intact {
					t.Errorf("%+v", g)
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
	o.TSA.Failed = func(_ context.Context, e *signer.TimeStampError) *signer.TSA {
		if e.Reason == "room" {
			return o.TSA
		}
		return nil
	}
	var out bytes.Buffer
	var short *signer.LevelError
	if err := signer.Sign(t.Context(), &out, open(t, "f.pdf", plainPDF("")), s.key(t), o); !errors.As(err, &short) || short.Reached != signer.LevelB {
		t.Fatal(err)
	}
	if g := verify(t, out.Bytes(), offline()).Signatures; len(g) != 1 || g[0].Level != "B-B" || g[0].Integrity != signer.Intact {
		t.Errorf("%+v", g)
	}
}

// What an archive time-stamp of the old kinds or an evidence record covers takes nothing more unless the loss is
// accepted: known before anybody types a PIN, and without use of the key.
func TestArchivedTakesNoMore(t *testing.T) {
	s := newServices(t)
	first := sign(t, sample(30), s.key(t), signer.Options{Now: clock})
	third := sign(t, sample(30), s.key(t), s.options(t, signer.CAdES, signer.LevelLTA))
	v1, v2 := withUnsigned(t, first, cms.OIDArchiveTimeStampV1), withUnsigned(t, first, cms.OIDArchiveTimeStampV2)
	internal, external := withUnsigned(t, first, cms.OIDEvidenceInternal), withUnsigned(t, first, cms.OIDEvidenceExternal)
	for _, tt := range []struct {
		name string
		p7m  []byte
		x    signer.Existing
		lost signer.ArchivedError
	}{
		{"beside, none", first, signer.Add, signer.ArchivedError{}},
		{"beside, first kind", v1, signer.Add, signer.ArchivedError{Stamps: 1}},
		{"beside, second kind", v2, signer.Add, signer.ArchivedError{Stamps: 1}},
		{"beside, third kind", third, signer.Add, signer.ArchivedError{}},
		{"over, none", first, signer.CounterSign, signer.ArchivedError{}},
		{"over, first kind", v1, signer.CounterSign, signer.ArchivedError{Stamps: 1}},
		{"over, second kind", v2, signer.CounterSign, signer.ArchivedError{Stamps: 1}},
		{"over, third kind", third, signer.CounterSign, signer.ArchivedError{}},
		{"beside, evidence record", internal, signer.Add, signer.ArchivedError{Records: 1}},
		{"over, evidence record", external, signer.CounterSign, signer.ArchivedError{Records: 1}},
		{"over, both", withUnsigned(t, v2, cms.OIDEvidenceExternal), signer.CounterSign, signer.ArchivedError{Stamps: 1, Records: 1}},
		{"around, second kind", v2, signer.Wrap, signer.ArchivedError{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := testPKI().key(t, "P-256", nil)
			once := &onceKey{Signer: k.Signer}
			k.Signer = once
			o := signer.Options{Existing: tt.x, Now: clock}
			refused := tt.lost != signer.ArchivedError{}
			var before, then *signer.ArchivedError
			was := signer.Preflight(t.Context(), open(t, "f.p7m", tt.p7m), o)
			err := signer.Sign(t.Context(), io.Discard, open(t, "f.p7m", tt.p7m), k, o)
			if errors.As(was, &before) != refused || errors.As(err, &then) != refused || (once.n == 0) != refused ||
				refused && (*before != tt.lost || *then != tt.lost) {
				t.Errorf("before %v, then %v, the key signed %d times", was, err, once.n)
			}
			o.LoseArchive = true
			if err := signer.Preflight(t.Context(), open(t, "f.p7m", tt.p7m), o); err != nil {
				t.Errorf("accepted, and still %v", err)
			}
			out := sign(t, tt.p7m, k, o)
			if err := signer.Kept(t.Context(), open(t, "f.p7m", tt.p7m), open(t, "f.p7m", out), tt.x); err != nil {
				t.Error(err)
			}
		})
	}
}

// A counter-signature leaves an archive time-stamp of the third kind what it is: it covers attributes one by one.
func TestCounterSignArchived(t *testing.T) {
	s := newServices(t)
	was := sign(t, sample(30), s.key(t), s.options(t, signer.CAdES, signer.LevelLTA))
	out := sign(t, was, testPKI().key(t, "P-256", nil), signer.Options{Existing: signer.CounterSign, Now: clock})
	before, after := verify(t, was, offline()).Signatures, verify(t, out, offline()).Signatures
	if len(after) != len(before)+1 || after[0].Level != "B-LTA" || after[0].Indication != before[0].Indication {
		t.Fatalf("%d signatures, level %s, %v", len(after), after[0].Level, after[0].Indication)
	}
	for _, g := range after {
		if g.Integrity != signer.Intact || slices.ContainsFunc(g.Findings, func(f signer.Finding) bool { return f.Code == "archived-data-missing" }) {
			t.Errorf("%s %s: %v %+v", g.ID, g.Stamp, g.Integrity, g.Findings)
		}
	}
}

// withUnsigned is p7m with a further unsigned attribute in its first SignerInfo.
func withUnsigned(t *testing.T, p7m []byte, kind cert.OID) []byte {
	t.Helper()
	sd, err := cms.ParseBytes(p7m)
	if err != nil {
		t.Fatal(err)
	}
	return remade(t, sd, func(e *cms.Envelope) {
		if e.SignerInfos[0], err = sd.SignerInfos[0].WithUnsigned(cms.Attr{Type: kind, Values: [][]byte{{5, 0}}}); err != nil {
			t.Fatal(err)
		}
	})
}

// remade is the envelope sd written anew after change.
func remade(t *testing.T, sd *cms.SignedData, change func(*cms.Envelope)) []byte {
	t.Helper()
	e := &cms.Envelope{ContentType: sd.EContentType, Certificates: sd.RawCertificates, Revocations: sd.RawRevocations}
	for _, si := range sd.SignerInfos {
		e.SignerInfos = append(e.SignerInfos, si.Raw)
	}
	change(e)
	var out bytes.Buffer
	var err error
	if sd.Detached {
		err = e.Write(t.Context(), &out, nil, 0)
	} else {
		err = e.Write(t.Context(), &out, sd.Content(), sd.Content().Size())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Whatever else is lost on the way to a further signature is seen.
func TestKept(t *testing.T) {
	s := newServices(t)
	was := sign(t, sample(30), s.key(t), s.options(t, signer.CAdES, signer.LevelLTA))
	k := testPKI().key(t, "P-256", nil)
	for x, name := range map[signer.Existing]string{signer.Add: "beside", signer.CounterSign: "over"} {
		out := sign(t, was, k, signer.Options{Existing: x, Now: clock})
		sd, err := cms.ParseBytes(out)
		if err != nil {
			t.Fatal(err)
		}
		own := slices.IndexFunc(sd.RawCertificates, func(c []byte) bool { return bytes.Equal(c, k.Chain[0].Raw) })
		earlier := 0
		for i, si := range sd.SignerInfos {
			if x == signer.CounterSign || len(si.UnsignedAttrs) > 0 {
				earlier = i
			}
		}
		without := func(oid cert.OID) func(*cms.Envelope) {
			return func(e *cms.Envelope) {
				si, err := sd.SignerInfos[earlier].Without(func(o cert.OID, _ []byte) bool { return o == oid })
				if err != nil {
					t.Fatal(err)
				}
				e.SignerInfos[earlier] = si
			}
		}
		for _, tt := range []struct {
			name   string
			change func(*cms.Envelope)
			kept   bool
		}{
			{"as it is", func(*cms.Envelope) {}, true},
			{"our own certificate", func(e *cms.Envelope) { e.Certificates = slices.Delete(slices.Clone(e.Certificates), own, own+1) }, true},
			{"a certificate", func(e *cms.Envelope) {
				e.Certificates = slices.Delete(slices.Clone(e.Certificates), (own+1)%len(e.Certificates), (own+1)%len(e.Certificates)+1)
			}, false},
			{"an OCSP answer", func(e *cms.Envelope) { e.Revocations = e.Revocations[1:] }, false},
			{"a signature", func(e *cms.Envelope) { e.SignerInfos = slices.Delete(slices.Clone(e.SignerInfos), earlier, earlier+1) }, false},
			{"a signature time-stamp", without(cms.OIDSignatureTimeStamp), false},
			{"the archive time-stamp", without(cms.OIDArchiveTimeStampV3), false},
			{"the order of the signers", func(e *cms.Envelope) { slices.Reverse(e.SignerInfos) }, x == signer.Add || len(sd.SignerInfos) == 1},
			{"the type of content", func(e *cms.Envelope) { e.ContentType = cms.OIDTSTInfo }, false},
		} {
			t.Run(name+" without "+tt.name, func(t *testing.T) {
				err := signer.Kept(t.Context(), open(t, "f.p7m", was), open(t, "f.p7m", remade(t, sd, tt.change)), x)
				if (err == nil) != tt.kept || err != nil && !errors.Is(err, signer.ErrNotKept) {
					t.Error(err)
				}
			})
		}
	}
}
