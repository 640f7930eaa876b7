package xmlsig

import (
	"context"
	"crypto"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestVerifyLimits(t *testing.T) {
	refs := strings.Repeat(reference(0, `URI="#a"`, ""), 30)
	many := strings.Repeat("<ds:Signature "+ds+"/>", 30)
	tests := []struct {
		name, doc, what string
		lim             Limits
	}{
		{"references", `<r><a Id="a"/>` + signature(rsa256, refs, "") + "</r>", "references", Limits{References: 20}},
		{"signatures", "<r>" + many + "</r>", "signatures", Limits{Signatures: 20}},
		{"counter-signatures", `<r xmlns:x="` + nsXAdES132 + `"><x:CounterSignature>` + many + "</x:CounterSignature></r>", "signatures", Limits{Signatures: 20}},
		{"bytes", "<r>" + strings.Repeat(" ", 100) + "</r>", "bytes", Limits{Bytes: 50}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e *LimitError
			if _, err := Verify(context.Background(), []byte(tt.doc), Options{Limits: tt.lim}); !errors.As(err, &e) || e.What != tt.what {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestManyTransforms holds that a reference cannot ask for work without end.
func TestManyTransforms(t *testing.T) {
	doc := "<r>" + signature(rsa256, reference(0, `URI=""`, strings.Repeat(exc, maxTransforms+1)), "") + "</r>"
	s := verifyOne(t, []byte(strings.Replace(doc, "@D0@", "AAAA", 1)))
	var e *LimitError
	if r := s.References[0]; r.State != Unknown || !errors.As(r.Err, &e) {
		t.Errorf("state %v, %v", r.State, r.Err)
	}
}

func TestFileReadOnce(t *testing.T) {
	opened := 0
	count := func(ctx context.Context, uri string) (io.ReadCloser, error) {
		opened++
		return oneFile(ctx, uri)
	}
	refs := reference(0, `URI="file.txt"`, "") + reference(1, `URI="file.txt"`, "")
	doc := rsaIdentity().sign(t, "<r>"+signature(rsa256, refs, "")+"</r>", crypto.SHA256)
	sigs, err := Verify(context.Background(), doc, Options{Resolve: count})
	if err != nil || sigs[0].State() != Good || opened != 1 {
		t.Errorf("opened %d times, %v%s", opened, err, describe(sigs))
	}
}

// TestAmbiguousParts holds that what two verifiers would read differently is not good, though it was signed so.
func TestAmbiguousParts(t *testing.T) {
	twice := strings.Replace(reference(0, `URI=""`, enveloped), sha256URI, sha256URI+`<ds:DigestMethod Algorithm="`+nsEnc+`sha512"/>`, 1)
	s := verifyOne(t, rsaIdentity().sign(t, "<r>"+signature(rsa256, twice, "")+"</r>", crypto.SHA256))
	if s.Value != Good || s.State() != Bad {
		t.Errorf("two digest methods: state %v", s.State())
	}
	good := string(rsaIdentity().sign(t, xadesEnveloped(rsa256), crypto.SHA256))
	i, j := strings.Index(good, "<ds:SignedInfo>"), strings.Index(good, "<ds:SignatureValue")
	s = verifyOne(t, []byte(good[:i]+good[i:j]+good[i:j]+good[j:]))
	if s.State() == Good || codes(s) != "xml-structure" {
		t.Errorf("two SignedInfo: state %v, %s", s.State(), codes(s))
	}
}

func TestCounterSignatures(t *testing.T) {
	const counterType = `Type="http://uri.etsi.org/01903#CountersignedSignature" `
	countered := func(uri string) []byte {
		outer := string(rsaIdentity().sign(t, xadesEnveloped(rsa256), crypto.SHA256))
		inner := strings.ReplaceAll(signature(rsa256, reference(0, counterType+uri, exc), ""), `Id="s"`, `Id="cs"`)
		inner = strings.ReplaceAll(inner, `Id="v"`, `Id="cv"`)
		// The template is signed as it will stand: the outer signature is complete, the placeholders are the inner's.
		at := "</x:SignedProperties>"
		doc := strings.Replace(outer, at, at+"<x:UnsignedProperties><x:UnsignedSignatureProperties><x:CounterSignature>"+inner+
			"</x:CounterSignature></x:UnsignedSignatureProperties></x:UnsignedProperties>", 1)
		return rsaIdentity().signCounter(t, doc)
	}
	for name, tt := range map[string]struct{ uri, codes string }{
		"the value":    {`URI="#v"`, ""},
		"another part": {`URI="#p"`, "reference-into-other-signature counter-signature-elsewhere"},
	} {
		s := verifyOne(t, countered(tt.uri))
		if s.State() != Good || len(s.Counter) != 1 || s.Counter[0].State() != Good || codes(s.Counter[0]) != tt.codes {
			t.Errorf("%s: %s%s%s", name, describe([]Signature{s}), describe(s.Counter), tt.codes)
		}
	}
	sigs, err := Verify(context.Background(), []byte(`<r xmlns:x="`+nsXAdES132+`"><x:CounterSignature><ds:Signature `+ds+`/></x:CounterSignature></r>`), Options{})
	if err != nil || len(sigs) != 1 {
		t.Errorf("counter-signature of nobody: %d signatures, %v", len(sigs), err)
	}
}
