package xmlsig

import (
	"bytes"
	"context"
	"crypto"
	"path/filepath"
	"strings"
	"testing"
)

// imprintFits tells if the digest of the message by some hash stands in the token, where its messageImprint must
// hold it. Judging the token as such is not this package's work.
func imprintFits(t *testing.T, ts *TimeStamp, token []byte) bool {
	t.Helper()
	var message bytes.Buffer
	if err := ts.Message(context.Background(), &message); err != nil {
		return false
	}
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512} {
		if bytes.Contains(token, digestOf(h, message.Bytes())) {
			return true
		}
	}
	return false
}

// misfits are the time-stamps whose imprint is of something else, with what was done to the file.
var misfits = map[string]string{
	"dss-xades/Signature-X-CZ_ICZ-1.xml":                      "DSS asserts a wrong imprint",
	"dss-xades/signing-cert-multiple-refs-sig.xml":            "indented after it was stamped",
	"dss-xades/xades-enveloped-arcTst132-no-objects.xml":      "DSS asserts a wrong imprint: objects removed",
	"dss-xades/xades-lta-copied-atst.xml":                     "second archive time-stamp is a copy of the first",
	"dss-xades/xades-lta-corrupted-cert.xml":                  "a certificate was changed under the archive time-stamp",
	"dss-xades/xades-lta-with-additional-cert-in-keyinfo.xml": "a certificate was added under the archive time-stamp",
	"dss-xades/xades-x-level-v2-wrong-sigAndRefsTst-type.xml": "DSS asserts a wrong imprint: version 1 over references of version 2",
	"dss-xades/xades-x-level-wrong-sigAndRefsTstVersion.xml":  "DSS asserts a wrong imprint: version 2 over references of version 1",
	"dss-xades/xades-two-sig-copied-tst.xml":                  "time-stamp copied from the other signature",
}

func TestCorpusTimeStamps(t *testing.T) {
	rows := corpusRows(t, func(f string) bool { return f == "XAdES" })
	var fits, all [ArchiveOld + 1]int
	for _, row := range rows {
		if row.intact != "yes" {
			continue
		}
		doc := readShared(t, "corpus", "files", filepath.FromSlash(row.file))
		sigs, err := Verify(context.Background(), doc, Options{Resolve: detachedResolver(t, row.detached)})
		if err != nil {
			t.Errorf("%s: %v", row.file, err)
			continue
		}
		for _, s := range sigs {
			if s.XAdES == nil {
				continue
			}
			for i := range s.XAdES.TimeStamps {
				ts := &s.XAdES.TimeStamps[i]
				for _, token := range ts.Tokens {
					all[ts.Kind]++
					if imprintFits(t, ts, token) {
						fits[ts.Kind]++
					} else if misfits[row.file] == "" {
						t.Errorf("%s: kind %d %s does not fit", row.file, ts.Kind, ts.ID)
					}
				}
			}
		}
	}
	t.Logf("fit %v of %v", fits, all)
}

// A time-stamp on single objects is over them in the order in which it names them, not in that of the references.
func TestIndividualObjects(t *testing.T) {
	for name, c := range map[string]struct{ includes, want string }{
		"in order":      {`<x:Include URI="#r0"/><x:Include URI="#r1"/>`, `<b ` + ds + ` Id="b">B</b><c ` + ds + ` Id="c">C</c>`},
		"another order": {`<x:Include URI="#r1"/><x:Include URI="#r0"/>`, `<c ` + ds + ` Id="c">C</c><b ` + ds + ` Id="b">B</b>`},
		"one":           {`<x:Include URI="#r1"/>`, `<c ` + ds + ` Id="c">C</c>`},
		"none such":     {`<x:Include URI="#r1"/><x:Include URI="#r2"/>`, `<c ` + ds + ` Id="c">C</c>`},
		"no name":       {`<x:Include/>`, ""},
	} {
		stamp := `<x:SignedDataObjectProperties><x:IndividualDataObjectsTimeStamp>` + c.includes +
			`<x:EncapsulatedTimeStamp>AAAA</x:EncapsulatedTimeStamp></x:IndividualDataObjectsTimeStamp></x:SignedDataObjectProperties></x:SignedProperties>`
		doc := `<a ` + ds + `><b Id="b">B</b><c Id="c">C</c>` + signature(rsa256,
			reference(0, `Id="r0" URI="#b"`, "")+reference(1, `Id="r1" URI="#c"`, "")+reference(2, propertiesType, exc),
			strings.Replace(properties132, "</x:SignedProperties>", stamp, 1)) + `</a>`
		s := verifyOne(t, rsaIdentity().sign(t, doc, crypto.SHA256))
		if s.XAdES == nil || len(s.XAdES.TimeStamps) != 1 {
			t.Fatalf("%s: %+v", name, s.XAdES)
		}
		var message bytes.Buffer
		if err := s.XAdES.TimeStamps[0].Message(t.Context(), &message); err != nil || message.String() != c.want {
			t.Errorf("%s: %s %v", name, message.String(), err)
		}
	}
}
