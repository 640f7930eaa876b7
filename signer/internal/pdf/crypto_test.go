package pdf

import (
	"bytes"
	"context"
	"crypto"
	"encoding/asn1"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ceralacca/signer/internal/cert"
	"ceralacca/signer/internal/cms"
)

// intact does the mathematics of one signature with the sibling package: the bytes that Signed hands out are
// right exactly when this agrees with the corpus.
func intact(s *Signature) cms.Status {
	sd, err := cms.ParseBytes(s.Contents)
	if err != nil || len(sd.SignerInfos) == 0 {
		return cms.Unknown
	}
	target := cms.Target{EContentType: sd.EContentType, Digest: func(h crypto.Hash) []byte { return sum(s.Signed(), h) }}
	if !sd.Detached && (s.Type == DocTimeStamp || s.SubFilter == "adbe.pkcs7.sha1") {
		content, err := io.ReadAll(sd.Content())
		if err != nil {
			return cms.Unknown
		}
		target.Digest = func(h crypto.Hash) []byte { return sum(bytes.NewReader(content), h) }
		switch {
		case s.Type == DocTimeStamp:
			if !imprint(s, content) {
				return cms.Broken
			}
		case !bytes.Equal(content, sum(s.Signed(), crypto.SHA1)):
			return cms.Broken
		}
	}
	worst := cms.Intact
	for _, si := range sd.SignerInfos {
		if k := si.Check(si.Signer(sd.Certificates), target); k.Status != cms.Intact {
			worst = k.Status
		}
	}
	return worst
}

func sum(r io.Reader, h crypto.Hash) []byte {
	if r == nil || !h.Available() {
		return nil
	}
	w := h.New()
	if _, err := io.Copy(w, r); err != nil {
		return nil
	}
	return w.Sum(nil)
}

// imprint compares the messageImprint of a TSTInfo (RFC 3161 §2.4.2) with the covered bytes.
func imprint(s *Signature, tst []byte) bool {
	var info struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint struct {
			Algorithm struct {
				OID    asn1.ObjectIdentifier
				Params asn1.RawValue `asn1:"optional"`
			}
			Hash []byte
		}
		Rest []asn1.RawValue `asn1:"optional"`
	}
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(tst, &outer); err != nil {
		return false
	}
	rest := outer.Bytes
	for _, v := range []any{&info.Version, &info.Policy, &info.Imprint} {
		var err error
		if rest, err = asn1.Unmarshal(rest, v); err != nil {
			return false
		}
	}
	h, err := cert.HashByOID(cert.OID(info.Imprint.Algorithm.OID.String()))
	return err == nil && bytes.Equal(info.Imprint.Hash, sum(s.Signed(), h))
}

// TestCorpusCrypto compares the mathematics over our byte ranges with the verdicts of the corpus.
func TestCorpusCrypto(t *testing.T) {
	dir, rows := corpus(t)
	right, unknown, of := 0, 0, 0
	for _, row := range rows {
		if row.confidence == "low" || row.confidence == "conflict" || row.intact != "yes" && row.intact != "no" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(row.file)))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Scan(context.Background(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if row.intact == "yes" {
				t.Errorf("%s: %v", row.file, err)
			}
			continue
		}
		all := cms.Intact
		if len(s.Signatures) == 0 {
			all = cms.Broken
		}
		for i := range s.Signatures {
			g := &s.Signatures[i]
			if strings.HasPrefix(row.overall, "PASS_BAD") && g.Type == DocTimeStamp {
				continue
			}
			if st := intact(g); st == cms.Broken || st == cms.Unknown && all == cms.Intact {
				all = st
			}
		}
		switch of++; {
		case (all == cms.Intact) == (row.intact == "yes"):
			right++
		case all == cms.Unknown: // an algorithm or key that the sibling does not compute
			unknown++
			t.Logf("%s: cannot be computed", row.file)
		default:
			t.Errorf("%s: %v, the corpus says intact: %s", row.file, all, row.intact)
		}
	}
	t.Logf("%d/%d agree with the corpus, %d cannot be computed", right, of, unknown)
}
