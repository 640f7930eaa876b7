package xmlsig

import (
	"bytes"
	"crypto"
	"errors"
	"strconv"
	"strings"
	"testing"

	"ceralacca/signer/internal/ers"
)

const sha256Method = `<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>`

// evidenceXML is an EvidenceRecord of RFC 6283 around chains.
func evidenceXML(chains string) string {
	return `<EvidenceRecord xmlns="urn:ietf:params:xml:ns:ers" Version="1.0"><ArchiveTimeStampSequence>` + chains + `</ArchiveTimeStampSequence></EvidenceRecord>`
}

func chainXML(order int, method, stamps string) string {
	return `<ArchiveTimeStampChain Order="` + strconv.Itoa(order) + `">` + method + `<CanonicalizationMethod Algorithm="` + algC14N10 + `"/>` + stamps + `</ArchiveTimeStampChain>`
}

func stampXML(order, tree string) string {
	return `<ArchiveTimeStamp Order="` + order + `">` + tree + `<TimeStamp><TimeStampToken Type="RFC3161">AAAA</TimeStampToken></TimeStamp></ArchiveTimeStamp>`
}

func TestReadEvidence(t *testing.T) {
	group := func(order, digest string) string {
		return `<Sequence Order="` + order + `"><DigestValue>` + digest + `</DigestValue></Sequence>`
	}
	doc := evidenceXML(chainXML(2, sha256Method, stampXML("1", "")) + chainXML(1, sha256Method, stampXML("2", "")+stampXML("1", "<HashTree>"+group("2", "Ag==")+group("1", "AQ==")+"</HashTree>")))
	r, ok, err := ReadEvidence(t.Context(), []byte(doc), Limits{})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	first := r.Chains[0].Stamps[0]
	if len(r.Chains) != 2 || len(r.Chains[0].Stamps) != 2 || len(first.Groups) != 2 || !bytes.Equal(first.Groups[0][0], []byte{1}) {
		t.Fatalf("not in the order stated: %+v", r)
	}
	older := `<ArchiveTimeStampSequence xmlns="urn:ietf:params:xml:ns:ers">` + strings.ReplaceAll(chainXML(1, sha256Method, stampXML("2", "")+stampXML("1", "<HashTree>"+group("2", "Ag==")+group("1", "AQ==")+"</HashTree>")), "/>", "></>") + `</ArchiveTimeStampSequence>`
	older = strings.NewReplacer(`sha256"></>`, `sha256"></DigestMethod>`, algC14N10+`"></>`, algC14N10+`"></CanonicalizationMethod>`).Replace(older)
	if want := digestOf(crypto.SHA256, []byte(older)); r.Chains[0].Before != nil || !bytes.Equal(r.Chains[1].Before, want) {
		t.Error("digest of the older chains")
	}
	stamp := `<TimeStamp xmlns="urn:ietf:params:xml:ns:ers"><TimeStampToken Type="RFC3161">AAAA</TimeStampToken></TimeStamp>`
	if !bytes.Equal(first.Digest, digestOf(crypto.SHA256, []byte(stamp))) {
		t.Error("digest of a time-stamp")
	}
	if l := r.Check(nil); len(l) != 3 || l[0].State != ers.Bad || l[0].Fault != "token" {
		t.Errorf("%+v", l)
	}
}

func TestReadEvidenceRefuses(t *testing.T) {
	one := stampXML("1", "")
	for name, c := range map[string]struct {
		doc string
		as  any
	}{
		"no chain":        {evidenceXML(""), new(*ers.SyntaxError)},
		"empty chain":     {evidenceXML(chainXML(1, sha256Method, "")), new(*ers.SyntaxError)},
		"order twice":     {evidenceXML(chainXML(1, sha256Method, one+one)), new(*ers.SyntaxError)},
		"chains twice":    {evidenceXML(chainXML(1, sha256Method, one) + chainXML(1, sha256Method, one)), new(*ers.SyntaxError)},
		"order in words":  {evidenceXML(chainXML(1, sha256Method, stampXML("first", ""))), new(*ers.SyntaxError)},
		"empty tree":      {evidenceXML(chainXML(1, sha256Method, stampXML("1", "<HashTree/>"))), new(*ers.SyntaxError)},
		"too many stamps": {evidenceXML(chainXML(1, sha256Method, manyStamps(ers.MaxStamps+1))), new(*ers.LimitError)},
		"a document type": {"<!DOCTYPE x>" + evidenceXML(""), new(*DTDError)},
	} {
		_, _, err := ReadEvidence(t.Context(), []byte(c.doc), Limits{})
		if err == nil || !errors.As(err, c.as) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, ok, err := ReadEvidence(t.Context(), []byte("<a/>"), Limits{}); ok || err != nil {
		t.Error("other XML:", ok, err)
	}
	r, _, err := ReadEvidence(t.Context(), []byte(evidenceXML(chainXML(1, `<DigestMethod Algorithm="x"/>`, one))), Limits{})
	if err != nil || r.Chains[0].Hash != 0 {
		t.Error("unknown hash:", err)
	}
}

func manyStamps(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(stampXML(strconv.Itoa(i+1), ""))
	}
	return b.String()
}

// XML documents count in both forms, other files as they stand.
func TestDigests(t *testing.T) {
	for text, canonical := range map[string]string{"<a b='1'/>": `<a b="1"></a>`, "plain": "", "<!DOCTYPE a><a/>": "<a></a>"} {
		got, err := Digests(t.Context(), strings.NewReader(text), crypto.SHA256, algC14N10)
		if err != nil || !bytes.Equal(got[0], digestOf(crypto.SHA256, []byte(text))) {
			t.Errorf("%s: %v", text, err)
		}
		if canonical == "" && len(got) != 1 || canonical != "" && (len(got) != 2 || !bytes.Equal(got[1], digestOf(crypto.SHA256, []byte(canonical)))) {
			t.Errorf("%s: %d forms", text, len(got))
		}
	}
}

func FuzzEvidence(f *testing.F) {
	f.Add([]byte(evidenceXML(chainXML(1, sha256Method, stampXML("1", `<HashTree><Sequence Order="1"><DigestValue>AQ==</DigestValue></Sequence></HashTree>`)))))
	f.Add([]byte(evidenceXML(chainXML(1, sha256Method, stampXML("1", "")) + chainXML(2, sha256Method, stampXML("1", "")+stampXML("2", "")))))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok, err := ReadEvidence(t.Context(), b, Limits{Bytes: 1 << 20})
		if err != nil || !ok {
			return
		}
		for _, l := range r.Check([]ers.Object{func(h crypto.Hash, _ string) ([][]byte, error) { return [][]byte{digestOf(h, b)}, nil }}) {
			if l.State == ers.Good {
				t.Error("a record over itself")
			}
		}
	})
}
