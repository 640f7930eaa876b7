package signer_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ceralacca/signer"
	"ceralacca/signer/internal/cms"
	"ceralacca/signer/trust"
)

// Two years on, the signer's certificate and the one of the first time-stamp have ended. The archive time-stamp
// proves the first one's time, that one the signature's, and the archive the age of the revocation data.
func TestProofThroughArchive(t *testing.T) {
	const ended = signer.SubIndication(trust.OutOfBoundsNoPOE)
	for _, c := range []struct {
		name   string
		format signer.Format
		level  signer.Level
		harm   func([]byte) []byte
		want   signer.Indication
		sub    signer.SubIndication
	}{
		{name: "CAdES LTA", format: signer.CAdES, level: signer.LevelLTA, want: signer.TotalPassed},
		{name: "PAdES LTA", format: signer.PAdES, level: signer.LevelLTA, want: signer.TotalPassed},
		{name: "CAdES LT", format: signer.CAdES, level: signer.LevelLT, want: signer.Indeterminate, sub: ended},
		{name: "PAdES LT", format: signer.PAdES, level: signer.LevelLT, want: signer.Indeterminate, sub: ended},
		{
			name: "CAdES LTA, the archive's imprint changed", format: signer.CAdES, level: signer.LevelLTA,
			harm: func(b []byte) []byte {
				sd, err := cms.ParseBytes(b)
				if err != nil {
					t.Fatal(err)
				}
				at := bytes.Index(b, cms.Find(sd.SignerInfos[0].UnsignedAttrs, cms.OIDArchiveTimeStampV3))
				oid := cms.OIDTSTInfo.DER()
				at += bytes.Index(b[at:], oid) + len(oid) + 60 // in the imprint
				b[at] ^= 1
				return b
			},
			want: signer.Indeterminate, sub: ended,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServices(t)
			s.first, s.stamp = s.authority(t, 1, s.srv.URL+"/crl"), s.authority(t, 5)
			in := []byte("Io sottoscritto")
			if c.format == signer.PAdES {
				in = plainPDF("")
			}
			o := s.options(t, c.format, c.level)
			o.KeepLower = false
			signed := sign(t, in, s.key(t), o)
			if c.harm != nil {
				signed = c.harm(signed)
			}
			v := offline()
			v.Now = func() time.Time { return now.AddDate(2, 0, 1) }
			sigs := verify(t, signed, v).Signatures
			g := sigs[0]
			if g.Indication != c.want || g.SubIndication != c.sub {
				for _, g := range sigs {
					t.Errorf("%s %s %v: %v %s (%s)", g.ID, g.Stamp, g.Integrity, g.Indication, g.SubIndication, codes(g))
				}
			}
			if (c.want == signer.TotalPassed) != g.Proven.Equal(now) {
				t.Errorf("proven %v", g.Proven)
			}
		})
	}
}

// What the time-stamps among the attributes of real CAdES files cover, one row for each kind, with what EU DSS says
// of the same files.
func TestCorpusStampsCMS(t *testing.T) {
	dir := shared(t, "corpus", "files")
	type stamp struct {
		kind signer.Stamp
		is   signer.Integrity
	}
	const content, signature, refs, archive = signer.StampContent, signer.StampSignature, signer.StampSignatureAndReferences, signer.StampArchive
	const intact, broken = signer.Intact, signer.Broken
	for name, want := range map[string][]stamp{
		"dss-cades/cades-lta-duplicated-atst.p7m":             {{signature, intact}, {archive, intact}, {archive, intact}},
		"dss-cades/CAdES-BpLTA_modified_ats_hash_element.p7m": {{signature, intact}, {archive, broken}},
		"dss-cades/CAdES-BpLTA_removed_ocsp.p7m":              {{signature, intact}, {archive, intact}},
		"dss-cades/cades-b-copied-cnttst.p7m":                 {{content, intact}, {content, intact}},
		"dss-cades/CAdES-XL-T1-Double-AV2.png.p7m": {
			{content, intact},
			{signature, intact},
			{refs, intact},
			{archive, intact},
			{content, intact},
			{signature, intact},
			{refs, intact},
			{archive, intact},
		},
		"dss-cades/Signature-C-X-1.p7m": {{signature, intact}, {refs, broken}},
	} {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		var got []stamp
		for _, s := range verify(t, b, signer.VerifyOptions{}).Signatures {
			if s.Format == signer.TST {
				got = append(got, stamp{s.Stamp, s.Integrity})
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// With an archive the attributes around a signature carry its proof of time: none of their bytes may give it another
// time, another signer or other content. In the file at rest every seventh byte is changed, in turn each bit.
func TestTamperArchive(t *testing.T) {
	s := newServices(t)
	s.first, s.stamp = s.authority(t, 1, s.srv.URL+"/crl"), s.authority(t, 5)
	content := []byte("Io sottoscritto")
	b := sign(t, content, s.key(t), s.options(t, signer.CAdES, signer.LevelLTA))
	o := offline()
	o.Now = func() time.Time { return now.AddDate(2, 0, 1) }
	good := verify(t, b, o).Signatures[0]
	if good.Indication != signer.TotalPassed {
		t.Fatalf("the file itself does not pass: %s (%s)", good.SubIndication, codes(good))
	}
	harmless := 0
	for i := 0; i < len(b); i += 7 {
		bad := bytes.Clone(b)
		bad[i] ^= 1 << (i % 8)
		for _, g := range passes(t, bad, o) {
			if g.Format == signer.TST {
				continue
			}
			harmless++
			var out bytes.Buffer
			err := signer.Extract(t.Context(), &out, open(t, "f.p7m", bad))
			if err != nil || !bytes.Equal(out.Bytes(), content) || !g.Proven.Equal(now) || !g.Claimed.Equal(good.Claimed) ||
				!bytes.Equal(g.Signer.DER, good.Signer.DER) {
				t.Errorf("byte %d: passes with %q, proven %v, claimed %v", i, out.Bytes(), g.Proven, g.Claimed)
			}
		}
	}
	t.Logf("%d of %d changes leave signer, time and content as they were", harmless, (len(b)+6)/7)
}

// A time-stamp on the outer envelope proves the time of the one inside.
func TestProofOfInnerEnvelope(t *testing.T) {
	s := newServices(t)
	s.stamp = s.authority(t, 5)
	inner := sign(t, []byte("x"), testPKI().key(t, "P-256", nil), signer.Options{})
	outer := sign(t, inner, s.key(t), func() signer.Options {
		o := s.options(t, signer.CAdES, signer.LevelT)
		o.Existing = signer.Wrap
		return o
	}())
	sigs := verify(t, outer, offline()).Signatures
	last := sigs[len(sigs)-1]
	if last.Parent != "1" || last.Format != signer.CAdES || !last.Proven.Equal(now) {
		t.Errorf("%s below %q: proven %v (%s)", last.ID, last.Parent, last.Proven, codes(last))
	}
}
